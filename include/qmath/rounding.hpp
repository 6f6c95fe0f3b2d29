// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// From a real number v to an integer.
///
///     v                  -2.5  -1.5  -0.5   0.5   1.5   2.5   2.7
///     nearest_even         -2    -2     0     0     2     2     3
///     half_away            -3    -2    -1     1     2     3     3
///     half_up              -2    -1     0     1     2     3     3
///     toward_zero          -2    -1     0     0     1     2     2
///     floor                -3    -2    -1     0     1     2     2
///     stochastic          one of the two neighbours, with a mean of v
#ifndef QMATH_ROUNDING_HPP_
#define QMATH_ROUNDING_HPP_

#include <cstdint>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES

enum class rounding : unsigned char {
  nearest_even,  ///< to the nearest integer, ties to the even one
  half_away,     ///< to the nearest integer, ties away from zero; std::round
  half_up,       ///< to the nearest integer, ties toward +infinity
  toward_zero,   ///< truncation
  floor,         ///< toward -infinity
  stochastic,    ///< see below
};

/// The random numbers of stochastic rounding. Element i of an array uses
///
///     r = 16 random bits, a function of (seed, stream, offset + i) alone
///     stochastic(v) = floor((nearest_even(65536 v) + r) / 65536)
///
/// so the same bits come out for any vector width, CPU, chunking and thread count: whoever processes a part
/// of an array adds the part's position to `offset`. Integers never move; the mean over r differs from v
/// by at most 2^-17, the rounding of 65536 v. Different streams of a seed are independent: use one per
/// tensor and step.
///
/// The generator is SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA
/// 2014), which is a function of a counter: word k is mix(origin + (k + 1) * 0x9E3779B97F4A7C15), with
/// origin = mix(mix(seed) + stream) and mix as in reference.hpp. With e = offset + i and p = e % 64, r is in
/// word 16 * (e / 64) + 8 * (p / 32) + p % 16 / 2, from bit 32 * (p % 2) + 16 * (p / 16 % 2) on.
struct random_source {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  std::uint64_t offset = 0;

  friend constexpr bool operator==(const random_source&, const random_source&) = default;
};

QMATH_END_TYPES

#endif  // QMATH_ROUNDING_HPP_
