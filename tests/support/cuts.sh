# shellcheck shell=bash
# Sourced first by tests that cut the power. A guest of qemu with Debian's arm64 kernel runs the agent on a disk whose every
# write and flush is recorded; then tests/faults/replay.py cuts the power at each of them, and starts the native agent on what
# is found. Environment SAMPLE: every so many cuts only; REORDER: so many random choices before each flush.
#
#	cuts_begin WHAT                       what is needed, or skip; the folder $mnt, where replay.py mounts; the table's head
#	cuts_record NAME                      boots the guest with a copy of the disk $w/NAME.img, runs $w/script there
#	cuts_replay NAME [OPTION...]          prints rows of the table; $w/config and $w/offline are for the native agent
#	cuts_control                          after guest_new: the guest has /lib/fault_io.so, for the agent of a control
if [ "$(id -u)" = 0 ] && [ -z "${PRIVATE:-}" ] && unshare -m true 2>/dev/null; then
	# What is mounted here is in no other namespace, where it would outlive its unmounting.
	PRIVATE=1 exec unshare -m --propagation private bash "$0" "$@"
fi
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../e2e/lib.sh"
# shellcheck source=tests/support/guest.sh
. "$top/tests/support/guest.sh"
mnt=$w/cuts/mnt

cuts_at_end() { umount "$mnt" "$w/cuts" 2>/dev/null || true; at_end; }
cuts_begin() { # WHAT
	[ "$(id -u)" = 0 ] || skip "needs root, to mount what the cuts leave"
	mkdir "$w/cuts"
	trap cuts_at_end EXIT
	mount -t tmpfs tmpfs "$w/cuts" 2>"$w/err" || skip "cannot mount here: $(cat "$w/err")" # nothing of it needs to last
	mkdir "$mnt"
	truncate -s 8M "$mnt.img"
	mkfs.ext4 -q "$mnt.img"
	mount -o loop "$mnt.img" "$mnt" 2>"$w/err" || skip "cannot mount a file here: $(cat "$w/err")"
	umount "$mnt"
	# shellcheck disable=SC2153  # of the environment
	cuts_native=$(dirname -- "$NATIVE")/../device/rill-agent
	[ -x "$cuts_native" ] || skip "the preset dev is not built"
	printf '%-28s %-8s %6s %6s %6s %8s %7s\n' "$1" cut cuts old new resumed broken
}
cuts_record() { # NAME
	local code=0
	cp "$w/$1.img" "$w/guest.img"
	rm -f "$w/$1.log"
	truncate -s 1G "$w/$1.log" # sparse; it must not need to grow
	guest_run 400 "$w/script" -blockdev "driver=file,node-name=f0,filename=$w/guest.img" \
		-blockdev "driver=file,node-name=l0,filename=$w/$1.log" \
		-blockdev driver=blklogwrites,node-name=b0,file=f0,log=l0 -device virtio-blk-pci,drive=b0 >"$w/out" || code=$?
	[ $code = 0 ] || { cat "$w/out"; fail "the guest ends with $code"; }
}
cuts_replay() { # NAME [OPTION...]
	local name=$1
	shift
	# shellcheck disable=SC2154  # of lib.sh
	AGENT=$cuts_native python3 "$top/tests/faults/replay.py" "$name" "$w/$name.img" "$w/$name.log" --config "$w/config" \
		--offline "$w/offline" --mount "$mnt" --sample "${SAMPLE:-1}" --reorder "${REORDER:-4}" "$@" || fail "$name: see above"
}
cuts_control() {
	# shellcheck disable=SC2154  # of guest.sh
	aarch64-linux-gnu-gcc -O1 -shared -fPIC -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 "$top/tests/faults/io.c" -ldl \
		-o "$guest_files/lib/fault_io.so"
}
