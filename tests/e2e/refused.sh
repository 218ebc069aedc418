#!/bin/bash
# What an update of a file cannot end well with is refused before a byte of the target is fetched, each with its own error;
# and what happens to the file while it runs is noticed. What needs root, or a file system that can do it, says so.
if [ "$(id -u)" = 0 ] && [ -z "${PRIVATE:-}" ] && unshare -m true 2>/dev/null; then
	PRIVATE=1 exec unshare -m --propagation private bash "$0" # what is mounted here goes with us
fi
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=tests/e2e/device.sh
. "$top/tests/e2e/device.sh"
skipped=() prefix=()
update() { "${prefix[@]}" "${AGENT[@]}" update --config "$d/config" "$@"; }
fetched() { grep -c "GET /targets/" "$w/server/access.log" || true; }
# refused CODE PHRASE: the update ends so, and nothing was fetched of the target, or of a delta
refused() {
	local before after
	before=$(fetched)
	expect "$1" "$2" update
	after=$(fetched)
	[ "$before" = "$after" ] || fail "something was fetched: $2"
	[ -z "$(find "$d" -name '*.rill-new')" ] || fail "something is left behind"
	pass "exit code $1: $2"
}
mounted() { [ -n "${PRIVATE:-}" ] && mount "$@" 2>"$w/err"; }

device folder 1
rm "$d/bin/app"
mkdir "$d/bin/app"
refused 15 "not a regular file"
device fifo 1
rm "$d/bin/app"
mkfifo "$d/bin/app"
refused 15 "not a regular file"
device link 1
mv "$d/bin/app" "$d/bin/real"
ln -s real "$d/bin/app"
refused 15 "a symbolic link"
device tree 1 ", \"within\": \"$w/tree/allowed\""
mkdir "$d/allowed"
refused 15 'not "within"'
mv "$d/bin" "$d/elsewhere"
ln -s allowed "$d/bin"
mv "$d/elsewhere/app" "$d/allowed"
expect 0 "updated to release 2" update
rm "$d/bin"
mv "$d/allowed" "$d/allowed-not"
mkdir "$d/allowed"
ln -s allowed-not "$d/bin"
refused 15 'not "within"'
device missing 1
rm -r "${d:?}/bin"
refused 3 "No such file or directory"
device changed 1
echo "# somebody's" >>"$d/bin/app"
refused 12 "no delta from what is installed"

if [ "$(id -u)" = 0 ]; then
	device device 1
	rm "$d/bin/app"
	mknod "$d/bin/app" c 1 3 2>/dev/null && refused 15 "not a regular file"
	device immutable 1
	if chattr +i "$d/bin/app" 2>/dev/null; then
		refused 15 "immutable"
		chattr -i "$d/bin/app"
		chattr +a "$d/bin"
		refused 15 "append-only"
		chattr -a "$d/bin"
	else
		skipped+=("immutable files")
	fi
	if command -v setpriv >/dev/null; then
		device unprivileged 1
		chmod 755 "$w" "$d" "$d/bin"
		chown -R 65534:65534 "$d/state"
		prefix=(setpriv --reuid=65534 --regid=65534 --clear-groups)
		refused 3 "cannot write to its folder: Permission denied"
		# It may write there, but not keep the owner.
		chmod 777 "$d/bin"
		refused 3 "keep its owner: Operation not permitted"
		prefix=()
	fi
else
	skipped+=("devices, immutable files, other users")
fi
device mount 1
cp "$d/bin/app" "$d/other"
if mounted --bind "$d/other" "$d/bin/app"; then
	refused 15 "something is mounted on it"
	umount "$d/bin/app"
	mkdir "$d/ram"
	mount -t tmpfs none "$d/ram"
	cp "$w/v1" "$d/ram/app"
	mount --bind "$d/ram/app" "$d/bin/app"
	refused 15 "on another file system than its folder"
	umount "$d/bin/app"
	umount "$d/ram"
	mount -t tmpfs -o size=200k none "$d/bin"
	cp "$w/v1" "$d/bin/app"
	refused 5 "are free"
	mount -o remount,size=10M "$d/bin"
	mount -o remount,ro "$d/bin"
	refused 3 "Read-only file system"
	mount -o remount,rw "$d/bin"
	expect 0 "updated to release 2" update
	umount "$d/bin"
	device state 1
	mount -t tmpfs -o size=16k none "$d/state"
	refused 5 "No space left on device"
	[ "$(agent status --config "$d/config" --json | jq -r '.targets[0].state')" = idle ] || fail "status without room"
	umount "$d/state"
	device rostate 1
	mount -t tmpfs -o ro none "$d/state"
	refused 3 "Read-only file system"
	umount "$d/state"
else
	skipped+=("mounts")
fi

# The state folder is lost at any time: what is installed says what to do.
device wiped 1
update -q
rm -r "$d/state"
expect 0 "up to date, release 2" update
[ "$(state state)$(state release)" = committed2 ] || fail "a lost state is not made again"
pass "a lost state folder"

# In the middle of an update, when the hook before the switch runs: the base changes, or the new file vanishes.
# shellcheck disable=SC2016  # of the hook
printf '#!/bin/sh\n[ -e "$1" ] || { : >"$1"; eval "$2"; }\n' >"$w/once"
chmod 755 "$w/once"
meanwhile() { # NAME CODE PHRASE COMMAND
	local name=$1 code=$2 phrase=$3
	device "$name" 1 ", \"may_switch\": [\"$w/once\", \"$w/$name/once\", \"cd $w/$name/bin && $4\"]"
	expect "$code" "$phrase" update
	pass "$name: exit code $code, $phrase"
}
meanwhile written 9 "somebody changed it meanwhile" "echo mine >>app"
expect 12 "no delta from what is installed" update
[ "$(tail -n 1 "$d/bin/app")" = mine ] || fail "somebody's file is lost"
meanwhile removed 9 "somebody changed it meanwhile" "rm app"
meanwhile vanished 3 "cannot rename the new file over it" "rm .app.rill-new"
same "$w/v1" "$d/bin/app"
expect 0 "updated to release 2" update
same "$w/v2" "$d/bin/app"
meanwhile wiped 3 "state" "rm -r ../state"
same "$w/v1" "$d/bin/app"
expect 0 "updated to release 2" update

# A program that runs is no obstacle.
device busy 1
cp "$(command -v sleep)" "$w/program"
mkdelta repo publish "$www" sleep "$w/program" --key "$w/key" -q
{ cat "$w/program"; echo more; } >"$w/program2"
mkdelta repo publish "$www" sleep "$w/program2" --key "$w/key" -q
cp "$w/program" "$d/bin/sleep"
sed -i 's|"app"|"sleep"|; s|bin/app|bin/sleep|' "$d/config"
"$d/bin/sleep" 30 &
running=$!
expect 0 "updated to release 2" update
kill $running
same "$w/program2" "$d/bin/sleep"
pass "a running program is replaced"
[ ${#skipped[@]} = 0 ] || printf 'not looked at here: %s\n' "${skipped[@]}"
