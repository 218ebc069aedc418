#!/bin/bash
# No shell script has a fault that shellcheck sees.
cd "$(dirname -- "$0")/../.." || exit 1
exec shellcheck -x demo.sh test.sh .ci/run .ci/install-packages .ci/get-sources boards/*/*.sh tests/*/*.sh
