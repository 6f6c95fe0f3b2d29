// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "int4_network.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace digits {
namespace {

constexpr std::size_t group_size = 32;

}  // namespace

int4_network::int4_network(const float_network& network,
                           std::span<const qmath::value_range> input_ranges) {
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    dense_layer layer = network.layers()[l];
    const auto groups = qmath::per_group(layer.outputs, layer.inputs, group_size);
    const std::size_t bytes = qmath::storage_bytes<qmath::s4>(layer.weights.size());
    std::vector<std::uint8_t> memory(bytes);
    const auto codes = qmath::packed<qmath::s4>(memory, layer.weights.size());
    std::vector<float> scales(groups.count());
    qmath::dynamic_quantize(layer.weights, groups, scales, {}, codes, qmath::symmetric);
    qmath::dequantize(codes, qmath::channel_params{scales, {}, groups}, layer.weights);

    inputs_.push_back(qmath::choose_params<std::uint8_t>(input_ranges[l]));
    parameter_bytes_ += bytes + scales.size() * sizeof(float) + layer.bias.size() * sizeof(float) +
                        sizeof(qmath::affine_params);
    layers_.push_back(float_network({std::move(layer)}));
  }
}

void int4_network::forward(std::span<const float> images, std::span<float> logits) {
  const std::size_t count = images.size() / layers_.front().inputs();
  std::vector<float> x(images.begin(), images.end());
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    qmath::fake_quantize<std::uint8_t>(x, inputs_[l], x);
    std::vector<float> y(count * layers_[l].outputs());
    layers_[l].forward(x, y);
    const bool last = l + 1 == layers_.size();
    if (!last)
      std::transform(y.begin(), y.end(), y.begin(), [](float v) { return std::max(v, 0.0f); });
    x = std::move(y);
  }
  std::copy(x.begin(), x.end(), logits.begin());
}

}  // namespace digits
