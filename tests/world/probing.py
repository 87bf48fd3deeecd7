"""Raw clients for the world's tests: DNS by hand, TCP, TLS and HTTP from a vantage's own source address.

Everything is standard library, so that what the world does on the wire is seen without Sonde's own code.
"""

import http.client
import json
import random
import socket
import ssl
import struct
import urllib.error
import urllib.request

TIMEOUT = 2.0

DNS_RCODES = {1: "dns_formerr", 2: "dns_servfail", 3: "dns_nxdomain", 4: "dns_notimp", 5: "dns_refused"}


def encode_query(ident, name, qtype):
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
    return struct.pack(">6H", ident, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", qtype, 1)


def decode_addresses(wire, ident):
    """(rcode, [addresses]) of an answer whose names are not compressed or compressed as a pointer."""
    got, flags, questions, answers, _, _ = struct.unpack(">6H", wire[:12])
    assert got == ident and flags & 0x8000, "not an answer to our query"
    at = 12

    def skip_name(at):
        while wire[at]:
            if wire[at] >= 0xC0:
                return at + 2
            at += wire[at] + 1
        return at + 1

    for _ in range(questions):
        at = skip_name(at) + 4
    found = []
    for _ in range(answers):
        at = skip_name(at)
        rtype, _, _, length = struct.unpack(">HHIH", wire[at : at + 10])
        at += 10
        if rtype == 1 and length == 4:
            found.append(socket.inet_ntoa(wire[at : at + 4]))
        at += length
    return flags & 0xF, found


def receive_exactly(s, n):
    data = b""
    while len(data) < n:
        piece = s.recv(n - len(data))
        if not piece:
            raise ConnectionError("closed early")
        data += piece
    return data


def resolve(world, vantage, name, qtype=1, tcp=False, timeout=TIMEOUT):
    """(word, addresses): word is "ok" or the failure."""
    ident = random.randrange(65536)
    query = encode_query(ident, name, qtype)
    server = (vantage["resolver"], world["ports"]["dns"])
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
            s.settimeout(timeout)
            s.bind((vantage["source"], 0))
            s.connect(server)
            if tcp:
                s.sendall(struct.pack(">H", len(query)) + query)
                wire = receive_exactly(s, struct.unpack(">H", receive_exactly(s, 2))[0])
            else:
                s.send(query)
                wire = s.recv(4096)
    except TimeoutError:
        return "dns_timeout", []
    rcode, found = decode_addresses(wire, ident)
    if rcode:
        return DNS_RCODES[rcode], []
    return ("ok" if found else "dns_nodata"), found


def connect(vantage, address, port, timeout=TIMEOUT):
    s = socket.socket()
    s.settimeout(timeout)
    try:
        s.bind((vantage["source"], 0))
        s.connect((address, port))
    except BaseException:
        s.close()
        raise
    return s


def tls_word(error):
    text = str(error)
    for piece, word in (
        ("certificate has expired", "tls_expired"),
        ("Hostname mismatch", "tls_name_mismatch"),
        ("self-signed certificate in", "tls_untrusted"),
        ("self-signed certificate", "tls_self_signed"),
    ):
        if piece in text:
            return word
    return "tls_failed: " + text


def http_word(s, target):
    """Sends a request over `s` and says what came back."""
    path = "/" + target["url"].split("/", 3)[3]
    s.sendall(f"GET {path} HTTP/1.1\r\nHost: {target['host']}\r\nConnection: close\r\n\r\n".encode())
    try:
        response = http.client.HTTPResponse(s)
        response.begin()
        body = response.read()
    except TimeoutError:
        return "http_timeout"
    except http.client.IncompleteRead:
        return "http_truncated"
    good = 204 if target["role"] == "control" else 200
    if response.status != good:
        return f"http_{response.status}"
    if good == 200 and json_name(body) != target["name"]:
        return "http_body"
    return "ok"


def json_name(body):
    try:
        return json.loads(body)["name"]
    except ValueError:
        return None


def probe(world, vantage, target, context, timeout=TIMEOUT):
    """One run over all stages; "ok" or where and how it failed."""
    word, addresses = resolve(world, vantage, target["host"], timeout=timeout)
    if word != "ok":
        return word
    try:
        s = connect(vantage, addresses[0], target["port"], timeout)
    except TimeoutError:
        return "tcp_timeout"
    except ConnectionRefusedError:
        return "tcp_refused"
    except ConnectionResetError:
        return "tcp_reset"
    with s:
        return after_connect(s, target, context)


def after_connect(s, target, context):
    stage = "tcp"
    try:
        if target["protocol"] == "tcp":
            return "ok" if s.recv(64) == b"ready\r\n" else "tcp_closed"
        if target["protocol"] == "https":
            stage = "tls"
            s = context.wrap_socket(s, server_hostname=target["host"])
        stage = "http"
        with s:
            return http_word(s, target)
    except ssl.SSLError as e:
        return tls_word(e)
    except TimeoutError:
        return stage + "_timeout"
    except (ConnectionResetError, BrokenPipeError):
        return stage + "_reset"
    except http.client.RemoteDisconnected:
        return stage + "_empty"


def api(world, method, path, body=None):
    """(status, JSON) of the control API."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(world["control"] + path, data=data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as r:
            return r.status, json.load(r)
    except urllib.error.HTTPError as e:
        with e:
            return e.code, json.load(e)
