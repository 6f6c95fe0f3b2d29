// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// gemm equals the reference for random shapes, types, zero points, epilogues and splits into tasks, on every
// target. A case is a list of small numbers, 0 being the simplest of each; a case that fails is made smaller, one
// number after the other, as long as it fails, and what is left is printed.
#include <doctest/doctest.h>

#include <algorithm>
#include <concepts>
#include <cstring>
#include <limits>
#include <qmath/qmath.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/formats.hpp"
#include "support/guarded.hpp"
#include "support/targets.hpp"

using qmath::matrix_view;
using support::guarded;

namespace {

// ---- Cases -------------------------------------------------------------------------------------

/// From 0 to per_size * size + more.
struct feature {
  const char* name;
  std::size_t per_size, more;
};

enum feature_number : std::size_t {
  of_m,
  of_n,
  of_k,
  of_a_gap,
  of_c_gap,
  of_offset,
  of_a_type,
  of_b_type,
  of_c_type,
  of_a_extremes,
  of_b_extremes,
  of_a_zero_points,
  of_b_zero_points,
  of_bias,
  of_accumulate,
  of_column_scales,
  of_row_scales,
  of_zero_point,
  of_min,
  of_max,
  of_fixed,
  of_parts,
  features
};

constexpr feature all_features[features] = {
    {"m", 1, 0},
    {"n", 4, 0},
    {"k", 8, 0},
    {"gap between rows of a", 0, 8},
    {"gap between rows of c", 0, 2},
    {"bytes in front of packed b", 0, 64},
    {"type of a (u8, s8)", 0, 1},
    {"type of b (s8, u8)", 0, 1},
    {"type of c (s32, f32, f16, bf16, s8, u8, s16)", 0, 6},
    {"a at its extremes", 0, 1},
    {"b at its extremes", 0, 1},
    {"zero points of a (none, one, per row)", 0, 2},
    {"zero points of b (none, one, per column)", 0, 2},
    {"bias", 0, 1},
    {"accumulate", 0, 1},
    {"scales per column", 0, 1},
    {"scales per row", 0, 1},
    {"zero point of c", 0, 1},
    {"min", 0, 1},
    {"max", 0, 1},
    {"fixed-point multipliers (none, single, double rounding)", 0, 2},
    {"in parts", 0, 1},
};

struct gemm_case {
  std::uint32_t seed = 0;
  std::size_t value[features] = {};

  std::size_t operator[](feature_number f) const { return value[f]; }
  std::string text() const {
    std::string all = "seed " + std::to_string(seed);
    for (std::size_t f = 0; f < features; ++f) {
      if (value[f] == 0 && f > of_k) continue;
      all += std::string("; ") + all_features[f].name + " = " + std::to_string(value[f]);
    }
    return all;
  }
};

gemm_case random_case(std::uint32_t seed, std::size_t size) {
  std::mt19937 random(seed);
  gemm_case c{.seed = seed};
  for (std::size_t f = 0; f < features; ++f) {
    c.value[f] = random() % (all_features[f].per_size * size + all_features[f].more + 1);
  }
  return c;
}

/// A case that fails, of which none that has one number less, or half of it, or 0, does.
template <class Fails>
gemm_case smallest(gemm_case c, const Fails& fails) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t f = 0; f < features; ++f) {
      const std::size_t now = c.value[f];
      for (const std::size_t less : {std::size_t{0}, now / 2, now - 1}) {
        gemm_case other = c;
        other.value[f] = less;
        if (less >= now || !fails(other)) continue;
        c = other;
        smaller = true;
        break;
      }
    }
  }
  return c;
}

// ---- Numbers -----------------------------------------------------------------------------------

/// Each array has numbers of its own, so that those of others stay when one is left out.
class numbers {
 public:
  numbers(std::uint32_t seed, std::uint32_t array) : random_(seed * 64 + array) {}

