// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// From the arguments of gemm.hpp to a gemm_problem, with their preconditions. Each function returns whether they
// hold; `function` is the public one, for messages.
#ifndef QMATH_DETAIL_GEMM_ARGUMENTS_HPP_
#define QMATH_DETAIL_GEMM_ARGUMENTS_HPP_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/core/concepts.hpp"
#include "qmath/core/view.hpp"
#include "qmath/detail/call.hpp"
#include "qmath/detail/check_arrays.hpp"
#include "qmath/epilogue.hpp"
#include "qmath/pack.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

template <class Epilogue, class C>
inline constexpr bool is_epilogue_for = false;
template <>
inline constexpr bool is_epilogue_for<to_sums, std::int32_t> = true;
template <real_number C>
inline constexpr bool is_epilogue_for<qmath::to_float, C> = true;
template <eight_bit_integer C>
inline constexpr bool is_epilogue_for<to_quantized, C> = true;
template <>
inline constexpr bool is_epilogue_for<to_quantized, std::int16_t> = true;

template <class A, class Epilogue, class C>
concept gemm_types =
    eight_bit_integer<std::remove_const_t<A>> &&
    // to_sums: int32; to_float: float, half, bfloat16; to_quantized: int8, uint8, int16; not const
    is_epilogue_for<Epilogue, C>;

template <class A, class F>
concept gemm_function = eight_bit_integer<std::remove_const_t<A>> &&
                        std::invocable<F&, std::size_t, std::size_t, std::span<const std::int32_t>>;

template <class C>
inline constexpr detail::gemm_output output_of = detail::gemm_output::s32;
template <>
inline constexpr detail::gemm_output output_of<float> = detail::gemm_output::f32;
template <>
inline constexpr detail::gemm_output output_of<half> = detail::gemm_output::f16;
template <>
inline constexpr detail::gemm_output output_of<bfloat16> = detail::gemm_output::bf16;
template <>
inline constexpr detail::gemm_output output_of<std::int8_t> = detail::gemm_output::s8;
template <>
inline constexpr detail::gemm_output output_of<std::uint8_t> = detail::gemm_output::u8;
template <>
inline constexpr detail::gemm_output output_of<std::int16_t> = detail::gemm_output::s16;

/// What messages call an array of an epilogue: its name, its size, that c overlaps it, and what the size must be.
struct gemm_array_names {
  const char* name;
  const char* size;
  const char* overlaps;
  const char* sizes;
};

/// One number per row or column, or `other` of them.
template <class T>
QMATH_INLINE bool expect_numbers(const char* function, const gemm_array_names& names,
                                 std::span<const T> values, std::size_t other,
                                 std::size_t n) noexcept {
  return expect_either(function, names.size, values.size(), other, names.sizes, n) &&
         expect_data(function, names.name, values.data(), values.size());
}

/// The same, and c is elsewhere.
template <class T, class C>
QMATH_INLINE bool expect_numbers(const char* function, const gemm_array_names& names,
                                 std::span<const T> values, std::size_t other, std::size_t n,
                                 const matrix_view<C>& c) noexcept {
  return expect_numbers(function, names, values, other, n) &&
         expect_disjoint(function, "c", c.data, extent_of(c), names.overlaps, values.data(),
                         values.size());
}

/// There are fixed_multipliers instead.
QMATH_INLINE bool expect_none(const char* function, const char* name,
                              std::span<const float> values) noexcept {
  if (!QMATH_CHECKS || values.empty()) return true;
  library::report_argument(function, name, "must be empty beside fixed_multipliers");
  return false;
}

// ---- Operands ------------------------------------------------------------------------------------

QMATH_INLINE bool expect_zero_points(const char* function, const gemm_array_names& names,
                                     const char* scalar, std::span<const std::int32_t> values,
                                     std::int32_t value, std::size_t n, code_range codes) noexcept {
  return expect_zero_point(function, scalar, value, codes) &&
         expect_numbers(function, names, values, 0, n) &&
         expect_all_inside(function, names.name, values, codes.min, codes.max);
}

