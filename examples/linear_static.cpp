// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Static quantization: ranges of activations are observed before, with data like those to come, and from the input
// to the result there are only integers. Two linear layers; compare with linear.cpp, which is dynamic.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

namespace {

constexpr std::size_t batch = 16, in = 64, hidden = 48, out = 10;

std::vector<float> numbers(std::size_t n, float step, float size) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i)
    v[i] = size * std::sin(step * static_cast<float>(i * i % 9973));
  return v;
}

/// y = x * transpose(w) + bias in float, ReLU if wanted.
std::vector<float> in_float(const std::vector<float>& x, const std::vector<float>& w,
                            const std::vector<float>& bias, bool relu) {
  const std::size_t n = bias.size(), k = w.size() / n;
  std::vector<float> y(x.size() / k * n);
  for (std::size_t i = 0; i < y.size(); ++i) {
    float sum = bias[i % n];
    for (std::size_t j = 0; j < k; ++j) sum += x[i / n * k + j] * w[i % n * k + j];
    y[i] = relu && sum < 0.0f ? 0.0f : sum;
  }
  return y;
}

/// Weights [out, in] of one layer, with everything in units of its sums.
struct layer {
  std::vector<float> w_scales, multipliers;
  std::vector<std::int32_t> bias;
  qmath::packed_weights weights;

  layer(const std::vector<float>& w, const std::vector<float>& real_bias, float x_scale,
        float y_scale)
      : w_scales(real_bias.size()), multipliers(real_bias.size()), bias(real_bias.size()) {
    const std::size_t n = real_bias.size(), k = w.size() / n;
    std::vector<std::int8_t> codes(w.size());
    qmath::dynamic_quantize(w, qmath::per_row(n, k), w_scales, {}, codes, qmath::symmetric);
    weights = qmath::packed_weights::transposed(qmath::matrix_view(codes.data(), n, k));
    // A sum is worth x_scale * w_scales[i]: so is a unit of the bias.
    std::vector<float> sum_scales(n);
    for (std::size_t i = 0; i < n; ++i) {
      sum_scales[i] = x_scale * w_scales[i];
      multipliers[i] = sum_scales[i] / y_scale;
    }
    qmath::quantize(real_bias, qmath::channel_params{sum_scales, {}, qmath::per_column(n)}, bias);
  }
};

}  // namespace

int main() {
  const std::vector<float> w1 = numbers(hidden * in, 0.3f, 0.2f), b1 = numbers(hidden, 1.0f, 0.5f);
  const std::vector<float> w2 = numbers(out * hidden, 0.7f, 0.3f), b2 = numbers(out, 2.0f, 0.5f);

  // Before: what the layers see. An observer for each tensor, and as many batches as you have.
  qmath::min_max_observer seen_x, seen_h;
  for (int i = 1; i <= 20; ++i) {
    const std::vector<float> x = numbers(batch * in, 0.11f * static_cast<float>(i), 1.0f);
    qmath::observe(seen_x, x);
    qmath::observe(seen_h, in_float(x, w1, b1, true));
  }
  const auto x_params = qmath::choose_params<std::uint8_t>(qmath::range_of(seen_x));
  const auto h_params = qmath::choose_params<std::uint8_t>(qmath::range_of(seen_h));
  const layer first(w1, b1, x_params.scale, h_params.scale);
  const layer second(w2, b2, h_params.scale, 1.0f);

  // Every time: codes in, codes between, real numbers at the end.
  const std::vector<float> x = numbers(batch * in, 0.05f, 1.0f);
  std::vector<std::uint8_t> x_q(batch * in), h_q(batch * hidden);
  std::vector<float> y(batch * out);
  qmath::quantize(x, x_params, x_q);
  qmath::to_quantized relu{
      .multipliers = first.multipliers, .bias = first.bias, .zero_point = h_params.zero_point};
  relu.min = relu.zero_point;
  qmath::gemm(qmath::matrix_view(x_q.data(), batch, in), {.a = x_params.zero_point}, first.weights,
              relu, qmath::matrix_view(h_q.data(), batch, hidden));
  qmath::gemm(qmath::matrix_view(h_q.data(), batch, hidden), {.a = h_params.zero_point},
              second.weights,
              qmath::to_float{.a_scale = h_params.scale, .b_scales = second.w_scales, .bias = b2},
              qmath::matrix_view(y.data(), batch, out));

  // How far from float, and whether the hidden codes are those of the definition.
  const std::vector<float> want = in_float(in_float(x, w1, b1, true), w2, b2, false);
  qmath::error_sums errors;
  qmath::add_errors(want, y, errors);
  std::vector<std::int8_t> w_codes(w1.size());
  std::vector<std::uint8_t> h_want(h_q.size());
  qmath::unpack(first.weights, qmath::matrix_view(w_codes.data(), in, hidden));
  qmath::reference::gemm(qmath::matrix_view(x_q.data(), batch, in), {.a = x_params.zero_point},
                         qmath::matrix_view(w_codes.data(), in, hidden), relu,
                         qmath::matrix_view(h_want.data(), batch, hidden));
  const bool right = qmath::sqnr_db(errors) > 30.0 && h_q == h_want;
  std::printf("x: scale %.4f, zero point %d; hidden: scale %.4f, zero point %d\n",
              static_cast<double>(x_params.scale), x_params.zero_point,
              static_cast<double>(h_params.scale), h_params.zero_point);
  std::printf("two layers: %.1f dB: %s\n", qmath::sqnr_db(errors), right ? "ok" : "WRONG");
  return right ? 0 : 1;
}
