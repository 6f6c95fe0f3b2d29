// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// int32 -> 8-bit integers:
//     q = nearest_even(clamp(fl(float(acc) * multiplier), lo - z, hi - z)) + z
// Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One vector, before the zero point is added and it is narrowed. lo, hi: the range less the zero point.
// Nothing follows the product that it could be contracted with.
template <class DF, class VI, class VF>
HWY_INLINE VI requantize_vector(DF df, VI acc, VF multiplier, VF lo, VF hi) {
  const VF t = hn::Mul(hn::ConvertTo(df, acc), multiplier);
  return nearest_int(hn::Min(hn::Max(t, lo), hi));
}

template <class Q>
HWY_INLINE void requantize_run(const std::int32_t* HWY_RESTRICT acc, std::size_t n,
                               float multiplier, std::int32_t zero_point, Q* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<Q, decltype(df)> d8;
  const hn::Repartition<std::int16_t, decltype(df)> d16;
  const auto m = hn::Set(df, multiplier);
  const auto lo = hn::Set(df, static_cast<float>(detail::lowest<Q> - zero_point));
  const auto hi = hn::Set(df, static_cast<float>(detail::largest<Q> - zero_point));
  const auto z = hn::Set(d16, static_cast<std::int16_t>(zero_point));
  const auto one = [&](auto v) HWY_ATTR {
    const auto t = hn::Mul(hn::ConvertTo(df, v), m);
    return nearest_int(clamp_for_nearest_int(t, lo, hi));
  };
  for_each_block_of_4(di, d8, acc, n, q, [&](auto a, auto b, auto c, auto d) HWY_ATTR {
    return add_and_saturate(d8, one(a), one(b), one(c), one(d), z);
  });
}

// run == 1: neighbouring elements have different multipliers, which are loaded as vectors.
template <class Q>
HWY_INLINE void requantize_interleaved(const std::int32_t* HWY_RESTRICT acc, std::size_t count,
                                       const float* HWY_RESTRICT multipliers,
                                       std::int32_t zero_point, Q* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Rebind<Q, decltype(df)> d8;
  const hn::Rebind<std::int16_t, decltype(df)> d16;
  const std::size_t N = hn::Lanes(df);
  const auto lo = hn::Set(df, static_cast<float>(detail::lowest<Q> - zero_point));
  const auto hi = hn::Set(df, static_cast<float>(detail::largest<Q> - zero_point));
  const auto z = hn::Set(di, zero_point);
  const auto one = [&](auto v, auto m) HWY_ATTR {
    return hn::DemoteTo(d8, hn::DemoteTo(d16, hn::Add(requantize_vector(df, v, m, lo, hi), z)));
  };
  std::size_t i = 0;
  for (; i + N <= count; i += N) {
    hn::StoreU(one(hn::LoadU(di, acc + i), hn::LoadU(df, multipliers + i)), d8, q + i);
  }
  if (i != count) {
    const std::size_t rest = count - i;
    hn::StoreN(one(hn::LoadN(di, acc + i, rest), hn::LoadN(df, multipliers + i, rest)), d8, q + i,
               rest);
  }
}

template <class Q>
HWY_NOINLINE HWY_MAYBE_UNUSED static void requantize(const std::int32_t* acc, std::size_t n,
                                                     std::size_t count, std::size_t run,
                                                     const float* multipliers,
                                                     std::int32_t zero_point, Q* q) {
  for_each_run(
      n, count, run,
      [&](std::size_t i)
          HWY_ATTR { requantize_interleaved<Q>(acc + i, count, multipliers, zero_point, q + i); },
      [&](std::size_t i, std::size_t c)
          HWY_ATTR { requantize_run<Q>(acc + i, run, multipliers[c], zero_point, q + i); });
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
