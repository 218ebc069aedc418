#!/bin/bash
# Debian's systemd, for real: it is process 1 of an arm64 guest, with the agent as the board generic-arm64 installs it. Under
# its unit, with all that hardens it, the agent becomes ready, updates itself over TLS and the slot that does not run, asks for
# the clock, runs hooks, speaks to the watchdog, comes back after kill -9 and when it hangs, ends well when it is told to, and
# has the device rebooted.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname -- "$0")/../e2e/lib.sh"
# shellcheck source=tests/support/guest.sh
. "$top/tests/support/guest.sh"
limit=$(sed -n 's/.* --threshold=\([0-9]*\) .*/\1/p' "$top/tests/boards/init.sh") # of the exposure, times ten
for program in sfdisk mkenvimage fw_printenv mkfs.ext4 aarch64-linux-gnu-gcc; do
	command -v $program >/dev/null || skip "needs $program"
done
guest_packages systemd systemd-sysv libsystemd-shared libsystemd0 libacl1 libapparmor1 libaudit1 libblkid1 libc6 libcap-ng0 libcap2 \
	libcrypt1 libgcrypt20 libgpg-error0 libip4tc2 libkmod2 liblz4-1 liblzma5 libmount1 libpam0g libpcre2-8-0 libseccomp2 \
	libselinux1 libsmartcols1 libssl3 libzstd1 mount libubootenv-tool libubootenv0.1 libyaml-0-2 zlib1g

# The root file system: Debian's packages, with BusyBox for what else a shell script calls.
root=$w/root
mkdir -p "$root"/{boot,data,dev,etc/rill,proc,root,run,sys,tmp,usr/bin,usr/lib,usr/sbin,var/lib}
for folder in bin lib sbin; do ln -s usr/$folder "$root"; done
ln -s /run/lock "$root/var/lock"
tar -C "$guest_root" -c --exclude=./boot --exclude=./lib/modules --exclude=./usr/share/doc --exclude=./usr/share/locale \
	--exclude=./usr/share/man . | tar -C "$root" -x --keep-directory-symlink
"${AGENT[@]:0:${#AGENT[@]}-1}" "$guest_root/bin/busybox" --list | while read -r applet; do
	[ -e "$root/bin/$applet" ] || [ -L "$root/bin/$applet" ] || [ -L "$root/sbin/$applet" ] || ln -s busybox "$root/bin/$applet"
done
DESTDIR=$root cmake --install "$BUILD" --prefix /usr >"$w/install.log"
units=$root/etc/systemd/system
mkdir -p "$units"/{multi-user,local-fs,network-online}.target.wants "$units/rill-agent.service.d"
ln -s /usr/lib/systemd/system/multi-user.target "$units/default.target"
ln -s /usr/lib/systemd/system/rill-agent.service "$units/multi-user.target.wants"
# Sooner than on a device, so that a test can wait for it.
printf '[Service]\nRestartSec=1\nWatchdogSec=18\n' >"$units/rill-agent.service.d/test.conf"
unit() { # NAME TARGET COMMAND [LINE...]
	printf '%s\n' '[Service]' Type=oneshot RemainAfterExit=yes "ExecStart=$3" '[Unit]' "${@:4}" >"$units/$1.service"
	ln -s "../$1.service" "$units/$2.target.wants"
}
unit writable local-fs '/bin/mount -o remount,rw /' DefaultDependencies=no Before=local-fs.target
unit network network-online /etc/network Before=network-online.target
unit clock multi-user /usr/bin/set-clock-right Before=rill-agent.service
unit check multi-user /etc/check After=rill-agent.service
printf '%s\n' '[Service]' StandardOutput=tty StandardError=tty TTYPath=/dev/ttyAMA0 Type=exec >>"$units/check.service"
printf '%s\n' root:x:0:0:root:/root:/bin/sh nobody:x:65534:65534:nobody:/:/bin/false >"$root/etc/passwd"
printf '%s\n' root:x:0: nogroup:x:65534: >"$root/etc/group"
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
echo "10.0.2.2 localhost" >"$root/etc/hosts"
printf '/dev/vda1 0x0 0x10000\n/dev/vda1 0x10000 0x10000\n' >"$root/etc/fw_env.config"
cat >"$root/etc/network" <<-'SCRIPT'
	#!/bin/sh -e
	ip link set eth0 up
	ip addr add 10.0.2.15/24 dev eth0
	ip route add default via 10.0.2.2
SCRIPT
# A clock that the kernel takes for right, as after NTP.
cat >"$w/clock.c" <<-'C'
	#include <sys/timex.h>
	int main(void)
	{
		struct timex timex = {.modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR};
		return adjtimex(&timex) != TIME_OK;
	}
