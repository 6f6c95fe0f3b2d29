// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// quantize equals the reference, bit for bit, on every CPU target.
#include <doctest/doctest.h>

#include <cstring>
#include <qmath/qmath.hpp>

#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using support::guard;
using support::guarded;

namespace {

template <class Q>
std::vector<std::int32_t> zero_points() {
  constexpr std::int32_t lo = std::numeric_limits<Q>::min(), hi = std::numeric_limits<Q>::max();
  return {lo, lo + 1, (lo + hi) / 2, 3, hi - 1, hi};
}

// Compares without losing the place of a difference, and without one assertion per element.
template <class Q>
void check_equal(std::span<const float> x, std::span<const Q> want, std::span<const Q> got) {
  REQUIRE(want.size() == got.size());
  if (want.empty() || std::memcmp(want.data(), got.data(), want.size()) == 0) return;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (want[i] == got[i]) continue;
    INFO("element ", i, " of ", want.size(), ", bits ", support::to_bits(x[i]), " = ", x[i]);
    CHECK(int{got[i]} == int{want[i]});
    return;
  }
}

}  // namespace

TEST_CASE_TEMPLATE("quantize: every question of every scale and zero point", Q, std::int8_t,
                   std::uint8_t) {
  for (const float scale : support::scales()) {
    CAPTURE(scale);
    std::vector<float> x = support::questions(scale);
    const std::vector<float> near = support::floats_near(scale, 997, 1);
    const std::vector<float> any = support::any_floats(997, 2);
    x.insert(x.end(), near.begin(), near.end());
    x.insert(x.end(), any.begin(), any.end());
    for (const std::int32_t z : zero_points<Q>()) {
      CAPTURE(z);
      std::vector<Q> want(x.size()), got(x.size());
      qmath::reference::quantize<Q>(x, qmath::affine_params{scale, z}, want);
      support::for_each_target([&] {
        std::memset(got.data(), 0x55, got.size());
        qmath::quantize(x, {scale, z}, got);
        check_equal<Q>(x, want, got);
      });
    }
  }
}

TEST_CASE_TEMPLATE("quantize: every size and offset, nothing touched outside", Q, std::int8_t,
                   std::uint8_t) {
  const qmath::affine_params p{0.05f, 3};
  for (const std::size_t n : support::sizes()) {
    CAPTURE(n);
    for (const guard side : {guard::behind, guard::before}) {
      for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
        if (offset > n) continue;
        const guarded<float> x(support::floats_near(p.scale, n, 7), side);
        const guarded<Q> got(n, side);
        std::vector<Q> want(n - offset);
        qmath::reference::quantize<Q>(x.span().subspan(offset), p, want);
        support::for_each_target([&] {
          qmath::quantize(x.span().subspan(offset), p, got.span().subspan(offset));
          check_equal<Q>(x.span().subspan(offset), want, got.span().subspan(offset));
          CHECK(got.intact());
        });
      }
    }
  }
}

TEST_CASE_TEMPLATE("quantize: per channel, every layout", Q, std::int8_t, std::uint8_t) {
  const std::vector<float> all_scales = support::scales();
  for (const std::size_t count : {1u, 2u, 3u, 7u, 16u, 33u, 100u}) {
    for (const std::size_t run : {1u, 2u, 3u, 8u, 31u, 64u, 129u}) {
      for (const std::size_t rounds : {1u, 3u}) {
        const qmath::granularity layout{count, run};
        CAPTURE(count);
        CAPTURE(run);
        const std::size_t n = count * run * rounds;
        std::vector<float> scales(count);
        std::vector<std::int32_t> zero_points(count);
        std::vector<std::vector<float>> questions(count);
        std::vector<float> values(n);
        for (std::size_t c = 0; c < count; ++c) {
          scales[c] = all_scales[c % all_scales.size()];
          zero_points[c] = std::numeric_limits<Q>::min() + static_cast<std::int32_t>(c * 37 % 256);
          questions[c] = support::questions(scales[c]);
        }
        for (std::size_t i = 0; i < n; ++i) {
          const std::vector<float>& q = questions[qmath::reference::channel_of(i, layout)];
          values[i] = q[i * 97 % q.size()];
        }
        const guarded<float> x(values);
        const guarded<float> guarded_scales(scales);
        const guarded<std::int32_t> guarded_zero_points(zero_points);
        const guarded<Q> got(n);
        for (const bool with_zero_points : {true, false}) {
          qmath::channel_params p{guarded_scales.span(), {}, layout};
          if (with_zero_points) p.zero_points = guarded_zero_points.span();
          std::vector<Q> want(n);
          qmath::reference::quantize<Q>(x.span(), p, want);
          support::for_each_target([&] {
            qmath::quantize(x.span(), p, got.span());
            check_equal<Q>(x.span(), want, got.span());
            CHECK(got.intact());
          });
        }
      }
    }
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
  });
}

// The quotient's own counter-example: x * (1 / s) gives 127.5, which rounds to 128; x / s gives
// 127.499992, which rounds to 127 (research note of FBGEMM, QuantUtils.h).
TEST_CASE("quantize: divides, does not multiply by a rounded reciprocal") {
  const float x = 0.273939937f, scale = 0.00214854861f;
  REQUIRE(x * (1.0f / scale) == 127.5f);
  support::for_each_target([&] {
    std::vector<std::uint8_t> q(70);
    qmath::quantize(std::vector<float>(q.size(), x), {scale, 0}, q);
    CHECK(q == std::vector<std::uint8_t>(q.size(), 127));
  });
}

TEST_CASE("quantize: any chunking gives the same result") {
  const std::vector<float> x = support::any_floats(1000, 3);
  std::vector<std::int8_t> whole(x.size()), parts(x.size());
  support::for_each_target([&] {
    qmath::quantize(x, {0.1f, -7}, whole);
    for (std::size_t i = 0, step = 1; i < x.size(); i += step, step = step * 3 % 67 + 1) {
      const std::size_t n = std::min(step, x.size() - i);
      qmath::quantize(std::span(x).subspan(i, n), {0.1f, -7}, std::span(parts).subspan(i, n));
    }
    CHECK(parts == whole);
  });
}
