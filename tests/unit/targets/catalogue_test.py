#!/usr/bin/env python3
"""Checks the target catalogue in targets/: structure, names, hosts, partitions, counts.

Runs with python3, python3-yaml and python3-jsonschema (Debian); no network and no facts. schema.json says how a file
is built and is true for each of them; here stands what a schema cannot say, and what must not change by accident.
"""

import copy
import ipaddress
import json
import pathlib
import re
import unittest
import urllib.parse

import jsonschema
import yaml

TARGETS = pathlib.Path(__file__).resolve().parents[3] / "targets"
# Regions, domestic regions, endpoints: as counted in the survey the catalogue was written from. A change of these
# numbers should be somebody's intention.
EXPECTED = {
    "aws": (39, 2, 157),
    "azure": (68, 4, 128),
    "gcp": (43, 0, 90),
    "alibaba": (37, 20, 67),
    "tencent": (21, 9, 41),
    "huawei": (29, 11, 55),
    "oracle": (53, 0, 106),
    "ibm": (13, 0, 25),
    "digitalocean": (15, 0, 16),
    "linode": (31, 0, 53),
    "vultr": (32, 0, 33),
    "hetzner": (6, 0, 10),
    "ovh": (14, 0, 15),
    "scaleway": (4, 0, 7),
    "volcengine": (7, 4, 12),
    "baidu": (8, 7, 16),
    "jdcloud": (4, 4, 5),
    "ucloud": (22, 5, 23),
    "kingsoft": (7, 4, 8),
    "qiniu": (8, 4, 8),
    "chinamobile": (30, 30, 30),
    "yandex": (2, 0, 3),
    "cloudflare": (1, 0, 3),
    "fastly": (1, 0, 2),
    "akamai": (1, 0, 1),
}
PARTITIONS = {"domestic", "overseas"}
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# Networks without regions: one `global`, which has no place.
EDGE = {"cloudflare", "fastly", "akamai"}
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
    "ibm": ("appdomain.cloud", "ibm.com"),
    "digitalocean": ("digitalocean.com", "digitaloceanspaces.com"),
    "linode": ("linode.com", "linodeobjects.com"),
    "vultr": ("vultr.com",),
    "hetzner": ("hetzner.cloud", "hetzner.com", "your-objectstorage.com"),
    "ovh": ("ovh.com", "ovh.net", "ovh.us"),
    "scaleway": ("scaleway.com", "scw.cloud"),
    "volcengine": ("volcengineapi.com", "volces.com"),
    "baidu": ("baidu.com", "baidubce.com", "bcebos.com"),
    "jdcloud": ("jdcloud-api.com", "jdcloud-oss.com"),
    "ucloud": ("ucloud.cn", "ufileos.com"),
    "kingsoft": ("ksyun.com", "ksyuncs.com"),
    "qiniu": ("qiniucs.com",),
    "chinamobile": ("cmecloud.cn",),
    "yandex": ("yandex.net", "yandexcloud.net", "yandexcloud.kz"),
    "cloudflare": ("cloudflare.com",),
    "fastly": ("fastly.com",),
    "akamai": ("akamai.com",),
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
        cls.schema = json.loads((TARGETS / "schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(cls.schema)
        cls.validator = jsonschema.Draft202012Validator(cls.schema)

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

    def test_there_is_a_file_for_each_provider_and_no_stray_one(self):
        self.assertEqual(set(self.files) - {"controls", "resolvers"}, set(EXPECTED))
        for name, file in self.providers.items():
            self.assertEqual(file["provider"], name, "the file is named after its provider")

    def test_the_schema_is_true_for_every_file(self):
        for name, file in self.files.items():
            with self.subTest(name):
                self.validator.validate(file)

    def test_counts_are_those_of_the_survey(self):
        for provider, counts in EXPECTED.items():
            file = self.providers[provider]
            regions = file["regions"]
            found = (len(regions), sum(r["partition"] == "domestic" for r in regions),
                     sum(len(r["endpoints"]) for r in regions) + len(file["global"]))
            self.assertEqual(found, counts, provider)

    def test_region_ids_are_unique_in_their_provider(self):
        for provider, file in self.providers.items():
            names = [region["name"] for region in file["regions"]]
            self.assertEqual(len(names), len(set(names)), provider)

    def test_a_place_is_a_place(self):
        for provider, region in self.regions():
            with self.subTest(f"{provider}/{region['name']}"):
                self.assertEqual(region["name"] == "global", provider in EDGE)
                if provider in EDGE:
                    continue
                self.assertFalse(region["lat"] == 0 and region["lon"] == 0, "a forgotten place")
                if region["partition"] == "domestic":
                    self.assertTrue(18 <= region["lat"] <= 54 and 73 <= region["lon"] <= 135, "not in mainland China")

    def test_texts_have_no_stray_space(self):
        for provider, region in self.regions():
            for key in ("name_en", "name_zh", "city"):
                self.assertEqual(region.get(key, "").strip(), region.get(key, ""), f"{provider}/{region['name']}")

    def test_names_of_providers_and_aliases_are_unique(self):
        names = [name for provider, file in self.providers.items() for name in [provider, *file.get("aliases", [])]]
        self.assertEqual(len(names), len(set(names)), sorted(n for n in set(names) if names.count(n) > 1))
        self.assertFalse(set(names) & {"default", "global", "global-cn", "control"}, "words with a meaning of their own")

    def test_the_readme_lists_the_terms_of_every_provider(self):
        text = (TARGETS / "README.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| (\w+) \| [^|]+ \| <(https://[^>]+)> \| (\w+) \|$", text, re.MULTILINE)
        self.assertEqual({name: {"url": url, "sure": sure} for name, url, sure in rows},
                         {name: file["terms"] for name, file in self.providers.items()})

    def test_the_names_that_people_use_are_there(self):
        for alias, provider in (("aliyun", "alibaba"), ("ali", "alibaba"), ("qcloud", "tencent"), ("oci", "oracle"),
                                ("google", "gcp"), ("huaweicloud", "huawei"), ("ksyun", "kingsoft")):
            self.assertIn(alias, self.providers[provider]["aliases"])

    def test_chinese_names_are_not_copies_of_the_english_ones(self):
        for provider, region in self.regions():
            self.assertRegex(region["name_zh"], "[\u4e00-\u9fff]", f"{provider}/{region['name']}")

    def test_domestic_means_mainland_china(self):
        for provider, region in self.regions():
            mainland = region.get("country") == "CN"
            self.assertEqual(region["partition"], "domestic" if mainland else "overseas",
                             f"{provider}/{region['name']}")

    def test_every_open_region_has_endpoints_and_an_announced_one_has_none(self):
        for provider, region in self.regions():
            count = len(region["endpoints"])
            if region["status"] == "announced":
                self.assertEqual(count, 0, f"{provider}/{region['name']}")
            else:
                self.assertGreaterEqual(count, 1, f"{provider}/{region['name']}")

    def test_target_names_are_unique(self):
        names = [name for name, _, _ in self.endpoints()]
        self.assertEqual(len(names), len(set(names)), sorted(n for n in set(names) if names.count(n) > 1))

    def test_service_and_url_are_unique_in_their_provider(self):
        seen = set()
        for name, _, endpoint in self.endpoints():
            pair = (name.split("/")[0], endpoint["service"], endpoint["url"])
            self.assertNotIn(pair, seen, name)
            seen.add(pair)

    def test_the_surest_endpoint_of_a_region_is_the_first(self):
        for provider, region in self.regions():
            sure = [endpoint["sure"] == "sourced" for endpoint in region["endpoints"]]
            self.assertEqual(sure, sorted(sure, reverse=True), f"{provider}/{region['name']}")

    def test_no_url_stands_twice(self):
        urls = [endpoint["url"] for _, _, endpoint in self.endpoints()]
        urls += [control["url"] for control in self.controls]
        self.assertEqual(len(urls), len(set(urls)), sorted(u for u in set(urls) if urls.count(u) > 1))

    def test_hosts_are_the_providers_own(self):
        for name, _, endpoint in self.endpoints():
            with self.subTest(name):
                url, provider = urllib.parse.urlsplit(endpoint["url"]), name.split("/")[0]
                self.assertIn(url.scheme, {"https", "dns"} if provider != "digitalocean" else {"https", "http"})
                self.assertTrue(host_is_plausible(url.hostname), url.hostname)
                self.assertTrue(is_under(url.hostname, DOMAINS[provider]), url.hostname)
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
                self.assertTrue(host_is_plausible(urllib.parse.urlsplit(control["url"]).hostname))
        taken = [control for control in self.controls if "spare" not in control]
        for partition in PARTITIONS:
            operators = [c["operator"] for c in taken if c["partition"] == partition]
            self.assertGreaterEqual(len(set(operators)), 4, f"{partition}: no single company decides who is online")
            self.assertLessEqual(max(operators.count(o) for o in operators), 2, f"{partition}: one of http, one of https")
            schemes = {c["url"].split(":")[0] for c in taken if c["partition"] == partition}
            self.assertEqual(schemes, {"http", "https"}, partition)

    def test_resolvers_are_well_formed(self):
        names = [resolver["name"] for resolver in self.resolvers]
        addresses = [r[key] for r in self.resolvers for key in ("ip4", "ip6") if key in r]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(len(addresses), len(set(addresses)))
        for resolver in self.resolvers:
            with self.subTest(resolver["name"]):
                self.assertTrue(ipaddress.IPv4Address(resolver["ip4"]).is_global)
                if "ip6" in resolver:
                    self.assertTrue(ipaddress.IPv6Address(resolver["ip6"]).is_global)

    def test_the_table_in_the_readme_is_true(self):
        text = (TARGETS / "README.md").read_text(encoding="utf-8")
        for provider, file in self.providers.items():
            regions, endpoints = file["regions"], [e for r in file["regions"] for e in r["endpoints"]]
            cells = [provider, len(regions), sum(r["partition"] == "domestic" for r in regions)]
            cells += [sum(r["status"] == status for r in regions) for status in ("ga", "restricted", "announced")]
            cells += [len(endpoints), sum(e["sure"] == "sourced" for e in endpoints), len(file["global"])]
            self.assertIn("| " + " | ".join(map(str, cells)) + " |", text)

    def test_every_file_says_what_it_is_for(self):
        for name in self.files:
            self.assertTrue((TARGETS / f"{name}.yaml").read_text(encoding="utf-8").startswith("# "), name)


class Schema(unittest.TestCase):
    """One thing wrong at a time: the schema must refuse each."""

    @classmethod
    def setUpClass(cls):
        schema = json.loads((TARGETS / "schema.json").read_text(encoding="utf-8"))
        cls.validator = jsonschema.Draft202012Validator(schema)
        cls.good = load("aws.yaml")
        cls.good["regions"] = cls.good["regions"][:1]

    def refuses(self, change, file=None):
        bad = copy.deepcopy(file or self.good)
        self.assertTrue(self.validator.is_valid(bad))
        change(bad)
        self.assertFalse(self.validator.is_valid(bad))

    def test_it_refuses_what_is_wrong_in_a_region(self):
        for key, value in (("partition", "abroad"), ("status", "closed"), ("country", "usa"), ("lat", 91), ("city", ""),
                           ("endpoints", []), ("colour", "red")):
            with self.subTest(key):
                self.refuses(lambda file, key=key, value=value: file["regions"][0].update({key: value}))
        for key in ("name", "name_en", "name_zh", "city", "country", "partition", "lat", "lon", "status", "endpoints"):
            with self.subTest(f"without {key}"):
                self.refuses(lambda file, key=key: file["regions"][0].pop(key))

    def test_it_refuses_what_is_wrong_in_an_endpoint(self):
        for key, value in (("service", "mainframe"), ("url", "ftp://a.b.c/"), ("url", "https://a.b.c"), ("status", [503]),
                           ("status", []), ("sure", "certain"), ("rcode", "NOERROR"), ("method", "GET"), ("port", 1)):
            with self.subTest(f"{key}: {value}"):
                self.refuses(lambda file, key=key, value=value:
                             file["regions"][0]["endpoints"][0].update({key: value}))

    def test_it_refuses_a_place_of_an_edge_network_and_endpoints_of_an_announced_region(self):
        edge = load("cloudflare.yaml")
        self.refuses(lambda file: file["regions"][0].update(city="Everywhere"), edge)
        self.refuses(lambda file: file["regions"][0].update(status="announced"))

    def test_it_refuses_what_is_wrong_in_controls_and_resolvers(self):
        self.refuses(lambda file: file["controls"][0].pop("sure"), load("controls.yaml"))
        self.refuses(lambda file: file["controls"][0].update(spare=False), load("controls.yaml"))
        self.refuses(lambda file: file["resolvers"][0].pop("ip4"), load("resolvers.yaml"))


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
