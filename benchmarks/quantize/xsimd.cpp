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
}

template <class Q>
void add(const bench::kind& kind) {
  for (const std::size_t n : kind.sizes()) {
    bench::add("quantize", kind.name, "xsimd", std::to_string(n), [=](benchmark::State& state) {
      state.SetLabel(xsimd::default_arch::name());
      const float* x = bench::float_input();
      Q* q = bench::output<Q>();
      if (kind.per_row) {
        const std::span scales = bench::row_scales(n);
        bench::run(state, n, 5 * n, [&] {
          for (std::size_t r = 0; r < scales.size(); ++r) {
            quantize(x + r * bench::row, bench::row, {scales[r], 0}, q + r * bench::row);
          }
        });
      } else {
        bench::run(state, n, 5 * n, [&] { quantize(x, n, {bench::scale, bench::zero_point}, q); });
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
