// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Beyond one scale and int8: a scale per channel, 4-bit groups, stochastic rounding in two parts, and integers
// only. Prints what each of them loses.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

int main() {
  constexpr std::size_t out = 4, in = 96, n = out * in;
  std::vector<float> w(n), back(n);
  for (std::size_t i = 0; i < n; ++i) w[i] = std::sin(static_cast<float>(i * i)) * 0.1f;

  // int8 weights, one scale per output channel.
  std::vector<float> scales(out);
  std::vector<std::int8_t> q(n);
  qmath::dynamic_quantize(w, qmath::per_row(out, in), scales, {}, q, qmath::symmetric);

  // PyTorch's arithmetic, and fewer codes than the scales are made for: how many that clips.
  qmath::clip_counts clipped;
  qmath::quantize(w, qmath::channel_params{scales, {}, qmath::per_row(out, in)}, q,
                  {.rules = qmath::numerics::pytorch, .codes = {-100, 100}, .counts = &clipped});
  std::printf("clipped: %d below, %d above\n", static_cast<int>(clipped.low),
              static_cast<int>(clipped.high));

  // Signed 4 bits, one scale per 32 neighbours, two codes in a byte.
  const qmath::granularity groups = qmath::per_group(out, in, 32);
  std::vector<float> group_scales(groups.count());
  std::vector<std::uint8_t> bytes(qmath::storage_bytes<qmath::s4>(n));
  const qmath::packed_span<qmath::s4> q4(bytes.data(), n);
  qmath::dynamic_quantize(w, groups, group_scales, {}, q4, qmath::symmetric);
  qmath::dequantize(q4, qmath::channel_params{group_scales, {}, groups}, back);
  float worst = 0.0f;
  for (std::size_t i = 0; i < n; ++i) worst = std::fmax(worst, std::fabs(back[i] - w[i]));
  std::printf("4 bits: %zu bytes for %zu weights, worst error %.4f\n", bytes.size(), n,
              static_cast<double>(worst));

  // Stochastic rounding: 0.3 becomes 1 in 30 % of the elements. A part of the array has the same bits when it
  // is quantized by itself, with its position as the offset.
  const std::vector<float> x(n, 0.3f);
  std::vector<std::int8_t> whole(n), half(n / 2);
  qmath::quantize_options options = {.random = {.seed = 42, .stream = 7, .offset = 0}};
  options.rules.round = qmath::rounding::stochastic;
  qmath::quantize(x, {1.0f, 0}, whole, options);
  options.random.offset = n / 2;
  qmath::quantize(std::span(x).last(n / 2), {1.0f, 0}, half, options);
  std::size_t ones = 0, same = 0;
  for (const std::int8_t code : whole) ones += code == 1;
  for (std::size_t i = 0; i < n / 2; ++i) same += half[i] == whole[n / 2 + i];
  std::printf("stochastic: %zu of %zu are 1; %zu of the second half's %zu are the same\n", ones, n,
              same, n / 2);

  const std::vector<std::int32_t> sums = {-100000, -1500, -500, 0, 500, 1500, 100000};
  std::vector<std::int8_t> codes(sums.size());
  // From the sums of a GEMM to int8 by integers alone, as TFLite's reference kernels have it.
  qmath::requantize(sums, qmath::fixed_point::tflite_double_rounding(0.001, 3), codes);
  std::printf("requantized:");
  for (const std::int8_t code : codes) std::printf(" %d", code);
  std::printf("\n");
}
