// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The roundings of rounding.hpp on xsimd registers, as the functions of the same names in reference.hpp.
#ifndef QMATH_DETAIL_XSIMD_ROUNDING_HPP_
#define QMATH_DETAIL_XSIMD_ROUNDING_HPP_

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "qmath/detail/limits.hpp"
#include "qmath/detail/xsimd_pieces.hpp"
#include "qmath/rounding.hpp"

QMATH_BEGIN_NAMESPACE
namespace simd {
namespace pieces {

// Numbers are of one of two kinds. Wide: |v| <= 2^31, where 2^31 becomes 2^31 - 1. Otherwise |v| <= 2^22.

template <class A>
struct rounded_number {
  integers<A> code;  ///< with the offset
  floats<A> whole;   ///< without
};

/// Toward zero.
template <bool Wide, class A>
QMATH_INLINE integers<A> truncate(const floats<A>& v) noexcept {
  const integers<A> n = xsimd::to_int(v);
  if constexpr (!Wide) return n;
  const auto too_large = xsimd::batch_bool_cast<std::int32_t>(v >= floats<A>(2147483648.0f));
  return xsimd::select(too_large, integers<A>(detail::largest<std::int32_t>), n);
}

/// Not wide: adding 1.5 * 2^23 leaves the rounded integer in the low bits of the sum. Cheaper than
/// xsimd::nearbyint_as_int, and exact where that is emulated.
template <bool Wide, class A>
QMATH_INLINE rounded_number<A> nearest_even(const floats<A>& v, std::int32_t offset) noexcept {
  if constexpr (Wide) {
    const floats<A> whole = xsimd::nearbyint(v);
    return {truncate<true>(whole) + integers<A>(offset), whole};
  } else {
    constexpr float magic = 12582912.0f;
    constexpr std::int32_t magic_bits = 0x4B400000;
    const floats<A> sum = v + floats<A>(magic);
    return {xsimd::bitwise_cast<std::int32_t>(sum) + integers<A>(offset - magic_bits),
            sum - floats<A>(magic)};
  }
}

/// round(v) + offset. r: the random numbers of stochastic rounding.
template <rounding How, bool Wide, class A>
QMATH_INLINE integers<A> round_and_add(const floats<A>& v, std::int32_t offset,
                                       [[maybe_unused]] const integers<A>& r) noexcept {
  if constexpr (How == rounding::toward_zero) {
    return truncate<Wide>(v) + integers<A>(offset);
  } else if constexpr (How == rounding::half_away) {
    // The largest float below 1/2: with it the sum reaches the next integer from the tie on, no earlier.
    const floats<A> below_half(0x1.fffffep-2f);
    return truncate<Wide>(v + xsimd::copysign(below_half, v)) + integers<A>(offset);
  } else if constexpr (How == rounding::nearest_even) {
    return nearest_even<Wide>(v, offset).code;
  } else {
    const rounded_number<A> nearest = nearest_even<Wide>(v, offset);
    const floats<A> rest = v - nearest.whole;  // exact, in [-1/2, 1/2]
    if constexpr (How == rounding::half_up) {
      const auto down = xsimd::batch_bool_cast<std::int32_t>(rest == floats<A>(0.5f));
      return xsimd::select(down, nearest.code + integers<A>(1), nearest.code);
    } else if constexpr (How == rounding::floor) {
      const auto up = xsimd::batch_bool_cast<std::int32_t>(rest < floats<A>(0.0f));
      return xsimd::select(up, nearest.code - integers<A>(1), nearest.code);
    } else {
      // floor((65536 v + r) / 65536), split at the nearest integer so that nothing overflows.
      static_assert(How == rounding::stochastic);
      const integers<A> steps = nearest_even<false>(rest * floats<A>(65536.0f), 0).code;
      return nearest.code + shift_right(steps + r, 16);
    }
  }
}

}  // namespace pieces
}  // namespace simd
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_XSIMD_ROUNDING_HPP_
