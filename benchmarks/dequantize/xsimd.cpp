// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The pieces of simd/xsimd.hpp in a loop of the caller's, for the architecture of this file's flags.
#include <cstring>
#include <qmath/simd/xsimd.hpp>

#include "dequantize/cases.hpp"

namespace {

using batch = xsimd::batch<float>;
namespace simd = qmath::simd;

template <class Q>
void dequantize(const Q* q, std::size_t n, qmath::affine_params p, float* x) {
  constexpr std::size_t lanes = batch::size;
  const simd::dequantizer<Q> dequantizer(p);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    simd::dequantize(simd::load<xsimd::default_arch>(q + i), dequantizer).store_unaligned(x + i);
  }
  // What is left: in memory of whole batches.
  if (i < n) {
    Q codes[lanes] = {};
    float rest[lanes];
    std::memcpy(codes, q + i, n - i);
    simd::dequantize(simd::load<xsimd::default_arch>(codes), dequantizer).store_unaligned(rest);
    std::memcpy(x + i, rest, (n - i) * sizeof(float));
  }
}

template <class Q>
void dequantize(benchmark::State& state, const bench::dequantize_case& c, std::size_t n) {
  state.SetLabel(xsimd::default_arch::name());
  const Q* q = bench::integer_input<Q>();
  auto* x = bench::output<float>();
  if (c.where.what == bench::layout::shape::tensor) {
    const qmath::affine_params p = bench::tensor_params<Q>();
    return bench::run(state, n, 5 * n, [&] { dequantize(q, n, p, x); });
  }
  const qmath::channel_params p = bench::channel_params<Q>(c.where, n);
  bench::run(state, n, 5 * n, [&] {
    for (std::size_t i = 0, r = 0; i < n; i += c.where.size, ++r) {
      const std::int32_t z = p.zero_points.empty() ? 0 : p.zero_points[r];
      dequantize(q + i, c.where.size, {p.scales[r], z}, x + i);
    }
  });
}

const bool registered = bench::at_start([] {
  for (const bench::dequantize_case& c : bench::dequantize_cases) {
    if (!c.is_default() || c.where.what == bench::layout::shape::column) continue;
    for (const std::size_t size : c.sizes()) {
      bench::add("dequantize", c.name(), "xsimd", std::to_string(size),
                 [=](benchmark::State& state) {
                   const std::size_t n = c.where.elements(size);
                   c.from.index() == 0 ? dequantize<std::int8_t>(state, c, n)
                                       : dequantize<std::uint8_t>(state, c, n);
                 });
    }
  }
});

}  // namespace
