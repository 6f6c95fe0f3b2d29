// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The quotient of quantization to 8 bits and less, and its parameters, prepared for many channels, groups or
// blocks at once. Compiled once per target (detail/foreach_target.hpp).
//
// x / scale is the correctly rounded quotient; detail/quotient.hpp has it for two multiplications where
// that can be proved exact. The rare scales for which it cannot, and targets without FMA, divide.
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Unsigned codes are those of int8 with the sign bit flipped and 128 less in the zero point: one kernel for
// both. Sign is 128 for them, 0 for int8.
HWY_INLINE std::int32_t sign_of(const quantize_job& job) {
  return job.to == code_type::u8 ? 128 : 0;
}

// Four vectors of steps as codes to q. The 16-bit zero points, less the sign, are those of a and b, of c and d.
template <class VI, class V16>
HWY_INLINE void store_8_bits(VI a, VI b, VI c, VI d, V16 z_ab, V16 z_cd, std::int32_t sign,
                             std::int8_t* HWY_RESTRICT q) {
  const hn::Repartition<std::int8_t, hn::DFromV<VI>> d8;
  const auto code = add_and_saturate(d8, a, b, c, d, z_ab, z_cd);
  hn::StoreU(hn::Xor(code, hn::Set(d8, static_cast<std::int8_t>(sign))), d8, q);
}

// One vector, or the first n steps of it.
template <class VI>
HWY_INLINE void store_8_bits(VI steps, std::size_t n, std::int32_t z, std::int32_t sign,
                             std::int8_t* HWY_RESTRICT q) {
  const hn::Rebind<std::int8_t, hn::DFromV<VI>> d8;
  const auto flip = hn::Set(d8, static_cast<std::int8_t>(sign));
  const auto code = hn::Xor(add_and_saturate(d8, steps, z), flip);
  n < hn::Lanes(d8) ? hn::StoreN(code, d8, q, n) : hn::StoreU(code, d8, q);
}

// The prepared parameters of up to `size` channels, groups or blocks.
struct quantize_params {
  static constexpr std::size_t size = 1024;

  // The quotient is fma(x, r, x * r2); or x / r, or x * r.
  alignas(64) float r[size + 64];
  alignas(64) float r2[size + 64];
  // Bounds of x for the first kind of quotient, of the quotient for the others.
  alignas(64) float lower[size + 64];
  alignas(64) float upper[size + 64];
  alignas(64) std::int32_t z[size + 64];  // less the sign, in the lower and in the upper half
};

enum class quotient { two_terms, division, product };

// How x becomes a rounded number of steps.
// Saturating: the bounds are one step outside the range, and what follows saturates.
template <quotient How, bool Saturating>
struct quantize_steps {
  template <class V>
  static HWY_INLINE auto of(V v, V r, V r2, V lower, V upper) {
    // The bounds apply to x where that is possible: an infinity would turn the second term into NaN. The
    // rounding error of a bound is too small to move a rounded quotient.
    if constexpr (How == quotient::two_terms) {
      v = clamp(v, lower, upper);
      return nearest_int(hn::MulAdd(v, r, hn::Mul(v, r2)));
    } else if constexpr (How == quotient::division) {
      return nearest_int(clamp(hn::Div(v, r), lower, upper));
    } else {  // NaN gives the upper bound
      v = min_or_bound(rounded(hn::Mul(v, r)), upper);
      if constexpr (!(Saturating && HWY_ARCH_X86)) v = hn::Max(v, lower);
      return nearest_int(v);
    }
  }

  template <class V>
  static HWY_INLINE V clamp(V v, V lower, V upper) {
    if constexpr (Saturating) return clamp_for_nearest_int(v, lower, upper);
    return hn::Min(max_or_bound(v, lower), upper);
  }
};

