// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What quantization to 8 bits and less is made of: the quotient and its parameters, prepared for many groups or
// blocks at once, and the way from rounded steps to codes. Compiled once per target
// (detail/foreach_target.hpp).
//
// x / scale is the correctly rounded quotient; detail/quotient.hpp has it for two multiplications where
// that can be proved exact. The rare scales for which it cannot, and targets without FMA, divide.
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ---- From steps to codes -------------------------------------------------------------------------

// What is done to steps: saturated to int8; the same, or to uint8, after zero points were added; or clamped to
// the codes in use after that, which will do for all of them.
enum class ending { plain, to_int8, to_uint8, clamped };

// Clamped codes are signed. Unsigned ones come from them by flipping the sign, with that much less in the zero
// point.
HWY_INLINE std::int32_t sign_of(const quantize_job& job) {
  return job.to == code_type::u8 ? 128 : job.to == code_type::u16 ? 32768 : 0;
}

// The codes in use and the sign, which are for the last of the endings.
struct codes_in_use {
  std::int32_t least, most, sign;
};

template <ending End>
HWY_INLINE codes_in_use codes_of(const quantize_job& job) {
  const std::int32_t sign = End == ending::clamped ? sign_of(job) : 0;
  return {job.codes.min - sign, job.codes.max - sign, sign};
}

template <ending End>
using code_of = std::conditional_t<End == ending::to_uint8, std::uint8_t, std::int8_t>;

template <ending End, class D8>
HWY_INLINE hn::Vec<D8> finished(D8 d8, hn::Vec<D8> code, const codes_in_use& codes) {
  if constexpr (End != ending::clamped) return code;
  const auto set = [&](std::int32_t value)
                       HWY_ATTR { return hn::Set(d8, static_cast<hn::TFromD<D8>>(value)); };
  return hn::Xor(hn::Min(hn::Max(code, set(codes.least)), set(codes.most)), set(codes.sign));
}

// Four vectors of steps as codes to q; Pairs as in narrow. The 16-bit zero points, less the sign, are those of a
// and b, of c and d.
template <ending End, bool Pairs = false, class VI, class V16>
HWY_INLINE void store_8_bits(VI a, VI b, VI c, VI d, V16 z_ab, V16 z_cd, const codes_in_use& codes,
                             std::int8_t* HWY_RESTRICT q) {
  const hn::Repartition<code_of<End>, hn::DFromV<VI>> d8;
  auto* const to = reinterpret_cast<code_of<End>*>(q);
  if constexpr (End == ending::plain) {
    hn::StoreU(saturate<Pairs>(d8, a, b, c, d), d8, to);
  } else {
    const auto code = add_and_saturate<Pairs>(d8, a, b, c, d, z_ab, z_cd);
    hn::StoreU(finished<End>(d8, code, codes), d8, to);
  }
}

// One vector, or the first n steps of it. Their zero points may be a vector of 16-bit integers.
template <ending End, class VI, class Z>
HWY_INLINE void store_8_bits(VI steps, std::size_t n, Z z, const codes_in_use& codes,
                             std::int8_t* HWY_RESTRICT q) {
  const hn::Rebind<code_of<End>, hn::DFromV<VI>> d8;
  auto* const to = reinterpret_cast<code_of<End>*>(q);
  const auto code = finished<End>(d8, add_and_saturate(d8, steps, z), codes);
  n < hn::Lanes(d8) ? hn::StoreN(code, d8, to, n) : hn::StoreU(code, d8, to);
}

// ---- From real numbers to steps ------------------------------------------------------------------

// fma(x, r, x * r2); x / r; x * r.
enum class quotient { two_terms, division, product };

// More steps than there are codes, whatever the zero point, in the unit that is clamped: x for the first kind of
// quotient, in which an infinity would turn the second term into NaN, the quotient for the others. What follows
// saturates, so that 512 will do, or a little more: the bits of a float are nearly its logarithm, and the
// difference of those of 512 and of r gives 512 / r or up to an eighth more.
template <quotient How, class V>
HWY_INLINE V upper_bound(V r) {
  const hn::DFromV<V> df;
  if constexpr (How == quotient::two_terms) {
    const hn::RebindToUnsigned<decltype(df)> du;
    constexpr std::uint32_t sum =
        detail::bit_cast<std::uint32_t>(512.0f) + detail::bit_cast<std::uint32_t>(1.0f);
    return hn::BitCast(df, hn::Sub(hn::Set(du, sum), hn::BitCast(du, r)));
  } else {
    return hn::Set(df, 512.0f);
  }
}

// The rounded number of steps.
template <quotient How, class V>
HWY_INLINE auto steps_of(V v, V r, V r2, V upper) {
  if constexpr (How == quotient::two_terms) {
    v = clamp_for_nearest_int(v, hn::Neg(upper), upper);
    return nearest_int(hn::MulAdd(v, r, hn::Mul(v, r2)));
  } else if constexpr (How == quotient::division) {
    return nearest_int(clamp_for_nearest_int(hn::Div(v, r), hn::Neg(upper), upper));
  } else {  // NaN gives the upper bound
    v = min_or_bound(rounded(hn::Mul(v, r)), upper);
#if !HWY_ARCH_X86
    v = hn::Max(v, hn::Neg(upper));
#endif
    return nearest_int(v);
  }
}

