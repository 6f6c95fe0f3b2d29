# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""numpy's percentiles and histograms."""

from .calibrators import KINDS, data
from .common import Writer, f32, neighbour

PERCENTS = [0.0, 0.01, 0.1, 1.0, 5.0, 37.5, 50.0, 62.5, 95.0, 99.0, 99.9, 99.99, 100.0]


def edges_and_neighbours(width):
    edges = [f32(j * width) for j in range(-32, 32, 5)] + [0.0, -0.0, width, -width, 2.0**-149, -(2.0**-149)]
    return [v for edge in edges for v in (edge, neighbour(edge, 1), neighbour(edge, -1))]


def write():
    import numpy as np

    out = Writer("numpy", ["numpy"],
        """numpy: counts, by histogram, of x between the edges (-bins/2 ... bins/2) * 2^exponent, with the smallest
        exponent for which these enclose x, the largest magnitude not included; and lower and higher, by percentile
        with methods of these names, of the quantiles. All in float64.""")  # fmt: skip
    sets = [(kind, data(kind, 400)) for kind in KINDS]
    sets += [("edges", edges_and_neighbours(0.25)), ("tiny", [v * f32(1e-30) for v in data("normal", 100)])]
    sets += [("negative", [-abs(v) - 1.0 for v in data("normal", 100)]), ("one", [f32(-2.7)]), ("zero", [0.0])]
    sets += [("power", [4.0, -4.0, 1.0]), ("below", [neighbour(4.0, -1), 1.0])]
    for bins in (8, 64):
        for name, x in sets:
            x = np.array(x, np.float32).astype(np.float64)
            exponent = -126
            while not abs(x).max() < bins / 2 * 2.0**exponent:
                exponent += 1
            edges = np.arange(-bins // 2, bins // 2 + 1) * 2.0**exponent
            counts, _ = np.histogram(x, edges)
            assert counts.sum() == len(x)
            percents = np.array(PERCENTS)
            out.case(name, bins=bins, exponent=exponent, x=("f32", x), counts=("i", counts), quantiles=("f64", percents / 100),
                     lower=("f32", np.percentile(x, percents, method="lower")),
                     higher=("f32", np.percentile(x, percents, method="higher")))  # fmt: skip
    out.close()
