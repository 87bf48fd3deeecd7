"""What a prober should record of each kind of fault, and reading what it did record. Shared by the headless test and the
end-to-end test with real probers, so that the two cannot drift apart."""

import json
import pathlib
import re

TABLE = json.loads((pathlib.Path(__file__).parent / "kinds.json").read_text())
KINDS = TABLE["kinds"]
NOTHING = TABLE["nothing"]

FIELD = re.compile(r'([a-z_0-9]+)=("(?:[^"\\]|\\.)*"|[^,]*)')
# Scopes in the small world that hold every protocol: https apps and references, an http control, a tcp app.
SCOPES = [{"app": "checkout"}, {"service": "cirrus/cn-east/object-storage"}, {"control": "overseas-2"}, {"app": "orders-db"}]


# Kinds that belong to a vantage, whatever it probes.
OF_VANTAGE = {"uplink", "clock"}


class Result:
    """One probe record."""

    def __init__(self, line):
        head, rest = line.split(" ", 1)
        fields, stamp = rest.rsplit(" ", 1)
        self.tags = dict(part.split("=", 1) for part in head.split(",")[1:])
        self.fields = {k: v[1:-1] if v.startswith('"') else v for k, v in FIELD.findall(fields)}
        self.time_ms = int(stamp) // 1_000_000
        self.pair = (self.tags["vantage"], self.tags["target"])
        self.outcome = [self.fields[k] for k in ("status", "stage", "cause")]


def results(text):
    return [Result(line) for line in text.splitlines() if line.startswith("probe,")]


def touches(on, vantage, target):
    """The scopes of these tests, as README.md tells them; written again here on purpose."""
    name = target["name"]
    wanted = {"app": name if target["role"] == "app" else None,
              "control": name.removeprefix("control/") if target["role"] == "control" else None,
              "service": name if target["role"] == "reference" else None,
              "region": f"{target['provider']}/{target['region']}", "provider": target["provider"],
              "isp": vantage["isp"], "vantage": vantage["name"],
              "border": vantage["partition"] != target["partition"]}
    return all(wanted[key] == value for key, value in on.items())


def expected(kind, target):
    """The right outcomes of a pair that the fault strikes; nothing where the kind cannot show itself on this target."""
    row = KINDS[kind]
    if target["role"] == "reference" and "reference" in row:
        return row["reference"]
    return row.get(target["protocol"], [NOTHING])


def fields_of(result):
    """The names of the facts, without those that only a machine with clocks of its own has."""
    return set(result.fields) - {"clock_step_ms", "tls_wait_seconds"}
