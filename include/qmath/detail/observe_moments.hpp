// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Exact sums of floats and of their squares, and mean -+ k sigma of them.
//
// A finite float is m * 2^(p - 149) with |m| < 2^24 and 0 <= p <= 253: in units of 2^-149 it is m shifted by p
// bits, and its square in units of 2^-298 is m^2 shifted by 2p. While a chunk is added there are digits of 32 bits in
// 64, so that carries can wait; the sums that are kept are those of exact_sum.hpp.
#ifndef QMATH_DETAIL_OBSERVE_MOMENTS_HPP_
#define QMATH_DETAIL_OBSERVE_MOMENTS_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/core/params.hpp"
#include "qmath/detail/exact_sum.hpp"
#include "qmath/detail/observe_histogram.hpp"
#include "qmath/observe/observers.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

inline constexpr int sum_limbs = detail::linear_limbs, square_limbs = detail::product_limbs;
inline constexpr int variance_limbs = 12;

/// to = |from|; whether `from` is negative.
QMATH_INLINE bool magnitude_of(const detail::linear_sum& from, std::uint64_t* to) noexcept {
  for (int i = 0; i < sum_limbs; ++i) to[i] = from.limb[i];
  return make_positive(to, sum_limbs);
}

/// d = n * sum of squares - (sum)^2, which is not negative, in units of 2^-298.
QMATH_INLINE void variance_of(const moments_observer& o, std::uint64_t* d) noexcept {
  std::uint64_t count[square_limbs] = {o.count}, product[2 * square_limbs];
  multiply_limbs(o.squares.limb, count, square_limbs, product);
  for (int i = 0; i < variance_limbs; ++i) d[i] = product[i];
  std::uint64_t sum[sum_limbs];
  magnitude_of(o.sum, sum);
  multiply_limbs(sum, sum, sum_limbs, product);
  add_limbs(d, product, variance_limbs, true);
}

/// Adds digits of 32 bits with delayed carries.
template <class Digit, int Limbs>
QMATH_INLINE void fold(detail::exact_sum<Limbs>& into, const Digit* digits, int n) noexcept {
  std::uint64_t limbs[Limbs];
  std::int64_t carry = 0;
  for (int i = 0; i < 2 * Limbs; ++i) {
    if (i < n) carry += static_cast<std::int64_t>(digits[i]);
    const std::uint64_t digit = static_cast<std::uint32_t>(carry);
    limbs[i / 2] = i % 2 == 0 ? digit : limbs[i / 2] | digit << 32;
    carry >>= 32;
  }
  add_limbs(into.limb, limbs, Limbs);
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY void add_moments(moments_observer& o, const void* x, std::size_t n,
                               detail::real_type type) noexcept;
QMATH_LIBRARY void merge_moments(moments_observer& into, const moments_observer& from) noexcept;
QMATH_LIBRARY value_range sigma_range(const moments_observer& o, double k) noexcept;

#if QMATH_HAS_KERNELS

/// n <= observe_chunk finite elements.
QMATH_LIBRARY void add_finite_moments(moments_observer& o, const float* x, std::size_t n) noexcept {
  constexpr int sums_used = 253 / 32 + 2, squares_used = 506 / 32 + 3;
  std::int64_t sums[sums_used] = {};
  std::uint64_t squares[squares_used] = {};
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t bits = detail::bit_cast<std::uint32_t>(x[i]);
    const std::uint32_t exponent = bits >> 23 & 0xFF;
    const bool normal = exponent != 0;
    const std::uint32_t place = exponent - (normal ? 1 : 0);
    const std::uint64_t m = (bits & 0x7FFFFFu) | (normal ? 0x800000u : 0u);
    const std::uint64_t shifted = m << (place % 32);
    const std::int64_t sign = static_cast<std::int32_t>(bits) >> 31;  // -1 or 0
    sums[place / 32] += (static_cast<std::int64_t>(shifted & 0xFFFFFFFFu) ^ sign) - sign;
    sums[place / 32 + 1] += (static_cast<std::int64_t>(shifted >> 32) ^ sign) - sign;
    const std::uint32_t square_place = 2 * place, by = square_place % 32;  // by <= 30
    std::uint64_t* const digits = squares + square_place / 32;
    const std::uint64_t low = m * m << by;
    digits[0] += low & 0xFFFFFFFFu;
    digits[1] += low >> 32;
    digits[2] += m * m >> 32 >> (32 - by);
  }
  impl::fold(o.sum, sums, sums_used);
  impl::fold(o.squares, squares, squares_used);
  o.count = impl::saturating_sum(o.count, n);
}

QMATH_LIBRARY void add_moments(moments_observer& o, const void* x, std::size_t n,
                               detail::real_type type) noexcept {
  float buffer[impl::observe_chunk];
  for (std::size_t first = 0; first < n; first += impl::observe_chunk) {
    std::size_t length = impl::smaller(n - first, impl::observe_chunk);
    const float* chunk = impl::chunk_of(x, first, length, type, buffer);
    if (!impl::all_finite(chunk, length)) {
      length = impl::keep_finite(chunk, length, buffer, o.nonfinite);
      chunk = buffer;
    }
    add_finite_moments(o, chunk, length);
  }
}

QMATH_LIBRARY void merge_moments(moments_observer& into, const moments_observer& from) noexcept {
  impl::add_sum(into.sum, from.sum);
  impl::add_sum(into.squares, from.squares);
  into.count = impl::saturating_sum(into.count, from.count);
  impl::add_counts(into.nonfinite, from.nonfinite);
}

QMATH_LIBRARY value_range sigma_range(const moments_observer& o, double k) noexcept {
  if (o.count == 0) return {detail::infinity, -detail::infinity};
  const impl::default_float_environment environment;
  std::uint64_t sum[impl::sum_limbs], d[impl::variance_limbs];
  const bool negative = impl::magnitude_of(o.sum, sum);
  impl::variance_of(o, d);
  // More than 2^64 elements have been forgotten: nothing that can be relied on.
  if (impl::is_negative(d, impl::variance_limbs)) d[impl::variance_limbs - 1] = 0;
  const volatile double factor = k;
  const auto n = static_cast<double>(o.count);
  const volatile double mean =
      impl::nearest_double(sum, impl::sum_limbs, detail::linear_unit) * (negative ? -1.0 : 1.0) / n;
  const volatile double sigma =
      __builtin_sqrt(impl::nearest_double(d, impl::variance_limbs, detail::product_unit)) / n;
  const volatile double distance = factor * sigma;
  const volatile double min = mean - distance, max = mean + distance;
  const volatile float lo = static_cast<float>(impl::to_float(min + 0.0)),
                       hi = static_cast<float>(impl::to_float(max + 0.0));
  return {lo, hi};
}

#endif

}  // namespace library
QMATH_END_LIBRARY

#endif  // QMATH_DETAIL_OBSERVE_MOMENTS_HPP_
