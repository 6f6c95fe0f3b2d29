// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// min_max equals the reference on every CPU target, and merges.
#include <doctest/doctest.h>

#include <qmath/qmath.hpp>

#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using support::guard;
using support::guarded;

namespace {

bool same_bits(qmath::value_range a, qmath::value_range b) {
  return support::to_bits(a.min) == support::to_bits(b.min) &&
         support::to_bits(a.max) == support::to_bits(b.max);
}

}  // namespace

TEST_CASE("min_max: every size, any floats") {
  for (const std::size_t n : support::sizes()) {
    CAPTURE(n);
    for (const guard side : {guard::behind, guard::before}) {
      for (const bool wild : {true, false}) {
        const guarded<float> x(wild ? support::any_floats(n, 12) : support::floats_near(1, n, 13),
                               side);
        const qmath::value_range want = qmath::reference::min_max(x.span());
        support::for_each_target([&] { CHECK(same_bits(qmath::min_max(x.span()), want)); });
      }
    }
  }
}

TEST_CASE("min_max: one extreme at every place") {
  std::vector<float> x(150, 1.0f);
  support::for_each_target([&] {
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = -3.0f;
      CHECK(qmath::min_max(x) == qmath::value_range{-3.0f, 1.0f});
      x[i] = 7.0f;
      CHECK(qmath::min_max(x) == qmath::value_range{1.0f, 7.0f});
      x[i] = 1.0f;
    }
  });
}

TEST_CASE("min_max: NaN is skipped, zero is positive, nothing is the empty range") {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  support::for_each_target([&] {
    for (const std::size_t n : support::sizes()) {
      CAPTURE(n);
      CHECK(same_bits(qmath::min_max(std::vector<float>(n, nan)), qmath::value_range{}));
      if (n == 0) continue;
      CHECK(same_bits(qmath::min_max(std::vector<float>(n, -0.0f)), {0.0f, 0.0f}));
      std::vector<float> x(n, nan);
      x[n / 2] = 2.5f;
      CHECK(same_bits(qmath::min_max(x), {2.5f, 2.5f}));
      x[n - 1] = inf;
      CHECK(qmath::min_max(x).max == inf);
      x[0] = -inf;
      CHECK(qmath::min_max(x).min == -inf);
    }
  });
}

TEST_CASE("min_max: a NaN of any kind, anywhere, changes nothing") {
  support::for_each_target([&] {
    for (const std::uint32_t bits : {0x7FC00000u, 0xFFC00000u, 0x7F800001u, 0xFFBFFFFFu}) {
      for (std::size_t i = 0; i < 150; ++i) {
        std::vector<float> x(150, 2.0f);
        x[10] = -5.0f;
        x[11] = 9.0f;
        if (i == 10 || i == 11) continue;
        x[i] = support::from_bits(bits);
        CHECK(qmath::min_max(x) == qmath::value_range{-5.0f, 9.0f});
      }
    }
  });
}

TEST_CASE("merge: parts in any order give the range of the whole") {
  const std::vector<float> x = support::any_floats(999, 14);
  const qmath::value_range whole = qmath::min_max(x);
  const auto a = qmath::min_max(std::span(x).first(100));
  const auto b = qmath::min_max(std::span(x).subspan(100, 500));
  const auto c = qmath::min_max(std::span(x).subspan(600));
  CHECK(qmath::merge(qmath::merge(a, b), c) == whole);
  CHECK(qmath::merge(c, qmath::merge(b, a)) == whole);
  CHECK(qmath::merge(qmath::value_range{}, whole) == whole);
}
