// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// From a range of real numbers to quantization parameters.
//
//     affine      scale = (max - min) / (hi - lo)      zero_point = nearest_even(lo - min / scale)
//     symmetric   scale = max(|min|, |max|) / hi       zero_point = 0
//
// with [lo, hi] the range of the integer type and [min, max] extended to contain 0, so that real 0 is
// represented exactly. constexpr: parameters of a known range are compile-time constants.
#ifndef QMATH_SCHEMES_HPP_
#define QMATH_SCHEMES_HPP_

#include <cstdint>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/limits.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

/// scale = a / steps for a >= 0, made usable: 1 for a = 0, and within [2^-126, the largest float].
constexpr float usable_scale(double a, int steps) noexcept {
  if (!(a > 0.0)) return 1.0f;
  const double scale = a / steps;
  constexpr double smallest = detail::smallest_normal;
  constexpr double largest = detail::largest<float>;
  return static_cast<float>(scale < smallest ? smallest : scale > largest ? largest : scale);
}

/// [min, max] with 0 in it, infinities as the largest float, nothing for the empty range and NaN.
struct bounded_range {
  double min = 0.0, max = 0.0;

  constexpr explicit bounded_range(value_range r) noexcept {
    constexpr float largest = detail::largest<float>;
    if (!(r.min <= r.max)) return;
    min = r.min < -largest ? -largest : r.min < 0.0f ? r.min : 0.0f;
    max = r.max > largest ? largest : r.max > 0.0f ? r.max : 0.0f;
    if (r.min > largest) max = largest;
    if (r.max < -largest) min = -largest;
  }
};

/// Ties to even, for |x| < 2^31.
constexpr std::int32_t nearest_even(double x) noexcept {
  auto n = static_cast<std::int32_t>(x);
  const double rest = x - n;
  const double away = rest < 0.0 ? -rest : rest;
  if (away > 0.5 || (away == 0.5 && n % 2 != 0)) n += rest < 0.0 ? -1 : 1;
  return n;
}

}  // namespace impl

/// Affine parameters for the integer type Q. The divisions are in double precision; scale is rounded
/// to float once, and the zero point is computed with the rounded scale, then clamped to Q.
/// Always valid: an empty range, [0, 0] and NaN give {1, zero point of 0}; infinite bounds count as the
/// largest float; a scale below 2^-126 becomes 2^-126.
/// The rule of ONNX's DynamicQuantizeLinear, with its float division made double.
template <quantized_integer Q>
constexpr affine_params affine_from_range(value_range range) noexcept {
  constexpr std::int32_t lo = detail::lowest<Q>, hi = detail::largest<Q>;
  const impl::bounded_range r(range);
  const float scale = impl::usable_scale(r.max - r.min, hi - lo);
  const std::int32_t z = lo + impl::nearest_even(-r.min / static_cast<double>(scale));
  return {scale, z > hi ? hi : z};
}

/// Symmetric parameters: zero_point = 0, scale = max(|min|, |max|) / hi with hi = 127 for int8, so that
/// -128 is not used by values inside the range. For uint8 hi = 255: sensible if min >= 0.
/// Degenerate ranges as above.
template <quantized_integer Q>
constexpr affine_params symmetric_from_range(value_range range) noexcept {
  const impl::bounded_range r(range);
  const double largest = -r.min > r.max ? -r.min : r.max;
  return {impl::usable_scale(largest, detail::largest<Q>), 0};
}

QMATH_END_NAMESPACE

#endif  // QMATH_SCHEMES_HPP_
