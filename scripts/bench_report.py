#!/usr/bin/env python3
# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Makes one HTML file of results of qmath_bench: charts, tables, and what they were measured on.

Usage: scripts/bench_report.py RESULTS.json REPORT.html

The file needs nothing else, no network and no scripts. Its charts: the fraction of the bound, for each target;
a roofline for each target; how many times as fast as each contender the best target is; the time of small
calls. What pipeline models predict for CPUs that nobody measured is taken from docs/pipeline_models.md.
"""

import math
import os
import re

import bench_chart as svg
from bench_results import (FLOOR, BadInput, fractions, is_bound, is_calls, is_target, load, measured, natural,
                           others_of, ratio, read, run_main, split, write)
from bench_table import calls_of, table_of

HERE = os.path.dirname(os.path.abspath(__file__))
PREDICTIONS = os.path.join(HERE, "..", "docs", "pipeline_models.md")
COUNTS = os.path.join(HERE, "..", "docs", "instruction_counts.md")
FRACTION_TICKS = [0, 0.25, 0.5, 0.75, FLOOR, 1]


def colour(index):
    return f"s{index}" if index < 6 else "other"


def short(size):
    """16777216: 16M; 65536: 64K; shapes and small sizes as they are."""
    if size.isdigit() and int(size) % (1 << 20) == 0 and int(size) > 0:
        return f"{int(size) >> 20}M"
    return f"{int(size) >> 10}K" if size.isdigit() and int(size) % 1024 == 0 and int(size) > 0 else size


def plain(value):
    return f"{value:g}"


def fraction_of_two(value):
    return f"{value:g}" if value >= 1 else f"1/{1 / value:g}"


def by_task(tables):
    """{task: {type: sizes}}, in the order of names."""
    tasks = {}
    for (task, kind), sizes in sorted(tables.items(), key=lambda item: list(map(natural, item[0]))):
        tasks.setdefault(task, {})[kind] = sizes
    return tasks


# ---- the charts ------------------------------------------------------------------------------------


def fraction_charts(tables, targets):
    tasks = {}
    for task, kind, target, size, fraction, bound in fractions(tables, targets):
        name = f"{task}/{kind}/{target}/{size}"
        tip = f"{name}: {fraction:.2f} of {bound}"
        tasks.setdefault(task, {}).setdefault(target, []).append((fraction, colour(targets.index(target)), name, tip))
    for task, rows in tasks.items():
        yield svg.strips(task, [(t, rows[t]) for t in targets if t in rows],
                         lambda a, b: svg.Axis(0, 1.25, a, b), FRACTION_TICKS, "fraction of the lower bound",
                         strong=(FLOOR,), show=plain, left=90)


def bandwidths(tables):
    """{elements: bytes per second} of the best copy or read bound of that size."""
    best = {}
    for sizes in tables.values():
        for size, row in sizes.items():
            for contender, rates in row.items():
                if contender in ("copy_bound", "read_bound") and size.isdigit() and int(size) >= 4096:
                    best[int(size)] = max(best.get(int(size), 0), rates.get("bytes", 0))
    return {size: rate for size, rate in sorted(best.items()) if rate}


def roofline(tables, target):
    """The roofline of a target, or None without anything to draw."""
    points, tasks = {}, sorted({task for task, _ in tables})
    for (task, kind), sizes in sorted(tables.items()):
        for size in sorted(sizes, key=natural):
            rates = sizes[size].get(target, {})
            if not is_calls(kind) and rates.get("items") and rates.get("bytes"):
                name, y = f"{task}/{kind}/{target}/{size}", rates["items"] / 1e9
                points.setdefault(task, []).append((rates["items"] / rates["bytes"], y, name, f"{name}: {y:.4g} G/s"))
    if not points:
        return None
    values = [p for found in points.values() for p in found]
    peak = max((rates.get("items", 0) for (task, _), sizes in tables.items() if task == "gemm"
                for row in sizes.values() for c, rates in row.items() if c == f"{target}_instruction_bound"),
               default=0) / 1e9
    x_low, x_high = ends([p[0] for p in values])
    y_low, y_high = ends([p[1] for p in values] + ([peak * 1.3] if peak else []))
    roofs = []
    known = bandwidths(tables)
    for elements, rate in known.items():
        # Only the outermost have room for a name.
        label = short(str(elements)) if elements in (min(known), max(known)) else ""
        anchor, rate = "end" if elements == min(known) else "start", rate / 1e9
        left = max(x_low, y_low / rate)
        right = min(x_high, (peak or y_high) / rate, y_high / rate)
        if left < right:
            roofs.append(("roof", label, anchor, (left, rate * left), (right, rate * right)))
    if peak:
        roofs.append(("roof", "dot products", "end", (x_low, peak), (x_high, peak)))
    # Colours for the tasks with the most marks, in all rooflines alike.
    marks = {t: sum(len(sizes) for (task, _), sizes in tables.items() if task == t) for t in tasks}
    tasks.sort(key=lambda t: (-marks[t], t))
    used = [t for t in tasks if t in points]
    keys = [(colour(tasks.index(t)), t) for t in used]
    rest = ", ".join(t for kind, t in keys if kind == "other")
    return svg.curves(
        target, lambda a, b: svg.Axis(x_low, x_high, a, b, True), svg.powers(x_low, x_high, 10),
        lambda a, b: svg.Axis(y_low, y_high, a, b, True), svg.powers(y_low, y_high, 10),
        [(f"points {colour(tasks.index(t))}", t, points[t]) for t in used],
        ("elements or operations per byte", "10⁹ per second"),
        [k for k in keys if k[0] != "other"] + ([("other", rest)] if rest else []), plain, 260, roofs)


def ends(values):
    """Ends of a logarithmic axis: powers of ten around the values."""
    low, high = 10.0 ** math.floor(math.log10(min(values))), 10.0 ** math.ceil(math.log10(max(values)))
    return low, high if high > low else low * 10


def ratio_charts(tables, targets):
    """A chart per task and contender, for the best target."""
    for task, kinds in by_task(tables).items():
        kinds = {k: split(sizes)[0] for k, sizes in kinds.items() if not is_calls(k)}
        for other in sorted({o for sizes in kinds.values() for o in others_of(sizes)}):
            found = []  # (type, size, ratio, target)
            for kind, sizes in kinds.items():
                target = next(iter(measured(targets, sizes)), None)
                for size in sorted(sizes, key=natural):
                    times = ratio(sizes[size].get(target, {}), sizes[size].get(other, {}))
                    if times is not None:
                        found.append((kind, size, times, f"{task}/{kind}/{target}/{size}"))
            if not found:
                continue
            # A row for each of what there is more of, a colour for each of the others.
            row, series = (0, 1) if len({f[0] for f in found}) >= len({f[1] for f in found}) else (1, 0)
            rows, colours = (sorted({f[i] for f in found}, key=natural) for i in (row, series))
            values = [(r, [(f[2], colour(colours.index(f[series])), f"{f[3]} vs {other}",
                            f"{f[3]}: {f[2]:.2f} times as fast as {other}") for f in found if f[row] == r])
                      for r in rows]
            low = min(0.5, *(f[2] for f in found))
            high = max(2, *(f[2] for f in found))
            low, high = 2.0 ** math.floor(math.log2(low)), 2.0 ** math.ceil(math.log2(high))
            ticks = svg.powers(low, high, 2.0)
            yield svg.strips(f"{task}: qmath / {other}", values, lambda a, b, l=low, h=high: svg.Axis(l, h, a, b, True),
                             [t for i, t in enumerate(ticks) if len(ticks) < 8 or i % 2 == ticks.index(1) % 2],
                             f"times as fast as {other}", [(colour(i), short(c)) for i, c in enumerate(colours)][:7],
                             (1.0,), fraction_of_two)


def call_charts(tables, targets):
    for (task, kind), sizes in sorted(tables.items()):
        if not is_calls(kind):
            continue
        columns = measured(targets, sizes) + others_of(sizes)
        series, legend = [], []
        for contender in columns:
            points = []
            for size in sorted(filter(str.isdigit, sizes), key=int):
                rate = sizes[size].get(contender, {}).get("items")
                if rate:
                    ns, name = int(size) / rate * 1e9, f"{task}/{kind}/{contender}/{size}"
                    points.append((int(size), ns, name, f"{contender}, {size} elements: {ns:.1f} ns"))
            if points:
                kind_of = colour(targets.index(contender)) if is_target(contender) else "other"
                series.append((kind_of, contender, points))
                if kind_of != "other":
                    legend.append((kind_of, contender))
        if not series:
            continue
        times = [p[1] for _, _, points in series for p in points]
        elements = [p[0] for _, _, points in series for p in points]
        x_low, x_high = min(elements), max(max(elements), 2 * min(elements))
        low, high = (2.0 ** f(math.log2(v)) for f, v in ((math.floor, min(times)), (math.ceil, max(times) * 1.01)))
        yield svg.curves(f"{task}: {kind}", lambda a, b, l=x_low, h=x_high: svg.Axis(l, h, a, b, True),
                         sorted(set(elements)), lambda a, b, l=low, h=high: svg.Axis(l, h, a, b, True),
                         svg.powers(low, high, 2.0), series, ("elements", "nanoseconds per call"), legend, plain, 260)


# ---- predictions -----------------------------------------------------------------------------------


def predictions(path):
    """(columns, rows) of the first table of a page of docs; None where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    first = next((i for i, line in enumerate(lines) if line.startswith("|")), len(lines))
    table = []
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return (table[0], table[2:]) if len(table) > 2 else None


