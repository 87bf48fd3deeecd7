#!/usr/bin/env python3
"""Tests the Grafana boards without Grafana: every query runs against real databases on a known day.

Needs python3, node, influxdb and victoria-metrics (Debian); no network beyond loopback. Where prometheus and
promtool are installed, the PromQL board is run against them too.
"""

import dataclasses
import itertools
import pathlib
import re
import subprocess
import sys
import unittest

import boards
import day

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import servers  # noqa: E402

NAMES = ("sonde-overview-influxql", "sonde-overview-promql")
WINDOW = 5  # runs of one target from one vantage in five minutes, and in one step of a graph


def setUpModule():
    for backend in Backends.all:
        backend.open()


def tearDownModule():
    for backend in Backends.all:
        backend.close()


class Backend:
    """A database with the day in it, and the board that reads it."""

    def __init__(self, make, uid):
        self.make, self.uid, self.server = make, uid, None

    def open(self):
        self.server = self.make()
        self.board = boards.load(self.uid)
        self.server.load("day", day.lines())
        first = boards.panels(self.board)[0]
        ready = lambda: boards.run(self.server, "day", first, first["targets"][0], boards.View())
        servers.wait_until(ready, "the day can be queried")

    def close(self):
        if self.server is not None:
            self.server.stop()

    def answers(self, view=boards.View(), database="day"):
        return boards.run_all(self.server, database, self.board, view)


class Backends:
    influx = Backend(servers.Influx, NAMES[0])
    victoria = Backend(servers.Victoria, NAMES[1])
    all = [influx, victoria]
    if servers.Prometheus.installed():
        prometheus = Backend(servers.Prometheus, NAMES[1])
        all.append(prometheus)


def by_tags(answer, *names, column=None):
    """{tags: value} of an answer with one row a series; one name gives plain keys."""
    found = {}
    for series in answer:
        key = tuple(series.tags.get(name, "") for name in names)
        row = series.rows[-1]
        value = row[column] if column in row else row.get("value")
        found[key[0] if len(names) == 1 else key] = value
    return found


def only_value(answer):
    (series,) = answer
    (row,) = series.rows
    (value,) = [value for name, value in row.items() if name != "time"]
    return value


def in_time(server, answer, *names):
    """{tags: {start of the step: value}}: InfluxQL names a step by its start, PromQL by its end."""
    shift = 0 if server.language == "influxql" else boards.INTERVAL_SECONDS
    found = {}
    for series in answer:
        key = tuple(series.tags.get(name, "") for name in names)
        for row in series.rows:
            values = [value for name, value in row.items() if name != "time" and value is not None]
            if values:
                found.setdefault(key, {})[row["time"] - shift] = values[0]
    return found


