#!/bin/bash
# The publisher is killed at each call that changes the file system, one after another: clients get the old
# release or the new one, whole, at once; and the next run ends what was begun.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
cd "$w"
client=$BUILD/tests/tuf-client
for n in 1 2; do seq -f "line %g" 1 500 | sed "$((100 * n))s/.*/release $n/" >v$n; done
for key in k t1 t2; do mkdelta key new $key -q; done
mkdelta repo init base --key k --targets-key t1 -q
mkdelta repo publish base app v1 --key k --key t1 -q
cp base/metadata/1.root.json first.json
cp -r base www
http_start "$w/nginx" "$w/www"

# what a client that knows only the first root gets
client_gets() {
	rm -rf m t
	mkdir m t
	"$client" --metadata-dir m init first.json
	"$client" --metadata-dir m --metadata-url "${http_url}metadata" --target-name app --target-dir t \
		--target-base-url "${http_url}targets" download
}

# kill_each NAME FILE CMD...: in the end a client gets FILE
kill_each() {
	local name=$1 file=$2 at=0 status
	shift 2
	while :; do
		at=$((at + 1))
		rm -rf www
		cp -r base www
		status=0
		KILL_AT=$at LD_PRELOAD=$KILL_AT_LIBRARY "$@" >/dev/null 2>kill.err || status=$?
		[ $status = 137 ] || break
		client_gets || fail "$name, killed at call $at: a client is refused"
		cmp -s t/app v1 || cmp -s t/app "$file" || fail "$name, killed at call $at: neither old nor new"
		status=0
		"$@" >/dev/null 2>kill.err || status=$?
		# A second run may find that the first one did all there was to do.
		[ $status = 0 ] || [ $status = 2 ] || { cat kill.err; fail "$name, killed at call $at: the next run ends with $status"; }
		mkdelta repo check www -q || fail "$name, killed at call $at: not whole after the next run"
		client_gets && same t/app "$file"
	done
	[ $status = 0 ] || { cat kill.err; fail "$name ends with $status"; }
	mkdelta repo check www -q
	client_gets && same t/app "$file"
	[ $((at - 1)) -ge 5 ] || fail "$name was killed only $((at - 1)) times"
	pass "$name: killed at each of $((at - 1)) calls"
}

kill_each publish v2 "${MKDELTA[@]}" repo publish www app v2 --release 2 --key k --key t1
kill_each refresh v1 "${MKDELTA[@]}" repo refresh www --key k
kill_each "rotate targets" v1 "${MKDELTA[@]}" repo rotate www targets --add t2 --remove t1 --key k --key t1 --key t2
kill_each "rotate timestamp" v1 "${MKDELTA[@]}" repo rotate www timestamp --add t2 --remove k --key k --key t1 --key t2
cp -r base staged
mv base unstaged
mkdelta repo publish staged app v2 --stage --key t1 -q
mv staged base
kill_each commit v2 "${MKDELTA[@]}" repo commit www --key k
rm -r base
mv unstaged base
mkdelta repo publish base app v2 --key k --key t1 -q
cp v2 v1
kill_each prune v2 "${MKDELTA[@]}" repo prune www --keep 1

# Whatever was begun, a refresh with the keys of both roots ends it.
at=0
while :; do
	at=$((at + 1))
	rm -rf www
	cp -r base www
	status=0
	KILL_AT=$at LD_PRELOAD=$KILL_AT_LIBRARY "${MKDELTA[@]}" repo rotate www timestamp --add t2 --remove k \
		--key k --key t1 --key t2 >/dev/null 2>&1 || status=$?
	[ $status = 137 ] || break
	mkdelta repo refresh www --key k --key t1 --key t2 -q || fail "killed at call $at: refresh does not end it"
	mkdelta repo check www -q || fail "killed at call $at: not whole"
	client_gets && same t/app v2
done
pass "a refresh ends a rotation that was killed"
