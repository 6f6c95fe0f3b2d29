// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// code_metrics.hpp: clips and codes of channels, selected, against a plain loop.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <qmath/code_metrics.hpp>
#include <qmath/qmath.hpp>
#include <random>
#include <vector>

#include "support/contract.hpp"
#include "support/formats.hpp"
#include "support/inputs.hpp"
#include "support/selections.hpp"
#include "support/targets.hpp"

using qmath::bit_order;
using qmath::clip_sums;
using support::refused;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();

using counts = std::vector<std::uint64_t>;

template <class F>
constexpr std::size_t code_count =
    static_cast<std::size_t>(qmath::full_range<F>().max - qmath::full_range<F>().min + 1);

// Of all kinds: some are far outside of the codes.
std::vector<float> numbers(std::size_t n, std::uint32_t seed) {
  std::vector<float> x = support::floats_near(0.01f, n, seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 9; ++i) {
    const float special[] = {quiet_nan, inf, -inf, 1e30f, -1e30f, -0.0f, 1e-45f, 100.0f, -100.0f};
    x[random() % n] = special[i];
  }
  return x;
}

struct parameters {
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;
};

template <class F>
parameters any_parameters(std::size_t n, std::mt19937& random) {
  parameters p;
  const qmath::code_range all = qmath::full_range<F>();
  for (std::size_t c = 0; c < n; ++c) {
    p.scales.push_back(0.01f * static_cast<float>(1 + random() % 100) / 50.0f);
    p.zero_points.push_back(all.min + static_cast<std::int32_t>(random() % code_count<F>));
  }
  return p;
}

template <class F, class X>
void check_clips(const support::named_layout& l, const support::choice& c,
                 const qmath::quantize_rules& rules, qmath::code_range codes,
                 std::mt19937& random) {
  const parameters p = any_parameters<F>(l.layout.count(), random);
  const std::vector<X> x =
      support::real_numbers<X>(numbers(l.n, static_cast<std::uint32_t>(random())));
  const qmath::channel_params params{p.scales, p.zero_points, l.layout};
  std::vector<clip_sums> want(l.layout.count(), clip_sums{1, {2, 3, 4, 5}}), got = want;
  for (std::size_t i = 0; i < l.n; ++i) {
    const std::size_t k = l.layout.index(i);
    if (!c.selects(i, l.n) || !c.selects_channel(k)) continue;
    ++want[k].count;
    want[k].clipped +=
        qmath::reference::quantize_and_count(qmath::float_from(x[i]), p.scales[k], p.zero_points[k],
                                             qmath::reference::codes_in_use<F>(codes), rules, 0)
            .counts;
  }
  qmath::count_clipped<F>(x, params, got, {.rules = rules, .codes = codes, .which = c.selection()});
  std::size_t wrong = 0;
  for (std::size_t k = 0; k < want.size(); ++k) wrong += !(got[k] == want[k]);
  CHECK(wrong == 0);
  if (!c.fits_a_tensor()) return;
  clip_sums one, sum;
  qmath::count_clipped<F>(x, {p.scales[0], p.zero_points[0]}, one,
                          {.rules = rules, .codes = codes, .which = c.selection()});
  for (std::size_t i = 0; i < l.n; ++i) {
    if (!c.selects(i, l.n)) continue;
    ++sum.count;
    sum.clipped +=
        qmath::reference::quantize_and_count(qmath::float_from(x[i]), p.scales[0], p.zero_points[0],
                                             qmath::reference::codes_in_use<F>(codes), rules, 0)
            .counts;
  }
  CHECK(one == sum);
}

}  // namespace

TEST_CASE("clips: every layout, selection, format and rule") {
  std::mt19937 random(1);
  const qmath::quantize_rules all_rules[] = {qmath::numerics::standard,
                                             qmath::numerics::pytorch,
                                             qmath::numerics::tflite,
                                             {.round = qmath::rounding::floor}};
  for (const support::named_layout& l : support::layouts()) {
    if (l.n == 0) continue;
    CAPTURE(l.name);
    for (int trial = 0; trial < support::choices; ++trial) {
      const support::choice c = support::random_choice(random, trial, l.n, l.layout.count());
      const qmath::quantize_rules& rules = all_rules[trial % 4];
      check_clips<std::int8_t, float>(l, c, rules, {}, random);
      if (trial % 3 == 0) check_clips<std::uint8_t, qmath::half>(l, c, rules, {3, 99}, random);
      if (trial % 3 == 1) check_clips<qmath::s4, qmath::bfloat16>(l, c, rules, {}, random);
      if (trial % 3 == 2) check_clips<std::int16_t, float>(l, c, rules, {-100, 100}, random);
    }
  }
}

