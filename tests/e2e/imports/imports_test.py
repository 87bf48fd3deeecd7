"""`sonde targets import` from the outside: each format's file is imported, the result is a valid file of targets for
`config check`, `targets lint` and the JSON Schema, and its targets find servers on loopback as they were meant to: good
while the servers answer as the file expects, and failing with the right cause when they do not. Needs only loopback."""

import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e/blackbox"))
import local_servers as servers  # noqa: E402

SONDE = os.environ["SONDE"]
SAMPLES = ROOT / "tests/unit/imports/samples"
SECONDS_MAX = 60


def sonde(*arguments, stdin=None, **env):
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
    return subprocess.run([SONDE, *arguments], input=stdin, capture_output=True, text=True, timeout=SECONDS_MAX,
                          env={**kept, **env})


class Shop(http.server.BaseHTTPRequestHandler):
    """Answers what `answers` says of a path: (status, type, body); demands what `wanted` says of it."""

    protocol_version = "HTTP/1.1"
    answers = {}
    wanted = {}

    def do_GET(self):
        size = int(self.headers.get("Content-Length", 0))
        sent = self.rfile.read(size).decode() if size else ""
        path = self.path.split("?")[0]
        status, kind, body = self.answers.get(path, (404, "text/plain", "no such page"))
        wanted = self.wanted.get(path, lambda handler, sent: True)
        if not wanted(self, sent):
            status = 400
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET

    def log_message(self, *_):
        pass


def talk_redis(answer):
    def talk(connection):
        if servers.line(connection) == "PING":
            connection.sendall(answer() + b"\r\n")
    return talk


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.certificates = servers.Certificates(cls.folder)
        context = cls.certificates.context("server")
        cls.http = f"http://127.0.0.1:{servers.serve_http(Shop)}"
        cls.https = f"https://127.0.0.1:{servers.serve_http(Shop, context)}"
        cls.dns = servers.Dns(context)
        cls.mail = servers.Tcp(servers.talk_starttls(context)).port
        cls.pong = b"+PONG"
        cls.redis = servers.Tcp(talk_redis(lambda: cls.pong)).port

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def setUp(self):
        type(self).pong = b"+PONG"
        Shop.wanted = {}
        Shop.answers = {"/healthz": (200, "application/json", '{"status": "UP", "db": {"lag": 3}, "nodes": [1, 2]}'),
                        "/": (200, "text/html", "<h1>Willkommen im Shop</h1>"), "/gone": (410, "text/plain", "gone")}

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def take_over(self, *files, **env):
        """Imports the files, has the result judged by every reader there is, and returns what was said."""
        done = sonde("targets", "import", *files)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.write("imported.yaml", done.stdout)
        schema = json.loads(sonde("config", "schema", "--targets").stdout)
        jsonschema.validate(yaml.safe_load(done.stdout), schema)
        self.env = env
        self.config = self.write("sonde.yaml", f"""
policy: {{allow: [127.0.0.0/8]}}
resolver: 127.0.0.1:{self.dns.port}
tls: {{ca_file: {self.folder}/ca.pem}}
targets:
  - {{file: imported.yaml}}
""")
        checked = sonde("config", "check", self.config, **env)
        self.assertEqual(checked.returncode, 0, checked.stderr + done.stdout)
        linted = sonde("targets", "lint", "-c", self.config, **env)
        self.assertIn(linted.returncode, (0, 1), linted.stderr)
        self.assertEqual(linted.stderr, "")
        return done

    def outcomes(self):
        """Name -> "ok", or "fail http_status", of one run of every imported target."""
        done = sonde("check", "-c", self.config, "*", "--json", **self.env)
        runs = [json.loads(line) for line in done.stdout.splitlines()]
        return {r["target"]: r["status"] if r["status"] == "ok" else f"{r['status']} {r['stage']}_{r['cause']}" for r in runs}


