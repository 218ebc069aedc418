#!/bin/bash
# All of the proof that nothing breaks an installation: every call that can go wrong, every block write after which the power
# can go, and kill -9 in a loop. Takes long; the tests faults_* are a selection. Prints the tables.
# usage: all.sh        needs the presets dev and arm64 built; root for the power cuts
set -euo pipefail
cd "$(dirname -- "$0")/../.."
export BUILD=$PWD/build/dev NATIVE=$PWD/build/dev/host/mkdelta MKDELTA=$PWD/build/dev/host/mkdelta
export AGENT=$BUILD/device/rill-agent FAULT_IO=$BUILD/tests/libfault_io.so
failed=0
run() { # NAME CMD...
	echo "== $1"
	shift
	"$@" || failed=1
}
SAMPLE=1 run "every call goes wrong" tests/faults/agent.sh
UPDATES=500 run "kill -9" tests/faults/kills.sh
BUILD=$PWD/build/arm64 AGENT="qemu-aarch64-static -L / $PWD/build/arm64/device/rill-agent"
REORDER=12 run "power cuts" tests/faults/power.sh
run "power cuts, slots" tests/faults/slots.sh
exit $failed
