# shellcheck shell=sh
# Sourced by the backends whose boot loader keeps variables: RAUC's custom contract on
#
#	rill_slot   the slot that is started
#	rill_bad    a slot that must not be started
#
# A backend defines list, which prints NAME=VALUE lines, set_all NAME=VALUE... (all or none, durably), and in `trial` and
# `no_trial` the variables that begin and end the counting of boots. RILL_SLOTS names the slots (default "a b").
slots=${RILL_SLOTS:-a b}

other() { for s in $slots; do [ "$s" = "$1" ] || echo "$s"; done; }
known() {
	for s in $slots; do [ "$s" != "${1:-}" ] || return 0; done
	echo "$0: unknown slot '${1:-}'" >&2
	exit 2
}
get() { printf '%s\n' "$variables" | sed -n "s/^$1=//p"; }
primary() {
	p=$(get rill_slot)
	echo "${p:-${slots%% *}}"
}
# The bad slot, unless it is this one.
bad_but() {
	b=$(get rill_bad)
	[ "$b" = "$1" ] || echo "$b"
}
current() {
	# shellcheck disable=SC2013  # words are wanted
	for word in $(cat "${RILL_CMDLINE:-/proc/cmdline}"); do
		case $word in rill.slot=* | rauc.slot=*) echo "${word#*=}"; return 0 ;; esac
	done
	return 1
}
set_state() { # SLOT good|bad
	# shellcheck disable=SC2086,SC2154  # lists of words, of the backend
	case $2:$(primary) in
	good:"$1") set_all $no_trial "rill_bad=$(bad_but "$1")" ;;
	good:*) set_all "rill_bad=$(bad_but "$1")" ;;
	bad:"$1") set_all "rill_slot=$(other "$1")" $no_trial "rill_bad=$1" ;;
	bad:*) set_all "rill_bad=$1" ;;
	*) echo "$0: set-state SLOT good|bad" >&2; exit 2 ;;
	esac
}
contract() {
	case ${1:-} in *-state | set-primary) known "${2:-}" ;; esac
	# Once, and here: where it fails, that ends the program. In a condition or in an argument it would not.
	case ${1:-} in *-state | *-primary) variables=$(list) ;; esac
	# shellcheck disable=SC2086,SC2154  # lists of words, of the backend
	case ${1:-} in
	get-primary) primary ;;
	set-primary) set_all "rill_slot=$2" $trial "rill_bad=$(bad_but "$2")" ;;
	get-state) if [ "$(get rill_bad)" = "$2" ]; then echo bad; else echo good; fi ;;
	set-state) set_state "$2" "${3:-}" ;;
	get-current) current ;;
	*) echo "$0: get-primary | set-primary SLOT | get-state SLOT | set-state SLOT good|bad | get-current" >&2; exit 2 ;;
	esac
}
