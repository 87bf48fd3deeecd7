#!/usr/bin/env python3
"""kill -9 of prober and databases at random moments; then every accepted record is found exactly once.

20 rounds, or 200 with SONDE_LONG=1. The moments come from SONDE_SEED, which is printed. What was accepted is known from
two sides: the prober's file sink wrote it down, and the target counts who connected, which the prober cannot know of.
"""

import bisect
import json
import os
import pathlib
import random
import re
import shutil
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
import servers  # noqa: E402

SONDE = os.environ.get("SONDE", "build/release/cli/sonde")
ROUNDS = 200 if os.environ.get("SONDE_LONG") else 20
SEED = int(os.environ.get("SONDE_SEED", random.SystemRandom().randrange(1 << 32)))
TARGETS = 8
EVERY_MS = 100
# A run whose connection was accepted that long before a kill had its result in the log: on loopback it ends at once.
# The bound is for what Python and a shared machine add.
RESULT_SECONDS = 0.5
DRAIN_SECONDS = 60  # VictoriaMetrics acknowledges before it stores, so what it took is held for 30 s


class Target:
    """Accepts, and remembers when."""

    def __init__(self):
        self.accepted = []
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(512)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.accepted.append(time.time())
            connection.close()


class Prober:
    def __init__(self, folder, target, urls):
        self.folder = folder
        self.truth = folder / "truth.lp"
        self.log = folder / "log"
        self.lives = []  # [begin, end] in seconds of the wall clock; an end by SIGTERM is one too
        self.process = None
        sinks = [f"  - influx: {{name: sink-{i}, url: {url}, database: sonde}}" for i, url in enumerate(urls)]
        targets = [f"  - {{name: t{i}, url: 'tcp://127.0.0.1:{target.port}', every: {EVERY_MS}ms, timeout: 80ms}}"
                   for i in range(TARGETS)]
        common = ["vantage: {name: here}", "targets: []", "policy: {allow: [127.0.0.0/8]}", f"log: {{directory: {self.log}}}",
                  "sinks:", *sinks, f"  - file: {{path: {self.truth}}}"]
        (folder / "probe.yaml").write_text("\n".join([*common, "apps:", *targets]) + "\n")
        # To deliver what is left: one target, hardly ever.
        rest = [t.replace(f"every: {EVERY_MS}ms", "every: 1h").replace("name: t", "name: rest") for t in targets[:1]]
        (folder / "drain.yaml").write_text("\n".join([*common, "apps:", *rest]) + "\n")

    def start(self, config="probe.yaml"):
        with open(self.folder / "prober.log", "ab") as log:
            self.process = subprocess.Popen([SONDE, "run", "-c", str(self.folder / config)], cwd=self.folder,
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.lives.append([time.time(), None])

    def kill(self):
        self.lives[-1][1] = time.time()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.lives[-1][1] = time.time()
        self.process.terminate()
        self.process.wait(30)
        return self.process.returncode


def points(text):
    """{(target, time in ms): how often} of the probe lines of a text."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("probe,"):
            continue
        match = re.fullmatch(r"probe,(?:\S*,)?target=([^, ]+)\S* .* (\d+)000000", line)
        key = (match.group(1), int(match.group(2)))
        found[key] = found.get(key, 0) + 1
    return found


class Kills(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        print(f"SONDE_SEED={SEED} rounds={ROUNDS}", flush=True)
        self.random = random.Random(SEED)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sonde-kill-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.influx = servers.Influx()
        self.addCleanup(self.influx.stop)
        self.influx.create("sonde")
        self.victoria = servers.Victoria(["-dedup.minScrapeInterval=1ms"])
        self.addCleanup(self.victoria.stop)
        self.target = Target()
        self.addCleanup(self.target.socket.close)
        self.prober = Prober(self.folder, self.target, [self.influx.url, self.victoria.url])
        self.addCleanup(lambda: self.prober.process.poll() is None and self.prober.kill())

    def pause(self, most):
        time.sleep(self.random.uniform(0, most))

    def test_P2_after_kills_every_accepted_record_is_found_exactly_once(self):
        victims = {"prober": self.prober, "influx": self.influx, "victoria": self.victoria}
        count = dict.fromkeys(victims, 0)
        self.prober.start()
        self.pause(1)
        for _ in range(ROUNDS):
            self.pause(1.2)
            # Every third time two of them die together.
            names = self.random.sample(sorted(victims), self.random.choice([1, 1, 2]))
            for name in names:
                victims[name].kill()
                count[name] += 1
            self.pause(0.8)
            for name in names:
                self.prober.start() if name == "prober" else victims[name].restart()
        self.pause(1)
        self.assertEqual(self.prober.stop(), 0, self.said())
        accepted = self.drain()
        print(f"killed {count}, accepted {len(accepted)} records", flush=True)
        self.assertGreater(len(accepted), ROUNDS * 5)
        self.compare("InfluxDB", accepted, self.from_influx())
        self.compare("VictoriaMetrics", accepted, self.from_victoria())
        self.nothing_was_lost_before_the_log(accepted)
        self.nothing_waits_or_is_damaged()

    def said(self):
        return (self.folder / "prober.log").read_text(errors="replace")[-3000:]

    def drain(self):
        """Lets a prober deliver what is left; returns everything that was accepted."""
        self.prober.start("drain.yaml")
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            accepted = points(self.prober.truth.read_text())
            databases = (self.from_influx(), self.from_victoria())
            started = "Probing 1 targets" in self.said()  # a signal before that would only kill it
            if started and all(accepted.keys() <= found.keys() for found in databases):
                break
            time.sleep(0.5)
        self.assertEqual(self.prober.stop(), 0, self.said())
        return {key: 1 for key in points(self.prober.truth.read_text())}  # a file sink may write a batch twice

    def compare(self, where, accepted, found):
        lost = sorted(accepted.keys() - found.keys())
        invented = sorted(found.keys() - accepted.keys())
        twice = sorted(key for key, times in found.items() if times != 1)
        self.assertEqual(([], [], []), (lost[:5], invented[:5], twice[:5]),
                         f"{where}: {len(lost)} lost, {len(invented)} never accepted, {len(twice)} found twice\n"
                         + self.said())

    def from_influx(self):
        found = {}
        for series in self.influx.ask("sonde", "SELECT success FROM probe GROUP BY target"):
            for stamp, _ in series["values"]:
                key = (series["tags"]["target"], stamp)
                found[key] = found.get(key, 0) + 1
        return found

    def from_victoria(self):
        servers.fetch(self.victoria.url + "/internal/force_flush")
        query = urllib.parse.urlencode({"match[]": 'probe_success{db="sonde"}'})
        found = {}
        for line in servers.fetch(f"{self.victoria.url}/api/v1/export?{query}").splitlines():
            series = json.loads(line)
            for stamp in series["timestamps"]:
                key = (series["metric"]["target"], stamp)
                found[key] = found.get(key, 0) + 1
        return found

    def nothing_was_lost_before_the_log(self, accepted):
        """In each life: who had connected a moment before the kill has a record."""
        connected = sorted(self.target.accepted)
        recorded = sorted(stamp / 1000 for _, stamp in accepted)
        total = 0
        for begin, end in self.prober.lives:
            least = bisect.bisect_left(connected, end - RESULT_SECONDS) - bisect.bisect_left(connected, begin)
            records = bisect.bisect_right(recorded, end) - bisect.bisect_left(recorded, begin)
            self.assertGreaterEqual(records, least, f"in the life from {begin:.3f} to {end:.3f}")
            total += max(least, 0)
        self.assertGreater(total, ROUNDS, "lives were too short to show anything")

    def nothing_waits_or_is_damaged(self):
        """What the log itself says of it, by `sonde log`."""
        verified = subprocess.run([SONDE, "log", "verify", self.prober.log], capture_output=True, text=True, timeout=60)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
        listed = json.loads(subprocess.run([SONDE, "log", "ls", "--json", self.prober.log], capture_output=True,
                                           text=True, timeout=60, check=True).stdout)
        for reader in listed["readers"]:
            self.assertEqual(reader["evicted"] + reader["quarantined"] + reader["dead_lettered"], 0, reader)
        influx = next(r for r in listed["readers"] if r["name"] == "sink-0")
        self.assertEqual(influx["pending"], 0, influx)


if __name__ == "__main__":
    unittest.main(verbosity=2)
