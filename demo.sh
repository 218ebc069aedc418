#!/bin/bash
# The whole of Rill in one go, for real: two builds of an arm64 program, the delta between them, a signed
# repository, an HTTPS server, and the agent that updates itself from it, and a container image.
# Usage: ./demo.sh            the program is rill-agent itself, built twice
#        ./demo.sh OLD NEW    the same with your own two files
# What is missing of Debian's packages is installed first. Results stay in demo-out/.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
if [ $# != 0 ] && [ $# != 2 ]; then
	echo "usage: ./demo.sh [OLD NEW]" >&2
	exit 2
fi
own=$#
if [ "$own" = 2 ]; then
	old=$(realpath -e -- "$1") new=$(realpath -e -- "$2")
fi
cd "$(dirname -- "$(realpath "$0")")"
out=$PWD/demo-out
# shellcheck source=tests/support/https.sh
. tests/support/https.sh

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
die() { echo "demo: $*" >&2; exit 1; }
# Shows a command as one would type it, then runs it.
run() {
	local shown="$*"
	shown=${shown//$mkdelta/mkdelta}
	shown=${shown//"$agent"/rill-agent}
	echo "\$ $shown"
	"$@"
}
size() { stat -c %s -- "$1"; }
trap https_stop EXIT
started=$SECONDS

say "1. Packages, host tool and agent"
if [ "$(uname -m)" = aarch64 ]; then
	.ci/install-packages build demo
	cross=() emulator=() binutils=
else
	.ci/install-packages build cross demo
	cross=(-DCMAKE_TOOLCHAIN_FILE="$PWD/boards/generic-arm64/toolchain.cmake")
	emulator=(qemu-aarch64-static -L /) binutils=aarch64-linux-gnu-
fi
installed=$((SECONDS - started))
rm -rf "$out"
mkdir -p "$out"
build() { # NAME SOURCES OPTION...: builds quietly
	local name=$1 sources=$2 log=$out/build-$1.log
	shift 2
	{ cmake -G Ninja -S "$sources" -B "build/demo-$name" -DRILL_TESTS=OFF -DCMAKE_BUILD_TYPE=Release "$@" &&
		cmake --build "build/demo-$name"; } >"$log" 2>&1 || { tail -n 20 "$log"; die "the build failed: see $log"; }
}
build host . -DRILL_DEVICE=OFF
mkdelta=$PWD/build/demo-host/host/mkdelta
build agent-1 . -DRILL_HOST=OFF "${cross[@]}"
agent=$PWD/build/demo-agent-1/device/rill-agent
echo "mkdelta for $(uname -m), rill-agent for arm64"

say "2. Two versions of a program"
if [ "$own" = 0 ]; then
	rm -rf build/demo-sources
	mkdir -p build/demo-sources
	cp -r --parents CMakeLists.txt protocol device boards tests/interop build/demo-sources/
	patch -s -d build/demo-sources -p1 <tests/demo/second-version.patch
	build agent-2 build/demo-sources -DRILL_HOST=OFF "${cross[@]}"
	old=rill-agent-1 new=rill-agent-2
	for n in 1 2; do "${binutils}strip" -o "$out/rill-agent-$n" build/demo-agent-$n/device/rill-agent; done
	sed -n 's/^+ *//p' tests/demo/second-version.patch | sed -n '2,18p'
fi
cd "$out"
if cmp -s "$old" "$new"; then die "the two versions are the same file"; fi
name=$(basename "$new" | tr -c 'A-Za-z0-9._+\n-' _)
[ "$own" = 2 ] || name=rill-agent
echo "old: $(size "$old") bytes; new: $(size "$new") bytes"

say "3. The delta"
run "$mkdelta" diff "$old" "$new" -o "$name.rill"
bsdiff "$old" "$new" "$name.bsdiff"
gzip -9 -n <"$new" >"$name.gz"
row() { printf '  %-22s %10d bytes  %6.2f %%\n' "$1" "$2" "$(echo "$2 $(size "$new")" | awk '{print $2 ? 100 * $1 / $2 : 0}')"; }
row "the whole file" "$(size "$new")"
row "gzip -9" "$(size "$name.gz")"
row "bsdiff (Debian's)" "$(size "$name.bsdiff")"
row "mkdelta diff" "$(size "$name.rill")"

say "4. A signed repository"
run "$mkdelta" key new release.pem
run "$mkdelta" repo init www --key release.pem
run "$mkdelta" repo publish www "$name" "$old" --key release.pem
run "$mkdelta" repo publish www "$name" "$new" --key release.pem

say "5. An HTTPS server"
https_start "$out/server" "$out/www"
echo "nginx serves demo-out/www at $https_url; its CA was made just now"

say "6. The device has the old version, and updates itself"
device() { # FOLDER: a device that has the old version, trusts the root and knows the server
	mkdir -p "$1/bin" "$1/state"
	cp "$old" "$1/bin/$name"
	cp www/metadata/1.root.json "$1/root.json"
	local health='' word command=()
	if [ "$own" = 0 ]; then
		command=("$(command -v "${emulator[0]:-true}")" "${emulator[@]:1}" "$1/bin/$name" version)
		[ ${#emulator[@]} -gt 0 ] || command=("${command[@]:1}")
		for word in "${command[@]}"; do health="$health${health:+, }\"$word\""; done
		health=", \"health\": [$health]"
	fi
	cat >"$1/rill-agent.json" <<-JSON
		{"url": "$https_url", "ca": "$out/server/ca.crt", "root": "$1/root.json", "state": "$1/state",
		 "targets": [{"name": "$name", "kind": "file", "path": "$1/bin/$name"$health}]}
	JSON
}
device "$out/device"
# The agent that runs is the file that is replaced; your own files are updated by the build of step 1.
[ "$own" = 2 ] || agent=device/bin/$name
agent_command=("${emulator[@]}" "$agent")
[ "$own" = 2 ] || run "${agent_command[@]}" version
run "${agent_command[@]}" update --config device/rill-agent.json
cmp "$new" "device/bin/$name" || die "not the new version"
echo "byte for byte the new version"
[ "$own" = 2 ] || run "${agent_command[@]}" version
run "${agent_command[@]}" status --config device/rill-agent.json

say "7. Again; and with one byte of the delta changed on the server"
run "${agent_command[@]}" update --config device/rill-agent.json
delta=$(find www/targets/deltas -name '*.rill')
last=$(($(size "$delta") - 1))
byte=$(tail -c 1 "$delta" | od -An -tu1)
cp "$delta" good.rill
# shellcheck disable=SC2059  # an octal escape
printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$delta" bs=1 seek=$last conv=notrunc status=none
device "$out/device-2"
[ "$own" = 2 ] || agent_command=("${emulator[@]}" "device-2/bin/$name")
before=$(cd device-2/bin && find . -type f -exec sha256sum {} +)
status=0
agent=${agent_command[-1]}
run "${agent_command[@]}" update --config device-2/rill-agent.json || status=$?
[ "$status" = 10 ] || die "exit code $status, not 10"
[ "$before" = "$(cd device-2/bin && find . -type f -exec sha256sum {} +)" ] || die "something changed"
echo "exit code 10 (corrupt), and nothing changed on the device"
mv good.rill "$delta"

say "8. A container image with the program in it"
image() { # LAYOUT PROGRAM: an OCI image of two layers, as umoci makes it
	umoci init --layout "$1"
	umoci new --image "$1:latest"
	umoci insert --rootless --image "$1:latest" "$sources" /usr/src/rill
	umoci insert --rootless --image "$1:latest" "$2" "/usr/bin/$name"
	du -sh "$1" | sed 's/\t.*/ in layers compressed by Go/'
}
sources=$(cd .. && pwd)/protocol
image image-1 "$old"
image image-2 "$new"
run "$mkdelta" repo publish www image image-1 --key release.pem
run "$mkdelta" repo publish www image image-2 --base image-1 --key release.pem
cp -r image-1 device/image
[ "$own" = 2 ] || agent=device/bin/$name
agent_command=("${emulator[@]}" "$agent")
cat >device/image.json <<-JSON
	{"url": "$https_url", "ca": "$out/server/ca.crt", "root": "$out/device/root.json", "state": "$out/device/state",
	 "targets": [{"name": "image", "kind": "image", "path": "$out/device/image"}]}
JSON
run "${agent_command[@]}" update --config device/image.json
umoci unpack --rootless --image device/image:latest unpacked >unpacked.log 2>&1 || die "umoci does not unpack it"
cmp "$new" "unpacked/rootfs/usr/bin/$name" || die "not the new image"
echo "the new image, as umoci unpacks it"

say "Done in $((SECONDS - started)) s ($installed s of that for packages). Everything is in $out"