class Numbers(unittest.TestCase):
    """Each key panel shows exactly what the day holds, in every database."""

    @classmethod
    def setUpClass(cls):
        cls.cases = [(type(b.server).__name__, b.server, b.answers()) for b in Backends.all]

    def near(self, actual, expected):
        """Equal but for the last digits of floating point, in nested dicts too."""
        if isinstance(expected, dict):
            self.assertEqual(set(actual), set(expected))
            for key in expected:
                self.near(actual[key], expected[key])
        else:
            self.assertAlmostEqual(actual, expected, places=9)

    def test_success_now(self):
        runs = WINDOW * len(day.TARGETS) * len(day.VANTAGES)
        failed = 3 * WINDOW  # checkout from fra and sg, orders-db from hz
        for name, _, answers in self.cases:
            with self.subTest(name):
                self.near(only_value(answers["Success, last 5 minutes", "A"]), (runs - failed) / runs)

    def test_counts_now(self):
        for name, _, answers in self.cases:
            with self.subTest(name):
                self.assertEqual(only_value(answers["Failing pairs", "A"]), 3)
                self.assertEqual(only_value(answers["Vantages heard", "A"]), 3)
                self.assertEqual(only_value(answers["Open verdicts", "A"]), 1)

    def test_open_verdict_shows_its_newest_grade(self):
        for name, server, answers in self.cases:
            with self.subTest(name):
                answer = answers["Open verdicts and their grade", "A"]
                (series,) = answer
                self.assertEqual(series.tags["component"], "app:checkout")
                self.assertEqual(series.tags["class"], "app")
                row = series.rows[0]
                self.near(row.get("confidence", row.get("value")), 0.97)
                if server.language == "influxql":
                    self.assertEqual(row["grade"], "convicted")
                    self.assertEqual(row["summary_en"], "app:checkout is open")
                    self.near(row["severity"], 0.6)
                else:
                    self.assertEqual(series.tags["grade"], "convicted")
                    self.near(answers["Open verdicts and their grade", "B"][0].rows[0]["value"], 0.6)

    def test_failing_targets(self):
        expected = {("checkout", "fra"): WINDOW, ("checkout", "sg"): WINDOW, ("orders-db", "hz"): WINDOW}
        for name, server, answers in self.cases:
            with self.subTest(name):
                failing = answers["Failing targets, last 5 minutes", "A"]
                self.near(by_tags(failing, "target", "vantage", column="failed"), expected)
                if server.language == "influxql":
                    causes = by_tags(failing, "target", "vantage", column="cause")
                    self.assertEqual(causes["checkout", "fra"], "status")
                    self.assertEqual(by_tags(failing, "target", "vantage", column="stage")["orders-db", "hz"], "dns")
                else:
                    codes = by_tags(answers["Failing targets, last 5 minutes", "B"], "target", "vantage")
                    self.near(codes, {("checkout", "fra"): 100, ("checkout", "sg"): 100, ("orders-db", "hz"): 20})

    def test_apps_by_vantage(self):
        expected = {("checkout", "fra"): 0, ("checkout", "hz"): 1, ("checkout", "sg"): 0,
                    ("orders-db", "fra"): 1, ("orders-db", "hz"): 0, ("orders-db", "sg"): 1}
        for name, _, answers in self.cases:
            with self.subTest(name):
                self.near(by_tags(answers["Apps by vantage, last 5 minutes", "A"], "target", "vantage", column="success"),
                          expected)

    def test_regions_now(self):
        runs = {("aws", "us-east-1"): 2, ("aws", "cn-north-1"): 1, ("huawei", "cn-north-1"): 1}
        for name, server, answers in self.cases:
            with self.subTest(name):
                table = answers["Clouds by region, last 5 minutes", "A"]
                self.near(by_tags(table, "provider", "region", column="success"), {key: 1 for key in runs})
                counts = table if server.language == "influxql" else answers["Clouds by region, last 5 minutes", "B"]
                self.near(by_tags(counts, "provider", "region", column="runs"),
                          {key: targets * len(day.VANTAGES) * WINDOW for key, targets in runs.items()})

    def test_the_matrix_of_one_cloud_holds_its_own_regions_only(self):
        for name, _, answers in self.cases:
            with self.subTest(name):
                title = "{}: region by vantage, last 5 minutes"
                huawei = by_tags(answers[title.format("huawei"), "A"], "region", "vantage", column="success")
                self.near(huawei, {("cn-north-1", vantage.name): 1 for vantage in day.VANTAGES})
                aws = by_tags(answers[title.format("aws"), "A"], "region", "vantage", column="success")
                self.assertEqual(len(aws), 2 * len(day.VANTAGES))

    def test_a_region_over_time_counts_neither_degraded_nor_own_faults(self):
        for name, server, answers in self.cases:
            with self.subTest(name):
                cells = in_time(server, answers["Clouds by region over time", "A"], "provider", "region")
                us = cells["aws", "us-east-1"]
                self.near(us[day.at("12:15")], 2 / 3)  # both references fail from one of three vantages
                self.near(us[day.at("09:15")], 1)  # degraded is not down
                self.near(us[day.at("15:10")], 1)  # one vantage has no route: says nothing about the cloud
                self.assertEqual(sum(value < 1 for value in us.values()), 6 + server.edges_count_twice)

    def test_availability_over_the_day(self):
        runs = 1440 * 3
        checkout = {"own": 20 + 2, "failed": 60 * 3 + 30 + 8 * 2}  # hz and sg cannot say; then the failures
        orders = {"own": 20 + 2, "failed": 10 * 3 + 8}
        expected = {name: 1 - case["failed"] / (runs - case["own"])
                    for name, case in (("checkout", checkout), ("orders-db", orders))}
        for name, _, answers in self.cases:
            with self.subTest(name):
                self.near(by_tags(answers["Availability of apps", "A"], "target", column="success"), expected)

    def test_durations(self):
        for name, server, answers in self.cases:
            with self.subTest(name):
                median = in_time(server, answers["Duration by vantage, median", "A"], "vantage")
                tail = in_time(server, answers["Duration by vantage, 95th percentile", "A"], "vantage")
                for vantage in day.VANTAGES:
                    self.near(median[(vantage.name,)][day.at("03:00")], vantage.base_seconds + 0.003)
                    # nearest rank in InfluxQL, between two ranks in PromQL
                    rank = 0.006 if server.language == "influxql" else 0.0057
                    self.near(tail[(vantage.name,)][day.at("03:00")], vantage.base_seconds + rank)
                # what the prober itself could not do is a gap, not a value
                self.assertNotIn(day.at("15:10"), median[("hz",)])

    def test_failed_runs_in_time(self):
        for name, server, answers in self.cases:
            with self.subTest(name):
                failed = in_time(server, answers["Failed runs by target", "A"], "target")
                runs = WINDOW + server.edges_count_twice
                self.near(failed[("checkout",)][day.at("06:30")], runs * 3)
                self.near(failed[("aws/us-east-1/kv",)][day.at("12:15")], runs)
                if server.edges_count_twice:
                    continue
                self.near(failed[("orders-db",)][day.at("18:05")], WINDOW * 3)
                total = {target: sum(steps.values()) for (target,), steps in failed.items()}
                self.near(total["checkout"], 60 * 3 + 30 + 8 * 2)
                self.near(total["orders-db"], 10 * 3 + 8)

    def test_phases_of_the_chosen_target(self):
        mean = sum(vantage.base_seconds for vantage in day.VANTAGES) / len(day.VANTAGES)
        for name, server, answers in self.cases:
            with self.subTest(name):
                phases = self.phases(server, answers, "03:00")
                self.near(phases, {name: mean * share for name, share in zip(day.PHASES, day.PHASE_SHARES)})

    def test_an_unreached_phase_is_absent(self):
        view = boards.View(target="orders-db")
        for backend in Backends.all:
            with self.subTest(backend.uid):
                answers = boards.run_all(backend.server, "day", only(backend.board, "Where the time goes"), view)
                self.assertEqual(set(self.phases(backend.server, answers, "03:00")), {"resolve", "connect"})
                self.assertEqual(set(self.phases(backend.server, answers, "18:05")), {"resolve"})

    def phases(self, server, answers, clock):
        second, title = day.at(clock), "Where the time goes"
        if server.language == "influxql":
            (series,) = answers[title, "A"]
            (row,) = [row for row in series.rows if row["time"] == second]
            return {name: value for name, value in row.items() if name != "time" and value is not None}
        found = {}
        for ref, name in zip("ABCDE", day.PHASES):
            steps = in_time(server, answers[title, ref]).get((), {})
            if second in steps:
                found[name] = steps[second]
        return found

    def test_causes_in_time(self):
        for name, server, answers in self.cases:
            with self.subTest(name):
                causes = in_time(server, answers["Cause by vantage", "A"], "vantage")
                self.near(causes[("hz",)][day.at("03:00")], 0)
                self.near(causes[("fra",)][day.at("06:30")], 100)
                self.near(causes[("hz",)][day.at("12:15")], 1)
                self.near(causes[("hz",)][day.at("15:10")], 160)

    def test_days_left(self):
        expected = {target.name: target.cert_days for target in day.TARGETS if target.cert_days}
        for name, _, answers in self.cases:
            with self.subTest(name):
                self.near(by_tags(answers["Certificates", "A"], "target", column="days"), expected)

    def test_the_probers_themselves(self):
        per_run = len(day.TARGETS)
        for name, server, answers in self.cases:
            with self.subTest(name):
                noon = day.at("13:00")
                self.near(in_time(server, answers["Late starts", "A"], "vantage")[("fra",)][noon], 0.001)
                self.near(in_time(server, answers["Loop lag", "A"], "vantage")[("fra",)][noon], 0.002)
                delivered = in_time(server, answers["Records delivered per second", "A"], "vantage", "instance")
                self.near(delivered["fra", ""][noon], per_run / day.RUN_SECONDS)
                self.near(delivered["", "hub-1"][noon], 3 * per_run / day.RUN_SECONDS)
                waiting = in_time(server, answers["Records waiting and lost", "A"], "vantage", "instance")
                self.near(waiting["hz", ""][noon], 3)

    def test_runs_without_a_say(self):
        for name, server, answers in self.cases:
            with self.subTest(name):
                for ref in "AB":
                    runs = in_time(server, answers["Runs without a say", ref], "vantage")
                    edges = server.edges_count_twice and ref == "B"  # A reads records as they are
                    self.near(runs[("hz",)][day.at("15:10")], (WINDOW + edges) * len(day.TARGETS))
                    self.assertEqual(sum(runs.get(("fra",), {}).values()), 0)
                    if not edges:
                        self.near(sum(runs[("hz",)].values()), 20 * len(day.TARGETS))


