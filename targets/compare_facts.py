#!/usr/bin/env python3
"""Compares the catalogue in this folder with a folder of facts (regions.csv, endpoints.csv, ...).

The YAML files are the source; the facts are what they were first written from, or a newer survey.
A person decides what to take over: this script only reports, and changes nothing.

    ./compare_facts.py FACTS_DIR [--unused]

One difference a line on stdout. Exit 0: none; 1: differences; 2: cannot read. Needs python3-yaml (Debian).
A provider, region, control or resolver of the facts that the catalogue lacks is a difference, and so is a service
of a region. What it leaves out on purpose is none (--unused lists it): a second endpoint of the same service in the
same region, consoles and status pages, and the answers in HEAVY. How to read a line: README.md beside this file.
"""

import csv
import pathlib
import sys
import urllib.parse

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same result, ten times as fast, where it is built in
HERE = pathlib.Path(__file__).resolve().parent
# Pages that are weak evidence for a cloud, and answers of megabytes: left out on purpose.
PAGES = {"console", "status"}
HEAVY = {("aws", "global", "cdn"), ("gcp", "global", "compute-api")}
REGION_TEXT = ("name_en", "name_zh", "city", "country", "partition", "status")
GLOBAL_REGION = {"overseas": "global", "domestic": "global-cn"}  # how the facts name them
DEFAULT_PORT = {"https": "443", "http": "80", "dns": "53"}


