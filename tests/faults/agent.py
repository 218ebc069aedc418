#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets every call of the agent that touches files go wrong, one after another, in every way (io.c), over whole updates and
rollbacks. After each: what is installed is old or new, whole (of slots: that which runs is untouched, and the boot loader
has none to start that is not whole, slots.py); the agent is started without the network, and again with it,
and comes to the same end as if nothing had been. At most 64 KiB of what was received is fetched again, and nothing is left
behind. Prints a table; exits 1 when anything was broken.

usage: agent.py [--sample N] [--faults A,B...] [--only SCENARIO] [--control NAME]
       every N-th point only (from a random one); the control's name is one of io.c, and something must be broken then
environment: AGENT, MKDELTA (command lines), FAULT_IO (the library)
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import queue
import random
import shutil
import stat
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../net")
import lab as net  # noqa: E402
import slots  # noqa: E402
import small_image  # noqa: E402
from server import Server  # noqa: E402

CHUNK = 65536
NAMES = (net.NAME, "tools/other")
IMAGE = "tools/image"
SYSTEM = "tools/system"
REBOOT = 16
# Name of the fault, in $FAULT, and whether it stays. When the power goes, storage has what was synced; and of the rest
# nothing, the names alone, or the data alone. All of it is what "kill" leaves.
FAULTS = {"kill": ("kill", False), "cut": ("cut", False), "cut names": ("cut", False), "cut data": ("cut", False),
          "short": ("short", False), "EINTR": ("EINTR", False),
          "EIO": ("EIO", False), "ENOSPC": ("ENOSPC", False), "EDQUOT": ("EDQUOT", False), "EROFS": ("EROFS", False),
          "EIO stays": ("EIO", True), "ENOSPC stays": ("ENOSPC", True), "EDQUOT stays": ("EDQUOT", True),
          "EROFS stays": ("EROFS", True)}


class Scenario:
    """`members`: of each target. `words`: the command that goes wrong. `end`: what is installed when all is over, by
    target; `codes`: how the last run with the network may end. `instead`: the same when the command was not begun. `slot`:
    how the device with slots is made (slots.Slots)."""

    def __init__(self, name, end, codes=(0,), words=("update",), members=({},), has_base=True, before=None, instead=None,
                 kind="file", slot={}, **config):
        self.__dict__.update(locals())

    def kind_of(self, target):
        return self.members[target].get("kind", self.kind)

    def name_of(self, target):
        return {"image": IMAGE, "slot": SYSTEM, "file": NAMES[target]}[self.kind_of(target)]

    def has_slots(self):
        return any(self.kind_of(i) == "slot" for i in range(len(self.members)))

    def make(self, lab, url, folder, slots):
        """The device as it is before."""
        os.makedirs(folder + "/state/metadata")
        os.makedirs(folder + "/bin")
        shutil.copy(lab.www + "/metadata/1.root.json", folder + "/root.json")
        targets = []
        for i, more in enumerate(self.members):
            path = folder + "/bin/app%d" % i
            kind = self.kind_of(i)
            if kind == "image":
                shutil.copytree(lab.folder + "/images/old", path)
            elif kind == "file" and self.has_base:
                shutil.copy(lab.folder + "/old", path)
                os.chmod(path, 0o750)
                if lab.attributes:
                    os.setxattr(path, "user.rill", b"kept")
            where = slots.config() if kind == "slot" else {"path": path}
            targets.append({"name": self.name_of(i), "kind": kind, **where, **more})
        config = {"url": url, "ca": lab.ca.crt, "root": folder + "/root.json", "state": folder + "/state", "retries": 0,
                  "proxy": "none", "targets": targets, **self.config}
        with open(folder + "/config", "w") as f:
            json.dump(config, f)
        with open(folder + "/offline", "w") as f:
            json.dump({**config, "url": "https://localhost:9/"}, f)


def update_before(point):
    code, err = point.agent("update")
    assert code == (REBOOT if point.slots else 0), err
    if point.slots:
        point.slots.reboot()


def commit_before(point):
    update_before(point)
    code, err = point.agent("update")
    assert code == 0, err


