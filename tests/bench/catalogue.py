#!/usr/bin/env python3
"""The whole catalogue against this machine: every name is resolved to loopback and every endpoint answers as the files
say, on its own port, in a network namespace of the benchmark's own. Says whether every entry runs and is fine, and what
one prober takes for all of it.

usage: catalogue.py SONDE [--every 30s] [--rounds 2] [--json]      --rounds 0 measures nothing and ends when all were fine

Needs python3-yaml, openssl, nginx, iproute2 and network namespaces (root or user namespaces); exits 77 without them. The
prober writes to its log and to a file, as in `sonde_bench memory`. Servers are processes of their own: their CPU is not
counted, but they run beside it.
"""
import argparse
import collections
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_HERE = 77
INSIDE = "SONDE_BENCH_INSIDE"
ALL_SECONDS_MAX = 120


def enter_namespace():
    """Runs this again in a network of its own, where low ports are free and loopback leads nowhere else."""
    if os.environ.get(INSIDE):
        return
    tools = all(shutil.which(tool) for tool in ("unshare", "ip", "openssl", "nginx"))
    plain = [["unshare", "-n"], ["unshare", "-Urn"]]
    for prefix in plain if tools else []:
        if subprocess.run([*prefix, "ip", "link", "set", "lo", "up"], capture_output=True).returncode == 0:
            os.execvpe(prefix[0], [*prefix, "sh", "-c", 'ip link set lo up && exec "$0" "$@"', sys.executable, *sys.argv],
                       {**os.environ, INSIDE: "1"})
    print("needs unshare, iproute2, openssl, nginx and network namespaces")
    sys.exit(NOT_HERE)


class Endpoint:
    def __init__(self, provider, entry):
        self.provider = provider
        self.url = urllib.parse.urlsplit(entry["url"])
        self.status = entry.get("status", [0])[0]


class Catalogue:
    def __init__(self):
        import yaml
        self.regions, self.controls, self.endpoints = {}, [], []
        for path in sorted((ROOT / "targets").glob("*.yaml")):
            data = yaml.safe_load(path.read_text())
            provider = data.get("provider", "controls")
            if "provider" in data:
                self.regions[provider] = [r["name"] for r in data["regions"]]
            for entry in [*data.get("global", []), *data.get("controls", []),
                          *(e for r in data.get("regions", []) for e in r["endpoints"])]:
                self.endpoints.append(Endpoint(provider, entry))
            self.controls += [c for c in data.get("controls", [])]

    def hosts(self, provider):
        return sorted({e.url.hostname for e in self.endpoints if e.provider == provider and e.url.scheme == "https"})


