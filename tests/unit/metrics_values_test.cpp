// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What metrics.hpp makes of sums and counts: results, ranking, codes, distributions, classes, broken preconditions.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <qmath/metrics.hpp>
#include <qmath/qmath.hpp>
// Also where the kernels are in the library: the logarithm is a function of its own.
#include <qmath/detail/logarithm.hpp>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "support/contract.hpp"
#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/selections.hpp"
#include "support/vectors.hpp"

using qmath::error_sums;
using support::refused;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();

error_sums sums(const std::vector<float>& a, const std::vector<float>& b) {
  error_sums s;
  qmath::add_errors(a, b, s);
  return s;
}

using counts = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("results: numbers that can be seen") {
  const error_sums s = sums({3.0f, 4.0f}, {3.0f, 5.0f});  // A = 25, C = 29, B = 34, E = 1
  CHECK(qmath::mse(s) == 0.5);
  CHECK(qmath::sqnr_db(s) == doctest::Approx(13.979400086720377).epsilon(1e-15));
  CHECK(qmath::scale_invariant_sqnr_db(s) ==
        doctest::Approx(10 * std::log10(841.0 / 9.0)).epsilon(1e-14));
  CHECK(qmath::cosine_similarity(s) == 29.0 / std::sqrt(850.0));
  CHECK(qmath::mean_error(s) == 0.5);
  CHECK(qmath::mean_error(sums({1.0f, 1.0f}, {1.0f, 0.0f})) == -0.5);
}

TEST_CASE("results: nothing, zeros, equal arrays") {
  const error_sums none;
  for (const double x : {qmath::mse(none), qmath::sqnr_db(none), qmath::cosine_similarity(none),
                         qmath::scale_invariant_sqnr_db(none), qmath::mean_error(none)}) {
    CHECK(std::isnan(x));
  }
  const error_sums equal = sums({1.5f, -2.0f}, {1.5f, -2.0f});
  CHECK(qmath::mse(equal) == 0.0);
  CHECK(qmath::sqnr_db(equal) == infinity);
  CHECK(qmath::scale_invariant_sqnr_db(equal) == infinity);
  CHECK(qmath::cosine_similarity(equal) == 1.0);
  const error_sums zeros = sums({0.0f}, {-0.0f});
  CHECK(qmath::sqnr_db(zeros) == infinity);
  CHECK(qmath::scale_invariant_sqnr_db(zeros) == infinity);
  CHECK(qmath::cosine_similarity(zeros) == 1.0);
  CHECK(qmath::sqnr_db(sums({0.0f}, {1.0f})) == -infinity);
  CHECK(qmath::scale_invariant_sqnr_db(sums({1.0f}, {0.0f})) == -infinity);
  CHECK(qmath::sqnr_db(sums({1.0f}, {0.0f})) == 0.0);
  CHECK(qmath::cosine_similarity(sums({1.0f}, {0.0f})) == 0.0);
  CHECK(qmath::cosine_similarity(sums({1.0f, 2.0f}, {-1.0f, -2.0f})) == -1.0);
  CHECK(qmath::scale_invariant_sqnr_db(sums({1.0f, 2.0f}, {-3.0f, -6.0f})) == infinity);
  // Rounded on the way, it would be 1 + 2^-52.
  const std::vector<float> x = {0x1.9b531ep+0f, 0x1.917d56p-10f}, opposite = {-x[0], -x[1]};
  CHECK(qmath::cosine_similarity(sums(x, x)) == 1.0);
  CHECK(qmath::cosine_similarity(sums(x, opposite)) == -1.0);
}

TEST_CASE("results: no overflow, no cancellation") {
  const float largest = std::numeric_limits<float>::max(), least = 0x1p-149f;
  const error_sums big = sums({largest, largest}, {-largest, -largest});
  CHECK(qmath::mse(big) ==
        std::ldexp(static_cast<double>(largest), 1) * std::ldexp(static_cast<double>(largest), 1));
  CHECK(qmath::sqnr_db(big) == doctest::Approx(-6.020599913279624).epsilon(1e-15));
  CHECK(big.absolute.value == 2.0 * static_cast<double>(largest));
  const error_sums small = sums({least, least}, {least, 0.0f});
  CHECK(qmath::mse(small) == 0x1p-299);
  CHECK(qmath::sqnr_db(small) == doctest::Approx(3.010299956639812).epsilon(1e-15));
  // E is the last bits of A - 2 C + B, which a sum in double precision does not have.
  const error_sums close = sums({largest, 1.0f}, {largest, 1.0f + 0x1p-23f});
  CHECK(qmath::mse(close) == 0x1p-47);
}

