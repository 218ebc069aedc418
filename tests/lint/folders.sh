#!/bin/bash
# The dependency rule: protocol/ sees itself, host/ and device/ see protocol/ and themselves. And protocol/
# opens no files or sockets and has no variables that outlive a call.
cd "$(dirname -- "$0")/../.." || exit 1
bad=0
complain() { echo "$1"; bad=1; }
sees() { # FOLDER ALLOWED
	grep -rn --include='*.[ch]' '#include "' "$1" | grep -vE "#include \"($2)/" && complain "$1/ may include only $2"
}
sees protocol 'protocol'
sees host 'protocol|host'
sees device 'protocol|device'
grep -rnE --include='*.c' '\b(open|openat|fopen|socket|connect|getenv|exit)\(' protocol && complain "protocol/ is pure"
for object in "$BUILD"/protocol/CMakeFiles/rill.dir/*.o; do
	objdump -t "$object" | grep -E ' O \.(bss|data)' | grep -v '\.data\.rel\.ro' && complain "$object has variables"
done
exit $bad
