"""One fixed synthetic day of records, in line protocol, for the tests of the Grafana boards.

Three vantages check seven targets once a minute, half a minute past, so that no run falls on the edge of a
query's window. The faults stand in FAULTS. Nothing here is random.
"""

import dataclasses

START = 1748822400  # 2025-06-02T00:00:00Z
END = START + 86400
RUN_SECONDS = 60
PHASE_SECONDS = 30
PHASES = ("resolve", "connect", "tls", "processing", "transfer")
PHASE_SHARES = (0.05, 0.25, 0.375, 0.3, 0.025)  # of the whole run; they add up to 1


@dataclasses.dataclass(frozen=True)
class Vantage:
    name: str
    partition: str
    provider: str
    region: str
    base_seconds: float


@dataclasses.dataclass(frozen=True)
class Target:
    name: str
    role: str
    check: str
    partition: str
    provider: str = ""
    region: str = ""
    service: str = ""
    cert_days: int = 0  # left at END


VANTAGES = (
    Vantage("fra", "overseas", "aws", "eu-central-1", 0.080),
    Vantage("hz", "domestic", "alibaba", "cn-hangzhou", 0.040),
    Vantage("sg", "overseas", "aws", "ap-southeast-1", 0.120),
)
# cn-north-1 stands for two clouds; orders-db and the control are hosted nowhere known.
TARGETS = (
    Target("checkout", "app", "http", "overseas", "aws", "us-east-1", "app", cert_days=30),
    Target("orders-db", "app", "tcp", "domestic"),
    Target("aws/us-east-1/kv", "reference", "http", "overseas", "aws", "us-east-1", "kv", cert_days=10),
    Target("aws/us-east-1/object-storage", "reference", "http", "overseas", "aws", "us-east-1", "object-storage",
           cert_days=200),
    Target("aws/cn-north-1/kv", "reference", "http", "domestic", "aws", "cn-north-1", "kv", cert_days=90),
    Target("huawei/cn-north-1/auth", "reference", "http", "domestic", "huawei", "cn-north-1", "auth", cert_days=50),
    Target("xiaomi-204", "control", "http", "domestic"),
)


@dataclasses.dataclass(frozen=True)
class Fault:
    begin: str  # "HH:MM", the first run that shows it is half a minute later
    end: str
    targets: tuple
    vantages: tuple
    stage: str
    cause: str
    cause_code: int
    status_code: int = 2
    suspect: int = 0


EVERYWHERE = tuple(v.name for v in VANTAGES)
EVERYTHING = tuple(t.name for t in TARGETS)
FAULTS = (
    Fault("06:00", "07:00", ("checkout",), EVERYWHERE, "http", "status", 100),
    Fault("09:00", "09:30", ("aws/us-east-1/kv",), EVERYWHERE, "done", "slow", 140, status_code=1),
    Fault("12:00", "12:30", ("aws/us-east-1/kv", "aws/us-east-1/object-storage", "checkout"), ("hz",),
          "tcp", "timeout", 1),
    Fault("15:00", "15:20", EVERYTHING, ("hz",), "tcp", "no_route", 160, status_code=3, suspect=1),
    Fault("18:00", "18:10", ("orders-db",), EVERYWHERE, "dns", "nxdomain", 20),
    Fault("23:50", "23:52", EVERYTHING, ("sg",), "tcp", "no_route", 160, status_code=3, suspect=1),
    Fault("23:52", "24:00", ("checkout",), ("fra", "sg"), "http", "status", 100),
    Fault("23:52", "24:00", ("orders-db",), ("hz",), "dns", "nxdomain", 20),
)


def at(clock):
    hours, minutes = clock.split(":")
    return START + int(hours) * 3600 + int(minutes) * 60


def fault_of(target, vantage, second):
    for fault in FAULTS:
        if target.name in fault.targets and vantage.name in fault.vantages:
            if at(fault.begin) <= second < at(fault.end):
                return fault
    return None


def escaped(text):
    return text.replace("\\", "\\\\").replace(",", "\\,").replace(" ", "\\ ").replace("=", "\\=")


def field(value):
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{value}i" if isinstance(value, int) else repr(value)


