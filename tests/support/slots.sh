# shellcheck shell=bash
# Sourced after tests/support/guest.sh: disks with two slots for the board qemu-virt-arm64, and boots of them by U-Boot.
#
#	slots_tools                         what is needed, or skip; the initramfs
#	slots_root FOLDER VERSION HEALTH    the files of a slot: kernel, initramfs, BusyBox, the agent AGENT[-1]
#	slots_image FOLDER IMAGE            an ext4 of it; the same bytes each time
#	slots_disk DISK IMAGE               U-Boot's script, its environment, both slots, data
#	slots_want DISK STATE RELEASE VERSION   when the agent says so and VERSION runs, the guest ends
#	slots_run TIMEOUT DISK [LOG]        boots until then; LOG records every write. Output: $w/guest.log
#	slots_choice DISK                   the slot that U-Boot would start
#	slots_running                       "SLOT VERSION " of each boot of the last run
# shellcheck disable=SC2154  # w, top, board and guest_* are the caller's

slot_bytes=$((40 << 20))
uboot=/usr/lib/u-boot/qemu_arm64/u-boot.bin
export E2FSPROGS_FAKE_TIME=1790000000

slots_tools() {
	local program files=$w/initramfs.files
	for program in mkimage mkenvimage fw_printenv mkfs.ext4 debugfs sfdisk; do
		command -v $program >/dev/null || skip "needs $program"
	done
	[ -s $uboot ] || skip "needs u-boot-qemu"
	mkdir -p "$files"/{bin,dev,proc,root,modules}
	cp "$guest_root/bin/busybox" "$files/bin"
	install -m 755 "$board/initramfs-init" "$files/init"
	guest_modules "$files/modules" virtio_pci virtio_blk virtio_net ext4 crc32c_generic
	(cd "$files" && find . -exec touch -d @$E2FSPROGS_FAKE_TIME {} + && find . | LC_ALL=C sort |
		cpio -o -H newc --quiet -R 0:0 --reproducible) | gzip -1n >"$w/initrd"
}

slots_root() { # FOLDER VERSION HEALTH
	local r=$1 library
	mkdir -p "$r"/{bin,boot,data,dev,etc/rill,lib,proc,sbin,sys,tmp,usr/bin,usr/lib/rill,var}
	cp "$guest_root/bin/busybox" "$r/bin"
	ln -s ../bin/busybox "$r/sbin/init"
	ln -s ../bin/busybox "$r/sbin/reboot"
	ln -s busybox "$r/bin/sh"
	ln -s /tmp "$r/var/lock"
	cp -L "$guest_root/boot/vmlinuz-$guest_version" "$r/boot/Image"
	cp "$w/initrd" "$r/boot/initrd"
	cp "${AGENT[-1]}" "$r/usr/bin/rill-agent"
	cp -r "$top/boards/boot" "$r/usr/lib/rill"
	cp "$guest_root"/usr/bin/fw_printenv "$guest_root"/usr/bin/fw_setenv "$r/usr/bin"
	for library in ld-linux-aarch64.so.1 libc.so.6 libz.so.1 libubootenv.so.0 libyaml-0.so.2; do
		cp -L "$(find "$guest_root" -path "*/aarch64-linux-gnu/$library")" "$r/lib"
	done
	cp "$board/fw_env.config" "$r/etc"
	sed "s|\"url\": .*|\"url\": \"$https_url\", \"ca\": \"/etc/rill/ca.crt\", \"proxy\": \"none\",|" "$board/rill-agent.json" \
		>"$r/etc/rill/rill-agent.json"
	cp "$w/server/ca.crt" "$r/etc/rill"
	cp "$w/www/metadata/1.root.json" "$r/etc/rill/root.json"
	echo "$2" >"$r/etc/version"
	echo "10.0.2.2 localhost" >"$r/etc/hosts"
	printf '#!/bin/sh\n[ %s = good ]\n' "$3" >"$r/etc/rill/health"
	cat "$top/boards/init/busybox/inittab" - >"$r/etc/inittab" <<-'INIT'
		::sysinit:/etc/start
		::once:/etc/watch
		::shutdown:/bin/busybox umount /data
		::ctrlaltdel:/sbin/reboot
	INIT
	cat >"$r/etc/start" <<-'START'
		#!/bin/busybox sh
		/bin/busybox mount -t devtmpfs dev /dev
		/bin/busybox mount -t proc proc /proc
		/bin/busybox mount -t tmpfs tmp /tmp
		/bin/busybox mkdir /tmp/bin
		/bin/busybox --install -s /tmp/bin
		export PATH=/usr/bin:/bin:/sbin:/tmp/bin
		mount -t sysfs sysfs /sys
		mount -t ext4 /dev/vda5 /data
		for word in $(cat /proc/cmdline); do case $word in rill.slot=*) slot=${word#*=} ;; esac; done
		echo "guest: slot $slot runs version $(cat /etc/version)" >/dev/console
		ip link set lo up
		ip link set eth0 up
		ip addr add 10.0.2.15/24 dev eth0
		ip route add default via 10.0.2.2
	START
	cat >"$r/etc/watch" <<-'WATCH'
		#!/bin/busybox sh
		export PATH=/usr/bin:/bin:/sbin:/tmp/bin
		read -r state release version </data/want
		while sleep 0.5; do
			status=$(rill-agent status --json 2>/dev/null | tr -d "\t\n ")
			case $status in *"\"state\":\"$state\""*) ;; *) continue ;; esac
			case $status in *"\"release\":$release"[,}]*) ;; *) continue ;; esac
			[ "$version" = "$(cat /etc/version)" ] || continue
			rm -f /data/rill/poll
			echo "guest: done"
			umount /data
			poweroff -f
		done >/dev/console
	WATCH
	chmod 755 "$r"/etc/rill/health "$r"/etc/start "$r"/etc/watch
}

