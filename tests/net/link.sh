#!/bin/bash
# Slow and lossy links for real: the agent in a network namespace of its own, the link to the server shaped
# (tbf), with packets lost (iptables), and down for a while. Bytes are those that the interface counted.
# Usage: link.sh [--all]      --all: every rate with both deltas, some three minutes
# What is waited for on a disk shows on the wire: packets are then acknowledged before the next request can do it.
TMPDIR=/dev/shm
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
# shellcheck source=tests/net/release.sh
. "$top/tests/net/release.sh"
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || skip "needs root, for network namespaces"
server=rill-s$$ client=rill-c$$ address=10.201.7.1
ip netns add $server 2>/dev/null || skip "no network namespaces here"
end() {
	https_stop
	ip netns del $server 2>/dev/null || true
	ip netns del $client 2>/dev/null || true
	rm -rf "$w"
}
trap end EXIT
ip netns add $client
ip -n $server link add veth0 type veth peer name veth0 netns $client || skip "no veth here"
ip -n $server addr add $address/24 dev veth0
ip -n $client addr add 10.201.7.2/24 dev veth0
for n in $server $client; do
	ip -n "$n" link set lo up
	# What IPv6 says of itself on a new link is no part of an update.
	ip -n "$n" link set veth0 addrgenmode none
	ip -n "$n" link set veth0 up
done

# The small one is just over the 100 KB from which an update may cost 1.15 times its delta on a clean link.
make_release "$w/small" 101000
small=$delta
make_release "$w/large" 300000
large=$delta

mkdir "$w/server"
https_make_ca "$w/server" "IP:$address,DNS:server.test"
https_make_chain "$w/server"
https_config "$w/server" "$w" 8443
sed -i "s/listen 127.0.0.1:/listen $address:/" "$w/server/nginx.conf"
ip netns exec $server nginx -e "$w/server/error.log" -p "$w/server" -c "$w/server/nginx.conf" &
https_pid=$!
for _ in $(seq 100); do
	ip netns exec $server bash -c "exec 3<>/dev/tcp/$address/8443" 2>/dev/null && break
	sleep 0.05
done

# device NAME RELEASE [FOLDER]: one that has the old file; the repository is RELEASE/FOLDER
device() {
	d=$w/$1 release=$2 delta=${!2}
	mkdir -p "$d/bin" "$d/state"
	cp "$w/$release/old" "$d/bin/app"
	cp "$w/$release/www/metadata/1.root.json" "$d/root.json"
	cat >"$d/config" <<-JSON
		{"url": "https://$address:8443/$release/${3:-www}/", "ca": "$w/server/ca.crt", "root": "$d/root.json", "state": "$d/state",
		 "stall_timeout": 5, "retries": 20, "proxy": "none",
		 "targets": [{"name": "app", "kind": "file", "path": "$d/bin/app"}]}
	JSON
}
counted() { ip -n $client -s -j link show veth0 | jq '.[0].stats64 | .rx.bytes + .tx.bytes'; }
# measure NAME AT_MOST: an update; its bytes on the wire
measure() {
	local before after start code=0
	before=$(counted)
	start=$(date +%s%N)
	ip netns exec $client "${AGENT[@]}" update -q --config "$d/config" || code=$?
	after=$(counted)
	printf '%-42s %3d %9d %8.3f %7d.%d s\n' "$1" $code $((after - before)) \
		"$(awk "BEGIN { print ($after - $before) / $delta }")" $((($(date +%s%N) - start) / 1000000000)) \
		$((($(date +%s%N) - start) / 100000000 % 10))
	[ $code = 0 ] || fail "$1: exit code $code"
	[ $((after - before)) -le "$2" ] || fail "$1: over $2 bytes"
	same "$w/$release/${installed:-new}" "$d/bin/app"
}
# A clean link loses nothing, and a server that follows RFC 6298 (2.4) takes nothing for lost within a second: with
# Linux's own 0.2 s it sends one of the first packets twice at times, when they queue in front of a slow link.
shape() { ip netns exec $server tc qdisc replace dev veth0 root tbf rate "$1" burst 16kbit limit 150kb; }
ip -n $server route replace 10.201.7.0/24 dev veth0 rto_min 1s

printf 'deltas of %d and %d bytes\n%-42s %3s %9s %8s %9s\n' "$small" "$large" link code "on wire" "of delta" time
# A device that asks for the first time, then once more, and then finds an update: it resumes the session of TLS.
clean() { # RATE RELEASE
	shape "$1"
	device "clean-$1-$2" "$2" before
	installed=old measure "$1, first contact, nothing to install" 7168
	rm "$d/state/session"
	installed=old measure "$1, a poll, hands shaken anew" 6144
	installed=old measure "$1, a poll" 3072
	sed -i "s|$2/before/|$2/www/|" "$d/config"
	measure "$1, an update, the $2 delta" $((delta * 115 / 100))
}
clean 64kbit small
if [ "${1:-}" = --all ]; then
	for rate in 128kbit 256kbit 512kbit 1mbit 2mbit; do clean $rate small; done
	for rate in 64kbit 128kbit 256kbit 512kbit 2mbit; do clean $rate large; done
fi
clean 1mbit large
clean 4mbit small
clean 4mbit large
# Without a session: on a slow link, where TCP acknowledges each packet, the certificates and 9 % for packets are
# over 15 % of a delta of 100 KB.
for rate in 1mbit 4mbit; do
	shape $rate
	device "first-$rate" large
	measure "$rate, an update at first contact" $((delta * 115 / 100))
done
ip netns exec $server iptables -I OUTPUT -m statistic --mode random --probability 0.05 -j DROP
ip netns exec $client iptables -I OUTPUT -m statistic --mode random --probability 0.05 -j DROP
device lossy large
measure "4mbit, 5 % lost both ways" $((delta * 130 / 100))
ip netns exec $server iptables -F OUTPUT
ip netns exec $client iptables -F OUTPUT
# An IPv6 address that nobody has, before an IPv4 address that answers: no waiting for the first.
ip -n $client -6 addr add fd07::2/64 dev veth0 nodad
printf '127.0.0.1 localhost\nfd07::dead server.test\n%s server.test\n' $address >"$w/hosts"
device race large
sed -i "s|https://$address|https://server.test|" "$d/config"
# shellcheck disable=SC2016  # expanded by the inner shell
in_client='mount --bind "$0" /etc/hosts && exec "$@"'
start=$(date +%s%N)
ip netns exec $client sh -c "$in_client" "$w/hosts" "${AGENT[@]}" update -q --config "$d/config" || fail "IPv6 and IPv4: exit code $?"
took=$((($(date +%s%N) - start) / 1000000))
printf '%-42s %3d %27d.%d s\n' "IPv6 dead, IPv4 alive" 0 $((took / 1000)) $((took / 100 % 10))
same "$w/$release/new" "$d/bin/app"
[ $took -lt 2900 ] || fail "the dead IPv6 address was waited for"
device down large
(
	sleep 0.5
	ip -n $server link set veth0 down
	sleep 8
	ip -n $server link set veth0 up
) &
shape 1mbit
measure "1mbit, down for 8 s" $((delta * 130 / 100))
wait $!
