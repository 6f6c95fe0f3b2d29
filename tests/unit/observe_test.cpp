// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Observers of ranges, averages and moments; layouts and selections for every
// observer; broken preconditions.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cfenv>
#include <cmath>
#include <limits>
#include <memory>
#include <qmath/qmath.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/contract.hpp"
#include "support/formats.hpp"
#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/saved_bytes.hpp"
#include "support/selections.hpp"
#include "support/targets.hpp"

using qmath::min_max_observer;
using qmath::moments_observer;
using qmath::moving_average_observer;
using qmath::value_range;
using support::contract_log;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float largest = std::numeric_limits<float>::max();
constexpr std::uint64_t most = ~std::uint64_t{0};

bool same(value_range a, value_range b) {
  return support::to_bits(a.min) == support::to_bits(b.min) &&
         support::to_bits(a.max) == support::to_bits(b.max);
}

}  // namespace

// ---- Smallest and largest
// ------------------------------------------------------------------------

TEST_CASE("min_max_observer: the range and the number of all that was seen") {
  const std::vector<float> x = support::any_floats(999, 1);
  support::for_each_target([&] {
    min_max_observer o, a, b;
    qmath::observe(o, x);
    CHECK(same(qmath::range_of(o), qmath::reference::min_max(std::span<const float>(x))));
    CHECK(o.count == 999);
    qmath::observe(a, std::span(x).first(100));
    qmath::observe(b, std::span(x).subspan(100));
    qmath::observe(b, std::vector<float>{});
    qmath::merge(a, b);
    CHECK(a == o);
    qmath::merge(b, min_max_observer{});
    CHECK(b.count == 899);
    qmath::reset(b);
    CHECK(b == min_max_observer{});
    CHECK(qmath::choose_params<std::int8_t>(b) ==
          qmath::choose_params<std::int8_t>(value_range{}, qmath::affine));
  });
}

