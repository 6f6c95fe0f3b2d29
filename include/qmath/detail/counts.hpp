// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Counts and fractions of them, for metrics of numbers and of codes.
#ifndef QMATH_DETAIL_COUNTS_HPP_
#define QMATH_DETAIL_COUNTS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/detail/check.hpp"
#include "qmath/detail/logarithm.hpp"
#if QMATH_HAS_KERNELS
#include <cmath>
#endif

QMATH_BEGIN_NAMESPACE
namespace impl {

inline constexpr double not_a_number = __builtin_bit_cast(double, 0x7FF8000000000000u);
inline constexpr double infinite_double = __builtin_bit_cast(double, 0x7FF0000000000000u);

QMATH_INLINE bool expect_sum(const char* function, const char* name,
                             std::span<const std::uint64_t> counts) noexcept {
  if (!QMATH_CHECKS) return true;
  if (!expect_data(function, name, counts.data(), counts.size())) return false;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += counts[i];
    if (sum < counts[i]) {
      library::report_argument(function, name, "has a sum of 2^64 or more");
      return false;
    }
  }
  return true;
}

#if QMATH_HAS_KERNELS

QMATH_INLINE double square_root(double x) noexcept {
#if defined(__GNUC__)
  return __builtin_sqrt(x);  // correctly rounded, as IEEE 754 says
#else
  return std::sqrt(x);
#endif
}

QMATH_INLINE double to_double(std::uint64_t n) noexcept {
  // Two exact numbers, rounded once: not every conversion from unsigned is.
  return static_cast<double>(static_cast<std::uint32_t>(n >> 32)) * 0x1p32 +
         static_cast<double>(static_cast<std::uint32_t>(n));
}

QMATH_INLINE std::uint64_t sum_of_counts(const std::uint64_t* counts, std::size_t n) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += counts[i];
  return sum;
}

inline double fraction(std::uint64_t count, std::uint64_t n) noexcept {
  return n == 0 ? not_a_number : stored(to_double(count) / to_double(n));
}

#endif

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_COUNTS_HPP_
