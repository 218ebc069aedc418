#!/bin/bash
# The kept deltas still give their targets, and mkdelta still writes the same bytes.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
count=0
for delta in "$top"/tests/vectors/delta/*.rill; do
	name=${delta%.rill}
	mkdelta patch "$name.base" "$delta" -o "$w/got"
	same "$name.target" "$w/got"
	mkdelta diff "$name.base" "$name.target" -o "$w/again" -q
	same "$delta" "$w/again"
	count=$((count + 1))
done
[ $count -ge 5 ] || fail "only $count vectors"
pass "$count vectors"

"$top/tests/fuzz/delta_seeds.sh" "$w/seeds" "${MKDELTA[@]}"
diff -r "$w/seeds" "$top/tests/fuzz/corpus/delta" || fail "the decoder's fuzzer begins with deltas of another version: fuzz/delta_seeds.sh"
pass "the seeds of the decoder's fuzzer"
