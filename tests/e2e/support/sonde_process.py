"""A `sonde run` with a folder of its own: started, asked by its metrics, stopped by its pid. And logs filled beforehand."""

import json
import os
import pathlib
import re
import subprocess

import servers

SONDE = os.path.abspath(os.environ.get("SONDE", "build/release/cli/sonde"))
FILL_LOG = os.path.abspath(os.environ.get("SONDE_FILL_LOG", "build/release/tests/e2e/sonde-fill-log"))
STOP_SECONDS = 30


class Sonde:
    """A prober whose targets are `apps` (lines of YAML) and nothing else; its sinks are lines of YAML too."""

    def __init__(self, folder, sinks, apps=(), log="", name="sonde"):
        self.folder = pathlib.Path(folder)
        self.log = self.folder / f"{name}-log"
        self.said_path = self.folder / f"{name}.said"
        self.metrics_port = servers.free_port()
        self.process = None
        self.environment = {}
        self.config = self.folder / f"{name}.yaml"
        self.config.write_text("\n".join([
            "vantage: {name: here}", "targets: []", "policy: {allow: [127.0.0.0/8]}", "resolver: 127.0.0.1:9",
            f"log: {{directory: {self.log}{', ' + log if log else ''}}}",
            f"metrics: {{listen: '127.0.0.1:{self.metrics_port}'}}", "sinks:", *(f"  - {sink}" for sink in sinks),
            *(["apps:"] if apps else []), *(f"  - {app}" for app in apps)]) + "\n")

    def fill(self, readers, lines=None, rows=None):
        """Puts lines of line protocol, or so many made ones, into the log, delivered to none of `readers`."""
        arguments = [] if rows is None else ["--rows", str(rows)]
        done = subprocess.run([FILL_LOG, self.log, *readers, *arguments], input="\n".join(lines or []), text=True,
                              capture_output=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    def start(self):
        with open(self.said_path, "ab") as said:
            self.process = subprocess.Popen([SONDE, "run", "-c", str(self.config)], cwd=self.folder, stdout=said,
                                            stderr=said, stdin=subprocess.DEVNULL, env={**os.environ, **self.environment})
        servers.wait_until(lambda: self.metrics() is not None, "sonde run", self.process)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """The exit code. Also fine when it has ended already."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(STOP_SECONDS)
        return self.process.returncode

    def said(self):
        return self.said_path.read_text(errors="replace") if self.said_path.exists() else ""

    def metrics(self):
        """{name: {labels as text: value}}"""
        found = {}
        for line in servers.fetch(f"http://127.0.0.1:{self.metrics_port}/metrics").decode().splitlines():
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if match and not line.startswith("#"):
                found.setdefault(match[1], {})[match[2] or ""] = float(match[3])
        return found

    def of_sink(self, metric, sink):
        """The value for that sink; for `sonde_sink_state` the state whose value is 1."""
        for labels, value in self.metrics().get(metric, {}).items():
            if f'sink="{sink}"' in labels:
                if metric != "sonde_sink_state":
                    return value
                if value == 1:
                    return re.search(r'state="(\w+)"', labels)[1]
        return None

    def accounts(self):
        """What it said when it was stopped: {sink: {accepted, delivered, ...}}"""
        found = {}
        for sink, text in re.findall(r"(?m)^([\w.-]+): accepted (.*)$", self.said()):
            numbers = [int(n) for n in re.findall(r"\d+", "accepted " + text)]
            found[sink] = dict(zip(("accepted", "delivered", "pending", "evicted", "dead_lettered", "quarantined"), numbers))
        return found

    def dead_letters(self, sink):
        path = self.log / f"dead-letter-{sink}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
