# shellcheck shell=bash
# Sourced by tests that compare builds: pairs of files of all sorts, as NAME.old and NAME.new.
# shellcheck disable=SC2154  # top and w are of lib.sh

# make_pairs COMPILER...: the samples, and for each compiler that is here a library of our own sources, old
# and new with the same functions in another order.
make_pairs() {
	local compiler source objects backwards
	"$BUILD/tests/write_samples"
	for compiler; do
		command -v "$compiler" >/dev/null || continue
		objects=() backwards=()
		for source in "$top"/protocol/{predict,layout,copy,delta,address,range}*.c; do
			"$compiler" -O2 -fPIC -std=c17 -D_GNU_SOURCE -I"$top" -c "$source" -o "$(basename "$source").o"
			objects+=("$(basename "$source").o")
			backwards=("$(basename "$source").o" "${backwards[@]}")
		done
		"$compiler" -shared "${objects[@]}" -o "$compiler.old"
		"$compiler" -shared "${backwards[@]}" -o "$compiler.new"
	done
}

# corpus_pairs MOST: those of the shared corpus, if it is here, of up to MOST bytes.
corpus_pairs() {
	local pair
	[ -x "$top/../shared/corpus/unpack.sh" ] || return 0
	"$top/../shared/corpus/unpack.sh" "$w" exe >/dev/null
	for pair in exe/*; do
		[ "$(stat -c %s "$pair/new")" -le "$1" ] || continue
		mv "$pair/old" "${pair#exe/}.old"
		mv "$pair/new" "${pair#exe/}.new"
	done
	rm -rf exe
}
