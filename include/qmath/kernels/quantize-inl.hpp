// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// float32 -> 8-bit integers:   q = nearest_even(clamp(x / scale, lo - z, hi - z)) + z,   NaN -> lo.
// Compiled once per target (detail/foreach_target.hpp).
//
// x / scale is the correctly rounded quotient. A reciprocal r = fl(1 / scale) is not enough: x * r is
// off by up to one unit in the last place, which moves results at ties. With the reciprocal's own error
// as a second term, r2 = fl(1 / scale - r),
//
//     t = fma(x, r, x * r2)
//
// differs from the real quotient by less than 2^-47 of its value before its final rounding, so t is
// fl(x / scale) unless the quotient lies that close to the middle between two floats; and that matters
// only where one of these two floats is a tie k + 1/2 with |k| < 256. There the quotient cannot come
// close: with the 24-bit integer significand S of the scale and the 25-bit significand M of the middle,
// X * 2^j = M * S + D with integers D != 0 and M = +-1 (mod 2^16), j >= 16, hence D = -+S (mod 2^16) and
// the relative distance is |D| / (M * S) >= |D| * 2^-49. So t decides as the quotient does whenever S is
// a multiple of 2^16 or at least 16 away from one. The other scales (1 in 2000), those outside
// [2^-100, 2^100] where intermediate results could leave the normal range, and targets without FMA
// divide.
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// t = fma(x, r, x * r2)
struct by_reciprocal {
  float r, r2;

  static bool is_exact_for(float scale) {
#if HWY_NATIVE_FMA
    const std::uint32_t low = std::bit_cast<std::uint32_t>(scale) & 0xFFFFu;
    return scale >= 0x1p-100f && scale <= 0x1p100f && (low == 0 || (low >= 16 && low <= 0xFFF0u));
#else
    (void)scale;
    return false;
#endif
  }

  explicit by_reciprocal(float scale) : r(1.0f / scale) {
    // Both the product and the difference are exact in double precision.
    const double s = static_cast<double>(scale);
    r2 = static_cast<float>((1.0 - static_cast<double>(r) * s) / s);
  }

  template <class DF, class V>
  HWY_INLINE V operator()(DF df, V x) const {
    return hn::MulAdd(x, hn::Set(df, r), hn::Mul(x, hn::Set(df, r2)));
  }
};

// t = x / s
struct by_division {
  float scale;

  template <class DF, class V>
  HWY_INLINE V operator()(DF df, V x) const {
    return hn::Div(x, hn::Set(df, scale));
  }
};

// One past the range on both sides, where every t ends up saturated, is as good as infinity and keeps
// all that follows finite.
template <class Q>
struct quotient_bounds {
  float lo, hi;

  explicit quotient_bounds(std::int32_t zero_point)
      : lo(static_cast<float>(std::numeric_limits<Q>::min() - zero_point - 1)),
        hi(static_cast<float>(std::numeric_limits<Q>::max() - zero_point + 1)) {}
};

// One run of elements with the same parameters. Clamp decides on which side of the quotient the bounds
// apply: before it (x_lo, x_hi) for the reciprocal, after it for the division, whose scale may be so
// large or small that the bounds in terms of x do not exist.
template <class Q, class Quotient, bool ClampFirst>
HWY_INLINE void quantize_run(const float* HWY_RESTRICT x, std::size_t n, Quotient quotient,
                             float lower, float upper, std::int32_t zero_point, Q* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<Q, decltype(df)> d8;
  const auto lo = hn::Set(df, lower);
  const auto hi = hn::Set(df, upper);
  const auto z = hn::Set(di, zero_point - round_magic_bits);
  const auto one = [&](auto v) HWY_ATTR {
    if constexpr (ClampFirst) {
      return round_and_add(df, quotient(df, hn::Min(max_or_bound(v, lo), hi)), z);
    } else {
      return round_and_add(df, hn::Min(max_or_bound(quotient(df, v), lo), hi), z);
    }
  };
  for_each_block_of_4(df, d8, x, n, q, [&](auto a, auto b, auto c, auto d) HWY_ATTR {
    return saturate_4_to_8(d8, one(a), one(b), one(c), one(d));
  });
}

// run == 1: neighbouring elements have different parameters, which are loaded as vectors.
template <class Q>
HWY_INLINE void quantize_interleaved(const float* HWY_RESTRICT x, std::size_t count,
                                     const float* HWY_RESTRICT scales,
                                     const std::int32_t* HWY_RESTRICT zero_points,
                                     Q* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Rebind<Q, decltype(df)> d8;
  const hn::Rebind<std::int16_t, decltype(df)> d16;
  const std::size_t N = hn::Lanes(df);
  const auto one = [&](auto v, auto scale, auto z) HWY_ATTR {
    const auto zf = hn::ConvertTo(df, z);
    const auto lo = hn::Sub(hn::Set(df, static_cast<float>(std::numeric_limits<Q>::min())), zf);
    const auto hi = hn::Sub(hn::Set(df, static_cast<float>(std::numeric_limits<Q>::max())), zf);
    const auto t = hn::Min(max_or_bound(hn::Div(v, scale), lo), hi);
    const auto n = round_and_add(df, t, hn::Sub(z, hn::Set(di, round_magic_bits)));
    return hn::DemoteTo(d8, hn::DemoteTo(d16, n));
  };
  std::size_t i = 0;
  for (; i + N <= count; i += N) {
    const auto z = zero_points ? hn::LoadU(di, zero_points + i) : hn::Zero(di);
    hn::StoreU(one(hn::LoadU(df, x + i), hn::LoadU(df, scales + i), z), d8, q + i);
  }
  if (i != count) {
    const std::size_t rest = count - i;
    const auto z = zero_points ? hn::LoadN(di, zero_points + i, rest) : hn::Zero(di);
    // The unused lanes divide 0 by 0; their NaN goes nowhere.
    hn::StoreN(one(hn::LoadN(df, x + i, rest), hn::LoadN(df, scales + i, rest), z), d8, q + i,
               rest);
  }
}

template <class Q>
HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize(const float* x, std::size_t n, std::size_t count,
                                                   std::size_t run, const float* scales,
                                                   const std::int32_t* zero_points, Q* q) {
  if (run == 1 && count > 1) {
    for (std::size_t i = 0; i < n; i += count) {
      quantize_interleaved<Q>(x + i, count, scales, zero_points, q + i);
    }
    return;
  }
  for (std::size_t i = 0; i < n;) {
    for (std::size_t c = 0; c < count; ++c, i += run) {
      const std::int32_t z = zero_points ? zero_points[c] : 0;
      const quotient_bounds<Q> bounds(z);
      const float scale = scales[c];
      if (by_reciprocal::is_exact_for(scale)) {
        quantize_run<Q, by_reciprocal, true>(x + i, run, by_reciprocal(scale), bounds.lo * scale,
                                             bounds.hi * scale, z, q + i);
      } else {
        quantize_run<Q, by_division, false>(x + i, run, by_division{scale}, bounds.lo, bounds.hi, z,
                                            q + i);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
