#!/bin/bash
# The man pages are well formed, and say what the programs say of themselves.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
pages=("$top/host/mkdelta.1" "$top/device/rill-agent.8" "$top/device/rill-agent.json.5"
	"$top/host/mkdelta-repo.1")
mandoc -Tlint -W warning "${pages[@]}" || fail "mandoc finds fault"

text() { mandoc -Tutf8 "$1" | col -b; }
text "${pages[0]}" >"$w/mkdelta"
text "${pages[1]}" >"$w/agent"
text "${pages[2]}" >"$w/config"
text "${pages[3]}" >"$w/repo"
# documented PAGE COMMAND...: the page has every option that --help of the commands shows
documented() {
	local page=$1 c option
	shift
	for c; do
		# shellcheck disable=SC2086  # two words
		mkdelta $c --help | sed -n '/^Options/,/^Exit/p' | grep -o -- '--[a-z-]*' | sort -u >"$w/options"
		[ "$(wc -l <"$w/options")" -ge 3 ] || fail "$c --help shows no options"
		while read -r option; do
			grep -qE -- "$option([^a-z-]|$)" "$w/$page" || fail "$page.1 does not know $option of $c"
		done <"$w/options"
	done
}
actions() { mkdelta "$1" --help | sed -n "/^Actions/,/^$/s/^  \([a-z]*\) .*/$1 \1/p"; }
documented mkdelta diff patch info
mapfile -t commands < <(actions repo; actions key)
[ ${#commands[@]} -ge 14 ] || fail "--help shows no actions"
documented repo "${commands[@]}"
agent --help | sed -n '/^Options/,/^Exit/p' | grep -o -- '--[a-z]*' | while read -r option; do
	grep -q -- "$option" "$w/agent" || fail "rill-agent.8 does not know $option"
done
pass "every option is in its man page"

agent --help | sed -n 's/^ *\([0-9][0-9]*\) *\([a-z-]*\) .*/\1 \2/p' >"$w/codes"
[ "$(wc -l <"$w/codes")" = 17 ] || fail "--help does not show the exit codes"
for page in "${pages[0]}" "${pages[1]}"; do
	sed -n 's/^\.It \([0-9][0-9]* [a-z-]*\)$/\1/p' "$page" | diff "$w/codes" - || fail "$page: exit codes"
done
mkdelta --help | sed -n 's/^ *\([0-9][0-9]*\) *\([a-z-]*\) .*/\1 \2/p' | diff "$w/codes" - || fail "two tables of exit codes"
pass "both programs and man pages have the same exit codes"

# The agent names its keys when it meets an unknown one.
echo '{"x": 1}' >"$w/c1"
echo '{"targets": [{"x": 1}]}' >"$w/c2"
for c in c1 c2; do agent status --config "$w/$c" 2>&1 | sed 's/.*known are //' | tr -d ' ' | tr ',' '\n'; done >"$w/keys" || true
[ "$(wc -l <"$w/keys")" = 42 ] || fail "the agent does not name its keys: $(cat "$w/keys")"
sort "$w/keys" | diff - <(sed -n 's/^\.It Cm \([a-z_]*\)$/\1/p' "${pages[2]}" | sort) || fail "rill-agent.json.5: keys"
pass "every key of the configuration is in its man page"
