#!/bin/bash
# The agent against a real server: every way an update ends, its exit code, and what is on disk after it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"

# Three versions of a program that says its version, with some weight so that deltas are worth it, and
# enough that is new for a delta with a chunk.
version() { # N FILE
	# shellcheck disable=SC2016  # expanded by the program
	{ printf '#!/bin/sh\n[ "$1" != version ] || { echo version %s; exit 0; }\nexit 0\n' "$1"
		echo "# $(openssl rand -hex 3000)"
		seq -f "# line %g of a long program, version $1 of it" 1 3000; } >"$2"
	chmod 755 "$2"
}
for n in 1 2 3; do version $n "$w/v$n"; done
www=$w/www
mkdelta key new "$w/key" -q
mkdelta repo init "$www" --key "$w/key" -q
mkdelta repo publish "$www" tools/app "$w/v1" --key "$w/key" -q
mkdelta repo publish "$www" tools/app "$w/v2" --key "$w/key" -q
https_start "$w/server" "$www"

config() { # DEVICE [more members of the target] [more members of the whole]
	cat >"$1/config" <<-JSON
		{"url": "$https_url", "ca": "$w/server/ca.crt", "root": "$1/root.json", "state": "$1/state", "retries": 0, ${3:-}
		 "targets": [{"name": "tools/app", "kind": "file", "path": "$1/bin/app" ${2:-}}]}
	JSON
}
device() { # NAME VERSION [...]: a new device that has that version
	d=$w/$1
	rm -rf "$d"
	mkdir -p "$d/bin" "$d/state"
	cp -p "$w/v$2" "$d/bin/app"
	cp "$www/metadata/1.root.json" "$d/root.json"
	config "$d" "${3:-}" "${4:-}"
}
update() { agent update --config "$d/config" "$@"; }
state() { agent status --config "$d/config" --json | jq -r ".targets[0].$1"; }
# refused CODE PHRASE: the update ends so, and the program's folder is as it was
refused() {
	local before
	before=$(listing "$d/bin")
	expect "$1" "$2" update
	[ "$(listing "$d/bin")" = "$before" ] || fail "something changed in $d/bin"
	pass "exit code $1: $2"
}
delta=$(find "$www/targets/deltas" -name '*.rill')
length=$(stat -c %s "$delta")

device good 1 ", \"health\": [\"$w/good/bin/app\", \"version\"]"
chmod 750 "$d/bin/app"
if [ "$(id -u)" = 0 ]; then chown 7:8 "$d/bin/app"; fi
stat -c '%a %u %g' "$d/bin/app" >"$w/owner"
expect 0 "updated to release 2, $length bytes fetched" update
same "$w/v2" "$d/bin/app"
[ "$(stat -c '%a %u %g' "$d/bin/app")" = "$(cat "$w/owner")" ] || fail "mode or owner changed"
same "$w/v1" "$d/bin/.app.rill-previous"
[ "$(state state)$(state release)$(state installed)" = "committed2$(sha256sum <"$w/v2" | cut -c 1-64)" ] || fail "status"
expect 0 "up to date, release 2" update
[ "$(update --json | jq -r .result)" = up-to-date ] || fail "--json"
pass "an update, then nothing to do"

requests=$(wc -l <"$w/server/access.log")
update -q
[ "$(tail -n +$((requests + 1)) "$w/server/access.log" | grep -o '[A-Z]* /[^ ]*' | tr '\n' ' ')" = \
	"HEAD /metadata/2.root.json GET /metadata/timestamp.json " ] || fail "a poll asks for more than root and timestamp"
pass "a poll with nothing new makes two requests"

# Damage on the server, each restored afterwards
cp "$delta" "$w/delta"
damage() { # CODE PHRASE CMD...: damage the delta by CMD, and see
	local code=$1 phrase=$2
	shift 2
	device damaged 1
	"$@"
	refused "$code" "$phrase"
	[ "$(state state)" = failed ] || fail "the journal does not say failed"
	cp "$w/delta" "$delta"
}
damage 10 "header is not the signed one" flip "$delta" 20
damage 10 "chunk 0" flip "$delta" -9
damage 10 "chunk" flip "$delta" -1
damage 10 "bytes of" truncate -s -1 "$delta"
damage 10 "the server has 50 bytes of" truncate -s 50 "$delta"
damage 7 "at most $length are expected" truncate -s +1 "$delta"
damage 4 "the server has no" rm "$delta"
device retry 1
flip "$delta" -1
expect 10 chunk update
cp "$w/delta" "$delta"
expect 0 "updated to release 2" update
same "$w/v2" "$d/bin/app"
pass "after a damaged delta the next try succeeds"

meta=$www/metadata
cp -r "$meta" "$w/metadata"
metadata() { # CODE PHRASE CMD...
	local code=$1 phrase=$2
	shift 2
	device chain 1
	"$@"
	refused "$code" "$phrase"
	rm -r "$meta"
	cp -r "$w/metadata" "$meta"
}
metadata 7 "timestamp metadata" flip "$meta/timestamp.json" -40
metadata 7 "snapshot metadata" flip "$meta/3.snapshot.json" -40
metadata 7 "targets metadata" flip "$meta/3.targets.json" -40
metadata 4 "no metadata/timestamp.json" rm "$meta/timestamp.json"
metadata 7 "at most" truncate -s 20000 "$meta/timestamp.json"
metadata 7 "3.snapshot.json" cp "$meta/2.snapshot.json" "$meta/3.snapshot.json"

device rollback 1
mkdelta repo refresh "$www" --key "$w/key" -q
expect 0 "updated" update
cp "$w/metadata/timestamp.json" "$meta/"
refused 7 "rollback"
mkdelta repo refresh "$www" --key "$w/key" -q

