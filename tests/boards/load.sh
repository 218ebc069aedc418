#!/bin/bash
# Every folder of boards/ is a board that holds together: its board.json, a preset that there is, a configuration that the
# agent takes, slots, backend and init files.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
cd "$top/boards"
shared=" boot init libraries toolchains "
count=0
for folder in */; do
	board=${folder%/}
	[[ $shared != *" $board "* ]] || continue
	get() { jq -er "$1" "$board/board.json" 2>"$w/jq" || fail "$board/board.json: $1: $(cat "$w/jq")"; }
	for file in board.json rill-agent.json README.md; do [ -s "$board/$file" ] || fail "$board has no $file"; done
	jq -e --arg board "$board" '(keys - ["slots","boot"]) == (["name","description","architecture","preset","limits","init"] | sort) and .name == $board and
		(.init | type == "array" and length > 0) and
		(.description | type == "string") and (.slots == null or (.slots | length) == 2) and (.slots == null) == (.boot == null)' \
		"$board/board.json" >/dev/null || fail "$board/board.json: keys missing, wrong or unknown"
	preset=$(get .preset)
	jq -e --arg preset "$preset" '.configurePresets[] | select(.name == $preset)' ../CMakePresets.json >/dev/null || fail "$board: no preset $preset"
	[ "$(get .limits.decoder)" -lt "$(get .limits.ram)" ] || fail "$board: limits"
	[ "$(jq .memory "$board/rill-agent.json")" = "$(get .limits.decoder)" ] || fail "$board: rill-agent.json and board.json differ in memory"
	[ "$(jq -r .board "$board/rill-agent.json")" = "$board" ] || fail "$board: rill-agent.json is of another board"
	[ "$(jq -c '[.targets[] | select(.kind == "slot") | .slots][0]' "$board/rill-agent.json")" = "$(jq -c .slots "$board/board.json")" ] ||
		fail "$board: rill-agent.json and board.json differ in slots"
	boot=$(jq -r '.boot // empty' "$board/board.json")
	if [ -n "$boot" ]; then
		[ -x "boot/$boot.sh" ] || fail "$board: no backend boot/$boot.sh"
		[ "$(jq -r '[.targets[].boot // empty][0][0]' "$board/rill-agent.json")" = "/usr/lib/rill/boot/$boot.sh" ] || fail "$board: another backend in rill-agent.json"
		jq -e .reboot "$board/rill-agent.json" >/dev/null || fail "$board: nobody reboots"
	fi
	if [ "$boot" = uboot ]; then
		[ "$(grep -vc '^#' "$board/fw_env.config")" = 2 ] || fail "$board: fw_env.config does not name two copies"
	fi
	for init in $(get '.init[]'); do [ -d "init/$init" ] || fail "$board: no init/$init"; done
	sed "s|\"url\"|\"root\": \"/nowhere\", \"url\"|; s|/data/rill|$w/state|; s|\"targets\"|$(grep -q '"state"' "$board/rill-agent.json" || echo "\"state\": \"$w/state\", ")\"targets\"|" \
		"$board/rill-agent.json" >"$w/config"
	agent status --config "$w/config" >/dev/null || fail "$board: the agent does not take rill-agent.json"
	[ "$(wc -l <"$board/README.md")" -le 60 ] || fail "$board: README.md is longer than a page"
	grep -q "^# $board\$" "$board/README.md" || fail "$board: README.md is of another board"
	# What it points to is there.
	grep -o '](\([^):]*\))' "$board/README.md" | tr -d '()]' | while read -r link; do
		[ -e "$board/$link" ] || fail "$board: README.md points to $link"
	done
	count=$((count + 1))
	pass "$board"
done
[ $count -ge 5 ] || fail "only $count boards"
