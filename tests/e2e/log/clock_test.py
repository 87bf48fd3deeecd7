#!/usr/bin/env python3
"""A wall clock that steps under a running prober, forth and back, and between two lives of it: every result keeps an
identity of its own (P3), stamps rise, the schedule does not notice, and results after a step are marked (P11)."""

import os
import pathlib
import re
import struct
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
        self.sonde.environment = {"LD_PRELOAD": STEP_CLOCK, "SONDE_TEST_CLOCK": str(self.offset)}

    def step(self, seconds):
        """In place: the process has the file mapped."""
        with open(self.offset, "r+b" if self.offset.exists() else "wb") as file:
            file.write(struct.pack("<q", int(seconds * 1_000_000_000)))

    def live(self, seconds=LIFE_SECONDS):
        time.sleep(seconds)

    def results(self):
        """[(time in ms, cause, why suspect)] as the file sink got them: in the order in which they were accepted. Slots
        that a step jumped over have none; what is `skipped` here, this machine was too busy for."""
        found = []
        for line in (self.folder / "truth.lp").read_text().splitlines():
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


if __name__ == "__main__":
    unittest.main(verbosity=2)