class Trials(Case):
    def test_gatus(self):
        file = self.write("gatus.yaml", f"""
endpoints:
  - name: api
    group: core
    url: {self.https}/healthz
    method: POST
    body: '{{"from": "[ENDPOINT_NAME]"}}'
    headers: {{X-Api-Key: "${{API_KEY}}"}}
    conditions: ["[STATUS] == 200", "[BODY].status == UP", "[BODY].db.lag < 10", "len([BODY].nodes) == 2",
                 "has([BODY].error) == false", "[HEADER].Content-Type == pat(*json*)", "[CERTIFICATE_EXPIRATION] > 240h"]
  - {{name: page, url: "{self.http}/", conditions: ["[BODY] == pat(*Willkommen*)"]}}
  - {{name: gone, url: "{self.http}/gone", conditions: ["[CONNECTED] == true"]}}
  - {{name: redis, url: "tcp://127.0.0.1:{self.redis}", body: "PING\\r\\n", conditions: ["[BODY] == pat(*PONG*)"]}}
  - {{name: mail, url: "starttls://127.0.0.1:{self.mail}", conditions: ["[CONNECTED] == true"]}}
  - {{name: secure, url: "tls://{self.https[8:]}", conditions: ["[CERTIFICATE_EXPIRATION] > 48h"]}}
  - name: zone
    url: 127.0.0.1:{self.dns.port}
    dns: {{query-name: two.example.com, query-type: A}}
    conditions: ["[DNS_RCODE] == NOERROR", "[BODY] == 192.0.2.7"]
""")
        Shop.wanted["/healthz"] = lambda h, sent: (h.command == "POST" and sent == '{"from": "api"}' and
                                                   h.headers["X-Api-Key"] == "k-4711")
        self.take_over(file, API_KEY="k-4711")
        good = dict.fromkeys(["core/api", "page", "gone", "redis", "mail", "secure", "zone"], "ok")
        self.assertEqual(self.outcomes(), good)

        Shop.answers["/healthz"] = (200, "application/json", '{"status": "UP", "db": {"lag": 30}, "nodes": [1, 2]}')
        Shop.answers["/"] = (500, "text/plain", "Fehler")
        type(self).pong = b"-ERR"
        self.assertEqual(self.outcomes(), {**good, "core/api": "fail http_content_mismatch", "redis": "fail tcp_expect_mismatch",
                                           "page": "fail http_content_mismatch"})

    def test_uptime_kuma(self):
        common = {"interval": 60, "timeout": 20, "active": True, "maxredirects": 0, "accepted_statuscodes": ["200-299"]}
        monitors = [
            {"type": "json-query", "name": "api", "url": self.https + "/healthz", "method": "post", "body": '{"a": 1}',
             "headers": '{"X-Api-Key": "k-4711"}', "authMethod": "basic", "basic_auth_user": "probe",
             "basic_auth_pass": "hunter2", "jsonPath": "db.lag", "jsonPathOperator": "<", "expectedValue": "10"},
            {"type": "keyword", "name": "page", "url": self.http + "/", "keyword": "Willkommen"},
            {"type": "keyword", "name": "no error", "url": self.http + "/", "keyword": "Fehler (500)", "invertKeyword": True},
            {"type": "port", "name": "redis", "hostname": "127.0.0.1", "port": self.redis},
            {"type": "dns", "name": "zone", "hostname": "mail.example.com", "dns_resolve_server": "127.0.0.1",
             "port": self.dns.port, "dns_resolve_type": "MX"},
            {"type": "http", "name": "gone", "url": self.http + "/gone"}]
        file = self.write("kuma.json", json.dumps({"monitorList": [{**common, **m} for m in monitors]}, indent=1))
        done = self.take_over(file, API_X_API_KEY="k-4711", API_PASSWORD="hunter2")
        self.assertNotIn("k-4711", done.stdout + done.stderr)
        self.assertNotIn("hunter2", done.stdout + done.stderr)
        Shop.wanted["/healthz"] = lambda h, sent: (sent == '{"a": 1}' and h.headers["X-Api-Key"] == "k-4711" and
                                                   h.headers["Content-Type"] == "application/json" and
                                                   h.headers["Authorization"] == "Basic cHJvYmU6aHVudGVyMg==")
        good = {**dict.fromkeys(["api", "page", "no error", "redis", "zone"], "ok"), "gone": "fail http_status"}
        self.assertEqual(self.outcomes(), good)

        Shop.answers["/healthz"] = (200, "application/json", '{"db": {"lag": 10}}')
        Shop.answers["/"] = (200, "text/plain", "Fehler (500)")
        self.assertEqual(self.outcomes(), {**good, "api": "fail http_content_mismatch", "page": "fail http_content_mismatch",
                                           "no error": "fail http_content_mismatch"})

    def test_telegraf(self):
        file = self.write("telegraf.conf", f"""
[agent]
  interval = "20s"
[[inputs.http_response]]
  alias = "api"
  urls = ["{self.https}/healthz"]
  method = "POST"
  body = '{{"a": 1}}'
  response_status_code = 200
  response_string_match = '"status": ?"UP"'
  username = "probe"
  password = "hunter2"
  [inputs.http_response.headers]
    X-Api-Key = "$API_KEY"
[[inputs.http_response]]
  alias = "gone"
  urls = ["{self.http}/gone"]
[[inputs.dns_query]]
  servers = ["127.0.0.1"]
  port = {self.dns.port}
  domains = ["mail.example.com", "servfail.example.com"]
  record_type = "MX"
[[inputs.net_response]]
  protocol = "tcp"
  address = "127.0.0.1:{self.redis}"
  send = "PING\\r\\n"
  expect = "PO.G"
""")
        done = self.take_over(file, API_KEY="k-4711", API_PASSWORD="hunter2")
        self.assertNotIn("hunter2", done.stdout + done.stderr)
        Shop.wanted["/healthz"] = lambda h, sent: (sent == '{"a": 1}' and h.headers["X-Api-Key"] == "k-4711" and
                                                   h.headers["Authorization"] == "Basic cHJvYmU6aHVudGVyMg==")
        net = f"127.0.0.1:{self.redis}"
        good = {"api": "ok", "gone": "ok", "mail.example.com MX @127.0.0.1": "ok", net: "ok",
                "servfail.example.com MX @127.0.0.1": "fail dns_servfail"}
        self.assertEqual(self.outcomes(), good)

        Shop.answers["/healthz"] = (200, "application/json", '{"status": "DOWN"}')
        type(self).pong = b"-ERR"
        self.assertEqual(self.outcomes(), {**good, "api": "fail http_content_mismatch", net: "fail tcp_expect_mismatch"})

    def test_blackbox_with_prometheus(self):
        self.write("token", "t0ken\n")
        os.chmod(self.folder / "token", 0o600)
        modules = self.write("blackbox.yml", """
modules:
  api:
    prober: http
    http:
      preferred_ip_protocol: ip4
      method: POST
      body: '{"a": 1}'
      fail_if_body_not_matches_regexp: ['"status":\\s*"UP"']
      basic_auth: {username: probe, password: hunter2}
  bearer: {prober: http, http: {preferred_ip_protocol: ip4, bearer_token_file: token}}
  redis: {prober: tcp, tcp: {preferred_ip_protocol: ip4, query_response: [{send: PING}, {expect: "^.PO(N)G"}]}}
  zone: {prober: dns, dns: {preferred_ip_protocol: ip4, query_name: example.com, query_type: SOA}}
""")
        (self.folder / "sd").mkdir(exist_ok=True)
        self.write("sd/a.json", json.dumps([{"targets": [self.https + "/healthz"], "labels": {"team": "api"}}]))
        probe = """
    metrics_path: /probe
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: "127.0.0.1:9115"}"""
        jobs = self.write("prometheus.yml", f"""
global: {{scrape_interval: 20s}}
scrape_configs:
  - job_name: api{probe}
    params: {{module: [api]}}
    file_sd_configs: [{{files: ["sd/*.json"]}}]
  - job_name: page{probe}
    params: {{module: [bearer]}}
    static_configs: [{{targets: ["{self.http}"]}}]
  - job_name: redis{probe}
    params: {{module: [redis]}}
    static_configs: [{{targets: ["127.0.0.1:{self.redis}"]}}]
  - job_name: zone{probe}
    params: {{module: [zone]}}
    static_configs: [{{targets: ["127.0.0.1:{self.dns.port}"]}}]
""")
        done = self.take_over(jobs, modules, **{f"T_127_0_0_1_{self.https[18:]}_HEALTHZ_PASSWORD": "hunter2"})
        self.assertNotIn("hunter2", done.stdout + done.stderr)
        self.assertEqual(yaml.safe_load(done.stdout)["apps"][0]["labels"], {"job": "api", "team": "api"})
        Shop.wanted["/healthz"] = lambda h, sent: sent == '{"a": 1}' and h.headers["Authorization"] == "Basic cHJvYmU6aHVudGVyMg=="
        Shop.wanted["/"] = lambda h, sent: h.headers["Authorization"] == "Bearer t0ken"
        api = self.https[8:] + "/healthz"
        good = {api: "ok", self.http[7:]: "ok", f"127.0.0.1:{self.redis}": "ok", f"127.0.0.1:{self.dns.port}": "ok"}
        self.assertEqual(self.outcomes(), good)

        Shop.answers["/healthz"] = (200, "application/json", '{"status": "DOWN"}')
        type(self).pong = b"-ERR"
        self.assertEqual(self.outcomes(), {**good, api: "fail http_content_mismatch",
                                           f"127.0.0.1:{self.redis}": "fail tcp_expect_mismatch"})


