// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// What GEMM does with its int32 sums before they reach memory. Each epilogue is an aggregate of
/// parameters with its formula above it. Arrays are views of the caller's memory, indexed by column.
#ifndef QMATH_EPILOGUE_HPP_
#define QMATH_EPILOGUE_HPP_

#include <cstdint>
#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/detail/abi.hpp"
#include "qmath/detail/limits.hpp"

QMATH_BEGIN_TYPES

/// y[m, n] = fl(fl(float(acc[m, n]) * fl(a_scale * b_scales[n])) + bias[n])
/// Every fl is one rounding to nearest even; nothing is contracted. Without bias there is no addition.
struct to_float {
  float a_scale = 0.0f;                  ///< of A; finite and > 0: it has no default
  std::span<const float> b_scales = {};  ///< of B: 1 for all columns, or n; finite and > 0
  std::span<const float> bias = {};      ///< n, or none; any float
};

/// q[m, n] = nearest_even(clamp(fl(float(acc[m, n] + bias[n]) * multipliers[n]), min - z, max - z)) + z
/// with z = zero_point. The bias is in units of the accumulator (scale_a * scale_b), and its addition is
/// modulo 2^32. multipliers[n] = scale_a * scale_b[n] / scale_out.
/// min and max bound the result further than the range of its type: ReLU is min = zero_point.
struct to_quantized {
  std::span<const float> multipliers;  ///< 1 for all columns, or n; finite and > 0
  std::span<const std::int32_t> bias;  ///< n, or none
  std::int32_t zero_point = 0;         ///< of the result
  std::int32_t min = detail::lowest<std::int32_t>;
  std::int32_t max = detail::largest<std::int32_t>;
};

QMATH_END_TYPES

#endif  // QMATH_EPILOGUE_HPP_
