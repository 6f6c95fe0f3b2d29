# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Results of benchmarks that nobody ran, for the tests of scripts/bench."""

import os
import sys

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts")
sys.path.insert(0, SCRIPTS)
TARGETS = ("AVX2", "SSE4")
CONTEXT = {"date": "2026-01-01", "num_cpus": 2, "load_avg": [0.5], "compiler": "GCC 12.2.0",
           "caches": [{"type": "Data", "level": 1, "size": 32768}]}


class Noise:
    """Reproducible numbers from 0 to 1."""

    def __init__(self, seed):
        self.state = seed * 2654435761 % 2**32

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return self.state / 2**32


def runs(name, rate, repetitions=9, noise=0.01, seed=1, elements_per_byte=0.2):
    """The repetitions of one benchmark: the best is near `rate` items per second, the others are slower."""
    source = Noise(seed)
    found = []
    for i in range(repetitions):
        items = rate / (1 + noise * source.next())
        found.append({"name": name, "run_name": name, "run_type": "iteration", "family_index": seed,
                      "repetition_index": i, "repetitions": repetitions, "real_time": 1.0, "time_unit": "ns",
                      "items_per_second": items, "bytes_per_second": items / elements_per_byte})
    found.append({"name": f"{name}_cv", "run_name": name, "run_type": "aggregate", "aggregate_name": "cv",
                  "items_per_second": float("nan")})
    return found


def rates():
    """{name: best rate}: element-wise with bounds of each kind, a product, small calls."""
    found = {}
    for s, size in enumerate((4096, 65536, 1 << 20, 1 << 24)):
        found[f"quantize/s8/copy_bound/{size}"] = 20e9 / (s + 1)
        found[f"quantize/s8/scalar/{size}"] = 1e9
        found[f"quantize/s8/xsimd/{size}"] = 9e9 / (s + 1)
        for t, target in enumerate(TARGETS):
            found[f"quantize/s8/{target}/{size}"] = (15e9 - t * 6e9) / (s + 1)
            found[f"quantize/s8_group_32/{target}/{size}"] = (11e9 - t * 5e9) / (s + 1)
    for size in ("64x64x64", "512x512x512", "33x65x129"):
        found[f"gemm/u8s8/scalar/{size}"] = 20e9
        for t, target in enumerate(TARGETS):
            found[f"gemm/u8s8/{target}/{size}"] = 140e9 / (t + 1)
    for t, target in enumerate(TARGETS):
        found[f"quantize/s8/{target}_instruction_bound"] = 16e9 - t * 6e9
        found[f"gemm/u8s8/{target}_instruction_bound"] = 230e9 / (t + 1)
        for size in (1, 4, 16, 64):
            found[f"quantize/s8_calls/{target}/{size}"] = size / (20e-9 + t * 3e-9)
    for size in (1, 4, 16, 64):
        found[f"quantize/s8_calls/scalar/{size}"] = 1e9
    return found


def results(change=None, seed=1, **options):
    """change: {name: factor of its rate}; options are those of runs()."""
    found = []
    for index, (name, rate) in enumerate(rates().items()):
        intensity = 100 if name.startswith("gemm") else 0.2
        found += runs(name, rate * (change or {}).get(name, 1), seed=seed * 1000 + index,
                      elements_per_byte=intensity, **options)
    return {"context": dict(CONTEXT), "benchmarks": found}
