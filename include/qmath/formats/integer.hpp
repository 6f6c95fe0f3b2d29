// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// The integer formats in which quantized numbers are stored.
///
///     std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t      one number per element
///     s4 [-8, 7], u4 [0, 15], s2 [-2, 1], u2 [0, 3]                             packed in bytes
///
/// Packed numbers fill a byte from its low or from its high end:
///
///     four bits,  first_low:   byte k = element 2k     | element 2k+1 << 4            ONNX, most others
///                 first_high:  byte k = element 2k << 4 | element 2k+1                bitsandbytes
///     two bits,   first_low:   byte k = element 4k | 4k+1 << 2 | 4k+2 << 4 | 4k+3 << 6
///                 first_high:  byte k = element 4k << 6 | 4k+1 << 4 | 4k+2 << 2 | 4k+3
///
/// n elements take ceil(n * bits / 8) bytes. Writers set the unused bits of the last byte to 0, readers
/// ignore them.
#ifndef QMATH_FORMATS_INTEGER_HPP_
#define QMATH_FORMATS_INTEGER_HPP_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "qmath/detail/abi.hpp"
#include "qmath/detail/limits.hpp"

QMATH_BEGIN_TYPES

/// Tags of the packed formats.
struct s4 {};
struct u4 {};
struct s2 {};
struct u2 {};

/// Where in its byte the first packed number is.
enum class bit_order : unsigned char { first_low, first_high };

namespace detail {
/// In compiler messages, the types that an argument can have on one line.
template <class T, class... Types>
inline constexpr bool is_one_of = (std::is_same_v<T, Types> || ...);
}  // namespace detail

/// The types of quantized numbers with an element of memory each.
template <class T>
concept quantized_integer =
    detail::is_one_of<T, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t>;

/// Those of a byte each: the operands and the 8-bit results of gemm.
template <class T>
concept eight_bit_integer = detail::is_one_of<T, std::int8_t, std::uint8_t>;

/// The formats that share bytes.
template <class T>
concept packed_integer = detail::is_one_of<T, s4, u4, s2, u2>;

/// Any format of quantized numbers.
template <class T>
concept quantized_format = quantized_integer<T> || packed_integer<T>;

/// The codes from min to max, both included. The default is all codes of a format.
struct code_range {
  std::int32_t min = detail::lowest<std::int32_t>;
  std::int32_t max = detail::largest<std::int32_t>;

  friend constexpr bool operator==(code_range, code_range) = default;
};

namespace detail {

template <quantized_format F>
inline constexpr code_range codes_of = {lowest<F>, largest<F>};
template <>
inline constexpr code_range codes_of<s4> = {-8, 7};
template <>
inline constexpr code_range codes_of<u4> = {0, 15};
template <>
inline constexpr code_range codes_of<s2> = {-2, 1};
template <>
inline constexpr code_range codes_of<u2> = {0, 3};

template <quantized_format F>
inline constexpr std::size_t bits_of = sizeof(F) * 8;
template <>
inline constexpr std::size_t bits_of<s4> = 4;
template <>
inline constexpr std::size_t bits_of<u4> = 4;
template <>
inline constexpr std::size_t bits_of<s2> = 2;
template <>
inline constexpr std::size_t bits_of<u2> = 2;

}  // namespace detail

/// All codes of a format.
template <quantized_format F>
QMATH_INLINE constexpr code_range full_range() noexcept {
  return detail::codes_of<F>;
}

/// One code less, the lowest: [-127, 127] for std::int8_t, [-7, 7] for s4, [1, 255] for std::uint8_t.
template <quantized_format F>
QMATH_INLINE constexpr code_range narrow_range() noexcept {
  return {detail::codes_of<F>.min + 1, detail::codes_of<F>.max};
}

/// One bit less: [-64, 63] for std::int8_t, [0, 127] for std::uint8_t. For kernels of others that saturate
/// int16 sums (PyTorch's reduce_range); qmath's do not need it.
template <quantized_format F>
QMATH_INLINE constexpr code_range reduced_range() noexcept {
  return {detail::codes_of<F>.min / 2, detail::codes_of<F>.max / 2};
}

/// Bytes that n numbers of a format take.
template <quantized_format F>
QMATH_INLINE constexpr std::size_t storage_bytes(std::size_t n) noexcept {
  constexpr std::size_t bits = detail::bits_of<F>;
  if constexpr (bits >= 8) {
    return n * (bits / 8);
  } else {
    constexpr std::size_t per_byte = 8 / bits;
    return n / per_byte + (n % per_byte != 0 ? 1 : 0);
  }
}

/// n packed numbers, the first one at the start of byte 0: a part of an array is one if it begins at a multiple of
/// 8 / bits elements. Byte is std::uint8_t or const std::uint8_t; the memory is the caller's,
/// storage_bytes<F>(n) of it. What makes one from bytes, parts and single codes: formats/packed.hpp.
template <packed_integer F, class Byte = std::uint8_t, bit_order Order = bit_order::first_low>
  requires std::same_as<std::remove_const_t<Byte>, std::uint8_t>
struct packed_span {
  using format = F;
  static constexpr bit_order order = Order;

  Byte* data = nullptr;
  std::size_t n = 0;  ///< elements

  constexpr packed_span() = default;
  QMATH_INLINE constexpr packed_span(Byte* bytes, std::size_t elements) noexcept
      : data(bytes), n(elements) {}

  QMATH_INLINE constexpr std::size_t size() const noexcept { return n; }

  /// A view of mutable numbers is a view of constant ones.
  // NOLINTNEXTLINE(google-explicit-constructor): as T* converts to const T*
  QMATH_INLINE constexpr operator packed_span<F, const std::uint8_t, Order>() const noexcept
    requires(!std::is_const_v<Byte>)
  {
    return {data, n};
  }
};

QMATH_END_TYPES

#endif  // QMATH_FORMATS_INTEGER_HPP_
