// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// requantize in xsimd registers equals the reference, bit for bit: real and fixed-point multipliers.
#include <doctest/doctest.h>

#include "support/inputs.hpp"
#include "support/xsimd.hpp"

namespace simd = qmath::simd;

namespace {

using namespace registers;
using qmath::code_range;
using qmath::fixed_point_multiplier;
using qmath::fixed_point_params;
using qmath::fixed_point_rule;
using qmath::requantize_params;

constexpr std::int32_t s32_min = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t s32_max = std::numeric_limits<std::int32_t>::max();

std::vector<std::int32_t> sums_for(float multiplier) {
  std::vector<std::int32_t> sums = support::any_integers<std::int32_t>(1997, 3);
  for (std::size_t i = 0; i < 900; ++i) sums.push_back(static_cast<std::int32_t>(i) - 450);
  for (const std::int32_t edge : {0x7FFFFFFF, 0x7FFFFF80, 0x1000001, 0x1000003}) {
    sums.push_back(edge);
    sums.push_back(-edge);
    sums.push_back(-edge - 1);
  }
  // Near the ties of this multiplier.
  for (int half = -600; half <= 600; ++half) {
    const double tie = 0.5 * half / static_cast<double>(multiplier);
    if (!(tie > -2e9 && tie < 2e9)) continue;
    for (const int step : {-1, 0, 1}) sums.push_back(static_cast<std::int32_t>(tie) + step);
  }
  pad(sums);
  return sums;
}

// The few that matter, for many parameters.
std::vector<std::int32_t> few_sums() {
  std::vector<std::int32_t> sums = support::any_integers<std::int32_t>(29, 8);
  for (int i = -9; i <= 9; ++i) sums.push_back(i);
  for (int k = 3; k < 31; ++k) {
    for (int d = -1; d <= 1; ++d) {
      sums.insert(sums.end(), {(1 << k) + d, -(1 << k) + d, 3 * (1 << (k - 1)) + d});
    }
  }
  for (int d = 0; d < 3; ++d) sums.insert(sums.end(), {s32_min + d, s32_max - d});
  pad(sums);
  return sums;
}

template <class Q, class In, class Requantizer, class Params>
void check(const std::vector<std::int32_t>& in, const Params& p, code_range codes) {
  const Requantizer requantizer(p, codes);
  std::vector<std::int32_t> want(in.size());
  std::vector<Q> want_stored(in.size());
  const std::span<const std::int32_t> all(in);
  qmath::reference::requantize<Q>(all, p, std::span(want_stored), codes);
  want.assign(want_stored.begin(), want_stored.end());
  check_equal(in, want, through_registers<std::int32_t>(in, [&](integers v, std::size_t) {
                return simd::requantize(v, requantizer);
              }));
}

template <class Q>
void check_fixed(const std::vector<std::int32_t>& in, const fixed_point_params& p,
                 code_range codes) {
  check<Q, std::int32_t, simd::fixed_point_requantizer<Q>>(in, p, codes);
}

}  // namespace

TEST_SUITE_BEGIN(QMATH_XSIMD_SUITE);

TEST_CASE_TEMPLATE("requantize: every multiplier and zero point, through memory", Q, std::int8_t,
                   std::uint8_t) {
  CAPTURE(name_of_arch());
  for (const float multiplier : support::scales()) {
    CAPTURE(multiplier);
    const std::vector<std::int32_t> sums = sums_for(multiplier);
    for (const std::int32_t z : zero_points<Q>()) {
      CAPTURE(z);
      const simd::requantizer<Q> requantizer({multiplier, z});
      std::vector<Q> want(sums.size());
      qmath::reference::requantize<Q>(std::span<const std::int32_t>(sums),
                                      requantize_params{multiplier, z}, std::span(want));
      const auto f = [&](integers v) { return simd::requantize(v, requantizer); };
      check_equal(sums, want, through_memory<Q>(sums, f, false));
      check_equal(sums, want, through_memory<Q>(sums, f, true));
    }
  }
}

TEST_CASE_TEMPLATE("requantize: code ranges, in registers", Q, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t, std::int32_t) {
  CAPTURE(name_of_arch());
  for (const float multiplier : support::scales()) {
    CAPTURE(multiplier);
    const std::vector<std::int32_t> sums = sums_for(multiplier);
    std::size_t turn = 0;
    for (const code_range codes : code_ranges<Q>()) {
      CAPTURE(codes.min);
      CAPTURE(codes.max);
      const std::vector<std::int32_t> zs = zero_points<Q>();
      const std::int32_t z = zs[turn++ % zs.size()];
      CAPTURE(z);
      check<Q, std::int32_t, simd::requantizer<Q>>(sums, requantize_params{multiplier, z}, codes);
    }
  }
}

