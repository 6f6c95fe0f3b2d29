// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// gemm equals the reference for random shapes, types, zero points, epilogues and splits into tasks, on every
// target. A case is made of one seed, which a failure prints; smaller shapes come first.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <qmath/qmath.hpp>
#include <random>
#include <vector>

#include "support/formats.hpp"
#include "support/guarded.hpp"
#include "support/targets.hpp"

using qmath::matrix_view;
using support::guarded;

namespace {

class random_case {
 public:
  explicit random_case(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return random_() % n; }
  bool coin() { return below(2) != 0; }
  template <class T>
  T any() {
    return static_cast<T>(random_());
  }
  std::int32_t inside(std::int32_t lo, std::int32_t hi) {
    return lo + static_cast<std::int32_t>(
                    below(static_cast<std::size_t>(static_cast<std::int64_t>(hi) - lo + 1)));
  }
  /// From first to 256 times as much.
  float positive(float first) {
    return first * static_cast<float>(1.0 + 255.0 * static_cast<double>(random_()) / 4294967296.0);
  }

 private:
  std::mt19937 random_;
};

template <class T, class F>
guarded<T> filled(std::size_t n, const F& f) {
  std::vector<T> v(n);
  for (T& x : v) x = f();
  return guarded<T>(v);
}

/// Operands at the end of their memory: every so often at their extremes.
template <class A, class B>
struct operands {
  std::size_t m, n, k, a_stride;
  guarded<A> a;
  guarded<B> b;
  guarded<std::int32_t> a_rows, b_columns;
  qmath::gemm_zero_points zero_points;
  std::vector<std::byte> memory;
  qmath::packed_matrix packed;

  template <class T>
  static T element(random_case& r, bool extreme) {
    using limits = std::numeric_limits<T>;
    if (!extreme) return r.any<T>();
    const T values[] = {limits::min(), limits::max(), static_cast<T>(0x80), T{127}};
    return values[r.below(4)];
  }

  operands(random_case& r, std::size_t size)
      : m(r.below(size + 1)),
        n(r.below(4 * size + 1)),
        k(r.below(8 * size + 1)),
        a_stride(k + (r.coin() ? 0 : r.below(9))),
        a(filled<A>(m == 0 || k == 0 ? 0 : (m - 1) * a_stride + k,
                    [&, e = r.below(4) == 0] { return element<A>(r, e); })),
        b(filled<B>(k * n, [&, e = r.below(4) == 0] { return element<B>(r, e); })),
        a_rows(filled<std::int32_t>(r.coin() ? m : 0, [&] { return r.template any<A>(); })),
        b_columns(filled<std::int32_t>(r.coin() ? n : 0, [&] { return r.template any<B>(); })),
        memory(qmath::packed_size(k, n) + r.below(65)),
        packed(qmath::pack(matrix_view<const B>(b.data(), k, n),
                           std::span(memory).last(qmath::packed_size(k, n)))) {
    zero_points.a = r.coin() ? r.any<A>() : 0;
    zero_points.b = r.coin() ? r.any<B>() : 0;
    zero_points.a_rows = a_rows.span();
    zero_points.b_columns = b_columns.span();
  }

