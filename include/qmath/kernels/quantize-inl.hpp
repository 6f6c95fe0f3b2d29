// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// float32 -> 8-bit integers:   q = nearest_even(clamp(x / scale, lo - z, hi - z)) + z,   NaN -> lo.
// Compiled once per target (detail/foreach_target.hpp).
//
// x / scale is the correctly rounded quotient; detail/quotient.hpp has it for two multiplications where
// that can be proved exact. The rare scales for which it cannot, and targets without FMA, divide.
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// t = fma(x, r, x * r2)
struct by_reciprocal {
  two_term_reciprocal reciprocal;

  static bool is_exact_for(float scale) {
    return HWY_NATIVE_FMA != 0 && two_term_reciprocal::is_exact_for(scale);
  }

  template <class DF, class V>
  HWY_INLINE V operator()(DF df, V x) const {
    return hn::MulAdd(x, hn::Set(df, reciprocal.r), hn::Mul(x, hn::Set(df, reciprocal.r2)));
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
      : lo(static_cast<float>(detail::lowest<Q> - zero_point - 1)),
        hi(static_cast<float>(detail::largest<Q> - zero_point + 1)) {}
};

// One run of elements with the same parameters. The bounds apply before the quotient, in terms of x, for
// the reciprocal; after it for the division, whose scale may be so large or small that the former do not
// exist.
template <class Q, bool ClampFirst, class Quotient>
HWY_INLINE void quantize_run(const float* HWY_RESTRICT x, std::size_t n, Quotient quotient,
                             float lower, float upper, std::int32_t zero_point, Q* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::Repartition<Q, decltype(df)> d8;
  const hn::Repartition<std::int16_t, decltype(df)> d16;
  const auto lo = hn::Set(df, lower);
  const auto hi = hn::Set(df, upper);
  const auto z = hn::Set(d16, static_cast<std::int16_t>(zero_point));
  const auto one = [&](auto v) HWY_ATTR {
    if constexpr (ClampFirst) {
      return nearest_int(quotient(df, clamp_for_nearest_int(v, lo, hi)));
    } else {
      return nearest_int(clamp_for_nearest_int(quotient(df, v), lo, hi));
    }
  };
  for_each_block_of_4(df, d8, x, n, q, [&](auto a, auto b, auto c, auto d) HWY_ATTR {
    return add_and_saturate(d8, one(a), one(b), one(c), one(d), z);
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
    const auto lo = hn::Sub(hn::Set(df, static_cast<float>(detail::lowest<Q>)), zf);
    const auto hi = hn::Sub(hn::Set(df, static_cast<float>(detail::largest<Q>)), zf);
    const auto t = hn::Min(max_or_bound(hn::Div(v, scale), lo), hi);
    return hn::DemoteTo(d8, hn::DemoteTo(d16, hn::Add(nearest_int(t), z)));
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
  for_each_run(
      n, count, run,
      [&](std::size_t i)
          HWY_ATTR { quantize_interleaved<Q>(x + i, count, scales, zero_points, q + i); },
      [&](std::size_t i, std::size_t c) HWY_ATTR {
        const std::int32_t z = zero_points ? zero_points[c] : 0;
        const quotient_bounds<Q> bounds(z);
        const float scale = scales[c];
        if (by_reciprocal::is_exact_for(scale)) {
          quantize_run<Q, true>(x + i, run, by_reciprocal{two_term_reciprocal(scale)},
                                bounds.lo * scale, bounds.hi * scale, z, q + i);
        } else {
          quantize_run<Q, false>(x + i, run, by_division{scale}, bounds.lo, bounds.hi, z, q + i);
        }
      });
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