def line(measurement, tags, fields, second, renamed):
    """`renamed` maps a field's name to another: the mutation by which the tests test themselves."""
    tag_text = "".join(f",{key}={escaped(value)}" for key, value in tags.items() if value)
    field_text = ",".join(f"{renamed.get(key, key)}={field(value)}" for key, value in fields.items())
    return f"{measurement}{tag_text} {field_text} {second}000"


def probe_fields(target, index, vantage, fault, second):
    run = (second - START) // RUN_SECONDS
    code = fault.status_code if fault else 0
    answered = code < 2 or (fault is not None and fault.stage == "http")
    duration = round(vantage.base_seconds + index * 0.001, 6)
    fields = {
        "success": int(code < 2), "status_code": code, "cause_code": fault.cause_code if fault else 0,
        "stage": fault.stage if fault else "done", "cause": fault.cause if fault else "none",
        "suspect": fault.suspect if fault else 0, "duration_seconds": duration if answered else 5.0,
        "loop_lag_seconds": 0.002, "late_seconds": 0.001, "seq": run,
    }
    if fault:
        fields["detail"] = f"what was seen: {fault.cause}"
    reached = {"tcp": PHASES[:2]}.get(target.check, PHASES) if answered else PHASES[:1]
    for phase, share in zip(PHASES, PHASE_SHARES):
        if phase in reached:
            fields[f"{phase}_seconds"] = round(duration * share, 9)
    if answered and target.cert_days:
        fields["ssl_earliest_cert_expiry"] = END + target.cert_days * 86400
    return fields


def probe_line(target, index, vantage, second, renamed):
    fault = fault_of(target, vantage, second)
    chose_an_address = fault is None or fault.stage != "dns"
    tags = {
        "vantage": vantage.name, "vantage_provider": vantage.provider, "vantage_region": vantage.region,
        "vantage_partition": vantage.partition, "target": target.name, "check": target.check, "role": target.role,
        "provider": target.provider, "region": target.region, "service": target.service,
        "partition": target.partition, "family": "ip4" if chose_an_address else "",
    }
    return line("probe", tags, probe_fields(target, index, vantage, fault, second), second, renamed)


def verdict_line(clock, component, state, grade, confidence, renamed):
    kind = component.split(":")[0]
    tags = {"class": kind, "component_kind": kind, "component": component, "grade": grade, "state": state}
    fields = {
        "confidence": confidence, "severity": 0.6, "state_code": int(state == "open"), "id": "i-1",
        "summary_en": f"{component} is {state}", "summary_zh": f"{component} {state} 中文",
    }
    return line("verdict", tags, fields, at(clock), renamed)


def verdict_lines(renamed):
    """checkout opens, closes and opens again; the undecided one names no component; one is open at the end."""
    story = [("06:01", "app:checkout", "open", "leaning", 0.7), ("06:02", "app:checkout", "open", "convicted", 0.95),
             ("07:01", "app:checkout", "closed", "convicted", 0.95), ("12:05", "", "open", "insufficient", 0.4),
             ("12:35", "", "closed", "insufficient", 0.4), ("23:53", "app:checkout", "open", "leaning", 0.8),
             ("23:58", "app:checkout", "open", "convicted", 0.97)]
    return [verdict_line(*event, renamed) for event in story]


def sonde_line(tags, second, per_run, renamed):
    run = (second - START) // RUN_SECONDS
    fields = {
        "records_accepted": per_run * run + 3, "records_delivered": per_run * run, "records_pending": 3,
        "records_evicted": 0, "records_dead_lettered": 0, "loop_lag_seconds": 0.002,
    }
    return line("sonde", tags, fields, second, renamed)


def lines(begin=START, end=END, renamed=None):
    """All records of [begin, end) that the boards read."""
    renamed = renamed or {}
    for second in range(begin + PHASE_SECONDS, end, RUN_SECONDS):
        for vantage in VANTAGES:
            for index, target in enumerate(TARGETS):
                yield probe_line(target, index, vantage, second, renamed)
            yield sonde_line({"vantage": vantage.name}, second, len(TARGETS), renamed)
        yield sonde_line({"instance": "hub-1"}, second, len(TARGETS) * len(VANTAGES), renamed)
    for text in verdict_lines(renamed):
        if begin <= int(text.rsplit(" ", 1)[1]) // 1000 < end:
            yield text
