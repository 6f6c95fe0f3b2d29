// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Plain loops in the order that compilers vectorize, int32 output only. The zero point of A goes into the
// sums through the loop, not through sums of columns.
#include <algorithm>

#include "gemm/gemm.hpp"

namespace {

template <class A>
void gemm(qmath::matrix_view<const A> a, std::int32_t a_zero_point,
          qmath::matrix_view<const std::int8_t> b, std::int32_t* __restrict c) {
  for (std::size_t m = 0; m < a.rows; ++m) {
    std::int32_t* __restrict row = c + m * b.cols;
    std::fill(row, row + b.cols, 0);
    for (std::size_t k = 0; k < a.cols; ++k) {
      const std::int32_t factor = a(m, k) - a_zero_point;
      const std::int8_t* __restrict values = &b(k, 0);
      for (std::size_t n = 0; n < b.cols; ++n) row[n] += factor * values[n];
    }
  }
}

const bool registered = bench::at_start([] {
  for (const bench::product& p : bench::products) {
    if (p.output != bench::product::to_s32) continue;
    for (const bench::shape& s : bench::shapes) {
      if (s.operations() > std::size_t{1} << 26) continue;  // seconds
      bench::add("gemm", p.name, "scalar", s.name(), [=](benchmark::State& state) {
        bench::with_a(p, s, [&](auto a, std::int32_t a_zero_point) {
          const auto b = bench::b_of(s);
          auto* c = bench::output<std::int32_t>();
          bench::run(state, s.operations(), s.bytes(4), [&] { gemm(a, a_zero_point, b, c); });
        });
      });
    }
  }
});

}  // namespace
