"""Servers to probe: HTTP and HTTPS with every answer a module can look at, talking TCP services, a DNS server, a
proxy. In-process, on free ports of loopback; each answer is the same every time, so that two probers can be compared.
"""

import gzip
import http.server
import pathlib
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import time

SLOW_SECONDS = 5  # longer than any timeout of a case that waits for it


class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # probers hang up as they like


class Threads6(Threads):
    address_family = socket.AF_INET6


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "test"
    sys_version = ""

    def log_message(self, *_arguments):
        pass

    def date_time_string(self, timestamp=None):
        return "Tue, 25 Nov 2025 10:00:00 GMT"

    def reply(self, status=200, body=b"hello world\n", headers=(), length=True):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_request(self):
        size = int(self.headers.get("Content-Length", 0))
        self.sent = self.rfile.read(size) if size else b""
        path = self.path.split("?")[0]
        if path.startswith("/status/"):
            return self.reply(int(path[8:]), b"" if path == "/status/204" else b"a body\n")
        if path.startswith("/redirect/"):
            left = int(path[10:])
            where = f"/redirect/{left - 1}" if left > 1 else "/ok"
            return self.reply(302, b"moved\n", [("Location", where)])
        return getattr(self, "at_" + path.strip("/").replace("-", "_"), self.at_missing)()

    do_GET = do_HEAD = do_POST = do_PUT = do_OPTIONS = handle_request

    def at_missing(self):
        self.reply(404, b"no such page\n")

    def at_ok(self):
        self.reply()

    def at_loop(self):
        self.reply(302, b"again\n", [("Location", "/loop")])

    def at_headers(self):
        self.reply(headers=[("X-Kind", "good"), ("X-Many", "one"), ("X-Many", "two"),
                            ("Last-Modified", "Mon, 24 Nov 2025 10:00:00 GMT")])

    def at_chunked(self):
        self.reply(body=b"", headers=[("Transfer-Encoding", "chunked")], length=False)
        self.wfile.write(b"6\r\nhello \r\n6\r\nworld\n\r\n0\r\n\r\n")

    def at_gzip(self):
        body = b"hello world, " * 400
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            return self.reply(body=gzip.compress(body, mtime=0), headers=[("Content-Encoding", "gzip")])
        return self.reply(body=body)

    def at_always_gzip(self):
        self.reply(body=gzip.compress(b"hello world, " * 400, mtime=0), headers=[("Content-Encoding", "gzip")])

    def at_big(self):
        self.reply(body=b"x" * 100_000)

    def at_echo(self):
        wanted = self.command == "POST" and self.sent == b"ping"
        self.reply(200 if wanted else 400, b"pong\n" if wanted else b"what?\n")

    def at_needs_header(self):
        self.reply(200 if self.headers.get("X-Probe") == "yes" else 403)

    def at_needs_host(self):
        self.reply(200 if self.headers.get("Host") == "shop.example.com" else 421)

    def at_needs_basic(self):
        self.reply(200 if self.headers.get("Authorization") == "Basic dXNlcjpwYXNz" else 401)

    def at_needs_bearer(self):
        self.reply(200 if self.headers.get("Authorization") == "Bearer t0ken" else 401)

    def at_slow(self):
        time.sleep(SLOW_SECONDS)
        self.reply()

    def at_stalls(self):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")
        time.sleep(SLOW_SECONDS)

    def at_cut(self):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def at_empty(self):
        self.close_connection = True


class OldAnswers(Answers):
    protocol_version = "HTTP/1.0"


class Proxy(Answers):
    """Forwards nothing: it answers itself, and only requests that come as to a proxy."""

    def handle_request(self):
        self.reply(200 if self.path.startswith("http://") else 400)

    do_GET = do_HEAD = do_POST = handle_request


def serve_http(handler, context=None, address="127.0.0.1", port=0):
    kind = Threads6 if ":" in address else Threads
    server = kind((address, port), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Tcp:
    """One talk for each connection: `talk(connection, reader)`."""

    def __init__(self, talk):
        self.talk = talk
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.one, args=(connection,), daemon=True).start()

    def one(self, connection):
        try:
            with connection:
                connection.settimeout(SLOW_SECONDS)
                self.talk(connection)
        except (OSError, ssl.SSLError):
            pass


