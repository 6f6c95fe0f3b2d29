# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""AIMET's search for a range, "TF enhanced", in its own histograms."""

import importlib.metadata
import importlib.util
import sys
import types

from .calibrators import KINDS, data
from .common import Writer


def aimet():
    """The compiled module alone: the package needs others to be imported."""
    files = importlib.metadata.files("aimet-onnx")
    path = next(f for f in files if "_libpymo" in str(f) and str(f).endswith(".so")).locate()
    package = types.ModuleType("aimet_alone")
    package.__path__ = [str(path.parent)]
    sys.modules["aimet_alone"] = package
    return importlib.import_module("aimet_alone._libpymo")


def write():
    import numpy as np

    library = aimet()
    out = Writer("aimet", ["aimet-onnx", "numpy"],
        """Histograms of AIMET's BlockTensorQuantizer after one batch, and the encodings that its scheme "TF enhanced"
        finds in them: scale * offset to scale * (offset + codes - 1). Of 8 bits, not symmetric and symmetric, then
        of 4 bits.""")  # fmt: skip
    for kind in KINDS + ("negative", "constant"):
        x = [-abs(v) for v in data("laplace", 2000)] if kind == "negative" else data(kind, 2000)
        found = []
        for bits, symmetric in ((8, False), (8, True), (4, False), (4, True)):
            q = library.BlockTensorQuantizer([1], bits, library.QuantizationMode.QUANTIZATION_TF_ENHANCED)
            q.updateStats(np.array(x, np.float32))
            found += q.computeEncodings(symmetric)
        left, pdf = zip(*q.getStatsHistogram()[0])
        counts = [round(p * len(x)) for p in pdf]
        assert sum(counts) == len(x) and max(abs(p * len(x) - c) for p, c in zip(pdf, counts)) < 1e-6
        # Most of the bins are empty: AIMET's are three times as many as the batch needs. Those around 0 are searched.
        used = [i for i, n in enumerate(counts) if n or abs(left[i]) <= left[1] - left[0]]
        first, last = max(used[0] - 2, 0), min(used[-1] + 3, len(counts) - 1)
        if kind == "constant":  # no bin is at 0, and where bins end matters
            first, last = 0, len(counts) - 1
            assert left[0] > 0
        out.case(f"aimet/{kind}", counts=("i", counts[first:last]), edges=("f32", left[first : last + 1]),
                 scales=("f32", [e.delta for e in found]), offsets=("i", [int(e.offset) for e in found]))  # fmt: skip
    out.close()
