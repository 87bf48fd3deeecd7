#!/usr/bin/env python3
"""Every kind of fault of the world, seen by real probers: the expected stage and cause at the affected vantages and
nowhere else, and the same facts beside it as the headless world writes.

tests/world/kinds.json says what is expected; tests/world/headless_test.py holds the headless mode to the same table.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/world"))
import kinds  # noqa: E402

SONDE = os.environ.get("SONDE", str(ROOT / "build/release/cli/sonde"))
SONDE_WORLD = os.environ.get("SONDE_WORLD", str(ROOT / "build/release/tests/world/sonde-world"))
STEP_CLOCK = os.environ.get("SONDE_STEP_CLOCK", str(ROOT / "build/release/tests/e2e/libsonde-step-clock.so"))
SMALL = (ROOT / "tests/world/small.yaml").read_text()
NEAR = SMALL[: SMALL.index("timeline:")].replace("distances: {scale: 1,", "distances: {scale: 0,")
ROUND_MS = 2000
TIMEOUT_MS = ROUND_MS * 3 // 4


class Fleet:
    """The small world without distances, and one prober process per vantage that writes to a file."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sonde-world-e2e-"))
        self.children = []
        (self.folder / "world.yaml").write_text(NEAR)
        self.run("world", [SONDE_WORLD, "-f", "world.yaml", "--out", ".", "--round", f"{ROUND_MS}ms",
                           "--net", str(20 + os.getpid() % 200), "--port-base", str(12000 + 10 * (os.getpid() % 700))])
        ready = self.folder / "world.json"
        self.wait(lambda: ready.exists())
        self.info = json.loads(ready.read_text())
        self.vantages = {v["name"]: v for v in self.info["vantages"]}
        self.targets = {t["name"]: t for t in self.info["targets"]}
        for name, vantage in self.vantages.items():
            config = pathlib.Path(vantage["config"])
            text = config.read_text()
            config.write_text(text[: text.index("sinks:")] + f"sinks:\n  - file: {{path: {self.folder}/{name}.lp}}\n")
            clock = {"LD_PRELOAD": STEP_CLOCK, "SONDE_TEST_CLOCK": vantage["clock"]}
            self.run(name, [SONDE, "run", "-c", str(config)], clock)

    def run(self, name, arguments, environment={}):
        with open(self.folder / f"{name}.log", "wb") as log:
            child = subprocess.Popen(arguments, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                     env={**os.environ, **environment})
        self.children.append((name, child))

    def wait(self, ready, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for name, child in self.children:
                if child.poll() is not None:
                    raise RuntimeError(f"{name} ended: " + (self.folder / f"{name}.log").read_text()[-2000:])
            if found := ready():
                return found
            time.sleep(0.05)
        raise TimeoutError("the condition did not come true in time")

    def api(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.info["control"] + path, data=data, method=method), timeout=10) as answer:
            return json.load(answer)

    def results(self):
        found = []
        for name in self.vantages:
            path = self.folder / f"{name}.lp"
            text = path.read_text() if path.exists() else ""
            found += kinds.results(text[: text.rfind("\n") + 1])
        return found

    def results_between(self, begin_ms, end_ms):
        """Waits until every pair has a result that began in [begin, end), and returns those of each pair."""
        pairs = len(self.vantages) * len(self.targets)

        def whole():
            by_pair = {}
            for r in self.results():
                if begin_ms <= r.time_ms < end_ms:
                    by_pair.setdefault(r.pair, []).append(r)
            return by_pair if len(by_pair) == pairs else None

        return self.wait(whole)

    def close(self):
        for _, child in reversed(self.children):
            child.terminate()
        for _, child in self.children:
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def now_ms():
    return int(time.time() * 1000)


