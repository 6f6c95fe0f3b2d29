// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// One scale for all weights, or one per output channel: what each leaves of channels that differ in size. And
// activations with a scale and a zero point per channel. Checks its codes against reference.hpp.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

namespace {

/// Signal over noise of a part, in dB.
double sqnr(std::span<const float> x, std::span<const float> y) {
  qmath::error_sums sums;
  qmath::add_errors(x, y, sums);
  return qmath::sqnr_db(sums);
}

}  // namespace

int main() {
  // Weights of a convolution, [out, in, height, width]; the largest of channel c is 2^c times that of channel 0.
  constexpr std::size_t out = 8, in = 16, height = 3, width = 3, each = in * height * width;
  std::vector<float> w(out * each), coarse(w.size()), fine(w.size());
  for (std::size_t i = 0; i < w.size(); ++i) {
    w[i] = std::sin(static_cast<float>(i * i)) * std::ldexp(0.01f, static_cast<int>(i / each));
  }

  // One scale for all of them.
  std::vector<std::int8_t> q(w.size());
  const qmath::affine_params one = qmath::dynamic_quantize(w, q, qmath::symmetric);
  qmath::dequantize(q, one, coarse);

  // A scale per output channel: per index of axis 0.
  const qmath::granularity channels = qmath::per_channel({out, in, height, width}, 0);
  std::vector<float> scales(channels.count());
  qmath::dynamic_quantize(w, channels, scales, {}, q, qmath::symmetric);
  const qmath::channel_params params{scales, {}, channels};
  qmath::dequantize(q, params, fine);

  std::printf("channel  scale     one scale  per channel\n");
  bool right = true;
  for (std::size_t c = 0; c < out; ++c) {
    const auto part = [&](const std::vector<float>& v) {
      return std::span(v).subspan(c * each, each);
    };
    const double with_one = sqnr(part(w), part(coarse)), with_own = sqnr(part(w), part(fine));
    std::printf("%7zu  %.6f  %6.1f dB  %8.1f dB\n", c, static_cast<double>(scales[c]), with_one,
                with_own);
    right = right && with_own > 40.0 && with_own >= with_one;
  }

  // The codes are those of the definition.
  std::vector<std::int8_t> want(w.size());
  qmath::reference::quantize<std::int8_t>(std::span<const float>(w), params, std::span(want));
  right = right && q == want;

  // Activations, [pixels, features]: a scale and a zero point per feature.
  constexpr std::size_t pixels = 50, features = 4;
  std::vector<float> x(pixels * features), back(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto f = static_cast<float>(i % features);
    x[i] = f + (f + 1.0f) * std::cos(static_cast<float>(7 * i));
  }
  const qmath::granularity columns = qmath::per_column(features);
  std::vector<float> x_scales(columns.count());
  std::vector<std::int32_t> x_zero_points(columns.count());
  std::vector<std::uint8_t> x_q(x.size());
  qmath::dynamic_quantize(x, columns, x_scales, x_zero_points, x_q);
  qmath::dequantize(x_q, qmath::channel_params{x_scales, x_zero_points, columns}, back);
  for (std::size_t i = 0; i < x.size(); ++i) {
    right = right && std::abs(back[i] - x[i]) <= 0.51f * x_scales[i % features];
  }

  std::printf("%s\n", right ? "ok" : "WRONG");
  return right ? 0 : 1;
}
