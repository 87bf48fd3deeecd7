"""`sonde judge --score`, as a process and on files: records and truth as the generator writes them, what it says of
mistakes, and in which language. Run as: files_test.py --scorecard BINARY --sonde BINARY. Standard library only."""
import argparse
import json
import pathlib
import subprocess
import tempfile
import unittest

PARSER = argparse.ArgumentParser()
PARSER.add_argument("--scorecard", required=True)
PARSER.add_argument("--sonde", required=True)
OPTIONS, REST = PARSER.parse_known_args()


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=250)


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def score(self, truth, records, *options):
        return run(OPTIONS.sonde, "judge", "--round", "30s", "--score", truth, *options, records)

    def test_what_the_generator_writes_is_scored(self):
        made = run(OPTIONS.scorecard, "--parts", "27 vantages", "--kinds", "app-5xx,app-refused,app-cert,service-5xx",
                   "--faults", 4, "--regions", 4, "--apps", 4, "--bursts", 0, "--write", self.path / "trial")
        self.assertEqual(made.returncode, 0, made.stderr)
        truth, records = self.path / "trial-1.truth.jsonl", self.path / "trial-1.lp"
        self.assertEqual(len(truth.read_text().splitlines()), 4)
        done = self.score(truth, records, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        score = json.loads(done.stdout)
        self.assertEqual(score["right_class"]["of"], 4)
        self.assertGreaterEqual(score["right_class"]["hits"], 3)
        self.assertGreater(score["healthy_days"], 0.05)
        english = self.score(truth, records)
        self.assertRegex(english.stdout, r"right class +\d+\.\d % ")
        chinese = run(OPTIONS.sonde, "--lang", "zh", "judge", "--round", "30s", "--score", truth, records)
        self.assertIn("类别正确", chinese.stdout)

    def test_mistakes_of_a_truth_file_stop_it_with_their_lines(self):
        truth = self.path / "truth.jsonl"
        truth.write_text('{"id":"a","start_ms":1,"end_ms":2,"component":"app:x"}\n{"id":"b"\n'
                         '{"id":"c","start_ms":1,"end_ms":2,"component":"ap:x"}\n')
        records = self.path / "none.lp"
        records.write_text("")
        done = self.score(truth, records)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, "")
        self.assertIn(f"error: {truth}: line 2, column ", done.stderr)
        self.assertIn(f"error: {truth}: line 3: \"ap:x\" is no component key", done.stderr)
        self.assertIn("did you mean \"app\"?", done.stderr)
        chinese = run(OPTIONS.sonde, "--lang", "zh", "judge", "--score", truth, records)
        self.assertIn("第 3 行：", chinese.stderr)

    def test_without_records_every_fault_is_an_abstention(self):
        truth = self.path / "truth.jsonl"
        truth.write_text('{"id":"a","start_ms":1,"end_ms":2,"component":"app:x"}\n')
        records = self.path / "none.lp"
        records.write_text("")
        done = self.score(truth, records, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        score = json.loads(done.stdout)
        self.assertEqual(score["abstained"], {"value": 1.0, "low": 0.2065, "high": 1.0, "hits": 1, "of": 1})
        self.assertIsNone(score["precision"])

    def test_a_missing_truth_file_is_named(self):
        done = self.score(self.path / "missing.jsonl", self.path / "missing.lp")
        self.assertEqual(done.returncode, 2)
        self.assertIn("missing.jsonl cannot be read", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=[__file__, *REST])
