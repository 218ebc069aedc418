#!/bin/bash
# Time to make and to apply a delta against the size of the input: executables, cut to size, and
# inputs that make naive matchers quadratic. Prints seconds and bytes; twice the size should take twice the time.
# Usage: MKDELTA=build/release/host/mkdelta tests/bench/growth.sh [OLD NEW]   (executables, best over 128 MB)
set -euo pipefail
top=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
mkdelta=${MKDELTA:-$top/build/release/host/mkdelta}
w=$(mktemp -d "${TMPDIR:-/tmp}/rill-growth.XXXXXX")
trap 'rm -rf "$w"' EXIT

seconds() { # CMD...: the user and system time that it took
	local TIMEFORMAT='%U %S'
	{ time "$@" >"$w/out"; } 2>&1 | awk '{ printf "%.2f", $1 + $2 }'
}

row() { # NAME: of $w/old and $w/new
	local made applied
	made=$(seconds "$mkdelta" diff -q "$w/old" "$w/new" -o "$w/d")
	applied=$(seconds "$mkdelta" patch -q "$w/old" "$w/d" -o "$w/got")
	cmp "$w/new" "$w/got"
	printf '%-12s %8d KiB %10d bytes %8s s %8s s\n' "$1" $(($(stat -c %s "$w/new") / 1024)) \
		"$(stat -c %s "$w/d")" "$made" "$applied"
}

printf '%-12s %12s %16s %10s %10s\n' input size delta make apply
if [ $# = 2 ]; then
	for mb in 1 2 4 8 16 32 64 128; do
		[ "$(stat -c %s "$2")" -ge $((mb << 20)) ] || break
		head -c ${mb}M "$1" >"$w/old"
		head -c ${mb}M "$2" >"$w/new"
		row executable
	done
fi
for kind in zeros ab sorted bruijn; do
	for mb in 1 4 16 64; do
		python3 - "$kind" $((mb << 20)) "$w" <<'END'
import struct, sys
kind, n, w = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def de_bruijn(n):
    """Over 16 letters, every word of so many letters once: no long match, and all short ones."""
    k, order = 16, 1
    while k ** order < n:
        order += 1
    out, word = bytearray(), [-1]
    # Lyndon words in order (J. P. Duval, 1983), those whose length divides the order.
    while word and len(out) < n:
        word[-1] += 1
        if order % len(word) == 0:
            out.extend(word)
        m = len(word)
        while len(word) < order:
            word.append(word[-m])
        while word and word[-1] == k - 1:
            word.pop()
    return bytes(out[:n])

if kind == "zeros":
    old, new = bytes(n), bytes(n - 7) + b"changed"
elif kind == "ab":
    old, new = b"ab" * (n // 2), b"a" + b"ab" * (n // 2 - 1) + b"b"
elif kind == "sorted":
    old = b"".join(struct.pack("<Q", 0x400000 + i * 24) for i in range(n // 8))
    new = b"".join(struct.pack("<Q", 0x400040 + i * 24 + (i > n // 20) * 16) for i in range(n // 8))
else:
    old = de_bruijn(n)
    new = old[n // 3:] + old[:n // 3]
open(w + "/old", "wb").write(old)
open(w + "/new", "wb").write(new)
END
		row $kind
	done
done
