// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// quantize and fake_quantize equal the reference, bit for bit, on every CPU target.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <qmath/qmath.hpp>

#include "support/formats.hpp"
#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using qmath::bfloat16;
using qmath::bit_order;
using qmath::half;
using support::coded;
using support::format_of;
using support::guard;
using support::guarded;
using support::packed;

namespace {

constexpr qmath::rounding roundings[] = {
    qmath::rounding::nearest_even, qmath::rounding::half_away, qmath::rounding::half_up,
    qmath::rounding::toward_zero,  qmath::rounding::floor,     qmath::rounding::stochastic};

template <class F>
std::vector<std::int32_t> zero_points() {
  const auto [lo, hi] = qmath::full_range<F>();
  if (hi == std::numeric_limits<std::int32_t>::max()) return {0};
  return {lo, lo + 1, (lo + hi) / 2 | 1, hi};
}

// Numbers that ask a question of a scale, with all the ties of a short format and some of a long one.
std::vector<float> numbers(float scale, qmath::code_range codes) {
  std::vector<float> x = support::questions(scale);
  const double width = static_cast<double>(codes.max) - codes.min;
  for (int i = -300; i <= 300; ++i) {
    const double steps = std::floor(width * i / 250.0);
    for (const double part : {0.0, 0.25, 0.5, 0.75}) {
      const auto v = static_cast<float>((steps + part) * static_cast<double>(scale));
      x.push_back(v);
      x.push_back(std::nextafter(v, 1e38f));
      x.push_back(std::nextafter(v, -1e38f));
    }
  }
  const std::vector<float> any = support::any_floats(300, 5);
  x.insert(x.end(), any.begin(), any.end());
  return x;
}

// quantize and fake_quantize of one array with these parameters and options on every target.
template <class T, class X, class Params>
void check_job(const std::vector<X>& values, const Params& p, qmath::quantize_options options,
               guard side = guard::behind) {
  using F = format_of<T>;
  const std::size_t n = values.size();
  const guarded<X> x(values, side);
  const std::span<const X> in = x.span();
  coded<T> want(n), got(n, side);
  want.fill(0);
  qmath::clip_counts want_counts, got_counts;
  const bool count = options.counts != nullptr;
  if (count) options.counts = &want_counts;
  qmath::reference::quantize<F>(in, p, want.span(), options);
  std::vector<float> want_fake(n);
  qmath::reference::fake_quantize<F>(in, p, std::span(want_fake), options);
  const guarded<float> fake(n, side);
  support::for_each_target([&] {
    if (count) options.counts = &got_counts;
    got_counts = {};
    got.fill(0x55);
    qmath::quantize(in, p, got.span(), options);
    support::check_same(want, got, n);
    qmath::fake_quantize<F>(in, p, fake.span(), options);
    CHECK((n == 0 || std::memcmp(fake.data(), want_fake.data(), n * sizeof(float)) == 0));
    CHECK(fake.intact());
    CHECK(got_counts == want_counts);
  });
}

template <class F>
qmath::channel_params channels(const qmath::granularity& layout, std::vector<float>& scales,
                               std::vector<std::int32_t>& zero_points, bool with_zero_points,
                               bool only_usual) {
  const std::vector<float> all = support::scales();
  const auto [lo, hi] = qmath::full_range<F>();
  const bool wide = hi == std::numeric_limits<std::int32_t>::max();
  scales.resize(layout.count());
  zero_points.resize(layout.count());
  for (std::size_t c = 0; c < scales.size(); ++c) {
    scales[c] = only_usual ? 0.05f + 0.001f * static_cast<float>(c % 50) : all[c % all.size()];
    zero_points[c] =
        wide ? 0 : lo + static_cast<std::int32_t>(c * 37 % (static_cast<std::size_t>(hi - lo) + 1));
  }
  qmath::channel_params p{scales, {}, layout};
  if (with_zero_points) p.zero_points = zero_points;
  return p;
}

}  // namespace

