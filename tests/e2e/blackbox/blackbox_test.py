#!/usr/bin/env python3
"""The same blackbox.yml, the same servers, the same scrapes: blackbox_exporter and `sonde run` side by side."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

import cases
import differences
import local_servers

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e/support"))
import servers  # noqa: E402

# Never the same twice; that they are there is compared all the same.
TIMINGS = ("probe_duration_seconds", "probe_dns_lookup_time_seconds", "probe_http_duration_seconds",
           "probe_dns_duration_seconds")
SCRAPE_SECONDS = 20


def scrape(url, headers=None):
    request = urllib.request.Request(url, headers={"X-Prometheus-Scrape-Timeout-Seconds": "10", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=SCRAPE_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def scrape_post(url):
    request = urllib.request.Request(url, data=b"", method="POST")
    try:
        with urllib.request.urlopen(request, timeout=SCRAPE_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def samples(text):
    """{name with labels: value}"""
    out = {}
    for row in text.splitlines():
        if row and not row.startswith("#"):
            name, value = row.rsplit(" ", 1)
            assert name not in out, f"{name} is there twice"
            out[name] = float(value)
    return out


class Nginx(servers.Server):
    """HTTP/2 over TLS, which Python does not speak."""

    def __init__(self, certificates):
        super().__init__(shutil.which("nginx") or "/usr/sbin/nginx")
        self.tls_port = servers.free_port()
        (self.folder / "nginx.conf").write_text(f"""
daemon off; pid {self.folder}/pid; error_log {self.folder}/errors; worker_processes 1;
events {{ worker_connections 64; }}
http {{ access_log off; default_type text/plain;
  client_body_temp_path {self.folder}/a; proxy_temp_path {self.folder}/b; fastcgi_temp_path {self.folder}/c;
  uwsgi_temp_path {self.folder}/d; scgi_temp_path {self.folder}/e;
  server {{ listen 127.0.0.1:{self.port}; listen 127.0.0.1:{self.tls_port} ssl http2; listen [::1]:{self.tls_port} ssl http2;
    ssl_certificate {certificates.path("server.chain")}; ssl_certificate_key {certificates.path("server.key")};
    location / {{ return 200 "hello\\n"; }} }} }}
