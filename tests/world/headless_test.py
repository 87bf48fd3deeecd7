#!/usr/bin/env python3
"""The headless mode: every kind of fault gives the expected stage and cause at the affected pairs and nowhere else; the
same seed gives the same bytes; the truth file says what was broken."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import kinds
import running_world

QUIET = running_world.SMALL[: running_world.SMALL.index("timeline:")]
START_MS = 1767225600000  # the default of --start


def world_facts():
    """Vantages and targets of the small world, as the records describe them."""
    text = run(QUIET, "--duration", "1s")
    vantages, targets = {}, {}
    for line in text.splitlines():
        if line.startswith("probe,"):
            continue
        fields = {k: v.strip('"') for k, v in kinds.FIELD.findall(line.split(" ", 1)[1].rsplit(" ", 1)[0])}
        name = line.split(" ", 1)[0].split("=", 1)[1]
        if line.startswith("vantage,"):
            vantages[name] = fields | {"name": name}
        else:
            protocol = fields["url"].split(":", 1)[0]
            targets[name] = {"provider": "", "region": ""} | fields | {"name": name, "protocol": protocol}
    return vantages, targets


def run(yaml, *arguments, code=0, truth=False):
    with tempfile.TemporaryDirectory() as d:
        path = pathlib.Path(d, "w.yaml")
        path.write_text(yaml)
        extra = ["--truth", f"{d}/truth.jsonl"] if truth else []
        done = subprocess.run([running_world.BINARY, "-f", path, "--headless", *arguments, *extra], capture_output=True,
                              text=True, timeout=60)
        if done.returncode != code:
            raise AssertionError(done.stderr)
        if truth:
            return [json.loads(line) for line in pathlib.Path(d, "truth.jsonl").read_text().splitlines()]
        return done.stdout if code == 0 else done.stderr


def timeline(*entries):
    """A timeline of (at, for, fault)."""
    rows = [f"  - {{at: {at}, for: {length}, name: f{i}, text_en: broken, text_zh: 故障, fault: {json.dumps(fault)}}}\n"
            for i, (at, length, fault) in enumerate(entries)]
    return QUIET + "timeline:\n" + "".join(rows)


class Headless(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.vantages, cls.targets = world_facts()

    def test_nothing_fails_in_a_quiet_world(self):
        found = kinds.results(run(QUIET, "--duration", "20s"))
        self.assertEqual({tuple(r.outcome) for r in found}, {tuple(kinds.NOTHING)})
        pairs = {(v, t) for v in self.vantages for t in self.targets}
        self.assertEqual({r.pair for r in found}, pairs)
        self.assertEqual(len(found), len(pairs) * 10)  # one per slot of 2 s

    def test_the_table_names_every_kind(self):
        text = run(timeline(("0s", "1s", {"on": {"app": "checkout"}, "kind": "nothing_like_it"})), code=78)
        allowed = re.search(r"allowed: ([a-z_, ]+)", text).group(1).split(", ")
        self.assertEqual(list(kinds.KINDS), allowed)

    def test_every_kind_strikes_where_it_should_and_nowhere_else(self):
        for kind, row in kinds.KINDS.items():
            scopes = [{"vantage": "beijing-ct"}, {"isp": "ct"}] if kind in kinds.OF_VANTAGE else kinds.SCOPES
            for on in scopes:
                if not any(kinds.touches(on, v, t) and (t["protocol"] in row) for v in self.vantages.values() for t in self.targets.values()):
                    continue
                with self.subTest(kind=kind, on=on):
                    self.strikes(kind, on, {"on": on, "kind": kind, **row.get("fault", {})})

    def test_scopes(self):
        for on in ({"region": "cirrus/eu-central"}, {"provider": "nimbus"}, {"border": True}, {"isp": "ct"},
                   {"vantage": "frankfurt-dt"}, {"vantage": "frankfurt-dt", "provider": "nimbus"}):
            for kind in ("black_hole", "dns_servfail", "tls_reset"):
                with self.subTest(kind=kind, on=on):
                    self.strikes(kind, on, {"on": on, "kind": kind})

    def strikes(self, kind, on, fault):
        """Broken from 10 s to 20 s. Runs that begin within it, and long enough before its end, are struck."""
        found = kinds.results(run(timeline(("10s", "10s", fault)), "--duration", "30s"))
        for r in found:
            at = r.time_ms - START_MS
            if 8500 <= at < 10000 or 18500 <= at < 20000:
                continue  # the fault began or ended while it ran
            target = self.targets[r.pair[1]]
            struck = 10000 <= at < 18500 and kinds.touches(on, self.vantages[r.pair[0]], target)
            wanted = kinds.expected(kind, target)[0] if struck else kinds.NOTHING
            self.assertEqual(r.outcome, wanted, (r.pair, at))

    def test_an_app_falls_with_its_dependency_where_it_says_so(self):
        storage = "stratus/cn-north/object-storage"
        found = kinds.results(run(timeline(("0s", "10s", {"on": {"service": storage}, "kind": "dns_empty"})), "--duration", "8s"))
        failing = {r.pair[1]: r.outcome for r in found if r.outcome != kinds.NOTHING}
        self.assertEqual(failing, {storage: ["fail", "dns", "nodata"], "media": ["fail", "http", "status"]})

    def test_a_lost_uplink_makes_the_prober_doubt_itself(self):
        found = kinds.results(run(timeline(("10s", "10s", {"on": {"vantage": "beijing-ct"}, "kind": "uplink"})), "--duration", "30s"))
        doubts = [r for r in found if r.fields["suspect"] == "1i"]
        self.assertTrue(doubts)
        self.assertEqual({(r.pair[0], r.fields["suspect_why"]) for r in doubts}, {("beijing-ct", "uplink")})
        self.assertFalse([r for r in doubts if r.time_ms - START_MS > 26000])

    def test_a_wrong_clock_stamps_its_results_alone_and_is_suspect_for_a_minute(self):
        for fault, step in (({"ahead": "90s"}, 90_000), ({"behind": "90s"}, -90_000)):
            found = kinds.results(run(timeline(("100s", "30m", {"on": {"vantage": "beijing-ct"}, "kind": "clock", **fault})), "--duration", "400s"))
            self.assertEqual({r.pair[0] for r in found if "suspect_why" in r.fields}, {"beijing-ct"})
            for pair in {r.pair for r in found}:
                stamps = [r.time_ms - START_MS for r in found if r.pair == pair]
                self.assertEqual(len(stamps), 200)
                self.assertEqual(stamps, sorted(set(stamps)), "stamps rise")
                if pair[0] != "beijing-ct":
                    self.assertLess(stamps[-1], 400_000)
                else:
                    self.assertEqual(stamps[-1] // 2000 * 2000, 398_000 + step)
            own = [r for r in found if r.pair[0] == "beijing-ct" and "suspect_why" in r.fields]
            self.assertEqual({r.fields["suspect_why"] for r in own}, {"clock"})
            self.assertEqual({r.fields["clock_step_ms"] for r in own}, {f"{step}i"})
            self.assertAlmostEqual(len(own) / len(self.targets), 30, delta=1.5)  # a minute of 2 s rounds
            self.assertEqual({tuple(r.outcome) for r in found}, {tuple(kinds.NOTHING)})

    def test_a_fault_can_flap(self):
        fault = {"on": {"app": "checkout"}, "kind": "http_status", "flap": "20s"}
        found = kinds.results(run(timeline(("10s", "100s", fault)), "--duration", "130s"))
        for r in found:
            at = (r.time_ms - START_MS) / 1000
            broken = r.pair[1] == "checkout" and any(a <= at < a + 18.5 for a in (10, 50, 90))
            edge = any(a + 18.5 <= at < a + 20 or a - 1.5 <= at < a for a in (10, 50, 90))
            if not edge:
                self.assertEqual(r.outcome != kinds.NOTHING, broken, (r.pair, at))

    def test_slowness_can_grow(self):
        fault = {"on": {"app": "checkout"}, "kind": "http_slow", "delay": "600ms", "grows": "50s"}
        found = kinds.results(run(timeline(("10s", "90s", fault)), "--duration", "110s"))
        for r in found:
            at = (r.time_ms - START_MS) / 1000
            if r.pair[1] != "checkout" or 98.5 <= at < 100:
                continue
            grown = min(1, (at - 10) / 50) if 10 <= at < 100 else 0
            travel = float(r.fields["connect_seconds"])
            self.assertAlmostEqual(float(r.fields["processing_seconds"]) - travel, 0.6 * grown, delta=0.05, msg=str((r.pair, at)))

    def test_what_was_not_reached_is_absent(self):
        phases = ["resolve_seconds", "connect_seconds", "tls_seconds", "processing_seconds", "transfer_seconds"]
        for kind, reached in (("dns_nxdomain", 1), ("dns_silent", 0), ("black_hole", 1), ("refuse", 2), ("tls_expired", 3),
                              ("http_stall", 4), ("http_truncated", 4), ("http_status", 5)):
            text = run(timeline(("0s", "9s", {"on": {"app": "checkout"}, "kind": kind})), "--duration", "4s")
            for r in kinds.results(text):
                if r.pair[1] == "checkout":
                    self.assertEqual([p for p in phases if p in r.fields], phases[:reached], kind)

    def test_a_share_of_runs_is_struck(self):
        fault = {"on": {"control": "overseas-1"}, "kind": "http_status", "percent": 30}
        found = [r for r in kinds.results(run(timeline(("0s", "10m", fault)), "--duration", "10m"))
                 if r.pair[1] == "control/overseas-1"]
        share = sum(r.outcome != kinds.NOTHING for r in found) / len(found)
        self.assertEqual(len(found), 4 * 300)
        self.assertTrue(0.25 < share < 0.35, share)

    def test_a_draw_can_hold_for_a_while(self):
        # A SYN is repeated within the timeout and meets a new draw, unless the draw holds.
        for hold, least, most in (({}, 0.15, 0.35), ({"hold": "10s"}, 0.35, 0.65)):
            fault = {"on": {"service": "cirrus/cn-east/object-storage"}, "kind": "black_hole", "percent": 50, **hold}
            found = [r for r in kinds.results(run(timeline(("0s", "20m", fault)), "--duration", "20m"))
                     if r.pair == ("shanghai-ct", "cirrus/cn-east/object-storage")]
            share = sum(r.outcome != kinds.NOTHING for r in found) / len(found)
            self.assertTrue(least < share < most, (hold, share))

    def test_slots_are_those_of_the_scheduler(self):
        found = kinds.results(run(QUIET, "--duration", "1m"))
        by_pair = {}
        for r in found:
            by_pair.setdefault(r.pair, []).append(r)
        for of in by_pair.values():
            times = sorted(r.time_ms for r in of)
            self.assertEqual({b - a for a, b in zip(times, times[1:])}, {2000})
            self.assertEqual([r.fields["seq"] for r in sorted(of, key=lambda r: r.time_ms)], [f"{i + 1}i" for i in range(30)])
        self.assertGreater(len({of[0].time_ms % 2000 for of in by_pair.values()}), len(by_pair) // 2)  # spread
        # Where a run starts in its interval depends on its names alone, not on when the world starts.
        later = kinds.results(run(QUIET, "--duration", "1m", "--start", "2026-03-01T12:00:01Z"))
        phase = {r.pair: r.time_ms % 2000 for r in found}
        self.assertEqual({r.pair: r.time_ms % 2000 for r in later}, phase)

    def test_the_same_seed_gives_the_same_bytes(self):
        one = run(running_world.SMALL, "--duration", "3m")
        self.assertEqual(one, run(running_world.SMALL, "--duration", "3m"))
        self.assertEqual(one, run(running_world.SMALL, "--duration", "3m", "--seed", "42"))  # the file's own
        self.assertNotEqual(one, run(running_world.SMALL, "--duration", "3m", "--seed", "43"))
        self.assertTrue(run(running_world.SMALL, "--duration", "5m").startswith(one[: len(one) // 2]))

    def test_the_stream_explains_itself_every_hour(self):
        lines = run(QUIET, "--round", "1m", "--duration", "150m").splitlines()
        stamps = {int(line.rsplit(" ", 1)[1]) // 1_000_000 - START_MS for line in lines if not line.startswith("probe,")}
        self.assertEqual(stamps, {0, 3_600_000, 7_200_000})

    def test_truth_names_components_and_their_twins(self):
        wanted = [({"app": "checkout"}, "http_status", "app:checkout", "endpoint:checkout"),
                  ({"region": "cirrus/eu-central"}, "black_hole", "region:cirrus/eu-central", None),
                  ({"service": "stratus/cn-north/object-storage"}, "dns_empty", "service-region:stratus/cn-north/object-storage", None),
                  ({"provider": "nimbus"}, "refuse", "provider:nimbus", None),
                  ({"border": True}, "black_hole", "border:two-way", "border:domestic"),
                  ({"isp": "dt"}, "uplink", "isp:dt", "vantage:frankfurt-dt"),
                  ({"isp": "ct"}, "uplink", "isp:ct", None),
                  ({"vantage": "beijing-ct"}, "uplink", "vantage:beijing-ct", "host-region:stratus/cn-north"),
                  ({"vantage": "frankfurt-dt", "provider": "nimbus"}, "refuse", "peering:dt>nimbus", "edge:nimbus@DE"),
                  ({"country": "DE", "provider": "nimbus"}, "refuse", "edge:nimbus@DE", "peering:dt>nimbus"),
                  ({"service_global": "cirrus/object-storage"}, "refuse", "service-global:cirrus/object-storage", None),
                  ({"zone": "nimbus.test"}, "dns_servfail", "zone:nimbus.test", None),
                  ({"border": True, "from": "domestic"}, "tls_reset", "", None),  # plain http crosses it too
                  ({"border": True, "from": "domestic"}, "black_hole", "border:domestic", "border-isp:ct")]
        text = timeline(*((f"{i}m", "30s", {"on": on, "kind": kind}) for i, (on, kind, _, _) in enumerate(wanted)))
        truth = run(text, "--duration", "1h", truth=True)
        self.assertEqual(len(truth), len(wanted))
        for i, (t, (on, kind, component, twin)) in enumerate(zip(truth, wanted)):
            with self.subTest(on):
                self.assertEqual((t["id"], t["start_ms"], t["end_ms"]), (f"f{i}", START_MS + i * 60000, START_MS + i * 60000 + 30000))
                self.assertEqual((t["component"], t["kind"], t["percent"]), (component, kind, 100))
                self.assertNotIn(component, t["equivalent"])
                if twin:
                    self.assertIn(twin, t["equivalent"])

    def test_truth_of_a_repeated_timeline_counts(self):
        text = timeline(("5s", "5s", {"on": {"app": "checkout"}, "kind": "refuse"})) + "timeline_period: 20s\n"
        truth = run(text, "--duration", "1m", "--repeat", truth=True)
        self.assertEqual([(t["id"], t["start_ms"] - START_MS) for t in truth], [("f0", 5000), ("f0#2", 25000), ("f0#3", 45000)])
        found = kinds.results(run(text, "--duration", "1m", "--repeat"))
        failing = {(r.time_ms - START_MS) // 20000 for r in found if r.outcome != kinds.NOTHING}
        self.assertEqual(failing, {0, 1, 2})
        self.assertEqual(run(text, "--duration", "1m", "--no-timeline", truth=True), [])

    def test_bad_options_are_named(self):
        for arguments, piece in ((("--duration", "soon"), "--duration"), (("--duration", "0s"), "--duration"),
                                 (("--start", "2026-13-01T00:00:00Z"), "--start"), (("--start", "tomorrow"), "--start"),
                                 (("--start", "2026-01-01T25:00:00Z"), "--start")):
            self.assertIn(piece, run(QUIET, *arguments, code=2))
        self.assertIn("/nowhere/x.lp", run(QUIET, "-o", "/nowhere/x.lp", code=1))


if __name__ == "__main__":
    running_world.run_tests()
