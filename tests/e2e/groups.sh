#!/bin/bash
# Targets that switch together; commit and rollback by hand; what is tried again and what is not; hooks.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/device.sh
. "$top/tests/e2e/device.sh"
for part in 1 2; do for n in 1 2 3; do version $part$n "$w/part$part-$n"; done; done
publish() { # PART VERSION
	mkdelta repo publish "$www" "part$1" "$w/part$1-$2" --key "$w/key" -q
}
publish 1 1
publish 2 1
pair() { # NAME [members of the first] [of the second]: a device with both parts, in one group
	d=$w/$1
	rm -rf "$d"
	mkdir -p "$d/bin" "$d/state"
	cp -p "$w/part1-1" "$d/bin/part1"
	cp -p "$w/part2-1" "$d/bin/part2"
	cp "$www/metadata/1.root.json" "$d/root.json"
	cat >"$d/config" <<-JSON
		{"url": "$https_url", "ca": "$w/server/ca.crt", "root": "$d/root.json", "state": "$d/state", "retries": 0,
		 "targets": [{"name": "part1", "kind": "file", "path": "$d/bin/part1", "group": "both" ${2:-}},
			{"name": "part2", "kind": "file", "path": "$d/bin/part2", "group": "both" ${3:-}}]}
	JSON
}
both() { # VERSION VERSION
	same "$w/part1-$1" "$d/bin/part1"
	same "$w/part2-$2" "$d/bin/part2"
}
states() { [ "$(state state 0) $(state state 1)" = "$1 $2" ] || fail "states: $(state state 0) $(state state 1), not $1 $2"; }
failing() { # CMD...: its errors are kept
	local code=0
	"$@" >"$w/out" 2>"$w/err" || code=$?
	echo $code
}
says() { grep -qF -- "$1" "$w/err" "$w/out" || { cat "$w/err" "$w/out"; fail "the words '$1' are missing"; }; }

pair fresh
update -q
states committed committed
cp -r "$www" "$w/first"
publish 1 2
publish 2 2
update >"$w/out"
[ "$(grep -c "updated to release 2" "$w/out")" = 2 ] || fail "not both were updated"
both 2 2
states committed committed
agent rollback --config "$d/config" -t part2 >"$w/out"
both 1 1
states rolled-back rolled-back
[ "$(failing update)" = 12 ] || fail "a release that was rolled back is tried again"
says "rolled back by hand"
both 1 1
update --now -q
both 2 2
pass "both are updated, go back together, and wait for a newer release unless told otherwise"

cat >"$w/is" <<'H'
#!/bin/sh
# FILE VERSION: the file says that version
[ "$("$1" version)" = "version $2" ]
H
chmod 755 "$w/is"
pair sick ", \"health\": [\"$w/is\", \"$w/sick/bin/part2\", \"22\"]" ", \"health\": [\"/bin/false\"]"
[ "$(failing update)" = 13 ] || fail "a sick member goes unnoticed"
both 1 1
states rolled-back rolled-back
[ "$(state code 0)" = unhealthy ] || fail "status does not say why"
[ "$(failing update)" = 13 ] || fail "it is not tried a second time"
[ "$(state failures 0) $(state failures 1)" = "2 2" ] || fail "failures are not counted"
[ "$(failing update)" = 12 ] || fail "it is tried a third time"
both 1 1
pass "when one is sick both go back; after two failures it is not tried again"
# With deltas from what the device still has
for part in 1 2; do mkdelta repo publish "$www" part$part "$w/part$part-3" --bases 5 --key "$w/key" -q; done
sed -i 's|, "health": \["/bin/false"\]||; s|, "22"\]|, "23"]|' "$d/config"
update -q
both 3 3
pass "a newer release is"

