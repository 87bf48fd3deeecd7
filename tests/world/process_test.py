#!/usr/bin/env python3
"""sonde-world as a process: what it writes, its timeline, its errors, its end."""

import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import probing
import running_world


def run_world(file, *arguments):
    """The finished process of a world that ends by itself."""
    command = [running_world.BINARY, "-f", str(file), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


class Process(unittest.TestCase):
    def start(self, yaml, *arguments):
        world = running_world.RunningWorld(yaml, *arguments)
        self.addCleanup(world.close)
        return world

    def test_ends_cleanly_and_frees_its_ports(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            world = self.start(running_world.NEAR)
            world.api("POST", "/faults", {"on": {"border": True}, "kind": "black_hole"})
            self.assertEqual(world.stop(how), 0)
            for t in world.targets.values():
                with socket.socket() as s:
                    address = t["addresses"]["shanghai-ct"]
                    self.assertNotEqual(s.connect_ex((address, t["port"])), 0)
            self.assertIn("the world has ended", world.log())

    def test_distance_delays_tls_and_http(self):
        world = self.start(running_world.SMALL)

        def seconds(vantage, target):
            v, t = world.vantages[vantage], world.targets[target]
            with probing.connect(v, t["addresses"][vantage], t["port"], 5) as s:
                before = time.monotonic()
                self.assertEqual(probing.after_connect(s, t, world.context), "ok")
                return time.monotonic() - before

        # 12,000 km at 200 km/ms, there and back, 1.5 for detours and 40 ms of border: about 220 ms, twice.
        self.assertGreater(seconds("shanghai-ct", "nimbus/us-east/object-storage"), 0.40)
        self.assertLess(min(seconds("virginia-cogent", "nimbus/us-east/object-storage") for _ in range(3)), 0.2)

    def test_timeline_plays_repeats_and_tells_in_both_languages(self):
        head = running_world.NEAR[: running_world.NEAR.index("timeline:")]
        entry = ("timeline:\n  - {at: 200ms, for: 300ms, name: short, text_en: checkout is shut, text_zh: 商店关门, "
                 "fault: {on: {app: checkout}, kind: refuse}}\ntimeline_period: 600ms\n")
        for language, begins, over in (
            ("en", "broken for 300ms: checkout is shut", "over: checkout is shut; nothing is broken now"),
            ("zh", "故障开始(300ms):商店关门", "故障结束:商店关门。现在一切正常"),
        ):
            world = self.start(head + entry, "--timeline", "--repeat", "--lang", language)
            running_world.wait_for(lambda: world.log().count(over) >= 2)
            self.assertGreaterEqual(world.log().count(begins), 2)
            fault = running_world.wait_for(lambda: world.api("GET", "/state")[1]["faults"])[0]
            self.assertEqual((fault["name"], fault["from"], fault["kind"]), ("short", "timeline", "refuse"))

    def test_timeline_is_off_unless_asked_for(self):
        world = self.start(running_world.NEAR.replace("at: 30s", "at: 0s"))
        self.assertEqual(world.api("GET", "/state")[1]["faults"], [])

    def test_writes_what_probers_need(self):
        world = self.start(running_world.NEAR, "--hub-port", "7001", "--sink", "http://127.0.0.1:7002",
                           "--round", "500ms")
        vantage = (world.out / "vantage-beijing-ct.yaml").read_text()
        v = world.vantages["beijing-ct"]
        for piece in ("name: beijing-ct, provider: stratus, region: cn-north, partition: domestic, isp: ct",
                      f"source: {v['source']}}}", f"resolver: {v['resolver']}:{world.info['ports']['dns']}",
                      f'ca_file: "{world.out}/ca.pem"', f'file: "{world.out}/targets.yaml"',
                      'influx: {url: "http://127.0.0.1:7001", database: sonde}'):
            self.assertIn(piece, vantage)
        hub = (world.out / "hub.yaml").read_text()
        for piece in ('listen: "127.0.0.1:7001"', "round: 500ms", "http://127.0.0.1:7002"):
            self.assertIn(piece, hub)
        targets = (world.out / "targets.yaml").read_text()
        for name, t in world.targets.items():
            self.assertIn(name, targets)
            self.assertIn(t["url"], targets)
        self.assertEqual(world.info["pid"], world.process.pid)

    def test_a_taken_port_is_an_error_that_names_it(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            port = s.getsockname()[1]
            with tempfile.TemporaryDirectory() as d:
                path = pathlib.Path(d, "w.yaml")
                path.write_text(running_world.SMALL)
                run = run_world(path, "--out", d, "--port-base", str(port - 900),
                                "--net", str(random.randrange(20, 240)))
                self.assertEqual(run.returncode, 1)
                self.assertIn(f"127.0.0.1:{port}", run.stderr)
                self.assertFalse(pathlib.Path(d, "world.json").exists())


class Check(unittest.TestCase):
    def check(self, yaml, *arguments):
        with tempfile.TemporaryDirectory() as d:
            path = pathlib.Path(d, "w.yaml")
            path.write_text(yaml)
            return run_world(path, "--check", *arguments)

    def test_the_small_world_is_right(self):
        run = self.check(running_world.SMALL)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("4 vantages, 24 targets, 5 timeline entries", run.stdout)

    def test_mistakes_are_named_with_their_line(self):
        for old, new, piece in (
            ("round: 2s", "round: 2", "w.yaml:4:"),
            ("round: 2s", "rounds: 2s", "rounds"),
            ("partition: domestic, city: Shanghai", "partition: inland, city: Shanghai", "domestic"),
            ("hosted_on: nimbus/us-east", "hosted_on: nimbus/us-west", "nimbus/us-east"),
            ("[nimbus/us-east/compute-api]", "[nimbus/us-east/compute]", "nimbus/us-east/compute-api"),
            ("name: search", "name: checkout", "already"),
            ("name: search", "name: Search!", "lower-case"),
            ("lat: 51.51", "lat: 151.51", "90"),
            ("country: GB", "country: Britain", "two capital letters"),
            ("kind: uplink", "kind: uplnk", "uplink"),
            ("on: {vantage: beijing-ct}", "on: {vantage: beijing}", "beijing-ct"),
            ("greeting: ready", "protocol: tcp", "protocol"),
            ("protocol: tcp, greeting", "greeting", "tcp only"),
            ("timeline_period: 380s", "timeline_period: 100s", "350s"),
            ("seed: 42", "seed: 42\nseed: 43", "seed"),
        ):
            with self.subTest(new):
                self.assertIn(old, running_world.SMALL)
                run = self.check(running_world.SMALL.replace(old, new, 1))
                self.assertEqual(run.returncode, 78, run.stdout)
                self.assertIn("w.yaml:", run.stderr)
                self.assertIn(piece, run.stderr)

    def test_vantages_must_fit_the_addresses(self):
        self.assertEqual(self.check(running_world.SMALL, "--net", "253").returncode, 78)
        self.assertEqual(self.check(running_world.SMALL, "--net", "252").returncode, 0)


if __name__ == "__main__":
    running_world.run_tests()
