#!/bin/bash
# What a static rill-agent consists of, in bytes, by the symbols of the program as it was linked.
# Usage: boards/libraries/sizes.sh [--json] [PROGRAM]      PROGRAM: build/arm64-small/device/rill-agent
# Environment: CC, the compiler that made it (aarch64-linux-gnu-gcc)
set -euo pipefail
case ${1:-} in -h | --help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
json=
if [ "${1:-}" = --json ]; then json=yes; shift; fi
program=${1:-$(dirname -- "$0")/../../build/arm64-small/device/rill-agent}
cc=${CC:-aarch64-linux-gnu-gcc}
nm=$("$cc" -print-prog-name=nm)
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
"$("$cc" -print-prog-name=strip)" -o "$stripped" "$program"
libc=/usr/lib/$("$cc" -dumpmachine | sed 's/-gnu/-musl/')/libc.a

# Which library a symbol is of: that of its source file, or the C library when that has one of the name. Tables
# have no line of source after link-time optimisation.
{
	"$nm" "$libc" "$("$cc" -print-libgcc-file-name)" 2>/dev/null | awk 'NF == 3 { print "libc", $3 }'
	"$nm" -S -l -t d "$program"
} | awk -v total="$(stat -c %s "$stripped")" -v json="$json" '
	BEGIN { count = split("protocol device mbedtls zlib cjson libc tables rest", order, " ") }
	$1 == "libc" { libc[$2] = 1; next }
	NF < 4 || $3 ~ /[bB]/ || seen[$1]++ { next }
	{
		part = "tables"
		name = $4; sub(/\..*/, "", name)
		if ($5 ~ /build\/sources\//) { part = $5; sub(/.*build\/sources\//, "", part); sub(/\/.*/, "", part) }
		else if ($5 ~ /(^|\/)protocol\//) part = "protocol"
		else if ($5 ~ /(^|\/)device\//) part = "device"
		else if (name in libc) part = "libc"
		size[part] += $2; known += $2
	}
	END {
		size["rest"] = total - known # constants of functions, headers, padding
		if (json) printf "{"
		for (i = 1; i <= count; i++)
			printf json ? "\"%s\": %d, " : "%-10s %8d\n", order[i], size[order[i]]
		printf json ? "\"total\": %d}\n" : "total %13d\n", total
	}'
