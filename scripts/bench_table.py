#!/usr/bin/env python3
# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Prints results of qmath_bench as fractions of the bound and ratios to the contenders.

Usage: scripts/bench_table.py RESULTS.json

A benchmark is called task/type/contender/size. The contender is
  AVX3_DL       capitals: qmath on that CPU target
  copy_bound    ends in _bound: what the hardware can do; the lowest bound of a row counts
  AVX2_instruction_bound  the same, for that target only, in addition to the general ones
  scalar        anything else: somebody else's code
A bound without a row of its size (or of any size) holds for all sizes of its task and type.
Types that end in _calls are of calls that are too short for a bound: nanoseconds.

Of the repetitions the best counts, for everything alike: what else the machine does, and other
guests of the same host, only ever make a repetition slower.
"""

import collections
import json
import re
import sys

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
FLOOR = 0.9  # of the bound


def read(path):
    """{(task, type): {size: {contender: {"items" or "bytes": best rate}}}}, errors by name, the
    targets in the order in which they were registered, best first, and the context."""
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    tables = collections.defaultdict(lambda: collections.defaultdict(
        lambda: collections.defaultdict(dict)))
    errors, order = {}, {}
    for run in results["benchmarks"]:
        name = run.get("run_name", run["name"])
        if run.get("error_occurred"):
            errors[name] = run.get("error_message", "")
        if run.get("run_type") == "aggregate" or run.get("error_occurred"):
            continue
        # Google Benchmark appends its own settings: /min_time:0.1, /repeats:5, /real_time.
        parts = [p for p in name.split("/")
                 if ":" not in p and p not in ("real_time", "process_time")]
        if len(parts) < 3:
            continue
        if is_target(parts[2]):
            index = run.get("family_index", 0)
            order[parts[2]] = min(index, order.get(parts[2], index))
        rates = tables[tuple(parts[:2])]["/".join(parts[3:])][parts[2]]
        for unit in ("items", "bytes"):
            rate = run.get(f"{unit}_per_second", 0)
            if rate > rates.get(unit, 0):
                rates[unit] = rate
    return tables, errors, sorted(order, key=order.get), results.get("context", {})


def is_bound(contender):
    return contender.endswith("_bound")


def is_target(contender):
    return re.fullmatch(r"[A-Z0-9_]+", contender) is not None


def ratio(mine, other):
    """How many times faster: in the unit that both report, items before bytes."""
    for unit in ("items", "bytes"):
        if mine.get(unit) and other.get(unit):
            return mine[unit] / other[unit]
    return None


def bounds_of(target, row, shared):
    """The bounds of a target in a row; one of its size replaces the one for all sizes."""
    bounds = {**shared, **{c: rate for c, rate in row.items() if is_bound(c)}}
    # The capitals in front: AVX3_VNNI_instruction_bound is not one of AVX3's.
    return {c: r for c, r in bounds.items() if re.match(r"[A-Z0-9_]*", c)[0].strip("_") in ("", target)}


def shown(value, suffix="", digits=2):
    return "-" if value is None else f"{value:.{digits}f}{suffix}"


def natural(text):
    return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", text)]


def print_lines(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    print()
    for line in lines:
        print("  ".join([line[0].ljust(widths[0])] +
                        [c.rjust(w) for c, w in zip(line[1:], widths[1:])]))


def others_of(sizes):
    return sorted({c for row in sizes.values() for c in row if not is_target(c) and not is_bound(c)})


def split(sizes):
    """The rows, and the bounds that were measured once, not per size."""
    rows = {s: r for s, r in sizes.items() if not all(is_bound(c) for c in r)}
    shared = {c: rates for s, r in sizes.items() if s not in rows for c, rates in r.items()}
    return rows, shared


def fraction_of(target, row, shared):
    fractions = [ratio(row[target], b) for b in bounds_of(target, row, shared).values()
                 ] if target in row else []
    return max((f for f in fractions if f is not None), default=None)


def measured(targets, sizes):
    return [t for t in targets if any(t in row for row in sizes.values())]


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
    found = []
    for kind, sizes in tables.items():
        if kind[1].endswith("_calls"):
            continue
        rows, shared = split(sizes)
        for size, row in rows.items():
            for target in targets:
                fraction = fraction_of(target, row, shared)
                if fraction is not None and fraction < FLOOR:
                    found.append((fraction, "/".join(kind + (target, size))))
    return [[name, shown(fraction)] for fraction, name in sorted(found)]


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) == 2 else 2
    tables, errors, targets, context = read(sys.argv[1])
    for name, message in errors.items():
        print(f"{name}: {message}", file=sys.stderr)
    if not tables:
        print(f"{sys.argv[1]}: no benchmarks called task/type/contender/size", file=sys.stderr)
        return 1
    print("Columns of targets: fraction of the lower bound. Bounds: 10^9 elements or operations per second;")
    print("instructions: of the first target. vs: how many times as fast as that the first target is.")
    if context.get("cpu_scaling_enabled"):
        print("CPU frequency scaling is on: expect noise.")
    for (task, kind), sizes in sorted(tables.items(), key=lambda item: list(map(natural, item[0]))):
        make = calls_of if kind.endswith("_calls") else table_of
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
    sys.exit(main())
