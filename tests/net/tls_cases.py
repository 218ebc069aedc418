# SPDX-License-Identifier: Apache-2.0
"""Servers whose TLS or certificates are not as they should be, and those that only look odd."""

import os
import shutil
import ssl
import subprocess
import threading
import time

import certificates
from certificates import Authority, context, pin
from lab import Case, Lab, run_all

lab = Lab()
ca, delta, D = lab.ca, lab.delta, len(lab.delta)
LOCAL = "subjectAltName=DNS:localhost"
rsa_ca = Authority(lab.folder, "rsa-ca", "rsa")
other_ca = Authority(lab.folder, "other-ca")
inner_ca = Authority(lab.folder, "inner-ca", parent=ca)
mixed_ca = Authority(lab.folder, "mixed-ca", "rsa", parent=ca)
client = ca.issue("client", "CN=device 7", "extendedKeyUsage=clientAuth")
other_client = other_ca.issue("other-client", "CN=device 8", "extendedKeyUsage=clientAuth")


def made(authority, name, *extensions, subject="CN=localhost", **more):
    return context(authority.issue(name, subject, *(extensions or [LOCAL]), **more))


def self_signed():
    base = lab.folder + "/self"
    certificates.new_key(base + ".key")
    certificates.openssl("req", "-x509", "-new", "-key", base + ".key", "-days", "9", "-subj", "/CN=localhost",
                         "-addext", LOCAL, "-out", base + ".crt")
    return context(base)


def without_intermediate():
    base = inner_ca.issue("short", "CN=localhost", LOCAL)
    with open(base + ".crt") as f:
        first = f.read().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    with open(base + ".crt", "w") as f:
        f.write(first)
    return context(base)


def write_time(device, days):
    os.makedirs(device.state + "/metadata", exist_ok=True)
    with open(device.state + "/metadata/time", "w") as f:
        f.write(time.strftime("%Y-%m-%dT%H:%M:%SZ\n", time.gmtime(time.time() + days * 86400)))


def clock_behind(days):
    """As if the time had been known to be later than the system's clock shows: it is then wrong."""
    return lambda lab, device: write_time(device, days)


def untrusted(lab, device, server):
    return None if not device.status()["time"]["trusted"] else "status says that the time is trusted"


