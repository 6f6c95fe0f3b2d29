# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of scripts/bench_results.py, bench_table.py and bench_compare.py."""

import contextlib
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile
import unittest

import bench_samples as samples
import bench_compare
import bench_results
import bench_table


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qmath bench ")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name, contents=None):
        path = os.path.join(self.folder, name)
        if contents is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(contents if isinstance(contents, str) else json.dumps(contents))
        return path

    def script(self, name, *arguments):
        python = [sys.executable, "-B"] if name.endswith(".py") else []
        return subprocess.run([*python, os.path.join(samples.SCRIPTS, name), *arguments], capture_output=True,
                              text=True, cwd=self.folder, check=False)


class Input(Files):
    def test_what_is_no_results_is_refused_with_a_reason(self):
        good = json.dumps(samples.results())
        for contents, reason in (
                (None, "No such file"), ("", "not JSON"), (good[:len(good) // 2], "cut off"), ("[1, 2]", "no list"),
                ('{"benchmarks": 3}', "no list"), ('{"benchmarks": [], "context": 1}', "no list"),
                ('{"benchmarks": [{"x": 1}]}', "no name"),
                ('{"benchmarks": [{"name": "a", "items_per_second": "fast"}]}', "items_per_second is 'fast'"),
                ('{"benchmarks": [{"name": "a", "bytes_per_second": -1}]}', "bytes_per_second is -1"),
                ('{"benchmarks": [{"name": "a", "items_per_second": NaN}]}', "items_per_second is nan")):
            path = self.path("bad.json" if contents is not None else "missing.json", contents)
            with self.assertRaisesRegex(bench_results.BadInput, reason):
                bench_results.load(path)

    def test_every_script_says_so_and_leaves_what_is_there(self):
        bad, good = self.path("bad.json", '{"benchmarks": [{'), self.path("good.json", samples.results())
        there = self.path("there", "old")
        for command in (["bench_results.py", bad, there], ["bench_report.py", bad, there], ["bench_table.py", bad],
                        ["bench", "report", bad, there], ["bench", "compare", bad, good],
                        ["bench", "compare", good, bad], ["bench", "compare", good, "missing.json"]):
            run = self.script(*command)
            self.assertEqual((run.returncode, run.stdout), (2, ""), command)
            self.assertRegex(run.stderr, r"^(.*bad\.json: not JSON|missing\.json: No such file)", command)
            self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        with open(there, encoding="utf-8") as file:
            self.assertEqual(file.read(), "old")

    def test_a_file_is_written_whole_or_not_at_all(self):
        there = self.path("there", "old")
        with self.assertRaises(UnicodeEncodeError):
            bench_results.write(there, "new " * 100000 + "\ud800")
        with open(there, encoding="utf-8") as file:
            self.assertEqual(file.read(), "old")
        self.assertEqual(os.listdir(self.folder), ["there"])
        os.link(there, self.path("before"))  # the file that was there is replaced, not written to
        bench_results.write(there, "new")
        for path, contents in ((there, "new"), (self.path("before"), "old")):
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), contents)
        with self.assertRaisesRegex(bench_results.BadInput, "no/such: No such file"):
            bench_results.write(self.path("no/such"), "new")

    def test_outputs_that_cannot_be_written_are_refused_before_anything_runs(self):
        run = self.script("bench", "--json", "no/such.json")
        self.assertEqual(run.returncode, 1)
        self.assertIn("cannot write", run.stderr)


