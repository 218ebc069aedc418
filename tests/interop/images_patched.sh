#!/bin/bash
# Images that a delta made are the published ones to skopeo, podman, umoci and containerd.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
# shellcheck source=tests/interop/lib.sh
. "$top/tests/interop/lib.sh"
needs umoci skopeo jq busybox
cd "$w"
make_images layout
skopeo copy -q oci:layout:v1 docker-archive:v1.tar:example.com/lab:v1
skopeo copy -q oci:layout:v2 docker-archive:v2.tar:example.com/lab:v2
skopeo copy -q oci:layout:v2 oci-archive:v2-oci.tar:v2
config=$(config_digest oci:layout:v2)

# recompress FROM TO COMMAND...: the image with layers compressed by a command, or "cat".
recompress() {
	local from=$1 to=$2 blob plain digest new size type i manifest config_digest_
	shift 2
	mkdir -p "$to/blobs/sha256"
	manifest=$(skopeo inspect --raw "oci:$from")
	config_digest_=$(jq -r .config.digest <<<"$manifest")
	cp "${from%:*}/blobs/sha256/${config_digest_#sha256:}" "$to/blobs/sha256/"
	i=0
	for blob in $(jq -r '.layers[].digest' <<<"$manifest"); do
		plain=$w/plain.$i
		zcat "${from%:*}/blobs/sha256/${blob#sha256:}" >"$plain"
		"$@" <"$plain" >"$w/blob"
		new=$(sha256sum "$w/blob" | cut -c 1-64)
		size=$(stat -c %s "$w/blob")
		mv "$w/blob" "$to/blobs/sha256/$new"
		type=application/vnd.oci.image.layer.v1.tar+gzip
		case $1 in zstd) type=${type%gzip}zstd ;; cat) type=${type%+gzip} ;; esac
		manifest=$(jq -c --arg d "sha256:$new" --arg t "$type" ".layers[$i] = {mediaType: \$t, digest: \$d, size: $size}" <<<"$manifest")
		i=$((i + 1))
	done
	printf %s "$manifest" >"$w/manifest"
	digest=$(sha256sum "$w/manifest" | cut -c 1-64)
	size=$(stat -c %s "$w/manifest")
	mv "$w/manifest" "$to/blobs/sha256/$digest"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$to/oci-layout"
	jq -nc --arg d "sha256:$digest" --arg t "${from##*:}" '{schemaVersion: 2, manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json",
		digest: $d, size: '"$size"', annotations: {"org.opencontainers.image.ref.name": $t}}]}' >"$to/index.json"
}
two_members() { head -c 30000 "$w/plain.$i" | gzip -n; tail -c +30001 "$w/plain.$i" | gzip -9n; printf 'rubbish'; }

# update NAME OLD NEW LEVEL [OPTION]...: the delta of OLD and NEW applied to OLD gives NEW in the layout NAME.
update() {
	local name=$1 old=$2 new=$3 level=$4 blob
	shift 4
	mkdelta diff "$old" "$new" -o "$name.rill" >"$name.said"
	[ "$(stat -c %s "$name.rill")" -lt 3000 ] || fail "$name: a delta of $(stat -c %s "$name.rill") bytes"
	grep -q "^$level-exact" "$name.said" || { cat "$name.said" >&2; fail "$name: not $level-exact"; }
	mkdelta patch "$old" "$name.rill" -o "$name:new" "$@" >/dev/null
	[ "$(config_digest "oci:$name:new")" = "$config" ] || fail "$name: another image ID"
	for blob in "$name"/blobs/sha256/*; do echo "${blob##*/}  $blob"; done | sha256sum -c --quiet
	[ -z "$(find "$name" -name '*.??????')" ] || fail "$name: a temporary file is left"
}

