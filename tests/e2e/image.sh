#!/bin/bash
# The agent keeps a container image current: every way that ends, its exit code, and what is in the layout after it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/interop/lib.sh
. "$top/tests/interop/lib.sh"
needs umoci skopeo jq busybox
make_images "$w/layout"
umoci config --image "$w/layout:v2" --tag v3 --config.env A=B
cd "$w"
www=$w/www
mkdelta key new "$w/key" -q
mkdelta repo init "$www" --key "$w/key" -q
mkdelta repo publish "$www" toolchain "layout:v1" --key "$w/key" >published
grep -q "toolchain: release 1, image [0-9a-f]\{12\}; deltas: none" published || fail "publish: $(cat published)"
mkdelta repo publish "$www" toolchain "layout:v2" --base "layout:v1" --key "$w/key" >published
grep -q "from sha256:[0-9a-f]\{12\}: [0-9]* bytes" published || fail "publish: $(cat published)"
mkdelta repo check "$www" -q
https_start "$w/server" "$www"
delta=$(find "$www/targets/deltas" -name '*.rill')
length=$(stat -c %s "$delta")

device() { # NAME TAG [more members of the target]: a new device that has that image
	d=$w/$1
	rm -rf "$d"
	mkdir -p "$d/state"
	if [ "$2" != none ]; then skopeo copy -q "oci:layout:$2" "oci:$d/image:latest"; fi
	cp "$www/metadata/1.root.json" "$d/root.json"
	cat >"$d/config" <<-JSON
		{"url": "$https_url", "ca": "$w/server/ca.crt", "root": "$d/root.json", "state": "$d/state", "retries": 0,
		 "targets": [{"name": "toolchain", "kind": "image", "path": "$d/image" ${3:-}}]}
	JSON
}
update() { agent update --config "$d/config" "$@"; }
state() { agent status --config "$d/config" --json | jq -r ".targets[0].$1"; }
# whole TAG: the layout holds that image and nothing else
whole() {
	local blob names=0 wanted
	[ "$(config_digest "oci:$d/image:latest")" = "$(config_digest "oci:layout:$1")" ] || fail "$d: not the image $1"
	for blob in "$d"/image/blobs/sha256/* "$d"/image/blobs/sha256/.[!.]*; do
		[ ! -e "$blob" ] || names=$((names + 1))
	done
	for blob in "$d"/image/blobs/sha256/*; do echo "${blob##*/}  $blob"; done | sha256sum -c --quiet || fail "$d: a damaged blob"
	wanted=$(skopeo inspect --raw "oci:$d/image:latest" | jq '.layers + [1, 1] | length')
	[ "$names" = "$wanted" ] || fail "$d: $names blobs, not $wanted: $(ls -A "$d/image/blobs/sha256")"
	[ "$(cd "$d/image" && echo *)" = "blobs index.json oci-layout" ] || fail "$d: $(ls "$d/image")"
}

# shellcheck disable=SC2016  # expanded by the hook
device good v1 ', "activate": ["/bin/sh", "-c", "cp \"$RILL_PATH/index.json\" \"$RILL_PATH/../handed\""]'
expect 0 "updated to release 2, $length bytes fetched" update
whole v2
same "$d/image/index.json" "$d/handed"
[ "$(state state)$(state release)sha256:$(state installed)" = "committed2$(config_digest oci:layout:v2)" ] || fail "status"
skopeo copy -q "oci:$d/image:latest" "docker-archive:$w/handed.tar:lab:v2"
expect 0 "up to date, release 2" update
expect 12 "no version to go back to" agent rollback --config "$d/config"
whole v2
pass "an update, then nothing to do, and no way back"

device found v2
cp "$d/image/index.json" "$d/image/index.json.rill-previous"
echo "a layer of the one before" >"$d/layer"
cp "$d/layer" "$d/image/blobs/sha256/$(sha256sum "$d/layer" | cut -d " " -f 1)"
expect 0 "up to date, release 2" update
whole v2
[ "$(state state)$(state release)" = committed2 ] || fail "status"
pass "an image that is found in use, the journal lost: noted, and what only the one before needed is gone"

if [ "$(id -u)" = 0 ] && command -v podman >/dev/null; then
	# podman makes a name of the path, and wants no capitals in it.
	mkdir "$w/podman"
	cat >"$w/hook" <<-END
		cd "\$RILL_PATH/.." && exec podman --root "$w/podman/graph" --runroot "$w/podman/run" --storage-driver vfs \\
			--events-backend file --tmpdir "$w/podman/tmp" load -i image
	END
	device podman v1 ", \"activate\": [\"/bin/sh\", \"$w/hook\"]"
	expect 0 "updated to release 2" update
	[ "$(podman_ image ls -q --no-trunc)" = "$(config_digest oci:layout:v2)" ] || fail "podman has another image"
	pass "a hook hands the layout to podman"
fi

device sick v1 ', "health": ["/bin/false"]'
expect 13 "health check" update
whole v1
pass "a health check that fails brings the old image back"

device manual v1 ', "commit": "manual"'
expect 0 "" update
[ -e "$d/image/index.json.rill-previous" ] || fail "the previous image is gone before the commit"
agent rollback --config "$d/config" >/dev/null
whole v1
pass "rolled back by hand"

device new none
expect 12 "never fetched whole" update
[ ! -e "$d/image" ] || fail "something was made"
device other v1
umoci tag --image "$d/image:latest" second
expect 15 "should hold one image" update
device file v1
rm -rf "$d/image"
: >"$d/image"
expect 15 "not a folder" update
hurt() { # CODE PHRASE: with the layer in $blob damaged
	local before
	before=$(listing "$d/image")
	expect "$1" "$2" update --now
	[ "$(listing "$d/image" | grep -v oci-layout)" = "$(grep -v oci-layout <<<"$before")" ] || fail "something changed"
}
layer_of() { # sets $blob: the file of the last layer
	blob=$(skopeo inspect --raw "oci:$d/image:latest" | jq -r '.layers[-1].digest')
	blob=$d/image/blobs/sha256/${blob#sha256:}
}
device hurt v1
layer_of
flip "$blob" -6 # its CRC
hurt 10 "a damaged gzip file"
head -c -3 "$blob" >"$w/cut"
cp "$w/cut" "$blob"
hurt 10 "a damaged gzip file"
echo other | gzip -n >"$blob"
hurt 9 "is damaged, or compressed otherwise than by gzip"
rm "$blob"
hurt 3 "open a layer"
device small v1 ', "health_timeout": 5'
sed -i 's/"retries": 0/"retries": 0, "memory": 1000000/' "$d/config"
expect 6 "needs" update
whole v1
pass "refused, and nothing changed"

# The next release, from the plain layers that the last one left; the config alone changed.
mkdelta repo publish "$www" toolchain "layout:v3" --base "layout:v2" --key "$w/key" -q
d=$w/good
expect 0 "updated to release 3" update
whole v3
pass "from layers that are stored plain"