TEST_CASE("clips: what quantize counts, for every size and target") {
  support::for_each_target([] {
    for (const std::size_t n : support::sizes()) {
      if (n == 0) continue;
      const std::vector<float> x = numbers(n, 7);
      const qmath::affine_params p = {0.01f, 3};
      std::vector<std::int8_t> q(n);
      qmath::clip_counts want;
      qmath::quantize(x, p, q, {.counts = &want});
      clip_sums got;
      qmath::count_clipped<std::int8_t>(x, p, got);
      CHECK(got == clip_sums{n, want});
    }
  });
  clip_sums sums, part;
  const float x[] = {-2.0f, 0.0f, 1.0f, 300.0f, quiet_nan, -inf};
  qmath::count_clipped<std::uint8_t>(x, {1.0f, 0}, sums);
  CHECK(sums == clip_sums{6, {2, 1, 1, 1}});
  CHECK(qmath::rate(sums.clipped.low, sums.count) == 2.0 / 6.0);
  qmath::count_clipped<std::uint8_t>(x, {1.0f, 0}, part,
                                     {.which = {std::array<bool, 3>{true, false, true}}});
  CHECK(part == clip_sums{4, {2, 0, 1, 1}});
  sums += part;
  CHECK(sums == clip_sums{10, {4, 1, 2, 2}});
  qmath::count_clipped<std::uint8_t>(std::vector<float>{}, {1.0f, 0}, sums);
  CHECK(sums.count == 10);
}

TEST_CASE_TEMPLATE("codes: counts of channels, every layout and selection", T, std::int8_t,
                   std::uint8_t, std::int16_t, support::packed<qmath::s4, bit_order::first_low>,
                   support::packed<qmath::u4, bit_order::first_high>,
                   support::packed<qmath::s2, bit_order::first_low>) {
  using F = support::format_of<T>;
  constexpr std::size_t codes = code_count<F>;
  std::mt19937 random(2);
  for (const support::named_layout& l : support::layouts()) {
    if (l.n == 0 || (codes > 256 && l.layout.count() > 40)) continue;
    CAPTURE(l.name);
    support::coded<T> q(l.n);
    q.randomize(static_cast<std::uint32_t>(random()));
    for (int trial = 0; trial < support::choices; ++trial) {
      const support::choice c = support::random_choice(random, trial, l.n, l.layout.count());
      counts want(codes * l.layout.count(), 1), got = want;
      for (std::size_t i = 0; i < l.n; ++i) {
        const std::size_t k = l.layout.index(i);
        if (!c.selects(i, l.n) || !c.selects_channel(k)) continue;
        ++want[k * codes + static_cast<std::size_t>(q.code(i) - qmath::full_range<F>().min)];
      }
      qmath::count_codes(q.const_span(), l.layout, got, c.selection());
      CHECK(got == want);
      if (!c.fits_a_tensor()) continue;
      counts one(codes), sum(codes);
      qmath::count_codes(q.const_span(), one, c.selection());
      for (std::size_t i = 0; i < want.size(); ++i) sum[i % codes] += want[i] - 1;
      CHECK(one == sum);
    }
  }
}

TEST_CASE("codes: statistics of channels") {
  const std::uint8_t q[] = {0, 1, 1,   255,  //
                            7, 7, 7,   7,    //
                            0, 0, 255, 255};
  counts n(3 * 256);
  qmath::count_codes(q, qmath::per_row(3, 4), n);
  const auto of = [&](std::size_t c) {
    return qmath::statistics_of_codes<std::uint8_t>(std::span(n).subspan(256 * c, 256), 1);
  };
  CHECK((of(0).at_lowest == 0.25 && of(0).at_highest == 0.25 && of(0).zero == 0.5));
  CHECK((of(0).effective_bits == 1.5 && of(1).effective_bits == 0.0 && of(2).effective_bits == 1));
  CHECK((of(1).at_lowest == 0.0 && of(1).zero == 0.0 && of(2).at_highest == 0.5));
}

