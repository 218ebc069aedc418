#!/bin/bash
# Layouts that we write are taken by skopeo, podman, umoci and containerd, and are the same image to all of them.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
# shellcheck source=tests/interop/lib.sh
. "$top/tests/interop/lib.sh"
needs umoci skopeo jq busybox
cd "$w"
make_images layout
skopeo copy -q oci:layout:v2 docker-archive:v2.tar:example.com/lab:v2
config=$(config_digest oci:layout:v1)

image_tool plain layout:v1 out:v1 >/dev/null
image_tool plain v2.tar out:example.com/lab:v2 >/dev/null
image_tool exact layout:v1 exact:v1 >/dev/null
[ "$(config_digest oci:out:v1)" = "$config" ] || fail "the image ID changed"
[ "$(config_digest oci:out:example.com/lab:v2)" = "$(config_digest oci:layout:v2)" ] || fail "the image ID changed"
[ "$(manifest_digest oci:exact:v1)" = "$(manifest_digest oci:layout:v1)" ] || fail "the manifest digest changed"
[ -z "$(find out exact -name '*.??????')" ] || fail "a temporary file is left"
(cd out/blobs/sha256 && for blob in *; do echo "$blob  $blob"; done | sha256sum -c --quiet)
pass "image ID and manifest digest are those that were published"

for spec in out:v1 exact:v1; do
	skopeo copy -q "oci:$spec" "docker-archive:${spec%:*}.tar:lab:v1"
	[ "$(tar -xOf "${spec%:*}.tar" manifest.json | jq -r '.[0].Config')" = "${config#sha256:}.json" ] || fail "$spec: docker-archive"
	skopeo copy -q "oci:$spec" "dir:${spec%:*}.dir"
	[ "$(jq -r .config.digest "${spec%:*}.dir/manifest.json")" = "$config" ] || fail "$spec: dir"
done
pass "skopeo copy to docker-archive and dir"

umoci unpack --rootless --image out:v1 unpacked >/dev/null 2>&1 || fail "umoci unpack"
[ "$(head -1 unpacked/rootfs/data)" = "data of v1" ] || fail "what umoci unpacked"
umoci unpack --rootless --image layout:v1 original >/dev/null 2>&1
diff -r --no-dereference unpacked/rootfs original/rootfs || fail "another tree than the original's"
pass "umoci unpack"

[ "$(id -u)" = 0 ] || { echo "not root: without podman and containerd"; exit 0; }
if command -v podman >/dev/null && command -v crun >/dev/null; then
	for spec in out exact; do
		podman_ rmi -af >/dev/null
		podman_ pull -q "oci:$spec:v1" >id
		[ "sha256:$(cat id)" = "$config" ] || fail "$spec: podman has another image ID"
		podman_ run "$(cat id)" >printed 2>err || { cat err >&2; fail "$spec: podman run"; }
		[ "$(head -1 printed)" = "data of v1" ] || fail "$spec: podman run printed $(head -1 printed)"
	done
	# A layout of one image is also loaded, as a folder and as a tar.
	podman_ rmi -af >/dev/null
	podman_ load -q -i exact >/dev/null || fail "podman load of a folder"
	image_tool plain layout:v2 single:lab:v2 >/dev/null
	tar -C single -cf single.tar .
	podman_ load -q -i single.tar >/dev/null || fail "podman load of a tar"
	[ "$(podman_ image ls -q --no-trunc | sort -u)" = "$(printf '%s\n' "$config" "$(config_digest oci:layout:v2)" | sort -u)" ] ||
		fail "podman loaded other images"
	pass "podman load and run"
fi

if command -v containerd >/dev/null && command -v ctr >/dev/null; then
	at_end() { containerd_stop; https_stop; rm -rf "$w"; }
	containerd_start
	for spec in out exact; do
		tar -C "$spec" -cf "$spec.oci.tar" .
		ctr_ images import --no-unpack --base-name "example.com/$spec" "$spec.oci.tar" >imported || fail "$spec: ctr images import"
		digest=$(manifest_digest "oci:$spec:v1")
		grep -q "^example.com/$spec:v1 .*$digest" <<<"$(ctr_ images ls)" || fail "$spec: containerd has another image"
		grep -qx "example.com/$spec:v1" <<<"$(ctr_ images check -q "name==example.com/$spec:v1")" || fail "$spec: not complete"
	done
	containerd_stop
	pass "ctr images import"
fi
