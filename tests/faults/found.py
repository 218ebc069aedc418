# SPDX-License-Identifier: Apache-2.0
"""What replay.py finds on a disk after a power cut, and whether the agent gets on from there. A device has

    put(disk)    writes the cut disk to files; the one to mount is MOUNT.img
    look()       with that mounted: which version is found, and whether an update was under way; or raises Broken
    summary()    lines for under the table, when all cuts were judged

Configurations have paths that begin with MOUNT. `arguments` are replay.py's.
"""
import glob
import json
import os
import subprocess


class Broken(Exception):
    """First what was found, then what is wrong with it."""

    def __init__(self, first, resumed, why):
        super().__init__(why)
        self.first, self.resumed = first, resumed


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr.strip()


def read(path):
    with open(path, "rb") as f:
        return f.read()


class Device:
    def __init__(self, arguments):
        self.arguments, self.agent = arguments, os.environ["AGENT"].split()
        self.old, self.new = read(arguments.old), read(arguments.new)

    def update(self, config):
        code, _, err = run(*self.agent, "update", "--now", "--json", "--config", config)
        return code, err

    def status(self):
        return json.loads(run(*self.agent, "status", "--json", "--config", self.arguments.offline)[1])["targets"][0]

    def put(self, disk):
        with open(self.arguments.mount + ".img", "wb") as f:
            f.write(disk)

    def summary(self):
        return []


class File(Device):
    """One file is updated, on the file system that is the whole disk."""

    def installed(self):
        found = read(self.arguments.mount + "/device/bin/app")
        return "old" if found == self.old else "new" if found == self.new else "TORN"

    def look(self):
        first = self.installed()
        if first == "TORN":
            raise Broken(first, False, "torn")
        code, err = self.update(self.arguments.offline)
        status = self.status()
        resumed = status["state"] not in ("idle", "committed", "rolled-back") or status["kept"] > 0
        # A rollback by hand that the cut interrupted is ended, and says so.
        if code not in (4, 12) or self.installed() == "TORN":
            raise Broken(first, resumed, "without the network: code %d, %s: %s" % (code, self.installed(), err))
        code, err = self.update(self.arguments.config)
        if code != 0 or self.installed() != "new":
            raise Broken(first, resumed, "with the network: code %d, %s: %s" % (code, self.installed(), err))
        return first, resumed


class Slots(Device):
    """Two slots, of which a has the old version, U-Boot's variables, and a file system "data" for the agent's state:
    partitions of a GPT. The agent reads the slots from the files MOUNT.a and MOUNT.b; fw_printenv reads MOUNT.env, and
    $RILL_CMDLINE is what the kernel was started with."""
    FILES = {"a": ".a", "b": ".b", "env": ".env", "data": ".img"}
    CHUNK = 65536

    def __init__(self, arguments):
        super().__init__(arguments)
        table = json.loads(run("sfdisk", "-J", arguments.base)[1])["partitiontable"]["partitions"]
        self.parts = {part["name"]: (part["start"] * 512, part["size"] * 512) for part in table}
        self.before = self.part(read(arguments.base), "b")
        self.middle, self.most = 0, 0

    def part(self, disk, name):
        start, size = self.parts[name]
        return bytes(disk[start:start + size])

    def put(self, disk):
        for name, suffix in self.FILES.items():
            with open(self.arguments.mount + suffix, "wb") as f:
                f.write(self.part(disk, name))

    def slot(self, name):
        return read(self.arguments.mount + "." + name)

    def has_new(self, length):
        return self.slot("b")[:length] == self.new[:length]

    def record(self):
        """Bytes of slot b that the agent's record says are there, and whether it knows them to be the whole release."""
        for path in glob.glob(self.arguments.mount + "/state/slots.*"):
            for line in read(path).decode().splitlines():
                name, length, written, digest = line.split()
                if name == "b" and int(length) == len(self.new):
                    return int(written), digest != "-"
        return 0, False

    def check(self):
        """That what the disk says is true."""
        written, whole = self.record()
        if self.slot("a") != self.old:
            raise ValueError("slot a was written")
        if not self.has_new(len(self.new) if whole else written):
            raise ValueError("the record says %d%s, and slot b has not that" % (written, ", whole" if whole else ""))

    def boot(self):
        """The slot that U-Boot's script starts, which must hold a whole release, and be on trial unless it proved good."""
        _, out, err = run("fw_printenv")
        variables = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        slot = variables.get("rill_slot")
        with open(os.environ["RILL_CMDLINE"], "w") as f:
            f.write("rill.slot=%s\n" % slot)
        self.check()
        if slot not in ("a", "b"):
            raise ValueError("the boot loader has no slot: %s" % err)
        if slot == "b" and not self.has_new(len(self.new)):
            raise ValueError("the boot loader starts slot b, which is not whole")
        if slot == "b" and variables.get("upgrade_available") != "1" and \
                self.status()["state"] not in ("testing", "committed", "rolling-back"):
            raise ValueError("the boot loader keeps slot b, which was not tested")
        return {"a": "old", "b": "new"}[slot]

    def look(self):
        first, resumed = "", False
        try:
            first = self.boot()
            status = self.status()
            resumed = status["state"] not in ("idle", "committed", "rolled-back")
            found = self.slot("b")
            self.middle += found != self.before and not self.has_new(len(self.new))
            written, whole = self.record()
            kept = status["kept"] if not status["full"] else 0 if whole else written
            self.most = max(self.most, self.go_on(status, kept))
        except (OSError, ValueError) as problem:
            raise Broken(first, resumed, str(problem)) from problem
        return first, resumed

    def go_on(self, status, kept):
        """Through as many boots as it takes to the end. Returns how much was fetched that had been kept."""
        code, err = self.update(self.arguments.offline)
        if code not in (4, 12, 16):
            raise ValueError("without the network: code %d: %s" % (code, err))
        again = 0
        for _ in range(4):
            found = self.boot()
            code, err = self.update(self.arguments.config)
            now = self.status()
            if status["state"] == "fetching" and now["fetched"] > status["fetched"]:
                again = max(again, now["fetched"] - status["fetched"] + kept - now["total"])
            if code != 16:
                break
        if code != 0 or self.boot() != "new" or found != "new" or now["state"] != "committed":
            raise ValueError("with the network: code %d, %s, %s: %s" % (code, found, now["state"], err))
        if again > self.CHUNK:
            raise ValueError("%d bytes were fetched again" % again)
        return again

    def summary(self):
        if not self.middle and not self.arguments.bad:
            raise SystemExit("no cut was in the middle of the slot")
        return ["%d cuts found slot b written in part; at most %d bytes fetched again" % (self.middle, self.most)]
