#!/bin/bash
# A slot runs the published image on trial, and the journal, which knew of that, is lost: the agent tells the boot loader that it
# stays, and only then notes it. Otherwise it would fall back, and the update begin anew.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/support/https.sh
. "$top/tests/support/https.sh"
cd "$w"

seq 1 60000 >image
mkdelta key new key -q
mkdelta repo init www --key key -q
mkdelta repo publish www system image --kind slot --key key -q
https_start "$w/server" "$w/www"
mkdir state
cp image slot-a
truncate -s "$(stat -c %s image)" slot-b
echo "quiet rill.slot=a" >variables.cmdline
echo "rill_slot=a rill_bad= rill_trial=2" >variables
cp www/metadata/1.root.json root.json
config() { # BOOT
	cat >config <<-JSON
		{"url": "$https_url", "ca": "$w/server/ca.crt", "root": "$w/root.json", "state": "$w/state",
		 "targets": [{"name": "system", "kind": "slot", "slots": {"a": "$w/slot-a", "b": "$w/slot-b"},
		              "boot": ["$1", "$w/variables"]}]}
	JSON
}

cat >stubborn <<-END
	#!/bin/sh
	[ "\$2" != set-state ] || exit 1
	exec "$top/tests/faults/boot.sh" "\$@"
END
chmod 755 stubborn
config "$w/stubborn"
expect 3 "set-state a" agent update --config config
[ "$(agent status --config config --json | jq -r '.targets[0].state')" != committed ] || fail "noted before the boot loader knew"
pass "a boot loader that cannot be told keeps it from being noted"

config "$top/tests/faults/boot.sh"
agent update --config config >out
grep "up to date" out >/dev/null || fail "$(cat out)"
[ "$(tail -n 1 variables)" = "rill_trial= rill_bad=" ] || fail "the trial goes on: $(tail -n 1 variables)"
[ "$(agent status --config config --json | jq -r '.targets[0].state')" = committed ] || fail "it is not noted"
cp variables before
agent update --config config >out
same before variables
pass "what is found running is no longer on trial"
