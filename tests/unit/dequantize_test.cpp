// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// dequantize equals the reference, bit for bit, on every CPU target.
#include <doctest/doctest.h>

#include <cstring>
#include <numeric>
#include <qmath/qmath.hpp>

#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using support::guard;
using support::guarded;

namespace {

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

template <class Q>
std::vector<Q> all_codes() {
  std::vector<Q> q(256);
  std::iota(q.begin(), q.end(), std::numeric_limits<Q>::min());
  return q;
}

}  // namespace

TEST_CASE_TEMPLATE("dequantize: every code and scale, many zero points", Q, std::int8_t,
                   std::uint8_t) {
  const std::vector<Q> q = all_codes<Q>();
  std::vector<float> want(q.size()), got(q.size());
  for (const float scale : support::scales()) {
    CAPTURE(scale);
    for (std::size_t i = 0; i < q.size(); i += i < 3 || i > 251 ? 1 : 25) {
      const Q z = q[i];
      qmath::reference::dequantize<Q>(q, qmath::affine_params{scale, z}, want);
      support::for_each_target([&] {
        qmath::dequantize(q, {scale, z}, got);
        CHECK_MESSAGE(same_bits(want, got), "zero point ", int{z});
      });
    }
  }
}

TEST_CASE_TEMPLATE("dequantize: every size and offset, nothing touched outside", Q, std::int8_t,
                   std::uint8_t) {
  const qmath::affine_params p{0.1f, 17};
  for (const std::size_t n : support::sizes()) {
    CAPTURE(n);
    for (const guard side : {guard::behind, guard::before}) {
      const guarded<Q> q(support::any_integers<Q>(n, 5), side);
      const guarded<float> got(n, side);
      for (const std::size_t offset : {std::size_t{0}, std::size_t{1}}) {
        if (offset > n) continue;
        std::vector<float> want(n - offset);
        qmath::reference::dequantize<Q>(q.span().subspan(offset), p, want);
        support::for_each_target([&] {
          qmath::dequantize(q.span().subspan(offset), p, got.span().subspan(offset));
          CHECK(same_bits(want, got.span().subspan(offset)));
          CHECK(got.intact());
        });
      }
    }
  }
}

TEST_CASE_TEMPLATE("dequantize: per channel, every layout", Q, std::int8_t, std::uint8_t) {
  const std::vector<float> all_scales = support::scales();
  for (const std::size_t count : {1u, 2u, 7u, 16u, 33u, 100u}) {
    for (const std::size_t run : {1u, 2u, 8u, 31u, 129u}) {
      const qmath::granularity layout{count, run};
      CAPTURE(count);
      CAPTURE(run);
      const std::size_t n = count * run * 2;
      std::vector<float> scales(count);
      std::vector<std::int32_t> zero_points(count);
      for (std::size_t c = 0; c < count; ++c) {
        scales[c] = all_scales[c % all_scales.size()];
        zero_points[c] = std::numeric_limits<Q>::min() + static_cast<std::int32_t>(c * 37 % 256);
      }
      const guarded<Q> q(support::any_integers<Q>(n, 6));
      const guarded<float> guarded_scales(scales);
      const guarded<std::int32_t> guarded_zero_points(zero_points);
      const guarded<float> got(n);
      for (const bool with_zero_points : {true, false}) {
        qmath::channel_params p{guarded_scales.span(), {}, layout};
        if (with_zero_points) p.zero_points = guarded_zero_points.span();
        std::vector<float> want(n);
        qmath::reference::dequantize<Q>(q.span(), p, want);
        support::for_each_target([&] {
          qmath::dequantize(q.span(), p, got.span());
          CHECK(same_bits(want, got.span()));
          CHECK(got.intact());
        });
      }
    }
  }
}

TEST_CASE_TEMPLATE("dequantize, then quantize, is the identity", Q, std::int8_t, std::uint8_t) {
  const std::vector<Q> q = all_codes<Q>();
  std::vector<float> x(q.size());
  std::vector<Q> back(q.size());
  for (const float scale : {0.05f, 1.0f, 1e-30f, 1e30f, 0x1p-126f}) {
    for (const Q z : {q.front(), q[100], q.back()}) {
      support::for_each_target([&] {
        qmath::dequantize(q, {scale, z}, x);
        qmath::quantize(x, {scale, z}, back);
        CHECK(back == q);
      });
    }
  }
}

// |x - scale * (q - z)| <= scale / 2 in real arithmetic; the float quotient and the float product each
// add half a unit in the last place of numbers below 256 * scale: 2 * 256 * 2^-24 * scale = 2^-15 scale.
TEST_CASE("quantize, then dequantize, is off by half a step at most") {
  const float scale = 0.037f;
  std::vector<float> x = support::floats_near(scale, 4096, 8), back(x.size());
  for (float& v : x) v = std::clamp(v, -128 * scale, 127 * scale);
  std::vector<std::int8_t> q(x.size());
  support::for_each_target([&] {
    qmath::quantize(x, {scale, 0}, q);
    qmath::dequantize(q, {scale, 0}, back);
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(x[i]) - static_cast<double>(back[i])));
    }
    CHECK(worst <= (0.5 + 0x1p-15) * static_cast<double>(scale));
  });
}