SICK = {"health": ["/bin/false"]}
GROUP = ({"group": "both"}, {"group": "both"})
SCENARIOS = (
    Scenario("update", ["new"]),
    Scenario("whole file", ["new"], has_base=False, full="always"),
    Scenario("failed health check", ["old"], codes=(13, 12), members=(SICK,)),
    Scenario("group of two", ["new", "new"], members=GROUP),
    Scenario("group, the second sick", ["old", "old"], codes=(13, 12), members=(GROUP[0], {**GROUP[1], **SICK})),
    Scenario("image", ["new"], kind="image"),
    Scenario("image, as published", ["new"], members=({"exact": "manifest"},), kind="image"),
    Scenario("image, sick", ["old"], codes=(13, 12), members=(SICK,), kind="image"),
    Scenario("rollback by hand", ["old"], codes=(12,), words=("rollback",), before=update_before, instead=(0, ["new"])),
    Scenario("slot", ["new"], kind="slot"),
    Scenario("slot, whole image", ["new"], kind="slot", slot={"running": "before"}, full="always"),
    Scenario("slot, after the reboot", ["new"], kind="slot", before=update_before),
    Scenario("slot, sick", ["old"], codes=(13, 12), members=(SICK,), kind="slot", before=update_before),
    Scenario("slot that does not boot", ["old"], codes=(13, 12), kind="slot", slot={"new_boots": False}, before=update_before),
    Scenario("slot, rollback by hand", ["old"], codes=(12,), kind="slot", words=("rollback",), before=commit_before,
             instead=(0, ["new"])),
    Scenario("group of file and slot", ["new", "new"], members=(GROUP[0], {**GROUP[1], "kind": "slot"})),
)


class Storage:
    """What the disk is bound to hold when the power goes: all as it was, and what was synced since (io.c)."""

    def __init__(self, folder, shadow, attributes):
        self.attributes, self.folders = attributes, {}
        self.folder, self.shadow, self.content, self.names = folder, shadow, {}, {}
        self.devices = {}
        for where, folders, files in os.walk(folder):
            inode = os.stat(where).st_ino
            self.names[inode] = [(os.lstat(where + "/" + name).st_ino, name) for name in folders + files]
            for name in files:
                path = where + "/" + name
                with open(path, "rb") as f:
                    self.content[os.stat(path).st_ino] = (f.read(), os.stat(path).st_mode)
                if stat.S_ISBLK(os.stat(path).st_mode):
                    self.devices[os.stat(path).st_ino] = os.stat(path).st_rdev
            self.folders.update((os.stat(where + "/" + name).st_ino, 1) for name in folders)
        self.root = os.stat(folder).st_ino

    def synced(self, inode):
        try:
            with open("%s/%d" % (self.shadow, inode), "rb") as f:
                return f.read()
        except FileNotFoundError:
            return None

    def mode(self, inode, modes):
        if inode in modes:
            return modes[inode]
        try:
            return os.stat("%s/%d" % (self.shadow, inode)).st_mode
        except FileNotFoundError:
            return self.content.get(inode, (b"", 0o600))[1]

    def cut(self, keep_names, keep_data):
        modes, self.now = {}, {}
        for where, folders, files in os.walk(self.folder):
            if keep_names:
                self.now[os.stat(where).st_ino] = [(os.lstat(where + "/" + name).st_ino, name)
                                                   for name in folders + files]
            for name in folders:
                self.folders[os.stat(where + "/" + name).st_ino] = 1
            for name in files:
                st = os.lstat(where + "/" + name)
                modes[st.st_ino] = st.st_mode
                if keep_data:
                    with open(where + "/" + name, "rb") as f:
                        self.now[st.st_ino] = f.read()
        new = self.folder + ".cut"
        self.rebuild(self.root, new, modes)
        shutil.rmtree(self.folder)
        os.rename(new, self.folder)

    def rebuild(self, inode, path, modes):
        os.mkdir(path)
        listing = self.synced(inode)
        names = self.names.get(inode, []) if listing is None else \
            [(int(line.split(" ", 1)[0]), line.split(" ", 1)[1]) for line in listing.decode().splitlines()]
        names = self.now.get(inode, names)
        for inode, name in names:
            to = path + "/" + name
            if inode in self.folders:
                self.rebuild(inode, to, modes)
                continue
            data = self.now.get(inode, self.synced(inode))
            if data is None:
                data = self.content.get(inode, (b"", 0))[0]
            if inode in self.devices:
                os.mknod(to, stat.S_IFBLK, self.devices[inode])
            with open(to, "r+b" if inode in self.devices else "wb") as f:
                f.write(data)
            os.chmod(to, self.mode(inode, modes) & 0o7777)
            if self.attributes and name in ("app0", "app1", ".app0.rill-previous", ".app1.rill-previous"):
                os.setxattr(to, "user.rill", b"kept")  # its inode was synced with it


