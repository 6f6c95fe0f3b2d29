# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""TFLite's fixed-point multipliers, from their formulas alone."""

import math
import random
from fractions import Fraction

from .common import Writer


def high_mul(a, b):
    """gemmlowp's SaturatingRoundingDoublingHighMul."""
    if a == b == -(2**31):
        return 2**31 - 1
    product = a * b
    nudged = product + (2**30 if product >= 0 else 1 - 2**30)
    return nudged // 2**31 if nudged >= 0 else -(-nudged // 2**31)  # toward zero


def shift_right(x, exponent):
    """gemmlowp's RoundingDivideByPOT: half away from zero."""
    mask = (1 << exponent) - 1
    remainder, threshold = x & mask, (mask >> 1) + (x < 0)
    return (x >> exponent) + (remainder > threshold)


def double_rounding(x, multiplier, exponent):
    return shift_right(high_mul(x << max(exponent, 0), multiplier), max(-exponent, 0))


def single_rounding(x, multiplier, exponent):
    total = 31 - exponent
    return (x * multiplier + (1 << (total - 1))) >> total


def quantize_multiplier(real, single):
    if real == 0.0:
        return 0, 0
    fraction, exponent = math.frexp(real)
    q = math.floor(Fraction(fraction) * 2**31 + Fraction(1, 2))
    if q == 2**31:
        q, exponent = q // 2, exponent + 1
    if exponent < -31:
        q, exponent = 0, 0
    if single and exponent > 30:
        q, exponent = 2**31 - 1, 30
    return q, exponent


def write():
    out = Writer("fixed_point", [],
        """TFLite's fixed-point multipliers by Python integers of any size. DERIVED FROM FORMULAS, not from a
        framework. quantize_multiplier: QuantizeMultiplier of real; the single-rounding build limits the exponent.
        multiply: MultiplyByQuantizedMultiplier of acc, by double rounding (gemmlowp) and by single
        rounding. acc * 2^exponent fits 32 bits.""")  # fmt: skip
    rng = random.Random(6)
    reals = [0.0, 1.0, 0.5, 0.25, 2.0, 1 - 2.0**-53, 1 - 2.0**-32, 1 - 2.0**-33, 0.1, 1 / 3, 127.5, 2.0**-31, 2.0**-32,
             2.0**-33, 2.0**-32 * (1 - 2.0**-40), 2.0**-100, 2.0**29, 2.0**30, 2.0**31 - 1, 2.0**31, 1e-9, 1.0 / 1024, 0.5 + 2.0**-32,
             0.5 + 2.0**-33, 0.75 + 3 * 2.0**-32]  # fmt: skip
    reals += [2.0 ** rng.uniform(-20, 4) for _ in range(25)]
    for name, single in (("double", False), ("single", True)):
        q, e = zip(*(quantize_multiplier(r, single) for r in reals))
        out.case(f"quantize_multiplier/{name}", real=("f64", reals), multiplier=("i", q), exponent=("i", e))
    multipliers = [(2**30, 1), (2**30, 0), (2**30, -1), (2**30, -6), (2**31 - 1, 0), (2**31 - 1, -30), (2**31 - 1, -31), (1, 0),
                   (1, 30), (0, 0), (1681682523, -5), (1651910559, 1), (2**30 + 1, -8), (1431655765, -3)]  # fmt: skip
    multipliers += [(rng.randrange(2**30, 2**31), rng.randint(-20, 6)) for _ in range(8)]
    for multiplier, exponent in multipliers:
        real = multiplier * 2.0 ** (exponent - 31)
        acc = {0, 1, -1, 2, -2, 3, -3, 5, -5, 127, -128, 2**31 - 1, -(2**31), 2**30, -(2**30), 2**24 + 1, -(2**24) - 3}
        for _ in range(16):  # ties and their neighbours
            tie = round((rng.randint(-300, 300) + 0.5) / real) if real else 0
            acc |= {tie - 1, tie, tie + 1}
        acc |= {rng.randint(-(2**31), 2**31 - 1) >> rng.randint(0, 24) for _ in range(12)}
        limit = 2**31 >> max(exponent, 0)
        acc = sorted(a for a in acc if -limit <= a < limit)
        double = [double_rounding(a, multiplier, exponent) for a in acc]
        single = [single_rounding(a, multiplier, exponent) for a in acc]
        out.case("multiply", multiplier=multiplier, exponent=exponent, acc=("i", acc), double_rounding=("i", double),
                 single_rounding=("i", single))  # fmt: skip
    out.close()
