// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// min_max and absmax equal the reference on every CPU target; ranges merge.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <qmath/qmath.hpp>
#include <string>
#include <vector>

#include "support/contract.hpp"
#include "support/formats.hpp"
#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using qmath::bfloat16;
using qmath::half;
using qmath::value_range;
using support::guard;
using support::guarded;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();

bool same_bits(value_range a, value_range b) {
  return support::to_bits(a.min) == support::to_bits(b.min) &&
         support::to_bits(a.max) == support::to_bits(b.max);
}

template <class X>
X number(float v) {
  X x{};
  qmath::reference::store_real(x, v);
  return x;
}

std::vector<std::size_t> sizes() {
  std::vector<std::size_t> s = support::sizes();
  for (const std::size_t n : {511u, 512u, 513u, 1024u, 1025u, 2050u}) s.push_back(n);
  return s;
}

template <class X>
void check_layout(const std::vector<X>& values, const qmath::granularity& layout) {
  const guarded<X> x(values);
  std::vector<value_range> want(layout.count());
  qmath::reference::min_max(std::span<const X>(values), layout, std::span(want));
  const guarded<value_range> got(layout.count());
  support::for_each_target([&] {
    std::fill(got.span().begin(), got.span().end(), value_range{-1.0f, -2.0f});
    qmath::min_max(x.span(), layout, got.span());
    CHECK(got.intact());
    for (std::size_t c = 0; c < want.size(); ++c) {
      if (same_bits(got[c], want[c])) continue;
      INFO("range ", c, " of ", want.size());
      CHECK(got[c].min == want[c].min);
      CHECK(got[c].max == want[c].max);
      FAIL_CHECK("the bits differ");
      break;
    }
  });
}

std::vector<support::named_layout> all_layouts() {
  std::vector<support::named_layout> all = support::layouts();
  const auto add = [&](const char* name, qmath::granularity g, std::size_t repeats) {
    all.push_back({name, g, g.period() * repeats});
  };
  // Columns: fewer and more than a vector and a chunk have; one row, and more than fit into a chunk.
  for (const std::size_t cols :
       {1u,   2u,   3u,   5u,   8u,   15u,  16u,  17u,  31u,  64u,  65u,
        100u, 170u, 171u, 255u, 256u, 257u, 511u, 512u, 513u, 530u, 1030u}) {
    for (const std::size_t rows : {1u, 2u, 7u, 700u / static_cast<unsigned>(cols) + 1u}) {
      add("columns", qmath::per_column(cols), rows);
      add("blocks of 3x1", qmath::per_block(rows, cols, 3, 1), 2);
      add("blocks of all rows x 1", qmath::per_block(rows, cols, rows, 1), 3);
      add("matrices of 1 column", qmath::granularity{2, rows, cols, 2, 1}, 2);
    }
  }
  for (const std::size_t size :
       {1u, 2u, 3u, 7u, 8u, 15u, 16u, 17u, 32u, 33u, 64u, 100u, 128u, 600u}) {
    add("groups, one row", qmath::per_group(1, 3 * size, size), 2);
    add("groups, short last", qmath::per_group(3, 2 * size + (size + 1) / 2, size), 2);
    add("rows", qmath::per_row(4, size), 2);
    add("blocks of 2 rows", qmath::per_block(6, size, 2, size), 2);
    add("blocks", qmath::per_block(5, 2 * size + 1, 2, size), 2);
  }
  add("one block", qmath::per_block(6, 70, 6, 70), 3);
  add("a block larger than the matrix", qmath::per_block(6, 70, 100, 100), 3);
  const std::size_t shape[] = {3, 5, 4, 7}, flat[] = {2, 1, 6, 1};
  for (std::size_t axis = 0; axis < 4; ++axis) {
    add("channels", qmath::per_channel(shape, axis), 1 + axis);
    add("channels of a shape with ones", qmath::per_channel(flat, axis), 30);
    for (const std::size_t size : {1u, 2u, 3u, 4u, 10u}) {
      add("blocks along an axis", qmath::per_axis_block(shape, axis, size), 2);
    }
  }
  return all;
}

}  // namespace

