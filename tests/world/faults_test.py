#!/usr/bin/env python3
"""sonde-world seen from outside: every kind of fault strikes on the wire where it should and nowhere else."""

import concurrent.futures
import pathlib
import socket
import struct
import time
import unittest

import probing
import running_world


class Faults(unittest.TestCase):
    """One world for all; each test adds faults and takes them away."""

    @classmethod
    def setUpClass(cls):
        cls.world = running_world.RunningWorld(running_world.NEAR)

    @classmethod
    def tearDownClass(cls):
        cls.world.close()

    def tearDown(self):
        self.world.api("DELETE", "/faults")

    def add(self, **fault):
        status, reply = self.world.api("POST", "/faults", fault)
        self.assertEqual(status, 201, reply)
        return reply["id"]

    def foreign(self):
        """How many visits each vantage's servers had from other source addresses."""
        return {n: v["foreign"] for n, v in self.world.api("GET", "/state")[1]["vantages"].items()}

    def pairs(self, vantage=lambda v: True, target=lambda t: True):
        return {(v["name"], t["name"]) for v in self.world.vantages.values() for t in self.world.targets.values()
                if vantage(v) and target(t)}

    def strikes(self, word, expected, **fault):
        """The fault is seen as `word` by the expected pairs alone, and is gone after its removal."""
        ident = self.add(**fault)
        self.assertTrue(expected)
        seen = self.world.sweep()
        if fault["kind"] == "reset":  # may meet the client while it still connects, or in the stage after
            seen = {p: "reset" if w in ("tcp_reset", "tls_reset") else w for p, w in seen.items()}
        self.assertEqual(seen, {p: word for p in expected})
        faults = self.world.api("GET", "/state")[1]["faults"]
        touched = {(p["vantage"], p["target"]) for f in faults for p in f["pairs"]}
        self.assertEqual(touched, expected)
        self.assertEqual(self.world.api("DELETE", f"/faults/{ident}")[0], 200)
        self.assertEqual(self.world.sweep(sorted(expected)), {})

    def test_nothing_is_broken_at_first(self):
        before = self.foreign()
        self.assertEqual(self.world.sweep(), {})
        self.assertEqual(self.foreign(), before)

    def test_each_kind_strikes_its_service_alone(self):
        service = "cirrus/cn-east/object-storage"
        expected = self.pairs(target=lambda t: t["name"] == service)
        for kind, word in (
            ("dns_nxdomain", "dns_nxdomain"), ("dns_servfail", "dns_servfail"), ("dns_refused", "dns_refused"),
            ("dns_silent", "dns_timeout"), ("dns_empty", "dns_nodata"), ("dns_wrong", "tls_name_mismatch"),
            ("black_hole", "tcp_timeout"), ("refuse", "tcp_refused"), ("reset", "reset"),
            ("tls_expired", "tls_expired"), ("tls_wrong_name", "tls_name_mismatch"),
            ("tls_self_signed", "tls_self_signed"), ("tls_reset", "tls_reset"), ("http_status", "http_503"),
            ("http_stall", "http_timeout"), ("http_truncated", "http_truncated"), ("http_wrong_body", "http_body"),
        ):
            with self.subTest(kind):
                self.world.api("DELETE", "/faults")  # of a kind before that failed
                self.strikes(word, expected, on={"service": service}, kind=kind)

    def test_slow_answers_are_late_but_good(self):
        pair = ("beijing-ct", "checkout")
        self.add(on={"app": "checkout"}, kind="http_slow", delay="700ms")
        before = time.monotonic()
        self.assertEqual(self.world.probe(*pair), "ok")
        self.assertGreater(time.monotonic() - before, 0.7)

    def test_a_slow_path_delays_every_round_trip(self):
        self.add(on={"border": True}, kind="path_slow", delay="300ms")
        before = time.monotonic()
        self.assertEqual(self.world.probe("beijing-ct", "checkout"), "ok")
        self.assertGreater(time.monotonic() - before, 0.6)  # TLS and HTTP, once each
        before = time.monotonic()
        self.assertEqual(self.world.probe("virginia-cogent", "checkout"), "ok")
        self.assertLess(time.monotonic() - before, 0.6)

    def test_status_can_be_chosen(self):
        self.strikes("http_429", self.pairs(target=lambda t: t["name"] == "search"), on={"app": "search"},
                     kind="http_status", status=429)

    def test_region_takes_its_services_and_apps(self):
        expected = self.pairs(target=lambda t: (t["provider"], t["region"]) == ("cirrus", "eu-central"))
        self.assertIn(("beijing-ct", "search"), expected)
        self.strikes("tcp_timeout", expected, on={"region": "cirrus/eu-central"}, kind="black_hole")

    def test_provider_takes_all_its_regions(self):
        self.strikes("tcp_refused", self.pairs(target=lambda t: t["provider"] == "cumulus"), on={"provider": "cumulus"},
                     kind="refuse")

    def test_border_takes_what_crosses_it(self):
        crossing = {(v["name"], t["name"]) for v in self.world.vantages.values() for t in self.world.targets.values()
                    if v["partition"] != t["partition"]}
        self.strikes("tcp_timeout", crossing, on={"border": True}, kind="black_hole")

    def test_isp_takes_its_vantages(self):
        self.strikes("tcp_refused", self.pairs(vantage=lambda v: v["isp"] == "ct"), on={"isp": "ct"}, kind="refuse")

    def test_conditions_are_joined(self):
        self.strikes("tcp_refused",
                     self.pairs(lambda v: v["name"] == "frankfurt-dt", lambda t: t["provider"] == "nimbus"),
                     on={"vantage": "frankfurt-dt", "provider": "nimbus"}, kind="refuse")

    def test_control_alone(self):
        self.strikes("http_500", self.pairs(target=lambda t: t["name"] == "control/domestic-1"),
                     on={"control": "domestic-1"}, kind="http_status", status=500)

    def test_tcp_app_can_be_reset(self):
        self.strikes("reset", self.pairs(target=lambda t: t["name"] == "orders-db"), on={"app": "orders-db"},
                     kind="reset")

    def test_uplink_takes_resolver_and_paths(self):
        gone = self.pairs(vantage=lambda v: v["name"] == "beijing-ct")
        ident = self.add(on={"vantage": "beijing-ct"}, kind="uplink")
        self.assertEqual(self.world.sweep(), dict.fromkeys(gone, "dns_timeout"))
        vantage, target = self.world.vantages["beijing-ct"], self.world.targets["media"]
        with self.assertRaises(TimeoutError):
            probing.connect(vantage, target["addresses"]["beijing-ct"], target["port"], 0.5)
        self.world.api("DELETE", f"/faults/{ident}")
        self.assertEqual(self.world.sweep(sorted(gone)), {})

    def test_an_app_falls_with_its_dependency_where_it_says_so(self):
        storage = "stratus/cn-north/object-storage"
        self.add(on={"service": storage}, kind="dns_empty")
        expected = dict.fromkeys(self.pairs(target=lambda t: t["name"] == storage), "dns_nodata")
        expected |= dict.fromkeys(self.pairs(target=lambda t: t["name"] == "media"), "http_503")
        self.assertEqual(self.world.sweep(), expected)

    def test_a_dependency_that_fails_for_some_does_not_take_the_app(self):
        self.add(on={"service": "stratus/cn-north/object-storage", "isp": "ct"}, kind="refuse")
        self.assertEqual({self.world.probe(v, "media") for v in self.world.vantages}, {"ok"})

    def test_a_connect_that_waits_in_a_black_hole_succeeds_when_it_ends(self):
        ident = self.add(on={"app": "media"}, kind="black_hole")
        vantage, target = self.world.vantages["shanghai-ct"], self.world.targets["media"]
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            address = target["addresses"]["shanghai-ct"]
            waiting = pool.submit(probing.connect, vantage, address, target["port"], 20)
            with self.assertRaises(concurrent.futures.TimeoutError):
                waiting.result(0.3)
            self.world.api("DELETE", f"/faults/{ident}")
            waiting.result(20).close()  # the kernel repeats the SYN after 1 s

    def test_an_open_connection_falls_silent_in_a_black_hole(self):
        vantage, target = self.world.vantages["shanghai-ct"], self.world.targets["control/domestic-1"]
        with probing.connect(vantage, target["addresses"]["shanghai-ct"], target["port"], 1) as s:
            self.add(on={"vantage": "shanghai-ct"}, kind="black_hole")
            self.assertEqual(probing.http_word(s, target), "http_timeout")

    def test_percent_strikes_about_so_often(self):
        self.add(on={"control": "overseas-1"}, kind="http_status", percent=30)
        pair = ("frankfurt-dt", "control/overseas-1")
        words = [self.world.probe(*pair) for _ in range(300)]
        self.assertEqual(set(words), {"ok", "http_503"})
        self.assertTrue(45 <= words.count("http_503") <= 140, words.count("http_503"))

    def test_percent_of_listeners_comes_and_goes(self):
        self.add(on={"provider": "nimbus"}, kind="refuse", percent=50)
        seen = set()

        def both_seen():
            seen.add(self.world.probe("frankfurt-dt", "checkout"))
            return seen == {"ok", "tcp_refused"}

        running_world.wait_for(both_seen)

    def test_faults_end_by_themselves(self):
        self.add(on={"app": "search"}, kind="refuse", **{"for": "300ms"})
        self.assertEqual(self.world.probe("beijing-ct", "search"), "tcp_refused")
        running_world.wait_for(lambda: self.world.api("GET", "/state")[1]["faults"] == [])
        self.assertEqual(self.world.probe("beijing-ct", "search"), "ok")

    def test_dns_over_tcp_and_other_types(self):
        vantage = self.world.vantages["virginia-cogent"]
        target = self.world.targets["checkout"]
        wanted = ("ok", [target["addresses"]["virginia-cogent"]])
        self.assertEqual(probing.resolve(self.world.info, vantage, target["host"], tcp=True), wanted)
        self.assertEqual(probing.resolve(self.world.info, vantage, target["host"].upper()), wanted)
        self.assertEqual(probing.resolve(self.world.info, vantage, target["host"], qtype=28)[0], "dns_nodata")
        self.assertEqual(probing.resolve(self.world.info, vantage, "nobody.test")[0], "dns_nxdomain")

    def test_a_probe_from_elsewhere_is_counted_as_foreign(self):
        stranger = dict(self.world.vantages["shanghai-ct"], source="127.0.0.1")
        before = self.foreign()
        probing.resolve(self.world.info, stranger, "checkout.shop.test")
        self.assertEqual(self.foreign(), before | {"shanghai-ct": before["shanghai-ct"] + 1})

    def test_a_black_hole_leaves_no_visits_of_its_own(self):
        before = self.world.api("GET", "/state")[1]["vantages"]
        self.world.api("DELETE", f"/faults/{self.add(on={'border': True}, kind='black_hole')}")
        self.assertEqual(self.world.sweep(), {})  # all listeners are served again
        after = self.foreign()
        self.assertEqual(after, {n: v["foreign"] for n, v in before.items()})

    def test_an_injected_answer_comes_first_and_the_right_one_after_it(self):
        vantage, target = self.world.vantages["shanghai-ct"], self.world.targets["search"]
        right = target["addresses"]["shanghai-ct"]
        self.add(on={"app": "search"}, kind="dns_injected")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(probing.TIMEOUT)
            s.bind((vantage["source"], 0))
            s.sendto(probing.encode_query(77, target["host"], 1), (vantage["resolver"], self.world.info["ports"]["dns"]))
            seen = [probing.decode_addresses(s.recv(4096), 77) for _ in range(2)]
        self.assertEqual(seen, [(0, [vantage["parked"]]), (0, [right])])
        self.assertEqual(probing.resolve(self.world.info, vantage, target["host"], tcp=True), ("ok", [right]))

    def test_a_fault_can_flap(self):
        self.add(on={"service": "cirrus/cn-east/object-storage"}, kind="refuse", flap="1s")
        seen = []

        def changes():
            seen.append(self.world.probe("frankfurt-dt", "cirrus/cn-east/object-storage"))
            return sum(a != b for a, b in zip(seen, seen[1:])) >= 3

        running_world.wait_for(changes)

    def test_a_wrong_clock_is_told_to_the_prober_of_that_vantage(self):
        def ahead(name):
            return struct.unpack("=q", pathlib.Path(self.world.vantages[name]["clock"]).read_bytes())[0]

        self.assertEqual(ahead("beijing-ct"), 0)
        self.add(on={"vantage": "beijing-ct"}, kind="clock", behind="1500ms")
        self.assertEqual((ahead("beijing-ct"), ahead("shanghai-ct")), (-1_500_000_000, 0))
        self.world.api("DELETE", "/faults")
        self.assertEqual(ahead("beijing-ct"), 0)

    def test_bad_faults_are_refused_with_reasons(self):
        for body, piece in (
            ({"kind": "refuse"}, "on"),
            ({"on": {}, "kind": "refuse"}, "at least one condition"),
            ({"on": {"app": "checkuot"}, "kind": "refuse"}, "checkout"),
            ({"on": {"app": "checkout"}, "kind": "blackhole"}, "black_hole"),
            ({"on": {"app": "orders-db"}, "kind": "http_status"}, "nothing"),
            ({"on": {"app": "checkout"}, "kind": "uplink"}, "uplink"),
            ({"on": {"app": "checkout"}, "kind": "refuse", "percent": 101}, "100"),
            ({"on": {"app": "checkout"}, "kind": "refuse", "status": 500}, "http_status"),
            ({"on": {"app": "checkout"}, "kind": "refuse", "delay": "1s"}, "http_slow"),
            ({"on": {"app": "checkout"}, "kind": "refuse", "grows": "10s"}, "path_slow"),
            ({"on": {"app": "checkout"}, "kind": "refuse", "ahead": "10s"}, "clock"),
            ({"on": {"vantage": "beijing-ct"}, "kind": "clock"}, "ahead"),
            ({"on": {"app": "checkout"}, "kind": "clock", "ahead": "10s"}, "vantage"),
            ({"on": {"app": "checkout"}, "kind": "refuse", "for": 10}, "unit"),
            ({"on": {"app": "checkout"}, "kind": "refuse", "color": "red"}, "color"),
            ([1], "map"),
        ):
            with self.subTest(body):
                status, reply = self.world.api("POST", "/faults", body)
                self.assertEqual(status, 400)
                self.assertIn(piece, " ".join(reply["errors"]))
        self.assertEqual(self.world.api("GET", "/state")[1]["faults"], [])

    def test_unknown_paths_and_methods_are_refused(self):
        for method, path, status in (("GET", "/", 404), ("PUT", "/state", 405), ("DELETE", "/faults/99", 404),
                                     ("DELETE", "/faults/x", 404), ("GET", "/faults", 405)):
            self.assertEqual(self.world.api(method, path)[0], status, (method, path))


if __name__ == "__main__":
    running_world.run_tests()
