// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// x / scale without a division, where the result is an 8-bit integer.
//
// The contract asks for the correctly rounded quotient. A reciprocal r = fl(1 / scale) is not enough:
// x * r is off by up to one unit in the last place, which moves results at ties. With the reciprocal's
// own error as a second term, r2 = fl(1 / scale - r),
//
//     t = fma(x, r, x * r2)
//
// differs from the real quotient by less than 2^-46 of its value before its final rounding, so t is
// fl(x / scale) unless the quotient lies that close to the middle between two floats. With the 24-bit
// significands X and S of x and the scale and the 25-bit significand M of the middle, which is odd,
//
//     X * 2^j = M * S + D,   j = 24 or 25,   and the relative distance is |D| / (M * S) > |D| * 2^-49:
//
// |D| < 8. For each S, D and j there are at most 2^3 such M, because S * M = -D (mod 2^j): all of them have
// been tried (tests/exhaustive/quotient.cpp, which is run). t is another float than the quotient for 227795 of
// the 2^46 pairs (X, S); but a code of 8 bits changes only if one of the two is a tie k + 1/2 with |k| < 256,
// and that is so for one pair: X = 2^23, S = 2^24 - 1. Scales with this significand need the division, and
// so do those outside [2^-100, 2^100], where intermediate results could leave the normal range.
//
// Where every bit of the quotient counts (16 bits, other roundings), it takes three operations: with r as above,
//
//     t0 = fl(x r),   t = fma(fma(-t0, scale, x), r, t0)
//
// t0 is off by less than 2^-22.99 of the quotient, the remainder and r by 2^-24 each: t differs from the real
// quotient by less than 2^-45.99 of it before its final rounding, so here |D| <= 8 must be tried. t is the right
// float for all of them, of every scale. The remainder is exact, or as good as that, unless quotients are so small
// that no rounding to integers depends on their last bits (kernels/vector-inl.hpp).
#ifndef QMATH_DETAIL_QUOTIENT_HPP_
#define QMATH_DETAIL_QUOTIENT_HPP_

#include <cstdint>

#include "qmath/detail/abi.hpp"
#include "qmath/detail/bits.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

/// 1 / scale = r + r2, to about 48 bits.
struct two_term_reciprocal {
  float r = 0.0f;
  float r2 = 0.0f;

  /// Whether fma(x, r, x * r2) may stand for x / scale in codes of 8 bits: see above. scale finite and > 0.
  static QMATH_INLINE constexpr bool is_exact_for(float scale) noexcept {
    const bool ones = (detail::bit_cast<std::uint32_t>(scale) & 0x7FFFFFu) == 0x7FFFFFu;
    return scale >= 0x1p-100f && scale <= 0x1p100f && !ones;
  }

  QMATH_INLINE constexpr explicit two_term_reciprocal(float scale) noexcept : r(1.0f / scale) {
    // 1 / s - r = (1 - r s) / s, in double precision, where the product and the difference are exact.
    // Multiplying by r instead of dividing by s is off by 2^-24 of the term.
    const double r64 = static_cast<double>(r);
    r2 = static_cast<float>((1.0 - r64 * static_cast<double>(scale)) * r64);
  }
};

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_QUOTIENT_HPP_
