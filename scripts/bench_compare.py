#!/usr/bin/env python3
# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Says of each benchmark in two files of results whether it became faster.

Usage: scripts/bench compare OLD.json NEW.json [--effect PERCENT] [--all]

  improved     faster, by more than the margin
  same         neither faster nor slower by more than the margin
  worse        slower, by more than the margin
  cannot tell  the repetitions are too few or scatter too widely to say one of these, or it failed

The rule. The change is the best repetition of NEW by the best of OLD, since what else happens on a machine
only ever makes a repetition slower. The interval around it goes from (k-th best of NEW) / (best of OLD) to
(best of NEW) / (k-th best of OLD). k is the smallest number for which it is less than 0.5 % likely that, of
repetitions that are alike, the k best all come from the same side, and so the interval holds in 99 of 100
cases, however times are distributed (a precedence test): 6 of 9 repetitions, 7 of 17, 8 of 50. Fewer than 5 on
a side have no such interval; more of them bear more disturbance, because k hardly grows. There are no
random numbers.

Improved and worse: the whole interval lies beyond the margin. Same: all of it lies within. The margin is what
code that nobody changed moved: the bounds and the contenders that both files have, of which 95 % moved less;
3 % (--effect) at the least, since code that moves in memory gains and loses as much.

Prints everything that is not "same"; all of it with --all. Exit status: 0 if nothing is worse, 1 if
something is, 2 if the files cannot be compared.
"""

import argparse
import collections
import math
import sys

from bench_results import BadInput, is_bound, is_target, load, name_of, natural, run_main

CONFIDENCE = 0.99
CONTROLS = 0.95       # of the benchmarks that nobody changed are within the margin
ENOUGH_CONTROLS = 20  # for that to mean something
VERDICTS = ("worse", "cannot tell", "improved", "same")


def repetitions(results):
    """{name: {unit: [rate of each repetition]}}; empty for a benchmark that failed."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for run in results["benchmarks"]:
        rates = found[name_of(run)]
        if run.get("run_type") == "aggregate" or run.get("error_occurred"):
            continue
        for unit in ("items_per_second", "bytes_per_second"):
            if run.get(unit):
                rates[unit].append(run[unit])
    return found


def needed(mine, other):
    """k: so many of `mine` are the best of all, which with `other` of the same kind is too unlikely."""
    for k in range(1, mine + 1):
        if math.comb(mine, k) / math.comb(mine + other, k) <= (1 - CONFIDENCE) / 2:
            return k
    return None


def change(old, new):
    """(low, change, high) of new / old in logarithms; low and high are None without an interval."""
    for unit in ("items_per_second", "bytes_per_second"):
        if old.get(unit) and new.get(unit):
            a, b = (sorted(map(math.log, rates[unit]), reverse=True) for rates in (old, new))
            k_old, k_new = needed(len(a), len(b)), needed(len(b), len(a))
            return (b[k_new - 1] - a[0] if k_new and k_old else None, b[0] - a[0],
                    b[0] - a[k_old - 1] if k_new and k_old else None)
    return None, None, None


def verdict(low, high, margin):
    if low is None:
        return "cannot tell"
    if low > margin:
        return "improved"
    if high < -margin:
        return "worse"
    return "same" if -margin <= low and high <= margin else "cannot tell"


def is_control(name):
    contender = (name.split("/") + [""] * 3)[2]
    return is_bound(contender) or not is_target(contender)


def compare(old, new, effect):
    """({name: (verdict, low, change, high)}, the margin, the number of controls)"""
    old, new = repetitions(old), repetitions(new)
    changes = {name: change(old[name], new[name]) for name in sorted(set(old) & set(new), key=natural)}
    moved = sorted(abs(c[1]) for name, c in changes.items() if is_control(name) and c[1] is not None)
    margin = math.log1p(effect)
    if len(moved) >= ENOUGH_CONTROLS:
        margin = max(margin, moved[math.ceil(CONTROLS * len(moved)) - 1])
    return ({name: (verdict(c[0], c[2], margin),) + c for name, c in changes.items() if not is_control(name)},
            margin, len(moved))


def percent(value):
    return "-" if value is None else f"{math.expm1(value) * 100:+.1f} %"


def main(arguments):
    parser = argparse.ArgumentParser(prog="scripts/bench compare", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     usage="scripts/bench compare OLD.json NEW.json [--effect PERCENT] [--all]")
    parser.add_argument("old", metavar="OLD.json")
    parser.add_argument("new", metavar="NEW.json")
    parser.add_argument("--effect", type=float, default=3.0, metavar="PERCENT")
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args(arguments)
    if not 0 <= options.effect < math.inf:
        raise BadInput(f"scripts/bench compare: an effect of {options.effect} % is none")
    old, new = load(options.old), load(options.new)
    results, margin, controls = compare(old, new, options.effect / 100)
    if not results:
        raise BadInput(f"{options.old} and {options.new} have no benchmark of qmath in common")

    for key in ("machine", "host_name", "compiler", "compiler_flags", "qmath", "highway"):
        values = [r.get("context", {}).get(key, "?") for r in (old, new)]
        if values[0] != values[1]:
            print(f"{key}: {values[0]} / {values[1]}")
    print(f"margin: {percent(margin)}" + (
        f", from {controls} bounds and contenders" if controls >= ENOUGH_CONTROLS else
        f"; too few bounds and contenders ({controls}) to say how much the runs differ"))
    lines = [["", "change", "from", "to", ""]]
    for name, (what, low, best, high) in sorted(results.items(), key=lambda item: VERDICTS.index(item[1][0])):
        if options.all or what != "same":
            lines.append([name, percent(best), percent(low), percent(high), what])
    widths = [max(len(line[i]) for line in lines) for i in range(5)]
    for line in lines if len(lines) > 1 else []:
        print("  ".join([line[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(line[1:4], widths[1:4])] +
                        line[4:]))
    counts = collections.Counter(result[0] for result in results.values())
    print(", ".join(f"{counts[what]} {what}" for what in ("improved", "same", "worse", "cannot tell")))
    return 1 if counts["worse"] else 0


if __name__ == "__main__":
    run_main(main)
