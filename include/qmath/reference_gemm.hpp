// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// The definition of gemm (gemm.hpp), part of reference.hpp: B is not packed.
#ifndef QMATH_REFERENCE_GEMM_HPP_
#define QMATH_REFERENCE_GEMM_HPP_

#include <cstdint>
#include <span>

#include "qmath/core/params.hpp"
#include "qmath/core/view.hpp"
#include "qmath/epilogue.hpp"
#include "qmath/reference.hpp"

QMATH_BEGIN_NAMESPACE
namespace reference {

/// sum over k of (a[row, k] - za) * (b[k, column] - zb), modulo 2^32.                              b: [k, n]
template <class A, class B>
std::int32_t dot(matrix_view<A> a, const gemm_zero_points& z, matrix_view<B> b, std::size_t row,
                 std::size_t column) noexcept {
  const std::int32_t za = z.a_rows.empty() ? z.a : z.a_rows[row];
  const std::int32_t zb = z.b_columns.empty() ? z.b : z.b_columns[column];
  std::uint32_t sum = 0;
  for (std::size_t k = 0; k < b.rows; ++k) {
    sum += static_cast<std::uint32_t>((a(row, k) - za) * (b(k, column) - zb));
  }
  return static_cast<std::int32_t>(sum);
}

template <class T>
T one_or_each(std::span<const T> values, std::size_t i) noexcept {
  return values.size() == 1 ? values[0] : values[i];
}

/// a + b modulo 2^32
inline std::int32_t wrapped_sum(std::int32_t a, std::int32_t b) noexcept {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

/// c: acc[m, n] on entry is the sum, the result what the epilogue makes of it and of c.
inline std::int32_t apply(const to_sums& e, std::int32_t acc, std::size_t, std::size_t n,
                          std::int32_t c) noexcept {
  if (!e.bias.empty()) acc = wrapped_sum(acc, e.bias[n]);
  return e.accumulate ? wrapped_sum(acc, c) : acc;
}

template <real_number C>
C apply(const to_float& e, std::int32_t acc, std::size_t m, std::size_t n, C c) noexcept {
  const float a_scale = e.a_scales.empty() ? e.a_scale : e.a_scales[m];
  const float scale = rounded(a_scale * one_or_each(e.b_scales, n));
  float y = rounded(static_cast<float>(acc) * scale);
  if (!e.bias.empty()) y = rounded(y + e.bias[n]);
  if (e.accumulate) y = rounded(y + float_from(c));
  if (y < e.min) y = e.min;
  if (y > e.max) y = e.max;
  store_real(c, y);
  return c;
}

template <class C>
C apply(const to_quantized& e, std::int32_t acc, std::size_t m, std::size_t n, C) noexcept {
  static constexpr code_range all = detail::codes_of<C>;
  const auto inside = [](std::int32_t v) {
    return v < all.min ? all.min : v > all.max ? all.max : v;
  };
  const code_range codes = {inside(e.min), inside(e.max)};
  if (!e.bias.empty()) acc = wrapped_sum(acc, e.bias[n]);
  if (!e.fixed_multipliers.empty()) {
    return static_cast<C>(
        requantize(acc, one_or_each(e.fixed_multipliers, n), e.rule, e.zero_point, codes));
  }
  float multiplier = one_or_each(e.multipliers, n);
  if (!e.row_multipliers.empty()) {
    multiplier = rounded(e.row_multipliers[m] * multiplier);
    if (multiplier > detail::largest<float>) multiplier = detail::largest<float>;
  }
  return static_cast<C>(requantize(acc, multiplier, e.zero_point, codes));
}

template <class A, class B, class Epilogue, class C>
void gemm(matrix_view<A> a, const gemm_zero_points& zero_points, matrix_view<B> b,
          const Epilogue& epilogue, matrix_view<C> c) noexcept {
  for (std::size_t m = 0; m < c.rows; ++m) {
    for (std::size_t n = 0; n < c.cols; ++n) {
      c(m, n) = apply(epilogue, dot(a, zero_points, b, m, n), m, n, c(m, n));
    }
  }
}

}  // namespace reference
QMATH_END_NAMESPACE

#endif  // QMATH_REFERENCE_GEMM_HPP_
