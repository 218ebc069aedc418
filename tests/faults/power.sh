#!/bin/bash
# Power cuts in earnest, in updates of a file: tests/support/cuts.sh records and replays them. The agent of the control
# overwrites in place, which must be seen.
# usage: power.sh [FILE-SYSTEM... | control]     ext4, btrfs and the control; environment SAMPLE, REORDER: see cuts.sh
# shellcheck source=tests/support/cuts.sh
. "$(dirname -- "$0")/../support/cuts.sh"
# shellcheck source=tests/net/release.sh
. "$top/tests/net/release.sh"
[ $# -gt 0 ] || set -- ext4 btrfs control
cuts_begin "file system"
guest_packages
make_release "$w/release" 200000
https_start "$w/server" "$w/release/www"

# device FOLDER PREFIX: the device's own files, whose configurations have paths below PREFIX
device() {
	mkdir -p "$1/device/bin" "$1/device/state"
	cp "$w/release/old" "$1/device/bin/app"
	chmod 755 "$1/device/bin/app"
	cp "$w/release/www/metadata/1.root.json" "$1/device/root.json"
	cp "$w/server/ca.crt" "$1/device"
	config "$2" "$https_url" >"$1/device/config"
}
config() { # PREFIX URL
	cat <<-JSON
		{"url": "$2", "ca": "$1/device/ca.crt", "root": "$1/device/root.json", "state": "$1/device/state", "retries": 0,
		 "proxy": "none", "targets": [{"name": "app", "kind": "file", "path": "$1/device/bin/app"}]}
	JSON
}
make_disk() { # FS IMAGE
	rm -rf "$w/files"
	device "$w/files" /disk
	case $1 in
	ext4) truncate -s 24M "$2" && mkfs.ext4 -q -d "$w/files" "$2" ;;
	btrfs) truncate -s 64M "$2" && mkfs.btrfs -q --mixed --rootdir "$w/files" "$2" >/dev/null ;;
	*) fail "file system $1?" ;;
	esac
}
# Updates by the daemon, back by hand, and on again: each of them ends with new, old and new.
cat >"$w/script" <<'GUEST'
mkdir /disk
mount -t "$(cat /fs)" /dev/vda /disk || exit 98
cd /disk/device
await() {
	n=0
	until rill-agent status --json --config config | grep -q "\"state\":.*\"$1\""; do
		n=$((n + 1))
		[ $n -lt 100 ] || exit 97
		sleep 0.2
	done
}
[ ! -e /lib/fault_io.so ] || export LD_PRELOAD=/lib/fault_io.so FAULT_CONTROL=in-place
rill-agent run --config config &
await committed
kill -TERM $!
wait $! || exit 96
[ ! -e /lib/fault_io.so ] || exit 0
rill-agent rollback --config config && rill-agent update --now -q --config config && [ ! -e bin/.app.rill-new ]
GUEST
config "$mnt" "$https_url" >"$w/config"
config "$mnt" https://localhost:9/ >"$w/offline"

cuts() { # FS NAME [OPTION...]
	local fs=$1 name=$2
	shift 2
	rm -rf "$w/guest"
	guest_new "$fs" virtio_blk
	guest_program "${AGENT[-1]}"
	[[ " $* " != *" --bad "* ]] || cuts_control
	make_disk "$fs" "$w/$name.img"
	echo "$fs" >"$guest_files/fs"
	cuts_record "$name"
	cuts_replay "$name" --old "$w/release/old" --new "$w/release/new" --fs "$fs" "$@"
}
for fs; do
	if [ "$fs" = control ]; then
		cuts ext4 in-place --bad --sample 1 # few cuts fall between its writes
		pass "the control is caught"
	else
		cuts "$fs" "$fs"
	fi
done
