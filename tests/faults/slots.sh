#!/bin/bash
# Power cuts in earnest, in updates of a slot: tests/support/cuts.sh records and replays them. A disk has two slots, U-Boot's
# variables in two copies, and the agent's state; the agent writes slot b, by a delta or whole, has it tried, and keeps it; once
# it goes back by hand, and on again. After each cut slot a is as it was, the boot loader is told to start a slot only when it
# holds a whole release, the record of what was written is true, and the agent goes on from it to the end.
# The agent of the control does not wait for storage, which must be seen.
# usage: slots.sh [delta | whole | control]...     all three; environment SAMPLE, REORDER: see cuts.sh
# shellcheck source=tests/support/cuts.sh
. "$(dirname -- "$0")/../support/cuts.sh"
[ $# -gt 0 ] || set -- delta whole control
for program in sfdisk mkenvimage fw_printenv; do command -v $program >/dev/null || skip "needs $program"; done
cuts_begin "a slot"
guest_packages libubootenv-tool libubootenv0.1 libyaml-0-2 libc6 zlib1g
slot_bytes=$((1 << 20))

# The old one fills its slot, the new one does not.
head -c $slot_bytes /dev/urandom >"$w/old"
{ head -c 300000 "$w/old"; head -c 250000 /dev/urandom; tail -c 450000 "$w/old"; } >"$w/new"
mkdelta key new "$w/key" -q
publish() { # REPOSITORY FILE...
	mkdir -p "$w/www"
	mkdelta repo init "$w/www/$1" --key "$w/key" -q
	for file in "${@:2}"; do mkdelta repo publish "$w/www/$1" system "$file" --kind slot --key "$w/key" -q; done
}
publish delta "$w/old" "$w/new"
publish whole "$w/new"
https_start "$w/server" "$w/www"

config() { # URL STATE DEVICES FOLDER
	cat <<-JSON
		{"url": "$1", "ca": "$4/ca.crt", "root": "$4/root.json", "state": "$2", "retries": 0, "proxy": "none", "full": "always",
		 "targets": [{"name": "system", "kind": "slot", "slots": {"a": "$3a", "b": "$3b"}, "boot": ["$4/boot/uboot.sh"]}]}
	JSON
}
environment() { # DEVICE OFFSET
	printf '%s %d 0x10000\n%s %d 0x10000\n' "$1" "$2" "$1" $(($2 + 65536))
}
device() { # FOLDER REPOSITORY: what guest and host have alike
	mkdir -p "$1"
	cp -r "$top/boards/boot" "$w/server/ca.crt" "$1"
	cp "$w/www/$2/metadata/1.root.json" "$1/root.json"
}
mkdir "$w/bin"
for tool in fw_printenv fw_setenv; do
	printf '#!/bin/sh\nexec %s -c %s "$@"\n' "$(command -v $tool)" "$w/fw_env.config" >"$w/bin/$tool"
done
chmod 755 "$w/bin"/*
environment "$mnt.env" 0 >"$w/fw_env.config"
export RILL_CMDLINE=$w/cmdline

make_disk() { # IMAGE
	mkdir -p "$w/data/state"
	truncate -s 8M "$w/data.img"
	mkfs.ext4 -q -d "$w/data" "$w/data.img"
	printf 'rill_slot=a\nupgrade_available=0\nbootcount=0\nbootlimit=3\n' | mkenvimage -r -s 0x10000 -o "$w/env" -
	rm -f "$1"
	truncate -s 12800K "$1"
	sfdisk -q "$1" <<-PARTITIONS
		label: gpt
		start=2048, size=256, name=env
		start=4096, size=2048, name=a
		start=6144, size=2048, name=b
		start=8192, size=16384, name=data
	PARTITIONS
	put() { dd of="$1" bs=512 seek="$2" conv=notrunc status=none; }
	cat "$w/env" "$w/env" | put "$1" 2048
	put "$1" 4096 <"$w/old"
	head -c $slot_bytes /dev/urandom | put "$1" 6144
	put "$1" 8192 <"$w/data.img"
}
cat >"$w/script" <<'GUEST'
mkdir /disk /var
ln -s /tmp /var/lock
mount -t ext4 /dev/vda4 /disk || exit 98
export RILL_CMDLINE=/cmdline
# A real slot is larger than what memory may keep back: this one, too.
echo 65536 >/proc/sys/vm/dirty_background_bytes
echo 131072 >/proc/sys/vm/dirty_bytes
# What the agent sees of a boot: the slot that the boot loader was told to start, and the kernel's name for the boot.
boot() { # SLOT
	[ "$(fw_printenv -n rill_slot)" = "$1" ] || exit 97
	echo "rill.slot=$1" >/cmdline
	cat /proc/sys/kernel/random/uuid >/boot_id
	mount --bind /boot_id /proc/sys/kernel/random/boot_id
}
ends() { # CODE COMMAND...
	want=$1
	shift
	rill-agent "$@" --config /device/config
	code=$?
	[ $code = "$want" ] || { echo "$*: $code, not $want"; exit 96; }
}
boot a
# Who asks takes nothing away from an update, nor minds what it holds: as this partition is held, by being mounted.
sed 's/PARTLABEL=b/PARTLABEL=data/' /device/config >/held
[ "$(rill-agent status --json --config /held | grep -c '"installed":.*"[0-9a-f]*"')" = 1 ] || exit 95
rill-agent status --config /held | grep problem && exit 94
[ ! -e /lib/fault_io.so ] || export LD_PRELOAD=/lib/fault_io.so FAULT_CONTROL=no-sync
ends 16 update -q
boot b
ends 0 update -q
[ ! -e /once ] || exit 0
ends 0 rollback
boot a
ends 16 update --now -q
boot b
ends 0 update -q
umount /disk
GUEST

cuts() { # NAME REPOSITORY [OPTION...]
	local name=$1 repository=$2 url=$https_url$2/
	shift 2
	rm -rf "$w/guest"
	guest_new ext4 virtio_blk crc32c_generic
	guest_program "${AGENT[-1]}"
	guest_program "$guest_root/usr/bin/fw_printenv"
	guest_program "$guest_root/usr/bin/fw_setenv"
	device "$guest_files/device" "$repository"
	device "$w/device" "$repository"
	environment /dev/vda1 0 >"$guest_files/etc/fw_env.config"
	config "$url" /disk/state PARTLABEL= /device >"$guest_files/device/config"
	config "$url" "$mnt/state" "$mnt." "$w/device" >"$w/config"
	config https://localhost:9/ "$mnt/state" "$mnt." "$w/device" >"$w/offline"
	[[ " $* " != *" --bad "* ]] || cuts_control
	[ "$name" = "by a delta" ] || touch "$guest_files/once"
	make_disk "$w/$name.img"
	cuts_record "$name"
	PATH=$w/bin:$PATH cuts_replay "$name" --slots --old "$w/old" --new "$w/new" "$@"
}
for what; do
	case $what in
	delta) cuts "by a delta" delta ;;
	whole) cuts "whole" whole ;;
	control)
		cuts "no sync" delta --bad --sample 1 --tear 0
		pass "the control is caught"
		;;
	*) fail "$what?" ;;
	esac
done
