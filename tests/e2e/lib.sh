# shellcheck shell=bash
# Sourced by the end-to-end tests. CMake sets MKDELTA and AGENT (command lines: they may begin with an
# emulator). Gives: a work folder $w that goes at the end, and checks that end the test when they fail.
set -euo pipefail
top=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
w=$(mktemp -d "${TMPDIR:-/tmp}/rill-e2e.XXXXXX")
# shellcheck source=tests/support/https.sh
. "$top/tests/support/https.sh"
at_end() { https_stop; rm -rf "$w"; }
trap at_end EXIT

read -ra MKDELTA <<<"$MKDELTA"
read -ra AGENT <<<"${AGENT:-}"
mkdelta() { "${MKDELTA[@]}" "$@"; }
agent() { "${AGENT[@]}" "$@"; }
# A health command that runs PROGRAM, as JSON: with the emulator in front where there is one.
health_of() { # PROGRAM ARGUMENT...
	local words=("${AGENT[@]:0:${#AGENT[@]}-1}" "$@")
	if [ ${#AGENT[@]} -gt 1 ]; then words[0]=$(command -v "${words[0]}"); fi
	printf '%s\n' "${words[@]}" | jq -Rn '[inputs]'
}

pass() { echo "ok: $*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "SKIPPED: $*"; exit 77; }
# expect CODE PHRASE CMD...: it ends with that exit code, and its error has the PHRASE
expect() {
	local code=$1 phrase=$2 got=0
	shift 2
	"$@" >"$w/expect.out" 2>"$w/expect.err" || got=$?
	if [ "$got" != "$code" ]; then
		cat "$w/expect.err" >&2
		fail "exit code $got, not $code: $*"
	fi
	if [ "$code" != 0 ] && [ "$(grep -c . "$w/expect.err")" != 1 ]; then
		cat "$w/expect.err" >&2
		fail "not one line of error: $*"
	fi
	grep -qF -- "$phrase" "$w/expect.err" "$w/expect.out" || {
		cat "$w/expect.err" "$w/expect.out" >&2
		fail "the words '$phrase' are missing: $*"
	}
}
same() { cmp -- "$1" "$2" || fail "$1 and $2 differ"; }
# State of a folder, names, modes, sizes and content: to see that nothing changed.
listing() { (cd "$1" && find . -type f -printf '%p %m %s %i\n' -exec sha256sum {} + | sort); }
# A copy with the byte at OFFSET (from the end when negative) changed
flip() { # FILE OFFSET
	local at=$2 byte
	[ "$at" -ge 0 ] || at=$(($(stat -c %s "$1") + at))
	byte=$(od -An -tu1 -j "$at" -N 1 "$1")
	# shellcheck disable=SC2059  # an octal escape
	printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}
