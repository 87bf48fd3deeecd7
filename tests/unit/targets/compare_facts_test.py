#!/usr/bin/env python3
"""Tests targets/compare_facts.py on facts made from the catalogue itself: equal first, then with one thing changed."""

import csv
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

import yaml

NO_PLACE = {"city": "", "country": "", "lat": "", "lon": ""}
TARGETS = pathlib.Path(__file__).resolve().parents[3] / "targets"


def load(name):
    return yaml.load((TARGETS / name).read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def location(url):
    parts = urllib.parse.urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    path = parts.path + ("?" + parts.query if parts.query else "")
    return {"scheme": parts.scheme, "host": parts.hostname, "port": port, "path": path, "method": "GET"}


def fact(provider, region, endpoint):
    row = location(endpoint["url"])
    if row["scheme"] == "dns":
        row["path"], row["method"] = row["path"][1:].split("?type=")
    row["expect"] = endpoint.get("rcode") or "|".join(map(str, endpoint["status"]))
    sourced = endpoint["sure"] == "sourced"
    return {"provider": provider, "region": region, "service": endpoint["service"], **row,
            "expect_basis": "sourced" if sourced else "recalled", "source": "listed:somewhere" if sourced else "recalled"}


def catalogue_as_facts():
    regions, endpoints = [], []
    for path in sorted(TARGETS.glob("*.yaml")):
        file = load(path.name)
        if "provider" not in file:
            continue
        for region in file["regions"]:
            regions.append({**NO_PLACE, "provider": file["provider"], "region": region["name"], **region})
            endpoints += [fact(file["provider"], region["name"], e) for e in region["endpoints"]]
        places = {"overseas": "global", "domestic": "global-cn"}
        endpoints += [fact(file["provider"], places[e["partition"]], e) for e in file["global"]]
    controls = [{**location(c["url"]), "expect": "|".join(map(str, c["status"])), "partition": c["partition"],
                 "operator": c["operator"]} for c in load("controls.yaml")["controls"]]
    resolvers = [{"ip6": "", **r, "doh_url": r.get("doh", ""), "dot_host": r.get("dot", "")}
                 for r in load("resolvers.yaml")["resolvers"]]
    return {"regions": regions, "endpoints": endpoints, "controls": controls, "resolvers": resolvers}


class CompareFacts(unittest.TestCase):
    def setUp(self):
        self.facts = catalogue_as_facts()

    def compare(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, rows in self.facts.items():
                with open(f"{folder}/{name}.csv", "w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, rows[0].keys(), extrasaction="ignore")
                    writer.writeheader()
                    writer.writerows(rows)
            done = subprocess.run([sys.executable, TARGETS / "compare_facts.py", folder], capture_output=True, text=True,
                                  timeout=60, check=False)
        return done.returncode, done.stdout.splitlines()

    def find(self, table, **wanted):
        return next(row for row in self.facts[table] if all(row[key] == value for key, value in wanted.items()))

    def test_equal_facts_give_no_difference(self):
        self.assertEqual(self.compare(), (0, []))

    def test_each_kind_of_difference_is_told_on_its_own_line(self):
        self.find("regions", provider="aws", region="us-east-1")["city"] = "Atlantis"
        self.find("regions", provider="gcp", region="asia-east1")["region"] = "asia-east9"
        self.find("endpoints", provider="aws", region="us-east-1", service="kv")["expect"] = "200|403"
        self.find("endpoints", provider="huawei", region="cn-north-4", service="auth")["host"] = "iam.elsewhere.example"
        self.find("controls", operator="Baidu")["expect"] = "204"
        self.find("resolvers", ip4="1.1.1.1")["operator"] = "Somebody"
        self.facts["endpoints"].append({**self.find("endpoints", provider="vultr", region="ams"), "service": "dns"})
        self.facts["regions"].append({**self.find("regions", provider="vultr", region="ams"), "provider": "newcloud"})
        self.facts["controls"].append({**self.find("controls", operator="Baidu"), "host": "www.elsewhere.example"})
        del self.facts["regions"][next(i for i, row in enumerate(self.facts["regions"]) if row["region"] == "fsn1")]
        code, lines = self.compare()
        self.assertEqual(code, 1)
        for start in ("aws/us-east-1: city", "gcp/asia-east9: in the facts", "gcp/asia-east1: in the catalogue",
                      "aws/us-east-1/kv: expects", "huawei/cn-north-4/auth: https://iam.cn-north-4",
                      "vultr/ams/dns: in the facts", "newcloud: in the facts", "hetzner/fsn1: in the catalogue",
                      "control https://www.elsewhere.example/: in the facts",
                      "control baidu: expects", "resolver 1.1.1.1: operator"):
            self.assertEqual(sum(line.startswith(start) for line in lines), 1, (start, lines))
        self.assertEqual(len(lines), 11)

    def test_what_is_left_out_on_purpose_is_no_difference(self):
        row = self.find("endpoints", provider="vultr", region="ams")
        self.facts["endpoints"] += [{**row, "service": "console"}, {**row, "host": "second.vultr.com"},
                                    {**row, "provider": "aws", "region": "global", "service": "cdn"}]
        reference = self.find("endpoints", provider="gcp", service="cdn")
        self.facts["controls"].append({key: reference.get(key, "") for key in self.facts["controls"][0]})
        self.assertEqual(self.compare(), (0, []))

    def test_a_folder_that_cannot_be_read_is_an_error_of_its_own(self):
        done = subprocess.run([sys.executable, TARGETS / "compare_facts.py", "/nonexistent"], capture_output=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
