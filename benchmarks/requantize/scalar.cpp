// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The same formula as a plain loop, for the compiler to vectorize as well as it can with the flags it has.
#include <bit>

#include "requantize/cases.hpp"

namespace {

template <class Q>
inline Q requantize(std::int32_t acc, float multiplier, std::int32_t z) {
  const auto lo = static_cast<float>(std::numeric_limits<Q>::min() - z);
  const auto hi = static_cast<float>(std::numeric_limits<Q>::max() - z);
  float t = static_cast<float>(acc) * multiplier;
  t = t > lo ? t : lo;
  t = t < hi ? t : hi;
  // A call of nearbyint in the loop would keep it from being vectorized.
  return static_cast<Q>(std::bit_cast<std::int32_t>(t + 12582912.0f) - 0x4B400000 + z);
}

template <class Q>
inline void requantize(const std::int32_t* __restrict acc, std::size_t n, float multiplier,
                       std::int32_t z, Q* __restrict q) {
  for (std::size_t i = 0; i < n; ++i) q[i] = requantize<Q>(acc[i], multiplier, z);
}

template <class Q>
void requantize(benchmark::State& state, const bench::requantize_case& c, std::size_t n) {
  const std::int32_t* acc = bench::integer_input<std::int32_t>();
  Q* q = bench::output<Q>();
  const qmath::requantize_params p = bench::real_params(c);
  if (c.where.what == bench::layout::shape::tensor) {
    return bench::run(state, n, 5 * n, [&] { requantize(acc, n, p.multiplier, p.zero_point, q); });
  }
  const std::span multipliers = bench::near(p.multiplier, c.where.of(n).count());
  if (c.where.what == bench::layout::shape::column) {
    return bench::run(state, n, 5 * n, [&] {
      for (std::size_t i = 0; i < n; i += c.where.size) {
        for (std::size_t j = 0; j < c.where.size; ++j) {
          q[i + j] = requantize<Q>(acc[i + j], multipliers[j], p.zero_point);
        }
      }
    });
  }
  bench::run(state, n, 5 * n, [&] {
    for (std::size_t i = 0, r = 0; i < n; i += c.where.size, ++r) {
      requantize(acc + i, c.where.size, multipliers[r], p.zero_point, q + i);
    }
  });
}

const bool registered = bench::at_start([] {
  for (const bench::requantize_case& c : bench::requantize_cases) {
    if (!c.is_default()) continue;
    for (const std::size_t size : c.sizes()) {
      bench::add("requantize", c.name(), "scalar", std::to_string(size),
                 [=](benchmark::State& state) {
                   const std::size_t n = c.where.elements(size);
                   c.to.index() == 0 ? requantize<std::int8_t>(state, c, n)
                                     : requantize<std::uint8_t>(state, c, n);
                 });
    }
  }
});

}  // namespace
