// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The same formula as a plain loop, for the compiler to vectorize as well as it can with the flags it has.
#include "support/bench.hpp"

namespace {

template <class Q>
void dequantize(const Q* __restrict q, std::size_t n, float scale, std::int32_t z,
                float* __restrict x) {
  for (std::size_t i = 0; i < n; ++i) x[i] = scale * static_cast<float>(q[i] - z);
}

template <class Q>
void add(const bench::kind& kind) {
  for (const std::size_t n : kind.sizes()) {
    bench::add("dequantize", kind.name, "scalar", std::to_string(n), [=](benchmark::State& state) {
      const Q* q = bench::quantized_input<Q>();
      auto* x = bench::output<float>();
      if (kind.per_row) {
        const std::span scales = bench::row_scales(n);
        bench::run(state, n, 5 * n, [&] {
          for (std::size_t r = 0; r < scales.size(); ++r) {
            dequantize(q + r * bench::row, bench::row, scales[r], 0, x + r * bench::row);
          }
        });
      } else {
        bench::run(state, n, 5 * n, [&] { dequantize(q, n, bench::scale, bench::zero_point, x); });
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