def only(board, *titles):
    return {**board, "panels": [p for p in board["panels"] if p["title"] in titles]}


class EveryQuery(unittest.TestCase):
    def test_no_panel_is_empty_on_the_day(self):
        for backend in Backends.all:
            with self.subTest(type(backend.server).__name__):
                self.assertEqual(boards.holes(backend.answers()), [])

    def test_chosen_values_narrow_the_answers(self):
        view = boards.View(provider=("aws", "huawei"), region=("us-east-1", "cn-north-1"), vantage=("fra", "sg"),
                           partition=("overseas",), target="aws/us-east-1/kv")
        for backend in Backends.all:
            with self.subTest(type(backend.server).__name__):
                answers = backend.answers(view)
                self.assertEqual(only_value(answers["Vantages heard", "A"]), 2)
                regions = by_tags(answers["Clouds by region, last 5 minutes", "A"], "provider", "region",
                                  column="success")
                self.assertEqual(set(regions), {("aws", "us-east-1")})

    def test_a_round_shorter_than_the_runs_are_apart_changes_nothing(self):
        titles = ("Success, last 5 minutes", "Failing targets, last 5 minutes", "Availability of apps")
        for backend in Backends.all:
            with self.subTest(type(backend.server).__name__):
                board = only(backend.board, *titles)
                whole, fine = (boards.run_all(backend.server, "day", board, boards.View(round=seconds))
                               for seconds in ("60", "10"))
                self.assertEqual({key: by_tags(answer, "target", "vantage") for key, answer in fine.items()},
                                 {key: by_tags(answer, "target", "vantage") for key, answer in whole.items()})

    def test_variables_offer_what_the_day_holds(self):
        names = {"partition": {"domestic", "overseas"}, "provider": {"aws", "huawei"},
                 "region": {"us-east-1", "cn-north-1"}, "vantage": {v.name for v in day.VANTAGES},
                 "target": {t.name for t in day.TARGETS}}
        for backend, (name, expected) in itertools.product(Backends.all, names.items()):
            with self.subTest(type(backend.server).__name__, variable=name):
                definition = boards.variable(backend.board, name)
                values = boards.variable_values(backend.server, "day", definition, boards.View())
                self.assertEqual(set(values) - {""}, expected)

    def test_a_variable_is_narrowed_by_those_left_of_it(self):
        view = boards.View(provider=("huawei",))
        for backend in Backends.all:
            with self.subTest(type(backend.server).__name__):
                values = boards.variable_values(backend.server, "day", boards.variable(backend.board, "target"), view)
                self.assertEqual(values, ["huawei/cn-north-1/auth"])

    def test_annotations_mark_the_verdicts(self):
        for backend in Backends.all:
            with self.subTest(type(backend.server).__name__):
                (answer,) = boards.run_annotations(backend.server, "day", backend.board, boards.View())
                self.assertTrue(answer)

    def test_an_empty_database_is_no_error(self):
        for backend in Backends.all:
            with self.subTest(type(backend.server).__name__):
                backend.server.load("empty", [])
                backend.answers(database="empty")
                boards.run_annotations(backend.server, "empty", backend.board, boards.View())
                for definition in backend.board["templating"]["list"]:
                    if definition["type"] == "query":
                        values = boards.variable_values(backend.server, "empty", definition, boards.View())
                        self.assertEqual(values, [])


