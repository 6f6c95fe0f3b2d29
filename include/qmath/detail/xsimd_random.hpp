// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The random numbers of stochastic rounding: SplitMix64 in the 64-bit lanes of xsimd registers (rounding.hpp
// has the definition).
#ifndef QMATH_DETAIL_XSIMD_RANDOM_HPP_
#define QMATH_DETAIL_XSIMD_RANDOM_HPP_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <xsimd/xsimd.hpp>

#include "qmath/detail/xsimd_pieces.hpp"
#include "qmath/rounding.hpp"

QMATH_BEGIN_NAMESPACE
namespace simd {
namespace pieces {

/// a * factor, modulo 2^64.
template <class A>
QMATH_INLINE words<A> multiply(const words<A>& a, std::uint64_t factor) noexcept {
  const words<A> low(factor), high(factor >> 32);
  const words<A> cross =
      multiply_low_halves(shift_right(a, 32), low, A{}) + multiply_low_halves(a, high, A{});
  return multiply_low_halves(a, low, A{}) + shift_left(cross, 32);
}
QMATH_INLINE std::uint64_t multiply(std::uint64_t a, std::uint64_t factor) noexcept {
  return a * factor;
}
QMATH_INLINE std::uint64_t shift_right(std::uint64_t v, std::int32_t n) noexcept { return v >> n; }

/// As in reference.hpp, of one word or of registers.
template <class Word>
QMATH_INLINE Word mix(Word z) noexcept {
  z = multiply(z ^ shift_right(z, 30), std::uint64_t{0xBF58476D1CE4E5B9});
  z = multiply(z ^ shift_right(z, 27), std::uint64_t{0x94D049BB133111EB});
  return z ^ shift_right(z, 31);
}

inline constexpr std::uint64_t random_step = 0x9E3779B97F4A7C15;

QMATH_INLINE std::uint64_t random_origin(const random_source& source) noexcept {
  return mix(mix(source.seed) + source.stream);
}

/// The 16 bits of elements 64 * group ... 64 * group + 63, in order.
template <class A>
QMATH_INLINE void random_group(std::uint64_t origin, std::uint64_t group,
                               std::int32_t* r) noexcept {
  static constexpr std::uint64_t multiples[8] = {0,
                                                 random_step,
                                                 random_step * 2,
                                                 random_step * 3,
                                                 random_step * 4,
                                                 random_step * 5,
                                                 random_step * 6,
                                                 random_step * 7};
  const words<A> mask(std::uint64_t{0x0000FFFF0000FFFF});
  words<A> state =
      words<A>(origin + (16 * group + 1) * random_step) + words<A>::load_unaligned(multiples);
  for (std::size_t k = 0; k < 16; k += words<A>::size) {
    // A word has numbers of two neighbours, and of those 16 further on.
    const words<A> word = mix(state);
    std::int32_t* const to = r + 2 * k + k / 8 * 16;
    xsimd::bitwise_cast<std::int32_t>(word & mask).store_unaligned(to);
    xsimd::bitwise_cast<std::int32_t>(shift_right(word, 16) & mask).store_unaligned(to + 16);
    state = state + words<A>(random_step * words<A>::size);
  }
}

/// The numbers of one or two groups.
struct random_buffer {
  std::uint64_t first = 0;  ///< group
  std::size_t groups = 0;
  std::int32_t numbers[128];

  /// From `wanted` on.
  template <class A>
  QMATH_INLINE void fill(std::uint64_t origin, std::uint64_t wanted, std::size_t count) noexcept {
    if (wanted == first && count <= groups) return;
    constexpr std::uint64_t last = ~std::uint64_t{0} / 64;  // group 0 is next
    if (wanted != first) {
      const bool has_it = groups == 2 && wanted == ((first + 1) & last);
      if (has_it) std::memcpy(numbers, numbers + 64, sizeof(numbers) / 2);
      groups = has_it ? 1 : 0;
      first = wanted;
    }
    for (; groups < count; ++groups) {
      random_group<A>(origin, (first + groups) & last, numbers + 64 * groups);
    }
  }
};

}  // namespace pieces
}  // namespace simd
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_XSIMD_RANDOM_HPP_
