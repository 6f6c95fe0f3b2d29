// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// The 16-bit floating-point formats. Storage types: they convert, arithmetic happens in float.
///
///                 sign  exponent  fraction   largest     smallest normal   smallest
///     half          1       5        10      65504       2^-14             2^-24      IEEE 754 binary16
///     bfloat16      1       8         7      3.39e38     2^-126            2^-133     the upper half of a float
///
/// A buffer of them that is declared as std::uint16_t, _Float16 or the like is passed as as_half(buffer) or
/// as_bfloat16(buffer). Not as it is: an array of std::uint16_t is one of quantized numbers, and a function that
/// takes both would read the bits of a half as codes.
#ifndef QMATH_FORMATS_REAL_HPP_
#define QMATH_FORMATS_REAL_HPP_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/detail/abi.hpp"
#include "qmath/detail/bits.hpp"

// Objects of other types may be read and written through this one.
#if defined(__GNUC__)
#define QMATH_MAY_ALIAS __attribute__((may_alias))
#else
#define QMATH_MAY_ALIAS
#endif

QMATH_BEGIN_TYPES

/// IEEE 754 binary16, as its bits. The same memory as _Float16, std::float16_t and __fp16.
struct QMATH_MAY_ALIAS half {
  std::uint16_t bits;

  friend constexpr bool operator==(half, half) = default;  ///< of the bits
};

/// bfloat16, as its bits. The same memory as std::bfloat16_t and __bf16.
struct QMATH_MAY_ALIAS bfloat16 {
  std::uint16_t bits;

  friend constexpr bool operator==(bfloat16, bfloat16) = default;  ///< of the bits
};

#undef QMATH_MAY_ALIAS

namespace detail {

/// T is std::uint16_t, or a number of 16 bits of which these are 1.
template <class T, std::uint16_t One>
concept sixteen_bits = std::same_as<T, std::uint16_t> ||
                       (sizeof(T) == 2 && std::is_trivially_copyable_v<T> && requires(T& x) {
                         static_cast<float>(x);
                       } && static_cast<float>(__builtin_bit_cast(T, One)) == 1.0f);

/// A contiguous range of them, const or not.
template <class R, std::uint16_t One>
concept range_of_sixteen_bits = requires(R& r) {
  requires sixteen_bits<std::remove_const_t<typename decltype(std::span(r))::element_type>, One>;
};

template <class To, class From, std::size_t Extent>
QMATH_INLINE auto view_as(std::span<From, Extent> x) noexcept {
  static_assert(sizeof(To) == sizeof(From) && alignof(To) == alignof(From));
  static_assert(std::is_standard_layout_v<To> && std::is_trivially_copyable_v<To>);
  using element = std::conditional_t<std::is_const_v<From>, const To, To>;
  return std::span<element>(reinterpret_cast<element*>(x.data()), x.size());
}

}  // namespace detail

QMATH_END_TYPES

QMATH_BEGIN_NAMESPACE

/// Exact. A signaling NaN becomes the quiet one of the same payload.
QMATH_INLINE constexpr float float_from(half h) noexcept {
  const std::uint32_t sign = (h.bits & 0x8000u) << 16;
  const std::uint32_t exponent = h.bits >> 10 & 0x1Fu;
  std::uint32_t fraction = h.bits & 0x3FFu;
  if (exponent == 0x1F) {
    const std::uint32_t quiet = fraction != 0 ? 0x400000u : 0u;
    return detail::bit_cast<float>(sign | 0x7F800000u | quiet | fraction << 13);
  }
  if (exponent == 0) {
    if (fraction == 0) return detail::bit_cast<float>(sign);
    // fraction * 2^-24, with its leading one made implicit.
    const int shift = detail::leading_zeros(fraction) - 21;
    fraction = fraction << shift & 0x3FFu;
    return detail::bit_cast<float>(sign | static_cast<std::uint32_t>(113 - shift) << 23 |
                                   fraction << 13);
  }
  return detail::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

/// Exact. A signaling NaN stays one.
QMATH_INLINE constexpr float float_from(bfloat16 b) noexcept {
  return detail::bit_cast<float>(static_cast<std::uint32_t>(b.bits) << 16);
}

QMATH_INLINE constexpr float float_from(float x) noexcept { return x; }

/// To nearest, ties to even; too large becomes infinity. NaN: quiet, the upper payload bits kept.
QMATH_INLINE constexpr half half_from(float x) noexcept {
  const std::uint32_t bits = detail::bit_cast<std::uint32_t>(x);
  const std::uint32_t sign = bits >> 16 & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  std::uint32_t h = 0;
  if (magnitude > 0x7F800000u) {
    h = 0x7E00u | (magnitude >> 13 & 0x3FFu);
  } else if (magnitude >= 0x477FF000u) {  // 65520 and more
    h = 0x7C00u;
  } else if (magnitude >= 0x38800000u) {  // normal: round the significand, which may carry
    h = (magnitude - 0x38000000u + 0xFFFu + (magnitude >> 13 & 1u)) >> 13;
  } else if (magnitude >= 0x33000000u) {  // subnormal: fraction in units of 2^-24
    const std::uint32_t significand = (magnitude & 0x7FFFFFu) | 0x800000u;
    const std::uint32_t shift = 126u - (magnitude >> 23);  // 14 ... 24
    const std::uint32_t below = significand & ((1u << shift) - 1u);
    const std::uint32_t middle = 1u << (shift - 1);
    h = significand >> shift;
    if (below > middle || (below == middle && (h & 1u) != 0)) ++h;
  }
  return {static_cast<std::uint16_t>(sign | h)};
}

/// To nearest, ties to even; too large becomes infinity. NaN: quiet, the upper payload bits kept.
QMATH_INLINE constexpr bfloat16 bfloat16_from(float x) noexcept {
  const std::uint32_t bits = detail::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) {
    return {static_cast<std::uint16_t>(bits >> 16 | 0x40u)};
  }
  return {static_cast<std::uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16)};
}

/// The same memory as an array of half: x is a contiguous range of std::uint16_t, _Float16, std::float16_t, __fp16
/// or another type with these bits, const or not. The result is a std::span of half or const half.
/// C++20 has no words for such a view (std::start_lifetime_as would end the life of x's elements). What is relied
/// on: half is a standard-layout struct of one std::uint16_t without constructors, and GCC and Clang are told that
/// it may alias any type, so that the memory can be used through x and through the view by turns.
template <detail::range_of_sixteen_bits<0x3C00> R>
QMATH_INLINE auto as_half(R&& x) noexcept {
  return detail::view_as<half>(std::span(x));
}

/// The same for bfloat16: of std::uint16_t, __bf16, std::bfloat16_t or another type with its bits.
template <detail::range_of_sixteen_bits<0x3F80> R>
QMATH_INLINE auto as_bfloat16(R&& x) noexcept {
  return detail::view_as<bfloat16>(std::span(x));
}

QMATH_END_NAMESPACE

#endif  // QMATH_FORMATS_REAL_HPP_
