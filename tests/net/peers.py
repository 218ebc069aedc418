# SPDX-License-Identifier: Apache-2.0
"""The agent with real servers and proxies: a whole update from each, and one that goes on in the middle."""

import hashlib
import http.server
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

from lab import Device, Lab
from server import Server

lab = Lab()
delta, D = lab.delta, len(lab.delta)
work = lab.folder
started = []
os.chmod(work, 0o755)
failed = []


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(port, *words, **more):
    """Starts a server and waits until it listens; it ends when the test does."""
    log = open("%s/log-%d" % (work, port), "w+")
    process = subprocess.Popen(words, stdout=log, stderr=log, **more)
    started.append(process)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    log.seek(0)
    sys.exit("%s does not start: %s" % (words[0], log.read()[-1000:]))


def stop_all():
    for process in started:
        process.send_signal(signal.SIGTERM)
    for process in started:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def put(name, text):
    with open(work + "/" + name, "w") as f:
        f.write(text)
    return work + "/" + name


def user():
    return "user root;" if os.getuid() == 0 else ""


def nginx(name, servers, port):
    folder = work + "/" + name
    os.makedirs(folder)
    temporary = "".join("%s_temp_path %s/%s; " % (kind, folder, kind) for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf = put(name + ".conf", """%s daemon off; worker_processes 1; pid %s/pid; error_log %s/error.log;
        events { worker_connections 512; }
        http { access_log %s/access.log; %s default_type application/octet-stream; %s
            ssl_certificate %s.crt; ssl_certificate_key %s.key; %s }
        """ % (user(), folder, folder, folder, temporary, "proxy_cache_path %s/cache keys_zone=c:1m;" % folder, lab.good, lab.good, servers))
    start(port, "nginx", "-e", folder + "/error.log", "-p", folder, "-c", conf)
    return folder


def start_nginx():
    port = free_port()
    nginx("nginx", "server { listen 127.0.0.1:%d ssl; root %s; }" % (port, lab.www), port)
    return port


def start_caching_nginx():
    """Plain behind, TLS and a cache before; the second update is served from the cache."""
    behind, port = free_port(), free_port()
    nginx("cache", """server { listen 127.0.0.1:%d; root %s; }
        server { listen 127.0.0.1:%d ssl; location / { proxy_pass http://127.0.0.1:%d; proxy_cache c;
            proxy_cache_valid 200 1h; add_header X-Cache $upstream_cache_status; } }""" % (behind, lab.www, port, behind), port)
    return port


def start_apache(name="apache", more=""):
    port, folder = free_port(), work + "/" + name
    os.makedirs(folder)
    modules = "".join("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n" % (m, m)
                      for m in ("mpm_event", "authz_core", "ssl", "socache_shmcb"))
    # As root it would become another user, who cannot read everything here: it is made readable.
    conf = put(name + ".conf", modules + """ServerName localhost
        ServerRoot %s
        Listen 127.0.0.1:%d
        PidFile %s/pid
        DefaultRuntimeDir %s
        ErrorLog %s/error.log
        DocumentRoot %s
        <IfModule unixd_module>
        User www-data
        Group www-data
        </IfModule>
        SSLEngine on
        SSLCertificateFile %s.crt
        SSLCertificateKeyFile %s.key
        %s
        """ % (folder, port, folder, folder, folder, lab.www, lab.good, lab.good, more))
    start(port, "apache2", "-DFOREGROUND", "-f", conf)
    return port


class Quiet(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *words):
        super().__init__(*words, directory=lab.www)

    def log_message(self, *_):
        pass


def start_python():
    """`python3 -m http.server` behind TLS: HTTP/1.0, no Range."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    server.socket = lab.context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def call(method, url, data=None):
    request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/octet-stream"})
    context = ssl.create_default_context(cafile=lab.ca.crt)
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)).open(request)


def start_registry():
    """The delta as a blob of a registry, to which our own server redirects; `/v2/` is elsewhere."""
    port = free_port()
    conf = put("registry.yml", """version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: %s/registry}}
