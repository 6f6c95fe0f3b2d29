// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// quantize, dequantize and fake_quantize in xsimd registers equal the reference, bit for bit.
#include <doctest/doctest.h>

#include <utility>

#include "support/inputs.hpp"
#include "support/xsimd.hpp"

namespace simd = qmath::simd;

namespace {

using namespace registers;
using qmath::affine_params;
using qmath::code_range;
using qmath::quantize_rules;
using qmath::rounding;

std::vector<float> inputs_for(float scale) {
  std::vector<float> x = support::questions(scale);
  const std::vector<float> near = support::floats_near(scale, 997, 1);
  const std::vector<float> any = support::any_floats(1997, 2);
  x.insert(x.end(), near.begin(), near.end());
  x.insert(x.end(), any.begin(), any.end());
  pad(x);
  return x;
}

// Around every number of halves from the middle of a range, and around powers of two: where float can no
// longer tell ties, or integers, or leaves int32.
std::vector<float> wide_inputs_for(float scale, std::int32_t middle) {
  std::vector<double> steps;
  for (int half = -24; half <= 24; ++half) {
    steps.push_back(0.5 * half);
    for (const int bits : {8, 15, 16}) {
      steps.push_back(0.5 * half + (1 << bits) - middle);
      steps.push_back(0.5 * half - (1 << bits) - middle);
    }
  }
  for (int bits = 17; bits <= 32; ++bits) {
    const double power = std::exp2(bits), step = std::exp2(bits - 23);
    for (const double d : {-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, -step, step}) {
      steps.push_back(power + d);
      steps.push_back(-power + d);
    }
  }
  std::vector<float> x;
  const float inf = std::numeric_limits<float>::infinity();
  for (const double s : steps) {
    const auto near = static_cast<float>(s * static_cast<double>(scale));
    x.insert(x.end(), {near, std::nextafter(near, -inf), std::nextafter(near, inf)});
  }
  // Quotients around the smallest of floats: below zero, they must not be rounded to it and down.
  for (const float tiny : {0x1p-149f, 0x1p-126f, 0x1p-148f, scale * 0x1p-100f * 0x1p-49f,
                           scale * 0x1p-100f * 0x1p-50f, scale * 0x1p-24f, 0.0f, 0x1p127f, inf}) {
    x.insert(x.end(), {tiny, -tiny, std::nextafter(tiny, 0.0f), -std::nextafter(tiny, 0.0f)});
  }
  for (const std::uint32_t nan : {0x7FC00000u, 0xFFC00000u, 0x7F800001u, 0xFF812345u}) {
    x.push_back(support::from_bits(nan));
  }
  const std::vector<float> near = support::floats_near(scale, 201, 3);
  const std::vector<float> any = support::any_floats(99, 4);
  x.insert(x.end(), near.begin(), near.end());
  x.insert(x.end(), any.begin(), any.end());
  pad(x);
  return x;
}

constexpr quantize_rules rules_number(std::size_t i) {
  return {static_cast<qmath::quotient_rule>(i / 6 % 2), static_cast<rounding>(i % 6),
          static_cast<qmath::zero_point_rule>(i / 12 % 2),
          static_cast<qmath::nan_rule>(i / 24 % 3)};
}

template <class Q>
constexpr std::size_t number_of_type = std::is_same_v<Q, std::int8_t>     ? 0
                                       : std::is_same_v<Q, std::uint8_t>  ? 1
                                       : std::is_same_v<Q, std::int16_t>  ? 2
                                       : std::is_same_v<Q, std::uint16_t> ? 3
                                                                          : 4;

template <class Q, quantize_rules Rules>
void check_rules(float scale, std::int32_t z, code_range codes, const std::vector<float>& x) {
  const affine_params p{scale, z};
  const qmath::quantize_options options = {.rules = Rules, .codes = codes, .random = {17, 4, 60}};
  std::vector<std::int32_t> want(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    want[i] = qmath::reference::quantize<Q>(x[i], scale, z, options,
                                            qmath::reference::random_bits(options.random, i));
  }
  std::vector<float> want_fake(x.size());
  qmath::reference::fake_quantize<Q>(std::span<const float>(x), p, std::span<float>(want_fake),
                                     options);
  const simd::quantizer<Q, Rules> quantizer(p, codes);
  if constexpr (Rules.round == rounding::stochastic) {
    simd::random_numbers<arch> random(options.random), again(options.random);
    check_equal(x, want, through_registers<std::int32_t>(x, [&](floats v, std::size_t i) {
                  return simd::quantize(v, quantizer, random.at(i));
                }));
    check_equal(x, want_fake, through_registers<float>(x, [&](floats v, std::size_t i) {
                  return simd::fake_quantize(v, quantizer, again.at(i));
                }));
  } else {
    check_equal(x, want, through_registers<std::int32_t>(x, [&](floats v, std::size_t) {
                  return simd::quantize(v, quantizer);
                }));
    check_equal(x, want_fake, through_registers<float>(x, [&](floats v, std::size_t) {
                  return simd::fake_quantize(v, quantizer);
                }));
  }
}

}  // namespace

TEST_SUITE_BEGIN(QMATH_XSIMD_SUITE);

TEST_CASE_TEMPLATE("quantize: every question of every scale and zero point", Q, std::int8_t,
                   std::uint8_t) {
  CAPTURE(name_of_arch());
  for (const float scale : support::scales()) {
    CAPTURE(scale);
    const std::vector<float> x = inputs_for(scale);
    for (const std::int32_t z : zero_points<Q>()) {
      CAPTURE(z);
      const simd::quantizer<Q> quantizer({scale, z});
      std::vector<Q> want(x.size());
      qmath::reference::quantize<Q>(std::span<const float>(x), affine_params{scale, z},
                                    std::span(want));
      const auto f = [&](floats v) { return simd::quantize(v, quantizer); };
      check_equal(x, want, through_memory<Q>(x, f, false));
      check_equal(x, want, through_memory<Q>(x, f, true));
    }
  }
}

