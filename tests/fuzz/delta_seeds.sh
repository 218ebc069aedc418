#!/bin/bash
# Makes the seeds of fuzz/delta.c, which are of this version of the format: `delta_seeds.sh FOLDER MKDELTA...`.
set -euo pipefail
mkdir -p "$1"
cd "$1"
shift
w=$(mktemp -d)
trap 'rm -rf "$w"' EXIT
python3 -c 'import sys; sys.stdout.buffer.write(bytes(i * 7 % 256 for i in range(1500)))' >"$w/base"
: >"$w/none"
: >"$w/empty"
cp "$w/base" "$w/equal"
{ tail -c 700 "$w/base"; head -c 800 "$w/base"; } >"$w/moved"
{ head -c 400 "$w/base"; echo one; tail -c +405 "$w/base" | head -c 600; echo another; tail -c 488 "$w/base"; } >"$w/edits"
seq 1 150 >"$w/new"
python3 -c 'import gzip, sys
for name in "base", "moved":
    sys.stdout.buffer.write(gzip.compress(open(sys.argv[1] + "/" + name, "rb").read(), mtime=0))' "$w" >"$w/packed"
for name in empty equal moved edits new packed; do
	"$@" diff "$w/base" "$w/$name" -o "$w/delta" -q
	mv "$w/delta" "$name"
done
"$@" diff "$w/none" "$w/new" -o no-base -q
