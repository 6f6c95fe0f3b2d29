// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A broken precondition calls the contract handler once, with the function, the argument and the values
// in the message, and writes nothing.
#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <qmath/qmath.hpp>
#include <vector>

#include "support/contract.hpp"

using support::contract_log;

namespace {

const float inf = std::numeric_limits<float>::infinity();
const float nan = std::numeric_limits<float>::quiet_NaN();

// Calls f(output) and checks the message, and that the output is as it was.
template <class Out, class F>
void refused(const char* message, Out& out, const F& f) {
  contract_log log;
  const Out before = out;
  f(out);
  CHECK(log.take() == message);
  CHECK(out == before);
}

}  // namespace

TEST_CASE("contract: quantize, one scale") {
  const std::array<float, 4> x = {1, 2, 3, 4};
  std::array<std::int8_t, 4> q = {9, 9, 9, 9};
  std::array<std::int8_t, 3> shorter = {9, 9, 9};
  refused("qmath::quantize: q.size() is 3, but x.size() is 4", shorter,
          [&](auto& out) { qmath::quantize(x, {1.0f, 0}, out); });
  refused("qmath::quantize: scale is 0, must be finite and > 0", q,
          [&](auto& out) { qmath::quantize(x, {0.0f, 0}, out); });
  refused("qmath::quantize: scale is -0.5, must be finite and > 0", q,
          [&](auto& out) { qmath::quantize(x, {-0.5f, 0}, out); });
  refused("qmath::quantize: scale is nan, must be finite and > 0", q,
          [&](auto& out) { qmath::quantize(x, {nan, 0}, out); });
  refused("qmath::quantize: scale is inf, must be finite and > 0", q,
          [&](auto& out) { qmath::quantize(x, {inf, 0}, out); });
  refused("qmath::quantize: zero_point is 128, outside [-128, 127]", q,
          [&](auto& out) { qmath::quantize(x, {1.0f, 128}, out); });
  std::array<std::uint8_t, 4> u = {9, 9, 9, 9};
  refused("qmath::quantize: zero_point is -1, outside [0, 255]", u,
          [&](auto& out) { qmath::quantize(x, {1.0f, -1}, out); });
}

TEST_CASE("contract: quantize, overlapping memory") {
  std::array<float, 4> x = {1, 2, 3, 4};
  refused("qmath::quantize: q overlaps an input", x, [&](auto& both) {
    qmath::quantize(both, {1.0f, 0}, std::span(reinterpret_cast<std::int8_t*>(&both[1]), 4));
  });
}

TEST_CASE("contract: quantize, channels") {
  const std::array<float, 6> x = {1, 2, 3, 4, 5, 6};
  const std::array<float, 3> scales = {1, 2, 3};
  const std::array<std::int32_t, 2> two = {0, 0};
  std::array<std::int8_t, 6> q = {9, 9, 9, 9, 9, 9};
  using qmath::channel_params, qmath::granularity, qmath::per_row;
  refused("qmath::quantize: scales.size() is 3, but layout.count() is 2", q,
          [&](auto& out) { qmath::quantize(x, channel_params{scales, {}, per_row(2, 3)}, out); });
  refused("qmath::quantize: zero_points.size() is 2, but scales.size() is 3", q,
          [&](auto& out) { qmath::quantize(x, channel_params{scales, two, per_row(3, 2)}, out); });
  refused("qmath::quantize: the number of elements is 6, must be a multiple of layout.period(), 12",
          q,
          [&](auto& out) { qmath::quantize(x, channel_params{scales, {}, per_row(3, 4)}, out); });
  const std::array<float, 3> bad = {1, 2, nan};
  refused("qmath::quantize: scales[2] is nan, must be finite and > 0", q,
          [&](auto& out) { qmath::quantize(x, channel_params{bad, {}, per_row(3, 2)}, out); });
  const std::array<std::int32_t, 3> z = {0, -129, 0};
  refused("qmath::quantize: zero_points[1] is -129, outside [-128, 127]", q,
          [&](auto& out) { qmath::quantize(x, channel_params{scales, z, per_row(3, 2)}, out); });
}

