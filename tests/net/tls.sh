#!/bin/bash
# The agent against every kind of TLS and certificate: tls_cases.py.
# Usage: tls.sh [CASE...]
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$(dirname -- "$(realpath "$0")")/tls_cases.py" "$@"
