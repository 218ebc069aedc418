#!/bin/bash
# This build and the native one (NATIVE) write the same deltas and read each other's.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/pairs.sh
. "$(dirname -- "$0")/pairs.sh"
[ -x "$NATIVE" ] || skip "the native build is not here"
BUILD=$(dirname -- "$NATIVE")/..
cd "$w"

make_pairs gcc aarch64-linux-gnu-gcc
seq 1 30000 >text.old
seq 1 30000 | sed 's/77/seven/' >text.new
cp /bin/ls programs.old
cp /bin/cat programs.new
cp "$NATIVE" this.old
cp "${MKDELTA[-1]}" this.new
for old in *.old; do
	"$NATIVE" diff "$old" "${old%.old}.new" -o native -q
	mkdelta diff "$old" "${old%.old}.new" -o here -q
	same native here
	mkdelta patch "$old" native -o got
	same "${old%.old}.new" got
	pass "${old%.old}"
done
