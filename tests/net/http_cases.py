# SPDX-License-Identifier: Apache-2.0
"""Every way in which an HTTP server, or what is before it, is known to misbehave."""

import email.utils
import gzip
import json
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import time

from lab import CHUNK, NAME, Case, Lab, run_all
from server import Server

lab = Lab()
delta, D, H = lab.delta, len(lab.delta), lab.header
CHUNKS = (D - H + CHUNK - 1) // CHUNK
assert CHUNKS >= 4
CUT = 100000  # bytes until a connection is cut
GARBAGE = bytes(b ^ 0x55 for b in delta)


def good(server, c, r, n):
    c.serve(r, delta)


def first_cut(then):
    """Cut off in the middle once; then `then`."""
    def behave(server, c, r, n):
        if n == 0:
            c.serve_part(r, delta, CUT)
        else:
            then(server, c, r, n)
    return behave


def no_range(*fields):
    return lambda server, c, r, n: (c.head("200 OK", "Content-Length: %d" % D, *fields), c.body(delta))


def partial(status_range, skip=0):
    """Answers a Range with another one; without a Range, all."""
    def behave(server, c, r, n):
        if r.start is None:
            return c.whole(delta)
        c.head("206 Partial Content", "Content-Length: %d" % (D - r.start + skip), *status_range(r.start))
        c.body(delta[r.start - skip:])
    return behave


def answer(*head, body=b"", close=True):
    """The same answer to everything."""
    def behave(server, c, r, n):
        c.head(*head)
        c.body(body)
        if close:
            c.close()
    return behave


def raw(data, close=True):
    def behave(server, c, r, n):
        c.raw(data)
        if close:
            c.close()
    return behave


def cut_always(length):
    return lambda server, c, r, n: c.serve_part(r, delta, length)


def damaged(chunk, times=1):
    """One byte of a chunk (-1: the header) is wrong in the first so many answers that have it."""
    def behave(server, c, r, n):
        at = 20 if chunk < 0 else H + chunk * CHUNK + 77
        data = bytearray(delta)
        if (r.start or 0) <= at and n < times:
            data[at] ^= 1
        c.serve(r, bytes(data))
    return behave


def then_good(times, behave):
    return lambda server, c, r, n: behave(server, c, r, n) if n < times else good(server, c, r, n)


def closes_kept(server, c, r, n):
    """Never says that it will close."""
    data = server.file(r.path)
    c.serve(r, data) if data else c.head("404 Not Found", "Content-Length: 0")
    c.close(notify=n % 2 == 0)


def next_root(*head, body=b""):
    """There is none, but HEAD is answered otherwise."""
    def behave(server, c, r, n):
        c.head(*head if r.method == "HEAD" else ("404 Not Found", "Content-Length: 0"))
        c.raw(body if r.method == "HEAD" else b"")
    return behave


def reset_once(server, c, r, n):
    if n == 0:
        c.head("200 OK", "Content-Length: %d" % D)
        c.body(delta[:CUT])
        time.sleep(0.3)
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        c.sock.close()
    else:
        good(server, c, r, n)


def chunked(data, size=5000, extension=b"", trailers=b""):
    pieces = [data[i:i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(p), extension, p) for p in pieces) + b"0\r\n" + trailers + b"\r\n"


def endless(data):
    def behave(server, c, r, n):
        c.head("200 OK")
        c.body(data)
        for _ in range(2000):
            c.body(b"x" * 10000)
    return behave


def stall(after):
    def behave(server, c, r, n):
        c.head("200 OK", "Content-Length: %d" % D)
        c.body(delta[:after])
        time.sleep(6)
    return behave


def trickle(server, c, r, n):
    c.head("200 OK", "Content-Length: %d" % D)
    for i in range(12):
        c.body(delta[i:i + 1])
        time.sleep(1)


def trickle_head(server, c, r, n):
    for i in range(12):
        c.raw(b"HTTP/1.1 200 OK\r\n"[i:i + 1])
        time.sleep(1)


def busy(status, retry_after, times=1):
    def behave(server, c, r, n):
        if n < times:
            c.head(status, "Content-Length: 4", "Retry-After: " + retry_after(), "Date: " + email.utils.formatdate(usegmt=True))
            c.raw(b"busy")
        else:
            good(server, c, r, n)
    return behave


def in_seconds(seconds):
    return lambda: email.utils.formatdate(time.time() + seconds, usegmt=True)


def waited(least):
    def after(lab, device, server):
        gap = server.requests[1].time - server.requests[0].time
        return None if gap >= least else "it came back after %.1f s" % gap
    return after


