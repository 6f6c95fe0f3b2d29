// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// From histograms to the searches of frameworks: bins against a plain count of the data, and calibrators per channel.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <qmath/observe/calibrators.hpp>
#include <qmath/qmath.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/histograms.hpp"
#include "support/contract.hpp"
#include "support/inputs.hpp"

namespace calibrators = qmath::calibrators;
using calibrators::bins_of;
using qmath::binned_counts;
using qmath::binning;
using qmath::histogram_observer;
using qmath::histogram_view;
using qmath::value_range;

using support::histogram_of;

namespace {

using numbers = std::vector<float>;

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float largest = std::numeric_limits<float>::max();
constexpr binning all_binnings[] = {binning::whole, binning::occupied, binning::both_sides,
                                    binning::magnitudes};

numbers normal(std::size_t n, double mean, double sigma, std::uint32_t seed) {
  std::mt19937 random(seed);
  numbers x(n);
  for (float& v : x) {
    v = static_cast<float>(mean + sigma * support::nearly_normal(random));
  }
  return x;
}

// Memory for bins, with guards behind it.
struct memory {
  std::vector<std::uint64_t> counts;
  std::vector<float> edges;
  std::size_t n;

  explicit memory(std::size_t size) : counts(size + 1, 77), edges(size + 2, 77.0f), n(size) {}
  binned_counts of(const histogram_view& h, binning how) {
    return bins_of(h, how, std::span(counts).first(n), std::span(edges).first(n + 1));
  }
  bool intact() const { return counts.back() == 77 && edges.back() == 77.0f; }
};

struct plain_bins {
  std::vector<std::uint64_t> counts;
  std::vector<double> edges;
};

// By the definition, from the data: bins of f * 2^exponent, for f = 1, 2, ... until they fit.
plain_bins count_plainly(const numbers& x, const histogram_view& h, binning how, std::size_t most) {
  const double w = std::ldexp(1.0, h.summary.exponent);
  long long low = h.first_bin, high = h.first_bin + static_cast<long long>(h.counts.size()) - 1;
  long long a = high + 1, b = low - 1;  // those that have counts
  std::vector<long long> places;
  for (const float v : x) {
    if (!std::isfinite(v)) continue;
    const auto j = static_cast<long long>(std::floor(static_cast<double>(v) / w));
    a = std::min(a, j), b = std::max(b, j);
    places.push_back(how == binning::magnitudes && j < 0 ? -1 - j : j);
  }
  const bool none = places.empty();
  if (how == binning::occupied && !none) low = a, high = b;
  if (how == binning::both_sides || how == binning::magnitudes) {
    const long long half = (std::max(high + 1, -low) + 1) / 2;
    const long long m = std::max(half, none ? 0 : std::max(b + 1, -a));
    low = how == binning::both_sides ? -m : 0, high = m - 1;
  }
  const auto bin = [](long long j, long long f) {
    return static_cast<long long>(std::floor(static_cast<double>(j) / static_cast<double>(f)));
  };
  long long f = 1;
  while (bin(high, f) - bin(low, f) >= static_cast<long long>(most)) ++f;
  const long long first = bin(low, f);
  plain_bins found;
  found.counts.resize(static_cast<std::size_t>(bin(high, f) - first + 1));
  for (const long long j : places) ++found.counts[static_cast<std::size_t>(bin(j, f) - first)];
  for (std::size_t i = 0; i <= found.counts.size(); ++i) {
    const double edge = static_cast<double>((first + static_cast<long long>(i)) * f) * w;
    found.edges.push_back(std::clamp(edge, -double{largest}, double{largest}));
  }
  return found;
}

void check_same(const binned_counts& got, const plain_bins& want) {
  REQUIRE(got.counts.size() == want.counts.size());
  REQUIRE(got.edges.size() == want.edges.size());
  CHECK(std::equal(want.counts.begin(), want.counts.end(), got.counts.begin()));
  CHECK(std::equal(want.edges.begin(), want.edges.end(), got.edges.begin(),
                   [](double x, float y) { return x == static_cast<double>(y); }));
  for (std::size_t i = 1; i < got.edges.size(); ++i) CHECK(got.edges[i] > got.edges[i - 1]);
}

std::vector<numbers> data_sets() {
  numbers relu = normal(700, 0.0, 2.0, 1), outliers = normal(900, 0.0, 1.0, 2);
  for (float& v : relu) v = std::max(v, 0.0f);
  outliers[5] *= -60.0f;
  return {{},
          {0.0f, -0.0f},
          {2.5f},
          {-2.5f, -2.5f},
          {-1.0f},
          {0x1p-149f, -0x1p-149f},
          {inf, 1.0f, -inf, std::nanf("")},
          {largest, -largest, 1e30f},
          {-largest},
          normal(800, 0.0, 1.0, 3),
          normal(800, 5.0, 1.0, 4),
          normal(800, -50.0, 1.0, 5),
          relu,
          outliers};
}

template <std::size_t Bins>
void check_all() {
  for (const numbers& x : data_sets()) {
    const auto h = histogram_of<Bins>(x);
    for (const binning how : all_binnings) {
      for (const std::size_t most : {2u, 3u, 5u, 8u, 31u, 64u, 100u, 128u, 2048u}) {
        CAPTURE(most);
        memory to(most);
        const binned_counts got = to.of(*h, how);
        check_same(got, count_plainly(x, *h, how, most));
        CHECK(got.range == qmath::range_of(*h));
        CHECK(to.intact());
        // More than half of them, or all that there are.
        memory enough(2 * Bins);
        CHECK((2 * got.counts.size() > most ||
               got.counts.size() == enough.of(*h, how).counts.size()));
      }
    }
  }
}

}  // namespace