class Point:
    """One fault at one call; at call 0 all goes well, and the calls are counted."""
    control = None
    loops = queue.Queue()

    def __init__(self, lab, server, scenario, fault, at):
        self.lab, self.server, self.scenario, self.fault, self.at = lab, server, scenario, fault, at
        self.folder = "%s/point-%s-%d" % (lab.folder, "".join(c for c in scenario.name + fault if c.isalnum()), at)
        self.wrong, self.reached, self.call, self.after, self.count = [], False, "", "", 0
        self.slots = None

    def agent(self, command, config="config", **environment):
        if self.slots:
            environment.update(self.slots.environment(), LD_PRELOAD=os.environ["FAULT_IO"])
        done = subprocess.run([*self.lab.agent_words, command, "--json", "--config", self.folder + "/" + config],
                              capture_output=True, text=True, timeout=120, env={**os.environ, **environment})
        return done.returncode, done.stderr

    def update(self, config="config"):
        """With all reboots that it asks for."""
        code, err = self.agent("update", config)
        for _ in range(4):
            if not self.slots or not self.slots.waits():
                break
            if code not in (REBOOT, *self.scenario.codes):
                self.wrong.append("waits for a reboot with exit code %d: %s" % (code, err))
            self.slots.reboot()
            code, err = self.agent("update", config)
        return code, err

    def installed(self):
        """Of slots, what the next boot starts."""
        found = []
        for i in range(len(self.scenario.members)):
            path = self.folder + "/bin/app%d" % i
            kind = self.scenario.kind_of(i)
            if kind == "slot":
                found.append(self.slots.chosen())
                continue
            if not os.path.exists(path):
                found.append("none")
                continue
            if kind == "image":
                found.append(self.installed_image(path))
                continue
            with open(path, "rb") as f:
                data = f.read()
            name = "new" if data == self.lab.new else "old" if data == self.lab.old else "BROKEN"
            if self.scenario.has_base and (os.stat(path).st_mode & 0o777 != 0o750 or
                                           (self.lab.attributes and os.getxattr(path, "user.rill") != b"kept")):
                name = "BROKEN: mode or attributes"
            found.append(name)
        return found

    def installed_image(self, path):
        try:
            return self.lab.images.get(small_image.identity(path), "BROKEN: another image")
        except (OSError, ValueError, KeyError) as problem:
            return "BROKEN: %s" % problem

    def look(self, when, together):
        found = self.installed()
        allowed = (self.scenario.slot.get("running", "old") if self.scenario.has_base else "none", "new")
        if self.slots:
            self.wrong += ["%s: %s" % (when, what) for what in self.slots.wrong()]
        if not all(name in allowed for name in found) or (together and len(set(found)) > 1):
            self.wrong.append("%s: installed is %s" % (when, found))
        return found

    def one_error(self, err):
        lines = err.strip().splitlines()
        if not lines or len(lines) > 2 * len(self.scenario.members) or not all(l.startswith("rill-agent: ") for l in lines):
            self.wrong.append("not a clear error: %r" % err)

    def run(self):
        loops = self.loops.get() if self.scenario.has_slots() else None
        try:
            return self.run_with(loops)
        finally:
            if self.scenario.has_slots():
                self.loops.put(loops)

    def run_with(self, loops):
        os.makedirs(self.folder)
        shadow, log = self.folder + ".shadow", self.folder + ".log"
        os.makedirs(shadow)
        os.symlink(".", "%s/%s" % (self.lab.www, os.path.basename(self.folder)))  # requests tell who asks
        if self.scenario.has_slots():
            self.slots = slots.Slots(self.folder, self.lab.slots, loops, **self.scenario.slot)
        self.scenario.make(self.lab, "https://localhost:%d/%s/" % (self.server.port, os.path.basename(self.folder)), self.folder,
                           self.slots)
        if self.scenario.before:
            self.scenario.before(self)
        fault, stays = FAULTS[self.fault]
        storage = Storage(self.folder, shadow, self.lab.attributes) if fault == "cut" else None
        environment = {"LD_PRELOAD": os.environ["FAULT_IO"], "FAULT": fault, "FAULT_AT": str(self.at), "FAULT_LOG": log,
                       "FAULT_UNDER": self.folder + "/"}
        if self.at == 0:
            environment["FAULT_COUNT"] = "1"
        if self.control:
            environment["FAULT_CONTROL"] = self.control
        if stays and self.at > 0:
            environment["FAULT_STICKY"] = "1"
        if storage:
            environment["FAULT_SHADOW"] = shadow
        code, err = self.agent(*self.scenario.words, **environment)
        if os.path.exists(log):
            with open(log) as f:
                number, self.call = f.readline().strip().split(" ", 1)
            self.reached, self.count = self.at > 0, int(number)
            os.unlink(log)
        if self.reached:
            self.judge(code, err, storage)
        if self.slots:
            self.slots.remove()
        shutil.rmtree(self.folder)
        shutil.rmtree(shadow)
        os.unlink("%s/%s" % (self.lab.www, os.path.basename(self.folder)))
        return self

    def judge(self, code, err, storage):
        if FAULTS[self.fault][0] in ("kill", "cut"):
            if code != -9:
                self.wrong.append("not killed, but exit code %d" % code)
        elif code not in (0, *self.scenario.codes):
            self.one_error(err)
        if storage:
            storage.cut("names" in self.fault, "data" in self.fault)
        if storage and self.slots:
            self.slots.reboot()
        targets = range(len(self.scenario.members))
        kept = [self.kept(target) for target in targets]
        asked = [len(self.requests(target)) for target in targets]
        self.after = ",".join(self.look("after the fault", False))
        code, err = self.update("offline")
        # A rollback of which nothing could be written down shows as one.
        rolled_back = code == 13 and FAULTS[self.fault][1] and "new" not in self.after
        if code not in (4, *self.scenario.codes) and not rolled_back:
            self.wrong.append("without the network: exit code %d: %s" % (code, err))
        self.look("started without the network", True)
        for _ in range(3 if 13 in self.scenario.codes else 1):
            code, err = self.update()
        if (code, self.installed()) != self.scenario.instead:
            if code not in self.scenario.codes:
                self.wrong.append("with the network: exit code %d: %s" % (code, err))
            if self.installed() != self.scenario.end:
                self.wrong.append("in the end: %s" % self.installed())
        left = [name for name in os.listdir(self.folder + "/bin") if name.endswith(".rill-new")]
        # A blob whose removal failed stays until the next update.
        if self.scenario.kind == "image" and not self.wrong and not self.call.startswith("unlink"):
            left = small_image.leftovers(self.folder + "/bin/app0")
        if self.slots:
            self.look("in the end", True)
            self.wrong += ["in the end: " + what for what in self.slots.not_settled()]
        if left:
            self.wrong.append("left behind: %s" % left)
        for target, kept in enumerate(kept):
            again = [kept - (request.start or 0) for request in self.requests(target)[asked[target]:]]
            if any(n > CHUNK for n in again):
                self.wrong.append("%d bytes were fetched again" % max(again))

    def kept(self, target):
        """Bytes that are on disk of what was received."""
        name = hashlib.sha256(self.scenario.name_of(target).encode()).hexdigest()[:32]
        if self.scenario.slot.get("running"):
            return slots.written(self.folder + "/state/slots." + name)
        path = self.folder + ("/state/download/" + name if self.scenario.has_base else "/bin/.app%d.rill-new" % target)
        return os.path.getsize(path) if os.path.exists(path) else 0

    def requests(self, target):
        return [request for request in self.server.requests
                if request.path.startswith("/%s/targets/" % os.path.basename(self.folder)) and
                os.path.basename(self.scenario.name_of(target)) in request.path]


