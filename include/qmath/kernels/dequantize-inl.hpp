// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// 8-bit integers -> float32:   x = scale * float(q - z), one rounding.
// Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class DF, class V8, class VF, class VI>
HWY_INLINE VF dequantize_vector(DF df, V8 q, VF scale, VI zero_point) {
  const hn::RebindToSigned<DF> di;
  return hn::Mul(hn::ConvertTo(df, hn::Sub(hn::PromoteTo(di, q), zero_point)), scale);
}

template <class Q>
HWY_INLINE void dequantize_run(const Q* HWY_RESTRICT q, std::size_t n, float scale,
                               std::int32_t zero_point, float* HWY_RESTRICT x) {
  const hn::ScalableTag<float> df;
  const hn::Rebind<Q, decltype(df)> d8;
  const std::size_t N = hn::Lanes(df);
  const auto s = hn::Set(df, scale);
  const auto z = hn::Set(hn::RebindToSigned<decltype(df)>(), zero_point);
  std::size_t i = 0;
  for (; i + 4 * N <= n; i += 4 * N) {
    for (std::size_t j = i; j < i + 4 * N; j += N) {
      hn::StoreU(dequantize_vector(df, hn::LoadU(d8, q + j), s, z), df, x + j);
    }
  }
  for (; i + N <= n; i += N) {
    hn::StoreU(dequantize_vector(df, hn::LoadU(d8, q + i), s, z), df, x + i);
  }
  if (i != n) {
    hn::StoreN(dequantize_vector(df, hn::LoadN(d8, q + i, n - i), s, z), df, x + i, n - i);
  }
}

// run == 1: neighbouring elements have different parameters, which are loaded as vectors.
template <class Q>
HWY_INLINE void dequantize_interleaved(const Q* HWY_RESTRICT q, std::size_t count,
                                       const float* HWY_RESTRICT scales,
                                       const std::int32_t* HWY_RESTRICT zero_points,
                                       float* HWY_RESTRICT x) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Rebind<Q, decltype(df)> d8;
  const std::size_t N = hn::Lanes(df);
  std::size_t i = 0;
  for (; i + N <= count; i += N) {
    const auto z = zero_points ? hn::LoadU(di, zero_points + i) : hn::Zero(di);
    hn::StoreU(dequantize_vector(df, hn::LoadU(d8, q + i), hn::LoadU(df, scales + i), z), df,
               x + i);
  }
  if (i != count) {
    const std::size_t rest = count - i;
    const auto z = zero_points ? hn::LoadN(di, zero_points + i, rest) : hn::Zero(di);
    hn::StoreN(
        dequantize_vector(df, hn::LoadN(d8, q + i, rest), hn::LoadN(df, scales + i, rest), z), df,
        x + i, rest);
  }
}

template <class Q>
HWY_NOINLINE HWY_MAYBE_UNUSED static void dequantize(const Q* q, std::size_t n, std::size_t count,
                                                     std::size_t run, const float* scales,
                                                     const std::int32_t* zero_points, float* x) {
  for_each_run(
      n, count, run,
      [&](std::size_t i)
          HWY_ATTR { dequantize_interleaved<Q>(q + i, count, scales, zero_points, x + i); },
      [&](std::size_t i, std::size_t c) HWY_ATTR {
        dequantize_run<Q>(q + i, run, scales[c], zero_points ? zero_points[c] : 0, x + i);
      });
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
