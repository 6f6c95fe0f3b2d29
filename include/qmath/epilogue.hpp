// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// What GEMM does with its int32 sums before they reach memory. Each epilogue is an aggregate of stages with its
/// formula above it; a stage that is left out does nothing. Arrays are views of the caller's memory.
/// Every fl is one rounding to nearest even in float32; nothing is contracted.
#ifndef QMATH_EPILOGUE_HPP_
#define QMATH_EPILOGUE_HPP_

#include <cstdint>
#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/detail/abi.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/fixed_point.hpp"

QMATH_BEGIN_TYPES

/// c[m, n] = acc[m, n] + bias[n]                    (+ c[m, n], with accumulate)               modulo 2^32
struct to_sums {
  std::span<const std::int32_t> bias = {};  ///< n, or none
  bool accumulate = false;
};

/// y = fl(float(acc[m, n]) * s) with s = fl(a_scale * b_scales[n]), or fl(a_scales[m] * b_scales[n])
/// y = fl(y + bias[n])
/// y = fl(y + c[m, n])                              with accumulate: a residual connection
/// c[m, n] = y < min ? min : y > max ? max : y      rounded once more, to nearest even, for half and bfloat16
/// ReLU is min = 0, ReLU6 min = 0 and max = 6. -0 is not less than 0. NaN, from a bias, from c or from products
/// that overflow, stays NaN, of which the payload is not specified.
struct to_float {
  float a_scale = 0.0f;  ///< of A; finite and > 0. Not looked at if there are a_scales
  std::span<const float> b_scales = {};  ///< of B: 1 for all columns, or n; finite and > 0
  std::span<const float> bias = {};      ///< n, or none; any float
  std::span<const float> a_scales =
      {};                         ///< of the rows of A (tokens): m instead of a_scale, or none
  float min = -detail::infinity;  ///< not NaN
  float max = detail::infinity;   ///< >= min
  bool accumulate = false;
};

/// q[m, n] = nearest_even(clamp(fl(float(acc[m, n] + bias[n]) * s), lo - z, hi - z)) + z
/// with z = zero_point, lo and hi: min and max, or the end of C's type that they are beyond, s = multipliers[n], or
/// fl(row_multipliers[m] * multipliers[n]), but at most the largest float; or, in fixed point,
/// q[m, n] = clamp(y, lo - z, hi - z) + z, y = (acc[m, n] + bias[n]) * fixed_multipliers[n], rounded by `rule`
/// (fixed_point.hpp). multipliers[n] = scale_a * scale_b[n] / scale_out. The bias is in units of the accumulator, that
/// is, a real one quantized to int32 with scales scale_a * scale_b[n] and no zero point; its addition is modulo 2^32.
/// min and max bound the result further than the range of its type: ReLU is min = zero_point.
struct to_quantized {
  std::span<const float> multipliers = {};  ///< 1 for all columns, or n; finite and > 0
  std::span<const std::int32_t> bias = {};  ///< n, or none
  std::int32_t zero_point = 0;              ///< of the result
  std::int32_t min = detail::lowest<std::int32_t>;
  std::int32_t max = detail::largest<std::int32_t>;
  std::span<const float> row_multipliers = {};  ///< m, or none; finite and > 0
  std::span<const fixed_point_multiplier> fixed_multipliers =
      {};                                                     ///< 1 or n, instead of multipliers
  fixed_point_rule rule = fixed_point_rule::single_rounding;  ///< of fixed_multipliers

  /// Of what fixed_point::for_channels made: its multipliers with their rule, and its zero point.
  QMATH_INLINE static constexpr to_quantized from(
      const channel_fixed_point_params& p, std::span<const std::int32_t> bias = {}) noexcept {
    return {.bias = bias,
            .zero_point = p.zero_point,
            .fixed_multipliers = p.multipliers,
            .rule = p.rule};
  }
};

QMATH_END_TYPES

#endif  // QMATH_EPILOGUE_HPP_
