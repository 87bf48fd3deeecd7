#!/usr/bin/env python3
"""Runs one part of sonde_bench in its short form and checks that its rows make sense. Never judges a time."""
import json
import subprocess
import sys

MUST_BE_POSITIVE = {
    "checks": ["sonde us", "bare us", "sonde/bare"],
    "memory": [],
    "fidelity": ["results"],
    "line-protocol": ["bytes", "encode ns", "copy ns", "decode ns"],
    "capacity": [],
    "judge": ["results/s", "quiet tick ms", "1 % failing ms", "10 % failing ms", "bytes/cell"],
    "scheduling": ["sonde us"],
}
MUST_HAVE = {
    "checks": {"dns", "tcp", "tls ecdsa", "tls rsa", "http", "https ecdsa", "https rsa"},
    "capacity": {"dns", "tcp", "http", "https ecdsa"},
    "line-protocol": {"12 integers", "an https run"},
}


def value(figure):
    return figure["median"] if isinstance(figure, dict) else figure


def main():
    program, part = sys.argv[1:]
    run = subprocess.run([program, part, "--short", "--json"], capture_output=True, text=True, timeout=110)
    sys.stdout.write(run.stdout + run.stderr)
    if run.returncode != 0:
        sys.exit(f"sonde_bench {part} ended with {run.returncode}")
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    names = {row["what"] for row in rows if row["bench"] == part}
    if not names or not MUST_HAVE.get(part, set()) <= names:
        sys.exit(f"rows are missing: there are {sorted(names)}")
    for row in rows:
        for name in MUST_BE_POSITIVE[row["bench"]]:
            figure = row[name]
            if figure is None and row.get("note"):
                continue  # the row says why
            if not value(figure) > 0:
                sys.exit(f"{row['what']}: {name} is {figure}")
        for name, figure in row.items():
            if isinstance(figure, dict) and not figure["min"] <= figure["median"] <= figure["max"]:
                sys.exit(f"{row['what']}: {name} is out of order: {figure}")
            if isinstance(figure, (int, float)) and name.endswith("KiB") and not 500 < figure < 10_000_000:
                sys.exit(f"{row['what']}: {name} is no size of a process: {figure}")


if __name__ == "__main__":
    main()
