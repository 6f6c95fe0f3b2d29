// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// requantize equals the reference, bit for bit, on every CPU target; and the reference's fixed-point products
// equal those of exact rational arithmetic.
#include <doctest/doctest.h>

#include <array>
#include <numeric>
#include <qmath/qmath.hpp>

#include "support/contract.hpp"
#include "support/formats.hpp"
#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using qmath::bit_order;
using qmath::code_range;
using qmath::fixed_point_multiplier;
using qmath::fixed_point_params;
using qmath::fixed_point_rule;
using qmath::granularity;
using qmath::requantize_params;
using support::coded;
using support::format_of;
using support::guard;
using support::guarded;
using support::packed;

namespace {

constexpr std::int32_t s32_min = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t s32_max = std::numeric_limits<std::int32_t>::max();
constexpr fixed_point_rule rules[] = {fixed_point_rule::single_rounding,
                                      fixed_point_rule::double_rounding};

// Calls f.template operator()<T>() for every type.
template <class... T, class F>
void for_each_type(const F& f) {
  (f.template operator()<T>(), ...);
}
template <class F>
void for_each_format(const F& f) {
  constexpr bit_order low = bit_order::first_low, high = bit_order::first_high;
  using qmath::s2, qmath::s4, qmath::u2, qmath::u4;
  for_each_type<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                packed<s4, low>, packed<s4, high>, packed<u4, low>, packed<u4, high>,
                packed<s2, low>, packed<s2, high>, packed<u2, low>, packed<u2, high>>(f);
}

std::vector<float> multipliers() {
  return {1.0f,      0.5f,
          0x1p-8f,   0.1f,
          0.0007f,   0.00392156886f,
          3.0f,      1e-9f,
          0x1p-31f,  1e-30f,
          0x1p-149f, 1e30f,
          0x1p127f,  std::numeric_limits<float>::max()};
}

// Sums whose product with the multiplier lies at ties and their neighbours, extremes, random ones.
std::vector<std::int32_t> accumulators(float multiplier, int ties) {
  std::vector<std::int32_t> acc = {0,       1,           -1,      s32_min,      s32_min + 1,
                                   s32_max, s32_max - 1, 1 << 24, (1 << 24) + 1};
  for (int half = -ties; half <= ties; ++half) {
    const double middle = 0.5 * half / static_cast<double>(multiplier);
    if (std::abs(middle) > 2e9) continue;
    for (int d = -2; d <= 2; ++d) acc.push_back(static_cast<std::int32_t>(middle) + d);
  }
  const std::vector<std::int32_t> any = support::any_integers<std::int32_t>(509, 9);
  acc.insert(acc.end(), any.begin(), any.end());
  return acc;
}

// A zero point that the format has: 0 for std::int32_t.
template <class T>
std::vector<std::int32_t> zero_points() {
  constexpr code_range all = qmath::full_range<format_of<T>>();
  if (all == code_range{}) return {0};
  return {all.min, all.min + 1, (all.min + all.max) / 2, all.max};
}

// All codes, and some of them; the zero point may be outside.
template <class T>
std::vector<code_range> code_ranges() {
  using F = format_of<T>;
  constexpr code_range all = qmath::full_range<F>();
  std::vector<code_range> ranges = {{}, qmath::narrow_range<F>(), qmath::reduced_range<F>()};
  ranges.push_back({all.max, s32_max});
  ranges.push_back({s32_min, all.min / 4 + all.max / 4});
  if (all == code_range{}) ranges.push_back({-16777217, 33554435});
  return ranges;
}

template <class Out, class Params>
void check(std::span<const std::int32_t> in, const Params& p, code_range codes = {}) {
  coded<Out> want(in.size()), got(in.size());
  qmath::reference::requantize<format_of<Out>>(in, p, want.span(), codes);
  support::for_each_target([&] {
    got.fill(0x5A);
    qmath::requantize(in, p, got.span(), codes);
    support::check_same(want, got, in.size());
  });
}

// ---- Exact arithmetic ----------------------------------------------------------------------------

__extension__ using wide = __int128;

wide power_of_2(int n) { return static_cast<wide>(1) << n; }
wide floor_of_quotient(wide a, wide b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}
wide half_up(wide a, wide b) { return floor_of_quotient(2 * a + b, 2 * b); }
wide half_away(wide a, wide b) { return a < 0 ? -half_up(-a, b) : half_up(a, b); }
wide saturated(wide v) { return v < s32_min ? s32_min : v > s32_max ? s32_max : v; }

wide exact_product(std::int32_t acc, fixed_point_multiplier m, fixed_point_rule rule) {
  const wide factor = m.multiplier;
  if (rule == fixed_point_rule::single_rounding) return half_up(acc * factor, power_of_2(m.shift));
  const wide a = m.shift < 31 ? saturated(acc * power_of_2(31 - m.shift)) : acc;
  const wide b = saturated(half_up(a * factor, power_of_2(31)));
  return m.shift > 31 ? half_away(b, power_of_2(m.shift - 31)) : b;
}

const std::vector<std::int32_t>& interesting_integers() {
  static const std::vector<std::int32_t> all = [] {
    std::vector<std::int32_t> v = support::any_integers<std::int32_t>(31, 21);
    for (int i = -9; i <= 9; ++i) v.push_back(i);
    for (int k = 4; k < 31; ++k) {
      for (int d = -1; d <= 1; ++d) {
        v.push_back((1 << k) + d);
        v.push_back(-(1 << k) + d);
        v.push_back(3 * (1 << (k - 2)) + d);
      }
    }
    for (int d = 0; d < 3; ++d) v.insert(v.end(), {s32_min + d, s32_max - d});
    return v;
  }();
  return all;
}

const std::vector<fixed_point_multiplier>& interesting_multipliers() {
  static const std::vector<fixed_point_multiplier> all = [] {
    std::vector<fixed_point_multiplier> v;
    for (const std::int32_t m :
         {0, 1, 2, 3, 5, 255, 256, 0x7FFFFF, 0x800000, 0xCCCCCD, (1 << 30) - 1, 1 << 30,
          (1 << 30) + 1, 0x66666666, 0x5A827999, s32_max - 1, s32_max}) {
      for (std::int32_t shift = 0; shift <= 62; ++shift) v.push_back({m, shift});
    }
    return v;
  }();
  return all;
}

}  // namespace

