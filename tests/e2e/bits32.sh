#!/bin/bash
# A decoder of 32 bits gives the same files, of over 4 GiB too, and takes what the fuzzers start from. Debian
# has no mbedTLS of 32 bits that goes beside the cross compilers, so SHA-256 is that of support/sha256.c.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/pairs.sh
. "$(dirname -- "$0")/pairs.sh"
[ "$(uname -m)" = x86_64 ] || skip "this machine does not run programs of 32-bit x86"
build=$BUILD/bits32 # kept from run to run
wide="-m32 -idirafter /usr/include/x86_64-linux-gnu"
cd "$w"

compile() {
	# shellcheck disable=SC2086  # a list of words
	gcc $wide -O2 -std=c17 -Wall -Wextra -Werror -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Wl,--gc-sections -I"$top" "$@"
}
compile -c "$top/tests/support/sha256.c" -o sha256.o
ar rcs libsha256.a sha256.o
{ cmake -G Ninja -S "$top" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=gcc -DCMAKE_C_FLAGS="$wide" \
	-DRILL_HOST=OFF -DRILL_DEVICE=OFF -DRILL_TESTS=OFF -DRILL_ED25519=OFF -DRILL_NETTLE=OFF -DMBEDCRYPTO="$w/libsha256.a" \
	-DZLIB_LIBRARY=/usr/lib32/libz.so -DZLIB_INCLUDE_DIR=/usr/include &&
	cmake --build "$build" --target rill; } >log || { tail -n 40 log; fail "the build of 32 bits"; }
libraries=("$build/protocol/librill.a" libsha256.a -lz)
compile "$top/tests/support/decode.c" "${libraries[@]}" -o decode
[ "$(od -An -tu1 -j 4 -N 1 decode | tr -d ' ')" = 1 ] || fail "the decoder is not of 32 bits"

for name in coder copy_map delta image_delta layout predict round_trip; do
	compile -fsanitize=undefined -fsanitize-undefined-trap-on-error "$top/tests/fuzz/$name.c" \
		"$top/tests/support/run_seeds.c" "$top/tests/support/craft.c" "${libraries[@]}" -o seeds
	./seeds "$top/tests/fuzz/corpus/$name"/* || fail "the seeds of $name"
done
pass "what the fuzzers start from"

make_pairs gcc aarch64-linux-gnu-gcc
corpus_pairs 1200000
for old in *.old; do
	mkdelta diff "$old" "${old%.old}.new" -o delta -q
	./decode "$old" delta got
	same "${old%.old}.new" got
	pass "${old%.old}: $(stat -c %s delta) bytes"
done

"$BUILD/tests/write_large"
./decode far.base far.delta got
same far.new got
./decode long.base long.delta got # its hash says whether it is right
[ "$(stat -c %s got)" -gt 4294967296 ] || fail "no large output"
pass "files of over 4 GiB"
