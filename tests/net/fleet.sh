#!/bin/bash
# 200 agents at once against one nginx: fleet.py. Usage: fleet.sh [AGENTS]
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1 PATH=$PATH:/usr/sbin
exec python3 "$(dirname -- "$(realpath "$0")")/fleet.py" "$@"
