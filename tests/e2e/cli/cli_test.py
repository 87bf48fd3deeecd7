"""The whole binary on its command line: exit codes, languages, colours, lists, pipes, signals, hostile peers, and the
texts that are made from the parser (completion, manual page). Needs only loopback."""

import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import small_servers as servers  # noqa: E402

SONDE = os.environ["SONDE"]
SECONDS_MAX = 60


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
    return {**kept, **more}


def sonde(*arguments, stdin=None, **env):
    return subprocess.run([SONDE, *arguments], input=stdin, capture_output=True, text=True, timeout=SECONDS_MAX,
                          env=environment(**env))


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.cert = servers.make_certificate(cls.folder.name, "localhost")
        cls.http = f"http://127.0.0.1:{servers.serve_http()}"
        cls.https = f"https://127.0.0.1:{servers.serve_http(cls.cert)}"
        port, cls.silence_socket = servers.serve_silence()
        cls.silence = f"https://127.0.0.1:{port}/"
        cls.refused = f"tcp://127.0.0.1:{servers.closed_port()}"

    @classmethod
    def tearDownClass(cls):
        cls.silence_socket.close()
        cls.folder.cleanup()

    def write(self, name, text):
        path = pathlib.Path(self.folder.name) / name
        path.write_text(text)
        return str(path)


