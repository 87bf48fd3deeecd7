#!/usr/bin/env python3
"""The response matrix of the influx sink (RELIABILITY 1.5) with real InfluxDB and VictoriaMetrics, and with servers that
hang, trickle, are a captive portal, or forget. What a database refuses is in its dead letters with its words; everything
else arrives, and the books of each sink come out even."""

import gzip
import pathlib
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import hostile  # noqa: E402
import servers  # noqa: E402
import sonde_process  # noqa: E402

GOOD = 400
BLOCKED_SECONDS = 60  # a sink that refuses us is asked once a minute
PATIENCE_SECONDS = BLOCKED_SECONDS + 30


def stamps(count, before_ms=60_000):
    now = int(time.time() * 1000) - before_ms
    return [(now - (count - i) * 10) * 1_000_000 for i in range(count)]


def good_lines():
    return [f"thing,k=a{i % 7} value={i}.5 {stamp}" for i, stamp in enumerate(stamps(GOOD))]


class Books(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory(prefix="sonde-answers-")
        self.addCleanup(held.cleanup)
        self.folder = pathlib.Path(held.name)

    def kept(self, thing):
        self.addCleanup(thing.stop)
        return thing

    def sonde(self, sinks, **more):
        return self.kept(sonde_process.Sonde(self.folder, [f"influx: {{name: {n}, {text}}}" for n, text in sinks.items()], **more))

    def secret(self, name, text):
        path = self.folder / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path

    def wait(self, ready, what, seconds=PATIENCE_SECONDS):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if ready():
                return
            time.sleep(0.2)
        self.fail(f"{what}: not within {seconds} s")

    def even(self, sonde):
        """Stops it; the books by sink, which come out even."""
        self.assertEqual(sonde.stop(), 0, sonde.said())
        accounts = sonde.accounts()
        for sink, a in accounts.items():
            parts = a["delivered"] + a["pending"] + a["evicted"] + a["dead_lettered"] + a["quarantined"]
            self.assertEqual(a["accepted"], parts, (sink, a))
            self.assertEqual(a["evicted"] + a["quarantined"], 0, (sink, a))
        return accounts


def values(influx, database, measurement="thing"):
    """{(tag k, time in ms): value}; a point that stood there twice would be an error of the database."""
    return {(s["tags"]["k"], row[0]): row[1] for s in influx.ask(database, f"SELECT value FROM {measurement} GROUP BY k")
            for row in s["values"]}


class InfluxAnswers(Books):
    def test_P8_refused_lines_are_found_one_by_one_and_their_neighbours_arrive(self):
        influx = self.kept(servers.Influx())
        influx.create("plain")
        influx.ask("", "CREATE DATABASE short WITH DURATION 1h", "POST")
        stamp = stamps(1)[0]
        lines = good_lines()
        bad = {"a field of another type": (f"thing,k=a1 value=7i {stamp + 1_000_000}", "field type conflict"),
               "no field": (f"thing,k=x {stamp}", "unable to parse"),
               "no number": (f"thing,k=x value=1.2.3 {stamp}", "unable to parse"),
               "time as a tag": (f"thing,time=x value=1 {stamp}", "time")}
        for i, (line, _) in enumerate(bad.values()):
            lines.insert(50 + 70 * i, line)
        old = f"thing,k=old value=1 {stamp - 3 * 3600 * 1_000_000_000}"
        lines.insert(30, old)
        sonde = self.sonde({"plain": f"url: '{influx.url}', database: plain", "short": f"url: '{influx.url}', database: short"})
        sonde.fill(["plain", "short"], lines)
        sonde.start()
        self.wait(lambda: sonde.of_sink("sonde_records_pending", "plain") == 0 == sonde.of_sink("sonde_records_pending", "short"),
                  "both take what they take", 60)
        for database in ("plain", "short"):
            with self.subTest(database):
                found = values(influx, database)
                self.assertEqual(len([k for k, _ in found if k.startswith("a")]), GOOD)
                letters = sonde.dead_letters(database)
                refused = {letter["line"].strip(): letter["reason"] for letter in letters}
                self.assertEqual(len(letters), len(refused), "none twice")
                for what, (line, words) in bad.items():
                    self.assertIn(line, refused, what)
                    self.assertIn(words, refused[line], what)
                self.assertEqual(("old", stamp // 1_000_000 - 3 * 3600 * 1000) in found, database == "plain")
                if database == "short":
                    self.assertRegex(refused[old], r"^older than the database keeps \(HTTP 400\): .*beyond retention policy")
                    del refused[old]
                self.assertEqual(sonde.of_sink("sonde_sink_expired_total", database), int(database == "short"))
                self.assertEqual(set(refused), {line for line, _ in bad.values()})
        accounts = self.even(sonde)
        self.assertEqual(accounts["plain"]["dead_lettered"], len(bad))
        self.assertEqual(accounts["short"]["dead_lettered"], len(bad) + 1)

    def test_P9_who_is_refused_keeps_everything_until_it_is_let_in(self):
        closed = self.kept(servers.Influx(["auth-enabled = true"]))
        closed.ask("", "CREATE USER root WITH PASSWORD 'r' WITH ALL PRIVILEGES", "POST")
        closed.credentials = ("root", "r")
        closed.create("sonde")
        closed.ask("", "CREATE USER known WITH PASSWORD 'k'", "POST")
        opened = self.kept(servers.Influx(["max-body-size = 6000"]))
        opened.create("small")
        victoria = self.kept(servers.Victoria(["-httpAuth.username=u", "-httpAuth.password=other"]))
        known, newcomer = self.secret("known", "k"), self.secret("newcomer", "n")
        sinks = {"e401": f"url: '{closed.url}', database: sonde, username: newcomer, password_file: {newcomer}",
                 "e403": f"url: '{closed.url}', database: sonde, username: known, password_file: {known}",
                 "e404": f"url: '{opened.url}', database: later",
                 "e413": f"url: '{opened.url}', database: small, gzip: false",
                 "v401": f"url: '{victoria.url}', database: sonde, username: u, password_file: {known}"}
        sonde = self.sonde(sinks)
        total = sonde.fill(sinks, good_lines())
        sonde.start()
        blocked = [name for name in sinks if name != "e413"]
        self.wait(lambda: all(sonde.of_sink("sonde_sink_state", name) == "blocked" for name in blocked), "four are refused", 20)
        self.wait(lambda: len(values(opened, "small")) == GOOD, "a body that is too large is cut until it fits", 20)
        for name in blocked:
            self.assertGreaterEqual(sonde.of_sink("sonde_records_pending", name), total)
        closed.ask("", "CREATE USER newcomer WITH PASSWORD 'n'", "POST")
        for user in ("newcomer", "known"):
            closed.ask("", f"GRANT ALL ON sonde TO {user}", "POST")
        opened.create("later")
        victoria.kill()
        victoria.arguments = [a.replace("password=other", "password=k") for a in victoria.arguments]
        victoria.health = "/health?authKey="
        victoria.restart()
        self.wait(lambda: all(sonde.of_sink("sonde_records_pending", name) == 0 for name in blocked[:3]), "let in")
        self.assertEqual(len(values(closed, "sonde")), GOOD)
        self.assertEqual(len(values(opened, "later")), GOOD)
        self.wait(lambda: sonde.of_sink("sonde_sink_state", "v401") != "blocked", "VictoriaMetrics lets us in")
        accounts = self.even(sonde)
        for name in ("e401", "e403", "e404", "e413"):
            self.assertEqual(accounts[name]["dead_lettered"], 0, "authorization and size are no fault of a line")


class VictoriaAnswers(Books):
    def test_it_acknowledges_bad_lines_and_keeps_their_neighbours(self):
        """204 for everything: nothing is left for us to bisect, and what it left out only its own counters tell."""
        victoria = self.kept(servers.Victoria())
        stamp = stamps(1)[0]
        lines = good_lines()
        lines.insert(100, f"thing,k=x value=1.2.3 {stamp}")
        lines.insert(200, f"thing,k=y {stamp}")
        lines.insert(300, f"thing,k=long,long={'l' * 20000} value=1 {stamp}")
        lines.insert(310, f'thing,k=text value="words only" {stamp}')
        # A target that is refused: its results make the sink ask again what became of those before.
        app = f"{{name: x, url: 'tcp://127.0.0.1:{servers.free_port()}', every: 500ms, timeout: 400ms}}"
        sonde = self.sonde({"v": f"url: '{victoria.url}', database: sonde, ack_hold: 1s"}, apps=[app])
        sonde.fill(["v"], lines)
        sonde.start()
        self.wait(lambda: sonde.of_sink("sonde_records_delivered_total", "v") >= len(lines), "it takes everything", 30)
        servers.fetch(victoria.url + "/internal/force_flush")
        count = 'count(count_over_time(thing_value{k=~"a.*"}[1h]))'
        found = victoria.instant("sonde", f"sum({count.removeprefix('count(').removesuffix(')')})", time.time())
        self.assertEqual(found[0].rows[0]["value"], GOOD)
        text = victoria.instant("sonde", 'count_over_time(thing_value{k="text"}[1h])', time.time())
        self.assertEqual(text, [], "a text would be stored as 0: it is left out")
        page = lambda: servers.fetch(victoria.url + "/metrics").decode()
        self.wait(lambda: 'vm_rows_invalid_total{type="influx"} 1' in page(), "which it counts", 20)
        self.wait(lambda: "acknowledged and left out 1 rows" in sonde.said(), "which we say", 20)
        accounts = self.even(sonde)
        self.assertEqual(accounts["v"]["dead_lettered"], 0)


class Keeps:
    """A database of the test's own: it keeps the lines it is sent, once each."""

    def __init__(self):
        self.lines = set()
        self.lock = threading.Lock()

    def __call__(self, request):
        if request.command == "GET":
            return request.answer(404)
        body = request.rfile.read(int(request.headers["Content-Length"]))
        del request.headers["Content-Length"]
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        with self.lock:
            self.lines.update(line for line in body.decode().splitlines() if line.startswith("thing,"))
        request.answer(204)


class NoDatabases(Books):
    def test_they_hold_up_nobody_and_lose_nothing(self):
        influx = self.kept(servers.Influx())
        influx.create("sonde")
        behaviours = (hostile.hangs, hostile.trickles, hostile.captive_portal)
        bad = {behaviour.__name__: self.kept(hostile.Sink(behaviour)) for behaviour in behaviours}
        sinks = {name: f"url: '{server.url}', database: sonde, timeout: 2s" for name, server in bad.items()}
        sinks["good"] = f"url: '{influx.url}', database: sonde"
        sonde = self.sonde(sinks)
        lines = good_lines()
        sonde.fill(sinks, lines)
        sonde.start()
        self.wait(lambda: sonde.of_sink("sonde_records_pending", "good") == 0, "the good one has everything", 10)
        self.assertEqual(len(values(influx, "sonde")), GOOD)
        self.wait(lambda: all(sonde.of_sink("sonde_sink_state", name) == "backing_off" for name in bad), "three fail", 20)
        for name in bad:
            self.assertGreaterEqual(sonde.of_sink("sonde_records_pending", name), GOOD)
        said = sonde.said()
        self.assertIn("web page", said)
        self.assertIn("no answer in time", said)
        stores = {}
        for name, server in bad.items():
            stores[name] = Keeps()
            server.behave(stores[name])
        self.wait(lambda: all(sonde.of_sink("sonde_records_pending", name) == 0 for name in bad), "they have come back", 30)
        for name, store in stores.items():
            self.assertEqual(store.lines, set(lines), name)
        self.even(sonde)

    def test_one_that_forgets_is_believed_and_found_out_by_the_doctor_only(self):
        """An acknowledgement is all that a sink can go by: doctor_test.py shows how such a server is found out."""
        liar = self.kept(hostile.Sink(hostile.forgets))
        sonde = self.sonde({"liar": f"url: '{liar.url}', database: sonde"})
        sonde.fill(["liar"], good_lines())
        sonde.start()
        self.wait(lambda: sonde.of_sink("sonde_records_pending", "liar") == 0, "it acknowledges", 10)
        self.assertGreaterEqual(self.even(sonde)["liar"]["delivered"], GOOD)


if __name__ == "__main__":
    unittest.main(verbosity=2)