def prediction_section(path):
    found = predictions(path)
    if found is None:
        return ""
    columns, rows = found
    cpus = [i for i, name in enumerate(columns) if name.startswith("neoverse")]
    charts = []
    for target in dict.fromkeys(row[0] for row in rows):
        strips = []
        for row in (r for r in rows if r[0] == target):
            name = f"{row[1]}, {row[2]}"
            strips.append((name, [(float(row[i]), colour(n), f"prediction/{target}/{name}/{columns[i]}",
                                   f"{columns[i]}: {row[i]} (predicted)")
                                  for n, i in enumerate(cpus) if re.fullmatch(r"\d+\.\d+", row[i])]))
        charts.append(svg.strips(f"{target} (predicted)", strips, lambda a, b: svg.Axis(0, 1.25, a, b), FRACTION_TICKS,
                                 "fraction of the issue bound of the dot products",
                                 [(colour(n), columns[i]) for n, i in enumerate(cpus)], (FLOOR,), plain, 90))
    return section("Predictions, not measurements: GEMM's loops on AArch64",
                   "How busy llvm-mca's models of these cores are kept by the innermost loops of GEMM: rows by vectors "
                   "of the tile of sums, and the type of A. Caches, branches and the rest of the product are not in it. "
                   "From docs/pipeline_models.md; scripts/pipeline-model computes them anew.", charts)


