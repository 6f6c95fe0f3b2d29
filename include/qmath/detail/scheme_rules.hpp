// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The arithmetic of schemes.hpp: the second half of it, which it includes after its types.
//
// A float operation is the double operation, then rounded to float: the same number for a sum, difference,
// product or quotient of floats, subnormal results included (53 >= 2 * 24 + 2). The result does not depend on
// whether the compiler contracts products and sums: every product is rounded to float before anything is
// added to it.
#ifndef QMATH_DETAIL_SCHEME_RULES_HPP_
#define QMATH_DETAIL_SCHEME_RULES_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/core/params.hpp"
#include "qmath/detail/bits.hpp"
#include "qmath/detail/call.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/formats/integer.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

inline constexpr double largest_float = detail::largest<float>;

QMATH_INLINE constexpr double magnitude(double x) noexcept { return x < 0.0 ? -x : x; }
QMATH_INLINE constexpr double clamped(double x, double lo, double hi) noexcept {
  return x < lo ? lo : x > hi ? hi : x;
}

/// x rounded to float; what is too large for one becomes the largest.
QMATH_INLINE constexpr double to_float(double x) noexcept {
  return static_cast<float>(clamped(x, -largest_float, largest_float));
}

/// To nearest, for |x| < 2^31.
QMATH_INLINE constexpr double nearest(double x, tie_rule tie) noexcept {
  const auto n = static_cast<std::int32_t>(x);
  const double rest = x - n, distance = magnitude(rest);
  const bool away =
      distance > 0.5 || (distance == 0.5 && (tie == tie_rule::away_from_zero || n % 2 != 0));
  return !away ? n : rest < 0.0 ? n - 1.0 : n + 1.0;
}

/// The power of two that stands for a float > 0, for which the float after the largest one is 2^127.
QMATH_INLINE constexpr float power_of_two_for(float scale, scale_kind kind) noexcept {
  const auto bits = detail::bit_cast<std::uint32_t>(scale);
  const bool normal = bits >= 0x800000u;
  const std::uint32_t below =
      normal ? bits & 0x7F800000u : 0x80000000u >> detail::leading_zeros(bits);
  const std::uint64_t significand = normal ? (bits & 0x7FFFFFu) | 0x800000u : bits;
  const std::uint64_t one = normal ? 0x800000u : below;
  const bool up = kind == scale_kind::power_of_two_above ? significand > one
                  : kind == scale_kind::power_of_two     ? significand * significand > 2 * one * one
                                                         : false;
  const std::uint32_t above = normal ? below + 0x800000u : below << 1;
  return detail::bit_cast<float>(up && above < 0x7F800000u ? above : below);
}

/// [min, max] with 0 in it, infinities as the largest float, [0, 0] for the empty range and NaN.
struct extended_range {
  double min = 0.0, max = 0.0;

  QMATH_INLINE constexpr explicit extended_range(value_range r) noexcept {
    // From the bits: NaN and infinity do not exist for a compiler with -ffast-math.
    const auto finite = [](float x) {
      if (detail::magnitude_bits(x) != 0x7F800000u) return static_cast<double>(x);
      return detail::bit_cast<std::uint32_t>(x) == 0x7F800000u ? largest_float : -largest_float;
    };
    if (detail::is_nan(r.min) || detail::is_nan(r.max)) return;
    const double a = finite(r.min), b = finite(r.max);
    if (a > b) return;
    if (a < 0.0) min = a;
    if (b > 0.0) max = b;
  }
};

/// What a scheme has computed of its scale. The factor is that of single_precision_inverse.
struct scale_state {
  double scale = 0.0;
  double inverse = 0.0;  ///< 0: divide by the scale
  double min = 0.0, max = 0.0;
  bool unit = false;  ///< small_range_rule::one_at_zero has decided
};

struct scheme_codes {
  double lo, hi;
  double zero;  ///< of symmetric parameters
  bool symmetric;

  QMATH_INLINE constexpr double width() const noexcept { return hi - lo; }

  QMATH_INLINE constexpr scheme_codes(code_range format, const scheme& how) noexcept
      : lo(common_codes(how.codes, format).min),
        hi(common_codes(how.codes, format).max),
        zero(0.0),
        symmetric(how.symmetric) {
    if (format == code_range{}) {
      symmetric = true;
    } else {
      zero = format.min < 0 ? clamped(0.0, lo, hi) : nearest((lo + hi) / 2.0, tie_rule::to_even);
    }
  }
};

