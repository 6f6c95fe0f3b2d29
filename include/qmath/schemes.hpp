// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// From a range of real numbers to quantization parameters.
///
///     affine      scale = (max - min) / (hi - lo)       zero_point = lo - min / scale, rounded
///     symmetric   scale = max(|min|, |max|) / (hi - z)  zero_point = z: the middle, 0 in signed formats
///
/// with [lo, hi] the codes to use and [min, max] extended to contain 0. Whatever the range and the rules:
///     scale is finite and > 0, lo <= zero_point <= hi, and real 0 is represented exactly
/// (the code zero_point). Infinite bounds count as the largest float. The empty range and every other one with
/// min > max count as [0, 0], and so does a range of which a bound is NaN: [NaN, 1] and [3, -2] are [0, 0].
///
/// Frameworks agree on no more than this. What they do differently is in params_rules, and each framework's
/// choice under its name in numerics::params; docs/conventions.md shows them side by side.
///
/// constexpr: parameters of a known range are compile-time constants. Every operation is a float or double
/// operation rounded to nearest even, whatever the caller's floating-point environment and compiler flags:
/// this header, with detail/scheme_rules.hpp, is the definition, there is no other in reference.hpp.
#ifndef QMATH_SCHEMES_HPP_
#define QMATH_SCHEMES_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/core/params.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/formats/integer.hpp"

QMATH_BEGIN_TYPES

/// How scale and zero point are computed: w = hi - lo, fl() rounds to float.
enum class params_arithmetic : unsigned char {
  /// scale = fl(fl(max - min) / w), and float throughout. A difference beyond the largest float is kept.
  single_precision,
  /// k = fl(w / fl(max - min)), scale = fl(1 / k), and fl(min * k) where others have min / scale. Symmetric:
  /// as single_precision.
  single_precision_inverse,
  /// scale = (max - min) / w, and double throughout; scale is rounded to float at the end.
  double_precision,
  /// scale = fl((max - min) / w), and double for the rest.
  float_scale,
};

/// Where the zero point of an affine scheme comes from. It is rounded as tie_rule says, and clamped.
enum class zero_point_origin : unsigned char {
  low_end,        ///< lo - min / scale
  low_end_steps,  ///< lo - rounded(min / scale)
  smaller_end,  ///< lo - min / scale if |lo| + |min / scale| < |hi| + |max / scale|, else hi - max / scale
  smaller_difference,  ///< the same with |lo| - |min / scale| < |hi| - |max / scale|
};

enum class tie_rule : unsigned char { to_even, away_from_zero };

/// The divisor of a symmetric scale, for the zero point z.
enum class symmetric_divisor : unsigned char {
  shorter_side,  ///< max(|min|, |max|) / min(hi - z, z - lo): no value inside the range is clipped
  half_width,  ///< max(|min|, |max|) / ((hi - lo) / 2): half a step of them is, where a side is shorter
  /// M = max(fl(|min| / (z - lo)), fl(max / (hi - z))), and the affine scale of fl(M * (lo - z)) and
  /// fl(M * (hi - z)). Clips nothing, and uses the longer side if it can.
  each_side,
};

/// What becomes of ranges that are next to nothing.
enum class small_range_rule : unsigned char {
  keep,         ///< [0, 0] has scale 1; others keep theirs, at least 2^-149
  one,          ///< scales below 2^-126 become 1
  one_at_zero,  ///< the same, and the zero point is 0
  epsilon,      ///< scales are at least 2^-23
  /// Scales without a finite reciprocal become 0.1; others below 6.1e-5 become that, with the range enlarged
  /// by as much.
  stretch,
};

struct params_rules {
  params_arithmetic arithmetic = params_arithmetic::single_precision;
  zero_point_origin zero_point = zero_point_origin::low_end;
  tie_rule tie = tie_rule::to_even;
  symmetric_divisor divisor = symmetric_divisor::shorter_side;
  small_range_rule small_range = small_range_rule::keep;

  friend constexpr bool operator==(const params_rules&, const params_rules&) = default;
};

/// Which scales there are. A power of two makes dequantization exact, and requantization a shift.
enum class scale_kind : unsigned char {
  any,
  power_of_two,  ///< the nearest in the exponent, 2^round(log2(scale)); no scale is a tie: sqrt(2) is none
  power_of_two_above,  ///< the smallest that is not less: no value inside the range is clipped
  power_of_two_below,  ///< the largest that is not more
};

