#!/usr/bin/env python3
"""A full disk and a read-only disk under a running prober. The disks are a tmpfs in a mount namespace of this test's own
(unshare(1)), into which it starts itself again; where that is not allowed it says so and is skipped."""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import servers  # noqa: E402
import sonde_process  # noqa: E402
from backlog_test import accept_for_ever  # noqa: E402

INSIDE = "SONDE_TEST_DISK"


def wait(ready, what, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")


def seqs(influx):
    """{target: sorted seq of its records in the database}"""
    return {s["tags"]["target"]: sorted(row[1] for row in s["values"])
            for s in influx.ask("sonde", "SELECT seq FROM probe GROUP BY target")}


class OnOwnDisk(unittest.TestCase):
    KIB = 12 * 1024
    TARGETS = 4

    def setUp(self):
        self.folder = pathlib.Path(os.environ[INSIDE])
        self.disk = self.folder / self.id().rsplit(".", 1)[1]
        self.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.KIB}k", "tmpfs", self.disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)])
        self.influx = servers.Influx()
        self.addCleanup(self.influx.stop)
        self.influx.create("sonde")
        self.target = accept_for_ever()
        self.addCleanup(self.target.close)

    def sonde(self, log):
        apps = [f"{{name: t{i}, url: 'tcp://127.0.0.1:{self.target.getsockname()[1]}', every: 100ms, timeout: 80ms}}"
                for i in range(self.TARGETS)]
        sonde = sonde_process.Sonde(self.disk, [f"influx: {{name: db, url: '{self.influx.url}', database: sonde}}"], apps, log=log)
        self.addCleanup(sonde.stop)
        return sonde

    def of_log(self, sonde, metric):
        return next(iter(sonde.metrics()[metric].values()))

    def told(self):
        """{(class, cause): records that gap records in the database tell of}"""
        found = {}
        for series in self.influx.ask("sonde", 'SELECT "count", cause FROM gap GROUP BY class'):
            for _, count, cause in series["values"]:
                key = (series["tags"]["class"], cause)
                found[key] = found.get(key, 0) + count
        return found

    def compare(self, sonde):
        """Every number of every target is in the database, or a gap record counts it."""
        books = sonde.accounts()["db"]
        self.assertEqual(books["accepted"], books["delivered"] + books["pending"] + books["evicted"] + books["dead_lettered"]
                         + books["quarantined"], books)
        missing = 0
        for target, found in seqs(self.influx).items():
            self.assertEqual(len(found), len(set(found)), f"{target}: none twice")
            missing += found[-1] - len(found)  # they are counted from 1
        lost = books["evicted"] + books["quarantined"]
        told = sum(self.told().values())
        print(f"{self.id()}: {books}, missing in the database {missing}, told by gap records {told}", flush=True)
        self.assertLessEqual(missing, lost, "everything lost is counted")
        if missing:
            self.assertGreaterEqual(told, missing, "and told")
        return books, missing


class Disk(OnOwnDisk):
    def test_P5_P15_a_full_disk_stops_no_probe_and_what_is_lost_is_counted(self):
        sonde = self.sonde("min_free: 0, max_bytes: 8MiB, segment_bytes: 64KiB")
        self.influx.kill()
        sonde.start()
        wait(lambda: (sonde.of_sink("sonde_records_pending", "db") or 0) > 40, "a backlog")
        with open(self.disk / "ballast", "wb") as ballast:  # somebody else fills it, to the last byte
            try:
                while True:
                    ballast.write(b"x" * 65536)
                    ballast.flush()
            except OSError:
                pass
        wait(lambda: self.of_log(sonde, "sonde_log_degraded") == 1 or sonde.of_sink("sonde_records_evicted_total", "db") > 0,
             "the full disk is met", 60)
        runs = sum(sonde.metrics()["sonde_probe_runs_total"].values())
        wait(lambda: sum(sonde.metrics()["sonde_probe_runs_total"].values()) > runs + 40, "probing goes on")
        (self.disk / "ballast").unlink()
        self.influx.restart()
        wait(lambda: self.of_log(sonde, "sonde_log_degraded") == 0, "the disk is used again")
        wait(lambda: sonde.of_sink("sonde_records_pending", "db") < 20, "the backlog drains")
        self.assertEqual(sonde.stop(), 0, sonde.said())
        self.compare(sonde)

    def test_a_read_only_disk_keeps_results_in_memory_and_says_so(self):
        sonde = self.sonde("min_free: 0")
        sonde.log.mkdir()
        subprocess.run(["mount", "-o", "remount,ro", self.disk], check=True)
        with open(self.folder / "read-only.said", "ab") as said:
            sonde.said_path = pathlib.Path(said.name)
        sonde.start()
        self.assertEqual(self.of_log(sonde, "sonde_log_degraded"), 1)
        wait(lambda: len(seqs(self.influx)) == 4, "results are delivered from memory")
        self.influx.kill()
        wait(lambda: sonde.of_sink("sonde_records_pending", "db") > 40, "a backlog in memory")
        self.influx.restart()
        wait(lambda: sonde.of_sink("sonde_records_pending", "db") < 20, "which is delivered")
        self.assertEqual(sonde.stop(), 0, sonde.said())
        self.compare(sonde)
        self.assertEqual(list(sonde.log.iterdir()), [])


class TooSmallDisk(OnOwnDisk):
    """The disk is far smaller than the log may be, and the database is away until it has been full for a while."""
    KIB = 640
    TARGETS = 40

    def test_P6_P15_the_oldest_results_go_and_gap_records_tell_exactly_how_many(self):
        sonde = self.sonde("min_free: 0, max_bytes: 64MiB, segment_bytes: 64KiB")
        sonde.said_path = self.folder / "too-small.said"  # the disk is for the log alone
        self.influx.kill()
        sonde.start()
        wait(lambda: (sonde.of_sink("sonde_records_evicted_total", "db") or 0) > 1000, "the disk is full and results are evicted", 120)
        self.assertEqual(self.of_log(sonde, "sonde_log_degraded"), 0, "the log goes on, on the disk")
        self.assertGreater(self.of_log(sonde, "sonde_log_bytes"), 0.8 * self.KIB * 1024, "and uses what there is")
        self.influx.restart()
        wait(lambda: sonde.of_sink("sonde_records_pending", "db") < 500, "the backlog drains", 60)
        self.assertEqual(sonde.stop(), 0, sonde.said())
        books, missing = self.compare(sonde)
        told = self.told()
        print(f"told: {told}", flush=True)
        self.assertGreater(missing, 1000)
        self.assertEqual(told, {("b", "disk_full"): missing}, "results alone went, and each is told of once")
        self.assertEqual(books["evicted"], missing)
        self.assertEqual(books["quarantined"] + books["dead_lettered"], 0)
        for target, found in seqs(self.influx).items():
            self.assertEqual(found, list(range(found[0], found[-1] + 1)), f"{target}: what went is the oldest, without holes behind")


def main():
    if INSIDE in os.environ:
        return unittest.main(verbosity=2)
    with tempfile.TemporaryDirectory(prefix="sonde-disk-") as folder:
        own = ["unshare", "--user", "--map-root-user", "--mount"]
        if subprocess.run([*own, "true"]).returncode != 0:
            print("this machine allows no mount namespace: skipped")
            return sys.exit(77)
        inside = subprocess.run([*own, sys.executable, __file__, *sys.argv[1:]], env={**os.environ, INSIDE: folder})
        return sys.exit(inside.returncode)


if __name__ == "__main__":
    main()