TEST_CASE("contract: layouts") {
  const std::array<float, 6> x = {1, 2, 3, 4, 5, 6};
  const std::array<float, 3> scales = {1, 2, 3};
  std::array<std::int8_t, 6> q = {9, 9, 9, 9, 9, 9};
  const auto with = [&](qmath::granularity layout) {
    return [&, layout](auto& out) {
      qmath::quantize(x, qmath::channel_params{scales, {}, layout}, out);
    };
  };
  refused("qmath::quantize: layout.outer is 0", q, with({0, 3, 2, 1, 2}));
  refused("qmath::quantize: layout.rows is 0", q, with({1, 0, 2, 1, 2}));
  refused("qmath::quantize: layout.cols is 0", q, with({1, 3, 0, 1, 2}));
  refused("qmath::quantize: layout.block_rows is 0", q, with(qmath::per_block(3, 2, 0, 2)));
  refused("qmath::quantize: layout.block_cols is 0", q, with(qmath::per_group(3, 2, 0)));
  const std::array<std::size_t, 2> shape = {3, 2};
  refused("qmath::quantize: layout.outer is 0", q, with(qmath::per_channel(shape, 2)));
  const std::size_t huge = static_cast<std::size_t>(-1) / 2;
  refused("qmath::quantize: layout is larger than the address space", q,
          with({1, 3, huge, 1, huge}));
  refused("qmath::quantize: layout is larger than the address space", q, with({huge, 3, 2, 3, 2}));
}

TEST_CASE("contract: quantize, codes") {
  const std::array<float, 4> x = {1, 2, 3, 4};
  std::array<std::uint8_t, 4> q = {9, 9, 9, 9};
  refused("qmath::quantize: codes are [256, 300], of which the format with [0, 255] has none", q,
          [&](auto& out) { qmath::quantize(x, {1.0f, 0}, out, {.codes = {256, 300}}); });
  refused("qmath::quantize: codes are [-5, -1], of which the format with [0, 15] has none", q,
          [&](auto& out) {
            qmath::quantize(x, {1.0f, 0}, qmath::packed_span<qmath::u4>(out.data(), 4),
                            {.codes = {-5, -1}});
          });
  std::array<std::int32_t, 4> wide = {9, 9, 9, 9};
  refused("qmath::quantize: zero_point is 1, outside [0, 0]", wide,
          [&](auto& out) { qmath::quantize(x, {1.0f, 1}, out); });
  refused("qmath::quantize: zero_point is 8, outside [-8, 7]", q, [&](auto& out) {
    qmath::quantize(x, {1.0f, 8}, qmath::packed_span<qmath::s4>(out.data(), 4));
  });
}

TEST_CASE("contract: quantize, no data") {
  std::array<float, 4> x = {1, 2, 3, 4};
  std::array<std::int8_t, 4> q = {9, 9, 9, 9};
  const float* none = nullptr;
  refused("qmath::quantize: x has no data", q,
          [&](auto& out) { qmath::quantize(std::span(none, 4), {1.0f, 0}, out); });
  refused("qmath::quantize: q has no data", q, [&](auto&) {
    qmath::quantize(x, {1.0f, 0}, std::span(static_cast<std::int8_t*>(nullptr), 4));
  });
}

TEST_CASE("contract: fake_quantize") {
  std::array<float, 6> x = {1, 2, 3, 4, 5, 6};
  std::array<float, 4> shorter = {9, 9, 9, 9};
  refused("qmath::fake_quantize: y.size() is 4, but x.size() is 6", shorter,
          [&](auto& out) { qmath::fake_quantize<std::int8_t>(x, {1.0f, 0}, out); });
  refused("qmath::fake_quantize: y overlaps an input", x, [&](auto& both) {
    const std::span all(both);
    qmath::fake_quantize<std::int8_t>(all.first(5), {1.0f, 0}, all.last(5));
  });
  refused("qmath::fake_quantize: scale is 0, must be finite and > 0", x,
          [&](auto& both) { qmath::fake_quantize<std::int8_t>(both, {0.0f, 0}, both); });
  refused("qmath::fake_quantize: zero_point is 16, outside [0, 15]", x,
          [&](auto& both) { qmath::fake_quantize<qmath::u4>(both, {1.0f, 16}, both); });
}