# One that cannot be had keeps the other back; what is prepared waits, and is not fetched twice.
pair waits
rm -r "$www"
cp -r "$w/first" "$www"
update -q
publish 1 2
publish 2 2
delta=$(find "$www/targets/deltas" -name '*.rill' -path '*part2*')
mv "$delta" "$w/delta"
[ "$(failing update)" = 4 ] || fail "a missing delta"
says "part1: waits for the others of its group"
both 1 1
states prepared failed
https_stop
[ "$(failing update)" = 4 ] || fail "no network"
both 1 1
https_again
mv "$w/delta" "$delta"
length=$(stat -c %s "$(find "$www/targets/deltas" -name '*.rill' -path '*part1*')")
lines=$(wc -l <"$w/server/access.log")
update -q
both 2 2
grep -q 'deltas/part1' <<<"$(tail -n +$((lines + 1)) "$w/server/access.log")" && fail "part1's $length bytes are fetched again"
pass "a member that cannot be fetched keeps the others back, which wait prepared"

# Killed between the two renames: the next run does the other, without the network.
cat >"$w/killer" <<'H'
#!/bin/sh
# FILE: the first time it kills the agent
[ -e "$1" ] || { : >"$1"; kill -9 "$PPID"; }
H
chmod 755 "$w/killer"
pair killed "" ", \"activate\": [\"$w/killer\", \"$w/killed/once\"]"
[ "$(failing update)" = 137 ] || fail "not killed"
states testing testing
# As if the power had gone before the second rename
mv "$d/bin/part2" "$d/bin/.part2.rill-new"
mv "$d/bin/.part2.rill-previous" "$d/bin/part2"
tail -n +2 "$d/state/journal" | sed 's/"testing"/"switching"/' >"$w/body"
{ sha256sum <"$w/body" | cut -c 1-64; cat "$w/body"; } >"$d/state/journal"
https_stop
[ "$(failing update)" = 4 ] || fail "no network"
https_again
both 2 2
states committed committed
pass "cut between two renames: the next run does the other, without the network"

# check says what update would do, and changes nothing.
pair checked
before=$(listing "$d/bin")
agent check --config "$d/config" >"$w/out"
says "part1: release 2 is available"
agent check --config "$d/config" --json | jq -e 'select(.target == "part2") | .result == "available" and .available == 2 and .length > 0 and .full == false' \
	>/dev/null || fail "check --json"
[ "$(listing "$d/bin")" = "$before" ] || fail "check changed something"
[ ! -e "$d/state/journal" ] || fail "check wrote a journal"
update -q
agent check --config "$d/config" >"$w/out"
says "part2: up to date, release 2"
expect 12 "nothing waits for a commit" agent commit --config "$d/config" -t part1
expect 2 'no target "none"' agent commit --config "$d/config" -t none
pass "check, and commit without anything to commit"

# Hooks: later, and the environment
device hooks 1 ", \"may_switch\": [\"$w/gate\", \"$w/hooks/open\"], \"activate\": [\"$w/log\", \"$w/hooks/log\"], \"health\": [\"$w/gate\", \"$w/hooks/well\"]"
cat >"$w/gate" <<'H'
#!/bin/sh
[ -e "$1" ] || exit 21
H
cat >"$w/log" <<'H'
#!/bin/sh
echo "$RILL_EVENT $RILL_TARGET $RILL_KIND $RILL_RELEASE $RILL_PATH" >>"$1"
H
chmod 755 "$w/gate" "$w/log"
[ "$(failing update)" = 12 ] || fail "may_switch"
says "asks to come back later"
same "$w/v1" "$d/bin/app"
[ "$(state state)" = prepared ] || fail "not prepared"
: >"$d/open"
https_stop
[ "$(failing update)" = 12 ] || fail "health"
[ "$(state state)" = testing ] || fail "not testing"
same "$w/v2" "$d/bin/app"
: >"$d/well"
[ "$(failing update)" = 4 ] || fail "no network"
[ "$(state state)" = committed ] || fail "not committed"
agent rollback --config "$d/config" -q
same "$w/v1" "$d/bin/app"
printf '%s\n' "activate app file 2 $d/bin/app" "activate app file 2 $d/bin/app" "restore app file 2 $d/bin/app" | diff - "$d/log" ||
	fail "the hook's environment"
pass "hooks may ask for later, get their environment, and run again on the way back"
