#!/bin/bash
# Random trees with random edits, packed as layers by GNU tar, bsdtar and Go (umoci): each image comes back, bit for bit.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
# shellcheck source=tests/interop/lib.sh
. "$top/tests/interop/lib.sh"
needs umoci skopeo jq bsdtar python3
cd "$w"

# grow.py SEED FOLDER WHITEOUT: a tree; once more: edits of it
cat >grow.py <<'END'
import os, random, shutil, sys
r = random.Random(sys.argv[1])
root, whiteout = sys.argv[2:]
def content():
    n = r.choice([0, 1, 511, 512, 513, r.randrange(5000), r.randrange(60000)])
    kind = r.randrange(4)
    if kind == 0:
        return r.randbytes(n)
    if kind == 1:
        return bytes(r.randrange(3) for _ in range(n))
    return ("\n".join(f"{r.choice('abc')} line {i}" for i in range(n // 10))).encode()
def paths():
    return sorted(os.path.join(d, f) for d, _, names in os.walk(root) for f in names)
def put():
    folder = os.path.join(root, *(r.choice("uvwx") for _ in range(r.randrange(4))))
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, r.choice(["", whiteout, "ü ", "long" * 30]) + str(r.randrange(1000)))
    if os.path.lexists(path):
        return
    kind, there = r.randrange(8), [p for p in paths() if os.path.isfile(p) and not os.path.islink(p)]
    if kind == 0:
        os.symlink(r.choice(["nowhere", ".", "../u"]), path)
    elif kind == 1 and there:
        os.link(r.choice(there), path)
    elif kind == 2 and there:
        shutil.copyfile(r.choice(there), path)
    else:
        with open(path, "wb") as f:
            f.write(content())
def edit(path):
    with open(path, "rb") as f:
        data = bytearray(f.read())
    at = r.randrange(len(data) + 1)
    kind = r.randrange(3)
    if kind == 0:
        data[at:at] = content()[:200]
    elif kind == 1:
        del data[at:at + r.randrange(300)]
    elif data:
        data[r.randrange(len(data))] ^= 1 << r.randrange(8)
    with open(path, "wb") as f:
        f.write(data)
os.makedirs(root, exist_ok=True)
if not paths():
    for _ in range(80):
        put()
else:
    for path in r.sample(paths(), 15):
        kind = r.randrange(4)
        if kind == 0:
            os.remove(path)
        elif kind == 1:
            os.rename(path, path + "-moved")
        elif not os.path.islink(path):
            edit(path)
    for _ in range(5):
        put()
    for path in r.sample(paths(), 20):
        os.utime(path, (r.randrange(1 << 31),) * 2, follow_symlinks=False)
END
umoci init --layout images
umoci new --image images:none
count=0
for seed in 1 2 3 4 5 6; do
	rm -rf tree
	for side in old new; do
		# umoci writes whiteouts itself, and refuses files that look like one.
		python3 grow.py "$seed" tree "$([ $((seed % 3)) = 2 ] || echo .wh.)"
		case $((seed % 3)) in
			0) tar -C tree --xattrs -cf layer.tar . ;;
			1) bsdtar -C tree -cf layer.tar . ;;
			2) ;;
		esac
		if [ $((seed % 3)) = 2 ]; then
			umoci insert --rootless --image images:none --tag "$side$seed" tree /data
		else
			umoci raw add-layer --image images:none --tag "$side$seed" layer.tar
		fi
	done
	for way in "old$seed new$seed" "new$seed old$seed"; do
		read -r from to <<<"$way"
		mkdelta diff "images:$from" "images:$to" -o delta -q
		mkdelta patch "images:$from" delta -o "out:$to" -q
		[ "$(config_digest "oci:out:$to")" = "$(config_digest "oci:images:$to")" ] || fail "$way: another image ID"
		count=$((count + 1))
	done
done
for blob in out/blobs/sha256/*; do echo "${blob##*/}  $blob"; done | sha256sum -c --quiet
[ $count = 12 ] || fail "$count images"
pass "$count images"

# The layer without content, of which there are two in the wild: 1024 zeros, and the same by Go's gzip.
head -c 1024 /dev/zero >zero.tar
umoci raw add-layer --image images:none --tag zero zero.tar
mkdelta diff images:none images:zero -o delta -q
mkdelta patch images:none delta -o out:zero -q
[ "$(skopeo inspect --raw oci:out:zero | jq -r '.layers[0].digest')" = sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef ] ||
	fail "the layer without content"
pass "the layer without content"