// ---- Real multipliers ----------------------------------------------------------------------------

TEST_CASE_TEMPLATE("requantize: every question of every multiplier and zero point", Out,
                   std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                   packed<qmath::s4, bit_order::first_low>,
                   packed<qmath::u2, bit_order::first_high>) {
  for (const float m : multipliers()) {
    CAPTURE(m);
    const std::vector<std::int32_t> acc = accumulators(m, 600);
    for (const std::int32_t z : zero_points<Out>()) {
      CAPTURE(z);
      check<Out>(acc, requantize_params{m, z});
    }
  }
}

TEST_CASE_TEMPLATE("requantize: fewer codes, and zero points that are none of them", Out,
                   std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                   packed<qmath::s4, bit_order::first_low>) {
  for (const float m : {0.5f, 0.1f, 3e-6f, 1e30f}) {
    CAPTURE(m);
    const std::vector<std::int32_t> acc = accumulators(m, 300);
    for (const std::int32_t z : zero_points<Out>()) {
      CAPTURE(z);
      for (const code_range codes : code_ranges<Out>()) {
        CAPTURE(codes.min);
        CAPTURE(codes.max);
        check<Out>(acc, requantize_params{m, z}, codes);
        check<Out>(acc, qmath::fixed_point::rndnu(m, z), codes);
      }
    }
  }
}

