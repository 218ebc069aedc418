#!/bin/sh
# Speaks for GRUB in RAUC's custom contract, by grub-editenv on the block of variables RILL_GRUBENV (default
# /boot/grub/grubenv). GRUB counts rill_trial down at each boot; at 0 it goes back to the other slot and sets rill_bad
# (grub.cfg shows how). The block belongs on a file system without a journal, as the FAT of UEFI or ext2: GRUB reads and
# writes in place what a journal may still hold back.
set -eu
# shellcheck source=boards/boot/contract.sh
. "$(dirname -- "$0")/contract.sh"
block=${RILL_GRUBENV:-/boot/grub/grubenv}
# shellcheck disable=SC2034  # for the contract
trial=rill_trial=3
# shellcheck disable=SC2034  # for the contract
no_trial=rill_trial=
list() {
	# grub-editenv would make one, where perhaps a file system is not mounted.
	[ -f "$block" ] || { echo "$0: $block is not there" >&2; return 1; }
	grub-editenv "$block" list
}
# The block is changed beside the old one, and renamed.
set_all() {
	cp "$block" "$block.new"
	grub-editenv "$block.new" set "$@"
	sync "$block.new"
	mv "$block.new" "$block"
	sync "$(dirname -- "$block")"
}
contract "$@"
