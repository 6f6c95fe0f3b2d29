// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Quantize, dequantize and requantize arrays.            real = scale * (q - zero_point)
//
// Never allocates, never throws, never prints. Thread-safe: no shared mutable state, so parts of an
// array may be processed by different threads. Every element's result depends on that element and its
// parameters only, with the same bits on every CPU target; reference.hpp is the definition.
//
// Q is std::int8_t or std::uint8_t with the range [lo, hi]. Ranges are anything contiguous (std::vector,
// std::array, std::span). Any size, 0 included; no alignment needed; inputs and outputs do not overlap.
// A broken precondition calls the contract handler (core/contract.hpp) and writes nothing.
#ifndef QMATH_QUANTIZE_HPP_
#define QMATH_QUANTIZE_HPP_

#include <cstdint>
#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/array_arguments.hpp"

QMATH_BEGIN_NAMESPACE

/// q[i] = nearest_even(clamp(x[i] / scale, lo - z, hi - z)) + z                 x, q: [n], z: zero_point
/// x / scale is the correctly rounded float32 quotient; the clamp is in float; ties go to even.
/// NaN gives lo; infinities and values out of range saturate; -0 is 0.
/// This is ONNX QuantizeLinear, with ONNX Runtime's answer for NaN.
/// @pre q.size() == x.size(); scale finite and > 0; lo <= z <= hi; x and q do not overlap.
template <readable_range<float> X, writable_quantized_range Out>
QMATH_INLINE void quantize(const X& x, affine_params p, Out&& q) noexcept {
  using Q = detail::element_of<Out>;
  const std::span<const float> in(x);
  const std::span<Q> out(q);
  if (!impl::expect_arrays("quantize", in, "x.size()", out, "q.size()", "q") ||
      !impl::expect_params<Q>("quantize", p)) {
    return;
  }
  impl::call(impl::quantize_kernel<Q>, in.data(), in.size(), 1, in.size(), &p.scale, &p.zero_point,
             out.data());
}

/// The same with scale and zero point of element i from its channel, (i / layout.run) % layout.count.
/// @pre as above, for every channel; scales.size() == layout.count; zero_points as many or none;
///      x.size() is a multiple of layout.count * layout.run.
template <readable_range<float> X, writable_quantized_range Out>
QMATH_INLINE void quantize(const X& x, const channel_params& p, Out&& q) noexcept {
  using Q = detail::element_of<Out>;
  const std::span<const float> in(x);
  const std::span<Q> out(q);
  if (!impl::expect_arrays("quantize", in, "x.size()", out, "q.size()", "q") ||
      !impl::expect_params<Q>("quantize", p, in.size())) {
    return;
  }
  impl::call(impl::quantize_kernel<Q>, in.data(), in.size(), p.layout.count, p.layout.run,
             p.scales.data(), p.zero_points.data(), out.data());
}

/// x[i] = scale * float(q[i] - z), rounded once.                                              q, x: [n]
/// @pre x.size() == q.size(); scale finite and > 0; lo <= z <= hi; q and x do not overlap.
template <readable_quantized_range In, writable_range<float> X>
QMATH_INLINE void dequantize(const In& q, affine_params p, X&& x) noexcept {
  using Q = std::remove_const_t<detail::element_of<const In>>;
  const std::span<const Q> in(q);
  const std::span<float> out(x);
  if (!impl::expect_arrays("dequantize", in, "q.size()", out, "x.size()", "x") ||
      !impl::expect_params<Q>("dequantize", p)) {
    return;
  }
  impl::call(impl::dequantize_kernel<Q>, in.data(), in.size(), 1, in.size(), &p.scale,
             &p.zero_point, out.data());
}

/// The same with scale and zero point of element i from its channel, (i / layout.run) % layout.count.
/// @pre as for quantize with channel_params.
template <readable_quantized_range In, writable_range<float> X>
QMATH_INLINE void dequantize(const In& q, const channel_params& p, X&& x) noexcept {
  using Q = std::remove_const_t<detail::element_of<const In>>;
  const std::span<const Q> in(q);
  const std::span<float> out(x);
  if (!impl::expect_arrays("dequantize", in, "q.size()", out, "x.size()", "x") ||
      !impl::expect_params<Q>("dequantize", p, in.size())) {
    return;
  }
  impl::call(impl::dequantize_kernel<Q>, in.data(), in.size(), p.layout.count, p.layout.run,
             p.scales.data(), p.zero_points.data(), out.data());
}

/// q[i] = nearest_even(clamp(float(acc[i]) * multiplier, lo - z, hi - z)) + z          acc, q: [n]
/// The conversion and the product are each rounded to nearest even; nothing is contracted.
/// The `fp32` requantization of XNNPACK and ONNX Runtime.
/// @pre q.size() == acc.size(); multiplier finite and > 0; lo <= z <= hi; acc and q do not overlap.
template <readable_range<std::int32_t> Acc, writable_quantized_range Out>
QMATH_INLINE void requantize(const Acc& acc, requantize_params p, Out&& q) noexcept {
  using Q = detail::element_of<Out>;
  const std::span<const std::int32_t> in(acc);
  const std::span<Q> out(q);
  if (!impl::expect_arrays("requantize", in, "acc.size()", out, "q.size()", "q") ||
      !impl::expect_scale("requantize", "multiplier", impl::no_index, p.multiplier) ||
      !impl::expect_zero_point<Q>("requantize", "zero_point", impl::no_index, p.zero_point)) {
    return;
  }
  impl::call(impl::requantize_kernel<Q>, in.data(), in.size(), 1, in.size(), &p.multiplier,
             p.zero_point, out.data());
}

/// The same with the multiplier of element i from its channel, (i / layout.run) % layout.count.
/// @pre as above, for every channel; multipliers.size() == layout.count; acc.size() is a multiple of
///      layout.count * layout.run.
template <readable_range<std::int32_t> Acc, writable_quantized_range Out>
QMATH_INLINE void requantize(const Acc& acc, const channel_requantize_params& p, Out&& q) noexcept {
  using Q = detail::element_of<Out>;
  const std::span<const std::int32_t> in(acc);
  const std::span<Q> out(q);
  if (!impl::expect_arrays("requantize", in, "acc.size()", out, "q.size()", "q") ||
      !impl::expect_layout("requantize", "multipliers.size()", p.multipliers.size(), p.layout,
                           in.size()) ||
      !impl::expect_scales("requantize", "multipliers", p.multipliers) ||
      !impl::expect_zero_point<Q>("requantize", "zero_point", impl::no_index, p.zero_point)) {
    return;
  }
  impl::call(impl::requantize_kernel<Q>, in.data(), in.size(), p.layout.count, p.layout.run,
             p.multipliers.data(), p.zero_point, out.data());
}

QMATH_END_NAMESPACE

#endif  // QMATH_QUANTIZE_HPP_
