"""The tree checks itself: include direction, heavy headers, file opening comments, sizes, formatting, and no path of a
developer's machine. Run as: tidy_test.py ROOT. Standard library only; clang-format is used when it is installed."""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else ".").resolve()

# Who may include whom (docs: DESIGN of the house in README, "Where things are").
MAY_INCLUDE = {
    "core": {"core"},
    "io": {"core", "io"},
    "pipeline": {"core", "io", "pipeline"},
    "prober": {"core", "io", "pipeline", "prober"},
    "hub": {"core", "io", "pipeline", "hub"},
    "cli": {"core", "io", "pipeline", "prober", "hub", "cli"},
}
# Third-party headers and the only places that may see them.
ADAPTERS = {
    "boost/asio": ["io/"],
    "boost/beast": ["io/"],
    "ares": ["io/"],
    "curl/": ["io/"],
    "openssl/": ["io/"],
    "yaml-cpp/": ["core/config_yaml.cc"],
    "toml++/": ["cli/imports/tree_toml.cc"],
    "sqlite3.h": ["hub/store"],
    "CLI/": ["cli/"],
}
LINES_MAX = 450
FUNCTION_LINES_MAX = 70


def sources(*folders):
    for folder in folders:
        yield from sorted(p for p in (ROOT / folder).rglob("*") if p.suffix in (".h", ".cc", ".inc"))


def relative(path):
    return str(path.relative_to(ROOT))


def includes(path):
    for line in path.read_text().splitlines():
        match = re.match(r'\s*#include\s+([<"])([^>"]+)[>"]', line)
        if match:
            yield match.group(1), match.group(2)


def long_functions(path):
    """Functions longer than the limit: bodies that open at the end of an unindented line and close in column 0."""
    start = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if start is None and re.match(r"^[A-Za-z].*\)( const| noexcept| override)* \{$", line):
            start = number
        elif start is not None and line.startswith("}"):
            if number - start > FUNCTION_LINES_MAX:
                yield start, number - start
            start = None


def arguments(text, start):
    """The arguments of the call whose bracket opens at `start`, without what stands in inner brackets; literals are
    left as quotes."""
    out, depth, at = [""], 0, start
    while at < len(text):
        c = text[at]
        if c in "\"'" and not (c == "'" and text[at - 1].isalnum()):  # a ' between digits groups them
            end = at + 1
            while text[end] != c:
                end += 2 if text[end] == "\\" else 1
            if depth == 1:
                out[-1] += c
            at = end
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                return [a.strip() for a in out]
        elif c == "," and depth == 1:
            out.append("")
        elif depth == 1:
            out[-1] += c
        at += 1
    return out


class Tidy(unittest.TestCase):
    def test_includes_run_one_way(self):
        wrong = []
        for folder, allowed in MAY_INCLUDE.items():
            for path in sources(folder):
                for kind, name in includes(path):
                    top = name.split("/")[0]
                    if kind == '"' and top not in allowed:
                        wrong.append(f"{relative(path)} includes {name}")
        self.assertEqual(wrong, [])

    def test_adapters_hide_their_libraries(self):
        """Only the adapters see a library, and none of their headers that others include passes it on."""
        seen_outside = {name for folder in MAY_INCLUDE if folder != "io" for path in sources(folder) for _, name in includes(path)}
        wrong = []
        for path in sources(*MAY_INCLUDE):
            for kind, name in includes(path):
                for prefix, places in ADAPTERS.items():
                    if kind == "<" and name.startswith(prefix):
                        if not relative(path).startswith(tuple(places)) or relative(path) in seen_outside:
                            wrong.append(f"{relative(path)} includes {name}")
        self.assertEqual(wrong, [])

    def test_mistakes_in_configurations_are_told_in_both_languages(self):
        """ConfigNode::error() has English alone for the tests' own documents only (core/config_node.h)."""
        wrong = []
        for path in sources(*MAY_INCLUDE):
            text = path.read_text()
            for match in re.finditer(r"(?:->|\.)error\((?!\))", text):
                args = arguments(text, match.end() - 1)
                if len(args) == 1 and ('"' in args[0] or "format" in args[0]):
                    wrong.append(f"{relative(path)}:{text.count(chr(10), 0, match.start()) + 1}")
        self.assertEqual(wrong, [], "give the Chinese words too")

    def test_files_open_with_what_they_are_for(self):
        wrong = [relative(p) for p in sources(*MAY_INCLUDE, "tests") if not p.read_text().startswith("//")]
        self.assertEqual(wrong, [])

    def test_files_and_functions_stay_readable(self):
        wrong = []
        for path in sources(*MAY_INCLUDE):
            lines = path.read_text().count("\n")
            if lines > LINES_MAX:
                wrong.append(f"{relative(path)}: {lines} lines")
            wrong += [f"{relative(path)}:{at}: a function of {n} lines" for at, n in long_functions(path)]
        self.assertEqual(wrong, [])

    def test_nothing_names_a_developers_machine(self):
        pattern = re.compile(r"/work/(main|shared)|/root/|/home/[a-z]|/tmp/w/")
        wrong = []
        tracked = subprocess.run(["git", "-C", ROOT, "ls-files"], capture_output=True, text=True).stdout.split("\n")
        for name in filter(None, tracked):
            path = ROOT / name
            if name.startswith("tests/tidy/") or path.suffix == ".png" or not path.is_file():
                continue
            if pattern.search(path.read_text(errors="replace")):
                wrong.append(name)
        self.assertEqual(wrong, [])

    def test_each_promise_has_a_test_of_its_name(self):
        """The table of docs/log-format.md names tests that exist, each with its promise's number in its name."""
        tests = set()
        for path in sources("tests"):
            tests |= {f"{suite}.{name}" for suite, name in re.findall(r"^TEST(?:_[FP])?\((\w+), (\w+)\)", path.read_text(), re.M)}
        for path in (ROOT / "tests" / "e2e").rglob("*_test.py"):
            for body in re.split(r"^class ", path.read_text(), flags=re.M)[1:]:
                tests |= {f"{re.match(r'[A-Za-z]+', body)[0]}.{name}" for name in re.findall(r"def (test_\w+)", body)}
        rows = re.findall(r"^\| P(\d+) \|.*\|(.*)\|$", (ROOT / "docs" / "log-format.md").read_text(), re.M)
        self.assertEqual([int(number) for number, _ in rows], [*range(1, 13), 14, 15])
        wrong = []
        for number, named in rows:
            of_number = [t for t in re.findall(r"`([\w.]+)`", named) if re.search(rf"(?<![A-Z0-9])P{number}(?!\d)", t)]
            if not of_number or not set(re.findall(r"`([\w.]+)`", named)) <= tests & set(of_number):
                wrong.append(f"P{number}: {named.strip()}")
        self.assertEqual(wrong, [])

    def test_formatting(self):
        if not shutil.which("clang-format"):
            self.skipTest("clang-format is not installed")
        files = [str(p) for p in sources(*MAY_INCLUDE, "tests") if p.suffix != ".inc"]
        done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], capture_output=True, text=True)
        places = sorted({line.split(": ")[0].replace(str(ROOT) + "/", "") for line in done.stderr.splitlines() if "error" in line})
        self.assertEqual(places[:20], [])


if __name__ == "__main__":
    unittest.main()