""")
        self.start(["-p", str(self.folder), "-c", str(self.folder / "nginx.conf")], "/")


class Exporter(servers.Server):
    def __init__(self, config):
        super().__init__("prometheus-blackbox-exporter")
        self.start([f"--config.file={config}", f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error"],
                   "/-/healthy")


class Sonde(servers.Server):
    def __init__(self, config, resolver, **more):
        super().__init__(os.environ["SONDE"])
        self.config = self.folder / "sonde.yaml"
        self.config.write_text(json.dumps({
            "metrics": {"listen": f"127.0.0.1:{self.port}", "blackbox_file": str(config)},
            "resolver": resolver, "policy": {"allow": ["127.0.0.0/8", "::1/128"]},
            "log": {"directory": str(self.folder / "log")}, **more}))
        self.start(["run", "-c", str(self.config)], "/-/ready")


class SideBySide(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="sonde-blackbox-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        for name, secret in (("password", "pass"), ("token", "t0ken")):
            (cls.folder / name).write_text(secret + "\n")
            (cls.folder / name).chmod(0o600)
        cls.local = local_servers.Local(cls.folder)
        nginx = Nginx(cls.local.certificates)
        cls.addClassCleanup(nginx.stop)
        cls.local.h2 = nginx.tls_port
        cls.cases = list(cases.all_cases(cls.local))
        assert len({c.name for c in cls.cases}) == len(cls.cases), "two cases of one name"
        config = cls.folder / "blackbox.yml"
        config.write_text(json.dumps({"modules": {c.name: c.module for c in cls.cases}}, indent=1))
        cls.theirs = Exporter(config)
        cls.addClassCleanup(cls.theirs.stop)
        cls.ours = Sonde(config, f"127.0.0.1:{cls.local.dns.port}")
        cls.addClassCleanup(cls.ours.stop)

    def probe(self, server, case, **more):
        query = urllib.parse.urlencode({"module": case.name, "target": case.target, **case.parameters, **more})
        return scrape(f"{server.url}/probe?{query}")

    def compare(self, case):
        """(kind, sample, their value, text) of each difference."""
        status, text = self.probe(self.theirs, case)
        self.assertEqual(status, 200, text)
        theirs = samples(text)
        status, text = self.probe(self.ours, case)
        self.assertEqual(status, 200, text)
        ours = samples(text)
        for sample in sorted(ours.keys() - theirs.keys()):
            yield "more", sample, None, f"ours {ours[sample]}"
        for sample in sorted(theirs.keys() - ours.keys()):
            yield "less", sample, theirs[sample], f"theirs {theirs[sample]}"
        for sample in sorted(ours.keys() & theirs.keys()):
            if not sample.startswith(TIMINGS) and ours[sample] != theirs[sample]:
                yield "value", sample, theirs[sample], f"ours {ours[sample]}, theirs {theirs[sample]}"
        if theirs["probe_success"] != case.success:
            yield "case", "probe_success", None, f"theirs {theirs['probe_success']}: the case is wrong"

    def test_every_module_field_answers_the_same(self):
        unlisted = []
        occurred = set()
        for case in self.cases:
            for kind, sample, theirs, text in self.compare(case):
                covering = [i for i, d in enumerate(differences.DIFFERENCES) if d.covers(kind, sample, case, theirs)]
                occurred.update(covering)
                if not covering:
                    unlisted.append(f"{case.name}: {kind} {sample}: {text}")
        self.assertEqual(unlisted, [], f"{len(unlisted)} differences are not listed:\n" + "\n".join(unlisted))
        gone = [d for i, d in enumerate(differences.DIFFERENCES) if i not in occurred]
        self.assertEqual(gone, [], "listed, but they do not occur any more")

    def test_both_say_400_to_the_same_requests(self):
        for query in ("module=nothing&target=x", "module=http_plain", "module=http_host_header&target=x&hostname=y"):
            theirs, _ = scrape(f"{self.theirs.url}/probe?{query}")
            ours, text = scrape(f"{self.ours.url}/probe?{query}")
            self.assertEqual((theirs, ours), (400, 400), f"{query}: {text}")

    def test_the_scrape_ends_a_run_before_its_own_end(self):
        case = next(c for c in self.cases if c.name == "http_plain")
        for server in (self.theirs, self.ours):
            query = urllib.parse.urlencode({"module": case.name, "target": f"http://127.0.0.1:{self.local.http}/slow"})
            _, text = scrape(f"{server.url}/probe?{query}", {"X-Prometheus-Scrape-Timeout-Seconds": "1.25"})
            found = samples(text)
            self.assertEqual(found["probe_success"], 0, text)
            self.assertGreater(found["probe_duration_seconds"], 0.6)
            self.assertLess(found["probe_duration_seconds"], 1.25)

    def test_debug_shows_the_run_and_no_secret(self):
        case = next(c for c in self.cases if c.name == "http_basic_auth")
        for server in (self.theirs, self.ours):
            status, text = self.probe(server, case, debug="true")
            self.assertEqual(status, 200)
            for part in ("Logs for the probe:", "Metrics that would have been returned:", "Module configuration:",
                         "probe_success 1"):
                self.assertIn(part, text)
            self.assertNotIn("pass\n", text)

    def test_a_denied_address_is_never_connected_to(self):
        """An open relay must not reach what only this machine may reach: the metadata address of every cloud."""
        status, text = scrape(f"{self.ours.url}/probe?module=tcp_connect&target=169.254.169.254:80")
        self.assertEqual(status, 200)
        self.assertIn('probe_cause_info{cause="policy",stage="tcp"} 1', text)
        self.assertEqual(samples(text)["probe_status_code"], 3, "our own doing, not the target's fault")

    def test_a_public_address_without_a_token_does_not_start(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="sonde-blackbox-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        (folder / "s.yaml").write_text("metrics: {listen: '0.0.0.0:0'}\n")
        ended = subprocess.run([os.environ["SONDE"], "run", "-c", str(folder / "s.yaml")], capture_output=True, text=True,
                               timeout=servers.DEADLINE_SECONDS, check=False)
        self.assertNotEqual(ended.returncode, 0)
        self.assertIn("token_file", ended.stderr)


class MetricsPage(unittest.TestCase):
    """/metrics of a scheduled prober, and its reload."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="sonde-blackbox-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.http = local_servers.serve_http(local_servers.Answers)
        cls.blackbox = cls.folder / "blackbox.yml"
        cls.blackbox.write_text("modules: {first: {prober: http}}\n")
        cls.sonde = Sonde(cls.blackbox, "127.0.0.1:9", targets=[], apps=[
            {"name": "good", "url": f"http://127.0.0.1:{cls.http}/ok", "every": "1s", "timeout": "900ms"},
            {"name": "bad", "url": f"http://127.0.0.1:{cls.http}/status/503", "every": "1s", "timeout": "900ms"}])
        cls.addClassCleanup(cls.sonde.stop)

    def page(self):
        return scrape(self.sonde.url + "/metrics")[1]

    def test_promtool_accepts_the_page(self):
        def results():
            return {('target="good"' in key): value for key, value in samples(self.page()).items()
                    if key.startswith("probe_success{")}

        servers.wait_until(lambda: results() == {True: 1.0, False: 0.0}, "a good result and a bad one")
        page = self.page()
        checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, timeout=60,
                                 check=False)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))

    def test_reload_is_all_or_nothing(self):
        def reload():
            return scrape_post(self.sonde.url + "/-/reload")

        def known(module):
            return scrape(f"{self.sonde.url}/probe?module={module}&target=127.0.0.1:{self.http}/ok")[0] == 200

        self.assertTrue(known("first"))
        self.blackbox.write_text("modules: {first: {prober: http}, second: {prober: http}}\n")
        self.assertEqual(reload()[0], 200)
        self.assertTrue(known("second"))
        self.blackbox.write_text("modules: {third: {prober: icmp}}\n")
        status, text = reload()
        self.assertEqual(status, 500, text)
        self.assertTrue(known("second"), "the old modules stay")
        self.assertIn("\nblackbox_exporter_config_last_reload_successful 0\n", self.page())
        self.blackbox.write_text("modules: {first: {prober: http}}\n")
        self.assertEqual(reload()[0], 200)
        self.assertFalse(known("second"))
        self.assertIn("\nsonde_config_last_reload_successful 1\n", self.page())


class Documentation(unittest.TestCase):
    def test_the_listed_differences_are_in_the_documents(self):
        for name, language in (("blackbox.md", "en"), ("blackbox.zh-CN.md", "zh")):
            text = (ROOT / "docs" / name).read_text()
            for difference in differences.DIFFERENCES:
                self.assertIn(getattr(difference, language), text, name)
                self.assertIn(f"`{difference.metric}`".replace("|", "\\|"), text, name)


if __name__ == "__main__":
    unittest.main()
