// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Fixed-point parameters for many channels are those that the convention gives for each of them.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <qmath/qmath.hpp>
#include <random>
#include <string>
#include <vector>

#include "support/contract.hpp"
#include "support/targets.hpp"

namespace fixed_point = qmath::fixed_point;
using qmath::fixed_point_multiplier;
using qmath::fixed_point_rule;

namespace {

using multipliers = std::vector<fixed_point_multiplier>;

constexpr auto double_rounding = fixed_point_rule::double_rounding;
constexpr auto single_rounding = fixed_point_rule::single_rounding;

// From those that become 0 to those that saturate.
template <class Real>
std::vector<Real> all_reals() {
  std::mt19937 random(11);
  std::uniform_real_distribution<Real> significand(1, 2);
  std::vector<Real> reals;
  for (int exponent = -45; exponent <= 40; ++exponent) {
    for (int i = 0; i < 20; ++i) reals.push_back(std::ldexp(significand(random), exponent));
  }
  return reals;
}

constexpr bool for_channels_is_constexpr() {
  const float scales[] = {0.5f, 0.75f};
  const double reals[] = {0.25, 0.1};
  fixed_point_multiplier m[2], n[2];
  const auto layout = qmath::per_column(2);
  const auto p =
      fixed_point::for_channels(fixed_point::rndnu, 0.25f, scales, 0.5f, m, layout, 3, -4);
  const auto q = fixed_point::for_channels(fixed_point::tflite_double_rounding, reals, n, layout);
  return m[0] == fixed_point::rndnu(0.25f).multiplier &&
         m[1] == fixed_point::rndnu(0.375f).multiplier && p.rule == single_rounding &&
         p.zero_point == 3 && p.input_zero_point == -4 && p.layout == layout &&
         p.multipliers.data() == m && p.multipliers.size() == 2 && q.rule == double_rounding &&
         n[1] == fixed_point::tflite_double_rounding(0.1).multiplier;
}
static_assert(for_channels_is_constexpr());

}  // namespace

TEST_CASE("fixed point: for_channels is the convention for each channel") {
  const auto check = [](auto convention, const auto& reals, fixed_point_rule rule) {
    multipliers m(reals.size());
    const auto layout = qmath::per_column(reals.size());
    const qmath::channel_fixed_point_params p =
        fixed_point::for_channels(convention, reals, m, layout, 7, -8);
    CHECK(p.multipliers.data() == m.data());
    CHECK(p.multipliers.size() == m.size());
    CHECK(p.layout == layout);
    CHECK(p.rule == rule);
    CHECK(p.zero_point == 7);
    CHECK(p.input_zero_point == -8);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < m.size(); ++i) {
      if (m[i] != convention(reals[i], 0, 0).multiplier) ++wrong;
    }
    CHECK(wrong == 0);
  };
  const std::vector<double> doubles = all_reals<double>();
  const std::vector<float> floats = all_reals<float>();
  check(&fixed_point::tflite_double_rounding, doubles, double_rounding);
  check(&fixed_point::tflite_single_rounding, doubles, single_rounding);
  check(&fixed_point::rndnu, floats, single_rounding);
  check(&fixed_point::fbgemm_fixed, floats, single_rounding);
  // One of one's own.
  const auto nearest_power = +[](double m, std::int32_t z, std::int32_t z_in) {
    return fixed_point::power_of_two(fixed_point::power_of_two_shift(m), z, z_in);
  };
  check(nearest_power, doubles, single_rounding);
}

TEST_CASE(
    "fixed point: for_channels computes M in the type of the convention, from left to right") {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> significand(1.0f, 2.0f);
  std::uniform_int_distribution<int> exponent(-20, 4);
  const auto scale = [&] { return std::ldexp(significand(random), exponent(random)); };
  std::size_t wrong = 0, order_matters = 0, type_matters = 0;
  for (int i = 0; i < 5000; ++i) {
    const float a = scale(), out = scale();
    const std::vector<float> b = {scale(), scale(), scale()};
    multipliers in_double(3), in_float(3);
    const auto layout = qmath::per_row(3, 5);
    fixed_point::for_channels(fixed_point::tflite_double_rounding, a, b, out, in_double, layout);
    fixed_point::for_channels(fixed_point::rndnu, a, b, out, in_float, layout);
    for (std::size_t k = 0; k < 3; ++k) {
      // LiteRT, kernels/kernel_util.cc; XNNPACK, src/operators/convolution-nhwc.c
      const double m =
          static_cast<double>(a) * static_cast<double>(b[k]) / static_cast<double>(out);
      volatile float product = a * b[k], quotient = product / out;
      volatile float other = b[k] / out, other_order = a * other;
      if (in_double[k] != fixed_point::tflite_double_rounding(m).multiplier) ++wrong;
      if (in_float[k] != fixed_point::rndnu(quotient).multiplier) ++wrong;
      if (other_order != quotient) ++order_matters;
      if (static_cast<float>(m) != quotient) ++type_matters;
    }
  }
  CHECK(wrong == 0);
  CHECK(order_matters > 1000);
  CHECK(type_matters > 1000);
  // Scales of codes.
  multipliers m(1);
  const std::vector<float> in = {0.3f};
  fixed_point::for_channels(fixed_point::rndnu, 1.0f, in, 0.7f, m, qmath::per_tensor(9));
  CHECK(m[0] == fixed_point::rndnu(0.3f / 0.7f).multiplier);
}

