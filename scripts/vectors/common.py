# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Files of vectors, and the questions that all frameworks are asked."""

import importlib.metadata
import math
import os
import random
import struct
import textwrap

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "conformance", "data")
INF, NAN = math.inf, math.nan
CODES = {
    "int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "uint16": (0, 65535),
    "int4": (-8, 7), "uint4": (0, 15), "int2": (-2, 1), "uint2": (0, 3),
    "int32": (-(2**31), 2**31 - 1),
}  # fmt: skip


# ---- writing -------------------------------------------------------------------------------------


class Writer:
    """One file of vectors."""

    def __init__(self, name, packages, about):
        self.path = os.path.join(DATA, name + ".txt")
        versions = ", ".join(f"{p} {importlib.metadata.version(p).split('+')[0]}" for p in packages)
        text = " ".join(about.split())
        self.lines = ["# Copyright (c) qmath contributors.", "# SPDX-License-Identifier: Apache-2.0", "#"]
        self.lines += ["# " + line for line in textwrap.wrap(text, 98)]
        self.lines += ["#", f"# Written by scripts/regenerate_vectors with {versions or 'nothing but Python'}."]

    def comment(self, text):
        self.lines += [""] + ["# " + line for line in textwrap.wrap(" ".join(text.split()), 98)]

    def case(self, name, **fields):
        """Fields are (type, values), or a word, or an integer."""
        self.lines += ["", f"case {name}"]
        for field, value in fields.items():
            kind, values = value if isinstance(value, tuple) else ("s" if isinstance(value, str) else "i", value)
            tokens = [FORMATS[kind](v) for v in flat(values)]
            # Not textwrap: the arrays are long.
            line = f"  {field} {kind} {len(tokens)}"
            for token in tokens:
                if len(line) + 1 + len(token) > 100:
                    self.lines.append(line)
                    line = "   "
                line += " " + token
            self.lines.append(line)
        self.lines.append("end")

    def close(self):
        os.makedirs(DATA, exist_ok=True)
        with open(self.path, "w", encoding="ascii", newline="\n") as file:
            file.write("\n".join(self.lines) + "\n")
        print(f"{os.path.relpath(self.path)}: {os.path.getsize(self.path)} bytes")


def flat(values):
    if isinstance(values, str) or not hasattr(values, "__iter__") or getattr(values, "shape", None) == ():
        return [values]
    return [v for part in values for v in flat(part)]


def bits16(value):
    """Of a 16-bit float scalar of numpy or ml_dtypes."""
    return f"{int.from_bytes(value.tobytes(), 'little'):04x}"


FORMATS = {
    "i": lambda v: str(int(v)),
    "s": str,
    "f64": lambda v: struct.pack(">d", float(v)).hex(),
    "f32": lambda v: struct.pack(">f", float(v)).hex(),
    "f16": bits16,
    "bf16": bits16,
}


# ---- inputs --------------------------------------------------------------------------------------


def f32(x):
    """The float nearest to a double; overflow gives infinity."""
    try:
        return struct.unpack("<f", struct.pack("<f", x))[0]
    except OverflowError:
        return math.copysign(INF, x)


def neighbour(x, steps):
    """The float `steps` floats above x."""
    (bits,) = struct.unpack("<i", struct.pack("<f", x))
    ordered = bits if bits >= 0 else -(bits & 0x7FFFFFFF)
    ordered += steps
    bits = ordered if ordered >= 0 else (-ordered) | 0x80000000
    return struct.unpack("<f", struct.pack("<I", bits & 0xFFFFFFFF))[0]


SCALES = [1.0, 0.1, 0.3, f32(0.00214854861), 7e-5, 1234.5, 1e-30, 1e30]
SCALES = [f32(s) for s in SCALES]


def questions(scale, codes, seed):
    """Ordinary numbers that ask a question of x / scale: ties, their neighbours, places where
    x / scale and x * (1 / scale) round to different integers, the ends of the range, zeros."""
    lo, hi = codes
    rng = random.Random(f"{seed} {scale!r}")
    span = hi - lo
    steps = [0.5, 1.5, 2.5, span / 2 + 1, span + 0.5, span + 9] + [
        rng.randrange(0, 2 * min(span, 1000) + 2) / 2 for _ in range(2)
    ]
    x = []
    for step in steps:
        for t in (f32(step * scale), f32(-step * scale)):
            x += [t] + [neighbour(t, rng.choice((-2, -1, 1, 2)))]
    inverse = f32(1 / scale) if scale > 2.0**-128 else 0.0
    differ = []
    for half in range(-2 * min(span, 600) - 1, 2 * min(span, 600) + 2, 2):
        for ulp in (-1, 0, 1):
            v = neighbour(f32(half / 2 * scale), ulp)
            if math.isfinite(v) and round(f32(v / scale)) != round(f32(v * inverse)) and inverse:
                differ.append(v)
    x += rng.sample(differ, min(5, len(differ)))
    x += [f32(rng.uniform(-0.6, 0.6) * span * scale) for _ in range(4)]
    x += [0.0, -0.0, 2.0**-149, scale, -scale]
    x = [v for v in x if math.isfinite(v)]
    return x[: len(x) // 4 * 4]


def special(scale):
    largest = f32(3.4028235e38)
    x = [NAN, -NAN, INF, -INF, largest, -largest, 2147483520 * scale, 2147483648 * scale]
    x += [-2147483648 * scale, -2147483904 * scale, 1e10 * scale, -1e10 * scale]
    return [f32(v) for v in x]


def zero_points(codes):
    lo, hi = codes
    return [lo, (lo + hi + 7) // 2 if hi > 15 else 1, hi]


RANGES = [
    (-1.0, 1.0), (0.0, 0.0), (2.0, 3.0), (-3.0, -2.0), (-1.0, 3.0), (-0.5, 254.5),
    (-1.5, 253.5), (-127.5, 127.5), (-11.0, 55.0), (-21.0, 49.0), (-63.0, 7.0),
    (-0.1, 0.7), (-1e-3, 1e-4), (-1e-9, 1e-8), (0.0, 1e-30), (-1e-37, 1e-37), (0.0, 1e-40),
    (-1.0, 33.0), (-1.5, 6.25), (-1e30, 3e30), (-1e-5, 1e3), (-100.0, 0.001),
]  # fmt: skip
HUGE_RANGES = [(-3e38, 3e38), (0.0, 3.4028235e38), (-INF, 1.0), (-1.0, INF), (-INF, INF), (NAN, NAN)]
