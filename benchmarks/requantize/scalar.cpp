// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The same formula as a plain loop, for the compiler to vectorize as well as it can with the flags it has.
#include <bit>

#include "support/bench.hpp"

namespace {

template <class Q>
void requantize(const std::int32_t* __restrict acc, std::size_t n, float multiplier, std::int32_t z,
                Q* __restrict q) {
  const auto lo = static_cast<float>(std::numeric_limits<Q>::min() - z);
  const auto hi = static_cast<float>(std::numeric_limits<Q>::max() - z);
  for (std::size_t i = 0; i < n; ++i) {
    float t = static_cast<float>(acc[i]) * multiplier;
    t = t > lo ? t : lo;
    t = t < hi ? t : hi;
    // A call of nearbyint in the loop would keep it from being vectorized.
    q[i] = static_cast<Q>(std::bit_cast<std::int32_t>(t + 12582912.0f) - 0x4B400000 + z);
  }
}

template <class Q>
void add(const bench::kind& kind) {
  for (const std::size_t n : kind.sizes()) {
    bench::add("requantize", kind.name, "scalar", std::to_string(n), [=](benchmark::State& state) {
      const std::int32_t* acc = bench::sum_input();
      Q* q = bench::output<Q>();
      if (kind.per_row) {
        const std::span multipliers = bench::row_scales(n, bench::multiplier);
        bench::run(state, n, 5 * n, [&] {
          for (std::size_t r = 0; r < multipliers.size(); ++r) {
            requantize(acc + r * bench::row, bench::row, multipliers[r], 0, q + r * bench::row);
          }
        });
      } else {
        bench::run(state, n, 5 * n,
                   [&] { requantize(acc, n, bench::multiplier, bench::zero_point, q); });
      }
    });
  }
}

const bool registered = bench::at_start([] {
  for (const bench::kind& kind : bench::kinds) {
    kind.is_signed ? add<std::int8_t>(kind) : add<std::uint8_t>(kind);
  }
});

}  // namespace
