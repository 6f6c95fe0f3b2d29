// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Elements per second into histograms of 2048 bins: one of all, and one for each row, as long as L1 holds.
#include "support/bench.hpp"

namespace {

using histogram = qmath::histogram_observer<>;

void observe(benchmark::State& state, std::size_t n, std::size_t row) {
  const std::span x(bench::float_input(), n);
  std::vector<histogram> seen(row == 0 ? 1 : n / row);
  bench::run(state, n, 4 * n, [&] {
    if (row == 0) {
      qmath::observe(seen[0], x);
    } else {
      qmath::observe(seen, x, qmath::per_row(seen.size(), row));
    }
    benchmark::DoNotOptimize(seen.data());
  });
}

const bool registered = bench::at_start([] {
  for (const std::size_t n : bench::level_sizes) {
    bench::add_targets("observe", "f32", std::to_string(n),
                       [=](benchmark::State& state) { observe(state, n, 0); });
    bench::add_targets("observe", "f32_row_4096", std::to_string(n),
                       [=](benchmark::State& state) { observe(state, n, 4096); });
  }
});

}  // namespace
