#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Interoperation with python-tuf, the reference implementation, for tuf.sh.

    python_tuf.py write FOLDER            a repository for tuf-client: root 2 of 3 with keys of each kind, targets
                                          of RSA, snapshot of Ed25519, and two levels of delegations
    python_tuf.py get FOLDER URL NAME     its ngclient, from FOLDER/root.json, fetches NAME of a repository that
                                          mkdelta wrote and that is served at URL

Needs python-tuf 5 or later and securesystemslib with cryptography.
"""
import os
import sys
from datetime import datetime, timezone

import cryptography.hazmat.primitives.asymmetric.types as types

for kind in ("Private", "Public"):  # Debian 12's cryptography has another name for these
    if not hasattr(types, f"{kind}KeyTypes"):
        setattr(types, f"{kind}KeyTypes", getattr(types, f"{kind.upper()}_KEY_TYPES"))
from securesystemslib.signer import CryptoSigner  # noqa: E402
from tuf.api.metadata import (DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, TargetFile, Targets,
                              Timestamp)
from tuf.ngclient import Updater

EXPIRES = datetime(2100, 1, 1, tzinfo=timezone.utc)


def put(folder, name, data):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def add_target(folder, targets, name, data):
    targets.targets[name] = TargetFile.from_data(name, data)
    place, _, last = name.rpartition("/")
    put(folder, os.path.join("targets", place, targets.targets[name].hashes["sha256"] + "." + last), data)


def write_role(folder, snapshot, name, role, signers):
    metadata = Metadata(role)
    for signer in signers:
        metadata.sign(signer, append=True)
    data = metadata.to_bytes()
    if name not in ("root", "timestamp", "snapshot"):
        snapshot.meta[f"{name}.json"] = MetaFile.from_data(1, data, ["sha256"])
    put(folder, "metadata/" + ("timestamp.json" if name == "timestamp" else f"1.{name}.json"), data)
    return data


def delegate(role, child, signer, paths, prefixes=None):
    if role.delegations is None:
        role.delegations = Delegations({}, {})
    role.delegations.roles[child] = DelegatedRole(child, [], 1, False, paths, prefixes)
    role.add_key(signer.public_key, child)


def write(folder):
    ecdsa, rsa, ed25519 = CryptoSigner.generate_ecdsa, CryptoSigner.generate_rsa, CryptoSigner.generate_ed25519
    roots = [ecdsa(), rsa(), ed25519()]
    signers = {"timestamp": ecdsa(), "snapshot": ed25519(), "targets": rsa(), "team": ed25519(), "team-app": ecdsa(),
               "bins": rsa()}
    root, snapshot = Root(expires=EXPIRES), Snapshot(expires=EXPIRES)
    for signer in roots:
        root.add_key(signer.public_key, "root")
    root.roles["root"].threshold = 2
    for name in ("timestamp", "snapshot", "targets"):
        root.add_key(signers[name].public_key, name)
    roles = {name: Targets(expires=EXPIRES) for name in ("targets", "team", "team-app", "bins")}
    delegate(roles["targets"], "team", signers["team"], ["team/*", "team/*/*"])
    delegate(roles["targets"], "bins", signers["bins"], None, [f"{n:x}" for n in range(16)])
    delegate(roles["team"], "team-app", signers["team-app"], ["team/app/*"])
    add_target(folder, roles["targets"], "top.txt", b"of the top level\n")
    add_target(folder, roles["team-app"], "team/app/1.txt", b"two delegations down\n")
    add_target(folder, roles["team-app"], "team/other.txt", b"not delegated to that role\n")
    add_target(folder, roles["bins"], "bin.txt", b"by the hash of its path\n")
    for name, role in roles.items():
        write_role(folder, snapshot, name, role, [signers[name]])
    data = write_role(folder, snapshot, "snapshot", snapshot, [signers["snapshot"]])
    timestamp = Timestamp(expires=EXPIRES, snapshot_meta=MetaFile.from_data(1, data, ["sha256"]))
    write_role(folder, snapshot, "timestamp", timestamp, [signers["timestamp"]])
    write_role(folder, snapshot, "root", root, roots[1:])


def get(folder, url, name):
    state, files = os.path.join(folder, "metadata"), os.path.join(folder, "files")
    os.makedirs(files, exist_ok=True)
    if not os.path.exists(state):
        put(state, "root.json", open(os.path.join(folder, "root.json"), "rb").read())
    updater = Updater(state, url + "metadata/", files, url + "targets/")
    updater.refresh()
    info = updater.get_targetinfo(name)
    if info is None:
        sys.exit(f"there is no target {name}")
    print(updater.download_target(info))


if __name__ == "__main__":
    {"write": write, "get": get}[sys.argv[1]](*sys.argv[2:])
