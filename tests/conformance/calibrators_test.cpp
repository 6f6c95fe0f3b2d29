// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Searches for ranges against PyTorch, ONNX Runtime, NVIDIA's modelopt and AIMET.
#include <doctest/doctest.h>

#include <qmath/qmath.hpp>
#include <string>
#include <vector>

#include "support/contract.hpp"
#include "support/vectors.hpp"

using qmath::binned_counts;
using qmath::value_range;
using support::vector_case;

namespace {

std::vector<std::uint64_t> counts_of(const vector_case& c) {
  const auto n = c.get<std::int64_t>("counts");
  return {n.begin(), n.end()};
}

/// The edges, or those that numpy.linspace puts between their ends, in float. Products and sums of two floats, rounded
/// to double and then to float, are rounded once, and no compiler fuses them.
std::vector<float> edges_of(const vector_case& c, std::size_t bins) {
  if (c.has("edges")) return c.get<float>("edges");
  const auto ends = c.get<float>("ends");
  REQUIRE(ends.size() == 2);
  const double low = ends[0];
  const double step = (ends[1] - ends[0]) / static_cast<float>(bins);
  std::vector<float> edges(bins + 1, ends[1]);
  for (std::size_t i = 0; i < bins; ++i) {
    const auto offset = static_cast<float>(static_cast<double>(i) * step);
    edges[i] = static_cast<float>(static_cast<double>(offset) + low);
  }
  return edges;
}

value_range range_in(const vector_case& c, const char* field) {
  const auto r = c.get<float>(field);
  REQUIRE(r.size() == 2);
  return {r[0], r[1]};
}

void check(value_range got, value_range want) {
  CHECK(got.min == want.min);
  CHECK(got.max == want.max);
}

}  // namespace

TEST_CASE("calibrators: the frameworks' ranges") {
  std::size_t pytorch = 0, percentile = 0, entropy = 0, nvidia = 0;
  for (const vector_case& c : support::read_vectors("calibrators.txt")) {
    CAPTURE(c.where);
    const std::vector<std::uint64_t> counts = counts_of(c);
    if (c.name.starts_with("pytorch/")) {
      ++pytorch;
      const auto codes = static_cast<int>(c.one<std::int64_t>("codes"));
      check(qmath::calibrators::pytorch_histogram(counts, range_in(c, "range"), codes),
            range_in(c, "found"));
      CHECK(c.forgotten() == "");
      continue;
    }
    const std::vector<float> edges = edges_of(c, counts.size());
    if (c.name.starts_with("nvidia/")) {
      ++nvidia;
      float amax = c.one<float>("amax");
      if (c.name == "nvidia/constant") {
        // All are in the last bin, and the others' divergence is 0 / 0, which numpy's argmin takes for the least.
        CHECK(amax == edges[edges.size() - 2]);
        amax = edges.back();
      }
      check(qmath::calibrators::tensorrt_entropy(
                {counts, edges, {}}, static_cast<std::size_t>(c.one<std::int64_t>("codes")),
                static_cast<std::size_t>(c.one<std::int64_t>("start"))),
            {-amax, amax});
      CHECK(c.forgotten() == "");
      continue;
    }
    const binned_counts h = {counts, edges, range_in(c, "range")};
    if (c.name.starts_with("percentile/")) {
      ++percentile;
      const bool symmetric = c.one<std::int64_t>("symmetric") != 0;
      check(qmath::calibrators::onnxruntime_percentile(h, c.one<double>("percent"), symmetric),
            range_in(c, "found"));
    } else {
      ++entropy;
      const auto bins = static_cast<std::size_t>(c.one<std::int64_t>("quantized_bins"));
      const value_range got = qmath::calibrators::onnxruntime_entropy(h, bins);
      value_range want = range_in(c, "found");
      if (c.name == "entropy/outliers") {
        // The two least divergences are 1.4e-5 of them apart; in float, as ONNX Runtime computes, the other is less.
        std::size_t first = 0, last = edges.size() - 1;
        while (edges[first] < want.min) ++first;
        while (edges[last] > want.max) --last;
        want = {edges.at(first - 1), edges.at(last + 1)};
      }
      check(got, want);
    }
    CHECK(c.forgotten() == "");
  }
  CHECK(pytorch == 21);
  CHECK(percentile == 28);
  CHECK(entropy == 20);
  CHECK(nvidia == 19);
}