TEST_CASE("results: sums are rounded once, ties to even") {
  const auto mean = [](const std::vector<float>& b) {
    return qmath::mean_error(sums({0, 0, 0, 0}, b));
  };
  CHECK(mean({1.0f, 0x1p-53f, 0.0f, 0.0f}) == 0.25);
  CHECK(mean({1.0f, 0x1p-53f, 0x1p-80f, 0.0f}) == 0.25 + 0x1p-54);
  CHECK(mean({1.0f, 0x1p-53f, 0x1p-149f, 0.0f}) == 0.25 + 0x1p-54);
  CHECK(mean({1.0f, 0x1p-53f, -0x1p-149f, 0.0f}) == 0.25);
  CHECK(mean({1.0f, 0x1p-52f, 0x1p-53f, 0.0f}) == 0.25 + 0x1p-53);
  CHECK(mean({-1.0f, -0x1p-53f, -0x1p-149f, 0.0f}) == -0.25 - 0x1p-54);
  // With the leading bit at every place of a word.
  for (int e = -70; e < 70; ++e) {
    const float x = std::ldexp(1.0f, e);
    const double want = std::ldexp(0.25 + 0x1p-54, e);
    CHECK(mean({x, x * 0x1p-53f, x * 0x1p-54f, 0.0f}) == want);
    CHECK(mean({x, x * 0x1p-53f, x * 0x1p-65f, 0.0f}) == want);
    CHECK(mean({x, x * 0x1p-53f, x * 0x1p-78f, 0.0f}) == want);
    CHECK(mean({x, x * 0x1p-53f, 0.0f, 0.0f}) == std::ldexp(0.25, e));
  }
}

TEST_CASE("results: the same for any common power of two") {
  const std::vector<float> a = support::floats_near(0.01f, 500, 3);
  std::vector<float> b = a;
  for (float& v : b) v = std::nearbyint(v * 32.0f) / 32.0f;
  const error_sums s = sums(a, b);
  for (const float factor : {0x1p-80f, 0x1p-3f, 0x1p90f}) {
    std::vector<float> x = a, y = b;
    for (float& v : x) v *= factor;
    for (float& v : y) v *= factor;
    CHECK(qmath::sqnr_db(sums(x, y)) == qmath::sqnr_db(s));
    CHECK(qmath::scale_invariant_sqnr_db(sums(a, y)) == qmath::scale_invariant_sqnr_db(s));
    CHECK(qmath::cosine_similarity(sums(x, y)) == qmath::cosine_similarity(s));
  }
}

TEST_CASE("logarithm: within the bound of detail/logarithm.hpp") {
  std::size_t n = 0;
  for (const auto& c : support::read_vectors("metrics.txt")) {
    if (c.name != "logarithm") continue;
    const auto x = c.get<double>("x");
    const auto check = [&](const char* field, const qmath::impl::log_base& base) {
      const auto want = c.get<double>(field);
      for (std::size_t i = 0; i < x.size(); ++i) {
        CAPTURE(x[i]);
        CHECK(std::fabs(qmath::impl::logarithm(x[i], base) - want[i]) <=
              std::fabs(want[i]) * (0x1p-50 + 0x1p-53));
      }
    };
    check("base_2", qmath::impl::base_2);
    check("natural", qmath::impl::base_e);
    check("decibel", qmath::impl::decibel);
    n += x.size();
  }
  CHECK(n > 90);
  CHECK(qmath::impl::logarithm(1.0, qmath::impl::base_e) == 0.0);
  CHECK(qmath::impl::logarithm(1024.0, qmath::impl::base_2) == 10.0);
}

