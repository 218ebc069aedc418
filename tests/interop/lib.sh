# shellcheck shell=bash
# shellcheck disable=SC2154  # $w comes from e2e/lib.sh
# Sourced by the interop tests, behind e2e/lib.sh. Images from scratch, and the tools that take them, each with
# its storage in the work folder. CMake sets IMAGE_TOOL.

# needs TOOL...: skips where one is missing
needs() {
	local tool
	for tool; do command -v "$tool" >/dev/null || skip "no $tool here"; done
}
needs_root() { [ "$(id -u)" = 0 ] || skip "needs root"; }
image_tool() { "$IMAGE_TOOL" "$@"; }

# make_images LAYOUT: tags base, v1 and v2 in an OCI layout, by umoci: a layer with a static busybox, one with data.
make_images() {
	local layout=$1 tag
	mkdir -p "$w/root/bin"
	cp "$(command -v busybox)" "$w/root/bin/busybox"
	ln -s busybox "$w/root/bin/sh"
	umoci init --layout "$layout"
	umoci new --image "$layout:base"
	umoci insert --image "$layout:base" "$w/root/bin" /bin
	umoci config --image "$layout:base" --config.cmd /bin/sh --config.cmd -c --config.cmd 'busybox cat /data'
	for tag in v1 v2; do
		{ echo "data of $tag"; seq -f "$tag %.0f" 1 20000; } >"$w/data"
		umoci insert --image "$layout:base" --tag "$tag" "$w/data" /data
	done
}

# What skopeo says of an image.
manifest_digest() { echo "sha256:$(skopeo inspect --raw "$1" | sha256sum | cut -c 1-64)"; }
config_digest() { skopeo inspect --raw "$1" | jq -r .config.digest; }
# And what we read: FIELD is manifest, config, made ...
read_digest() { image_tool show "$2" | sed -n "s/^$1 \(sha256:[0-9a-f]*\) .*/\1/p"; }

# podman with vfs storage in the work folder; "run" in a private mount namespace with a pure cgroup2 view.
podman_() {
	local options=(--root "$w/podman/graph" --runroot "$w/podman/run" --storage-driver vfs --cgroup-manager cgroupfs
		--events-backend file --tmpdir "$w/podman/tmp")
	mkdir -p "$w/podman"
	if [ "$1" != run ]; then
		podman "${options[@]}" "$@"
		return
	fi
	shift
	# shellcheck disable=SC2016  # expanded by the inner shell
	unshare -m bash -c '
		umount -R /sys/fs/cgroup 2>/dev/null || :
		mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null || :
		exec podman "$@"' sh "${options[@]}" run --rm --runtime crun --network none --cgroups disabled \
		--ulimit nofile=1024:1024 --ulimit nproc=1000:1000 "$@"
}

# containerd on a socket of its own; ended by its process id.
containerd_start() {
	local i
	mkdir -p "$w/containerd"
	cat >"$w/containerd/config.toml" <<END
version = 2
root = "$w/containerd/root"
state = "$w/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt"]
[grpc]
address = "$w/containerd/socket"
[ttrpc]
address = "$w/containerd/ttrpc"
END
	containerd -c "$w/containerd/config.toml" >"$w/containerd/log" 2>&1 &
	containerd_pid=$!
	for ((i = 0; i < 100; i++)); do
		if ctr_ version >/dev/null 2>&1; then return; fi
		kill -0 "$containerd_pid" 2>/dev/null || break
		sleep 0.1
	done
	cat "$w/containerd/log" >&2
	fail "containerd does not start"
}
containerd_stop() {
	[ -n "${containerd_pid:-}" ] || return 0
	kill "$containerd_pid" 2>/dev/null || :
	wait "$containerd_pid" 2>/dev/null || :
	containerd_pid=
}
ctr_() { ctr --address "$w/containerd/socket" "$@"; }