TEST_CASE("min_max_observer: 0, 1 and 10^9 elements; the count ends at 2^64 - 1") {
  min_max_observer o, back;
  CHECK(o.count == 0);
  qmath::observe(o, std::vector<float>{-2.5f});
  CHECK(o == min_max_observer{{-2.5f, -2.5f}, 1});
  std::vector<float> x(999, 1.0f);
  x[500] = 7.0f;
  qmath::observe(o, x);
  for (int round = 0; round < 2; ++round) {
    const min_max_observer thousandth = o;
    for (int i = 1; i < 1000; ++i) qmath::merge(o, thousandth);
  }
  constexpr value_range all = {-2.5f, 7.0f};
  CHECK(o == min_max_observer{all, 1'000'000'000});
  const min_max_observer billion = o;
  for (int i = 1; i <= 34; ++i) {  // 2^34 * 10^9 < 2^64
    qmath::merge(o, o);
    CHECK(o == min_max_observer{all, billion.count << i});
  }
  qmath::merge(o, o);
  CHECK(o == min_max_observer{all, most});
  CHECK(qmath::load(back, support::saved(o)) == qmath::load_status::ok);
  CHECK(back == o);
  qmath::merge(o, billion);
  qmath::merge(o, o);
  qmath::observe(o, x);
  CHECK(o == min_max_observer{all, most});
  // In another order: the last one reaches the end.
  min_max_observer a{all, most - billion.count}, b = billion;
  qmath::merge(a, b);
  CHECK(a == min_max_observer{all, most});
  b.count += 1;
  a.count = most - billion.count;
  qmath::merge(b, a);
  CHECK(b == min_max_observer{all, most});
  a.count = most - 1;
  qmath::observe(a, x);
  CHECK(a == min_max_observer{all, most});
}

TEST_CASE("absmax_range and power_of_two_range") {
  CHECK(qmath::absmax_range({-3.0f, 2.0f}) == value_range{-3.0f, 3.0f});
  CHECK(qmath::absmax_range({}) == value_range{});
  CHECK(same(qmath::absmax_range({0.0f, 0.0f}), {0.0f, 0.0f}));
  CHECK(qmath::power_of_two_range({}) == value_range{});
  CHECK(same(qmath::power_of_two_range({0.0f, 0.0f}), {0.0f, 0.0f}));
  for (int e = -149; e <= 127; ++e) {
    const auto p = static_cast<float>(std::ldexp(1.0, e));
    CHECK(qmath::power_of_two_range({-p, 0.0f}) == value_range{-p, p});
    const float above = std::nextafter(p, inf);
    const auto next = e == 127 ? largest : 2.0f * p;
    CHECK(qmath::power_of_two_range({0.0f, above}) == value_range{-next, next});
  }
  CHECK(qmath::power_of_two_range({-inf, 1.0f}) == value_range{-largest, largest});
}

// ---- Moving averages
// -----------------------------------------------------------------------------

TEST_CASE("moving_average_observer: one float operation after the other") {
  std::mt19937 random(2);
  for (const float weight : {0.01f, 0.1f, 1.0f, 0.0f, 1.0f / 3}) {
    const auto moved = [&](float m, float to) {
      const float step = qmath::reference::rounded(to - m);
      return qmath::reference::rounded(m + qmath::reference::rounded(weight * step));
    };
    std::vector<std::vector<float>> batches(200);
    std::vector<value_range> want(batches.size());
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const std::size_t n = random() % 50 + 1;
      batches[i] = support::floats_near(0.01f, n, static_cast<std::uint32_t>(random()));
      const value_range r = qmath::reference::min_max(std::span<const float>(batches[i]));
      want[i] =
          i == 0 ? r : value_range{moved(want[i - 1].min, r.min), moved(want[i - 1].max, r.max)};
      if (want[i].min > want[i].max) std::swap(want[i].min, want[i].max);
    }
    support::for_each_target([&] {
      moving_average_observer o{.weight = weight};
      for (std::size_t i = 0; i < batches.size(); ++i) {
        qmath::observe(o, batches[i]);
        CHECK(same(qmath::range_of(o), want[i]));
        CHECK(o.batch == value_range{});
      }
      CHECK(o.batches == 200);
      qmath::reset(o);
      CHECK(o == moving_average_observer{.weight = weight});
    });
  }
}

TEST_CASE(
    "moving_average_observer: has an order; batches without numbers; "
    "infinities") {
  const std::vector<float> a = {-1.0f, 1.0f}, b = {-3.0f, 5.0f}, none = {std::nanf("")};
  moving_average_observer ab{.weight = 0.5f}, ba = ab, with_none = ab;
  qmath::observe(ab, a), qmath::observe(ab, b);
  qmath::observe(ba, b), qmath::observe(ba, a), qmath::observe(ba, a);
  CHECK(ab.range == value_range{-2.0f, 3.0f});
  CHECK(ba.range == value_range{-1.5f, 2.0f});
  qmath::observe(with_none, none), qmath::observe(with_none, a), qmath::observe(with_none, none);
  qmath::observe(with_none, std::vector<float>{}), qmath::observe(with_none, b);
  CHECK(with_none == ab);
  moving_average_observer merged = ab;
  qmath::merge(merged, ba);
  CHECK(merged.range == value_range{-1.75f, 2.5f});
  CHECK(merged.batches == 3);
  qmath::merge(merged, moving_average_observer{});
  CHECK(merged.batches == 3);
  moving_average_observer wide{.weight = 1.0f};
  qmath::observe(wide, std::vector<float>{-inf, inf});
  CHECK(wide.range == value_range{-largest, largest});
  qmath::observe(wide, std::vector<float>{largest, -largest});
  CHECK(wide.range == value_range{-largest, largest});
  // fl(1 - 1e8) is -1e8: the average of the largest is 0, less than that of the smallest, 1.
  moving_average_observer crossed{.weight = 1.0f};
  qmath::observe(crossed, std::vector<float>{0.0f, 1e8f});
  qmath::observe(crossed, std::vector<float>{1.0f});
  CHECK(same(crossed.range, {0.0f, 1.0f}));
  wide.range = {-largest, -largest};  // a difference beyond the largest float
  qmath::observe(wide, std::vector<float>{largest});
  CHECK(same(wide.range, {0.0f, 0.0f}));
}

// ---- Moments
// -------------------------------------------------------------------------------------

namespace {

// Adds bit by bit.
template <std::size_t N>
void add_bits(std::array<std::uint32_t, N>& to, std::uint64_t bits, std::size_t place) {
  for (std::size_t b = 0; b < 64; ++b) {
    if ((bits >> b & 1) == 0) continue;
    for (std::size_t at = place + b; at < 32 * N; ++at) {
      to[at / 32] ^= 1u << (at % 32);
      if ((to[at / 32] >> (at % 32) & 1) != 0) break;
    }
  }
}

struct slow_moments {
  std::array<std::uint32_t, 12> positive{}, negative{};
  std::array<std::uint32_t, 20> squares{};

  explicit slow_moments(const std::vector<float>& x) {
    for (const float v : x) {
      if (!std::isfinite(v) || v == 0.0f) continue;
      int e = 0;
      const auto m = static_cast<std::uint64_t>(std::ldexp(std::frexp(std::fabs(v), &e), 24));
      // m * 2^(e - 24), and m has zeros at its end where that is less than
      // 2^-149.
      const int place = e - 24 + 149;
      const std::uint64_t significand = place < 0 ? m >> -place : m;
      add_bits(v > 0.0f ? positive : negative, significand,
               static_cast<std::size_t>(std::max(place, 0)));
      add_bits(squares, significand * significand,
               static_cast<std::size_t>(2 * std::max(place, 0)));
    }
  }
};

void check_same(const moments_observer& o, const std::vector<float>& x) {
  slow_moments want(x);
  // o.sum + negative == positive
  std::array<std::uint32_t, 12> sum = want.negative;
  for (std::size_t i = 0; i < 6; ++i) add_bits(sum, o.sum.limb[i], 64 * i);
  CHECK(sum == want.positive);
  std::array<std::uint32_t, 20> squares{};
  for (std::size_t i = 0; i < 10; ++i) add_bits(squares, o.squares.limb[i], 64 * i);
  CHECK(squares == want.squares);
  std::uint64_t finite = 0, nan = 0, positive = 0, negative = 0;
  for (const float v : x) {
    finite += std::isfinite(v), nan += std::isnan(v), positive += v == inf, negative += v == -inf;
  }
  CHECK(o.count == finite);
  CHECK(o.nonfinite == qmath::nonfinite_counts{nan, positive, negative});
}

}  // namespace

TEST_CASE("moments_observer: exact sums") {
  for (const std::vector<float>& x : {std::vector<float>{},
                                      {1.0f},
                                      {-1.0f},
                                      {-0.0f, 0.0f},
                                      {0x1p-149f},
                                      {-0x1p-149f, 0x1p-126f},
                                      {largest, largest, -0x1p-149f},
                                      {-largest, -largest, -largest},
                                      {inf, -inf, std::nanf("")},
                                      support::any_floats(1000, 3),
                                      support::any_floats(2500, 4),
                                      support::floats_near(1, 3000, 5),
                                      support::floats_near(1e-39f, 2000, 6),
                                      std::vector<float>(5000, largest),
                                      std::vector<float>(5000, -largest)}) {
    moments_observer o;
    qmath::observe(o, x);
    check_same(o, x);
  }
  for (const std::size_t n : support::sizes()) {
    const std::vector<float> x = support::any_floats(n, 7);
    moments_observer o;
    qmath::observe(o, x);
    check_same(o, x);
  }
}

// The histogram's: observe_histogram_test.cpp.
TEST_CASE_TEMPLATE("observe: any chunks, any merge tree, the same bytes", O, min_max_observer,
                   moments_observer) {
  std::mt19937 random(8);
  for (const std::vector<float>& data :
       {support::any_floats(5000, 9), support::floats_near(1, 5000, 10)}) {
    O whole;
    qmath::observe(whole, data);
    for (int trial = 0; trial < 30; ++trial) {
      std::vector<float> x = data;
      std::shuffle(x.begin(), x.end(), random);
      std::vector<O> parts(2);
      for (std::size_t i = 0; i < x.size();) {
        const std::size_t n = std::min<std::size_t>(x.size() - i, random() % 700);
        if (random() % 2 == 0) parts.emplace_back();
        qmath::observe(parts[random() % parts.size()], std::span(x).subspan(i, n));
        i += n;
      }
      while (parts.size() > 1) {
        const std::size_t a = random() % (parts.size() - 1);
        qmath::merge(parts[a], parts.back());
        parts.pop_back();
      }
      CHECK(parts[0] == whole);
      CHECK(support::saved(parts[0]) == support::saved(whole));
    }
  }
}

TEST_CASE("moments_observer: mean and sigma") {
  const auto of = [](const std::vector<float>& x) {
    moments_observer o;
    qmath::observe(o, x);
    return o;
  };
  CHECK(qmath::sigma_range(of({}), 3.0) == value_range{});
  CHECK(qmath::sigma_range(of({inf}), 3.0) == value_range{});
  CHECK(qmath::sigma_range(of({2.5f}), 3.0) == value_range{2.5f, 2.5f});
  CHECK(qmath::sigma_range(of({0.1f, 0.1f, 0.1f}), 3.0) == value_range{0.1f, 0.1f});
  CHECK(qmath::sigma_range(of({-1.0f, 1.0f}), 3.0) == value_range{-3.0f, 3.0f});
  CHECK(qmath::range_of(of({-1.0f, 1.0f})) == value_range{-3.0f, 3.0f});
  CHECK(qmath::sigma_range(of({-4.0f, 0.0f, -4.0f, 0.0f}), 0.5) == value_range{-3.0f, -1.0f});
  CHECK(same(qmath::sigma_range(of({0.0f, -0.0f}), 1.0), {0.0f, 0.0f}));
  CHECK(qmath::sigma_range(of({largest, -largest}), 2.0) == value_range{-largest, largest});
  CHECK(qmath::sigma_range(of({-largest, -largest, -largest}), 1.0) ==
        value_range{-largest, -largest});
  CHECK(qmath::sigma_range(of({0x1p-149f, 0x1p-149f}), 1.0) == value_range{0x1p-149f, 0x1p-149f});
  CHECK(qmath::sigma_range(of({0x1p-149f, -0x1p-149f}), 2.0) == value_range{-0x1p-148f, 0x1p-148f});
  // A mean that doubles would lose: exact sums have it.
  CHECK(qmath::sigma_range(of({0x1p100f, 1.0f, -0x1p100f, 3.0f}), 0.0) == value_range{1.0f, 1.0f});
  // Steps of the definition, with integers for the sums.
  std::mt19937 random(10);
  for (int trial = 0; trial < 200; ++trial) {
    const std::size_t n = random() % 300 + 1;
    std::vector<float> x(n);
    std::int64_t sum = 0, squares = 0;
    const auto offset = static_cast<std::int64_t>(random() % 4001) - 2000;
    for (float& v : x) {
      const std::int64_t i = static_cast<std::int64_t>(random() % 8192) - 4096 + offset;
      v = static_cast<float>(i) * 0x1p-7f;
      sum += i, squares += i * i;
    }
    const auto count = static_cast<double>(n);
    const volatile double mean = static_cast<double>(sum) * 0x1p-7 / count;
    const volatile double d =
        static_cast<double>(static_cast<std::int64_t>(n) * squares - sum * sum);
    const volatile double sigma = std::sqrt(d * 0x1p-14) / count;
    for (const double k : {0.0, 1.0, 3.0, 0.1}) {
      const volatile double distance = k * sigma;
      const value_range want{static_cast<float>(mean - distance),
                             static_cast<float>(mean + distance)};
      CHECK(same(qmath::sigma_range(of(x), k), want));
#if defined(__SSE__) || \
    defined(__aarch64__)  // elsewhere the environment is trusted (detail/call.hpp)
      std::fesetround(FE_UPWARD);
      const moments_observer o = of(x);
      const value_range upward = qmath::sigma_range(o, k);
      std::fesetround(FE_TONEAREST);
      CHECK(same(upward, want));
#endif
    }
  }
}

TEST_CASE("moments_observer: rounding of sums to double") {
  // 1 + 2^-24 is a tie for a float: what is left of the rest in a double
  // decides.
  const auto sum_of_four = [](const std::array<float, 4>& x) {
    moments_observer o, negative;
    qmath::observe(o, x);
    for (const float v : x) qmath::observe(negative, std::array<float, 1>{-v});
    CHECK(qmath::sigma_range(negative, 0.0).min == -qmath::sigma_range(o, 0.0).min);
    return qmath::sigma_range(o, 0.0).min * 4.0f;
  };
  constexpr float up = 1.0f + 0x1p-23f;
  CHECK(sum_of_four({1.0f, 0x1p-24f, 0.0f, 0.0f}) == 1.0f);
  CHECK(sum_of_four({1.0f, 0x1p-24f, 0x1p-60f, 0.0f}) == 1.0f);
  CHECK(sum_of_four({1.0f, 0x1p-24f, 0x1p-53f, 0.0f}) == 1.0f);
  CHECK(sum_of_four({1.0f, 0x1p-24f, 0x1p-53f, -0x1p-149f}) == 1.0f);
  CHECK(sum_of_four({1.0f, 0x1p-24f, 0x1p-53f, 0x1p-149f}) == up);
  CHECK(sum_of_four({1.0f, 0x1p-24f, 0x1p-53f, 0x1p-90f}) == up);
  CHECK(sum_of_four({1.0f, 0x1p-24f, 0x1p-53f, 0x1p-54f}) == up);
  CHECK(sum_of_four({1.0f, 0x1p-24f, 0x1p-52f, 0.0f}) == up);
}

TEST_CASE("moments_observer: 2^63 elements and more") {
  moments_observer o;
  qmath::observe(o, std::vector<float>{largest, -0.5f});
  qmath::observe(o, std::vector<float>{-largest, -0.5f});
  for (int i = 0; i < 61; ++i) qmath::merge(o, o);
  CHECK(o.count == 1ull << 63);
  CHECK(qmath::sigma_range(o, 0.0) == value_range{-0.25f, -0.25f});
  moments_observer back;
  CHECK(qmath::load(back, support::saved(o)) == qmath::load_status::ok);
  CHECK(back == o);
  qmath::merge(o, o);
  qmath::merge(o, o);
  CHECK(o.count == most);
  CHECK(qmath::load(back, support::saved(o)) == qmath::load_status::ok);
  const value_range r = qmath::sigma_range(o, 3.0);
  CHECK(r.min <= r.max);
}

// ---- Layouts and selections, for every observer
// --------------------------------------------------

namespace {

template <class O, class X>
void check_layout(const support::named_layout& l, const support::choice& c, std::uint32_t seed) {
  const std::vector<X> values = support::real_numbers<X>(support::floats_near(0.01f, l.n, seed));
  const support::guarded<X> x(values);
  std::vector<O> want(l.layout.count());
  for (int batch = 0; batch < 2; ++batch) {
    std::vector<std::vector<X>> parts(want.size());
    for (std::size_t i = 0; i < l.n; ++i) {
      if (c.selects(i, l.n)) parts[l.layout.index(i)].push_back(values[i]);
    }
    for (std::size_t k = 0; k < want.size(); ++k) {
      if (c.selects_channel(k)) qmath::observe(want[k], parts[k]);
    }
  }
  support::for_each_target([&] {
    const support::guarded<O> got(std::vector<O>(want.size()));
    qmath::observe(got.span(), x.span(), l.layout, c.selection());
    qmath::observe(got.span(), x.span(), l.layout, c.selection());
    CHECK(got.intact());
    std::size_t wrong = 0;
    for (std::size_t k = 0; k < want.size(); ++k) wrong += !(got[k] == want[k]);
    CHECK(wrong == 0);
  });
  if (!c.fits_a_tensor()) return;
  std::vector<X> chosen;
  for (std::size_t i = 0; i < l.n; ++i) {
    if (c.selects(i, l.n)) chosen.push_back(values[i]);
  }
  O one, all;
  qmath::observe(one, chosen);
  qmath::observe(all, x.span(), c.selection());
  CHECK(all == one);
}

}  // namespace

TEST_CASE_TEMPLATE("observe: every layout and selection", O, min_max_observer,
                   moving_average_observer, moments_observer, qmath::histogram_observer<8>) {
  std::mt19937 random(11);
  std::vector<support::named_layout> all = support::layouts();
  all.push_back({"wide rows", qmath::per_row(3, 2000), 6000});
  all.push_back({"columns of a few rows", qmath::per_column(300), 300 * 150});
  all.push_back({"blocks", qmath::per_block(5, 600, 2, 300), 6000});
  all.push_back({"blocks as large as the matrix", qmath::per_block(5, 6, 50, 60), 300});
  for (const support::named_layout& l : all) {
    CAPTURE(l.name);
    check_layout<O, float>(l, {}, 12);
    check_layout<O, qmath::half>(l, {}, 13);
    check_layout<O, qmath::bfloat16>(l, {}, 14);
    if (l.n == 0) continue;
    for (int trial = 0; trial < support::choices; ++trial) {
      const support::choice c = support::random_choice(random, trial, l.n, l.layout.count());
      if (trial % 5 < 3) {
        check_layout<O, float>(l, c, 15);
      } else {
        check_layout<O, qmath::half>(l, c, 16);
      }
    }
  }
}

TEST_CASE("observe: masks without a layout, of bool and of bytes, for every size") {
  std::mt19937 random(17);
  for (const std::size_t n : support::sizes()) {
    if (n == 0) continue;
    const std::vector<float> x = support::floats_near(1, n, 18);
    const auto mask = std::make_unique<bool[]>(n);
    std::vector<std::uint8_t> bytes(n);
    std::vector<float> chosen;
    for (std::size_t i = 0; i < n; ++i) {
      mask[i] = random() % 3 != 0;
      bytes[i] = mask[i] ? static_cast<std::uint8_t>(random() % 255 + 1) : 0;
      if (mask[i]) chosen.push_back(x[i]);
    }
    qmath::histogram_observer<64> a, b, want;
    qmath::observe(want, chosen);
    qmath::observe(a, x, {.mask = std::span<const bool>(mask.get(), n)});
    qmath::observe(b, x, {.mask = bytes});
    CHECK(a == want);
    CHECK(b == want);
  }
}

TEST_CASE("observe: an empty mask, lengths or channels select all, whatever their layout") {
  const std::vector<float> x = support::floats_near(1, 60, 24);
  const std::vector<std::uint8_t> none;
  const std::vector<std::uint32_t> no_lengths;
  moments_observer want, got;
  qmath::observe(want, x);
  qmath::observe(got, x,
                 {.mask = {none, qmath::per_column(5)},
                  .lengths = no_lengths,
                  .positions = 7,
                  .channels = {none, qmath::per_channel({3, 4, 5}, 1)},
                  .token_size = 9});
  CHECK(got == want);
  qmath::observe(want, x);
  qmath::observe(got, x, {.mask = none, .channels = none});
  CHECK(got == want);
  // One channel is a channel.
  for (const std::uint8_t used : {std::uint8_t{0}, std::uint8_t{1}}) {
    moments_observer one;
    qmath::observe(one, x, {.channels = {std::array{used}, qmath::per_column(1)}});
    CHECK(one.count == 60u * used);
  }
}

TEST_CASE("observe: masks of attention") {
  constexpr std::size_t b = 3, h = 4, t = 6, d = 5, q = 5, k = 8;
  std::mt19937 random(25);
  const auto bytes = [&](std::size_t n) {
    std::vector<std::uint8_t> m(n);
    for (std::uint8_t& v : m) v = random() % 3 != 0;
    return m;
  };
  // selects(index of the batch, head, row, column)
  const auto check = [&](std::size_t rows, std::size_t cols, const qmath::selection& which,
                         const auto& selects) {
    const std::vector<float> x = support::any_floats(b * h * rows * cols, 26);
    std::vector<float> chosen;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (selects(i / cols / rows / h, i / cols / rows % h, i / cols % rows, i % cols)) {
        chosen.push_back(x[i]);
      }
    }
    CHECK(chosen.size() > 9);
    CHECK(chosen.size() < x.size());
    moments_observer want, got;
    qmath::observe(want, chosen);
    qmath::observe(got, x, which);
    CHECK(got == want);
  };
  const std::vector<std::uint8_t> padding = bytes(b * t), keys = bytes(b * k),
                                  pairs = bytes(b * q * k), causal = bytes(q * k), heads = bytes(h),
                                  features = bytes(d), of_head = bytes(h * k);
  using at = std::size_t;
  const auto padded = [&](at i, at, at r, at) { return padding[i * t + r] != 0; };
  check(t, d, {.mask = {padding, qmath::broadcast({b, h, t, d}, {b, 1, t, 1})}}, padded);
  check(q, k, {.mask = {keys, qmath::broadcast({b, h, q, k}, {b, 1, 1, k})}},
        [&](at i, at, at, at c) { return keys[i * k + c] != 0; });
  check(q, k, {.mask = {pairs, qmath::broadcast({b, h, q, k}, {b, 1, q, k})}},
        [&](at i, at, at r, at c) { return pairs[(i * q + r) * k + c] != 0; });
  check(q, k, {.mask = {causal, qmath::broadcast({b, h, q, k}, {q, k})}},
        [&](at, at, at r, at c) { return causal[r * k + c] != 0; });
  check(q, k, {.mask = {of_head, qmath::broadcast({b, h, q, k}, {1, h, 1, k})}},
        [&](at, at j, at, at c) { return of_head[j * k + c] != 0; });
  check(q, k, {.channels = {heads, qmath::per_channel({b, h, q, k}, 1)}},
        [&](at, at j, at, at) { return heads[j] != 0; });
  check(t, d,
        {.mask = {padding, qmath::broadcast({b, h, t, d}, {b, 1, t, 1})},
         .channels = {features, qmath::per_column(d)}},
        [&](at i, at, at r, at c) { return padding[i * t + r] != 0 && features[c] != 0; });
  const std::vector<std::uint32_t> lengths = {4, 0, 5};
  check(t, d, {.lengths = lengths, .positions = t, .token_size = d},
        [&](at i, at, at r, at) { return r < lengths[i]; });
  check(q, k, {.lengths = lengths, .positions = k, .token_size = 1},
        [&](at i, at, at, at c) { return c < lengths[i]; });
  check(q, k, {.lengths = lengths, .positions = q, .token_size = k},
        [&](at i, at, at r, at) { return r < lengths[i]; });
}