def run_fault(lab, server, scenario, fault, sample, pool):
    """Counts the points, and goes wrong at each, or at every so many."""
    count = Point(lab, server, scenario, fault, 0).run().count
    if not count:
        sys.exit("%s: no call is counted" % scenario.name)
    points = [Point(lab, server, scenario, fault, at) for at in range(random.randrange(min(sample, count)) + 1, count + 1, sample)]
    reached = [point for point in pool.map(Point.run, points) if point.reached]
    if not reached:
        sys.exit("%s, %s: no call went wrong" % (scenario.name, fault))
    return reached


def publish_images(lab):
    small_image.make_pair(lab.folder + "/images")
    old, new = (lab.folder + "/images/" + name for name in ("old", "new"))
    lab.images = {small_image.identity(old): "old", small_image.identity(new): "new"}
    lab.mkdelta("repo", "publish", lab.www, IMAGE, old + ":latest", "--key", lab.folder + "/key", "-q")
    lab.mkdelta("repo", "publish", lab.www, IMAGE, new + ":latest", "--base", old + ":latest", "--key",
                lab.folder + "/key", "-q")


def publish_slots(lab):
    lab.slots = slots.images(lab)
    for name in ("old", "new"):
        path = lab.folder + "/slot-" + name
        with open(path, "wb") as f:
            f.write(lab.slots[name])
        lab.mkdelta("repo", "publish", lab.www, SYSTEM, path, "--kind", "slot", "--key", lab.folder + "/key", "-q")


