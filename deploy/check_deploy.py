#!/usr/bin/env python3
"""Checks the deployment files as far as one machine without systemd running or a container daemon can.

Needs python3 and python3-yaml (Debian). What needs systemd-analyze is skipped, aloud, where that is missing.
"""

import fnmatch
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parent
ROOT = DEPLOY.parent
EXPOSURE_TENTHS_MAX = 20  # systemd-analyze's scale: 0 is no exposure, 100 is the most


def read(name):
    return (DEPLOY / name).read_text(encoding="utf-8")


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class Unit(unittest.TestCase):
    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)

    def test_systemd_understands_it(self):
        with tempfile.TemporaryDirectory() as folder:
            # `verify` wants the program to exist, and sonde need not be installed here.
            unit = pathlib.Path(folder) / "sonde.service"
            unit.write_text(read("sonde.service").replace("ExecStart=/usr/bin/sonde", "ExecStart=/bin/true"))
            done = self.analyze("verify", str(unit))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_it_is_confined(self):
        done = self.analyze("security", "--offline=true", f"--threshold={EXPOSURE_TENTHS_MAX}",
                            str(DEPLOY / "sonde.service"))
        self.assertEqual(done.returncode, 0, done.stdout[-400:] + done.stderr)


class Configuration(unittest.TestCase):
    def setUp(self):
        self.config = yaml.safe_load(read("sonde.yaml"))
        self.catalogue = {}
        for path in (ROOT / "targets").glob("*.yaml"):
            file = yaml.safe_load(path.read_text(encoding="utf-8"))
            if "provider" in file:
                self.catalogue[file["provider"]] = {r["name"]: r for r in file["regions"]}

    def test_the_example_names_clouds_and_regions_that_exist(self):
        for entry in self.config["targets"]:
            for provider in entry.get("catalogue", []):
                self.assertIn(provider, self.catalogue)
            for pattern in entry.get("regions", []):
                names = [name for provider in entry["catalogue"] for name in self.catalogue[provider]]
                self.assertTrue(fnmatch.filter(names, pattern), pattern)

    def test_the_vantage_stands_where_it_says(self):
        vantage = self.config["vantage"]
        region = self.catalogue[vantage["provider"]][vantage["region"]]
        for key in ("partition", "city", "country", "lat", "lon"):
            self.assertEqual(vantage[key], region[key], key)

    def test_the_apps_stand_on_what_the_catalogue_knows(self):
        for app in yaml.safe_load(read("targets.d/shop.yaml"))["apps"]:
            for place in [app["hosted_on"], *app.get("depends_on", [])]:
                provider, region, *service = place.split("/")
                known = {endpoint["service"] for endpoint in self.catalogue[provider][region]["endpoints"]}
                self.assertLessEqual(set(service), known, place)

    def test_the_hub_stays_on_loopback(self):
        self.assertTrue(self.config["hub"]["listen"].startswith("127.0.0.1:"))


class Image(unittest.TestCase):
    def setUp(self):
        # one instruction a line, comments gone
        self.lines = [line for line in re.sub(r"\\\n", " ", read("Dockerfile")).splitlines()
                      if line and not line.startswith("#")]

    def test_what_is_copied_exists(self):
        for line in self.lines:
            if line.startswith("COPY ") and "--from=" not in line:
                for source in line.split()[1:-1]:
                    self.assertTrue((ROOT / source).exists(), line)

    def test_it_runs_as_a_numbered_user_who_is_not_root(self):
        users = [line.split()[1] for line in self.lines if line.startswith("USER ")]
        self.assertRegex(users[-1], "^[1-9][0-9]*:[1-9][0-9]*$")

    def test_the_list_of_packages_gives_names_only(self):
        listed = (DEPLOY / "debian-packages.txt").read_text(encoding="utf-8").splitlines()
        names = [re.sub(r"^build ([^ ]*).*", r"\1", line) for line in listed if line.startswith("build ")]
        self.assertTrue(names)
        for name in names:
            self.assertRegex(name, "^[a-z0-9][a-z0-9+.-]+$")


class Grafana(unittest.TestCase):
    def test_each_board_has_a_source_of_its_kind(self):
        sources = yaml.safe_load(read("grafana/datasources/sonde.yaml"))
        kinds = {source["type"] for source in sources["datasources"]}
        for path in (ROOT / "dashboards/grafana/boards").glob("*.json"):
            variables = json.loads(path.read_text(encoding="utf-8"))["templating"]["list"]
            (source,) = [v["query"] for v in variables if v["type"] == "datasource"]
            self.assertIn(source, kinds)
        uids = [source["uid"] for source in sources["datasources"]]
        self.assertEqual(len(uids), len(set(uids)))

    def test_the_boards_cannot_be_changed_in_the_browser(self):
        (provider,) = yaml.safe_load(read("grafana/dashboards/sonde.yaml"))["providers"]
        self.assertIs(provider["allowUiUpdates"], False)


if __name__ == "__main__":
    unittest.main()