C
aarch64-linux-gnu-gcc -O1 -static "$w/clock.c" -o "$root/usr/bin/set-clock-right"

# Release 2 of the agent, and of a slot.
cp "$root/usr/bin/rill-agent" "$w/agent-2"
head -c 3000 /dev/urandom >>"$w/agent-2"
head -c $((1 << 20)) /dev/urandom >"$w/slot-1"
{ head -c 600000 "$w/slot-1"; head -c 20000 /dev/urandom; tail -c 400000 "$w/slot-1"; } >"$w/slot-2"
mkdelta key new "$w/key" -q
mkdelta repo init "$w/www" --key "$w/key" -q
mkdelta repo publish "$w/www" rill-agent "$root/usr/bin/rill-agent" --key "$w/key" -q
mkdelta repo publish "$w/www" system "$w/slot-1" --kind slot --key "$w/key" -q
mkdelta repo publish "$w/www" rill-agent "$w/agent-2" --key "$w/key" -q
mkdelta repo publish "$w/www" system "$w/slot-2" --kind slot --key "$w/key" -q
https_start "$w/server" "$w/www"
cp "$w/server/ca.crt" "$root/etc/rill"
cp "$w/www/metadata/1.root.json" "$root/etc/rill/root.json"
sha256sum <"$w/agent-2" | cut -d ' ' -f 1 >"$root/etc/rill/wanted"
# The board's own configuration, and a slot, to which it may switch when the test is over.
jq --arg url "$https_url" '.url = $url | .ca = "/etc/rill/ca.crt" | .proxy = "none" | .reboot = ["/sbin/reboot"] | .targets += [{
	"name": "system", "kind": "slot", "slots": {"a": "PARTLABEL=root-a", "b": "PARTLABEL=root-b"},
	"boot": ["/usr/lib/rill/boot/uboot.sh"], "may_switch": ["/etc/rill/may-switch"]}]' \
	"$root/usr/share/doc/rill/examples/rill-agent.json" >"$root/etc/rill/rill-agent.json"
printf '#!/bin/sh\n[ -e /run/go ] || exit 21\n' >"$root/etc/rill/may-switch"

cat >"$root/etc/check" <<'CHECK'
#!/bin/sh
say() { echo "guest: $*"; }
give_up() {
	say "FAILED: $*"
	journalctl --no-pager -n 60 -u rill-agent.service
	systemctl poweroff -ff
	exit 1
}
show() { systemctl show rill-agent.service --value -p "$1"; }
await() { # WHAT COMMAND...: at most 90 s
	what=$1 n=0
	shift
	until "$@"; do
		n=$((n + 1))
		[ $n -lt 90 ] || give_up "$what"
		sleep 1
	done
}
is() { [ "$(show "$1")" = "$2" ]; }
restarted() { is ActiveState active && [ "$(show MainPID)" != "$pid" ] && [ "$(show NRestarts)" -gt "$count" ]; }
is_prepared() { [ "$(rill-agent status --json | grep -c '"state":.*"prepared"')" = 1 ]; }
pinged() { [ "$(show WatchdogTimestampMonotonic)" != "$ping" ]; }
updated() { [ "$(sha256sum </usr/bin/rill-agent | cut -d ' ' -f 1)" = "$(cat /etc/rill/wanted)" ]; }

[ "$(readlink -f /proc/1/exe)" = /usr/lib/systemd/systemd ] || give_up "another init: $(readlink -f /proc/1/exe)"
say "$(systemctl --version | head -n 1), up after $(cut -d ' ' -f 1 /proc/uptime) s"
is ActiveState active && is Type notify || give_up "not ready"
say "ready: $(show Type), $(show StatusText)"

await "no update of the agent" updated
await "no update of the slot" is_prepared
say "updated: the agent is release 2, the slot is written and may not be switched to"
cut -c 1-10 /var/lib/rill/metadata/time >/run/kept
[ "$(cat /run/kept)" = "$(date -u +%F)" ] || give_up "the clock is not trusted: it keeps $(cat /run/kept)"
say "clock: $(cat /run/kept) is trusted"

for n in 1 2; do
	ping=$(show WatchdogTimestampMonotonic)
	await "no ping of the watchdog" pinged
done
say "watchdog: two pings, the last at $(($(show WatchdogTimestampMonotonic) / 1000)) ms"

pid=$(show MainPID) count=$(show NRestarts)
kill -9 "$pid"
await "it does not come back" restarted
cmp "/proc/$(show MainPID)/exe" /usr/bin/rill-agent || give_up "it is not release 2 that runs"
say "kill -9: started again, as release 2"

