// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Integer matrix product with 32-bit sums.
///
///     acc[m, n] = sum over k of (a[m, k] - a_zero_point) * b[k, n]               modulo 2^32
///
/// A is uint8 or int8, row-major and not repacked; B is int8, packed once (pack.hpp). Sizes and strides are in
/// elements. Exact on every CPU target: no partial sum saturates. The sum cannot overflow for
///     k <= 65793                                      k <= 131071  (int8 A with zero point 0)
/// beyond that it may wrap, in the same way everywhere.
///
/// Never allocates, never throws, never prints, starts no threads: callers split m. Any size, 0 included:
/// k = 0 gives sums of 0. c overlaps none of the inputs.
/// A broken precondition calls the contract handler (core/contract.hpp) and writes nothing.
#ifndef QMATH_GEMM_HPP_
#define QMATH_GEMM_HPP_

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "qmath/core/concepts.hpp"
#include "qmath/core/view.hpp"
#include "qmath/detail/gemm_arguments.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/epilogue.hpp"
#include "qmath/pack.hpp"

QMATH_BEGIN_NAMESPACE

/// c = acc                                                          a: [m, k], b: [k, n], c: [m, n]
/// @pre a.cols == b.k; c is [a.rows, b.n]; strides >= cols; a_zero_point in A's range.
template <class A>
  requires eight_bit_integer<std::remove_const_t<A>>
QMATH_INLINE void gemm(matrix_view<A> a, std::int32_t a_zero_point, const packed_matrix& b,
                       matrix_view<std::int32_t> c) noexcept {
  const detail::gemm_problem p = impl::make_problem(a, a_zero_point, b, c);
  if (p.c == nullptr) return;
  impl::run_gemm(&detail::kernel_table::gemm_s32, p);
}

/// c = epilogue(acc) in float32: see to_float.                      a: [m, k], b: [k, n], c: [m, n]
/// @pre as above; a_scale and b_scales finite and > 0; 1 or n b_scales; 0 or n bias.
template <class A>
  requires eight_bit_integer<std::remove_const_t<A>>
QMATH_INLINE void gemm(matrix_view<A> a, std::int32_t a_zero_point, const packed_matrix& b,
                       const to_float& epilogue, matrix_view<float> c) noexcept {
  detail::gemm_problem p = impl::make_problem(a, a_zero_point, b, c);
  if (p.c == nullptr || !impl::expect_scale("gemm", "a_scale", impl::no_index, epilogue.a_scale) ||
      !impl::set_scales(p.epilogue, "b_scales.size()", "b_scales", "overlaps b_scales",
                        epilogue.b_scales, c) ||
      !impl::expect_bias(epilogue.bias, c)) {
    return;
  }
  p.epilogue.a_scale = epilogue.a_scale;
  p.epilogue.bias_f32 = epilogue.bias.empty() ? nullptr : epilogue.bias.data();
  impl::run_gemm(&detail::kernel_table::gemm_f32, p);
}

/// c = epilogue(acc) in 8 bits: see to_quantized.                   a: [m, k], b: [k, n], c: [m, n]
/// @pre as above; multipliers finite and > 0, 1 or n of them; 0 or n bias; zero_point in C's range;
///      min <= max.
template <class A, eight_bit_integer C>
  requires eight_bit_integer<std::remove_const_t<A>>
QMATH_INLINE void gemm(matrix_view<A> a, std::int32_t a_zero_point, const packed_matrix& b,
                       const to_quantized& epilogue, matrix_view<C> c) noexcept {
  constexpr std::int32_t lo = detail::lowest<C>, hi = detail::largest<C>;
  detail::gemm_problem p = impl::make_problem(a, a_zero_point, b, c);
  if (p.c == nullptr ||
      !impl::set_scales(p.epilogue, "multipliers.size()", "multipliers", "overlaps multipliers",
                        epilogue.multipliers, c) ||
      !impl::expect_bias(epilogue.bias, c) ||
      !impl::expect_zero_point("gemm", "zero_point", epilogue.zero_point, detail::codes_of<C>) ||
      !impl::expect_inside("gemm", "min", impl::no_index, epilogue.min,
                           detail::lowest<std::int32_t>, epilogue.max)) {
    return;
  }
  p.epilogue.bias_s32 = epilogue.bias.empty() ? nullptr : epilogue.bias.data();
  p.epilogue.zero_point = epilogue.zero_point;
  p.epilogue.min = std::clamp(epilogue.min, lo, hi);
  p.epilogue.max = std::clamp(epilogue.max, lo, hi);
  if constexpr (std::is_signed_v<C>) {
    impl::run_gemm(&detail::kernel_table::gemm_s8, p);
  } else {
    impl::run_gemm(&detail::kernel_table::gemm_u8, p);
  }
}

QMATH_END_NAMESPACE

#endif  // QMATH_GEMM_HPP_
