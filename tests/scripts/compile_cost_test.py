# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of scripts/compile-cost, with the cases that take no time."""

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "compile-cost")
COMPILER = next(filter(shutil.which, ("c++", "g++", "clang++")), None)


def script(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)


class CompileCost(unittest.TestCase):
    @unittest.skipIf(COMPILER is None, "no C++ compiler was found")
    def test_a_table(self):
        run = script("--compiler", COMPILER, "--only", "std,compiled,compiled_call", "--repetitions", "2")
        self.assertEqual(run.returncode, 0, run.stderr)
        rows = {cells[0]: cells[1:] for cells in
                ([c.strip() for c in line.strip("|").split("|")] for line in run.stdout.splitlines() if "|" in line)}
        self.assertEqual(run.stderr.count(": std: "), 2)
        self.assertEqual(run.stderr.count(": compiled_call: "), 1)
        for name in ("std", "compiled", "compiled_call"):
            seconds, megabytes = map(float, rows[name][:2])
            self.assertTrue(0 < seconds < 60 and 5 < megabytes < 5000, rows[name])
            self.assertGreater(float(rows[name][5]), 0)
        self.assertEqual([rows[n][2] for n in ("std", "compiled")], ["", "std"])
        # Two digits of each are printed.
        self.assertAlmostEqual(float(rows["compiled"][3]), float(rows["compiled"][0]) / float(rows["std"][0]), delta=0.2)
        self.assertEqual(rows["compiled"][4], "1.2")

    def test_the_smallest_counts(self):
        # A compiler that takes its memory and its time only the first time.
        with tempfile.TemporaryDirectory() as folder:
            compiler = os.path.join(folder, "compiler")
            with open(compiler, "w", encoding="utf-8") as file:
                file.write(f"""#!{sys.executable}
import os, sys, time
if "--version" in sys.argv:
    sys.exit(print("a compiler"))
if not os.path.exists({folder!r} + "/seen"):
    open({folder!r} + "/seen", "w").close()
    memory = b"x" * 300_000_000
    while time.process_time() < 1: pass
open(sys.argv[sys.argv.index("-o") + 1], "wb").write(b"x" * 7000)
""")
            os.chmod(compiler, stat.S_IRWXU)
            run = script("--compiler", compiler, "--only", "std", "--repetitions", "2")
            found = re.search(r"\| std \| ([\d.]+) \| (\d+) \|  \|  \|  \| 7 \|  \|", run.stdout)
            self.assertIsNotNone(found, run.stdout + run.stderr)
            self.assertLess(float(found[1]), 0.9)
            self.assertLess(int(found[2]), 250)
            self.assertGreater(float(re.search(r"std: ([\d.]+) s", run.stderr)[1]), 0.9)

    def test_what_does_not_work_is_said(self):
        with tempfile.TemporaryDirectory() as folder:
            compiler = os.path.join(folder, "compiler")
            with open(compiler, "w", encoding="utf-8") as file:
                file.write("#!/bin/sh\necho no such header >&2\nexit 1\n")
            os.chmod(compiler, stat.S_IRWXU)
            run = script("--compiler", compiler, "--only", "std")
            self.assertEqual((run.returncode, run.stdout), (2, ""))
            self.assertIn("no such header", run.stderr)
        for arguments, reason in ((["--only", "nonsense"], "no such case: nonsense"),
                                  (["--compiler", "nonsense"], "no such compiler: nonsense"),
                                  (["--repetitions", "0"], "at least one")):
            run = script(*arguments)
            self.assertEqual(run.returncode, 2)
            self.assertIn(reason, run.stderr)


if __name__ == "__main__":
    unittest.main()
