#!/bin/bash
# A selection of what agent.py, and all of it what all.sh does. The controls, bad agents, must be caught.
set -euo pipefail
cd "$(dirname -- "$0")"
command -v python3 >/dev/null || { echo "SKIPPED: needs python3"; exit 77; }
# A disk would only slow it down: what it would have of all is known without.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi
sample=${SAMPLE:-97}
python3 agent.py --sample "$sample"
for scenario in update slot; do
	python3 agent.py --sample $((sample / 8 + 1)) --only $scenario --faults kill --control in-place | tail -n 1
	python3 agent.py --sample $((sample / 12 + 1)) --only $scenario --faults "cut names" --control no-sync | tail -n 1
done