TEST_CASE("requantize: 16 and 32 bits have their ties and ends far out") {
  for (const float m : {1.0f, 0.5f, 0.0625f, 0.1f, 1.25f, 0x1.fffffep-1f, 0x1.000002p0f, 7.0f}) {
    CAPTURE(m);
    std::vector<std::int32_t> acc;
    for (const double y : {-2147483648.5, -2147483520.0, -16777216.0, -8388608.5, -65535.5,
                           -32768.5, -32767.5, 32766.5, 32767.5, 65534.5, 65535.5, 8388607.5,
                           16777217.0, 2147483519.0, 2147483584.0, 2147483647.0}) {
      const double middle = y / static_cast<double>(m);
      if (std::abs(middle) > 2147483000.0) continue;
      for (int d = -40; d <= 40; ++d) acc.push_back(static_cast<std::int32_t>(middle) + d);
    }
    for (int d = 0; d < 300; ++d) acc.insert(acc.end(), {s32_min + d, s32_max - d});
    check<std::int32_t>(acc, requantize_params{m});
    for (const std::int32_t z : {-32768, -1, 0, 32767}) {
      check<std::int16_t>(acc, requantize_params{m, z});
    }
    for (const std::int32_t z : {0, 1, 65535}) check<std::uint16_t>(acc, requantize_params{m, z});
  }
}

TEST_CASE("requantize: what the contract says") {
  const std::vector<std::int32_t> acc = {0,  1,  2,  3,  5,    6,       -1,
                                         -2, -3, -5, -6, 1000, s32_min, s32_max};
  using codes = std::vector<std::int8_t>;
  support::for_each_target([&] {
    codes q(acc.size());
    qmath::requantize(acc, requantize_params{0.25f, 10}, q);
    CHECK(q == codes{10, 10, 10, 11, 11, 12, 10, 10, 9, 9, 8, 127, -128, 127});
    qmath::requantize(acc, fixed_point_params{{1, 2}, fixed_point_rule::single_rounding, 10}, q);
    CHECK(q == codes{10, 10, 11, 11, 11, 12, 10, 10, 9, 9, 9, 127, -128, 127});
    qmath::requantize(acc, fixed_point_params{{1 << 30, 32}, fixed_point_rule::double_rounding, 10},
                      q);
    CHECK(q == codes{10, 11, 11, 11, 12, 12, 10, 9, 9, 9, 8, 127, -128, 127});
  });
}

// ---- Fixed point ---------------------------------------------------------------------------------

TEST_CASE("requantize: the reference's products are the exact ones") {
  for (const fixed_point_rule rule : rules) {
    for (const fixed_point_multiplier m : interesting_multipliers()) {
      bool same = true;
      for (const std::int32_t acc : interesting_integers()) {
        const wide got = qmath::reference::multiply_fixed_point(acc, m, rule);
        same = same && got == exact_product(acc, m, rule);
      }
      CHECK_MESSAGE(same, "multiplier ", m.multiplier, ", shift ", m.shift);
    }
  }
}

TEST_CASE_TEMPLATE("requantize: fixed point, all sums by all multipliers", Out, std::int32_t,
                   std::int8_t) {
  const std::vector<std::int32_t>& acc = interesting_integers();
  const std::vector<fixed_point_multiplier>& m = interesting_multipliers();
  const std::int32_t z = zero_points<Out>().back();
  for (const fixed_point_rule rule : rules) {
    for (const fixed_point_multiplier one : m) {
      CAPTURE(one.multiplier);
      CAPTURE(one.shift);
      check<Out>(acc, fixed_point_params{one, rule, z});
    }
    // Each vector has other shifts.
    std::vector<std::int32_t> repeated;
    for (const std::int32_t a : acc) repeated.insert(repeated.end(), m.size(), a);
    check<Out>(repeated,
               qmath::channel_fixed_point_params{m, qmath::per_column(m.size()), rule, z});
  }
}

// ---- Every combination ---------------------------------------------------------------------------

