// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// The definition of every operation: one obvious scalar loop each. NORMATIVE: every kernel on every CPU
/// target returns these bits. Slow by design; for tests, documentation and readers.
///
/// Float arithmetic is IEEE 754 binary32 with round to nearest even. rounded(x) marks where a result is
/// rounded to float, and forbids the compiler to contract it with what follows. Double arithmetic is exact
/// wherever it appears, unless x itself is a double.
/// Arguments are raw: preconditions are those of the public function of the same name, unchecked.
///
/// Not here, because they are their own definition, in scalar code that every target shares: conversions of half
/// and bfloat16 (formats/real.hpp), granularity::index, choose_params (schemes.hpp), multipliers of frameworks
/// (fixed_point.hpp), merge and absmax of a range (range.hpp), pack (pack.hpp). dynamic_quantize is min_max,
/// choose_params and quantize.
#ifndef QMATH_REFERENCE_HPP_
#define QMATH_REFERENCE_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/core/options.hpp"
#include "qmath/core/params.hpp"
#include "qmath/core/view.hpp"
#include "qmath/reference_number.hpp"

QMATH_BEGIN_NAMESPACE
namespace reference {

// ---- Elements of arrays ------------------------------------------------------------------------

template <class Q>
std::int32_t load(std::span<const Q> q, std::size_t i) noexcept {
  return q[i];
}

template <class Q>
void store(std::span<Q> q, std::size_t i, std::int32_t code) noexcept {
  q[i] = static_cast<Q>(code);
}

/// Where in its byte element i of a packed array is, in bits from the low end.
template <packed_integer F, bit_order Order>
unsigned bit_of(std::size_t i) noexcept {
  constexpr std::size_t bits = detail::bits_of<F>, last = 8 / bits - 1;
  const std::size_t position = i % (8 / bits);
  return static_cast<unsigned>(bits * (Order == bit_order::first_low ? position : last - position));
}

template <packed_integer F, class Byte, bit_order Order>
std::int32_t load(packed_span<F, Byte, Order> q, std::size_t i) noexcept {
  constexpr std::size_t bits = detail::bits_of<F>;
  const int code = q.data[i / (8 / bits)] >> bit_of<F, Order>(i) & ((1 << bits) - 1);
  return code > full_range<F>().max ? code - (1 << bits) : code;
}

/// Byte by byte from the first element on: the first one of a byte clears the rest of it.
template <packed_integer F, bit_order Order>
void store(packed_span<F, std::uint8_t, Order> q, std::size_t i, std::int32_t code) noexcept {
  constexpr std::size_t bits = detail::bits_of<F>;
  const unsigned field = static_cast<unsigned>(code) & ((1u << bits) - 1u);
  std::uint8_t& byte = q.data[i / (8 / bits)];
  const unsigned before = i % (8 / bits) == 0 ? 0u : byte;
  byte = static_cast<std::uint8_t>(before | field << bit_of<F, Order>(i));
}

inline void store_real(float& to, float x) noexcept { to = x; }
inline void store_real(half& to, float x) noexcept { to = half_from(x); }
inline void store_real(bfloat16& to, float x) noexcept { to = bfloat16_from(x); }

inline std::int32_t zero_point_of(const channel_params& p, std::size_t channel) noexcept {
  return p.zero_points.empty() ? 0 : p.zero_points[channel];
}

/// The parameters of element i.
inline affine_params params_of(const affine_params& p, std::size_t) noexcept { return p; }
inline affine_params params_of(const channel_params& p, std::size_t i) noexcept {
  const std::size_t c = p.layout.index(i);
  return {p.scales[c], zero_point_of(p, c)};
}
inline float multiplier_of(const requantize_params& p, std::size_t) noexcept {
  return p.multiplier;
}
inline float multiplier_of(const channel_requantize_params& p, std::size_t i) noexcept {
  return p.multipliers[p.layout.index(i)];
}
inline fixed_point_multiplier multiplier_of(const fixed_point_params& p, std::size_t) noexcept {
  return p.multiplier;
}
inline fixed_point_multiplier multiplier_of(const channel_fixed_point_params& p,
                                            std::size_t i) noexcept {
  return p.multipliers[p.layout.index(i)];
}

// ---- Arrays. F is the format; Out and In are std::span or packed_span of it; Params are affine_params or
// channel_params, and their counterparts for requantize ---------------------------------------------

template <quantized_format F, real_number X, class Params, class Out>
void quantize(std::span<const X> x, const Params& p, Out q,
              const quantize_options& options = {}) noexcept {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const affine_params own = params_of(p, i);
    const bool random = options.rules.round == rounding::stochastic;
    const code_and_counts result = quantize_and_count(float_from(x[i]), own.scale, own.zero_point,
                                                      codes_in_use<F>(options.codes), options.rules,
                                                      random ? random_bits(options.random, i) : 0);
    store(q, i, result.code);
    if (options.counts != nullptr) *options.counts += result.counts;
  }
}

