// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Everything that merges: data cut anywhere, parts merged along any tree, against one pass.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <memory>
#include <qmath/metrics.hpp>
#include <qmath/qmath.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/contract.hpp"
#include "support/inputs.hpp"

using qmath::clip_counts;
using qmath::clip_sums;
using qmath::error_sums;
using qmath::top1_counts;

namespace {

using counts = std::vector<std::uint64_t>;
using numbers = std::vector<float>;

constexpr std::uint64_t most = ~std::uint64_t{0};

// Where n rows are cut into parts, some of them empty: first and behind the last of each.
struct part {
  std::size_t begin, end;
};

std::vector<part> random_parts(std::size_t n, std::mt19937& random) {
  std::vector<std::size_t> cuts = {0, n};
  for (std::size_t k = random() % 12; k != 0; --k) cuts.push_back(random() % (n + 1));
  std::sort(cuts.begin(), cuts.end());
  std::vector<part> parts;
  for (std::size_t i = 1; i < cuts.size(); ++i) parts.push_back({cuts[i - 1], cuts[i]});
  std::shuffle(parts.begin(), parts.end(), random);
  return parts;
}

// Merges two of the nodes until one is left, which is returned.
template <class T, class Merge>
T merge_randomly(std::vector<T> nodes, std::mt19937& random, const Merge& merge) {
  while (nodes.size() > 1) {
    const std::size_t b = random() % nodes.size();
    std::swap(nodes[b], nodes.back());
    const std::size_t a = random() % (nodes.size() - 1);
    merge(nodes[a], nodes.back());
    nodes.pop_back();
  }
  return std::move(nodes[0]);
}

// As merge() does, whatever the type.
constexpr auto by_merge = [](auto& into, const auto& from) { qmath::merge(into, from); };

// `count(first row, end, counts)` adds rows.
template <class T, class Count>
void check_merges(std::size_t rows, const T& nothing, const Count& count) {
  std::mt19937 random(5);
  T whole = nothing;
  count(0, rows, whole);
  CHECK(!(whole == nothing));
  for (int trial = 0; trial < 40; ++trial) {
    std::vector<T> nodes;
    for (const part& p : random_parts(rows, random)) {
      nodes.push_back(nothing);
      count(p.begin, p.end, nodes.back());
    }
    CHECK(merge_randomly(nodes, random, by_merge) == whole);
  }
}

numbers data(std::size_t n, std::uint32_t seed) {
  numbers x = support::floats_near(0.01f, n, seed);
  std::mt19937 random(seed);
  for (const float special : {std::numeric_limits<float>::infinity(), 1e30f, -1e30f,
                              std::numeric_limits<float>::quiet_NaN(), -0.0f, 100.0f, -100.0f}) {
    for (int i = 0; i < 3; ++i) x[random() % n] = special;
  }
  return x;
}

std::span<const float> rows_of(const numbers& x, std::size_t begin, std::size_t end,
                               std::size_t cols) {
  return std::span(x).subspan(begin * cols, (end - begin) * cols);
}

}  // namespace

TEST_CASE("merge: clips") {
  constexpr std::size_t rows = 300, cols = 5;
  const numbers x = data(rows * cols, 1);
  check_merges(rows, clip_sums{}, [&](std::size_t begin, std::size_t end, clip_sums& s) {
    qmath::count_clipped<std::int8_t>(rows_of(x, begin, end, cols), {0.01f, 3}, s);
  });
  check_merges(rows, clip_counts{}, [&](std::size_t begin, std::size_t end, clip_counts& s) {
    std::vector<std::int8_t> q((end - begin) * cols);
    clip_counts own;
    qmath::quantize(rows_of(x, begin, end, cols), {0.01f, 3}, q, {.counts = &own});
    qmath::merge(s, own);
  });
  // Channels, of which one is left out, and rows that are masked.
  const numbers scales = {0.01f, 0.02f, 0.003f, 0.01f, 1.0f};
  const std::vector<std::uint8_t> channels = {1, 1, 1, 0, 1};
  std::vector<std::uint8_t> mask(rows);
  for (std::size_t r = 0; r < rows; ++r) mask[r] = r % 3 != 0;
  check_merges(rows, std::vector<clip_sums>(cols),
               [&](std::size_t begin, std::size_t end, std::vector<clip_sums>& s) {
                 const auto n = end - begin;
                 if (n == 0) return;
                 qmath::count_clipped<std::uint8_t>(
                     rows_of(x, begin, end, cols),
                     qmath::channel_params{scales, {}, qmath::per_column(cols)}, s,
                     {.which = {.mask = std::span(mask).subspan(begin, n), .channels = channels}});
               });
}