namespace {

// Every layout and kind of multiplier, from In to Out. The range of the results is mostly inside the codes.
template <class In, class Out>
void check_layouts() {
  constexpr code_range from = qmath::full_range<format_of<In>>();
  constexpr code_range to = qmath::full_range<format_of<Out>>();
  const double ratio =
      (static_cast<double>(to.max) - to.min) / (static_cast<double>(from.max) - from.min);
  const std::int32_t z = zero_points<Out>().back(), z_in = zero_points<In>().front();
  for (const support::named_layout& l : support::layouts()) {
    CAPTURE(l.name);
    const std::size_t count = l.layout.count();
    const guarded<float> m(count);
    const guarded<fixed_point_multiplier> fixed(count);
    for (std::size_t c = 0; c < count; ++c) {
      m[c] = static_cast<float>(ratio * (0.3 + static_cast<double>(c * 7 % 11) / 4));
      fixed[c] = c % 17 == 3 ? fixed_point_multiplier{s32_max, static_cast<std::int32_t>(c % 63)}
                             : qmath::fixed_point::tflite_double_rounding(m[c]).multiplier;
    }
    coded<In> in(l.n);
    in.randomize(static_cast<std::uint32_t>(l.n));
    coded<Out> want(l.n), got(l.n);
    const auto compare = [&](const auto& p, code_range codes) {
      qmath::reference::requantize<format_of<Out>>(in.const_span(), p, want.span(), codes);
      support::for_each_target([&] {
        got.fill(0x5A);
        qmath::requantize(in.const_span(), p, got.span(), codes);
        support::check_same(want, got, l.n);
      });
    };
    for (const code_range codes : {code_range{}, qmath::narrow_range<format_of<Out>>()}) {
      if (count == 1) {
        compare(requantize_params{m[0], z, z_in}, codes);
        for (const fixed_point_rule rule : rules) {
          compare(fixed_point_params{fixed[0], rule, z, z_in}, codes);
        }
      }
      compare(qmath::channel_requantize_params{m.span(), l.layout, z, z_in}, codes);
      for (const fixed_point_rule rule : rules) {
        compare(qmath::channel_fixed_point_params{fixed.span(), l.layout, rule, z, z_in}, codes);
      }
    }
  }
}

}  // namespace

TEST_CASE("requantize: from int32 to every format, every layout and rule") {
  for_each_format([]<class Out>() { check_layouts<std::int32_t, Out>(); });
}

TEST_CASE("requantize: from every format to int8 and int32, every layout and rule") {
  for_each_format([]<class In>() {
    check_layouts<In, std::int8_t>();
    check_layouts<In, std::int32_t>();
  });
}

TEST_CASE("requantize: from every format to 4 bits, every layout and rule") {
  for_each_format([]<class In>() { check_layouts<In, packed<qmath::u4, bit_order::first_low>>(); });
}

TEST_CASE("requantize: rows, columns and groups of every length") {
  const std::vector<float> all = multipliers();
  std::vector<std::size_t> lengths(40);
  std::iota(lengths.begin(), lengths.end(), std::size_t{1});
  for (const std::size_t n : {64u, 128u, 256u, 512u})
    lengths.insert(lengths.end(), {n - 1, n, n + 1});
  for (const std::size_t length : lengths) {
    CAPTURE(length);
    for (const std::size_t count : {std::size_t{1}, std::size_t{5}, std::size_t{33}}) {
      for (const granularity layout :
           {qmath::per_row(count, length), granularity{1, 1, length, 1, 1},
            qmath::per_group(3, count * length, length),
            qmath::per_group(1, 7 * length / 2, length),
            qmath::per_block(4, 2 * length, 2, length)}) {
        const std::size_t n = layout.period() * (layout.period() < 600 ? 3 : 1);
        const guarded<float> m(layout.count());
        for (std::size_t c = 0; c < m.size(); ++c) m[c] = all[c * 5 % 6] * 0x1p-16f;
        const guarded<std::int32_t> acc(support::any_integers<std::int32_t>(n, 11));
        const qmath::channel_requantize_params p{m.span(), layout, 9};
        check<std::int8_t>(acc.span(), p);
        check<std::uint8_t>(acc.span(), p, {20, 200});
        check<std::int16_t>(acc.span(), p);
      }
    }
  }
}

