"""Small servers on free ports of loopback for the tests of the command line: http, https, one that hangs, and one that
says hostile things. Each runs in a thread of the test and ends with it."""

import http.server
import pathlib
import socket
import ssl
import subprocess
import threading
import time

# What a remote may send to act on a terminal: a title, a clear, a colour, a bidirectional override, C1 and a bell.
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\u202eab\x9b32m"
FORBIDDEN = ("\x1b", "\x07", "\u202e", "\x9b")


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/sleep/"):
            time.sleep(float(self.path.rsplit("/", 1)[1].split("?")[0]))
        if self.path == "/moved":
            self.send_response(301)
            self.send_header("Location", "/sleep/0.05?token=secret")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = b"ok, all is well"
        self.send_response(500 if self.path == "/500" else 200)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/hostile":
            # Raw: http.server would refuse what it thinks is no header.
            self._headers_buffer.append(b"X-Evil: " + HOSTILE.replace("\n", " ").encode() + b"\r\n")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def make_certificate(folder, common_name, days=20):
    """A self-signed certificate for loopback; returns the paths of certificate and key."""
    cert, key = pathlib.Path(folder) / "cert.pem", pathlib.Path(folder) / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8", "-keyout", key,
         "-out", cert, "-days", str(days), "-subj", "/CN=" + common_name, "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, stderr=subprocess.DEVNULL)
    return cert, key


def serve_http(certificate=None):
    """Returns the port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def serve_silence():
    """Takes connections and never says anything. Returns the port and the socket that keeps it open."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    return listener.getsockname()[1], listener


def serve_banner(text):
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)

    def loop():
        while True:
            connection, _ = listener.accept()
            connection.sendall(text.encode() + b"\r\n")
            threading.Timer(2, connection.close).start()

    threading.Thread(target=loop, daemon=True).start()
    return listener.getsockname()[1]


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
