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
./usr/lib/systemd/system/rill-agent.service
./usr/lib/systemd/system/rill-agent.timer
./usr/share/doc/rill/examples/rill-agent.json
./usr/share/man/man1/mkdelta-repo.1
./usr/share/man/man1/mkdelta.1
./usr/share/man/man5/rill-agent.json.5
./usr/share/man/man8/rill-agent.8
L
pass "nine files"
for board in "$top"/boards/*/rill-agent.json; do
	sed "s|\"targets\"|\"state\": \"$w\", \"targets\"|" "$board" >"$w/config"
	agent status --config "$w/config" >/dev/null
	pass "the agent takes ${board#"$top"/}"
done
