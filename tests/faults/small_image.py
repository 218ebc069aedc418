# SPDX-License-Identifier: Apache-2.0
"""Small container images, as OCI image layouts (OCI Image Format Specification 1.1), and a judge of what is in one."""

import gzip
import hashlib
import io
import json
import os
import random
import tarfile
import zlib

MEDIA = "application/vnd.oci.image."


def put(folder, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(folder + "/blobs/sha256/" + digest, "wb") as f:
        f.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def layer(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def compress(data):
    """As zlib makes a gzip file: what can be made again."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, 31)
    return deflate.compress(data) + deflate.flush()


def make(folder, layers):
    """An image of these layers, compressed, under the tag "latest"."""
    os.makedirs(folder + "/blobs/sha256")
    config = {"architecture": "arm64", "os": "linux", "config": {}, "rootfs": {
        "type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(data).hexdigest() for data in layers]}}
    manifest = {"schemaVersion": 2, "mediaType": MEDIA + "manifest.v1+json",
                "config": {"mediaType": MEDIA + "config.v1+json", **put(folder, json.dumps(config).encode())},
                "layers": [{"mediaType": MEDIA + "layer.v1.tar+gzip", **put(folder, compress(data))} for data in layers]}
    index = {"schemaVersion": 2, "manifests": [{"mediaType": manifest["mediaType"],
             **put(folder, json.dumps(manifest).encode()),
             "annotations": {"org.opencontainers.image.ref.name": "latest"}}]}
    for name, value in (("index.json", index), ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
        with open(folder + "/" + name, "w") as f:
            json.dump(value, f)


def make_pair(folder):
    """FOLDER/old and FOLDER/new: the first layer is the same, in the second much changes, and a third comes."""
    source = random.Random(2)
    base = layer([("usr/lib/base", source.randbytes(200000))])
    kept = source.randbytes(150000)
    for name, more in (("old", []), ("new", [layer([("etc/more", source.randbytes(50000))])])):
        make(folder + "/" + name, [base, layer([("usr/bin/tool", kept + source.randbytes(100000))]), *more])


def read_blob(folder, digest):
    with open(folder + "/blobs/sha256/" + digest.split(":")[1], "rb") as f:
        data = f.read()
    if "sha256:" + hashlib.sha256(data).hexdigest() != digest:
        raise ValueError("damaged blob " + digest)
    return data


def plain(data, media_type):
    return gzip.decompress(data) if media_type.endswith("gzip") else data


def identity(folder):
    """The digest of the image's config, when all that the index names is there and right."""
    with open(folder + "/index.json") as f:
        index = json.load(f)
    if len(index["manifests"]) != 1:
        raise ValueError("not one image")
    manifest = json.loads(read_blob(folder, index["manifests"][0]["digest"]))
    config = json.loads(read_blob(folder, manifest["config"]["digest"]))
    layers = [plain(read_blob(folder, one["digest"]), one["mediaType"]) for one in manifest["layers"]]
    if ["sha256:" + hashlib.sha256(data).hexdigest() for data in layers] != config["rootfs"]["diff_ids"]:
        raise ValueError("other layers than the config says")
    return manifest["config"]["digest"]


def leftovers(folder):
    """What the index does not name."""
    with open(folder + "/index.json") as f:
        wanted = {json.load(f)["manifests"][0]["digest"]}
    manifest = json.loads(read_blob(folder, next(iter(wanted))))
    wanted |= {manifest["config"]["digest"], *(one["digest"] for one in manifest["layers"])}
    names = set(os.listdir(folder)) - {"blobs", "index.json", "oci-layout"}
    return names | {name for name in os.listdir(folder + "/blobs/sha256") if "sha256:" + name not in wanted}
