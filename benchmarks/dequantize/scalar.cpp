// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The same formula as a plain loop, for the compiler to vectorize as well as it can with the flags it has.
#include "dequantize/cases.hpp"

namespace {

template <class Q>
inline void dequantize(const Q* __restrict q, std::size_t n, float scale, std::int32_t z,
                       float* __restrict x) {
  for (std::size_t i = 0; i < n; ++i) x[i] = scale * static_cast<float>(q[i] - z);
}

template <class Q>
void dequantize(benchmark::State& state, const bench::dequantize_case& c, std::size_t n) {
  const Q* q = bench::integer_input<Q>();
  auto* x = bench::output<float>();
  if (c.where.what == bench::layout::shape::tensor) {
    const qmath::affine_params p = bench::tensor_params<Q>();
    return bench::run(state, n, 5 * n, [&] { dequantize(q, n, p.scale, p.zero_point, x); });
  }
  const qmath::channel_params p = bench::channel_params<Q>(c.where, n);
  const auto z = [&](std::size_t i) { return p.zero_points.empty() ? 0 : p.zero_points[i]; };
  if (c.where.what == bench::layout::shape::column) {
    return bench::run(state, n, 5 * n, [&] {
      for (std::size_t i = 0; i < n; i += c.where.size) {
        for (std::size_t j = 0; j < c.where.size; ++j) {
          x[i + j] = p.scales[j] * static_cast<float>(q[i + j] - z(j));
        }
      }
    });
  }
  bench::run(state, n, 5 * n, [&] {
    for (std::size_t i = 0, r = 0; i < n; i += c.where.size, ++r) {
      dequantize(q + i, c.where.size, p.scales[r], z(r), x + i);
    }
  });
}

const bool registered = bench::at_start([] {
  for (const bench::dequantize_case& c : bench::dequantize_cases) {
    if (!c.is_default()) continue;
    for (const std::size_t size : c.sizes()) {
      bench::add("dequantize", c.name(), "scalar", std::to_string(size),
                 [=](benchmark::State& state) {
                   const std::size_t n = c.where.elements(size);
                   c.from.index() == 0 ? dequantize<std::int8_t>(state, c, n)
                                       : dequantize<std::uint8_t>(state, c, n);
                 });
    }
  }
});

}  // namespace
