// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Integer matrix product with 32-bit sums.
///
///     acc[m, n] = sum over k of (a[m, k] - za[m]) * (b[k, n] - zb[n])             modulo 2^32
///
/// A is uint8 or int8, row-major and not repacked; B is int8 or uint8, packed once (pack.hpp). Sizes and strides
/// are in elements. Exact on every CPU target: no partial sum saturates. With zero points of B that are 0, the
/// sum cannot overflow for
///     k <= 65793                                      k <= 131071  (int8 A with zero point 0)
/// and for k <= 33025 whatever the types and zero points; beyond that it may wrap, in the same way everywhere.
///
/// Never allocates, never throws, never prints, starts no threads. Any size, 0 included: k = 0 gives sums of 0.
/// Results do not depend on how the work is split. c overlaps none of the inputs.
/// A broken precondition calls the contract handler (core/contract.hpp) and writes nothing.
#ifndef QMATH_GEMM_HPP_
#define QMATH_GEMM_HPP_

#include <cstdint>
#include <type_traits>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/core/view.hpp"
#include "qmath/detail/gemm_arguments.hpp"
#include "qmath/epilogue.hpp"
#include "qmath/pack.hpp"

QMATH_BEGIN_NAMESPACE

/// One GEMM whose arguments have been checked, as tasks that threads can share: blocks of rows and columns of C.
/// Copies the structures it was made of and views the memory that they point to: a, c, the packed bytes of b, the
/// arrays of the zero points and the epilogue. May be copied. Without tasks after a broken precondition and for empty
/// C. Many products in one list of tasks: gemm_batch.hpp.
///
///     const auto work = plan_gemm(a, za, b, epilogue, c);
///     work.run(0, work.tasks());                  // all of it; or on threads, each task once, in any order
class gemm_plan {
 public:
  gemm_plan() = default;
  QMATH_INLINE explicit gemm_plan(const detail::gemm_problem& problem) noexcept
      : problem_(problem),
        tasks_(detail::gemm_tasks(problem.m, problem.n, problem.k)),
        is_made_(true) {}

  /// Whether it was made of arguments that hold what plan_gemm asks for; empty C is fine.
  QMATH_INLINE explicit operator bool() const noexcept { return is_made_; }

  QMATH_INLINE std::size_t tasks() const noexcept { return tasks_; }

  /// Multiplications of one task, at most: threads are worth starting from about 100000 of them on.
  QMATH_INLINE std::size_t products_per_task() const noexcept {
    const std::size_t rows = detail::gemm_task_rows(problem_.k),
                      columns = detail::gemm_task_columns;
    return (problem_.m < rows ? problem_.m : rows) * (problem_.n < columns ? problem_.n : columns) *
           problem_.k;
  }

  /// Runs the tasks first ... last - 1. Thread-safe for different tasks.
  /// @pre first <= last <= tasks()
  QMATH_INLINE void run(std::size_t first, std::size_t last) const noexcept {
    if (impl::expect_tasks("gemm_plan::run", first, last, tasks_))
      impl::run_gemm(problem_, first, last);
  }

 private:
  detail::gemm_problem problem_ = {};
  std::size_t tasks_ = 0;
  bool is_made_ = false;
};

/// c = epilogue(acc), as a plan. The epilogue is to_sums for int32, to_float for float, half and bfloat16,
/// to_quantized for int8, uint8 and int16.                          a: [m, k], b: [k, n], c: [m, n]
/// @pre a.cols == b.k; c is [a.rows, b.n]; strides >= cols; zero points inside their types; a_rows and
///      b_columns empty or m and n of them; the arrays of the epilogue as many as it says, scales and multipliers
///      finite and > 0, its zero point in C's range, min <= max.
template <class A, class Epilogue, class C>
  requires impl::gemm_types<A, Epilogue, C>
[[nodiscard]] QMATH_INLINE gemm_plan plan_gemm(matrix_view<A> a,
                                               const gemm_zero_points& zero_points,
                                               const packed_matrix& b, const Epilogue& epilogue,
                                               matrix_view<C> c) noexcept {
  detail::gemm_problem p;
  if (!impl::set_gemm("gemm", p, a, zero_points, b, c) ||
      !impl::set_epilogue("gemm", p, epilogue, c))
    return {};
  return gemm_plan(p);
}

/// c = epilogue(acc)                                                a: [m, k], b: [k, n], c: [m, n]
/// @pre as for plan_gemm.
template <class A, class Epilogue, class C>
  requires impl::gemm_types<A, Epilogue, C>
QMATH_INLINE void gemm(matrix_view<A> a, const gemm_zero_points& zero_points,
                       const packed_matrix& b, const Epilogue& epilogue,
                       matrix_view<C> c) noexcept {
  const gemm_plan plan = plan_gemm(a, zero_points, b, epilogue, c);
  plan.run(0, plan.tasks());
}

/// c = acc                                                          a: [m, k], b: [k, n], c: [m, n]
template <class A>
  requires eight_bit_integer<std::remove_const_t<A>>
QMATH_INLINE void gemm(matrix_view<A> a, const gemm_zero_points& zero_points,
                       const packed_matrix& b, matrix_view<std::int32_t> c) noexcept {
  gemm(a, zero_points, b, to_sums{}, c);
}

/// The same with an epilogue of the caller: f(row, column, sums) for parts of rows, sums being a
/// std::span<const std::int32_t> of acc[row, column], acc[row, column + 1] ... Each sum is given once, in no
/// particular order; the memory is valid during the call. f must not throw.       a: [m, k], b: [k, n]
/// The plan refers to f.
template <class A, class F>
  requires impl::gemm_function<A, F>
[[nodiscard]] QMATH_INLINE gemm_plan plan_gemm_with(matrix_view<A> a,
                                                    const gemm_zero_points& zero_points,
                                                    const packed_matrix& b, F& f) noexcept {
  detail::gemm_problem p;
  if (!impl::set_gemm("gemm", p, a, zero_points, b)) return {};
  impl::set_function(p.epilogue, f);
  return gemm_plan(p);
}

template <class A, class F>
  requires impl::gemm_function<A, F>
QMATH_INLINE void gemm_with(matrix_view<A> a, const gemm_zero_points& zero_points,
                            const packed_matrix& b, F&& f) noexcept {
  const gemm_plan plan = plan_gemm_with(a, zero_points, b, f);
  plan.run(0, plan.tasks());
}

QMATH_END_NAMESPACE

#endif  // QMATH_GEMM_HPP_
