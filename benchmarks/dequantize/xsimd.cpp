// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The pieces of simd/xsimd.hpp in a loop of the caller's, for the architecture of this file's flags.
#include <qmath/simd/xsimd.hpp>

#include "support/bench.hpp"

namespace {

using batch = xsimd::batch<float>;
namespace simd = qmath::simd;

template <class Q>
void dequantize(const Q* q, std::size_t n, qmath::affine_params p, float* x) {
  const simd::dequantizer<Q> dequantizer(p);
  for (std::size_t i = 0; i + batch::size <= n; i += batch::size) {
    simd::dequantize(simd::load<xsimd::default_arch>(q + i), dequantizer).store_unaligned(x + i);
  }
}

template <class Q>
void add(const bench::kind& kind) {
  for (const std::size_t n : kind.sizes()) {
    bench::add("dequantize", kind.name, "xsimd", std::to_string(n), [=](benchmark::State& state) {
      state.SetLabel(xsimd::default_arch::name());
      const Q* q = bench::quantized_input<Q>();
      auto* x = bench::output<float>();
      if (kind.per_row) {
        const std::span scales = bench::row_scales(n);
        bench::run(state, n, 5 * n, [&] {
          for (std::size_t r = 0; r < scales.size(); ++r) {
            dequantize(q + r * bench::row, bench::row, {scales[r], 0}, x + r * bench::row);
          }
        });
      } else {
        bench::run(state, n, 5 * n,
                   [&] { dequantize(q, n, {bench::scale, bench::zero_point}, x); });
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
