// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The plain loop of a histogram over a range that is known beforehand: no NaN, no second range.
#include "support/bench.hpp"

namespace {

const bool registered = bench::at_start([] {
  for (const std::size_t n : bench::level_sizes) {
    bench::add("observe", "f32", "scalar", std::to_string(n), [=](benchmark::State& state) {
      const float* x = bench::float_input();
      std::vector<std::uint64_t> counts(2048);
      bench::run(state, n, 4 * n, [&] {
        for (std::size_t i = 0; i < n; ++i) {
          ++counts[static_cast<std::size_t>((x[i] + 8.0f) * 128.0f)];
        }
      });
    });
  }
});

}  // namespace