TEST_CASE("contract: codes and clips") {
  const std::vector<float> x(12, 1.0f);
  const std::vector<std::uint8_t> five(5, 1), q(12, 1);
  const std::vector<float> scales(3, 1.0f), bad(3, -1.0f);
  std::vector<clip_sums> sums(3);
  const auto refuses = [&](const char* message, const qmath::channel_params& p,
                           const qmath::clip_options& options) {
    refused(message, sums, [&](std::vector<clip_sums>& s) {
      qmath::count_clipped<std::int8_t>(x, p, s, options);
    });
  };
  const qmath::granularity rows = qmath::per_row(3, 4);
  refuses("qmath::count_clipped: scales[0] is -1, must be finite and > 0", {bad, {}, rows}, {});
  refuses("qmath::count_clipped: scales.size() is 3, but layout.count() is 4",
          {scales, {}, qmath::per_row(4, 3)}, {});
  refuses("qmath::count_clipped: x.size() is 12, must be a multiple of layout.period(), 15",
          {scales, {}, qmath::per_row(3, 5)}, {});
  refuses("qmath::count_clipped: zero_points[1] is 200, outside [-128, 127]",
          {scales, std::array{0, 200, 0}, rows}, {});
  refuses(
      "qmath::count_clipped: codes are [200, 300], of which the format with [-128, 127] has none",
      {scales, {}, rows}, {.codes = {200, 300}});
  refuses("qmath::count_clipped: rules.round is stochastic, which needs places", {scales, {}, rows},
          {.rules = {.round = qmath::rounding::stochastic}});
  refuses("qmath::count_clipped: x.size() is 12, must be a multiple of mask.size(), 5",
          {scales, {}, rows}, {.which = {five}});
  refuses("qmath::count_clipped: channels.size() is 5, but layout.count() is 3", {scales, {}, rows},
          {.which = {.channels = five}});
  refused(
      "qmath::count_clipped: argument sums overlaps channels, its bytes 0 to 2 are bytes 0 to 2 "
      "there",
      sums, [&](std::vector<clip_sums>& s) {
        const std::span<const std::uint8_t> inside(reinterpret_cast<const std::uint8_t*>(s.data()),
                                                   3);
        qmath::count_clipped<std::int8_t>(x, qmath::channel_params{scales, {}, rows}, s,
                                          {.which = {.channels = inside}});
      });
  {
    std::vector<clip_sums> own(3);
    for (clip_sums& c : own) c.count = 0x3F8000003F800000u;  // two floats of 1
    const auto* const inside = reinterpret_cast<const float*>(own.data());
    refused(
        "qmath::count_clipped: argument sums overlaps scales, its bytes 0 to 3 are bytes 0 to 3 "
        "there",
        own, [&](std::vector<clip_sums>& s) {
          qmath::count_clipped<std::int8_t>(
              x, qmath::channel_params{{inside, 1}, {}, qmath::per_tensor(12)},
              std::span(s).first(1));
        });
  }
  std::vector<clip_sums> two(2);
  refused("qmath::count_clipped: sums.size() is 2, but layout.count() is 3", two,
          [&](std::vector<clip_sums>& s) {
            qmath::count_clipped<std::int8_t>(x, qmath::channel_params{scales, {}, rows}, s);
          });
  clip_sums one;
  refused("qmath::count_clipped: scale is 0, must be finite and > 0", one,
          [&](clip_sums& s) { qmath::count_clipped<std::int8_t>(x, {0.0f, 0}, s); });
  refused("qmath::count_clipped: zero_point is 128, outside [-128, 127]", one,
          [&](clip_sums& s) { qmath::count_clipped<std::int8_t>(x, {1.0f, 128}, s); });
  refused("qmath::count_clipped: channels are given without a layout", one, [&](clip_sums& s) {
    qmath::count_clipped<std::int8_t>(x, {1.0f, 0}, s, {.which = {.channels = five}});
  });
  refused("qmath::count_clipped: channels.size() is 5, but channels.layout.count() is 4", one,
          [&](clip_sums& s) {
            qmath::count_clipped<std::int8_t>(
                x, {1.0f, 0}, s, {.which = {.channels = {five, qmath::per_column(4)}}});
          });
  refused("qmath::count_clipped: x has no data", one, [](clip_sums& s) {
    qmath::count_clipped<std::int8_t>(std::span(static_cast<const float*>(nullptr), 2), {1.0f, 0},
                                      s);
  });

  counts n(2 * 256);
  refused("qmath::count_codes: counts.size() / number of codes is 2, but layout.count() is 3", n,
          [&](counts& t) { qmath::count_codes(q, rows, t); });
  refused("qmath::count_codes: counts.size() / number of codes is 2, but layout.count() is 1", n,
          [&](counts& t) { qmath::count_codes(q, t); });
  if constexpr (sizeof(std::size_t) == 8) {
    refused(
        "qmath::count_codes: counts.size() is 512, must be a multiple of the number of codes, "
        "4294967296",
        n, [&](counts& t) { qmath::count_codes(std::vector<std::int32_t>(12), t); });
  }
  refused("qmath::count_codes: q.size() is 12, must be a multiple of layout.period(), 10", n,
          [&](counts& t) { qmath::count_codes(q, qmath::per_row(2, 5), t); });
  refused("qmath::count_codes: q.size() is 12, must be a multiple of mask.layout.period(), 5", n,
          [&](counts& t) {
            qmath::count_codes(q, qmath::per_row(2, 6), t, {{five, qmath::per_column(5)}});
          });
  refused("qmath::count_codes: positions is 0", n, [&](counts& t) {
    qmath::count_codes(q, qmath::per_row(2, 6), t, {.lengths = std::vector<std::uint32_t>{1, 1}});
  });
  refused(
      "qmath::count_codes: argument counts overlaps mask, its bytes 0 to 11 are bytes 0 to 11 "
      "there",
      n, [&](counts& t) {
        const std::span<const std::uint8_t> inside(reinterpret_cast<const std::uint8_t*>(t.data()),
                                                   12);
        qmath::count_codes(q, qmath::per_row(2, 6), t, {inside});
      });
}
