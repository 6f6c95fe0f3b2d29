// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// gemm equals the reference, bit for bit, on every CPU target, whatever the shape, strides, zero point
// and epilogue; operands end at a page that cannot be touched.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <qmath/qmath.hpp>

#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using qmath::matrix_view;
using support::guarded;

namespace {

struct shape {
  std::size_t m, n, k;
};

const std::vector<shape>& shapes() {
  static const std::vector<shape> all = [] {
    std::vector<shape> s;
    for (const std::size_t m : {0u, 1u, 2u, 3u, 4u, 5u, 7u, 12u, 13u, 23u, 24u, 25u, 49u}) {
      for (const std::size_t n : {0u, 1u, 15u, 16u, 17u, 31u, 32u, 33u, 47u, 65u}) {
        for (const std::size_t k : {0u, 1u, 3u, 4u, 5u, 31u}) s.push_back({m, n, k});
      }
    }
    for (const std::size_t k : {64u, 127u, 1000u, 4099u}) s.push_back({13, 35, k});
    s.insert(s.end(), {{16, 35, 4099}, {2, 33, 6501}});  // k in blocks, longer ones of fewer rows
    s.insert(s.end(),
             {{1, 35, 67}, {1, 35, 1003}});  // one row: groups of k side by side, and the rest
    return s;
  }();
  return all;
}

/// A matrix with a stride, at the end of its memory.
template <class T>
struct matrix {
  guarded<T> memory;
  matrix_view<T> view;

  matrix(std::size_t rows, std::size_t cols, std::size_t stride)
      : memory(rows == 0 || cols == 0 ? 0 : (rows - 1) * stride + cols),
        view(memory.data(), rows, cols, stride) {}

  template <class F>
  void fill(const F& f) {
    for (std::size_t r = 0; r < view.rows; ++r) {
      for (std::size_t c = 0; c < view.cols; ++c) view(r, c) = f(r, c);
    }
  }
  void fill_random(std::uint32_t seed) {
    std::mt19937 random(seed);
    fill([&](std::size_t, std::size_t) { return static_cast<T>(random()); });
  }
};

template <class T>
bool same(const matrix_view<T>& a, const matrix_view<T>& b) {
  for (std::size_t r = 0; r < a.rows; ++r) {
    if (a.cols != 0 && std::memcmp(&a(r, 0), &b(r, 0), a.cols * sizeof(T)) != 0) return false;
  }
  return true;
}

struct packed {
  std::vector<std::byte> memory;
  qmath::packed_matrix b;

  explicit packed(matrix_view<const std::int8_t> from, std::size_t misalignment = 0)
      : memory(qmath::packed_size(from.rows, from.cols) + misalignment),
        b(qmath::pack(from, std::span(memory).subspan(misalignment))) {}
};

template <class A>
std::vector<std::int32_t> zero_points() {
  return {0, std::numeric_limits<A>::min(), std::numeric_limits<A>::max(), 11};
}

}  // namespace

TEST_CASE_TEMPLATE("gemm: s32, every shape, stride and zero point", A, std::uint8_t, std::int8_t) {
  for (const shape& s : shapes()) {
    CAPTURE(s.m);
    CAPTURE(s.n);
    CAPTURE(s.k);
    for (const std::size_t gap : {0u, 5u}) {
      matrix<A> a(s.m, s.k, s.k + gap);
      matrix<std::int8_t> b(s.k, s.n, s.n + gap);
      matrix<std::int32_t> got(s.m, s.n, s.n + gap), want(s.m, s.n, s.n);
      a.fill_random(21);
      b.fill_random(22);
      const packed p(b.view, gap);
      for (const std::int32_t z : zero_points<A>()) {
        CAPTURE(z);
        qmath::reference::gemm(a.view, {z}, b.view, qmath::to_sums{}, want.view);
        support::for_each_target([&] {
          qmath::gemm(a.view, {z}, p.b, got.view);
          CHECK(same(got.view, want.view));
        });
      }
    }
  }
}

TEST_CASE_TEMPLATE("gemm: operands at their extremes", A, std::uint8_t, std::int8_t) {
  using limits = std::numeric_limits<A>;
  const std::vector<A> a_values = {limits::min(), limits::max(), static_cast<A>(0x80), A{127}};
  const std::vector<std::int8_t> b_values = {-128, 127, -127};
  for (const std::size_t k : {4u, 67u, 1024u}) {
    for (const A a0 : a_values) {
      for (const A a1 : a_values) {
        for (const std::int8_t b0 : b_values) {
          for (const std::int8_t b1 : b_values) {
            matrix<A> a(13, k, k);
            matrix<std::int8_t> b(k, 33, 33);
            matrix<std::int32_t> got(13, 33, 33), want(13, 33, 33);
            a.fill([&](std::size_t, std::size_t c) { return c % 2 ? a1 : a0; });
            b.fill([&](std::size_t r, std::size_t) { return r % 2 ? b1 : b0; });
            const packed p(b.view);
            qmath::reference::gemm(a.view, {}, b.view, qmath::to_sums{}, want.view);
            support::for_each_target([&] {
              qmath::gemm(a.view, {}, p.b, got.view);
              CHECK_MESSAGE(same(got.view, want.view), int{a0}, " ", int{a1}, " * ", int{b0}, " ",
                            int{b1}, ", k = ", k);
            });
          }
        }
      }
    }
  }
}