class Results(Files):
    def test_the_copy_has_machine_targets_and_bounds_and_is_json(self):
        source, copy = self.path("r.json", samples.results()), self.path("copy.json")
        self.assertEqual(self.script("bench_results.py", source, copy).returncode, 0)

        def refuse(constant):
            raise AssertionError(constant)

        with open(copy, encoding="utf-8") as file:
            found = json.load(file, parse_constant=refuse)
        self.assertTrue(found["context"]["machine"])
        self.assertEqual(found["context"]["targets"], "AVX2,SSE4")
        self.assertEqual(found["context"]["compiler"], "GCC 12.2.0")
        bounds = {run["name"]: run.get("bound") for run in found["benchmarks"]}
        self.assertEqual(bounds["quantize/s8/AVX2/4096"], "AVX2_instruction_bound")
        self.assertEqual(bounds["quantize/s8/AVX2/65536"], "copy_bound")
        self.assertIsNone(bounds["quantize/s8/scalar/4096"])
        self.assertIsNone(bounds["quantize/s8_calls/AVX2/4"])
        run = next(r for r in found["benchmarks"] if r["name"] == "quantize/s8/SSE4/1048576")
        self.assertEqual(run["target"], "SSE4")
        self.assertAlmostEqual(run["fraction_of_bound"], 9 / 20, delta=0.01)
        # What was measured is as it was.
        for before, after in zip(samples.results()["benchmarks"], found["benchmarks"]):
            if before["run_type"] == "iteration":
                self.assertEqual(before, {k: after[k] for k in before})

    def test_the_table(self):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self.assertEqual(bench_table.main([self.path("r.json", samples.results(noise=0))]), 0)
        lines = [line.split() for line in output.getvalue().splitlines()]
        self.assertIn(["quantize/s8/4096", "0.94", "0.90", "20.0", "16.0", "15.00x", "1.67x"], lines)
        self.assertIn(["gemm/u8s8/512x512x512", "0.61", "0.61", "230.0", "7.00x"], lines)
        self.assertIn(["quantize/s8_calls/16", "20.0", "23.0", "16.0"], lines)
        self.assertIn(["gemm/u8s8/AVX2/64x64x64", "0.61"], lines)  # below the floor


