// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// An epilogue of your own: y = silu(scale * sum + bias), and a product with a second matrix, as in a gated
// feed-forward layer, without int32 sums in memory. On several threads.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <qmath/thread_executor.hpp>
#include <span>
#include <vector>

namespace {

float silu(float v) { return v / (1.0f + std::exp(-v)); }

}  // namespace

int main() {
  constexpr std::size_t m = 70, n = 300, k = 200;
  std::vector<std::uint8_t> a(m * k);
  std::vector<std::int8_t> b(k * n);
  std::vector<float> gate(m * n), y(m * n), bias(n);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<std::uint8_t>(i * 7 % 256);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<std::int8_t>(i * 31 % 255 - 127);
  for (std::size_t i = 0; i < gate.size(); ++i) gate[i] = std::sin(static_cast<float>(i));
  for (std::size_t i = 0; i < n; ++i) bias[i] = 0.01f * static_cast<float>(i);
  const float scale = 1e-5f;  // of A times of B
  const qmath::matrix_view a_view(a.data(), m, k);
  const qmath::matrix_view b_view(b.data(), k, n);
  const qmath::packed_weights packed(b_view);

  // Called with parts of rows, each sum once. Where each sum has its own place to go, threads need no lock; a sum
  // over a row, or its largest element, does, since a row may be in several tasks.
  const auto epilogue = [&](std::size_t row, std::size_t column,
                            std::span<const std::int32_t> sums) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const std::size_t at = row * n + column + i;
      y[at] = silu(scale * static_cast<float>(sums[i]) + bias[column + i]) * gate[at];
    }
  };
  const qmath::gemm_plan plan = qmath::plan_gemm_with(a_view, {.a = 128}, packed, epilogue);
  qmath::run(plan, qmath::thread_executor(3));

  float worst = 0.0f;
  for (std::size_t row = 0; row < m; ++row) {
    for (std::size_t column = 0; column < n; ++column) {
      std::int32_t sum = 0;
      for (std::size_t i = 0; i < k; ++i) sum += (a_view(row, i) - 128) * b_view(i, column);
      const float v = silu(scale * static_cast<float>(sum) + bias[column]) * gate[row * n + column];
      worst = std::fmax(worst, std::fabs(v - y[row * n + column]));
    }
  }
  const bool right = worst < 1e-5f;  // compilers may compute scale * sum + bias with one rounding
  std::printf("%zu tasks, largest difference %g: %s\n", plan.tasks(), static_cast<double>(worst),
              right ? "ok" : "WRONG");
  return right ? 0 : 1;
}
