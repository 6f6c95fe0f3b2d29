// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// compare_layers: every metric at its place, the order, broken preconditions.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <qmath/layers.hpp>
#include <qmath/qmath.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/contract.hpp"
#include "support/inputs.hpp"

using qmath::error_sums;
using qmath::layer_report;

namespace {

error_sums sums(const std::vector<float>& a, const std::vector<float>& b) {
  error_sums s;
  qmath::add_errors(a, b, s);
  return s;
}

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace

TEST_CASE("compare_layers: what metrics.hpp says of each, the worst first") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> a = {1.0f, 2.0f, -3.0f, 0.5f};
  const error_sums all[] = {sums(a, {1.0f, 2.0f, -3.0f, 0.25f}), sums(a, a), sums({nan}, {1.0f}),
                            sums(a, {0.0f, nan, inf, 9.0f})};
  const std::vector<qmath::layer_error> layers = {
      {"a", &all[0]}, {"b", &all[1]}, {"c", &all[2]}, {"d", &all[3]}, {"e", &all[0]}};
  std::vector<layer_report> reports(layers.size());
  qmath::compare_layers(layers, reports);
  std::string names;
  for (const layer_report& r : reports) {
    names += r.name;
    const error_sums& s = *layers[r.layer].errors;
    CHECK(r.name == layers[r.layer].name);
    CHECK(same(r.sqnr_db, qmath::sqnr_db(s)));
    CHECK(same(r.scale_invariant_sqnr_db, qmath::scale_invariant_sqnr_db(s)));
    CHECK(same(r.cosine_similarity, qmath::cosine_similarity(s)));
    CHECK(same(r.mse, qmath::mse(s)));
    CHECK(same(r.mean_error, qmath::mean_error(s)));
    CHECK(r.absolute == s.absolute);
    CHECK(r.relative == s.relative);
    CHECK((r.count == s.count && r.nan == s.nan && r.infinite == s.infinite));
  }
  CHECK(names == "cdaeb");
  CHECK((reports[1].count == 2 && reports[1].nan == 1 && reports[1].infinite == 1));
  CHECK((reports[2].absolute.value == 0.25 && reports[2].absolute.index == 3));
}

TEST_CASE("compare_layers: clips and codes, of layers that have them") {
  const error_sums s = sums({1.0f, 2.0f}, {1.0f, 2.5f});
  const qmath::clip_sums clips = {10, {1, 3, 2, 1}}, nothing;
  std::vector<std::uint64_t> counts(256);
  counts[128] = 3, counts[0] = counts[255] = counts[9] = 1;
  const qmath::code_statistics codes = qmath::statistics_of_codes<std::int8_t>(counts, 0);
  std::vector<qmath::layer_error> layers(4, {"", &s});
  layers[0].clips = &clips;
  layers[1].codes = &codes;
  layers[2].clips = &clips, layers[2].codes = &codes;
  layers[3].clips = &nothing;
  std::vector<layer_report> reports(4);
  qmath::compare_layers(layers, reports);
  for (std::size_t i = 0; i < 4; ++i) {
    const layer_report& r = reports[i];
    CAPTURE(i);
    REQUIRE(r.layer == i);
    if (i % 2 == 0) {
      CHECK((r.clip_rate_low == 0.1 && r.clip_rate_high == 0.3));
    } else {
      CHECK((std::isnan(r.clip_rate_low) && std::isnan(r.clip_rate_high)));
    }
    if (i == 1 || i == 2) {
      CHECK((r.zero_rate == 0.5 && same(r.effective_bits, codes.effective_bits)));
      CHECK(r.effective_bits > 1.5);
    } else {
      CHECK((std::isnan(r.zero_rate) && std::isnan(r.effective_bits)));
    }
    CHECK(r.infinite == 0);
    CHECK(r.mse == 0.125);
  }
}

TEST_CASE("compare_layers: the order of rank_by_damage, for any number of layers") {
  std::mt19937 random(5);
  std::vector<error_sums> some(6);
  const std::vector<float> a = support::floats_near(1.0f, 20, 1);
  for (std::size_t k = 1; k < some.size(); ++k) {
    std::vector<float> b = a;
    b[k] += std::ldexp(1.0f, static_cast<int>(k));
    some[k] = sums(a, b);
  }
  for (std::size_t n = 0; n < 40; ++n) {
    std::vector<qmath::layer_error> layers(n);
    for (qmath::layer_error& l : layers) l = {"", &some[random() % some.size()]};
    std::vector<layer_report> reports(n);
    std::vector<std::size_t> order(n), got(n);
    qmath::compare_layers(layers, reports);
    qmath::rank_by_damage(layers, order);
    std::transform(reports.begin(), reports.end(), got.begin(),
                   [](const layer_report& r) { return r.layer; });
    CHECK(got == order);
  }
}

TEST_CASE("contract: compare_layers") {
  const std::vector<qmath::layer_error> layers = {{"a", nullptr}};
  std::vector<layer_report> one(1), two(2);
  support::contract_log log;
  qmath::compare_layers(layers, one);
  CHECK(log.take() == "qmath::compare_layers: layers have a null pointer to errors");
  qmath::compare_layers(layers, two);
  CHECK(log.take() == "qmath::compare_layers: reports.size() is 2, but layers.size() is 1");
  qmath::compare_layers(layers, std::span<layer_report>(static_cast<layer_report*>(nullptr), 1));
  CHECK(log.take() == "qmath::compare_layers: reports has no data");
  CHECK(one[0].name == std::string());
}
