// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Pairs per second into the sums that mse, sqnr_db, cosine_similarity and the peaks come from.
#include "metrics/metrics.hpp"

namespace {

const bool registered = bench::at_start([] {
  for (const std::size_t n : bench::pair_sizes) {
    bench::add_targets("metrics", "f32", std::to_string(n), [=](benchmark::State& state) {
      const std::span a(bench::float_input(), n), b(bench::restored_input(), n);
      bench::run(state, n, 8 * n, [&] {
        qmath::error_sums sums;
        qmath::add_errors(a, b, sums);
        benchmark::DoNotOptimize(sums);
      });
    });
  }
});

}  // namespace
