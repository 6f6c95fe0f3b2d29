// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// From the arguments of gemm (gemm.hpp) to those of its kernels, with their preconditions.
#ifndef QMATH_DETAIL_GEMM_ARGUMENTS_HPP_
#define QMATH_DETAIL_GEMM_ARGUMENTS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/core/view.hpp"
#include "qmath/detail/call.hpp"
#include "qmath/detail/check_arrays.hpp"
#include "qmath/pack.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

QMATH_INLINE bool expect_packed(const packed_matrix& b) noexcept {
  if (!QMATH_CHECKS || b.n == 0 || (b.column_sums != nullptr && b.panels != nullptr)) return true;
  library::report_argument("gemm", "b", "has no data");
  return false;
}

/// Shapes, zero point and memory of one GEMM; null c means that the preconditions do not hold.
template <class A, class C>
QMATH_INLINE detail::gemm_problem make_problem(const matrix_view<A>& a, std::int32_t a_zero_point,
                                               const packed_matrix& b,
                                               const matrix_view<C>& c) noexcept {
  using element = std::remove_const_t<A>;
  if (!expect_matrix("gemm", "a", "a.stride", a) || !expect_matrix("gemm", "c", "c.stride", c) ||
      !expect_equal("gemm", "a.cols", a.cols, "b.k", b.k) ||
      !expect_equal("gemm", "c.rows", c.rows, "a.rows", a.rows) ||
      !expect_equal("gemm", "c.cols", c.cols, "b.n", b.n) ||
      !expect_zero_point("gemm", "a_zero_point", a_zero_point, detail::codes_of<element>) ||
      !expect_disjoint("gemm", "c", c.data, extent_of(c), "overlaps a", a.data, extent_of(a)) ||
      !expect_packed(b) ||
      !expect_disjoint("gemm", "c", c.data, extent_of(c), "overlaps b",
                       reinterpret_cast<const std::byte*>(b.column_sums),
                       packed_size(b.k, b.n) - detail::cache_line)) {
    return {};
  }
  detail::gemm_problem p;
  p.a = a.data;
  p.a_stride = a.stride;
  p.a_is_signed = std::is_signed_v<element>;
  p.a_zero_point = a_zero_point;
  p.column_sums = b.column_sums;
  p.panels = b.panels;
  p.m = a.rows;
  p.n = b.n;
  p.k = b.k;
  p.c = c.data;
  p.c_stride = c.stride;
  return p;
}

/// Scales or multipliers: one, or one per column.
template <class C>
QMATH_INLINE bool set_scales(detail::gemm_epilogue& e, const char* size_name, const char* name,
                             const char* overlaps, std::span<const float> scales,
                             const matrix_view<C>& c) noexcept {
  if (!expect_either("gemm", size_name, scales.size(), 1, "1 or b.n", c.cols) ||
      !expect_scales("gemm", name, scales) ||
      !expect_disjoint("gemm", "c", c.data, extent_of(c), overlaps, scales.data(), scales.size())) {
    return false;
  }
  e.scales = scales.data();
  e.scale_step = scales.size() == 1 ? 0 : 1;
  return true;
}

/// One per column, or none.
template <class T, class C>
QMATH_INLINE bool expect_bias(std::span<const T> bias, const matrix_view<C>& c) noexcept {
  return expect_either("gemm", "bias.size()", bias.size(), 0, "0 or b.n", c.cols) &&
         expect_data("gemm", "bias", bias.data(), bias.size()) &&
         expect_disjoint("gemm", "c", c.data, extent_of(c), "overlaps bias", bias.data(),
                         bias.size());
}

QMATH_INLINE void run_gemm(void (*detail::kernel_table::*kernel)(const detail::gemm_problem&,
                                                                 const detail::gemm_dot&),
                           const detail::gemm_problem& problem) noexcept {
  const default_float_environment environment;
  const detail::kernel_table& table = library::active();
  (table.*kernel)(problem, table.dot);
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_GEMM_ARGUMENTS_HPP_
