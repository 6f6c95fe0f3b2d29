// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// dynamic_linear (linear.hpp): its scratch memory, its preconditions, and its loop over blocks of rows.
#ifndef QMATH_DETAIL_LINEAR_ARGUMENTS_HPP_
#define QMATH_DETAIL_LINEAR_ARGUMENTS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/view.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/detail/gemm_arguments.hpp"
#include "qmath/detail/packed_layout.hpp"
#include "qmath/dynamic.hpp"
#include "qmath/gemm.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

/// What is in the scratch memory: scales, zero points and codes of a block of rows.
struct linear_scratch {
  static constexpr std::size_t alignment = 64;
  std::size_t rows, k;

  QMATH_INLINE constexpr linear_scratch(std::size_t m, std::size_t columns) noexcept
      : rows(m < detail::gemm_task_rows(columns) ? m : detail::gemm_task_rows(columns)),
        k(columns) {}

  QMATH_INLINE constexpr std::size_t size() const noexcept {
    return alignment + rows * (sizeof(float) + sizeof(std::int32_t)) + rows * k;
  }
};

template <class X, class Y>
QMATH_INLINE bool expect_linear(const matrix_view<X>& x, const packed_matrix& w,
                                const matrix_view<Y>& y, std::span<std::byte> scratch) noexcept {
  constexpr const char* function = "dynamic_linear";
  const std::size_t size = linear_scratch(x.rows, x.cols).size();
  return expect_matrix(function, "x", "x.stride", x) &&
         expect_matrix(function, "y", "y.stride", y) && expect_packed(function, "w", w) &&
         expect_equal(function, "x.cols", x.cols, "w.k", w.k) &&
         expect_equal(function, "y.rows", y.rows, "x.rows", x.rows) &&
         expect_equal(function, "y.cols", y.cols, "w.n", w.n) &&
         expect_at_least(function, "scratch.size()", scratch.size(),
                         "at least dynamic_linear_scratch(x.rows, x.cols)", size) &&
         expect_data(function, "scratch", scratch.data(), scratch.size()) &&
         expect_disjoint(function, "y", y.data, extent_of(y), "overlaps x", x.data, extent_of(x)) &&
         expect_disjoint(function, "scratch", scratch.data(), size, "overlaps x", x.data,
                         extent_of(x)) &&
         expect_disjoint(function, "scratch", scratch.data(), size, "overlaps y", y.data,
                         extent_of(y)) &&
         expect_disjoint(function, "scratch", scratch.data(), size, "overlaps w", w.column_sums,
                         packed_size(w.k, w.n) - detail::packed_header_bytes);
}

/// run_plan: what runs the gemm_plan of a block of rows.
template <class Q, class X, class Y, class Run>
QMATH_INLINE void run_linear(const matrix_view<X>& x, const packed_matrix& w,
                             const qmath::to_float& epilogue, const matrix_view<Y>& y,
                             std::span<std::byte> memory, const scheme& how,
                             const gemm_zero_points& zero_points, const Run& run_plan) {
  const linear_scratch scratch(x.rows, x.cols);
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  std::byte* const aligned = memory.data() + (0 - address) % linear_scratch::alignment;
  auto* const scales = reinterpret_cast<float*>(aligned);
  auto* const zeros = reinterpret_cast<std::int32_t*>(scales + scratch.rows);
  auto* const codes = reinterpret_cast<Q*>(zeros + scratch.rows);
  const bool has_zero_points = !zero_points_are_zero(detail::codes_of<Q>, how);
  for (std::size_t first = 0; first < x.rows; first += scratch.rows) {
    const std::size_t rows = x.rows - first < scratch.rows ? x.rows - first : scratch.rows;
    // Rows that are neighbours in memory are one array.
    const std::size_t at_once = x.stride == x.cols ? rows : 1;
    for (std::size_t r = 0; r < rows; r += at_once) {
      dynamic_quantize(std::span(x.data + (first + r) * x.stride, at_once * x.cols),
                       per_row(at_once, x.cols), {scales + r, at_once},
                       {zeros + r, has_zero_points ? at_once : 0},
                       std::span(codes + r * x.cols, at_once * x.cols), how);
    }
    qmath::to_float e = epilogue;
    e.a_scales = {scales, rows};
    gemm_zero_points z = zero_points;
    z.a = 0;
    z.a_rows = {zeros, has_zero_points ? rows : 0};
    const matrix_view<Y> out(y.data + first * y.stride, rows, y.cols, y.stride);
    detail::gemm_problem p;
    if (!set_gemm("dynamic_linear", p, matrix_view<const Q>(codes, rows, x.cols), z, w, out) ||
        !set_epilogue("dynamic_linear", p, e, out)) {
      return;
    }
    run_plan(gemm_plan(p));
  }
}

template <class X, class Y, class Run>
QMATH_INLINE void checked_linear(const matrix_view<X>& x, const packed_matrix& w,
                                 const qmath::to_float& epilogue, const matrix_view<Y>& y,
                                 std::span<std::byte> scratch, const scheme& how,
                                 const gemm_zero_points& zero_points, const Run& run_plan) {
  if (!expect_linear(x, w, y, scratch)) return;
  if (how.symmetric) {
    run_linear<std::int8_t>(x, w, epilogue, y, scratch, how, zero_points, run_plan);
  } else {
    run_linear<std::uint8_t>(x, w, epilogue, y, scratch, how, zero_points, run_plan);
  }
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_LINEAR_ARGUMENTS_HPP_