device other 1
echo "# somebody's own change" >>"$d/bin/app"
refused 12 "no delta from what is installed"
config "$d" "" '"full": "always",'
expect 0 "(the whole file)" update
same "$w/v2" "$d/bin/app"
pass "\"full\": \"always\" fetches the whole file"
device empty 1 "" '"full": "always",'
rm "$d/bin/app"
expect 0 "(the whole file)" update
same "$w/v2" "$d/bin/app"
pass "a file that was not there is installed"

device small 1 "" '"memory": 1000,'
refused 6 "memory"
device kind 1 ', "colour": "red"'
refused 15 'unknown key "colour"'
device link 1
mv "$d/bin/app" "$d/bin/real"
ln -s real "$d/bin/app"
refused 15 "symbolic link"
device nofolder 1
rm -r "${d:?}/bin"
expect 3 "cannot open" update
mkdir "$d/bin"
mkdir "$d/bin/app"
refused 15 "not a regular file"
device root 1
rm "$d/root.json"
refused 15 "no trusted root"
device ca 1
sed -i "s|$w/server/ca.crt|$w/other.crt|" "$d/config"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -days 2 -subj /CN=other \
	-out "$w/other.crt" 2>/dev/null
refused 7 "the server's certificate"
device ip 1
sed -i 's|https://localhost|https://127.0.0.1|' "$d/config"
refused 7 "the server's certificate"
device busy 1
python3 -c 'import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print(file=open(sys.argv[2], "w"))
time.sleep(60)' "$d/state/lock" "$w/held" &
holder=$!
until [ -s "$w/held" ]; do sleep 0.05; done
refused 14 "another rill-agent"
kill $holder
wait $holder 2>/dev/null || true
device journal 1
update -q
flip "$d/state/journal" 100
agent status --config "$d/config" --json 2>"$w/err" | jq -e '.targets[0].state == "idle"' >/dev/null || fail "status"
grep -q "it is damaged" "$w/err" || fail "status does not say that the journal is damaged"
update 2>"$w/err"
grep -q "it is damaged; it is set aside" "$w/err" || fail "a damaged journal is not mentioned"
[ "$(state state)$(state release)" = committed2 ] || fail "a damaged journal is not replaced"
[ -e "$d/state/journal.damaged" ] || fail "a damaged journal is not kept"
pass "a damaged journal is set aside"
device newer 1
update -q
tail -n +2 "$d/state/journal" | sed 's/"version":.*1/"version": 2/' >"$w/body"
{ sha256sum <"$w/body" | cut -c 1-64; cat "$w/body"; } >"$d/state/journal"
refused 11 "another version of the agent"

# Health: a new version that does not work
cat >"$w/health" <<'H'
#!/bin/sh
[ "$(sed -n 's/.*echo version \([0-9]*\).*/\1/p' "$1")" != 2 ]
H
chmod 755 "$w/health"
device sick 1 ", \"health\": [\"$w/health\", \"$w/sick/bin/app\"]"
expect 13 "exit status 1" update
same "$w/v1" "$d/bin/app"
[ "$(state state)$(state code)" = rolled-backunhealthy ] || fail "the journal does not say rolled-back"
pass "exit code 13: a failed health check brings the old file back"
device slow 1 ', "health": ["/bin/sleep", "60"], "health_timeout": 1'
expect 13 "not done after 1 s" update
same "$w/v1" "$d/bin/app"
device absent 1 ', "health": ["/nowhere/program"]'
expect 13 "cannot be run" update
same "$w/v1" "$d/bin/app"
pass "exit code 13: health commands that hang or do not exist"

# Killed while the health command runs, once: the next run ends the update without the network.
cat >"$w/killer" <<'H'
#!/bin/sh
[ -e "$1" ] || { : >"$1"; kill -9 "$PPID"; }
H
chmod 755 "$w/killer"
device killed 1 ", \"health\": [\"$w/killer\", \"$w/killed/once\"]"
status=0
update 2>/dev/null || status=$?
[ "$status" = 137 ] || fail "exit code $status, not 137"
[ "$(state state)" = testing ] || fail "the journal does not say testing"
https_stop
expect 4 "connect" update
[ "$(state state)" = committed ] || fail "the update was not ended"
same "$w/v2" "$d/bin/app"
pass "killed in the health command: ended by the next run, without the network"
https_start "$w/server" "$www"

# Downgrade: a repository that goes back to a lower release number
mkdelta repo publish "$www" tools/app "$w/v3" --key "$w/key" --release 9 -q
device counter 2
expect 0 "updated to release 9" update
rm -rf "$www/targets/tools" "$www/targets/deltas"
rm "$meta"/*.targets.json "$meta"/*.snapshot.json "$meta/timestamp.json"
cp -r "$w/metadata/." "$meta"
rm -r "$d/state/metadata" # as if the kept metadata were lost: the release counter still stands
refused 7 "release 2 is older than 9"

mkdelta repo publish "$www" tools/app "$w/v3" --key "$w/key" --board other-board -q 2>/dev/null || {
	mkdir -p "$www/targets/tools"
	cp "$w/v2" "$www/targets/tools/$(sha256sum <"$w/v2" | cut -c 1-64).app"
	mkdelta repo publish "$www" tools/app "$w/v3" --key "$w/key" --board other-board -q
}
device board 2 "" '"board": "this-board",'
refused 12 'not for board "this-board"'
config "$d" "" '"board": "other-board",'
expect 0 "updated to release 3" update
pass "a release for one board"