// ---- Memory --------------------------------------------------------------------------------------

namespace {

template <class In, class Out, class Params>
void check_sizes(const Params& p) {
  std::vector<std::size_t> sizes = support::sizes();
  sizes.insert(sizes.end(), {511, 512, 513, 1024, 1025, 1536 + 17});
  for (const std::size_t n : sizes) {
    CAPTURE(n);
    for (const guard side : {guard::behind, guard::before}) {
      coded<In> in(n, side);
      in.randomize(static_cast<std::uint32_t>(n) + 10);
      coded<Out> want(n), got(n, side);
      qmath::reference::requantize<format_of<Out>>(in.const_span(), p, want.span());
      support::for_each_target([&] {
        got.fill(0x5A);
        qmath::requantize(in.const_span(), p, got.span());
        support::check_same(want, got, n);
      });
    }
  }
}

}  // namespace

TEST_CASE("requantize: every size, nothing touched outside") {
  const requantize_params real{0x1.8p-24f, 5};
  check_sizes<std::int32_t, std::int8_t>(real);
  check_sizes<std::int32_t, std::uint8_t>(real);
  check_sizes<std::int32_t, std::int16_t>(real);
  check_sizes<std::int32_t, std::uint16_t>(real);
  check_sizes<std::int32_t, packed<qmath::u4, bit_order::first_high>>(real);
  check_sizes<std::int8_t, std::uint8_t>(requantize_params{0.7f, 100, -3});
  check_sizes<std::int16_t, packed<qmath::s2, bit_order::first_low>>(requantize_params{1e-4f, -1});
  const qmath::fixed_point_params single = qmath::fixed_point::rndnu(0x1.8p-24f, 5);
  check_sizes<std::int32_t, std::int8_t>(single);
  check_sizes<packed<qmath::s4, bit_order::first_high>, std::int32_t>(
      qmath::fixed_point::tflite_double_rounding(12345.6, 0, 3));
}

TEST_CASE("requantize: any alignment") {
  const std::vector<std::int32_t> acc = support::any_integers<std::int32_t>(700, 4);
  const requantize_params p{0x1.8p-24f, 5};
  for (std::size_t offset = 1; offset < 9; ++offset) {
    const auto in = std::span(acc).subspan(offset);
    std::vector<std::int8_t> want(in.size()), got(acc.size());
    qmath::reference::requantize<std::int8_t>(in, p, std::span(want));
    support::for_each_target([&] {
      const auto out = std::span(got).subspan(offset);
      qmath::requantize(in, p, out);
      CHECK(std::vector<std::int8_t>(out.begin(), out.end()) == want);
    });
  }
}

// ---- Broken preconditions ------------------------------------------------------------------------

namespace {

// Calls f(q) and checks the message, and that q is as it was.
template <class F>
void refused(const char* message, const F& f) {
  support::contract_log log;
  std::array<std::int8_t, 6> q = {9, 9, 9, 9, 9, 9};
  f(q);
  CHECK(log.take() == message);
  CHECK(q == std::array<std::int8_t, 6>{9, 9, 9, 9, 9, 9});
}

}  // namespace

