#!/bin/bash
# A selection of what agent.py does; all.sh does all of it.
cd "$(dirname -- "$0")" || exit 1
exec python3 agent.py --sample "${SAMPLE:-13}" "$@"
