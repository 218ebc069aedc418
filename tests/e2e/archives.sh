#!/bin/bash
# Archives as tar programs really write them: whatever is in one, it comes back bit for bit, for its
# structure is only a hint; and changed files inside, compressed ones too, cost little.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
cd "$w"

# back OLD NEW [MOST]: there and back; at most so many bytes of delta
back() {
	mkdelta diff "$1" "$2" -o d -q
	mkdelta patch "$1" d -o got -q
	same "$2" got
	[ $# -lt 3 ] || [ "$(stat -c %s d)" -le "$3" ] || fail "$1 to $2: $(stat -c %s d) bytes, not $3"
	rm -f got
}

# A tree, and the same with changes: files edited, renamed, added, removed; .gz files and a zip inside.
long=$(printf 'long/%.0s' {1..40})
make_tree() { # FOLDER EDITED
	mkdir -p "$1/bin" "$1/doc" "$1/$long"
	cp "$top/host/file.c" "$1/bin/code.c"
	seq 1 5000 >"$1/doc/numbers"
	seq 1 3 2000 >"$1/${long}name that is long, with blanks, ünd more"
	for i in 1 2 3 4 5 6 7 8; do seq "$i" 7 $((i * 900)) >"$1/doc/part$i"; done
	cp "$top/host/key.c" "$1/doc/page"
	cp "$top/host/repository.c" "$1/doc/changes"
	if [ "$2" ]; then
		sed -i 's/777/seven/' "$1/doc/numbers"
		mv "$1/doc/part3" "$1/doc/moved-3"
		rm "$1/doc/part4"
		date -d @1000000000 >"$1/doc/added"
		sed -i '5s/.*/a changed line/' "$1/doc/page" "$1/doc/changes"
	fi
	gzip -9n "$1/doc/page"
	gzip -6n "$1/doc/changes"
	ln "$1/doc/numbers" "$1/doc/also-numbers"
	ln -s numbers "$1/doc/link"
	: >"$1/doc/.wh.gone"
	mkfifo "$1/doc/pipe"
	truncate -s 300K "$1/bin/sparse"
	echo data | dd of="$1/bin/sparse" bs=1 seek=150000 conv=notrunc status=none
	(cd "$1/doc" && zip -qX ../bin/some.zip numbers part5 part6)
	find "$1" -exec touch -h -d "@$((1600000000 + ${#2}))" {} +
}
make_tree old-tree ""
make_tree new-tree edited
plain() { for f in doc/page.gz doc/changes.gz; do [ -f "$1/$f" ] || fail "no $f"; done; }
plain old-tree
plain new-tree

for format in v7 ustar gnu oldgnu pax; do
	for tree in old new; do
		# What a format cannot hold is left out, with a warning and an exit code.
		tar --format=$format -C $tree-tree -cf $tree-$format.tar . 2>/dev/null || true
	done
	back old-$format.tar new-$format.tar 9000
done
tar --format=gnu -S -C old-tree -cf old-sparse.tar .
tar --format=pax -S --xattrs -C new-tree -cf new-sparse.tar .
back old-sparse.tar new-sparse.tar
back old-gnu.tar new-pax.tar
bsdtar -C new-tree -cf new-bsd.tar .
back old-gnu.tar new-bsd.tar
back new-bsd.tar old-pax.tar
pass "every format of GNU tar, and of bsdtar"

python3 - <<'END'
import io, random, tarfile
r = random.Random(3)
def member(name, kind, data=b"", **more):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(data)
    for k, v in more.items():
        setattr(info, k, v)
    return info, io.BytesIO(data)
for side in "old", "new":
    with tarfile.open(f"{side}-odd.tar", "w", format=tarfile.PAX_FORMAT) as t:
        for i in range(60):
            data = r.randbytes(r.randrange(3000)) if side == "new" and i % 5 == 0 else bytes([i]) * (i * 97)
            t.addfile(*member("same name", tarfile.REGTYPE, data))
            t.addfile(*member(f"n{i}", tarfile.REGTYPE, data, mtime=i + len(side),
                              pax_headers={"SCHILY.xattr.user.x": "y" * i}))
            t.addfile(*member(f"device{i}", tarfile.CHRTYPE, devmajor=1, devminor=i))
            t.addfile(*member(f"before its file {i}", tarfile.LNKTYPE, linkname=f"n{i + 1}"))
            t.addfile(*member(f"folder{i}", tarfile.DIRTYPE, mode=0o1777))
END
back old-odd.tar new-odd.tar
head -c 100000 new-odd.tar >cut.tar
back old-odd.tar cut.tar
back cut.tar old-odd.tar
cat new-odd.tar old-gnu.tar >two.tar
back old-gnu.tar two.tar
{ cat new-gnu.tar; head -c 700 /dev/zero; echo rubbish; } >behind.tar
back old-gnu.tar behind.tar
head -c -1024 new-gnu.tar >no-end.tar
back old-gnu.tar no-end.tar
cp new-gnu.tar damaged.tar
for at in 100 124 148 257 1000 5124 9000; do flip damaged.tar $at; done
back old-gnu.tar damaged.tar
back damaged.tar new-gnu.tar
: >empty.tar
back empty.tar new-gnu.tar
back new-gnu.tar empty.tar
head -c 10240 /dev/zero >none.tar
back none.tar new-gnu.tar
back new-gnu.tar none.tar
pass "odd, cut, damaged and empty ones, rubbish behind the end"

# One changed line in compressed files: what it costs plain, and some bytes for each stream.
mkdir a b
cp "$top"/host/*.c a
cp "$top"/host/*.c b
for f in b/*.c; do sed -i '3s/.*/changed/' "$f"; done
tar -cf a-plain.tar a
tar -cf b-plain.tar b --transform s/^b/a/
back a-plain.tar b-plain.tar
plain=$(stat -c %s d)
(cd a && zip -q9 ../a.zip ./*.c)
(cd b && zip -q9 ../b.zip ./*.c)
gzip -n a/*.c b/*.c
tar -cf a-gzip.tar a
tar -cf b-gzip.tar b --transform s/^b/a/
back a-gzip.tar b-gzip.tar $((plain + 60 * 20))
back a.zip b.zip $((plain + 60 * 40))
# A stream that is copied a moment after it was made, when its end is still in the buffers.
zcat a/*.gz | gzip -n >all.gz
mv all.gz a
zcat b/*.gz | gzip -n >all.gz
mv all.gz b
cp b/all.gz b/same.gz
tar -cf once.tar a/all.gz
tar -cf twice.tar b/all.gz b/same.gz --transform s/^b/a/
back once.tar twice.tar
rm b/all.gz b/same.gz
for f in b/*.gz; do flip "$f" -6; flip "$f" 50; done # their trailers and streams are wrong now
tar -cf c-gzip.tar b --transform s/^b/a/
back b-gzip.tar c-gzip.tar
pass "compressed files inside"

mkdelta diff old-gnu.tar new-gnu.tar -o one -j 1 -q
mkdelta diff old-gnu.tar new-gnu.tar -o four -j 4 -q
same one four
expect 2 "--jobs is at most" mkdelta diff old-gnu.tar new-gnu.tar -o d -j 65
expect 2 "--memory is at least" mkdelta diff old-gnu.tar new-gnu.tar -o d -m 1M
TMPDIR=$w/nowhere expect 3 "no scratch file" mkdelta diff a-gzip.tar b-gzip.tar -o d
pass "the same delta with any number of threads"
