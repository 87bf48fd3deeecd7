"""Starts real databases and a real DNS server for the end-to-end tests, on loopback and in temporary folders.

Each server is a child process that is ended by its own pid. Queries answer with one shape for all of them:
a list of Series, so that an expectation can be written once.
"""

import dataclasses
import json
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

DEADLINE_SECONDS = 20
BATCH_LINES = 5000


@dataclasses.dataclass
class Series:
    """Rows of one group of tags: a row is {column: value}, with `time` in seconds."""
    tags: dict
    rows: list


class QueryError(Exception):
    """The server refused the query or could not run it."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(url, data=None, method=None):
    request = urllib.request.Request(url, data=data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise QueryError(f"{error.code}: {error.read(2000).decode('utf-8', 'replace')}") from error


def wait_until(ready, what, process=None):
    """Polls; a server that has ended or a deadline that has passed is an error."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{what}: the server ended with {process.returncode}")
        try:
            if ready():
                return
        except (OSError, QueryError):
            pass  # not up yet
        time.sleep(0.05)
    raise TimeoutError(f"{what}: not within {DEADLINE_SECONDS} s")


class Server:
    edges_count_twice = False  # a subquery's step on the border of two intervals

    def __init__(self, command):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sonde-test-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.command = command

    def start(self, arguments, health):
        self.arguments, self.health = arguments, health
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([self.command, *arguments], cwd=self.folder, stdout=log, stderr=log,
                                        stdin=subprocess.DEVNULL)
        log.close()
        try:
            wait_until(lambda: fetch(self.url + health) is not None, self.command, self.process)
        except Exception:
            print((self.folder / "log").read_text(errors="replace")[-3000:])
            self.stop()
            raise

    def kill(self):
        """As a power cut would: nothing of the process's own ends it well."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        """Over the same files and port."""
        self.start(self.arguments, self.health)

    def shut_down(self):
        """As an operator would; its files stay for restart()."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(DEADLINE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def stop(self):
        self.shut_down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, database, lines):
        batch = []
        for text in lines:
            batch.append(text)
            if len(batch) == BATCH_LINES:
                self.post(database, batch)
                batch = []
        if batch:
            self.post(database, batch)

    def post(self, database, batch):
        query = urllib.parse.urlencode({"db": database, "precision": "ms"})
        fetch(f"{self.url}/write?{query}", "\n".join(batch).encode(), "POST")


