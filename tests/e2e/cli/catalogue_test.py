"""`sonde vantage detect` and `vantage: auto` as a whole, against a metadata service on loopback."""

import http.server
import json
import os
import pathlib
import socket
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


if __name__ == "__main__":
    unittest.main()