class ExitCodes(Case):
    def test_0_is_fine(self):
        self.assertEqual(sonde("check", self.http).returncode, 0)

    def test_0_is_also_degraded(self):
        done = sonde("check", self.http + "/sleep/0.1", "--expect", "max_duration=10ms")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("degraded", done.stdout)

    def test_1_is_a_check_that_failed(self):
        self.assertEqual(sonde("check", self.http, self.refused).returncode, 1)
        self.assertEqual(sonde("check", self.http + "/500").returncode, 1)

    def test_2_is_wrong_usage(self):
        for arguments in ([], ["check"], ["chekc"], ["check", "--jsom", "x"], ["check", "ftp://x/"],
                          ["check", "--timeout", "5", "x"], ["check", "--json", "--explain", "x"],
                          ["check", "--header", "no colon", "http://x/"], ["targets", "show", "nothing-like-this"],
                          ["--lang", "fr", "version"], ["check", "--source", "nonsense", self.http]):
            done = sonde(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertEqual(done.stdout, "", arguments)
            self.assertTrue(done.stderr.startswith("error: "), done.stderr)

    def test_3_is_not_known(self):
        done = sonde("check", "https://name.example/", "--resolver", "127.0.0.1:%d" % servers.closed_port(), "--timeout", "3s")
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("the fault is on this side", done.stdout)

    def test_nagios_has_its_own(self):
        self.assertEqual(sonde("check", "--nagios", self.http).returncode, 0)
        self.assertEqual(sonde("check", "--nagios", "--warning", "1ms", self.http + "/sleep/0.05").returncode, 1)
        self.assertEqual(sonde("check", "--nagios", "--critical", "1ms", self.http + "/sleep/0.05").returncode, 2)
        self.assertEqual(sonde("check", "--nagios", self.refused).returncode, 2)
        for wrong in (["--nagios", "--jsom"], ["--nagios"], ["--nagios", "ftp://x/"]):
            done = sonde("check", *wrong)
            self.assertEqual(done.returncode, 3, done)
            self.assertTrue(done.stdout.startswith("SONDE UNKNOWN - "), done)

    def test_what_was_mistyped_gets_the_nearest_name(self):
        self.assertIn('did you mean "check"', sonde("chekc").stderr)
        self.assertIn('did you mean "--json"', sonde("check", "--jsom", "x").stderr)
        self.assertIn("是否想用“list”", sonde("--lang", "zh", "targets", "lits").stderr)


class Output(Case):
    def test_json_is_one_object_per_run_and_line_and_talk_goes_to_stderr(self):
        bare = self.https.removeprefix("https://")
        done = sonde("check", "--json", self.http, bare, "--ca-file", str(self.cert[0]))
        runs = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([r["target"] for r in runs], [self.http, self.https])
        self.assertEqual({r["status"] for r in runs}, {"ok"})
        self.assertNotIn("tls_seconds", runs[0])
        self.assertGreater(runs[1]["tls_seconds"], 0)
        self.assertIn(f"{bare}: taken as {self.https}", done.stderr)

    def test_results_come_in_the_order_given_with_a_table_at_the_end(self):
        slow = self.http + "/sleep/0.4"
        done = sonde("check", slow, self.http, self.refused, self.http + "/500")
        heads = re.findall(r"^● \w+  (\S+)  ", done.stdout, re.M)
        self.assertEqual(heads[:4], [slow, self.http, self.refused, self.http + "/500"])
        self.assertIn("4 targets: 2 ok, 2 fail", done.stdout)
        self.assertIn("tcp_refused", done.stdout)

    def test_lists_come_from_stdin_and_files(self):
        listing = f"# all\n{self.http}\n{self.refused}  # dead\n"
        done = sonde("check", "--brief", "-", stdin=listing)
        self.assertIn("2 targets: 1 ok, 1 fail", done.stdout)
        done = sonde("check", "--brief", "-f", self.write("list", listing))
        self.assertIn("2 targets: 1 ok, 1 fail", done.stdout)

    def test_the_language_is_that_of_the_option_then_of_the_environment(self):
        def chinese(*arguments, **env):
            return "正常" in sonde("check", self.http, *arguments, **env).stdout
        self.assertFalse(chinese())
        self.assertTrue(chinese(LANG="zh_CN.UTF-8"))
        self.assertTrue(chinese(LC_MESSAGES="zh_CN.UTF-8", LANG="en_US.UTF-8"))
        self.assertFalse(chinese(LC_ALL="en_US.UTF-8", LC_MESSAGES="zh_CN.UTF-8"))
        self.assertTrue(chinese("--lang", "zh", LC_ALL="en_US.UTF-8"))
        self.assertIn("用法", sonde("--help", LANG="zh_CN.UTF-8").stdout)
        self.assertIn("用法", sonde("check", "--help", "--lang=zh").stdout)

    def test_colour_is_for_terminals_unless_told_otherwise(self):
        def coloured(*arguments, **env):
            return "\x1b[" in sonde("check", self.http, *arguments, **env).stdout
        self.assertFalse(coloured())
        self.assertTrue(coloured(CLICOLOR_FORCE="1"))
        self.assertFalse(coloured(CLICOLOR_FORCE="1", NO_COLOR="1"))
        self.assertTrue(coloured("--color", "always", NO_COLOR="1"))
        self.assertFalse(coloured("--color", "never", CLICOLOR_FORCE="1"))

    def test_explain_says_what_was_asked_what_came_and_how_it_was_judged(self):
        done = sonde("check", "--explain", self.https + "/x", "--ca-file", str(self.cert[0]), "--expect-status", "200", "--expect",
                     "body=all is well", "--header", "X-Asked: this")
        for text in ("Settings in force", "GET /x", "X-Asked", "HTTP/1.1 200", "status: 200  → met", "body: all is well  → met",
                     "Certificates", "duration_seconds", "whole run"):
            self.assertIn(text, done.stdout)
        failed = sonde("check", "--explain", self.http + "/500").stdout
        self.assertIn("status: 200-399 (default)  → NOT MET", failed)

    def test_a_redirect_is_followed_when_asked_with_bars_for_each_hop(self):
        moved = self.http + "/moved"
        self.assertIn("HTTP/1.1 301", sonde("check", moved).stdout)
        followed = sonde("check", "-L", moved).stdout
        self.assertIn(f"    301 {moved}\n", followed)
        self.assertRegex(followed, r"↪ 200 \S+/sleep/0\.05\?\n")
        self.assertNotIn("secret", followed)
        self.assertEqual(followed.count("  tcp "), 2)

    def test_the_version_of_http_can_be_chosen(self):
        self.assertEqual(sonde("check", "--http1.1", self.http).returncode, 0)
        done = sonde("check", "--http2", "--json", self.http)  # the server speaks HTTP/1.1 only
        self.assertEqual((done.returncode, json.loads(done.stdout)["stage"]), (1, "http"), done)

    def test_nagios_has_all_phases_as_performance_data(self):
        text = sonde("check", "--nagios", self.https, "--ca-file", str(self.cert[0])).stdout
        for label in ("time", "connect", "tls", "processing", "transfer", "rtt"):
            self.assertRegex(text, rf"'{label}'=\d+\.\d+s;;;0")
        self.assertIn("'cert_days'=19;;", text)


class PipesAndSignals(Case):
    def test_a_closed_pipe_is_quiet(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([SONDE, "check", self.http], stdout=writer, stderr=subprocess.PIPE, timeout=SECONDS_MAX, env=environment())
        os.close(writer)
        self.assertEqual(done.stderr, b"")
        self.assertEqual(done.returncode, 0)

    def test_a_full_disk_is_said_and_is_not_success(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([SONDE, "check", self.http], stdout=full, stderr=subprocess.PIPE, timeout=SECONDS_MAX,
                                  env=environment())
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"No space left", done.stderr)

    def test_ctrl_c_prints_what_is_there_and_says_what_is_missing(self):
        child = subprocess.Popen([SONDE, "check", self.http, self.silence, "--timeout", "50s"], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, env=environment())
        first = child.stdout.readline()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=SECONDS_MAX)
        self.assertEqual(child.returncode, 130)
        self.assertIn(f"● ok  {self.http}", first + out)
        self.assertIn("interrupted: 1 of 2 had no result yet", err)

    def test_watch_ends_with_a_summary(self):
        child = subprocess.Popen([SONDE, "check", "--watch=100ms", self.http, self.refused], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, env=environment())
        lines = [child.stdout.readline() for _ in range(6)]
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=SECONDS_MAX)
        self.assertEqual(child.returncode, 1, err)
        self.assertTrue(all(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z ● ", line) for line in lines), lines)
        self.assertIn("MEDIAN", out)
        self.assertRegex(out, r"100%")

    def test_count_runs_that_often_and_json_has_a_line_for_each(self):
        done = sonde("check", "--watch=100ms", "--count", "3", "--json", self.http)
        runs = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([r["seq"] for r in runs], [0, 1, 2])
        self.assertEqual(sorted(r["time_ms"] for r in runs), [r["time_ms"] for r in runs])
        self.assertIn("MEDIAN", done.stderr)


def on_a_terminal(arguments, seconds, stop=None, columns=100):
    """Runs with stdout and stderr on a pseudo terminal; returns everything that was drawn and the exit code."""
    master, slave = pty.openpty()
    import fcntl
    import struct
    import termios
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    child = subprocess.Popen([SONDE, *arguments], stdin=slave, stdout=slave, stderr=slave,
                             env=environment(TERM="xterm-256color", LANG="en_US.UTF-8"))
    os.close(slave)
    drawn = b""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if stop is not None and stop(drawn):
            child.send_signal(signal.SIGINT)
            stop = None
        if select.select([master], [], [], 0.1)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:  # Linux says EIO when the other side is closed
                break
            if not piece:
                break
            drawn += piece
    child.wait(timeout=SECONDS_MAX)
    os.close(master)
    return drawn.decode("utf-8", "replace"), child.returncode


class OnATerminal(Case):
    def test_it_is_coloured_and_watch_redraws_in_place(self):
        drawn, code = on_a_terminal(["check", "--watch=100ms", self.http], SECONDS_MAX,
                                    stop=lambda text: text.count(b"\x1b[") > 20 and text.count(b"RUNS") >= 4)
        self.assertEqual(code, 0)
        self.assertRegex(drawn, r"\x1b\[\d+A\r\x1b\[J")
        self.assertIn("\x1b[32m● ok", drawn)

    def test_progress_is_one_line_that_is_cleared_before_results(self):
        urls = [self.http + f"/sleep/0.{n}" for n in range(2, 9)]
        drawn, code = on_a_terminal(["check", "--brief", *urls], SECONDS_MAX)
        self.assertEqual(code, 0)
        self.assertRegex(drawn, r"\r\x1b\[K\d+/7 done, 0 failed")
        self.assertGreater(drawn.rfind("7 targets"), drawn.rfind("\r\x1b[K"))

    def test_no_line_of_the_waterfall_is_wider_than_the_terminal(self):
        drawn, _ = on_a_terminal(["check", self.https, "--ca-file", str(self.cert[0])], SECONDS_MAX, columns=80)
        for line in drawn.splitlines():
            plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line)
            self.assertLessEqual(len(plain), 80, plain)


class HostilePeers(Case):
    """RELIABILITY: nothing that a remote sends acts on the terminal that shows it."""

    def assert_harmless(self, done):
        for text in (done.stdout, done.stderr):
            for sequence in servers.FORBIDDEN:
                self.assertNotIn(sequence, text)

    def modes(self, url, *more):
        for mode in ([], ["--explain"], ["--nagios"], ["--json"], ["--brief"], ["--count", "1"]):
            with self.subTest(mode=mode):
                done = sonde("check", url, *mode, *more)
                self.assert_harmless(done)
                yield done

    def test_a_hostile_header(self):
        seen = [d.stdout for d in self.modes(self.http + "/hostile", "--expect", "headers={X-Evil: nope}")]
        self.assertTrue(any("red" in text for text in seen), seen)

    def test_a_hostile_banner(self):
        port = servers.serve_banner("220 " + servers.HOSTILE)
        seen = [d.stdout for d in self.modes(f"tcp://127.0.0.1:{port}", "--expect", "banner=nope")]
        self.assertTrue(any("red" in text for text in seen), seen)

    def test_a_hostile_certificate(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate = servers.make_certificate(folder, servers.HOSTILE)
            port = servers.serve_http(certificate)
            seen = [d.stdout for d in self.modes(f"https://127.0.0.1:{port}")]
        self.assertTrue(any("red" in text for text in seen), seen)

    def test_a_hostile_argument_and_configuration(self):
        self.assert_harmless(sonde("check", servers.HOSTILE))
        self.assert_harmless(sonde(servers.HOSTILE))
        self.assert_harmless(sonde("check", "--" + servers.HOSTILE))
        config = self.write("hostile.yaml", 'apps: [{name: "a\\e[31m", url: "https://x.example/", color: "\\e[2J"}]\n')
        for verb in (["list"], ["lint"], ["show", "*"]):
            self.assert_harmless(sonde("targets", *verb, "-c", config))


CONFIG = """
sinks: [stdout: {{}}]
targets: []
apps:
  - name: 结账
    url: {http}
    every: 10s
    hosted_on: aws/us-east-1
    expect: {{body: all is well, status: 200}}
    labels: {{team: shop}}
  - name: broken
    url: {http}/500
    every: 10s
    timeout: 9900ms
"""


class Targets(Case):
    def config(self):
        return self.write("sonde.yaml", CONFIG.format(http=self.http))

    def test_list_is_a_table_with_aligned_columns_and_can_be_filtered(self):
        done = sonde("targets", "list", "-c", self.config(), "--role", "app")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertTrue(lines[0].startswith("TARGET  CHECK  ROLE"), lines[0])
        # A Chinese character is as wide as two.
        self.assertTrue(any(line.startswith("结账    http   app") for line in lines), lines)
        self.assertTrue(any(line.startswith("broken  http   app") for line in lines), lines)
        runs = [json.loads(line) for line in sonde("targets", "list", "-c", self.config(), "结*", "--json").stdout.splitlines()]
        self.assertEqual([r["target"] for r in runs], ["结账"])
        self.assertEqual(sonde("targets", "list", "--provider", "aws", "--role", "app").stdout.count("\n"), 1)

    def test_list_knows_providers_by_their_aliases(self):
        named = sonde("targets", "list", "--provider", "alibaba").stdout
        self.assertIn("alibaba/cn-hangzhou/object-storage", named)
        self.assertEqual(sonde("targets", "list", "--provider", "aliyun").stdout, named)

    def test_list_as_yaml_says_the_same_as_json(self):
        lines = sonde("targets", "list", "-c", self.config(), "--json").stdout.splitlines()
        self.assertEqual(yaml.safe_load(sonde("targets", "list", "-c", self.config(), "--yaml").stdout),
                         [json.loads(line) for line in lines])
        self.assertEqual(sonde("targets", "list", "-c", self.config(), "--yaml", "--role", "control").stdout, "[]\n")
        self.assertEqual(sonde("targets", "list", "--yaml", "--json").returncode, 2)

    def test_list_as_prometheus_takes_it(self):
        config = self.write("labels.yaml", CONFIG.format(http=self.http).replace("{team: shop}", '{"on-call": shop, 7: x}'))
        app = json.loads(sonde("targets", "list", "-c", config, "--http-sd", "结账").stdout)
        self.assertEqual(app, [{"targets": [self.http], "labels": {
            "_7": "x", "on_call": "shop", "target": "结账", "check": "http", "role": "app", "provider": "aws",
            "region": "us-east-1", "partition": "overseas", "app": "结账"}}])
        everything = json.loads(sonde("targets", "list", "--http-sd").stdout)
        self.assertGreater(len(everything), 440)
        for group in everything:
            self.assertEqual(set(group), {"targets", "labels"})
            for name, value in group["labels"].items():
                self.assertRegex(name, "^[a-zA-Z_][a-zA-Z0-9_]*$")
                self.assertIsInstance(value, str)

    def test_show_has_everything_that_is_in_force(self):
        done = sonde("targets", "show", "-c", self.config(), "结账")
        for text in ("sonde.yaml:5", "every          10s", "timeout", "slots", "next run", "team=shop", "body: all is well",
                     "status: 200", "aws"):
            self.assertIn(text, done.stdout)
        shown = json.loads(sonde("targets", "show", "-c", self.config(), "结账", "--json").stdout)
        self.assertEqual(shown["expect"]["status"], "200")
        self.assertLess(shown["phase_seconds"], 10)
        self.assertLess(time.time() * 1000 - 1000, shown["next_run_ms"])

    def test_show_of_a_name_that_is_nearly_right(self):
        done = sonde("targets", "show", "-c", self.config(), "brokn")
        self.assertEqual(done.returncode, 2)
        self.assertIn('did you mean "broken"', done.stderr)

    def test_lint_has_a_place_for_each_finding_and_an_exit_code(self):
        done = sonde("targets", "lint", "-c", self.config(), "--role", "app")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"sonde\.yaml:11: broken: .*\[tight-timeout\]")
        self.assertRegex(done.stdout, r"\[no-hosting\]")
        findings = [json.loads(line) for line in
                    sonde("targets", "lint", "-c", self.config(), "--role", "app", "--json").stdout.splitlines()]
        self.assertIn(("broken", "tight-timeout", 11), [(f["target"], f["rule"], f["line"]) for f in findings])
        self.assertEqual(sonde("targets", "lint", "-c", self.config(), "--provider", "nowhere").returncode, 0)

    def test_check_by_name_uses_the_expectations_of_the_configuration(self):
        policy = self.write("named.yaml", CONFIG.format(http=self.http) + "policy: {allow: [127.0.0.0/8]}\n")
        done = sonde("check", "-c", policy, "结账", "broken", "--json")
        runs = {r["target"]: r for r in map(json.loads, done.stdout.splitlines())}
        self.assertEqual(runs["结账"]["status"], "ok", done)
        self.assertEqual(runs["broken"]["cause"], "status")
        denied = sonde("check", "-c", self.config(), "结账", "--json")
        self.assertEqual(json.loads(denied.stdout)["cause"], "policy")

    def test_run_once_still_runs_each_target_once(self):
        with tempfile.TemporaryDirectory() as state:
            text = CONFIG.format(http=self.http) + f"policy: {{allow: [127.0.0.0/8]}}\nlog: {{directory: {state}/log}}\n"
            done = sonde("run", "--once", "-c", self.write("once.yaml", text), XDG_STATE_HOME=state)
        self.assertEqual(done.returncode, 0, done.stderr)
        names = re.findall(r"^probe,\S*target=([^, ]+)", done.stdout, re.M)
        self.assertEqual(sorted(n for n in names if n in ("结账", "broken")), ["broken", "结账"])


class Logs(Case):
    def make(self):
        """A log that `run --once` left, delivered to a file."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder.name))
        self.config = folder / "sonde.yaml"
        self.config.write_text(
            f"vantage: {{name: here}}\npolicy: {{allow: [127.0.0.0/8]}}\nlog: {{directory: {folder}/log}}\n"
            f"sinks:\n  - file: {{path: {folder}/truth.lp}}\ntargets: []\napps:\n"
            + "".join(f"  - {{name: t{i}, url: '{self.http}', every: 10s}}\n" for i in range(5)))
        self.assertEqual(sonde("run", "-c", str(self.config), "--once").returncode, 0)
        return folder / "log", folder / "truth.lp"

    @staticmethod
    def bytes_of(folder):
        return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    def test_cat_and_export_give_what_a_sink_got_and_nothing_changes(self):
        log, truth = self.make()
        before = self.bytes_of(log)
        probes = sorted(line for line in truth.read_text().splitlines() if line.startswith("probe,"))
        self.assertEqual(len(probes), 5)
        done = sonde("log", "cat", str(log), "--class", "b")
        self.assertEqual((done.returncode, sorted(done.stdout.splitlines()), done.stderr), (0, probes, ""))
        self.assertEqual(sonde("log", "cat", str(log), "--from", "1h", "--class", "b").stdout, done.stdout)
        self.assertEqual(sonde("log", "cat", str(log), "--to", "1h").stdout, "")
        for name, unpack in (("all.lp", ["cat"]), ("all.lp.gz", ["gzip", "-dc"]), ("all.lp.zst", ["zstd", "-dc"])):
            out = log.parent / name
            self.assertEqual(sonde("log", "export", str(log), "--out", str(out), "--class", "b").returncode, 0)
            if shutil.which(unpack[0]):
                text = subprocess.run([*unpack, out], capture_output=True, text=True, check=True).stdout
                self.assertEqual(text, done.stdout, name)
            self.assertEqual(sonde("log", "export", str(log), "--out", str(out)).returncode, 2, "it was there already")
        self.assertEqual(sonde("log", "verify", str(log)).returncode, 0)
        listed = json.loads(sonde("log", "ls", "--json", str(log)).stdout)
        self.assertEqual(sum(s["records"] for s in listed["segments"] if s["class"] == "b"), 5)
        self.assertIn("READER", sonde("log", "ls", str(log)).stdout)
        self.assertIn("读者", sonde("log", "ls", "--lang", "zh", str(log)).stdout)
        self.assertEqual(self.bytes_of(log), before)

    def test_damage_is_told_with_its_offset_and_repaired(self):
        log, _ = self.make()
        segment = next((log / "b").iterdir())
        damaged = bytearray(segment.read_bytes())
        damaged[48 + 64 + 9] ^= 0xFF  # in the payload of the first frame
        segment.write_bytes(damaged)
        done = sonde("log", "verify", str(log))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, re.escape(str(segment)) + r":48-\d+: the frame's records do not match.*\(\d+ records\)")
        finding = json.loads(sonde("log", "verify", "--json", str(log)).stdout)
        self.assertEqual((finding["kind"], finding["offset"], finding["damage"]), ("damaged_payload", 48, True))
        self.assertIn("left out", sonde("log", "cat", str(log)).stderr)
        repaired = sonde("log", "repair", str(log))
        self.assertEqual(repaired.returncode, 0, repaired)
        self.assertIn("1 damaged places were marked", repaired.stdout)
        self.assertEqual(sonde("log", "verify", str(log)).returncode, 0)
        self.assertIn("cause=\"damaged\"", sonde("log", "cat", str(log), "--class", "a").stdout)
        self.assertIn("nothing to repair", sonde("log", "repair", str(log)).stdout)

    def test_beside_a_running_process_all_read_and_repair_refuses(self):
        log, _ = self.make()
        running = subprocess.Popen([SONDE, "run", "-c", str(self.config)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=environment())
        try:
            deadline = time.monotonic() + SECONDS_MAX
            while time.monotonic() < deadline and (log / "lock").read_text().strip() != str(running.pid):
                time.sleep(0.02)
            for verb in ("ls", "verify", "cat"):
                self.assertEqual(sonde("log", verb, str(log)).returncode, 0, verb)
            refused = sonde("log", "repair", str(log))
            self.assertEqual(refused.returncode, 75, refused)
            self.assertIn(f"process {running.pid}", refused.stderr)
            second = sonde("run", "-c", str(self.config), "--once")
            self.assertEqual(second.returncode, 75, second)
            self.assertIn(f"process {running.pid}", second.stderr)
        finally:
            running.terminate()
            self.assertEqual(running.wait(SECONDS_MAX), 0)

    def test_a_mistyped_directory_or_time_is_wrong_usage_and_makes_nothing(self):
        nowhere = pathlib.Path(self.folder.name) / "no\x1b[31mlog"
        for verb in ("ls", "verify", "cat", "repair"):
            done = sonde("log", verb, str(nowhere))
            self.assertEqual(done.returncode, 2, done)
            self.assertNotIn("\x1b", done.stderr)
        self.assertFalse(nowhere.exists())
        log, _ = self.make()
        self.assertEqual(sonde("log", "cat", str(log), "--from", "yesterday").returncode, 2)

    def test_completion_and_manual_know_it(self):
        self.assertIn("sonde log verify", sonde("man").stdout.replace("\\-", "-"))
        self.assertIn('"log") _sonde_words "ls verify cat export repair', sonde("completion", "bash").stdout)


class MadeTexts(Case):
    def complete(self, *words):
        script = sonde("completion", "bash").stdout
        line = " ".join(f"'{w}'" for w in words)
        done = subprocess.run(["bash", "--norc", "-c", script + f"\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _sonde; "
                               "printf '%s\\n' \"${COMPREPLY[@]}\""], capture_output=True, text=True, cwd=self.folder.name,
                              timeout=SECONDS_MAX)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def test_bash_completes_commands_options_values_and_files(self):
        self.assertEqual(self.complete("sonde", "che"), ["check"])
        self.assertEqual(self.complete("sonde", "targets", "l"), ["list", "lint"])
        self.assertEqual(self.complete("sonde", "check", "--fam"), ["--family"])
        self.assertEqual(self.complete("sonde", "check", "--family", ""), ["any", "ip4", "ip6", "both"])
        self.assertEqual(self.complete("sonde", "check", "--lang", "z"), ["zh"])
        self.assertEqual(self.complete("sonde", "completion", "f"), ["fish"])
        self.write("only.yaml", "")
        self.assertEqual(self.complete("sonde", "check", "-c", "only"), ["only.yaml"])

    def test_zsh_and_fish_take_their_scripts(self):
        for shell, check in (("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])):
            if shutil.which(shell) is None:
                continue  # not in Debian's base: whoever has it, has the check
            script = self.write("script." + shell, sonde("completion", shell).stdout)
            done = subprocess.run([*check, script], capture_output=True, text=True, timeout=SECONDS_MAX)
            self.assertEqual((done.returncode, done.stderr), (0, ""), shell)

    def test_the_manual_page_formats_without_a_warning(self):
        for language in ("en", "zh"):
            page = self.write("sonde.1", sonde("man", "--lang", language).stdout)
            done = subprocess.run(["groff", "-ww", "-Kutf8", "-man", "-Tutf8", page], capture_output=True, text=True,
                                  timeout=SECONDS_MAX)
            self.assertEqual((done.returncode, done.stderr), (0, ""), language)
            text = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)
            self.assertIn("--all-addresses", text)
            self.assertIn("sonde check --nagios --warning 500ms", text)

    def test_version_names_the_libraries(self):
        about = json.loads(sonde("version", "--json").stdout)
        for library in ("openssl", "libcurl", "c-ares", "boost"):
            self.assertRegex(about["libraries"][library], r"^\d+\.\d+")
        self.assertIn(about["version"], sonde("--version").stdout)

    def test_help_goes_to_stdout_with_code_0(self):
        for path in ([], ["check"], ["targets"], ["targets", "lint"]):
            done = sonde(*path, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("Usage", done.stdout)


if __name__ == "__main__":
    unittest.main()
