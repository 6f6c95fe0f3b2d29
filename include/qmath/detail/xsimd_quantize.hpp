// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Quantize and dequantize on xsimd registers, for all rules of numerics.hpp.
#ifndef QMATH_DETAIL_XSIMD_QUANTIZE_HPP_
#define QMATH_DETAIL_XSIMD_QUANTIZE_HPP_

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/quotient.hpp"
#include "qmath/detail/xsimd_pieces.hpp"
#include "qmath/detail/xsimd_rounding.hpp"
#include "qmath/numerics.hpp"

QMATH_BEGIN_NAMESPACE
namespace simd {
namespace pieces {

// ---- Bounds --------------------------------------------------------------------------------------

/// Bounds of the number that is rounded. Those of 32 bits need not be floats: there, all of int32 is let
/// through, and the integers are clamped.
template <quantized_integer Q>
QMATH_INLINE float lower_bound(std::int32_t exact) noexcept {
  return is_wide<Q> ? -2147483648.0f : static_cast<float>(exact);
}
template <quantized_integer Q>
QMATH_INLINE float upper_bound(std::int32_t exact) noexcept {
  return is_wide<Q> ? 2147483648.0f : static_cast<float>(exact);
}

/// round(v) + offset, for v between the bounds.
template <quantized_integer Q, rounding How, class A>
QMATH_INLINE integers<A> round_into(const floats<A>& v, std::int32_t offset,
                                    [[maybe_unused]] code_range codes,
                                    const integers<A>& r) noexcept {
  const integers<A> q = round_and_add<How, is_wide<Q>>(v, offset, r);
  if constexpr (is_wide<Q>) return clamp(q, codes.min, codes.max);
  return q;
}

// ---- Quantize ------------------------------------------------------------------------------------

/// What the rules need of a scale, a zero point and the codes in use.
template <quantized_integer Q, quantize_rules Rules>
struct quotient_and_bounds {
  static constexpr bool before = Rules.zero_point == zero_point_rule::before_rounding;
  static constexpr bool is_product = Rules.quotient == quotient_rule::reciprocal;
  /// The two-term reciprocal decides as the quotient does at ties of 8-bit numbers, not at integers: tiny
  /// quotients may differ (detail/quotient.hpp).
  static constexpr bool two_terms =
      sizeof(Q) == 1 && !before && !is_product &&
      (Rules.round == rounding::nearest_even || Rules.round == rounding::half_away ||
       Rules.round == rounding::half_up);

  float lo, hi;      ///< bounds of the number that is rounded
  float x_lo, x_hi;  ///< bounds of x; their rounding error is too small to move a rounded quotient
  impl::two_term_reciprocal reciprocal{1.0f};
  bool multiply;  ///< by the two terms, where the architecture has FMA

  QMATH_INLINE void prepare(const affine_params& p, code_range codes) noexcept {
    const std::int32_t offset = before ? 0 : p.zero_point;
    lo = lower_bound<Q>(codes.min - offset);
    hi = upper_bound<Q>(codes.max - offset);
    x_lo = lo * p.scale;
    x_hi = hi * p.scale;
    reciprocal = impl::two_term_reciprocal(p.scale);
    multiply = impl::two_term_reciprocal::is_exact_for(p.scale);
  }
};

/// Between the bounds. Params: a quantizer.
template <quantized_integer Q, quantize_rules Rules, class A, class Params>
QMATH_INLINE floats<A> bounded_quotient(const floats<A>& x, const Params& p) noexcept {
  using kind = quotient_and_bounds<Q, Rules>;
  if constexpr (has_fma<A> && kind::two_terms) {
    if (p.steps.multiply) {
      // Clamped first: an infinity would turn the second term into NaN.
      const floats<A> v = clamp<Rules.nan>(x, p.steps.x_lo, p.steps.x_hi);
      return xsimd::fma(v, floats<A>(p.steps.reciprocal.r), v * floats<A>(p.steps.reciprocal.r2));
    }
  }
  // Clamped last: for extreme scales the bounds of x do not exist.
  floats<A> t = kind::is_product ? rounded(x * floats<A>(p.steps.reciprocal.r))
                                 : divide(x, floats<A>(p.params.scale));
  const float zero = kind::before ? static_cast<float>(p.params.zero_point) : 0.0f;
  if constexpr (kind::before) t = t + floats<A>(zero);
  return clamp<Rules.nan>(t, p.steps.lo, p.steps.hi, zero);
}

template <quantized_integer Q, quantize_rules Rules, class A, class Params>
QMATH_INLINE integers<A> quantize(const floats<A>& x, const Params& p,
                                  const integers<A>& r) noexcept {
  const std::int32_t offset = quotient_and_bounds<Q, Rules>::before ? 0 : p.params.zero_point;
  return round_into<Q, Rules.round>(bounded_quotient<Q, Rules>(x, p), offset, p.codes, r);
}

// ---- Others --------------------------------------------------------------------------------------

template <class A>
QMATH_INLINE floats<A> dequantize(const integers<A>& q, const affine_params& p) noexcept {
  const integers<A> steps = q - integers<A>(p.zero_point);
  return rounded(xsimd::batch_cast<float>(steps) * floats<A>(p.scale));
}

/// Sums have no zero point.
template <quantized_integer In, class A>
QMATH_INLINE integers<A> less_zero_point(const integers<A>& in,
                                         [[maybe_unused]] std::int32_t zero_point) noexcept {
  if constexpr (is_wide<In>) return in;
  return in - integers<A>(zero_point);
}

}  // namespace pieces
}  // namespace simd
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_XSIMD_QUANTIZE_HPP_
