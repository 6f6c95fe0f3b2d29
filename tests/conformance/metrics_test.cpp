// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Metrics: exact sums by Python's fractions, results to the bit by the equations, distances and entropy by scipy.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <qmath/metrics.hpp>
#include <qmath/qmath.hpp>

#include "support/vectors.hpp"

using support::vector_case;

namespace {

// Any NaN is as good as another.
void check_bits(double got, double want) {
  if (want != want) {
    CHECK(got != got);
  } else {
    CHECK(std::bit_cast<std::uint64_t>(got) == std::bit_cast<std::uint64_t>(want));
  }
}

template <int Limbs>
std::string hexadecimal(const qmath::detail::exact_sum<Limbs>& sum) {
  std::string text;
  for (int i = Limbs - 1; i >= 0; --i) {
    char digits[17];
    std::snprintf(digits, sizeof(digits), "%016llx", static_cast<unsigned long long>(sum.limb[i]));
    text += digits;
  }
  return text;
}

void check_errors(const vector_case& c) {
  qmath::error_sums s;
  qmath::add_errors(c.get<float>("a"), c.get<float>("b"), s);
  CHECK(hexadecimal(s.aa) == c.word("aa"));
  CHECK(hexadecimal(s.ab) == c.word("ab"));
  CHECK(hexadecimal(s.bb) == c.word("bb"));
  CHECK(hexadecimal(s.a) == c.word("sum_a"));
  CHECK(hexadecimal(s.b) == c.word("sum_b"));
  CHECK(c.get<std::int64_t>("counts") ==
        std::vector<std::int64_t>{static_cast<std::int64_t>(s.count),
                                  static_cast<std::int64_t>(s.nan),
                                  static_cast<std::int64_t>(s.infinite)});
  const auto peaks = c.get<double>("peaks");
  const auto indices = c.get<std::int64_t>("indices");
  check_bits(s.absolute.value, peaks.at(0));
  check_bits(s.relative.value, peaks.at(1));
  CHECK(static_cast<std::int64_t>(s.absolute.index) == indices.at(0));
  CHECK(static_cast<std::int64_t>(s.relative.index) == indices.at(1));
  const auto results = c.get<double>("results");
  REQUIRE(results.size() == 5);
  check_bits(qmath::mse(s), results[0]);
  check_bits(qmath::sqnr_db(s), results[1]);
  check_bits(qmath::scale_invariant_sqnr_db(s), results[2]);
  check_bits(qmath::cosine_similarity(s), results[3]);
  check_bits(qmath::mean_error(s), results[4]);
}

// The inner functions are not public: decibels come out of sqnr_db, the base 2 out of effective_bits, and natural
// logarithms out of kl_divergence.
void check_logarithm(const vector_case& c) {
  const auto x = c.get<double>("x"), decibel = c.get<double>("decibel");
  c.leave_out("base_2", "tested with the inner function, tests/unit/metrics_values_test.cpp");
  c.leave_out("natural", "as above");
  for (std::size_t i = 0; i < x.size(); ++i) {
    // Powers of two that floats have: A / E = x.
    int exponent = 0;
    if (std::frexp(x[i], &exponent) != 0.5 || exponent < -200 || exponent > 200) continue;
    const int half = (exponent - 1) / 2;
    if (2 * half != exponent - 1) continue;
    const float a[] = {std::ldexp(1.0f, half), 0.0f}, b[] = {std::ldexp(1.0f, half), 1.0f};
    qmath::error_sums s;
    qmath::add_errors(a, b, s);
    CHECK(std::fabs(qmath::sqnr_db(s) - decibel[i]) <= std::fabs(decibel[i]) * 0x1p-50);
  }
}

void check_distances(const vector_case& c) {
  const auto p = c.get<std::int64_t>("p"), q = c.get<std::int64_t>("q");
  const std::vector<std::uint64_t> x(p.begin(), p.end()), y(q.begin(), q.end());
  const auto pseudo = c.one<double>("c");
  const auto ours = c.get<double>("ours"), scipy = c.get<double>("scipy");
  const double got[] = {
      qmath::kl_divergence(x, y, pseudo), qmath::population_stability_index(x, y, pseudo),
      qmath::jensen_shannon_distance(x, y), qmath::kolmogorov_smirnov_distance(x, y)};
  for (std::size_t i = 0; i < 4; ++i) {
    CAPTURE(i);
    check_bits(got[i], ours.at(i));
    if (std::isinf(scipy.at(i))) {
      CHECK(got[i] == scipy[i]);
    } else {
      // scipy sums terms of both signs, each below 1 and off by some 2^-52: 20 of them, and the square root of that.
      const double tolerance = i == 2 ? 1e-7 : 20 * 0x1p-50;
      CHECK(std::fabs(got[i] - scipy[i]) <= tolerance + std::fabs(scipy[i]) * 20 * 0x1p-52);
    }
  }
}

void check_codes(const vector_case& c) {
  const auto counts = c.get<std::int64_t>("counts");
  const std::vector<std::uint64_t> n(counts.begin(), counts.end());
  const double bits = qmath::statistics_of_codes<std::uint8_t>(n, 0).effective_bits;
  // 256 terms below 1, rounded by both.
  CHECK(std::fabs(bits - c.one<double>("bits")) <= 256 * 0x1p-51);
}

}  // namespace

TEST_CASE("metrics: fractions and scipy") {
  std::size_t errors = 0, distances = 0, codes = 0;
  for (const vector_case& c : support::read_vectors("metrics.txt")) {
    CAPTURE(c.where);
    if (c.name.starts_with("errors/")) check_errors(c), ++errors;
    if (c.name.starts_with("distances/")) check_distances(c), ++distances;
    if (c.name.starts_with("codes/")) check_codes(c), ++codes;
    if (c.name == "logarithm") check_logarithm(c);
    CHECK(c.forgotten() == "");
  }
  CHECK(errors == 19);
  CHECK(distances == 10);
  CHECK(codes == 3);
}