#define ALL_FORMATS                                                                      \
  std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,                  \
      packed<qmath::s4, bit_order::first_low>, packed<qmath::u4, bit_order::first_high>, \
      packed<qmath::s4, bit_order::first_high>, packed<qmath::u4, bit_order::first_low>, \
      packed<qmath::s2, bit_order::first_low>, packed<qmath::u2, bit_order::first_high>

TEST_CASE_TEMPLATE("quantize: every question of every scale and zero point, by default", T,
                   ALL_FORMATS) {
  using F = format_of<T>;
  for (const float scale : support::scales()) {
    CAPTURE(scale);
    const std::vector<float> x = numbers(scale, qmath::full_range<F>());
    for (const std::int32_t z : zero_points<F>()) {
      CAPTURE(z);
      check_job<T>(x, qmath::affine_params{scale, z}, {});
    }
  }
}

TEST_CASE_TEMPLATE("quantize: every rounding and rule", T, ALL_FORMATS) {
  using F = format_of<T>;
  qmath::clip_counts counts;
  unsigned turn = 0;
  for (const float scale :
       {0.05f, 1.0f, 0.00214854861f, 0x1p-140f, 0x1p127f, 3e-39f, 0x1.fffffep-64f, 0x1.fffffep0f}) {
    CAPTURE(scale);
    const std::vector<float> x = numbers(scale, qmath::full_range<F>());
    for (const std::int32_t z : zero_points<F>()) {
      CAPTURE(z);
      for (const qmath::rounding round : roundings) {
        CAPTURE(static_cast<int>(round));
        for (const auto quotient :
             {qmath::quotient_rule::divide, qmath::quotient_rule::reciprocal}) {
          // The rest in turns: each is met with every rounding.
          ++turn;
          qmath::quantize_options options;
          options.rules = {quotient, round, qmath::zero_point_rule(turn / 3 % 2),
                           qmath::nan_rule(turn % 3)};
          options.random = {turn * 77u, turn, turn * 1001u};
          if (turn % 5 == 0) options.codes = qmath::narrow_range<F>();
          if (turn % 5 == 1) options.codes = qmath::reduced_range<F>();
          if (turn % 7 < 3) options.counts = &counts;
          check_job<T>(x, qmath::affine_params{scale, z}, options);
        }
      }
    }
  }
}

TEST_CASE_TEMPLATE("quantize: every size, nothing touched outside", T, ALL_FORMATS) {
  const qmath::affine_params p{0.5f, std::is_same_v<T, std::int32_t> ? 0 : 1};
  std::vector<std::size_t> sizes = support::sizes();
  for (const std::size_t n : {511u, 512u, 513u, 1024u, 1025u, 1601u}) sizes.push_back(n);
  qmath::clip_counts counts;
  for (const std::size_t n : sizes) {
    CAPTURE(n);
    for (const guard side : {guard::behind, guard::before}) {
      const std::vector<float> x = support::floats_near(p.scale, n, 7);
      check_job<T>(x, p, {}, side);
      check_job<T>(support::real_numbers<half>(x), p, {}, side);
      check_job<T>(support::real_numbers<bfloat16>(x), p, {}, side);
      check_job<T>(x, p, {.rules = {.round = qmath::rounding::stochastic}, .random = {1, 2, n}},
                   side);
      check_job<T>(x, p, {.rules = {.round = qmath::rounding::floor}, .counts = &counts}, side);
    }
  }
}

