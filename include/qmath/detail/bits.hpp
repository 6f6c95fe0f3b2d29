// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What <bit> has, but always inlined. Without optimization, a function template of the standard library becomes
// a function that all files of a program share, compiled with the flags of any one of them: with those of a file
// for newer CPUs, it fails on older ones. (std::bit_cast to float returns its result with AVX, std::countl_zero
// is lzcnt, which older CPUs take for another instruction.)
#ifndef QMATH_DETAIL_BITS_HPP_
#define QMATH_DETAIL_BITS_HPP_

#include <bit>
#include <cstdint>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES
namespace detail {

template <class To, class From>
QMATH_INLINE constexpr To bit_cast(const From& from) noexcept {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, from);
}

/// Number of zeros above the highest one, below the lowest one. v != 0.
QMATH_INLINE constexpr int leading_zeros(std::uint32_t v) noexcept {
#if defined(__GNUC__)
  return __builtin_clz(v);
#else
  return std::countl_zero(v);
#endif
}
QMATH_INLINE constexpr int trailing_zeros(std::uint32_t v) noexcept {
#if defined(__GNUC__)
  return __builtin_ctz(v);
#else
  return std::countr_zero(v);
#endif
}

/// The bits of |x|: for numbers of the same order as |x|, for NaN above those of infinity.
QMATH_INLINE constexpr std::uint32_t magnitude_bits(float x) noexcept {
  return bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu;
}

/// From the bits: for a compiler with -ffast-math there is no NaN.
QMATH_INLINE constexpr bool is_nan(float x) noexcept { return magnitude_bits(x) > 0x7F800000u; }

/// A float that is not NaN as an integer of the same order; zeros of both signs are one.
QMATH_INLINE constexpr std::int32_t ordered_bits(float x) noexcept {
  const auto magnitude = static_cast<std::int32_t>(magnitude_bits(x));
  return bit_cast<std::uint32_t>(x) >> 31 != 0 ? -magnitude : magnitude;
}

/// 2^k, -1022 <= k <= 1023.
QMATH_INLINE constexpr double power_of_two(int k) noexcept {
  return bit_cast<double>(static_cast<std::uint64_t>(1023 + k) << 52);
}

}  // namespace detail
QMATH_END_TYPES

#endif  // QMATH_DETAIL_BITS_HPP_
