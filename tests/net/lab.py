# SPDX-License-Identifier: Apache-2.0
"""Runs the agent against misbehaving servers, and judges: exit code, words of the error, requests for
the object, bytes that the agent counts, what is on disk afterwards."""

import atexit
import concurrent.futures
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import warnings

import certificates
from server import Server

CHUNK = 65536
NAME = "tools/app"

warnings.simplefilter("ignore", DeprecationWarning)  # old versions of TLS are what we want


class Lab:
    """A repository with a release 2 that has a delta of several chunks, of about `size` bytes, and an authority."""

    def __init__(self, size=300000):
        self.folder = tempfile.mkdtemp(prefix="rill-net.", dir=os.environ.get("TMPDIR", "/tmp"))
        atexit.register(shutil.rmtree, self.folder, True)
        self.www = self.folder + "/www"
        self.agent_words = os.environ["AGENT"].split()
        self.mkdelta_words = os.environ["MKDELTA"].split()
        source = random.Random(1)
        self.old = source.randbytes(size + 100000)
        self.new = self.old[:50000] + source.randbytes(size) + self.old[60000:]
        for name, data in (("old", self.old), ("new", self.new)):
            with open(self.folder + "/" + name, "wb") as f:
                f.write(data)
        key = self.folder + "/key"
        self.mkdelta("key", "new", key, "-q")
        self.mkdelta("repo", "init", self.www, "--key", key, "-q")
        self.mkdelta("repo", "publish", self.www, NAME, self.folder + "/old", "--key", key, "-q")
        self.mkdelta("repo", "publish", self.www, NAME, self.folder + "/new", "--key", key, "-q")
        self.delta_path = next(os.path.join(where, name) for where, _, names in os.walk(self.www + "/targets/deltas")
                               for name in names)
        with open(self.delta_path, "rb") as f:
            self.delta = f.read()
        self.header = int.from_bytes(self.delta[6:10], "little")
        self.ca = certificates.Authority(self.folder, "ca")
        self.good = self.ca.issue("good", "CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1")
        self.context = certificates.context(self.good)

    def mkdelta(self, *words):
        subprocess.run([*self.mkdelta_words, *words], check=True)


