#!/bin/bash
# cmake --install puts everything into GNU directories, and nothing else.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
DESTDIR=$w cmake --install "$BUILD" --prefix /usr >/dev/null
(cd "$w" && find . -type f | sort) >"$w.list"
trap 'rm -f "$w.list"; at_end' EXIT
diff - "$w.list" <<'L' || fail "other files than expected"
./usr/bin/mkdelta
./usr/bin/rill-agent
./usr/lib/rill/boot/contract.sh
./usr/lib/rill/boot/grub.sh
./usr/lib/rill/boot/systemd-boot.sh
./usr/lib/rill/boot/uboot.sh
./usr/lib/systemd/system/rill-agent-update.service
./usr/lib/systemd/system/rill-agent-update.timer
./usr/lib/systemd/system/rill-agent.service
./usr/share/doc/rill/examples/boot/grub.cfg
./usr/share/doc/rill/examples/boot/uboot-native.txt
./usr/share/doc/rill/examples/boot/uboot.cmd
./usr/share/doc/rill/examples/busybox/inittab
./usr/share/doc/rill/examples/openrc/rill-agent
./usr/share/doc/rill/examples/procd/rill-agent
./usr/share/doc/rill/examples/rill-agent.json
./usr/share/doc/rill/examples/runit/finish
./usr/share/doc/rill/examples/runit/run
./usr/share/doc/rill/examples/s6/finish
./usr/share/doc/rill/examples/s6/run
./usr/share/doc/rill/examples/s6/timeout-finish
./usr/share/man/man1/mkdelta-repo.1
./usr/share/man/man1/mkdelta.1
./usr/share/man/man5/rill-agent.json.5
./usr/share/man/man8/rill-agent.8
L
pass "all files"
for unit in rill-agent:run rill-agent-update:update; do
	grep -qx "ExecStart=/usr/bin/rill-agent ${unit#*:}" "$w/usr/lib/systemd/system/${unit%:*}.service" || fail "${unit%:*}.service starts another agent"
done
pass "the units start the agent that was installed"
