#!/bin/bash
# bsdiff's own format, both ways with the stock bsdiff and bspatch.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$w"

both_ways() { # LABEL OLD NEW
	mkdelta diff --format bsdiff "$2" "$3" -o ours -q
	bspatch "$2" got ours
	same "$3" got
	bsdiff "$2" "$3" stock
	mkdelta patch "$2" stock -o got
	same "$3" got
	pass "$1: ours $(stat -c %s ours) bytes, bsdiff's $(stat -c %s stock)"
}
seq 1 30000 >a
{ seq 5000 9000; seq 1 30000 | sed 's/77/seven/'; head -c 3000 /bin/ls; } >b
: >empty
both_ways "text" a b
both_ways "text, back" b a
both_ways "two programs" /bin/ls /bin/cat
both_ways "the same" a a
for pair in "empty a" "a empty"; do # Debian's bsdiff cannot map an empty file; ours can
	read -r old new <<<"$pair"
	mkdelta diff --format bsdiff "$old" "$new" -o ours -q
	mkdelta patch "$old" ours -o got
	same "$new" got
done
pass "empty files"

# A flipped byte is noticed by bzip2's CRC; a base that is too short is refused.
bsdiff a b stock
cp stock bad
flip bad 60
expect 10 "bad: bsdiff patch" mkdelta patch a bad -o x
head -c 100 a >short
expect 9 "short" mkdelta patch short stock -o x
head -c 20 stock >shortened
expect 10 "cut off" mkdelta patch a shortened -o x
[ ! -e x ] || fail "a result was left"
