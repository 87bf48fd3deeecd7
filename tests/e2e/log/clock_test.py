#!/usr/bin/env python3
"""A wall clock that steps under a running prober, forth and back, and between two lives of it: every result keeps an
identity of its own (P3), stamps rise, the schedule does not notice, and results after a step are marked (P11). And one
that is wrong all the time: the hub finds out, keeps what the prober saw and does not judge by it (P11)."""

import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import servers  # noqa: E402
import sonde_process  # noqa: E402
from backlog_test import accept_for_ever  # noqa: E402

STEP_CLOCK = os.path.abspath(os.environ.get("SONDE_STEP_CLOCK", "build/release/tests/e2e/libsonde-step-clock.so"))
EVERY_MS = 200
LIFE_SECONDS = 2.5


def set_offset(path, seconds):
    """In place: the process has the file mapped."""
    with open(path, "r+b" if path.exists() else "wb") as file:
        file.write(struct.pack("<q", int(seconds * 1_000_000_000)))


def moved_by(path):
    return {"LD_PRELOAD": STEP_CLOCK, "SONDE_TEST_CLOCK": str(path)}


class Clock(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory(prefix="sonde-clock-")
        self.addCleanup(held.cleanup)
        self.folder = pathlib.Path(held.name)
        self.influx = servers.Influx()
        self.addCleanup(self.influx.stop)
        self.influx.create("sonde")
        self.target = accept_for_ever()
        self.addCleanup(self.target.close)
        self.offset = self.folder / "offset"
        self.step(0)
        app = f"{{name: t, url: 'tcp://127.0.0.1:{self.target.getsockname()[1]}', every: {EVERY_MS}ms, timeout: 150ms}}"
        self.sonde = sonde_process.Sonde(self.folder, [f"influx: {{name: db, url: '{self.influx.url}', database: sonde}}",
                                                       f"file: {{path: {self.folder}/truth.lp}}"], [app])
        self.addCleanup(self.sonde.stop)
        self.sonde.environment = moved_by(self.offset)

    def step(self, seconds):
        set_offset(self.offset, seconds)

    def live(self, seconds=LIFE_SECONDS):
        time.sleep(seconds)

    def results(self):
        """[(time in ms, cause, why suspect)] as the file sink got them: in the order in which they were accepted. Slots
        that a step jumped over have none; what is `skipped` here, this machine was too busy for. What the sink had taken
        just before the kill may come a second time, byte by byte the same (P2)."""
        found = []
        for line in dict.fromkeys((self.folder / "truth.lp").read_text().splitlines()):
            if line.startswith("probe,"):
                cause = re.search(r'cause="(\w+)"', line)[1]
                why = re.search(r'suspect_why="(\w+)"', line)
                found.append((int(line.rsplit(" ", 1)[1]) // 1_000_000, cause, why[1] if why else ""))
        return found

    def test_P3_P11_steps_forth_and_back_and_across_a_kill(self):
        began = time.monotonic()
        self.sonde.start()
        self.live()
        before_steps = len(self.results())
        for offset in (3600, -3600, 0):
            self.step(offset)
            self.live()
        self.sonde.kill()
        self.step(-7200)  # while it is dead the clock goes back two hours
        self.sonde.start()
        self.live()
        self.assertEqual(self.sonde.stop(), 0, self.sonde.said())
        lived = time.monotonic() - began
        results = self.results()
        stamps = [stamp for stamp, _, _ in results]
        runs = [r for r in results if r[1] != "skipped"]
        print(f"{len(runs)} runs and {len(results) - len(runs)} skipped slots in {lived:.1f} s", flush=True)
        self.assertEqual(len(stamps), len(set(stamps)), "an identity each")
        self.assertEqual(stamps, sorted(stamps), "stamps rise, whatever the clock does")
        self.assertLess(len(results) - len(runs), len(runs) / 4, "a step is no time in which it did not run: an hour has 18,000 slots")
        self.assertLessEqual(len(runs), lived * 1000 / EVERY_MS + 3, "no burst")
        self.assertGreaterEqual(len(runs), 5 * LIFE_SECONDS * 1000 / EVERY_MS * 0.7, "no silence")
        self.assertEqual({why for _, _, why in runs[:before_steps - 2]} - {"", "lag"}, set())
        stepped = [why for _, _, why in runs[before_steps:]]
        first = stepped.index("clock")  # runs that were under way ended before the step was noticed
        self.assertLess(first, 15, "a step is noticed soon")
        self.assertEqual(set(stepped[first:first + 15]), {"clock"}, "results after a step say so")
        stored = self.influx.ask("sonde", "SELECT seq FROM probe")[0]["values"]
        self.assertEqual(sorted(row[0] for row in stored), sorted(stamps), "found exactly once")


class HubClock(unittest.TestCase):
    """A prober and a hub, whose clocks do not agree."""

    def setUp(self):
        held = tempfile.TemporaryDirectory(prefix="sonde-hub-clock-")
        self.addCleanup(held.cleanup)
        self.folder = pathlib.Path(held.name)
        self.hub_port = servers.free_port()
        file = self.folder / "hub.yaml"
        file.write_text(f"hub: {{listen: 127.0.0.1:{self.hub_port}, directory: {self.folder}/hub, round: 1s}}\n"
                        f"log: {{directory: {self.folder}/hub-log}}\nsinks:\n  - file: {{path: {self.folder}/hub.lp}}\n")
        set_offset(self.folder / "hub-offset", 0)
        with open(self.folder / "hub.said", "wb") as said:
            self.hub = subprocess.Popen([sonde_process.SONDE, "run", "-c", str(file)], cwd=self.folder, stdout=said, stderr=said,
                                        env={**os.environ, **moved_by(self.folder / "hub-offset")})
        self.addCleanup(self.end_hub)
        servers.wait_until(lambda: servers.fetch(f"http://127.0.0.1:{self.hub_port}/-/ready"), "hub", self.hub)
        self.target = accept_for_ever()
        self.addCleanup(self.target.close)
        app = f"{{name: t, url: 'tcp://127.0.0.1:{self.target.getsockname()[1]}', every: {EVERY_MS}ms, timeout: 150ms}}"
        self.prober = sonde_process.Sonde(
            self.folder, [f"influx: {{name: hub, url: 'http://127.0.0.1:{self.hub_port}', database: sonde}}"], [app])
        self.prober.environment = moved_by(self.folder / "offset")
        self.addCleanup(self.prober.stop)

    def end_hub(self):
        self.hub.terminate()
        self.hub.wait(30)

    def start(self, seconds):
        set_offset(self.folder / "offset", seconds)
        self.prober.start()

    def of_hub(self, metric):
        """The only sample of it, nothing while there is none."""
        for line in servers.fetch(f"http://127.0.0.1:{self.hub_port}/metrics").decode().splitlines():
            if re.match(metric + r"[ {]", line):
                return float(line.rsplit(" ", 1)[1])
        return None

    def vantage(self):
        found = json.loads(servers.fetch(f"http://127.0.0.1:{self.hub_port}/api/v1/vantages"))["vantages"]
        return found[0] if found else {}

    def test_P11_a_clock_that_is_wrong_from_the_start_is_found_and_its_results_are_kept_but_not_judged(self):
        self.start(5)
        servers.wait_until(lambda: self.of_hub("sonde_vantage_clock_wrong") == 1, "the wrong clock to be found", self.hub)
        servers.wait_until(lambda: (self.of_hub("sonde_judge_wrong_clock_total") or 0) >= 10, "results left out", self.hub)
        servers.wait_until(lambda: self.vantage().get("clock_wrong"), "the API to say so", self.hub)
        self.assertAlmostEqual(self.of_hub("sonde_vantage_clock_ahead_seconds"), 5, delta=0.9)
        self.assertAlmostEqual(self.vantage()["clock_ahead_seconds"], 5, delta=0.9)
        self.assertEqual(self.vantage()["state"], "suspect")
        self.assertGreaterEqual(self.of_hub("sonde_store_results"), 10, "nothing is lost")
        ahead = self.prober.of_sink("sonde_sink_clock_ahead_seconds", "hub")
        self.assertAlmostEqual(ahead, 5, delta=0.9, msg="its own operator can see it too")
        self.assertIn("ahead of the hub's", self.prober.said())
        set_offset(self.folder / "offset", 0)
        servers.wait_until(lambda: self.of_hub("sonde_vantage_clock_wrong") == 0, "the clock that was set right", self.hub)
        servers.wait_until(lambda: "clock_wrong" not in self.vantage(), "the API to say so", self.hub)
        self.assertEqual(self.prober.stop(), 0, self.prober.said())
        told = [line for line in (self.folder / "hub.lp").read_text().splitlines() if line.startswith("clock,")]
        self.assertRegex(told[0], r"^clock,vantage=here ahead_ms=[45]\d\d\di,.*wrong=1i \d+$")
        self.assertIn("wrong=0i", told[-1])

    def test_P11_hours_behind(self):
        self.start(-7200)
        servers.wait_until(lambda: self.of_hub("sonde_vantage_clock_wrong") == 1, "the wrong clock to be found", self.hub)
        self.assertAlmostEqual(self.of_hub("sonde_vantage_clock_ahead_seconds"), -7200, delta=0.9)
        servers.wait_until(lambda: self.of_hub("sonde_store_results") >= 10, "its results", self.hub)

    def test_P11_an_hour_ahead_is_waited_for_and_nothing_is_given_up(self):
        self.start(3600)
        servers.wait_until(lambda: self.of_hub("sonde_vantage_clock_wrong") == 1, "the wrong clock to be found", self.hub)
        servers.wait_until(lambda: self.prober.of_sink("sonde_sink_state", "hub") == "backing_off", "to be told to wait",
                           self.prober.process)
        self.assertEqual(self.of_hub("sonde_store_results"), 0)
        set_offset(self.folder / "hub-offset", 3600)  # it was the hub's clock that was wrong
        servers.wait_until(lambda: self.of_hub("sonde_store_results") >= 10, "what it kept", self.hub)
        servers.wait_until(lambda: self.of_hub("sonde_vantage_clock_wrong") == 0, "the clock that is right", self.hub)
        self.assertEqual(self.prober.stop(), 0, self.prober.said())
        self.assertEqual(self.prober.accounts()["hub"]["dead_lettered"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