class World(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet()
        try:
            cls.fleet.results_between(now_ms() + ROUND_MS, now_ms() + 2 * ROUND_MS)
            cls.headless = cls.headless_facts()
        except Exception:
            cls.fleet.close()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.fleet.close()

    @classmethod
    def headless_facts(cls):
        """The facts that the headless world writes, by outcome and target, from one run with every kind in turn."""
        rows = []
        for i, (kind, on) in enumerate((k, on) for k in kinds.KINDS for on in cls.scopes(k)):
            fault = {"on": on, "kind": kind, **kinds.KINDS[kind].get("fault", {})}
            if cls.struck(kind, on):
                rows.append(f"  - {{at: {10 * i}s, for: 8s, name: f{i}, text_en: x, text_zh: x, fault: {json.dumps(fault)}}}\n")
        path = cls.fleet.folder / "headless.yaml"
        path.write_text(NEAR + "timeline:\n" + "".join(rows))
        done = subprocess.run([SONDE_WORLD, "-f", path, "--headless", "--round", f"{ROUND_MS}ms", "--duration", "20m"],
                              capture_output=True, text=True, timeout=60, check=True)
        facts = {}
        for r in kinds.results(done.stdout):
            facts.setdefault((tuple(r.outcome), r.pair[1]), set()).add(frozenset(kinds.fields_of(r)))
        return facts

    @staticmethod
    def scopes(kind):
        return [{"vantage": "beijing-ct"}] if kind in kinds.OF_VANTAGE else kinds.SCOPES

    @classmethod
    def struck(cls, kind, on):
        """The pairs on which the fault can show itself."""
        return {(v["name"], t["name"]) for v in cls.fleet.vantages.values() for t in cls.fleet.targets.values()
                if kinds.touches(on, v, t) and t["protocol"] in kinds.KINDS[kind]}

    def test_each_kind_is_seen_where_it_strikes_and_nowhere_else(self):
        for kind in kinds.KINDS:
            if kind == "clock":
                continue  # its results are elsewhere in time: see WrongClock
            with self.subTest(kind):
                self.strikes(kind)

    def test_an_injected_answer_is_told_from_a_wrong_one_where_dns_itself_is_asked(self):
        vantage = self.fleet.vantages["shanghai-ct"]
        name = self.fleet.targets["search"]["host"]
        config = self.fleet.folder / "asks-dns.yaml"
        config.write_text("policy: {allow: [127.0.0.0/8]}\ntargets: []\napps:\n  - {name: d, request: {linger: 500ms}, "
                          f"url: 'dns://{vantage['resolver']}:{self.fleet.info['ports']['dns']}/{name}?type=A'}}\n")

        def outcome():
            done = subprocess.run([SONDE, "check", "--json", "-c", config, "d"], capture_output=True, text=True, timeout=20)
            return [json.loads(done.stdout)[key] for key in ("status", "stage", "cause")]

        for kind, wanted in (("dns_injected", ["degraded", "dns", "conflict"]), ("dns_wrong", kinds.NOTHING)):
            self.fleet.api("POST", "/faults", {"on": {"app": "search"}, "kind": kind})
            self.assertEqual(outcome(), wanted, kind)
            self.fleet.api("DELETE", "/faults")
        self.assertEqual(outcome(), kinds.NOTHING)
        self.all_is_well("after injected answers")

    def all_is_well(self, when):
        """Runs that had begun before a fault's end may still fail; the next ones must not."""
        begin = now_ms() + TIMEOUT_MS // 10
        for pair, results in self.fleet.results_between(begin, begin + ROUND_MS + 200).items():
            self.assertEqual(results[-1].outcome, kinds.NOTHING, (pair, when))

    def strikes(self, kind):
        struck = set()
        for on in self.scopes(kind):
            if pairs := self.struck(kind, on):
                self.fleet.api("POST", "/faults", {"on": on, "kind": kind, **kinds.KINDS[kind].get("fault", {})})
                struck |= pairs
        begin = now_ms()
        by_pair = self.fleet.results_between(begin, begin + ROUND_MS + 200)
        self.fleet.api("DELETE", "/faults")
        ended = now_ms()
        for pair, results in by_pair.items():
            target = self.fleet.targets[pair[1]]
            wanted = kinds.expected(kind, target) if pair in struck else [kinds.NOTHING]
            # A run that was still going when the fault was taken away may have seen its end.
            for r in results:
                if r.time_ms + float(r.fields["duration_seconds"]) * 1000 < ended:
                    self.assertIn(r.outcome, wanted, (pair, r.fields.get("detail")))
                    self.same_facts(r)
        self.all_is_well("after " + kind)

    def same_facts(self, result):
        """Suspicion and repeated questions come and go with the machine's load; where a race decides, headless knows one side."""
        known = self.headless.get((tuple(result.outcome), result.pair[1]))
        if known is None:
            return
        comes_and_goes = {"suspect_why", "dns_attempts"}
        facts = kinds.fields_of(result) - comes_and_goes
        self.assertIn(facts, [set(k) - comes_and_goes for k in known], (result.pair, result.outcome))


class WrongClock(unittest.TestCase):
    def test_a_wrong_clock_is_noticed_by_the_prober_that_has_it_and_by_no_other(self):
        fleet = Fleet()
        self.addCleanup(fleet.close)
        fleet.results_between(now_ms() + ROUND_MS, now_ms() + 2 * ROUND_MS)
        begin, step = now_ms(), 3_600_000
        fleet.api("POST", "/faults", {"on": {"vantage": "beijing-ct"}, "kind": "clock", "ahead": "1h"})

        def stepped():
            return [r for r in fleet.results() if r.fields.get("suspect_why") == "clock"]

        # Slots that the clock jumped over have results too.
        fleet.wait(lambda: len({r.pair for r in stepped() if r.outcome == kinds.NOTHING}) == len(fleet.targets))
        seen = [r for r in stepped() if r.outcome == kinds.NOTHING]
        fleet.api("DELETE", "/faults")
        self.assertEqual({r.pair[0] for r in seen}, {"beijing-ct"})
        ahead = [r for r in seen if r.time_ms > begin + step]
        self.assertTrue(ahead)
        for r in ahead:  # as a tick saw it, which reads two clocks one after the other
            self.assertAlmostEqual(int(r.fields["clock_step_ms"].rstrip("i")), step, delta=200)
        others = [r for r in fleet.results() if r.pair[0] != "beijing-ct" and r.time_ms > begin]
        self.assertEqual({tuple(r.outcome) for r in others}, {tuple(kinds.NOTHING)})


if __name__ == "__main__":
    unittest.main()