TEST_CASE("gemm: beyond the safe k the sum wraps, the same everywhere") {
  const std::size_t k = 140000;
  matrix<std::uint8_t> a(1, k, k);
  matrix<std::int8_t> b(k, 1, 1);
  matrix<std::int32_t> got(1, 1, 1), want(1, 1, 1);
  a.fill([](std::size_t, std::size_t) { return std::uint8_t{255}; });
  b.fill([](std::size_t, std::size_t) { return std::int8_t{-128}; });
  const packed p(b.view);
  qmath::reference::gemm(a.view, {}, b.view, qmath::to_sums{}, want.view);
  REQUIRE(want.view(0, 0) != -255 * 128 * static_cast<std::int64_t>(k));
  support::for_each_target([&] {
    qmath::gemm(a.view, {}, p.b, got.view);
    CHECK(got.view(0, 0) == want.view(0, 0));
  });
}

TEST_CASE_TEMPLATE("gemm: float epilogue", A, std::uint8_t, std::int8_t) {
  for (const shape& s : shapes()) {
    CAPTURE(s.m);
    CAPTURE(s.n);
    CAPTURE(s.k);
    matrix<A> a(s.m, s.k, s.k + 1);
    matrix<std::int8_t> b(s.k, s.n, s.n);
    matrix<float> got(s.m, s.n, s.n + 3), want(s.m, s.n, s.n);
    a.fill_random(23);
    b.fill_random(24);
    const packed p(b.view);
    const guarded<float> scales([&] {
      std::vector<float> v = support::floats_near(1e-4f, s.n, 25);
      for (float& x : v) x = std::abs(x) + 1e-6f;
      return v;
    }());
    // Biases of the size of the products, where a contracted multiply-add shows.
    const guarded<float> bias(support::floats_near(0.01f, s.n, 26));
    const float one_scale[] = {0.0123f};
    for (const bool per_channel : {true, false}) {
      for (const bool with_bias : {true, false}) {
        qmath::to_float e{0.037f, one_scale, {}};
        if (per_channel && s.n != 0) e.b_scales = scales.span();
        if (with_bias) e.bias = bias.span();
        qmath::reference::gemm(a.view, {3}, b.view, e, want.view);
        support::for_each_target([&] {
          qmath::gemm(a.view, {3}, p.b, e, got.view);
          CHECK(same(got.view, want.view));
        });
      }
    }
  }
}

TEST_CASE("gemm: without bias a sum that underflows keeps its sign") {
  matrix<std::uint8_t> a(3, 4, 4);
  matrix<std::int8_t> b(4, 20, 20);
  matrix<float> got(3, 20, 20), want(3, 20, 20);
  a.fill([](std::size_t, std::size_t) { return std::uint8_t{1}; });
  b.fill([](std::size_t, std::size_t c) { return static_cast<std::int8_t>(c % 2 ? 1 : -1); });
  const packed p(b.view);
  const float tiny[] = {0x1p-100f};
  const qmath::to_float e{0x1p-100f, tiny, {}};
  qmath::reference::gemm(a.view, {}, b.view, e, want.view);
  REQUIRE(std::signbit(want.view(0, 0)));
  REQUIRE_FALSE(std::signbit(want.view(0, 1)));
  support::for_each_target([&] {
    qmath::gemm(a.view, {}, p.b, e, got.view);
    CHECK(same(got.view, want.view));
  });
}

TEST_CASE_TEMPLATE("gemm: NaN stays NaN", C, float, qmath::half, qmath::bfloat16) {
  matrix<std::int8_t> a(9, 7, 7), b(7, 35, 35);
  a.fill_random(35);
  b.fill_random(36);
  const packed p(b.view);
  // Payloads that rounding would carry into the sign, or make an infinity of.
  std::vector<float> bias(35, 0.5f);
  const std::uint32_t payloads[] = {0x7FFFFFFF, 0x7F800001, 0xFFC00000, 0xFFFFFFFF, 0x7FBFFFFF};
  for (std::size_t c = 0; c < bias.size(); c += 2) {
    std::memcpy(&bias[c], &payloads[c / 2 % std::size(payloads)], sizeof(float));
  }
  const std::vector<float> b_scales{0.01f};
  matrix<C> got(9, 35, 35), want(9, 35, 35);
  for (const float min : {-qmath::detail::infinity, 0.0f}) {
    const qmath::to_float e{
        .a_scale = 0.5f, .b_scales = b_scales, .bias = bias, .min = min, .max = -2 * min + 6.0f};
    qmath::reference::gemm(a.view, {3}, b.view, e, want.view);
    support::for_each_target([&] {
      qmath::gemm(a.view, {3}, p.b, e, got.view);
      for (std::size_t r = 0; r < 9; ++r) {
        for (std::size_t c = 0; c < 35; ++c) {
          if (c % 2 == 0) {
            CHECK(std::isnan(qmath::float_from(got.view(r, c))));
          } else {
            CHECK(std::memcmp(&got.view(r, c), &want.view(r, c), sizeof(C)) == 0);
          }
        }
      }
    });
  }
}

