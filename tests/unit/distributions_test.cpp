// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// distributions.hpp: histograms of different widths against counts of the same data in the wider bins.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <qmath/distributions.hpp>
#include <qmath/qmath.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/histograms.hpp"
#include "support/contract.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using qmath::histogram_observer;
using qmath::histogram_view;

using support::histogram_of;

namespace {

using counts = std::vector<std::uint64_t>;
using numbers = std::vector<float>;

constexpr float largest = std::numeric_limits<float>::max();

numbers normal(std::size_t n, double sigma, std::mt19937& random) {
  numbers x(n);
  for (float& v : x) {
    v = static_cast<float>(sigma * support::nearly_normal(random));
  }
  return x;
}

// A histogram of any number of bins, the first of any number.
struct own_bins {
  counts n;
  std::int32_t first = 0, exponent = 0;

  histogram_view view() const {
    histogram_view v;
    v.counts = n;
    v.first_bin = first;
    v.summary.exponent = exponent;
    return v;
  }
};

std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }

// Counts of both in bins of 2^e, from the first bin of either to the last one of either.
struct same_bins {
  counts p, q;
};

struct plain_bins {
  std::map<long long, std::uint64_t>
      bins;  // those that a histogram has, and those that elements are in
};

long long bin_of(double x, int e) { return static_cast<long long>(std::floor(std::ldexp(x, -e))); }

plain_bins count_plainly(const numbers& x, const histogram_view& h, int e) {
  plain_bins b;
  for (std::size_t i = 0; i < h.counts.size(); ++i) {
    const double edge = std::ldexp(h.first_bin + static_cast<double>(i), h.summary.exponent);
    b.bins[bin_of(edge, e)] += 0;
  }
  for (const float v : x) {
    if (std::isfinite(v)) ++b.bins[bin_of(static_cast<double>(v), e)];
  }
  return b;
}

same_bins joined(plain_bins p, plain_bins q) {
  same_bins both;
  const long long first = std::min(p.bins.begin()->first, q.bins.begin()->first),
                  last = std::max(p.bins.rbegin()->first, q.bins.rbegin()->first);
  for (long long j = first; j <= last; ++j) {
    both.p.push_back(p.bins[j]);
    both.q.push_back(q.bins[j]);
  }
  return both;
}

same_bins count_both(const numbers& x, const histogram_view& p, const numbers& y,
                     const histogram_view& q) {
  const int e = std::max(p.summary.exponent, q.summary.exponent);
  return joined(count_plainly(x, p, e), count_plainly(y, q, e));
}

template <class P, class Q>
void check_distances(const P& p, const Q& q, const same_bins& want) {
  for (const double c : {0.0, 0.5, 3.25}) {
    CHECK(bits(qmath::kl_divergence(p, q, c)) == bits(qmath::kl_divergence(want.p, want.q, c)));
    CHECK(bits(qmath::population_stability_index(p, q, c)) ==
          bits(qmath::population_stability_index(want.p, want.q, c)));
  }
  CHECK(bits(qmath::kl_divergence(p, q)) == bits(qmath::kl_divergence(want.p, want.q)));
  CHECK(bits(qmath::population_stability_index(p, q)) ==
        bits(qmath::population_stability_index(want.p, want.q)));
  CHECK(bits(qmath::jensen_shannon_distance(p, q)) ==
        bits(qmath::jensen_shannon_distance(want.p, want.q)));
  CHECK(bits(qmath::kolmogorov_smirnov_distance(p, q)) ==
        bits(qmath::kolmogorov_smirnov_distance(want.p, want.q)));
  CHECK(bits(qmath::jensen_shannon_distance(p, q)) == bits(qmath::jensen_shannon_distance(q, p)));
  CHECK(bits(qmath::kolmogorov_smirnov_distance(p, q)) ==
        bits(qmath::kolmogorov_smirnov_distance(q, p)));
}

template <std::size_t P, std::size_t Q>
void check_data(const numbers& x, const numbers& y) {
  const auto p = histogram_of<P>(x);
  const auto q = histogram_of<Q>(y);
  check_distances(*p, *q, count_both(x, *p, y, *q));
  check_distances(histogram_view(*q), *p, count_both(y, *q, x, *p));
}

}  // namespace

