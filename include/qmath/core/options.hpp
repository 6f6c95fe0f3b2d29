// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// What a call of quantize, fake_quantize or dynamic_quantize may ask for beyond the default.
#ifndef QMATH_CORE_OPTIONS_HPP_
#define QMATH_CORE_OPTIONS_HPP_

#include <cstdint>

#include "qmath/detail/abi.hpp"
#include "qmath/formats/integer.hpp"
#include "qmath/numerics.hpp"
#include "qmath/rounding.hpp"

QMATH_BEGIN_TYPES

/// What did not fit. A call adds to the numbers, so one object can collect several calls.
struct clip_counts {
  std::uint64_t low = 0;       ///< rounded to less than the lowest code in use; -inf included
  std::uint64_t high = 0;      ///< rounded to more than the highest code in use; +inf included
  std::uint64_t nan = 0;       ///< NaN; in neither of the above
  std::uint64_t infinite = 0;  ///< -inf and +inf

  /// Counts of parts of an array, in any order.
  QMATH_INLINE constexpr clip_counts& operator+=(const clip_counts& other) noexcept {
    low += other.low, high += other.high, nan += other.nan, infinite += other.infinite;
    return *this;
  }
  friend constexpr bool operator==(const clip_counts&, const clip_counts&) = default;
};

/// quantize(x, params, q, {.rules = numerics::pytorch, .counts = &counts})
///
/// random: seed and stream choose the numbers (rounding.hpp), one stream per tensor and step. Number `offset` is
/// that of element 0, so that a call for the part of an array that begins at element i adds i:
///     quantize(part, p, q, {.rules = {.round = rounding::stochastic}, .random = {seed, stream, i}})
struct quantize_options {
  quantize_rules rules = numerics::standard;
  code_range codes = {};          ///< which codes to use, of those that the format has
  random_source random = {};      ///< for rounding::stochastic; others ignore it
  clip_counts* counts = nullptr;  ///< counted on the way, without another pass over memory
};

QMATH_END_TYPES

#endif  // QMATH_CORE_OPTIONS_HPP_
