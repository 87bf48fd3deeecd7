#!/usr/bin/env python3
"""The whole catalogue against the world: sonde-world resolves every name to loopback and serves every endpoint as the
files say, on the ports that they name, in a network namespace of the benchmark's own. Says whether every entry runs and
is fine, and what one prober takes for all of it.

usage: catalogue.py SONDE SONDE-WORLD [--every 30s] [--rounds 2] [--json]      --rounds 0 measures nothing and ends when
all were fine

Needs python3-yaml, iproute2 and network namespaces (root or user namespaces); exits 77 without them. The prober writes
to its log and to a file, as in `sonde_bench memory`. The world is a process of its own: its CPU is not counted, but it
runs beside it.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_HERE = 77
INSIDE = "SONDE_BENCH_INSIDE"
ALL_SECONDS_MAX = 120


def enter_namespace():
    """Runs this again in a network of its own, where low ports are free and loopback leads nowhere else."""
    if os.environ.get(INSIDE):
        return
    tools = all(shutil.which(tool) for tool in ("unshare", "ip"))
    plain = [["unshare", "-n"], ["unshare", "-Urn"]]
    for prefix in plain if tools else []:
        if subprocess.run([*prefix, "ip", "link", "set", "lo", "up"], capture_output=True).returncode == 0:
            os.execvpe(prefix[0], [*prefix, "sh", "-c", 'ip link set lo up && exec "$0" "$@"', sys.executable, *sys.argv],
                       {**os.environ, INSIDE: "1"})
    print("needs unshare, iproute2 and network namespaces")
    sys.exit(NOT_HERE)


def entries():
    """Regions by provider, controls, and how many entries there are."""
    import yaml
    regions, controls, count = {}, [], 0
    for path in sorted((ROOT / "targets").glob("*.yaml")):
        data = yaml.safe_load(path.read_text())
        if "provider" in data:
            regions[data["provider"]] = [r["name"] for r in data["regions"]]
        controls += data.get("controls", [])
        count += len(data.get("global", [])) + len(data.get("controls", [])) + \
            sum(len(r["endpoints"]) for r in data.get("regions", []))
    return regions, controls, count


def start_world(program, folder):
    """Every name of the catalogue on an address of its own, at the ports that its URLs name."""
    (folder / "world.yaml").write_text(f"""
catalogue: {ROOT}/targets
distances: {{scale: 0}}
vantages:
  - {{name: bench, lives_in: aws/eu-central-1, partition: overseas, isp: bench, city: Frankfurt, country: DE, lat: 50, lon: 8}}
""")
    world = subprocess.Popen([program, "-f", folder / "world.yaml", "--out", folder / "world", "--port-base", "0"])
    for _ in range(1000):
        if (folder / "world/world.json").exists():
            return world, json.loads((folder / "world/world.json").read_text())["vantages"][0]
        if world.poll() is not None:
            break
        time.sleep(0.02)
    sys.exit("the world does not start")


def configuration(regions, controls, vantage, folder, every):
    """Everything by its full name, because restricted regions and spare controls are taken only so. A choice has the
    controls of the vantage's own partition; those of the other stand as the user's own."""
    names = json.dumps(sorted({r for names in regions.values() for r in names} | {"global", "global-cn"}))
    own = [c["name"] for c in controls if c["partition"] == "overseas"]
    other = [{"name": c["name"], "url": c["url"], "partition": c["partition"], "every": every,
              "expect": {"status": c["status"]}} for c in controls if c["partition"] != "overseas"]
    path = folder / "sonde.yaml"
    path.write_text(f"""
vantage: {{name: bench, partition: overseas, source: {vantage["source"]}}}
resolver: {vantage["resolver"]}
policy: {{allow: [127.0.0.0/8]}}
tls: {{ca_file: {folder}/world/ca.pem}}
log: {{directory: {folder}/log}}
sinks: [{{file: {{path: {folder}/records}}}}]
targets:
  - {{catalogue: ["*"], regions: {names}, per_region: 8, controls: {json.dumps(own)}, every: {every}}}
controls: {json.dumps(other)}
""")
    return path


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid, key):
    return int(re.search(rf"^{key}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1]) / 1024


def read_records(path):
    """Target -> how its runs went, by words: {"ok": 3}."""
    out = collections.defaultdict(collections.Counter)
    for line in path.read_text().splitlines():
        if line.startswith("probe,"):
            target = re.search(r",target=((?:[^ ,\\]|\\.)+)", line)[1].replace("\\", "")
            status = re.search(r'[ ,]status="(\w+)"', line)[1]
            out[target][status] += 1
    return out


def wait_for_all(path, expected):
    """Until every entry was fine once. Those that share a host are asked less often than the others: the last of them
    has its first slot late."""
    end = time.monotonic() + ALL_SECONDS_MAX
    while time.monotonic() < end:
        if path.exists() and sum(1 for counts in read_records(path).values() if counts["ok"]) == expected:
            return
        time.sleep(1)


def measure(sonde, config, folder, every, rounds, expected):
    figures = {}
    process = subprocess.Popen([sonde, "run", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=open(folder / "said", "w"))
    try:
        if rounds > 0:
            time.sleep(every + 2)  # the first round, and reading the catalogue
            before, started = cpu_seconds(process.pid), time.monotonic()
            time.sleep(every * rounds)
            figures["cpu_percent"] = round(100 * (cpu_seconds(process.pid) - before) / (time.monotonic() - started), 2)
        wait_for_all(folder / "records", expected)
        figures["resident_mib"] = round(memory_mib(process.pid, "VmRSS"), 1)
        figures["largest_mib"] = round(memory_mib(process.pid, "VmHWM"), 1)
    except (OSError, TypeError):
        sys.exit("sonde run ended early:\n" + (folder / "said").read_text())
    finally:
        process.terminate()
        process.wait(timeout=30)
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sonde")
    parser.add_argument("world")
    parser.add_argument("--every", default="30s")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    enter_namespace()
    every = float(options.every.removesuffix("s"))
    regions, controls, count = entries()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        world, vantage = start_world(options.world, folder)
        try:
            config = configuration(regions, controls, vantage, folder, options.every)
            figures = measure(options.sonde, config, folder, every, options.rounds, count)
            records = read_records(folder / "records")
        finally:
            world.terminate()
            world.wait(timeout=30)
    fine = {target for target, counts in records.items() if counts["ok"]}
    counts = sum(records.values(), collections.Counter())
    figures.update(entries=count, fine=len(fine), runs=counts.total(), runs_ok=counts["ok"])
    if options.json:
        print(json.dumps({"bench": "catalogue", "what": f"every {options.every}", **figures}))
    else:
        print(f"the whole catalogue every {options.every}: " + ", ".join(f"{k} {v}" for k, v in figures.items()))
    if len(fine) != count:
        sys.exit(f"never fine: {sorted(set(records) - fine)[:20]}; without a run: {count - len(records)}")


if __name__ == "__main__":
    main()
