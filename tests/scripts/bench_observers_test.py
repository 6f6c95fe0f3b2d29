# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of scripts/bench_observers, without the packages that it measures."""

import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import unittest

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
SCRIPT = os.path.join(ROOT, "scripts", "bench_observers")
COMPILER = next(filter(shutil.which, ("c++", "g++", "clang++")), None)


def script(*arguments):
    # -S: without packages, whatever is installed.
    return subprocess.run([sys.executable, "-S", SCRIPT, *arguments], capture_output=True, text=True, check=False)


def module():
    loader = importlib.machinery.SourceFileLoader("bench_observers", SCRIPT)
    loaded = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(loaded)
    return loaded


class BenchObservers(unittest.TestCase):
    def test_help_names_the_versions(self):
        run = script("--help")
        self.assertEqual(run.returncode, 0, run.stderr)
        with open(os.path.join(ROOT, "scripts", "regenerate_vectors"), encoding="utf-8") as file:
            vectors = file.read()
        pins = re.search(r"pip install (.+)", run.stdout)[1].split()
        self.assertEqual([pin.split("==")[0] for pin in pins], ["numpy", "torch", "onnxruntime", "onnx"])
        for pin in pins:
            package, version = pin.split("==")
            self.assertIn(f'"{package}": "{version}"', vectors)

    def test_without_packages_it_says_what_to_install(self):
        run = script("--quick")
        self.assertEqual(run.returncode, 1)
        self.assertIn("torch is not installed", run.stderr)
        self.assertRegex(run.stderr, r"pip install numpy==[\d.]+ torch==")

    def test_the_tables(self):
        names = ["min_max", "histogram", "later", "numpy", "numpy_range", "torch", "torch_later",
                 "entropy_symmetric", "entropy_affine", "mse_symmetric", "mse_affine", "percentile", "absmax_percentile",
                 "onnxruntime_entropy_128", "onnxruntime_entropy_255", "onnxruntime_percentile"]
        best = {name: 0.001 * (k + 1) for k, name in enumerate(names)}
        lines = list(module().table(best, dict.fromkeys(("numpy", "torch", "onnxruntime"), "9.8.7"), "A_TARGET", 1000))
        self.assertIn("| `histogram_observer<2048>`, A_TARGET | 2 |  |", lines)
        self.assertIn("| `numpy.histogram` 9.8.7 | 4 | 2 |", lines)
        self.assertIn("| the same, a later batch | 7 | 2.33 |", lines)
        self.assertIn("| ONNX Runtime 9.8.7 `get_entropy_threshold`, 128 quantized bins | 14 | 1.75 |", lines)
        self.assertIn("| ONNX Runtime 9.8.7 `compute_percentile` | 16 | 1.23 |", lines)
        # Everything is in a row.
        self.assertEqual(sum(line.startswith("| ") for line in lines), len(names) + 2)

    @unittest.skipIf(COMPILER is None, "no C++ compiler was found")
    def test_its_part_of_qmath_compiles(self):
        source = os.path.join(ROOT, "benchmarks", "frameworks", "observers.cpp")
        # Compiled mode needs no Highway, and takes no time.
        run = subprocess.run([COMPILER, "-std=c++20", "-fsyntax-only", "-DQMATH_MODE=QMATH_MODE_COMPILED",
                              f"-I{ROOT}/include", source], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)


if __name__ == "__main__":
    unittest.main()
