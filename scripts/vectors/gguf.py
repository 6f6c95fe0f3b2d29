# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""The block formats of GGUF."""

import math
import random

from .common import INF, NAN, Writer, f32, neighbour


def write():
    import gguf
    import numpy as np
    from gguf import quants

    out = Writer("gguf", ["gguf", "numpy"],
        """Blocks of GGUF by gguf-py, which follows ggml's reference kernels: bytes, of one or more rows of 32,
        and y, what they dequantize to.""")  # fmt: skip
    rng = random.Random(7)

    def row(*values):
        return [f32(v) for v in values] + [0.0] * (32 - len(values))

    rows = [
        row(127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, 0.49999997, -0.49999997, 0.50000006),
        row(-127, 0.5, -0.5, 63.5), row(0), row(-0.0), row(-8, 7, 0.5, -0.5, 7.4, 7.5, 8, 1),
        row(8, -8, 4, -4), row(-8, 8, 4), row(7.5, -7.5, 0.1), row(65504.0 * 127), row(65504.0 * 8),
        row(1e-6 * 127, 1e-6), row(1e-7), row(2.0**-20 * 127, 2.0**-21),
    ]  # fmt: skip
    for scale in (1.0, 300.0, 1e-4):
        rows += [[f32(rng.gauss(0, scale)) for _ in range(32)], [f32(rng.uniform(-scale, scale / 2)) for _ in range(32)]]
    for largest in (0.3, 5.5, 77.0):  # numbers that x / d and x * (1 / d) round to different integers
        d = f32(f32(largest) / 127)
        inverse = f32(1 / d)
        near = [neighbour(f32(half / 2 * d), ulp) for half in range(1, 254, 2) for ulp in (-1, 0, 1)]
        differ = [v for v in near if math.floor(f32(v / d) + 0.5) != math.floor(f32(v * inverse) + 0.5)]
        rows.append(row(largest, *rng.sample(differ, min(12, len(differ)))))
    specials = [row(NAN, 1), row(INF, 1), row(-INF, 1), row(1e-45), row(1e-40), row(3e38), row(65520.0 * 127)]
    for name in ("Q8_0", "Q4_0"):
        kind = gguf.GGMLQuantizationType[name]
        for suffix, group in (("", rows), ("/special", specials)):
            for x in group:
                x = np.array(x, np.float32)
                with np.errstate(all="ignore"):
                    data = quants.quantize(x, kind)
                    y = quants.dequantize(data, kind)
                out.case(name.lower() + suffix, x=("f32", x), bytes=("i", data), y=("f32", y))
    out.close()
