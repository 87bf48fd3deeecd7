#!/usr/bin/env python3
"""`sonde doctor` against real databases, and against servers that answer 204 and forget, hang, trickle, or are none."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import hostile  # noqa: E402
import servers  # noqa: E402

SONDE = os.path.abspath(os.environ.get("SONDE", "build/release/cli/sonde"))
CANARY = "sonde_canary"


class Doctor(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory(prefix="sonde-doctor-")
        self.addCleanup(held.cleanup)
        self.folder = pathlib.Path(held.name)
        self.resolver = hostile.Resolver()
        self.addCleanup(self.resolver.stop)

    def kept(self, server):
        self.addCleanup(server.stop)
        return server

    def configure(self, *sinks, more=()):
        path = self.folder / "sonde.yaml"
        path.write_text("\n".join([
            "vantage: {name: here}", "targets: []", f"resolver: '{self.resolver.address}'",
            f"log: {{directory: {self.folder}/log, max_bytes: 16MiB, min_free: 0}}", "sinks:",
            *(f"  - {sink}" for sink in sinks), *more]) + "\n")
        return path

    def run_doctor(self, path, *arguments, lang="en"):
        return subprocess.run([SONDE, "doctor", "-c", str(path), "--lang", lang, *arguments], capture_output=True,
                              text=True, timeout=120, cwd=self.folder)

    def examine(self, *sinks, more=()):
        """The exit code, and {(about, check): finding} in the order of the output."""
        done = self.run_doctor(self.configure(*sinks, more=more), "--json")
        self.assertEqual(done.stderr, "")
        findings = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, {(f["about"], f["check"]): f for f in findings}

    def sink(self, name, url, more=", database: sonde"):
        return f"influx: {{name: {name}, url: '{url}'{more}}}"

    def grades(self, found, name):
        return {check: f["grade"] for (about, check), f in found.items() if about == f"sink {name}"}

    def test_a_real_influxdb_keeps_each_promise_and_the_canary_goes(self):
        influx = self.kept(servers.Influx())
        influx.create("sonde")
        influx.write("sonde", ["others value=1 1000"])
        for _ in range(2):
            code, found = self.examine(self.sink("a", influx.url))
            self.assertEqual(code, 0, found)
            self.assertEqual(set(self.grades(found, "a").values()), {"ok"}, found)
            self.assertIn("is there once", found["sink a", "once"]["text"])
            self.assertRegex(found["sink a", "reach"]["text"], r"^InfluxDB 1\.\S+ at 127\.0\.0\.1 answered")
            self.assertEqual([row[0] for s in influx.ask("sonde", "SHOW MEASUREMENTS") for row in s["values"]], ["others"])

    def test_a_real_victoriametrics_counts_once_only_where_it_removes_duplicates(self):
        plain = self.kept(servers.Victoria())
        clean = self.kept(servers.Victoria(["-dedup.minScrapeInterval=1ms"]))
        for _ in range(2):
            code, found = self.examine(self.sink("plain", plain.url), self.sink("clean", clean.url))
            self.assertEqual(code, 0, found)
            self.assertEqual(set(self.grades(found, "clean").values()), {"ok"}, found)
            once = found["sink plain", "once"]
            self.assertEqual(once["grade"], "warn")
            self.assertIn("is there 3 times", once["text"])
            self.assertIn("-dedup.minScrapeInterval=1ms", once["advice"])
            self.assertIn("kept 30s and sent again", found["sink plain", "durability"]["text"])
            for server in (plain, clean):
                query = urllib.parse.urlencode({"match[]": '{canary="doctor"}'})
                self.assertEqual(servers.fetch(f"{server.url}/api/v1/export?{query}"), b"")

    def test_servers_that_are_no_good_are_found_out_in_time(self):
        influx = self.kept(servers.Influx())
        bad = {behaviour.__name__: self.kept(hostile.Sink(behaviour)) for behaviour in
               (hostile.forgets, hostile.captive_portal, hostile.unauthorized, hostile.hangs, hostile.trickles)}
        began = time.monotonic()
        code, found = self.examine(*(self.sink(name, server.url) for name, server in bad.items()),
                                   self.sink("missing", influx.url), self.sink("refused", f"http://127.0.0.1:{servers.free_port()}"))
        self.assertLess(time.monotonic() - began, 40)  # side by side; each request ends within 10 s
        self.assertEqual(code, 1)
        expected = {("forgets", "once"): "acknowledges and forgets", ("captive_portal", "write"): "web page",
                    ("unauthorized", "write"): "not authorized", ("hangs", "reach"): "no answer in time",
                    ("trickles", "reach"): "no answer in time", ("missing", "write"): "database not found",
                    ("refused", "reach"): "cannot connect"}
        for (name, check), words in expected.items():
            finding = found[f"sink {name}", check]
            self.assertEqual(finding["grade"], "fail", finding)
            self.assertIn(words, finding["text"])
            self.assertIn("advice", finding)
            others = {c: g for c, g in self.grades(found, name).items() if c != check and g == "fail"}
            self.assertEqual(others, {}, name)
        self.assertIn("promise", found["sink forgets", "once"])

    def test_credentials_that_may_write_only_are_told_and_leave_nothing(self):
        influx = self.kept(servers.Influx(["auth-enabled = true"]))
        influx.ask("", "CREATE USER root WITH PASSWORD 'r' WITH ALL PRIVILEGES", "POST")
        influx.credentials = ("root", "r")
        influx.create("sonde")
        influx.ask("", "CREATE USER writer WITH PASSWORD 'w'", "POST")
        influx.ask("", "GRANT WRITE ON sonde TO writer", "POST")
        secret = self.folder / "secret"
        secret.write_text("w\n")
        secret.chmod(0o600)
        code, found = self.examine(self.sink("a", influx.url, f", database: sonde, username: writer, password_file: {secret}"))
        self.assertEqual(code, 0, found)
        self.assertEqual(found["sink a", "write"]["grade"], "ok")
        self.assertEqual(found["sink a", "once"]["grade"], "warn", found["sink a", "once"])
        rows = [row for s in influx.ask("sonde", f"SELECT whole FROM {CANARY}") for row in s["values"]]
        stays = found["sink a", "canary"]
        self.assertEqual(rows, [])
        self.assertEqual(stays["text"], "the server says that the canary was removed")

    def test_a_field_of_another_type_is_found_before_it_costs_every_line(self):
        influx = self.kept(servers.Influx())
        influx.create("sonde")
        influx.write("sonde", ["probe,target=x success=1.5 1000"])
        code, found = self.examine(self.sink("a", influx.url))
        self.assertEqual(code, 1)
        self.assertIn("field success of probe is float there and integer here", found["sink a", "types"]["text"])

    def test_a_hub_and_a_vmagent_give_nothing_back_and_that_is_said(self):
        port = servers.free_port()
        hub_file = self.folder / "hub.yaml"
        hub_file.write_text(f"hub: {{listen: 127.0.0.1:{port}, directory: {self.folder}/hub}}\n"
                            f"log: {{directory: {self.folder}/hub-log}}\nsinks:\n  - file: {{path: {self.folder}/hub.lp}}\n")
        agent_port = servers.free_port()
        started = [subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                   for command in ([SONDE, "run", "-c", str(hub_file)],
                                   ["vmagent", f"-httpListenAddr=127.0.0.1:{agent_port}",
                                    f"-remoteWrite.url=http://127.0.0.1:{servers.free_port()}/api/v1/write",
                                    f"-remoteWrite.tmpDataPath={self.folder}/agent"])]
        try:
            servers.wait_until(lambda: servers.fetch(f"http://127.0.0.1:{port}/-/healthy"), "hub", started[0])
            servers.wait_until(lambda: servers.fetch(f"http://127.0.0.1:{agent_port}/health"), "vmagent", started[1])
            code, found = self.examine(self.sink("hub", f"http://127.0.0.1:{port}"),
                                       self.sink("agent", f"http://127.0.0.1:{agent_port}"))
        finally:
            for process in started:
                process.terminate()
                process.wait(30)
        self.assertEqual(code, 0, found)
        for name in ("hub", "agent"):
            self.assertEqual(found[f"sink {name}", "write"]["grade"], "ok")
            self.assertIn("no reading back is possible", found[f"sink {name}", "once"]["text"])
        self.assertIn("stay in measurement", found["sink hub", "canary"]["text"])
        self.assertIn("durable", found["sink hub", "durability"]["text"])
        self.assertEqual(found["sink agent", "durability"]["grade"], "warn")

    def test_a_clock_that_is_off_is_told_with_its_bounds(self):
        late = self.kept(hostile.Sink(hostile.forgets, clock_off=-3600))
        _, found = self.examine(self.sink("late", late.url))
        clock = found["sink late", "clock"]
        self.assertEqual(clock["grade"], "fail", clock)
        self.assertRegex(clock["text"], r"between \+3(599|600)\.\d s and \+360[0-9]\.\d s")

    def test_files_are_examined_beside_and_a_machine_is_looked_at(self):
        truth = self.folder / "truth.lp"
        truth.write_text("p n=1i 1\n")
        code, found = self.examine(f"file: {{path: {truth}}}", "stdout: {}")
        self.assertEqual(code, 0, found)
        self.assertEqual(truth.read_text(), "p n=1i 1\n")
        self.assertEqual([p.name for p in self.folder.iterdir() if "canary" in p.name], [])
        self.assertIn("cannot be read back", found["sink stdout", "write"]["text"])
        for check in ("clock", "files", "memory", "route", "resolver"):
            self.assertIn(("machine", check), found)
        self.assertEqual(found["machine", "resolver"]["grade"], "ok")
        self.assertFalse((self.folder / "log").exists(), "looking makes no log")

    def test_a_dead_resolver_and_a_damaged_log_fail(self):
        path = self.configure(f"file: {{path: {self.folder}/truth.lp}}", more=[
            "policy: {allow: [127.0.0.0/8]}", "apps:",
            f"  - {{name: x, url: 'tcp://127.0.0.1:{servers.free_port()}', every: 1s}}"])
        for _ in range(2):  # so that the first frame of a segment is not its last
            subprocess.run([SONDE, "run", "-c", str(path), "--once"], cwd=self.folder, stderr=subprocess.DEVNULL, check=True)
        done = self.run_doctor(path)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"(?m)^ok    log +reader \(P15\) +file: 0 wait, \d+ delivered, 0 refused")
        segment = next((self.folder / "log" / "b").iterdir())
        damaged = bytearray(segment.read_bytes())
        damaged[60] ^= 0xff  # in the first frame's header
        segment.write_bytes(damaged)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            path.write_text(path.read_text().replace(self.resolver.address, "127.0.0.1:%d" % deaf.getsockname()[1]))
            done = self.run_doctor(path)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"(?m)^fail  machine +resolver +127\.0\.0\.1:\d+ does not answer within 3s → ")
        self.assertRegex(done.stdout, r"(?m)^fail  log +health \(P7\) +1 damaged places → ")

    def test_ctrl_c_ends_it_with_130_and_says_what_may_stay(self):
        asked = threading.Event()

        def waits(request):
            asked.set()
            hostile.hangs(request)

        slow = self.kept(hostile.Sink(waits))
        path = self.configure(self.sink("slow", slow.url))
        process = subprocess.Popen([SONDE, "doctor", "-c", str(path), "--lang", "en"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, cwd=self.folder)
        self.assertTrue(asked.wait(30))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out), (130, ""))
        self.assertIn(f"a canary may stay in measurement {CANARY}", err)

    def test_it_speaks_chinese_and_a_bad_configuration_is_exit_code_2(self):
        influx = self.kept(servers.Influx())
        influx.create("sonde")
        path = self.configure(self.sink("a", influx.url))
        done = self.run_doctor(path, lang="zh")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("同一个点确认 3 次，只存了一份", done.stdout)
        self.assertIn("金丝雀已删除", done.stdout)
        path.write_text("sinks: [{influx: {urll: x}}]\n")
        done = self.run_doctor(path)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn('did you mean "url"', done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
