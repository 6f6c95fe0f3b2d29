// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// dynamic_quantize is min_max, choose_params and quantize one after the other, on every CPU target.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <qmath/qmath.hpp>
#include <random>

#include "support/contract.hpp"
#include "support/formats.hpp"
#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using qmath::bfloat16;
using qmath::bit_order;
using qmath::half;
using qmath::scheme;
using support::coded;
using support::format_of;
using support::guard;
using support::guarded;
using support::packed;

namespace {

// Numbers of very different size from block to block: blocks with a wrong range are noticed. Blocks of
// zeros, of NaN and of one sign are among them.
std::vector<float> numbers(const qmath::granularity& layout, std::size_t n, std::uint32_t seed) {
  std::vector<float> x = support::floats_near(0.01f, n, seed);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t block = layout.index(i);
    const auto size = std::ldexp(1.0f, static_cast<int>(block * 7 % 23) - 11);
    x[i] *= size;
    if (block % 11 == 3) x[i] = 0.0f;
    if (block % 11 == 5) x[i] = std::numeric_limits<float>::quiet_NaN();
    if (block % 11 == 7) x[i] = std::abs(x[i]);
    if (block % 11 == 9) x[i] = -std::abs(x[i]);
    if (i % 97 == 13) x[i] = std::numeric_limits<float>::quiet_NaN();
    if (i % 1013 == 500) x[i] = std::numeric_limits<float>::infinity();
  }
  return x;
}

template <class T, class X>
void check_layout(const qmath::granularity& layout, std::size_t n, const scheme& how,
                  qmath::quantize_options options, bool zero_points = true,
                  guard side = guard::behind) {
  using F = format_of<T>;
  const guarded<X> x(support::real_numbers<X>(numbers(layout, n, 5)), side);
  const std::span<const X> in = x.span();
  const std::size_t count = layout.count();

  // By the definitions.
  scheme both = how;
  both.codes = {std::max(how.codes.min, options.codes.min),
                std::min(how.codes.max, options.codes.max)};
  std::vector<qmath::value_range> ranges(count);
  qmath::reference::min_max(in, layout, std::span(ranges));
  std::vector<float> want_scales(count);
  std::vector<std::int32_t> want_zero_points(count);
  for (std::size_t c = 0; c < count; ++c) {
    const qmath::affine_params p = qmath::choose_params<F>(ranges[c], both);
    want_scales[c] = p.scale;
    want_zero_points[c] = p.zero_point;
  }
  qmath::quantize_options both_options = options;
  both_options.codes = both.codes;
  qmath::clip_counts want_counts, counts;
  if (options.counts != nullptr) both_options.counts = &want_counts;
  coded<T> want(n), got(n, side);
  want.fill(0);
  qmath::reference::quantize<F>(in, qmath::channel_params{want_scales, want_zero_points, layout},
                                want.span(), both_options);

  const guarded<float> scales(count, side);
  const guarded<std::int32_t> points(zero_points ? count : 0, side);
  support::for_each_target([&] {
    counts = {};
    if (options.counts != nullptr) options.counts = &counts;
    got.fill(0x55);
    qmath::dynamic_quantize(in, layout, scales.span(), points.span(), got.span(), how, options);
    support::check_same(want, got, n);
    CHECK(std::memcmp(scales.data(), want_scales.data(), count * sizeof(float)) == 0);
    CHECK(scales.intact());
    CHECK(points.intact());
    if (zero_points) {
      CHECK(std::equal(want_zero_points.begin(), want_zero_points.end(), points.data()));
    } else {
      CHECK(want_zero_points == std::vector<std::int32_t>(count, 0));
    }
    CHECK(counts == want_counts);
  });
}

