#!/bin/bash
# rill-agent run: what init sees of it, what it does by itself, and that the other commands can be used beside it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/device.sh
. "$top/tests/e2e/device.sh"

daemon=
start() {
	"${AGENT[@]}" run --config "$d/config" >"$d/out" 2>"$d/err" &
	daemon=$!
	await is_running
}
is_running() { [ "$(agent status --config "$d/config" --json 2>/dev/null | jq -r .daemon)" = true ]; }
stop() { # CODE [SIGNAL]
	local code=0
	kill "-${2:-TERM}" $daemon
	wait $daemon || code=$?
	daemon=
	[ $code = "$1" ] || { cat "$d/err"; fail "the daemon ends with $code, not $1"; }
}
daemon_end() { [ -z "$daemon" ] || kill -9 "$daemon" 2>/dev/null || true; at_end; }
trap daemon_end EXIT
# until CMD...: within 20 s
await() {
	local n
	for ((n = 0; n < 200; n++)); do
		"$@" && return
		sleep 0.1
	done
	cat "$d/err"
	fail "does not come: $*"
}
is_state() { [ "$(state state "${2:-0}")" = "$1" ]; }
says() { grep -qsF -- "$1" "$d/err" "$d/out"; }
retry='"retries": 0, "retry_delay": 1, "retry_delay_max": 1,'

device init 1 "" "$retry"
start
await is_state committed
await says "app: updated to release 2"
same "$w/v2" "$d/bin/app"
expect 14 "another rill-agent" agent run --config "$d/config"
[ "$(agent status --config "$d/config" --json | jq -r .daemon)" = true ] || fail "status does not see the daemon"
expect 0 "up to date" update
stop 0
[ "$(agent status --config "$d/config" --json | jq -r .daemon)" = false ] || fail "status sees a daemon that is gone"
pass "it updates when it starts; a second one is refused, an update by hand is not; SIGTERM ends it with 0"

# With the poll just done it waits; a clock that went back or forward makes it poll.
start
sleep 0.5
requests=$(grep -c GET "$w/server/access.log")
sleep 1
[ "$(grep -c GET "$w/server/access.log")" = "$requests" ] || fail "it polls though none is due"
stop 0
for next in 1 9000000000000; do
	requests=$(grep -c GET "$w/server/access.log")
	echo "{\"last\": 1, \"next\": $next, \"not_before\": 0}" >"$d/state/poll"
	start
	more_requests() { [ "$(grep -c GET "$w/server/access.log")" -gt "$requests" ]; }
	await more_requests
	stop 0
done
pass "a poll is due at its time, and when the clock jumped"

# A server that comes late, and a configuration that changes
device late 1 "" "$retry"
https_stop
start
await says "connect"
kill -0 $daemon || fail "it gave up"
https_again
await is_state committed
cp "$d/config" "$d/config.good"
echo '{"colour": 1}' >"$d/config"
kill -HUP $daemon
await says 'unknown key "colour"; '
await says "stays as it was"
config "$d" "" "$retry"
jq '.targets += [{"name": "other", "kind": "file", "path": (.targets[0].path | sub("app$"; "other"))}] | .full = "always"' \
	"$d/config" >"$d/config.new"
mv "$d/config.new" "$d/config"
echo '{"last": 1, "next": 1, "not_before": 0}' >"$d/state/poll"
kill -HUP $daemon
await says "read anew"
await is_state committed 1
same "$w/v3" "$d/bin/other"
stop 0 INT
pass "it outlives the server's absence and wrong configurations; SIGHUP adds a target"

# It tries again soon, whatever the record of the poll says of one that is started anew.
device soon 1 "" '"retries": 0, "retry_delay": 1, "retry_delay_max": 3600,'
https_stop
start
await says "connect"
https_again
await is_state committed
stop 0
# A check, and a part of the targets, leave the next poll when it was.
echo '{"last": 1, "next": 7, "not_before": 0}' >"$d/state/poll"
agent check --config "$d/config" >/dev/null
expect 0 "up to date" update --target app
[ "$(jq .next "$d/state/poll")" = 7 ] || fail "the next poll is another: $(cat "$d/state/poll")"
expect 0 "up to date" update
[ "$(jq .next "$d/state/poll")" -gt 7 ] || fail "the next poll is not noted"
pass "the pause grows from a short one; only a whole poll puts off the next"

# SIGTERM in a slow download ends it at once, and what came is kept.
device slow 1 "" "$retry \"rate\": 1024, \"full\": \"always\","
rm "$d/bin/app"
start
await is_state fetching
kept() { [ -s "$d/bin/.app.rill-new" ]; }
await kept
[ "$(state total)" = "$(stat -c %s "$w/v2")" ] || fail "status does not know the total"
# What it says is of the last seconds, and of the cap.
has_rate() { [ "$(state "rate // 0")" -gt 0 ]; }
await has_rate
agent status --config "$d/config" --json | jq -e '.targets[0] | .rate < 2000 and .at > 0 and
	.left > 0.5 * (.total - .at) / .rate and .left < 2 * (.total - .at) / .rate + 1' >/dev/null ||
	fail "rate $(state rate), $(state left) s left at $(state at)"
status=$(agent status --config "$d/config")
[[ $status == *"B ("*"B/s, "*" s left"* ]] || fail "status says: $status"
began=$(date +%s%N)
expect 14 "another rill-agent" update
stop 0
[ $((($(date +%s%N) - began) / 1000000)) -lt 2500 ] || fail "SIGTERM took too long"
is_state fetching || fail "stopped is not failed"
[ "$(state rate)" = null ] || fail "nobody fetches, at a rate of $(state rate)"
[ ! -e "$d/bin/app" ] || fail "something was installed"
config "$d" "" "$retry \"full\": \"always\","
expect 0 "(the whole file)" update
same "$w/v2" "$d/bin/app"
pass "status tells the rate and the time left; SIGTERM ends a download at once, which is gone on with"

# In a health command, too: it is killed, and runs again.
device health 1 ', "health": ["'"$w/once"'", "'"$w/health/once"'"]' "$retry"
cat >"$w/once" <<'H'
#!/bin/sh
[ -e "$1" ] && exit 0
: >"$1"
exec sleep 60
H
chmod 755 "$w/once"
start
await test -e "$d/once"
stop 0
is_state testing || fail "not testing"
https_stop
start
await is_state committed
stop 0
https_again
pass "SIGTERM in a health command; the next start ends the update without the network"

# A commit by hand beside the daemon, and one that never comes
device commit 1 ', "commit": "manual"' "$retry"
start
await says "waits for rill-agent commit"
is_state testing || fail "not testing"
expect 0 "" agent commit --config "$d/config"
is_state committed || fail "not committed"
stop 0
device silent 1 ', "commit": "manual", "commit_timeout": 1' "$retry"
expect 0 "waits for rill-agent commit" update
same "$w/v2" "$d/bin/app"
sleep 1.1
start
await is_state rolled-back
same "$w/v1" "$d/bin/app"
await says "not committed within 1 s"
stop 0
pass "a commit by hand; without it the old version comes back"

# Killed and started again, over and over: never two, never stuck.
device killed 1 "" "$retry"
for _ in 1 2 3 4 5; do
	start
	sleep "0.0$((RANDOM % 10))"
	kill -9 $daemon
	wait $daemon 2>/dev/null || true
done
start
await is_state committed
same "$w/v2" "$d/bin/app"
stop 0
pass "SIGKILL, and on"