TEST_CASE_TEMPLATE("requantize: from codes, with the zero point of the input", In, std::int8_t,
                   std::uint8_t, std::int16_t, std::uint16_t) {
  using Q = std::conditional_t<std::is_signed_v<In>, std::uint8_t, std::int16_t>;
  std::vector<In> codes(1 << (8 * sizeof(In)));
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<In>(i);
  for (const std::int32_t z_in : zero_points<In>()) {
    CAPTURE(z_in);
    const auto check_with = [&](const auto& requantizer, const auto& params) {
      std::vector<Q> want(codes.size()), got(codes.size());
      qmath::reference::requantize<Q>(std::span<const In>(codes), params, std::span(want));
      for (std::size_t i = 0; i < codes.size(); i += lanes) {
        simd::store(got.data() + i,
                    simd::requantize(simd::load<arch>(codes.data() + i), requantizer));
      }
      check_equal(codes, want, got);
    };
    const requantize_params real{0.7f, 5, z_in};
    check_with(simd::requantizer<Q, In>(real), real);
    for (const auto rule : {fixed_point_rule::single_rounding, fixed_point_rule::double_rounding}) {
      const fixed_point_params fixed{{0x66666666, 31}, rule, 5, z_in};
      check_with(simd::fixed_point_requantizer<Q, In>(fixed), fixed);
    }
  }
}

TEST_CASE("requantize: fixed point, every shift, both rules, exact before it is narrowed") {
  CAPTURE(name_of_arch());
  const std::vector<std::int32_t> sums = few_sums();
  for (const auto rule : {fixed_point_rule::single_rounding, fixed_point_rule::double_rounding}) {
    for (const std::int32_t m :
         {0, 1, 2, 3, 5, 255, 256, 0x7FFFFF, 0x800000, 0xCCCCCD, (1 << 30) - 1, 1 << 30,
          (1 << 30) + 1, 0x66666666, 0x5A827999, s32_max - 1, s32_max}) {
      CAPTURE(m);
      for (std::int32_t shift = 0; shift <= 62; ++shift) {
        CAPTURE(shift);
        check_fixed<std::int32_t>(sums, {{m, shift}, rule}, {});
      }
    }
  }
}

TEST_CASE("requantize: fixed point, random multipliers and sums") {
  const std::vector<std::int32_t> numbers = support::any_integers<std::int32_t>(3000, 12);
  std::vector<std::int32_t> sums(16 * lanes);
  for (std::size_t k = 0; k + 20 < numbers.size(); ++k) {
    const fixed_point_multiplier m = {numbers[k] & s32_max, static_cast<std::int32_t>(k % 63)};
    CAPTURE(m.multiplier);
    CAPTURE(m.shift);
    // Sums around a tie of this multiplier, if there is one, and any.
    const double tie =
        (0.5 + static_cast<double>(numbers[k + 1] % 200)) / qmath::fixed_point::value(m);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] = numbers[(k + i) % numbers.size()] >> (i % 24);
      if (i % 2 == 0 && tie > -2e9 && tie < 2e9) {
        sums[i] = static_cast<std::int32_t>(tie) + static_cast<std::int32_t>(i % 8) - 4;
      }
    }
    check_fixed<std::int32_t>(sums, {m, fixed_point_rule::single_rounding}, {});
    check_fixed<std::int32_t>(sums, {m, fixed_point_rule::double_rounding}, {});
  }
}

TEST_CASE_TEMPLATE("requantize: fixed point, zero points and code ranges", Q, std::int8_t,
                   std::uint8_t, std::int16_t, std::uint16_t, std::int32_t) {
  const std::vector<std::int32_t> sums = few_sums();
  for (const auto rule : {fixed_point_rule::single_rounding, fixed_point_rule::double_rounding}) {
    for (const fixed_point_multiplier m : {fixed_point_multiplier{1 << 30, 30},
                                           {1 << 30, 20},
                                           {0x66666666, 31},
                                           {0x66666666, 37},
                                           {s32_max, 0}}) {
      CAPTURE(m.shift);
      for (const std::int32_t z : zero_points<Q>()) {
        CAPTURE(z);
        for (const code_range codes : code_ranges<Q>()) check_fixed<Q>(sums, {m, rule, z}, codes);
      }
    }
  }
}

TEST_SUITE_END();
