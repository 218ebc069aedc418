#!/bin/bash
# A repository's life: several keys and thresholds, offline signing in steps, rotation, revocation, deltas
# from many releases, checks, pruning; after each step a device that started with the first root follows.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$w"
client=$BUILD/tests/tuf-client
read -ra emulator <<<"${MKDELTA[*]}"
emulator=("${emulator[@]:0:${#emulator[@]}-1}")

for key in r1 r2 r3 t1 t2 s s2; do
	mkdelta key new $key -q
	mkdelta key import $key $key.pub --public -q
done
release() { # N: a file that differs a little from the one before
	seq -f "line %g of the program" 1 4000 | sed "$((100 * $1))s/.*/release $1/" >v"$1"
}
for n in 1 2 3 4 5 6; do release $n; done

# Offline root (2 of 3) and targets; online snapshot and timestamp. Nobody has all keys.
expect 7 "1 of 2 signatures" mkdelta repo init www --root-key r1 --root-key r2.pub --root-key r3.pub -t root:2 \
	--targets-key t1.pub --snapshot-key s --timestamp-key s
[ ! -e www/metadata/1.root.json ] || fail "an unfinished root is published"
[ "$(mkdelta repo status www --json | jq -c '[.staged[] | [.role, (.signatures | length)]]')" = '[["root",1],["targets",0]]' ] ||
	fail "status of what is staged"
offline() { # KEY...: signs on another machine, which has no more than it needs
	rm -rf away
	mkdir -p away/metadata
	cp www/metadata/*.root.json away/metadata 2>/dev/null || true
	cp -r www/staged away
	local key
	for key; do mkdelta repo sign away --key "$key" -q; done
	cp away/staged/* www/staged/
}
offline r3
expect 7 "targets has 0 of 1 signatures" mkdelta repo commit www --key s
offline t1
mkdelta repo commit www --key s -q
[ ! -e www/staged ] || fail "staged/ is still there"
mkdelta repo check www -q
pass "a repository made in steps"

cp www/metadata/1.root.json first.json
http_start "$w/nginx" "$w/www"
follow() { # FILE: a client that knows only the first root, and one that was here before, get it
	rm -rf new
	mkdir new
	local d
	"${emulator[@]}" "$client" --metadata-dir new init first.json
	[ -d old ] || cp -r new old
	for d in new old; do
		rm -rf got
		mkdir got
		"${emulator[@]}" "$client" --metadata-dir $d --metadata-url "${http_url}metadata" --target-name app \
			--target-dir got --target-base-url "${http_url}targets" download || fail "a $d client"
		same got/app "$1"
	done
}

mkdelta repo publish www app v1 --stage -q
expect 14 "a staged change waits" mkdelta repo publish www app v2 --key t1 --key s
mkdelta repo refresh www --key s -q # the timestamp does not wait for it
mkdelta repo publish www app v2 --stage -q
mkdelta repo publish www tool v1 --stage -q
offline t1
mkdelta repo commit www --key s -q
follow v2
[ "$(mkdelta repo status www --json | jq -c '[.targets[] | [.target, .release, .deltas]]')" = '[["app",2,1],["tool",1,0]]' ] || fail "status"
mkdelta repo publish www app v3 --stage -q
mkdelta repo discard www -q
expect 2 "nothing is staged" mkdelta repo commit www --key s
follow v2
pass "several releases staged, signed offline, published at once; and one forgotten"

expect 7 "targets has 0 of 1" mkdelta repo publish www app v3 --key s
mkdelta repo check www -q
follow v2
for n in 3 4 5; do mkdelta repo publish www app v$n --key t1 --key s -q; done
report=$(mkdelta repo publish www app v6 --key t1 --key s --bases 4 --jobs 4 --json)
[ "$(echo "$report" | jq '.deltas | length')" = 4 ] || fail "deltas from four releases: $report"
for n in 2 3 4 5; do
	grep -q "$(sha256sum <v$n | cut -c 1-64)" <<<"$report" || fail "no delta from v$n"
done
follow v6
[ "$(mkdelta repo check www --json | jq -r '"\(.deltas) \(.applied)"')" = "4 4" ] || fail "check"
pass "deltas from the last releases, in parallel"

# Rotations. With old and new keys the old metadata stays good at every instant.
mkdelta repo rotate www targets --add t2 --remove t1 --key r1 --key r2 --key t1 --key t2 --key s -q
follow v6
expect 7 "targets has 0 of 1" mkdelta repo publish www app v5 --key t1 --key s
mkdelta repo publish www app v5 --key t2 --key s -q
follow v5
expect 2 "would have 3 keys for a threshold of 4" mkdelta repo rotate www root --threshold 4 --key r1 --key r2
mkdelta repo rotate www root --threshold 3 --key r1 --key r2 --key r3 -q
follow v5
expect 7 "root has 2 of 3" mkdelta repo rotate www root --threshold 1 --key r1 --key r2
mkdelta repo rotate www root --threshold 2 --key r1 --key r2 --stage -q
offline r3
mkdelta repo commit www --key s -q
follow v5
# The online key is stolen: its thief pushes the versions up; a new one comes, and clients recover.
id=$(mkdelta key show s --json | jq -r .keyid)
for _ in 1 2 3; do mkdelta repo refresh www --key s -q; done
follow v5
mkdelta repo revoke www "${id:0:12}" --add s2 --key r1 --key r3 --key s2 --key t2 -q
if grep -q "$id" <<<"$(mkdelta repo status www --json)"; then fail "the key is still named"; fi
follow v5
expect 7 "timestamp has 0 of 1" mkdelta repo refresh www --key s
mkdelta repo refresh www --key s2 -q
follow v5
expect 2 "no role has the key" mkdelta repo revoke www s --key r1 --key r3
pass "rotation, thresholds, revocation"

# Pruning keeps what devices need.
before=$(find www -type f | wc -l)
dry=$(mkdelta repo prune www --keep 1 --dry-run --json | jq .files)
[ "$(find www -type f | wc -l)" = "$before" ] || fail "--dry-run removed something"
touch www/targets/half.written.x7Zu31
[ "$(mkdelta repo prune www --keep 1 --json | jq .files)" = $((dry + 1)) ] || fail "prune removes what it did not say"
mkdelta repo check www -q
follow v5
mkdelta repo publish www app v6 --key t2 --key s2 --bases 5 -q
follow v6
[ "$(mkdelta repo prune www --json | jq .files)" = 0 ] || fail "prune --keep 10 removes what is new"
pass "pruning"

# What check finds
sabotage() { # CODE PHRASE FILE CMD...
	local code=$1 phrase=$2 file=$3
	cp "$file" saved
	shift 3
	"$@"
	expect "$code" "$phrase" mkdelta repo check www
	cp saved "$file"
}
target=$(find www/targets -name '*.tool')
now=$(find www/metadata -name '*.targets.json' | sort -V | tail -n 1)
delta=www/targets/$(jq -r '[.signed.targets | to_entries[] | select(.key | startswith("deltas/"))][0] |
	(.key | split("/") | .[:-1] | join("/")) + "/" + .value.hashes.sha256 + "." + (.key | split("/") | last)' "$now")
sabotage 10 "not the bytes that were signed" "$target" flip "$target" 99
sabotage 3 "tool" "$target" rm "$target"
sabotage 10 "not the bytes that were signed" "$delta" flip "$delta" -1
sabotage 7 "timestamp" www/metadata/timestamp.json flip www/metadata/timestamp.json -60
mkdelta repo check www -q
pass "check finds damage"
