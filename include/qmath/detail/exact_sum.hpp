// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Sums without rounding: integers of several 64-bit limbs, in units of a power of two. A sum is the same bytes
// whatever the order of its terms, because integer addition is associative.
//
//     value = 2^unit * (limb[0] + 2^64 limb[1] + ...), two's complement
//
//     what is summed          unit     largest term   limbs   bits left for the number of terms
//     products of floats      2^-298   < 2^256        10      85
//     floats                  2^-149   < 2^128        6       106
//
// so that 2^64 terms fit. Everything here is integer arithmetic; the caller's compiler flags do not matter.
#ifndef QMATH_DETAIL_EXACT_SUM_HPP_
#define QMATH_DETAIL_EXACT_SUM_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/detail/abi.hpp"
#include "qmath/detail/bits.hpp"

#if !QMATH_WITH_CALIBRATION
#error "qmath: calibration is left out, QMATH_WITH_CALIBRATION is 0"
#endif

QMATH_BEGIN_TYPES
namespace detail {

template <int Limbs>
struct exact_sum {
  std::uint64_t limb[Limbs] = {};

  friend constexpr bool operator==(const exact_sum&, const exact_sum&) = default;
};

inline constexpr int product_limbs = 10, linear_limbs = 6;
using product_sum = exact_sum<product_limbs>;
using linear_sum = exact_sum<linear_limbs>;
inline constexpr int product_unit = -298, linear_unit = -149;

}  // namespace detail
QMATH_END_TYPES

QMATH_BEGIN_NAMESPACE
namespace impl {

/// carry:sum = a + b + carry
QMATH_INLINE constexpr std::uint64_t add_carry(std::uint64_t a, std::uint64_t b,
                                               std::uint64_t& carry) noexcept {
  const std::uint64_t partial = a + b, sum = partial + carry;
  carry = (partial < a ? 1u : 0u) | (sum < partial ? 1u : 0u);
  return sum;
}

/// to += sign * from, modulo 2^(64 n)
QMATH_INLINE constexpr void add_limbs(std::uint64_t* to, const std::uint64_t* from, int n,
                                      bool subtract = false) noexcept {
  std::uint64_t carry = subtract ? 1 : 0;
  for (int i = 0; i < n; ++i) to[i] = add_carry(to[i], subtract ? ~from[i] : from[i], carry);
}

/// Of the data of both.
template <int Limbs>
QMATH_INLINE constexpr void add_sum(detail::exact_sum<Limbs>& to,
                                    const detail::exact_sum<Limbs>& from) noexcept {
  add_limbs(to.limb, from.limb, Limbs);
}

QMATH_INLINE constexpr void negate_limbs(std::uint64_t* x, int n) noexcept {
  std::uint64_t carry = 1;
  for (int i = 0; i < n; ++i) x[i] = add_carry(~x[i], 0, carry);
}

/// sum += x, for a double that is a multiple of 2^unit, finite, and no larger than the table above says.
QMATH_INLINE constexpr void add_exactly(std::uint64_t* sum, int n, int unit, double x) noexcept {
  const auto bits = detail::bit_cast<std::uint64_t>(x);
  const auto exponent = static_cast<int>(bits >> 52 & 0x7FFu);
  if (exponent == 0) return;  // a subnormal double is no multiple of 2^-298, unless it is 0
  std::uint64_t m = (bits & 0xFFFFFFFFFFFFFu) | 0x10000000000000u;
  int position = exponent - 1075 - unit;  // of the lowest bit of m; those below 0 are zeros
  if (position < 0) {
    m >>= -position;
    position = 0;
  }
  const int at = position / 64, shift = position % 64;
  const std::uint64_t low = m << shift, high = shift == 0 ? 0 : m >> (64 - shift);
  std::uint64_t* const p = sum + at;
  const bool has_high = at + 1 < n;
  if (bits >> 63 == 0) {
    std::uint64_t carry = 0;
    p[0] = add_carry(p[0], low, carry);
    if (has_high) p[1] = add_carry(p[1], high, carry);
    for (int i = at + 2; carry != 0 && i < n; ++i) carry = ++sum[i] == 0 ? 1 : 0;
  } else {
    std::uint64_t carry = 1;
    p[0] = add_carry(p[0], ~low, carry);
    if (has_high) p[1] = add_carry(p[1], ~high, carry);
    for (int i = at + 2; carry == 0 && i < n; ++i) carry = sum[i]-- == 0 ? 0 : 1;
  }
}

/// high:low = a * b
QMATH_INLINE constexpr std::uint64_t multiply(std::uint64_t a, std::uint64_t b,
                                              std::uint64_t& high) noexcept {
  const std::uint64_t a0 = a & 0xFFFFFFFFu, a1 = a >> 32, b0 = b & 0xFFFFFFFFu, b1 = b >> 32;
  const std::uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32);
  const std::uint64_t other = a0 * b1 + (middle & 0xFFFFFFFFu);
  high = a1 * b1 + (middle >> 32) + (other >> 32);
  return other << 32 | (low & 0xFFFFFFFFu);
}

