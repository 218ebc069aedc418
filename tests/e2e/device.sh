# shellcheck shell=bash disable=SC2154,SC2034  # of lib.sh and https.sh
# Sourced after lib.sh: a repository with three versions, served over HTTPS, and devices that follow it. Target "app"
# has $w/v1 and then $w/v2, "other" has $w/v3.
#
#	device NAME VERSION [MEMBERS [MEMBERS]]    a new one, $d, with members of the target and of the whole configuration
#	update ...                                 one update of it
#	state MEMBER [N]                           of the Nth target in its status
#	https_again                                the server comes back at the same address

version() { # N FILE: a program that says its version, with some weight so that deltas are worth it
	# shellcheck disable=SC2016  # expanded by the program
	{ printf '#!/bin/sh\n[ "$1" != version ] || { echo version %s; exit 0; }\nexit 0\n' "$1"
		seq -f "# line %g of a long program, version $1 of it" 1 3000; } >"$2"
	chmod 755 "$2"
}
for n in 1 2 3; do version $n "$w/v$n"; done
www=$w/www
mkdelta key new "$w/key" -q
mkdelta repo init "$www" --key "$w/key" -q
mkdelta repo publish "$www" app "$w/v1" --key "$w/key" -q
mkdelta repo publish "$www" app "$w/v2" --key "$w/key" -q
mkdelta repo publish "$www" other "$w/v3" --key "$w/key" -q
https_start "$w/server" "$www"

config() { # DEVICE [members of the target] [more members of the whole]
	cat >"$1/config" <<-JSON
		{"url": "$https_url", "ca": "$w/server/ca.crt", "root": "$1/root.json", "state": "$1/state", ${3:-}
		 "targets": [{"name": "app", "kind": "file", "path": "$1/bin/app" ${2:-}}]}
	JSON
}
device() {
	d=$w/$1
	rm -rf "$d"
	mkdir -p "$d/bin" "$d/state"
	cp -p "$w/v$2" "$d/bin/app"
	cp "$www/metadata/1.root.json" "$d/root.json"
	config "$d" "${3:-}" "${4:-}"
}
update() { agent update --config "$d/config" "$@"; }
state() { agent status --config "$d/config" --json | jq -r ".targets[${2:-0}].$1"; }
https_again() {
	local n
	nginx -e "$w/server/error.log" -p "$w/server" -c "$w/server/nginx.conf" &
	https_pid=$!
	for ((n = 0; n < 100; n++)); do
		https_is_up "$https_port" && return
		sleep 0.05
	done
	fail "the server does not come back"
}
