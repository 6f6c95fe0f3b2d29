// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What is measured of dequantize. Every contender goes through this table and leaves out what it cannot do.
#ifndef QMATH_BENCHMARKS_DEQUANTIZE_CASES_HPP_
#define QMATH_BENCHMARKS_DEQUANTIZE_CASES_HPP_

#include "support/arrays.hpp"

namespace bench {

struct dequantize_case {
  any_code from = type<std::int8_t>();
  layout where = per_tensor;
  any_real to = type<float>();
  bool small_calls = false;

  std::string name() const {
    return name_of(from) + (to.index() == 0 ? "" : "_to_" + name_of(to)) + where.suffix() +
           (small_calls ? "_calls" : "");
  }
  const std::vector<std::size_t>& sizes() const { return small_calls ? call_sizes : level_sizes; }
  /// 8 bits to float.
  bool is_default() const { return to.index() == 0 && from.index() < 2; }
};

/// As for quantize.
inline const dequantize_case dequantize_cases[] = {
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
    {s4},
    {s4, per_group(32)},
    {s4, per_group(128)},
    {u4, per_group(32)},
    {s8, per_tensor, f16},
    {s8, per_row(768), f16},
    {s8, per_tensor, bf16},
    {s8, per_group(32), bf16},
    {s4, per_group(32), f16},
    {s4, per_group(32), bf16},
    {s16},
    {s32},
    {s8, per_tensor, f32, true},
};

}  // namespace bench

#endif  // QMATH_BENCHMARKS_DEQUANTIZE_CASES_HPP_