TEST_CASE_TEMPLATE("quantize: every layout", T, ALL_FORMATS) {
  using F = format_of<T>;
  for (const support::named_layout& l : support::layouts()) {
    CAPTURE(l.name);
    for (const bool with_zero_points : {false, true}) {
      for (const bool only_usual : {false, true}) {
        std::vector<float> scales;
        std::vector<std::int32_t> zero_points;
        const qmath::channel_params p =
            channels<F>(l.layout, scales, zero_points, with_zero_points, only_usual);
        std::vector<float> x(l.n);
        for (std::size_t i = 0; i < l.n; ++i) {
          const float scale = scales[l.layout.index(i)];
          const std::vector<float> near =
              support::floats_near(scale, 1, static_cast<std::uint32_t>(i));
          x[i] = i % 50 == 3   ? std::numeric_limits<float>::infinity()
                 : i % 50 == 5 ? std::numeric_limits<float>::quiet_NaN()
                 : i % 3 == 0  ? scale * (static_cast<float>(i % 31) - 15.5f)
                               : near[0];
        }
        check_job<T>(x, p, {});
        check_job<T>(x, p, {.rules = {.round = qmath::rounding::stochastic}, .random = {9, 9, 9}});
        check_job<T>(x, p,
                     {.rules = {.quotient = qmath::quotient_rule::reciprocal,
                                .nan = qmath::nan_rule::highest}});
        check_job<T>(x, p, {.codes = qmath::narrow_range<F>()});
        check_job<T>(x, p, {.codes = qmath::reduced_range<F>()});
        check_job<T>(support::real_numbers<half>(x), p, {});
        check_job<T>(support::real_numbers<bfloat16>(x), p, {});
      }
    }
  }
}

TEST_CASE_TEMPLATE("quantize: 16-bit real numbers, all of them", X, half, bfloat16) {
  std::vector<X> x(65536);
  for (std::size_t i = 0; i < x.size(); ++i) x[i].bits = static_cast<std::uint16_t>(i);
  for (const float scale : {0.05f, 0x1p-24f, 100.0f, 0x1p-133f}) {
    check_job<std::int8_t>(x, qmath::affine_params{scale, 3}, {});
    check_job<std::uint8_t>(x, qmath::affine_params{scale, 128}, {});
    check_job<std::int16_t>(x, qmath::affine_params{scale, -7}, {});
  }
}

TEST_CASE("quantize: what the contract says of special values") {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x = {nan, -nan, inf, -inf, 0.0f, -0.0f, 0.5f, 1.5f, -0.5f, -1.5f, 1e38f};
  const std::vector<std::int8_t> want = {-128, -128, 127, -128, 5, 5, 5, 7, 5, 3, 127};
  std::vector<std::int8_t> got(x.size());
  support::for_each_target([&] {
    qmath::quantize(x, {1.0f, 5}, got);
    CHECK(got == want);
    qmath::clip_counts counts;
    qmath::quantize(x, {1.0f, 5}, got,
                    {.rules = {.nan = qmath::nan_rule::zero_point}, .counts = &counts});
    CHECK(got[0] == 5);
    CHECK(counts == qmath::clip_counts{1, 2, 2, 2});
    qmath::quantize(x, {1.0f, 5}, got,
                    {.rules = {.nan = qmath::nan_rule::highest}, .counts = &counts});
    CHECK(got[0] == 127);
    CHECK(counts == qmath::clip_counts{2, 4, 4, 4});
  });
}

TEST_CASE("quantize: the table of rounding.hpp") {
  const std::vector<float> x = {-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f, 2.7f};
  const std::vector<std::int8_t> want[] = {{-2, -2, 0, 0, 2, 2, 3},
                                           {-3, -2, -1, 1, 2, 3, 3},
                                           {-2, -1, 0, 1, 2, 3, 3},
                                           {-2, -1, 0, 0, 1, 2, 2},
                                           {-3, -2, -1, 0, 1, 2, 2}};
  std::vector<std::int8_t> got(x.size());
  support::for_each_target([&] {
    for (std::size_t i = 0; i < std::size(want); ++i) {
      qmath::quantize(x, {1.0f, 0}, got, {.rules = {.round = roundings[i]}});
      CHECK(got == want[i]);
    }
  });
}

// The quotient's own counter-example: x * (1 / s) gives 127.5, which rounds to 128; x / s gives
// 127.499992, which rounds to 127 (research note of FBGEMM, QuantUtils.h).
TEST_CASE("quantize: divides, unless asked to multiply by a rounded reciprocal") {
  const float x = 0.273939937f, scale = 0.00214854861f;
  REQUIRE(x * (1.0f / scale) == 127.5f);
  support::for_each_target([&] {
    std::vector<std::uint8_t> q(70);
    qmath::quantize(std::vector<float>(q.size(), x), {scale, 0}, q);
    CHECK(q == std::vector<std::uint8_t>(q.size(), 127));
    qmath::quantize(std::vector<float>(q.size(), x), {scale, 0}, q,
                    {.rules = {.quotient = qmath::quotient_rule::reciprocal}});
    CHECK(q == std::vector<std::uint8_t>(q.size(), 128));
  });
}