TEST_CASE("merge: counts of codes, and the statistics of what was merged") {
  constexpr std::size_t rows = 300, cols = 4;
  const auto q = support::any_integers<std::int8_t>(rows * cols, 2);
  const auto of_rows = [&](std::size_t begin, std::size_t end) {
    return std::span(q).subspan(begin * cols, (end - begin) * cols);
  };
  check_merges(rows, counts(256), [&](std::size_t begin, std::size_t end, counts& n) {
    qmath::count_codes(of_rows(begin, end), n);
  });
  check_merges(rows, counts(256 * cols), [&](std::size_t begin, std::size_t end, counts& n) {
    if (begin != end) qmath::count_codes(of_rows(begin, end), qmath::per_column(cols), n);
  });
  counts whole(256), a(256), b(256);
  qmath::count_codes(of_rows(0, rows), whole);
  qmath::count_codes(of_rows(0, 77), a);
  qmath::count_codes(of_rows(77, rows), b);
  qmath::merge(b, a);
  const auto x = qmath::statistics_of_codes<std::int8_t>(whole, -3),
             y = qmath::statistics_of_codes<std::int8_t>(b, -3);
  CHECK((x.at_lowest == y.at_lowest && x.at_highest == y.at_highest && x.zero == y.zero));
  CHECK(std::bit_cast<std::uint64_t>(x.effective_bits) ==
        std::bit_cast<std::uint64_t>(y.effective_bits));
  // With itself, other types of arrays, and the largest counts.
  std::uint64_t n[] = {1, most, most - 1};
  qmath::merge(n, n);
  CHECK((n[0] == 2 && n[1] == most && n[2] == most));
  qmath::merge(n, counts{5, 0, 1});
  CHECK((n[0] == 7 && n[1] == most && n[2] == most));
  qmath::merge(std::span<std::uint64_t>(), counts());
}

TEST_CASE("merge: classes") {
  constexpr std::size_t rows = 500, cols = 3;
  const numbers a = data(rows * cols, 3), b = data(rows * cols, 4);
  std::vector<std::int32_t> labels(rows);
  for (std::size_t r = 0; r < rows; ++r) labels[r] = static_cast<std::int32_t>(r * r % 4);
  const auto count = [&](std::size_t begin, std::size_t end, top1_counts& c) {
    qmath::add_top1(qmath::matrix_view<const float>(a.data() + begin * cols, end - begin, cols),
                    qmath::matrix_view<const float>(b.data() + begin * cols, end - begin, cols),
                    std::span<const std::int32_t>(labels).subspan(begin, end - begin), c);
  };
  check_merges(rows, top1_counts{}, count);
  // One for each of two devices.
  check_merges(rows, std::vector<top1_counts>(2),
               [&](std::size_t begin, std::size_t end, std::vector<top1_counts>& c) {
                 count(begin, end, c[0]);
                 count(begin, begin + (end - begin) / 2, c[1]),
                     count(begin + (end - begin) / 2, end, c[1]);
               });
}

TEST_CASE("merge: errors of channels, to the byte") {
  constexpr std::size_t rows = 200, cols = 3;
  const numbers a = data(rows * cols, 5), b = data(rows * cols, 6);
  check_merges(rows, std::vector<error_sums>(cols),
               [&](std::size_t begin, std::size_t end, std::vector<error_sums>& s) {
                 if (begin == end) return;
                 qmath::add_errors(rows_of(a, begin, end, cols), rows_of(b, begin, end, cols),
                                   qmath::per_column(cols), s, {.first = begin * cols});
               });
}