TEST_CASE("distances of histograms: counts at the wider width") {
  std::mt19937 random(1);
  int different = 0;
  for (int pair = 0; pair < 200; ++pair) {
    const double sigma =
        pair % 2 == 0 ? 1.0 : std::exp2(static_cast<double>(random() % 1000) / 100);
    const numbers x = normal(1 + random() % 700, 1.0, random), y = normal(500, sigma, random);
    check_data<64, 64>(x, y);
    check_data<2048, 2048>(x, y);
    check_data<8, 512>(x, y);
    different +=
        histogram_of<64>(x)->summary.exponent != histogram_of<64>(y)->summary.exponent ? 1 : 0;
  }
  CHECK(different > 80);
  CHECK(different < 180);
}

TEST_CASE("distances of histograms: data of one distribution are near to each other") {
  std::mt19937 random(2);
  int different = 0;
  for (int pair = 0; pair < 200; ++pair) {
    const auto p = histogram_of<2048>(normal(5000, 1.0, random)),
               q = histogram_of<2048>(normal(5000, 1.0, random));
    different += p->summary.exponent != q->summary.exponent ? 1 : 0;
    // Of one pair in 10^6 it is more than sqrt(ln(2e6) / 5000).
    CHECK(qmath::kolmogorov_smirnov_distance(*p, *q) < 0.054);
  }
  CHECK(different > 20);
  // The 999 others are where they were, however wide their bins are now. Both fractions are rounded, their difference
  // is not: 2^-53 each.
  const doctest::Approx thousandth = doctest::Approx(0.001).epsilon(1e-12);
  numbers x = normal(1000, 1.0, random), y = x;
  y[500] = 1000.0f;
  CHECK(qmath::kolmogorov_smirnov_distance(*histogram_of<2048>(x), *histogram_of<2048>(y)) ==
        thousandth);
  CHECK(qmath::kolmogorov_smirnov_distance(*histogram_of<2048>(y), *histogram_of<2048>(x)) ==
        thousandth);
  check_data<2048, 2048>(x, y);
}

TEST_CASE("distances of histograms: any magnitudes, zeros only, NaN and infinities") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  std::mt19937 random(3);
  numbers relu = normal(300, 2.0, random);
  for (float& v : relu) v = std::max(v, 0.0f);
  const std::vector<numbers> all = {{0.0f, -0.0f, 0.0f},
                                    {0x1p-149f, -0x1p-149f},
                                    {-1.0f},
                                    {nan, 1.0f, inf, inf, -2.0f},
                                    {0x1p-126f, -0x1p-120f},
                                    {largest, -largest, 0.0f, -0x1p-149f},
                                    {-largest, -1.0f},
                                    {0x1p127f, 0x1p100f, 3.0f},
                                    relu,
                                    normal(100, 1e-38, random),
                                    normal(100, 1e30, random)};
  support::for_each_target([&] {
    for (const numbers& x : all) {
      for (const numbers& y : all) {
        check_data<8, 8>(x, y);
        check_data<16, 256>(x, y);
      }
    }
  });
  CHECK(qmath::kolmogorov_smirnov_distance(*histogram_of<64>({0.0f, 0.0f}),
                                           *histogram_of<64>({100.0f, 0.0f})) == 0.5);
}

TEST_CASE("distances of histograms: none of what has no elements") {
  const auto some = histogram_of<64>({1.0f, -3.0f});
  const histogram_observer<64> none;
  const auto nothing_finite = histogram_of<32>({std::numeric_limits<float>::infinity()});
  const auto none_of = [](const auto& p, const auto& q) {
    CHECK(std::isnan(qmath::kl_divergence(p, q)));
    CHECK(std::isnan(qmath::population_stability_index(p, q)));
    CHECK(std::isnan(qmath::jensen_shannon_distance(p, q)));
    CHECK(std::isnan(qmath::kolmogorov_smirnov_distance(p, q)));
  };
  none_of(*some, none);
  none_of(none, *some);
  none_of(none, none);
  none_of(*nothing_finite, *some);
  none_of(histogram_view(), *some);
  none_of(*some, histogram_view());
  none_of(histogram_view(), histogram_view());
}

