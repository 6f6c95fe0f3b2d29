// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// requantize equals the reference, bit for bit, on every CPU target.
#include <doctest/doctest.h>

#include <qmath/qmath.hpp>

#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using support::guard;
using support::guarded;

namespace {

std::vector<float> multipliers() {
  return {1.0f,      0.5f,
          0x1p-8f,   0.1f,
          0.0007f,   0.00392156886f,
          3.0f,      1e-9f,
          0x1p-31f,  1e-30f,
          0x1p-149f, 1e30f,
          0x1p127f,  std::numeric_limits<float>::max()};
}

// Sums whose product with the multiplier lies at ties and their neighbours, extremes, random ones.
std::vector<std::int32_t> accumulators(float multiplier) {
  constexpr std::int32_t lo = std::numeric_limits<std::int32_t>::min();
  constexpr std::int32_t hi = std::numeric_limits<std::int32_t>::max();
  std::vector<std::int32_t> acc = {0, 1, -1, lo, lo + 1, hi, hi - 1, 1 << 24, (1 << 24) + 1};
  for (int half = -600; half <= 600; ++half) {
    const double middle = 0.5 * half / static_cast<double>(multiplier);
    if (std::abs(middle) > 2e9) continue;
    for (int d = -2; d <= 2; ++d) acc.push_back(static_cast<std::int32_t>(middle) + d);
  }
  const std::vector<std::int32_t> any = support::any_integers<std::int32_t>(509, 9);
  acc.insert(acc.end(), any.begin(), any.end());
  return acc;
}

}  // namespace

TEST_CASE_TEMPLATE("requantize: every question of every multiplier and zero point", Q, std::int8_t,
                   std::uint8_t) {
  constexpr std::int32_t lo = std::numeric_limits<Q>::min(), hi = std::numeric_limits<Q>::max();
  for (const float m : multipliers()) {
    CAPTURE(m);
    const std::vector<std::int32_t> acc = accumulators(m);
    std::vector<Q> want(acc.size()), got(acc.size());
    for (const std::int32_t z : {lo, lo + 1, 3, hi - 1, hi}) {
      CAPTURE(z);
      qmath::reference::requantize<Q>(acc, qmath::requantize_params{m, z}, want);
      support::for_each_target([&] {
        qmath::requantize(acc, qmath::requantize_params{m, z}, got);
        CHECK(got == want);
      });
    }
  }
}

TEST_CASE_TEMPLATE("requantize: every size and offset, nothing touched outside", Q, std::int8_t,
                   std::uint8_t) {
  const qmath::requantize_params p{0x1.8p-24f, 5};
  for (const std::size_t n : support::sizes()) {
    CAPTURE(n);
    for (const guard side : {guard::behind, guard::before}) {
      const guarded<std::int32_t> acc(support::any_integers<std::int32_t>(n, 10), side);
      const guarded<Q> got(n, side);
      for (const std::size_t offset : {std::size_t{0}, std::size_t{1}}) {
        if (offset > n) continue;
        const auto in = acc.span().subspan(offset);
        const auto out = got.span().subspan(offset);
        std::vector<Q> want(in.size());
        qmath::reference::requantize<Q>(in, p, want);
        support::for_each_target([&] {
          qmath::requantize(in, p, out);
          CHECK(std::vector<Q>(out.begin(), out.end()) == want);
          CHECK(got.intact());
        });
      }
    }
  }
}

TEST_CASE_TEMPLATE("requantize: per channel, every layout", Q, std::int8_t, std::uint8_t) {
  const std::vector<float> all = multipliers();
  for (const std::size_t count : {1u, 2u, 7u, 16u, 33u, 100u}) {
    for (const std::size_t run : {1u, 2u, 8u, 31u, 129u}) {
      CAPTURE(count);
      CAPTURE(run);
      const std::size_t n = count * run * 2;
      std::vector<float> m(count);
      for (std::size_t c = 0; c < count; ++c) m[c] = all[c % all.size()];
      const guarded<std::int32_t> acc(support::any_integers<std::int32_t>(n, 11));
      const guarded<float> guarded_multipliers(m);
      const guarded<Q> got(n);
      const qmath::channel_requantize_params p{guarded_multipliers.span(), {count, run}, 9};
      std::vector<Q> want(n);
      qmath::reference::requantize<Q>(acc.span(), p, want);
      support::for_each_target([&] {
        qmath::requantize(acc.span(), p, got.span());
        CHECK(std::vector<Q>(got.span().begin(), got.span().end()) == want);
        CHECK(got.intact());
      });
    }
  }
}