TEST_CASE("bins_of: what the data have, in bins of the width that fits") {
  check_all<8>();
  check_all<64>();
  check_all<2048>();
}

TEST_CASE("bins_of: numbers that can be seen") {
  const auto h = histogram_of<16>({-3.0f, -2.5f, 0.0f, 0.5f, 1.0f, 6.5f});  // bins of 1, -8 to 7
  REQUIRE(h->summary.exponent == 0);
  memory to(16), four(4);
  const auto is = [](const binned_counts& got, const std::vector<std::uint64_t>& counts, float from,
                     float step) {
    CHECK(std::vector(got.counts.begin(), got.counts.end()) == counts);
    REQUIRE(got.edges.size() == counts.size() + 1);
    for (std::size_t i = 0; i < got.edges.size(); ++i) {
      CHECK(got.edges[i] == from + static_cast<float>(i) * step);
    }
    CHECK(got.range == value_range{-3.0f, 6.5f});
  };
  is(to.of(*h, binning::whole), {0, 0, 0, 0, 0, 2, 0, 0, 2, 1, 0, 0, 0, 0, 1, 0}, -8, 1);
  is(to.of(*h, binning::occupied), {2, 0, 0, 2, 1, 0, 0, 0, 0, 1}, -3, 1);
  is(to.of(*h, binning::both_sides), {0, 0, 0, 0, 2, 0, 0, 2, 1, 0, 0, 0, 0, 1}, -7, 1);
  // -3 is in the bin from -3 to -2, and so of magnitudes in that from 2 to 3.
  is(to.of(*h, binning::magnitudes), {2, 1, 2, 0, 0, 0, 1}, 0, 1);
  is(four.of(*h, binning::whole), {0, 2, 3, 1}, -8, 4);
  is(four.of(*h, binning::occupied), {2, 3, 0, 1}, -3, 3);
  is(four.of(*h, binning::both_sides), {0, 2, 3, 1}, -8, 4);
  is(four.of(*h, binning::magnitudes), {3, 2, 0, 1}, 0, 2);
}

TEST_CASE("bins_of: views of any bins, and the largest counts") {
  const std::uint64_t most = ~std::uint64_t{0};
  const std::uint64_t n[] = {3, 4, most, 5, 0, 0, 0};
  histogram_view zero_first;
  zero_first.counts = n;
  zero_first.summary.exponent = -1;
  memory to(8), three(3);
  binned_counts b = to.of(zero_first, binning::both_sides);
  CHECK(b.counts.size() == 8);
  CHECK((b.edges.front() == -2.0f && b.edges.back() == 2.0f));
  CHECK((b.counts[3] == 0 && b.counts[4] == 3 && b.counts[7] == 5));
  b = to.of(zero_first, binning::magnitudes);
  CHECK((b.counts.size() == 4 && b.counts[2] == most && b.edges.back() == 2.0f));
  b = three.of(zero_first, binning::magnitudes);
  CHECK((b.counts.size() == 2 && b.counts[0] == 7 && b.counts[1] == most && b.edges[1] == 1.0f));
  zero_first.first_bin = -2;  // of magnitudes: 4 + most, 3 + 5
  b = to.of(zero_first, binning::magnitudes);
  CHECK((b.counts.size() == 3 && b.counts[0] == most && b.counts[1] == 8 && b.counts[2] == 0));
  b = to.of(histogram_view(), binning::magnitudes);
  CHECK((b.counts.empty() && b.edges.size() == 1));
  CHECK(calibrators::pytorch_histogram(b) == value_range{});
}

