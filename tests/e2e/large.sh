#!/bin/bash
# Bases and outputs of over 4 GiB, with holes: support/write_large.c.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$w"
"$BUILD/tests/write_large"
"$BUILD/tests/decode" far.base far.delta got
same far.new got
pass "a base of $(stat -c %s far.base) bytes"
"$BUILD/tests/decode" long.base long.delta got # its hash says whether it is right
[ "$(stat -c %s got)" -gt 4294967296 ] || fail "no large output"
[ "$(du -k got | cut -f1)" -lt 100000 ] || fail "the holes are filled"
pass "an output of $(stat -c %s got) bytes"
