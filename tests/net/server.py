# SPDX-License-Identifier: Apache-2.0
"""A small HTTPS server that misbehaves on order.

It serves the files of a folder. Requests for one object, whose path holds a given text, go to the
case's own function instead, which writes to the connection whatever it likes."""

import socket
import ssl
import threading
import time


class Request:
    def __init__(self, text):
        lines = text.split("\r\n")
        self.method, self.path = lines[0].split(" ")[:2]
        self.fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            if name:
                self.fields[name.lower()] = value.strip()
        self.time = time.monotonic()
        self.start = self.end = None
        if self.fields.get("range", "").startswith("bytes="):
            first, _, last = self.fields["range"][6:].partition("-")
            self.start = int(first)
            self.end = int(last) + 1 if last else None


class Connection:
    """One client. All that a case does goes through here, so that it is counted."""

    def __init__(self, sock):
        self.sock = sock
        self.body_bytes = 0

    def read_request(self):
        text = b""
        while b"\r\n\r\n" not in text:
            piece = self.sock.recv(4096)
            if not piece:
                return None
            text += piece
        return Request(text.split(b"\r\n\r\n")[0].decode("latin-1"))

    def raw(self, data):
        self.sock.sendall(data)

    def head(self, status, *fields):
        self.raw(("HTTP/1.1 %s\r\n%s\r\n" % (status, "".join(f + "\r\n" for f in fields))).encode("latin-1"))

    def body(self, data):
        self.body_bytes += len(data)
        self.raw(data)

    def close(self, notify=True):
        """With TLS's goodbye, or cut off as anybody on the way could do."""
        try:
            if notify:
                self.sock.settimeout(2)
                self.sock = self.sock.unwrap()
            self.sock.close()
        except OSError:
            pass

    # What well-behaved servers do

    def whole(self, data, *fields):
        self.head("200 OK", "Content-Length: %d" % len(data), "Accept-Ranges: bytes", *fields)
        self.body(data)

    def serve(self, request, data, *fields):
        if request.start is None:
            self.whole(data, *fields)
        elif request.start >= len(data):
            self.head("416 Range Not Satisfiable", "Content-Range: bytes */%d" % len(data), "Content-Length: 0")
        else:
            end = min(request.end or len(data), len(data))
            self.head("206 Partial Content", "Content-Length: %d" % (end - request.start),
                      "Content-Range: bytes %d-%d/%d" % (request.start, end - 1, len(data)), *fields)
            self.body(data[request.start:end])

    def serve_part(self, request, data, length):
        """Promises all that was asked for, sends `length` bytes of it and cuts the connection."""
        start = request.start or 0
        if request.start is None:
            self.head("200 OK", "Content-Length: %d" % len(data))
        else:
            self.head("206 Partial Content", "Content-Length: %d" % (len(data) - start),
                      "Content-Range: bytes %d-%d/%d" % (start, len(data) - 1, len(data)))
        self.body(data[start:start + length])
        self.close(notify=False)


class Server:
    """`behave(server, connection, request, n)` answers the n-th request, from 0, for the object;
    None: like any other file. It may close the connection. `context` is for TLS; None: plain."""

    def __init__(self, root, context, behave=None, match="/targets/deltas/", address="127.0.0.1"):
        self.root, self.context, self.behave, self.match = root, context, behave, match
        self.requests = []  # for the object
        self.others = []  # all else
        self.body_bytes = 0  # of the object, as sent
        self.handshakes_failed = 0
        self.resumed = []  # of each connection: whether it took up an earlier session
        self.stopping = False
        self.lock = threading.Lock()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, 0), family=family, backlog=64)
        self.port = self.listener.getsockname()[1]
        self.open = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.stopping:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.connection, args=(sock,), daemon=True).start()

    def stop(self):
        self.stopping = True
        # Unblocks accept() on every kernel, which closing alone does not.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for sock in list(self.open):
            try:
                sock.close()
            except OSError:
                pass

    def connection(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.context:
                sock.settimeout(20)
                sock = self.context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=True)
        except OSError:
            self.handshakes_failed += 1
            sock.close()
            return
        self.open.add(sock)
        self.resumed.append(bool(self.context and sock.session_reused))
        sock.settimeout(30)
        connection = Connection(sock)
        try:
            while not self.stopping:
                request = connection.read_request()
                if request is None:
                    break
                self.answer(connection, request)
        except (OSError, ValueError):
            pass
        finally:
            self.open.discard(sock)
            try:
                sock.close()
            except OSError:
                pass

    def answer(self, connection, request):
        if self.match in request.path:
            with self.lock:
                n = len(self.requests)
                self.requests.append(request)
            before = connection.body_bytes
            try:
                if self.behave:
                    self.behave(self, connection, request, n)
                else:
                    connection.serve(request, self.file(request.path))
            finally:
                self.body_bytes += connection.body_bytes - before
            return
        self.others.append(request)
        data = self.file(request.path)
        if data is None or request.method == "HEAD":
            connection.head("404 Not Found" if data is None else "200 OK", "Content-Length: %d" % len(data or b"none"))
            if request.method != "HEAD":
                connection.raw(b"none")
        else:
            connection.serve(request, data)

    def file(self, path):
        try:
            with open(self.root + path.split("?")[0], "rb") as f:
                return f.read()
        except OSError:
            return None
