// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// A linear layer with dynamic quantization: real activations in, quantized weights, real activations out.
#ifndef QMATH_LINEAR_HPP_
#define QMATH_LINEAR_HPP_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/core/view.hpp"
#include "qmath/detail/linear_arguments.hpp"
#include "qmath/dynamic.hpp"
#include "qmath/executor.hpp"
#include "qmath/gemm.hpp"

QMATH_BEGIN_NAMESPACE

/// Bytes of scratch memory that dynamic_linear needs for x of [m, k]; for any number of rows it is at most that of
/// a few hundred, which stay in a cache.
QMATH_INLINE constexpr std::size_t dynamic_linear_scratch(std::size_t m, std::size_t k) noexcept {
  return impl::linear_scratch(m, k).size();
}

/// Row by row (token by token)
///     scale, z, q = dynamic_quantize(x[m], how)         to int8 if how is symmetric, to uint8 otherwise
///     y[m] = epilogue(sum over k of (q[k] - z) * (w[k, n] - zero point of w))
/// which is gemm with zero_points.a_rows and epilogue.a_scales from the rows of x: all bits are those of the two
/// calls. epilogue.a_scale and a_scales are not looked at; zero_points.a and a_rows neither.
/// x: [m, k], y: [m, n], real numbers of any two types; w: [k, n] (packed); scratch: bytes, of any alignment,
/// whose contents are lost.
/// @pre x.cols == w.k; y is [x.rows, w.n]; scratch.size() >= dynamic_linear_scratch(x.rows, x.cols);
///      the epilogue and zero points as for gemm; y and scratch overlap nothing else.
template <class X, real_number Y>
  requires real_number<std::remove_const_t<X>>
QMATH_INLINE void dynamic_linear(matrix_view<X> x, const packed_matrix& w, const to_float& epilogue,
                                 matrix_view<Y> y, std::span<std::byte> scratch,
                                 const scheme& how = affine,
                                 const gemm_zero_points& zero_points = {}) noexcept {
  impl::checked_linear(x, w, epilogue, y, scratch, how, zero_points,
                       [](const gemm_plan& plan) { plan.run(0, plan.tasks()); });
}

/// The same, and the same bits, on the threads of an executor (executor.hpp). The caller's thread quantizes a block of
/// rows, then all of them multiply it, by its columns if the rows are few.
template <class X, real_number Y, class Executor>
  requires(real_number<std::remove_const_t<X>> && !std::convertible_to<Executor, scheme>)
QMATH_INLINE void dynamic_linear(matrix_view<X> x, const packed_matrix& w, const to_float& epilogue,
                                 matrix_view<Y> y, std::span<std::byte> scratch,
                                 Executor&& executor, const scheme& how = affine,
                                 const gemm_zero_points& zero_points = {}) {
  impl::checked_linear(x, w, epilogue, y, scratch, how, zero_points,
                       [&](const gemm_plan& plan) { run(plan, executor); });
}

QMATH_END_NAMESPACE

#endif  // QMATH_LINEAR_HPP_
