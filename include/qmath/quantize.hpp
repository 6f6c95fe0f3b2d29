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
#include "qmath/detail/call.hpp"
#include "qmath/detail/check.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

// The table has an entry per integer type; these pick it.
template <class Q>
inline constexpr auto quantize_kernel = &detail::kernel_table::quantize_s8_f32;
template <>
inline constexpr auto quantize_kernel<std::uint8_t> = &detail::kernel_table::quantize_u8_f32;
template <class Q>
inline constexpr auto dequantize_kernel = &detail::kernel_table::dequantize_f32_s8;
template <>
inline constexpr auto dequantize_kernel<std::uint8_t> = &detail::kernel_table::dequantize_f32_u8;
template <class Q>
inline constexpr auto requantize_kernel = &detail::kernel_table::requantize_s8_s32;
template <>
inline constexpr auto requantize_kernel<std::uint8_t> = &detail::kernel_table::requantize_u8_s32;

template <class Q>
QMATH_INLINE bool expect_params(const char* function, affine_params p) noexcept {
  return expect_scale(function, "scale", no_index, p.scale) &&
         expect_zero_point<Q>(function, "zero_point", no_index, p.zero_point);
}

template <class Q>
QMATH_INLINE bool expect_params(const char* function, const channel_params& p,
                                std::size_t n) noexcept {
  if (!expect_layout(function, "scales.size()", p.scales.size(), p.layout, n)) return false;
  if (!expect_scales(function, "scales", p.scales)) return false;
  if (p.zero_points.empty()) return true;
  if (!expect_equal(function, "zero_points.size()", p.zero_points.size(), "scales.size()",
                    p.scales.size())) {
    return false;
  }
  if (QMATH_CHECKS) {
    for (std::size_t i = 0; i < p.zero_points.size(); ++i) {
      if (!expect_zero_point<Q>(function, "zero_points", i, p.zero_points[i])) return false;
    }
  }
  return true;
}

template <class In, class Out>
QMATH_INLINE bool expect_arrays(const char* function, std::span<In> in, const char* in_size_name,
                                std::span<Out> out, const char* out_size_name,
                                const char* out_name) noexcept {
  return expect_equal(function, out_size_name, out.size(), in_size_name, in.size()) &&
         expect_disjoint(function, out_name, out.data(), out.size(), in.data(), in.size());
}

}  // namespace impl

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
