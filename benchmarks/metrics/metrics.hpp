// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Pairs of floats, the second ones as quantizing would leave them, or near them.
#ifndef QMATH_BENCHMARKS_METRICS_METRICS_HPP_
#define QMATH_BENCHMARKS_METRICS_METRICS_HPP_

#include "support/bench.hpp"

namespace bench {

/// Pairs: both arrays together are in L1, L2, L3 and DRAM.
inline constexpr std::size_t pair_sizes[] = {2048, 32768, std::size_t{1} << 19, largest / 2};

/// `largest / 2` floats that were quantized to 8 bits.
inline const float* restored_input() {
  static const float* const memory = [] {
    constexpr std::size_t n = largest / 2;
    float* x = allocate<float>(n, 1056);
    const std::span codes(output<std::int8_t>(), n);
    const qmath::affine_params p = {0.06f, 0};
    qmath::quantize(std::span(float_input(), n), p, codes);
    qmath::dequantize(codes, p, std::span(x, n));
    return x;
  }();
  return memory;
}

}  // namespace bench

#endif  // QMATH_BENCHMARKS_METRICS_METRICS_HPP_