// r and r2 of scales s.
template <quotient How, class V>
HWY_INLINE void prepare(V s, V& r, V& r2) {
  const auto one = hn::Set(hn::DFromV<V>(), 1.0f);
  r = How == quotient::division ? s : hn::Div(one, s);
  // 1 / s - r = (1 - r s) / s. The difference is exact; multiplying by r instead of dividing by s is off by
  // 2^-24 of the term.
  r2 = How == quotient::two_terms ? hn::Mul(hn::NegMulAdd(r, s, one), r) : r;
}

// two_term_reciprocal::is_exact_for, of n scales.
HWY_NOINLINE HWY_MAYBE_UNUSED static bool is_exact_for(const float* HWY_RESTRICT scales,
                                                       std::size_t n) {
  const hn::ScalableTag<float> df;
  const hn::RebindToUnsigned<decltype(df)> du;
  const std::size_t N = hn::Lanes(df);
  constexpr std::uint32_t least = detail::bit_cast<std::uint32_t>(0x1p-100f);
  constexpr std::uint32_t most = detail::bit_cast<std::uint32_t>(0x1p100f);
  // The largest of what must be small: masks would be slower.
  auto distance = hn::Zero(du), fraction = distance;
  for (std::size_t i = 0; i < n; i += N) {
    const auto s = n - i < N ? hn::LoadNOr(hn::Set(df, 1.0f), df, scales + i, n - i)
                             : hn::LoadU(df, scales + i);
    const auto bits = hn::BitCast(du, s);
    distance = hn::Max(distance, hn::Sub(bits, hn::Set(du, least)));
    fraction = hn::Max(fraction, hn::And(bits, hn::Set(du, 0x7FFFFF)));
  }
  return hn::AllTrue(du, hn::And(hn::Le(distance, hn::Set(du, most - least)),
                                 hn::Ne(fraction, hn::Set(du, 0x7FFFFF))));
}

// run(how) for the quotient that these rules and scales have. Where divisions are rare they have but one ending:
// divide(). Products are of floats.
template <ending End, class T, class F, class Divide>
HWY_INLINE void with_quotient(const quantize_job& job, const float* scales, std::size_t n,
                              const F& run, const Divide& divide) {
  if constexpr (std::is_same_v<T, float>) {
    if (job.rules.quotient == quotient_rule::reciprocal) {
      return run(std::integral_constant<quotient, quotient::product>());
    }
  }
  if constexpr (HWY_NATIVE_FMA) {
    if (HWY_LIKELY(is_exact_for(scales, n))) {
      return run(std::integral_constant<quotient, quotient::two_terms>());
    }
  }
  if constexpr (HWY_NATIVE_FMA && End != ending::clamped) {
    divide();
  } else {
    run(std::integral_constant<quotient, quotient::division>());
  }
}

// The prepared parameters of up to `size` groups or blocks, and which they are.
struct prepared_params {
  static constexpr std::size_t size = 256;

  alignas(64) float r[size + 64];
  alignas(64) float r2[size + 64];
  alignas(64) std::int32_t z[size + 64];  // less the sign, in the lower and in the upper half
  std::size_t first = 0, count = 0;
};

template <quotient How>
HWY_INLINE void prepare(const quantize_job& job, std::size_t first, std::size_t count,
                        std::int32_t sign, prepared_params& p) {
  if (p.first == first && p.count == count) return;
  p.first = first, p.count = count;
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const std::size_t N = hn::Lanes(df);
  const auto one = hn::Set(df, 1.0f);
  auto r = one, r2 = one;
  for (std::size_t i = 0; i < count; i += N) {
    const std::size_t n = count - i;
    const float* const s = job.scales + first + i;
    prepare<How>(n < N ? hn::LoadNOr(one, df, s, n) : hn::LoadU(df, s), r, r2);
    hn::StoreU(r, df, p.r + i);
    hn::StoreU(r2, df, p.r2 + i);
    auto z = hn::Zero(di);
    if (job.zero_points != nullptr) {
      const std::int32_t* const from = job.zero_points + first + i;
      z = n < N ? hn::LoadN(di, from, n) : hn::LoadU(di, from);
    }
    z = hn::Sub(z, hn::Set(di, sign));
    hn::StoreU(hn::Or(hn::ShiftLeft<16>(z), hn::And(z, hn::Set(di, 0xFFFF))), di, p.z + i);
  }
}

// ---- Layouts that need other loops ---------------------------------------------------------------

// Layouts for which a parameter for each element is written out: neighbours that share one are less than a
// vector, or rows of columns are short.
HWY_INLINE bool has_short_runs(const granularity& g) {
  const std::size_t N = hn::Lanes(hn::ScalableTag<float>());
  if (is_one_parameter(g)) return false;
  if (g.block_cols == 1) return g.cols < 8 * N;
  return g.block_cols < N || g.cols < N;
}

HWY_INLINE bool is_columns(const granularity& g) {
  return g.block_cols == 1 && !is_one_parameter(g);
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
