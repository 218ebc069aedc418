#!/bin/bash
# The programs with mbedTLS 3, which Debian 13 has: they build, every server of the TLS lab and TLS 1.3 as well, keys,
# an update. The development package, with its static libraries, is downloaded into the build folder once.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
cache=$BUILD/mbedtls3
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
# shellcheck disable=SC2016  # apt-get's own variable
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
	"Codename: $codename" 2>/dev/null | sort | head -n 1) || true
[ -n "$mirror" ] || skip "apt-get knows no archive of Debian"
package=$cache/$(dpkg --print-architecture)
if [ ! -e "$package/usr/include/mbedtls/build_info.h" ]; then
	mkdir -p "$cache"/{lists,archives}/partial
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$cache/sources"
	apt() {
		(cd "$cache" && apt-get -q -o APT::Sandbox::User=root -o Dir::Etc::sourcelist="$cache/sources" -o Dir::Etc::sourceparts=- \
			-o Dir::State::lists="$cache/lists" -o Dir::Cache="$cache" -o Dir::Cache::archives="$cache/archives" \
			-o Dir::State::status=/dev/null "$@") >"$cache/log" 2>&1
	}
	if ! apt update || ! apt download libmbedtls-dev; then skip "cannot download mbedTLS 3: $(tail -n 1 "$cache/log")"; fi
	dpkg-deb -x "$cache"/libmbedtls-dev_3*.deb "$package"
fi
libraries=$(dirname "$(find "$package" -name libmbedtls.a)")
cmake -G Ninja -S "$top" -B "$cache/build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DRILL_TESTS=OFF \
	-DCMAKE_C_FLAGS="-isystem $package/usr/include" -DMBEDTLS="$libraries/libmbedtls.a" \
	-DMBEDX509="$libraries/libmbedx509.a" -DMBEDCRYPTO="$libraries/libmbedcrypto.a" >"$w/log"
cmake --build "$cache/build" >>"$w/log" || { tail -n 20 "$w/log"; fail "it does not build"; }
pass "$(sed -n 's/.*MBEDTLS_VERSION_STRING_FULL *"\(.*\)"/\1/p' "$package/usr/include/mbedtls/build_info.h") builds"

for script in net/tls e2e/keys e2e/update; do
	env MKDELTA="$cache/build/host/mkdelta" AGENT="$cache/build/device/rill-agent" TLS_1_3=1 \
		bash "$top/tests/$script.sh" >"$w/out" 2>&1 || { cat "$w/out"; fail "$script.sh"; }
	pass "$script.sh"
done
