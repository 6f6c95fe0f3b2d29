// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Broken preconditions of pack and gemm: see contract_test.cpp.
#include <doctest/doctest.h>

#include <array>
#include <qmath/qmath.hpp>
#include <vector>

#include "support/contract.hpp"

using support::contract_log;
using support::refused;

TEST_CASE("contract: pack") {
  const std::array<std::int8_t, 6> b = {1, 2, 3, 4, 5, 6};
  std::array<std::byte, 64> memory = {};
  using view = qmath::matrix_view<const std::int8_t>;
  refused("qmath::pack: memory.size() is 64, must be at least packed_size(k, n), 192", memory,
          [&](auto& out) { CHECK(qmath::pack(view(b.data(), 2, 3), out).n == 0); });
  refused("qmath::pack: b.stride is 2, must be at least the number of columns, 3", memory,
          [&](auto& out) { CHECK(qmath::pack(view(b.data(), 2, 3, 2), out).n == 0); });
  refused("qmath::pack: b has no data", memory,
          [&](auto& out) { CHECK(qmath::pack(view(nullptr, 2, 3), out).n == 0); });
  refused("qmath::pack: b is larger than the address space", memory, [&](auto& out) {
    CHECK(qmath::pack(view(b.data(), static_cast<std::size_t>(-4), 1), out).n == 0);
  });
  refused("qmath::pack_transposed: bt has no data", memory,
          [&](auto& out) { CHECK(qmath::pack_transposed(view(nullptr, 2, 3), out).n == 0); });
}

TEST_CASE("contract: pack, overlapping memory") {
  std::array<std::byte, 200> memory = {};
  const auto view = [&](std::size_t first) {
    return qmath::matrix_view<const std::int8_t>(reinterpret_cast<std::int8_t*>(&memory[first]), 2,
                                                 3);
  };
  refused("qmath::pack: argument memory overlaps b, its bytes 191 to 191 are bytes 0 to 0 there",
          memory,
          [&](auto& all) { CHECK(qmath::pack(view(191), std::span(all).first(192)).n == 0); });
  refused(
      "qmath::pack_transposed: argument memory overlaps bt, its bytes 0 to 0 are bytes 5 to 5 "
      "there",
      memory,
      [&](auto& all) { CHECK(qmath::pack_transposed(view(3), std::span(all).last(192)).n == 0); });
}