// The rules come in 24 combinations without that for NaN, which varies with the combination and the type.
TEST_CASE_TEMPLATE("quantize, fake_quantize: every rule, in registers", Q, std::int8_t,
                   std::uint8_t, std::int16_t, std::uint16_t, std::int32_t) {
  CAPTURE(name_of_arch());
  for (const float scale :
       {1.0f, 0.1f, 0x1p-7f, 3.14159274f, 0.00214854861f, 1e-30f, support::from_bits(0x3DCD0001u),
        0x1p-149f, 0x1.8p-140f, 0x1p100f, std::numeric_limits<float>::max()}) {
    CAPTURE(scale);
    std::size_t turn = 0;
    for (const std::int32_t z : zero_points<Q>()) {
      CAPTURE(z);
      const std::vector<float> x = wide_inputs_for(scale, z);
      const std::vector<code_range> ranges = code_ranges<Q>();
      // All ranges for a type with one zero point, in turns for the others.
      const std::size_t count = sizeof(Q) == 4 ? ranges.size() : 2;
      for (std::size_t k = 0; k < count; ++k) {
        const code_range codes = ranges[turn++ % ranges.size()];
        CAPTURE(codes.min);
        CAPTURE(codes.max);
        [&]<std::size_t... I>(std::index_sequence<I...>) {
          const auto check = [&]<std::size_t i>(std::integral_constant<std::size_t, i>) {
            CAPTURE(i);
            constexpr quantize_rules rules =
                rules_number(i + 24 * ((i + i / 6 + i / 12 + number_of_type<Q>) % 3));
            check_rules<Q, rules>(scale, z, codes, x);
          };
          (check(std::integral_constant<std::size_t, I>()), ...);
        }(std::make_index_sequence<24>());
      }
    }
  }
}

// With the roundings for which the quotient may be had in two terms.
TEST_CASE_TEMPLATE("quantize: random scales", Q, std::int8_t, std::uint8_t) {
  constexpr quantize_rules half_away{.round = rounding::half_away},
      half_up{.round = rounding::half_up};
  for (const float candidate : support::any_floats(2000, 5)) {
    const float scale = candidate < 0.0f ? -candidate : candidate;
    if (!(scale > 0.0f && scale <= std::numeric_limits<float>::max())) continue;
    CAPTURE(scale);
    // Ties with both neighbours.
    std::vector<float> x;
    for (int half = -513; half <= 513; half += 2) {
      const auto tie = static_cast<float>(0.5 * half * static_cast<double>(scale));
      x.push_back(tie);
      x.push_back(std::nextafter(tie, 0.0f));
      x.push_back(std::nextafter(tie, 2.0f * tie));
    }
    pad(x);
    const affine_params p{scale, 11};
    const auto check = [&](const auto& quantizer, const quantize_rules& rules) {
      std::vector<Q> want(x.size());
      qmath::reference::quantize<Q>(std::span<const float>(x), p, std::span(want),
                                    {.rules = rules});
      check_equal(
          x, want,
          through_memory<Q>(x, [&](floats v) { return simd::quantize(v, quantizer); }, true));
    };
    check(simd::quantizer<Q>(p), {});
    check(simd::quantizer<Q, half_away>(p), half_away);
    check(simd::quantizer<Q, half_up>(p), half_up);
  }
}

TEST_CASE_TEMPLATE("dequantize: every number of every scale and zero point", Q, std::int8_t,
                   std::uint8_t, std::int16_t, std::uint16_t, std::int32_t) {
  std::vector<Q> q(sizeof(Q) == 1 ? 256 : 1 << 14);
  const std::size_t step = sizeof(Q) == 1 ? 1 : sizeof(Q) == 2 ? 5 : 0x10001 * 5;
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = static_cast<Q>(i * step);
  for (const float scale : support::scales()) {
    CAPTURE(scale);
    for (const std::int32_t z : zero_points<Q>()) {
      CAPTURE(z);
      const simd::dequantizer<Q> dequantizer({scale, z});
      std::vector<float> want(q.size()), got(q.size());
      qmath::reference::dequantize(std::span<const Q>(q), affine_params{scale, z}, std::span(want));
      for (std::size_t i = 0; i < q.size(); i += lanes) {
        simd::store(got.data() + i, simd::dequantize(simd::load<arch>(q.data() + i), dequantizer));
      }
      check_equal(q, want, got);
    }
  }
}

TEST_CASE("dequantize, fake_quantize: a sum behind them is not contracted with the product") {
  std::vector<std::int8_t> q(256);
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = static_cast<std::int8_t>(i);
  const affine_params p{0.1f, 3};
  const simd::dequantizer<std::int8_t> dequantizer(p);
  const simd::quantizer<std::int8_t> quantizer(p);
  std::vector<float> want(q.size()), got(q.size()), fake(q.size());
  for (std::size_t i = 0; i < q.size(); ++i) {
    want[i] =
        qmath::reference::rounded(qmath::reference::dequantize(q[i], p.scale, p.zero_point) + 0.7f);
  }
  for (std::size_t i = 0; i < q.size(); i += lanes) {
    const floats x = simd::dequantize(simd::load<arch>(q.data() + i), dequantizer);
    (x + floats(0.7f)).store_unaligned(got.data() + i);
    (simd::fake_quantize(x, quantizer) + floats(0.7f)).store_unaligned(fake.data() + i);
  }
  check_equal(q, want, got);
  check_equal(q, want, fake);
}

TEST_SUITE_END();
