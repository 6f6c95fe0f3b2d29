// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The same formula as a plain loop, for the compiler to vectorize as well as it can with the flags it has.
#include <bit>

#include "quantize/cases.hpp"

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
inline void quantize(const float* __restrict x, std::size_t n, float scale, std::int32_t z,
                     Q* __restrict q) {
  for (std::size_t i = 0; i < n; ++i) q[i] = quantize<Q>(x[i], scale, z);
}

template <class Q>
void quantize(benchmark::State& state, const bench::quantize_case& c, std::size_t n) {
  const float* x = bench::float_input();
  Q* q = bench::output<Q>();
  if (c.where.what == bench::layout::shape::tensor) {
    const qmath::affine_params p = bench::tensor_params<Q>();
    return bench::run(state, n, 5 * n, [&] { quantize(x, n, p.scale, p.zero_point, q); });
  }
  const qmath::channel_params p = bench::channel_params<Q>(c.where, n);
  const auto z = [&](std::size_t i) { return p.zero_points.empty() ? 0 : p.zero_points[i]; };
  if (c.where.what == bench::layout::shape::column) {
    return bench::run(state, n, 5 * n, [&] {
      for (std::size_t i = 0; i < n; i += c.where.size) {
        for (std::size_t j = 0; j < c.where.size; ++j) {
          q[i + j] = quantize<Q>(x[i + j], p.scales[j], z(j));
        }
      }
    });
  }
  bench::run(state, n, 5 * n, [&] {
    for (std::size_t i = 0, r = 0; i < n; i += c.where.size, ++r) {
      quantize(x + i, c.where.size, p.scales[r], z(r), q + i);
    }
  });
}

const bool registered = bench::at_start([] {
  for (const bench::quantize_case& c : bench::quantize_cases) {
    if (!c.is_default()) continue;
    for (const std::size_t size : c.sizes()) {
      bench::add("quantize", c.name(), "scalar", std::to_string(size),
                 [=](benchmark::State& state) {
                   const std::size_t n = c.where.elements(size);
                   c.to.index() == 0 ? quantize<std::int8_t>(state, c, n)
                                     : quantize<std::uint8_t>(state, c, n);
                 });
    }
  }
});

}  // namespace
