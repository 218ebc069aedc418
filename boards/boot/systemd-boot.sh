#!/bin/sh
# Speaks for systemd-boot in RAUC's custom contract, by the files that it counts boots with (systemd's "Automatic Boot
# Assessment"): RILL_ENTRIES/rill-SLOT.conf (default /boot/loader/entries) is good, rill-SLOT+3.conf has three boots
# left, rill-SLOT+0-3.conf none. The entry with the highest "version" that has boots left is started; loader.conf must
# not name a default. Two entries of one slot, after a power cut, do no harm.
set -eu
# shellcheck source=boards/boot/contract.sh
. "$(dirname -- "$0")/contract.sh"
entries=${RILL_ENTRIES:-/boot/loader/entries}

version_of() { sed -n 's/^version  *//p' "$1"; }
# The file of a slot that systemd-boot prefers.
entry_of() {
	for f in "$entries/rill-$1.conf" "$entries/rill-$1+"*.conf; do
		[ ! -e "$f" ] || echo "$(is_bad "$f" && echo 0 || echo 1) $(version_of "$f") $f"
	done | sort -k1,1n -k2,2n | tail -n 1 | cut -d ' ' -f 3-
}
existing_entry_of() {
	f=$(entry_of "$1")
	[ -n "$f" ] || { echo "$0: $entries has no entry rill-$1.conf" >&2; exit 1; }
	echo "$f"
}
is_bad() { case $1 in *+0.conf | *+0-*.conf) true ;; *) false ;; esac; }
# replace SLOT SUFFIX [VERSION]: the slot's entry gets another name, and perhaps version; the new file is whole before the
# old one goes.
replace() {
	old=$(existing_entry_of "$1")
	new=$entries/rill-$1$2.conf
	if [ -n "${3:-}" ]; then sed "s/^version .*/version $3/" "$old"; else cat "$old"; fi >"$entries/rill.new"
	sync "$entries/rill.new"
	mv "$entries/rill.new" "$new"
	for f in "$entries/rill-$1.conf" "$entries/rill-$1+"*.conf; do
		[ "$f" = "$new" ] || rm -f "$f"
	done
	sync "$entries"
}
# Bad ones come last, as with systemd-boot.
primary() {
	[ -r "$entries" ] || { echo "$0: $entries cannot be read" >&2; exit 1; }
	for s in $slots; do
		f=$(entry_of "$s")
		[ -z "$f" ] || echo "$(is_bad "$f" && echo 0 || echo 1) $(version_of "$f") $s"
	done | sort -k1,1n -k2,2n | tail -n 1 | cut -d ' ' -f 3
}

case ${1:-} in *-state | set-primary) known "${2:-}" ;; esac
case ${1:-}:${3:-} in
get-primary:) primary ;;
set-primary:) replace "$2" +3 $(($(version_of "$(entry_of "$(other "$2")")") + 1)) ;;
get-state:)
	entry=$(existing_entry_of "$2")
	if is_bad "$entry"; then echo bad; else echo good; fi
	;;
set-state:good) replace "$2" "" ;;
set-state:bad) replace "$2" +0 ;;
*) contract "$1" ;;
esac
