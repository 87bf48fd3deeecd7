#!/usr/bin/env python3
"""Counts the instructions (user space, valgrind's callgrind) of one encode, parse, DNS check and HTTP check, and holds
them against tests/bench/instructions.json. Unlike times, instructions repeat on a busy machine.

  instructions.py SONDE_BENCH            fails when one is off by more than the bound
  instructions.py SONDE_BENCH --record   writes what was counted into instructions.json
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

RECORDED = pathlib.Path(__file__).with_name("instructions.json")
BOUND = 0.05
# Counted twice, with fewer and with more repetitions: the difference leaves the start of the process out.
REPETITIONS = {"encode": (1000, 5000), "parse": (500, 2500), "dns": (200, 1000), "http": (50, 350)}
SECONDS_MAX = 600  # valgrind is fifty times slower, and a neighbour may take most of the processor


def collected(program, what, count, directory):
    log = pathlib.Path(directory) / f"{what}-{count}"
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log}.%p",
               program, "repeat", what, str(count)]
    process = subprocess.Popen(command)
    try:
        if process.wait(timeout=SECONDS_MAX) != 0:
            sys.exit(f"{what}: sonde_bench repeat failed under valgrind")
    finally:
        process.kill()  # where it did not end in time
    text = pathlib.Path(f"{log}.{process.pid}").read_text()  # the server's process has a log of its own
    return int(re.search(r"Collected : (\d+)", text)[1])


def per_one(program, what):
    few, many = REPETITIONS[what]
    with tempfile.TemporaryDirectory() as directory:
        return (collected(program, what, many, directory) - collected(program, what, few, directory)) / (many - few)


def main():
    program = sys.argv[1]
    counted = {what: round(per_one(program, what)) for what in REPETITIONS}
    if "--record" in sys.argv[2:]:
        RECORDED.write_text(json.dumps(counted, indent=2) + "\n")
    recorded = json.loads(RECORDED.read_text())
    wrong = []
    for what, count in counted.items():
        off = count / recorded[what] - 1
        print(f"{what:8} {count:10} instructions, {off:+.1%} of the recorded {recorded[what]}")
        if abs(off) > BOUND:
            wrong.append(what)
    if wrong:
        sys.exit(f"off by more than {BOUND:.0%}: {', '.join(wrong)}. If that is meant, record anew with --record.")


if __name__ == "__main__":
    main()