TEST_CASE("ranking: the worst first, ties in order, what cannot be judged before all") {
  const std::vector<float> a = {1.0f, 2.0f, 3.0f};
  const error_sums exact = sums(a, a), bad = sums(a, {0.0f, 0.0f, 9.0f}), none,
                   good = sums(a, {1.0f, 2.0f, 3.01f}), silent = sums({0.0f}, {1.0f});
  std::vector<qmath::layer_error> layers = {{"a", &exact}, {"b", &good},   {"c", &bad},
                                            {"d", &none},  {"e", &bad},    {"f", &exact},
                                            {"g", &good},  {"h", &silent}, {"i", &none}};
  std::vector<std::size_t> order(layers.size());
  qmath::rank_by_damage(layers, order);
  std::string names;
  for (const std::size_t i : order) names += layers[i].name;
  CHECK(names == "dihcebgaf");
  CHECK(layers[1].sqnr_db == qmath::sqnr_db(good));
  // Against the library's sort, with many ties.
  std::mt19937 random(4);
  for (std::size_t n = 0; n < 70; ++n) {
    layers.clear();
    const error_sums* const some[] = {&exact, &bad, &none, &good, &silent};
    for (std::size_t i = 0; i < n; ++i) layers.push_back({"", some[random() % 5]});
    order.assign(n, 99);
    qmath::rank_by_damage(layers, order);
    std::vector<std::size_t> want(n);
    for (std::size_t i = 0; i < n; ++i) want[i] = i;
    std::sort(want.begin(), want.end(), [&](std::size_t x, std::size_t y) {
      const auto key = [&](std::size_t i) {
        const bool judged = !std::isnan(layers[i].sqnr_db);
        return std::tuple(judged, judged ? layers[i].sqnr_db : 0.0, i);
      };
      return key(x) < key(y);
    });
    CHECK(order == want);
  }
}

TEST_CASE("codes: counts of every format") {
  const std::vector<std::int8_t> s8 = {-128, -1, 0, 127, 127};
  counts n(256);
  qmath::count_codes(s8, n);
  CHECK((n[0] == 1 && n[127] == 1 && n[128] == 1 && n[255] == 2));
  const std::vector<std::uint8_t> valid = {1, 0, 1, 0, 7};
  counts masked(256);
  qmath::count_codes(s8, masked, {valid});
  CHECK((masked[0] == 1 && masked[127] == 0 && masked[128] == 1 && masked[255] == 1));
  counts wide(65536);
  qmath::count_codes(std::vector<std::int16_t>{-32768, 5}, wide);
  qmath::count_codes(std::vector<std::uint16_t>{65535, 5}, wide);
  CHECK((wide[0] == 1 && wide[32773] == 1 && wide[65535] == 1 && wide[5] == 1));
  const std::uint8_t bytes[] = {0x8F, 0x71};
  const auto check = [&]<class F, qmath::bit_order Order>(
                         std::type_identity<F>, const std::vector<int>& codes,
                         qmath::packed_span<F, const std::uint8_t, Order> q) {
    const std::int32_t lowest = qmath::full_range<F>().min;
    counts want(static_cast<std::size_t>(qmath::full_range<F>().max - lowest + 1)), got = want;
    for (const int code : codes) ++want[static_cast<std::size_t>(code - lowest)];
    qmath::count_codes(q, got);
    CHECK(got == want);
  };
  using qmath::bit_order;
  using byte = const std::uint8_t;
  check(std::type_identity<qmath::s4>{}, {-1, -8, 1},
        qmath::packed_span<qmath::s4, byte>{bytes, 3});
  check(std::type_identity<qmath::u4>{}, {8, 15, 7},
        qmath::packed_span<qmath::u4, byte, bit_order::first_high>{bytes, 3});
  check(std::type_identity<qmath::s2>{}, {-1, -1, 0, -2, 1},
        qmath::packed_span<qmath::s2, byte>{bytes, 5});
  check(std::type_identity<qmath::u2>{}, {2, 0, 3, 3, 1},
        qmath::packed_span<qmath::u2, byte, bit_order::first_high>{bytes, 5});
}

TEST_CASE("codes: statistics") {
  counts n(16);
  n[0] = 1, n[1] = 2, n[8] = 4, n[15] = 1;  // -8, -7, 0, 7
  qmath::code_statistics s = qmath::statistics_of_codes<qmath::s4>(n, 0);
  CHECK((s.at_lowest == 0.125 && s.at_highest == 0.125 && s.zero == 0.5));
  CHECK(s.effective_bits == 1.75);  // 2 * 3/8 + 2/4 + 1/2
  s = qmath::statistics_of_codes<qmath::s4>(n, -7, qmath::narrow_range<qmath::s4>());
  CHECK((s.at_lowest == 0.375 && s.at_highest == 0.125 && s.zero == 0.25));
  counts one(256);
  one[3] = 9;
  CHECK(qmath::statistics_of_codes<std::uint8_t>(one, 3).effective_bits == 0.0);
  CHECK(!std::signbit(qmath::statistics_of_codes<std::uint8_t>(one, 3).effective_bits));
  CHECK(qmath::statistics_of_codes<std::uint8_t>(counts(256, 5), 3).effective_bits == 8.0);
  CHECK(std::isnan(qmath::statistics_of_codes<std::uint8_t>(counts(256), 3).effective_bits));
  CHECK(std::isnan(qmath::statistics_of_codes<std::uint8_t>(counts(256), 3).zero));
  CHECK(qmath::rate(1, 4) == 0.25);
  CHECK(std::isnan(qmath::rate(0, 0)));
}

