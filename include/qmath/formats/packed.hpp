// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Packed numbers: a packed_span of bytes, parts of it, single codes.
///
///     std::vector<std::uint8_t> bytes(storage_bytes<s4>(n));
///     const auto q = packed<s4>(bytes, n);            // packed_span<s4>; of const bytes, packed_span<s4, const ...>
///     quantize(x, p, q);
///     code_at(q, 5);
///
/// To unpack an array: requantize(q, requantize_params{}, codes), which has multiplier 1 and zero points 0, gives
/// the same codes as std::int8_t (u4 and u2: or std::uint8_t), and the other way round packs them.
///
/// constexpr; never allocate. After a broken precondition: the empty span, the code 0, nothing written.
#ifndef QMATH_FORMATS_PACKED_HPP_
#define QMATH_FORMATS_PACKED_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/formats/integer.hpp"
#if QMATH_HAS_KERNELS
#include "qmath/detail/contract_impl.hpp"
#endif

QMATH_BEGIN_TYPES
namespace detail {

/// Where element i of a packed array is: in byte i / per_byte, `bit` bits from its low end.
template <packed_integer F, bit_order Order>
struct packed_position {
  static constexpr unsigned bits = bits_of<F>, per_byte = 8 / bits, mask = (1u << bits) - 1u;

  std::size_t byte;
  unsigned bit;

  QMATH_INLINE constexpr explicit packed_position(std::size_t i) noexcept
      : byte(i / per_byte), bit(static_cast<unsigned>(i % per_byte) * bits) {
    if (Order == bit_order::first_high) bit = 8 - bits - bit;
  }
};

}  // namespace detail
QMATH_END_TYPES

QMATH_BEGIN_NAMESPACE
namespace impl {

QMATH_INLINE constexpr bool expect_element(const char* function, std::size_t i,
                                           std::size_t n) noexcept {
  if (!QMATH_CHECKS || i < n) return true;
  library::report_size(function, "i", i, "less than q.size()", n);
  return false;
}

}  // namespace impl

/// n numbers at the beginning of `bytes`: a contiguous range of std::uint8_t, const or not.
/// @pre bytes.size() >= storage_bytes<F>(n)
template <packed_integer F, bit_order Order = bit_order::first_low, readable_range<std::uint8_t> R>
QMATH_INLINE constexpr packed_span<F, detail::element_of<R>, Order> packed(R&& bytes,
                                                                           std::size_t n) noexcept {
  const std::span span(bytes);
  if (!impl::expect_at_least("packed", "bytes.size()", span.size(), "at least storage_bytes(n)",
                             storage_bytes<F>(n))) {
    return {};
  }
  return {span.data(), n};
}

/// Numbers first ... first + n - 1.
/// @pre first + n <= q.size(); first is a multiple of 8 / bits: of 2 for s4 and u4, of 4 for s2 and u2.
template <packed_integer F, class Byte, bit_order Order>
QMATH_INLINE constexpr packed_span<F, Byte, Order> subspan(packed_span<F, Byte, Order> q,
                                                           std::size_t first,
                                                           std::size_t n) noexcept {
  using position = detail::packed_position<F, Order>;
  if (QMATH_CHECKS) {
    if (!impl::expect_at_least("subspan", "q.size()", q.size(), "at least first", first) ||
        !impl::expect_at_least("subspan", "q.size() - first", q.size() - first, "at least n", n)) {
      return {};
    }
    if (first % position::per_byte != 0) {
      library::report_size("subspan", "first", first, "a multiple of the codes in a byte",
                           position::per_byte);
      return {};
    }
  }
  return {q.data + first / position::per_byte, n};
}

/// The code of element i. @pre i < q.size()
template <packed_integer F, class Byte, bit_order Order>
QMATH_INLINE constexpr std::int32_t code_at(packed_span<F, Byte, Order> q, std::size_t i) noexcept {
  if (!impl::expect_element("code_at", i, q.size())) return 0;
  using position = detail::packed_position<F, Order>;
  const position at(i);
  const auto code = static_cast<std::int32_t>(q.data[at.byte] >> at.bit & position::mask);
  return code > full_range<F>().max ? code - static_cast<std::int32_t>(position::mask) - 1 : code;
}

/// Makes it `code`, and leaves the others in its byte as they are; not for several threads in one byte.
/// @pre i < q.size(); code is one of the format's
template <packed_integer F, bit_order Order>
QMATH_INLINE constexpr void set_code(packed_span<F, std::uint8_t, Order> q, std::size_t i,
                                     std::int32_t code) noexcept {
  constexpr code_range all = full_range<F>();
  if (!impl::expect_element("set_code", i, q.size()) ||
      !impl::expect_inside("set_code", "code", impl::no_index, code, all.min, all.max)) {
    return;
  }
  using position = detail::packed_position<F, Order>;
  const position at(i);
  const unsigned others = q.data[at.byte] & ~(position::mask << at.bit);
  q.data[at.byte] =
      static_cast<std::uint8_t>(others | (static_cast<unsigned>(code) & position::mask) << at.bit);
}

QMATH_END_NAMESPACE

#endif  // QMATH_FORMATS_PACKED_HPP_