def line(connection):
    out = b""
    while not out.endswith(b"\n"):
        more = connection.recv(1)
        if not more:
            break
        out += more
    return out.decode(errors="replace").strip()


def talk_banner(connection):
    connection.sendall(b"220 mail.example.com ESMTP\r\n")
    line(connection)


def talk_irc(connection):
    nick = line(connection)
    connection.sendall(b":server NOTICE hello\r\nPING :abc123\r\n")
    if nick == "NICK prober" and line(connection) == "PONG abc123":
        connection.sendall(b":ircd.example.com 001 welcome\r\n")
    line(connection)


def talk_close(_connection):
    pass


def talk_silent(connection):
    line(connection)


def talk_starttls(context):
    def talk(connection):
        connection.sendall(b"220 mail.example.com ESMTP\r\n")
        line(connection)
        connection.sendall(b"250-mail.example.com\r\n250 STARTTLS\r\n")
        line(connection)
        connection.sendall(b"220 go ahead\r\n")
        with context.wrap_socket(connection, server_side=True) as secure:
            line(secure)
            secure.sendall(b"250 secure\r\n")
            line(secure)
    return talk


def talk_tls(context):
    def talk(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.sendall(b"+OK pop3 ready\r\n")
            line(secure)
    return talk


class Dns:
    """Answers by name, over UDP, TCP and TLS. Names: see `answer`."""

    TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 15: "MX", 16: "TXT", 28: "AAAA", 255: "ANY"}

    def __init__(self, context):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.port = self.udp.getsockname()[1]
        threading.Thread(target=self.run_udp, daemon=True).start()
        self.tcp = Tcp(self.talk)
        self.tls = Tcp(lambda c: self.talk_secure(c, context))

    def run_udp(self):
        while True:
            packet, peer = self.udp.recvfrom(4096)
            reply = self.reply(packet)
            if reply:
                self.udp.sendto(reply, peer)

    def talk(self, connection):
        while True:
            head = connection.recv(2)
            if len(head) < 2:
                return
            reply = self.reply(connection.recv(struct.unpack("!H", head)[0]))
            if reply:
                connection.sendall(struct.pack("!H", len(reply)) + reply)

    def talk_secure(self, connection, context):
        with context.wrap_socket(connection, server_side=True) as secure:
            self.talk(secure)

    @staticmethod
    def name(text):
        return b"".join(bytes([len(p)]) + p.encode() for p in text.strip(".").split(".") if p) + b"\0"

    def record(self, owner, kind, data, ttl=300):
        number = {v: k for k, v in self.TYPES.items()}[kind]
        return self.name(owner) + struct.pack("!HHIH", number, 1, ttl, len(data)) + data

    def reply(self, packet):
        identity, flags = struct.unpack("!HH", packet[:4])
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode())
            at += packet[at] + 1
        kind, klass = struct.unpack("!HH", packet[at + 1:at + 5])
        question = packet[12:at + 5]
        asked = ".".join(labels).lower()
        if asked == "silent.example.com":
            return None
        rcode, answer, authority, additional = self.answer(asked, self.TYPES.get(kind, ""), klass, bool(flags & 0x100))
        head = struct.pack("!HHHHHH", identity, 0x8400 | (flags & 0x100) | rcode, 1, len(answer), len(authority),
                           len(additional))
        return head + question + b"".join([*answer, *authority, *additional])

    def answer(self, asked, kind, klass, recursion):
        """rcode, answer, authority, additional."""
        ip = socket.inet_aton
        soa = self.name("ns.example.com") + self.name("admin.example.com") + struct.pack("!IIIII", 2025112501, 1, 2, 3, 4)
        if asked in ("localhost", "shop.example.com"):  # as /etc/hosts has them, where blackbox_exporter looks
            if kind == "AAAA":
                return 0, [], [self.record("example.com", "SOA", soa)], []
            return 0, [self.record(asked, "A", ip("127.0.0.1"))], [], []
        if asked == "two.example.com" and kind in ("A", "ANY"):
            return (0, [self.record(asked, "A", ip("127.0.0.1"), 60), self.record(asked, "A", ip("192.0.2.7"), 60)],
                    [self.record("example.com", "NS", self.name("ns.example.com"))],
                    [self.record("ns.example.com", "A", ip("192.0.2.53"))])
        if asked == "alias.example.com" and kind == "A":
            return 0, [self.record(asked, "CNAME", self.name("two.example.com")),
                       self.record("two.example.com", "A", ip("127.0.0.1"))], [], []
        if asked == "example.com" and kind == "SOA":
            return 0, [self.record(asked, "SOA", soa)], [], []
        if asked == "text.example.com" and kind == "TXT":
            return 0, [self.record(asked, "TXT", b"\x05hello\x05world")], [], []
        if asked == "mail.example.com" and kind == "MX":
            return 0, [self.record(asked, "MX", struct.pack("!H", 10) + self.name("mx.example.com"))], [], []
        if asked == "recursion.example.com":
            return (0 if recursion else 5), [self.record(asked, "A", ip("192.0.2.1"))] if recursion else [], [], []
        if asked == "servfail.example.com":
            return 2, [], [], []
        if asked == "nodata.example.com":
            return 0, [], [self.record("example.com", "SOA", soa)], []
        return 3, [], [self.record("example.com", "SOA", soa)], []