TEST_CASE("fixed point: for_channels and requantize") {
  const std::vector<std::int32_t> acc = {-254, 254, -6, 6, 1, 1};
  const std::vector<double> reals = {0.25, 0.5};
  multipliers m(2);
  std::vector<std::int8_t> q(6), expected(6);
  const auto p = fixed_point::for_channels(fixed_point::tflite_double_rounding, reals, m,
                                           qmath::per_column(2), 1);
  for (std::size_t i = 0; i < 6; ++i) {
    qmath::requantize(std::span(acc).subspan(i, 1),
                      fixed_point::tflite_double_rounding(reals[i % 2], 1),
                      std::span(expected).subspan(i, 1));
  }
  support::for_each_target([&] {
    qmath::requantize(acc, p, q);
    CHECK(q == expected);
  });
  CHECK(expected[0] == -63);  // with one rounding -62: the rule has been passed on
}

TEST_CASE("fixed point: for_channels, broken preconditions") {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::string start = "qmath::fixed_point::for_channels: ";
  const std::vector<double> reals = {0.5, 0.25, 0.125};
  const std::vector<float> scales = {0.5f, 0.25f, 0.125f};
  const auto layout = qmath::per_column(3);
  multipliers m(4, {77, 7});
  const auto nothing = [](const qmath::channel_fixed_point_params& p) {
    CHECK(p.multipliers.empty());
    CHECK(p.layout == qmath::granularity{});
    CHECK(p.rule == single_rounding);
    CHECK(p.zero_point == 0);
    CHECK(p.input_zero_point == 0);
  };
  const auto from_reals = [&](const std::string& end, std::span<const double> r, std::size_t n,
                              const qmath::granularity& g) {
    support::refused(start + end, m, [&](auto& out) {
      nothing(fixed_point::for_channels(fixed_point::tflite_double_rounding, r,
                                        std::span(out).first(n), g, 3, 4));
    });
  };
  from_reals("multipliers.size() is 4, but reals.size() is 3", reals, 4, layout);
  from_reals("multipliers.size() is 2, but reals.size() is 3", reals, 2, layout);
  from_reals("reals.size() is 3, but layout.count() is 2", reals, 3, qmath::per_column(2));
  from_reals("layout.block_cols is 0, must be at least 1 (the size of groups or blocks)", reals, 3,
             qmath::per_group(1, 3, 0));
  from_reals("axis is 4, must be less than the number of dimensions, 2", reals, 3,
             qmath::per_channel({3, 4}, 4));
  from_reals("reals has no data", {static_cast<const double*>(nullptr), 3}, 3, layout);
  for (std::size_t i = 0; i < 3; ++i) {
    for (const double bad : {0.0, -1.0, static_cast<double>(inf)}) {
      std::vector<double> r = reals;
      r[i] = bad;
      from_reals("reals[" + std::to_string(i) + "] is " +
                     (bad == 0.0  ? "0"
                      : bad < 0.0 ? "-1"
                                  : "inf") +
                     ", must be finite and > 0",
                 r, 3, layout);
    }
  }
  {
    support::contract_log log;
    nothing(fixed_point::for_channels(
        fixed_point::rndnu, scales,
        std::span<fixed_point_multiplier>(static_cast<fixed_point_multiplier*>(nullptr), 3),
        layout));
    CHECK(log.take() == start + "multipliers has no data");
  }
  std::array<double, 3> memory = {0.5, 0.25, 0.125};
  support::refused(
      start + "argument multipliers overlaps reals, its bytes 0 to 7 are bytes 8 to 15 there",
      memory, [&](auto& both) {
        nothing(fixed_point::for_channels(
            fixed_point::tflite_single_rounding, std::span<const double>(both).first(2),
            std::span(reinterpret_cast<fixed_point_multiplier*>(&both[1]), 2),
            qmath::per_column(2)));
      });

  const auto from_scales = [&](const std::string& end, float a, std::span<const float> b,
                               float out) {
    support::refused(start + end, m, [&](auto& all) {
      nothing(fixed_point::for_channels(fixed_point::rndnu, a, b, out, std::span(all).first(3),
                                        qmath::per_column(b.size())));
    });
  };
  const std::string valid = ", must be finite and > 0";
  from_scales("multipliers.size() is 3, but scales_b.size() is 2", 1.0f, std::span(scales).first(2),
              1.0f);
  from_scales("scale_a is 0" + valid, 0.0f, scales, 1.0f);
  from_scales("scale_out is -2" + valid, 1.0f, scales, -2.0f);
  from_scales("scale_a is nan" + valid, nan, scales, inf);
  std::vector<float> bad = scales;
  bad[2] = inf;
  from_scales("scales_b[2] is inf" + valid, 1.0f, bad, 1.0f);
  // Each is valid, but their ratio is no float.
  bad[2] = 1e30f;
  from_scales("scale_a * scales_b[2] / scale_out is inf" + valid, 1e10f, bad, 1e5f);
  bad[2] = 0.125f, bad[1] = 1e-30f;
  from_scales("scale_a * scales_b[1] / scale_out is 0" + valid, 1e-20f, bad, 1.0f);
  // In double they are.
  multipliers three(3);
  fixed_point::for_channels(fixed_point::tflite_double_rounding, 1e-20f, bad, 1.0f, three, layout);
  CHECK(three[1] == fixed_point_multiplier{});

  // No channels.
  support::contract_log log;
  const auto none = fixed_point::for_channels(
      fixed_point::tflite_double_rounding, std::span<const double>(), {}, qmath::per_column(0), 5);
  CHECK(none.rule == double_rounding);
  CHECK(none.zero_point == 5);
  CHECK(log.take() == "");
}

