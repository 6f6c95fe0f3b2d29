// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What is measured of requantize. Every contender goes through this table and leaves out what it cannot do.
#ifndef QMATH_BENCHMARKS_REQUANTIZE_CASES_HPP_
#define QMATH_BENCHMARKS_REQUANTIZE_CASES_HPP_

#include "support/arrays.hpp"

namespace bench {

/// How the product is computed and rounded: a real multiplier, or the integers of a convention.
enum class convention { fp32, tflite_double_rounding, tflite_single_rounding, rndnu };

struct requantize_case {
  any_code to = type<std::int8_t>();
  layout where = per_tensor;
  convention how = convention::fp32;
  any_code from = type<std::int32_t>();
  bool small_calls = false;

  std::string name() const {
    constexpr const char* names[] = {"", "_tflite_double", "_tflite_single", "_rndnu"};
    return (is_sums() ? "" : name_of(from) + "_to_") + name_of(to) + where.suffix() +
           names[static_cast<std::size_t>(how)] + (small_calls ? "_calls" : "");
  }
  const std::vector<std::size_t>& sizes() const { return small_calls ? call_sizes : level_sizes; }
  bool is_sums() const { return from.index() == any_code(s32).index(); }
  /// Sums to 8 bits by a real multiplier.
  bool is_default() const { return is_sums() && to.index() < 2 && how == convention::fp32; }
};

/// Columns: the output channels of a GEMM. Rows: those of a convolution of images of 7 x 7.
inline const requantize_case requantize_cases[] = {
    {s8},
    {u8},
    {s8, per_row(768)},
    {s8, per_row(49)},
    {s8, per_column(768)},
    {s8, per_column(3)},
    {s8, per_group(32)},
    {s8, per_group(128)},
    {u8, per_column(768)},
    {s16},
    {s8, per_tensor, convention::fp32, s8},
    {u8, per_tensor, convention::fp32, u8},
    {s8, per_tensor, convention::tflite_double_rounding},
    {s8, per_tensor, convention::tflite_single_rounding},
    {s8, per_tensor, convention::rndnu},
    {s8, per_column(768), convention::tflite_double_rounding},
    {s8, per_column(768), convention::tflite_single_rounding},
    {s8, per_row(768), convention::tflite_single_rounding},
    {s8, per_tensor, convention::tflite_double_rounding, s8},
    {s8, per_tensor, convention::fp32, s32, true},
};

/// From sums a multiplier that fills the codes; from codes one of less than 1/2, which is all that the bound
/// of double rounding can do.
inline float multiplier_of(const requantize_case& c) {
  return !c.is_sums()                            ? 0.37f
         : c.to.index() == any_code(s16).index() ? 256.0f * multiplier
                                                 : multiplier;
}

/// Parameters of a case that has one multiplier.
inline qmath::requantize_params real_params(const requantize_case& c) {
  return {multiplier_of(c), zero_point, c.is_sums() ? 0 : 5};
}
inline qmath::fixed_point_params fixed_params(const requantize_case& c, float real) {
  const std::int32_t z_in = c.is_sums() ? 0 : 5;
  switch (c.how) {
    case convention::tflite_double_rounding:
      return qmath::fixed_point::tflite_double_rounding(static_cast<double>(real), zero_point,
                                                        z_in);
    case convention::tflite_single_rounding:
      return qmath::fixed_point::tflite_single_rounding(static_cast<double>(real), zero_point,
                                                        z_in);
    default: return qmath::fixed_point::rndnu(real, zero_point, z_in);
  }
}

}  // namespace bench

#endif  // QMATH_BENCHMARKS_REQUANTIZE_CASES_HPP_
