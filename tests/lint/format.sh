#!/bin/bash
# clang-format has nothing to change.
cd "$(dirname -- "$0")/../.." || exit 1
mapfile -t files < <(find protocol host device tests -name '*.[ch]')
[ "${#files[@]}" -gt 50 ] || { echo "only ${#files[@]} files found"; exit 1; }
clang-format --dry-run -Werror "${files[@]}"
