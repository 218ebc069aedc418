#!/bin/bash
# Delta sizes and times of real successive executables, beside the peers. Prints a table; judges nothing.
# bsdiff, xdelta3 and zstd run here and now; figures marked * are stored ones of the shared research folder.
# Usage: MKDELTA=build/release/host/mkdelta tests/bench/executables.sh FOLDER...
#        each FOLDER holds PAIR/old and PAIR/new; without one, the shared corpus is unpacked
# Needs: bsdiff xdelta3 zstd (and jq)
set -euo pipefail
top=$(cd "$(dirname -- "$0")/../.." && pwd)
mkdelta=${MKDELTA:-$top/build/release/host/mkdelta}
stored=$top/../shared/research/baselines.tsv
w=$(mktemp -d "${TMPDIR:-/tmp}/rill-bench.XXXXXX")
trap 'rm -rf "$w"' EXIT
for program in bsdiff xdelta3 zstd "$mkdelta"; do
	command -v "$program" >/dev/null || { echo "missing: $program" >&2; exit 1; }
done
if [ $# = 0 ]; then
	[ -x "$top/../shared/corpus/unpack.sh" ] || { echo "the shared corpus is not here: name a folder of pairs" >&2; exit 1; }
	"$top/../shared/corpus/unpack.sh" "$w" exe >/dev/null
	set -- "$w/exe"
fi

now() { date +%s.%N; }
size() { stat -c %s "$1"; }
kept() { # PAIR TOOL: a stored figure, or -
	[ -e "$stored" ] || { echo -; return; }
	awk -F '\t' -v n="$1" -v t="$2" '$1 == "exe" && $2 == n && $3 == t { print $4; f = 1 } END { if (!f) print "-" }' "$stored"
}
arch() { # FILE: by the machine number of its ELF header
	case $(od -An -tx1 -j 18 -N 2 "$1" | tr -d ' ') in b700) echo arm64 ;; 3e00) echo x86-64 ;; *) echo other ;; esac
}

printf '%-22s %-6s %11s %9s %9s %9s %9s %9s %9s | %9s %6s %6s %7s %7s %7s\n' pair arch new xdelta3 zstd-19 bsdiff 'hdiffz*' 'zucch*' \
	'zuc-go*' rill /bsd /best bsd-s make-s apply-s
for folder; do
	for pair in "$folder"/*; do
		old=$pair/old new=$pair/new name=$(basename "$pair")
		if [ ! -e "$old" ] || [ ! -e "$new" ]; then continue; fi
		t0=$(now); bsdiff "$old" "$new" "$w/bsdiff"; t1=$(now)
		xdelta3 -9 -S lzma -B 536870912 -e -f -s "$old" "$new" "$w/xdelta3"
		zstd -q -f -19 --long=31 --patch-from="$old" "$new" -o "$w/zstd" 2>/dev/null
		t2=$(now); "$mkdelta" diff "$old" "$new" -o "$w/rill" -q; t3=$(now)
		"$mkdelta" patch "$old" "$w/rill" -o "$w/got" -q; t4=$(now)
		cmp -s "$new" "$w/got" || { echo "$name: the result differs" >&2; exit 1; }
		echo "$name $(arch "$new") $(size "$new") $(size "$w/xdelta3") $(size "$w/zstd") $(size "$w/bsdiff") $(kept "$name" hdiffz-m3-lzma2)" \
			"$(kept "$name" zucchini+xz) $(kept "$name" zucchini-gofix+xz) $(size "$w/rill") $t0 $t1 $t2 $t3 $t4"
	done
done | awk '
function less(a, b) { return b != "-" && (a == "-" || b + 0 < a + 0) ? b : a }
{
	best = less(less(less(less($4, $5), $6), less($7, $8)), $9)
	zucchini = less($8, $9)
	printf "%-22s %-6s %11d %9d %9d %9d %9s %9s %9s | %9d %6.3f %6.3f %7.2f %7.2f %7.2f\n", $1, $2, $3, $4, $5, $6, $7, $8, $9,
		$10, $10 / $6, $10 / best, $12 - $11, $14 - $13, $15 - $14
	if ($3 < 200000) next
	n[$2]++; bsd[$2] += log($10 / $6)
	if (zucchini != "-") { nz[$2]++; zuc[$2] += log($10 / zucchini) }
}
END {
	for (a in n) {
		printf "%s, geometric mean of %d pairs over 200 KB: %.3f of bsdiff", a, n[a], exp(bsd[a] / n[a])
		if (nz[a]) printf ", %.3f of Zucchini + xz -9e (%d pairs)", exp(zuc[a] / nz[a]), nz[a]
		print ""
	}
}'
