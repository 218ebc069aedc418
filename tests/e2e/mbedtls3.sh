#!/bin/bash
# The programs with mbedTLS 3, which Debian 13 has: they build; every server of the TLS lab, and TLS 1.3 as well; keys;
# an update.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/support/newer.sh
. "$top/tests/support/newer.sh"
newer_debian libmbedtls-dev
build=$BUILD/mbedtls3
libraries=$(dirname "$(find "$newer_root" -name libmbedtls.a)")
cmake -G Ninja -S "$top" -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DRILL_TESTS=OFF \
	-DCMAKE_C_FLAGS="-isystem $newer_root/usr/include" -DMBEDTLS="$libraries/libmbedtls.a" \
	-DMBEDX509="$libraries/libmbedx509.a" -DMBEDCRYPTO="$libraries/libmbedcrypto.a" >"$w/log"
cmake --build "$build" >>"$w/log" || { tail -n 20 "$w/log"; fail "it does not build"; }
pass "$(sed -n 's/.*MBEDTLS_VERSION_STRING_FULL *"\(.*\)"/\1/p' "$newer_root/usr/include/mbedtls/build_info.h") builds"
for script in net/tls e2e/keys e2e/update; do
	env MKDELTA="$build/host/mkdelta" AGENT="$build/device/rill-agent" TLS_1_3=1 \
		bash "$top/tests/$script.sh" >"$w/out" 2>&1 || { cat "$w/out"; fail "$script.sh"; }
	pass "$script.sh"
done
