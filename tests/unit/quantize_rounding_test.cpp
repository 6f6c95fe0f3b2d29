// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Each rounding with nothing else asked for, which is what 8 and 16 bits have loops for: every target equals the
// reference at ties and next to them, in runs of any length, at any position of the random numbers.
#include <doctest/doctest.h>

#include <cmath>
#include <qmath/qmath.hpp>
#include <vector>

#include "support/inputs.hpp"
#include "support/targets.hpp"

namespace {

constexpr qmath::rounding roundings[] = {
    qmath::rounding::nearest_even, qmath::rounding::half_away, qmath::rounding::half_up,
    qmath::rounding::toward_zero,  qmath::rounding::floor,     qmath::rounding::stochastic};

template <class Q>
std::vector<float> numbers(float scale, std::int32_t z) {
  std::vector<float> x = support::any_floats(100, 7);
  const auto [lo, hi] = qmath::full_range<Q>();
  for (const std::int32_t code : {lo, lo + 1, z - 2, z - 1, z, z + 1, z + 2, hi - 1, hi}) {
    for (const double part : {-0.5, -0.25, 0.0, 0.5}) {
      const auto v = static_cast<float>((code - z + part) * static_cast<double>(scale));
      for (const float to : {-1e38f, 1e38f}) {
        x.push_back(v);
        x.push_back(std::nextafter(v, to));
        x.push_back(std::nextafter(x.back(), to));
      }
    }
  }
  return x;
}

template <class Q, class Params>
void check(const std::vector<float>& x, const Params& p, const qmath::quantize_options& options) {
  std::vector<Q> want(x.size()), got(x.size());
  qmath::reference::quantize<Q>(std::span(x), p, std::span(want), options);
  support::for_each_target([&] {
    std::fill(got.begin(), got.end(), Q{85});
    qmath::quantize(std::span(x), p, std::span(got), options);
    CHECK(got == want);
  });
}

}  // namespace

TEST_CASE_TEMPLATE("quantize: each rounding alone", Q, std::int8_t, std::uint8_t, std::int16_t,
                   std::uint16_t) {
  const auto [lo, hi] = qmath::full_range<Q>();
  std::uint64_t turn = 0;
  for (const qmath::rounding round : roundings) {
    CAPTURE(static_cast<int>(round));
    for (const float scale : {0.05f, 1.0f, 0x1.fffffep-1f, 0x1p-64f, 3.0f, 0x1p60f, 0x1p80f}) {
      CAPTURE(scale);
      for (const std::int32_t z : {lo, (lo + hi) / 2 | 1, hi}) {
        CAPTURE(z);
        ++turn;
        qmath::quantize_options options{.rules = {.round = round}, .random = {turn, 2, turn * 13}};
        if (turn % 3 == 0) options.codes = {lo + 2, hi - 3};
        check<Q>(numbers<Q>(scale, z), qmath::affine_params{scale, z}, options);
      }
    }
  }
}

TEST_CASE_TEMPLATE("quantize: each rounding alone, in runs", Q, std::int8_t, std::uint16_t) {
  for (const qmath::rounding round : roundings) {
    CAPTURE(static_cast<int>(round));
    for (const std::size_t size : {16u, 31u, 32u, 49u, 64u, 96u, 160u}) {
      for (const std::size_t n : {5 * size, 5 * size - 7}) {  // the last run may be short
        CAPTURE(size);
        CAPTURE(n);
        std::vector<float> x = support::any_floats(n, 3);
        for (std::size_t i = 0; i < n; ++i)
          if (i % 4 != 0) x[i] = 0.013f * static_cast<float>(i % 101);
        const std::vector<float> scales{0.05f, 0.011f, 0.7f, 0.02f, 1.0f};
        const std::vector<std::int32_t> zero_points{3, 0, 1, 100, 7};
        for (const std::uint64_t offset :
             {std::uint64_t{0}, std::uint64_t{32}, std::uint64_t{7}, ~std::uint64_t{0} - 40}) {
          CAPTURE(offset);
          const qmath::quantize_options options{.rules = {.round = round},
                                                .random = {1, 2, offset}};
          check<Q>(x, qmath::channel_params{scales, zero_points, qmath::per_group(1, n, size)},
                   options);
        }
      }
    }
  }
}