TEST_CASE("distributions: what is defined of them") {
  const counts p = {1, 3, 0, 4}, q = {2, 6, 0, 8}, r = {4, 0, 0, 4}, none(4);
  CHECK(qmath::kl_divergence(p, q) == 0.0);
  CHECK(qmath::population_stability_index(p, q, 0.0) == 0.0);
  CHECK(qmath::population_stability_index(p, q) > 0.0);
  CHECK(qmath::jensen_shannon_distance(p, q) == 0.0);
  CHECK(qmath::kolmogorov_smirnov_distance(p, q) == 0.0);
  CHECK(qmath::kl_divergence(p, r) == infinity);
  CHECK(qmath::kl_divergence(r, p) == doctest::Approx(0.5 * std::log(4.0)));
  CHECK(qmath::population_stability_index(p, r, 0.0) == infinity);
  CHECK(std::isfinite(qmath::population_stability_index(p, r)));
  CHECK(qmath::kolmogorov_smirnov_distance(p, r) == 0.375);
  CHECK(qmath::jensen_shannon_distance(p, r) == qmath::jensen_shannon_distance(r, p));
  const counts left = {5, 0}, right = {0, 7};
  CHECK(qmath::jensen_shannon_distance(left, right) == std::sqrt(std::log(2.0)));
  CHECK(qmath::kolmogorov_smirnov_distance(left, right) == 1.0);
  // A small difference: sum of d^2 / (2 p), which a plain sum of p ln(p / q) loses.
  const counts x = {1'000'000'000'000, 1'000'000'000'000}, y = {1'000'000'000'001, 999'999'999'999};
  CHECK(qmath::kl_divergence(x, y) == doctest::Approx(0.5e-24).epsilon(1e-4));
  CHECK(qmath::jensen_shannon_distance(x, y) ==
        doctest::Approx(0.5e-12 / std::sqrt(2.0)).epsilon(1e-3));
  for (const double d :
       {qmath::kl_divergence(p, none), qmath::kl_divergence(none, p),
        qmath::population_stability_index(none, none), qmath::jensen_shannon_distance(p, none),
        qmath::kolmogorov_smirnov_distance(none, p), qmath::kl_divergence({}, {})}) {
    CHECK(std::isnan(d));
  }
}

TEST_CASE("classes: the lowest index of the largest number") {
  const float a[] = {1.0f,
                     2.0f,
                     2.0f,
                     9.0f,  //
                     -3.0f,
                     quiet_nan,
                     -1.0f,
                     9.0f,  //
                     0.0f,
                     -0.0f,
                     0.0f,
                     9.0f,  //
                     quiet_nan,
                     quiet_nan,
                     quiet_nan,
                     9.0f,  //
                     -std::numeric_limits<float>::infinity(),
                     quiet_nan,
                     quiet_nan,
                     9.0f};
  const float b[] = {1.0f,      2.5f,      2.0f,       //
                     -1.0f,     -2.0f,     -4.0f,      //
                     -0.0f,     0.0f,      0.0f,       //
                     quiet_nan, quiet_nan, quiet_nan,  //
                     1.0f,      2.0f,      3.0f};
  const qmath::matrix_view<const float> x(a, 5, 3, 4), y(b, 5, 3);
  const std::int32_t labels[] = {1, 0, 0, 3, -1};
  qmath::top1_counts c;
  qmath::add_top1(x, y, labels, c);
  CHECK(c == qmath::top1_counts{5, 2, 2, 3});
  CHECK(qmath::top1_agreement(c) == 0.4);
  CHECK(qmath::accuracy_delta(c) == 0.2);
  qmath::add_top1(x, y, {}, c);
  CHECK(c == qmath::top1_counts{10, 4, 2, 3});
  qmath::top1_counts other;
  qmath::add_top1(y, x, labels, other);
  CHECK(qmath::accuracy_delta(other) == -0.2);
  other += c;
  CHECK(other == qmath::top1_counts{15, 6, 5, 5});
  CHECK(std::isnan(qmath::top1_agreement({})));
  CHECK(std::isnan(qmath::accuracy_delta({})));
  const qmath::half h[] = {qmath::half_from(1.0f), qmath::half_from(2.0f)};
  const qmath::bfloat16 g[] = {qmath::bfloat16_from(3.0f), qmath::bfloat16_from(2.0f)};
  qmath::top1_counts mixed;
  qmath::add_top1(qmath::matrix_view<const qmath::half>(h, 1, 2),
                  qmath::matrix_view<const qmath::bfloat16>(g, 1, 2), std::array{1}, mixed);
  CHECK(mixed == qmath::top1_counts{1, 0, 1, 0});
}

TEST_CASE("classes: rows that are selected") {
  std::mt19937 random(90);
  for (const std::size_t rows : {1u, 12u, 255u, 256u, 257u, 1000u}) {
    const std::size_t cols = 5;
    const std::vector<float> a = support::floats_near(1.0f, rows * cols, 91),
                             b = support::floats_near(1.0f, rows * cols, 92);
    std::vector<std::int32_t> labels(rows);
    for (std::int32_t& l : labels) l = static_cast<std::int32_t>(random() % cols);
    const auto add = [&](std::size_t begin, std::size_t n, const qmath::selection& which,
                         qmath::top1_counts& c) {
      qmath::add_top1(qmath::matrix_view<const float>(a.data() + begin * cols, n, cols),
                      qmath::matrix_view<const float>(b.data() + begin * cols, n, cols),
                      std::span<const std::int32_t>(labels).subspan(begin, n), c, which);
    };
    for (int trial = 0; trial < support::choices; ++trial) {
      const support::choice c = support::random_choice(random, trial, rows, 0);
      qmath::top1_counts want, got;
      for (std::size_t r = 0; r < rows; ++r) {
        if (c.selects(r, rows)) add(r, 1, {}, want);
      }
      add(0, rows, c.selection(), got);
      CHECK(got == want);
    }
  }
}

TEST_CASE("metrics: broken preconditions") {
  const std::vector<float> a(12, 1.0f), b(12, 2.0f), shorter(11, 2.0f);
  const std::vector<std::uint8_t> valid(5, 1);
  error_sums s;
  const auto refuses = [&](const char* message, const auto& f) { refused(message, s, f); };
  refuses("qmath::add_errors: b.size() is 11, but a.size() is 12",
          [&](error_sums& t) { qmath::add_errors(a, shorter, t); });
  refuses("qmath::add_errors: a.size() is 12, must be a multiple of mask.size(), 5",
          [&](error_sums& t) { qmath::add_errors(a, b, t, {.which = {valid}}); });
  refuses("qmath::add_errors: a has no data", [&](error_sums& t) {
    qmath::add_errors(std::span<const float>(static_cast<const float*>(nullptr), 12), b, t);
  });
  refuses("qmath::add_errors: sums.size() is 1, but layout.count() is 3",
          [&](error_sums& t) { qmath::add_errors(a, b, qmath::per_row(3, 4), std::span(&t, 1)); });
  refuses("qmath::add_errors: a.size() is 12, must be a multiple of layout.period(), 5",
          [&](error_sums& t) { qmath::add_errors(a, b, qmath::per_tensor(5), std::span(&t, 1)); });
  refuses("qmath::add_errors: argument sums overlaps a, its bytes 0 to 47 are bytes 0 to 47 there",
          [&](error_sums& t) {
            const std::span<const float> inside(reinterpret_cast<const float*>(&t), 12);
            qmath::add_errors(inside, b, t);
          });

  counts n(256);
  refused(
      "qmath::count_codes: counts.size() is 256, must be a multiple of the number of codes, 65536",
      n, [](counts& t) { qmath::count_codes(std::vector<std::int16_t>{1}, t); });
  refused("qmath::count_codes: q.size() is 3, must be a multiple of mask.size(), 5", n,
          [&](counts& t) { qmath::count_codes(std::vector<std::int8_t>(3), t, {valid}); });
  double d = 0.0;
  const counts full = {~std::uint64_t{0}, 1}, two = {1, 1};
  const auto nan_for = [&](const char* message, double (*f)(const counts&, const counts&)) {
    support::contract_log log;
    d = f(full, two);
    CHECK(log.take() == message);
    CHECK(std::isnan(d));
  };
  nan_for("qmath::kl_divergence: q has a sum of 2^64 or more",
          [](const counts& x, const counts& y) { return qmath::kl_divergence(y, x); });
  nan_for("qmath::jensen_shannon_distance: p has a sum of 2^64 or more",
          [](const counts& x, const counts& y) { return qmath::jensen_shannon_distance(x, y); });
  nan_for("qmath::kolmogorov_smirnov_distance: q.size() is 1, but p.size() is 2",
          [](const counts&, const counts& y) {
            return qmath::kolmogorov_smirnov_distance(y, counts(1));
          });
  nan_for(
      "qmath::population_stability_index: pseudo_count must be finite and >= 0",
      [](const counts&, const counts& y) { return qmath::population_stability_index(y, y, -0.5); });
  nan_for("qmath::statistics_of_codes: counts.size() is 2, but the number of codes is 4",
          [](const counts&, const counts& y) {
            return qmath::statistics_of_codes<qmath::u2>(y, 0).zero;
          });
  std::vector<qmath::layer_error> layers = {{"a", nullptr}};
  std::vector<std::size_t> order(1, 7), orders(2, 7);
  refused("qmath::rank_by_damage: layers have a null pointer to errors", order,
          [&](std::vector<std::size_t>& o) { qmath::rank_by_damage(layers, o); });
  refused("qmath::rank_by_damage: order.size() is 2, but layers.size() is 1", orders,
          [&](std::vector<std::size_t>& o) { qmath::rank_by_damage(layers, o); });
  qmath::top1_counts c;
  const qmath::matrix_view<const float> x(a.data(), 3, 4), y(a.data(), 4, 3), z(a.data(), 3, 4, 3);
  refused("qmath::add_top1: b.rows is 4, but a.rows is 3", c,
          [&](qmath::top1_counts& t) { qmath::add_top1(x, y, {}, t); });
  refused("qmath::add_top1: b.stride is 3, must be at least the number of columns, 4", c,
          [&](qmath::top1_counts& t) { qmath::add_top1(x, z, {}, t); });
  refused("qmath::add_top1: labels.size() is 1, must be 0 or the number of rows, 3", c,
          [&](qmath::top1_counts& t) { qmath::add_top1(x, x, std::array{1}, t); });
  refused("qmath::add_top1: a.rows is 3, must be a multiple of mask.size(), 5", c,
          [&](qmath::top1_counts& t) { qmath::add_top1(x, x, {}, t, {valid}); });
  refused("qmath::add_top1: channels are given without a layout", c,
          [&](qmath::top1_counts& t) { qmath::add_top1(x, x, {}, t, {.channels = valid}); });
  refused("qmath::add_top1: a.rows is 3, must be a multiple of mask.layout.period(), 5", c,
          [&](qmath::top1_counts& t) {
            qmath::add_top1(x, x, {}, t, {{valid, qmath::per_column(5)}});
          });
  refuses("qmath::add_errors: a.size() is 12, must be a multiple of channels.layout.period(), 10",
          [&](error_sums& t) {
            qmath::add_errors(a, b, t, {.which = {.channels = {valid, qmath::per_row(5, 2)}}});
          });
  refuses("qmath::add_errors: channels are given without a layout",
          [&](error_sums& t) { qmath::add_errors(a, b, t, {.which = {.channels = valid}}); });
  refuses("qmath::add_errors: channels.size() is 5, but layout.count() is 1", [&](error_sums& t) {
    qmath::add_errors(a, b, qmath::per_tensor(12), std::span(&t, 1),
                      {.which = {.channels = valid}});
  });
  refuses("qmath::add_errors: a.size() is 12, must be a multiple of lengths.size(), 5",
          [&](error_sums& t) {
            qmath::add_errors(a, b, t, {.which = {.lengths = std::vector<std::uint32_t>(5)}});
          });
  refuses(
      "qmath::add_errors: argument sums overlaps mask, its bytes 0 to 11 are bytes 0 to 11 there",
      [&](error_sums& t) {
        const std::span<const std::uint8_t> inside(reinterpret_cast<const std::uint8_t*>(&t), 12);
        qmath::add_errors(a, b, t, {.which = {inside}});
      });
}
