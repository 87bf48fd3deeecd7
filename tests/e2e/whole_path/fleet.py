"""A fleet on loopback: the small world, one prober process per vantage, a hub, InfluxDB and VictoriaMetrics.

Everything is a child process that is ended by its own pid. Ports are free ones, so that runs can stand side by side.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import servers  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
SONDE = os.environ.get("SONDE", str(ROOT / "build/release/cli/sonde"))
SONDE_WORLD = os.environ.get("SONDE_WORLD", str(ROOT / "build/release/tests/world/sonde-world"))
ROUND_SECONDS = 2


def get_json(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


class Process:
    def __init__(self, name, arguments, folder):
        self.log_path = folder / f"{name}.log"
        with open(self.log_path, "wb") as log:
            self.child = subprocess.Popen(arguments, cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def stop(self, seconds=20):
        """SIGTERM, then the exit code; SIGKILL only when it does not end by itself (the code is then negative)."""
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        return self.child.returncode


class Fleet:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sonde-fleet-"))
        self.influx = self.victoria = None
        self.processes = {}

    def start(self):
        self.influx = servers.Influx()
        self.influx.create("sonde")
        self.victoria = servers.Victoria()
        self.hub_port = servers.free_port()
        self.hub = f"http://127.0.0.1:{self.hub_port}"
        self.run("world", [SONDE_WORLD, "-f", str(ROOT / "tests/world/small.yaml"), "--out", str(self.folder),
                           "--hub-port", str(self.hub_port), "--round", f"{ROUND_SECONDS}s",
                           "--net", str(20 + os.getpid() % 200), "--port-base", str(20000 + 10 * (os.getpid() % 2000)),
                           "--sink", self.influx.url, "--sink", self.victoria.url])
        self.wait("the world", lambda: (self.folder / "world.json").stat().st_size > 0)
        self.world = json.loads((self.folder / "world.json").read_text())
        self.run("hub", [SONDE, "run", "-c", str(self.folder / "hub.yaml")])
        self.wait("the hub", lambda: get_json(f"{self.hub}/api/v1/overview"))
        for vantage in self.world["vantages"]:
            name = vantage["name"]
            config = self.folder / f"vantage-{name}.yaml"
            # What each prober itself wrote down is the truth that the databases are compared with.
            with open(config, "a") as file:
                file.write(f"  - file: {{path: {self.truth_path(name)}}}\n")
            self.run(name, [SONDE, "run", "-c", str(config)])

    def truth_path(self, vantage):
        return self.folder / f"truth-{vantage}.lp"

    def run(self, name, arguments):
        self.processes[name] = Process(name, arguments, self.folder)

    def wait(self, what, ready, seconds=30):
        """Polls `ready` until it answers something true, and returns that."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for name, process in self.processes.items():
                if process.child.poll() is not None:
                    raise RuntimeError(f"{name} ended with {process.child.returncode}:\n{process.log()[-3000:]}")
            try:
                if found := ready():
                    return found
            except (OSError, urllib.error.URLError, ValueError):
                pass
            time.sleep(0.1)
        raise TimeoutError(f"{what}: not within {seconds} s\n{self.words()}")

    def words(self):
        """What the hub thinks now, for messages."""
        try:
            overview = get_json(f"{self.hub}/api/v1/overview")
            incidents = get_json(f"{self.hub}/api/v1/incidents?state=all&limit=10")["incidents"]
            lines = [overview["headline"]["text_en"], json.dumps(overview["counts"])]
            lines += [f"{i['state']} {i['grade']} {i.get('component', {}).get('key')}: {i['summary_en']}" for i in incidents]
            return "\n".join(lines)
        except Exception as error:  # only words for a failure that is told already
            return str(error)

    def overview(self):
        return get_json(f"{self.hub}/api/v1/overview")

    def incidents(self, state="open"):
        return get_json(f"{self.hub}/api/v1/incidents?state={state}&limit=100")["incidents"]

    def break_world(self, fault):
        """Adds a fault by the world's control API; returns its id."""
        request = urllib.request.Request(self.world["control"] + "/faults", data=json.dumps(fault).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["id"]

    def mend_world(self):
        request = urllib.request.Request(self.world["control"] + "/faults", method="DELETE")
        urllib.request.urlopen(request, timeout=10).close()

    def stop(self):
        for process in reversed(self.processes.values()):
            process.stop()
        for server in (self.influx, self.victoria):
            if server is not None:
                server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
