# shellcheck shell=bash
# Sourced after tests/e2e/lib.sh: a guest of qemu with Debian's arm64 kernel, for what the kernel of this machine may not
# offer. Nothing is installed here: the packages are downloaded once, into the build folder.
#
#	guest_packages PACKAGE...    downloads these (of arm64) and the kernel, unpacks them into $guest_root
#	guest_new MODULE...          begins the guest's own files in $guest_files: busybox and these modules
#	guest_program PROGRAM        puts a program, with its libraries, into the guest's /bin
#	guest_run TIMEOUT SCRIPT [QEMU OPTION...]
#	                             boots; runs SCRIPT there by busybox's sh; its output and exit code
#	guest_boot TIMEOUT LOG COMMAND-LINE [QEMU OPTION...]
#	                             boots what is in $guest_files, with more for the kernel's command line, until the guest ends
#
# The guest reaches this machine's loopback as "localhost".

PATH=$PATH:/usr/sbin:/sbin
guest_root="" guest_files="" guest_version=""

guest_packages() {
	local cache kernel
	for program in qemu-system-aarch64 cpio depmod apt-get; do
		command -v $program >/dev/null || skip "needs $program"
	done
	# The kernel for virtual machines, a third of the other's size.
	kernel=$(apt-cache depends linux-image-cloud-arm64:arm64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[^:]*\).*/\1/p' | sort -V | tail -n 1) || true
	[ -n "$kernel" ] || skip "no arm64 kernel in apt's lists (dpkg --add-architecture arm64 && apt-get update)"
	guest_version=${kernel#linux-image-}
	set -- "$kernel" busybox-static "$@"
	cache=$BUILD/guest-$(echo "$*" | sha256sum | cut -c 1-12) # tests that run at once may want others
	guest_root=$cache/root
	exec {guest_lock}>"$cache.lock"
	flock "$guest_lock"
	guest_download "$@"
	exec {guest_lock}>&-
}
guest_download() { # PACKAGE...: into $cache, unless they are there
	[ "$(cat "$cache/packages" 2>/dev/null)" = "$*" ] && return
	rm -rf "$cache"
	mkdir -p "$cache/debs"
	(cd "$cache/debs" && apt-get -q -o APT::Sandbox::User=root download "${@/%/:arm64}") >"$cache/log" 2>&1 ||
		skip "cannot download: $(tail -n 1 "$cache/log")"
	for package in "$cache"/debs/*.deb; do dpkg-deb -x "$package" "$guest_root"; done
	rm -r "$cache/debs"
	depmod -b "$guest_root" "$guest_version"
	echo "$*" >"$cache/packages"
}

guest_modules() { # FOLDER MODULE...: these and what they need, in the order of FOLDER/order
	local folder=$1 module
	shift
	for module; do
		modprobe -d "$guest_root" -S "$guest_version" --show-depends "$module" || fail "the kernel has no module $module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r module; do
		cp "$module" "$folder"
		basename "$module" >>"$folder/order"
	done
}

guest_new() {
	# shellcheck disable=SC2154  # of lib.sh
	guest_files=$w/guest
	mkdir -p "$guest_files"/{bin,dev,proc,sys,tmp,etc,lib/modules}
	cp "$guest_root/bin/busybox" "$guest_files/bin"
	guest_modules "$guest_files/lib/modules" virtio_pci virtio_net "$@"
	echo "10.0.2.2 localhost" >"$guest_files/etc/hosts"
}

guest_program() {
	local libraries=$guest_root/lib/aarch64-linux-gnu:$guest_root/usr/lib/aarch64-linux-gnu library
	cp "$1" "$guest_files/bin"
	readelf -l "$1" | grep -q INTERP || return 0 # a static one
	# What ldd does, by the emulator.
	LD_TRACE_LOADED_OBJECTS=1 LD_LIBRARY_PATH=$libraries "${AGENT[@]:0:${#AGENT[@]}-1}" "$1" >"$w/libraries"
	! grep "not found" "$w/libraries" || fail "$1: libraries are missing"
	grep -o '/[^ ]*' "$w/libraries" | while read -r library; do
		cp -L "$library" "$guest_files/lib"
	done
}

guest_boot() { # TIMEOUT LOG COMMAND-LINE [OPTION...]
	local time=$1 log=$2 line=$3
	shift 3
	(cd "$guest_files" && find . | cpio -o -H newc --quiet -R 0:0) | gzip -1 >"$w/initramfs"
	# qemu ends with 0 whatever happens in the guest.
	timeout "$time" qemu-system-aarch64 -M virt -cpu cortex-a53 -m 256 -nographic -no-reboot \
		-kernel "$guest_root/boot/vmlinuz-$guest_version" -initrd "$w/initramfs" -append "console=ttyAMA0 quiet panic=-1 $line" \
		-netdev user,id=n0 -device virtio-net-pci,netdev=n0,romfile= "$@" </dev/null 2>&1 | tr -d '\r' >"$log" || true
}

guest_run() { # TIMEOUT SCRIPT [OPTION...]
	local log=$w/guest.log code time=$1
	cat >"$guest_files/init" <<-'INIT'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		export PATH=/bin
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mount -t devtmpfs dev /dev
		while read -r module; do insmod "/lib/modules/$module"; done </lib/modules/order
		ip link set lo up
		ip link set eth0 up
		ip addr add 10.0.2.15/24 dev eth0
		ip route add default via 10.0.2.2
		sh /script
		echo "guest: exit code $?"
		poweroff -f
	INIT
	chmod 755 "$guest_files/init"
	cp "$2" "$guest_files/script"
	shift 2
	guest_boot "$time" "$log" "" "$@"
	code=$(sed -n 's/^guest: exit code //p' "$log")
	sed '/^guest: exit code/d' "$log"
	[ -n "$code" ] || fail "the guest did not end within $time s"
	return "$code"
}