#if defined(__SSE__)
TEST_CASE("fixed point: for_channels does not depend on the caller's floating-point environment") {
  const float a = 0.7f, out = 0.3f, tiny = 0x1p-130f;
  const std::vector<float> b = {0.1f, 0.9f, tiny};
  multipliers usual(3), own(3);
  const auto fill = [&](multipliers& m) {
    fixed_point::for_channels(fixed_point::rndnu, a, b, out, m, qmath::per_column(3));
    fixed_point::for_channels(fixed_point::tflite_double_rounding, a, b, out, std::span(m).first(3),
                              qmath::per_column(3));
  };
  support::contract_log log;
  fill(usual);
  const unsigned before = __builtin_ia32_stmxcsr();
  // Subnormals are zero, rounding toward +infinity.
  __builtin_ia32_ldmxcsr((before & ~0x6000u) | 0x8040u | 0x4000u);
  fill(own);
  __builtin_ia32_ldmxcsr(before);
  CHECK(own == usual);
  CHECK(log.take() == "");
}
#endif

TEST_CASE("fixed point: columns whose shifts are all from 32, as the reference") {
  constexpr std::size_t cols = 37, rows = 9;
  std::vector<qmath::fixed_point_multiplier> multipliers(cols);
  for (std::size_t c = 0; c < cols; ++c) {
    multipliers[c] = {(1 << 30) + static_cast<std::int32_t>(c * 12345677),
                      34 + static_cast<std::int32_t>(c % 9)};
  }
  std::vector<std::int32_t> acc(rows * cols);
  for (std::size_t i = 0; i < acc.size(); ++i) {
    acc[i] = static_cast<std::int32_t>(i * 2654435761u) >> (12 + i % 13);
  }
  std::vector<std::int8_t> want(acc.size()), got(acc.size());
  for (const qmath::fixed_point_rule rule :
       {qmath::fixed_point_rule::single_rounding, qmath::fixed_point_rule::double_rounding}) {
    const qmath::channel_fixed_point_params p{multipliers, qmath::per_column(cols), rule, 3};
    qmath::reference::requantize<std::int8_t>(std::span<const std::int32_t>(acc), p,
                                              std::span(want));
    support::for_each_target([&] {
      qmath::requantize(std::span<const std::int32_t>(acc), p, got);
      CHECK(got == want);
    });
  }
}
