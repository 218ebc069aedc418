#!/bin/bash
# The attacks of TUF's list (specification 1.0, section 1.5.2), what Uptane adds (Standard 2.1, section 5.2), and
# what deltas bring with them. Each makes a repository, server or device malicious in one way; the agent
# ends with the code of the table, and nothing that is installed has changed. Prints the table.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
cd "$w"

# Who holds what: root is 2 of 3 and offline, targets offline; snapshot and timestamp are on the server.
for key in root1 root2 root3 targets online evil; do mkdelta key new $key -q; done
id_of() { mkdelta key show "$1" --json | jq -r .keyid; }
version() { # N FILE
	{ echo "#!/bin/sh"; echo "echo version $1"; seq -f "# line %g of version $1 of the program" 1 2000; } >"$2"
	chmod 755 "$2"
}
for n in 1 2 3; do version $n v$n; done
mkdelta repo init clean --root-key root1 --root-key root2 --root-key root3 -t root:2 --targets-key targets \
	--snapshot-key online --timestamp-key online -q
sign=(--key targets --key online -q)
mkdelta repo publish clean app v1 "${sign[@]}"
cp -r clean before
mkdelta repo publish clean app v2 "${sign[@]}"
mkdelta repo publish clean other v3 "${sign[@]}"
cp clean/metadata/1.root.json root.json
https_start "$w/server" "$w/www"

device() { # [members of the configuration]: it has version 1, and knows the repository as it was then
	rm -rf device www
	cp -r clean www
	mkdir -p device/bin device/state
	cp -p v1 device/bin/app
	cp root.json device
	cat >device/config <<-JSON
		{"url": "$https_url", "ca": "$w/server/ca.crt", "root": "$w/device/root.json", "state": "$w/device/state", ${1:-}
		 "targets": [{"name": "app", "kind": "file", "path": "$w/device/bin/app"}]}
	JSON
}
update() { agent update --config device/config "$@"; }
updated() { # the device takes what is published, before the attack
	update -q
	same device/bin/app v2
}

rows=()
# attack LIST NAME CODE PHRASE: what www and device are now is refused so, and changes nothing
attack() {
	local list=$1 name=$2 code=$3 phrase=$4 was
	was=$(listing device/bin)
	expect "$code" "$phrase" update
	[ "$(listing device/bin)" = "$was" ] || fail "$name: something changed"
	rows+=("$(printf '%-7s %-68s %2d %-11s %s' "$list" "$name" "$code" "$(agent --help | sed -n "s/^ *$code *\([a-z-]*\) .*/\1/p")" unchanged)")
}

