// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The definition of every operation: one obvious scalar loop each. NORMATIVE: every kernel on every CPU
// target returns these bits. Slow by design; for tests, documentation and readers.
//
// Float arithmetic is IEEE 754 binary32 with round to nearest even. rounded(x) marks where a result is
// rounded to float, and forbids the compiler to contract it with what follows.
// Arguments are raw: preconditions are those of the public function of the same name, unchecked.
#ifndef QMATH_REFERENCE_HPP_
#define QMATH_REFERENCE_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/core/view.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/epilogue.hpp"

QMATH_BEGIN_NAMESPACE
namespace reference {

// ---- One number --------------------------------------------------------------------------------

/// x as a float in memory: no wider register, no contraction.
inline float rounded(float x) noexcept {
  volatile float in_memory = x;
  return in_memory;
}

/// The nearest integer, ties to the even one. |x| < 2^31.
inline std::int32_t nearest_even(float x) noexcept {
  auto n = static_cast<std::int32_t>(x);                  // toward zero
  const float rest = rounded(x - static_cast<float>(n));  // exact
  const float distance = rest < 0.0f ? -rest : rest;
  if (distance > 0.5f || (distance == 0.5f && n % 2 != 0)) n += rest < 0.0f ? -1 : 1;
  return n;
}

/// lo for NaN.
inline float clamp(float x, float lo, float hi) noexcept {
  if (!(x >= lo)) return lo;
  return x > hi ? hi : x;
}

/// nearest_even(clamp(t, min - z, max - z)) + z
inline std::int32_t round_to_range(float t, std::int32_t zero_point, std::int32_t min,
                                   std::int32_t max) noexcept {
  const float lo = static_cast<float>(min - zero_point);
  const float hi = static_cast<float>(max - zero_point);
  return nearest_even(clamp(t, lo, hi)) + zero_point;
}

template <quantized_integer Q>
Q quantize(float x, float scale, std::int32_t zero_point) noexcept {
  const float t = rounded(x / scale);
  return static_cast<Q>(round_to_range(t, zero_point, detail::lowest<Q>, detail::largest<Q>));
}

template <quantized_integer Q>
float dequantize(Q q, float scale, std::int32_t zero_point) noexcept {
  return rounded(scale * static_cast<float>(q - zero_point));
}

template <quantized_integer Q>
Q requantize(std::int32_t acc, float multiplier, std::int32_t zero_point) noexcept {
  const float t = rounded(static_cast<float>(acc) * multiplier);
  return static_cast<Q>(round_to_range(t, zero_point, detail::lowest<Q>, detail::largest<Q>));
}

// ---- Arrays ------------------------------------------------------------------------------------

/// The parameter that element i uses.
inline std::size_t channel_of(std::size_t i, granularity g) noexcept { return i / g.run % g.count; }

inline std::int32_t zero_point_of(const channel_params& p, std::size_t channel) noexcept {
  return p.zero_points.empty() ? 0 : p.zero_points[channel];
}

template <quantized_integer Q>
void quantize(std::span<const float> x, affine_params p, std::span<Q> q) noexcept {
  for (std::size_t i = 0; i < x.size(); ++i) q[i] = quantize<Q>(x[i], p.scale, p.zero_point);
}

template <quantized_integer Q>
void quantize(std::span<const float> x, const channel_params& p, std::span<Q> q) noexcept {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t c = channel_of(i, p.layout);
    q[i] = quantize<Q>(x[i], p.scales[c], zero_point_of(p, c));
  }
}

template <quantized_integer Q>
void dequantize(std::span<const Q> q, affine_params p, std::span<float> x) noexcept {
  for (std::size_t i = 0; i < q.size(); ++i) x[i] = dequantize(q[i], p.scale, p.zero_point);
}

template <quantized_integer Q>
void dequantize(std::span<const Q> q, const channel_params& p, std::span<float> x) noexcept {
  for (std::size_t i = 0; i < q.size(); ++i) {
    const std::size_t c = channel_of(i, p.layout);
    x[i] = dequantize(q[i], p.scales[c], zero_point_of(p, c));
  }
}

