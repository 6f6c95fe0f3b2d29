// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The same comparisons as a plain loop: NaN is skipped.
#include "support/bench.hpp"

namespace {

qmath::value_range min_max(const float* x, std::size_t n) {
  qmath::value_range r;
  for (std::size_t i = 0; i < n; ++i) {
    r.min = x[i] < r.min ? x[i] : r.min;
    r.max = x[i] > r.max ? x[i] : r.max;
  }
  return {r.min + 0.0f, r.max + 0.0f};
}

const bool registered = bench::at_start([] {
  for (const std::size_t n : bench::all_sizes) {
    bench::add("min_max", "f32", "scalar", std::to_string(n), [=](benchmark::State& state) {
      const float* x = bench::float_input();
      bench::run(state, n, 4 * n, [&] { benchmark::DoNotOptimize(min_max(x, n)); });
    });
  }
});

}  // namespace
