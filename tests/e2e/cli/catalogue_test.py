"""`sonde vantage detect`, `vantage: auto` and `sonde targets verify` as a whole, against servers on loopback: a
metadata service, and a small catalogue whose names a DNS server of the test resolves to 127.0.0.1."""

import http.server
import json
import os
import pathlib
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

SONDE = os.environ["SONDE"]
SECONDS_MAX = 60


def sonde(*arguments, **env):
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
    return subprocess.run([SONDE, *arguments], capture_output=True, text=True, timeout=SECONDS_MAX, env={**kept, **env})


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Metadata(Quiet):
    """Alibaba's, in its hardened mode."""

    def do_PUT(self):
        wanted = self.path == "/latest/api/token" and self.headers["X-aliyun-ecs-metadata-token-ttl-seconds"]
        self.say(200 if wanted else 404, b"token-1")

    def do_GET(self):
        names = {"/latest/meta-data/region-id": b"cn-hangzhou", "/latest/meta-data/zone-id": b"cn-hangzhou-i"}
        if self.path not in names:
            return self.say(404)
        if self.headers["X-aliyun-ecs-metadata-token"] != "token-1":
            return self.say(403)
        return self.say(200, names[self.path])


class Clouds(Quiet):
    """Answers a status that the host's name says: s403.test."""
    asked = []

    def do_GET(self):
        host = self.headers["Host"].split(":")[0]
        Clouds.asked.append((host, self.headers["User-Agent"]))
        self.say(int(host[1:4]))


def serve_dns():
    """Every name under .test is 127.0.0.1; every other does not exist."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def loop():
        while True:
            query, peer = server.recvfrom(2048)
            end = query.index(b"\0", 12) + 5
            question, qtype = query[12:end], struct.unpack("!H", query[end - 4:end - 2])[0]
            known = question[:-5].endswith(b"\x04test")
            answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + b"\x7f\0\0\1" if known and qtype == 1 else b""
            flags = 0x8580 if known else 0x8583
            server.sendto(query[:2] + struct.pack("!HHHHH", flags, 1, 1 if answer else 0, 0, 0) + question + answer, peer)

    threading.Thread(target=loop, daemon=True).start()
    return server.getsockname()[1]


class Case(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.holder.name)

    def tearDown(self):
        self.holder.cleanup()

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return str(path)


class Vantage(Case):
    @classmethod
    def setUpClass(cls):
        cls.metadata = f"127.0.0.1:{serve(Metadata)}"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            cls.nobody = f"127.0.0.1:{probe.getsockname()[1]}"

    def test_detect_says_where_in_words_and_prints_a_block_that_is_right(self):
        done = sonde("vantage", "detect", "--metadata", self.metadata)
        self.assertEqual(done.returncode, 0, done)
        for text in ("alibaba/cn-hangzhou, zone cn-hangzhou-i", "Hangzhou, CN, mainland China (domestic) (30.274, 120.155)",
                     "told by the metadata service at 100.100.100.200 (alibaba)", "`vantage: auto`"):
            self.assertIn(text, done.stdout)
        block = done.stdout[done.stdout.index("vantage:\n"):done.stdout.index("\nor `")]
        file = self.write("sonde.yaml", block + "targets: []\n")
        checked = sonde("config", "check", file)
        self.assertEqual(checked.returncode, 0, checked)
        chinese = sonde("--lang", "zh", "vantage", "detect", "--metadata", self.metadata).stdout
        self.assertIn("alibaba/cn-hangzhou，可用区 cn-hangzhou-i", chinese)
        self.assertIn("中国大陆", chinese)

    def test_detect_as_json(self):
        done = sonde("vantage", "detect", "--json", "--metadata", self.metadata)
        found = json.loads(done.stdout)
        self.assertEqual((found["provider"], found["region"], found["partition"], found["city"]),
                         ("alibaba", "cn-hangzhou", "domestic", "Hangzhou"))
        self.assertEqual(["alibaba"], [s["service"] for s in found["services"] if s["answer"] == "told"])
        self.assertGreater(len(found["services"]), 15)

    def test_detect_where_nothing_answers_says_what_to_write(self):
        done = sonde("vantage", "detect", "--timeout", "500ms", "--metadata", self.nobody)
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("no metadata service answered within 500ms.", done.stdout)
        self.assertIn("partition: overseas", done.stdout)
        found = json.loads(sonde("vantage", "detect", "--json", "--metadata", self.nobody).stdout)
        self.assertFalse(found["found"])
        self.assertEqual(sonde("vantage", "detect", "--metadata", "not-an-address").returncode, 2)
        self.assertEqual(sonde("vantage", "detect", "--timeout", "1h", "--metadata", self.nobody).returncode, 2)

    def configuration(self, metadata):
        return self.write("sonde.yaml", f"""
