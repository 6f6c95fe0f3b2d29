// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Stochastic rounding to 8 bits. Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Stochastic rounding to 8 bits, all codes in use: nearest_even(65536 t) + r, of which the upper half is the
// number of steps. The quotient is corrected by its remainder (Markstein), which makes it exact for all but
// extreme scales and divisors with a significand of ones.
HWY_INLINE void quantize_stochastic_run(const quantize_job& job, const float* HWY_RESTRICT x,
                                        std::size_t n, float scale, std::int32_t zero_point,
                                        const std::int32_t* HWY_RESTRICT r,
                                        std::int8_t* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<std::int16_t, decltype(df)> d16;
  const std::size_t N = hn::Lanes(df);
  const codes_in_use codes = codes_of<ending::clamped>(job);
  const float step = scale * 0x1p-16f, reciprocal = 1.0f / step;
  const float least = static_cast<float>(job.codes.min - zero_point - 1);
  const float most = static_cast<float>(job.codes.max - zero_point + 1);
  const auto s = hn::Set(df, step), inverse = hn::Set(df, reciprocal);
  const auto second = hn::Set(df, two_term_reciprocal(step).r2);
  const auto lower = hn::Set(df, HWY_NATIVE_FMA ? least * scale : least * 65536.0f);
  const auto upper = hn::Set(df, HWY_NATIVE_FMA ? most * scale : most * 65536.0f);
  const std::int32_t z = zero_point - codes.sign;
  const auto one = [&](auto v, auto random) HWY_ATTR {
    if constexpr (HWY_NATIVE_FMA) {
      v = clamp_for_nearest_int(v, lower, upper);
      const auto first = hn::MulAdd(v, inverse, hn::Mul(v, second));
      v = hn::MulAdd(hn::NegMulAdd(first, s, v), inverse, first);
    } else {
      v = clamp_for_nearest_int(hn::Div(v, s), lower, upper);
    }
    return hn::ShiftRight<16>(hn::Add(nearest_int_26(v), random));
  };
  const auto steps = [&](std::size_t i)
                         HWY_ATTR { return one(hn::LoadU(df, x + i), hn::LoadU(di, r + i)); };
  for_each_four(
      n, N,
      [&](std::size_t i) HWY_ATTR {
        const auto z16 = hn::Set(d16, static_cast<std::int16_t>(z));
        store_8_bits<ending::clamped>(steps(i), steps(i + N), steps(i + 2 * N), steps(i + 3 * N),
                                      z16, z16, codes, q + i);
      },
      [&](std::size_t i, std::size_t length) HWY_ATTR {
        // Random numbers are in whole vectors.
        const auto v = length < N ? hn::LoadN(df, x, length) : hn::LoadU(df, x + i);
        store_8_bits<ending::clamped>(one(v, hn::LoadU(di, r + i)), length, z, codes, q + i);
      });
}

HWY_INLINE bool is_exact_with_remainder(float scale) {
  const bool ones = (detail::bit_cast<std::uint32_t>(scale) & 0x7FFFFFu) == 0x7FFFFFu;
  return scale >= 0x1p-80f && scale <= 0x1p80f && !(HWY_NATIVE_FMA && ones);
}

// Whether it was done: every scale must allow it, and runs must not be interleaved.
HWY_INLINE bool quantize_stochastic(const quantize_job& job) {
  const granularity& g = job.layout;
  if (g.block_cols == 1 && g.cols > 1) return false;
  for (std::size_t c = 0; c < g.count(); ++c) {
    if (!is_exact_with_remainder(job.scales[c])) return false;
  }
  chunk_buffer<std::int32_t> buffer;
  const float* const x = static_cast<const float*>(job.in);
  std::int8_t* const q = static_cast<std::int8_t*>(job.out);
  for_each_chunk(job.n, [&](std::size_t first, std::size_t length) HWY_ATTR {
    const std::int32_t* const r = random_chunk(job.random, first, length, buffer);
    for_each_run(
        g, first, length, [](std::size_t, std::size_t, std::size_t) {},
        [&](std::size_t i, std::size_t n, std::size_t c) HWY_ATTR {
          quantize_stochastic_run(job, x + i, n, job.scales[c],
                                  job.zero_points ? job.zero_points[c] : 0, r + (i - first), q + i);
        });
  });
  return true;
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
