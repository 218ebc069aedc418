#!/bin/bash
# A new file that has nothing in common with the old one costs no more than the new one alone: at most 1.002 of the smaller of
# itself and what xz -9e makes of it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$w"

cp /bin/tar program
cp /bin/bash other
cat "$top"/{protocol,host,device}/*.[ch] >text
tar -C "$top" -cf archive docs tests/unit
head -c 1500000 /dev/urandom >noise
: >nothing
best() { # FILE: bytes
	python3 -c 'import lzma, sys
bytes = open(sys.argv[1], "rb").read()
print(min(len(bytes), len(lzma.compress(bytes, preset=9 | lzma.PRESET_EXTREME))))' "$1"
}
while read -r old new; do
	mkdelta diff "$old" "$new" -o delta -q
	mkdelta patch "$old" delta -o got -q
	same "$new" got
	size=$(stat -c %s delta) limit=$(best "$new")
	[ $((size * 1000)) -le $((limit * 1002)) ] || fail "$new after $old: $size bytes, alone $limit"
	pass "$new after $old: $size bytes, alone $limit"
done <<'END'
program other
other program
text program
program text
noise text
text noise
program archive
nothing other
nothing text
END
