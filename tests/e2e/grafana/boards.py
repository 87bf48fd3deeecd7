"""Reads the generated boards and runs their queries as Grafana would: variables and macros filled in.

What Grafana does, as far as the boards use it (its documentation, "Global variables" and "Variable syntax";
its InfluxDB and Prometheus data sources): several chosen values become `(a|b)` with each escaped for a regular
expression; All is the variable's allValue, verbatim; ${name:raw} is verbatim; a panel's own time range
(timeFrom) ends where the board's does.
"""

import dataclasses
import json
import pathlib
import re

import day

ROOT = pathlib.Path(__file__).resolve().parents[3]
BOARDS = ROOT / "dashboards" / "grafana" / "boards"
SPECIAL = re.compile(r"[\\^$*+?.()|\[\]{}/]")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
INTERVAL_SECONDS = 300  # of a graph over a day some 300 pixels wide
SCRAPE_SECONDS = 15  # Grafana's default, part of $__rate_interval


@dataclasses.dataclass(frozen=True)
class View:
    """What is chosen at the top of the board. An empty tuple is All."""
    begin: int = day.START
    end: int = day.END
    partition: tuple = ()
    provider: tuple = ()
    region: tuple = ()
    vantage: tuple = ()
    target: str = "checkout"
    round: str = "60"  # the shortest interval between two runs, in seconds; the synthetic day has 60


def load(uid):
    return json.loads((BOARDS / f"{uid}.json").read_text(encoding="utf-8"))


def panels(board):
    """All panels with queries."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def seconds(text):
    return int(text[:-1]) * UNITS[text[-1]]


def escape(value, language):
    """Grafana's prometheusSpecialRegexEscape doubles the backslash, for PromQL's string syntax."""
    plain = SPECIAL.sub(lambda match: "\\" + match.group(), value)
    return plain.replace("\\", "\\\\") if language == "promql" else plain


def chosen(view, name, language):
    value = getattr(view, name)
    if isinstance(value, str):
        return value
    if not value:
        return ".*"
    return "(" + "|".join(escape(one, language) for one in value) + ")"


def expand(text, view, language, time_from=None):
    begin = view.end - seconds(time_from) if time_from else view.begin
    macros = {
        "$timeFilter": f"time >= {begin}000ms and time <= {view.end}000ms",
        "$__rate_interval": f"{max(INTERVAL_SECONDS + SCRAPE_SECONDS, 4 * SCRAPE_SECONDS)}s",
        "$__interval": f"{INTERVAL_SECONDS}s",
        "$__range": f"{view.end - begin}s",
        "${__to:date:seconds}": str(view.end),
        "${target:raw}": view.target,
        "${round}": view.round,
    }
    for name in ("partition", "provider", "region", "vantage", "target", "round"):
        macros[f"${name}"] = chosen(view, name, language)
    for macro in sorted(macros, key=len, reverse=True):
        text = text.replace(macro, macros[macro])
    rest = re.search(r"(?<![\^\w])\$\{?[A-Za-z_]\w*", text)
    if rest:
        raise AssertionError(f"not filled in: {rest.group()} in {text}")
    return text


def run(server, database, panel, target, view):
    """The answer of one query of a panel: a list of Series."""
    if server.language == "influxql":
        return server.query(database, expand(target["query"], view, "influxql", panel.get("timeFrom")))
    text = expand(target["expr"], view, "promql", panel.get("timeFrom"))
    if target["instant"]:
        return server.instant(database, text, view.end)
    return server.range(database, text, view.begin, view.end, INTERVAL_SECONDS)


def run_all(server, database, board, view):
    """{(panel title, refId): answer} of the whole board; a repeated panel once for each value it repeats."""
    answers = {}
    for panel in panels(board):
        for one in repeated(server, database, board, panel, view):
            for target in panel["targets"]:
                key = (panel["title"].replace("$provider", "/".join(one.provider) or "*"), target["refId"])
                answers[key] = run(server, database, panel, target, one)
    return answers


def repeated(server, database, board, panel, view):
    if "repeat" not in panel:
        return [view]
    name = panel["repeat"]
    values = getattr(view, name) or tuple(variable_values(server, database, variable(board, name), view))
    return [dataclasses.replace(view, **{name: (value,)}) for value in values] or [view]


def variable(board, name):
    return next(v for v in board["templating"]["list"] if v["name"] == name)


def variable_values(server, database, definition, view):
    if server.language == "influxql":
        return sorted(server.tag_values(database, expand(definition["query"], view, "influxql")))
    text = expand(definition["query"]["query"], view, "promql")
    selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", text).groups()
    return sorted(server.tag_values(database, selector, label, view.begin, view.end))


def run_annotations(server, database, board, view):
    answers = []
    for annotation in board["annotations"]["list"]:
        if server.language == "influxql":
            answers.append(server.query(database, expand(annotation["query"], view, "influxql")))
        else:
            text = expand(annotation["expr"], view, "promql")
            answers.append(server.range(database, text, view.begin, view.end, seconds(annotation["step"])))
    return answers


def holes(answers):
    """What a user would see as an empty panel or column: [(panel, query, what)].

    This is the check by which a renamed field is noticed, see the mutation test.
    """
    found = []
    for (title, ref), answer in answers.items():
        if not answer:
            found.append((title, ref, "no series"))
            continue
        columns = {name for series in answer for row in series.rows for name in row}
        for name in sorted(columns):
            values = [row.get(name) for series in answer for row in series.rows]
            if all(value is None or value == "" or value != value for value in values):
                found.append((title, ref, f"nothing in column {name}"))
    return found


def texts(board):
    """Every string of a board in which a variable could be used, variables' own definitions apart."""
    return json.dumps([board["panels"], board["links"], board["annotations"]], ensure_ascii=False)


def uses(text, name):
    return re.search(rf"\$\{{?{name}\b", text) is not None
