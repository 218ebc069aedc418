#!/bin/bash
# The demo of the README, both ways.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$top"
./demo.sh >"$w/log" 2>&1 || { tail -n 20 "$w/log"; fail "./demo.sh"; }
grep -q "byte for byte the new version" "$w/log" || fail "./demo.sh did not update"
grep -q "exit code 10 (corrupt), and nothing changed" "$w/log" || fail "./demo.sh did not refuse the damaged delta"
grep -q "the new image, as umoci unpacks it" "$w/log" || fail "./demo.sh did not update the image"
pass "./demo.sh"
cd "$w"
"$top/demo.sh" /bin/ls /bin/cat >"$w/log" 2>&1 || { tail -n 20 "$w/log"; fail "./demo.sh OLD NEW"; }
grep -q "byte for byte the new version" "$w/log" || fail "./demo.sh OLD NEW did not update"
pass "./demo.sh OLD NEW"
expect 1 "the same file" "$top/demo.sh" /bin/ls /bin/ls
