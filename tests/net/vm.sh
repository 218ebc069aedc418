#!/bin/bash
# A long way to the server: the agent in a guest of qemu with Debian's arm64 kernel, whose interface netem makes slow
# to answer (300 ms, 50 ms of jitter, so that packets overtake each other) and lossy (1 % each way).
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
# shellcheck source=tests/support/guest.sh
. "$top/tests/support/guest.sh"
# shellcheck source=tests/net/release.sh
. "$top/tests/net/release.sh"
guest_packages iproute2 libbpf1 libbsd0 libcap2 libelf1 libmd0 libmnl0 libxtables12
make_release "$w/release" 300000
https_start "$w/server" "$w/release/www"
most=$((delta * 130 / 100))

guest_new sch_netem sch_ingress cls_matchall act_mirred ifb
guest_program "${AGENT[-1]}"
guest_program "$guest_root/sbin/tc"
d=$guest_files/device
mkdir -p "$d/state"
cp "$w/release/old" "$d/app"
cp "$w/release/www/metadata/1.root.json" "$d/root.json"
cp "$w/server/ca.crt" "$d"
(cd "$w/release" && sha256sum new | sed 's|new|/device/app|') >"$d/new.sha256"
cat >"$d/config" <<-JSON
	{"url": "$https_url", "ca": "/device/ca.crt", "root": "/device/root.json", "state": "/device/state", "budget": $most,
	 "proxy": "none", "targets": [{"name": "app", "kind": "file", "path": "/device/app"}]}
JSON
cat >"$w/script" <<'GUEST'
tc() { /bin/tc "$@" || exit 99; }
# What comes in goes through a queue of its own.
ip link set ifb0 up
tc qdisc add dev eth0 root netem delay 300ms 50ms loss 1%
tc qdisc add dev eth0 handle ffff: ingress
tc filter add dev eth0 parent ffff: matchall action mirred egress redirect dev ifb0
tc qdisc add dev ifb0 root netem loss 1%
counted() { cat /sys/class/net/eth0/statistics/*x_bytes | awk '{ n += $1 } END { print n }'; }
measure() { # NAME
	before=$(counted)
	start=$(cut -d' ' -f1 /proc/uptime)
	rill-agent update -q --config /device/config
	code=$?
	end=$(cut -d' ' -f1 /proc/uptime)
	echo "measured: $1 $code $(($(counted) - before)) $(awk "BEGIN { print $end - $start }")"
	return $code
}
echo "clock $(date -u +%s)"
ping -c 4 10.0.2.2 | tail -n 1
measure update && sha256sum -c /device/new.sha256 && measure poll
code=$?
/bin/tc -s qdisc show | grep -A1 netem
exit $code
GUEST
code=0
guest_run 120 "$w/script" >"$w/out" || code=$?
cat "$w/out"
[ $code = 0 ] || fail "the guest ends with $code"
nearest=$(sed -n 's|^round-trip min/avg/max = \([0-9]*\).*|\1|p' "$w/out")
[ "$nearest" -ge 240 ] || fail "netem does not delay: $nearest ms"
within() { # NAME AT_MOST
	local name code bytes seconds
	read -r name code bytes seconds < <(sed -n "s/^measured: \($1\)/\1/p" "$w/out")
	printf '%-10s code %d, %d bytes on the wire, %s of the delta (%d), %s s\n' "$name" "$code" "$bytes" \
		"$(awk "BEGIN { print $bytes / $delta }")" "$delta" "$seconds"
	[ "$bytes" -le "$2" ] || fail "$1: over $2 bytes"
}
within update $most
# One packet more than without loss.
within poll $((6144 + 1514))
