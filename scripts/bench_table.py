#!/usr/bin/env python3
# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Prints results of qmath_bench as fractions of the bound and ratios to the contenders.

Usage: scripts/bench_table.py RESULTS.json

scripts/bench_results.py says what the names of benchmarks mean, and which of the repetitions counts.
"""

import sys

from bench_results import (FLOOR, bounds_of, fraction_of, fractions, is_calls, load, measured, natural, others_of,
                           ratio, read, run_main, split)

# The first type's rate as a fraction of the second one's, with the floor.
COMPARISONS = [
    ("exact quotient / reciprocal (0.71 in L1, 1 from L3)", "quantize/s8", "quantize/s8_reciprocal"),
    ("stochastic / nearest even (0.33)", "quantize/s8_stochastic", "quantize/s8"),
    ("stochastic / nearest even, groups of 32 (0.33)", "quantize/s8_group_32_stochastic",
     "quantize/s8_group_32"),
    ("two threads / one (1.9)", "gemm/u8s8_two_threads", "gemm/u8s8"),
    ("dynamic_linear / its GEMM alone (0.9)", "linear/f32_affine", "linear/f32_affine_gemm"),
    ("dynamic_linear / its GEMM alone (0.9)", "linear/f32_symmetric", "linear/f32_symmetric_gemm"),
] + [
    (f"{layout} / per tensor (0.9)", f"{task}/s8_{layout}", f"{task}/s8")
    for task in ("quantize", "dequantize", "requantize")
    for layout in ("row_768", "column_768", "group_128", "group_32")
]


def shown(value, suffix="", digits=2):
    return "-" if value is None else f"{value:.{digits}f}{suffix}"


def print_lines(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    print()
    for line in lines:
        print("  ".join([line[0].ljust(widths[0])] +
                        [c.rjust(w) for c, w in zip(line[1:], widths[1:])]))


def table_of(name, sizes, targets):
    rows, shared = split(sizes)
    targets, others = measured(targets, rows), others_of(rows)
    first = targets[0] if targets else ""
    bounds = sorted({b for row in rows.values() for b in bounds_of(first, row, shared)},
                    key=lambda b: b[0].isupper())
    lines = [["task/type/size"] + targets + [b.replace(first + "_", "") for b in bounds] +
             [f"vs {o}" for o in others]]
    for size in sorted(rows, key=natural):
        row = rows[size]
        line = [f"{name}/{size}"] + [shown(fraction_of(t, row, shared)) for t in targets]
        own = bounds_of(first, row, shared)
        for bound in bounds:
            rates = own.get(bound, {})
            line.append(shown(rates["items"] / 1e9 if rates.get("items") else None, digits=1))
        for other in others:
            times = ratio(row[first], row[other]) if first in row and other in row else None
            line.append(shown(times, "" if times is None else "x"))
        lines.append(line)
    return lines


def calls_of(name, sizes, targets):
    columns = measured(targets, sizes) + others_of(sizes)
    lines = [["task/type/elements, ns"] + columns]
    for size in sorted(sizes, key=natural):
        rates = [sizes[size].get(c, {}).get("items") for c in columns]
        lines.append([f"{name}/{size}"] +
                     [shown(int(size) / r * 1e9 if r else None, digits=1) for r in rates])
    return lines


def comparisons_of(tables, targets):
    kinds = {"/".join(kind): sizes for kind, sizes in tables.items()}
    lines = []
    for what, mine, other in COMPARISONS:
        for size in sorted(set(kinds.get(mine, {})) & set(kinds.get(other, {})), key=natural):
            rows = kinds[mine][size], kinds[other][size]
            values = [ratio(rows[0].get(t, {}), rows[1].get(t, {})) for t in targets]
            if any(values):
                lines.append([f"{mine.split('/')[0]}: {what}, {size}"] + [shown(v) for v in values])
    return [["one type / another, size"] + targets] + lines if lines else []


def below_floor(tables, targets):
    found = sorted((fraction, f"{task}/{kind}/{target}/{size}")
                   for task, kind, target, size, fraction, _ in fractions(tables, targets) if fraction < FLOOR)
    return [[name, shown(fraction)] for fraction, name in found]


def main(arguments):
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(arguments) == 1 else 2
    results = load(arguments[0])
    tables, errors, targets = read(results)
    for name, message in errors.items():
        print(f"{name}: {message}", file=sys.stderr)
    if not tables:
        print(f"{arguments[0]}: no benchmarks called task/type/contender/size", file=sys.stderr)
        return 1
    print("Columns of targets: fraction of the lower bound. Bounds: 10^9 elements or operations per second;")
    print("instructions: of the first target. vs: how many times as fast as that the first target is.")
    if results.get("context", {}).get("cpu_scaling_enabled"):
        print("CPU frequency scaling is on: expect noise.")
    for (task, kind), sizes in sorted(tables.items(), key=lambda item: list(map(natural, item[0]))):
        make = calls_of if is_calls(kind) else table_of
        print_lines(make(f"{task}/{kind}", sizes, targets))
    comparisons = comparisons_of(tables, targets)
    if comparisons:
        print_lines(comparisons)
    below = below_floor(tables, targets)
    if below:
        print(f"\nBelow {FLOOR} of the bound: {len(below)}")
        print_lines([["task/type/target/size", "fraction"]] + below)
    return 1 if errors else 0


if __name__ == "__main__":
    run_main(main)