QMATH_INLINE constexpr scale_state affine_scale(const extended_range& r, double width,
                                                params_arithmetic arithmetic) noexcept {
  const double difference = r.max - r.min;
  // As float, unless that would be infinite.
  const double width_of_range = difference > largest_float ? difference : to_float(difference);
  scale_state s;
  s.min = r.min, s.max = r.max;
  if (difference == 0.0) return s;
  switch (arithmetic) {
    case params_arithmetic::single_precision:
      s.scale = to_float(width_of_range / to_float(width));
      break;
    case params_arithmetic::single_precision_inverse:
      s.inverse = to_float(to_float(width) / width_of_range);
      s.scale = to_float(1.0 / s.inverse);
      break;
    case params_arithmetic::double_precision: s.scale = difference / width; break;
    case params_arithmetic::float_scale: s.scale = to_float(difference / width); break;
  }
  return s;
}

QMATH_INLINE constexpr scale_state symmetric_scale(const extended_range& r,
                                                   const scheme_codes& codes,
                                                   const params_rules& rules) noexcept {
  const bool single = rules.arithmetic == params_arithmetic::single_precision ||
                      rules.arithmetic == params_arithmetic::single_precision_inverse;
  const double below = codes.zero - codes.lo, above = codes.hi - codes.zero;
  if (rules.divisor == symmetric_divisor::each_side && below > 0.0 && above > 0.0) {
    const double from_min = to_float(-r.min / below), from_max = to_float(r.max / above);
    const double largest = from_min > from_max ? from_min : from_max;
    extended_range enlarged(value_range{});
    enlarged.min = to_float(largest * -below), enlarged.max = to_float(largest * above);
    scale_state s = affine_scale(enlarged, codes.width(), rules.arithmetic);
    // Beyond the largest float: short of where the range ends.
    if (largest * (below > above ? below : above) > largest_float) s.scale = largest;
    return s;
  }
  double divisor = codes.width() / 2.0;
  if (rules.divisor != symmetric_divisor::half_width) {
    divisor = below < above ? below : above;
    if (divisor <= 0.0) divisor = below < above ? above : below;  // codes on one side of 0 only
  }
  scale_state s;
  s.min = r.min, s.max = r.max;
  const double largest = -r.min > r.max ? -r.min : r.max;
  if (divisor <= 0.0 || largest == 0.0) return s;
  s.scale = single ? to_float(largest / to_float(divisor)) : largest / divisor;
  return s;
}

/// Makes the scale usable: a scale of 0 is that of a range without width.
QMATH_INLINE constexpr void apply_small_range_rule(scale_state& s, double width,
                                                   small_range_rule rule) noexcept {
  const double before = s.scale;
  switch (rule) {
    case small_range_rule::keep:
      if (s.scale == 0.0) s.scale = s.min == s.max ? 1.0 : 0x1p-149;
      if (s.scale < 0x1p-149) s.scale = 0x1p-149;
      break;
    case small_range_rule::one:
      if (s.scale < 0x1p-126) s.scale = 1.0;
      break;
    case small_range_rule::one_at_zero:
      s.unit = s.scale < 0x1p-126;
      if (s.unit) s.scale = 1.0;
      break;
    case small_range_rule::epsilon:
      if (s.scale < 0x1p-23) s.scale = 0x1p-23;
      break;
    case small_range_rule::stretch: {
      constexpr double least = 6.1e-5f;
      if (to_float(s.scale) <= 0x1p-128) {
        s.scale = 0.1f;
      } else if (s.scale < least) {
        const double factor = to_float(least / s.scale);
        const double whole = to_float(least * width);
        const double min = s.max == 0.0 ? -whole : to_float(s.min * factor);
        const double max = s.min == 0.0 ? whole : to_float(s.max * factor);
        s.scale = least, s.min = min, s.max = max;
      }
      break;
    }
  }
  if (s.scale > largest_float) s.scale = largest_float;
  if (s.inverse != 0.0 && s.scale != before) s.inverse = 1.0 / s.scale;
}

QMATH_INLINE constexpr double affine_zero_point(const scale_state& s, const scheme_codes& codes,
                                                const params_rules& rules) noexcept {
  const bool single = rules.arithmetic == params_arithmetic::single_precision ||
                      rules.arithmetic == params_arithmetic::single_precision_inverse;
  const auto rounded = [single](double x) { return single ? to_float(x) : x; };
  const auto steps = [&](double bound) {
    return s.inverse != 0.0 ? to_float(bound * s.inverse) : rounded(bound / s.scale);
  };
  const double min = steps(s.min), max = steps(s.max);
  const double from_min = rounded(codes.lo - min), from_max = rounded(codes.hi - max);
  const double lo = magnitude(codes.lo), hi = magnitude(codes.hi);
  double z = from_min;
  switch (rules.zero_point) {
    case zero_point_origin::low_end: break;
    case zero_point_origin::low_end_steps:
      z = codes.lo - nearest(clamped(min, -0x1p30, 0x1p30), rules.tie);
      break;
    case zero_point_origin::smaller_end:
      z = rounded(lo + magnitude(min)) < rounded(hi + magnitude(max)) ? from_min : from_max;
      break;
    case zero_point_origin::smaller_difference:
      z = rounded(lo - magnitude(min)) < rounded(hi - magnitude(max)) ? from_min : from_max;
      break;
  }
  return nearest(clamped(z, codes.lo, codes.hi), rules.tie);
}

