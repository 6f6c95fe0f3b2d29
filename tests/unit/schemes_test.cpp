// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Parameters from ranges: known ranges, degenerate ones, and the promise that zero is exact.
#include <doctest/doctest.h>

#include <qmath/qmath.hpp>

#include "support/inputs.hpp"

using qmath::affine_from_range;
using qmath::affine_params;
using qmath::symmetric_from_range;

// Known ranges are compile-time constants.
static_assert(affine_from_range<std::uint8_t>({0.0f, 255.0f}) == affine_params{1.0f, 0});
static_assert(affine_from_range<std::uint8_t>({-128.0f, 127.0f}) == affine_params{1.0f, 128});
static_assert(affine_from_range<std::int8_t>({-128.0f, 127.0f}) == affine_params{1.0f, 0});
static_assert(affine_from_range<std::int8_t>({0.0f, 510.0f}) == affine_params{2.0f, -128});
static_assert(symmetric_from_range<std::int8_t>({-127.0f, 3.0f}) == affine_params{1.0f, 0});
static_assert(symmetric_from_range<std::int8_t>({-1.0f, 254.0f}) == affine_params{2.0f, 0});
// The range is extended to contain zero.
static_assert(affine_from_range<std::uint8_t>({51.0f, 255.0f}) == affine_params{1.0f, 0});
static_assert(affine_from_range<std::uint8_t>({-255.0f, -3.0f}) == affine_params{1.0f, 255});
// Ties of the zero point go to even: -(-0.5) = 0.5 -> 0 and 1.5 -> 2.
static_assert(affine_from_range<std::uint8_t>({-0.5f, 254.5f}) == affine_params{1.0f, 0});
static_assert(affine_from_range<std::uint8_t>({-1.5f, 253.5f}) == affine_params{1.0f, 2});
// Nothing to go by: scale 1, the zero point of real 0.
static_assert(affine_from_range<std::uint8_t>({}) == affine_params{1.0f, 0});
static_assert(affine_from_range<std::uint8_t>({0.0f, 0.0f}) == affine_params{1.0f, 0});
static_assert(affine_from_range<std::int8_t>({}) == affine_params{1.0f, -128});
static_assert(symmetric_from_range<std::int8_t>({}) == affine_params{1.0f, 0});

TEST_CASE_TEMPLATE("every pair of bounds gives valid parameters with an exact zero", Q, std::int8_t,
                   std::uint8_t) {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float largest = std::numeric_limits<float>::max();
  const std::vector<float> bounds = {nan,        -inf,       -largest, -1e30f, -3.7f,     -1e-30f,
                                     -0x1p-126f, -0x1p-149f, -0.0f,    0.0f,   0x1p-149f, 0x1p-126f,
                                     1e-30f,     0.1f,       1.0f,     1e30f,  largest,   inf};
  for (const float min : bounds) {
    for (const float max : bounds) {
      CAPTURE(min);
      CAPTURE(max);
      for (const affine_params p :
           {affine_from_range<Q>({min, max}), symmetric_from_range<Q>({min, max})}) {
        CHECK(p.scale >= 0x1p-126f);
        CHECK(p.scale <= largest);
        CHECK(p.zero_point >= std::numeric_limits<Q>::min());
        CHECK(p.zero_point <= std::numeric_limits<Q>::max());
        const Q zero = qmath::reference::quantize<Q>(0.0f, p.scale, p.zero_point);
        CHECK(qmath::reference::dequantize(zero, p.scale, p.zero_point) == 0.0f);
      }
    }
  }
}

// Both ends of the range may be off by the rounding of scale and zero point, not by more than a step.
TEST_CASE_TEMPLATE("the range is covered", Q, std::int8_t, std::uint8_t) {
  for (const auto& [min, max] :
       {std::pair{-1.0f, 3.0f}, {-0.001f, 7.5f}, {0.0f, 6.0f}, {-9.0f, 0.1f}}) {
    const affine_params p = affine_from_range<Q>({min, max});
    const double scale = static_cast<double>(p.scale);
    const double lo = scale * (std::numeric_limits<Q>::min() - p.zero_point);
    const double hi = scale * (std::numeric_limits<Q>::max() - p.zero_point);
    CHECK(std::abs(lo - static_cast<double>(min)) <= 0.5001 * scale);
    CHECK(std::abs(hi - static_cast<double>(max)) <= 0.5001 * scale);
  }
}
