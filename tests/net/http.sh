#!/bin/bash
# The agent against every HTTP server that is known to misbehave: http_cases.py.
# Usage: http.sh [CASE...]
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$(dirname -- "$(realpath "$0")")/http_cases.py" "$@"
