// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Quantization parameters and the range they are chosen from. The equation:
///
///     real = scale * (q - zero_point)
#ifndef QMATH_CORE_PARAMS_HPP_
#define QMATH_CORE_PARAMS_HPP_

#include <cstdint>
#include <span>

#include "qmath/detail/abi.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/granularity.hpp"

QMATH_BEGIN_TYPES

/// One scale and zero point for a whole tensor. Valid for a format with codes [lo, hi] when the scale is
/// finite and > 0 and lo <= zero_point <= hi; for std::int32_t the zero point is 0. Symmetric quantization
/// is zero_point = 0 in signed formats.
struct affine_params {
  float scale = 1.0f;
  std::int32_t zero_point = 0;

  friend constexpr bool operator==(const affine_params&, const affine_params&) = default;
};

/// A scale and a zero point for each channel, group or block: those of element i are number layout.index(i).
/// Views memory of the caller. scales.size() == layout.count(); zero_points has as many, or none: then all are 0,
/// in unsigned formats too.
struct channel_params {
  std::span<const float> scales = {};
  std::span<const std::int32_t> zero_points = {};
  granularity layout = {};
};

/// From sums or codes to codes, by a real multiplier: the input's scale over the output's; for the sums of
/// a GEMM scale_a * scale_b / scale_out. Finite and > 0. Name the type in a call, because {0.1f, 0} may be one of
/// fixed_point_params too: requantize(sums, requantize_params{0.1f, 3}, q).
struct requantize_params {
  float multiplier = 1.0f;
  std::int32_t zero_point = 0;        ///< of the output
  std::int32_t input_zero_point = 0;  ///< inside the input's type; 0 for sums (std::int32_t)

  friend constexpr bool operator==(const requantize_params&, const requantize_params&) = default;
};

/// The same with a multiplier for each channel, group or block. Views memory of the caller.
/// (The zero points, one each, come after the layout, not before it as in channel_params.)
struct channel_requantize_params {
  std::span<const float> multipliers = {};
  granularity layout = {};
  std::int32_t zero_point = 0;
  std::int32_t input_zero_point = 0;
};

/// Zero points of the operands of a GEMM, each inside its type.
/// gemm(a, {3}, b, c): 3 is that of A; gemm(a, {.b = 5}, b, c): 5 is that of B.
struct gemm_zero_points {
  std::int32_t a = 0;
  std::int32_t b = 0;
  std::span<const std::int32_t> a_rows = {};     ///< m of them instead of a, or none
  std::span<const std::int32_t> b_columns = {};  ///< n of them instead of b, or none
};

/// A closed interval of real numbers. The default is the empty one, which merges neutrally.
struct value_range {
  float min = detail::infinity;
  float max = -detail::infinity;

  friend constexpr bool operator==(const value_range&, const value_range&) = default;
};

QMATH_END_TYPES

#endif  // QMATH_CORE_PARAMS_HPP_