vantage: {{provider: auto, metadata: "{metadata}"}}
targets: []
log: {{directory: {self.folder}/log}}
sinks: [{{file: {{path: {self.folder}/out.lp}}}}]
""")

    def test_run_starts_with_what_was_detected_and_says_so(self):
        file = self.configuration(self.metadata)
        done = sonde("run", "-c", file, "--once")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("vantage: alibaba/cn-hangzhou, zone cn-hangzhou-i, told by", done.stderr)
        line = next(l for l in (self.folder / "out.lp").read_text().splitlines() if l.startswith("vantage,"))
        self.assertIn('provider="alibaba"', line)
        self.assertIn('region="cn-hangzhou"', line)
        self.assertIn('partition="domestic"', line)
        printed = sonde("config", "print", "-c", file).stdout
        self.assertTrue(printed.startswith("# vantage: auto: alibaba/cn-hangzhou"), printed)
        self.assertIn("vantage: auto: alibaba/cn-hangzhou", sonde("config", "check", file).stdout)

    def test_run_does_not_start_where_nothing_is_detected(self):
        done = sonde("run", "-c", self.configuration(self.nobody), "--once")
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("write provider and region", done.stderr)
        # The file itself is right: elsewhere it may well run.
        self.assertEqual(sonde("config", "check", self.configuration(self.nobody)).returncode, 0)


class Verify(Case):
    @classmethod
    def setUpClass(cls):
        cls.port = serve(Clouds)
        cls.dns = serve_dns()

    def setUp(self):
        super().setUp()
        Clouds.asked.clear()
        at = f":{self.port}/"
        self.write("targets/own.yaml", f"""# A small cloud.
provider: own
name_en: Own
name_zh: 自有
regions:
  - name: r-1
    name_en: One
    name_zh: 一
    partition: overseas
    status: ga
    endpoints:
      - {{service: kv, url: "http://s200.test{at}", status: [200], sure: sourced}}
      - {{service: auth, url: "http://s403.test{at}", status: [400, 403, 404], sure: recalled}}   # wide
  - name: r-2
    name_en: Two
    name_zh: 二
    partition: overseas
    status: restricted
    endpoints:
      - {{service: kv, url: "http://s404.r2.test{at}", status: [200], sure: recalled}}
      - {{service: queue, url: "http://s307.test{at}", status: [200], sure: sourced}}
      - {{service: auth, url: "http://s503.test{at}", status: [200], sure: recalled}}
      - {{service: cdn, url: "http://nowhere.invalid{at}", status: [200], sure: recalled}}
global: []
""")
        self.write("targets/controls.yaml", f"""controls:
  - {{name: near, url: "http://s204.test{at}", status: [204], partition: overseas, operator: X, sure: sourced}}
  - {{name: spare, url: "http://s200.spare.test{at}", status: [200], partition: overseas, operator: X, sure: sourced, spare: true}}
""")
        self.config = self.write("sonde.yaml", f"""
vantage: {{name: here}}
resolver: 127.0.0.1:{self.dns}
policy: {{allow: [127.0.0.0/8]}}
targets: []
""")

    def verify(self, *more):
        return sonde("targets", "verify", "-c", self.config, "--catalogue", str(self.folder / "targets"), "--timeout", "5s",
                     *more)

    def test_every_entry_is_asked_once_and_the_report_says_what_differs(self):
        done = self.verify()
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(sorted(host for host, _ in Clouds.asked),
                         ["s200.spare.test", "s200.test", "s204.test", "s307.test", "s403.test", "s404.r2.test", "s503.test"])
        for _, agent in Clouds.asked:
            self.assertRegex(agent, r"^sonde/\S+ \(\+health probe\)$")
        for line in ("own/r-2/kv  expects 200, answers 404  targets/own.yaml:20",
                     "own/r-2/queue  expects 200, answers 307  targets/own.yaml:21",
                     "own/r-1/auth  expects 400, 403, 404, answers 403  targets/own.yaml:13",
                     "own/r-2/auth  expects 200, answers 503", "own/r-2/cdn  dns_nxdomain: the name does not exist",
                     "8 entries from here"):
            self.assertIn(line, done.stdout)
        self.assertIn("+      - {service: kv, url", done.stdout)
        self.assertIn("与目录的期望不同", self.verify("--lang", "zh", "own/r-2/kv").stdout)

    def test_the_patch_applies_and_then_nothing_differs(self):
        patch = self.folder / "verify.patch"
        self.assertEqual(self.verify("--patch", str(patch)).returncode, 1)
        before = (self.folder / "targets/own.yaml").read_text()
        subprocess.run(["patch", "-p1", "--fuzz=0", "-i", patch], cwd=self.folder, check=True, capture_output=True)
        after = (self.folder / "targets/own.yaml").read_text()
        self.assertEqual(after, before.replace("[400, 403, 404]", "[403]")
                         .replace('s404.r2.test:%d/", status: [200]' % self.port, 's404.r2.test:%d/", status: [404]' % self.port)
                         .replace('s307.test:%d/", status: [200]' % self.port, 's307.test:%d/", status: [200, 307]' % self.port))
        again = self.verify("own/r-1/*", "own/r-2/kv", "own/r-2/queue", "control/*", "--patch", "-")
        self.assertEqual((again.returncode, again.stdout), (0, ""), again)

    def test_json_and_selectors(self):
        done = self.verify("--json", "--role", "control")
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([f["target"] for f in found], ["control/near", "control/spare"])
        self.assertEqual({f["result"] for f in found}, {"as_expected"})
        self.assertEqual(done.returncode, 0)
        wrong = self.verify("own/r-1/kw")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn('did you mean "own/r-1/kv"?', wrong.stderr)

    def test_a_captive_portal_teaches_nothing_about_plain_http(self):
        path = self.folder / "targets/controls.yaml"
        path.write_text(path.read_text().replace("s204.test", "s302.test"))
        done = self.verify("--patch", "-")
        self.assertEqual((done.returncode, done.stdout), (1, ""), done)
        self.assertIn("captive portal", done.stderr)

    def test_without_a_way_out_nothing_is_known(self):
        with open(self.config) as file:
            text = file.read()
        with open(self.config, "w") as file:
            file.write(text.replace("allow: [127.0.0.0/8]", "allow: []"))
        done = self.verify()
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("that says nothing about the catalogue", done.stdout)


if __name__ == "__main__":
    unittest.main()
