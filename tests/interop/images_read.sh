#!/bin/bash
# Images that other tools wrote are read as these tools read them: same manifests, configs and layers.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
# shellcheck source=tests/interop/lib.sh
. "$top/tests/interop/lib.sh"
needs umoci skopeo jq busybox tar gzip zstd
cd "$w"
make_images layout
config=$(config_digest oci:layout:v1)
diff_ids=$(skopeo inspect --config --raw oci:layout:v1 | jq -r '.rootfs.diff_ids[]')

# reads SPEC KIND COMPRESSION: same image ID, and every layer is what its digest and diff_id say
reads() {
	[ "$(image_tool detect "$1")" = "$2" ] || fail "$1 is taken for $(image_tool detect "$1")"
	image_tool check "$1" >got || fail "$1"
	grep -q "^config $config " got || fail "$1: another config"
	[ "$(sed -n 's/^layer sha256:.* \(sha256:[0-9a-f]*\) .*/\1/p' got)" = "$diff_ids" ] || fail "$1: other layers"
	[ "$(grep -c "^layer .* $3\$" got)" = 2 ] || fail "$1: layers are not $3"
}
reads layout:v1 layout gzip
[ "$(read_digest manifest layout:v1)" = "$(manifest_digest oci:layout:v1)" ] || fail "manifest of the layout"
reads "layout@$(manifest_digest oci:layout:v1)" layout gzip
skopeo copy -q --dest-compress --dest-compress-format zstd oci:layout:v1 oci:zstd:v1
reads zstd layout zstd
skopeo copy -q --dest-decompress oci:layout:v1 dir:plain
pass "layouts by umoci and skopeo, gzip and zstd"

skopeo copy -q oci:layout:v1 oci-archive:a.tar:v1
reads a.tar oci-archive gzip
reads a.tar:v1 oci-archive gzip
[ "$(read_digest manifest a.tar)" = "$(manifest_digest oci:layout:v1)" ] || fail "manifest of the archive"
gzip -k a.tar
reads a.tar.gz:v1 oci-archive gzip
zstd -q a.tar
reads a.tar.zst:v1 oci-archive gzip
tar -C layout -cf all.tar .
reads all.tar:v1 oci-archive gzip
pass "oci-archives, also compressed as a whole"

skopeo copy -q oci:layout:v1 docker-archive:d.tar:example.com/lab:v1
skopeo copy -q oci:layout:v2 docker-archive:e.tar:example.com/lab:v2
reads d.tar docker-archive plain
reads d.tar:v1 docker-archive plain
reads d.tar:lab:v1 docker-archive plain
reads d.tar:example.com/lab:v1 docker-archive plain
gzip -k d.tar
[ "$(image_tool detect d.tar.gz)" != none ] || fail "d.tar.gz"
grep -q "^config $config " <<<"$(image_tool check d.tar.gz)" || fail "d.tar.gz"
pass "docker-archives by skopeo"

if command -v podman >/dev/null && [ "$(id -u)" = 0 ]; then
	podman_ load -q -i d.tar >/dev/null
	podman_ load -q -i e.tar >/dev/null
	podman_ save -q --format docker-archive -o p.tar example.com/lab:v1
	podman_ save -q --format oci-archive -o o.tar example.com/lab:v1
	podman_ save -q -m --format docker-archive -o both.tar example.com/lab:v1 example.com/lab:v2
	for spec in p.tar both.tar:v1; do
		grep -q "^config $config " <<<"$(image_tool check "$spec")" || fail "$spec"
	done
	# podman writes another config here, in its own way of writing JSON.
	image_tool check o.tar:lab:v1 >got || fail o.tar
	[ "$(sed -n 's/^manifest \(sha256:[0-9a-f]*\) .*/\1/p' got)" = "$(manifest_digest oci-archive:o.tar:example.com/lab:v1)" ] ||
		fail "manifest of o.tar"
	expect 2 "several images: example.com/lab:v1, example.com/lab:v2" image_tool show both.tar
	expect 2 "there: example.com/lab:v1, example.com/lab:v2" image_tool show both.tar:v3
	pass "archives by podman, of one image and of two"
fi

# Two platforms under one tag, as buildx makes them.
umoci tag --image layout:v1 arm >/dev/null
umoci config --image layout:arm --architecture arm64
entry() { # TAG ARCHITECTURE
	jq -c --arg tag "$1" --arg arch "$2" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag)
		| {mediaType, digest, size, platform: {os: "linux", architecture: $arch}}' layout/index.json
}
jq -nc --argjson a "$(entry v1 amd64)" --argjson b "$(entry arm arm64)" \
	'{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [$a, $b]}' >list
sum=$(sha256sum list | cut -c 1-64)
cp -r layout multi
cp list "multi/blobs/sha256/$sum"
jq -nc --arg digest "sha256:$sum" --argjson size "$(stat -c %s list)" '{schemaVersion: 2, manifests: [
	{mediaType: "application/vnd.oci.image.index.v1+json", digest: $digest, size: $size,
	annotations: {"org.opencontainers.image.ref.name": "v1"}}]}' >multi/index.json
for arch in amd64 arm64; do
	want=$(skopeo --override-arch "$arch" inspect --config --raw oci:multi:v1 | sha256sum | cut -c 1-64)
	[ "$(image_tool show multi:v1 "linux/$arch" | sed -n 's/^config sha256:\([0-9a-f]*\) .*/\1/p')" = "$want" ] ||
		fail "$arch is not what skopeo takes"
done
expect 2 "choose one by --platform" image_tool show multi:v1
expect 2 "there: v1 (linux/amd64), v1 (linux/arm64)" image_tool show multi:v1 linux/s390x
pass "an index of two platforms, as skopeo reads it"

expect 2 "no tag v9; there: base, v1, v2, arm" image_tool show layout:v9
blob=$(image_tool show layout:v1 | sed -n 's/^layer sha256:\([0-9a-f]*\) .*/\1/p' | tail -1)
cp -r layout bad
flip "bad/blobs/sha256/$blob" 1000
expect 10 "layer 2, blob: sha256:$blob expected" image_tool check bad:v1
rm "bad/blobs/sha256/$blob"
expect 3 "$blob" image_tool check bad:v1
head -c 600000 a.tar.zst >cut.zst
expect 10 "truncated" image_tool show cut.zst
zstd -qd a.tar.zst -o whole.tar
head -c 600000 whole.tar >cut.tar
expect 10 "truncated" image_tool show cut.tar
pass "damage is told by the blob's name"