QMATH_INLINE constexpr affine_params params_of(value_range range, code_range format,
                                               const scheme& how) noexcept {
  const scheme_codes codes(format, how);
  const extended_range r(range);
  scale_state s;
  if (codes.symmetric) {
    s = symmetric_scale(r, codes, how.rules);
  } else if (codes.width() > 0.0) {
    s = affine_scale(r, codes.width(), how.rules.arithmetic);
  }
  apply_small_range_rule(s, codes.width(), how.rules.small_range);
  if (how.scale != scale_kind::any) {
    s.scale = power_of_two_for(static_cast<float>(s.scale), how.scale);
    if (s.inverse != 0.0) s.inverse = 1.0 / s.scale;
  }
  double z = codes.zero;
  if (s.unit) {
    z = format == code_range{} ? 0.0 : clamped(0.0, codes.lo, codes.hi);
  } else if (!codes.symmetric) {
    z = affine_zero_point(s, codes, how.rules);
  }
  return {static_cast<float>(s.scale), static_cast<std::int32_t>(z)};
}

// ---- Checks --------------------------------------------------------------------------------------

/// Whether all zero points are 0, whatever the range.
QMATH_INLINE constexpr bool zero_points_are_zero(code_range format, const scheme& how) noexcept {
  const scheme_codes codes(format, how);
  return codes.symmetric && codes.zero == 0.0;
}

/// One for each, or none where they are all 0.
QMATH_INLINE bool expect_zero_points(const char* function, const char* count_name,
                                     std::size_t count, std::size_t zero_points, code_range format,
                                     const scheme& how) noexcept {
  if (!QMATH_CHECKS || zero_points != 0 || count == 0) {
    return expect_equal(function, "zero_points.size()", zero_points, count_name, count);
  }
  if (zero_points_are_zero(format, how)) return true;
  library::report_size(function, "zero_points.size()", 0,
                       "that of scales (0 only in symmetric schemes of signed formats)", count);
  return false;
}

/// Arrays that are there, each in memory of its own.
QMATH_INLINE bool expect_results(const char* function, std::span<const value_range> ranges,
                                 std::span<const float> scales,
                                 std::span<const std::int32_t> zero_points) noexcept {
  const auto apart = [&](const char* name, const auto& results, const char* overlaps,
                         const auto& other) {
    return expect_disjoint(function, name, results.data(), results.size(), overlaps, other.data(),
                           other.size());
  };
  return expect_data(function, "ranges", ranges.data(), ranges.size()) &&
         expect_data(function, "scales", scales.data(), scales.size()) &&
         expect_data(function, "zero_points", zero_points.data(), zero_points.size()) &&
         apart("scales", scales, "overlaps ranges", ranges) &&
         apart("zero_points", zero_points, "overlaps ranges", ranges) &&
         apart("zero_points", zero_points, "overlaps scales", scales);
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

/// The parameters of n ranges; zero_points may be null. In compiled mode in the library, so that the caller's
/// compiler flags are not those of the arithmetic.
QMATH_LIBRARY void choose_params(const value_range* ranges, std::size_t n, code_range format,
                                 const scheme& how, float* scales,
                                 std::int32_t* zero_points) noexcept;

#if QMATH_HAS_KERNELS
QMATH_LIBRARY void choose_params(const value_range* ranges, std::size_t n, code_range format,
                                 const scheme& how, float* scales,
                                 std::int32_t* zero_points) noexcept {
  const impl::default_float_environment environment;
  for (std::size_t i = 0; i < n; ++i) {
    // Volatile: nothing moves out of the environment.
    const volatile float min = ranges[i].min, max = ranges[i].max;
    const affine_params p = impl::params_of({min, max}, format, how);
    volatile float scale = p.scale;
    volatile std::int32_t zero_point = p.zero_point;
    scales[i] = scale;
    if (zero_points != nullptr) zero_points[i] = zero_point;
  }
}
#endif

}  // namespace library
QMATH_END_LIBRARY

#endif  // QMATH_DETAIL_SCHEME_RULES_HPP_