pid=$(show MainPID) count=$(show NRestarts)
kill -STOP "$pid"
await "the watchdog does not see that it hangs" restarted
say "hangs: the watchdog ends it, and it is started again"

pid=$(show MainPID)
systemctl reload rill-agent.service || give_up "reload"
reloaded() { [ "$(journalctl -u rill-agent.service | grep -c 'the configuration is read anew')" = 1 ]; }
await "no reload" reloaded
is MainPID "$pid" && is ActiveState active || give_up "reload ends it"
say "reload: the configuration is read anew"

systemctl stop rill-agent.service || give_up "stop"
is ActiveState inactive && is Result success && is ExecMainStatus 0 || give_up "stop: $(show Result), $(show ExecMainStatus)"
say "stop: $(show Result), exit status $(show ExecMainStatus)"

systemctl start rill-agent-update.service || give_up "rill-agent-update.service"
systemctl start rill-agent-update.timer || give_up "the timer"
[ "$(systemctl show rill-agent-update.timer --value -p NextElapseUSecMonotonic)" != infinity ] || give_up "the timer does not run"
say "once, and by the timer: $(systemctl show rill-agent-update.service --value -p Result)"
systemctl stop rill-agent-update.timer

say "exposure: $(systemd-analyze security --no-pager rill-agent.service | sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\) .*/\1/p')"
touch /run/go
systemctl start rill-agent.service || give_up "start"
sleep 100
give_up "no reboot"
CHECK
chmod 755 "$root"/etc/{check,network,rill/may-switch}

# The disk: U-Boot's variables, the root file system, two slots.
truncate -s 256M "$w/root.img"
mkfs.ext4 -q -E root_owner=0:0 -d "$root" "$w/root.img"
printf 'rill_slot=a\nupgrade_available=0\nbootcount=0\n' | mkenvimage -r -s 0x10000 -o "$w/env" -
disk=$w/disk
truncate -s 264M "$disk"
sfdisk -q "$disk" <<-PARTITIONS
	label: gpt
	start=2048, size=256, name=env
	start=4096, size=2048, name=root-a
	start=6144, size=2048, name=root-b
	start=8192, size=524288, name=data
PARTITIONS
put() { dd of="$disk" bs=512 seek="$1" conv=notrunc,sparse status=none; }
take() { dd if="$disk" bs=512 skip="$1" count="$2" status=none; }
cat "$w/env" "$w/env" | put 2048
put 4096 <"$w/slot-1"
put 8192 <"$w/root.img"
rm "$w/root.img"

guest_files=$w/initramfs.files
mkdir -p "$guest_files"/{bin,dev,proc,root,modules}
cp "$guest_root/bin/busybox" "$guest_files/bin"
install -m 755 "$top/boards/qemu-virt-arm64/initramfs-init" "$guest_files/init"
guest_modules "$guest_files/modules" virtio_pci virtio_blk virtio_net ext4 crc32c_generic
# About three days from now, which only a clock that is trusted tells.
guest_boot 400 "$w/console" "rill.root=4 rill.slot=a systemd.getty_auto=no" -rtc "base=$(date -u -d '3 days' +%F)T12:00:00" \
	-drive "if=none,id=d0,file=$disk,format=raw,cache=writeback" -device virtio-blk-pci,drive=d0
grep '^guest:' "$w/console" || tail -n 40 "$w/console"
grep -q '^guest: exposure' "$w/console" || fail "$(sed -n '/^guest: FAILED/,$p' "$w/console")"
# By the agent, from under its unit.
grep -q 'reboot: Restarting system' "$w/console" || fail "no reboot: $(tail -n 20 "$w/console")"
take 2048 256 >"$w/env.after"
printf '%s 0x0 0x10000\n%s 0x10000 0x10000\n' "$w/env.after" "$w/env.after" >"$w/fw_env.config"
fw_printenv -c "$w/fw_env.config" | grep -E '^(rill_slot=b|upgrade_available=1)$' >"$w/switched" || true
[ "$(wc -l <"$w/switched")" = 2 ] || fail "the boot loader is not told: $(cat "$w/switched")"
take 6144 2048 >"$w/b"
cmp -n "$(stat -c %s "$w/slot-2")" "$w/b" "$w/slot-2" || fail "slot b is not release 2"
take 4096 2048 | cmp - "$w/slot-1" || fail "slot a was written"
pass "slot b has release 2, the boot loader is to try it, and the device was rebooted"
exposure=$(sed -n 's/^guest: exposure: \([0-9]*\)\.\([0-9]\).*/\1\2/p' "$w/console")
[ "$exposure" -le "$limit" ] || fail "exposed: $exposure of 100, over $limit"
pass "exposure $exposure of 100, at most $limit"
