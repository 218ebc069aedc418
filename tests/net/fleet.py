# SPDX-License-Identifier: Apache-2.0
"""Many agents at once, of which none may fail, against one nginx with one process; and how much work that
was for it. Usage: fleet.sh [AGENTS]"""

import os
import sys
import time

import peers
from lab import Device

lab = peers.lab
AGENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 200


def stat(pid):
    with open("/proc/%s/stat" % pid) as f:
        return f.read().rsplit(")", 1)[1].split()


def cpu_seconds(folder):
    """Of the server's processes: the one whose number it wrote down, and its children."""
    with open(folder + "/pid") as f:
        main = f.read().strip()
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = stat(pid)
        except OSError:  # gone meanwhile
            continue
        if pid == main or fields[1] == main:
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def all_at_once(devices):
    """Starts all, then waits for all: (exit codes, seconds)."""
    start = time.monotonic()
    processes = [device.start("-q") for device in devices]
    codes = []
    for process in processes:
        out, err = process.communicate(timeout=300)
        codes.append(process.returncode)
        if process.returncode:
            print(err.strip())
    return codes, time.monotonic() - start


def measure(what, devices, folder):
    log = folder + "/access.log"
    cpu, requests = cpu_seconds(folder), sum(1 for _ in open(log))
    codes, seconds = all_at_once(devices)
    cpu, requests = cpu_seconds(folder) - cpu, sum(1 for _ in open(log)) - requests
    wrong = sum(code != 0 for code in codes)
    print("%d agents at once, %s: %d failed, %.1f s; the server: %d requests, %.2f s of processor (%.2f ms an agent)" %
          (len(devices), what, wrong, seconds, requests, cpu, 1000 * cpu / len(devices)))
    return wrong


def main():
    port = peers.free_port()
    folder = peers.nginx("fleet", "server { listen 127.0.0.1:%d ssl backlog=512; root %s; }" % (port, lab.www), port)
    url = "https://localhost:%d/" % port
    devices = [Device(lab, "d%d" % i, url, {"stall_timeout": 60, "retry_delay": 1}) for i in range(AGENTS)]
    wrong = measure("updating", devices, folder)
    wrong += sum(device.installed() != "new" for device in devices)
    wrong += measure("polling, nothing new", devices, folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        result = main()
    finally:
        peers.stop_all()
    sys.exit(result)