template <class A>
QMATH_INLINE bool set_gemm(const char* function, detail::gemm_problem& p, const matrix_view<A>& a,
                           const gemm_zero_points& z, const packed_matrix& b) noexcept {
  using element = std::remove_const_t<A>;
  const code_range b_codes =
      b.is_signed ? detail::codes_of<std::int8_t> : detail::codes_of<std::uint8_t>;
  if (!expect_matrix(function, "a", "a.stride", a) || !expect_packed(function, "b", b) ||
      !expect_equal(function, "a.cols", a.cols, "b.k", b.k) ||
      !expect_zero_points(function,
                          {"zero_points.a_rows", "zero_points.a_rows.size()", "", "0 or a.rows"},
                          "zero_points.a", z.a_rows, z.a, a.rows, detail::codes_of<element>) ||
      !expect_zero_points(function,
                          {"zero_points.b_columns", "zero_points.b_columns.size()", "", "0 or b.n"},
                          "zero_points.b", z.b_columns, z.b, b.n, b_codes)) {
    return false;
  }
  p.a = a.data;
  p.a_stride = a.stride;
  p.a_is_signed = std::is_signed_v<element>;
  p.b_is_signed = b.is_signed;
  p.a_zero_point = z.a;
  p.b_zero_point = z.b;
  p.a_zero_points = z.a_rows.empty() ? nullptr : z.a_rows.data();
  p.b_zero_points = z.b_columns.empty() ? nullptr : z.b_columns.data();
  p.column_sums = b.column_sums;
  p.panels = b.panels;
  p.m = a.rows;
  p.n = b.n;
  p.k = b.k;
  return true;
}

template <class A, class C>
QMATH_INLINE bool set_gemm(const char* function, detail::gemm_problem& p, const matrix_view<A>& a,
                           const gemm_zero_points& z, const packed_matrix& b,
                           const matrix_view<C>& c) noexcept {
  if (!set_gemm(function, p, a, z, b) || !expect_matrix(function, "c", "c.stride", c) ||
      !expect_equal(function, "c.rows", c.rows, "a.rows", a.rows) ||
      !expect_equal(function, "c.cols", c.cols, "b.n", b.n) ||
      !expect_disjoint(function, "c", c.data, extent_of(c), "overlaps a", a.data, extent_of(a)) ||
      !expect_disjoint(function, "c", c.data, extent_of(c), "overlaps zero_points.a_rows",
                       z.a_rows.data(), z.a_rows.size()) ||
      !expect_disjoint(function, "c", c.data, extent_of(c), "overlaps zero_points.b_columns",
                       z.b_columns.data(), z.b_columns.size()) ||
      (b.n != 0 &&
       !expect_disjoint(function, "c", c.data, extent_of(c), "overlaps b", b.column_sums,
                        packed_size(b.k, b.n) - detail::packed_header_bytes))) {
    return false;
  }
  p.c = c.data;
  p.c_stride = c.stride;
  p.epilogue.output = output_of<C>;
  return true;
}

// ---- Epilogues -----------------------------------------------------------------------------------

template <class C>
QMATH_INLINE bool set_epilogue(const char* function, detail::gemm_problem& p, const to_sums& e,
                               const matrix_view<C>& c) noexcept {
  p.epilogue.bias_s32 = e.bias.empty() ? nullptr : e.bias.data();
  p.epilogue.accumulate = e.accumulate;
  return expect_numbers(function, {"bias", "bias.size()", "overlaps bias", "0 or b.n"}, e.bias, 0,
                        c.cols, c);
}

/// Scales or multipliers: 1 or one per column, and none or one per row.
template <class C>
QMATH_INLINE bool set_scales(const char* function, detail::gemm_epilogue& e,
                             const gemm_array_names& names, std::span<const float> scales,
                             const gemm_array_names& row_names, std::span<const float> row_scales,
                             const matrix_view<C>& c) noexcept {
  e.scales = scales.data();
  e.scale_step = scales.size() == 1 ? 0 : 1;
  e.row_scales = row_scales.empty() ? nullptr : row_scales.data();
  return expect_numbers(function, names, scales, 1, c.cols, c) &&
         expect_scales(function, names.name, scales) &&
         expect_numbers(function, row_names, row_scales, 0, c.rows, c) &&
         expect_scales(function, row_names.name, row_scales);
}

