#!/bin/bash
# mkdelta's command line: results, standard input and output, JSON, and one clear error for each mistake.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$w"
seq 1 20000 >old
{ seq 1 9000; echo changed; seq 9001 20000; } >new

mkdelta diff old new -o d
mkdelta patch old d -o got
same new got
mkdelta diff old - -o - <new >d2
same d d2
mkdelta patch old - -o - <d >got2
same new got2
[ "$(mkdelta diff old new -o d3 --json | jq -r '"\(.old_length) \(.new_length) \(.delta_length)"')" = \
	"$(stat -c %s old) $(stat -c %s new) $(stat -c %s d3)" ] || fail "diff --json"
[ "$(mkdelta info d --json | jq -r '.outputs[0].sha256')" = "$(sha256sum <new | cut -c 1-64)" ] || fail "info --json"
grep -q "$(sha256sum <old | cut -c 1-64)" <<<"$(mkdelta info d)" || fail "info"
[ -z "$(mkdelta diff old new -o d --quiet)" ] || fail "--quiet"

mkdelta info d --base old --json >tally
jq -e --argjson size "$(stat -c %s d)" '
	(([.cost[], .classes[] | .bytes] | add) + .header_length - .within_length - $size | fabs) < 0.01
	and ([.classes[].output] | add) == .outputs[0].length
	and all(.classes[]; .output == ([.parts[].output] | add))
	and all(.classes[]; (.bytes - ([.parts[].bytes] | add) | fabs) < 0.01)' tally >/dev/null ||
	fail "info --base: the sums are not those of the delta: $(cat tally)"
grep -q '^copies ' <<<"$(mkdelta info d --base old)" || fail "info --base"
expect 9 "new: not the base of this delta" mkdelta info d --base new
pass "diff, patch and info"

: >empty
for pair in "empty empty" "empty new" "old empty" "old old"; do
	read -r a b <<<"$pair"
	mkdelta diff "$a" "$b" -o d4 -q
	mkdelta patch "$a" d4 -o got4
	same "$b" got4
done
pass "empty and equal files"

echo kept >target
expect 9 "not the base of this delta" mkdelta patch new d -o target
same <(echo kept) target
{ cat new; openssl rand 3000; } >chunky
mkdelta diff old chunky -o damaged -q
flip damaged -100
expect 10 "damaged: chunk 0" mkdelta patch old damaged -o target
same <(echo kept) target
expect 6 "budget" mkdelta patch old d -o target -m 1K
expect 10 "old: not a Rill delta" mkdelta info old
head -c 100 d >short
expect 10 "short" mkdelta patch old short -o target
cp d version
printf '\11' | dd of=version bs=1 seek=4 conv=notrunc status=none
expect 11 "format version 9" mkdelta info version
same <(echo kept) target
[ -z "$(find . -name 'target.*')" ] || fail "a temporary file is left"
pass "damaged deltas and wrong bases"

expect 3 "nowhere: open" mkdelta diff nowhere new -o x
expect 3 "no OCI image layout" mkdelta diff . new -o x
expect 3 "no/x: create" mkdelta diff old new -o no/x
expect 2 "give -o" mkdelta diff old new
expect 2 "usage: mkdelta diff" mkdelta diff old -o x
expect 2 "unknown option" mkdelta diff --colour old new -o x
expect 2 "no value" mkdelta diff old new -o
expect 2 "not 'zip'" mkdelta diff old new -o x --format zip
expect 2 "only one of" mkdelta diff - - -o x
expect 2 "standard output" mkdelta diff old new -o - --json
expect 2 "whole number" mkdelta patch old d -o x -m lots
expect 2 "unknown command 'dif'" mkdelta dif
expect 2 "no command" mkdelta
expect 2 "unknown action" mkdelta repo publsh
pass "mistakes on the command line"

mkdelta key new k >/dev/null
[ "$(stat -c %a k)" = 600 ] || fail "the key can be read by others"
expect 2 "never written over" mkdelta key new k
openssl pkey -in k -pubout -out k.pub 2>/dev/null
[ "$(mkdelta key show k --json | jq -r .key.keyval.public)" = "$(cat k.pub)" ] || fail "key show"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa 2>/dev/null
[ "$(mkdelta key show rsa --json | jq -r .key.scheme)" = rsassa-pss-sha256 ] || fail "an RSA key"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out short 2>/dev/null
expect 11 "RSA of 2048 to 4096 bits" mkdelta key show short
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384 2>/dev/null
expect 11 "neither ECDSA on P-256" mkdelta key show p384
expect 3 "old" mkdelta key show old
pass "keys, and openssl reads them"

mkdelta repo init r -k k -q
expect 2 "already" mkdelta repo init r -k k
expect 3 "no repository" mkdelta repo publish nowhere app old -k k
expect 2 "give --key" mkdelta repo publish r app old
expect 2 "no name for a target" mkdelta repo publish r ../app old -k k
mkdelta repo publish r app old -k k --release 5 -q
expect 2 "must be higher" mkdelta repo publish r app new -k k --release 5
[ "$(mkdelta repo publish r app new -k k --json | jq -r '"\(.release) \(.deltas | length)"')" = "6 1" ] || fail "publish --json"
(flock 9; sleep 60) 9<r/metadata &
holder=$!
while flock -n r/metadata true; do sleep 0.05; done
expect 14 "another publisher" mkdelta repo publish r app old -k k
kill $holder
wait $holder 2>/dev/null || true
flip r/metadata/3.targets.json -40
expect 7 "3.targets.json" mkdelta repo publish r app old -k k
pass "repositories"