def count_section(path):
    found = predictions(path)
    if found is None:
        return ""
    columns, rows = found
    widths = sorted({row[1] for row in rows}, key=int)
    charts = []
    for i, operation in enumerate(columns[2:], 2):
        strips = {}
        for row in rows:
            name = f"prediction/{operation}/{row[0]}/{row[1]}"
            mark = float(row[i]), colour(widths.index(row[1])), name, f"{row[0]}, {row[1]} bits: {row[i]} (predicted)"
            strips.setdefault(row[0], []).append(mark)
        values = [float(row[i]) for row in rows]
        low, high = 2.0 ** math.floor(math.log2(min(values))), 2.0 ** math.ceil(math.log2(max(values)) + 1e-9)
        what = "multiply-add" if operation.startswith("gemm") else "element"
        charts.append(svg.strips(f"{operation}: instructions (predicted)", list(strips.items()),
                                 lambda a, b, l=low, h=high: svg.Axis(l, h, a, b, True), svg.powers(low, high, 2.0),
                                 f"instructions per {what}",
                                 [(colour(n), f"{w} bits") for n, w in enumerate(widths)], (), fraction_of_two))
    return section("Predictions, not measurements: instructions",
                   "How many instructions a call takes, counted under QEMU. A core that executes as many of them in a cycle "
                   "takes less time the fewer they are; caches, latencies and what an instruction costs are not in it. From "
                   "docs/instruction_counts.md; scripts/instruction-counts counts them anew.", charts)


# ---- the page --------------------------------------------------------------------------------------


def section(title, words, charts):
    charts = [c for c in charts if c]
    if not charts:
        return ""
    words = re.sub("`(.*?)`", r"<code>\1</code>", svg.quoted(words))
    return f'<section><h2>{svg.quoted(title)}</h2><p>{words}</p><div class="charts">{"".join(charts)}</div></section>'


