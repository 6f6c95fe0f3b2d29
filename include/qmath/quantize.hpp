// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Quantize and dequantize arrays.                                 real = scale * (q - zero_point)
///
/// Never allocates, never throws, never prints. Thread-safe: no shared mutable state, so parts of an
/// array may be processed by different threads. Every element's result depends on that element, its
/// parameters and, for stochastic rounding, its position only, with the same bits on every CPU target;
/// reference.hpp is the definition.
///
/// Arrays of real numbers are float, half or bfloat16; 16-bit ones are converted to float first, exactly. (Those in
/// memory of another type, such as _Float16: as_half, as_bfloat16.)
/// Quantized numbers are in any format of formats/integer.hpp, with codes [lo, hi]. Ranges are anything
/// contiguous (std::vector, std::array, std::span) or a packed_span; sizes are in elements. Any size, 0
/// included; no alignment needed; what is written overlaps nothing that is read, parameters included, unless a
/// function says so.
/// A broken precondition calls the contract handler (core/contract.hpp) and writes nothing.
#ifndef QMATH_QUANTIZE_HPP_
#define QMATH_QUANTIZE_HPP_

#include "qmath/core/concepts.hpp"
#include "qmath/core/options.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/array_arguments.hpp"

QMATH_BEGIN_NAMESPACE

/// q[i] = nearest_even(clamp(x[i] / scale, lo - z, hi - z)) + z                 x, q: [n], z: zero_point
/// x / scale is the correctly rounded float32 quotient; what follows is exact; ties go to even.
/// NaN gives lo; infinities and values out of range saturate; zeros of both signs give z.
/// This is ONNX QuantizeLinear, with ONNX Runtime's answer for NaN. options: another framework's arithmetic
/// (numerics.hpp) or rounding (rounding.hpp), fewer codes than the format has, counts of what was clipped.
/// @pre q.size() == x.size(); scale finite and > 0; lo <= z <= hi, z = 0 for std::int32_t;
///      options.codes and [lo, hi] have a code in common; x and q do not overlap.
template <readable_real_range X, writable_quantized_range Out>
QMATH_INLINE void quantize(const X& x, affine_params p, Out&& q,
                           const quantize_options& options = {}) noexcept {
  detail::quantize_job job;
  if (impl::set_quantize_arrays("quantize", job, impl::reals_of(x), impl::codes_of(q)) &&
      impl::set_options("quantize", job, options) && impl::set_params("quantize", job, p)) {
    impl::call<&detail::kernel_table::quantize>(job);
  }
}

/// The same with scale and zero point of element i from its channel, group or block: number
/// p.layout.index(i).
/// @pre as above, for every scale and zero point; scales.size() == layout.count(); zero_points as many or
///      none; x.size() is a multiple of layout.period(). No elements may come without scales.
template <readable_real_range X, writable_quantized_range Out>
QMATH_INLINE void quantize(const X& x, const channel_params& p, Out&& q,
                           const quantize_options& options = {}) noexcept {
  detail::quantize_job job;
  if (impl::set_quantize_arrays("quantize", job, impl::reals_of(x), impl::codes_of(q)) &&
      impl::set_options("quantize", job, options) &&
      impl::set_params("quantize", job, p, impl::q_names, impl::codes_of(q))) {
    impl::call<&detail::kernel_table::quantize>(job);
  }
}

/// x[i] = scale * float(q[i] - z), rounded to float once, and to half or bfloat16 (nearest even) after
/// that.                                                                                      q, x: [n]
/// @pre x.size() == q.size(); scale finite and > 0; lo <= z <= hi, z = 0 for std::int32_t; q and x do not
///      overlap.
template <readable_quantized_range In, writable_real_range X>
QMATH_INLINE void dequantize(const In& q, affine_params p, X&& x) noexcept {
  detail::dequantize_job job;
  if (impl::set_dequantize_arrays("dequantize", job, impl::codes_of(q), impl::reals_of(x)) &&
      impl::set_params("dequantize", job, p)) {
    impl::call<&detail::kernel_table::dequantize>(job);
  }
}

/// The same with scale and zero point of element i from its channel, group or block.
/// @pre as for quantize with channel_params.
template <readable_quantized_range In, writable_real_range X>
QMATH_INLINE void dequantize(const In& q, const channel_params& p, X&& x) noexcept {
  detail::dequantize_job job;
  if (impl::set_dequantize_arrays("dequantize", job, impl::codes_of(q), impl::reals_of(x)) &&
      impl::set_params("dequantize", job, p, impl::x_names, impl::reals_of(x))) {
    impl::call<&detail::kernel_table::dequantize>(job);
  }
}

/// y[i] = dequantize(quantize<F>(x[i])): what is left of x after a round trip, without the codes.
/// x and y: [n], of any two types of real numbers; y may be x. NaN gives the real number of its code, which is
/// scale * (lo - z) by default.
/// @pre as for quantize; x and y are the same memory and type, or do not overlap.
template <quantized_format F, readable_real_range X, writable_real_range Y>
QMATH_INLINE void fake_quantize(const X& x, affine_params p, Y&& y,
                                const quantize_options& options = {}) noexcept {
  detail::quantize_job job;
  if (impl::set_fake_quantize_arrays<F>("fake_quantize", job, impl::reals_of(x),
                                        impl::reals_of(y)) &&
      impl::set_options("fake_quantize", job, options) &&
      impl::set_params("fake_quantize", job, p)) {
    impl::call<&detail::kernel_table::fake_quantize>(job);
  }
}

/// The same with scale and zero point of element i from its channel, group or block.
template <quantized_format F, readable_real_range X, writable_real_range Y>
QMATH_INLINE void fake_quantize(const X& x, const channel_params& p, Y&& y,
                                const quantize_options& options = {}) noexcept {
  detail::quantize_job job;
  if (impl::set_fake_quantize_arrays<F>("fake_quantize", job, impl::reals_of(x),
                                        impl::reals_of(y)) &&
      impl::set_options("fake_quantize", job, options) &&
      impl::set_params("fake_quantize", job, p, impl::y_names, impl::reals_of(y))) {
    impl::call<&detail::kernel_table::fake_quantize>(job);
  }
}

QMATH_END_NAMESPACE

#endif  // QMATH_QUANTIZE_HPP_