  std::size_t below(std::size_t n) { return random_() % n; }
  bool coin() { return below(2) != 0; }
  template <class T>
  T any() {
    return static_cast<T>(random_());
  }
  template <class T>
  T extreme() {
    using limits = std::numeric_limits<T>;
    const T values[] = {limits::min(), limits::max(), static_cast<T>(0x80), T{127}};
    return values[below(4)];
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

// ---- One case ----------------------------------------------------------------------------------

/// Operands, at the end of their memory.
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
  static guarded<T> codes(const gemm_case& t, std::uint32_t array, std::size_t size, bool extreme) {
    numbers r(t.seed, array);
    return filled<T>(size, [&] { return extreme ? r.extreme<T>() : r.any<T>(); });
  }
  template <class T>
  static guarded<std::int32_t> zeros(const gemm_case& t, std::uint32_t array, std::size_t size) {
    numbers r(t.seed, array);
    return filled<std::int32_t>(size, [&] { return r.any<T>(); });
  }

  explicit operands(const gemm_case& t)
      : m(t[of_m]),
        n(t[of_n]),
        k(t[of_k]),
        a_stride(k + t[of_a_gap]),
        a(codes<A>(t, 0, m == 0 || k == 0 ? 0 : (m - 1) * a_stride + k, t[of_a_extremes] != 0)),
        b(codes<B>(t, 1, k * n, t[of_b_extremes] != 0)),
        a_rows(zeros<A>(t, 2, t[of_a_zero_points] == 2 ? m : 0)),
        b_columns(zeros<B>(t, 3, t[of_b_zero_points] == 2 ? n : 0)),
        memory(qmath::packed_size(k, n) + t[of_offset]),
        packed(qmath::pack(b_view(), std::span(memory).subspan(t[of_offset]))) {
    if (t[of_a_zero_points] == 1) zero_points.a = numbers(t.seed, 4).any<A>();
    if (t[of_b_zero_points] == 1) zero_points.b = numbers(t.seed, 5).any<B>();
    zero_points.a_rows = a_rows.span();
    zero_points.b_columns = b_columns.span();
  }

  matrix_view<const A> a_view() const { return {a.data(), m, k, a_stride}; }
  matrix_view<const B> b_view() const { return {b.data(), k, n}; }
};

/// The first target whose result is not the reference's; null if there is none.
template <class A, class B, class Epilogue, class C>
const char* wrong_target(const gemm_case& t, const operands<A, B>& o, const Epilogue& e,
                         const std::vector<C>& before) {
  const std::size_t stride = o.n + t[of_c_gap];
  const std::size_t size = o.m == 0 || o.n == 0 ? 0 : (o.m - 1) * stride + o.n;
  REQUIRE(size <= before.size());
  std::vector<C> want(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(size));
  qmath::reference::gemm(o.a_view(), o.zero_points, o.b_view(), e,
                         matrix_view<C>(want.data(), o.m, o.n, stride));
  const guarded<C> got(size);
  const char* wrong = nullptr;
  for (const char* target : support::tested_targets()) {
    REQUIRE(qmath::cpu::use_target(target));
    if (size != 0) std::memcpy(got.data(), before.data(), size * sizeof(C));
    const matrix_view<C> c(got.data(), o.m, o.n, stride);
    if (t[of_parts] == 0) {
      qmath::gemm(o.a_view(), o.zero_points, o.packed, e, c);
    } else {
      run_in_parts(qmath::plan_gemm(o.a_view(), o.zero_points, o.packed, e, c), t.seed);
    }
    if (size != 0 && std::memcmp(got.data(), want.data(), size * sizeof(C)) != 0) wrong = target;
    if (wrong != nullptr) break;
  }
  qmath::cpu::use_best_target();
  return wrong;
}

template <class C, class A, class B>
const char* wrong_target(const gemm_case& t, const operands<A, B>& o) {
  const std::size_t c_size = o.m * (o.n + t[of_c_gap]), columns = t[of_column_scales] ? o.n : 1,
                    rows = t[of_row_scales] ? o.m : 0, biases = t[of_bias] ? o.n : 0;
  const auto positive = [&](std::uint32_t array, std::size_t count, float first) {
    numbers r(t.seed, array);
    return filled<float>(count, [&] { return r.positive(first); });
  };
  const auto reals = [&](std::uint32_t array, std::size_t count) {
    numbers r(t.seed, array);
    return filled<float>(count, [&] { return r.positive(0.01f) * (r.coin() ? 1.0f : -1.0f); });
  };
  numbers r(t.seed, 6), others(t.seed, 13);
  const auto bias = filled<std::int32_t>(
      biases, [&] { return r.coin() ? r.any<std::int32_t>() : r.inside(-1000000, 1000000); });
  if constexpr (std::same_as<C, std::int32_t>) {
    std::vector<std::int32_t> before(c_size);
    for (std::int32_t& v : before) v = others.any<std::int32_t>();
    return wrong_target(t, o, qmath::to_sums{bias.span(), t[of_accumulate] != 0}, before);
  } else if constexpr (qmath::real_number<C>) {
    const auto b_scales = positive(7, columns, 1e-5f), a_scales = positive(8, rows, 1e-3f);
    const auto real_bias = reals(9, biases), before = reals(10, c_size);
    qmath::to_float e{0.01f, b_scales.span(), real_bias.span(), a_scales.span()};
    if (t[of_min]) e.min = 0.0f;
    if (t[of_max]) e.max = 6.0f;
    e.accumulate = t[of_accumulate] != 0;
    const std::vector<float> floats(before.span().begin(), before.span().end());
    return wrong_target(t, o, e, support::real_numbers<C>(floats));
  } else {
    constexpr std::int32_t lo = std::numeric_limits<C>::min(), hi = std::numeric_limits<C>::max();
    const auto multipliers = positive(11, columns, 1e-5f),
               row_multipliers = positive(12, rows, 0.1f);
    numbers factors(t.seed, 14);
    const auto fixed = filled<qmath::fixed_point_multiplier>(columns, [&] {
      return qmath::fixed_point_multiplier{factors.inside(1 << 29, 0x7FFFFFFF),
                                           factors.inside(28, 50)};
    });
    qmath::to_quantized e{multipliers.span(), bias.span()};
    e.row_multipliers = row_multipliers.span();
    if (t[of_zero_point]) e.zero_point = others.inside(lo, hi);
    if (t[of_min]) e.min = e.zero_point;
    if (t[of_max]) e.max = others.inside(e.zero_point, hi);
    if (t[of_fixed] != 0) {
      e.multipliers = {}, e.row_multipliers = {}, e.fixed_multipliers = fixed.span();
      e.rule = t[of_fixed] == 2 ? qmath::fixed_point_rule::double_rounding
                                : qmath::fixed_point_rule::single_rounding;
    }
    return wrong_target(t, o, e, std::vector<C>(c_size));
  }
}

template <class A, class B>
const char* wrong_target(const gemm_case& t) {
  const operands<A, B> o(t);
  switch (t[of_c_type]) {
    case 0: return wrong_target<std::int32_t>(t, o);
    case 1: return wrong_target<float>(t, o);
    case 2: return wrong_target<qmath::half>(t, o);
    case 3: return wrong_target<qmath::bfloat16>(t, o);
    case 4: return wrong_target<std::int8_t>(t, o);
    case 5: return wrong_target<std::uint8_t>(t, o);
    default: return wrong_target<std::int16_t>(t, o);
  }
}

const char* wrong_target(const gemm_case& t) {
  INFO(t.text());  // of a crash
  if (t[of_a_type] == 0) {
    return t[of_b_type] == 0 ? wrong_target<std::uint8_t, std::int8_t>(t)
                             : wrong_target<std::uint8_t, std::uint8_t>(t);
  }
  return t[of_b_type] == 0 ? wrong_target<std::int8_t, std::int8_t>(t)
                           : wrong_target<std::int8_t, std::uint8_t>(t);
}

}  // namespace

