#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments, in a loop of updates back and forth between two versions, each a release of its own. After each
kill what is installed is old or new, whole; each update is brought to its end by as many runs as that takes. Prints how often
it was killed in which state.

usage: kills.py [UPDATES] [--control NAME]     the control (io.c) must be caught
environment: AGENT, MKDELTA; FAULT_IO for the control
"""
import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../net")
import lab as net  # noqa: E402
from server import Server  # noqa: E402


class Loop:
    def __init__(self, lab, device, control):
        self.lab, self.device, self.states, self.kills, self.torn = lab, device, {}, 0, 0
        self.wrap = ("env", "LD_PRELOAD=" + os.environ["FAULT_IO"], "FAULT_CONTROL=" + control) if control else ()
        self.usual = 0.1  # seconds that an update takes

    def publish(self, version):
        self.lab.mkdelta("repo", "publish", self.lab.www, net.NAME, self.lab.folder + "/" + version, "--key",
                         self.lab.folder + "/key", "-q")
        self.lab.mkdelta("repo", "prune", self.lab.www, "--keep", "2", "-q")

    def update(self, version):
        """Kills until the update is done, at first at random moments and then not at all."""
        for chances in range(12, -1, -1):
            process = self.device.start(wrap=self.wrap)
            began = time.monotonic()
            try:
                process.communicate(timeout=random.random() * self.usual * 1.2 if chances else 60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                self.kills += 1
                self.look()
                continue
            if self.wrap and self.device.installed() == "BROKEN":
                self.torn += 1
                return
            if process.returncode != 0 or self.device.installed() != version:
                sys.exit("an update ends with %d, and %s is installed" % (process.returncode, self.device.installed()))
            self.usual = 0.9 * self.usual + 0.1 * (time.monotonic() - began)
            return

    def look(self):
        status = self.device.status()["targets"][0]
        name = status["state"], self.device.installed()
        self.states[name] = self.states.get(name, 0) + 1
        self.torn += name[1] not in ("old", "new")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("updates", nargs="?", type=int, default=500)
    parser.add_argument("--control")
    arguments = parser.parse_args()
    lab = net.Lab(size=60000)
    server = Server(lab.www, lab.context)
    device = net.Device(lab, "killed", "https://localhost:%d/" % server.port, {})
    device.write_config()
    shutil.rmtree(device.state)  # as on the first day
    loop = Loop(lab, device, arguments.control)
    done = 0
    while done < arguments.updates and not (arguments.control and loop.torn):
        version = "new" if done % 2 == 0 else "old"
        if done > 0:
            loop.publish(version)
        loop.update(version)
        done += 1
    for (state, installed), n in sorted(loop.states.items()):
        print("%-14s %-6s installed: %6d kills" % (state, installed, n))
    print("%d updates, %d kills, %d torn" % (done, loop.kills, loop.torn))
    left = os.listdir(device.folder + "/bin")
    if sorted(left) != [".app.rill-previous", "app"] and not arguments.control:
        sys.exit("left behind: %s" % json.dumps(left))
    server.stop()
    sys.exit(0 if loop.kills and (loop.torn > 0) == bool(arguments.control) else 1)


main()
