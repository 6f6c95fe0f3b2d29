// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Fixed-point multipliers and their products are those of the frameworks they are named after, whose code is
// written down here.
#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <qmath/qmath.hpp>
#include <random>

#include "support/contract.hpp"
#include "support/targets.hpp"

namespace fixed_point = qmath::fixed_point;
using qmath::fixed_point_multiplier;
using qmath::fixed_point_params;
using qmath::fixed_point_rule;
using qmath::power_of_two_choice;

namespace {

constexpr std::int32_t s32_min = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t s32_max = std::numeric_limits<std::int32_t>::max();

// ---- The frameworks ------------------------------------------------------------------------------

namespace tflite {

struct multiplier {
  std::int32_t quantized;
  int shift;
};

// QuantizeMultiplier, tensorflow/lite/kernels/internal/quantization_util.cc
multiplier quantize_multiplier(double real, bool single_rounding) {
  if (real == 0.0) return {0, 0};
  int shift = 0;
  const double q = std::frexp(real, &shift);
  auto q_fixed = static_cast<std::int64_t>(std::round(q * 2147483648.0));
  if (q_fixed == (1LL << 31)) {
    q_fixed /= 2;
    ++shift;
  }
  if (shift < -31) {
    shift = 0;
    q_fixed = 0;
  }
  if (single_rounding && shift > 30) {
    shift = 30;
    q_fixed = (1LL << 31) - 1;
  }
  return {static_cast<std::int32_t>(q_fixed), shift};
}

// gemmlowp/fixedpoint/fixedpoint.h
std::int32_t saturating_rounding_doubling_high_mul(std::int32_t a, std::int32_t b) {
  if (a == b && a == s32_min) return s32_max;
  const std::int64_t ab = static_cast<std::int64_t>(a) * b;
  const std::int32_t nudge = ab >= 0 ? (1 << 30) : (1 - (1 << 30));
  return static_cast<std::int32_t>((ab + nudge) / (1LL << 31));
}

std::int32_t rounding_divide_by_pot(std::int32_t x, int exponent) {
  const auto mask = static_cast<std::int32_t>((1LL << exponent) - 1);
  const std::int32_t remainder = x & mask;
  const std::int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

// MultiplyByQuantizedMultiplier, tensorflow/lite/kernels/internal/common.cc. Whether it is defined for x.
bool is_defined(std::int32_t x, multiplier m, bool single_rounding) {
  const std::int64_t left = m.shift > 0 ? m.shift : 0;
  if (single_rounding) {
    const double y = static_cast<double>(x) * m.quantized * std::ldexp(1.0, m.shift - 31);
    return std::abs(y) < 2147483000.0;
  }
  if (left > 31) return false;
  const std::int64_t shifted = static_cast<std::int64_t>(x) * (1LL << left);
  return shifted >= s32_min && shifted <= s32_max;
}

std::int32_t multiply_double_rounding(std::int32_t x, multiplier m) {
  const int left = m.shift > 0 ? m.shift : 0, right = m.shift > 0 ? 0 : -m.shift;
  const auto shifted = static_cast<std::int32_t>(static_cast<std::int64_t>(x) * (1LL << left));
  return rounding_divide_by_pot(saturating_rounding_doubling_high_mul(shifted, m.quantized), right);
}

std::int32_t multiply_single_rounding(std::int32_t x, multiplier m) {
  const int total = 31 - m.shift;
  const std::int64_t round = 1LL << (total - 1);
  return static_cast<std::int32_t>((static_cast<std::int64_t>(x) * m.quantized + round) >> total);
}

}  // namespace tflite

// XNNPACK/src/xnnpack/requantization.h, before the clamp
std::int64_t xnn_rndnu(std::int32_t acc, float scale) {
  const auto bits = std::bit_cast<std::uint32_t>(scale);
  const auto multiplier = static_cast<std::int32_t>((bits & 0x007FFFFF) | 0x00800000);
  const std::uint32_t shift = 127 + 23 - (bits >> 23);
  const std::int64_t rounding = 1LL << (shift - 1);
  return (static_cast<std::int64_t>(acc) * multiplier + rounding) >> shift;
}

namespace fbgemm {

// ChooseRequantizationMultiplier, FBGEMM/src/QuantUtils.cc
fixed_point_multiplier choose_requantization_multiplier(float real) {
  int s = 31;
  while (real < 0.5f) {
    real *= 2.f;
    ++s;
  }
  while (real > 1.f) {
    real /= 2.f;
    --s;
  }
  auto q = static_cast<std::int64_t>(std::nearbyint(real * 2147483648.0f));
  if (q == (1LL << 31)) {
    q /= 2;
    --s;
  }
  return {static_cast<std::int32_t>(q), s};
}

// SaturatingRoundingMulWithShift
std::int64_t multiply(std::int32_t a, fixed_point_multiplier m) {
  const std::int64_t nudge = 1LL << (m.shift - 1);
  return (static_cast<std::int64_t>(a) * m.multiplier + nudge) >> m.shift;
}

}  // namespace fbgemm

// ---- Numbers -------------------------------------------------------------------------------------

std::int64_t product(std::int32_t acc, const fixed_point_params& p) {
  return qmath::reference::multiply_fixed_point(acc, p.multiplier, p.rule);
}

// Multipliers from 2^lowest to 2^highest: powers of two, their neighbours, random ones.
std::vector<double> real_multipliers(int lowest, int highest) {
  std::vector<double> all;
  std::mt19937_64 random(1);
  for (int e = lowest; e < highest; ++e) {
    const double power = std::ldexp(1.0, e);
    all.insert(all.end(),
               {power, std::nextafter(power, 2 * power), power * 1.5, power * 0x1.ffffffffp0,
                power * 0x1.fffffffcp0, power * 0x1.fffffffep0, power * 0x1.fffffffdp0,
                std::nextafter(2 * power, 0.0), power * (1 + 0x1p-31), power * (1 + 0x3p-31),
                power * (1 + 0x1p-31 + 0x1p-52)});
    for (int i = 0; i < 20; ++i) {
      all.push_back(power * (1.0 + static_cast<double>(random() >> 12) * 0x1p-52));
    }
  }
  return all;
}

std::vector<float> float_multipliers(int lowest, int highest) {
  std::vector<float> all;
  for (const double m : real_multipliers(lowest, highest - 1)) all.push_back(static_cast<float>(m));
  return all;
}

std::vector<std::int32_t> accumulators() {
  std::vector<std::int32_t> all = {s32_min, s32_min + 1, s32_max, s32_max - 1};
  for (int i = -300; i <= 300; ++i) all.push_back(i);
  std::mt19937 random(2);
  for (int bits = 10; bits <= 32; ++bits) {
    for (int i = 0; i < 20; ++i) {
      all.push_back(static_cast<std::int32_t>(random()) >> (32 - bits));
    }
  }
  return all;
}

// ---- Constants -----------------------------------------------------------------------------------

constexpr auto double_rounding = fixed_point_rule::double_rounding;
constexpr auto single_rounding = fixed_point_rule::single_rounding;
constexpr std::int32_t top = 1 << 30;

static_assert(fixed_point::tflite_double_rounding(1.0) ==
              fixed_point_params{{top, 30}, double_rounding});
static_assert(fixed_point::tflite_double_rounding(0.25, 3, -4) ==
              fixed_point_params{{top, 32}, double_rounding, 3, -4});
static_assert(fixed_point::tflite_double_rounding(0.1).multiplier ==
              fixed_point_multiplier{1717986918, 34});
static_assert(fixed_point::tflite_single_rounding(0.1, 1, 2) ==
              fixed_point_params{{1717986918, 34}, single_rounding, 1, 2});
// Rounded up to the next power of two.
static_assert(fixed_point::tflite_double_rounding(0x1.ffffffffffp-1).multiplier ==
              fixed_point_multiplier{top, 30});
static_assert(fixed_point::rndnu(0.5f, 1, 2) ==
              fixed_point_params{{1 << 23, 24}, single_rounding, 1, 2});
static_assert(fixed_point::rndnu(1.5f).multiplier == fixed_point_multiplier{3 << 22, 23});
static_assert(fixed_point::fbgemm_fixed(1.0f, 1, 2) ==
              fixed_point_params{{top, 30}, single_rounding, 1, 2});
static_assert(fixed_point::fbgemm_fixed(0.75f).multiplier == fixed_point_multiplier{3 << 29, 31});
static_assert(fixed_point::power_of_two(7, 1, 2) ==
              fixed_point_params{{top, 37}, single_rounding, 1, 2});
static_assert(fixed_point::power_of_two(62).multiplier == fixed_point_multiplier{1, 62});
static_assert(fixed_point::power_of_two(-30).multiplier == fixed_point_multiplier{top, 0});
static_assert(fixed_point::power_of_two_shift(0.1) == 3);
static_assert(fixed_point::power_of_two_shift(0.1, power_of_two_choice::below) == 4);
static_assert(fixed_point::value({3, 1}) == 1.5);

}  // namespace

TEST_CASE("fixed point: TFLite's multipliers and products") {
  const std::vector<std::int32_t> acc = accumulators();
  for (const double m : real_multipliers(-34, 31)) {
    CAPTURE(m);
    for (const bool single : {false, true}) {
      const tflite::multiplier theirs = tflite::quantize_multiplier(m, single);
      const fixed_point_params ours =
          single ? fixed_point::tflite_single_rounding(m) : fixed_point::tflite_double_rounding(m);
      CHECK(ours.rule == (single ? single_rounding : double_rounding));
      if (theirs.shift > 31) {  // rounded up to 2^31
        CHECK(ours.multiplier == fixed_point_multiplier{s32_max, 0});
        continue;
      }
      CHECK(ours.multiplier.multiplier == theirs.quantized);
      if (theirs.quantized != 0) CHECK(ours.multiplier.shift == 31 - theirs.shift);
      bool same = true;
      for (const std::int32_t x : acc) {
        if (!tflite::is_defined(x, theirs, single)) continue;
        same = same && product(x, ours) == (single ? tflite::multiply_single_rounding(x, theirs)
                                                   : tflite::multiply_double_rounding(x, theirs));
      }
      CHECK(same);
    }
  }
}

TEST_CASE("fixed point: XNNPACK's rndnu") {
  const std::vector<std::int32_t> acc = accumulators();
  for (const float m : float_multipliers(-32, 8)) {
    CAPTURE(m);
    const fixed_point_params ours = fixed_point::rndnu(m);
    CHECK(ours.rule == single_rounding);
    CHECK(fixed_point::value(ours.multiplier) == static_cast<double>(m));
    bool same = true;
    for (const std::int32_t x : acc) same = same && product(x, ours) == xnn_rndnu(x, m);
    CHECK(same);
  }
}

TEST_CASE("fixed point: FBGEMM's multipliers and products") {
  const std::vector<std::int32_t> acc = accumulators();
  for (const float m : float_multipliers(-32, 30)) {
    CAPTURE(m);
    const fixed_point_params ours = fixed_point::fbgemm_fixed(m);
    CHECK(ours.rule == single_rounding);
    CHECK(ours.multiplier == fbgemm::choose_requantization_multiplier(m));
    CHECK(fixed_point::value(ours.multiplier) == static_cast<double>(m));
    bool same = true;
    for (const std::int32_t x : acc) {
      same = same && product(x, ours) == fbgemm::multiply(x, ours.multiplier) &&
             product(x, ours) == product(x, fixed_point::rndnu(m));
    }
    CHECK(same);
  }
}

TEST_CASE("fixed point: conventions differ at ties") {
  const auto all = [](std::int32_t acc, double m) {
    return std::array<std::int64_t, 5>{
        product(acc, fixed_point::tflite_double_rounding(m)),
        product(acc, fixed_point::tflite_single_rounding(m)),
        product(acc, fixed_point::rndnu(static_cast<float>(m))),
        product(acc, fixed_point::fbgemm_fixed(static_cast<float>(m))),
        product(acc, fixed_point::power_of_two(fixed_point::power_of_two_shift(m)))};
  };
  using answers = std::array<std::int64_t, 5>;
  CHECK(all(-254, 0.25) == answers{-64, -63, -63, -63, -63});
  CHECK(all(254, 0.25) == answers{64, 64, 64, 64, 64});
  CHECK(all(1, 0.25) == answers{1, 0, 0, 0, 0});  // 0.25 is rounded twice
  CHECK(all(-1, 0.5) == answers{0, 0, 0, 0, 0});
  CHECK(all(1, 0.5) == answers{1, 1, 1, 1, 1});
  // 5 * 0.1 is a tie for none of them: neither fraction is 0.1.
  CHECK(all(5, 0.1) == answers{1, 0, 1, 1, 1});
}

TEST_CASE("fixed point: too small and too large") {
  constexpr fixed_point_multiplier zero = {}, largest = {s32_max, 0};
  const float float_max = std::numeric_limits<float>::max();
  const double double_max = std::numeric_limits<double>::max();
  for (const double m : {0x1p-33, 0x1.fffffffp-33, 0x1p-1000, 0x1p-1074}) {
    CAPTURE(m);
    CHECK(fixed_point::tflite_double_rounding(m) == fixed_point_params{zero, double_rounding});
    CHECK(fixed_point::tflite_single_rounding(m) == fixed_point_params{zero, single_rounding});
  }
  for (const double m : {0x1p31, 0x1.8p40, double_max}) {
    CAPTURE(m);
    CHECK(fixed_point::tflite_double_rounding(m).multiplier == largest);
    CHECK(fixed_point::tflite_single_rounding(m).multiplier == fixed_point_multiplier{s32_max, 1});
    const auto f = static_cast<float>(m < 1e38 ? m : 1e38);
    CHECK(fixed_point::rndnu(f).multiplier == largest);
    CHECK(fixed_point::fbgemm_fixed(f).multiplier == largest);
  }
  CHECK(fixed_point::tflite_double_rounding(0x1p-32).multiplier == fixed_point_multiplier{top, 62});
  CHECK(fixed_point::tflite_double_rounding(0x1p30).multiplier == fixed_point_multiplier{top, 0});
  CHECK(fixed_point::tflite_single_rounding(0x1.8p30).multiplier ==
        fixed_point_multiplier{s32_max, 1});
  CHECK(fixed_point::tflite_single_rounding(0x1.8p29).multiplier ==
        fixed_point_multiplier{3 << 29, 1});
  CHECK(fixed_point::rndnu(0x1p-39f).multiplier == fixed_point_multiplier{1 << 23, 62});
  CHECK(fixed_point::rndnu(0x1.fffffep-40f).multiplier == zero);
  CHECK(fixed_point::rndnu(0x1p-149f).multiplier == zero);
  CHECK(fixed_point::rndnu(0x1.000002p23f).multiplier == fixed_point_multiplier{(1 << 23) + 1, 0});
  CHECK(fixed_point::rndnu(0x1.000002p24f).multiplier == fixed_point_multiplier{(1 << 24) + 2, 0});
  CHECK(fixed_point::rndnu(0x1.fffffep30f).multiplier == fixed_point_multiplier{0xFFFFFF << 7, 0});
  CHECK(fixed_point::rndnu(float_max).multiplier == largest);
  CHECK(fixed_point::fbgemm_fixed(0x1p-32f).multiplier == fixed_point_multiplier{top, 62});
  CHECK(fixed_point::fbgemm_fixed(0x1.fffffep-33f).multiplier == zero);
  CHECK(fixed_point::fbgemm_fixed(0x1p-149f).multiplier == zero);
  CHECK(fixed_point::fbgemm_fixed(0x1p30f).multiplier == fixed_point_multiplier{top, 0});
  CHECK(fixed_point::fbgemm_fixed(float_max).multiplier == largest);

  // All sums times a multiplier that is 0 here are less than 1/2 in reality.
  CHECK(0x1.fffffep-33 * 2147483648.0 < 0.5);
  // The others saturate.
  for (const std::int32_t acc : {1, -1, 1000, -1000, s32_max, s32_min}) {
    CAPTURE(acc);
    for (const fixed_point_params& p :
         {fixed_point::tflite_double_rounding(0x1p31), fixed_point::rndnu(float_max),
          fixed_point::fbgemm_fixed(float_max), fixed_point::tflite_single_rounding(double_max)}) {
      CHECK(qmath::reference::requantize(acc, p.multiplier, p.rule, 5, {-128, 127}) ==
            (acc < 0 ? -128 : 127));
    }
  }
}

TEST_CASE("fixed point: powers of two") {
  for (std::int32_t shift = -30; shift <= 62; ++shift) {
    CAPTURE(shift);
    const fixed_point_params p = fixed_point::power_of_two(shift);
    CHECK(p.rule == single_rounding);
    CHECK(fixed_point::value(p.multiplier) == std::ldexp(1.0, -shift));
    bool same = true;
    for (const std::int32_t acc : accumulators()) {
      const long double y = std::floor(std::ldexp(static_cast<long double>(acc), -shift) + 0.5L);
      same = same && static_cast<long double>(product(acc, p)) == y;
    }
    CHECK(same);
    const double exact = std::ldexp(1.0, -shift);
    for (const auto which :
         {power_of_two_choice::nearest, power_of_two_choice::above, power_of_two_choice::below}) {
      CHECK(fixed_point::power_of_two_shift(exact, which) == shift);
    }
  }
}

TEST_CASE("fixed point: the power of two for a multiplier") {
  const auto shifts = [](double m) {
    return std::array<std::int32_t, 3>{
        fixed_point::power_of_two_shift(m, power_of_two_choice::below),
        fixed_point::power_of_two_shift(m),
        fixed_point::power_of_two_shift(m, power_of_two_choice::above)};
  };
  using three = std::array<std::int32_t, 3>;
  CHECK(shifts(0.75) == three{1, 0, 0});
  CHECK(shifts(0.7) == three{1, 1, 0});
  CHECK(shifts(3.0) == three{-1, -2, -2});
  CHECK(shifts(std::nextafter(1.0, 2.0)) == three{0, 0, -1});
  CHECK(shifts(std::nextafter(1.0, 0.0)) == three{1, 0, 0});
  const double sqrt2 = std::sqrt(2.0);  // rounded up
  CHECK(shifts(sqrt2) == three{0, -1, -1});
  CHECK(shifts(std::nextafter(sqrt2, 0.0)) == three{0, 0, -1});
  CHECK(shifts(0x1p-63) == three{62, 62, 62});
  CHECK(shifts(0x1p-1074) == three{62, 62, 62});
  CHECK(shifts(0x1p31) == three{-30, -30, -30});
  CHECK(shifts(std::numeric_limits<double>::max()) == three{-30, -30, -30});
  for (const double m : real_multipliers(-60, 29)) {
    CAPTURE(m);
    CHECK(shifts(m)[1] == -static_cast<std::int32_t>(std::round(std::log2(m))));
    CHECK(shifts(m)[0] == -static_cast<std::int32_t>(std::ilogb(m)));
  }
}

TEST_CASE("fixed point: the value of a multiplier") {
  CHECK(fixed_point::value({}) == 0.0);
  CHECK(fixed_point::value({s32_max, 0}) == 2147483647.0);
  CHECK(fixed_point::value({1, 62}) == 0x1p-62);
  CHECK(fixed_point::value({s32_max, 31}) == 1.0 - 0x1p-31);
}

TEST_CASE("fixed point: each convention is one expression") {
  const std::vector<std::int32_t> acc = {-254, -6, -1, 0, 1, 6, 254, 100000};
  const auto run = [&](const auto& p) {
    std::vector<std::int8_t> q(acc.size());
    qmath::requantize(acc, p, q);
    return q;
  };
  using codes = std::vector<std::int8_t>;
  support::for_each_target([&] {
    CHECK(run(qmath::requantize_params{0.25f, 1}) == codes{-63, -1, 1, 1, 1, 3, 65, 127});
    CHECK(run(fixed_point::tflite_double_rounding(0.25, 1)) == codes{-63, -1, 1, 1, 2, 3, 65, 127});
    CHECK(run(fixed_point::tflite_single_rounding(0.25, 1)) == codes{-62, 0, 1, 1, 1, 3, 65, 127});
    CHECK(run(fixed_point::rndnu(0.25f, 1)) == codes{-62, 0, 1, 1, 1, 3, 65, 127});
    CHECK(run(fixed_point::fbgemm_fixed(0.25f, 1)) == codes{-62, 0, 1, 1, 1, 3, 65, 127});
    CHECK(run(fixed_point::power_of_two(2, 1)) == codes{-62, 0, 1, 1, 1, 3, 65, 127});
  });
}

TEST_CASE("fixed point: broken preconditions") {
  support::contract_log log;
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const struct {
    double value;
    const char* text;
  } bad[] = {{0.0, "0"}, {-0.0, "-0"}, {-1.5, "-1.5"}, {inf, "inf"}, {-inf, "-inf"}};
  for (const auto& b : bad) {
    const std::string end = std::string(": multiplier is ") + b.text + ", must be finite and > 0";
    CHECK(fixed_point::tflite_double_rounding(b.value, 3) == fixed_point_params{});
    CHECK(log.take() == "qmath::fixed_point::tflite_double_rounding" + end);
    CHECK(fixed_point::tflite_single_rounding(b.value, 3) == fixed_point_params{});
    CHECK(log.take() == "qmath::fixed_point::tflite_single_rounding" + end);
    CHECK(fixed_point::rndnu(static_cast<float>(b.value), 3) == fixed_point_params{});
    CHECK(log.take() == "qmath::fixed_point::rndnu" + end);
    CHECK(fixed_point::fbgemm_fixed(static_cast<float>(b.value), 3) == fixed_point_params{});
    CHECK(log.take() == "qmath::fixed_point::fbgemm_fixed" + end);
    CHECK(fixed_point::power_of_two_shift(b.value) == 0);
    CHECK(log.take() == "qmath::fixed_point::power_of_two_shift" + end);
  }
  CHECK(fixed_point::tflite_double_rounding(nan) == fixed_point_params{});
  CHECK(log.take() != "");
  CHECK(fixed_point::rndnu(-std::numeric_limits<float>::quiet_NaN()) == fixed_point_params{});
  CHECK(log.take() != "");
  CHECK(fixed_point::power_of_two(63, 3) == fixed_point_params{});
  CHECK(log.take() == "qmath::fixed_point::power_of_two: shift is 63, outside [-30, 62]");
  CHECK(fixed_point::power_of_two(-31, 3) == fixed_point_params{});
  CHECK(log.take() == "qmath::fixed_point::power_of_two: shift is -31, outside [-30, 62]");
}