TEST_CASE("contract: dequantize") {
  const std::array<std::uint8_t, 4> q = {1, 2, 3, 4};
  std::array<float, 4> x = {9, 9, 9, 9};
  std::array<float, 5> longer = {9, 9, 9, 9, 9};
  refused("qmath::dequantize: x.size() is 5, but q.size() is 4", longer,
          [&](auto& out) { qmath::dequantize(q, {1.0f, 0}, out); });
  refused("qmath::dequantize: scale is inf, must be finite and > 0", x,
          [&](auto& out) { qmath::dequantize(q, {inf, 0}, out); });
  refused("qmath::dequantize: zero_point is 256, outside [0, 255]", x,
          [&](auto& out) { qmath::dequantize(q, {1.0f, 256}, out); });
  const std::array<float, 2> scales = {1, 0};
  refused("qmath::dequantize: scales[1] is 0, must be finite and > 0", x, [&](auto& out) {
    qmath::dequantize(q, qmath::channel_params{scales, {}, qmath::per_row(2, 2)}, out);
  });
  refused("qmath::dequantize: q has no data", x, [&](auto& out) {
    qmath::dequantize(qmath::packed_span<qmath::u2, const std::uint8_t>(nullptr, 4), {1.0f, 0},
                      out);
  });
  refused("qmath::dequantize: x overlaps an input", x, [&](auto& both) {
    qmath::dequantize(std::span(reinterpret_cast<std::uint8_t*>(&both[3]), 4), {1.0f, 0}, both);
  });
}

