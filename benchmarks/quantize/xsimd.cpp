// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The pieces of simd/xsimd.hpp in a loop of the caller's, for the architecture of this file's flags.
#include <cstring>
#include <qmath/simd/xsimd.hpp>

#include "quantize/cases.hpp"

namespace {

using batch = xsimd::batch<float>;
namespace simd = qmath::simd;

template <class Q>
void quantize(const float* x, std::size_t n, qmath::affine_params p, Q* q) {
  constexpr std::size_t lanes = batch::size;
  const simd::quantizer<Q> quantizer(p);
  const auto at = [&](std::size_t i) __attribute__((always_inline)) {
    return simd::quantize(batch::load_unaligned(x + i), quantizer);
  };
  std::size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    simd::store(q + i, at(i), at(i + lanes), at(i + 2 * lanes), at(i + 3 * lanes));
  }
  for (; i + lanes <= n; i += lanes) simd::store(q + i, at(i));
  // What is left: in memory of whole batches.
  if (i < n) {
    float rest[lanes] = {};
    Q codes[lanes];
    std::memcpy(rest, x + i, (n - i) * sizeof(float));
    simd::store(codes, simd::quantize(batch::load_unaligned(rest), quantizer));
    std::memcpy(q + i, codes, n - i);
  }
}

template <class Q>
void quantize(benchmark::State& state, const bench::quantize_case& c, std::size_t n) {
  state.SetLabel(xsimd::default_arch::name());
  const float* x = bench::float_input();
  Q* q = bench::output<Q>();
  if (c.where.what == bench::layout::shape::tensor) {
    const qmath::affine_params p = bench::tensor_params<Q>();
    return bench::run(state, n, 5 * n, [&] { quantize(x, n, p, q); });
  }
  const qmath::channel_params p = bench::channel_params<Q>(c.where, n);
  bench::run(state, n, 5 * n, [&] {
    for (std::size_t i = 0, r = 0; i < n; i += c.where.size, ++r) {
      const std::int32_t z = p.zero_points.empty() ? 0 : p.zero_points[r];
      quantize(x + i, c.where.size, {p.scales[r], z}, q + i);
    }
  });
}

const bool registered = bench::at_start([] {
  for (const bench::quantize_case& c : bench::quantize_cases) {
    if (!c.is_default() || c.where.what == bench::layout::shape::column) continue;
    for (const std::size_t size : c.sizes()) {
      bench::add("quantize", c.name(), "xsimd", std::to_string(size), [=](benchmark::State& state) {
        const std::size_t n = c.where.elements(size);
        c.to.index() == 0 ? quantize<std::int8_t>(state, c, n)
                          : quantize<std::uint8_t>(state, c, n);
      });
    }
  }
});

}  // namespace