# forge FILE KEY EDIT [NEW]: changes .signed by the jq program EDIT and signs it anew. Without PEM texts what
# jq -cS writes is the canonical form.
forge() {
	local file=$1 key=$2 to=${4:-$1} sig
	jq -cSj ".signed | $3" "$file" >forged
	sig=$(openssl dgst -sha256 -sign "$key" forged | od -An -v -tx1 | tr -d ' \n')
	printf '{"signatures":[{"keyid":"%s","sig":"%s"}],"signed":%s}' "$(id_of "$key")" "$sig" "$(cat forged)" >"$to.new"
	mv "$to.new" "$to"
}
m=www/metadata
newest() { find $m -name "*.$1.json" | sort -V | tail -n 1; }
# publish_forged EDIT [KEY]: targets changed by EDIT and signed by KEY, with snapshot and timestamp by the online key
publish_forged() {
	local v=77 n hash key=${2:-targets}
	forge "$(newest targets)" "$key" "$1 | .version = $v" $m/$v.targets.json
	n=$(stat -c %s $m/$v.targets.json)
	hash=$(sha256sum <$m/$v.targets.json | cut -c 1-64)
	forge "$(newest snapshot)" online ".version = $v | .meta[\"targets.json\"] = {version: $v, length: $n, hashes: {sha256: \"$hash\"}}" $m/$v.snapshot.json
	n=$(stat -c %s $m/$v.snapshot.json)
	hash=$(sha256sum <$m/$v.snapshot.json | cut -c 1-64)
	forge $m/timestamp.json online ".version = $v | .meta[\"snapshot.json\"] = {version: $v, length: $n, hashes: {sha256: \"$hash\"}}"
}
delta=$(find clean/targets/deltas/app -name '*.rill' -print -quit)
delta=www/${delta#clean/}
target=www/targets/$(sha256sum <v2 | cut -c 1-64).app

# -- TUF
device
flip "$delta" -5
attack TUF "arbitrary software: other bytes of a delta" 10 "not the signed one"
device '"full": "always",'
rm device/bin/app
mkdir -p device/bin
cp v3 "$target"
truncate -s "$(stat -c %s v2)" "$target"
attack TUF "arbitrary software: other bytes of a whole file" 10 "not the signed one"
device
forge $m/timestamp.json evil .
attack TUF "arbitrary software: metadata signed by a stranger" 7 "0 good signatures"
device
truncate -s 300M $m/timestamp.json
attack TUF "endless data: a timestamp of 300 MB" 7 "at most"
device
truncate -s +300M "$delta"
attack TUF "endless data: a delta that goes on" 7 "are expected"
device
jq -c '.signed.targets.extra = .signed.targets.app' "$(newest targets)" >x && mv x "$(newest targets)"
attack TUF "extraneous dependencies: a target put into signed metadata" 7 "targets.json"
device
updated
forge $m/timestamp.json online '.expires = "2026-01-01T00:00:00Z" | .version += 1'
rm -r device/state/metadata
cp v1 device/bin/app
attack TUF "indefinite freeze: the server stays with an expired timestamp" 8 "expired"
device
cp "$(newest snapshot)" x
cp before/metadata/2.snapshot.json "$(newest snapshot)"
attack TUF "malicious mirror: an older snapshot under the newer name" 7 "snapshot"
device
cp before/metadata/2.targets.json "$(newest targets)"
attack TUF "mix-and-match: older targets under a newer snapshot" 7 "targets"
device
publish_forged .
cp $m/2.snapshot.json $m/77.snapshot.json
attack TUF "mix-and-match: files that were never together" 7 "snapshot"
device
updated
cp before/metadata/timestamp.json $m/
attack TUF "rollback: the timestamp before" 7 "rollback"
device
updated
forge $m/2.snapshot.json online '.version = 99' $m/99.snapshot.json
forge $m/timestamp.json online '.version = 99 | .meta["snapshot.json"] = {version: 99}'
attack TUF "rollback: older targets in a new snapshot, by the online key" 7 "rollback"
device
updated
forge "$(newest snapshot)" online '.version = 99 | del(.meta["targets.json"])' $m/99.snapshot.json
forge $m/timestamp.json online '.version = 99 | .meta["snapshot.json"] = {version: 99}'
attack TUF "rollback: a snapshot without targets, by the online key" 7 "targets.json"
device
publish_forged '.targets.app.custom.rill.release = 99' online
attack TUF "key compromise: targets by the thief of the online key" 7 "0 good signatures"
device
cp -r www w2
mkdelta repo rotate w2 targets --add evil --key root1 --key root2 --key evil --key targets --key online -q
jq -c '.signatures |= map(select(.keyid == "'"$(id_of root1)"'"))' w2/metadata/2.root.json >$m/2.root.json
rm -r w2
attack TUF "key compromise: a new root by one of two keys that are needed" 7 "1 good signatures of the 2"
device
mkdelta repo revoke www online --add evil --key root1 --key root2 --key evil --key targets -q
forge $m/timestamp.json online '.version += 5'
attack TUF "key compromise: a key that was revoked" 7 "0 good signatures"
device
head -c "$(stat -c %s "$delta")" "$(find www/targets -name '*.other')" >x
cp x "$delta"
attack TUF "wrong software: another target's file instead of the delta" 10 ""

# A fast-forward by the thief of the online key does no lasting harm.
device
forge $m/timestamp.json online '.version = 999999999999'
update -q
mv $m/timestamp.json thief.json
cp clean/metadata/timestamp.json $m/
was=$(listing device/bin)
expect 7 rollback update
[ "$(listing device/bin)" = "$was" ] || fail "something changed"
mkdelta repo revoke www online --add evil --key root1 --key root2 --key evil --key targets -q
expect 0 "up to date" update
rows+=("$(printf '%-7s %-68s %2d %-11s %s' TUF "fast-forward: versions pushed up; ended by revoking the key" 0 ok recovers)")

# -- Uptane
device
rm -r www
mkdir www
attack Uptane "drop-request: the server has nothing" 4 "no metadata/timestamp.json"
device
rm "$delta"
attack Uptane "partial bundle: the delta is missing" 4 "the server has no"
device
https_stop
attack Uptane "denial of service: no server" 4 "connect"
openssl s_server -accept "$https_port" -cert server/server.crt -key server/server.key -quiet >slow.log 2>&1 < <(sleep 60) &
slow=$!
for _ in $(seq 100); do ! https_is_up "$https_port" || break; sleep 0.05; done
device '"stall_timeout": 1,'
attack Uptane "slow retrieval: a server that accepts and says nothing" 4 ""
kill $slow
wait $slow 2>/dev/null || true
https_start "$w/server" "$w/www"
device '"hardware": "gateway-1",'
publish_forged '.targets.app.custom.rill.hardware = ["gateway-2"]'
attack Uptane "hardware id: a release for other hardware" 12 "not for hardware"
device '"board": "this",'
publish_forged '.targets.app.custom.rill.boards = ["that"]'
attack Uptane "board: a release for another board" 12 "not for board"
device
updated
rm -r device/state/metadata # the metadata's own guard is lost; the counter stays
rm -rf www
cp -r before www
attack Uptane "release counter: the repository of the release before" 7 "is older than"
device
updated
publish_forged '.targets.app.custom.rill.release = 1 | .targets.app.hashes.sha256 = "'"$(sha256sum <v1 | cut -c 1-64)"'"'
attack Uptane "release counter: downgrade by the targets key without permission" 7 "is older than"

# -- Deltas
other_delta() { # a delta that is good in itself, but not the one that was signed
	mkdelta diff "$1" "$2" -o other.rill -q
}
device
other_delta v2 v1
cp other.rill "$delta"
attack delta "from and to swapped" 10 ""
device
other_delta v1 v3
cp other.rill "$delta"
attack delta "a delta to something else under the signed name" 10 ""
device
echo "# the same version, another build" >>device/bin/app
attack delta "wrong base that says the same version" 12 "no delta from"
rills=$(jq -r '[.signed.targets | keys[] | select(startswith("deltas/app/"))][0]' "$(newest targets)")
# resigned DELTA: www lists DELTA in the place of its own, rightly hashed, by the targets key
resigned() {
	local sum header_length header n
	sum=$(sha256sum <"$1" | cut -c 1-64)
	n=$(stat -c %s "$1")
	header_length=$(($(od -An -tu4 -j 6 -N 4 "$1")))
	header=$(head -c "$header_length" "$1" | sha256sum | cut -c 1-64)
	cp "$1" "www/targets/$(dirname "$rills")/$sum.$(basename "$rills")"
	publish_forged ".targets[\"$rills\"] = {length: $n, hashes: {sha256: \"$sum\"}} |
		.targets.app.custom.rill.deltas[0] |= (.length = $n | .header = {length: $header_length, sha256: \"$header\"} ${2:-})"
}
device
other_delta v1 v3
resigned other.rill
attack delta "signed delta whose result is not the signed target" 7 ""
device
other_delta v2 v3
resigned other.rill
attack delta "signed delta that is not from the base it is listed for" 7 ""
device
publish_forged '.targets.app.length -= 5'
attack delta "an output longer than is signed" 7 "not from this file to the signed target"
device
cp "$delta" bad.rill
flip bad.rill -3
resigned bad.rill
attack delta "signed delta with a damaged body" 10 ""
device
cp "$delta" bad.rill
flip bad.rill 12
resigned bad.rill
attack delta "signed delta whose header names another base" 7 "not from this file"
device
head -c 30 "$delta" >bad.rill
head -c 300 /dev/urandom >>bad.rill
resigned bad.rill
attack delta "signed delta of random bytes" 10 ""
device
publish_forged '.targets.app.custom.rill.deltas[0].memory = 1099511627776'
attack delta "decompression bomb: memory beyond the budget, refused unfetched" 6 "memory"
device '"memory": 100000,'
publish_forged '.targets.app.custom.rill.deltas[0].memory = 1'
attack delta "decompression bomb: memory understated by the metadata" 6 ""
device
publish_forged '.targets.app.length = 4503599627370496'
attack delta "a target of 4 PiB" 5 ""
device
publish_forged '.targets.app.length = -1'
attack delta "a negative length" 7 "length"
device
publish_forged '.targets.app.custom.rill.deltas[0].length = 18446744073709551616'
attack delta "a length beyond 64 bits" 7 "64 bits"
device
publish_forged '.targets.app.custom.rill.deltas[0].path = "../../metadata/timestamp.json"'
attack delta "a delta's path that leads out of the repository" 7 "no target"
device
publish_forged '.targets.app.custom.rill.deltas[0].from = ["sha256:zz"]'
attack delta "a malformed base" 7 "from"
device
updated
mkdelta repo publish www app v3 "${sign[@]}"
new=$({ diff -rq clean/targets/deltas/app www/targets/deltas/app || true; } | sed -n 's|^Only in www/targets/deltas/app: ||p')
cp clean/targets/deltas/app/*.rill old.rill
truncate -s "$(stat -c %s "www/targets/deltas/app/$new")" old.rill # another length is refused for that
cp old.rill "www/targets/deltas/app/$new"
attack delta "an old delta replayed for a newer release" 10 ""
# The base is replaced while the delta is on its way: it was hashed before, and is looked at again before the rename.
device '"rate": 512,'
update -q 2>replaced.err &
updating=$!
for _ in $(seq 200); do
	[ "$(agent status --config device/config --json | jq -r '.targets[0].state')" != fetching ] || break
	sleep 0.05
done
cp -p v3 device/bin/mine
mv device/bin/mine device/bin/app
was=$(listing device/bin | grep -v rill-new)
code=0
wait $updating || code=$?
[ "$code" = 9 ] || fail "a base that was replaced: exit code $code, $(cat replaced.err)"
[ "$(listing device/bin)" = "$was" ] || fail "a base that was replaced: something changed"
rows+=("$(printf '%-7s %-68s %2d %-11s %s' delta "base replaced by another file during the update" 9 wrong-base unchanged)")

echo
printf '%-7s %-68s %-14s %s\n' list attack "exit code" installed
printf '%s\n' "${rows[@]}"
[ ${#rows[@]} -ge 44 ] || fail "only ${#rows[@]} attacks"
