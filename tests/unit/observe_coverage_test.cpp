// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// coverage: against observers that were given all data but one stratum's.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <qmath/observe/coverage.hpp>
#include <qmath/qmath.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/contract.hpp"
#include "support/inputs.hpp"

using qmath::affine_params;
using qmath::stratum_coverage;
using qmath::value_range;

namespace {

const char* const names[] = {"highway", "urban", "night", "rain", "tunnel"};

template <class O, class Range>
void check_against_all_data(const std::vector<std::vector<float>>& data, const qmath::scheme& how,
                            const Range& range) {
  std::vector<O> seen(data.size());
  std::vector<qmath::stratum<O>> strata(data.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    qmath::observe(seen[i], data[i]);
    strata[i] = {names[i], &seen[i]};
  }
  // All data but those of stratum `but`, in one pass.
  const auto observed = [&](std::size_t but) {
    const auto o = std::make_unique<O>();
    std::vector<float> x;
    for (std::size_t i = 0; i < data.size(); ++i) {
      if (i != but) x.insert(x.end(), data[i].begin(), data[i].end());
    }
    qmath::observe(*o, x);
    return *o;
  };
  const auto scratch = std::make_unique<O>();
  qmath::observe(*scratch, std::vector<float>{1e30f});  // is forgotten
  std::vector<stratum_coverage> report(data.size());
  const affine_params all = qmath::coverage<std::int8_t>(strata, *scratch, report, how, range);
  const O whole = observed(data.size());
  CHECK(*scratch == whole);
  CHECK(all == qmath::choose_params<std::int8_t>(range(whole), how));
  std::size_t total = 0;
  for (const std::vector<float>& x : data) total += x.size();
  for (std::size_t i = 0; i < data.size(); ++i) {
    const stratum_coverage& got = report[i];
    CHECK(got.name == names[i]);
    CHECK(got.count == data[i].size());
    CHECK(got.fraction == static_cast<double>(data[i].size()) / static_cast<double>(total));
    CHECK(got.range == range(seen[i]));
    CHECK(got.range_without == range(observed(i)));
    CHECK(got.params_without == qmath::choose_params<std::int8_t>(got.range_without, how));
    CHECK(got.scale_ratio ==
          static_cast<double>(got.params_without.scale) / static_cast<double>(all.scale));
  }
}

}  // namespace

TEST_CASE("coverage: each stratum left out, against one pass over the others") {
  std::mt19937 random(1);
  for (std::size_t n = 1; n <= 5; ++n) {
    std::vector<std::vector<float>> data(n);
    for (std::size_t i = 0; i < n; ++i) {
      const float scale = std::ldexp(1.0f, static_cast<int>(random() % 9) - 4);
      data[i] = support::floats_near(scale, random() % 2000 + 1, static_cast<std::uint32_t>(i));
    }
    const auto range_of = [](const auto& o) { return qmath::range_of(o); };
    check_against_all_data<qmath::min_max_observer>(data, qmath::affine, range_of);
    check_against_all_data<qmath::moments_observer>(data, qmath::symmetric, range_of);
    check_against_all_data<qmath::histogram_observer<256>>(
        data, qmath::affine, [](const auto& h) { return qmath::percentile(h, 0.01, 0.99); });
  }
}

TEST_CASE("coverage: one stratum with an outlier, nothing, NaN") {
  std::vector<qmath::min_max_observer> seen(3);
  qmath::observe(seen[0], std::vector<float>{-1.0f, 1.0f, 0.5f});
  qmath::observe(seen[1], std::vector<float>{-1.0f, 0.25f});
  qmath::observe(seen[2], std::vector<float>{8.0f});
  const std::vector<qmath::stratum<qmath::min_max_observer>> strata = {
      {"a", &seen[0]}, {"b", &seen[1]}, {"c", &seen[2]}};
  std::vector<stratum_coverage> report(3);
  qmath::min_max_observer scratch;
  const affine_params all = qmath::coverage<std::int8_t>(strata, scratch, report, qmath::symmetric);
  CHECK(all == affine_params{8.0f / 127.0f, 0});
  CHECK((report[0].fraction == 0.5 && report[2].fraction == 1.0 / 6));
  CHECK((report[0].scale_ratio == 1.0 && report[1].scale_ratio == 1.0));
  CHECK(report[2].params_without.scale == 1.0f / 127.0f);
  CHECK(report[2].scale_ratio == doctest::Approx(0.125));
  CHECK(report[2].range == value_range{8.0f, 8.0f});

  // One stratum alone: without it, there is nothing.
  report.resize(1);
  qmath::coverage<std::int8_t>(std::span(strata).first(1), scratch, report);
  CHECK((report[0].fraction == 1.0 && report[0].range_without == value_range{}));
  CHECK(report[0].params_without == qmath::choose_params<std::int8_t>(value_range{}));
  // No strata, and strata without data.
  report.clear();
  CHECK(qmath::coverage<std::int8_t>(std::span(strata).first(0), scratch, report) ==
        qmath::choose_params<std::int8_t>(value_range{}));
  const qmath::min_max_observer nothing;
  const std::vector<qmath::stratum<qmath::min_max_observer>> empty = {{"a", &nothing}};
  report.resize(1);
  qmath::coverage<std::int8_t>(empty, scratch, report);
  CHECK((report[0].count == 0 && std::isnan(report[0].fraction)));
  // The same observer may stand for two strata.
  const std::vector<qmath::stratum<qmath::min_max_observer>> twice = {{"a", &seen[0]},
                                                                      {"b", &seen[0]}};
  report.resize(2);
  qmath::coverage<std::int8_t>(twice, scratch, report);
  CHECK((report[0].fraction == 0.5 && report[1].scale_ratio == 1.0 && scratch.count == 6));
}

TEST_CASE("contract: coverage") {
  qmath::min_max_observer seen, scratch;
  qmath::observe(seen, std::vector<float>{1.0f});
  using strata = std::vector<qmath::stratum<qmath::min_max_observer>>;
  std::vector<stratum_coverage> one(1), two(2);
  support::contract_log log;
  CHECK(qmath::coverage<std::int8_t>(strata{{"a", &seen}}, scratch, two) == affine_params{});
  CHECK(log.take() == "qmath::coverage: report.size() is 2, but strata.size() is 1");
  qmath::coverage<std::int8_t>(strata{{"a", nullptr}}, scratch, one);
  CHECK(log.take() == "qmath::coverage: strata have a null pointer to an observer");
  qmath::coverage<std::int8_t>(strata{{"a", &seen}}, seen, one);
  CHECK(log.take() ==
        "qmath::coverage: argument scratch overlaps an observer of strata, its bytes 0 to " +
            std::to_string(sizeof(seen) - 1) + " are bytes 0 to " +
            std::to_string(sizeof(seen) - 1) + " there");
  qmath::coverage<std::int8_t>(strata{{"a", &seen}}, scratch, one, {.codes = {5, 4}});
  CHECK(log.take() == "qmath::coverage: codes.min is 5, but codes.max is 4");
  CHECK((seen.count == 1 && scratch == qmath::min_max_observer{} && one[0].count == 0));
}
