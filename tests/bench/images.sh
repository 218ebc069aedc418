#!/bin/bash
# Deltas of container images beside the peers, and how time and memory grow. Prints tables; judges nothing.
# xdelta3 and zstd run here and now on the plain layers that changed, one after another; docker's pull fetches those layers whole.
# Usage: MKDELTA=build/release/host/mkdelta tests/bench/images.sh OLD NEW [MB...]
#        OLD and NEW are OCI image layouts with one image each; for each MB also the first so many megabytes of the largest layer
# Needs: jq skopeo xdelta3 zstd
set -euo pipefail
top=$(cd "$(dirname -- "$0")/../.." && pwd)
mkdelta=${MKDELTA:-$top/build/release/host/mkdelta}
case ${1:-} in '' | -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
old=$1 new=$2
shift 2
for program in jq skopeo xdelta3 zstd "$mkdelta"; do
	command -v "$program" >/dev/null || { echo "missing: $program" >&2; exit 1; }
done
w=$(mktemp -d "${TMPDIR:-/var/tmp}/rill-bench.XXXXXX")
trap 'rm -rf "$w"' EXIT

size() { stat -c %s "$1"; }
# measured COMMAND...: seconds, processor seconds, and MiB of memory that is not file cache, in $took
measured() {
	local pid peak=0 now start
	start=$(date +%s.%N)
	"$@" >"$w/printed" &
	pid=$!
	while now=$(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
		[ "$now" -le "$peak" ] || peak=$now
		sleep 0.02
	done
	wait "$pid" || { echo "failed: $*" >&2; exit 1; }
	took=$(awk -v s="$start" -v e="$(date +%s.%N)" -v p="$peak" 'BEGIN { printf "%.1f s, %d MiB", e - s, p / 1024 }')
}
# plain LAYOUT: its layers, uncompressed, as files LAYOUT.0 ...; and the sizes of its blobs
plain() { # LAYOUT PREFIX
	local digest i=0
	for digest in $(skopeo inspect --raw "oci:$1" | jq -r '.layers[].digest'); do
		zcat -f "$1/blobs/sha256/${digest#sha256:}" >"$2.$i"
		size "$1/blobs/sha256/${digest#sha256:}" >"$2.$i.blob"
		i=$((i + 1))
	done
	echo "$i" >"$2.layers"
}
plain "$old" "$w/old"
plain "$new" "$w/new"

total=0 pulled=0 xdelta=0 zstd=0
for ((i = 0; i < $(cat "$w/new.layers"); i++)); do
	total=$((total + $(size "$w/new.$i")))
	! cmp -s "$w/old.$i" "$w/new.$i" || continue
	[ -e "$w/old.$i" ] || : >"$w/old.$i"
	pulled=$((pulled + $(cat "$w/new.$i.blob")))
	xdelta3 -9 -S lzma -B 2147483648 -e -f -s "$w/old.$i" "$w/new.$i" "$w/peer"
	xdelta=$((xdelta + $(size "$w/peer")))
	zstd -q -f -12 --long=31 --patch-from="$w/old.$i" "$w/new.$i" -o "$w/peer"
	zstd=$((zstd + $(size "$w/peer")))
done
measured "$mkdelta" diff "$old" "$new" -o "$w/delta" -q
made=$took
measured "$mkdelta" patch "$old" "$w/delta" -o "$w/layout:new" -q
applied=$took
plain "$w/layout" "$w/got"
for ((i = 0; i < $(cat "$w/new.layers"); i++)); do cmp "$w/new.$i" "$w/got.$i"; done
printf '%-28s %12s\n' 'plain layers' "$total" 'pull of changed layers' "$pulled" 'zstd -12 --patch-from' "$zstd" 'xdelta3 -9 lzma' "$xdelta" \
	'mkdelta diff' "$(size "$w/delta")"
echo "made in $made; applied in $applied, to compressed old layers and plain new ones"
measured "$mkdelta" diff --memory 512M "$old" "$new" -o "$w/less" -q
echo "with --memory 512M: $(size "$w/less") bytes, made in $took"

largest=0
for ((i = 1; i < $(cat "$w/new.layers"); i++)); do
	if [ "$(size "$w/new.$i")" -gt "$(size "$w/new.$largest")" ]; then largest=$i; fi
done
for mb; do
	for side in old new; do head -c "${mb}M" "$w/$side.$largest" >"$w/$side.cut"; done
	measured "$mkdelta" diff --memory 1G "$w/old.cut" "$w/new.cut" -o "$w/cut" -q
	made=$took
	measured "$mkdelta" patch "$w/old.cut" "$w/cut" -o "$w/got.cut" -q
	cmp "$w/new.cut" "$w/got.cut"
	printf '%5d MB: %9d bytes, made in %s, applied in %s\n' "$mb" "$(size "$w/cut")" "$made" "$took"
done
