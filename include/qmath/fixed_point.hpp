// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Requantization by integers alone: a real multiplier M as multiplier * 2^-shift, the two ways in which
/// frameworks round the product, and how each of them derives the integers from M.
///
///     convention               parameters of requantize
///     fp32                     requantize_params{M, z, z_in}: no integers, see requantize.hpp
///     tflite_double_rounding   fixed_point::tflite_double_rounding(M, z, z_in)
///     tflite_single_rounding   fixed_point::tflite_single_rounding(M, z, z_in)
///     rndnu                    fixed_point::rndnu(M, z, z_in)
///     fbgemm_fixed             fixed_point::fbgemm_fixed(M, z, z_in)
///     power_of_two             fixed_point::power_of_two(shift, z, z_in)
///
/// M = scale_in / scale_out; for the sums of a GEMM scale_a * scale_b / scale_out. With a multiplier per channel:
///     fixed_point::for_channels(fixed_point::rndnu, scale_a, scales_b, scale_out, multipliers, layout, z)
#ifndef QMATH_FIXED_POINT_HPP_
#define QMATH_FIXED_POINT_HPP_

#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/detail/abi.hpp"
#include "qmath/granularity.hpp"

QMATH_BEGIN_TYPES

/// y = acc * multiplier * 2^-shift, rounded. All intermediate results are exact, or saturate as stated.
enum class fixed_point_rule : unsigned char {
  /// floor((acc * multiplier + 2^(shift-1)) / 2^shift): one rounding, ties toward +infinity. Without the
  /// summand for shift 0. TFLite with single rounding, XNNPACK's rndnu, FBGEMM, powers of two.
  single_rounding,
  /// gemmlowp and TFLite's default, two roundings: with exponent = 31 - shift,
  ///   a = saturate_s32(acc * 2^max(exponent, 0))
  ///   b = saturate_s32(floor((a * multiplier + 2^30) / 2^31))                 ties toward +infinity
  ///   y = b / 2^max(-exponent, 0), to the nearest integer, ties away from zero
  double_rounding,
};

/// 0 <= multiplier, 0 <= shift <= 62.
struct fixed_point_multiplier {
  std::int32_t multiplier = 0;
  std::int32_t shift = 0;

  friend constexpr bool operator==(fixed_point_multiplier, fixed_point_multiplier) = default;
};

/// Parameters of requantize: q = clamp(y, lo - zero_point, hi - zero_point) + zero_point, with y from
/// acc = input - input_zero_point.
struct fixed_point_params {
  fixed_point_multiplier multiplier = {};
  fixed_point_rule rule = fixed_point_rule::single_rounding;
  std::int32_t zero_point = 0;        ///< of the output
  std::int32_t input_zero_point = 0;  ///< inside the input's type; 0 for sums (std::int32_t)

  friend constexpr bool operator==(const fixed_point_params&, const fixed_point_params&) = default;
};

/// The same with a multiplier for each channel, group or block.
struct channel_fixed_point_params {
  std::span<const fixed_point_multiplier> multipliers = {};
  granularity layout = {};
  fixed_point_rule rule = fixed_point_rule::single_rounding;
  std::int32_t zero_point = 0;
  std::int32_t input_zero_point = 0;
};

/// Which power of two stands for a number between two of them.
enum class power_of_two_choice : unsigned char {
  nearest,  ///< in the exponent: 2^round(log2(M)), where the border is sqrt(2) times the lower one
  above,    ///< the smallest that is not less than M
  below,    ///< the largest that is not more than M
};

QMATH_END_TYPES

#include "qmath/detail/fixed_point_rules.hpp"

QMATH_BEGIN_NAMESPACE

