#!/bin/bash
# How long the agent takes from "update" to "committed" for one pair of files, over loopback and at 1 Mbit/s, and where the
# time goes; what its syncs cost; its memory; the bytes that go to storage. By hand: it takes minutes, and strace.
# usage: install.sh OLD NEW [RUNS]        environment: BUILD (build/dev)
set -euo pipefail
top=$(cd "$(dirname -- "$0")/../.." && pwd)
BUILD=${BUILD:-$top/build/dev}
export MKDELTA=$BUILD/host/mkdelta AGENT=$BUILD/device/rill-agent
old=$(realpath "$1") new=$(realpath "$2") runs=${3:-3}
# shellcheck source=tests/e2e/lib.sh
. "$top/tests/e2e/lib.sh"
command -v strace >/dev/null || skip "needs strace"
[ -x /usr/bin/time ] || skip "needs GNU time"
mkdelta key new "$w/key" -q
mkdelta repo init "$w/www" --key "$w/key" -q
for file in "$old" "$new"; do mkdelta repo publish "$w/www" app "$file" --key "$w/key" -q; done
delta=$(find "$w/www/targets/deltas" -name '*.rill')
rate=
https_server() { # WORK WWW PORT
	echo "ssl_certificate $1/server.crt; ssl_certificate_key $1/server.key;"
	echo "server { listen 127.0.0.1:$3 ssl; root $2; ${rate:+limit_rate $rate;} }"
}
d=$w/device
device() {
	rm -rf "$d"
	mkdir -p "$d/bin" "$d/state"
	cp "$old" "$d/bin/app"
	cp "$w/www/metadata/1.root.json" "$d/root.json"
	cat >"$d/config" <<-JSON
		{"url": "$https_url", "ca": "$w/server/ca.crt", "root": "$d/root.json", "state": "$d/state", "memory": 67108864,
		 "targets": [{"name": "app", "kind": "file", "path": "$d/bin/app"}]}
	JSON
	sync
}
# The journal is renamed into place once a state: fetching, fetched, preparing, prepared, switching, testing, committed.
phases() { # TRACE
	awk '
		{ sub(/^[0-9]+ +/, "") } # of -f
		NR == 1 { start = $1 }
		/ (fsync|fdatasync)\(/ { n++; match($0, /<[0-9.]+>/); syncs += substr($0, RSTART + 1, RLENGTH - 2) }
		/renameat.*"journal"/ { at[++states] = $1 }
		END { printf "%7.2f %7.2f %7.2f %7.2f %7.2f %5d %7.2f\n", at[7] - start, at[1] - start, at[2] - at[1], at[4] - at[2],
			at[7] - at[4], n, syncs }' "$1"
}
measure() { # NAME
	local best=
	for ((run = 0; run < runs; run++)); do
		device
		strace -f --seccomp-bpf -qq -ttt -T -e trace=execve,renameat,fsync,fdatasync -o "$w/trace" "${AGENT[@]}" update -q --config "$d/config"
		same "$new" "$d/bin/app"
		[ -n "$best" ] && [ "$(printf '%s\n%s\n' "$best" "$(phases "$w/trace")" | sort -n | head -n 1)" = "$best" ] ||
			best=$(phases "$w/trace")
	done
	printf '%-10s %s\n' "$1" "$best"
}
echo "$(stat -c %s "$new") bytes, delta $(stat -c %s "$delta"); seconds, the best of $runs runs"
printf '%-10s %7s %7s %7s %7s %7s %5s %7s\n' link total before fetch seal switch syncs seconds
https_start "$w/server" "$w/www"
measure loopback
device
/usr/bin/time -f '%M kB of memory at most, %O blocks of 512 bytes to storage' -o "$w/time" "${AGENT[@]}" update -q --config "$d/config"
https_stop
rate=125000
https_start "$w/server" "$w/www"
measure "1 Mbit/s"
cat "$w/time"
awk -v size="$(stat -c %s "$new")" '{ printf "%.3f times the target is written\n", $7 * 512 / size }' "$w/time"
best=
for ((run = 0; run < runs; run++)); do
	start=$(date +%s%N)
	mkdelta patch "$old" "$delta" -o "$w/patched" -q
	took=$((($(date +%s%N) - start) / 1000000))
	[ -n "$best" ] && [ "$best" -lt $took ] || best=$took
done
printf 'alone: decoding %d ms, with hashes of base and result; download at 1 Mbit/s %d ms\n' "$best" \
	$(($(stat -c %s "$delta") * 8 / 1000))
