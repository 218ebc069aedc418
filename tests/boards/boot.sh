#!/bin/bash
# The backends keep RAUC's contract, with the boot loaders' own tools, and come through what the boot loader does by
# itself: trial boots, and going back.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
boot=""
is() { # WANTED REQUEST...
	local want=$1 got
	shift
	got=$("$boot" "$@") || fail "$boot $*: exit code $?"
	[ "$got" = "$want" ] || fail "$boot $*: $got, not $want"
}
refused() {
	if "$boot" "$@" >"$w/refused" 2>&1; then fail "$boot $*: done"; fi
}
# trial_boot: what the boot loader does; gives up after three
contract() { # NAME
	boot=$top/boards/boot/$1.sh
	echo "console=ttyS0 rill.slot=a quiet" >"$w/cmdline"
	export RILL_CMDLINE=$w/cmdline
	is a get-primary
	is a get-current
	is good get-state a
	is "" set-state b bad
	is bad get-state b
	is a get-primary
	is "" set-state b good
	is good get-state b
	is a get-primary
	is "" set-primary b
	is b get-primary
	trial_boot
	is b get-primary
	is "" set-state b good
	for _ in 1 2 3 4 5; do trial_boot; done
	is b get-primary
	is good get-state b
	# Back, as after a failed health check.
	is "" set-primary a
	is "" set-state a good
	is "" set-state b bad
	is a get-primary
	is bad get-state b
	is good get-state a
	for _ in 1 2 3 4 5; do trial_boot; done
	is a get-primary
	# A slot that never gets well.
	is "" set-primary b
	is good get-state b
	trial_boot
	trial_boot
	is b get-primary
	trial_boot
	trial_boot
	is a get-primary
	is bad get-state b
	# The slot that is to be started turns out to be bad.
	is "" set-primary b
	is "" set-state b bad
	is a get-primary
	refused get-state c
	refused set-primary
	refused set-state a fine
	refused anything
	echo quiet >"$w/cmdline"
	refused get-current
	pass "$1"
}
# What the boot loader keeps cannot be read: that is no answer.
cut_off() {
	refused get-primary
	refused get-state a
	refused set-primary b
	refused set-state a good
	refused set-state a bad
	pass "$1 without what it reads"
}

# U-Boot's environment in two copies, written by libubootenv; boards/boot/uboot.cmd counts in the same way.
truncate -s 128K "$w/env"
printf '%s 0x0 0x10000\n%s 0x10000 0x10000\n' "$w/env" "$w/env" >"$w/fw_env.config"
mkdir "$w/bin"
for tool in fw_printenv fw_setenv; do
	printf '#!/bin/sh\nexec %s -c %s "$@"\n' "$(command -v $tool)" "$w/fw_env.config" >"$w/bin/$tool"
done
chmod 755 "$w/bin"/*
PATH=$w/bin:$PATH
echo "rill_slot=a" >"$w/first"
mkenvimage -r -s 0x10000 -o "$w/copy" "$w/first"
cat "$w/copy" "$w/copy" >"$w/env"
trial_boot() {
	local count
	[ "$(fw_printenv -n upgrade_available 2>/dev/null)" = 1 ] || return 0
	count=$(($(fw_printenv -n bootcount) + 1))
	fw_setenv bootcount $count
	[ $count -gt 3 ] || return 0
	# altbootcmd
	if [ "$(fw_printenv -n rill_slot)" = a ]; then set -- a b; else set -- b a; fi
	printf 'rill_bad=%s\nrill_slot=%s\nupgrade_available=0\nbootcount=0\n' "$1" "$2" >"$w/alt"
	fw_setenv -s "$w/alt"
}
contract uboot
printf '#!/bin/sh\necho "Cannot read environment" >&2\nexit 1\n' >"$w/bin/fw_printenv"
cut_off uboot

export RILL_GRUBENV=$w/grubenv
grub-editenv "$w/grubenv" create
grub-script-check "$top/boards/boot/grub.cfg" || fail "grub.cfg"
trial_boot() { # as grub.cfg does
	local trial slot
	trial=$(grub-editenv "$w/grubenv" list | sed -n 's/^rill_trial=//p')
	slot=$(grub-editenv "$w/grubenv" list | sed -n 's/^rill_slot=//p')
	case $trial in
	"") ;;
	0) grub-editenv "$w/grubenv" set "rill_bad=$slot" "rill_slot=$([ "$slot" = a ] && echo b || echo a)" rill_trial= ;;
	*) grub-editenv "$w/grubenv" set rill_trial=$((trial - 1)) ;;
	esac
}
contract grub
RILL_GRUBENV=$w/nowhere cut_off grub
[ ! -e "$w/nowhere" ] || fail "it made a block"
echo damaged >"$w/damaged"
RILL_GRUBENV=$w/damaged cut_off grub

export RILL_ENTRIES=$w/entries
mkdir "$w/entries"
for slot in a b; do
	printf 'title Slot %s\nsort-key rill\nversion %d\nlinux /%s/Image\noptions rill.slot=%s\n' \
		$slot 0 $slot $slot >"$w/entries/rill-$slot.conf"
done
sed -i 's/^version.*/version 1/' "$w/entries/rill-a.conf"
trial_boot() { # systemd-boot renames the entry that it starts
	local slot file left tried
	slot=$("$boot" get-primary)
	for file in "$w/entries/rill-$slot+"*.conf; do
		[ -e "$file" ] || return 0
		left=${file##*+} left=${left%.conf} tried=0
		case $left in *-*) tried=${left#*-} left=${left%-*} ;; esac
		[ "$left" -gt 0 ] || return 0
		mv "$file" "$w/entries/rill-$slot+$((left - 1))-$((tried + 1)).conf"
	done
}
contract systemd-boot
RILL_ENTRIES=$w/nowhere cut_off systemd-boot
ls "$w/entries"