TEST_CASE("contract: gemm") {
  using qmath::matrix_view;
  const std::array<std::uint8_t, 8> a = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::array<std::int8_t, 12> b = {};
  std::vector<std::byte> memory(qmath::packed_size(4, 3));
  const qmath::packed_matrix p =
      qmath::pack(matrix_view<const std::int8_t>(b.data(), 4, 3), memory);
  const matrix_view<const std::uint8_t> av(a.data(), 2, 4);
  std::array<std::int32_t, 6> c = {9, 9, 9, 9, 9, 9};
  std::array<float, 6> f = {9, 9, 9, 9, 9, 9};
  std::array<std::int8_t, 6> q = {9, 9, 9, 9, 9, 9};
  const std::array<float, 1> one = {1};
  const std::array<float, 2> two = {1, 1};

  refused("qmath::gemm: a.cols is 3, but b.k is 4", c, [&](auto& out) {
    qmath::gemm(matrix_view<const std::uint8_t>(a.data(), 2, 3), {}, p,
                matrix_view<std::int32_t>(out.data(), 2, 3));
  });
  refused("qmath::gemm: c.rows is 1, but a.rows is 2", c,
          [&](auto& out) { qmath::gemm(av, {}, p, matrix_view<std::int32_t>(out.data(), 1, 3)); });
  refused("qmath::gemm: c.cols is 2, but b.n is 3", c,
          [&](auto& out) { qmath::gemm(av, {}, p, matrix_view<std::int32_t>(out.data(), 2, 2)); });
  refused("qmath::gemm: a.stride is 3, must be at least the number of columns, 4", c,
          [&](auto& out) {
            qmath::gemm(matrix_view<const std::uint8_t>(a.data(), 2, 4, 3), {}, p,
                        matrix_view<std::int32_t>(out.data(), 2, 3));
          });
  refused("qmath::gemm: a has no data", c, [&](auto& out) {
    qmath::gemm(matrix_view<const std::uint8_t>(nullptr, 2, 4), {}, p,
                matrix_view<std::int32_t>(out.data(), 2, 3));
  });
  {
    contract_log log;
    qmath::gemm(av, {}, p, matrix_view<std::int32_t>(nullptr, 2, 3));
    CHECK(log.take() == "qmath::gemm: c has no data");
  }
  refused("qmath::gemm: zero_points.a is 256, outside [0, 255]", c, [&](auto& out) {
    qmath::gemm(av, {256}, p, matrix_view<std::int32_t>(out.data(), 2, 3));
  });
  refused("qmath::gemm: b has no data", c, [&](auto& out) {
    qmath::gemm(av, {}, qmath::packed_matrix{nullptr, nullptr, 4, 3},
                matrix_view<std::int32_t>(out.data(), 2, 3));
  });
  refused("qmath::gemm: a is larger than the address space", c, [&](auto& out) {
    const auto negative = static_cast<std::size_t>(-2);
    qmath::gemm(matrix_view<const std::uint8_t>(a.data(), negative, 4), {}, p,
                matrix_view<std::int32_t>(out.data(), 2, 3));
  });
  refused("qmath::gemm: argument c overlaps b, its bytes 0 to 23 are bytes 0 to 23 there", memory,
          [&](auto&) {
            qmath::gemm(
                av, {}, p,
                matrix_view<std::int32_t>(
                    reinterpret_cast<std::int32_t*>(const_cast<std::byte*>(p.column_sums)), 2, 3));
          });
  refused("qmath::gemm: argument c overlaps a, its bytes 0 to 7 are bytes 0 to 7 there", c,
          [&](auto& out) {
            qmath::gemm(
                matrix_view<const std::uint8_t>(reinterpret_cast<std::uint8_t*>(out.data()), 2, 4),
                {}, p, matrix_view<std::int32_t>(out.data(), 2, 3));
          });

  const matrix_view<float> fv(f.data(), 2, 3);
  refused("qmath::gemm: a_scale is 0, must be finite and > 0", f,
          [&](auto&) { qmath::gemm(av, {}, p, qmath::to_float{0.0f, one, {}}, fv); });
  refused("qmath::gemm: b_scales.size() is 2, must be 1 or b.n, 3", f,
          [&](auto&) { qmath::gemm(av, {}, p, qmath::to_float{1.0f, two, {}}, fv); });
  refused("qmath::gemm: a_scale is 0, must be finite and > 0", f,
          [&](auto&) { qmath::gemm(av, {}, p, qmath::to_float{.b_scales = one}, fv); });
  refused("qmath::gemm: argument c overlaps bias, its bytes 0 to 11 are bytes 0 to 11 there", f,
          [&](auto&) {
            qmath::gemm(av, {}, p, qmath::to_float{1.0f, one, std::span(f).first(3)}, fv);
          });
  refused(
      "qmath::gemm: argument c overlaps b_scales, its bytes 20 to 23 are bytes 0 to 3 there", f,
      [&](auto&) { qmath::gemm(av, {}, p, qmath::to_float{1.0f, std::span(f).last(1), {}}, fv); });
  const float* none = nullptr;
  refused("qmath::gemm: b_scales has no data", f,
          [&](auto&) { qmath::gemm(av, {}, p, qmath::to_float{1.0f, {none, 3}, {}}, fv); });
  refused("qmath::gemm: bias has no data", f,
          [&](auto&) { qmath::gemm(av, {}, p, qmath::to_float{1.0f, one, {none, 3}}, fv); });
  refused("qmath::gemm: bias.size() is 2, must be 0 or b.n, 3", f,
          [&](auto&) { qmath::gemm(av, {}, p, qmath::to_float{1.0f, one, two}, fv); });

  const matrix_view<std::int8_t> qv(q.data(), 2, 3);
  const auto quantized = [&](auto change) {
    qmath::to_quantized e;
    e.multipliers = one;
    change(e);
    qmath::gemm(av, {}, p, e, qv);
  };
  const std::array<float, 1> negative = {-2};
  refused("qmath::gemm: multipliers[0] is -2, must be finite and > 0", q,
          [&](auto&) { quantized([&](auto& e) { e.multipliers = negative; }); });
  refused("qmath::gemm: zero_point is 200, outside [-128, 127]", q,
          [&](auto&) { quantized([&](auto& e) { e.zero_point = 200; }); });
  refused("qmath::gemm: min is 5, but max is 4", q,
          [&](auto&) { quantized([&](auto& e) { e.min = 5, e.max = 4; }); });
  const std::array<qmath::fixed_point_multiplier, 1> fixed = {{{1 << 30, 40}}};
  const std::array<qmath::fixed_point_multiplier, 3> bad_fixed = {
      {{1 << 30, 40}, {1 << 30, 40}, {1, 63}}};
  refused("qmath::gemm: multipliers must be empty beside fixed_multipliers", q,
          [&](auto&) { quantized([&](auto& e) { e.fixed_multipliers = fixed; }); });
  refused("qmath::gemm: fixed_multipliers[2].shift is 63, outside [0, 62]", q, [&](auto&) {
    quantized([&](auto& e) { e.multipliers = {}, e.fixed_multipliers = bad_fixed; });
  });
  refused("qmath::gemm: fixed_multipliers.size() is 2, must be 1 or b.n, 3", q, [&](auto&) {
    quantized(
        [&](auto& e) { e.multipliers = {}, e.fixed_multipliers = std::span(bad_fixed).first(2); });
  });
  refused("qmath::gemm: row_multipliers.size() is 1, must be 0 or a.rows, 2", q,
          [&](auto&) { quantized([&](auto& e) { e.row_multipliers = one; }); });
  refused("qmath::gemm: row_multipliers[1] is -2, must be finite and > 0", q, [&](auto&) {
    quantized([&](auto& e) {
      static constexpr std::array<float, 2> rows = {1, -2};
      e.row_multipliers = rows;
    });
  });
  refused("qmath::gemm: a_scales.size() is 1, must be 0 or a.rows, 2", f, [&](auto&) {
    qmath::gemm(av, {}, p, qmath::to_float{.b_scales = one, .a_scales = one}, fv);
  });
  refused("qmath::gemm: argument c overlaps a_scales, its bytes 0 to 7 are bytes 0 to 7 there", f,
          [&](auto&) {
            qmath::gemm(av, {}, p,
                        qmath::to_float{.b_scales = one, .a_scales = std::span(f).first(2)}, fv);
          });
  refused("qmath::gemm: min is 6, but max is 0", f, [&](auto&) {
    qmath::gemm(av, {}, p, qmath::to_float{.a_scale = 1, .b_scales = one, .min = 6, .max = 0}, fv);
  });
  refused("qmath::gemm: min is nan, but max is inf", f, [&](auto&) {
    qmath::gemm(av, {}, p,
                qmath::to_float{.a_scale = 1, .b_scales = one, .min = __builtin_nanf("")}, fv);
  });
  refused("qmath::gemm: zero_points.b is 128, outside [-128, 127]", f,
          [&](auto&) { qmath::gemm(av, {.b = 128}, p, qmath::to_float{1.0f, one, {}}, fv); });
  const std::array<std::int32_t, 3> zeros = {0, 0, -129};
  refused("qmath::gemm: zero_points.b_columns[2] is -129, outside [-128, 127]", f, [&](auto&) {
    qmath::gemm(av, {.b_columns = zeros}, p, qmath::to_float{1.0f, one, {}}, fv);
  });
  refused("qmath::gemm: zero_points.a_rows.size() is 3, must be 0 or a.rows, 2", f, [&](auto&) {
    qmath::gemm(av, {.a_rows = zeros}, p, qmath::to_float{1.0f, one, {}}, fv);
  });
  refused(
      "qmath::gemm: argument c overlaps zero_points.a_rows, its bytes 0 to 7 are bytes 0 to 7 "
      "there",
      c, [&](auto& out) {
        qmath::gemm(av, {.a_rows = std::span(out).first(2)}, p,
                    matrix_view<std::int32_t>(out.data(), 2, 3));
      });
  refused("qmath::gemm_plan::run: last is 2, must be at most tasks(), 1", c, [&](auto& out) {
    qmath::plan_gemm(av, {}, p, qmath::to_sums{}, matrix_view<std::int32_t>(out.data(), 2, 3))
        .run(0, 2);
  });
}