TEST_CASE("requantize: broken preconditions, arrays and zero points") {
  const std::array<std::int32_t, 6> in = {1, 2, 3, 4, 5, 6};
  const std::array<std::uint8_t, 6> codes = {1, 2, 3, 4, 5, 6};
  const requantize_params p;
  const fixed_point_params fixed{{1, 0}};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  refused("qmath::requantize: q.size() is 4, but in.size() is 6",
          [&](auto& q) { qmath::requantize(in, p, std::span(q).first(4)); });
  refused("qmath::requantize: q.size() is 6, but in.size() is 5",
          [&](auto& q) { qmath::requantize(std::span(in).first(5), fixed, q); });
  refused("qmath::requantize: in has no data", [&](auto& q) {
    const std::int32_t* none = nullptr;
    qmath::requantize(std::span(none, 6), p, q);
  });
  refused("qmath::requantize: q has no data", [&](auto&) {
    std::int8_t* none = nullptr;
    qmath::requantize(in, p, std::span(none, 6));
  });
  refused("qmath::requantize: q has no data",
          [&](auto&) { qmath::requantize(in, p, qmath::packed_span<qmath::s4>(nullptr, 6)); });
  refused("qmath::requantize: argument q overlaps in, its bytes 0 to 1 are bytes 2 to 3 there",
          [&](auto& q) { qmath::requantize(std::span(q).first(4), p, std::span(q).last(4)); });
  refused("qmath::requantize: argument q overlaps in, its bytes 0 to 0 are bytes 5 to 5 there",
          [&](auto& q) {
            qmath::requantize(
                q, p, qmath::packed_span<qmath::u2>(reinterpret_cast<std::uint8_t*>(&q[5]), 6));
          });
  for (const float bad : {0.0f, -1.0f, nan, inf}) {
    const std::string text = bad == 0.0f ? "0" : bad < 0.0f ? "-1" : bad > 0.0f ? "inf" : "nan";
    refused(("qmath::requantize: multiplier is " + text + ", must be finite and > 0").c_str(),
            [&](auto& q) { qmath::requantize(in, requantize_params{bad}, q); });
  }
  refused("qmath::requantize: zero_point is -200, outside [-128, 127]",
          [&](auto& q) { qmath::requantize(in, requantize_params{1.0f, -200}, q); });
  refused("qmath::requantize: zero_point is 128, outside [-128, 127]",
          [&](auto& q) { qmath::requantize(in, fixed_point_params{{}, {}, 128}, q); });
  refused("qmath::requantize: input_zero_point is 1, outside [0, 0]",
          [&](auto& q) { qmath::requantize(in, requantize_params{1.0f, 0, 1}, q); });
  refused("qmath::requantize: input_zero_point is -1, outside [0, 255]",
          [&](auto& q) { qmath::requantize(codes, requantize_params{1.0f, 0, -1}, q); });
  refused("qmath::requantize: input_zero_point is 256, outside [0, 255]",
          [&](auto& q) { qmath::requantize(codes, fixed_point_params{{}, {}, 0, 256}, q); });
  refused("qmath::requantize: zero_point is 3, outside [0, 0]", [&](auto&) {
    std::array<std::int32_t, 6> q = {9, 9, 9, 9, 9, 9};
    qmath::requantize(in, requantize_params{1.0f, 3}, q);
    CHECK(q == std::array<std::int32_t, 6>{9, 9, 9, 9, 9, 9});
  });
  refused("qmath::requantize: codes are [128, 300], of which the format with [-128, 127] has none",
          [&](auto& q) { qmath::requantize(in, p, q, {128, 300}); });
  refused("qmath::requantize: codes.min is 5, but codes.max is 4",
          [&](auto& q) { qmath::requantize(in, fixed, q, {5, 4}); });
}

