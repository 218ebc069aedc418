#!/bin/bash
# The init files start the agent, stop it, and start it again when it dies: under the real supervisors, where Debian has them.
# systemd's units pass its own checks, and the agent speaks its protocol.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
[ ${#AGENT[@]} = 1 ] || skip "for the native build"
[ "$(id -u)" = 0 ] || skip "supervisors want root"
pids=()
at_end() { for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait; rm -rf "$w"; }
cd "$top/boards/init"
bin=$w/usr/bin
mkdir -p "$bin" "$w/state"
# A server that cannot be reached: the daemon waits, and lives.
echo '{"url": "https://127.0.0.1:9/", "proxy": "none", "ca": "/dev/null", "root": "/nowhere", "state": "'"$w"'/state",
	"targets": [{"name": "app", "kind": "file", "path": "'"$w"'/app"}]}' >"$w/config.json"
printf '#!/bin/sh\nexec %s "$@" --config %s\n' "${AGENT[0]}" "$w/config.json" >"$bin/rill-agent"
chmod 755 "$bin/rill-agent"
# here FILE FOLDER: a copy with our paths
here() {
	mkdir -p "$2"
	cp "$1" "$2"
	sed -i "s|/usr/\(local/\)\?bin/rill-agent|$bin/rill-agent|; s|/etc/rill/rill-agent.json|$w/config.json|" "$2/${1##*/}"
}
# The process that holds the daemon's lock, if one runs.
daemon() { pgrep -f "^${AGENT[0]} run --config $w/config.json" | head -n 1; }
soon() { # WHAT COMMAND...
	local what=$1 n
	shift
	for ((n = 0; n < 300; n++)); do
		if "$@"; then return 0; fi
		sleep 0.1
	done
	fail "$what"
}
is_up() { [ -n "$(daemon)" ]; }
is_down() { [ -z "$(daemon)" ]; }
is_another() { is_up && [ "$(daemon)" != "$before" ]; }
die() { before=$(daemon); kill -9 "$before"; }
for file in */*; do
	case $file in */inittab | */timeout-finish | systemd/*) ;; *) sh -n "$file" || fail "$file" ;; esac
done

# systemd: units as they are installed.
DESTDIR=$w/root cmake --install "$BUILD" --prefix /usr >/dev/null
units=$w/root/usr/lib/systemd/system
for unit in "$units"/*; do here "$unit" "$w/units"; done
for unit in "$w"/units/*; do
	systemd-analyze verify --man=no --recursive-errors=no "$unit" 2>"$w/verify" || fail "$unit: $(cat "$w/verify")"
	[ ! -s "$w/verify" ] || fail "$unit: $(cat "$w/verify")"
done
systemd-analyze security --offline=true --threshold=40 "$w/units/rill-agent.service" --no-pager >"$w/security" 2>&1 || fail "exposed: $(tail -n 1 "$w/security")"
! grep -q '^ProcSubset=' "$w/units/rill-agent.service" || fail "the agent cannot tell one boot from another"
pass "systemd: $(sed -n 's/^.*Overall/overall/p' "$w/security")"
python3 - "$bin/rill-agent" "$w/notify" <<'PYTHON'
import os, signal, socket, subprocess, sys
for address, name in ((sys.argv[2], sys.argv[2]), ('\0rill-%d' % os.getpid(), '@rill-%d' % os.getpid())):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(address)
    s.settimeout(30)
    p = subprocess.Popen([sys.argv[1], 'run'], env=dict(os.environ, NOTIFY_SOCKET=name, WATCHDOG_USEC='600000'), stderr=subprocess.DEVNULL)
    got = []
    try:
        while got.count('WATCHDOG=1') < 4:
            got.append(s.recv(256).decode())
        p.send_signal(signal.SIGTERM)
        while got[-1] != 'STOPPING=1':
            got.append(s.recv(256).decode())
        assert p.wait(20) == 0, 'exit code'
    finally:
        p.kill()
    assert got[0] == 'READY=1', got
    assert any(g.startswith('STATUS=next round in') for g in got), got
PYTHON
pass "systemd: ready, watchdog, status and stopping, by datagrams"

here runit/run "$w/runit"
here runit/finish "$w/runit"
runsv "$w/runit" >"$w/runit.log" 2>&1 &
pids+=($!)
soon "runit does not start it" is_up
die
soon "runit does not start it again" is_another
sv -w 20 stop "$w/runit" >/dev/null || fail "sv stop"
is_down || fail "runit does not stop it"
pass "runit: up, up again, down"

here s6/run "$w/s6"
here s6/finish "$w/s6"
here s6/timeout-finish "$w/s6"
s6-supervise "$w/s6" >"$w/s6.log" 2>&1 &
pids+=($!)
soon "s6 does not start it" is_up
die
soon "s6 does not start it again" is_another
s6-svc -wd -T 20000 -d "$w/s6" || fail "s6-svc -d"
is_down || fail "s6 does not stop it"
pass "s6: up, up again, down"

# OpenRC keeps its state in /run: it gets one of its own.
here openrc/rill-agent "$w/openrc"
sed -i 's/^respawn_delay=60/respawn_delay=1/; s/^output_logger.*//; s/^error_logger.*//; s/need localmount//' "$w/openrc/rill-agent"
cat >"$w/openrc.sh" <<-OPENRC
	set -e
	mount -t tmpfs tmpfs /run
	mkdir -p /run/openrc
	cd /run/openrc
	mkdir started starting stopping inactive wasinactive failed hotplugged daemons options exclusive scheduled tmp
	touch /run/openrc/softlevel
	"$w/openrc/rill-agent" "\$@"
	if [ "\$1" = start ]; then while ! [ -e "$w/stop" ]; do sleep 0.1; done; "$w/openrc/rill-agent" stop; fi
OPENRC
unshare -m sh "$w/openrc.sh" start >"$w/openrc.log" 2>&1 &
openrc=$!
soon "OpenRC does not start it" is_up
die
soon "OpenRC does not start it again" is_another
touch "$w/stop"
wait $openrc || fail "OpenRC: $(cat "$w/openrc.log")"
soon "OpenRC does not stop it" is_down
pass "OpenRC: up, up again, down"

# Debian has no procd: what the script asks of it.
procd=$(
	for f in open_instance set_param close_instance add_reload_trigger; do eval "procd_$f() { echo $f \"\$*\"; }"; done
	# shellcheck source=/dev/null
	. procd/rill-agent
	start_service
	service_triggers
	echo "$USE_PROCD $START"
)
diff - <(echo "$procd") <<'PROCD' || fail "procd"
open_instance 
set_param command /usr/bin/rill-agent run
set_param file /etc/rill/rill-agent.json
set_param respawn 3600 60 0
set_param stdout 1
set_param stderr 1
set_param reload_signal HUP
set_param nice 10
close_instance 
add_reload_trigger rill-agent
1 95
PROCD
pass "procd: by a stand-in"
