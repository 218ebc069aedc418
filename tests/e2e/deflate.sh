#!/bin/bash
# Streams of the real gzip, pigz, zip and Python, at all levels over many inputs: each is made again
# bit for bit, by the recipe that is expected.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
read -ra AGAIN <<<"$AGAIN"
for program in gzip pigz zip python3 bsdtar openssl; do
	command -v $program >/dev/null || fail "missing: $program"
done
read -ra levels <<<"${LEVELS:-1 2 3 4 5 6 7 8 9}"
cd "$w"
mkdir in out

# Text, code, zeros, noise; nothing; both sides of the window's edges, where it moves and where it ends.
LC_ALL=C awk 'BEGIN { srand(1); for (i = 0; i < 30000; i++) printf "%s%s", int(rand() * rand() * 3000), rand() < .1 ? "\n" : " " }' >in/text
head -c "${CODE:-1100000}" "$(realpath /bin/bash)" >code
head -c 400000 /dev/zero >in/zeros
head -c 150000 in/zeros | openssl enc -aes-128-ctr -K 0 -iv 0 2>/dev/null >in/noise
{ head -c 40000 in/noise; head -c 90000 in/text; head -c 40000 in/noise; head -c 70000 in/zeros; head -c 60000 code; } >in/mixed
: >in/empty
printf x >in/one
for n in 2 3 262 32768 65274 65275 65279 65535 65536 65537 98304; do
	head -c $n code >in/code.$n
done
for n in 65400 131073; do
	{ head -c 262 in/zeros; head -c $n in/text | tail -c +300; head -c 50 in/zeros; } >in/zeros.text.$n
done

# expect_all PATTERN NAME: all recipes for out/*, of which there are many, begin like this
expect_all() {
	"${AGAIN[@]}" out/* >found
	if grep -vqE "^($1)" found; then
		grep -vE "^($1)" found | head >&2
		fail "$2: recipes that were not expected"
	fi
	[ "$(grep -c . found)" -ge 1 ] || fail "$2: nothing to look at"
	pass "$2: $(grep -c . found) streams: $(cut -f 1 found | sort | uniq -c | sort -rn | head -3 | awk '{ $1 = $1 " x"; print }' | paste -sd,)"
	rm -rf out
	mkdir out
}

for level in "${levels[@]}"; do
	gzip -"$level" <code >out/code
	expect_all "gzip -$level	" "gzip -$level of code"
done
# Small inputs are the same at several levels.
for level in 1 6 9; do
	for f in in/*; do gzip -n"$level" <"$f" >"out/${f##*/}"; done
	expect_all 'gzip|zlib|stored' "gzip -$level"
done
# Files that are given by name, with a name in the header; several members in a file.
cp in/text in/mixed .
gzip -9k text mixed && cat text.gz mixed.gz >out/two.gz
expect_all 'gzip -9	' "gzip -9 of files, as members of one"
[ "$(grep -c . found)" = 2 ] || fail "not two members"
tar -cf - code in/mixed | gzip >out/piped.tar.gz
tar -C in -czf out/z.tar.gz text mixed
expect_all 'gzip -6	' "tar and gzip"
bsdtar -C in -czf out/bsd.tar.gz text mixed
expect_all 'zlib -6' "bsdtar"

for f in in/mixed in/zeros in/text in/empty in/one; do
	pigz -p 2 -n3 <"$f" >"out/2.${f##*/}"
	pigz -p 1 -n3 <"$f" >"out/1.${f##*/}"
	pigz -p 2 -in3 <"$f" >"out/i.${f##*/}"
	pigz -p 2 -b 64 -n3 <"$f" >"out/b.${f##*/}"
done
expect_all 'pigz|zlib|gzip' "pigz -3"
pigz -p 2 <code >out/code
pigz -p 1 -3 <code >out/three
expect_all 'pigz -6 block 131072	|pigz -3 block 131072 joined' "pigz of code"
pigz -p 2 -b 100 <code >out/code
expect_all 'pigz -6 block 102400	' "pigz in blocks of 100 KiB"
pigz -i -p 2 <code >out/code
expect_all 'pigz -6 block 131072 separate	' "pigz, independent"

for level in "${levels[@]}"; do
	zip -q -"$level" out/code.zip code
	expect_all "zip -$level	" "zip -$level of code"
done
zip -q -9 out/9.zip in/*
zip -q out/6.zip in/*
expect_all 'zip|gzip|zlib|stored' "zip"
zip -q - code >out/streamed.zip
expect_all 'zip -6	' "zip to a pipe"

python3 - in out <<'END'
import os, sys, zlib, zipfile
for name in sorted(os.listdir(sys.argv[1])):
    plain = open(os.path.join(sys.argv[1], name), 'rb').read()
    for level in (6, 9) if not name.startswith('code.') else (6,):
        for memory in 8, 9:
            z = zlib.compressobj(level, zlib.DEFLATED, -15, memory)
            stream = z.compress(plain) + z.flush()
            open('%s/%s.%d.%d' % (sys.argv[2], name, level, memory), 'wb').write(stream)
with zipfile.ZipFile(sys.argv[2] + '/wheel.whl', 'w', zipfile.ZIP_DEFLATED) as wheel:
    for name in os.listdir(sys.argv[1]):
        wheel.write(os.path.join(sys.argv[1], name))
END
expect_all 'zlib|gzip|zip|stored' "Python's zlib"
for level in "${levels[@]}"; do
	python3 -c 'import sys, zlib; z = zlib.compressobj(int(sys.argv[1]), wbits=31)
sys.stdout.buffer.write(z.compress(open("code", "rb").read()) + z.flush())' "$level" >out/code.gz
	expect_all "zlib -$level memory 8" "Python's zlib -$level of code"
done

# A stream that none of them makes is said to be so, not taken for another.
python3 - code out/flushed <<'END'
import sys, zlib
plain = open(sys.argv[1], 'rb').read()
z = zlib.compressobj(6, zlib.DEFLATED, -15)
stream = z.compress(plain[:100000]) + z.flush(zlib.Z_FULL_FLUSH) + z.compress(plain[100000:170000])
stream += z.flush(zlib.Z_SYNC_FLUSH) + z.compress(plain[170000:]) + z.flush()
open(sys.argv[2], 'wb').write(stream)
END
expect_all none "flushed at odd places"

# A libz that only stands in for zlib is not trusted to decide like it.
if [ -z "${LEVELS:-}" ]; then
	echo 'const char *zlibVersion(void); const char *zlibVersion(void) { return "1.3.1.zlib-ng"; }' >version.c
	cc -shared -fPIC -o version.so version.c
	bsdtar -C in -czf out/bsd.tar.gz text mixed
	cp out/bsd.tar.gz .
	expect_all 'zlib -6' "libz itself"
	mv bsd.tar.gz out
	LD_PRELOAD=$w/version.so expect_all none "a stand-in for libz"
fi
