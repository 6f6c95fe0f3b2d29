// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// From the sums of a layer to codes, and from codes to codes: two branches of a network, of which one has a scale of
// its own, are brought to the scale they share. By a real multiplier, and by integers alone.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

int main() {
  constexpr std::size_t rows = 5, width = 6;
  // What a GEMM left, with a weight scale per output: real = a_scale * w_scales[n] * sum.
  const float a_scale = 0.02f;
  const std::vector<float> w_scales = {0.001f, 0.002f, 0.004f, 0.003f, 0.005f, 0.0015f};
  std::vector<std::int32_t> sums(rows * width);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    sums[i] = static_cast<std::int32_t>(i * i * 997 % 60000) - 30000;
  }

  // Branch 1: sums to int8. A multiplier is the scale before over the scale after.
  const qmath::affine_params branch{0.015f, -5};
  std::vector<float> multipliers(width);
  for (std::size_t n = 0; n < width; ++n) multipliers[n] = a_scale * w_scales[n] / branch.scale;
  std::vector<std::int8_t> codes(sums.size());
  qmath::requantize(
      sums,
      qmath::channel_requantize_params{multipliers, qmath::per_column(width), branch.zero_point},
      codes);

  // int8 of one scale to uint8 of another: the input has a zero point too.
  const qmath::affine_params joined{0.02f, 120};
  std::vector<std::uint8_t> left(codes.size());
  qmath::requantize(
      codes,
      qmath::requantize_params{branch.scale / joined.scale, joined.zero_point, branch.zero_point},
      left);

  // Branch 2 by integers alone, as TFLite has it: multiplier and shift are found once.
  std::vector<qmath::fixed_point_multiplier> fixed(width);
  const qmath::channel_fixed_point_params integers = qmath::fixed_point::for_channels(
      qmath::fixed_point::tflite_double_rounding, a_scale, w_scales, joined.scale, fixed,
      qmath::per_column(width), joined.zero_point);
  std::vector<std::uint8_t> right(sums.size());
  qmath::requantize(sums, integers, right);

  // Each step is the formula of its definition.
  bool is_right = true;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto code =
        qmath::reference::requantize(sums[i], multipliers[i % width], -5, {-128, 127});
    const auto again = qmath::reference::requantize(codes[i] - branch.zero_point,
                                                    branch.scale / joined.scale, 120, {0, 255});
    const auto by_integers =
        qmath::reference::requantize(sums[i], fixed[i % width], integers.rule, 120, {0, 255});
    is_right = is_right && codes[i] == code && left[i] == again && right[i] == by_integers;
  }

  // Both branches hold the same numbers. The first was rounded twice, by up to half a step of 0.015 and half a step
  // of 0.02, so the codes differ by 1 here and there, and by more where the first had been clipped to 8 bits.
  int largest = 0, clipped = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (codes[i] == -128 || codes[i] == 127) {
      ++clipped;
    } else if (std::abs(left[i] - right[i]) > largest) {
      largest = std::abs(left[i] - right[i]);
    }
  }
  std::printf("real     sum  int8  uint8  by integers\n");
  for (std::size_t i = 0; i < 2 * width; ++i) {
    const double real =
        double{a_scale} * double{w_scales[i % width]} * static_cast<double>(sums[i]);
    std::printf("%6.3f %6d  %4d  %5d  %5d\n", real, sums[i], codes[i], left[i], right[i]);
  }
  std::printf("%d clipped; the others differ by %d at most: %s\n", clipped, largest,
              is_right && largest <= 2 ? "ok" : "WRONG");
  return is_right && largest <= 2 ? 0 : 1;
}
