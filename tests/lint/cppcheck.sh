#!/bin/bash
# cppcheck is quiet.
cd "$(dirname -- "$0")/../.." || exit 1
exec cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
	-j "$(nproc)" -D_GNU_SOURCE '-DRILL_VERSION="0"' -I . protocol host device