TEST_CASE("distances of histograms: views of any bins") {
  std::mt19937 random(4);
  for (int trial = 0; trial < 400; ++trial) {
    own_bins p, q;
    for (own_bins* const b : {&p, &q}) {
      b->n.resize(1 + random() % 40);
      for (std::uint64_t& n : b->n) n = random() % 3 == 0 ? 0 : random() % 100;
      b->n[random() % b->n.size()] = 1;
      // Zero first, zero last, or neither; bins that begin inside a wider one.
      b->first = trial % 4 == 0 ? 0 : -static_cast<std::int32_t>(random() % b->n.size());
      b->exponent = static_cast<std::int32_t>(random() % 7) - 3;
    }
    if (trial % 50 == 0) p.exponent = -126, q.exponent = trial % 100 == 0 ? 118 : -64;
    const int e = std::max(p.exponent, q.exponent);
    const auto plain = [&](const own_bins& b) {
      plain_bins at;
      for (std::size_t i = 0; i < b.n.size(); ++i) {
        at.bins[bin_of(std::ldexp(b.first + static_cast<double>(i), b.exponent), e)] += b.n[i];
      }
      return at;
    };
    check_distances(p.view(), q.view(), joined(plain(p), plain(q)));
  }
}

TEST_CASE("distances of histograms: as merging joins bins") {
  std::mt19937 random(5);
  for (int pair = 0; pair < 50; ++pair) {
    const numbers x = normal(400, 1.0, random), y = normal(300, std::exp2(pair % 12), random),
                  z = normal(200, std::exp2(pair % 5), random);
    const auto p = histogram_of<256>(x), q = histogram_of<256>(y), r = histogram_of<256>(z);
    // A histogram without elements that only widens.
    histogram_observer<256> wide_p, wide_q;
    wide_p.summary.exponent = wide_q.summary.exponent =
        std::max(p->summary.exponent, q->summary.exponent);
    qmath::merge(wide_p, *p);
    qmath::merge(wide_q, *q);
    const same_bins want = {{wide_p.counts, wide_p.counts + 256},
                            {wide_q.counts, wide_q.counts + 256}};
    check_distances(*p, *q, want);
    check_distances(wide_p, *q, want);
    check_distances(*p, wide_q, want);
    // Either side, merged from parts.
    numbers xz = x;
    xz.insert(xz.end(), z.begin(), z.end());
    qmath::merge(*p, *r);
    check_distances(*p, *q, count_both(xz, *p, y, *q));
    qmath::merge(*q, *r);
    numbers yz = y;
    yz.insert(yz.end(), z.begin(), z.end());
    check_distances(*p, *q, count_both(xz, *p, yz, *q));
  }
}

TEST_CASE("contract: distances of histograms") {
  own_bins full = {{~std::uint64_t{0}, 1}, 0, 0}, two = {{1, 1}, 0, 1};
  support::contract_log log;
  CHECK(std::isnan(qmath::kl_divergence(two.view(), full.view())));
  CHECK(log.take() == "qmath::kl_divergence: q has a sum of 2^64 or more");
  CHECK(std::isnan(qmath::jensen_shannon_distance(full.view(), two.view())));
  CHECK(log.take() == "qmath::jensen_shannon_distance: p has a sum of 2^64 or more");
  histogram_view no_data;
  no_data.counts = {static_cast<const std::uint64_t*>(nullptr), 3};
  CHECK(std::isnan(qmath::kolmogorov_smirnov_distance(no_data, two.view())));
  CHECK(log.take() == "qmath::kolmogorov_smirnov_distance: p has no data");
  for (const double c : {-0.5, std::numeric_limits<double>::infinity(), std::nan("")}) {
    CHECK(std::isnan(qmath::population_stability_index(two.view(), two.view(), c)));
    CHECK(log.take() == "qmath::population_stability_index: pseudo_count must be finite and >= 0");
  }
  // The largest sum.
  full.n[1] = 0;
  CHECK(qmath::kolmogorov_smirnov_distance(full.view(), two.view()) == 0.5);
  CHECK(log.take().empty());
}
