# Copyright (c) qmath contributors.
# SPDX-License-Identifier: Apache-2.0
"""Metrics: exact sums by fractions, results by the equations of metrics.hpp, and scipy's distances."""

import math
import random
import struct
from decimal import Decimal, getcontext
from fractions import Fraction

from .common import INF, NAN, Writer, f32

getcontext().prec = 60
LN2, LN10 = Decimal(2).ln(), Decimal(10).ln()


# ---- the logarithm of detail/logarithm.hpp, step by step in doubles -----------------------------------

SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
BASES = {  # high, low, k
    "2": (1.0, 0.0, float(1 / LN2)),
    "e": (float.fromhex("0x1.62e42fefa3800p-1"), float.fromhex("0x1.ef35793c76730p-45"), 1.0),
    "db": (float.fromhex("0x1.8151824c75800p+1"), float.fromhex("0x1.fabf59b5d80b8p-45"), float(10 / LN10)),
}


def twice_atanh(t):
    t2, p = t * t, 0.0
    for k in range(11, 0, -1):
        p = t2 * (p + 1.0 / (2 * k + 1))
    return 2.0 * t + 2.0 * t * p


def logarithm(x, base):
    high, low, k = BASES[base]
    (bits,) = struct.unpack("<q", struct.pack("<d", x))
    above = bits - SQRT_HALF_BITS
    e = float(above >> 52)
    (m,) = struct.unpack("<d", struct.pack("<q", (above & 0xFFFFFFFFFFFFF) + SQRT_HALF_BITS))
    return e * high + (e * low + k * twice_atanh((m - 1.0) / (m + 1.0)))


def log_of_quotient(p, q):
    r = p / q
    if float.fromhex("0x1.6a09e667f3bcdp-1") < r < float.fromhex("0x1.6a09e667f3bcdp+0"):
        return twice_atanh((p - q) / (p + q))
    return logarithm(r, "e")


# ---- errors ------------------------------------------------------------------------------------------


def decibels(signal, noise):
    return -INF if signal == 0.0 else logarithm(signal / noise, "db")


def limbs(total, unit, count):
    n = total / Fraction(2) ** unit
    assert n.denominator == 1
    return f"{int(n) % 2 ** (64 * count):0{16 * count}x}"


def errors(a, b):
    pairs = [(i, x, y) for i, (x, y) in enumerate(zip(a, b)) if math.isfinite(x) and math.isfinite(y)]
    nan = sum(math.isnan(x) or math.isnan(y) for x, y in zip(a, b))
    F = Fraction
    aa = sum((F(x) * F(x) for _, x, _ in pairs), F(0))
    ab = sum((F(x) * F(y) for _, x, y in pairs), F(0))
    bb = sum((F(y) * F(y) for _, _, y in pairs), F(0))
    sa, sb = sum((F(x) for _, x, _ in pairs), F(0)), sum((F(y) for _, _, y in pairs), F(0))
    n, e = len(pairs), aa - 2 * ab + bb
    absolute = max([(abs(y - x), -i) for i, x, y in pairs if x != y], default=(0.0, 1))
    relative = max([(abs(y - x) / abs(x), -i) for i, x, y in pairs if x != y and x != 0], default=(0.0, 1))
    if n == 0:
        mse = sqnr = invariant = cosine = mean = NAN
    else:
        mse, mean = float(e) / float(n), float(sb - sa) / float(n)
        sqnr = INF if e == 0 else decibels(float(aa), float(e))
        rest = aa * bb - ab * ab
        if aa == 0 and bb == 0:
            invariant, cosine = INF, 1.0
        elif ab == 0:
            invariant, cosine = -INF, 0.0
        else:
            invariant = INF if rest == 0 else decibels(float(ab * ab), float(rest))
            cosine = max(-1.0, min(1.0, float(ab) / math.sqrt(float(aa * bb))))
    return dict(
        a=("f32", a), b=("f32", b), aa=limbs(aa, -298, 10), ab=limbs(ab, -298, 10), bb=limbs(bb, -298, 10),
        sum_a=limbs(sa, -149, 6), sum_b=limbs(sb, -149, 6), counts=("i", [n, nan, len(a) - n - nan]),
        peaks=("f64", [absolute[0], relative[0]]), indices=("i", [-absolute[1], -relative[1]]),
        results=("f64", [mse, sqnr, invariant, cosine, mean]),
    )  # fmt: skip


