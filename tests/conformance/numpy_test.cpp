// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// histogram_observer and percentile against numpy's histogram and percentile.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <qmath/qmath.hpp>

#include "support/conformance.hpp"

using support::vector_case;

namespace {

// qmath knows the bin of numpy's element: the range ends where that does, or at the last element.
template <std::size_t Bins>
void check_case(const vector_case& c) {
  const auto x = c.get<float>("x"), lower = c.get<float>("lower"), higher = c.get<float>("higher");
  const auto counts = c.get<std::uint64_t>("counts");
  const auto quantiles = c.get<double>("quantiles");
  const std::int32_t exponent = c.integer("exponent");
  const auto [smallest, largest] = std::minmax_element(x.begin(), x.end());
  support::for_each_target([&, low = *smallest, high = *largest] {
    qmath::histogram_observer<Bins> h;
    qmath::observe(h, x);
    CHECK(h.summary.exponent == exponent);
    CHECK(std::vector<std::uint64_t>(std::begin(h.counts), std::end(h.counts)) == counts);
    const auto edge = [&](float of, int up) {
      return static_cast<float>(
          std::ldexp(std::floor(std::ldexp(static_cast<double>(of), -exponent)) + up, exponent));
    };
    for (std::size_t i = 0; i < quantiles.size(); ++i) {
      for (std::size_t j = i; j < quantiles.size(); ++j) {
        INFO("from ", quantiles[i], " to ", quantiles[j]);
        const qmath::value_range r = qmath::percentile(h, quantiles[i], quantiles[j]);
        CHECK(r.min == std::max(edge(lower[i], 0), low));
        CHECK(r.max == std::min(edge(higher[j], 1), high));
      }
    }
  });
}

}  // namespace

TEST_CASE("conformance/numpy: histogram and percentile") {
  support::for_each_case("numpy.txt", 26, [](const vector_case& c) {
    if (c.integer("bins") == 8) return check_case<8>(c);
    CHECK(c.integer("bins") == 64);
    check_case<64>(c);
  });
}