// two_term_reciprocal::is_exact_for
template <class V>
HWY_INLINE auto is_exact_for(V scale) {
  const hn::DFromV<V> df;
  const hn::RebindToUnsigned<decltype(df)> du;
  constexpr std::uint32_t least = detail::bit_cast<std::uint32_t>(0x1p-100f);
  constexpr std::uint32_t most = detail::bit_cast<std::uint32_t>(0x1p100f);
  const auto bits = hn::BitCast(du, scale), ones = hn::Set(du, 0x7FFFFF);
  return hn::And(hn::Le(hn::Sub(bits, hn::Set(du, least)), hn::Set(du, most - least)),
                 hn::Ne(hn::And(bits, ones), ones));
}

// Of scales s and zero points z, in registers: r, r2 and the bounds, as in quantize_params.
template <quotient How, bool Saturating, class V, class VI>
HWY_INLINE void prepare(const quantize_job& job, V s, VI z, V& r, V& r2, V& lower, V& upper) {
  const hn::DFromV<V> df;
  const auto one = hn::Set(df, 1.0f);
  const float beyond = Saturating ? 1.0f : 0.0f;
  const auto zf = hn::ConvertTo(df, z);
  lower = hn::Sub(hn::Set(df, static_cast<float>(job.codes.min) - beyond), zf);
  upper = hn::Sub(hn::Set(df, static_cast<float>(job.codes.max) + beyond), zf);
  r = How == quotient::division ? s : hn::Div(one, s);
  r2 = hn::Zero(df);
  if constexpr (How == quotient::two_terms) {
    // 1 / s - r = (1 - r s) / s. The difference is exact; multiplying by r instead of dividing by s is
    // off by 2^-24 of the term.
    r2 = hn::Mul(hn::NegMulAdd(r, s, one), r);
    lower = rounded(hn::Mul(lower, s));
    upper = rounded(hn::Mul(upper, s));
  }
}

// Prepares `count` parameters. Returns whether the quotient can be had in two terms; if not, because of one of
// the scales, it is a division for all.
template <bool Saturating>
HWY_NOINLINE static bool prepare(const quantize_job& job, std::size_t first, std::size_t count,
                                 quantize_params& p) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::RebindToUnsigned<decltype(df)> du;
  const std::size_t N = hn::Lanes(df);
  const bool product = job.rules.quotient == quotient_rule::reciprocal;
  const auto one = hn::Set(df, 1.0f);
  const auto sign = hn::Set(di, sign_of(job));
  auto exact = is_exact_for(one);
  const auto all = [&](auto how) HWY_ATTR {
    auto s = one, r = one, r2 = one, lower = one, upper = one;
    auto z = hn::Zero(di);
    for (std::size_t i = 0; i < count; i += N) {
      if (HWY_LIKELY(count - i >= N)) {
        s = hn::LoadU(df, job.scales + first + i);
        if (job.zero_points) z = hn::LoadU(di, job.zero_points + first + i);
      } else {
        s = hn::LoadNOr(one, df, job.scales + first + i, count - i);
        if (job.zero_points) z = hn::LoadN(di, job.zero_points + first + i, count - i);
      }
      prepare<decltype(how)::value, Saturating>(job, s, z, r, r2, lower, upper);
      hn::StoreU(r, df, p.r + i);
      hn::StoreU(r2, df, p.r2 + i);
      hn::StoreU(lower, df, p.lower + i);
      hn::StoreU(upper, df, p.upper + i);
      const auto z8 = hn::Sub(z, sign);
      hn::StoreU(hn::Or(hn::ShiftLeft<16>(z8), hn::And(z8, hn::Set(di, 0xFFFF))), di, p.z + i);
      if (decltype(how)::value == quotient::two_terms) exact = hn::And(exact, is_exact_for(s));
    }
  };
  if (product) {
    all(std::integral_constant<quotient, quotient::product>());
    return false;
  }
  if constexpr (HWY_NATIVE_FMA) {
    all(std::integral_constant<quotient, quotient::two_terms>());
    if (HWY_LIKELY(hn::AllTrue(du, exact))) return true;
  }
  all(std::integral_constant<quotient, quotient::division>());
  return false;
}

// Prepared parameters with what they are those of.
struct prepared_params {
  quantize_params p;
  std::size_t first = 0, count = 0;
  bool two_terms = false;
};

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
