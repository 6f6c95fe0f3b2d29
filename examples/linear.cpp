// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A linear layer in int8: y = x * transpose(w) + bias, float in and out. Prints how far it is from float.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <vector>

int main() {
  constexpr std::size_t rows = 8, in = 100, out = 40;
  std::vector<float> w(out * in), x(rows * in), bias(out), y(rows * out);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = std::sin(static_cast<float>(i)) * 0.1f;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::cos(static_cast<float>(3 * i));
  for (std::size_t i = 0; i < out; ++i) bias[i] = 0.01f * static_cast<float>(i);

  // Once: w is [out, in], float.
  std::vector<float> w_scales(out);
  std::vector<std::int8_t> w_q(w.size());
  qmath::dynamic_quantize(w, qmath::per_row(out, in), w_scales, {}, w_q, qmath::symmetric);
  std::vector<std::byte> memory(qmath::packed_size(in, out));
  const qmath::packed_matrix packed =
      qmath::pack_transposed(qmath::matrix_view<const std::int8_t>(w_q.data(), out, in), memory);

  // Every call: x is [rows, in], y is [rows, out], float.
  std::vector<std::uint8_t> x_q(x.size());
  const qmath::affine_params p = qmath::dynamic_quantize(x, x_q);
  qmath::gemm(qmath::matrix_view(x_q.data(), rows, in), {p.zero_point}, packed,
              qmath::to_float{.a_scale = p.scale, .b_scales = w_scales, .bias = bias},
              qmath::matrix_view(y.data(), rows, out));

  float largest = 0.0f, worst = 0.0f;
  for (std::size_t m = 0; m < rows; ++m) {
    for (std::size_t n = 0; n < out; ++n) {
      float sum = bias[n];
      for (std::size_t k = 0; k < in; ++k) sum += x[m * in + k] * w[n * in + k];
      largest = std::max(largest, std::abs(sum));
      worst = std::max(worst, std::abs(sum - y[m * out + n]));
    }
  }
  std::printf("largest result %.3f, largest error of int8 %.4f, on %s\n",
              static_cast<double>(largest), static_cast<double>(worst),
              qmath::cpu::active_target());
  return worst < 0.02f ? 0 : 1;
}