class Device:
    def __init__(self, lab, name, url, config, has_base=True):
        self.lab, self.folder = lab, lab.folder + "/device/" + name.replace(" ", "-").replace("/", "-")
        self.state = self.folder + "/state"
        self.app = self.folder + "/bin/app"
        os.makedirs(self.state)
        os.makedirs(self.folder + "/bin")
        shutil.copy(lab.www + "/metadata/1.root.json", self.folder + "/root.json")
        if has_base:
            shutil.copy(lab.folder + "/old", self.app)
        self.config = {"url": url, "ca": lab.ca.crt, "root": self.folder + "/root.json", "state": self.state,
                       "retries": 3, "retry_delay": 0, "retry_delay_max": 5, "stall_timeout": 2, "proxy": "none",
                       "targets": [{"name": NAME, "kind": "file", "path": self.app}]}
        self.config.update(config)
        self.config_path = self.folder + "/config.json"

    def start(self, *words, wrap=()):
        self.write_config()
        return subprocess.Popen([*wrap, *self.lab.agent_words, "update", "--config", self.config_path, *words],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def update(self, *words, wrap=()):
        process = self.start(*words, wrap=wrap)
        out, err = process.communicate(timeout=200)
        return process.returncode, err, out

    def status(self):
        return json.loads(subprocess.run([*self.lab.agent_words, "status", "--json", "--config", self.config_path],
                                         check=True, capture_output=True).stdout)

    def write_config(self):
        with open(self.config_path, "w") as f:
            json.dump({k: v for k, v in self.config.items() if v is not None}, f)

    def partial(self):
        """The file with what was received of the delta."""
        os.makedirs(self.state + "/download", exist_ok=True)
        return self.state + "/download/" + hashlib.sha256(NAME.encode()).hexdigest()[:32]

    def keep(self, data):
        with open(self.partial(), "wb") as f:
            f.write(data)

    def installed(self):
        try:
            with open(self.app, "rb") as f:
                data = f.read()
        except FileNotFoundError:
            return "none"
        return "new" if data == self.lab.new else "old" if data == self.lab.old else "BROKEN"


class Case:
    """`behave` as in Server; `before(lab, device)` prepares; `after(lab, device, server)` returns what else is
    wrong, or None. Ranges are (least, most), single numbers mean exactly that; None: not looked at."""

    def __init__(self, name, behave=None, code=0, words="", requests=1, fetched=None, app=None, kept=None,
                 before=None, after=None, has_base=True, options=(), context=None, url="https://localhost:%d/",
                 address="127.0.0.1", match="/targets/deltas/", wrap=(), **config):
        self.__dict__.update(locals())
        self.app = app or ("new" if code == 0 else "old" if has_base else "none")


def within(value, allowed):
    if allowed is None:
        return True
    least, most = allowed if isinstance(allowed, tuple) else (allowed, allowed)
    return least <= value <= most


def run_case(lab, case):
    context = case.context or lab.context
    server = Server(lab.www, context, case.behave, case.match, case.address)
    try:
        device = Device(lab, case.name, case.url % server.port if "%d" in case.url else case.url, case.config,
                        case.has_base)
        if case.before:
            case.before(lab, device)
        code, device.err, device.out = device.update(*case.options, wrap=case.wrap)
        error = device.err
        status = device.status()["targets"][0]
        seen = {"code": code, "requests": len(server.requests), "fetched": status["fetched"], "kept": status["kept"],
                "app": device.installed()}
        wrong = []
        if code != case.code:
            wrong.append("exit code %d, not %d" % (code, case.code))
        if code and (case.words not in error or error.count("\n") != 1):
            wrong.append("the error should be a line with '%s'" % case.words)
        if not code and not case.options and "updated to" not in device.out and "up to date" not in device.out:
            wrong.append("it says: %s %s" % (device.out, error))
        for name in ("requests", "fetched", "kept"):
            if not within(seen[name], getattr(case, name)):
                wrong.append("%s %d, not %s" % (name, seen[name], getattr(case, name)))
        if seen["app"] != case.app:
            wrong.append("installed: %s, not %s" % (seen["app"], case.app))
        left = [name for name in os.listdir(device.folder + "/bin") if name.endswith(".rill-new")]
        if left and not (status["full"] and code):
            wrong.append("left behind: %s" % left)
        if case.after:
            more = case.after(lab, device, server)
            if more:
                wrong.append(more)
        return seen, wrong, error.strip()
    except Exception as problem:  # a case that cannot run must not pass, nor end the others
        return None, ["%s: %s" % (type(problem).__name__, problem)], ""
    finally:
        server.stop()


def run_all(lab, cases):
    """Prints the table; exits 1 when a case is wrong."""
    only = sys.argv[1:]
    cases = [case for case in cases if not only or case.name in only]
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "two cases have one name"
    failed = 0
    print("delta %d bytes, header %d" % (len(lab.delta), lab.header))
    print("%-44s %5s %8s %8s %7s  %s" % ("case", "code", "requests", "fetched", "kept", "disk"))
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("NET_JOBS", "6"))) as pool:
        for case, (seen, wrong, error) in zip(cases, pool.map(lambda case: run_case(lab, case), cases)):
            if seen:
                print("%-44s %5d %8d %8d %7d  %s" % (case.name, seen["code"], seen["requests"], seen["fetched"],
                                                    seen["kept"], seen["app"]))
            if wrong:
                failed += 1
                print("FAILED: %s: %s\n        %s" % (case.name, "; ".join(wrong), error))
            elif only:
                print("        %s" % error)
    print("%d cases, %d failed" % (len(cases), failed))
    sys.stdout.flush()
    sys.exit(1 if failed or not cases else 0)