class Command(Case):
    def test_exit_codes(self):
        whole = self.write("whole.yaml", "endpoints: [{name: a, url: 'tcp://a.example:1', conditions: ['[CONNECTED] == true']}]\n")
        done = sonde("targets", "import", whole)
        self.assertEqual((done.returncode, done.stderr), (0, "1 target(s), all carried over\n"))
        self.assertEqual([a["name"] for a in yaml.safe_load(done.stdout)["apps"]], ["a"])

        partly = self.write("partly.yaml", "endpoints: [{name: a, url: 'icmp://a.example', conditions: []}]\n")
        done = sonde("targets", "import", partly)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith(f"{partly}:1:28: skipped: a: Sonde sends no ICMP"), done.stderr)
        self.assertEqual(yaml.safe_load(done.stdout), {"apps": []})

        for wrong in ([], ["/no/such/file"], ["--from", "nagios", whole], [self.write("odd.txt", "hello\n")],
                      [self.write("bad.json", '{"monitorList": [')], [whole, self.write("bad.conf", "[[inputs.x]\n")],
                      ["--from", "telegraf", whole]):
            done = sonde("targets", "import", *wrong)
            self.assertEqual((done.returncode, done.stdout), (2, ""), wrong)
            self.assertNotEqual(done.stderr, "", wrong)

    def test_stdin_language_and_format(self):
        text = (SAMPLES / "gatus.yaml").read_text()
        done = sonde("--lang", "zh", "targets", "import", "--from", "gatus", "-", stdin=text)
        self.assertEqual(done.returncode, 1)
        self.assertIn("stdin:96:10: 已跳过：gateway：Sonde 不发送 ICMP", done.stderr)
        self.assertEqual(done.stdout.partition("apps:")[2], (SAMPLES / "expected/gatus.yaml").read_text().partition("apps:")[2])
        self.assertIn("#   LANDING_PROXY_PASSWORD\n", done.stdout)

    def test_fields_say_what_becomes_of_each(self):
        done = sonde("targets", "import", "--fields", "gatus")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"(?m)^  extra-labels +→ labels$")
        self.assertRegex(done.stdout, r"(?m)^  alerts +✗ alerts are not Sonde's$")
        self.assertIn("Sonde 不发送告警", sonde("--lang", "zh", "targets", "import", "--fields", "gatus").stdout)
        for name in ("blackbox", "prometheus", "uptime-kuma", "telegraf"):
            self.assertGreater(len(sonde("targets", "import", "--fields", name).stdout.splitlines()), 20, name)

    def test_help_completion_and_manual_know_it(self):
        for text in (sonde("targets", "import", "--help").stdout, sonde("completion", "bash").stdout, sonde("man").stdout):
            self.assertIn("import", text)
            self.assertIn("uptime", text)

    def test_files_from_afar_act_on_no_terminal(self):
        evil = "\x1b]0;owned\x07\u202e"
        file = self.write("evil.json", json.dumps({"monitorList": [
            {"name": "a" + evil, "type": "ping" + evil}, {"name": "b" + evil, "type": "port", "hostname": "b.example", "port": 1,
                                                          "tags": [{"name": "t" + evil, "value": evil}], evil: 1}]}))
        done = sonde("targets", "import", file)
        for sign in ("\x1b", "\x07", "\u202e"):
            self.assertNotIn(sign, done.stdout + done.stderr)
        self.assertEqual(yaml.safe_load(done.stdout)["apps"][0]["labels"], {"t" + evil: evil})


if __name__ == "__main__":
    unittest.main()