TEST_CASE("observe: arrays of observers merge and become parameters") {
  const std::vector<float> x = support::floats_near(1, 64, 19), y = support::floats_near(2, 64, 20);
  std::vector<qmath::histogram_observer<64>> a(4), b(4), both(4);
  qmath::observe(a, x, qmath::per_column(4));
  qmath::observe(b, y, qmath::per_column(4));
  qmath::observe(both, x, qmath::per_column(4));
  qmath::observe(both, y, qmath::per_column(4));
  qmath::merge(a, b);
  CHECK(a == both);
  std::vector<value_range> ranges(4), other(4);
  qmath::ranges_of(a, ranges);
  std::vector<float> scales(4);
  qmath::choose_params<std::int8_t>(std::span<const value_range>(ranges), scales, {},
                                    qmath::symmetric);
  for (std::size_t c = 0; c < 4; ++c) {
    CHECK(ranges[c] == qmath::range_of(a[c]));
    CHECK(qmath::choose_params<std::int8_t>(a[c], qmath::symmetric).scale == scales[c]);
  }
  qmath::ranges_of(a, other, [](const auto& h) { return qmath::percentile(h, 0.1, 0.9); });
  for (std::size_t c = 0; c < 4; ++c) CHECK(other[c] == qmath::percentile(a[c], 0.1, 0.9));
}

