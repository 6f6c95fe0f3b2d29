// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The same sums in double precision as a plain loop, and one of the peaks: they depend on the order, and NaN is not
// looked for.
#include "metrics/metrics.hpp"

namespace {

struct naive_sums {
  double aa = 0.0, ab = 0.0, bb = 0.0, a = 0.0, b = 0.0, absolute = 0.0;
};

void add_errors(const float* a, const float* b, std::size_t n, naive_sums& s) {
  for (std::size_t i = 0; i < n; ++i) {
    const double x = a[i], y = b[i], d = y < x ? x - y : y - x;
    s.aa += x * x, s.ab += x * y, s.bb += y * y, s.a += x, s.b += y;
    s.absolute = d > s.absolute ? d : s.absolute;
  }
}

const bool registered = bench::at_start([] {
  for (const std::size_t n : bench::pair_sizes) {
    bench::add("metrics", "f32", "scalar", std::to_string(n), [=](benchmark::State& state) {
      const float *a = bench::float_input(), *b = bench::restored_input();
      bench::run(state, n, 8 * n, [&] {
        naive_sums sums;
        add_errors(a, b, n, sums);
        benchmark::DoNotOptimize(sums);
      });
    });
  }
});

}  // namespace