class Mutations(unittest.TestCase):
    """A field that is renamed in the records must leave a hole in some panel, or the checks above prove little."""

    BEGIN = day.at("23:50")  # ten minutes in which everything that the boards show happens
    VIEW = boards.View(begin=day.at("23:50"))

    def holes(self, backend, database, renamed):
        backend.server.load(database, day.lines(begin=self.BEGIN, renamed=renamed))
        return boards.holes(backend.answers(self.VIEW, database))

    def test_each_field_that_a_board_reads_is_missed(self):
        for backend in (Backends.influx, Backends.victoria):
            name = type(backend.server).__name__
            self.assertEqual(self.holes(backend, "whole", {}), [], f"{name}: the slice has all that is needed")
            for field in sorted(fields_read(backend.board)):
                with self.subTest(name, renamed=field):
                    self.assertNotEqual(self.holes(backend, f"without_{field}", {field: field + "x"}), [])


def fields_read(board):
    """Fields of the records that a board's queries name."""
    known = {name for measurement in ("probe", "verdict", "sonde") for name in fields_of(measurement)}
    if board["uid"].startswith("sonde-overview-promql"):
        queries = " ".join(target["expr"] for panel in boards.panels(board) for target in panel["targets"])
        return set(re.findall(r"\b(?:probe|verdict|sonde)_(\w+)[{\[]", queries)) & known
    queries = " ".join(target["query"] for panel in boards.panels(board) for target in panel["targets"])
    return set(re.findall(r'"(\w+)"', queries)) & known


