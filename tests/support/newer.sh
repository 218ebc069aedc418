# shellcheck shell=bash
# Sourced after tests/e2e/lib.sh: packages of Debian 13, for what Debian 12 has not yet. Nothing is installed: they are
# downloaded once, into the build folder.
#
#	newer_debian PACKAGE...    unpacks these into $newer_root, without what they depend on

newer_root=$BUILD/newer/root

newer_apt() {
	local cache=$BUILD/newer
	(cd "$cache" && apt-get -q -o APT::Sandbox::User=root -o Dir::Etc::sourcelist="$cache/sources" \
		-o Dir::Etc::sourceparts=- -o Dir::State::lists="$cache/lists" -o Dir::Cache="$cache/cache" \
		-o Dir::State::status=/dev/null "$@") >"$cache/log" 2>&1
}

newer_unpack() { # PACKAGE
	[ ! -e "$newer_root/.$1" ] || return 0
	[ -e "$BUILD/newer/updated" ] || newer_apt update || return 1
	: >"$BUILD/newer/updated"
	newer_apt download "$1" || return 1
	dpkg-deb -x "$BUILD/newer/$1"_*.deb "$newer_root"
	: >"$newer_root/.$1"
}

newer_debian() {
	local codename mirror package
	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	# shellcheck disable=SC2016  # apt-get's own variable
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Codename: $codename" \
		2>/dev/null | sort | head -n 1) || true
	[ -n "$mirror" ] || skip "apt-get knows no archive of Debian"
	mkdir -p "$BUILD"/newer/{lists/partial,cache/archives/partial,root}
	exec 8>"$BUILD/newer/lock"
	flock 8 # two tests at once
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$BUILD/newer/sources"
	for package; do
		newer_unpack "$package" || skip "cannot download $package: $(tail -n 1 "$BUILD/newer/log")"
	done
	exec 8>&-
}