TEST_CASE("merge: += is the same") {
  clip_sums a{7, {1, 2, 3, 4}}, b = a;
  const clip_sums c{9, {5, 6, 7, 8}};
  qmath::merge(a, c), b += c;
  CHECK(a == b);
  CHECK(a == clip_sums{16, {6, 8, 10, 12}});
  qmath::merge(a, a);
  CHECK(a == clip_sums{32, {12, 16, 20, 24}});
  top1_counts d{1, 2, 3, 4}, e = d;
  qmath::merge(d, top1_counts{10, 20, 30, 40}), e += {10, 20, 30, 40};
  CHECK(d == e);
  CHECK(d == top1_counts{11, 22, 33, 44});
}

// A monitor, and which parts it has, in the order in which they were merged into it.
struct watched {
  std::shared_ptr<qmath::drift_monitor<64>> monitor;
  std::vector<std::size_t> parts;
};

TEST_CASE("merge: monitors") {
  std::mt19937 random(7);
  const numbers calibration = support::floats_near(0.01f, 4000, 8), x = data(30000, 9);
  for (const std::uint32_t every : {0u, 1u, 3u}) {
    const auto make = [&] {
      auto m = std::make_shared<qmath::drift_monitor<64>>();
      m->layer = "conv1", m->clip = {-2.0f, 3.0f}, m->sampling.every = every;
      qmath::observe(m->calibration, calibration);
      return m;
    };
    const auto whole = make();
    qmath::watch(*whole, x);
    for (int trial = 0; trial < 20; ++trial) {
      std::vector<watched> nodes;
      std::vector<qmath::drift_live> before;
      for (const part& p : random_parts(x.size(), random)) {
        nodes.push_back({make(), {nodes.size()}});
        qmath::watch(*nodes.back().monitor, rows_of(x, p.begin, p.end, 1));
        before.push_back(nodes.back().monitor->live);
      }
      const watched all = merge_randomly(nodes, random, [](watched& into, const watched& from) {
        qmath::merge(*into.monitor, *from.monitor);
        into.parts.insert(into.parts.end(), from.parts.begin(), from.parts.end());
      });
      const qmath::drift_live &got = all.monitor->live, &want = whole->live;
      CHECK(got.elements == want.elements);
      CHECK(got.calls == before.size());
      CHECK(got.nonfinite == want.nonfinite);
      // Events are those of the first part that has one, with the numbers that they have there.
      qmath::nonfinite_event nan, infinite;
      for (const std::size_t k : all.parts) {
        if (nan == qmath::nonfinite_event{}) nan = before[k].first_nan;
        if (infinite == qmath::nonfinite_event{}) infinite = before[k].first_infinite;
      }
      CHECK(got.first_nan == nan);
      CHECK(got.first_infinite == infinite);
      if (every == 3) continue;  // other blocks are read
      CHECK(got.count == want.count);
      CHECK((got.clipped_low == want.clipped_low && got.clipped_high == want.clipped_high));
      CHECK(got.range == want.range);
      CHECK(std::equal(whole->counts, whole->counts + 64, all.monitor->counts));
      const qmath::drift_report r = qmath::drift_of(*all.monitor), s = qmath::drift_of(*whole);
      CHECK((r.status == s.status && r.psi.value == s.psi.value && r.ks.value == s.ks.value));
      CHECK((r.mean_shift.value == s.mean_shift.value &&
             r.range_shift.value == s.range_shift.value && r.clip_rate.value == s.clip_rate.value));
    }
    CHECK((whole->live.clipped_low != 0 && whole->live.clipped_high != 0));
  }
}

TEST_CASE("contract: merge") {
  counts four(4, 1);
  support::refused("qmath::merge: from.size() is 3, but into.size() is 4", four,
                   [](counts& n) { qmath::merge(n, counts(3)); });
  support::refused("qmath::merge: from has no data", four, [](counts& n) {
    qmath::merge(n, std::span<const std::uint64_t>(static_cast<const std::uint64_t*>(nullptr), 4));
  });
  support::refused(
      "qmath::merge: argument from overlaps into, its bytes 0 to 15 are bytes 8 to 23 there", four,
      [](counts& n) { qmath::merge(std::span(n).first(3), std::span(n).last(3).first(3)); });
  std::vector<clip_sums> sums(2);
  support::refused("qmath::merge: from.size() is 3, but into.size() is 2", sums,
                   [](std::vector<clip_sums>& s) { qmath::merge(s, std::vector<clip_sums>(3)); });
}