/// What frameworks make of a real multiplier M > 0. All functions are constexpr and exact about the framework's
/// integers wherever its own code is defined. Beyond that, where frameworks overflow, wrap or assert, they
/// saturate: to the largest multiplier, (2^31 - 1) * 2^0, from M = 2^31 on, and to multiplier 0 where M is so
/// small that every product rounds to 0. So do the products: requantize saturates where frameworks wrap.
/// zero_point and input_zero_point are passed on.
/// @pre multiplier finite and > 0: otherwise the contract handler is called, and the result is {}.
namespace fixed_point {

/// TFLite's QuantizeMultiplier and MultiplyByQuantizedMultiplier, as built by default:
///     M = f * 2^e, 1/2 <= f < 1;   multiplier = round(f * 2^31), ties away from zero;   shift = 31 - e
/// 0 for M < 2^-32. TFLite's products overflow where acc * 2^e leaves int32, for e > 0; here they saturate.
/// Its NEON kernels round ties of the second rounding toward +infinity: the reference kernels are meant.
/// Source: tensorflow/lite/kernels/internal/{quantization_util,common}.cc.
QMATH_INLINE constexpr fixed_point_params tflite_double_rounding(
    double multiplier, std::int32_t zero_point = 0, std::int32_t input_zero_point = 0) noexcept {
  if (!impl::expect_real_multiplier("fixed_point::tflite_double_rounding", multiplier)) return {};
  return {impl::tflite_multiplier(multiplier), fixed_point_rule::double_rounding, zero_point,
          input_zero_point};
}

/// The same as built with TFLITE_SINGLE_ROUNDING, where e > 30 becomes e = 30 with the largest multiplier:
/// (2^31 - 1) * 2^-1 for M >= 2^30.
QMATH_INLINE constexpr fixed_point_params tflite_single_rounding(
    double multiplier, std::int32_t zero_point = 0, std::int32_t input_zero_point = 0) noexcept {
  if (!impl::expect_real_multiplier("fixed_point::tflite_single_rounding", multiplier)) return {};
  fixed_point_multiplier m = impl::tflite_multiplier(multiplier);
  if (m.multiplier != 0 && m.shift == 0) m = {detail::largest<std::int32_t>, 1};
  return {m, fixed_point_rule::single_rounding, zero_point, input_zero_point};
}

/// XNNPACK's rndnu: the 24 bits of the float's significand, shift = 150 - its biased exponent.
///     M = multiplier * 2^-shift exactly, multiplier in [2^23, 2^24)
/// XNNPACK asks for 2^-32 <= M < 2^8, and computes M = input_scale * kernel_scale / output_scale in float, from
/// left to right. Elsewhere: multiplier << -shift for M in [2^24, 2^31); 0 for M < 2^-39.
/// Source: src/xnnpack/requantization.h, xnn_qs8_requantize_rndnu.
QMATH_INLINE constexpr fixed_point_params rndnu(float multiplier, std::int32_t zero_point = 0,
                                                std::int32_t input_zero_point = 0) noexcept {
  if (!impl::expect_real_multiplier("fixed_point::rndnu", multiplier)) return {};
  const impl::binary_parts parts(multiplier);
  return {impl::fixed_point_from(parts.significand, parts.exponent),
          fixed_point_rule::single_rounding, zero_point, input_zero_point};
}

/// FBGEMM's ChooseRequantizationMultiplier with 32 bits: rndnu's number with the significand at the top,
///     M = multiplier * 2^-shift exactly, multiplier in [2^30, 2^31)
/// FBGEMM asserts M < 2^31 and shift < 64. 0 for M < 2^-32. The products are rndnu's.
/// Source: src/QuantUtils.cc, ChooseRequantizationMultiplier and Requantize.
QMATH_INLINE constexpr fixed_point_params fbgemm_fixed(float multiplier,
                                                       std::int32_t zero_point = 0,
                                                       std::int32_t input_zero_point = 0) noexcept {
  if (!impl::expect_real_multiplier("fixed_point::fbgemm_fixed", multiplier)) return {};
  const impl::binary_parts parts(multiplier);
  return {impl::fixed_point_from(parts.significand << 7, parts.exponent - 7),
          fixed_point_rule::single_rounding, zero_point, input_zero_point};
}

/// M = 2^-shift, with one rounding: floor((acc + 2^(shift-1)) / 2^shift). A negative shift multiplies.
/// @pre -30 <= shift <= 62
QMATH_INLINE constexpr fixed_point_params power_of_two(std::int32_t shift,
                                                       std::int32_t zero_point = 0,
                                                       std::int32_t input_zero_point = 0) noexcept {
  if (QMATH_CHECKS && (shift < -30 || shift > 62)) {
    library::report_outside("fixed_point::power_of_two", "shift", impl::no_index, shift, -30, 62);
    return {};
  }
  // 2^30 if that is possible: a multiplier that has the same value for both rules.
  const std::int32_t log = shift <= 32 ? 30 : 62 - shift;
  return {{std::int32_t{1} << log, shift + log},
          fixed_point_rule::single_rounding,
          zero_point,
          input_zero_point};
}

/// The shift of the power of two that stands for M, for power_of_two; -30 and 62 for M beyond.
QMATH_INLINE constexpr std::int32_t power_of_two_shift(
    double multiplier, power_of_two_choice which = power_of_two_choice::nearest) noexcept {
  if (!impl::expect_real_multiplier("fixed_point::power_of_two_shift", multiplier)) return 0;
  const impl::binary_parts parts(multiplier);
  constexpr std::int64_t one = std::int64_t{1} << 52;
  constexpr std::int64_t sqrt2 = 0x16A09E667F3BCD;  // the double above it
  const bool up = which == power_of_two_choice::below   ? false
                  : which == power_of_two_choice::above ? parts.significand > one
                                                        : parts.significand >= sqrt2;
  const std::int32_t shift = -(parts.exponent + 52 + (up ? 1 : 0));
  return shift < -30 ? -30 : shift > 62 ? 62 : shift;
}

/// A multiplier for each channel, group or block: number i is the convention's for reals[i], and the result views
/// them, with the convention's rule. `convention` is a function of this namespace or any other of its type; it
/// says whether real multipliers are double or float.
///     for_channels(fixed_point::tflite_double_rounding, reals, multipliers, per_row(channels, n), z, z_in)
/// After a broken precondition nothing is written, and the result is {}, which requantize refuses.
/// @pre multipliers.size() == reals.size() == layout.count(); reals finite and > 0; the arrays do not overlap.
template <class Real>
QMATH_INLINE constexpr channel_fixed_point_params for_channels(
    fixed_point_params (*convention)(Real, std::int32_t, std::int32_t),
    std::type_identity_t<std::span<const Real>> reals,
    std::span<fixed_point_multiplier> multipliers, const granularity& layout,
    std::int32_t zero_point = 0, std::int32_t input_zero_point = 0) noexcept {
  if (!impl::expect_channels("reals.size()", reals.size(), multipliers, layout) ||
      !impl::expect_real_multipliers("reals", reals, multipliers, "overlaps reals")) {
    return {};
  }
  return impl::fill_channels(
      convention, [&](std::size_t i) { return reals[i]; }, multipliers, layout, zero_point,
      input_zero_point);
}

/// The same for M = scale_a * scales_b[i] / scale_out, computed from left to right in the type that the convention
/// takes: in double, where the product is exact, as TFLite does, and in float as XNNPACK does. For the sums of a
/// GEMM of activations with scale_a and weights with scales_b, where the layout is per_column(n) and
/// to_quantized::from(result) the epilogue; for codes with scales_b, scale_a is 1.
/// @pre as above with scales_b for reals; scale_a, scales_b and scale_out finite and > 0, and every M too, which a
///      float may not be.
template <class Real>
QMATH_INLINE constexpr channel_fixed_point_params for_channels(
    fixed_point_params (*convention)(Real, std::int32_t, std::int32_t), float scale_a,
    std::span<const float> scales_b, float scale_out, std::span<fixed_point_multiplier> multipliers,
    const granularity& layout, std::int32_t zero_point = 0,
    std::int32_t input_zero_point = 0) noexcept {
  const auto real = [&](std::size_t i) {
    return impl::real_multiplier<Real>(scale_a, scales_b[i], scale_out);
  };
  const char* function = "fixed_point::for_channels";
  if (!impl::expect_channels("scales_b.size()", scales_b.size(), multipliers, layout) ||
      !impl::expect_scale(function, "scale_a", impl::no_index, scale_a) ||
      !impl::expect_scale(function, "scale_out", impl::no_index, scale_out) ||
      !impl::expect_real_multipliers("scales_b", scales_b, multipliers, "overlaps scales_b")) {
    return {};
  }
  for (std::size_t i = 0; QMATH_CHECKS && i < scales_b.size(); ++i) {
    if (!impl::expect_scale(function, "scale_a * scales_b", i, real(i), " / scale_out")) return {};
  }
  return impl::fill_channels(convention, real, multipliers, layout, zero_point, input_zero_point);
}

/// The real number that a fixed_point_multiplier stands for, exactly.
/// @pre 0 <= m.shift <= 62: otherwise the contract handler is called, and the result is 0.
QMATH_INLINE constexpr double value(fixed_point_multiplier m) noexcept {
  if (QMATH_CHECKS && (m.shift < 0 || m.shift > 62)) {
    library::report_outside("fixed_point::value", "m.shift", impl::no_index, m.shift, 0, 62);
    return 0.0;
  }
  return static_cast<double>(m.multiplier) / static_cast<double>(std::int64_t{1} << m.shift);
}

}  // namespace fixed_point
QMATH_END_NAMESPACE

#endif  // QMATH_FIXED_POINT_HPP_
