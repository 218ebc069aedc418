#!/bin/bash
# GRUB itself, started by UEFI in an arm64 guest with boards/boot/grub.cfg: what the backend writes, it reads, and counts; a slot
# that never gets well is given up after three trials, and so is one without a kernel.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
# shellcheck source=tests/support/guest.sh
. "$top/tests/support/guest.sh"
firmware=/usr/share/qemu-efi-aarch64/QEMU_EFI.fd
for program in grub-mkimage grub-editenv sfdisk mkfs.ext4 debugfs; do command -v $program >/dev/null || skip "needs $program"; done
[ -s $firmware ] || skip "needs qemu-efi-aarch64"
guest_packages grub-efi-arm64-bin

# Slots hold a kernel, and an initramfs that says which one runs: b is never well, a ends the guest.
files=$w/files
mkdir -p "$files"/{bin,dev,proc} "$w"/{a,b}/boot "$w/boot/grub" "$w/esp/EFI/BOOT"
cp "$guest_root/bin/busybox" "$files/bin"
cat >"$files/init" <<-'INIT'
	#!/bin/busybox sh
	/bin/busybox mount -t proc proc /proc
	/bin/busybox mount -t devtmpfs dev /dev
	read -r line </proc/cmdline
	echo "guest: $line" >/dev/console
	case $line in *rill.slot=b*) /bin/busybox reboot -f ;; *) /bin/busybox poweroff -f ;; esac
INIT
chmod 755 "$files/init"
(cd "$files" && find . | cpio -o -H newc --quiet -R 0:0) | gzip -1 >"$w/a/boot/initrd.img"
cp "$guest_root/boot/vmlinuz-$guest_version" "$w/a/boot/vmlinuz"
cp -r "$w/a/boot" "$w/b"
cp "$top/boards/boot/grub.cfg" "$w/boot/grub"
grub-editenv "$w/boot/grub/grubenv" create
cat >"$w/early.cfg" <<-'CFG'
	search --no-floppy --file --set=root /grub/grub.cfg
	set prefix=($root)/grub
	configfile $prefix/grub.cfg
CFG
grub-mkimage -O arm64-efi -d "$guest_root/usr/lib/grub/arm64-efi" -c "$w/early.cfg" -p /grub -o "$w/esp/EFI/BOOT/BOOTAA64.EFI" \
	configfile echo ext2 linux loadenv normal part_gpt reboot search search_fs_file search_label sleep test

slot_image() { # SLOT
	rm -f "$w/$1.img"
	truncate -s 48M "$w/$1.img"
	mkfs.ext4 -q -O ^metadata_csum,^64bit,^has_journal -L "root-$1" -d "$w/$1" "$w/$1.img"
}
put() { dd if="$1" of="$w/disk" bs=1M seek="$2" conv=notrunc,sparse status=none; }
make_disk() {
	truncate -s 4M "$w/boot.img"
	mkfs.ext4 -q -O ^metadata_csum,^64bit,^has_journal -d "$w/boot" "$w/boot.img"
	rm -f "$w/disk"
	truncate -s 108M "$w/disk"
	sfdisk -q "$w/disk" <<-PARTITIONS
		label: gpt
		start=1MiB, size=4MiB, name=boot
		start=8MiB, size=48MiB, name=root-a
		start=56MiB, size=48MiB, name=root-b
	PARTITIONS
	put "$w/boot.img" 1
	put "$w/a.img" 8
	put "$w/b.img" 56
}
export RILL_GRUBENV=$w/boot/grub/grubenv
backend() { sh "$top/boards/boot/grub.sh" "$@"; }
# Boots until slot a runs; prints the slots that ran, then takes back GRUB's variables. The firmware knows the disks that it is
# to start from; the first has GRUB.
boots() {
	make_disk
	timeout 120 qemu-system-aarch64 -M virt -cpu cortex-a53 -m 512 -nographic -bios $firmware -nic none \
		-drive "if=none,id=esp,file=fat:$w/esp,format=raw,readonly=on" -device virtio-blk-pci,drive=esp,bootindex=0 \
		-drive "if=none,id=d0,file=$w/disk,format=raw,cache=writeback" -device virtio-blk-pci,drive=d0,bootindex=1 "$@" \
		</dev/null 2>&1 | tr -d '\r' >"$w/console" || true
	dd if="$w/disk" of="$w/boot.img" bs=1M skip=1 count=4 status=none
	debugfs -R "dump grub/grubenv $RILL_GRUBENV" "$w/boot.img" 2>"$w/debugfs.log"
	sed -n 's/.*guest: .*rill.slot=\([a-z]*\).*/\1/p' "$w/console" | tr '\n' ' '
}
is() { # WHAT WANTED GOT
	[ "$2" = "$3" ] || { tail -n 30 "$w/console"; grub-editenv "$RILL_GRUBENV" list; fail "$1: $3, not $2"; }
}
slot_image a
slot_image b
is "the first boot" "a " "$(boots)"
backend set-primary b
is "a slot that does not get well" "b b b a " "$(boots)"
is "the primary one" a "$(backend get-primary)"
is "slot b" bad "$(backend get-state b)"
pass "GRUB starts slot b three times, then gives it up"

backend set-primary b
backend set-state b good
is "a slot that was committed" "b " "$(boots -no-reboot)"
is "the primary one" b "$(backend get-primary)"
is "trials" "" "$(grub-editenv "$RILL_GRUBENV" list | sed -n 's/^rill_trial=//p')"
pass "GRUB does not count boots of a slot that was committed"

backend set-primary a
backend set-state a good
head -c 1000000 /dev/urandom >"$w/b/boot/vmlinuz"
slot_image b
backend set-primary b
is "a slot without a kernel" "a " "$(boots)"
is "the primary one" a "$(backend get-primary)"
is "slot b" bad "$(backend get-state b)"
[ "$(grep -c 'rill: slot b does not boot' "$w/console")" = 3 ] || fail "not three trials"
pass "GRUB gives up a slot without a kernel after three trials"