TEST_CASE("calibrators: AIMET's encodings") {
  std::size_t cases = 0, same = 0;
  for (const vector_case& c : support::read_vectors("aimet.txt")) {
    CAPTURE(c.where);
    const std::vector<std::uint64_t> counts = counts_of(c);
    const auto edges = c.get<float>("edges"), scales = c.get<float>("scales");
    const auto offsets = c.get<std::int64_t>("offsets");
    REQUIRE(scales.size() == 4);
    REQUIRE(offsets.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
      ++cases;
      const std::size_t codes = i < 2 ? 256 : 16;
      const value_range got =
          qmath::calibrators::aimet_tf_enhanced({counts, edges, {}}, codes, i % 2 != 0);
      const auto end = [&](double at) {
        return static_cast<float>(static_cast<double>(scales[i]) * at);
      };
      const auto offset = static_cast<double>(offsets[i]);
      const value_range want = {end(offset), end(offset + static_cast<double>(codes - 1))};
      // AIMET's edges are doubles: the last bit of the scale may differ.
      CHECK(static_cast<double>(got.min) ==
            doctest::Approx(static_cast<double>(want.min)).epsilon(2e-7));
      CHECK(static_cast<double>(got.max) ==
            doctest::Approx(static_cast<double>(want.max)).epsilon(2e-7));
      same += got == want ? 1 : 0;
    }
    CHECK(c.forgotten() == "");
  }
  CHECK(cases == 32);
  CHECK(same == 29);
}

TEST_CASE("calibrators: no elements, and sizes that do not fit") {
  namespace calibrators = qmath::calibrators;
  const std::vector<std::uint64_t> counts(4, 0), some = {0, 0, 3, 1};
  const std::vector<float> edges = {0, 1, 2, 3, 4}, on_both_sides = {-2, -1, 0, 1, 2};
  const binned_counts none = {counts, edges, {0.0f, 4.0f}};
  const binned_counts none_on_both_sides = {counts, on_both_sides, {-2.0f, 2.0f}};
  CHECK(calibrators::pytorch_histogram(counts, none.range) == value_range{});
  CHECK(calibrators::pytorch_histogram({}, {}) == value_range{});
  CHECK(calibrators::onnxruntime_percentile(none) == value_range{});
  CHECK(calibrators::onnxruntime_entropy(none_on_both_sides, 2) == value_range{});
  CHECK(calibrators::tensorrt_entropy(none, 2, 2) == value_range{});
  CHECK(calibrators::aimet_tf_enhanced(none) == value_range{});
#if QMATH_CHECKS
  support::contract_log log;
  const binned_counts short_edges = {some, std::span(edges).first(4), {2.0f, 4.0f}};
  const binned_counts good = {some, edges, {2.0f, 4.0f}};
  const auto refused = [&](value_range r, const char* name) {
    CHECK(r == value_range{});
    CHECK(log.take().find(name) != std::string::npos);
  };
  refused(calibrators::onnxruntime_percentile(short_edges), "onnxruntime_percentile");
  refused(calibrators::onnxruntime_entropy(short_edges, 2), "onnxruntime_entropy");
  refused(calibrators::onnxruntime_entropy(good, 5), "onnxruntime_entropy");
  refused(calibrators::onnxruntime_entropy(good, 1), "quantized_bins");
  refused(calibrators::tensorrt_entropy(short_edges, 2, 2), "tensorrt_entropy");
  refused(calibrators::tensorrt_entropy(good, 2, 5), "counts.size()");
  refused(calibrators::tensorrt_entropy(good, 3, 2), "start_bin");
  refused(calibrators::tensorrt_entropy(good, 0, 2), "codes");
  // The bins of another search.
  const binned_counts both = {some, on_both_sides, {0.5f, 2.0f}};
  refused(calibrators::tensorrt_entropy(both, 2, 2), "edges.front() is negative");
  refused(calibrators::onnxruntime_percentile(both), "edges.front() is negative");
  CHECK(calibrators::onnxruntime_percentile(both, 99.0, false) != value_range{});
  refused(calibrators::onnxruntime_entropy(good, 2), "edges.front() is not negative");
  refused(calibrators::aimet_tf_enhanced(short_edges), "aimet_tf_enhanced");
  refused(calibrators::aimet_tf_enhanced({{some.data(), 1}, {edges.data(), 2}, {}}),
          "counts.size()");
  refused(calibrators::aimet_tf_enhanced(good, 1), "codes");
#endif
}