def has_attributes(folder):
    try:
        os.setxattr(folder, "user.rill", b"?")
        return True
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int, default=1)
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--only")
    parser.add_argument("--control")
    arguments = parser.parse_args()
    lab = net.Lab()
    Point.control = arguments.control
    lab.attributes = has_attributes(lab.folder)
    lab.mkdelta("repo", "publish", lab.www, "tools/other", lab.folder + "/old", "--key", lab.folder + "/key", "-q")
    lab.mkdelta("repo", "publish", lab.www, "tools/other", lab.folder + "/new", "--key", lab.folder + "/key", "-q")
    publish_images(lab)
    publish_slots(lab)
    server = Server(lab.www, lab.context, None, "/targets/")
    print("%-24s %-14s %6s %6s %6s %6s  %s" % ("scenario", "fault", "points", "old", "new", "broken", "calls"))
    total = broken = 0
    jobs = int(os.environ.get("FAULT_JOBS", "3"))
    for _ in range(jobs):
        Point.loops.put(slots.loops(lab.folder))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for scenario in SCENARIOS:
            if arguments.only and scenario.name != arguments.only:
                continue
            for fault in arguments.faults.split(","):
                points = run_fault(lab, server, scenario, fault, arguments.sample, pool)
                calls = {}
                for point in points:
                    calls[point.call] = calls.get(point.call, 0) + 1
                bad = [point for point in points if point.wrong]
                new = sum("new" in point.after for point in points)
                total, broken = total + len(points), broken + len(bad)
                print("%-24s %-14s %6d %6d %6d %6d  %s" % (scenario.name, fault, len(points), len(points) - new, new, len(bad),
                      " ".join("%s %d" % item for item in sorted(calls.items()))), flush=True)
                for point in bad[:10]:
                    print("  BROKEN at call %d (%s): %s" % (point.at, point.call, "; ".join(point.wrong)), flush=True)
    print("%d faults, %d broken%s" % (total, broken, ", of an agent that is meant to be" if arguments.control else ""))
    sys.stdout.flush()
    sys.exit(0 if total and (broken > 0) == bool(arguments.control) else 1)


main()
