#!/bin/bash
# A whole update of a large file in a guest with 64 MiB, by the small agent, over TLS: what it takes of memory and time.
# Usage: tests/bench/memory.sh OLD NEW [MIB]      after building the presets dev and arm64-small
set -euo pipefail
case ${1:-} in -h | --help) sed -n '2,3s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
[ $# -ge 2 ] || { echo "usage: memory.sh OLD NEW [MIB]" >&2; exit 2; }
old=$(realpath -e -- "$1") new=$(realpath -e -- "$2")
memory=${3:-64}
top=$(cd "$(dirname -- "$0")/../.." && pwd)
export BUILD=$top/build/arm64-small MKDELTA=$top/build/dev/host/mkdelta
export AGENT="qemu-aarch64-static $BUILD/device/rill-agent"
# shellcheck source=tests/e2e/lib.sh
. "$top/tests/e2e/lib.sh"
# shellcheck source=tests/support/guest.sh
. "$top/tests/support/guest.sh"
guest_packages
name=app
if [ -n "${REPOSITORY:-}" ]; then # one that has them both as the last releases of TARGET
	name=$TARGET
	www=$REPOSITORY
else
	www=$w/www
	mkdelta key new "$w/key" -q
	mkdelta repo init "$www" --key "$w/key" -q
	mkdelta repo publish "$www" app "$old" --key "$w/key" -q
	mkdelta repo publish "$www" app "$new" --key "$w/key"
fi
https_start "$w/server" "$www"

guest_new virtio_blk ext4 crc32c_generic
guest_program "${AGENT[-1]}"
mkdir -p "$w/disk/state"
cp "$old" "$w/disk/app"
truncate -s $((($(stat -c %s "$old") + $(stat -c %s "$new")) * 12 / 10 + (32 << 20))) "$w/disk.img"
mkfs.ext4 -q -d "$w/disk" "$w/disk.img"
mkdir -p "$guest_files/device" "$guest_files/mnt"
cp "$www/metadata/1.root.json" "$guest_files/device/root.json"
cp "$w/server/ca.crt" "$guest_files/device"
echo "$(sha256sum <"$new" | cut -d ' ' -f 1)  /mnt/app" >"$guest_files/device/new.sha256"
cat >"$guest_files/device/config" <<-JSON
	{"url": "$https_url", "ca": "/device/ca.crt", "root": "/device/root.json", "state": "/mnt/state", "proxy": "none",
	 "targets": [{"name": "$name", "kind": "file", "path": "/mnt/app"}]}
JSON
cat >"$w/script" <<'GUEST'
mount -t ext4 /dev/vda /mnt
free -k | head -n 2
start=$(cut -d ' ' -f 1 /proc/uptime)
rill-agent update --json --config /device/config &
# What the kernel says while it lasts; time(1) of BusyBox takes kilobytes for pages.
while peak=$(grep VmHWM /proc/$!/status); do
	echo "$peak" >/tmp/peak
	sleep 0.2
done
wait $!
code=$?
echo "peak: $(tail -n 1 /tmp/peak)"
echo "seconds: $(awk "BEGIN { print $(cut -d ' ' -f 1 /proc/uptime) - $start }")"
[ $code = 0 ] && sha256sum -c /device/new.sha256
GUEST
guest_run "${TIMEOUT:-1200}" "$w/script" -m "$memory" -drive "if=none,id=d0,file=$w/disk.img,format=raw" \
	-device virtio-blk-pci,drive=d0 || fail "the update"
