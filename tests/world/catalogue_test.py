#!/usr/bin/env python3
"""A world made of a catalogue: its names, paths, answers, and faults of its clouds, for a small catalogue of one's own.
tests/bench/catalogue.py does it with the whole one and a real prober."""

import http.client
import json
import pathlib
import subprocess
import tempfile
import unittest

import probing
import running_world

CLOUD = """
provider: acme
regions:
  - name: us.east_1
    partition: overseas
    city: Ashburn
    country: US
    lat: 39
    lon: -77
    status: ga
    endpoints:
      - {service: kv, url: "https://api.acme.test/kv?ping=1", status: [401, 403]}
      - {service: auth, url: "https://api.acme.test/auth", status: [307]}
  - {name: soon, partition: domestic, status: announced, endpoints: []}
global:
  - {service: dns, partition: overseas, url: "dns://ns1.acme.test:53/acme.test?type=SOA", rcode: NOERROR}
"""
CONTROLS = """
controls:
  - {name: far, url: "http://far.test/generate_204", status: [204], partition: overseas}
"""


class CatalogueWorld(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sonde-world-catalogue.")
        pathlib.Path(cls.folder.name, "acme.yaml").write_text(CLOUD)
        pathlib.Path(cls.folder.name, "controls.yaml").write_text(CONTROLS)
        cls.world = running_world.RunningWorld(
            f"catalogue: {cls.folder.name}\ndistances: {{scale: 0}}\nvantages:\n  - {{name: near, lives_in: acme/us.east_1, "
            "partition: overseas, isp: x, city: Ashburn, country: US, lat: 39, lon: -77}\n")
        cls.vantage = cls.world.vantages["near"]

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        cls.folder.cleanup()

    def tearDown(self):
        self.world.api("DELETE", "/faults")

    def status(self, name, path):
        t = self.world.targets[name]
        word, addresses = probing.resolve(self.world.info, self.vantage, t["host"])
        self.assertEqual((word, addresses), ("ok", [t["addresses"]["near"]]))
        with probing.connect(self.vantage, addresses[0], t["port"]) as s:
            if t["protocol"] == "https":
                s = self.world.context.wrap_socket(s, server_hostname=t["host"])
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: {t['host']}\r\n\r\n".encode())
            answer = http.client.HTTPResponse(s)
            answer.begin()
            s.close()
            return answer.status

    def test_each_endpoint_answers_as_the_catalogue_says_in_its_own_name(self):
        self.assertEqual(self.status("acme/us.east_1/kv", "/kv?ping=1"), 401)
        self.assertEqual(self.status("acme/us.east_1/auth", "/auth"), 307)
        self.assertEqual(self.status("control/far", "/generate_204"), 204)

    def test_what_the_catalogue_does_not_have_is_not_found(self):
        self.assertEqual(self.status("acme/us.east_1/kv", "/other"), 404)

    def test_a_fault_of_one_endpoint_leaves_its_neighbour_on_the_same_host_alone(self):
        self.world.api("POST", "/faults", {"on": {"service": "acme/us.east_1/auth"}, "kind": "http_status", "status": 503})
        self.assertEqual(self.status("acme/us.east_1/auth", "/auth"), 503)
        self.assertEqual(self.status("acme/us.east_1/kv", "/kv?ping=1"), 401)

    def test_a_name_server_answers_and_falls_silent_with_its_cloud(self):
        t = self.world.targets["acme/global/dns"]
        server = {**self.vantage, "resolver": t["addresses"]["near"]}
        self.assertEqual(probing.resolve(self.world.info, server, "acme.test", qtype=6)[0], "dns_nodata")  # NOERROR, no A
        self.world.api("POST", "/faults", {"on": {"provider": "acme"}, "kind": "black_hole"})
        self.assertEqual(probing.resolve(self.world.info, server, "acme.test", qtype=6, timeout=0.3)[0], "dns_timeout")

    def test_an_entry_that_no_world_can_serve_is_a_mistake_with_its_place(self):
        for entry, words in (('{service: kv, url: "https://api.acme.test:8443/", status: [200]}', "well-known ports"),
                             ('{service: kv, url: "https://api.acme.test/", status: []}', "list of statuses"),
                             ('{service: kv, url: "https://api.acme.test/", status: [fine]}', "fine")):
            with self.subTest(entry), tempfile.TemporaryDirectory() as folder:
                cloud = CLOUD.replace('{service: kv, url: "https://api.acme.test/kv?ping=1", status: [401, 403]}', entry)
                self.assertNotEqual(cloud, CLOUD)
                pathlib.Path(folder, "acme.yaml").write_text(cloud)
                world = pathlib.Path(folder, "world.yml")
                world.write_text(f"catalogue: {folder}\nvantages: []\n")
                done = subprocess.run([running_world.BINARY, "-f", world, "--check"], capture_output=True, text=True, timeout=30)
                self.assertEqual(done.returncode, 78, done.stderr)
                self.assertRegex(done.stderr, rf"acme\.yaml:\d+:\d+: .*{words}")

    def test_the_written_targets_expect_what_the_catalogue_expects(self):
        text = (self.world.out / "targets.yaml").read_text()
        self.assertIn('name: "acme/us.east_1/kv"', text)
        self.assertIn("expect: {status: [401, 403]}", text)
        self.assertIn("expect: {rcode: NOERROR}", text)
        self.assertEqual(len(json.loads((self.world.out / "world.json").read_text())["targets"]), 4)


if __name__ == "__main__":
    running_world.run_tests()