update go layout:v1 layout:v2 config
update docker v1.tar v2.tar config
update mixed v1.tar v2-oci.tar config
recompress layout:v1 gzip-1 gzip -9n
for how in "gzip -9n" "gzip" "pigz -6" "two_members" cat; do
	name=exact-${how%% *}-${how##* }
	# shellcheck disable=SC2086
	recompress layout:v2 "new-$name" $how
	update "$name" gzip-1:v1 "new-$name:v2" manifest
	[ "$(manifest_digest "oci:$name:new")" = "$(manifest_digest "oci:new-$name:v2")" ] || fail "$how: another manifest"
done
recompress layout:v2 zstd-2 zstd -q
update zstd gzip-1:v1 zstd-2:v2 config
update plain gzip-1:v1 "new-exact-gzip--9n:v2" manifest --plain
[ "$(skopeo inspect --raw oci:plain:new | jq -r '.layers[].mediaType' | sort -u)" = application/vnd.oci.image.layer.v1.tar ] ||
	fail "--plain: layers are compressed"
# An image that was itself made by a delta is the base of the next; and the layout may be the same one.
update next plain:new layout:v2 config
mkdelta diff layout:v1 layout:v2 -o same.rill -q
cp -r layout same
mkdelta patch same:v1 same.rill -o same:v3 -q
[ "$(config_digest oci:same:v3)" = "$config" ] || fail "in one layout: another image ID"
[ "$(skopeo inspect --raw oci:same:v1 | sha256sum)" = "$(skopeo inspect --raw oci:layout:v1 | sha256sum)" ] || fail "the old image is gone"
pass "image ID, and manifest where it can be, from layouts and archives, by each compressor"

# Layers of several images; the same one twice; an image without layers; one and the same.
umoci insert --image layout:base --tag v0 "$w/root/bin/busybox" /other >/dev/null
mkdelta diff layout:v1 layout:v2 --base layout:v0 -o two.rill -q
mkdelta patch layout:v1 two.rill --base layout:v0 -o two:new -q
[ "$(config_digest oci:two:new)" = "$config" ] || fail "two bases: another image ID"
expect 9 "not what the delta was made from" mkdelta patch layout:v1 two.rill -o other:new
[ ! -e other ] || fail "a folder after a refusal"
umoci new --image layout:empty
mkdelta diff layout:empty layout:v2 -o whole.rill -q
mkdelta patch layout:empty whole.rill -o whole:new -q
mkdelta diff layout:v2 layout:empty -o gone.rill -q
mkdelta patch layout:v2 gone.rill -o gone:new -q
[ "$(config_digest oci:whole:new)" = "$config" ] || fail "from nothing: another image ID"
[ "$(config_digest oci:gone:new)" = "$(config_digest oci:layout:empty)" ] || fail "to nothing: another image ID"
mkdelta diff layout:v2 layout:v2 -o none.rill -q
[ "$(stat -c %s none.rill)" -lt 700 ] || fail "nothing changed, but $(stat -c %s none.rill) bytes"
mkdelta patch layout:v2 none.rill -o none:new -q
[ "$(manifest_digest oci:none:new)" = "$(manifest_digest oci:layout:v2)" ] || fail "nothing changed, but another manifest"
pass "several bases, no layers, no change"

expect 2 "is a container image" mkdelta diff layout:v1 v1.rill -o d
mkdelta diff v1.tar v2.tar --files -o files.rill -q
mkdelta patch v1.tar files.rill -o files.tar -q
same v2.tar files.tar
expect 2 "are for images" mkdelta patch v1.tar files.rill -o files.tar --plain
expect 2 "are for images" mkdelta diff v1.tar v2.tar --files --platform linux/arm64 -o d
expect 9 "not what the delta was made from" mkdelta patch layout:v2 go.rill -o bad:new
expect 3 "nowhere" mkdelta patch nowhere:v1 go.rill -o bad:new
expect 6 "budget" mkdelta patch layout:v1 go.rill -o bad:new -m 1M
head -c -1 go.rill >cut.rill
expect 10 "fetch it again" mkdelta patch layout:v1 cut.rill -o bad:new
cp go.rill flipped.rill
flip flipped.rill -20
expect 10 "delta" mkdelta patch layout:v1 flipped.rill -o bad:new
expect 6 "budget" mkdelta patch layout:v1 go.rill -o small:new -m 1M
[ ! -e small ] || fail "a folder after a refusal"
[ ! -e bad/index.json ] || fail "an index after a failure"
[ -z "$(find bad/blobs -type f)" ] || fail "blobs after a failure: $(find bad/blobs -type f)"
victim=$(skopeo inspect --raw oci:layout:v1 | jq -r '.layers[-1].digest')
cp -r layout hurt
flip "hurt/blobs/sha256/${victim#sha256:}" 300
expect 10 "${victim#sha256:}" mkdelta diff hurt:v1 layout:v2 -o d
expect 10 "${victim#sha256:}" mkdelta patch hurt:v1 go.rill -o bad:new
# Also when the base has its plain bytes, and only the blob is another.
recompress layout:v1 hurt-gzip gzip -1n
victim=$(skopeo inspect --raw oci:hurt-gzip:v1 | jq -r '.layers[-1].digest')
flip "hurt-gzip/blobs/sha256/${victim#sha256:}" 5
expect 10 "${victim#sha256:}" mkdelta diff layout:v1 hurt-gzip:v1 -o d
victim=$(skopeo inspect --raw oci:layout:v1 | jq -r '.layers[-1].digest')
rm "hurt/blobs/sha256/${victim#sha256:}"
expect 3 "${victim#sha256:}" mkdelta diff hurt:v1 layout:v2 -o d
head -c 100000 v2.tar >cut.tar
expect 10 "cut.tar" mkdelta diff v1.tar cut.tar -o d
expect 2 "tag" mkdelta diff layout:v9 layout:v2 -o d
expect 2 "no image for linux/s390x" mkdelta diff layout:v1 layout:v2 --platform linux/s390x -o d
TMPDIR=$w/nowhere expect 3 "scratch" mkdelta patch layout:v1 go.rill -o bad:new
mkdelta diff layout:v1 layout:v2 -o d --json | jq -e '.kind == "image" and .exact == "config" and .changed_layers == 1' >/dev/null || fail "diff --json"
mkdelta patch layout:v1 d -o json:new --json | jq -e '.exact == "config" and (.manifest | startswith("sha256:"))' >/dev/null || fail "patch --json"
pass "bad input: one error, its code, nothing left"

for name in go exact-gzip--9n; do
	skopeo copy -q "oci:$name:new" "docker-archive:$name.tar:lab:v2"
	[ "$(tar -xOf "$name.tar" manifest.json | jq -r '.[0].Config')" = "${config#sha256:}.json" ] || fail "$name: docker-archive"
	skopeo copy -q "oci:$name:new" "dir:$name.dir"
done
umoci unpack --rootless --image go:new unpacked >/dev/null 2>&1 || fail "umoci unpack"
[ "$(head -1 unpacked/rootfs/data)" = "data of v2" ] || fail "what umoci unpacked"
pass "skopeo copy, umoci unpack"

[ "$(id -u)" = 0 ] || { echo "not root: without podman and containerd"; exit 0; }
if command -v podman >/dev/null && command -v crun >/dev/null; then
	for name in go exact-gzip--9n; do
		podman_ rmi -af >/dev/null
		podman_ load -q -i "$name" >/dev/null || fail "$name: podman load"
		[ "$(podman_ image ls -q --no-trunc)" = "$config" ] || fail "$name: podman has another image ID"
		podman_ run "$config" >printed 2>err || { cat err >&2; fail "$name: podman run"; }
		[ "$(head -1 printed)" = "data of v2" ] || fail "$name: podman run printed $(head -1 printed)"
	done
	pass "podman load and run"
fi
if command -v containerd >/dev/null && command -v ctr >/dev/null; then
	at_end() { containerd_stop; https_stop; rm -rf "$w"; }
	containerd_start
	for name in go exact-gzip--9n; do
		tar -C "$name" -cf "$name.oci.tar" .
		ctr_ images import --no-unpack --base-name "example.com/$name" "$name.oci.tar" >imported || fail "$name: ctr images import"
		digest=$(manifest_digest "oci:$name:new")
		grep -q "^example.com/$name:new .*$digest" <<<"$(ctr_ images ls)" || fail "$name: containerd has another image"
	done
	containerd_stop
	pass "ctr images import"
fi