def fields_of(measurement):
    """Fields that the synthetic day holds."""
    texts = (text for text in day.lines(begin=day.at("23:50")) if text.startswith(measurement + ","))
    return {name for text in texts for name in re.findall(r"[ ,](\w+)=[\d\"]", text[text.index(" "):])}


class Structure(unittest.TestCase):
    """What Grafana would stumble over, as far as it can be seen in the JSON."""

    def setUp(self):
        self.boards = [boards.load(path.stem) for path in sorted(boards.BOARDS.glob("*.json"))]

    def test_the_json_is_what_the_source_says(self):
        done = subprocess.run(["node", "generate.mjs", "--check"], cwd=boards.BOARDS.parent, capture_output=True,
                              text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_there_are_both_query_languages_in_both_tongues(self):
        expected = {name + tongue for name in NAMES for tongue in ("", "-zh")}
        self.assertEqual({board["uid"] for board in self.boards}, expected)

    def test_the_chinese_boards_ask_the_same(self):
        for name in NAMES:
            english, chinese = boards.load(name), boards.load(name + "-zh")
            self.assertEqual([p.get("targets") for p in english["panels"]], [p.get("targets") for p in chinese["panels"]])
            for panel in chinese["panels"]:
                self.assertRegex(panel["title"], "[\u4e00-\u9fff]")

    def test_head(self):
        for board in self.boards:
            self.assertRegex(board["uid"], "^[a-z0-9-]{1,40}$")
            self.assertNotIn("id", board)
            self.assertNotIn("__inputs", board)
            self.assertIs(board["editable"], False)
            self.assertIn("sonde", board["tags"])
            self.assertTrue(any(link["type"] == "link" for link in board["links"]), "a way back to the Sonde page")
            self.assertTrue(any(link["type"] == "dashboards" for link in board["links"]))

    def test_ids_are_unique_and_panels_do_not_overlap(self):
        for board in self.boards:
            ids = [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(ids), len(set(ids)))
            taken = set()
            for panel in board["panels"]:
                place = panel["gridPos"]
                self.assertTrue(0 <= place["x"] and place["x"] + place["w"] <= 24)
                cells = set(itertools.product(range(place["x"], place["x"] + place["w"]),
                                              range(place["y"], place["y"] + place["h"])))
                self.assertFalse(cells & taken, panel["title"])
                taken |= cells

    def test_every_query_has_a_letter_and_the_chosen_source(self):
        for board in self.boards:
            for panel in boards.panels(board):
                refs = [target["refId"] for target in panel["targets"]]
                self.assertTrue(refs)
                self.assertEqual(len(refs), len(set(refs)))
                sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
                for source in sources:
                    self.assertEqual(source["uid"], "${ds}", panel["title"])
                self.assertTrue(panel["description"])

    def test_graphs_have_units_and_show_gaps(self):
        unitless = {"Failed runs by target", "各目标失败次数", "Runs without a say", "不计入的探测",
                    "Records waiting and lost", "等待与丢弃的记录"}  # plain counts
        for board in self.boards:
            for panel in boards.panels(board):
                if panel["type"] == "timeseries":
                    defaults = panel["fieldConfig"]["defaults"]
                    self.assertIs(defaults["custom"]["spanNulls"], False)
                    self.assertEqual("unit" in defaults, panel["title"] not in unitless, panel["title"])

    def test_every_variable_is_used_and_defined(self):
        for board in self.boards:
            defined = {v["name"] for v in board["templating"]["list"]}
            for name in defined:
                self.assertTrue(boards.uses(boards.texts(board), name), f"{board['uid']}: ${name} is never used")
            used = set(re.findall(r"\$\{?([a-z]\w*)", boards.texts(board)))
            self.assertEqual(used - defined - {"tag_provider", "tag_region", "tag_vantage", "tag_target",
                                               "tag_instance", "col", "timeFilter"}, set())

    def test_all_is_a_regular_expression_that_also_takes_a_missing_tag(self):
        for board in self.boards:
            for definition in board["templating"]["list"]:
                if definition.get("includeAll"):
                    self.assertEqual(definition["allValue"], ".*")

    def test_the_boards_read_fields_that_the_prober_writes(self):
        table = (boards.ROOT / "core" / "probe_fields.inc").read_text(encoding="utf-8")
        written = set(re.findall(r'SONDE_FIELD\(\w+, "(\w+)"', table))
        for name in NAMES:
            read = fields_read(boards.load(name)) & fields_of("probe")
            self.assertLessEqual(read, written)
            self.assertGreater(len(read), 10)

    def test_the_causes_are_those_of_the_prober(self):
        table = (boards.ROOT / "core" / "causes.inc").read_text(encoding="utf-8")
        causes = dict(re.findall(r'SONDE_CAUSE\(\w+, (\d+), "(\w+)"', table))
        for board in self.boards:
            (panel,) = [p for p in boards.panels(board) if p["type"] == "state-timeline"]
            options = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
            self.assertEqual(set(options), set(causes))
            for number, name in causes.items():
                if number != "0":
                    self.assertTrue(options[number]["text"].startswith(name + ": "))

    def test_promql_has_no_metricsql(self):
        functions = {"sum", "count", "max", "min", "quantile", "sum_over_time", "count_over_time", "max_over_time",
                     "last_over_time", "quantile_over_time", "timestamp", "time", "rate"}
        for panel in boards.panels(boards.load(NAMES[1])):
            for target in panel["targets"]:
                called = set(re.findall(r"\b([a-z_]+)\(", target["expr"]))
                self.assertLessEqual(called, functions, target["expr"])


if __name__ == "__main__":
    unittest.main()
