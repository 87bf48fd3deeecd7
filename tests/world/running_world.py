"""A sonde-world process for tests, on addresses and ports of its own, and the way to sweep all its pairs."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

import probing

SMALL = (pathlib.Path(__file__).parent / "small.yaml").read_text()
NEAR = SMALL.replace("distances: {scale: 1,", "distances: {scale: 0,")  # no delay: tests are about faults
BINARY = ""  # set by run_tests


def wait_for(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("the condition did not come true in time")


class RunningWorld:
    """A sonde-world process on its own addresses and ports."""

    def __init__(self, yaml, *arguments):
        self.directory = tempfile.TemporaryDirectory(prefix="sonde-world-test.")
        self.out = pathlib.Path(self.directory.name, "out")
        pathlib.Path(self.directory.name, "world.yaml").write_text(yaml)
        for _ in range(10):  # another test may hold the ports
            if self.try_start(arguments):
                break
        else:
            raise AssertionError("no free ports found: " + self.log())
        self.info = json.loads((self.out / "world.json").read_text())
        self.vantages = {v["name"]: v for v in self.info["vantages"]}
        self.targets = {t["name"]: t for t in self.info["targets"]}
        self.context = ssl.create_default_context(cafile=self.info["ca_file"])

    def try_start(self, arguments):
        base = random.randrange(15000, 30000)  # below the ports that clients get
        self.log_file = open(os.path.join(self.directory.name, "log"), "w")
        self.process = subprocess.Popen(
            [BINARY, "-f", os.path.join(self.directory.name, "world.yaml"), "--out", str(self.out)]
            + ["--port-base", str(base), "--net", str(random.randrange(20, 240)), *arguments],
            stdout=self.log_file, stderr=subprocess.STDOUT)
        wait_for(lambda: (self.out / "world.json").exists() or self.process.poll() is not None, 30)
        return self.process.poll() is None

    def log(self):
        return pathlib.Path(self.directory.name, "log").read_text()

    def api(self, method, path, body=None):
        return probing.api(self.info, method, path, body)

    def probe(self, vantage, target, **more):
        return probing.probe(self.info, self.vantages[vantage], self.targets[target], self.context, **more)

    def sweep(self, pairs=None):
        """{(vantage, target): word} of all pairs that are not ok."""
        pairs = pairs or [(v, t) for v in self.vantages for t in self.targets]
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            words = list(pool.map(lambda p: self.probe(*p), pairs))
        return {p: w for p, w in zip(pairs, words) if w != "ok"}

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(10)
        self.log_file.close()
        return code

    def close(self):
        self.stop(signal.SIGKILL)
        self.directory.cleanup()


def run_tests():
    """Runs the calling module's tests; `--world BINARY` comes from ctest."""
    global BINARY
    parser = argparse.ArgumentParser()
    parser.add_argument("--world", required=True, help="the sonde-world binary")
    known, rest = parser.parse_known_args()
    BINARY = os.path.abspath(known.world)
    unittest.main(module="__main__", argv=[sys.argv[0], *rest])