template <class In, class Params, real_number X>
void dequantize(In q, const Params& p, std::span<X> x) noexcept {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const affine_params own = params_of(p, i);
    store_real(x[i], dequantize(load(q, i), own.scale, own.zero_point));
  }
}

/// y[i] = dequantize(quantize(x[i]))
template <quantized_format F, real_number X, class Params, real_number Y>
void fake_quantize(std::span<const X> x, const Params& p, std::span<Y> y,
                   const quantize_options& options = {}) noexcept {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const affine_params own = params_of(p, i);
    const bool random = options.rules.round == rounding::stochastic;
    const code_and_counts result = quantize_and_count(float_from(x[i]), own.scale, own.zero_point,
                                                      codes_in_use<F>(options.codes), options.rules,
                                                      random ? random_bits(options.random, i) : 0);
    store_real(y[i], dequantize(result.code, own.scale, own.zero_point));
    if (options.counts != nullptr) *options.counts += result.counts;
  }
}

/// In: spans of std::int32_t, or of any quantized format.
template <quantized_format F, class In, class Out>
void requantize(In in, const requantize_params& p, Out q, code_range codes = {}) noexcept {
  for (std::size_t i = 0; i < q.size(); ++i) {
    store(q, i,
          requantize(load(in, i) - p.input_zero_point, multiplier_of(p, i), p.zero_point,
                     codes_in_use<F>(codes)));
  }
}

template <quantized_format F, class In, class Out>
void requantize(In in, const channel_requantize_params& p, Out q, code_range codes = {}) noexcept {
  for (std::size_t i = 0; i < q.size(); ++i) {
    store(q, i,
          requantize(load(in, i) - p.input_zero_point, multiplier_of(p, i), p.zero_point,
                     codes_in_use<F>(codes)));
  }
}

/// Params: fixed_point_params or channel_fixed_point_params.
template <quantized_format F, class In, class Params, class Out>
void requantize(In in, const Params& p, Out q, code_range codes = {}) noexcept {
  for (std::size_t i = 0; i < q.size(); ++i) {
    store(q, i,
          requantize(load(in, i) - p.input_zero_point, multiplier_of(p, i), p.rule, p.zero_point,
                     codes_in_use<F>(codes)));
  }
}

// ---- Ranges ------------------------------------------------------------------------------------

/// The range that also contains v; NaN is skipped. By its bits: compilers make one instruction of a comparison and
/// a choice, and some instructions return a signaling NaN.
inline value_range extended(value_range r, float v) noexcept {
  if (detail::is_nan(v)) return r;
  if (v < r.min) r.min = v;
  if (v > r.max) r.max = v;
  return r;
}

/// -0 becomes +0.
inline value_range without_negative_zero(value_range r) noexcept {
  return {rounded(r.min + 0.0f), rounded(r.max + 0.0f)};
}

template <real_number X>
value_range min_max(std::span<const X> x) noexcept {
  value_range r{};
  for (const X& v : x) r = extended(r, float_from(v));
  return without_negative_zero(r);
}

/// One range for each parameter of the layout.
template <real_number X>
void min_max(std::span<const X> x, const granularity& layout, std::span<value_range> r) noexcept {
  for (value_range& range : r) range = {};
  for (std::size_t i = 0; i < x.size(); ++i) {
    value_range& range = r[layout.index(i)];
    range = extended(range, float_from(x[i]));
  }
  for (value_range& range : r) range = without_negative_zero(range);
}

/// The largest |x[i]|, NaN skipped; 0 if there is no number.
template <real_number X>
float absmax(std::span<const X> x) noexcept {
  float largest = 0.0f;
  for (const X& v : x) {
    const float magnitude = float_from(v) < 0.0f ? -float_from(v) : float_from(v);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

}  // namespace reference
QMATH_END_NAMESPACE

#if QMATH_WITH_GEMM
#include "qmath/reference_gemm.hpp"
#endif
#if QMATH_WITH_CALIBRATION
#include "qmath/reference_search.hpp"
#endif

#endif  // QMATH_REFERENCE_HPP_
