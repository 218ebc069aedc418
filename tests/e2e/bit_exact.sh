#!/bin/bash
# Builds by other compilers, with and without optimisation, write the same deltas and read them.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/pairs.sh
. "$(dirname -- "$0")/pairs.sh"
builds=$BUILD/exact # kept from run to run
cd "$w"

build() { # NAME COMPILER FLAGS
	{ cmake -G Ninja -S "$top" -B "$builds/$1" -DCMAKE_BUILD_TYPE=Plain -DCMAKE_C_COMPILER="$2" \
		-DCMAKE_C_FLAGS="$3" -DRILL_DEVICE=OFF -DRILL_TESTS=OFF &&
		cmake --build "$builds/$1" --target mkdelta; } >log || { tail -n 40 log; fail "the build of $1"; }
}
build gcc-O0 gcc -O0
build gcc-O3 gcc "-O3 -funsigned-char"
build clang-O0 clang -O0
build clang-O2 clang -O2

make_pairs gcc aarch64-linux-gnu-gcc
corpus_pairs 800000
for old in *.old; do
	new=${old%.old}.new
	mkdelta diff "$old" "$new" -o here -q
	for variant in gcc-O0 gcc-O3 clang-O0 clang-O2; do
		"$builds/$variant/host/mkdelta" diff "$old" "$new" -o there -q
		same here there
		"$builds/$variant/host/mkdelta" patch "$old" here -o got
		same "$new" got
	done
	pass "${old%.old}: $(stat -c %s here) bytes"
done
