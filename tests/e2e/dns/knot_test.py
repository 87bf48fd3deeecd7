"""dns targets against Knot DNS: every type, both transports, flags and expectations, from the configuration to the
record that is written down."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import servers  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
SONDE = os.environ.get("SONDE", str(ROOT / "build/release/cli/sonde"))

ZONE = r"""$TTL 300
@ SOA ns admin 2026112501 7200 900 1209600 60
@ NS ns
@ MX 10 mail
@ TXT "v=spf1 -all"
@ CAA 0 issue "ca.test"
@ HTTPS 1 . alpn=h2
@ TYPE65280 \# 2 abcd
ns A 127.0.0.1
mail A 192.0.2.25
web 60 A 192.0.2.1
web 60 A 192.0.2.2
web AAAA 2001:db8::1
www CNAME web
_https._tcp SRV 0 5 443 web
1.2.0.192 PTR web
loop CNAME loop2
loop2 CNAME loop
"""
for number in range(120):
    ZONE += f"many A 198.51.100.{number}\n"

# name of the target: (path and query, request and expect, what the record must hold)
CASES = {
    "a": ("web.example.test?type=A", "expect: {answers: [192.0.2.1, 192.0.2.2], authoritative: true, max_ttl: 60s}",
          {"cause": "none", "dns_rcode": 0, "dns_answers": 2, "dns_min_ttl": 60, "dns_answer_set": "192.0.2.1,192.0.2.2",
           "dns_authoritative": 1, "dns_transport": "udp"}),
    "aaaa": ("web.example.test?type=AAAA", "expect: {answers: {subset: ['2001:db8::/32']}}", {"cause": "none"}),
    "cname": ("www.example.test?type=CNAME", "", {"cause": "none", "dns_answer_set": "web.example.test"}),
    "alias": ("www.example.test", "expect: {answers: {contains: [CNAME web.example.test]}}",
              {"cause": "none", "dns_answers": 2, "dns_answer_records": 3}),
    "mx": ("example.test?type=MX", "expect: {answers: [10 mail.example.test]}",
           {"cause": "none", "dns_additional": 1}),
    "txt": ("example.test?type=TXT", "expect: {answers: ['v=spf1 -all']}", {"cause": "none"}),
    "ns": ("example.test?type=NS", "", {"cause": "none", "dns_answer_set": "ns.example.test"}),
    "soa": ("example.test?type=SOA", "", {"cause": "none", "dns_serial": 2026112501}),
    "srv": ("_https._tcp.example.test?type=SRV", "", {"cause": "none", "dns_answer_set": "0 5 443 web.example.test"}),
    "caa": ("example.test?type=CAA", "", {"cause": "none"}),
    "ptr": ("1.2.0.192.example.test?type=PTR", "", {"cause": "none"}),
    "https": ("example.test?type=HTTPS", "", {"cause": "none", "dns_answer_set": "1 . alpn=h2"}),
    "generic": ("example.test?type=TYPE65280", "", {"cause": "none", "dns_answer_set": r"\# 2 abcd"}),
    "any": ("example.test?type=ANY", "", {"cause": "none"}),
    "tcp": ("web.example.test", "request: {transport: tcp}", {"cause": "none", "dns_transport": "tcp"}),
    "truncated": ("many.example.test", "expect: {answers_min: 120}",
                  {"cause": "none", "dns_transport": "tcp", "dns_answers": 120}),
    "plain": ("web.example.test", "request: {edns: false, recursion: false}", {"cause": "none"}),
    "chaos": ("version.server?type=TXT", "request: {class: CH}",
              {"cause": "none", "dns_answer_set": '"sonde-test"'}),
    "nxdomain": ("no.example.test", "", {"cause": "nxdomain", "stage": "dns", "dns_authority": 1}),
    "wanted-nxdomain": ("no.example.test", "expect: {rcode: NXDOMAIN, authority_matches: ['SOA']}", {"cause": "none"}),
    "nodata": ("ns.example.test?type=AAAA", "", {"cause": "nodata"}),
    "refused": ("elsewhere.test", "", {"cause": "refused", "stage": "dns", "dns_rcode": 5}),
    "loop": ("loop.example.test", "", {"cause": "cname_loop"}),
    "mismatch": ("web.example.test", "expect: {answer_not_matches: ['192\\.0\\.2\\.2$']}", {"cause": "answer_mismatch"}),
}


def fields_of(line):
    """The fields of one line of line protocol."""
    body = re.fullmatch(r"(?:\\.|[^ ])+ (.*) \d+", line).group(1)
    found = {}
    for key, text, number in re.findall(r'(\w+)=(?:"((?:\\.|[^"\\])*)"|([^,]+))', body):
        found[key] = re.sub(r"\\(.)", r"\1", text) if number == "" else float(number.rstrip("i"))
    return found


class KnotTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.knot = servers.Knot("example.test", ZONE)
        with tempfile.TemporaryDirectory(prefix="sonde-test-") as folder:
            config = pathlib.Path(folder) / "sonde.yaml"
            apps = "".join(f"  - {{name: {name}, url: 'dns://127.0.0.1:{cls.knot.port}/{path}'"
                           f"{', ' + rest if rest else ''}}}\n" for name, (path, rest, _) in CASES.items())
            config.write_text("vantage: {name: here}\npolicy: {allow: [127.0.0.0/8]}\nsinks:\n  - stdout: {}\n"
                              f"log: {{directory: {folder}/log}}\ntargets: []\napps:\n{apps}")
            run = subprocess.run([SONDE, "run", "--once", "-c", str(config)], capture_output=True, text=True, timeout=40)
        cls.output = run.stdout + run.stderr
        cls.records = {}
        for line in run.stdout.splitlines():
            if line.startswith("probe,"):
                cls.records[re.search(r",target=([^, ]+)", line).group(1)] = fields_of(line)

    @classmethod
    def tearDownClass(cls):
        cls.knot.stop()

    def test_each_target_yields_what_the_zone_says(self):
        for name, (_, _, expected) in CASES.items():
            with self.subTest(name):
                record = self.records.get(name)
                self.assertIsNotNone(record, self.output[-2000:])
                self.assertEqual(expected, {key: record.get(key) for key in expected}, record.get("detail"))

    def test_times_are_there_and_small(self):
        for name, record in self.records.items():
            with self.subTest(name):
                self.assertGreater(record["resolve_seconds"], 0)
                self.assertLessEqual(record["resolve_seconds"], record["duration_seconds"])
        self.assertIn("connect_seconds", self.records["tcp"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
