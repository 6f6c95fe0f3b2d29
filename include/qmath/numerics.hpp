// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// "Divide by the scale, round, add the zero point" is not one operation: frameworks differ in the last
/// bit. These are the choices, and each framework's under its name. docs/conventions.md shows them side by
/// side, with inputs on which they differ. How frameworks choose scale and zero point is in schemes.hpp, how
/// they requantize in fixed_point.hpp. A framework has a name for each:
///     const affine_params p = choose_params<std::uint8_t>(range, {.rules = numerics::params::pytorch});
///     quantize(x, p, q, {.rules = numerics::pytorch});
#ifndef QMATH_NUMERICS_HPP_
#define QMATH_NUMERICS_HPP_

#include "qmath/detail/abi.hpp"
#include "qmath/rounding.hpp"

QMATH_BEGIN_TYPES

/// How the real number x becomes t, the number of steps.
enum class quotient_rule : unsigned char {
  divide,      ///< t = fl(x / scale)
  reciprocal,  ///< t = fl(x * fl(1 / scale))
};

/// When the zero point z is added.
enum class zero_point_rule : unsigned char {
  after_rounding,   ///< q = round(clamp(t, min - z, max - z)) + z
  before_rounding,  ///< q = round(clamp(fl(t + z), min, max)): differs at ties when z is odd
};

/// What NaN becomes.
enum class nan_rule : unsigned char {
  lowest,      ///< the lowest code in use
  highest,     ///< the highest code in use
  zero_point,  ///< the code of 0, or the code in use that is nearest to it
};

/// From a real number to a code.
struct quantize_rules {
  quotient_rule quotient = quotient_rule::divide;
  rounding round = rounding::nearest_even;
  zero_point_rule zero_point = zero_point_rule::after_rounding;
  nan_rule nan = nan_rule::lowest;

  friend constexpr bool operator==(const quantize_rules&, const quantize_rules&) = default;
};