class Certificates:
    """A CA and what it signed, made by openssl in `folder`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                     "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.pem")
        self.sign("server", "/O=Test/CN=shop.example.com",
                  "DNS:shop.example.com,DNS:localhost,IP:127.0.0.1,IP:::1", 20)
        self.sign("other", "/CN=other.example.com", "DNS:other.example.com", 20)
        self.sign("expired", "/CN=localhost", "DNS:localhost,IP:127.0.0.1", -1)
        self.sign("client", "/CN=prober", "DNS:prober", 20)

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60)

    def sign(self, name, subject, names, days):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
                     "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                     "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem")

    def path(self, name):
        return str(self.folder / name)

    def context(self, name="server", maximum=None, client_ca=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        chain = self.folder / f"{name}.chain"
        chain.write_text((self.folder / f"{name}.pem").read_text() + (self.folder / "ca.pem").read_text())
        context.load_cert_chain(chain, self.path(f"{name}.key"))
        if maximum is not None:
            context.maximum_version = maximum
        if client_ca:
            context.load_verify_locations(self.path("ca.pem"))
            context.verify_mode = ssl.CERT_REQUIRED
        return context


class Local:
    """All of them."""

    def __init__(self, folder):
        self.certificates = Certificates(folder)
        c = self.certificates
        self.http = serve_http(Answers)
        serve_http(Answers, address="::1", port=self.http)
        self.http4 = serve_http(Answers)  # on IPv4 alone
        self.http10 = serve_http(OldAnswers)
        self.https = serve_http(Answers, c.context())
        self.https12 = serve_http(Answers, c.context(maximum=ssl.TLSVersion.TLSv1_2))
        self.https_other = serve_http(Answers, c.context("other"))
        self.https_expired = serve_http(Answers, c.context("expired"))
        self.https_client = serve_http(Answers, c.context(client_ca=True))
        self.proxy = serve_http(Proxy)
        self.banner = Tcp(talk_banner).port
        self.irc = Tcp(talk_irc).port
        self.closes = Tcp(talk_close).port
        self.silent = Tcp(talk_silent).port
        self.starttls = Tcp(talk_starttls(c.context())).port
        self.pop3s = Tcp(talk_tls(c.context())).port
        self.pop3s_other = Tcp(talk_tls(c.context("other"))).port
        self.dns = Dns(c.context())
        self.taken = socket.socket()  # bound and not listening: the port refuses, and nobody else can have it
        self.taken.bind(("127.0.0.1", 0))
        self.nobody = self.taken.getsockname()[1]