def rows(facts, name):
    with open(facts / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load(name):
    return yaml.load((HERE / name).read_text(encoding="utf-8"), LOADER)


def url_key(url):
    """(scheme, host, port, path with query); for DNS the last is NAME?type=TYPE."""
    parts = urllib.parse.urlsplit(url)
    path = parts.path + ("?" + parts.query if parts.query else "")
    return parts.scheme, parts.hostname, str(parts.port or DEFAULT_PORT[parts.scheme]), path


def fact_url_key(row):
    if row["scheme"] == "dns":
        return "dns", row["host"], row["port"], "/" + row["path"] + "?type=" + row["method"]
    return row["scheme"], row["host"], row["port"], row["path"]


def expected(endpoint):
    return {endpoint["rcode"]} if "rcode" in endpoint else {str(code) for code in endpoint["status"]}


def fact_is_sourced(row):
    host_is_known = row["source"].startswith(("listed", "pattern"))
    return host_is_known and row["expect_basis"] == "sourced"


def degrees(value):
    return None if value in (None, "") else float(value)


def compare_regions(provider, regions, facts):
    ours = {region["name"]: region for region in regions}
    theirs = {row["region"]: row for row in facts if row["provider"] == provider}
    for name in sorted(theirs.keys() - ours.keys()):
        yield f"{provider}/{name}: in the facts, not in the catalogue"
    for name in sorted(ours.keys() - theirs.keys()):
        yield f"{provider}/{name}: in the catalogue, not in the facts"
    for name in sorted(ours.keys() & theirs.keys()):
        for key in REGION_TEXT:
            if ours[name].get(key, "") != theirs[name][key]:
                yield f"{provider}/{name}: {key} is {ours[name].get(key, '')!r}, facts say {theirs[name][key]!r}"
        for key in ("lat", "lon"):
            if degrees(ours[name].get(key)) != degrees(theirs[name][key]):
                yield f"{provider}/{name}: {key} is {ours[name].get(key)}, facts say {theirs[name][key]}"


def catalogue_endpoints(catalogue):
    for region in catalogue["regions"]:
        for endpoint in region["endpoints"]:
            yield region["name"], endpoint
    for endpoint in catalogue["global"]:
        yield GLOBAL_REGION[endpoint["partition"]], endpoint


def compare_endpoints(provider, catalogue, facts, used):
    for region, endpoint in catalogue_endpoints(catalogue):
        name = f"{provider}/{region}/{endpoint['service']}"
        row = facts.get((provider, region, endpoint["service"], url_key(endpoint["url"])))
        if row is None:
            yield f"{name}: {endpoint['url']} is not in the facts"
            continue
        used.add(id(row))
        method = endpoint.get("method", "GET")
        if "rcode" not in endpoint and method != row["method"]:
            yield f"{name}: method is {method}, facts say {row['method']}"
        if expected(endpoint) != set(row["expect"].split("|")):
            yield f"{name}: expects {sorted(expected(endpoint))}, facts say {row['expect']}"
        if (endpoint["sure"] == "sourced") != fact_is_sourced(row):
            basis = "sourced" if fact_is_sourced(row) else "recalled"
            yield f"{name}: sure is {endpoint['sure']}, facts make it {basis}"


def compare_services(provider, catalogue, facts):
    """Services of a region that the facts know and the catalogue does not."""
    ours = {(region, endpoint["service"]) for region, endpoint in catalogue_endpoints(catalogue)}
    theirs = {(row["region"], row["service"]) for row in facts
              if row["provider"] == provider and row["service"] not in PAGES}
    for region, service in sorted(theirs - ours):
        if (provider, region, service) not in HEAVY:
            yield f"{provider}/{region}/{service}: in the facts, not in the catalogue"


def compare_controls(facts, references):
    controls = load("controls.yaml")["controls"]
    theirs = {fact_url_key(row): row for row in facts}
    for key in sorted(theirs.keys() - {url_key(control["url"]) for control in controls} - references):
        yield f"control {key[0]}://{key[1]}{key[3]}: in the facts, not in the catalogue"
    for control in controls:
        row = theirs.get(url_key(control["url"]))
        if row is None:
            yield f"control {control['name']}: {control['url']} is not in the facts"
            continue
        if expected(control) != set(row["expect"].split("|")):
            yield f"control {control['name']}: expects {sorted(expected(control))}, facts say {row['expect']}"
        for key in ("partition", "operator"):
            if control[key] != row[key]:
                yield f"control {control['name']}: {key} is {control[key]}, facts say {row[key]}"


def compare_resolvers(facts):
    ours = {row["ip4"]: row for row in load("resolvers.yaml")["resolvers"]}
    theirs = {row["ip4"]: row for row in facts}
    for ip4 in sorted(theirs.keys() - ours.keys()):
        yield f"resolver {ip4} ({theirs[ip4]['name']}): in the facts, not in the catalogue"
    for ip4 in sorted(ours.keys() - theirs.keys()):
        yield f"resolver {ip4} ({ours[ip4]['name']}): in the catalogue, not in the facts"
    names = {"ip6": "ip6", "operator": "operator", "partition": "partition", "doh": "doh_url", "dot": "dot_host"}
    for ip4 in sorted(ours.keys() & theirs.keys()):
        for key, fact_key in names.items():
            if ours[ip4].get(key, "") != theirs[ip4][fact_key]:
                yield f"resolver {ip4}: {key} is {ours[ip4].get(key, '')!r}, facts say {theirs[ip4][fact_key]!r}"


def provider_files():
    for path in sorted(HERE.glob("*.yaml")):
        catalogue = load(path.name)
        if "provider" in catalogue:
            yield catalogue


def compare(facts_dir, show_unused):
    regions, endpoints = rows(facts_dir, "regions.csv"), rows(facts_dir, "endpoints.csv")
    by_place = {(r["provider"], r["region"], r["service"], fact_url_key(r)): r for r in endpoints}
    providers, used, references = [], set(), set()
    for catalogue in provider_files():
        references |= {url_key(endpoint["url"]) for _, endpoint in catalogue_endpoints(catalogue)}
        providers.append(catalogue["provider"])
        yield from compare_regions(catalogue["provider"], catalogue["regions"], regions)
        yield from compare_endpoints(catalogue["provider"], catalogue, by_place, used)
        yield from compare_services(catalogue["provider"], catalogue, endpoints)
    for name in sorted({row["provider"] for row in regions} - set(providers)):
        yield f"{name}: in the facts, not in the catalogue"
    yield from compare_controls(rows(facts_dir, "controls.csv"), references)
    yield from compare_resolvers(rows(facts_dir, "resolvers.csv"))
    unused = [r for r in endpoints if r["provider"] in providers and id(r) not in used]
    if show_unused:
        for row in unused:
            print(f"unused: {row['provider']}/{row['region']}/{row['service']} {row['scheme']}://{row['host']}")
    print(f"{len(providers)} providers compared, {len(used)} facts used, {len(unused)} not used", file=sys.stderr)


def main(arguments):
    folders = [a for a in arguments if not a.startswith("-")]
    options = [a for a in arguments if a.startswith("-")]
    if len(folders) != 1 or any(option != "--unused" for option in options):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        differences = list(compare(pathlib.Path(folders[0]), bool(options)))
    except (OSError, yaml.YAMLError) as error:
        print(error, file=sys.stderr)
        return 2
    for difference in differences:
        print(difference)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