// More of them in requantize_test.cpp.
TEST_CASE("contract: requantize") {
  const std::array<std::int32_t, 4> in = {1, 2, 3, 4};
  std::array<std::int8_t, 4> q = {9, 9, 9, 9};
  std::array<std::int8_t, 2> shorter = {9, 9};
  using qmath::requantize_params;
  refused("qmath::requantize: q.size() is 2, but in.size() is 4", shorter,
          [&](auto& out) { qmath::requantize(in, requantize_params{1.0f, 0}, out); });
  refused("qmath::requantize: multiplier is -1, must be finite and > 0", q,
          [&](auto& out) { qmath::requantize(in, requantize_params{-1.0f, 0}, out); });
  refused("qmath::requantize: zero_point is -200, outside [-128, 127]", q,
          [&](auto& out) { qmath::requantize(in, requantize_params{1.0f, -200}, out); });
  const std::array<float, 3> m = {1, 1, 1};
  refused("qmath::requantize: multipliers.size() is 3, but layout.count() is 4", q, [&](auto& out) {
    qmath::requantize(in, qmath::channel_requantize_params{m, qmath::per_column(4), 0}, out);
  });
}

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
    qmath::gemm(matrix_view<const std::uint8_t>(a.data(), 2, 3), 0, p,
                matrix_view<std::int32_t>(out.data(), 2, 3));
  });
  refused("qmath::gemm: c.rows is 1, but a.rows is 2", c,
          [&](auto& out) { qmath::gemm(av, 0, p, matrix_view<std::int32_t>(out.data(), 1, 3)); });
  refused("qmath::gemm: c.cols is 2, but b.n is 3", c,
          [&](auto& out) { qmath::gemm(av, 0, p, matrix_view<std::int32_t>(out.data(), 2, 2)); });
  refused("qmath::gemm: a.stride is 3, must be at least the number of columns, 4", c,
          [&](auto& out) {
            qmath::gemm(matrix_view<const std::uint8_t>(a.data(), 2, 4, 3), 0, p,
                        matrix_view<std::int32_t>(out.data(), 2, 3));
          });
  refused("qmath::gemm: a has no data", c, [&](auto& out) {
    qmath::gemm(matrix_view<const std::uint8_t>(nullptr, 2, 4), 0, p,
                matrix_view<std::int32_t>(out.data(), 2, 3));
  });
  {
    contract_log log;
    qmath::gemm(av, 0, p, matrix_view<std::int32_t>(nullptr, 2, 3));
    CHECK(log.take() == "qmath::gemm: c has no data");
  }
  refused("qmath::gemm: a_zero_point is 256, outside [0, 255]", c,
          [&](auto& out) { qmath::gemm(av, 256, p, matrix_view<std::int32_t>(out.data(), 2, 3)); });
  refused("qmath::gemm: b has no data", c, [&](auto& out) {
    qmath::gemm(av, 0, qmath::packed_matrix{nullptr, nullptr, 4, 3},
                matrix_view<std::int32_t>(out.data(), 2, 3));
  });
  refused("qmath::gemm: a is larger than the address space", c, [&](auto& out) {
    const auto negative = static_cast<std::size_t>(-2);
    qmath::gemm(matrix_view<const std::uint8_t>(a.data(), negative, 4), 0, p,
                matrix_view<std::int32_t>(out.data(), 2, 3));
  });
  refused("qmath::gemm: c overlaps an input", memory, [&](auto&) {
    qmath::gemm(av, 0, p,
                matrix_view<std::int32_t>(const_cast<std::int32_t*>(p.column_sums), 2, 3));
  });
  refused("qmath::gemm: c overlaps an input", c, [&](auto& out) {
    qmath::gemm(matrix_view<const std::uint8_t>(reinterpret_cast<std::uint8_t*>(out.data()), 2, 4),
                0, p, matrix_view<std::int32_t>(out.data(), 2, 3));
  });

  const matrix_view<float> fv(f.data(), 2, 3);
  refused("qmath::gemm: a_scale is 0, must be finite and > 0", f,
          [&](auto&) { qmath::gemm(av, 0, p, qmath::to_float{0.0f, one, {}}, fv); });
  refused("qmath::gemm: b_scales.size() is 2, must be 1 or b.n, 3", f,
          [&](auto&) { qmath::gemm(av, 0, p, qmath::to_float{1.0f, two, {}}, fv); });
  refused("qmath::gemm: a_scale is 0, must be finite and > 0", f,
          [&](auto&) { qmath::gemm(av, 0, p, qmath::to_float{.b_scales = one}, fv); });
  refused("qmath::gemm: c overlaps an input", f, [&](auto&) {
    qmath::gemm(av, 0, p, qmath::to_float{1.0f, one, std::span(f).first(3)}, fv);
  });
  refused("qmath::gemm: bias.size() is 2, must be 0 or b.n, 3", f,
          [&](auto&) { qmath::gemm(av, 0, p, qmath::to_float{1.0f, one, two}, fv); });

  const matrix_view<std::int8_t> qv(q.data(), 2, 3);
  const auto quantized = [&](auto change) {
    qmath::to_quantized e;
    e.multipliers = one;
    change(e);
    qmath::gemm(av, 0, p, e, qv);
  };
  const std::array<float, 1> negative = {-2};
  refused("qmath::gemm: multipliers[0] is -2, must be finite and > 0", q,
          [&](auto&) { quantized([&](auto& e) { e.multipliers = negative; }); });
  refused("qmath::gemm: zero_point is 200, outside [-128, 127]", q,
          [&](auto&) { quantized([&](auto& e) { e.zero_point = 200; }); });
  refused("qmath::gemm: min is 5, outside [-2147483648, 4]", q,
          [&](auto&) { quantized([&](auto& e) { e.min = 5, e.max = 4; }); });
}

TEST_CASE("contract: size 0 is legal and does nothing") {
  contract_log log;
  std::vector<float> x;
  std::vector<std::int8_t> q;
  std::vector<std::int32_t> acc;
  const std::array<float, 2> scales = {1, 2};
  qmath::quantize(x, {1.0f, 0}, q);
  qmath::quantize(x, qmath::channel_params{scales, {}, qmath::per_row(2, 5)}, q);
  qmath::dequantize(q, {1.0f, 0}, x);
  qmath::requantize(acc, qmath::requantize_params{1.0f, 0}, q);
  std::vector<std::byte> memory(qmath::packed_size(0, 0));
  const qmath::packed_matrix p = qmath::pack({}, memory);
  qmath::gemm(qmath::matrix_view<const std::uint8_t>(), 0, p, qmath::matrix_view<std::int32_t>());
  CHECK(log.take() == "");
}
