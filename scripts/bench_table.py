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
"""

import collections
import json
import re
import statistics
import sys


def read(path):
    """{(task, type): {size: {contender: {"items" or "bytes": median rate}}}}, and the CPU."""
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    samples = collections.defaultdict(lambda: collections.defaultdict(list))
    for run in results["benchmarks"]:
        if run.get("run_type") == "aggregate" or run.get("error_occurred"):
            continue
        parts = run.get("run_name", run["name"]).split("/")
        # Google Benchmark appends its own settings: /min_time:0.1, /repeats:5, /real_time.
        parts = [p for p in parts if ":" not in p and p not in ("real_time", "process_time")]
        if len(parts) < 3:
            continue
        key = tuple(parts[:3]) + ("/".join(parts[3:]),)
        for unit in ("items", "bytes"):
            if f"{unit}_per_second" in run:
                samples[key][unit].append(run[f"{unit}_per_second"])
    tables = collections.defaultdict(lambda: collections.defaultdict(dict))
    for (task, kind, contender, size), rates in samples.items():
        tables[task, kind][size][contender] = {u: statistics.median(r) for u, r in rates.items()}
    return tables, results.get("context", {})


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


def shown(value, suffix=""):
    return "-" if value is None else f"{value:.2f}{suffix}"


def natural(text):
    return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", text)]


def table_of(task, kind, sizes):
    contenders = {c for row in sizes.values() for c in row}
    targets = sorted(c for c in contenders if is_target(c))
    # The fastest target first: the one that a user gets.
    totals = {t: sum(max(r.get(t, {"": 0}).values(), default=0) for r in sizes.values())
              for t in targets}
    targets.sort(key=lambda t: -totals[t])
    others = sorted(c for c in contenders if not is_target(c) and not is_bound(c))
    plain = {s: r for s, r in sizes.items() if not all(is_bound(c) for c in r)}
    # Bounds that were measured once, not per size.
    shared = {c: rate for s, r in sizes.items() if s not in plain for c, rate in r.items()}

    lines = [["task/type/size"] + targets + [f"vs {o}" for o in others]]
    for size in sorted(plain, key=natural):
        row = plain[size]
        best = next((row[t] for t in targets if t in row), None)
        line = [f"{task}/{kind}/{size}"]
        for target in targets:
            fractions = [ratio(row[target], b) for b in bounds_of(target, row, shared).values()
                         ] if target in row else []
            line.append(shown(max((f for f in fractions if f is not None), default=None)))
        for other in others:
            both = best is not None and other in row
            line.append(shown(ratio(best, row[other]) if both else None, "x" if both else ""))
        lines.append(line)
    return lines


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) == 2 else 2
    tables, context = read(sys.argv[1])
    if not tables:
        print(f"{sys.argv[1]}: no benchmarks called task/type/contender/size", file=sys.stderr)
        return 1
    print("Columns of targets: fraction of the bound. vs: how many times faster the first target is.")
    if context.get("cpu_scaling_enabled"):
        print("CPU frequency scaling is on: expect noise.")
    for (task, kind), sizes in sorted(tables.items()):
        lines = table_of(task, kind, sizes)
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        print()
        for line in lines:
            print("  ".join([line[0].ljust(widths[0])] +
                            [c.rjust(w) for c, w in zip(line[1:], widths[1:])]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