/// The conventions by name.
///
/// A name stands for what the framework's own package does by default on x86-64, for finite numbers bit by
/// bit. Where its code wraps around, where the result depends on the position of an element or where the
/// behaviour is undefined, qmath has one answer: numbers beyond the codes saturate, infinities do so with
/// their sign, and NaN is what the framework makes of it most often. rne is nearest_even, rha half_away.
namespace numerics {

/// ONNX QuantizeLinear, with ONNX Runtime's answers where the specification is silent.
///     q = clamp(rne(x / s) + z)                                                         NaN: lowest
/// onnxruntime/core/mlas/lib/quantize.cpp; measured with 1.31.1, equal for float and 8, 16 and 4 bits.
/// ONNX Runtime contradicts itself for NaN and for |x / s| >= 2^31: with 2-bit codes, with float16 input, in
/// 4-bit codes without a neighbour of the same scale in their byte, and in blocks along another axis than the
/// last these become the lowest code, +infinity too, or the highest for z < 0 (an unchecked cast to int32).
/// qmath treats all formats, layouts and elements as it treats int8 per tensor.
/// float16 input is divided in float, as ONNX Runtime does; the specification's own code divides in float16.
inline constexpr quantize_rules standard = {};
inline constexpr quantize_rules onnx = standard;  ///< another name for it

/// PyTorch, quantize_per_tensor and quantize_per_channel.
///     q = clamp(rne(x * (1 / s)) + z)                                                   NaN: highest
/// aten/src/ATen/native/quantized/AffineQuantizerBase.cpp, which calls FBGEMM; measured with torch 2.15.0, the
/// same with the engines x86, fbgemm, onednn and qnnpack.
/// PyTorch contradicts itself for NaN: quantize_per_tensor gives the highest code, quantize_per_channel 0,
/// fake_quantize the lowest: for that one, `.nan = nan_rule::lowest`. Not followed: quantize_per_tensor wraps
/// around for |x / s| >= 2^31, so that +infinity is 0 in quint8 with z >= 128, and -infinity is 127 in qint8
/// with z < 0; fake_quantize per channel gives the lowest code for +infinity. Here both saturate.
inline constexpr quantize_rules pytorch = {quotient_rule::reciprocal, rounding::nearest_even,
                                           zero_point_rule::after_rounding, nan_rule::highest};

/// FBGEMM's Quantize, which is what PyTorch calls on x86: the same rules.
///     q = clamp(rne(x * (1 / s)) + z)                                                   NaN: highest
/// src/QuantUtilsAvx2.cc, QuantizeAvx2. Its scalar code, for other widths than 8 bits, casts NaN (undefined; 0
/// on x86) and saturates; the vector code wraps around as described for pytorch. Until April 2026 a template
/// parameter LEGACY, which PyTorch never used, added z before rounding: `.zero_point = before_rounding`.
inline constexpr quantize_rules fbgemm = pytorch;

/// XNNPACK's conversion of float to qs8 and qu8.
///     q = clamp(rne(x * (1 / s)) + z)                                                   NaN: highest
/// src/f32-qs8-vcvt, src/microparams-init.c; measured through LiteRT 2.3.0. NaN is the zero point on AArch64 and
/// the lowest code in XNNPACK's scalar kernels. Its own reference, xnn_qs8_quantize (src/xnnpack/
/// requantization.h), divides and adds z before rounding; no operator uses it.
inline constexpr quantize_rules xnnpack = {quotient_rule::reciprocal, rounding::nearest_even,
                                           zero_point_rule::after_rounding, nan_rule::highest};

/// TFLite (LiteRT), QUANTIZE as it runs by default: by the XNNPACK delegate.
///     q = clamp(rne(x * (1 / s)) + z)                                                   NaN: highest
/// Measured with ai-edge-litert 2.3.0. One operator of that package has four formulas: the delegate's; the
/// optimized kernels (tensorflow/lite/kernels/internal/optimized/optimized_ops.h), which agree with it in
/// their vector loop but round double(x) / double(s) half away from zero in the last elements of an array;
/// and the reference kernels: see tflite_reference. qmath has the delegate's for every element.
inline constexpr quantize_rules tflite = xnnpack;

/// TFLite's reference kernels: TFLite Micro, and the formula in TFLite's documents.
///     q = clamp(rha(x / s) + z)                                                         NaN: lowest
/// tensorflow/lite/kernels/internal/reference/quantize.h, AffineQuantize; measured with ai-edge-litert 2.3.0.
/// Not followed: an unchecked cast to int32, which makes infinities and |x / s| >= 2^31 of either sign the
/// lowest code for z >= 0, and wraps around for z < 0.
inline constexpr quantize_rules tflite_reference = {
    quotient_rule::divide, rounding::half_away, zero_point_rule::after_rounding, nan_rule::lowest};

/// ggml and GGUF, q8_0: quantize_row_q8_0_ref, with the scale that schemes.hpp calls ggml.
///     q = rha(x * (1 / d))                                                              NaN: z, which is 0
/// ggml/src/ggml-quants.c; measured with gguf 0.19.0, which writes files by this formula. llama.cpp's AVX2
/// kernel for activations (ggml/src/ggml-cpu/arch/x86/quants.c) multiplies by 127 / max|x| instead and
/// rounds to nearest even. The cast of NaN is undefined; 0 is what x86 and gguf have.
inline constexpr quantize_rules ggml = {quotient_rule::reciprocal, rounding::half_away,
                                        zero_point_rule::after_rounding, nan_rule::zero_point};

/// oneDNN's reorder from f32 to s8, u8 and s32.
///     q = rne(clamp(x * (1 / s) + z))                                                   NaN: lowest
/// src/cpu/x64/jit_uni_reorder.cpp, read at 3f27bec2; oneDNN 2.6.3 gives the same for all numbers and
/// infinities tried. Its reference (src/cpu/reorder/simple_reorder.hpp) divides by s; qmath follows the kernel
/// that runs. NaN differs by version and CPU: the lowest code from AVX on in the text read, the highest for s8
/// in 2.6.3 and with SSE4.1, 0 in the reference.
inline constexpr quantize_rules onednn = {quotient_rule::reciprocal, rounding::nearest_even,
                                          zero_point_rule::before_rounding, nan_rule::lowest};

/// gemmlowp's quantization example, from which many implementations descend.
///     q = rha(clamp(x / s + z))                                                         NaN: highest
/// doc/quantization_example.cc, read at 16e8662c, not run.
inline constexpr quantize_rules gemmlowp = {quotient_rule::divide, rounding::half_away,
                                            zero_point_rule::before_rounding, nan_rule::highest};

}  // namespace numerics

QMATH_END_TYPES

#endif  // QMATH_NUMERICS_HPP_