def make_certificates(catalogue, folder):
    """A CA, and one certificate per provider for all of its hosts. Returns host -> certificate file."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    openssl("req", "-x509", *key, "-subj", "/CN=bench root", "-keyout", folder / "ca.key", "-out", folder / "ca.pem",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    out = {}
    for provider in [*catalogue.regions, "controls"]:
        hosts = catalogue.hosts(provider)
        if not hosts:
            continue
        (folder / "x.cnf").write_text("[v]\nbasicConstraints=CA:FALSE\nsubjectAltName=" +
                                      ",".join("DNS:" + h for h in hosts) + "\n")
        openssl("req", *key[:-2], "-subj", f"/CN={provider}", "-keyout", folder / f"{provider}.key", "-out", folder / "x.csr")
        openssl("x509", "-req", "-in", folder / "x.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-days", 30,
                "-extfile", folder / "x.cnf", "-extensions", "v", "-out", folder / "x.pem")
        bundle = folder / f"{provider}.pem"
        bundle.write_text((folder / "x.pem").read_text() + (folder / f"{provider}.key").read_text())
        out.update({host: bundle for host in hosts})
    return out


def dns_answer(query):
    """A: loopback; other types: no data, which is NOERROR; SOA gets a record of its own kind."""
    end = query.index(b"\0", 12) + 5
    question, qtype = query[12:end], struct.unpack("!H", query[end - 4:end - 2])[0]
    data = {1: b"\x7f\0\0\1", 6: b"\xc0\x0c\xc0\x0c" + struct.pack("!5I", 1, 3600, 600, 86400, 60),
            2: b"\xc0\x0c"}.get(qtype)
    answer = b"" if data is None else b"\xc0\x0c" + struct.pack("!HHIH", qtype, 1, 60, len(data)) + data
    return query[:2] + struct.pack("!HHHHH", 0x8580, 1, 1 if answer else 0, 0, 0) + question + answer


def serve_dns():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        query, peer = server.recvfrom(2048)
        server.sendto(dns_answer(query), peer)


def block(scheme, port, host, endpoints, certificates):
    """An nginx server for one host: each path answers its status. A redirect leads nowhere."""
    def answer(status):
        return f"{status} http://127.0.0.1:1/" if status in (301, 302, 303, 307, 308) else \
            str(status) if status >= 400 or status in (204, 304) else f'{status} "ok"'

    paths = {e.url.path: e.status for e in endpoints}
    lines = [f"location = {path} {{ return {answer(status)}; }}" for path, status in sorted(paths.items())]
    tls = f"ssl_certificate {certificates[host]}; ssl_certificate_key {certificates[host]};" if scheme == "https" else ""
    return (f"server {{ listen 127.0.0.1:{port}{' ssl' if tls else ''}; server_name {host}; {tls} {' '.join(lines)} "
            "location / { return 500; } }")


def nginx_configuration(catalogue, certificates, folder):
    by_server = collections.defaultdict(list)
    for e in catalogue.endpoints:
        if e.url.scheme != "dns":
            port = e.url.port or {"http": 80, "https": 443}[e.url.scheme]
            by_server[(e.url.scheme, port, e.url.hostname)].append(e)
    blocks = "\n".join(block(*key, endpoints, certificates) for key, endpoints in sorted(by_server.items()))
    (folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; default_type text/plain; server_names_hash_max_size 8192; server_names_hash_bucket_size 128;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder}; ssl_session_tickets off; keepalive_timeout 0;
{blocks}
}}
""")
    return {port for _, port, _ in by_server}


def start_servers(catalogue, certificates, folder):
    ports = nginx_configuration(catalogue, certificates, folder)
    dns = multiprocessing.Process(target=serve_dns, daemon=True)
    dns.start()
    nginx = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-p", folder, "-e", folder / "nginx.log"])
    for port in ports:
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        else:
            sys.exit("nginx does not start: " + (folder / "nginx.log").read_text())
    return [dns, nginx]


def configuration(catalogue, folder, every):
    """Everything by its full name, because restricted regions and spare controls are taken only so. A choice has the
    controls of the vantage's own partition; those of the other stand as the user's own."""
    names = json.dumps(sorted({r for regions in catalogue.regions.values() for r in regions} | {"global", "global-cn"}))
    own = [c["name"] for c in catalogue.controls if c["partition"] == "overseas"]
    other = [{"name": c["name"], "url": c["url"], "partition": c["partition"], "every": every,
              "expect": {"status": c["status"]}} for c in catalogue.controls if c["partition"] != "overseas"]
    path = folder / "sonde.yaml"
    path.write_text(f"""
vantage: {{name: bench, partition: overseas}}
resolver: 127.0.0.1
policy: {{allow: [127.0.0.0/8]}}
tls: {{ca_file: {folder}/ca.pem}}
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
    parser.add_argument("--every", default="30s")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    enter_namespace()
    every = float(options.every.removesuffix("s"))
    catalogue = Catalogue()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        certificates = make_certificates(catalogue, folder)
        servers = start_servers(catalogue, certificates, folder)
        config = configuration(catalogue, folder, options.every)
        figures = measure(options.sonde, config, folder, every, options.rounds, len(catalogue.endpoints))
        records = read_records(folder / "records")
        for server in servers:
            server.terminate()
    fine = {target for target, counts in records.items() if counts["ok"]}
    counts = sum(records.values(), collections.Counter())
    figures.update(entries=len(catalogue.endpoints), fine=len(fine), runs=counts.total(), runs_ok=counts["ok"])
    if options.json:
        print(json.dumps({"bench": "catalogue", "what": f"every {options.every}", **figures}))
    else:
        print(f"the whole catalogue every {options.every}: " + ", ".join(f"{k} {v}" for k, v in figures.items()))
    if len(fine) != len(catalogue.endpoints):
        sys.exit(f"never fine: {sorted(set(records) - fine)[:20]}; without a run: {len(catalogue.endpoints) - len(records)}")


if __name__ == "__main__":
    main()