TEST_CASE("observe: C arrays, std::array and spans of a fixed extent hold observers and data") {
  const std::vector<float> x = support::floats_near(1, 64, 23);
  const auto columns = qmath::per_column(4);
  std::vector<min_max_observer> want(4);
  qmath::observe(want, x, columns);
  qmath::merge(want, want);
  std::vector<value_range> want_ranges(4);
  qmath::ranges_of(want, want_ranges);

  const auto check = [&](auto&& states, auto&& ranges, const auto& data) {
    qmath::observe(states, data, columns);
    qmath::merge(states, states);
    CHECK(std::equal(want.begin(), want.end(), std::begin(states), std::end(states)));
    qmath::ranges_of(states, ranges);
    CHECK(std::equal(want_ranges.begin(), want_ranges.end(), std::begin(ranges), std::end(ranges)));
  };
  float c_data[64];
  std::array<float, 64> array_data;
  std::copy(x.begin(), x.end(), c_data);
  std::copy(x.begin(), x.end(), array_data.begin());
  min_max_observer c_states[4];
  value_range c_ranges[4];
  check(c_states, c_ranges, c_data);
  std::array<min_max_observer, 4> array_states;
  std::array<value_range, 4> array_ranges;
  check(array_states, array_ranges, array_data);
  qmath::reset(array_states);
  check(std::span(array_states), std::span(c_ranges), std::span<const float, 64>(array_data));
}