def sent_away(lab, device, server):
    """Refused for a long time: that is remembered, shown, and overridden by --now."""
    server.behave = good
    before = len(server.requests) + len(server.others)
    code, error, _ = device.update()
    if code != 4 or "asked not to be asked" not in error:
        return "the next run: %d %s" % (code, error)
    if len(server.requests) + len(server.others) != before:
        return "the next run asked the server"
    if device.status()["poll"]["not_before"] - time.time() < 3000:
        return "status does not show it"
    if device.update("--now")[0] != 0 or device.installed() != "new":
        return "--now"
    return None


# Redirects: a second server, on another port, which is another origin

other = Server(lab.www, lab.context, match="/signed")
seen_elsewhere = []


def elsewhere(server, c, r, n):
    seen_elsewhere.append(r)
    c.serve(r, delta)


other.behave = elsewhere


def redirect(location, status="302 Found", *fields):
    def behave(server, c, r, n):
        c.head(status, "Location: " + (location(server, r, n) if callable(location) else location), "Content-Length: 0", *fields)
    return behave


def credentials(lab, device, server):
    if any(r.fields.get("authorization") != "Bearer secret" for r in server.requests + server.others):
        return "no credentials for the server itself"
    if not seen_elsewhere or any("authorization" in r.fields for r in seen_elsewhere):
        return "credentials went to another host"
    return None


def signed_links(server, c, r, n):
    """Each link is good for one request, as with buckets; the first transfer is cut."""
    links = server.__dict__.setdefault("links", {})
    if "?token=" not in r.path:
        token = str(len(links))
        links[token] = 0
        c.head("307 Temporary Redirect", "Location: %s?token=%s" % (r.path, token), "Content-Length: 0")
        return
    token = r.path.split("=")[1]
    links[token] += 1
    if links[token] > 1 or token == "1":  # the second one is expired from the start
        c.head("403 Forbidden", "Content-Length: 0")
    elif token == "0":
        c.serve_part(r, delta, CUT)
    else:
        c.serve(r, delta)


# What is kept, and kills

def keep(data):
    return lambda lab, device: device.keep(data)


def flipped(*offsets):
    data = bytearray(delta)
    for at in offsets:
        data[at] ^= 1
    return bytes(data)


def ranges(*wanted):
    def after(lab, device, server):
        seen = [(r.start, r.end) for r in server.requests]
        return None if seen == list(wanted) else "ranges %s, not %s" % (seen, list(wanted))
    return after


def pausing_for(data):
    """Sends up to server.place, and then nothing for a long time."""
    def behave(server, c, r, n):
        start, stop = r.start or 0, server.place
        c.head("206 Partial Content" if r.start else "200 OK", "Content-Length: %d" % (len(data) - start),
               *(["Content-Range: bytes %d-%d/%d" % (start, len(data) - 1, len(data))] if r.start else []))
        c.body(data[start:stop])
        server.paused = stop
        time.sleep(30)
    return behave


pausing, pausing_whole = pausing_for(delta), pausing_for(lab.new)


def power_goes(device, paths):
    """Makes of the files what their last sync left (power_cut.c)."""
    def kept(path):
        return device.folder + "/shadow/" + path.replace("/", "%")
    for path in paths:
        folder, name = os.path.split(path)
        names = open(kept(folder)).read().split("\n") if os.path.exists(kept(folder)) else []
        if os.path.exists(path):
            os.unlink(path)
        if name in names and os.path.exists(kept(path)):
            shutil.copy(kept(path), path)


def interrupt(lab, device, behave, match, places, files=None):
    """Killed at many places; each next run must go on at most a chunk before. With `files`, the power goes
    as well: those are then what storage is bound to have."""
    server = Server(lab.www, lab.context, behave, match)
    config = dict(device.config)
    device.config.update(url="https://localhost:%d/" % server.port, stall_timeout=30)
    wrap, before = (), 0
    if files:
        os.makedirs(device.folder + "/shadow", exist_ok=True)
        wrap = ("env", "LD_PRELOAD=" + os.environ["POWER_CUT"], "RILL_SHADOW=" + device.folder + "/shadow")
    for place in places:
        server.place, server.paused = place, None
        process = device.start(wrap=wrap)
        end = time.monotonic() + 60
        while server.paused is None and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.5)  # until all that was sent is taken
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        start = server.requests[-1].start or 0
        assert before - start <= CHUNK, "at %d it went on from %d, not from about %d" % (place, start, before)
        assert device.installed() in ("old", "none"), "something is installed"
        if files:
            power_goes(device, files)
        before = place
    server.stop()
    device.config.update(config)
    device.expected = before


