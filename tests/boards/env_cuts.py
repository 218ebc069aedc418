#!/usr/bin/env python3
"""Cuts the power at every write to U-Boot's environment that qemu recorded, and inside each, sector by sector.

usage: env_cuts.py DISK LOG WORK IMAGE...

DISK is the disk before, LOG what qemu's blklogwrites made. After each cut libubootenv (fw_printenv) reads both copies as U-Boot's
script does: the slot that it names must hold one of the IMAGEs whole, in what was flushed by then, and
the first time that it is slot b, U-Boot must be told to count the trial.
WORK/cut-N.img are disks to boot: one after each write, and one in the middle of each. Prints a table; exit 1 on any bad cut.
"""
import hashlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + '/../support')
from write_log import FLUSH, entries  # noqa: E402

SECTOR = 512
ENV, COPY = 8192 * SECTOR, 0x10000
SLOT = {'a': 16384 * SECTOR, 'b': 180224 * SECTOR}


def main():
    disk, log, work, *images = sys.argv[1:]
    now = bytearray(open(disk, 'rb').read())
    flushed = bytearray(now)
    pending = []
    whole = {}
    length = 0
    for image in images:
        content = open(image, 'rb').read()
        length = len(content)
        whole[hashlib.sha256(content).digest()] = os.path.basename(image)
    env = os.path.join(work, 'env')
    config = os.path.join(work, 'env.config')
    with open(config, 'w') as f:
        f.write('%s 0x0 0x10000\n%s 0x10000 0x10000\n' % (env, env))
    known = {}
    count = {'whole': 0, 'torn': 0, 'bad': 0, 'lost': 0}
    chosen, disks, tried = {}, 0, False

    def held(slot):
        content = bytes(flushed[SLOT[slot]:SLOT[slot] + length])
        return whole.get(hashlib.sha256(content).digest())

    def choose(state):
        if state not in known:
            with open(env, 'wb') as f:
                f.write(state)
            p = subprocess.run(['fw_printenv', '-c', config], capture_output=True, text=True)
            values = dict(line.split('=', 1) for line in p.stdout.splitlines() if '=' in line)
            known[state] = values.get('rill_slot'), values.get('upgrade_available') == '1'
        return known[state]

    def judge(state, kind, at):
        nonlocal tried
        count[kind] += 1
        slot, trial = choose(state)
        if slot is None:
            count['lost'] += 1
        release = contents[slot] if slot in contents else None
        chosen[(slot, release)] = chosen.get((slot, release), 0) + 1
        if release is None:
            count['bad'] += 1
            print('bad: %s cut at entry %d: slot %s does not hold a release' % (kind, at, slot))
        # The new slot is tried before it is kept, and U-Boot must know that.
        if slot == 'b' and not tried and not trial:
            count['bad'] += 1
            print('bad: %s cut at entry %d: slot b is started for good before it was tried' % (kind, at))
        tried = tried or (kind == 'whole' and slot == 'b' and trial)

    def save(state):
        nonlocal disks
        copy = bytearray(flushed)
        copy[ENV:ENV + 2 * COPY] = state
        with open(os.path.join(work, 'cut-%d.img' % disks), 'wb') as f:
            f.write(copy)
        with open(os.path.join(work, 'cut-%d.slot' % disks), 'w') as f:
            f.write(choose(state)[0] or '')
        disks += 1

    writes = 0
    for at, (offset, data, flags) in enumerate(entries(log)):
        if data and ENV <= offset < ENV + 2 * COPY:
            writes += 1
            contents = {slot: held(slot) for slot in SLOT}
            before = bytearray(now[ENV:ENV + 2 * COPY])
            for end in range(SECTOR, len(data), SECTOR):
                state = bytearray(before)
                state[offset - ENV:offset - ENV + end] = data[:end]
                judge(bytes(state), 'torn', at)
                if end == len(data) // 2 // SECTOR * SECTOR:
                    save(bytes(state))
            before[offset - ENV:offset - ENV + len(data)] = data
            judge(bytes(before), 'whole', at)
            save(bytes(before))
        if data:
            now[offset:offset + len(data)] = data
            pending.append((offset, data))
        if flags & FLUSH:
            for offset, data in pending:
                flushed[offset:offset + len(data)] = data
            pending = []
    print('writes to the environment: %d; cuts after them: %d, inside them: %d' % (writes, count['whole'], count['torn']))
    for (slot, release), n in sorted(chosen.items(), key=str):
        print('  slot %s, with %s: %d cuts' % (slot, release, n))
    print('environments lost: %d; cuts that leave nothing to start: %d; disks to boot: %d' % (count['lost'], count['bad'], disks))
    sys.exit(count['bad'] > 0 or count['lost'] > 0 or writes < 5 or not tried)


main()
