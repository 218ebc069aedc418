# shellcheck shell=bash
# Sourced after tests/e2e/lib.sh: a repository with a release that nothing makes smaller.
#
#	make_release FOLDER BYTES    FOLDER/old and FOLDER/new, which has so many new bytes; FOLDER/www, with both, and
#	                             FOLDER/before, as it was without the new one; $delta, the delta's length

make_release() { # FOLDER BYTES
	local www=$1/www
	mkdir -p "$1"
	head -c 400000 /dev/urandom >"$1/old"
	{ head -c 50000 "$1/old"; head -c "$2" /dev/urandom; tail -c 340000 "$1/old"; } >"$1/new"
	mkdelta key new "$1/key" -q
	mkdelta repo init "$www" --key "$1/key" -q
	mkdelta repo publish "$www" app "$1/old" --key "$1/key" -q
	cp -r "$www" "$1/before"
	mkdelta repo publish "$www" app "$1/new" --key "$1/key" -q
	# shellcheck disable=SC2034  # for the caller
	delta=$(stat -c %s "$(find "$www/targets/deltas" -name '*.rill')")
}
