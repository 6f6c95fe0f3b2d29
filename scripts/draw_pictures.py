#!/usr/bin/env python3
# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Draws what a program has written as JSON: histograms with ranges, and bars.

Usage: scripts/draw_pictures.py FILE DIRECTORY

FILE is what `digits --pictures FILE` writes (examples/digits/pictures.hpp). DIRECTORY gets an SVG file for each
picture, the same bytes for the same FILE and version of matplotlib, and SHA256SUMS of FILE, as "data", and of them all: a
test compares those of docs/pictures. Needs matplotlib.
"""

import hashlib
import json
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from cycler import cycler

plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "qmath", "font.size": 9, "axes.spines.top": False,
                     "axes.spines.right": False,
                     # Ten of the default, and more for many ranges.
                     "axes.prop_cycle": cycler(color=[*plt.cm.tab10.colors, "black", "0.6", "navy", "gold"])})  # fmt: skip


def draw_histogram(axes, picture):
    counts, width, first = picture["counts"], picture["width"], picture["first"]
    used = [i for i, n in enumerate(counts) if n]
    low, high = used[0], used[-1] + 1
    edges = [(first + i) * width for i in range(low, high + 1)]
    axes.stairs(counts[low:high], edges, fill=True, color="0.8")
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.5)
    axes.set_ylabel("values in a bin")
    for i, r in enumerate(picture["ranges"]):
        y = 0.95 - 0.06 * i  # a line for each range, below each other
        color = f"C{i}"
        axes.plot([r["min"], r["max"]], [y, y], "|-", color=color, transform=axes.get_xaxis_transform(),
                  label=f"{r['name']}: {r['min']:.3g} to {r['max']:.3g}")  # fmt: skip
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)


def draw_bars(axes, picture):
    groups, series = picture["groups"], picture["series"]
    width = 0.8 / len(series)
    for s, one in enumerate(series):
        at = [g - 0.4 + (s + 0.5) * width for g in range(len(groups))]
        axes.bar(at, one["values"], width, label=one["name"])
    axes.set_xticks(range(len(groups)), groups, rotation=20, ha="right")
    axes.set_ylabel(picture["unit"])
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)


def main():
    if len(sys.argv) != 3 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    directory = pathlib.Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    data = pathlib.Path(sys.argv[1]).read_bytes()
    sums = [(hashlib.sha256(data).hexdigest(), "data")]
    for picture in json.loads(data):
        figure, axes = plt.subplots(figsize=(7.5, 3))
        {"histogram": draw_histogram, "bars": draw_bars}[picture["kind"]](axes, picture)
        axes.set_title(picture["title"], loc="left", fontsize=10)
        file = directory / f"{picture['name']}.svg"
        figure.savefig(file, bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)
        sums.append((hashlib.sha256(file.read_bytes()).hexdigest(), file.name))
    (directory / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for digest, name in sums))


if __name__ == "__main__":
    main()
