// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// The definition of every operation on one number, part of reference.hpp, which has the conventions.
#ifndef QMATH_REFERENCE_NUMBER_HPP_
#define QMATH_REFERENCE_NUMBER_HPP_

#include <cstdint>

#include "qmath/core/concepts.hpp"
#include "qmath/core/options.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/bits.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/fixed_point.hpp"

QMATH_BEGIN_NAMESPACE
namespace reference {

/// x as a number in memory: no wider register, no contraction.
template <class Real>
Real rounded(Real x) noexcept {
  volatile Real in_memory = x;
  return in_memory;
}

/// The codes in use: those of the format that `wanted` allows.
template <quantized_format F>
constexpr code_range codes_in_use(code_range wanted) noexcept {
  constexpr code_range all = full_range<F>();
  return {wanted.min > all.min ? wanted.min : all.min, wanted.max < all.max ? wanted.max : all.max};
}

/// lo for NaN.
inline double clamp(double x, double lo, double hi) noexcept {
  if (!(x >= lo)) return lo;
  return x > hi ? hi : x;
}

// ---- Rounding. |v| < 2^52, not NaN; all steps are exact ------------------------------------------

inline std::int64_t toward_zero(double v) noexcept { return static_cast<std::int64_t>(v); }

inline std::int64_t floor(double v) noexcept {
  const std::int64_t n = toward_zero(v);
  return static_cast<double>(n) > v ? n - 1 : n;
}

/// The integer toward zero, or the next one away from it: decided by the distance to the former.
inline std::int64_t nearest(double v, bool (*away_at_tie)(std::int64_t)) noexcept {
  const std::int64_t n = toward_zero(v);
  const double rest = v - static_cast<double>(n);
  const double distance = rest < 0.0 ? -rest : rest;
  const bool away = distance > 0.5 || (distance == 0.5 && away_at_tie(n));
  return !away ? n : rest < 0.0 ? n - 1 : n + 1;
}

inline std::int64_t nearest_even(double v) noexcept {
  return nearest(v, [](std::int64_t n) { return n % 2 != 0; });
}

inline std::int64_t half_away(double v) noexcept {
  return nearest(v, [](std::int64_t) { return true; });
}

inline std::int64_t half_up(double v) noexcept {
  const std::int64_t n = floor(v);
  return v - static_cast<double>(n) >= 0.5 ? n + 1 : n;
}

/// floor((nearest_even(65536 v) + r) / 65536), r in [0, 65535].
inline std::int64_t stochastic(double v, std::uint32_t r) noexcept {
  const std::int64_t sum = nearest_even(v * 65536.0) + static_cast<std::int64_t>(r);
  return floor(static_cast<double>(sum) / 65536.0);
}

inline std::int64_t round(double v, rounding how, std::uint32_t r) noexcept {
  switch (how) {
    case rounding::nearest_even: return nearest_even(v);
    case rounding::half_away: return half_away(v);
    case rounding::half_up: return half_up(v);
    case rounding::toward_zero: return toward_zero(v);
    case rounding::floor: return floor(v);
    case rounding::stochastic: return stochastic(v, r);
  }
  return 0;
}

// ---- Random numbers ----------------------------------------------------------------------------

/// The output function of SplitMix64: Steele, Lea, Flood, OOPSLA 2014, with Stafford's 13th constants.
inline std::uint64_t mix(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// Word k of SplitMix64 from the state `origin` on.
inline std::uint64_t random_word(std::uint64_t origin, std::uint64_t k) noexcept {
  return mix(origin + (k + 1) * 0x9E3779B97F4A7C15u);
}

/// The 16 random bits of element i.
inline std::uint32_t random_bits(const random_source& source, std::uint64_t i) noexcept {
  const std::uint64_t e = source.offset + i;
  const std::uint64_t p = e % 64;
  const std::uint64_t origin = mix(mix(source.seed) + source.stream);
  const std::uint64_t word = random_word(origin, 16 * (e / 64) + 8 * (p / 32) + p % 16 / 2);
  return static_cast<std::uint32_t>(word >> (32 * (p % 2) + 16 * (p / 16 % 2))) & 0xFFFFu;
}

// ---- Quantize, dequantize: one number ----------------------------------------------------------

/// The code of x, and what there is to count.
struct code_and_counts {
  std::int32_t code;
  clip_counts counts;
};

/// x is a float, or a double, for which the quotient is rounded to double.
template <class Real>
code_and_counts quantize_and_count(Real x, float scale, std::int32_t zero_point, code_range codes,
                                   const quantize_rules& rules, std::uint32_t r) noexcept {
  const Real s = scale;
  Real t =
      rules.quotient == quotient_rule::divide ? rounded(x / s) : rounded(x * rounded(Real{1} / s));
  const bool before = rules.zero_point == zero_point_rule::before_rounding;
  const std::int64_t z = zero_point;
  if (before) t = rounded(t + static_cast<Real>(zero_point));

  code_and_counts result = {0, {}};
  if (x != x) result.counts.nan = 1;
  if (x == x && x - x != x - x) result.counts.infinite = 1;
  if (t != t) {  // also 0 * infinity, for a scale whose reciprocal is infinite
    const std::int32_t inside = zero_point < codes.min   ? codes.min
                                : zero_point > codes.max ? codes.max
                                                         : zero_point;
    result.code = rules.nan == nan_rule::lowest    ? codes.min
                  : rules.nan == nan_rule::highest ? codes.max
                                                   : inside;
    return result;
  }
  // Rounded between one code less and one code more than there are: those are the clipped ones.
  const std::int64_t lo = before ? codes.min : codes.min - z;
  const std::int64_t hi = before ? codes.max : codes.max - z;
  const double inside = clamp(t, static_cast<double>(lo - 1), static_cast<double>(hi + 1));
  const std::int64_t n = round(inside, rules.round, r);
  result.counts.low = n < lo;
  result.counts.high = n > hi;
  const std::int64_t in_range = n < lo ? lo : n > hi ? hi : n;
  result.code = static_cast<std::int32_t>(before ? in_range : in_range + z);
  return result;
}

/// The code of x: a number of the format F, as std::int32_t.
template <quantized_format F, class Real>
std::int32_t quantize(Real x, float scale, std::int32_t zero_point,
                      const quantize_options& options = {}, std::uint32_t r = 0) noexcept {
  return quantize_and_count(x, scale, zero_point, codes_in_use<F>(options.codes), options.rules, r)
      .code;
}

inline float dequantize(std::int32_t q, float scale, std::int32_t zero_point) noexcept {
  return rounded(scale * static_cast<float>(q - zero_point));
}

// ---- Requantize: one number --------------------------------------------------------------------

/// clamp(y, min - z, max - z) + z
inline std::int32_t add_zero_point(std::int64_t y, std::int32_t zero_point,
                                   code_range codes) noexcept {
  const std::int64_t q = y + zero_point;
  return static_cast<std::int32_t>(q < codes.min ? codes.min : q > codes.max ? codes.max : q);
}

/// acc: the input less its zero point.
inline std::int32_t requantize(std::int32_t acc, float multiplier, std::int32_t zero_point,
                               code_range codes) noexcept {
  const float t = rounded(static_cast<float>(acc) * multiplier);
  const double inside =
      clamp(t, -0x1p32, 0x1p32);  // more than any code is away from any zero point
  return add_zero_point(nearest_even(inside), zero_point, codes);
}

inline std::int64_t saturate_s32(std::int64_t v) noexcept {
  constexpr std::int64_t lo = detail::lowest<std::int32_t>, hi = detail::largest<std::int32_t>;
  return v < lo ? lo : v > hi ? hi : v;
}

/// v / 2^shift: ties toward +infinity.
inline std::int64_t shift_half_up(std::int64_t v, std::int32_t shift) noexcept {
  return shift == 0 ? v : (v + (std::int64_t{1} << (shift - 1))) >> shift;
}

/// v / 2^shift: ties away from zero.
inline std::int64_t shift_half_away(std::int64_t v, std::int32_t shift) noexcept {
  return v < 0 ? -shift_half_up(-v, shift) : shift_half_up(v, shift);
}

inline std::int64_t multiply_fixed_point(std::int32_t acc, fixed_point_multiplier m,
                                         fixed_point_rule rule) noexcept {
  const std::int64_t factor = m.multiplier;
  if (rule == fixed_point_rule::single_rounding) return shift_half_up(acc * factor, m.shift);
  const std::int32_t exponent = 31 - m.shift;
  const std::int64_t shifted = saturate_s32(static_cast<std::int64_t>(acc) *
                                            (std::int64_t{1} << (exponent > 0 ? exponent : 0)));
  const std::int64_t high = saturate_s32(shift_half_up(shifted * factor, 31));
  return shift_half_away(high, exponent < 0 ? -exponent : 0);
}

inline std::int32_t requantize(std::int32_t acc, fixed_point_multiplier m, fixed_point_rule rule,
                               std::int32_t zero_point, code_range codes) noexcept {
  return add_zero_point(multiply_fixed_point(acc, m, rule), zero_point, codes);
}

}  // namespace reference
QMATH_END_NAMESPACE

#endif  // QMATH_REFERENCE_NUMBER_HPP_
