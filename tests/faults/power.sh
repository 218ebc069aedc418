#!/bin/bash
# Power cuts in earnest: a guest of qemu with Debian's arm64 kernel runs the agent on a disk whose every write and flush is
# recorded; then replay.py cuts the power at each of them. The agent of the control overwrites in place, which must be seen.
# usage: power.sh [FILE-SYSTEM... | control]     ext4, btrfs and the control; environment SAMPLE: every so many cuts only; REORDER: so many
#        random choices before each flush
if [ "$(id -u)" = 0 ] && [ -z "${PRIVATE:-}" ] && unshare -m true 2>/dev/null; then
	# What is mounted here is in no other namespace, where it would outlive its unmounting.
	PRIVATE=1 exec unshare -m --propagation private bash "$0" "$@"
fi
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
# shellcheck source=tests/support/guest.sh
. "$top/tests/support/guest.sh"
# shellcheck source=tests/net/release.sh
. "$top/tests/net/release.sh"
[ $# -gt 0 ] || set -- ext4 btrfs control
[ "$(id -u)" = 0 ] || skip "needs root, to mount what the cuts leave"
mnt=$w/mnt
mkdir "$mnt"
at_end_of_power() { umount "$mnt" 2>/dev/null || true; at_end; }
trap at_end_of_power EXIT
truncate -s 8M "$w/probe.img"
mkfs.ext4 -q "$w/probe.img"
mount -o loop "$w/probe.img" "$mnt" 2>"$w/err" || skip "cannot mount a file here: $(cat "$w/err")"
umount "$mnt"
# shellcheck disable=SC2153  # of the environment
native=$(dirname -- "$NATIVE")/../device/rill-agent
[ -x "$native" ] || skip "the preset dev is not built"

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

record() { # FS NAME
	make_disk "$1" "$w/$2.img"
	echo "$1" >"$guest_files/fs"
	cp "$w/$2.img" "$w/guest.img"
	rm -f "$w/$2.log"
	truncate -s 1G "$w/$2.log" # sparse; it must not need to grow
	guest_run 400 "$w/script" -blockdev "driver=file,node-name=f0,filename=$w/guest.img" \
		-blockdev "driver=file,node-name=l0,filename=$w/$2.log" \
		-blockdev driver=blklogwrites,node-name=b0,file=f0,log=l0 -device virtio-blk-pci,drive=b0 >"$w/out" ||
		{ cat "$w/out"; fail "the guest ends with $?"; }
}
replay() { # FS NAME [OPTION...]
	local fs=$1 name=$2
	shift 2
	AGENT=$native python3 "$top/tests/faults/replay.py" "$name" "$w/$name.img" "$w/$name.log" --old "$w/release/old" \
		--new "$w/release/new" --config "$w/config" --offline "$w/offline" --mount "$mnt" --fs "$fs" \
		--sample "${SAMPLE:-1}" --reorder "${REORDER:-4}" "$@" || fail "$name: see above"
}
config "$mnt" "$https_url" >"$w/config"
config "$mnt" https://localhost:9/ >"$w/offline"
printf '%-28s %-8s %6s %6s %6s %8s %7s\n' "file system" cut cuts old new resumed broken
# On ext4, with the shim compiled for the guest
control() {
	guest_new ext4 virtio_blk
	guest_program "${AGENT[-1]}"
	aarch64-linux-gnu-gcc -O1 -shared -fPIC -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 "$top/tests/faults/io.c" -ldl \
		-o "$guest_files/lib/fault_io.so"
	record ext4 in-place
	replay ext4 in-place --bad --sample 1 # few cuts fall between its writes
	rm "$guest_files/lib/fault_io.so"
	pass "the control is caught"
}
for fs; do
	if [ "$fs" = control ]; then
		control
		continue
	fi
	guest_new "$fs" virtio_blk
	guest_program "${AGENT[-1]}"
	record "$fs" "$fs"
	replay "$fs" "$fs"
done
