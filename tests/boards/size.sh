#!/bin/bash
# The small agent is one static program of at most LIMIT bytes.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
"$top/boards/libraries/sizes.sh" "${AGENT[-1]}" | tee "$w/sizes"
! readelf -l "${AGENT[-1]}" | grep INTERP || fail "the agent wants an interpreter"
agent version
total=$(sed -n 's/^total *//p' "$w/sizes")
[ "$total" -le "$LIMIT" ] || fail "$total bytes are over $LIMIT"
pass "$total bytes of $LIMIT"