http: {addr: "127.0.0.1:%d", tls: {certificate: %s.crt, key: %s.key}}
""" % (work, port, lab.good, lab.good))
    start(port, "docker-registry", "serve", conf, env={**os.environ, "OTEL_TRACES_EXPORTER": "none"})
    digest = "sha256:" + hashlib.sha256(delta).hexdigest()
    base = "https://localhost:%d" % port
    location = call("POST", base + "/v2/rill/app/blobs/uploads/", b"").headers["Location"]
    call("PUT", location + ("&" if "?" in location else "?") + "digest=" + digest, delta)
    blob = "%s/v2/rill/app/blobs/%s" % (base, digest)
    front = Server(lab.www, lab.context, lambda s, c, r, n: c.head("307 Temporary Redirect", "Location: " + blob, "Content-Length: 0"))
    return front.port


def start_squid():
    port, folder = free_port(), work + "/squid"
    os.makedirs(folder)
    os.chmod(folder, 0o777)
    hashed = subprocess.run(["openssl", "passwd", "-apr1", "p:ss w@rd"], check=True, capture_output=True, text=True).stdout
    put("squid.passwords", "device:" + hashed)
    os.chmod(work + "/squid.passwords", 0o644)
    conf = put("squid.conf", """http_port 127.0.0.1:%d
        auth_param basic program /usr/lib/squid/basic_ncsa_auth %s/squid.passwords
        acl known proxy_auth REQUIRED
        http_access allow known
        http_access deny all
        access_log stdio:%s/access.log
        cache_log %s/cache.log
        pid_filename none
        shutdown_lifetime 0 seconds
        cache deny all
        coredump_dir %s
        """ % (port, work, folder, folder, folder))
    start(port, "squid", "-N", "-f", conf)
    return port


def judge(name, device, want_code, want_fetched, words=""):
    code, error, _ = device.update()
    status = device.status()["targets"][0]
    fine = code == want_code and status["fetched"] == want_fetched and device.installed() == ("new" if code == 0 else "old") \
        and words in error
    print("%-52s %5d %8d %8d  %s%s" % (name, code, status["fetched"], status["spent"], device.installed(),
                                      "" if fine else "   FAILED: %s" % error.strip()))
    if not fine:
        failed.append(name)
    return fine


def both(name, port, goes_on=True, **config):
    """A whole update; then one that has half of the delta already."""
    url = "https://localhost:%d/" % port
    judge(name, Device(lab, name, url, config), 0, D)
    device = Device(lab, name + " on", url, config)
    device.keep(delta[:D // 2])
    judge(name + ", from the middle", device, 0, D - D // 2 if goes_on else D)


def main():
    print("delta %d bytes\n%-52s %5s %8s %8s  %s" % (D, "peer", "code", "fetched", "wire", "disk"))
    port = start_nginx()
    both("nginx", port)
    both("Apache", start_apache())
    # It asks for another handshake in mid-connection, to see a certificate there: that is not done.
    ask_again = "SSLProtocol TLSv1.2\n<Location /targets>\nSSLVerifyClient optional_no_ca\n</Location>"
    judge("Apache that renegotiates", Device(lab, "renegotiation", "https://localhost:%d/" % start_apache("again", ask_again), {}), 4, 0)
    both("python3 -m http.server, TLS", start_python(), goes_on=False)
    both("docker-registry blob, by redirect", start_registry())
    cache = start_caching_nginx()
    both("nginx that caches", cache)
    with open(work + "/cache/access.log") as f:  # nginx asks the server behind by HTTP/1.0
        asked = sum("/deltas/" in line and "HTTP/1.0" in line for line in f)
    if asked != 1:
        failed.append("the cache asked %d times" % asked)
    squid = start_squid()
    proxy = "http://device:p%%3Ass%%20w%%40rd@127.0.0.1:%d" % squid
    both("nginx by squid", port, proxy=proxy)
    both("nginx, by no_proxy", port, proxy="http://127.0.0.1:1", no_proxy="localhost")
    judge("squid, wrong password", Device(lab, "squid wrong", "https://localhost:%d/" % port, {"proxy": "http://device:x@127.0.0.1:%d" % squid}), 4, 0, "answers 407")
    judge("squid, no password", Device(lab, "squid none", "https://localhost:%d/" % port, {"proxy": "http://127.0.0.1:%d" % squid}), 4, 0, "answers 407")
    judge("squid, nothing behind it", Device(lab, "squid dead", "https://localhost:1/", {"proxy": proxy}), 4, 0, "the proxy answers 503")
    with open(work + "/squid/access.log") as f:
        text = f.read()
    if "CONNECT localhost:%d" % port not in text:
        failed.append("squid was not asked")
    print("%d failed%s" % (len(failed), "".join(": " + name for name in failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    missing = [p for p in ("nginx", "apache2", "docker-registry", "squid") if not shutil.which(p)]
    if missing:
        sys.exit("not installed: " + " ".join(missing))
    try:
        result = main()
    finally:
        stop_all()
    sys.exit(result)