def check_logarithm(x):
    """The error that detail/logarithm.hpp states."""
    exact = {"2": Decimal(x).ln() / LN2, "e": Decimal(x).ln(), "db": 10 * Decimal(x).ln() / LN10}
    for base, want in exact.items():
        got = Decimal(logarithm(x, base))
        assert got == want or abs(got - want) <= abs(want) * Decimal(2) ** -50, (x, base)
    return [float(exact[base]) for base in ("2", "e", "db")]


# ---- distributions -------------------------------------------------------------------------------------


def divergence(p, q):
    return q if p == 0 else max(0.0, p * log_of_quotient(p, q) - (p - q))


def distances(p, q, c):
    """kl and psi with the pseudo-count c; jensen_shannon and kolmogorov_smirnov without. The same order of steps."""

    def frequencies(counts, c):
        return [(float(v) + c) / (float(sum(counts)) + c * float(len(counts))) for v in counts]

    ps, qs = frequencies(p, c), frequencies(q, c)
    kl = psi = js = ks = 0.0
    for x, y in zip(ps, qs):
        kl = INF if x and not y else kl + (divergence(x, y) if y else 0.0)
        if x != y:
            psi = INF if not x or not y else psi + (x - y) * log_of_quotient(x, y)
    below_p = below_q = 0
    for i, (x, y) in enumerate(zip(frequencies(p, 0.0), frequencies(q, 0.0))):
        if x != y:
            m = (x + y) * 0.5
            js += divergence(x, m) + divergence(y, m)
        below_p, below_q = below_p + p[i], below_q + q[i]
        ks = max(ks, abs(float(below_p) / float(sum(p)) - float(below_q) / float(sum(q))))
    return [kl, psi, min(math.sqrt(js * 0.5), float.fromhex("0x1.aa4e1cf5eb9e7p-1")), ks]


