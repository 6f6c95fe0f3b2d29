// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "int8_network.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace digits {
namespace {

constexpr std::size_t block_images = 64;  // images per pass through the network: fits the cache

// The bias is stored in steps of sx * sw. Where a channel's weights are next to nothing, so is this
// step, and the bias might not fit; then the weights can do with a coarser scale.
float scale_for_bias(float bias, float input_scale) {
  constexpr float largest_bias = 1 << 30;  // leaves the other half of int32 to the sum of products
  return std::abs(bias) / (input_scale * largest_bias);
}

std::int32_t quantize_bias(float bias, float input_scale, float weight_scale) {
  const double step = double{input_scale} * double{weight_scale};
  return static_cast<std::int32_t>(std::lround(double{bias} / step));
}

}  // namespace

int8_network::dense_weights int8_network::quantize_weights(const dense_layer& layer,
                                                           qmath::affine_params input,
                                                           weight_scales granularity) {
  // Weights are [outputs, inputs], so the weights of an output channel are a row. A granularity
  // says which elements share a scale: here those of a row, or all.
  const qmath::granularity layout = granularity == weight_scales::per_channel
                                        ? qmath::per_row(layer.outputs, layer.inputs)
                                        : qmath::per_tensor(layer.weights.size());
  const std::size_t outputs_per_scale = layer.outputs / layout.count();
  const std::size_t weights_per_scale = layer.weights.size() / layout.count();

  dense_weights result;
  result.input = input;
  for (std::size_t c = 0; c < layout.count(); ++c) {
    const auto weights = std::span(layer.weights).subspan(c * weights_per_scale, weights_per_scale);
    const auto bias = std::span(layer.bias).subspan(c * outputs_per_scale, outputs_per_scale);
    float scale =
        qmath::choose_params<std::int8_t>(qmath::min_max(weights), qmath::symmetric).scale;
    for (const float b : bias) scale = std::max(scale, scale_for_bias(b, input.scale));
    result.scales.push_back(scale);
  }

  std::vector<std::int8_t> quantized(layer.weights.size());
  qmath::quantize(layer.weights, qmath::channel_params{result.scales, {}, layout}, quantized);

  // Packed once, read by every gemm. The packed form is the same on every CPU target.
  result.memory.resize(qmath::packed_size(layer.inputs, layer.outputs));
  result.packed = qmath::pack_transposed(
      qmath::matrix_view<const std::int8_t>(quantized.data(), layer.outputs, layer.inputs),
      result.memory);
  return result;
}

int8_network::hidden_layer int8_network::make_hidden_layer(const dense_layer& layer,
                                                           qmath::affine_params input,
                                                           qmath::affine_params output,
                                                           weight_scales granularity) {
  hidden_layer result;
  result.weights = quantize_weights(layer, input, granularity);
  result.output = output;
  const std::vector<float>& scales = result.weights.scales;
  for (const float scale : scales) {
    result.multipliers.push_back(input.scale * scale / output.scale);
  }
  for (std::size_t n = 0; n < layer.outputs; ++n) {
    const float weight_scale = scales.size() == 1 ? scales[0] : scales[n];
    result.bias.push_back(quantize_bias(layer.bias[n], input.scale, weight_scale));
  }
  return result;
}

int8_network::int8_network(const float_network& network,
                           std::span<const qmath::value_range> input_ranges,
                           weight_scales granularity) {
  const std::vector<dense_layer>& layers = network.layers();
  std::vector<qmath::affine_params> inputs;
  for (const qmath::value_range range : input_ranges) {
    inputs.push_back(qmath::choose_params<std::uint8_t>(range));
  }

  // The output of a hidden layer is the input of the next one, so both share their parameters.
  for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
    hidden_.push_back(make_hidden_layer(layers[l], inputs[l], inputs[l + 1], granularity));
  }
  output_.weights = quantize_weights(layers.back(), inputs.back(), granularity);
  output_.bias = layers.back().bias;

  std::size_t widest = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const dense_layer& layer = layers[l];
    const std::size_t scale_count = granularity == weight_scales::per_channel ? layer.outputs : 1;
    widest = std::max(widest, layer.inputs);
    parameter_bytes_ += layer.weights.size() * sizeof(std::int8_t) + scale_count * sizeof(float) +
                        layer.bias.size() * sizeof(std::int32_t) + sizeof(qmath::affine_params);
  }
  for (std::vector<std::uint8_t>& buffer : activations_) buffer.resize(block_images * widest);
}

void int8_network::run_hidden(const hidden_layer& layer, std::size_t count, const std::uint8_t* x,
                              std::uint8_t* y) {
  const dense_weights& weights = layer.weights;
  const qmath::to_quantized relu{.multipliers = layer.multipliers,
                                 .bias = layer.bias,
                                 .zero_point = layer.output.zero_point,
                                 .min = layer.output.zero_point};  // real 0: this is ReLU
  qmath::gemm(qmath::matrix_view(x, count, weights.packed.k), {weights.input.zero_point},
              weights.packed, relu, qmath::matrix_view(y, count, weights.packed.n));
}

std::vector<std::vector<float>> int8_network::layer_inputs(std::span<const float> images) const {
  const std::size_t count = images.size() / hidden_.front().weights.packed.k;
  std::vector<std::vector<float>> result;
  std::vector<std::uint8_t> codes(images.size());
  qmath::quantize(images, hidden_.front().weights.input, codes);
  const auto add = [&](qmath::affine_params params) {
    result.emplace_back(codes.size());
    qmath::dequantize(codes, params, result.back());
  };
  add(hidden_.front().weights.input);
  for (const hidden_layer& layer : hidden_) {
    std::vector<std::uint8_t> y(count * layer.weights.packed.n);
    run_hidden(layer, count, codes.data(), y.data());
    codes = std::move(y);
    add(layer.output);
  }
  return result;
}

void int8_network::forward(std::span<const float> images, std::span<float> logits) {
  const std::size_t inputs = hidden_.front().weights.packed.k;
  const std::size_t outputs = output_.weights.packed.n;
  const std::size_t count = images.size() / inputs;

  for (std::size_t begin = 0; begin < count; begin += block_images) {
    const std::size_t block = std::min(block_images, count - begin);

    // float -> uint8. From here to the logits there are only integers.
    std::uint8_t* x = activations_[0].data();
    std::uint8_t* y = activations_[1].data();
    qmath::quantize(images.subspan(begin * inputs, block * inputs), hidden_.front().weights.input,
                    std::span(x, block * inputs));

    for (const hidden_layer& layer : hidden_) {
      run_hidden(layer, block, x, y);
      std::swap(x, y);
    }

    // The last layer keeps what the int32 sums know: float(acc) * (sx * sw) + b.
    const dense_weights& weights = output_.weights;
    const qmath::to_float to_logits{
        .a_scale = weights.input.scale, .b_scales = weights.scales, .bias = output_.bias};
    qmath::gemm(qmath::matrix_view(x, block, weights.packed.k), {weights.input.zero_point},
                weights.packed, to_logits,
                qmath::matrix_view(&logits[begin * outputs], block, outputs));
  }
}

}  // namespace digits