def html_table(lines):
    head = "".join(f"<th>{svg.quoted(c)}</th>" for c in lines[0])
    body = "".join("<tr>" + "".join(f"<td>{svg.quoted(c)}</td>" for c in line) + "</tr>" for line in lines[1:])
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def tables_section(tables, targets):
    parts = []
    for task, kinds in by_task(tables).items():
        inner = "".join(html_table((calls_of if is_calls(kind) else table_of)(f"{task}/{kind}", sizes, targets))
                        for kind, sizes in kinds.items())
        parts.append(f"<details><summary>{svg.quoted(task)}</summary>{inner}</details>")
    return ("<section><h2>All numbers</h2><p>Targets: fraction of the lower bound. Bounds: 10⁹ elements or operations per "
            "second, of the first target where they differ. vs: how many times as fast the first target is.</p>"
            + "".join(parts) + "</section>")


def facts(context):
    caches = ", ".join(f"L{c['level']} {c['size'] >> 10} KiB" for c in context.get("caches", [])
                       if isinstance(c, dict) and c.get("type") != "Instruction" and isinstance(c.get("size"), int))
    load_of = context.get("load_avg")
    rows = [("Machine", context.get("machine")), ("CPUs", context.get("num_cpus")), ("Caches", caches),
            ("Compiler", " ".join(filter(None, (context.get("compiler"), context.get("compiler_flags"))))),
            ("qmath, Highway", ", ".join(filter(None, (context.get("qmath"), context.get("highway"))))),
            ("Targets, best first", str(context.get("targets", "")).replace(",", ", ")),
            ("Date", context.get("date")), ("Load before", load_of[0] if isinstance(load_of, list) and load_of else None),
            ("Frequency scaling", "on: expect noise" if context.get("cpu_scaling_enabled") else None)]
    return "<dl>" + "".join(f"<dt>{svg.quoted(k)}</dt><dd>{svg.quoted(v)}</dd>" for k, v in rows if v) + "</dl>"


def failures(errors):
    """What could not be measured, folded up: a contender that does not run here fails at every size."""
    names = {}
    for name, message in errors.items():
        names.setdefault(message, []).append(name)
    return "".join(f"<details><summary>Failed: {len(found)} with “{svg.quoted(message)}”</summary>"
                   f"<p>{svg.quoted(', '.join(found))}</p></details>" for message, found in names.items())


def report(results):
    tables, errors, targets = read(results)
    if not any(not is_bound(c) for sizes in tables.values() for row in sizes.values() for c in row):
        raise BadInput("no benchmarks called task/type/contender/size in these results")
    with open(os.path.join(HERE, "bench_report.css"), encoding="utf-8") as file:
        style = file.read()
    body = [
        f"<h1>qmath: benchmarks</h1>{facts(results.get('context', {}))}{failures(errors)}",
        "<p>Of the repetitions the best counts, for everything alike. Point at a mark to read its name and value.</p>",
        section("Fraction of the bound",
                f"A dot is a type and size. The bound is the lower of a copy of the same bytes and the best loop for the same "
                f"operations; above 1 the bound was measured too low. Dashed: {FLOOR}, the goal; the bar is the median. "
                f"Dots at the right edge are beyond it.", fraction_charts(tables, targets)),
        section("Rooflines",
                "Rate against intensity. Slanted: the best copy of so many elements, from L1 to memory. Level: the dot product "
                "instruction of that target alone.", [roofline(tables, t) for t in targets]),
        section("Against the contenders",
                "How many times as fast the best target is; right of the dashed line qmath is faster. xsimd, gemmlowp and Eigen "
                "are compiled for this machine, the others choose when they run. `eigen` multiplies int32, `eigen_float` the "
                "real numbers that the codes stand for.", ratio_charts(tables, targets)),
        section("Small calls", "What a call costs when there is next to nothing to do. Dashed: contenders, of which `scalar` "
                "is a loop that the compiler has inlined.", call_charts(tables, targets)),
        prediction_section(PREDICTIONS), count_section(COUNTS), tables_section(tables, targets)]
    return ('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><title>qmath: benchmarks</title>'
            f'<link rel="icon" href="data:,"><style>{style}</style></head><body>' + "\n".join(body) + "</body></html>\n")


def main(arguments):
    if len(arguments) != 2:
        print(__doc__)
        return 2
    write(arguments[1], report(load(arguments[0])))
    return 0


if __name__ == "__main__":
    run_main(main)