TEST_CASE("requantize: broken preconditions, fixed-point multipliers") {
  const std::array<std::int32_t, 6> in = {1, 2, 3, 4, 5, 6};
  const auto one = [&](fixed_point_multiplier m) {
    return [&, m](auto& q) { qmath::requantize(in, fixed_point_params{m}, q); };
  };
  refused("qmath::requantize: multiplier.multiplier is -1, outside [0, 2147483647]", one({-1, 31}));
  refused("qmath::requantize: multiplier.shift is 63, outside [0, 62]", one({1, 63}));
  refused("qmath::requantize: multiplier.shift is -1, outside [0, 62]", one({1, -1}));
  const std::array<fixed_point_multiplier, 3> m = {{{1, 0}, {1, 63}, {-1, 0}}};
  refused("qmath::requantize: multipliers[1].shift is 63, outside [0, 62]", [&](auto& q) {
    qmath::requantize(in, qmath::channel_fixed_point_params{m, qmath::per_row(3, 2)}, q);
  });
  const std::array<fixed_point_multiplier, 3> negative = {{{1, 0}, {1, 62}, {-1, 0}}};
  refused(
      "qmath::requantize: multipliers[2].multiplier is -1, outside [0, 2147483647]", [&](auto& q) {
        qmath::requantize(in, qmath::channel_fixed_point_params{negative, qmath::per_column(3)}, q);
      });
}

TEST_CASE("requantize: broken preconditions, layouts") {
  const std::array<std::int32_t, 6> in = {1, 2, 3, 4, 5, 6};
  const std::array<float, 3> m = {1, 1, 1};
  const std::array<fixed_point_multiplier, 3> fixed = {{{1, 0}, {1, 1}, {1, 2}}};
  const auto both = [&](const char* message, granularity layout) {
    refused(message, [&](auto& q) {
      qmath::requantize(in, qmath::channel_requantize_params{m, layout}, q);
    });
    refused(message, [&](auto& q) {
      qmath::requantize(in, qmath::channel_fixed_point_params{fixed, layout}, q);
    });
  };
  both("qmath::requantize: multipliers.size() is 3, but layout.count() is 2", qmath::per_row(2, 3));
  both("qmath::requantize: layout.outer is 0, must be at least 1", {0, 1, 3, 1, 1});
  both("qmath::requantize: layout.rows is 0, must be at least 1", {1, 0, 3, 1, 1});
  both("qmath::requantize: layout.cols is 0, must be at least 1", {1, 3, 0, 1, 1});
  both(
      "qmath::requantize: layout.block_rows is 0, must be at least 1 (the size of groups or "
      "blocks)",
      {1, 3, 2, 0, 2});
  both(
      "qmath::requantize: layout.block_cols is 0, must be at least 1 (the size of groups or "
      "blocks)",
      qmath::per_group(3, 2, 0));
  both("qmath::requantize: in.size() is 6, must be a multiple of layout.period(), 12",
       qmath::per_row(3, 4));
  both("qmath::requantize: layout is larger than the address space",
       {static_cast<std::size_t>(-1), 3, 2, 1, 2});
  const std::array<float, 3> bad = {1, -1, 1};
  refused("qmath::requantize: multipliers[1] is -1, must be finite and > 0", [&](auto& q) {
    qmath::requantize(in, qmath::channel_requantize_params{bad, qmath::per_row(3, 2)}, q);
  });
}

TEST_CASE("requantize: size 0 is legal and does nothing") {
  support::contract_log log;
  const std::vector<std::int32_t> in;
  std::vector<std::int8_t> q;
  const std::array<fixed_point_multiplier, 3> m = {};
  support::for_each_target([&] {
    qmath::requantize(in, requantize_params{}, q);
    qmath::requantize(in, fixed_point_params{}, q);
    qmath::requantize(in, qmath::channel_fixed_point_params{m, qmath::per_row(3, 5)}, q);
    qmath::requantize(in, requantize_params{}, qmath::packed_span<qmath::s4>());
  });
  CHECK(log.take() == "");
}

// {0.1f, 0} could be parameters of either kind: the type has to be named.
template <class Out>
concept braces_are_enough =
    requires(std::vector<std::int32_t> in, Out q) { qmath::requantize(in, {0.1f, 0}, q); };
static_assert(!braces_are_enough<std::vector<std::int8_t>>);