TEST_CASE("calibrators: an observer for each channel") {
  constexpr std::size_t channels = 6, n = 4000;
  numbers x;
  std::vector<numbers> parts;
  for (std::uint32_t c = 0; c < channels; ++c) {
    parts.push_back(normal(n, c == 4 ? 3.0 : 0.0, std::exp2(c) * 0.1, c));
    if (c == 3) std::fill(parts.back().begin(), parts.back().end(), 0.0f);
    if (c == 5) {
      for (float& v : parts.back()) v = std::max(v, 0.0f);
    }
    x.insert(x.end(), parts.back().begin(), parts.back().end());
  }
  std::vector<histogram_observer<1024>> states(channels);
  qmath::observe(states, x, qmath::per_row(channels, n));
  memory to(400);
  const auto check = [&](binning how, const auto& search) {
    std::vector<value_range> ranges(channels), want(channels);
    qmath::ranges_of(states, ranges, [&](const auto& h) { return search(to.of(h, how)); });
    for (std::size_t c = 0; c < channels; ++c) {
      const plain_bins plain = count_plainly(parts[c], states[c], how, 400);
      const numbers edges(plain.edges.begin(), plain.edges.end());
      want[c] = search(binned_counts{plain.counts, edges, qmath::min_max(parts[c])});
      CHECK(ranges[c] == want[c]);
      // Bins end less than 2 * 4 / 1024 beyond the data. AIMET tries 17/16 of them, with a zero point that is
      // rounded, and 1e-5 for zeros.
      CHECK((ranges[c].min < ranges[c].max || (c == 3 && ranges[c] == value_range{0.0f, 0.0f})));
      CHECK(qmath::absmax(ranges[c]) <= std::max(1.125f * qmath::absmax(parts[c]), 1e-5f));
    }
  };
  check(binning::occupied,
        [](const binned_counts& b) { return calibrators::pytorch_histogram(b); });
  check(binning::magnitudes,
        [](const binned_counts& b) { return calibrators::tensorrt_entropy(b); });
  check(binning::magnitudes,
        [](const binned_counts& b) { return calibrators::onnxruntime_percentile(b, 99.0); });
  check(binning::both_sides,
        [](const binned_counts& b) { return calibrators::onnxruntime_percentile(b, 99.0, false); });
  check(binning::both_sides,
        [](const binned_counts& b) { return calibrators::onnxruntime_entropy(b, 64); });
  check(binning::whole, [](const binned_counts& b) { return calibrators::aimet_tf_enhanced(b); });
}

TEST_CASE("calibrators: a channel without elements") {
  const histogram_observer<512> none;
  memory to(256);
  CHECK(calibrators::pytorch_histogram(to.of(none, binning::occupied)) == value_range{});
  CHECK(calibrators::tensorrt_entropy(to.of(none, binning::magnitudes)) == value_range{});
  CHECK(calibrators::onnxruntime_percentile(to.of(none, binning::magnitudes)) == value_range{});
  CHECK(calibrators::onnxruntime_entropy(to.of(none, binning::both_sides)) == value_range{});
  CHECK(calibrators::aimet_tf_enhanced(to.of(none, binning::whole)) == value_range{});
}

TEST_CASE("calibrators: a percentile of bins is one of the data, to a bin") {
  numbers x = normal(3000, 0.3, 1.0, 9);
  const auto h = histogram_of<2048>(x);
  memory to(2048);
  for (float& v : x) v = std::fabs(v);
  std::sort(x.begin(), x.end());
  for (const double percent : {10.0, 50.0, 90.0, 99.0, 99.9}) {
    const binned_counts b = to.of(*h, binning::magnitudes);
    const float t = calibrators::onnxruntime_percentile(b, percent).max;
    // Its bin has the first element up to which the share is reached; sums of shares are rounded, which may be one
    // more.
    const auto rank = static_cast<std::size_t>(std::ceil(percent / 100.0 * 3000.0));
    CHECK(t <= x[rank]);
    CHECK(t + (b.edges[1] - b.edges[0]) >= x[rank - 2]);
  }
}

TEST_CASE("contract: bins_of") {
  histogram_observer<16> h;
  qmath::observe(h, numbers{1.0f});
  std::vector<std::uint64_t> counts(4);
  std::vector<float> edges(5);
  support::contract_log log;
  const auto refused = [&](const binned_counts& b, const std::string& message) {
    CHECK(log.take() == "qmath::bins_of: " + message);
    CHECK((b.counts.empty() && b.edges.empty()));
  };
  const auto n = std::span(counts);
  const auto e = std::span(edges);
  constexpr auto how = binning::whole;
  refused(bins_of(h, how, n.first(1), e.first(2)), "counts.size() is 1, must be at least 2, 2");
  refused(bins_of(h, how, n.first(3), e), "edges.size() is 5, but counts.size() + 1 is 4");
  refused(bins_of(h, how, {static_cast<std::uint64_t*>(nullptr), 4}, e), "counts has no data");
  refused(bins_of(h, how, n, {static_cast<float*>(nullptr), 5}), "edges has no data");
  refused(bins_of(histogram_view({static_cast<const std::uint64_t*>(nullptr), 8}, {}), how, n, e),
          "h.counts has no data");
  const histogram_observer<16> before = h;
  refused(bins_of(h, how, std::span(h.counts).first(4), e),
          "argument counts overlaps h.counts, its bytes 0 to 31 are bytes 0 to 31 there");
  CHECK(h == before);
}