slots_image() { # FOLDER IMAGE
	find "$1" -exec touch -h -d @$E2FSPROGS_FAKE_TIME {} +
	rm -f "$2"
	truncate -s $slot_bytes "$2"
	mkfs.ext4 -q -O ^metadata_csum,^64bit,^has_journal -m 0 -N 512 -U 00000000-0000-4000-8000-000000000001 \
		-E hash_seed=00000000-0000-4000-8000-000000000002,root_owner=0:0 -d "$1" "$2"
}

slots_disk() { # DISK IMAGE
	local disk=$1 d=$w/disk.parts
	mkdir -p "$d/boot"
	mkimage -A arm64 -T script -C none -d "$top/boards/boot/uboot.cmd" "$d/boot/boot.scr" >/dev/null
	truncate -s 2M "$d/p1"
	mkfs.ext4 -q -O ^metadata_csum,^64bit,^has_journal -d "$d/boot" "$d/p1"
	printf 'rill_slot=a\nupgrade_available=0\nbootcount=0\nbootlimit=3\n' | mkenvimage -r -s 0x10000 -o "$d/copy" -
	cat "$d/copy" "$d/copy" >"$d/p2"
	cp --sparse=always "$2" "$d/p3"
	truncate -s 16M "$d/p5"
	mkfs.ext4 -q "$d/p5"
	rm -f "$disk"
	truncate -s 192M "$disk"
	sfdisk -q "$disk" <<-PARTITIONS
		label: gpt
		start=2048, size=4096, name=boot
		start=8192, size=256, name=env
		start=16384, size=163840, name=root-a
		start=180224, size=163840, name=root-b
		start=344064, size=32768, name=data
	PARTITIONS
	slots_put() { dd if="$d/$1" of="$disk" bs=512 seek="$2" conv=notrunc,sparse status=none; }
	slots_put p1 2048
	slots_put p2 8192
	slots_put p3 16384
	slots_put p5 344064
	mkenvimage -s 0x40000 -o "$w/flash" "$board/uboot-env.txt"
	truncate -s 64M "$w/flash"
}

slots_want() { # DISK STATE RELEASE VERSION
	echo "$2 $3 $4" >"$w/want"
	dd if="$1" of="$w/data" bs=512 skip=344064 count=32768 status=none
	debugfs -w -f - "$w/data" >/dev/null 2>&1 <<-FILE
		rm want
		write $w/want want
	FILE
	dd if="$w/data" of="$1" bs=512 seek=344064 conv=notrunc status=none
}

slots_run() { # TIMEOUT DISK [LOG]
	local drive=(-drive "if=none,id=d0,file=$2,format=raw,cache=writeback")
	if [ -n "${3:-}" ]; then
		rm -f "$3"
		truncate -s 2G "$3"
		# shellcheck disable=SC2054  # commas of qemu
		drive=(-blockdev "driver=file,node-name=f0,filename=$2" -blockdev "driver=file,node-name=l0,filename=$3"
			-blockdev driver=blklogwrites,node-name=d0,file=f0,log=l0)
	fi
	timeout "$1" qemu-system-aarch64 -M virt -cpu cortex-a53 -m 256 -nographic -bios $uboot \
		-drive "if=pflash,index=1,format=raw,file=$w/flash" "${drive[@]}" -device virtio-blk-pci,drive=d0 \
		-netdev user,id=n0 -device virtio-net-pci,netdev=n0,romfile= </dev/null 2>&1 | tr -d '\r' >"$w/guest.log" || true
	grep -q '^guest: done' "$w/guest.log" || { tail -n 60 "$w/guest.log"; return 1; }
}

# The slot that U-Boot chooses, which a trial may take back: "SLOT", of its script's line.
slots_choice() { # DISK
	local pid line=""
	: >"$w/choice.log"
	qemu-system-aarch64 -M virt -cpu cortex-a53 -m 256 -nographic -bios $uboot -no-reboot \
		-drive "if=pflash,index=1,format=raw,file=$w/flash" -drive "if=none,id=d0,file=$1,format=raw,snapshot=on" \
		-device virtio-blk-pci,drive=d0 -nic none </dev/null >"$w/choice.log" 2>&1 &
	pid=$!
	for ((n = 0; n < 600; n++)); do
		line=$(tr -d '\r' <"$w/choice.log" | sed -n 's/^rill: slot=\([a-z]*\) .*/\1/p')
		[ -z "$line" ] || break
		sleep 0.1
	done
	kill $pid
	wait $pid 2>/dev/null || true
	echo "$line"
}

slots_running() {
	sed -n 's/^guest: slot \(.*\) runs version \(.*\)/\1 \2/p' "$w/guest.log" | tr '\n' ' '
}
