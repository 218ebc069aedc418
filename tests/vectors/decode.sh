#!/bin/bash
# This build's decoder alone (DECODE) makes the targets of the kept deltas.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
read -ra decoder <<<"$DECODE"
count=0
for delta in "$top"/tests/vectors/delta/*.rill; do
	"${decoder[@]}" "${delta%.rill}.base" "$delta" "$w/got"
	same "${delta%.rill}.target" "$w/got"
	count=$((count + 1))
done
[ $count -ge 5 ] || fail "only $count vectors"
pass "$count vectors"