TEST_CASE("observe: a broken precondition writes nothing") {
  const std::vector<float> x(12, 1.0f);
  std::vector<min_max_observer> states(3);
  const std::vector<min_max_observer> untouched = states;
  const std::vector<std::uint8_t> mask(5, 1), twelve(12, 1);
  const std::vector<std::uint32_t> lengths = {1, 3};
  contract_log log;
  const auto refused = [&](const std::string& message) {
    CHECK(log.take() == message);
    CHECK(states == untouched);
  };
  const qmath::granularity rows = qmath::per_row(3, 4);
  qmath::observe(std::span(states).first(2), x, rows);
  refused("qmath::observe: states.size() is 2, but layout.count() is 3");
  qmath::observe(states, std::span(x).first(11), rows);
  refused(
      "qmath::observe: x.size() is 11, must be a multiple of "
      "layout.period(), 12");
  qmath::observe(states, x, rows, {.mask = mask});
  refused("qmath::observe: x.size() is 12, must be a multiple of mask.size(), 5");
  qmath::observe(states, x, rows, {.channels = mask});
  refused("qmath::observe: channels.size() is 5, but layout.count() is 3");
  qmath::observe(states[0], x, {.channels = std::span(mask).first(1)});
  refused("qmath::observe: channels are given without a layout");
  qmath::observe(states[0], x, {.lengths = std::vector<std::uint32_t>(5), .positions = 1});
  refused(
      "qmath::observe: x.size() is 12, must be a multiple of "
      "lengths.size(), 5");
  qmath::observe(states[0], x, {.lengths = lengths});
  refused("qmath::observe: positions is 0");
  qmath::observe(states[0], x, {.lengths = lengths, .positions = 4});
  refused(
      "qmath::observe: the size of a sequence is 6, must be a multiple "
      "of positions, 4");
  qmath::observe(states[0], x, {.lengths = lengths, .positions = 2});
  refused("qmath::observe: positions is 2, must be at least every length, 3");
  qmath::observe(states[0], x, {.lengths = lengths, .positions = 3, .token_size = 4});
  refused(
      "qmath::observe: the size of a sequence / positions is 2, must be a multiple of token_size, "
      "4");
  qmath::observe(states[0], x, {.mask = {mask, qmath::per_column(4)}});
  refused("qmath::observe: mask.size() is 5, but mask.layout.count() is 4");
  qmath::observe(states[0], x, {.mask = {mask, qmath::per_column(5)}});
  refused("qmath::observe: x.size() is 12, must be a multiple of mask.layout.period(), 5");
  qmath::observe(states[0], x, {.mask = {mask, qmath::granularity{1, 0, 5, 1, 1}}});
  refused("qmath::observe: mask.layout.rows is 0, must be at least 1");
  qmath::observe(states[0], x, {.mask = {mask, qmath::granularity{1, 1, 5, 0, 1}}});
  refused(
      "qmath::observe: mask.layout.block_rows is 0, must be at least 1 (the size of groups or "
      "blocks)");
  qmath::observe(states[0], x, {.mask = {mask, qmath::per_row(3, ~std::size_t{0})}});
  refused("qmath::observe: mask.layout is larger than the address space");
  qmath::observe(states[0], x, {.mask = {mask, qmath::broadcast({4, 3}, {3, 3})}});
  refused("qmath::observe: a size in entries is 3, must be 1 or that of the axis, 4");
  for (const bool own : {false, true}) {
    const qmath::selection which = {.channels = {mask, qmath::per_column(own ? 5 : 4)}};
    const char* message =
        own ? "qmath::observe: x.size() is 12, must be a multiple of channels.layout.period(), 5"
            : "qmath::observe: channels.size() is 5, but channels.layout.count() is 4";
    qmath::observe(states[0], x, which);
    refused(message);
    qmath::observe(states, x, rows, which);
    refused(message);
  }
  qmath::observe(states[0], x, {.channels = {mask, qmath::granularity{1, 1, 5, 1, 0}}});
  refused(
      "qmath::observe: channels.layout.block_cols is 0, must be at least 1 (the size of groups or "
      "blocks)");
  const float* const null = nullptr;
  qmath::observe(states[0], std::span(null, 3));
  refused("qmath::observe: x has no data");
  qmath::observe(states[0], x, {.mask = std::span<const bool>(static_cast<bool*>(nullptr), 12)});
  refused("qmath::observe: mask has no data");
  const std::span<const bool> no_channels(static_cast<bool*>(nullptr), 4);
  qmath::observe(states[0], x, {.channels = {no_channels, qmath::per_column(4)}});
  refused("qmath::observe: channels has no data");
  qmath::observe(std::span(static_cast<min_max_observer*>(nullptr), 3), x, rows);
  refused("qmath::observe: states has no data");
  const auto* inside = &states[1].range.min;
  qmath::observe(states, std::span(inside, 3), qmath::per_row(3, 1));
  refused("qmath::observe: argument states overlaps x, its bytes 16 to 27 are bytes 0 to 11 there");
  qmath::merge(states, std::span(untouched).first(2));
  refused("qmath::merge: from.size() is 2, but into.size() is 3");
  std::vector<value_range> ranges(2);
  qmath::ranges_of(states, ranges);
  refused("qmath::ranges_of: ranges.size() is 2, but states.size() is 3");
  CHECK(ranges[0] == value_range{});
  std::vector<std::uint8_t> bytes(5, 7);
  qmath::save(states[0], bytes);
  refused("qmath::save: bytes.size() is 5, but saved_size is 32");
  CHECK(bytes == std::vector<std::uint8_t>(5, 7));
  // Nothing to do.
  qmath::observe(states, std::vector<float>{}, rows, {.mask = twelve});
  refused("");
}