TEST_CASE_TEMPLATE("min_max: every size, any numbers", X, float, half, bfloat16) {
  for (const std::size_t n : sizes()) {
    CAPTURE(n);
    for (const guard side : {guard::behind, guard::before}) {
      for (const bool wild : {true, false}) {
        const std::vector<X> values =
            wild ? support::any_reals<X>(n, 12)
                 : support::real_numbers<X>(support::floats_near(1, n, 13));
        const guarded<X> x(values, side);
        const std::span<const X> in = x.span();
        const value_range want = qmath::reference::min_max(in);
        const float largest = qmath::reference::absmax(in);
        support::for_each_target([&] {
          CHECK(same_bits(qmath::min_max(x.span()), want));
          CHECK(support::to_bits(qmath::absmax(in)) == support::to_bits(largest));
        });
      }
    }
  }
}

TEST_CASE_TEMPLATE("min_max: one extreme at every place", X, float, half, bfloat16) {
  for (const std::size_t n : {3u, 150u}) {
    std::vector<X> x(n, number<X>(1.0f));
    support::for_each_target([&] {
      for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = number<X>(-3.0f);
        CHECK(qmath::min_max(x) == value_range{-3.0f, 1.0f});
        CHECK(qmath::absmax(x) == 3.0f);
        x[i] = number<X>(7.0f);
        CHECK(qmath::min_max(x) == value_range{1.0f, 7.0f});
        CHECK(qmath::absmax(x) == 7.0f);
        x[i] = number<X>(1.0f);
      }
    });
  }
}

TEST_CASE_TEMPLATE("min_max: NaN is skipped, zero is positive, nothing is the empty range", X,
                   float, half, bfloat16) {
  support::for_each_target([&] {
    for (const std::size_t n : sizes()) {
      CAPTURE(n);
      CHECK(same_bits(qmath::min_max(std::vector<X>(n, number<X>(quiet_nan))), value_range{}));
      CHECK(support::to_bits(qmath::absmax(std::vector<X>(n, number<X>(quiet_nan)))) == 0);
      if (n == 0) continue;
      CHECK(same_bits(qmath::min_max(std::vector<X>(n, number<X>(-0.0f))), {0.0f, 0.0f}));
      CHECK(support::to_bits(qmath::absmax(std::vector<X>(n, number<X>(-0.0f)))) == 0);
      std::vector<X> x(n, number<X>(quiet_nan));
      x[n / 2] = number<X>(2.5f);
      CHECK(same_bits(qmath::min_max(x), {2.5f, 2.5f}));
      x[n / 2] = number<X>(-2.5f);
      CHECK(same_bits(qmath::min_max(x), {-2.5f, -2.5f}));
      x[n - 1] = number<X>(inf);
      CHECK(qmath::min_max(x).max == inf);
      x[0] = number<X>(-inf);
      CHECK(qmath::min_max(x).min == -inf);
      CHECK(qmath::absmax(x) == inf);
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
        CHECK(qmath::min_max(x) == value_range{-5.0f, 9.0f});
      }
    }
  });
}

TEST_CASE_TEMPLATE("min_max: every 16-bit number alone", X, half, bfloat16) {
  support::for_each_target([&] {
    std::size_t wrong = 0;
    for (unsigned bits = 0; bits < 65536; bits += bits % 1024 < 4 ? 1 : 5) {
      const X x[1] = {{static_cast<std::uint16_t>(bits)}};
      if (!same_bits(qmath::min_max(x), qmath::reference::min_max(std::span<const X>(x)))) ++wrong;
    }
    // And all of them, as many as a vector has at a time.
    std::vector<X> all(65536);
    for (std::size_t i = 0; i < all.size(); ++i) all[i].bits = static_cast<std::uint16_t>(i);
    const qmath::granularity layout = qmath::per_column(all.size());
    std::vector<value_range> got(all.size()), want(all.size());
    qmath::min_max(all, layout, got);
    qmath::reference::min_max(std::span<const X>(all), layout, std::span(want));
    for (std::size_t i = 0; i < all.size(); ++i) wrong += !same_bits(got[i], want[i]);
    CHECK(wrong == 0);
  });
}