  matrix_view<const A> a_view() const { return {a.data(), m, k, a_stride}; }
  matrix_view<const B> b_view() const { return {b.data(), k, n}; }
};

/// All of a plan, in tasks of any size and order.
void run_in_parts(const qmath::gemm_plan& plan, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::pair<std::size_t, std::size_t>> parts;
  for (std::size_t first = 0; first < plan.tasks();) {
    const std::size_t last = std::min(plan.tasks(), first + random() % 4);
    parts.emplace_back(first, last);
    first = last;
  }
  std::shuffle(parts.begin(), parts.end(), random);
  for (const auto& [first, last] : parts) plan.run(first, last);
}

template <class A, class B, class Epilogue, class C>
void check(const operands<A, B>& o, const Epilogue& e, const std::vector<C>& before,
           std::uint32_t seed) {
  const std::size_t stride = o.n + seed % 3,
                    size = o.m == 0 || o.n == 0 ? 0 : (o.m - 1) * stride + o.n;
  std::vector<C> want(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(size));
  qmath::reference::gemm(o.a_view(), o.zero_points, o.b_view(), e,
                         matrix_view<C>(want.data(), o.m, o.n, stride));
  const guarded<C> got(size);
  support::for_each_target([&] {
    if (size != 0) std::memcpy(got.data(), before.data(), size * sizeof(C));
    const matrix_view<C> c(got.data(), o.m, o.n, stride);
    if (seed % 2 == 0) {
      qmath::gemm(o.a_view(), o.zero_points, o.packed, e, c);
    } else {
      run_in_parts(qmath::plan_gemm(o.a_view(), o.zero_points, o.packed, e, c), seed);
    }
    CHECK((size == 0 || std::memcmp(got.data(), want.data(), size * sizeof(C)) == 0));
  });
}

template <class A, class B>
void fuzz(std::uint32_t seed, std::size_t size) {
  CAPTURE(seed);
  CAPTURE(size);
  random_case r(seed);
  const operands<A, B> o(r, size);
  CAPTURE(o.m);
  CAPTURE(o.n);
  CAPTURE(o.k);
  const std::size_t c_size = o.m * (o.n + 2) + 1;
  const auto some = [&](std::size_t n) { return r.coin() ? n : 0; };
  const auto scales = [&](std::size_t n, float first) {
    return filled<float>(n, [&] { return r.positive(first); });
  };
  const auto one_or = [&](std::size_t n) { return r.coin() ? 1 : n; };
  const auto reals = [&](std::size_t n) {
    return filled<float>(n, [&] { return r.positive(0.01f) * (r.coin() ? 1.0f : -1.0f); });
  };
  const auto biases = filled<std::int32_t>(
      some(o.n), [&] { return r.coin() ? r.any<std::int32_t>() : r.inside(-1000000, 1000000); });

  std::vector<std::int32_t> before(c_size);
  for (std::int32_t& v : before) v = r.any<std::int32_t>();
  check(o, qmath::to_sums{biases.span(), r.coin()}, before, seed);

  const auto b_scales = scales(one_or(o.n), 1e-5f), a_scales = scales(some(o.m), 1e-3f);
  const auto bias = reals(some(o.n));
  qmath::to_float f{r.positive(1e-3f), b_scales.span(), bias.span(), a_scales.span()};
  if (r.coin()) f.min = 0.0f;
  if (r.coin()) f.max = 6.0f;
  f.accumulate = r.coin();
  const auto old = reals(c_size);
  std::vector<float> floats(old.span().begin(), old.span().end());
  check(o, f, floats, seed);
  check(o, f, support::real_numbers<qmath::half>(floats), seed);
  check(o, f, support::real_numbers<qmath::bfloat16>(floats), seed);

  const auto multipliers = scales(one_or(o.n), 1e-5f), row_multipliers = scales(some(o.m), 0.1f);
  const auto fixed = filled<qmath::fixed_point_multiplier>(one_or(o.n), [&] {
    return qmath::fixed_point_multiplier{r.inside(1 << 29, 0x7FFFFFFF), r.inside(28, 50)};
  });
  const auto codes = [&](auto type) {
    using C = decltype(type);
    constexpr std::int32_t lo = std::numeric_limits<C>::min(), hi = std::numeric_limits<C>::max();
    qmath::to_quantized e{multipliers.span(), biases.span(), r.inside(lo, hi)};
    if (r.coin()) e.min = e.zero_point;
    if (r.coin()) e.max = r.inside(e.zero_point, hi);
    e.row_multipliers = row_multipliers.span();
    check(o, e, std::vector<C>(c_size), seed);
    e.multipliers = {}, e.row_multipliers = {}, e.fixed_multipliers = fixed.span();
    e.rule = r.coin() ? qmath::fixed_point_rule::double_rounding
                      : qmath::fixed_point_rule::single_rounding;
    check(o, e, std::vector<C>(c_size), seed);
  };
  codes(std::int8_t{});
  codes(std::uint8_t{});
  codes(std::int16_t{});
}

}  // namespace

TEST_CASE("gemm: random cases of every kind") {
  std::uint32_t seed = 0;
  for (const std::size_t size : {2u, 5u, 9u, 14u, 26u, 50u}) {
    for (int i = 0; i < 10; ++i) {
      fuzz<std::uint8_t, std::int8_t>(seed++, size);
      fuzz<std::int8_t, std::int8_t>(seed++, size);
      fuzz<std::uint8_t, std::uint8_t>(seed++, size);
      fuzz<std::int8_t, std::uint8_t>(seed++, size);
    }
  }
}

TEST_CASE("gemm: more rows and columns than one task has, the sums for a function") {
  random_case r(1);
  const std::size_t m = 247, n = 290, k = 37;
  const auto a = filled<std::int8_t>(m * k, [&] { return r.any<std::int8_t>(); });
  const auto b = filled<std::uint8_t>(k * n, [&] { return r.any<std::uint8_t>(); });
  std::vector<std::byte> memory(qmath::packed_size(k, n));
  const auto packed = qmath::pack(matrix_view<const std::uint8_t>(b.data(), k, n), memory);
  const matrix_view<const std::int8_t> a_view(a.data(), m, k);
  const qmath::gemm_zero_points z{.a = -5, .b = 200};
  std::vector<std::int32_t> want(m * n), got(m * n);
  qmath::reference::gemm(a_view, z, matrix_view<const std::uint8_t>(b.data(), k, n),
                         qmath::to_sums{}, matrix_view<std::int32_t>(want.data(), m, n));
  support::for_each_target([&] {
    const auto store = [&](std::size_t row, std::size_t column,
                           std::span<const std::int32_t> sums) {
      REQUIRE(column + sums.size() <= n);
      std::copy(sums.begin(), sums.end(),
                got.begin() + static_cast<std::ptrdiff_t>(row * n + column));
    };
    std::fill(got.begin(), got.end(), 0);
    qmath::gemm_with(a_view, z, packed, store);
    CHECK(got == want);
    std::fill(got.begin(), got.end(), 0);
    const qmath::gemm_plan plan = qmath::plan_gemm_with(a_view, z, packed, store);
    CHECK(plan.tasks() == 6);
    run_in_parts(plan, 3);
    CHECK(got == want);
  });
}