def cut_without_goodbye(server, c, r, n):
    """The length is only known from the end of the connection, which anybody can cause."""
    data = server.file(r.path)
    c.head("200 OK", "Connection: close")
    c.body(data[:len(data) // 2] if n == 0 else data)
    c.close(notify=n > 0)


def cut_always(server, c, r, n):
    data = server.file(r.path)
    c.head("200 OK", "Connection: close")
    c.body(data)
    c.close(notify=False)


def one_session(lab, device, server):
    """Two connections, the second of which resumed the first one's session."""
    return None if server.resumed == [False, True] else "sessions reused: %s" % server.resumed


def cut_once(server, c, r, n):
    c.serve_part(r, delta, 100000) if n == 0 else c.serve(r, delta)


def edit_session(device, start, data):
    with open(device.state + "/session", "r+b") as f:
        f.seek(start, os.SEEK_SET if start >= 0 else os.SEEK_END)
        f.write(data)


def run_again(expected, change=None, code=0):
    """Another run of the agent, after a change: its connections as `expected`, each resumed or not."""
    def after(lab, device, server):
        mode = os.stat(device.state + "/session").st_mode & 0o777
        if mode != 0o600:
            return "the session's file has mode %o" % mode
        if change:
            change(device)
        del server.resumed[:]
        got, error, _ = device.update()
        if got != code:
            return "the next run: exit code %d, not %d: %s" % (got, code, error)
        return None if server.resumed == expected else "sessions reused: %s" % server.resumed
    return after


BAD = {"code": 7, "words": "the server's certificate", "requests": 0}
good = lab.good

cases = [
    # Chains
    Case("ECDSA chain", fetched=D),
    Case("RSA chain", context=made(rsa_ca, "rsa", kind="rsa"), ca=rsa_ca.crt),
    Case("with an intermediate", context=made(inner_ca, "inner")),
    Case("RSA intermediate, ECDSA root and leaf", context=made(mixed_ca, "mixed")),
    Case("two authorities in the bundle", context=made(rsa_ca, "rsa2", kind="rsa"), before=lambda lab, device:
         device.config.update(ca=joined(device, rsa_ca.crt, ca.crt))),
    Case("the intermediate is missing", context=without_intermediate(), **BAD),
    Case("self-signed", context=self_signed(), **BAD),
    Case("of a wrong CA", context=made(other_ca, "foreign"), **BAD),
    Case("a client's certificate, by purpose", context=made(ca, "purpose", LOCAL, "extendedKeyUsage=clientAuth"), **BAD),
    # Names
    Case("of another host", context=made(ca, "host", "subjectAltName=DNS:other.example"), **BAD),
    Case("of a longer host", context=made(ca, "longer", "subjectAltName=DNS:localhost.other.example"), **BAD),
    Case("the name in the subject, another in the list", context=made(ca, "subject", "subjectAltName=DNS:other.example"), **BAD),
    Case("one of several names", context=made(ca, "several", "subjectAltName=DNS:a.example,IP:192.0.2.1,DNS:localhost")),
    Case("IPv4 address", url="https://127.0.0.1:%d/"),
    Case("IPv6 address", url="https://[::1]:%d/", address="::1"),
    Case("IPv6 address, written otherwise", url="https://[0:0::0:1]:%d/", address="::1"),
    Case("IPv4 address that is not listed", url="https://127.0.0.1:%d/", context=made(ca, "no-ip"), **BAD),
    Case("another IPv4 address", url="https://127.0.0.1:%d/", context=made(ca, "other-ip", "subjectAltName=DNS:localhost,IP:127.0.0.2"), **BAD),
    Case("IPv4 address as a name", url="https://127.0.0.1:%d/", context=made(ca, "ip-name", "subjectAltName=DNS:127.0.0.1", subject="CN=127.0.0.1"), **BAD),
    Case("IPv4 address in the subject alone", url="https://127.0.0.1:%d/", context=made(ca, "ip-subject", "keyUsage=digitalSignature", subject="CN=127.0.0.1"), **BAD),
    Case("IPv6 address that is not listed", url="https://[::1]:%d/", address="::1", context=made(ca, "no-ip6", "subjectAltName=IP:127.0.0.1"), **BAD),
    # Dates
    Case("expired", context=made(ca, "expired", start=-9, end=-1), **{**BAD, "words": "valid from"}),
    Case("not yet valid, the clock is behind", context=made(ca, "future2", start=2), before=clock_behind(5), after=untrusted),
    Case("expired by the clock's floor", context=made(ca, "floor", end=3), before=clock_behind(5), **BAD),
    Case("another host, the clock is behind", context=made(ca, "host2", "subjectAltName=DNS:other.example", start=2), before=clock_behind(5), **BAD),
    Case("wrong CA, the clock is behind", context=made(other_ca, "foreign2", start=2), before=clock_behind(5), **BAD),
    # Pins
    Case("pin of the certificate", pins=[pin(good + ".crt")]),
    Case("pin of the authority", pins=["sha256:" + "0" * 64, pin(ca.crt)]),
    Case("wrong pin", pins=[pin(other_ca.crt)], **{**BAD, "words": '"pins"'}),
    Case("right pin, wrong CA", context=made(other_ca, "foreign3"), pins=[pin(other_ca.crt)], **BAD),
    Case("no pin", pins=["sha256//AAAA"], code=15, words="pins", requests=0),
    # Clients
    Case("client certificate", context=context(good, client_ca=ca.crt), client_certificate=client + ".crt", client_key=client + ".key"),
    Case("client certificate, none", context=context(good, client_ca=ca.crt), code=4, words="", requests=0),
    Case("client certificate, of another CA", context=context(good, client_ca=ca.crt), client_certificate=other_client + ".crt", client_key=other_client + ".key", code=4, words="", requests=0),
    # Versions
    Case("TLS 1.0 only", context=context(good, only=ssl.TLSVersion.TLSv1), code=4, words="TLS handshake", requests=0),
    Case("TLS 1.1 only", context=context(good, only=ssl.TLSVersion.TLSv1_1), code=4, words="TLS handshake", requests=0),
    Case("TLS 1.2 only", context=context(good, only=ssl.TLSVersion.TLSv1_2)),
    # mbedTLS 2.28 has no 1.3.
    Case("TLS 1.3 only", context=context(good, only=ssl.TLSVersion.TLSv1_3),
         **({"fetched": D} if os.environ.get("TLS_1_3") else {"code": 4, "words": "TLS handshake", "requests": 0})),
    Case("a session is resumed", cut_once, context=context(good, only=ssl.TLSVersion.TLSv1_2), requests=2, fetched=D, after=one_session),
    # From one run to the next
    Case("a session is kept", after=run_again([True])),
    Case("a session is kept, then a wrong pin", after=run_again([], lambda d: d.config.update(pins=[pin(other_ca.crt)]), 7)),
    Case("a session is kept, then another CA", after=run_again([], lambda d: d.config.update(ca=other_ca.crt), 7)),
    Case("a session is kept, then a right pin", after=run_again([False], lambda d: d.config.update(pins=[pin(ca.crt)]))),
    Case("a session is kept, then a client certificate", after=run_again([False], lambda d: d.config.update(client_certificate=client + ".crt", client_key=client + ".key"))),
    Case("a session is kept, and has expired", after=run_again([False], lambda d: edit_session(d, 40, bytes(8)))),
    Case("a session is kept, of the future", after=run_again([False], lambda d: edit_session(d, 32, b"\xff" * 7))),
    Case("a session is kept, another server's", after=run_again([False], lambda d: edit_session(d, 0, bytes(32)))),
    Case("a session is kept, its key is damaged", after=run_again([False], lambda d: edit_session(d, 105, b"damage"))),
    Case("a session is kept, its file is cut", after=run_again([False], lambda d: os.truncate(d.state + "/session", 60))),
    Case("a session is kept, its file is empty", after=run_again([False], lambda d: os.truncate(d.state + "/session", 0))),
    Case("a session is kept, then the clock is behind", after=run_again([False], lambda d: write_time(d, 5))),
    # Ends
    Case("truncated, once", cut_without_goodbye, requests=2, fetched=D // 2 + D),
    Case("truncated metadata, for ever", cut_always, match="/timestamp.json", code=4, words="closed the connection", requests=4, fetched=0),
    Case("truncated metadata, once", cut_without_goodbye, match="/timestamp.json", requests=2, fetched=D),
]


def joined(device, *files):
    path = device.folder + "/bundle.crt"
    with open(path, "w") as out:
        for name in files:
            with open(name) as f:
                out.write(f.read())
    return path


# A host with addresses of both families, by a hosts file that only the agent sees.
hosts = lab.folder + "/hosts"
with open(hosts, "w") as f:
    f.write("::1 localhost both.example\n127.0.0.1 localhost both.example\n")
bind = ("unshare", "-rm", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts)
late_hosts = lab.folder + "/late-hosts"


def name_comes_late(lab, device):
    """As when the network comes up after the agent."""
    with open(late_hosts, "w") as f:
        f.write("127.0.0.1 localhost\n")

    def add():
        with open(late_hosts, "a") as f:
            f.write("127.0.0.1 both.example\n")
    threading.Timer(1.5, add).start()


both = made(ca, "both", "subjectAltName=DNS:both.example")
if subprocess.run([*bind, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
    cases += [
        Case("two families, only IPv4 answers", url="https://both.example:%d/", context=both, wrap=bind),
        Case("two families, only IPv6 answers", url="https://both.example:%d/", context=both, wrap=bind, address="::1"),
        Case("the name is known only later", url="https://both.example:%d/", context=both, wrap=(*bind[:-1], late_hosts), retry_delay=1,
             before=name_comes_late, fetched=D),
    ]
else:
    print("not here: cases with two families (no private mounts)")

# What the kernel says of the clock
if os.environ.get("CLOCK_STATUS"):
    def clock(status):
        return ("env", "LD_PRELOAD=" + os.environ["CLOCK_STATUS"], "RILL_CLOCK=" + status)
    cases += [
        Case("not yet valid, clock synchronized", wrap=clock("synchronized"), context=made(ca, "future", start=2), **{**BAD, "words": "valid from"}),
        Case("not yet valid, clock unsynchronized", wrap=clock("unsynchronized"), context=made(ca, "future3", start=2)),
        Case("expired, clock unsynchronized", wrap=clock("unsynchronized"), context=made(ca, "expired2", start=-9, end=-1), **BAD),
        Case("not yet valid, behind, yet synchronized", wrap=clock("synchronized"), context=made(ca, "future4", start=2), before=clock_behind(5), after=untrusted),
    ]
else:
    print("not here: cases with another status of the clock (need an agent of this machine without sanitizers)")

# The time itself, where the agent is a program of this machine and not in a sanitizer's care.
if shutil.which("faketime") and len(lab.agent_words) == 1 and not os.environ.get("SANITIZED"):
    start = ("faketime", "-f", "@1970-01-02 00:00:00")
    cases += [
        Case("a clock at 1970", wrap=start),
        Case("a clock at 1970, expired", wrap=start, context=made(ca, "past", start=-90, end=-60), **BAD),
        Case("a clock at 1970, another host", wrap=start, context=made(ca, "host3", "subjectAltName=DNS:other.example"), **BAD),
        Case("a clock in 2060", wrap=("faketime", "-f", "@2060-01-02 00:00:00"), **BAD),
    ]
else:
    print("not here: cases with another time (needs faketime, and an agent of this machine)")

if __name__ == "__main__":
    run_all(lab, cases)
