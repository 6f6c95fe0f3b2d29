# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Searches for ranges in histograms: PyTorch's, ONNX Runtime's and NVIDIA's."""

import ast
import contextlib
import importlib.metadata
import io
import random

from .common import Writer, f32


def data(kind, n):
    rng = random.Random(f"{kind} {n}")
    draw = {
        "normal": lambda: rng.gauss(0, 1),
        "laplace": lambda: rng.choice((-1, 1)) * rng.expovariate(1),
        "uniform": lambda: rng.uniform(-0.7, 1.3),
        "relu": lambda: max(rng.gauss(0, 1), 0.0),
        "shifted": lambda: rng.gauss(5, 1),
        "outliers": lambda: rng.gauss(0, 1) * (30 if rng.random() < 0.001 else 1),
        "constant": lambda: 2.5,
    }[kind]
    return [f32(draw()) for _ in range(n)]


KINDS = ("normal", "laplace", "uniform", "relu", "shifted", "outliers")


def ends(edges):
    """The outermost edges: those between are numpy.linspace's in float, which the test computes as well."""
    import numpy as np

    low, high = (np.float32(edges[i]) for i in (0, -1))
    between = np.arange(len(edges) - 1, dtype=np.float32) * ((high - low) / np.float32(len(edges) - 1)) + low
    assert (np.asarray(edges, np.float32)[:-1] == between).all()
    return ("f32", [low, high])


def nvidia_entropy():
    """The function alone: the package needs others to be imported."""
    from collections import Counter

    import numpy as np
    import torch
    from scipy.stats import entropy

    files = importlib.metadata.files("nvidia-modelopt")
    path = next(f for f in files if str(f).endswith("torch/quantization/calib/histogram.py"))
    tree = ast.parse(path.locate().read_text(encoding="utf-8"))
    tree.body = [f for f in tree.body if getattr(f, "name", "") == "_compute_amax_entropy"]
    names = {"np": np, "torch": torch, "Counter": Counter, "entropy": entropy}
    exec(compile(tree, str(path), "exec"), names)
    return names["_compute_amax_entropy"]


def write():
    import numpy as np
    import torch
    from onnxruntime.quantization.calibrate import HistogramCollector
    from torch.ao.quantization.observer import HistogramObserver

    out = Writer("calibrators", ["torch", "onnxruntime", "nvidia-modelopt", "scipy", "numpy"],
        """Histograms, and the ranges that frameworks find in them. pytorch: HistogramObserver,
        _non_linear_param_search, after one or two batches. percentile, entropy: onnxruntime's HistogramCollector.
        nvidia: modelopt's _compute_amax_entropy of numpy.histogram(|x|). defaults: with the framework's numbers of
        bins, codes and per cent. ends: of edges that numpy.linspace has put between them, in float.""")  # fmt: skip
    batches = [(kind, [data(kind, 6000)]) for kind in KINDS] + [("constant", [data("constant", 10)])]
    batches += [("two", [data("normal", 3000), [f32(3 * v) for v in data("laplace", 3000)]])]

    def pytorch(name, parts, **arguments):
        o = HistogramObserver(**arguments)
        for part in parts:
            o(torch.tensor(part))
        low, high = o._non_linear_param_search()
        counts = o.histogram.double()
        if not (counts == counts.round()).all():  # after a change of the range, sixteenths
            counts = counts * 16
        assert (counts == counts.round()).all()
        out.case(f"pytorch/{name}", counts=("i", counts.tolist()), codes=o.dst_nbins,
                 range=("f32", [o.min_val.item(), o.max_val.item()]),
                 found=("f32", [low.item(), high.item()]))  # fmt: skip

    for kind, parts in batches:
        for bins, dtype in ((128, torch.quint8), (100, torch.qint8)):
            pytorch(kind, parts, bins=bins, dtype=dtype)
        if kind == "laplace":
            pytorch(kind, parts, bins=2048, dtype=torch.quint8)

    def collector(method, symmetric, bins, quantized_bins, percent, parts, evenly=False):
        c = HistogramCollector(method, symmetric, bins, quantized_bins, percent, None)
        with contextlib.redirect_stdout(io.StringIO()):
            for part in parts:
                c.collect({"x": np.array(part, np.float32)})
            found = c.compute_collection_result()["x"]
        h = c.get_histogram_dict()["x"]
        edges = {"ends": ends(h[1])} if evenly else {"edges": ("f32", h[1])}
        return {"counts": ("i", h[0]), **edges, "range": ("f32", h[2:4]), "found": ("f32", found[:2])}

    for kind, parts in batches:
        for symmetric, percent in ((True, 99.999), (True, 99.0), (False, 90.0)):
            out.case(f"percentile/{kind}", symmetric=int(symmetric), percent=("f64", percent),
                     **collector("percentile", symmetric, 64, 128, percent, parts))  # fmt: skip
        for bins, quantized_bins in ((200, 64), (201, 128), (32, 32))[: 3 if kind in ("normal", "two") else 1]:
            out.case(f"entropy/{kind}", quantized_bins=quantized_bins,
                     **collector("entropy", True, bins, quantized_bins, 0, parts))  # fmt: skip
    search = nvidia_entropy()
    for kind, parts in batches:
        x = np.abs(np.concatenate([np.array(part, np.float32) for part in parts]))
        for bins, bits, start in ((160, 8, 128), (100, 5, 40))[: 1 if kind == "constant" else 2]:
            counts, edges = np.histogram(x, bins, range=(0, x.max()))
            edges = edges.astype(np.float32)
            amax = search(counts.copy(), edges, bits, False, start_bin=start)
            out.case(f"nvidia/{kind}", codes=2 ** (bits - 1), start=start, counts=("i", counts),
                     edges=("f32", edges), amax=("f32", amax.item()))  # fmt: skip

    large = {kind: data(kind, 20000) for kind in KINDS}
    large_two = [large["normal"], [f32(3 * v) for v in large["laplace"]]]
    for kind, dtype in (("relu", torch.quint8), ("normal", torch.qint8), ("shifted", torch.int16)):
        pytorch(f"defaults/{kind}", [large[kind]], dtype=dtype)
    pytorch("defaults/two", large_two)
    # Its tools' default is symmetric, its class's is not.
    for kind, symmetric in (("normal", True), ("normal", False), ("relu", True), ("outliers", False)):
        out.case(f"percentile/defaults/{kind}", symmetric=int(symmetric), percent=("f64", 99.999),
                 **collector("percentile", symmetric, 2048, 128, 99.999, [large[kind]], evenly=True))  # fmt: skip
    for kind, parts in batches:
        out.case(f"entropy/defaults/{kind}", quantized_bins=128,
                 **collector("entropy", True, 128, 128, 0, parts, evenly=True))  # fmt: skip
    for kind in ("normal", "laplace", "relu", "outliers"):
        x = np.abs(np.array(large[kind], np.float32))
        counts, edges = np.histogram(x, 2048, range=(0, x.max()))
        amax = search(counts.copy(), edges.astype(np.float32), 8, False, start_bin=128)
        out.case(f"nvidia/defaults/{kind}", codes=128, start=128, counts=("i", counts), ends=ends(edges),
                 amax=("f32", amax.item()))  # fmt: skip
    out.close()
