#!/usr/bin/env python3
"""What the log costs while nobody takes what is in it, and when somebody does again, beside vmagent doing the same work:
lines of line protocol are taken over HTTP and queued on disk while the remote is down; then a real VictoriaMetrics
comes up and the queue drains into it. CPU is user + sys of the measured process alone (/proc/PID/stat), so what posts
and what receives does not count.

  queue_bench.py SONDE FILL_LOG [--short] [--rows N] [--rounds N] [--backlog N] [--seconds N]

Prints Markdown rows; nothing is judged. The rounds of both programs are interleaved, so a noisy neighbour hits both.
"""

import argparse
import concurrent.futures
import http.client
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e" / "support"))
import servers  # noqa: E402

BODY_LINES = 2000
WRITERS = 8
SETTLE_SECONDS = 30  # at most, for what is still on its way to the disk or looked at by others
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def disk_bytes(folder):
    return sum(p.stat().st_blocks * 512 for p in folder.rglob("*") if p.is_file())


def settle(pid):
    """Waits until the process does next to nothing."""
    deadline = time.monotonic() + SETTLE_SECONDS
    before = cpu_seconds(pid)
    while time.monotonic() < deadline:
        time.sleep(1)
        now = cpu_seconds(pid)
        if now - before < 0.05:
            return
        before = now


def bodies(rows):
    """Lines as a prober writes them for VictoriaMetrics: ten tags, seven numbers; not `probe`, which a hub would judge."""
    last_ms = int(time.time() * 1000) - 60_000
    out, lines = [], []
    for i in range(rows):
        seconds = 0.01 + (i * 7919 % 10007) * 1e-6
        lines.append(
            "bench,check=http,family=ip4,partition=overseas,provider=aws,region=us-east-1,role=reference,service=s3,"
            f"target=backlog-{i % 500},vantage=here success=1i,status_code=0i,duration_seconds={seconds:.6f},"
            f"connect_seconds={seconds / 5:.6f},tls_seconds={seconds / 3:.6f},http_status_code=200i,seq={i // 500}i "
            f"{(last_ms - (rows - i) * 20) * 1_000_000}")
        if len(lines) == BODY_LINES:
            out.append(("\n".join(lines) + "\n").encode())
            lines = []
    if lines:
        out.append(("\n".join(lines) + "\n").encode())
    return out


class Program:
    """Takes lines on `port` and delivers to `remote`."""

    def __init__(self, folder, remote_port):
        self.folder = folder
        self.port = servers.free_port()
        self.queue = folder / "queue"
        with open(folder / "said", "wb") as said:
            self.process = subprocess.Popen(self.command(remote_port), cwd=folder, stdout=said, stderr=said)
        servers.wait_until(lambda: servers.fetch(f"http://127.0.0.1:{self.port}/metrics"), self.name, self.process)

    def post(self, all_bodies):
        """Over several connections, as a fleet does: an answer that waits for the disk must not make all others wait."""
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as writers:
            list(writers.map(lambda i: self.post_some(all_bodies[i::WRITERS]), range(WRITERS)))

    def post_some(self, some):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for body in some:
            connection.request("POST", "/write", body)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 204:
                raise RuntimeError(f"{self.name} answers {answer.status}")
        connection.close()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Sonde(Program):
    name = "sonde"

    def command(self, remote_port):
        config = self.folder / "sonde.yaml"
        config.write_text(f"hub: {{listen: 127.0.0.1:{self.port}, directory: {self.folder}/hub}}\n"
                          f"log: {{directory: {self.queue}, max_bytes: 16GiB, min_free: 0}}\n"
                          f"sinks:\n  - influx: {{url: 'http://127.0.0.1:{remote_port}', name: remote}}\n")
        return [arguments.sonde, "run", "-c", str(config)]


class Vmagent(Program):
    name = "vmagent"

    def command(self, remote_port):
        return ["vmagent", f"-httpListenAddr=127.0.0.1:{self.port}", f"-remoteWrite.tmpDataPath={self.queue}",
                f"-remoteWrite.url=http://127.0.0.1:{remote_port}/api/v1/write", "-loggerLevel=ERROR"]


def rows_in(remote):
    page = servers.fetch(remote.url + "/metrics").decode()
    return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith("vm_rows_inserted_total{"))


SAMPLES = 7  # of a line


