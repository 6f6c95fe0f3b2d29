// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What is measured of quantize. Every contender goes through this table and leaves out what it cannot do.
#ifndef QMATH_BENCHMARKS_QUANTIZE_CASES_HPP_
#define QMATH_BENCHMARKS_QUANTIZE_CASES_HPP_

#include "support/arrays.hpp"

namespace bench {

struct quantize_case {
  any_code to = type<std::int8_t>();
  layout where = per_tensor;
  const char* variant = "";  // what is behind this is not the default
  any_real from = type<float>();
  qmath::quantize_rules rules = {};
  qmath::code_range codes = {};
  bool dynamic = false;  // parameters from the data
  bool small_calls = false;

  std::string name() const {
    return (from.index() == 0 ? "" : name_of(from) + "_to_") + name_of(to) + where.suffix() +
           variant + (small_calls ? "_calls" : "");
  }
  const std::vector<std::size_t>& sizes() const { return small_calls ? call_sizes : level_sizes; }
  /// float to 8 bits as it is without options.
  bool is_default() const { return *variant == '\0' && from.index() == 0 && to.index() < 2; }
};

inline constexpr qmath::quantize_rules floor_rules = {.round = qmath::rounding::floor};
inline constexpr qmath::quantize_rules stochastic_rules = {.round = qmath::rounding::stochastic};

/// Rows: of a weight matrix, of 7 x 7 images, of depthwise 3 x 3 filters. Columns: of an activation, of an
/// image.
inline const quantize_case quantize_cases[] = {
    {s8},
    {u8},
    {s8, per_row(768)},
    {s8, per_row(49)},
    {s8, per_row(9)},
    {s8, per_column(768)},
    {s8, per_column(3)},
    {s8, per_group(32)},
    {s8, per_group(128)},
    {u8, per_row(768)},
    {u8, per_column(768)},
    {u8, per_group(32)},
    {u8, per_group(128)},
    {s4},
    {s4, per_group(32)},
    {s4, per_group(128)},
    {u4, per_group(32)},
    {s8, per_tensor, "", f16},
    {s8, per_group(32), "", f16},
    {s8, per_tensor, "", bf16},
    {s8, per_row(768), "", bf16},
    {s4, per_group(32), "", bf16},
    {s8, per_tensor, "_reciprocal", f32, qmath::numerics::pytorch},
    {u8, per_group(32), "_reciprocal", f32, qmath::numerics::xnnpack},
    {s8, per_tensor, "_narrow", f32, {}, qmath::narrow_range<std::int8_t>()},
    {s8, per_tensor, "_stochastic", f32, stochastic_rules},
    {s8, per_group(32), "_stochastic", f32, stochastic_rules},
    {s8, per_tensor, "_floor", f32, floor_rules},
    {s16},
    {s8, per_row(768), "_dynamic", f32, {}, {}, true},
    {s8, per_tensor, "", f32, {}, {}, false, true},
};

}  // namespace bench

#endif  // QMATH_BENCHMARKS_QUANTIZE_CASES_HPP_