class Compare(Files):
    def verdicts(self, old, new, effect=0.03):
        return bench_compare.compare(old, new, effect)

    def test_so_many_best_are_unlikely(self):
        for mine, other in ((5, 5), (6, 5), (5, 6), (7, 4)):
            k = bench_compare.needed(mine, other)
            places = list(itertools.combinations(range(mine + other), mine))  # where mine are, best first
            for count, unlikely in ((k, True), (k - 1, False)):
                share = sum(p[:count] == tuple(range(count)) for p in places) / len(places)
                self.assertEqual(share <= 0.005, unlikely, (mine, other, count))
        self.assertEqual([bench_compare.needed(n, n) for n in (1, 4, 5, 9, 17, 50)], [None, None, 5, 6, 7, 8])

    def test_two_runs_of_the_same_are_the_same(self):
        found, margin, controls = self.verdicts(samples.results(seed=1), samples.results(seed=2))
        self.assertEqual({v[0] for v in found.values()}, {"same"})
        self.assertAlmostEqual(margin, 0.03, delta=0.001)
        self.assertGreater(controls, 20)

    def test_bounds_and_contenders_are_not_judged(self):
        found, _, _ = self.verdicts(samples.results(), samples.results())
        self.assertEqual({name.split("/")[2] for name in found}, set(samples.TARGETS))

    def test_changes_are_found_both_ways(self):
        faster, slower = "quantize/s8/AVX2/4096", "gemm/u8s8/SSE4/64x64x64"
        old, new = samples.results(seed=1), samples.results({faster: 1.1, slower: 0.9}, seed=2)
        for first, second, better, worse in ((old, new, faster, slower), (new, old, slower, faster)):
            found, _, _ = self.verdicts(first, second)
            self.assertEqual(found[better][0], "improved")
            self.assertEqual(found[worse][0], "worse")
            self.assertEqual(sum(v[0] == "same" for v in found.values()), len(found) - 2)

    def test_smaller_than_the_effect_is_the_same(self):
        name = "quantize/s8/AVX2/4096"
        old, new = samples.results(seed=1, noise=0.002), samples.results({name: 1.04}, seed=2, noise=0.002)
        self.assertEqual(self.verdicts(old, new, 0.03)[0][name][0], "improved")
        self.assertEqual(self.verdicts(old, new, 0.06)[0][name][0], "same")

    def test_noise_and_few_repetitions_cannot_tell(self):
        name = "quantize/s8/AVX2/4096"
        old, new = samples.results(seed=1), samples.results({name: 1.1}, seed=2)
        for side in (new, old):
            for i, run in enumerate(r for r in side["benchmarks"] if r["name"] == name):
                run["items_per_second"] /= 1 + 0.1 * i
            for pair in ((old, new), (new, old)):
                self.assertEqual(self.verdicts(*pair)[0][name][0], "cannot tell")
        few = self.verdicts(samples.results(repetitions=4), samples.results({name: 2}, repetitions=4))[0]
        self.assertEqual({v[0] for v in few.values()}, {"cannot tell"})

    def test_a_few_disturbed_repetitions_do_not_matter(self):
        name = "quantize/s8/AVX2/4096"
        old, new = samples.results(seed=1), samples.results(seed=2)
        for side in (old, new):
            for run in [r for r in side["benchmarks"] if r["name"] == name][:3]:
                run["items_per_second"] /= 2
        self.assertEqual(self.verdicts(old, new)[0][name][0], "same")

    def test_what_nobody_changed_widens_the_margin(self):
        name = "quantize/s8/AVX2/4096"
        moved = {n: 0.9 for n in samples.rates() if bench_compare.is_control(n)}
        found, margin, _ = self.verdicts(samples.results(), samples.results({**moved, name: 0.93}))
        self.assertAlmostEqual(margin, 0.105, delta=0.01)
        self.assertEqual(found[name][0], "same")
        found, _, _ = self.verdicts(samples.results(), samples.results({**moved, name: 0.8}))
        self.assertEqual(found[name][0], "worse")

    def test_what_failed_cannot_be_told(self):
        name = "quantize/s8/AVX2/4096"
        new = samples.results()
        for run in new["benchmarks"]:
            if run["name"] == name:
                run["error_occurred"] = True
        self.assertEqual(self.verdicts(samples.results(), new)[0][name][0], "cannot tell")

    def test_the_program(self):
        old = self.path("old.json", samples.results(seed=1))
        same = self.path("same.json", samples.results(seed=2))
        bad = self.path("worse.json", samples.results({"quantize/s8/AVX2/4096": 0.8}, seed=2))
        other = self.path("other.json", {"context": {}, "benchmarks": samples.runs("pack/s8/AVX2/16", 1e9)})
        run = self.script("bench", "compare", old, same)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertTrue(run.stdout.endswith("0 improved, 30 same, 0 worse, 0 cannot tell\n"), run.stdout)
        run = self.script("bench", "compare", old, bad)
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stdout, r"quantize/s8/AVX2/4096 +-\d\d\.\d % .* worse\n0 improved, 29 same, 1 worse")
        self.assertEqual(run.stdout, self.script("bench", "compare", old, bad).stdout)
        self.assertEqual(len(self.script("bench", "compare", "--all", old, bad).stdout.splitlines()), 33)
        run = self.script("bench", "compare", old, other)
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertIn("no benchmark of qmath in common", run.stderr)
        self.assertEqual(self.script("bench", "compare", old).returncode, 2)
        self.assertEqual(self.script("bench", "compare", old, same, "--effect", "-1").returncode, 2)

    def test_it_says_when_the_machines_differ(self):
        new = samples.results()
        new["context"]["compiler"] = "GCC 13.1.0"
        run = self.script("bench", "compare", self.path("old.json", samples.results()), self.path("new.json", new))
        self.assertIn("compiler: GCC 12.2.0 / GCC 13.1.0\n", run.stdout)


if __name__ == "__main__":
    unittest.main()