std::vector<support::named_layout> all_layouts() {
  std::vector<support::named_layout> all = support::layouts();
  const std::size_t images[] = {6, 700, 4};
  const std::vector<support::named_layout> more = {
      // More elements, or more blocks, than are worth a call at once.
      {"many short rows", qmath::per_row(4000, 9), 36000},
      {"rows of 3000", qmath::per_row(7, 3000), 21000},
      {"rows of 8193", qmath::per_row(5, 8193), 5 * 8193},
      {"one row of 20001", qmath::per_row(1, 20001), 20001},
      {"one row of many groups", qmath::per_group(1, 20000, 7), 20000},
      {"rows of many groups", qmath::per_group(3, 9000, 7), 27000},
      {"rows of many groups of 1", qmath::per_group(3, 700, 1), 2100},
      {"rows of 513 groups, short last", qmath::per_group(3, 1537, 3), 3 * 1537},
      {"rows of 512 groups", qmath::per_group(5, 1536, 3), 5 * 1536},
      {"rows of 256 groups of 3, short last", qmath::per_group(9, 767, 3), 9 * 767},
      {"groups larger than a row", qmath::per_group(5, 100, 1000), 500},
      {"groups larger than memory", qmath::per_group(5, 100, static_cast<std::size_t>(-1)), 500},
      {"blocks larger than memory",
       qmath::per_block(5, 100, static_cast<std::size_t>(-1), static_cast<std::size_t>(-1)), 1000},
      {"1500 columns", qmath::per_column(1500), 4500},
      {"1500 columns, one row", qmath::per_column(1500), 1500},
      {"blocks of 4 rows, 600 in a row", qmath::per_block(10, 1201, 4, 2), 24020},
      {"blocks of 4 rows, 600 of them", qmath::per_block(2399, 3, 4, 3), 2399 * 3},
      {"700 channels of images", qmath::per_channel(images, 1), 6 * 700 * 4},
      {"rows, twice", qmath::per_row(9, 129), 2 * 9 * 129},
      {"groups, twice", qmath::per_group(3, 512, 32), 3072},
      {"700 rows, twice", qmath::per_row(700, 5), 7000},
      {"no element, many parameters", qmath::per_row(1000, 3), 0},
  };
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

TEST_CASE_TEMPLATE("dynamic_quantize: every layout", T, std::int8_t, std::uint8_t, std::int16_t,
                   std::int32_t, packed<qmath::s4, bit_order::first_low>,
                   packed<qmath::u4, bit_order::first_high>,
                   packed<qmath::u2, bit_order::first_low>) {
  const bool is_signed = qmath::full_range<format_of<T>>().min < 0;
  qmath::clip_counts counts;
  for (const support::named_layout& l : all_layouts()) {
    CAPTURE(l.name);
    check_layout<T, float>(l.layout, l.n, qmath::affine, {});
    check_layout<T, float>(l.layout, l.n, qmath::symmetric, {.counts = &counts}, !is_signed,
                           guard::before);
    check_layout<T, half>(l.layout, l.n, qmath::affine,
                          {.rules = {.round = qmath::rounding::stochastic}, .random = {1, 2, 3}});
    check_layout<T, bfloat16>(
        l.layout, l.n,
        {.codes = qmath::narrow_range<format_of<T>>(), .rules = qmath::numerics::params::fbgemm},
        {.rules = qmath::numerics::fbgemm, .counts = &counts});
  }
}

TEST_CASE_TEMPLATE("dynamic_quantize: one parameter for all, every size", T, std::int8_t,
                   std::uint16_t, packed<qmath::s2, bit_order::first_high>) {
  using F = format_of<T>;
  std::vector<std::size_t> sizes = support::sizes();
  for (const std::size_t n : {511u, 512u, 513u, 1024u, 1025u, 9001u}) sizes.push_back(n);
  for (const std::size_t n : sizes) {
    CAPTURE(n);
    for (const guard side : {guard::behind, guard::before}) {
      const guarded<float> x(support::floats_near(0.3f, n, 2), side);
      const std::span<const float> in = x.span();
      for (const scheme& how : {qmath::affine, qmath::symmetric}) {
        const qmath::affine_params p = qmath::choose_params<F>(qmath::reference::min_max(in), how);
        coded<T> want(n), got(n, side);
        want.fill(0);
        qmath::reference::quantize<F>(in, p, want.span());
        support::for_each_target([&] {
          got.fill(0x55);
          CHECK(qmath::dynamic_quantize(in, got.span(), how) == p);
          support::check_same(want, got, n);
        });
      }
    }
  }
}

TEST_CASE("dynamic_quantize: the codes that scheme and options both allow") {
  const std::vector<float> x = {-1.0f, 0.25f, 1.0f};
  std::vector<std::int8_t> q(3);
  const qmath::code_range narrow = {-100, 100}, low = {-128, 50}, high = {-50, 127};
  CHECK(qmath::dynamic_quantize(x, q, {.symmetric = true, .codes = narrow}).scale == 0.01f);
  CHECK(q == std::vector<std::int8_t>{-100, 25, 100});
  CHECK(qmath::dynamic_quantize(x, q, qmath::symmetric, {.codes = narrow}).scale == 0.01f);
  CHECK(q == std::vector<std::int8_t>{-100, 25, 100});
  CHECK(qmath::dynamic_quantize(x, q, {.symmetric = true, .codes = low}, {.codes = high}).scale ==
        0.02f);
  CHECK(q == std::vector<std::int8_t>{-50, 12, 50});
}

TEST_CASE("dynamic_quantize: a broken precondition is reported and writes nothing") {
  support::contract_log log;
  const std::vector<float> x(12, 1.0f);
  std::vector<std::int8_t> q(12, 99);
  std::vector<float> scales(3, 99.0f);
  std::vector<std::int32_t> points(3, 99);
  const qmath::granularity rows = qmath::per_row(3, 4);
  const auto refused = [&](const char* message) {
    CHECK(log.take() == message);
    CHECK(q == std::vector<std::int8_t>(q.size(), 99));
    CHECK(scales == std::vector<float>(scales.size(), 99.0f));
    CHECK(points == std::vector<std::int32_t>(points.size(), 99));
  };
  const qmath::affine_params nothing;

  q.resize(11);
  CHECK(qmath::dynamic_quantize(x, q) == nothing);
  refused("qmath::dynamic_quantize: q.size() is 11, but x.size() is 12");
  qmath::dynamic_quantize(x, rows, scales, points, q);
  refused("qmath::dynamic_quantize: q.size() is 11, but x.size() is 12");
  q.assign(12, 99);

  CHECK(qmath::dynamic_quantize(x, q, {.codes = {128, 200}}) == nothing);
  refused(
      "qmath::dynamic_quantize: codes are [128, 200], of which the format with [-128, 127] has "
      "none");
  CHECK(qmath::dynamic_quantize(x, q, {.codes = {5, 4}}) == nothing);
  refused("qmath::dynamic_quantize: codes.min is 5, but codes.max is 4");
  CHECK(qmath::dynamic_quantize(x, q, {.codes = {0, 9}}, {.codes = {10, 20}}) == nothing);
  refused("qmath::dynamic_quantize: codes are [0, 9], of which the format with [10, 20] has none");

  qmath::dynamic_quantize(x, rows, std::span(scales).first(2), points, q);
  refused("qmath::dynamic_quantize: scales.size() is 2, but layout.count() is 3");
  qmath::dynamic_quantize(x, rows, scales, std::span(points).first(2), q);
  refused("qmath::dynamic_quantize: zero_points.size() is 2, but layout.count() is 3");
  qmath::dynamic_quantize(x, rows, scales, {}, q);
  refused(
      "qmath::dynamic_quantize: zero_points.size() is 0, must be that of scales (0 only in "
      "symmetric schemes of signed formats), 3");
  qmath::dynamic_quantize(x, qmath::per_row(3, 5), scales, points, q);
  refused("qmath::dynamic_quantize: x.size() is 12, must be a multiple of layout.period(), 15");
  qmath::dynamic_quantize(x, {0, 1, 1, 1, 1}, scales, points, q);
  refused("qmath::dynamic_quantize: layout.outer is 0, must be at least 1");

  // Symmetric and unsigned: 128, not 0.
  std::vector<std::uint8_t> u(12, 99);
  qmath::dynamic_quantize(x, rows, scales, {}, u, qmath::symmetric);
  refused(
      "qmath::dynamic_quantize: zero_points.size() is 0, must be that of scales (0 only in "
      "symmetric schemes of signed formats), 3");
  // Symmetric, but 0 is no code in use.
  qmath::dynamic_quantize(x, rows, scales, {}, q, {.symmetric = true, .codes = {5, 9}});
  refused(
      "qmath::dynamic_quantize: zero_points.size() is 0, must be that of scales (0 only in "
      "symmetric schemes of signed formats), 3");

  std::vector<float> memory(12, 1.0f);
  qmath::dynamic_quantize(memory, rows, std::span(memory).subspan(9, 3), points, q);
  refused(
      "qmath::dynamic_quantize: argument scales overlaps x, its bytes 0 to 11 are bytes 36 to 47 "
      "there");
  CHECK(memory == std::vector<float>(12, 1.0f));
}

TEST_CASE("dynamic_quantize: what the default schemes clip, as dynamic.hpp says") {
  // Both ends are ties, and the zero point is one: the upper end is half a step too far.
  const std::vector<float> ties = {-1.5f, 0.0f, 253.5f};
  std::vector<std::int8_t> q(3);
  qmath::clip_counts counts;
  const qmath::affine_params p =
      qmath::dynamic_quantize(ties, q, qmath::affine, {.counts = &counts});
  CHECK(p == qmath::affine_params{1.0f, -126});
  CHECK(counts == qmath::clip_counts{.high = 1});
  CHECK(q[2] == 127);  // 253, half a step less than 253.5
  counts = {};
  qmath::dynamic_quantize(ties, q, qmath::symmetric, {.counts = &counts});
  CHECK(counts == qmath::clip_counts{});

  std::mt19937 random(17);
  std::uniform_real_distribution<float> number(-1.0f, 1.0f);
  std::uniform_int_distribution<int> exponent(-60, 60);
  const auto check = [&](auto format, const qmath::scheme& how) {
    using F = decltype(format);
    std::size_t beyond = 0;
    for (int i = 0; i < 20000; ++i) {
      const float range = std::ldexp(1.0f, exponent(random));
      const std::vector<float> x = {range * number(random), range * number(random)};
      std::vector<F> codes(2);
      std::vector<float> back(2);
      const qmath::affine_params own = qmath::dynamic_quantize(x, codes, how);
      qmath::dequantize(codes, own, back);
      for (std::size_t k = 0; k < 2; ++k) {
        const double error = static_cast<double>(x[k]) - static_cast<double>(back[k]);
        if (std::abs(error) > 0.51 * static_cast<double>(own.scale)) ++beyond;
      }
      if (how.symmetric) {
        counts = {};
        qmath::quantize(x, own, codes, {.counts = &counts});
        CHECK(counts == qmath::clip_counts{});
      }
    }
    CHECK(beyond == 0);
  };
  for (const qmath::scheme& how : {qmath::affine, qmath::symmetric}) {
    check(std::int8_t{}, how);
    check(std::uint8_t{}, how);
    check(std::int16_t{}, how);
    check(std::uint16_t{}, how);
  }
}

TEST_CASE("dynamic_quantize: both names of a framework") {
  const std::vector<float> x = {-1.0f, 0.25f, 3.0f, -0.7f};
  std::vector<std::uint8_t> q(4), expected(4);
  const qmath::affine_params p = qmath::dynamic_quantize(
      x, q, {.rules = qmath::numerics::params::pytorch}, {.rules = qmath::numerics::pytorch});
  const qmath::affine_params own = qmath::choose_params<std::uint8_t>(
      qmath::min_max(x), {.rules = qmath::numerics::params::pytorch});
  qmath::quantize(x, own, expected, {.rules = qmath::numerics::pytorch});
  CHECK(p == own);
  CHECK(q == expected);
  static_assert(qmath::numerics::onnx == qmath::numerics::standard);
  static_assert(qmath::numerics::params::onnx == qmath::numerics::params::standard);
}
