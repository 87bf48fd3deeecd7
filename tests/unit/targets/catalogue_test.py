#!/usr/bin/env python3
"""Checks the target catalogue in targets/: structure, names, hosts, partitions, counts.

Runs with python3 and python3-yaml (Debian); no network. The structural checks are written out here rather
than taken from schema.json, so that they do not need a schema library; the test only makes sure that the
schema allows the same words.
"""

import ipaddress
import json
import pathlib
import re
import unittest
import urllib.parse

import yaml

TARGETS = pathlib.Path(__file__).resolve().parents[3] / "targets"
# Regions, domestic regions: as counted in the survey the catalogue was written from. A change of these
# numbers should be somebody's intention.
EXPECTED_REGIONS = {
    "aws": (39, 2), "azure": (68, 4), "gcp": (43, 0), "alibaba": (37, 20),
    "tencent": (21, 9), "huawei": (29, 11), "oracle": (53, 0),
}
PARTITIONS = {"domestic", "overseas"}
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PROVIDER_KEYS = {"provider", "name_en", "name_zh", "regions", "global"}
REGION_KEYS = {"name", "name_en", "name_zh", "city", "country", "partition", "lat", "lon", "status", "endpoints"}
SERVICES = {"object-storage", "kv", "auth", "queue", "compute-api", "dns", "cdn"}
# Under which domains a provider's own endpoints live: a typing error or a stranger's host stands out.
DOMAINS = {
    "aws": ("amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "aws.amazon.com"),
    "azure": ("azure.com", "azure.net", "azure.us", "azure.cn", "azure-dns.com", "microsoft.com",
              "microsoftonline.com", "microsoftonline.us", "chinacloudapi.cn", "microsoftonline.cn"),
    "gcp": ("googleapis.com", "google.com", "gstatic.com"),
    "alibaba": ("aliyuncs.com", "aliyun.com"),
    "tencent": ("myqcloud.com", "tencentcloudapi.com", "qq.com"),
    "huawei": ("myhuaweicloud.com", "myhuaweicloud.eu", "huaweicloud.com"),
    "oracle": ("oraclecloud.com", "oraclegovcloud.com", "oraclegovcloud.uk", "oraclecloud.eu"),
}


class UniqueKeyLoader(yaml.SafeLoader):
    """yaml.safe_load keeps the last of two equal keys in silence; here a second one is an error."""


def mapping_without_duplicates(loader, node, deep=False):
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in keys:
        if keys.count(key) > 1:
            raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", node.start_mark)
    return yaml.SafeLoader.construct_mapping(loader, node, deep)


UniqueKeyLoader.add_constructor("tag:yaml.org,2002:map",
                                lambda loader, node: mapping_without_duplicates(loader, node, deep=True))


def load(name):
    return yaml.load((TARGETS / name).read_text(encoding="utf-8"), Loader=UniqueKeyLoader)


def host_is_plausible(host):
    labels = (host or "").split(".")
    return len(labels) >= 3 and len(host) <= 253 and all(LABEL.fullmatch(label) for label in labels)


def is_under(host, domains):
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def target_name(provider, region, service):
    return f"{provider}/{region}/{service}"


class Catalogue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = {path.stem: load(path.name) for path in TARGETS.glob("*.yaml")}
        cls.providers = {name: file for name, file in cls.files.items() if "provider" in file}
        cls.controls = cls.files["controls"]["controls"]
        cls.resolvers = cls.files["resolvers"]["resolvers"]

    def regions(self):
        for provider, file in self.providers.items():
            for region in file["regions"]:
                yield provider, region

    def endpoints(self):
        for provider, region in self.regions():
            for endpoint in region["endpoints"]:
                yield target_name(provider, region["name"], endpoint["service"]), region["partition"], endpoint
        for provider, file in self.providers.items():
            for endpoint in file["global"]:
                place = "global-cn" if endpoint["partition"] == "domestic" else "global"
                yield target_name(provider, place, endpoint["service"]), endpoint["partition"], endpoint

    def check_text(self, value):
        self.assertIsInstance(value, str)
        self.assertEqual(value, value.strip())
        self.assertTrue(0 < len(value) <= 80)

    def check_status(self, codes):
        self.assertIsInstance(codes, list)
        self.assertTrue(codes)
        self.assertEqual(len(codes), len(set(codes)))
        for code in codes:
            self.assertIs(type(code), int)
            self.assertTrue(200 <= code <= 499, code)

    def test_there_is_a_file_for_each_provider_and_no_stray_one(self):
        self.assertEqual(set(self.files) - {"controls", "resolvers"}, set(EXPECTED_REGIONS))
        for name, file in self.providers.items():
            self.assertEqual(file["provider"], name, "the file is named after its provider")

    def test_region_counts_are_those_of_the_survey(self):
        for provider, (count, domestic) in EXPECTED_REGIONS.items():
            regions = self.providers[provider]["regions"]
            self.assertEqual(len(regions), count, provider)
            self.assertEqual(sum(r["partition"] == "domestic" for r in regions), domestic, provider)

    def test_provider_files_have_the_known_keys_only(self):
        for name, file in self.providers.items():
            with self.subTest(name):
                self.assertEqual(set(file), PROVIDER_KEYS)
                self.check_text(file["name_en"])
                self.check_text(file["name_zh"])

    def test_regions_are_well_formed(self):
        for provider, region in self.regions():
            with self.subTest(f"{provider}/{region.get('name')}"):
                self.assertEqual(set(region), REGION_KEYS)
                self.assertIsInstance(region["name"], str, "quote names that YAML reads as something else")
                self.assertRegex(region["name"], f"^{NAME.pattern}$")
                for key in ("name_en", "name_zh", "city"):
                    self.check_text(region[key])
                self.assertIsInstance(region["country"], str, "country NO needs quotes")
                self.assertRegex(region["country"], "^[A-Z]{2}$")
                self.assertIn(region["status"], {"ga", "restricted", "announced"})
                for key, limit in (("lat", 90), ("lon", 180)):
                    self.assertIsInstance(region[key], (int, float))
                    self.assertLessEqual(abs(region[key]), limit)
                self.assertFalse(region["lat"] == 0 and region["lon"] == 0, "a forgotten place")

    def test_chinese_names_are_not_copies_of_the_english_ones(self):
        for provider, region in self.regions():
            self.assertRegex(region["name_zh"], "[\u4e00-\u9fff]", f"{provider}/{region['name']}")

    def test_domestic_means_mainland_china(self):
        for provider, region in self.regions():
            mainland = region["country"] == "CN"
            self.assertEqual(region["partition"], "domestic" if mainland else "overseas",
                             f"{provider}/{region['name']}")

    def test_every_open_region_has_endpoints_and_an_announced_one_has_none(self):
        for provider, region in self.regions():
            count = len(region["endpoints"])
            if region["status"] == "announced":
                self.assertEqual(count, 0, f"{provider}/{region['name']}")
            else:
                self.assertTrue(1 <= count <= 2, f"{provider}/{region['name']} has {count}")

    def test_target_names_are_unique(self):
        names = [name for name, _, _ in self.endpoints()]
        self.assertEqual(len(names), len(set(names)), sorted(n for n in set(names) if names.count(n) > 1))

    def test_no_url_stands_twice(self):
        urls = [endpoint["url"] for _, _, endpoint in self.endpoints()]
        urls += [control["url"] for control in self.controls]
        self.assertEqual(len(urls), len(set(urls)), sorted(u for u in set(urls) if urls.count(u) > 1))

    def test_endpoints_are_well_formed(self):
        for name, _, endpoint in self.endpoints():
            with self.subTest(name):
                place = {"partition"} if "/global" in name else set()
                answer = {"rcode"} if endpoint["url"].startswith("dns:") else {"status"}
                self.assertEqual(set(endpoint) - {"method"}, {"service", "url", "sure"} | place | answer)
                self.assertIn(endpoint["service"], SERVICES)
                self.assertIn(endpoint["sure"], {"sourced", "recalled"})
                self.assertNotEqual(endpoint.get("method"), "GET", "GET is left out")
                self.assertIn(endpoint.get("method", "HEAD"), {"HEAD"})
                if "status" in endpoint:
                    self.check_status(endpoint["status"])
                else:
                    self.assertEqual(endpoint["rcode"], "NOERROR")

    def test_hosts_are_the_providers_own(self):
        for name, _, endpoint in self.endpoints():
            with self.subTest(name):
                url = urllib.parse.urlsplit(endpoint["url"])
                self.assertIn(url.scheme, {"https", "dns"})
                self.assertTrue(host_is_plausible(url.hostname), url.hostname)
                self.assertTrue(is_under(url.hostname, DOMAINS[name.split("/")[0]]), url.hostname)
                self.assertEqual(url.port, 53 if url.scheme == "dns" else None)
                self.assertTrue(url.path.startswith("/"))
                self.assertIsNone(url.username)
                self.assertEqual(url.fragment, "")
                if url.scheme == "dns":
                    self.assertTrue(host_is_plausible("zone." + url.path[1:]), url.path)
                    self.assertRegex(url.query, "^type=[A-Z]+$")

    def test_aws_hosts_carry_their_region(self):
        for region in self.providers["aws"]["regions"]:
            for endpoint in region["endpoints"]:
                self.assertIn(f".{region['name']}.", endpoint["url"])

    def test_both_partitions_are_covered(self):
        sources = {
            "references": {partition for _, partition, _ in self.endpoints()},
            "controls": {control["partition"] for control in self.controls},
            "resolvers": {resolver["partition"] for resolver in self.resolvers},
        }
        for what, partitions in sources.items():
            self.assertEqual(partitions, PARTITIONS, what)

    def test_controls_are_well_formed_and_of_several_operators(self):
        names = [control["name"] for control in self.controls]
        self.assertEqual(len(names), len(set(names)))
        for control in self.controls:
            with self.subTest(control["name"]):
                self.assertEqual(set(control), {"name", "url", "status", "partition", "operator"})
                self.assertRegex(control["name"], f"^{NAME.pattern}$")
                self.assertIn(urllib.parse.urlsplit(control["url"]).scheme, {"http", "https"})
                self.assertTrue(host_is_plausible(urllib.parse.urlsplit(control["url"]).hostname))
                self.check_status(control["status"])
                self.check_text(control["operator"])
        for partition in PARTITIONS:
            operators = {c["operator"] for c in self.controls if c["partition"] == partition}
            self.assertGreaterEqual(len(operators), 3, f"{partition}: no single company decides who is online")
            schemes = {c["url"].split(":")[0] for c in self.controls if c["partition"] == partition}
            self.assertEqual(schemes, {"http", "https"}, partition)

    def test_resolvers_are_well_formed(self):
        names = [resolver["name"] for resolver in self.resolvers]
        addresses = [r[key] for r in self.resolvers for key in ("ip4", "ip6") if key in r]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(len(addresses), len(set(addresses)))
        for resolver in self.resolvers:
            with self.subTest(resolver["name"]):
                self.assertLessEqual(set(resolver), {"name", "ip4", "ip6", "operator", "partition", "doh", "dot"})
                self.assertRegex(resolver["name"], f"^{NAME.pattern}$")
                self.assertTrue(ipaddress.IPv4Address(resolver["ip4"]).is_global)
                if "ip6" in resolver:
                    self.assertTrue(ipaddress.IPv6Address(resolver["ip6"]).is_global)
                self.check_text(resolver["operator"])
                self.assertIn(resolver["partition"], PARTITIONS)
                if "doh" in resolver:
                    self.assertRegex(resolver["doh"], r"^https://[a-z0-9.-]+/\S+$")

    def test_the_table_in_the_readme_is_true(self):
        text = (TARGETS / "README.md").read_text(encoding="utf-8")
        for provider, file in self.providers.items():
            regions, endpoints = file["regions"], [e for r in file["regions"] for e in r["endpoints"]]
            cells = [provider, len(regions), sum(r["partition"] == "domestic" for r in regions)]
            cells += [sum(r["status"] == status for r in regions) for status in ("ga", "restricted", "announced")]
            cells += [len(endpoints), sum(e["sure"] == "sourced" for e in endpoints), len(file["global"])]
            self.assertIn("| " + " | ".join(map(str, cells)) + " |", text)

    def test_the_schema_allows_the_same_words(self):
        schema = json.loads((TARGETS / "schema.json").read_text(encoding="utf-8"))
        definitions = schema["$defs"]
        self.assertEqual(schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
        self.assertEqual(set(definitions["service"]["enum"]), SERVICES)
        self.assertEqual(set(definitions["partition"]["enum"]), PARTITIONS)
        self.assertEqual(set(definitions["region"]["properties"]), REGION_KEYS)
        self.assertEqual(set(definitions["provider_file"]["properties"]), PROVIDER_KEYS)

    def test_every_file_says_what_it_is_for(self):
        for name in self.files:
            self.assertTrue((TARGETS / f"{name}.yaml").read_text(encoding="utf-8").startswith("# "), name)


class Helpers(unittest.TestCase):
    """The checks above must be able to fail."""

    def test_a_duplicate_key_is_an_error(self):
        with self.assertRaises(yaml.YAMLError):
            yaml.load("a: 1\na: 2\n", Loader=UniqueKeyLoader)

    def test_odd_hosts_are_refused(self):
        for host in ("localhost", "example.com", "a..b.com", "-a.b.com", "a_b.c.com", "s3.us east.com", None):
            self.assertFalse(host_is_plausible(host), host)

    def test_a_look_alike_domain_is_not_the_providers(self):
        self.assertFalse(is_under("s3.notamazonaws.com", DOMAINS["aws"]))
        self.assertTrue(is_under("s3.us-east-1.amazonaws.com", DOMAINS["aws"]))


if __name__ == "__main__":
    unittest.main()