TEST_CASE_TEMPLATE("min_max: every layout", X, float, half, bfloat16) {
  for (const support::named_layout& l : all_layouts()) {
    CAPTURE(l.name);
    CAPTURE(l.n);
    CAPTURE(l.layout.rows);
    CAPTURE(l.layout.cols);
    CAPTURE(l.layout.block_rows);
    CAPTURE(l.layout.block_cols);
    check_layout(support::any_reals<X>(l.n, static_cast<std::uint32_t>(l.n)), l.layout);
    // Zeros of both signs and NaN: what is left when others do not cover mistakes with them.
    std::vector<X> rare(l.n);
    const std::vector<std::uint8_t> choice =
        support::any_integers<std::uint8_t>(l.n, static_cast<std::uint32_t>(l.n));
    for (std::size_t i = 0; i < l.n; ++i) {
      rare[i] = number<X>(choice[i] % 4 == 0 ? -0.0f : choice[i] % 4 == 1 ? 0.0f : quiet_nan);
    }
    check_layout(rare, l.layout);
    // All above, all below zero: nothing may come from initial values.
    const std::vector<float> near = support::floats_near(1, l.n, 4);
    std::vector<X> above(l.n), below(l.n);
    for (std::size_t i = 0; i < l.n; ++i) {
      above[i] = number<X>(std::abs(near[i]) + 1.0f);
      below[i] = number<X>(-std::abs(near[i]) - 1.0f);
    }
    check_layout(above, l.layout);
    check_layout(below, l.layout);
  }
}

TEST_CASE("min_max: no elements give empty ranges") {
  const std::vector<float> x;
  support::for_each_target([&] {
    for (const qmath::granularity& g :
         {qmath::per_row(3, 8), qmath::per_column(5), qmath::per_tensor(0), qmath::per_tensor(4),
          qmath::per_block(4, 4, 2, 2), qmath::per_block(4, 4, 2, 1)}) {
      std::vector<value_range> r(g.count(), {1.0f, 2.0f});
      qmath::min_max(x, g, r);
      for (const value_range& one : r) CHECK(same_bits(one, value_range{}));
    }
  });
}

TEST_CASE("merge: parts in any order give the range of the whole") {
  const std::vector<float> x = support::any_floats(999, 14);
  const value_range whole = qmath::min_max(x);
  const auto a = qmath::min_max(std::span(x).first(100));
  const auto b = qmath::min_max(std::span(x).subspan(100, 500));
  const auto c = qmath::min_max(std::span(x).subspan(600));
  CHECK(qmath::merge(qmath::merge(a, b), c) == whole);
  CHECK(qmath::merge(c, qmath::merge(b, a)) == whole);
  CHECK(qmath::merge(value_range{}, whole) == whole);
  static_assert(qmath::merge({-1.0f, 2.0f}, {0.0f, 3.0f}) == value_range{-1.0f, 3.0f});
  static_assert(qmath::merge({}, {}) == value_range{});
}