TEST_CASE("gemm: multipliers whose product overflows") {
  matrix<std::int8_t> a(5, 3, 3), b(3, 19, 19);
  a.fill([](std::size_t r, std::size_t) { return static_cast<std::int8_t>(r % 2); });
  b.fill([](std::size_t, std::size_t c) { return static_cast<std::int8_t>(c % 3); });
  const packed p(b.view);
  const std::vector<float> rows(5, 3e38f), columns(19, 3e38f);
  const qmath::to_quantized e{.multipliers = columns, .zero_point = 4, .row_multipliers = rows};
  matrix<std::int8_t> got(5, 19, 19), want(5, 19, 19);
  qmath::reference::gemm(a.view, {}, b.view, e, want.view);
  CHECK(want.view(0, 2) == 4);  // 0 times a finite number
  CHECK(want.view(1, 2) == 127);
  support::for_each_target([&] {
    qmath::gemm(a.view, {}, p.b, e, got.view);
    CHECK(same(got.view, want.view));
  });
}

TEST_CASE_TEMPLATE("gemm: 8-bit epilogue", C, std::uint8_t, std::int8_t) {
  constexpr std::int32_t lo = std::numeric_limits<C>::min(), hi = std::numeric_limits<C>::max();
  for (const shape& s : shapes()) {
    CAPTURE(s.m);
    CAPTURE(s.n);
    CAPTURE(s.k);
    matrix<std::uint8_t> a(s.m, s.k, s.k);
    matrix<std::int8_t> b(s.k, s.n, s.n);
    matrix<C> got(s.m, s.n, s.n + 3), want(s.m, s.n, s.n);
    a.fill_random(27);
    b.fill_random(28);
    const packed p(b.view);
    const guarded<float> multipliers([&] {
      std::vector<float> v = support::floats_near(1e-5f, s.n, 29);
      for (float& x : v) x = std::abs(x) + 1e-7f;
      return v;
    }());
    const guarded<std::int32_t> bias([&] {
      std::vector<std::int32_t> v = support::any_integers<std::int32_t>(s.n, 30);
      for (std::size_t i = 0; i < v.size(); ++i) v[i] = i % 7 == 0 ? v[i] : v[i] >> 14;
      return v;
    }());
    const float one[] = {0.002f};
    for (const bool per_channel : {true, false}) {
      qmath::to_quantized e;
      e.multipliers = per_channel && s.n != 0 ? multipliers.span() : std::span<const float>(one);
      e.zero_point = lo + 17;
      if (per_channel) e.bias = bias.span(), e.min = e.zero_point, e.max = hi - 5;
      qmath::reference::gemm(a.view, {128}, b.view, e, want.view);
      support::for_each_target([&] {
        qmath::gemm(a.view, {128}, p.b, e, got.view);
        CHECK(same(got.view, want.view));
      });
    }
  }
}

TEST_CASE("gemm: what stands between the rows of c is left alone") {
  matrix<std::uint8_t> a(5, 9, 9);
  matrix<std::int8_t> b(9, 20, 20);
  a.fill_random(31);
  b.fill_random(32);
  const packed p(b.view);
  std::vector<std::int32_t> c(5 * 50, 0x5A5A5A5A);
  support::for_each_target([&] {
    qmath::gemm(a.view, {}, p.b, matrix_view<std::int32_t>(c.data(), 5, 20, 50));
    for (std::size_t r = 0; r < 5; ++r) {
      for (std::size_t i = 20; i < 50; ++i) CHECK(c[r * 50 + i] == 0x5A5A5A5A);
    }
  });
}

TEST_CASE("gemm: any split into rows gives the same result") {
  matrix<std::int8_t> a(61, 40, 40);
  matrix<std::int8_t> b(40, 35, 35);
  a.fill_random(33);
  b.fill_random(34);
  const packed p(b.view);
  matrix<std::int32_t> whole(61, 35, 35), parts(61, 35, 35);
  support::for_each_target([&] {
    qmath::gemm(a.view, {1}, p.b, whole.view);
    for (std::size_t row = 0, step = 1; row < 61; row += step, step = step % 9 + 2) {
      const std::size_t rows = std::min(step, 61 - row);
      qmath::gemm(matrix_view<std::int8_t>(&a.view(row, 0), rows, 40), {1}, p.b,
                  matrix_view<std::int32_t>(&parts.view(row, 0), rows, 35));
    }
    CHECK(same(parts.view, whole.view));
  });
}