TEST_CASE("gemm: random cases of every kind") {
  std::uint32_t seed = 0;
  for (const std::size_t size : {2u, 5u, 9u, 14u, 26u, 50u}) {
    for (int i = 0; i < 400; ++i) {
      const gemm_case t = random_case(seed++, size);
      if (wrong_target(t) == nullptr) continue;
      const gemm_case s =
          smallest(t, [](const gemm_case& other) { return wrong_target(other) != nullptr; });
      FAIL("not the reference's bits on ", std::string(wrong_target(s)), ": ", s.text(),
           "; made from size ", size);
    }
  }
}

TEST_CASE("gemm: failing random cases are made as small as they can be") {
  const auto fails = [](const gemm_case& t) {
    return t[of_k] >= 5 && t[of_n] > 16 && t[of_b_zero_points] == 2 && t[of_c_type] >= 4 &&
           (t[of_m] >= 3 || t[of_bias] != 0);
  };
  std::size_t failed = 0;
  for (std::uint32_t seed = 0; seed < 2000; ++seed) {
    const gemm_case t = random_case(seed, 14);
    if (!fails(t)) continue;
    ++failed;
    const gemm_case s = smallest(t, fails);
    const bool by_rows = s[of_bias] == 0;
    std::string want = "seed " + std::to_string(seed) + "; m = " + (by_rows ? "3" : "0");
    want += "; n = 17; k = 5; type of c (s32, f32, f16, bf16, s8, u8, s16) = 4";
    want += "; zero points of b (none, one, per column) = 2";
    CHECK(s.text() == want + (by_rows ? "" : "; bias = 1"));
  }
  CHECK(failed > 50);
}

TEST_CASE("gemm: more rows and columns than one task has, the sums for a function") {
  numbers r(1, 0);
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
