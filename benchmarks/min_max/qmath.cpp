// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "support/bench.hpp"

namespace {

const bool registered = bench::at_start([] {
  for (const std::size_t n : bench::all_sizes) {
    bench::add_targets("min_max", "f32", std::to_string(n), [=](benchmark::State& state) {
      const std::span x(bench::float_input(), n);
      bench::run(state, n, 4 * n, [&] { benchmark::DoNotOptimize(qmath::min_max(x)); });
    });
  }
});

}  // namespace
