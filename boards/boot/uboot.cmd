# The boot script of a board whose U-Boot neither counts boots (CONFIG_BOOTCOUNT_LIMIT) nor keeps its environment in two
# copies: it does both, on what fw_setenv writes. Make boot.scr of it: mkimage -A arm64 -T script -d uboot.cmd boot.scr
# The board sets before: rill_dev (as in "virtio 0"), rill_read and rill_write (commands: "virtio read"), rill_blk_0 and
# rill_blk_1 (the first blocks of the copies), rill_root_a and rill_root_b (numbers of partitions), rill_args, rill_addr.
#
# A copy has 64 KiB: CRC-32, a counter of one byte, variables (tools/env/README of U-Boot). `env import` knows no
# counter: the CRC is moved up to the variables.
setexpr copy_0 ${rill_addr}
setexpr copy_1 ${rill_addr} + 0x20000
for i in 0 1; do
	if test ${i} = 0; then setexpr at ${copy_0}; setexpr blk ${rill_blk_0}; else setexpr at ${copy_1}; setexpr blk ${rill_blk_1}; fi
	setexpr crc ${at} + 1
	setexpr spare ${at} + 0x10000
	setexpr counter ${at} + 4
	${rill_read} ${at} ${blk} 0x80
	setexpr.b count *${counter}
	cp.b ${at} ${spare} 4
	cp.b ${spare} ${crc} 4
	setenv good 0
	if env import -c ${crc} 0xffff rill_slot; then setenv good 1; fi
	if test ${i} = 0; then setenv good_0 ${good}; setenv count_0 ${count}; else setenv good_1 ${good}; setenv count_1 ${count}; fi
done

# The newer of the good ones; the counter goes from ff to 0.
setenv rill_slot a
setenv rill_bad
setenv upgrade_available 0
setenv bootcount 0
setenv bootlimit 3
setenv newer none
if test ${good_0} = 1; then setenv newer 0; fi
if test ${good_1} = 1; then setenv newer 1; fi
if test ${good_0}${good_1} = 11; then
	if itest 0x${count_0} -gt 0x${count_1}; then setenv newer 0; fi
	if test ${count_0}/${count_1} = 0/ff; then setenv newer 0; fi
	if test ${count_0}/${count_1} = ff/0; then setenv newer 1; fi
fi
setenv count 0
if test ${newer} = 0; then setexpr at ${copy_0} + 1; setenv count ${count_0}; fi
if test ${newer} = 1; then setexpr at ${copy_1} + 1; setenv count ${count_1}; fi
if test ${newer} != none; then env import -c ${at} 0xffff rill_slot rill_bad upgrade_available bootcount bootlimit; fi

if test "${upgrade_available}" = 1; then
	setexpr bootcount ${bootcount} + 1
	if itest 0x${bootcount} -gt 0x${bootlimit}; then
		echo rill: slot ${rill_slot} is given up
		setenv rill_bad ${rill_slot}
		if test "${rill_slot}" = a; then setenv rill_slot b; else setenv rill_slot a; fi
		setenv upgrade_available 0
		setenv bootcount 0
	fi
	# Over the older copy: the CRC moves down, and the counter is one more.
	setexpr at ${copy_0}
	setexpr blk ${rill_blk_0}
	if test ${newer} = 0; then setexpr at ${copy_1}; setexpr blk ${rill_blk_1}; fi
	setexpr crc ${at} + 1
	setexpr counter ${at} + 4
	setexpr count 0x${count} + 1
	env export -c -s 0xffff ${crc} rill_slot rill_bad upgrade_available bootcount bootlimit
	cp.b ${crc} ${at} 4
	mw.b ${counter} 0x${count}
	${rill_write} ${at} ${blk} 0x80
fi

echo rill: slot=${rill_slot} bootcount=${bootcount} upgrade_available=${upgrade_available} copies=${good_0}${good_1}
if test "${rill_slot}" = b; then setenv root ${rill_root_b}; else setenv root ${rill_root_a}; fi
setenv bootargs ${rill_args} rill.slot=${rill_slot} rill.root=${root}
if load ${rill_dev}:${root} ${kernel_addr_r} /boot/Image; then
	load ${rill_dev}:${root} ${ramdisk_addr_r} /boot/initrd
	booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdtcontroladdr}
fi
echo rill: slot ${rill_slot} does not boot
sleep 1
reset
