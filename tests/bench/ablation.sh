#!/bin/bash
# What each idea of the engine gives: deltas with it switched off, against those with all of them. Nothing of this is in
# the sources that are shipped: a copy of them is edited in one line for each idea, built and run. An edit that
# changes nothing ends the script, so the table cannot lie when the sources move on.
# Usage: tests/bench/ablation.sh FOLDER      (it holds PAIR/old and PAIR/new, as for executables.sh)
#        ONLY=PATTERN picks some of the ideas
set -euo pipefail
top=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
[ $# = 1 ] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
pairs=$1
w=$(mktemp -d "${TMPDIR:-/tmp}/rill-ablation.XXXXXX")
trap 'rm -rf "$w"' EXIT

mkdir "$w/all"
(cd "$top" && cp -r --parents CMakeLists.txt protocol host boards tests/interop "$w/all")
arch() { case $(od -An -tx1 -j 18 -N 2 "$1" | tr -d ' ') in b700) echo arm64 ;; 3e00) echo x86-64 ;; *) echo other ;; esac; }
build() {
	cmake -S "$w/src" -B "$w/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DRILL_DEVICE=OFF -DRILL_TESTS=OFF >/dev/null
	cmake --build "$w/build" --target mkdelta >"$w/log" || { cat "$w/log" >&2; exit 1; }
}
measure() { # NAME: sizes of all pairs, each applied once
	local pair name
	for pair in "$pairs"/*; do
		name=$(basename "$pair")
		if [ ! -e "$pair/old" ] || [ ! -e "$pair/new" ]; then continue; fi
		"$w/build/host/mkdelta" diff -q "$pair/old" "$pair/new" -o "$w/d"
		"$w/build/host/mkdelta" patch -q "$pair/old" "$w/d" -o "$w/got"
		cmp "$pair/new" "$w/got"
		echo "$name $(arch "$pair/new") $(stat -c %s "$w/d")"
	done >"$w/$1"
}

mkdir "$w/src"
cp -r "$w/all/." "$w/src"
build
measure base
printf '%-58s %8s %8s\n' "switched off: size of deltas, of those with all" arm64 x86-64
while IFS='|' read -r name file edit; do
	[[ $name == *${ONLY:-}* ]] || continue
	sed -E "$edit" "$w/all/$file" >"$w/src/$file"
	if cmp -s "$w/all/$file" "$w/src/$file"; then
		echo "$name: the edit of $file changes nothing" >&2
		exit 1
	fi
	build
	measure off
	cp "$w/all/$file" "$w/src/$file"
	join "$w/base" "$w/off" | awk -v name="$name" '
		{ n[$2]++; sum[$2] += log($5 / $3) }
		function mean(a) { return n[a] ? sprintf("%.3f", exp(sum[a] / n[a])) : "-" }
		END { printf "%-58s %8s %8s\n", name, mean("arm64"), mean("x86-64") }'
done <<'END'
prediction of references|protocol/predict.c|s/if \(unit->target == 0 \|\|/if (true || unit->target == 0 ||/
a target inside the copy moves with it|protocol/predict.c|s/if \(is_code\(unit->kind\) && unit->target/if (false \&\& unit->target/
memory of corrections|protocol/correction_cache.c|s/if \(entry->key != key\)/if (true || entry->key != key)/
matching on written-out references|host/engine.h|s/\.passes = 3/.passes = 0/
matching again after that (one pass for three)|host/engine.h|s/\.passes = 3/.passes = 1/
symbols as names of slots, when matching|host/symbol_slots.c|s/if \(slots->n > 0\)/slots->n = 0; if (false)/
price of a copy by its distance|host/group.c|s/change_bit = 22/change_bit = 0/
price of a copy|host/group.c|s/\.change = m->options->change \* 16/.change = 0/
what the base would have next, for literals|protocol/literal_model.c|s/\.expect = \{(.*), place->onward, place->backward\}/.expect = {\1, 0, 0}/
earlier literals, for literals|protocol/literal_model.c|s/length >= MATCH_LEAST - 1 \? length : 0/0/
literals of high order|protocol/literal_model.c|s/rill_hash\(rill_hash\(low, high & 0xffff\), phase \+ 20\)/rill_hash(phase, 20)/
instructions in literals of x86-64|protocol/delta_literals.c|s/\.x64 = among\(b, RILL_REGION_X64\)/.x64 = false/
literals of arm64 as words|protocol/delta_literals.c|s/if \(left >= 4 && b->done % 4 == 0/if (false \&\& left >= 4/
code of the base shown to the model of literals|protocol/delta_body.c|s/code == RILL_OK && b->group_start == 0/false/
hexadecimal digits of what was literal|protocol/literal_model.c|s/model->match_length == 0 && model->hex_length > 0/false/
absolute targets in literals of arm64|protocol/predict_a64.c|s/return move_target\(word, .*/return move_target(word, 0 * place, 0 * place);/
references in literals of x86-64|protocol/delta_literals.c|s/if \(place\.x64 && left >= 4 &&/if (false \&\& place.x64 \&\&/
fewer copies where most is literal|host/group.c|s/if \(tries == 0 &&/if (false \&\&/
the second set of weights|protocol/bit_code.h|s/weight\[k\] = model->set\[k\]\[choice->set\[k\]\]\.weight/weight[k] = model->set[0][choice->set[0]].weight/
the correction after mixing|protocol/bit_code.h|s/p = \(p \+ corrected \* 3\) \/ 4/p = p + 0 * corrected/
numbers shown to the models at the start|protocol/prime.c|s/^\tprime_/\tif (!tables) prime_/
regions without changes left out|host/layout_trim.c|s/= differs\(/= true || differs(/
short bodies within the header|host/engine.c|s/bool within = .*/bool within = false;/
END