/// How to choose parameters: {.symmetric = true, .codes = narrow_range<std::int8_t>()}
/// The zero point of a symmetric scheme is 0 in signed formats (or the code next to it), and
/// nearest_even((lo + hi) / 2) in unsigned ones: 128 for std::uint8_t. For values that are never negative an
/// affine scheme has zero point 0 there. std::int32_t is symmetric whatever the scheme says, and its zero
/// point always 0.
struct scheme {
  bool symmetric = false;
  code_range codes = {};  ///< which codes to use, of those that the format has
  scale_kind scale = scale_kind::any;
  params_rules rules = {};

  friend constexpr bool operator==(const scheme&, const scheme&) = default;
};

inline constexpr scheme affine = {};
inline constexpr scheme symmetric = {.symmetric = true};

/// Each name: affine and symmetric parameters for ordinary ranges bit by bit as the framework has them. Where
/// it has scales of 0, infinity or NaN, zero points that are no codes, or undefined behaviour, see the top of
/// this header. Scales are floats; a framework's double is rounded.
namespace numerics::params {

/// ONNX DynamicQuantizeLinear as ONNX Runtime computes it, for all formats; for symmetric parameters, of which
/// ONNX has none, what ONNX Runtime's tools, TFLite and others have for 8 bits: max / 127.
/// onnxruntime/core/util/qmath.h, GetQuantizationParameter; measured with 1.31.1. The specification's own code
/// has scale 1/255 for all zeros, not 1. Scales of 0 become 2^-149, infinite ones the true quotient.
inline constexpr params_rules standard = {};
inline constexpr params_rules onnx = standard;  ///< another name for it

/// onnxruntime.quantization, the tools for static quantization: quant_utils.py, compute_scale_zp, 1.31.1.
/// For std::int8_t, symmetric, they use narrow_range.
inline constexpr params_rules onnxruntime_tools = {
    params_arithmetic::double_precision, zero_point_origin::low_end, tie_rule::to_even,
    symmetric_divisor::half_width, small_range_rule::one_at_zero};

/// PyTorch's observers (MinMaxObserver and those derived from it): torch/ao/quantization/observer.py,
/// torch 2.15.0. They refuse symmetric quint8 with reduce_range; here its zero point is 64.
inline constexpr params_rules pytorch = {params_arithmetic::single_precision,
                                         zero_point_origin::low_end_steps, tie_rule::to_even,
                                         symmetric_divisor::half_width, small_range_rule::epsilon};

/// PyTorch's dynamic quantization (quantize_per_tensor_dynamic, dynamic linear layers): ChooseQuantizationParams
/// in aten/src/ATen/native/quantized/cpu/QuantUtils.h, torch 2.15.0. Symmetric: its preserve_sparsity, see
/// fbgemm.
inline constexpr params_rules pytorch_dynamic = {
    params_arithmetic::double_precision, zero_point_origin::smaller_difference, tie_rule::to_even,
    symmetric_divisor::each_side, small_range_rule::stretch};

/// FBGEMM's ChooseQuantizationParams: src/QuantUtils.cc at 71d6f8b2; measured with torch 2.15.0
/// (fbgemm_linear_quantize_weight). PyTorch's copy of it, pytorch_dynamic, differs by a sign. Symmetric:
/// preserve_sparsity, which FBGEMM ignores for ranges on one side of 0; here they are symmetric. It makes
/// scales below 6.1e-5 that number after it has rounded them to a power of two; here the power comes last.
inline constexpr params_rules fbgemm = {params_arithmetic::float_scale,
                                        zero_point_origin::smaller_end, tie_rule::to_even,
                                        symmetric_divisor::each_side, small_range_rule::stretch};

/// TFLite: ChooseQuantizationParams in tensorflow/lite/kernels/internal/quantization_util.h, the same formula
/// as the converter's; symmetric: SymmetricQuantizeFloats. Read at LiteRT f6745779. Dynamic-range kernels on
/// x86 take the difference in float.
inline constexpr params_rules tflite = {
    params_arithmetic::double_precision, zero_point_origin::smaller_end, tie_rule::away_from_zero,
    symmetric_divisor::shorter_side, small_range_rule::one_at_zero};

/// XNNPACK's dynamic quantization, qd8: src/xnnpack/quantization.h, read at 75db3c09. It quantizes by x * k;
/// numerics::xnnpack has fl(1 / scale) in place of k, which may be a neighbour of it. Symmetric: users of
/// XNNPACK choose those, as standard.
inline constexpr params_rules xnnpack = {params_arithmetic::single_precision_inverse,
                                         zero_point_origin::smaller_end, tie_rule::to_even,
                                         symmetric_divisor::shorter_side, small_range_rule::one};

/// ggml's q8_0, symmetric: d = max(|x|) / 127 (ggml/src/ggml-quants.c, quantize_row_q8_0_ref; gguf 0.19.0),
/// before d is stored as half. All zeros have d = 0 there, and scale 1 here, with the same codes. Affine: as
/// standard; ggml has a real offset, no zero point. q4_0 and q5_0 are not expressible: their scale is negative
/// where the largest magnitude is positive.
inline constexpr params_rules ggml = {params_arithmetic::single_precision,
                                      zero_point_origin::low_end, tie_rule::to_even,
                                      symmetric_divisor::shorter_side, small_range_rule::one};

}  // namespace numerics::params

