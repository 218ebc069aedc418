# SPDX-License-Identifier: Apache-2.0
"""A device with two slots, and its boot loader, which does what boot.sh was told. Slots are block devices where this machine has
loop devices and lets us use them, otherwise files."""

import atexit
import fcntl
import os
import random
import shutil
import stat
import time

SIZE = 720896
LOOP_SET_FD, LOOP_CLR_FD, LOOP_CTL_ADD, LOOP_CTL_REMOVE = 0x4C00, 0x4C01, 0x4C80, 0x4C81
LOOP_MAJOR = 7
BOOT = os.path.dirname(os.path.abspath(__file__)) + "/boot.sh"


class Loop:
    """A loop device of our own, detached when this process ends, however it does. OSError: there are none."""

    def __init__(self, folder):
        with open("/dev/loop-control", "rb") as control:
            self.number = fcntl.ioctl(control, LOOP_CTL_ADD, random.randrange(1000, 1 << 19))
        self.held = None
        atexit.register(self.free)
        path = "%s/loop%d" % (folder, self.number)
        self.make_node(path)
        self.held = open(path, "r+b")
        with open(path + ".disk", "w+b") as disk, open(path, "r+b") as node:
            disk.truncate(SIZE)
            fcntl.ioctl(node, LOOP_SET_FD, disk.fileno())
            fcntl.ioctl(node, LOOP_CLR_FD)  # while it is held, this means: later

    def make_node(self, path):
        os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(LOOP_MAJOR, self.number))

    def free(self):
        if self.held:
            self.held.close()
        with open("/dev/loop-control", "rb") as control:
            for _ in range(50):  # it is busy until the last descriptor is closed, wherever
                try:
                    fcntl.ioctl(control, LOOP_CTL_REMOVE, self.number)
                    return
                except OSError:
                    time.sleep(0.1)


def loops(folder):
    """Two loop devices, or none."""
    got = []
    try:
        for _ in range(2):
            got.append(Loop(folder))
    except OSError:
        pass
    return got if len(got) == 2 else None


def images(lab):
    """What slots can hold: the published images, and what a slot held before."""
    old = lab.old.ljust(SIZE, b"-")
    return {"old": old, "new": lab.new, "before": lab.new[:350000] + old[350000:]}


def written(record):
    """Bytes that slot b has of its new image, by the agent's record (device/slot_record.h)."""
    if not os.path.exists(record):
        return 0
    with open(record) as f:
        return next((int(line.split()[2]) for line in f if line.startswith("b ")), 0)


class Slots:
    """The slots slot-a, which runs, and slot-b in `folder`. `new_boots`: the boot loader need not give up the new version."""

    def __init__(self, folder, images, loops, running="old", new_boots=True):
        self.paths = {name: "%s/slot-%s" % (folder, name) for name in "ab"}
        self.images, self.new_boots = images, new_boots
        for i, (path, content) in enumerate(zip(self.paths.values(), (running, "before"))):
            if loops:
                loops[i].make_node(path)
            with open(path, "r+b" if loops else "wb") as f:
                f.write(images[content])
        # The boot loader's storage is its own affair.
        self.folder = folder + ".boot"
        os.mkdir(self.folder)
        self.variables = self.folder + "/variables"
        self.set("rill_slot=a rill_bad= rill_trial=")
        self.start("a")

    def config(self):
        return {"slots": self.paths, "boot": [BOOT, self.variables]}

    def environment(self):
        return {"FAULT_BOOT_ID": self.folder + "/id"}

    def remove(self):
        shutil.rmtree(self.folder)

    def set(self, line):
        with open(self.variables, "a") as f:
            f.write(line + "\n")

    def get(self, name):
        with open(self.variables) as f:
            return dict(word.split("=", 1) for word in f.read().split())[name]

    def read(self, slot):
        with open(self.paths[slot], "rb") as f:
            return f.read()

    def content(self, slot):
        data = self.read(slot)
        return next((name for name, image in self.images.items() if data.startswith(image)), "BROKEN")

    def chosen(self):
        return self.content(self.get("rill_slot"))

    def start(self, slot):
        self.running, self.was = slot, self.read(slot)
        with open(self.variables + ".cmdline", "w") as f:
            f.write("quiet rill.slot=%s\n" % slot)
        with open(self.folder + "/id", "w") as f:
            f.write("%032x\n" % random.getrandbits(128))

    def reboot(self):
        """As boards/boot/grub.cfg has it."""
        slot, trial = self.get("rill_slot"), self.get("rill_trial")
        if trial and (trial == "0" or (not self.new_boots and self.content(slot) == "new")):
            self.set("rill_bad=%s rill_slot=%s rill_trial=" % (slot, "b" if slot == "a" else "a"))
        elif trial:
            self.set("rill_trial=%d" % (int(trial) - 1))
        self.start(self.get("rill_slot"))

    def waits(self):
        """A reboot starts the other."""
        return self.get("rill_slot") != self.running

    def wrong(self):
        if self.read(self.running) != self.was:
            yield "the running slot was written"
        if self.get("rill_bad") == self.get("rill_slot"):
            yield "the boot loader is to start a bad slot"
        for slot in self.paths:
            if self.get("rill_bad") != slot and self.content(slot) == "BROKEN":
                yield "slot %s is not whole, and not bad" % slot

    def not_settled(self):
        """What is in use stays so, however often the device is started."""
        chosen = self.chosen()
        if self.waits():
            yield "a reboot starts another slot"
        for _ in range(5):
            self.reboot()
        if self.chosen() != chosen:
            yield "the boot loader went back later"
