#!/bin/bash
# Real successive executables of the shared corpus: each pair forwards, those up to 5 MB backwards too.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
corpus=$top/../shared/corpus
[ -x "$corpus/unpack.sh" ] || skip "the shared corpus is not here"
cd "$w"
"$corpus/unpack.sh" "$w" exe >/dev/null

limit=${CORPUS_LIMIT:-0} # bytes; an emulated decoder takes the smaller pairs only
for pair in exe/*; do
	if [ "$limit" -gt 0 ] && [ "$(stat -c %s "$pair/new")" -gt "$limit" ]; then continue; fi
	mkdelta diff "$pair/old" "$pair/new" -o there -q
	mkdelta patch "$pair/old" there -o got
	same "$pair/new" got
	pass "${pair#exe/}: $(stat -c %s "$pair/new") bytes, there $(stat -c %s there)"
	[ "$(stat -c %s "$pair/new")" -le 5000000 ] || continue
	mkdelta diff "$pair/new" "$pair/old" -o back -q
	mkdelta patch "$pair/new" back -o got
	same "$pair/old" got
	pass "${pair#exe/}: back $(stat -c %s back)"
done