QMATH_END_TYPES

#include "qmath/detail/scheme_rules.hpp"

QMATH_BEGIN_NAMESPACE

/// Parameters for the format F (std::int8_t, u4 ...) that represent this range.
/// @pre how.codes and the codes of F have one in common: otherwise the contract handler is called, and the
///      result is {}, valid parameters: how to tell is in core/contract.hpp.
template <quantized_format F>
QMATH_INLINE constexpr affine_params choose_params(value_range range,
                                                   const scheme& how = affine) noexcept {
  if (!impl::expect_codes("choose_params", how.codes, full_range<F>())) return {};
  if (std::is_constant_evaluated()) return impl::params_of(range, full_range<F>(), how);
  affine_params p{};
  library::choose_params(&range, 1, full_range<F>(), how, &p.scale, &p.zero_point);
  return p;
}

/// The same for each range: of channels, groups or blocks.
/// @pre as above; scales.size() == ranges.size(), zero_points as many or, for symmetric schemes of signed
///      formats, none: they are 0; arrays do not overlap.
template <quantized_format F>
QMATH_INLINE void choose_params(std::span<const value_range> ranges, std::span<float> scales,
                                std::span<std::int32_t> zero_points,
                                const scheme& how = affine) noexcept {
  if (!impl::expect_codes("choose_params", how.codes, full_range<F>()) ||
      !impl::expect_equal("choose_params", "scales.size()", scales.size(), "ranges.size()",
                          ranges.size()) ||
      !impl::expect_zero_points("choose_params", "ranges.size()", ranges.size(), zero_points.size(),
                                full_range<F>(), how) ||
      !impl::expect_results("choose_params", ranges, scales, zero_points)) {
    return;
  }
  library::choose_params(ranges.data(), ranges.size(), full_range<F>(), how, scales.data(),
                         zero_points.empty() ? nullptr : zero_points.data());
}

/// What quantize does not clip, rounding to nearest: from half a scale below what the lowest code in use stands for
/// to half a scale above the highest one,
///     [fl(scale * (lo - zero_point - 1/2)), fl(scale * (hi - zero_point + 1/2))],  beyond the largest float: that
/// The range that parameters were chosen from need not be this one: zero points are rounded, symmetric codes reach as
/// far on the side without data, powers of two farther.
/// @pre codes and those of F have one in common: otherwise the contract handler is called, and the result is {0, 0}.
template <quantized_format F>
QMATH_INLINE constexpr value_range unclipped_range(const affine_params& params,
                                                   code_range codes = {}) noexcept {
  if (!impl::expect_codes("unclipped_range", codes, full_range<F>())) return {0.0f, 0.0f};
  const code_range used = impl::common_codes(codes, full_range<F>());
  const auto real = [&](std::int32_t code, double half) {
    const double steps = static_cast<double>(code) - params.zero_point + half;
    return static_cast<float>(impl::to_float(static_cast<double>(params.scale) * steps));
  };
  return {real(used.min, -0.5), real(used.max, 0.5)};
}

QMATH_END_NAMESPACE

#endif  // QMATH_SCHEMES_HPP_
