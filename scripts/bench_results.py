#!/usr/bin/env python3
# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Reads results of qmath_bench; adds the machine, the targets and the bounds to them.

Usage: scripts/bench_results.py RESULTS.json COPY.json

The copy is Google Benchmark's schema with these fields more:
  context   "machine": the CPU's name and the operating system. qmath_bench itself adds "compiler",
            "compiler_flags", "qmath", "highway" and "targets", best first.
  each benchmark of a target that has a bound: "target", "bound" (which of them is lowest) and
            "fraction_of_bound" (the best repetition of the benchmark by the best one of the bound)

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
import math
import os
import platform
import re
import sys
import tempfile

FLOOR = 0.9  # of the bound


class BadInput(Exception):
    """What is wrong with a file that we were given, for its owner to read."""


def load(path):
    """The contents of a JSON file with results; BadInput unless they are what we can read."""
    try:
        with open(path, encoding="utf-8") as file:
            results = json.load(file)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadInput(f"{path}: not JSON, or cut off: {error}") from error
    runs = results.get("benchmarks") if isinstance(results, dict) else None
    if not isinstance(runs, list) or not isinstance(results.get("context", {}), dict):
        raise BadInput(f"{path}: JSON, but not Google Benchmark's: it has no list \"benchmarks\"")
    for index, run in enumerate(runs):
        if not isinstance(run, dict) or not isinstance(run.get("name"), str):
            raise BadInput(f"{path}: benchmark {index} has no name")
        for unit in ("items_per_second", "bytes_per_second"):
            value = run.get(unit, 0)
            if run.get("run_type") == "aggregate":
                continue  # a coefficient of variation of zeros is NaN
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
                raise BadInput(f"{path}: {run['name']}: {unit} is {value!r}")
    return results


def write(path, text):
    """Writes a file as a whole or not at all."""
    folder = os.path.dirname(os.path.abspath(path))
    try:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".bench-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error


def run_main(main):
    """main(arguments) as a program: 2 for wrong usage and bad input, with a message."""
    try:
        sys.exit(main(sys.argv[1:]))
    except BadInput as error:
        print(error, file=sys.stderr)
        sys.exit(2)


# ---- what the names say ----------------------------------------------------------------------------


def name_of(run):
    """task/type/contender/size, without Google Benchmark's settings: /min_time:0.1, /real_time."""
    parts = run.get("run_name", run["name"]).split("/")
    return "/".join(p for p in parts if ":" not in p and p not in ("real_time", "process_time"))


def is_bound(contender):
    return contender.endswith("_bound")


def is_target(contender):
    return re.fullmatch(r"[A-Z0-9_]+", contender) is not None


def is_calls(kind):
    return kind.endswith("_calls")


def natural(text):
    return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", text)]


# ---- rates -----------------------------------------------------------------------------------------


def read(results):
    """{(task, type): {size: {contender: {"items" or "bytes": best rate}}}}, errors by name, and the
    targets in the order in which they were registered, best first."""
    tables = collections.defaultdict(lambda: collections.defaultdict(
        lambda: collections.defaultdict(dict)))
    errors, order = {}, {}
    for run in results["benchmarks"]:
        name = name_of(run)
        if run.get("error_occurred"):
            errors[name] = run.get("error_message", "")
        if run.get("run_type") == "aggregate" or run.get("error_occurred"):
            continue
        parts = name.split("/")
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
    return tables, errors, sorted(order, key=order.get)


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


def split(sizes):
    """The rows, and the bounds that were measured once, not per size."""
    rows = {s: r for s, r in sizes.items() if not all(is_bound(c) for c in r)}
    shared = {c: rates for s, r in sizes.items() if s not in rows for c, rates in r.items()}
    return rows, shared


def lowest_bound(target, row, shared):
    """(fraction, bound): of the lowest bound, where there is one; else (None, None)."""
    fractions = [(ratio(row[target], rates), bound)
                 for bound, rates in bounds_of(target, row, shared).items()] if target in row else []
    return max((f for f in fractions if f[0] is not None), default=(None, None))


def fraction_of(target, row, shared):
    return lowest_bound(target, row, shared)[0]


def measured(targets, sizes):
    return [t for t in targets if any(t in row for row in sizes.values())]


def others_of(sizes):
    return sorted({c for row in sizes.values() for c in row if not is_target(c) and not is_bound(c)})


def fractions(tables, targets):
    """(task, type, target, size, fraction, bound) of everything that has a bound."""
    for (task, kind), sizes in sorted(tables.items(), key=lambda item: list(map(natural, item[0]))):
        if is_calls(kind):
            continue
        rows, shared = split(sizes)
        for size in sorted(rows, key=natural):
            for target in targets:
                fraction, bound = lowest_bound(target, rows[size], shared)
                if fraction is not None:
                    yield task, kind, target, size, fraction, bound


# ---- what is added ---------------------------------------------------------------------------------


def machine():
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            fields = dict(line.split(":", 1) for line in file if ":" in line)
        fields = {key.strip(): value.strip() for key, value in fields.items()}
        name = fields.get("model name", name)
        if "hypervisor" in fields.get("flags", "").split():
            name += " (virtual machine)"
    except OSError:
        pass
    return f"{name}, {platform.system()} {platform.machine()}"


def annotate(results):
    tables, _, targets = read(results)
    context = results.setdefault("context", {})
    context["machine"] = machine()
    context.setdefault("targets", ",".join(targets))
    known = {"/".join((task, kind, target, size)): (target, fraction, bound)
             for task, kind, target, size, fraction, bound in fractions(tables, targets)}
    for run in results["benchmarks"]:
        if name_of(run) in known:
            run["target"], run["fraction_of_bound"], run["bound"] = known[name_of(run)]


def main(arguments):
    if len(arguments) != 2:
        print(__doc__)
        return 2
    results = load(arguments[0])
    annotate(results)
    for run in results["benchmarks"]:
        for key in [k for k, value in run.items() if isinstance(value, float) and not math.isfinite(value)]:
            del run[key]  # Google Benchmark writes NaN, which is no JSON
    write(arguments[1], json.dumps(results, indent=1, allow_nan=False) + "\n")
    return 0


if __name__ == "__main__":
    run_main(main)