def write():
    import numpy as np
    from scipy import stats
    from scipy.spatial import distance

    out = Writer("metrics", ["numpy", "scipy"],
        """errors: pairs of floats; sums as integers (fractions), the largest errors and their indices (-1: none), and
        mse, sqnr_db, scale_invariant_sqnr_db, cosine_similarity, mean_error by the equations of metrics.hpp in
        doubles. logarithm: of x to the base 2, natural, 10 log10, correctly rounded. distances: kl, psi with the
        pseudo-count c, Jensen-Shannon, Kolmogorov-Smirnov by the same equations, and by scipy: stats.entropy(p, q),
        the sum of both ways, spatial.distance.jensenshannon, and stats.ks_2samp of as many elements as counts, where
        they are less than 100000 (numpy's cumulative sums elsewhere). codes: stats.entropy in bits.""")  # fmt: skip
    rng = random.Random(5)

    def gauss(n, scale):
        return [f32(rng.gauss(0, scale)) for _ in range(n)]

    def quantized(x, step):
        return [f32(round(v / step) * step) for v in x]

    largest = f32(3.4028235e38)
    a = gauss(100, 1.0)
    arrays = [
        ("empty", [], []), ("one", [3.0], [2.5]), ("zero", [0.0], [-0.0]), ("zero/one", [0.0], [1.0]),
        ("one/zero", [1.0, -2.0], [0.0, 0.0]), ("orthogonal", [1.0, 0.0], [0.0, 1.0]),
        ("int8", a, quantized(a, 0.03)), ("int4", a, quantized(a, 0.4)), ("equal", a, a),
        ("gain", a, [f32(v * 0.5) for v in a]), ("opposite", a, [-v for v in a]),
        ("gain/inexact", a, [f32(v * 1.1) for v in a]), ("unrelated", a, gauss(100, 1.0)),
        ("huge", [largest, largest, -largest], [-largest, largest, largest]),
        ("subnormal", [2.0**-149, 2.0**-140, -(2.0**-130)], [2.0**-148, 0.0, -(2.0**-130)]),
        ("both ends", [largest, 2.0**-149, 1.0], [largest, -(2.0**-149), 1.0]),
        ("cancelling", [1.0, 2.0**-60, -1.0], [1.0, 0.0, -1.0]),
        ("special", [1.0, NAN, INF, -INF, 4.0, 5.0], [1.5, 1.0, INF, NAN, NAN, 5.25]),
        ("nothing but special", [NAN, INF], [0.0, 1.0]),
    ]  # fmt: skip
    for name, x, y in arrays:
        out.case(f"errors/{name.replace(' ', '_')}", **errors(x, y))

    x = [2.0**k for k in (-600, -1, 0, 1, 2, 500)] + [10.0**k for k in (-300, -3, 1, 2, 5, 300)]
    x += [1 + 2.0**-52, 1 - 2.0**-53, 1 + 1e-9, 1 - 1e-9, 0.7071067811865475, 0.7071067811865476]
    x += [1.4142135623730949, 1.4142135623730951] + [math.exp(rng.uniform(-2, 2)) for _ in range(40)]
    x += [math.exp(rng.uniform(-400, 400)) for _ in range(40)]
    for _ in range(20000):
        check_logarithm(math.exp(rng.uniform(-1, 1) * rng.choice((1e-6, 1, 400))))
    values = [check_logarithm(v) for v in x]
    out.case("logarithm", x=("f64", x), base_2=("f64", [v[0] for v in values]),
        natural=("f64", [v[1] for v in values]), decibel=("f64", [v[2] for v in values]))  # fmt: skip

    base = [rng.randrange(1, 1000) for _ in range(20)]
    near = [v * 1000003 + rng.randrange(-300, 300) for v in base]
    pairs = [
        ("equal", base, base, 0.0), ("multiple", base, [3 * v for v in base], 0.0),
        ("other", base, [rng.randrange(1, 1000) for _ in range(20)], 0.0),
        ("near", [v * 1000003 for v in base], near, 0.0), ("empty", [0, 5, 0, 7], [0, 3, 2, 9], 0.0),
        ("infinite", [1, 5, 0, 7], [0, 3, 2, 9], 0.0), ("counted", [1, 5, 0, 7], [0, 3, 2, 9], 0.5),
        ("apart", [1, 0], [0, 1], 0.0), ("one", [4], [9], 0.0), ("large", [2**62, 1], [2**61, 2**40], 0.0),
    ]  # fmt: skip
    for name, p, q, c in pairs:
        ours = distances(p, q, c)
        x, y = (np.array(v, np.float64) + c for v in (p, q))
        u, v = np.array(p, np.float64), np.array(q, np.float64)
        if max(sum(p), sum(q)) < 100000:
            ks = stats.ks_2samp(*(np.repeat(np.arange(len(n)), n) for n in (p, q)), method="asymp").statistic
        else:
            ks = np.abs(np.cumsum(u / u.sum()) - np.cumsum(v / v.sum())).max()
        scipy = [stats.entropy(x, y), stats.entropy(x, y) + stats.entropy(y, x), distance.jensenshannon(u, v), ks]
        out.case(f"distances/{name}", p=("i", p), q=("i", q), c=("f64", [c]), ours=("f64", ours), scipy=("f64", scipy))
    for name, counts in [("uniform", [7] * 256), ("one", [0] * 9 + [5] + [0] * 246),
                         ("gauss", [int(1e6 * math.exp(-((k - 128) ** 2) / 800)) for k in range(256)])]:  # fmt: skip
        out.case(f"codes/{name}", counts=("i", counts), bits=("f64", [stats.entropy(counts, base=2)]))
    out.close()
