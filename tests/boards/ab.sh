#!/bin/bash
# Two slots on the board qemu-virt-arm64, for real: U-Boot starts Debian's kernel, BusyBox init starts the agent, which
# updates the other slot by deltas over TLS and reboots into it. One release is good, one fails its health check, one does not
# boot. Then the power is cut at every write to U-Boot's environment: a slot must boot that holds a whole release.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
# shellcheck source=tests/support/guest.sh
. "$top/tests/support/guest.sh"
# shellcheck source=tests/support/slots.sh
. "$top/tests/support/slots.sh"
board=$top/boards/qemu-virt-arm64
guest_packages libubootenv-tool libubootenv0.1 libyaml-0-2 libc6 zlib1g
slots_tools

mkdelta key new "$w/key" -q
mkdelta repo init "$w/www" --key "$w/key" -q
https_start "$w/server" "$w/www"
slots_root "$w/1" 1 good
slots_image "$w/1" "$w/1.img"
for n in 2:good 3:sick; do
	slots_root "$w/${n%:*}" "${n%:*}" "${n#*:}"
	slots_image "$w/${n%:*}" "$w/${n%:*}.img"
done
slots_root "$w/4" 4 good
head -c 1000000 /dev/urandom >"$w/4/boot/Image" # no kernel
slots_image "$w/4" "$w/4.img"
publish() { # RELEASE
	https_is_up "$https_port" || fail "the server is gone: $(tail -n 3 "$w/server/error.log")"
	mkdelta repo publish "$w/www" system "$w/$1.img" --kind slot --bases 3 --key "$w/key" | sed -n 's/^  from/release '"$1"' from/p'
}
publish 1

slots_disk "$w/disk" "$w/1.img"
cp "$w/disk" "$w/disk.new"
publish 2
slots_want "$w/disk" committed 2 2
slots_run 600 "$w/disk" "$w/log" || fail "release 2"
[ "$(slots_running)" = "a 1 b 2 " ] || fail "other boots: $(slots_running)"
grep -E '^(rill:|guest:)' "$w/guest.log"
pass "release 2: from slot a by a delta to b, tried, well, kept"

publish 3
slots_want "$w/disk" rolled-back 3 2
slots_run 600 "$w/disk" || fail "release 3"
[ "$(slots_running)" = "b 2 a 3 b 2 " ] || fail "other boots: $(slots_running)"
grep -q 'health check' "$w/guest.log" || fail "no health check"
grep -E '^(rill:|guest:)' "$w/guest.log"
pass "release 3: in slot a, not well, back to b"

publish 4
slots_want "$w/disk" rolled-back 4 2
slots_run 600 "$w/disk" || fail "release 4"
[ "$(slots_running)" = "b 2 b 2 " ] || fail "other boots: $(slots_running)"
[ "$(grep -c '^rill: slot=a .*upgrade_available=1' "$w/guest.log")" = 3 ] || fail "not three trials"
grep '^rill: slot a is given up' "$w/guest.log" || fail "U-Boot does not go back"
grep -q 'did not boot' "$w/guest.log" || fail "the agent does not see it"
grep -E '^(rill:|guest:)' "$w/guest.log"
pass "release 4: does not boot; after three trials U-Boot goes back to b by itself"
# U-Boot itself starts what is left: its script is asked, by disks of a cut after and inside each write.
mkdir "$w/cuts"
python3 "$top/tests/boards/env_cuts.py" "$w/disk.new" "$w/log" "$w/cuts" "$w/1.img" "$w/2.img" || fail "cuts of the environment"
count=0
for cut in "$w"/cuts/cut-*.img; do
	want=$(cat "${cut%.img}.slot")
	[ "$(slots_choice "$cut")" = "$want" ] || fail "U-Boot starts another slot than $want: $(cat "$w/choice.log")"
	count=$((count + 1))
	rm "$cut"
done
[ $count -ge 8 ] || fail "only $count disks"
pass "U-Boot starts a slot with a whole release from each of $count disks that a power cut left"
