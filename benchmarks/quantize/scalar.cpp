// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The same formula as a plain loop, for the compiler to vectorize as well as it can with the flags it has.
#include <bit>

#include "support/bench.hpp"

namespace {

template <class Q>
inline Q quantize(float x, float scale, std::int32_t z) {
  const auto lo = static_cast<float>(std::numeric_limits<Q>::min() - z);
  const auto hi = static_cast<float>(std::numeric_limits<Q>::max() - z);
  float t = x / scale;
  t = t > lo ? t : lo;
  t = t < hi ? t : hi;
  // A call of nearbyint in the loop would keep it from being vectorized.
  const auto n = std::bit_cast<std::int32_t>(t + 12582912.0f) - 0x4B400000;
  return static_cast<Q>(n + z);
}

template <class Q>
void quantize(const float* __restrict x, std::size_t n, float scale, std::int32_t z,
              Q* __restrict q) {
  for (std::size_t i = 0; i < n; ++i) q[i] = quantize<Q>(x[i], scale, z);
}

template <class Q>
void add(const bench::kind& kind) {
  for (const std::size_t n : kind.sizes()) {
    bench::add("quantize", kind.name, "scalar", std::to_string(n), [=](benchmark::State& state) {
      const float* x = bench::float_input();
      Q* q = bench::output<Q>();
      if (kind.per_row) {
        const std::span scales = bench::row_scales(n);
        bench::run(state, n, 5 * n, [&] {
          for (std::size_t r = 0; r < scales.size(); ++r) {
            quantize(x + r * bench::row, bench::row, scales[r], 0, q + r * bench::row);
          }
        });
      } else {
        bench::run(state, n, 5 * n, [&] { quantize(x, n, bench::scale, bench::zero_point, q); });
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
