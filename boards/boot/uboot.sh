#!/bin/sh
# Speaks for U-Boot in RAUC's custom contract, by fw_printenv and fw_setenv. /etc/fw_env.config must name two copies of
# the environment: only then does a power cut leave one of them whole.
# While upgrade_available is 1, U-Boot counts boots in bootcount; over bootlimit, altbootcmd goes back to the other
# slot and sets rill_bad (uboot.cmd shows how).
set -eu
# shellcheck source=boards/boot/contract.sh
. "$(dirname -- "$0")/contract.sh"
# shellcheck disable=SC2034  # for the contract
trial="upgrade_available=1 bootcount=0"
# shellcheck disable=SC2034  # for the contract
no_trial="upgrade_available=0 bootcount=0"
list() { fw_printenv; }
set_all() {
	script=$(mktemp)
	printf '%s\n' "$@" >"$script"
	fw_setenv -s "$script" && rm "$script"
}
contract "$@"