template <quantized_integer Q>
void requantize(std::span<const std::int32_t> acc, requantize_params p, std::span<Q> q) noexcept {
  for (std::size_t i = 0; i < acc.size(); ++i) {
    q[i] = requantize<Q>(acc[i], p.multiplier, p.zero_point);
  }
}

template <quantized_integer Q>
void requantize(std::span<const std::int32_t> acc, const channel_requantize_params& p,
                std::span<Q> q) noexcept {
  for (std::size_t i = 0; i < acc.size(); ++i) {
    q[i] = requantize<Q>(acc[i], p.multipliers[channel_of(i, p.layout)], p.zero_point);
  }
}

inline value_range min_max(std::span<const float> x) noexcept {
  value_range r;
  for (const float v : x) {
    if (v < r.min) r.min = v;  // false for NaN
    if (v > r.max) r.max = v;
  }
  return {rounded(r.min + 0.0f), rounded(r.max + 0.0f)};  // -0 becomes +0
}

// ---- GEMM --------------------------------------------------------------------------------------

/// sum over k of (a[row, k] - a_zero_point) * b[k, column], modulo 2^32.                 b: [k, n]
template <class A>
std::int32_t dot(matrix_view<A> a, std::int32_t a_zero_point, matrix_view<const std::int8_t> b,
                 std::size_t row, std::size_t column) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t k = 0; k < b.rows; ++k) {
    const std::int32_t product = (a(row, k) - a_zero_point) * b(k, column);
    sum += static_cast<std::uint32_t>(product);
  }
  return static_cast<std::int32_t>(sum);
}

template <class T>
T per_column(std::span<const T> values, std::size_t column) noexcept {
  return values.size() == 1 ? values[0] : values[column];
}

template <class A>
void gemm(matrix_view<A> a, std::int32_t a_zero_point, matrix_view<const std::int8_t> b,
          matrix_view<std::int32_t> c) noexcept {
  for (std::size_t m = 0; m < c.rows; ++m) {
    for (std::size_t n = 0; n < c.cols; ++n) c(m, n) = dot(a, a_zero_point, b, m, n);
  }
}

template <class A>
void gemm(matrix_view<A> a, std::int32_t a_zero_point, matrix_view<const std::int8_t> b,
          const to_float& e, matrix_view<float> c) noexcept {
  for (std::size_t m = 0; m < c.rows; ++m) {
    for (std::size_t n = 0; n < c.cols; ++n) {
      const std::int32_t acc = dot(a, a_zero_point, b, m, n);
      const float scale = rounded(e.a_scale * per_column(e.b_scales, n));
      const float scaled = rounded(static_cast<float>(acc) * scale);
      c(m, n) = e.bias.empty() ? scaled : rounded(scaled + e.bias[n]);
    }
  }
}

template <class A, quantized_integer C>
void gemm(matrix_view<A> a, std::int32_t a_zero_point, matrix_view<const std::int8_t> b,
          const to_quantized& e, matrix_view<C> c) noexcept {
  const auto inside = [](std::int32_t v) {
    constexpr std::int32_t lo = detail::lowest<C>, hi = detail::largest<C>;
    return v < lo ? lo : v > hi ? hi : v;
  };
  for (std::size_t m = 0; m < c.rows; ++m) {
    for (std::size_t n = 0; n < c.cols; ++n) {
      std::uint32_t acc = static_cast<std::uint32_t>(dot(a, a_zero_point, b, m, n));
      if (!e.bias.empty()) acc += static_cast<std::uint32_t>(e.bias[n]);
      const float sum = static_cast<float>(static_cast<std::int32_t>(acc));
      const float t = rounded(sum * per_column(e.multipliers, n));
      c(m, n) = static_cast<C>(round_to_range(t, e.zero_point, inside(e.min), inside(e.max)));
    }
  }
}

}  // namespace reference
QMATH_END_NAMESPACE

#endif  // QMATH_REFERENCE_HPP_
