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
  const float beyond = Saturating ? 1.0f : 0.0f;
  const auto min = hn::Set(df, static_cast<float>(job.codes.min) - beyond);
  const auto max = hn::Set(df, static_cast<float>(job.codes.max) + beyond);
  const auto load = [&](std::size_t i, auto& s, auto& z) HWY_ATTR {
    if (HWY_LIKELY(count - i >= N)) {
      s = hn::LoadU(df, job.scales + first + i);
      if (job.zero_points) z = hn::LoadU(di, job.zero_points + first + i);
    } else {
      s = hn::LoadNOr(one, df, job.scales + first + i, count - i);
      if (job.zero_points) z = hn::LoadN(di, job.zero_points + first + i, count - i);
    }
  };
  auto s = one;
  auto z = hn::Zero(di);
  const auto sign = hn::Set(di, sign_of(job));
  const auto twice_16 = [&](auto zero_points) HWY_ATTR {
    const auto v = hn::Sub(zero_points, sign);
    return hn::Or(hn::ShiftLeft<16>(v), hn::And(v, hn::Set(di, 0xFFFF)));
  };
  if (HWY_NATIVE_FMA && !product) {
    auto all_exact = is_exact_for(one);
    for (std::size_t i = 0; i < count; i += N) {
      load(i, s, z);
      const auto zf = hn::ConvertTo(df, z);
      const auto r = hn::Div(one, s);
      hn::StoreU(r, df, p.r + i);
      // 1 / s - r = (1 - r s) / s. The difference is exact; multiplying by r instead of dividing by s is
      // off by 2^-24 of the term.
      hn::StoreU(hn::Mul(hn::NegMulAdd(r, s, one), r), df, p.r2 + i);
      hn::StoreU(rounded(hn::Mul(hn::Sub(min, zf), s)), df, p.lower + i);
      hn::StoreU(rounded(hn::Mul(hn::Sub(max, zf), s)), df, p.upper + i);
      hn::StoreU(twice_16(z), di, p.z + i);
      all_exact = hn::And(all_exact, is_exact_for(s));
    }
    if (HWY_LIKELY(hn::AllTrue(du, all_exact))) return true;
  }
  for (std::size_t i = 0; i < count; i += N) {
    load(i, s, z);
    const auto zf = hn::ConvertTo(df, z);
    hn::StoreU(product ? hn::Div(one, s) : s, df, p.r + i);
    hn::StoreU(hn::Sub(min, zf), df, p.lower + i);
    hn::StoreU(hn::Sub(max, zf), df, p.upper + i);
    hn::StoreU(twice_16(z), di, p.z + i);
  }
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
