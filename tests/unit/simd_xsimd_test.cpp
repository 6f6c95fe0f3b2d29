// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The rest of simd/xsimd.hpp: random numbers, ranges, and checks of prepared parameters.
#include <doctest/doctest.h>

#include "support/contract.hpp"
#include "support/inputs.hpp"
#include "support/xsimd.hpp"

namespace simd = qmath::simd;

namespace {

using namespace registers;

void check_random(simd::random_numbers<arch>& random, const qmath::random_source& source,
                  std::uint64_t i) {
  std::int32_t got[lanes];
  random.at(i).store_unaligned(got);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const std::uint32_t want = qmath::reference::random_bits(source, i + lane);
    if (got[lane] != static_cast<std::int32_t>(want)) {
      FAIL_CHECK("element ", i + lane, ": ", got[lane], " instead of ", want);
    }
  }
}

}  // namespace

TEST_SUITE_BEGIN(QMATH_XSIMD_SUITE);

TEST_CASE("random_numbers: equal the reference's, in any order, at any offset") {
  CAPTURE(name_of_arch());
  constexpr std::uint64_t big = 0xFEDCBA9876543210u;
  for (const qmath::random_source source : {qmath::random_source{},
                                            {1, 0, 0},
                                            {0, 1, 0},
                                            {big, ~big, 3},
                                            {5, big, big},
                                            {5, 6, ~std::uint64_t{0} - 100},
                                            {5, 6, std::uint64_t{1} << 34}}) {
    CAPTURE(source.offset);
    simd::random_numbers<arch> forwards(source), odd(source), jumping(source);
    for (std::uint64_t i = 0; i < 400; i += lanes) check_random(forwards, source, i);
    for (std::uint64_t i = 0; i < 400; ++i) check_random(odd, source, i);
    for (const std::int32_t any : support::any_integers<std::int32_t>(200, 3)) {
      const auto i = static_cast<std::uint64_t>(any);
      check_random(jumping, source, i % 300);
      check_random(jumping, source, i);
      // The next group, and the one before, of a pair.
      check_random(jumping, source, i + 64);
      check_random(jumping, source, i + 1);
    }
  }
}

TEST_CASE("running_range, running_absmax: equal the reference, NaN of both kinds in every lane") {
  for (std::size_t first = 0; first < 3 * lanes; ++first) {
    std::vector<float> x = support::floats_near(1.0f, 8 * lanes, static_cast<std::uint32_t>(first));
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (i % 3 == first % 3) x[i] = support::from_bits(i % 2 == 0 ? 0x7F800001u : 0xFFC00000u);
    }
    x[first] = first % 2 == 0 ? 400.0f : -400.0f;
    simd::running_range<arch> running;
    simd::running_absmax<arch> magnitude;
    for (std::size_t i = 0; i < x.size(); i += lanes) {
      running.add(floats::load_unaligned(x.data() + i));
      magnitude.add(floats::load_unaligned(x.data() + i));
    }
    CHECK(running.range() == qmath::reference::min_max(std::span<const float>(x)));
    CHECK(magnitude.absmax() == qmath::reference::absmax(std::span<const float>(x)));
  }
}

TEST_CASE("running_range: nothing, only NaN, zeros, infinities") {
  const float inf = std::numeric_limits<float>::infinity();
  simd::running_range<arch> running;
  CHECK(running.range() == qmath::value_range{});
  running.add(floats(std::numeric_limits<float>::quiet_NaN()));
  CHECK(running.range() == qmath::value_range{});
  running.add(floats(-0.0f));
  CHECK(support::to_bits(running.range().min) == 0);
  CHECK(support::to_bits(running.range().max) == 0);
  running.add(floats(-inf));
  running.add(floats(inf));
  CHECK(running.range() == qmath::value_range{-inf, inf});
}

