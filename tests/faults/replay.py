#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts the power at every point of a recorded log of block writes (qemu's blklogwrites, which has the format of dm-log-writes),
and judges the disk that is found: it is mounted, what is installed must be old or new, whole; then the agent is started on
it without the network, and again with it, and must come to the new version (found.py). Prints rows of a table.

usage: replay.py NAME BASE.img LOG --old FILE --new FILE --config FILE --offline FILE --mount FOLDER
       [--slots] [--fs NAME] [--tear N] [--reorder N] [--sample N] [--seed S] [--bad]

After each write and flush comes a plain cut. Beyond that a real disk may have
  tear     written only the first k units of 4096 bytes of the last write (N points in each), or
  reorder  written any part of what came since the last flush, in units (N random choices before each flush).
The configurations' paths are below FOLDER, where the disk is mounted. --slots: it is one of two slots that is updated.
--bad: a control, something must be broken; the first is enough.
Needs root, for loop mounts.
"""
import argparse
import hashlib
import os
import random
import sys

from found import Broken, File, Slots, run

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../support")
from write_log import FLUSH, entries  # noqa: E402

UNIT = 4096


def units(offset, data):
    at = 0
    while at < len(data):
        n = UNIT - (offset + at) % UNIT
        yield offset + at, data[at:at + n]
        at += n


class Judge:
    def __init__(self, arguments):
        self.arguments, self.cut = arguments, arguments.mount + ".img"
        self.device = Slots(arguments) if arguments.slots else File(arguments)
        self.kinds = {}  # name to counts: cuts, old, new, resumed, broken
        self.points = 0
        self.verdicts = {}  # by what was on the disk: many cuts leave the same

    def check_file_system(self):
        """What a boot repairs without asking is no damage."""
        if self.arguments.fs != "ext4":
            return None
        code, out, _ = run("e2fsck", "-f", "-p", self.cut)
        return None if code <= 1 else "e2fsck -p ends with %d: %s" % (code, out)

    def look(self):
        """What is found on the mounted disk, whether an update was under way; or what is wrong."""
        try:
            return (*self.device.look(), None)
        except Broken as broken:
            return broken.first, broken.resumed, str(broken)
        except (OSError, ValueError) as problem:
            return "", False, "%s: %s" % (type(problem).__name__, problem)

    def judge(self, kind, at, disk):
        counts = self.kinds.setdefault(kind, [0, 0, 0, 0, 0])
        self.points += 1
        if self.points % self.arguments.sample or (self.arguments.bad and self.broken()):
            return
        counts[0] += 1
        digest = hashlib.sha256(disk).digest()
        if digest not in self.verdicts:
            self.verdicts[digest] = self.start(disk)
        first, resumed, wrong = self.verdicts[digest]
        counts[1] += first == "old"
        counts[2] += first == "new"
        counts[3] += resumed
        counts[4] += wrong is not None
        if wrong and self.broken() <= 5:
            print("  %s: %s cut at entry %d: %s" % (self.arguments.name, kind, at, wrong), flush=True)

    def start(self, disk):
        """The device with this disk."""
        self.device.put(disk)
        first, resumed, wrong = "", False, None
        code, _, err = run("mount", "-o", "loop", "-t", self.arguments.fs, self.cut, self.arguments.mount)
        if code:
            wrong = "cannot be mounted: %s" % err
        else:
            first, resumed, wrong = self.look()
            code, _, err = run("umount", self.arguments.mount)
            if code:
                sys.exit("umount: %s" % err)
            wrong = wrong or self.check_file_system()
        return first, resumed, wrong

    def broken(self):
        return sum(counts[4] for counts in self.kinds.values())

    def print_table(self, count):
        for kind, counts in self.kinds.items():
            print("%-28s %-8s %6d %6d %6d %8d %7d" % (self.arguments.name, kind, *counts))
        for line in ["%d entries in the log, %d different disks" % (count, len(self.verdicts)), *self.device.summary()]:
            print("%-28s %s" % (self.arguments.name, line), flush=True)
        return self.broken()


def reordered(judge, source, at, start, pending):
    if not pending:
        return
    for _ in range(judge.arguments.reorder):
        disk, share = bytearray(start), source.random()
        for offset, data in pending:
            for where, part in units(offset, data):
                if source.random() < share:
                    disk[where:where + len(part)] = part
        judge.judge("reorder", at, disk)


def replay(arguments):
    judge, source = Judge(arguments), random.Random(arguments.seed)
    with open(arguments.base, "rb") as f:
        disk = bytearray(f.read())
    start, pending, at = bytes(disk), [], -1
    for at, (offset, data, flags) in enumerate(entries(arguments.log)):
        if data:
            parts = list(units(offset, data))
            for k in source.sample(range(1, len(parts)), min(arguments.tear, len(parts) - 1)):
                torn = bytearray(disk)
                for where, part in parts[:k]:
                    torn[where:where + len(part)] = part
                judge.judge("tear", at, torn)
            disk[offset:offset + len(data)] = data
            pending.append((offset, data))
        judge.judge("plain", at, disk)
        if flags & FLUSH:
            reordered(judge, source, at, start, pending)
            start, pending = bytes(disk), []
    reordered(judge, source, at, start, pending)
    broken = judge.print_table(at + 1)
    os.unlink(judge.cut)
    if not any(counts[0] for counts in judge.kinds.values()):
        sys.exit("%s: no cut was judged" % arguments.name)
    return broken


def main():
    parser = argparse.ArgumentParser()
    for name in ("name", "base", "log"):
        parser.add_argument(name)
    for name in ("--old", "--new", "--config", "--offline", "--mount"):
        parser.add_argument(name, required=True)
    parser.add_argument("--fs", default="ext4")
    for name, value in (("--tear", 2), ("--reorder", 4), ("--sample", 1), ("--seed", 1)):
        parser.add_argument(name, type=int, default=value)
    for name in ("--slots", "--bad"):
        parser.add_argument(name, action="store_true")
    arguments = parser.parse_args()
    sys.exit(0 if (replay(arguments) > 0) == arguments.bad else 1)


main()