def kills(lab, device, **more):
    interrupt(lab, device, pausing, "/targets/deltas/",
              [H // 2, H + 1000, H + CHUNK, H + CHUNK + 1, H + 2 * CHUNK - 1, H + 3 * CHUNK + 30000, D - 1], **more)


def kills_whole(lab, device, **more):
    interrupt(lab, device, pausing_whole, "/targets/tools/",
              [1, 60000, CHUNK, 2 * CHUNK + 1, 5 * CHUNK - 1, 8 * CHUNK + 100, N - 1], **more)


def power_cuts(lab, device):
    kills(lab, device, files=[device.partial()])


def power_cuts_whole(lab, device):
    kills_whole(lab, device, files=[device.folder + "/bin/.app.rill-new"])


def at_most_a_chunk_again(lab, device, server):
    start = server.requests[0].start or 0
    return None if device.expected - start <= CHUNK else "%d bytes again" % (device.expected - start)


def next_run(requests, fetched):
    """A second run, with a server that is good: what it fetches, and that it succeeds."""
    def after(lab, device, server):
        server.behave = good
        seen, before = len(server.requests), device.status()["targets"][0]["fetched"]
        code, error, _ = device.update()
        got = device.status()["targets"][0]["fetched"] - before
        if code or device.installed() != "new":
            return "the next run: %d %s" % (code, error)
        if len(server.requests) - seen != requests or got != fetched:
            return "the next run: %d requests, %d bytes" % (len(server.requests) - seen, got)
        return None
    return after


# Whole files

def whole(behave=None):
    """A device without a base; the file itself is what misbehaves."""
    return {"behave": behave, "has_base": False, "match": "/targets/tools/", "full": "always"}


def new_part(length):
    return lambda server, c, r, n: c.serve_part(r, lab.new, length) if n == 0 else c.serve(r, lab.new)


def changed_in_mid_file(server, c, r, n):
    if n == 0:
        c.serve_part(r, bytes(200000) + lab.new[200000:], 200000)
    else:
        c.serve(r, lab.new)


def always_wrong(server, c, r, n):
    c.serve_part(r, bytes(len(lab.new)), 200000) if n == 0 else c.serve(r, bytes(len(lab.new)))


def wire_bytes_at_most(limit):
    def after(lab, device, server):
        spent = device.status()["targets"][0]["spent"]
        return None if 0 < spent <= limit else "%d bytes spent, %d allowed" % (spent, limit)
    return after


def asked_nothing(lab, device, server):
    return "it asked the server" if server.requests or server.others else None


def took(least, most):
    def after(lab, device, server):
        seconds = time.monotonic() - server.requests[0].time
        return None if least <= seconds <= most else "it took %.1f s" % seconds
    return after


def progress_lines(lab, device, server):
    """JSON lines: what they say grows, ends with the result, and no number is nonsense."""
    lines = [json.loads(line) for line in device.out.splitlines()]
    progress = [line for line in lines[:-1] if line["event"] == "progress"]
    waiting = [line for line in lines[:-1] if line["event"] == "waiting"]
    if lines[-1]["result"] != "updated" or len(progress) < 4 or len(waiting) != 1:
        return "lines: %s" % device.out
    if waiting[0]["seconds"] != 1 or "closed the connection" not in waiting[0]["message"]:
        return "waiting: %s" % waiting
    if progress != sorted(progress, key=lambda line: line["at"]) or any(line["at"] > line["total"] or line["total"] != D for line in progress):
        return "not in order: %s" % progress
    for line in progress:
        if line["rate"] is not None and not 5000 < line["rate"] < 120000:
            return "rate: %s" % line
        if line["left"] is not None and not line["left"] <= (D - line["at"]) / 5000 + 1:
            return "left: %s" % line
    if progress[0]["left"] is not None or all(line["left"] is None for line in progress):
        return "left is known too early, or never"
    return None


def bar_on_terminal(lab, device, server):
    """The same on a terminal: a bar that is redrawn, and gone in the end."""
    main, side = pty.openpty()
    process = subprocess.Popen([*lab.agent_words, "update", "--config", device.config_path], stdout=subprocess.PIPE, stderr=side)
    os.close(side)
    shown = b""
    try:
        while True:
            piece = os.read(main, 4096)
            if not piece:
                break
            shown += piece
    except OSError:  # how a terminal ends
        pass
    os.close(main)
    out = process.communicate()[0].decode()
    bars = shown.decode().split("\r")
    if process.returncode or "updated to release 2" not in out:
        return "it failed: %s" % shown
    if not any("####" in bar and "of 300." in bar and "kB/s" in bar and "s left" in bar for bar in bars):
        return "no bar: %s" % bars
    return None if bars[-1] == "\x1b[K" else "it is not cleared: %r" % bars[-1]


def log_lines(lab, device, server):
    """Without a terminal: one line a minute, as for a log, and the last word. TCP's own timers do not run that
    fast, so it takes longer than the rate says."""
    lines = device.err.splitlines()
    if not 2 <= len(lines) <= 12 or not all(line.startswith("rill-agent: %s: " % NAME) and " of 300.1 kB" in line and "B/s, " in line and line.endswith("s left") for line in lines):
        return "log: %s" % lines
    return None if "updated to release 2" in device.out else "out: %s" % device.out


def policies_in_status(lab, device, server):
    """What the configuration says, and what is so where it says nothing."""
    policy = device.status()["policy"]
    said = ("full", "budget", "rate", "min_rate", "stall_timeout", "retries", "retry_delay", "retry_delay_max", "poll_interval", "poll_jitter", "hours", "may_fetch")
    wrong = [name for name in said if policy[name] != device.config[name]]
    for name in said:
        device.config[name] = None
    device.write_config()
    policy = device.status()["policy"]
    wrong += [name for name in ("budget", "rate", "hours", "may_fetch") if policy[name] is not None]
    wrong += [name for name in set(said) - {"budget", "rate", "hours", "may_fetch"} if policy[name] is None]
    return "in status: %s" % wrong if wrong or set(policy) != set(said) else None


ALL = D + CUT
N = len(lab.new)
# Each damage costs the chunk again, and what was under way behind it, which nobody looks at.
AGAIN = CHUNK

cases = [
    Case("a good server", good, fetched=D, kept=0),
    # Ranges
    Case("no Range", first_cut(no_range("Accept-Ranges: none")), requests=2, fetched=ALL),
    Case("Range ignored", first_cut(no_range("Accept-Ranges: bytes")), requests=2, fetched=ALL),
    Case("no Range, cut off every time", lambda s, c, r, n: (c.head("200 OK", "Content-Length: %d" % D), c.body(delta[:CUT]), c.close(False)),
         code=4, words="after 4 tries", requests=4, fetched=4 * CUT, kept=CUT),
    Case("206 from an earlier offset", first_cut(partial(lambda at: ["Content-Range: bytes %d-%d/%d" % (at - 10, D - 1, D)], 10)),
         requests=3, fetched=ALL),
    Case("206 from a later offset", first_cut(partial(lambda at: ["Content-Range: bytes %d-%d/%d" % (at + 10, D - 1, D)], -10)),
         requests=3, fetched=ALL),
    Case("206 with wrong total", first_cut(partial(lambda at: ["Content-Range: bytes %d-%d/%d" % (at, D - 1, D + 5)])),
         requests=3, fetched=ALL),
    Case("206 with unknown total", first_cut(partial(lambda at: ["Content-Range: bytes %d-%d/*" % (at, D - 1)])),
         requests=3, fetched=ALL),
    Case("206 without Content-Range", first_cut(partial(lambda at: [])), requests=3, fetched=ALL),
    Case("206 whose two lengths differ", first_cut(lambda s, c, r, n: c.whole(delta) if r.start is None else (
        c.head("206 Partial Content", "Content-Length: 5", "Content-Range: bytes %d-%d/%d" % (r.start, D - 1, D)), c.body(b"hello"))),
         requests=3, fetched=ALL),
    Case("206 without being asked", lambda s, c, r, n: (c.head("206 Partial Content", "Content-Range: bytes 0-%d/%d" % (D - 1, D), "Content-Length: %d" % D), c.body(delta)),
         code=4, words="another range", requests=4, fetched=0),
    Case("206 shorter than asked", lambda s, c, r, n: c.serve_part(r, delta, CUT) if r.start is None else (
        c.head("206 Partial Content", "Content-Length: %d" % min(50000, D - r.start),
               "Content-Range: bytes %d-%d/%d" % (r.start, min(r.start + 50000, D) - 1, D)), c.body(delta[r.start:r.start + 50000])),
         requests=1 + -(-(D - CUT) // 50000), fetched=D),
    Case("206 of multipart/byteranges", first_cut(lambda s, c, r, n: c.whole(delta) if r.start is None else (
        c.head("206 Partial Content", "Content-Type: multipart/byteranges; boundary=x", "Content-Length: 7"), c.body(b"--x\r\n\r\n"))),
         requests=3, fetched=ALL),
    Case("200 with a Content-Range", first_cut(lambda s, c, r, n: c.whole(delta) if r.start is None else (
        c.head("200 OK", "Content-Length: %d" % (D - r.start), "Content-Range: bytes %d-%d/%d" % (r.start, D - 1, D)), c.body(delta[r.start:]))),
         requests=3, fetched=ALL),
    Case("416 in mid-file", first_cut(lambda s, c, r, n: c.whole(delta) if r.start is None else c.head("416 Range Not Satisfiable", "Content-Range: bytes */%d" % D, "Content-Length: 0")),
         requests=3, fetched=ALL),
    Case("416 on a complete file", good, before=keep(delta), requests=0, fetched=0),
    # Lengths
    Case("no Content-Length", answer("200 OK", body=delta), fetched=D),
    Case("no Content-Length, HTTP/1.0", raw(b"HTTP/1.0 200 OK\r\n\r\n" + delta), fetched=(0, D)),
    Case("chunked", answer("200 OK", "Transfer-Encoding: chunked", body=chunked(delta), close=False), fetched=D),
    Case("chunked with trailers", answer("200 OK", "Transfer-Encoding: chunked", "Trailer: X", body=chunked(delta, 70000, b";a=b", b"X: 1\r\nY: 2\r\n"), close=False), fetched=D),
    Case("chunked, cut off once", then_good(1, answer("200 OK", "Transfer-Encoding: chunked", body=chunked(delta)[:CUT])), requests=2, fetched=D),
    Case("chunked, malformed", answer("200 OK", "Transfer-Encoding: chunked", body=b"zz\r\nhello"), code=4, words="malformed chunked", requests=4, fetched=0),
    Case("chunked and Content-Length", answer("200 OK", "Transfer-Encoding: chunked", "Content-Length: %d" % D, body=chunked(delta)), code=4, words="both", requests=4, fetched=0),
    Case("says a short length", answer("200 OK", "Content-Length: %d" % (D - 1000), body=delta), code=10, words="bytes of %d" % D, fetched=0),
    Case("says a long length", answer("200 OK", "Content-Length: %d" % (D + 1000), body=delta), code=7, words="at most %d" % D, fetched=0),
    Case("sends less than it says", cut_always(D - 1000), requests=2, fetched=D),
    Case("sends more than it says", answer("200 OK", "Content-Length: %d" % D, body=delta + b"x" * 5000), fetched=D),
    Case("endless, the file first", endless(delta), fetched=(D, D + 16384)),
    Case("endless, garbage", endless(b""), code=10, words="header is not the signed one", requests=3, fetched=(3 * H, 3 * 16384)),
    Case("endless metadata", lambda s, c, r, n: (c.head("200 OK"), [c.body(b" " * 10000) for _ in range(2000)]), match="/timestamp.json", code=7, words="more than", fetched=0),
    Case("metadata cut off once", lambda s, c, r, n: c.serve(r, s.file(r.path)) if n else c.serve_part(r, s.file(r.path), 100), match="/timestamp.json", requests=2, fetched=D),
    # Whether there is a new root is asked by HEAD
    Case("no HEAD here", next_root("405 Method Not Allowed", "Content-Length: 0"), match="/2.root.json", requests=2, fetched=D),
    Case("HEAD says yes, GET no", next_root("200 OK", "Content-Length: 500"), match="/2.root.json", requests=2, fetched=D),
    Case("HEAD with a body", next_root("404 Not Found", "Content-Length: 9", body=b"not found"), match="/2.root.json", requests=1, fetched=D),
    Case("HEAD is not answered", lambda s, c, r, n: time.sleep(6) if r.method == "HEAD" else c.head("404 Not Found", "Content-Length: 0"), match="/2.root.json", requests=2, fetched=D),
    # Connections
    Case("closes after 50,000 bytes, every time", cut_always(50000), requests=-(-D // 50000), fetched=D),
    Case("closes after 2,000 bytes, every time", cut_always(2000), requests=-(-D // 2000), fetched=D),
    Case("closes after 100 bytes, every time", cut_always(100), code=4, words="after 4 tries", requests=4, fetched=400, kept=400),
    Case("closes after the head, every time", cut_always(0), code=4, words="closed the connection", requests=4, fetched=0, kept=0),
    # One more request than tries: that a kept connection is gone is found out by using it.
    Case("closes without an answer, every time", lambda s, c, r, n: c.close(), code=4, words="closed the connection", requests=5, fetched=0),
    Case("resets the connection once", reset_once, requests=2, fetched=D),
    Case("closes kept connections", closes_kept, match="/", requests=5, fetched=D),
    Case("says close", lambda s, c, r, n: (c.whole(delta, "Connection: close"), c.close()), fetched=D),
    Case("stalls once", then_good(1, stall(CUT)), requests=2, fetched=D, after=waited(2)),
    Case("stalls before the answer, every time", lambda s, c, r, n: time.sleep(6), code=4, words="silent for 2 s", requests=4, fetched=0),
    Case("a byte a second", trickle, code=4, words='below "min_rate"', requests=4, fetched=(4, 16)),
    Case("a byte a second of the head", trickle_head, code=4, words='below "min_rate"', requests=4, fetched=0),
    Case("nobody listens", code=4, words="cannot connect", requests=0, url="https://localhost:1/", fetched=0),
    Case("no such host", code=4, words="cannot look up", requests=0, url="https://no-such-host.invalid/", fetched=0),
    # Statuses
    Case("429, Retry-After in seconds", busy("429 Too Many Requests", lambda: "2"), requests=2, fetched=D, after=waited(2)),
    Case("503, Retry-After as a date", busy("503 Service Unavailable", in_seconds(3)), requests=2, fetched=D, after=waited(2)),
    Case("503, Retry-After as an old date", busy("503 Service Unavailable", in_seconds(-3000)), requests=2, fetched=D),
    Case("503, come back in an hour", busy("503 Service Unavailable", lambda: "3600", 99), code=4, words="come back in 3600 s", fetched=0, after=sent_away),
    Case("429 for ever", busy("429 Too Many Requests", lambda: "0", 99), code=4, words="answers 429", requests=4, fetched=0),
    Case("404 for ever", answer("404 Not Found", "Content-Length: 0", close=False), code=4, words="the server has no", fetched=0),
    Case("403", answer("403 Forbidden", "Content-Length: 0", close=False), code=4, words="the server has no", fetched=0),
    Case("401", answer("401 Unauthorized", "Content-Length: 0", close=False), code=4, words="answers 401", fetched=0),
    Case("204", answer("204 No Content", close=False), code=4, words="answers 204", fetched=0),
    Case("500 then well", then_good(1, answer("500 Oh", "Content-Length: 0", close=False)), requests=2, fetched=D),
    Case("500 for ever", answer("500 Oh", "Content-Length: 2", body=b"no", close=False), code=4, words="after 4 tries", requests=4),
    Case("a page of 1 MB with a 500", then_good(1, answer("500 Oh", "Content-Length: 1000000", body=b" " * 1000000)), requests=2),
    Case("103 and 100 before the answer", lambda s, c, r, n: (c.head("103 Early Hints", "Link: x"), c.head("100 Continue"), good(s, c, r, n)), fetched=D),
    Case("103 for ever", lambda s, c, r, n: [c.head("103 Early Hints") for _ in range(1000)], code=4, words="at work", requests=4),
    # Redirects
    Case("301 to another host", redirect(lambda s, r, n: "https://127.0.0.1:%d/signed" % other.port, "301 Moved Permanently"), fetched=D, authorization="Bearer secret", after=credentials),
    Case("relative redirects, 8 of them", lambda s, c, r, n: redirect(r.path.split("?")[0] + "?%d" % n)(s, c, r, n) if n < 8 else good(s, c, r, n), requests=9, fetched=D),
    Case("redirect loop", redirect(lambda s, r, n: r.path), code=4, words="over 8 redirects", requests=9, fetched=0),
    Case("https to http", redirect("http://localhost/x"), code=7, words="away from https", fetched=0),
    Case("redirect without Location", answer("302 Found", "Content-Length: 0", close=False), code=4, words="answers 302", fetched=0),
    Case("redirect to garbage", redirect("https://user@[::"), code=4, words="no host name", requests=4, fetched=0),
    Case("signed links that expire", signed_links, requests=6, fetched=D),
    # Heads
    Case("a head of 1 MB", raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000000 + b"\r\n\r\n"), code=4, words="over 16384 bytes", requests=4, fetched=0),
    Case("10,000 fields", raw(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(10000)) + b"\r\n"), code=4, words="over 16384 bytes", requests=4, fetched=0),
    Case("NUL in a field", raw(b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n"), code=4, words="malformed header", requests=4, fetched=0),
    Case("two lengths", answer("200 OK", "Content-Length: %d" % D, "Content-Length: 5", body=delta), code=4, words="malformed Content-Length", requests=4, fetched=0),
    Case("HTTP/0.9 rubbish", raw(b"<html>hello</html>"), code=4, words="not an answer of HTTP/1.1", requests=4, fetched=0),
    Case("HTTP/2 without being asked", raw(b"\0\0\x12\4\0\0\0\0\0"), code=4, words="not an answer of HTTP/1.1", requests=4, fetched=0),
    Case("gzip sent unasked", answer("200 OK", "Content-Encoding: gzip", body=gzip.compress(delta)), code=4, words="not asked for", requests=4, fetched=0),
    # Content
    Case("ETag changes in mid-file", lambda s, c, r, n: c.serve_part(r, delta, CUT) if n == 0 else c.serve(r, GARBAGE if n < 2 else delta, 'ETag: "b"'), requests=3,
         fetched=(D + 1, D + 2 * AGAIN)),
    Case("a damaged chunk, once", damaged(2), requests=2, fetched=(D + 1, D + 2 * AGAIN)),
    Case("a damaged header, once", damaged(-1), requests=2, fetched=(D + H, D + 2 * AGAIN)),
    Case("a damaged last chunk, once", damaged(CHUNKS - 1), requests=2, fetched=D + (D - H) % CHUNK),
    Case("a damaged chunk, twice", damaged(2, 2), requests=3, fetched=(D + 1, D + 4 * AGAIN)),
    Case("a damaged chunk, for ever", damaged(2, 999), code=10, words="chunk 2 of the delta is damaged, in 3 fetches", requests=3,
         kept=H + 2 * CHUNK, fetched=(1, D + 4 * AGAIN), after=next_run(1, D - H - 2 * CHUNK)),
    # What is kept
    Case("cut off, and the next run", cut_always(CUT), retries=0, code=4, words="closed the connection", fetched=CUT, kept=CUT, after=next_run(1, D - CUT)),
    Case("kept: the first half", good, before=keep(delta[:D // 2]), fetched=D - D // 2, after=ranges((D // 2, None))),
    Case("kept: part of the header", good, before=keep(delta[:H - 1]), fetched=D - H + 1, after=ranges((H - 1, None))),
    Case("kept: of another delta", good, before=keep(GARBAGE[:CUT]), fetched=D, after=ranges((None, None))),
    Case("kept: of another delta, longer", good, before=keep(GARBAGE + GARBAGE), fetched=D),
    Case("kept: of another delta, and no Range", no_range(), before=keep(GARBAGE[:CUT]), fetched=D),
    Case("kept: a damaged chunk", good, before=keep(flipped(H + CHUNK + 5)), fetched=CHUNK, after=ranges((H + CHUNK, H + 2 * CHUNK))),
    Case("kept: two damaged chunks", good, before=keep(flipped(H + 5, H + 2 * CHUNK)), requests=2, fetched=2 * CHUNK, after=ranges((H, H + CHUNK), (H + 2 * CHUNK, H + 3 * CHUNK))),
    Case("kept: a damaged tail", good, before=keep(flipped(H + CHUNK + 5)[:H + CHUNK + 100]), requests=2, fetched=(D - H - CHUNK, D - H - CHUNK + AGAIN)),
    Case("kept: a damaged chunk, and no Range", no_range(), before=keep(flipped(H + CHUNK + 5)), fetched=(H + 2 * CHUNK, D)),
    Case("killed seven times", good, before=kills, after=at_most_a_chunk_again),
    # Whole files
    Case("whole: not allowed", **{**whole(), "full": "never"}, code=12, words="no delta", requests=0, fetched=0),
    Case("whole: a good server", **whole(), fetched=N),
    Case("whole: cut off once", **whole(new_part(200000)), requests=2, fetched=N),
    Case("whole: cut off, and the next run", **whole(new_part(200000)), retries=0, code=4, words="closed the connection", fetched=200000,
         after=lambda lab, device, server: None if device.update()[0] == 0 and device.installed() == "new" and
         server.requests[1].start == 196608 else "the next run: %s" % [r.start for r in server.requests]),
    Case("whole: changes in mid-file", **whole(changed_in_mid_file), requests=3, fetched=2 * N),
    Case("whole: always wrong", **whole(always_wrong), code=10, words="not the signed one", requests=3, fetched=2 * N),
    Case("whole: wrong, in one request", **whole(lambda s, c, r, n: c.serve(r, bytes(N))), code=10, words="not the signed one", fetched=N),
    Case("whole: within the budget", **{**whole(), "full": "within-budget"}, budget=N + 20000, fetched=N, after=wire_bytes_at_most(N + 20000)),
    Case("whole: over the budget", **{**whole(), "full": "within-budget"}, budget=N - 1, code=12, words="no delta", requests=0, fetched=0),
    Case("whole: killed seven times", **whole(), before=kills_whole, after=at_most_a_chunk_again),
    # Policies
    Case("budget: enough", good, budget=D + 20000, fetched=D, after=wire_bytes_at_most(D + 20000)),
    Case("budget: too small from the start", good, budget=D - 1, code=12, words="budget are left", requests=0, fetched=0),
    Case("budget: used up by a bad server", first_cut(no_range()), budget=D + 20000, code=12, words="budget of this release is used up",
         requests=2, fetched=(D - 1, D + 20000), after=wire_bytes_at_most(D + 20000)),
    Case("budget: for all runs together", cut_always(0), budget=D + 20000, code=4, words="closed the connection", requests=4,
         after=lambda lab, device, server: None if wire_bytes_at_most(D)(lab, device, server) is None and
         device.config.update(budget=device.status()["targets"][0]["spent"] + D - 1) is None and
         device.update()[0] == 12 and len(server.requests) == 4 else "the second run"),
    Case("rate: 200,000 bytes a second", good, rate=200000, fetched=D, after=took(D / 200000 - 0.6, D / 200000 + 6)),
    Case("progress as JSON lines", lambda s, c, r, n: c.serve_part(r, delta, 30000) if n == 0 else c.serve(r, delta), requests=2, rate=60000, retry_delay=1, retry_delay_max=1,
         options=["--json", "--progress"], fetched=D, after=progress_lines),
    Case("progress on a terminal", good, code=12, words="may_fetch", requests=0, rate=60000, may_fetch=["/bin/sh", "-c", '[ -e "$0.asked" ] || { : >"$0.asked"; false; }', lab.folder + "/hook"],
         after=bar_on_terminal),
    Case("hours: not now", good, code=12, words='"hours"', requests=0, fetched=0,
         hours=[time.strftime("%H:00-", time.localtime(time.time() + 7200)) + time.strftime("%H:00", time.localtime(time.time() + 10800))], after=asked_nothing),
    Case("hours: --now all the same", good, options=["--now"], fetched=D,
         hours=[time.strftime("%H:00-", time.localtime(time.time() + 7200)) + time.strftime("%H:00", time.localtime(time.time() + 10800))]),
    Case("may_fetch: no", good, code=12, words="may_fetch", requests=0, may_fetch=["/bin/false"], after=asked_nothing),
    Case("may_fetch: a file says metered", good, code=12, words="may_fetch", requests=0, may_fetch=["/usr/bin/test", "!", "-e", lab.folder + "/old"], after=asked_nothing),
    Case("may_fetch: no file says metered", good, fetched=D, may_fetch=["/usr/bin/test", "!", "-e", lab.folder + "/metered"]),
    Case("policies in status", good, full="within-budget", budget=777777, rate=9999999, min_rate=7, stall_timeout=11, retries=2, retry_delay=1,
         retry_delay_max=9, poll_interval=3600, poll_jitter=60, hours=["00:00-23:59", "23:59-00:00"], may_fetch=["/bin/true"], fetched=D, after=policies_in_status),
    Case("may_fetch: yes", good, may_fetch=["/bin/true"], fetched=D),
]

# Three minutes in some seconds, where the agent is a program of this machine and not in a sanitizer's care.
if os.environ.get("POWER_CUT") and shutil.which("faketime"):
    cases.append(Case("a log has a line a minute", good, rate=D // 150, stall_timeout=900, fetched=D, wrap=("faketime", "-f", "+0 x40"), after=log_lines))
else:
    print("not here: the case of a log (needs faketime, and an agent of this machine without sanitizers)")

if os.environ.get("POWER_CUT"):
    cases += [
        Case("seven power cuts", good, before=power_cuts, after=at_most_a_chunk_again),
        Case("whole: seven power cuts", **whole(), before=power_cuts_whole, after=at_most_a_chunk_again),
    ]
else:
    print("not here: cases with power cuts (need an agent of this machine without sanitizers)")

if __name__ == "__main__":
    run_all(lab, cases)