template <class C>
QMATH_INLINE bool set_epilogue(const char* function, detail::gemm_problem& problem,
                               const qmath::to_float& e, const matrix_view<C>& c) noexcept {
  detail::gemm_epilogue& p = problem.epilogue;
  p.bias_f32 = e.bias.empty() ? nullptr : e.bias.data();
  p.row_scale = e.a_scales.empty() ? e.a_scale : 1.0f;
  p.accumulate = e.accumulate;
  p.lower = e.min;
  p.upper = e.max;
  p.clamps = e.min != -detail::infinity || e.max != detail::infinity;
  return (!e.a_scales.empty() || expect_scale(function, "a_scale", no_index, e.a_scale)) &&
         set_scales(function, p, {"b_scales", "b_scales.size()", "overlaps b_scales", "1 or b.n"},
                    e.b_scales, {"a_scales", "a_scales.size()", "overlaps a_scales", "0 or a.rows"},
                    e.a_scales, c) &&
         expect_numbers(function, {"bias", "bias.size()", "overlaps bias", "0 or b.n"}, e.bias, 0,
                        c.cols, c) &&
         expect_bounds(function, e.min, e.max);
}

template <class C>
QMATH_INLINE bool set_epilogue(const char* function, detail::gemm_problem& problem,
                               const to_quantized& e, const matrix_view<C>& c) noexcept {
  constexpr code_range codes = detail::codes_of<C>;
  detail::gemm_epilogue& p = problem.epilogue;
  p.bias_s32 = e.bias.empty() ? nullptr : e.bias.data();
  p.zero_point = e.zero_point;
  p.min = e.min < codes.min ? codes.min : e.min > codes.max ? codes.max : e.min;
  p.max = e.max < codes.min ? codes.min : e.max > codes.max ? codes.max : e.max;
  if (!expect_numbers(function, {"bias", "bias.size()", "overlaps bias", "0 or b.n"}, e.bias, 0,
                      c.cols, c) ||
      !expect_zero_point(function, "zero_point", e.zero_point, codes) ||
      !expect_order(function, "min", e.min, "max", e.max)) {
    return false;
  }
  const gemm_array_names names = {"multipliers", "multipliers.size()", "overlaps multipliers",
                                  "1 or b.n"};
  const gemm_array_names row_names = {"row_multipliers", "row_multipliers.size()",
                                      "overlaps row_multipliers", "0 or a.rows"};
  if (e.fixed_multipliers.empty()) {
    return set_scales(function, p, names, e.multipliers, row_names, e.row_multipliers, c);
  }
  p.fixed_multipliers = e.fixed_multipliers.data();
  p.fixed_step = e.fixed_multipliers.size() == 1 ? 0 : 1;
  p.rule = e.rule;
  if (!expect_none(function, "multipliers", e.multipliers) ||
      !expect_none(function, "row_multipliers", e.row_multipliers) ||
      !expect_numbers(function,
                      {"fixed_multipliers", "fixed_multipliers.size()",
                       "overlaps fixed_multipliers", "1 or b.n"},
                      e.fixed_multipliers, 1, c.cols, c)) {
    return false;
  }
  if (QMATH_CHECKS) {
    for (std::size_t i = 0; i < e.fixed_multipliers.size(); ++i) {
      if (!expect_multiplier(function, i, e.fixed_multipliers[i], "fixed_multipliers"))
        return false;
    }
  }
  return true;
}

template <class F>
QMATH_INLINE void set_function(detail::gemm_epilogue& e, F& f) noexcept {
  e.output = detail::gemm_output::function;
  e.object = const_cast<void*>(static_cast<const void*>(&f));
  e.function = [](void* object, std::size_t row, std::size_t column, const std::int32_t* sums,
                  std::size_t count) {
    (*static_cast<F*>(object))(row, column, std::span<const std::int32_t>(sums, count));
  };
}

// ---- The call ------------------------------------------------------------------------------------

QMATH_INLINE bool expect_tasks(const char* function, std::size_t first, std::size_t last,
                               std::size_t tasks) noexcept {
  if (!QMATH_CHECKS || (first <= last && last <= tasks)) return true;
  if (last > tasks) {
    library::report_size(function, "last", last, "at most tasks()", tasks);
  } else {
    library::report_mismatch(function, "first", first, "last", last);
  }
  return false;
}

/// Of a batch: that plan number i was made.
QMATH_INLINE bool expect_plan(bool is_made, std::size_t plans, std::size_t i) noexcept {
  if (!QMATH_CHECKS || is_made) return true;
  library::report_mismatch("gemm_batch", "plans.size()", plans,
                           "the index of one that was refused or never made", i);
  return false;
}

QMATH_INLINE void run_gemm(const detail::gemm_problem& problem, std::size_t first,
                           std::size_t last) noexcept {
  if (first == last) return;
  const default_float_environment environment;
  const detail::gemm_kernel gemm = active<&detail::kernel_table::gemm>();
  gemm.run(problem, gemm.dot, first, last);
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_GEMM_ARGUMENTS_HPP_