/// out[0, 2n) = a[0, n) * b[0, n), unsigned.
QMATH_INLINE constexpr void multiply_limbs(const std::uint64_t* a, const std::uint64_t* b, int n,
                                           std::uint64_t* out) noexcept {
  for (int i = 0; i < 2 * n; ++i) out[i] = 0;
  for (int i = 0; i < n; ++i) {
    std::uint64_t above = 0;
    for (int k = 0; k < n; ++k) {
      std::uint64_t high = 0, carry = 0;
      const std::uint64_t low = multiply(a[i], b[k], high);
      out[i + k] = add_carry(out[i + k], low, carry);
      high += carry;  // high <= 2^64 - 2
      carry = 0;
      out[i + k] = add_carry(out[i + k], above, carry);
      above = high + carry;
    }
    out[i + n] = above;
  }
}

QMATH_INLINE constexpr bool is_negative(const std::uint64_t* x, int n) noexcept {
  return x[n - 1] >> 63 != 0;
}

/// x = |x|. Whether it was negative.
QMATH_INLINE constexpr bool make_positive(std::uint64_t* x, int n) noexcept {
  const bool negative = is_negative(x, n);
  if (negative) negate_limbs(x, n);
  return negative;
}

QMATH_INLINE constexpr bool is_zero(const std::uint64_t* x, int n) noexcept {
  std::uint64_t all = 0;
  for (int i = 0; i < n; ++i) all |= x[i];
  return all == 0;
}

/// The double nearest to an unsigned number, ties to even. It is inside the range of normal doubles.
QMATH_INLINE constexpr double nearest_double(const std::uint64_t* x, int n, int unit) noexcept {
  int top = n - 1;
  while (top >= 0 && x[top] == 0) --top;
  if (top < 0) return 0.0;
  const auto upper = static_cast<std::uint32_t>(x[top] >> 32);
  const int zeros = upper != 0 ? detail::leading_zeros(upper)
                               : 32 + detail::leading_zeros(static_cast<std::uint32_t>(x[top]));
  // The 64 bits from the leading one on, and whether any below them is set.
  std::uint64_t m = x[top] << zeros;
  if (zeros != 0 && top > 0) m |= x[top - 1] >> (64 - zeros);
  bool rest = zeros != 0 && top > 0 && x[top - 1] << zeros != 0;
  if (zeros == 0 && top > 0) rest = x[top - 1] != 0;
  for (int i = 0; i + 1 < top; ++i) rest = rest || x[i] != 0;
  const std::uint64_t below = m & 0x7FFu, half = 0x400u;
  std::uint64_t kept = m >> 11;
  if (below > half || (below == half && (rest || (kept & 1u) != 0))) ++kept;
  // A carry out of the significand lands in the exponent, as it should.
  const int exponent = top * 64 + 63 - zeros + unit + 1022;
  return detail::bit_cast<double>((static_cast<std::uint64_t>(exponent) << 52) + kept);
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_EXACT_SUM_HPP_
