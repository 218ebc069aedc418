#!/bin/bash
# The agent with nginx, Apache, Python's server, a registry, squid and a cache: peers.py.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1 PATH=$PATH:/usr/sbin
exec python3 "$(dirname -- "$(realpath "$0")")/peers.py"
