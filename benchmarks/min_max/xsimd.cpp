// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The pieces of simd/xsimd.hpp in a loop of the caller's, for the architecture of this file's flags.
#include <qmath/simd/xsimd.hpp>

#include "support/bench.hpp"

namespace {

using batch = xsimd::batch<float>;
namespace simd = qmath::simd;

qmath::value_range min_max(const float* x, std::size_t n) {
  constexpr std::size_t lanes = batch::size;
  simd::running_range<xsimd::default_arch> a, b, c, d;
  std::size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    a.add(batch::load_unaligned(x + i));
    b.add(batch::load_unaligned(x + i + lanes));
    c.add(batch::load_unaligned(x + i + 2 * lanes));
    d.add(batch::load_unaligned(x + i + 3 * lanes));
  }
  for (; i + lanes <= n; i += lanes) a.add(batch::load_unaligned(x + i));
  return qmath::merge(qmath::merge(a.range(), b.range()), qmath::merge(c.range(), d.range()));
}

const bool registered = bench::at_start([] {
  for (const std::size_t n : bench::all_sizes) {
    bench::add("min_max", "f32", "xsimd", std::to_string(n), [=](benchmark::State& state) {
      state.SetLabel(xsimd::default_arch::name());
      const float* x = bench::float_input();
      bench::run(state, n, 4 * n, [&] { benchmark::DoNotOptimize(min_max(x, n)); });
    });
  }
});

}  // namespace