// Types that gemm has no kernels for must not compile.
template <class A, class Epilogue, class C>
concept gemm_takes = requires(qmath::matrix_view<A> a, qmath::packed_matrix b, Epilogue e,
                              qmath::matrix_view<C> c) { qmath::gemm(a, {}, b, e, c); };

TEST_CASE("contract: gemm is for 8 bits") {
  using qmath::to_float, qmath::to_quantized, qmath::to_sums;
  static_assert(gemm_takes<const std::int8_t, to_quantized, std::uint8_t>);
  static_assert(gemm_takes<std::uint8_t, to_float, float>);
  static_assert(!gemm_takes<const std::int16_t, to_quantized, std::int8_t>);
  static_assert(!gemm_takes<const std::uint16_t, to_float, float>);
  static_assert(gemm_takes<const std::int8_t, to_quantized, std::int16_t>);
  static_assert(gemm_takes<const std::int8_t, to_float, qmath::half>);
  static_assert(!gemm_takes<const std::int8_t, to_float, double>);
  static_assert(!gemm_takes<const std::int8_t, to_sums, float>);
  static_assert(!gemm_takes<const std::int8_t, to_quantized, std::int32_t>);
}

TEST_CASE("contract: pack and gemm, size 0 is legal and does nothing") {
  contract_log log;
  std::vector<std::byte> memory(qmath::packed_size(0, 0));
  const qmath::packed_matrix p = qmath::pack(qmath::matrix_view<const std::int8_t>(), memory);
  qmath::gemm(qmath::matrix_view<const std::uint8_t>(), {}, p, qmath::matrix_view<std::int32_t>());
  CHECK(log.take() == "");
}
