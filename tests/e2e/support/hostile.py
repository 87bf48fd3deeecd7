"""Servers on loopback that take writes and are no good database: each behaves in one bad way, in a thread of the test.
And a resolver that answers every question with nothing."""

import email.utils
import http.server
import socket
import threading
import time

PORTAL = b"<!doctype html><html><body>Welcome! Please log in to use this network.</body></html>"
TRICKLE_SECONDS = 0.5


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.behaviour(self)

    do_POST = do_GET

    def answer(self, status, body=b"", content_type="application/json", close=False):
        self.drain()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = close

    def drain(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() + self.server.clock_off, usegmt=True)

    def log_message(self, *_):
        pass


def forgets(request):
    """Acknowledges everything and has nothing."""
    if request.path.startswith("/query"):
        request.answer(200, b'{"results":[{"statement_id":0}]}')
    else:
        request.answer(204)


def captive_portal(request):
    request.answer(200, PORTAL, "text/html; charset=utf-8")


def unauthorized(request):
    request.answer(401, b'{"error":"unable to parse authentication credentials"}')


def hangs(request):
    """Takes the request and never answers."""
    request.drain()
    request.server.stopping.wait()


def trickles(request):
    """A head, and then its body byte by byte for ever."""
    request.drain()
    try:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not request.server.stopping.wait(TRICKLE_SECONDS):
            request.wfile.write(b" ")
    except OSError:
        pass
    request.close_connection = True


class Sink:
    """One such server. `clock_off` seconds are added to its Date; `behaviour` may be exchanged while it runs."""

    def __init__(self, behaviour, clock_off=0):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.server.daemon_threads = True
        self.server.behaviour = behaviour
        self.server.clock_off = clock_off
        self.server.stopping = threading.Event()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def behave(self, behaviour):
        self.server.behaviour = behaviour

    def stop(self):
        self.server.stopping.set()
        self.server.shutdown()
        self.server.server_close()


class Resolver:
    """Answers every DNS question over UDP with NOERROR and no records."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            end = query.index(b"\0", 12) + 5
            header = query[:2] + bytes([0x80 | (query[2] & 1), 0x80]) + b"\0\1\0\0\0\0\0\0"
            self.socket.sendto(header + query[12:end], peer)

    def stop(self):
        self.socket.close()
