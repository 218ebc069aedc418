# SPDX-License-Identifier: Apache-2.0
"""Authorities and certificates of every kind, right and wrong, by the openssl command."""

import datetime
import os
import ssl
import subprocess

CONFIG = """[ca]
default_ca = main
[main]
new_certs_dir = {folder}
database = {folder}/index
serial = {folder}/serial
policy = any
default_md = sha256
email_in_dn = no
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
"""


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def date(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime("%Y%m%d%H%M%SZ")


def new_key(path, kind="ec"):
    if kind == "rsa":
        openssl("genrsa", "-out", path, "2048")
    else:
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)


class Authority:
    """NAME.crt and NAME.key in the folder; signed by itself or by `parent`."""

    def __init__(self, folder, name, kind="ec", parent=None):
        self.folder, self.name, self.parent = folder, name, parent
        self.crt, self.key = folder + "/" + name + ".crt", folder + "/" + name + ".key"
        self.files = folder + "/" + name + ".ca"
        os.makedirs(self.files)
        with open(self.files + "/config", "w") as f:
            f.write(CONFIG.format(folder=self.files))
        open(self.files + "/index", "w").close()
        with open(self.files + "/serial", "w") as f:
            f.write("01\n")
        if parent:
            parent.issue(name, "CN=" + name, "basicConstraints=critical,CA:TRUE", kind=kind)
        else:
            new_key(self.key, kind)
            openssl("req", "-x509", "-new", "-key", self.key, "-sha256", "-days", "60", "-subj", "/CN=" + name,
                    "-out", self.crt, "-addext", "basicConstraints=critical,CA:TRUE",
                    "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, name, subject, *extensions, kind="ec", start=-2, end=50):
        """Makes NAME.crt, with all authorities between it and the root behind it, and NAME.key."""
        base = self.folder + "/" + name
        new_key(base + ".key", kind)
        openssl("req", "-new", "-key", base + ".key", "-subj", "/" + subject, "-out", base + ".csr")
        with open(base + ".ext", "w") as f:
            f.write("\n".join(extensions) + "\n")
        openssl("ca", "-batch", "-notext", "-config", self.files + "/config", "-cert", self.crt, "-keyfile", self.key,
                "-in", base + ".csr", "-out", base + ".crt", "-extfile", base + ".ext",
                "-startdate", date(start), "-enddate", date(end))
        authority = self
        with open(base + ".crt", "a") as f:
            while authority.parent:
                with open(authority.crt) as crt:
                    f.write(crt.read())
                authority = authority.parent
        return base


def pin(crt):
    """SHA-256 of the certificate's SubjectPublicKeyInfo, as curl writes it."""
    pem = subprocess.run(["openssl", "x509", "-in", crt, "-noout", "-pubkey"], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=pem, check=True,
                         capture_output=True).stdout
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-binary"], input=der, check=True,
                            capture_output=True).stdout
    base64 = subprocess.run(["openssl", "base64"], input=digest, check=True, capture_output=True).stdout
    return "sha256//" + base64.decode().strip()


def context(base, **more):
    """A server's TLS context with BASE.crt and BASE.key."""
    result = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    result.load_cert_chain(base + ".crt", base + ".key")
    if "only" in more:
        result.set_ciphers("ALL:@SECLEVEL=0")
        result.minimum_version = result.maximum_version = more["only"]
    if "client_ca" in more:
        result.verify_mode = ssl.CERT_REQUIRED
        result.load_verify_locations(more["client_ca"])
    return result