TEST_CASE("running_absmax: nothing, only NaN, zeros, negative numbers, infinities") {
  simd::running_absmax<arch> running;
  CHECK(support::to_bits(running.absmax()) == 0);
  running.add(floats(support::from_bits(0xFF800001u)));
  running.add(floats(-0.0f));
  CHECK(support::to_bits(running.absmax()) == 0);
  running.add(floats(-3.5f));
  running.add(floats(2.0f));
  CHECK(running.absmax() == 3.5f);
  running.add(floats(-std::numeric_limits<float>::infinity()));
  running.add(floats(std::numeric_limits<float>::quiet_NaN()));
  CHECK(running.absmax() == std::numeric_limits<float>::infinity());
}

TEST_CASE("prepared parameters are checked") {
  support::contract_log log;
  const simd::quantizer<std::int8_t> q({0.0f, 0}, {-5, 5});
  CHECK(log.take() == "qmath::simd::quantizer: scale is 0, must be finite and > 0");
  CHECK(q.params == qmath::affine_params{});
  CHECK(q.codes == qmath::full_range<std::int8_t>());
  const simd::quantizer<std::uint16_t> q16({0.5f, 65536});
  CHECK(log.take() == "qmath::simd::quantizer: zero_point is 65536, outside [0, 65535]");
  const simd::quantizer<std::int32_t> q32({0.5f, 1});
  CHECK(log.take() == "qmath::simd::quantizer: zero_point is 1, outside [0, 0]");
  const simd::quantizer<std::int8_t> none({0.5f, 0}, {128, 200});
  CHECK(log.take() ==
        "qmath::simd::quantizer: codes are [128, 200], of which the format with [-128, 127] has "
        "none");
  CHECK(none.params == qmath::affine_params{});
  CHECK(none.codes == qmath::full_range<std::int8_t>());

  const simd::dequantizer<std::uint8_t> d({1.0f, -1});
  CHECK(log.take() == "qmath::simd::dequantizer: zero_point is -1, outside [0, 255]");
  CHECK(d.params == qmath::affine_params{});

  const simd::requantizer<std::int8_t> r({-1.0f, 0});
  CHECK(log.take() == "qmath::simd::requantizer: multiplier is -1, must be finite and > 0");
  CHECK(r.params == qmath::requantize_params{});
  const simd::requantizer<std::int8_t> r32({1.0f, 0, 1});
  CHECK(log.take() == "qmath::simd::requantizer: input_zero_point is 1, outside [0, 0]");
  const simd::requantizer<std::int8_t, std::uint8_t> r8({1.0f, 0, 256}, {3, 4});
  CHECK(log.take() == "qmath::simd::requantizer: input_zero_point is 256, outside [0, 255]");
  CHECK(r8.codes == qmath::full_range<std::int8_t>());
  const simd::requantizer<std::int8_t> empty({1.0f, 0}, {4, 3});
  CHECK(log.take() == "qmath::simd::requantizer: codes.min is 4, but codes.max is 3");

  using fixed = simd::fixed_point_requantizer<std::int8_t>;
  const fixed negative(qmath::fixed_point_params{{-1, 31}});
  CHECK(
      log.take() ==
      "qmath::simd::fixed_point_requantizer: multiplier.multiplier is -1, outside [0, 2147483647]");
  CHECK(negative.params == qmath::fixed_point_params{});
  const fixed shifted(qmath::fixed_point_params{{1, 63}});
  CHECK(log.take() ==
        "qmath::simd::fixed_point_requantizer: multiplier.shift is 63, outside [0, 62]");
  const fixed outside(qmath::fixed_point_params{{1, 31}, {}, 128});
  CHECK(log.take() ==
        "qmath::simd::fixed_point_requantizer: zero_point is 128, outside [-128, 127]");
  CHECK(outside.params == qmath::fixed_point_params{});

  // What is valid for one format is not for another.
  const simd::quantizer<std::uint16_t> fits({0.5f, 65535}, {70, 100000});
  CHECK(log.take() == "");
  CHECK(fits.codes == qmath::code_range{70, 65535});
}

TEST_SUITE_END();