TEST_CASE("fake_quantize: in place, and from one type to another") {
  const std::vector<float> x = support::floats_near(0.1f, 1333, 21);
  const qmath::affine_params p{0.1f, -3};
  std::vector<float> want(x.size());
  qmath::reference::fake_quantize<qmath::s4>(std::span<const float>(x), p, std::span(want));
  support::for_each_target([&] {
    std::vector<float> y = x;
    qmath::fake_quantize<qmath::s4>(y, p, y);
    CHECK(y == want);
    std::vector<half> h(x.size());
    qmath::fake_quantize<qmath::s4>(x, p, h);
    CHECK(h == support::real_numbers<half>(want));
    std::vector<bfloat16> b = support::real_numbers<bfloat16>(x);
    std::vector<bfloat16> want_b(b.size());
    qmath::reference::fake_quantize<std::uint8_t>(std::span<const bfloat16>(b),
                                                  qmath::affine_params{0.1f, 9}, std::span(want_b));
    qmath::fake_quantize<std::uint8_t>(b, {0.1f, 9}, b);
    CHECK(b == want_b);
  });
}

TEST_CASE("quantize: any chunking gives the same result") {
  const std::vector<float> x = support::any_floats(5000, 3);
  std::vector<std::int8_t> whole(x.size()), parts(x.size());
  for (const qmath::rounding round : roundings) {
    qmath::quantize_options options{.rules = {.round = round}, .random = {5, 6, 70}};
    qmath::quantize(x, {0.1f, -7}, whole, options);
    support::for_each_target([&] {
      for (std::size_t i = 0, step = 1; i < x.size(); i += step, step = step * 3 % 671 + 1) {
        const std::size_t n = std::min(step, x.size() - i);
        options.random.offset = 70 + i;
        qmath::quantize(std::span(x).subspan(i, n), {0.1f, -7}, std::span(parts).subspan(i, n),
                        options);
      }
      CHECK(parts == whole);
    });
  }
}

TEST_CASE("quantize: the one quotient that two terms get wrong at a tie") {
  // 2^e / s is above a half by so little that fma(x, r, x * r2) is a half: detail/quotient.hpp.
  for (const int e : {-40, -1, 0, 7}) {
    const float s = std::ldexp(0x1.fffffep0f, e);
    const std::vector<float> x(70, std::ldexp(1.0f, e));
    REQUIRE(qmath::reference::rounded(x[0] / s) > 0.5f);
    const std::vector<float> scales(7, s);
    support::for_each_target([&] {
      std::vector<std::int8_t> q(70), groups(70), columns(70);
      qmath::quantize(x, {s, 0}, q);
      qmath::quantize(x, {scales, {}, qmath::per_group(1, 70, 10)}, groups);
      qmath::quantize(x, {scales, {}, qmath::per_column(7)}, columns);
      CHECK(q == std::vector<std::int8_t>(70, 1));
      CHECK(groups == q);
      CHECK(columns == q);
    });
  }
}

// Where quotients have fewer bits than a float has, or none, and a rounding can tell.
TEST_CASE_TEMPLATE("quantize: floor of what is nearly 0", T, std::int8_t, std::int16_t) {
  const qmath::quantize_options floor{.rules = {.round = qmath::rounding::floor}};
  for (const float k : {1.0f, 3.0f, 5.0f, 100.0f}) {
    // x / scale is a little more than half of the smallest float, or just that.
    const std::vector<float> x(70, -k * 0x1p-149f);
    for (const float scale : {std::nextafter(2.0f * k, 0.0f), 2.0f * k}) {
      CAPTURE(scale);
      check_job<T>(x, qmath::affine_params{scale, 0}, floor);
    }
  }
}
