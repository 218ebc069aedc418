#!/bin/bash
# Installs the Debian packages that are missing, builds everything, runs all tests.
# Usage: ./test.sh [PRESET...]      the presets are dev, asan, arm64, arm64-small, armv7 and riscv64; all without an argument
set -euo pipefail
cd "$(dirname -- "$(realpath "$0")")"
case ${1:-} in -h | --help) sed -n '2,3s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
presets=(dev asan arm64 arm64-small)
if [ "$(uname -m)" = aarch64 ]; then
	.ci/install-packages build demo test interop small
else
	.ci/install-packages build cross demo test test-cross interop small
	presets+=(armv7 riscv64)
fi
[ $# = 0 ] || presets=("$@")
skipped=()
if ! .ci/get-sources mbedtls zlib cjson cmocka; then # of which some presets build their libraries
	possible=()
	for preset in "${presets[@]}"; do
		case $preset in dev | asan | arm64) possible+=("$preset") ;; *) skipped+=("$preset") ;; esac
	done
	[ ${#possible[@]} -gt 0 ] || exit 1
	presets=("${possible[@]}")
fi

mkdir -p build
# The other compiler, for its warnings.
cmake -G Ninja -S . -B build/clang -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Release >build/clang.log
cmake --build build/clang >>build/clang.log || { tail -n 40 build/clang.log; exit 1; }
cmake --preset release >build/release.log
cmake --build --preset release >>build/release.log || { tail -n 40 build/release.log; exit 1; }

# Whose mkdelta, agent and samples other presets call.
cmake --preset dev >build/dev.log
cmake --build --preset dev --target mkdelta rill-agent write_samples >>build/dev.log || { tail -n 40 build/dev.log; exit 1; }

for preset in "${presets[@]}"; do
	echo "== $preset"
	cmake --preset "$preset" >"build/$preset.log"
	cmake --build --preset "$preset" >>"build/$preset.log" || { tail -n 40 "build/$preset.log"; exit 1; }
	ctest --preset "$preset" -j "$(nproc)"
done

# The fuzzers, each for some seconds from the kept corpus.
if [ $# = 0 ]; then
	echo "== fuzz"
	cmake -G Ninja -S . -B build/fuzz -DCMAKE_C_COMPILER=clang -DRILL_FUZZ=ON -DRILL_FUZZ_SECONDS=5 >build/fuzz.log
	cmake --build build/fuzz >>build/fuzz.log || { tail -n 40 build/fuzz.log; exit 1; }
	ctest --test-dir build/fuzz -j "$(nproc)" -R '^fuzz_' --output-on-failure --no-tests=error
fi
[ ${#skipped[@]} = 0 ] || echo "SKIPPED, for want of source packages: ${skipped[*]}"
