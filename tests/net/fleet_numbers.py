#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a fleet costs its server, simulated second by second: every device polls each `interval` and a random
part of `jitter` seconds (rill-agent.json(5)); one poll a week finds a release.
Usage: fleet_numbers.py [DEVICES]     Bytes are those that tests/net/link.sh and peers.py measure."""

import random
import sys

DEVICES = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
INTERVAL, JITTER = 86400, 14400
POLL_BYTES, POLL_REQUESTS = 4326, 2  # TCP, TLS shaken anew, 404 of the next root, timestamp
RESUMED_BYTES = 2566  # where the server's tickets outlive the interval
UPDATE_BYTES, UPDATE_REQUESTS = 101159 + 12643, 3  # snapshot, targets, delta of 100 KB
WEEK = 7 * 86400


def polls(start, days, jitter, random_source):
    """Polls in each second; `start` gives a device's first one."""
    seconds = [0] * (days * 86400)
    for _ in range(DEVICES):
        at = start(random_source)
        while at < len(seconds):
            seconds[int(at)] += 1
            at += INTERVAL + random_source.random() * jitter
    return seconds


def describe(name, seconds):
    day = seconds[-86400:]
    print("%-52s mean %6.1f, most %7d polls a second; last day: most %5d" %
          (name, sum(seconds) / len(seconds), max(seconds), max(day)))


source = random.Random(1)
print("%d devices, a poll every %d s and up to %d s more, a release a week" % (DEVICES, INTERVAL, JITTER))
describe("spread from the start", polls(lambda r: r.random() * INTERVAL, 7, JITTER, source))
describe("all switched on at once, jitter", polls(lambda r: 0, 7, JITTER, source))
describe("all switched on at once, no jitter (for comparison)", polls(lambda r: 0, 7, 0, source))
mean = DEVICES / (INTERVAL + JITTER / 2)
print("polls: %.1f requests and %.0f kB a second, %.1f GB a day" %
      (mean * POLL_REQUESTS, mean * POLL_BYTES / 1e3, mean * POLL_BYTES * 86400 / 1e9))
print("polls that resume a session: %.0f kB a second, %.1f GB a day" %
      (mean * RESUMED_BYTES / 1e3, mean * RESUMED_BYTES * 86400 / 1e9))
print("updates: %.1f requests a second, %.2f TB a week, within %.0f h of the release" %
      (DEVICES * UPDATE_REQUESTS / (INTERVAL + JITTER), DEVICES * UPDATE_BYTES / 1e12, (INTERVAL + JITTER) / 3600))
print("at the origin of a CDN: timestamp.json and the next root's 404 once a TTL and edge; all else once an edge")
