#!/bin/bash
# Libraries without section headers have deltas as small as those with them: what the dynamic linker and the unwinder
# find tells the same.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/pairs.sh
. "$(dirname -- "$0")/pairs.sh"
cd "$w"

cut() { # FILE: cuts its section headers off, with all that no segment loads
	python3 -c 'import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
start, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
loaded = [struct.unpack_from("<IIQQQQ", data, start + i * size) for i in range(count)]
struct.pack_into("<Q", data, 40, 0)
struct.pack_into("<HHH", data, 58, 0, 0, 0)
open(sys.argv[1], "wb").write(data[:max(p[2] + p[5] for p in loaded if p[0] == 1)])' "$1"
}

make_pairs gcc aarch64-linux-gnu-gcc
rm -f {arm64,x86-64,plain}.{old,new}
corpus_pairs 2000000
pairs=0
for old in *.old; do
	name=${old%.old}
	cp "$old" old
	cp "$name.new" new
	mkdelta diff old new -o with -q
	cut old
	cut new
	mkdelta diff old new -o without -q
	mkdelta patch old without -o got
	same new got
	with=$(stat -c %s with) without=$(stat -c %s without)
	[ "$without" -le $((with + with / 10 + 64)) ] || fail "$name: $without bytes, $with with section headers"
	pass "$name: $without bytes, $with with section headers"
	pairs=$((pairs + 1))
done
[ "$pairs" -ge 1 ] || fail "no pair"