def round_of(kind, all_bodies, rows):
    with tempfile.TemporaryDirectory(prefix="sonde-bench-") as folder:
        remote = servers.Victoria()
        remote.kill()
        program = kind(pathlib.Path(folder), remote.port)
        try:
            found = {"memory at start, MiB": resident_mib(program.process.pid)}
            cpu, began = cpu_seconds(program.process.pid), time.monotonic()
            program.post(all_bodies)
            took = time.monotonic() - began
            settle(program.process.pid)
            found["records taken a second"] = rows / took
            found["CPU to take and queue, us a record"] = (cpu_seconds(program.process.pid) - cpu) / rows * 1e6
            found["disk, bytes a record"] = disk_bytes(program.queue) / rows
            found["memory with the queue, MiB"] = resident_mib(program.process.pid)
            remote.restart()
            cpu, began = cpu_seconds(program.process.pid), time.monotonic()
            while rows_in(remote) < rows * SAMPLES:
                if time.monotonic() - began > 600:
                    raise RuntimeError(f"{kind.name}: {rows_in(remote)} of {rows * SAMPLES} samples after 600 s")
                time.sleep(0.5)
            found["records drained a second"] = rows / (time.monotonic() - began)
            found["CPU to deliver, us a record"] = (cpu_seconds(program.process.pid) - cpu) / rows * 1e6
            found["CPU in all, us a record"] = (found["CPU to take and queue, us a record"]
                                                + found["CPU to deliver, us a record"])
            found["memory after, MiB"] = resident_mib(program.process.pid)
            return found
        finally:
            program.stop()
            remote.stop()


def compare():
    all_bodies = bodies(arguments.rows)
    found = {kind.name: [] for kind in (Sonde, Vmagent)}
    for i in range(arguments.rounds):
        for kind in (Sonde, Vmagent) if i % 2 == 0 else (Vmagent, Sonde):
            found[kind.name].append(round_of(kind, all_bodies, arguments.rows))
    print(f"{arguments.rows} lines of {sum(map(len, all_bodies)) // arguments.rows} bytes, median of {arguments.rounds} interleaved rounds\n")
    print("| | sonde | vmagent | sonde/vmagent |\n|---|---|---|---|")
    for row in found["sonde"][0]:
        sonde, vmagent = (statistics.median(r[row] for r in found[name]) for name in ("sonde", "vmagent"))
        print(f"| {row} | {sonde:,.4g} | {vmagent:,.4g} | {sonde / vmagent:.2f} |", flush=True)


def backlog():
    """Resident memory of a prober with nothing in its log, and with so many records that nobody takes."""
    print(f"\n| records that wait | memory, MiB | after {arguments.seconds} s of trying | log on disk, MiB |\n|---|---|---|---|")
    for rows in (0, arguments.backlog):
        with tempfile.TemporaryDirectory(prefix="sonde-bench-") as folder:
            log = pathlib.Path(folder) / "log"
            if rows:
                subprocess.run([arguments.fill_log, log, "remote", "--rows", str(rows)], check=True, stdout=subprocess.DEVNULL)
            config = pathlib.Path(folder) / "sonde.yaml"
            port = servers.free_port()
            config.write_text(f"vantage: {{name: here}}\ntargets: []\nresolver: 127.0.0.1:9\nmetrics: {{listen: '127.0.0.1:{port}'}}\n"
                              f"log: {{directory: {log}, max_bytes: 16GiB, min_free: 0, max_age: 360d}}\n"
                              f"sinks:\n  - influx: {{url: 'http://127.0.0.1:{servers.free_port()}', name: remote}}\n")
            process = subprocess.Popen([arguments.sonde, "run", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                servers.wait_until(lambda: servers.fetch(f"http://127.0.0.1:{port}/metrics"), "sonde", process)
                first = resident_mib(process.pid)
                time.sleep(arguments.seconds)
                print(f"| {rows:,} | {first:.1f} | {resident_mib(process.pid):.1f} | {disk_bytes(log) / 2**20:.0f} |", flush=True)
            finally:
                process.terminate()
                process.wait(30)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("sonde")
    parser.add_argument("fill_log")
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backlog", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=int, default=20, help="how long a sink tries in vain before memory is read again")
    parser.add_argument("--short", action="store_true", help="shows in half a minute that it works")
    arguments = parser.parse_args()
    if arguments.short:
        arguments.rows, arguments.rounds, arguments.backlog, arguments.seconds = 20_000, 1, 100_000, 3
    compare()
    backlog()
