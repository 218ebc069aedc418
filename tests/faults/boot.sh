#!/bin/sh
# The boot loader's program of slots.py, in RAUC's custom contract. Each line of the file VARIABLES sets some of them anew, so
# that a change is made whole or not at all. VARIABLES.cmdline is the command line of the kernel.
# usage: boot.sh VARIABLES REQUEST...
set -eu
file=$1
export RILL_CMDLINE="$1.cmdline"
shift
# shellcheck source=boards/boot/contract.sh
. "$(dirname -- "$0")/../../boards/boot/contract.sh"
# shellcheck disable=SC2034  # for the contract
trial=rill_trial=3
# shellcheck disable=SC2034  # for the contract
no_trial=rill_trial=
list() {
	# shellcheck source=/dev/null
	. "$file"
	# shellcheck disable=SC2154  # of the file
	printf 'rill_slot=%s\nrill_bad=%s\nrill_trial=%s\n' "$rill_slot" "$rill_bad" "$rill_trial"
}
set_all() { echo "$*" >>"$file"; }
contract "$@"
