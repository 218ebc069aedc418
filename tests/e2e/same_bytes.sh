#!/bin/bash
# This build and the native one (NATIVE) write the same deltas and read each other's.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
[ -x "$NATIVE" ] || skip "the native build is not here"
cd "$w"

try() { # LABEL OLD NEW
	"$NATIVE" diff "$2" "$3" -o native -q
	mkdelta diff "$2" "$3" -o here -q
	same native here
	mkdelta patch "$2" native -o got
	same "$3" got
	pass "$1"
}
seq 1 30000 >a
seq 1 30000 | sed 's/77/seven/' >b
try text a b
try "two programs" /bin/ls /bin/cat
try "this program" "$NATIVE" "${MKDELTA[-1]}"