class Knot:
    """Knot DNS with one zone, over UDP and TCP."""

    def __init__(self, origin, zone):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sonde-test-"))
        (self.folder / "zone").write_text(f"$ORIGIN {origin}.\n{zone}")
        self.process = None
        for _ in range(5):  # the port is free for TCP; for UDP somebody may have it
            self.port = free_port()
            if self.serves(origin):
                return
        raise RuntimeError("knotd did not start")

    def serves(self, origin):
        (self.folder / "knot.conf").write_text("\n".join([
            "server:", f"    listen: 127.0.0.1@{self.port}", f"    rundir: {self.folder}", "    version: sonde-test",
            "database:", f"    storage: {self.folder}",
            "zone:", f"  - domain: {origin}", f"    file: {self.folder}/zone", "    zonefile-sync: -1",
            "    journal-content: none"]) + "\n")
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(["/usr/sbin/knotd", "-c", str(self.folder / "knot.conf")], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)
        try:
            wait_until(lambda: b"server started" in (self.folder / "log").read_bytes(), "knotd", self.process)
            return True
        except RuntimeError:
            return False

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(DEADLINE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Influx(Server):
    """InfluxDB 1.x. `http` are further lines of its section [http], `credentials` a user and a password for queries."""
    language = "influxql"

    def __init__(self, http=()):
        super().__init__("influxd")
        self.credentials = None
        config = self.folder / "influxdb.conf"
        config.write_text("\n".join([
            "reporting-disabled = true", f'bind-address = "127.0.0.1:{free_port()}"',
            "[meta]", f'dir = "{self.folder}/meta"', "logging-enabled = false",
            "[data]", f'dir = "{self.folder}/data"', f'wal-dir = "{self.folder}/wal"', "query-log-enabled = false",
            "[monitor]", "store-enabled = false",
            "[http]", f'bind-address = "127.0.0.1:{self.port}"', "log-enabled = false",
            *http, "[subscriber]", "enabled = false", "[continuous_queries]", "enabled = false",
        ]) + "\n")
        self.start(["-config", str(config)], "/ping")

    def create(self, database):
        self.ask("", f'CREATE DATABASE "{database}"', "POST")

    def load(self, database, lines):
        self.create(database)
        self.write(database, lines)

    def ask(self, database, query, method=None):
        user = dict(zip("up", self.credentials)) if self.credentials else {}
        parameters = urllib.parse.urlencode({"db": database, "q": query, "epoch": "ms", **user})
        answer = json.loads(fetch(f"{self.url}/query?{parameters}", b"" if method else None, method))
        for result in answer["results"]:
            if "error" in result:
                raise QueryError(result["error"])
        return [series for result in answer["results"] for series in result.get("series", [])]

    def query(self, database, text):
        found = []
        for series in self.ask(database, text):
            rows = [dict(zip(series["columns"], values)) for values in series["values"]]
            for row in rows:
                row["time"] /= 1000
            found.append(Series({k: v for k, v in series.get("tags", {}).items() if v}, rows))
        return found

    def tag_values(self, database, text):
        return [row[1] for series in self.ask(database, text) for row in series["values"]]


class PromServer(Server):
    """What Prometheus and VictoriaMetrics have in common: the query API."""
    language = "promql"

    def api(self, path, database, parameters):
        query = urllib.parse.urlencode([*parameters, *self.only(database)])
        answer = json.loads(fetch(f"{self.url}/api/v1/{path}?{query}"))
        if answer["status"] != "success":
            raise QueryError(answer.get("error", "no reason given"))
        return answer["data"]

    def instant(self, database, text, second):
        data = self.api("query", database, [("query", text), ("time", second)])
        return [self.series(r["metric"], [r["value"]]) for r in data["result"]]

    def range(self, database, text, begin, end, step):
        data = self.api("query_range", database, [("query", text), ("start", begin), ("end", end), ("step", step)])
        return [self.series(r["metric"], r["values"]) for r in data["result"]]

    def tag_values(self, database, selector, label, begin, end):
        return self.api(f"label/{label}/values", database, [("match[]", selector), ("start", begin), ("end", end)])

    @staticmethod
    def series(labels, samples):
        rows = [{"time": float(second), "value": float(value)} for second, value in samples]
        return Series({k: v for k, v in labels.items() if k not in ("db", "__name__")}, rows)


class Victoria(PromServer):
    """VictoriaMetrics. It has no databases: `db` becomes a label, which each query is confined to."""

    def __init__(self, arguments=()):
        super().__init__("victoria-metrics")
        self.start([f"-storageDataPath={self.folder}/data", f"-httpListenAddr=127.0.0.1:{self.port}",
                    "-retentionPeriod=100y", "-search.disableCache", "-loggerLevel=ERROR", *arguments], "/health")

    def only(self, database):
        return [("extra_label", f"db={database}"), ("nocache", "1")]

    def load(self, database, lines):
        self.write(database, lines)
        fetch(self.url + "/internal/force_flush")


class Prometheus(PromServer):
    """Prometheus. It cannot be written to, so each database is a server of its own over blocks from promtool."""

    def __init__(self):  # no server yet: see load
        self.servers = {}
        version = subprocess.run(["prometheus", "--version"], capture_output=True, text=True, check=True).stdout
        self.edges_count_twice = re.search(r"version 2\.", version) is not None

    @staticmethod
    def installed():
        return shutil.which("prometheus") is not None and shutil.which("promtool") is not None

    def load(self, database, lines):
        self.servers[database] = PrometheusOver(lines)

    def api(self, path, database, parameters):
        return self.servers[database].api(path, database, parameters)

    def stop(self):
        for server in self.servers.values():
            server.stop()


class PrometheusOver(PromServer):
    def __init__(self, lines):
        super().__init__("prometheus")
        (self.folder / "prometheus.yml").write_text("scrape_configs: []\n")
        (self.folder / "day.om").write_text(open_metrics(lines))
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "day.om", "data"], cwd=self.folder,
                       check=True, stdout=subprocess.DEVNULL, timeout=3 * DEADLINE_SECONDS)
        self.start(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--storage.tsdb.retention.time=100y",
                    f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"], "/-/ready")

    def only(self, _database):
        return []


def open_metrics(lines):
    """Line protocol as VictoriaMetrics would name it: measurement_field, numbers only."""
    families = {}
    for text in lines:
        head, body, stamp = re.fullmatch(r"((?:\\.|[^ ])+) (.*) (\d+)", text).groups()
        measurement, *tags = head.split(",")
        labels = ",".join(f'{key}="{value}"' for key, value in (tag.split("=", 1) for tag in tags))
        for key, value in re.findall(r"(?:^|,)(\w+)=([-\d.e]+)i?(?=,|$)", body):
            sample = f"{measurement}_{key}{{{labels}}} {value} {int(stamp) / 1000}"
            families.setdefault(f"{measurement}_{key}", []).append(sample)
    chunks = [f"# TYPE {name} gauge\n" + "\n".join(samples) for name, samples in families.items()]
    return "\n".join([*chunks, "# EOF", ""])