TEST_CASE("absmax of a range") {
  static_assert(qmath::absmax(value_range{-3.0f, 2.0f}) == 3.0f);
  static_assert(qmath::absmax(value_range{-3.0f, 4.0f}) == 4.0f);
  static_assert(qmath::absmax(value_range{1.0f, 2.0f}) == 2.0f);
  static_assert(qmath::absmax(value_range{-2.0f, -1.0f}) == 2.0f);
  static_assert(qmath::absmax(value_range{}) == 0.0f);
  static_assert(qmath::absmax(value_range{-std::numeric_limits<float>::infinity(), 1.0f}) ==
                std::numeric_limits<float>::infinity());
  CHECK(support::to_bits(qmath::absmax(value_range{-0.0f, -0.0f})) == 0);
  CHECK(support::to_bits(qmath::absmax(value_range{0.0f, 0.0f})) == 0);
  CHECK(support::to_bits(qmath::absmax(value_range{})) == 0);
}

TEST_CASE("min_max: a broken precondition writes nothing") {
  support::contract_log log;
  const std::vector<float> x(12, 1.0f);
  const std::vector<value_range> untouched(3, {5.0f, 6.0f});
  std::vector<value_range> r = untouched;
  const auto refused = [&](const std::string& text) {
    const std::string message = log.take();
    INFO(message);
    CHECK(message.find("qmath::min_max: ") == 0);
    CHECK(message.find(text) != std::string::npos);
    CHECK(r == untouched);
  };
  qmath::min_max(x, qmath::per_row(3, 4), std::span(r).first(2));
  refused("ranges.size() is 2, but layout.count() is 3");
  qmath::min_max(std::span(x).first(11), qmath::per_row(3, 4), r);
  refused("x.size() is 11, must be a multiple of layout.period(), 12");
  qmath::min_max(x, qmath::per_group(3, 4, 0), r);
  refused("layout.block_cols is 0, must be at least 1 (the size of groups or blocks)");
  qmath::min_max(x, qmath::granularity{0, 1, 1, 1, 1}, r);
  refused("layout.outer is 0");
  qmath::min_max(x, qmath::granularity{std::size_t{1} << 62, 1, 4, 1, 4}, r);
  refused("layout");
  qmath::min_max(std::span<const float>(static_cast<const float*>(nullptr), 12),
                 qmath::per_row(3, 4), r);
  refused("x has no data");
  qmath::min_max(x, qmath::per_row(3, 4),
                 std::span<value_range>(static_cast<value_range*>(nullptr), 3));
  refused("ranges has no data");
  qmath::min_max(std::span<const float>(&r[2].max, 1), qmath::per_tensor(1), std::span(r).last(1));
  refused("argument ranges overlaps x, its bytes 4 to 7 are bytes 0 to 3 there");
  CHECK(same_bits(qmath::min_max(std::span<const half>(static_cast<const half*>(nullptr), 2)),
                  value_range{}));
  refused("x has no data");
  CHECK(qmath::absmax(std::span<const float>(static_cast<const float*>(nullptr), 2)) == 0.0f);
  CHECK(log.take() == "qmath::absmax: x has no data");
  qmath::min_max(x, qmath::per_row(3, 4), r);
  CHECK(log.take().empty());
}

// Arrays that come from memory have a loop of their own.
TEST_CASE("min_max: large arrays") {
  std::vector<float> x((std::size_t{1} << 21) + 1003);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.001f * static_cast<float>(i % 977);
  const std::size_t last = x.size() - 1;
  support::for_each_target([&] {
    for (const std::size_t at : {std::size_t{0}, std::size_t{63}, last / 2, last - 70, last}) {
      CAPTURE(at);
      const float before = x[at];
      x[at] = 7.5f;
      CHECK(qmath::min_max(x) == qmath::value_range{0.0f, 7.5f});
      x[at] = -2.0f;
      CHECK(qmath::min_max(x) == qmath::value_range{-2.0f, 0.001f * 976.0f});
      x[at] = before;
    }
    // Just as many as have it, and one more.
    const std::span<const float> all(x);
    for (const std::size_t n : {std::size_t{1} << 21, (std::size_t{1} << 21) + 1}) {
      CHECK(qmath::min_max(all.first(n)) == qmath::reference::min_max(all.first(n)));
    }
  });
}
