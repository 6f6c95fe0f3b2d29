// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "float_network.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace digits {
namespace {

// Plain loops, but written so that the compiler can vectorize them. A float sum must not be
// reordered, so a dot product stays scalar; here the inner loop runs over outputs instead, whose
// sums are independent. The sums of one tile stay in registers. (Tiles of 16 or less are slower
// with GCC: it unrolls so short a loop before it gets to vectorize it.)
constexpr std::size_t tile_outputs = 24;
constexpr std::size_t block_images = 64;  // images per pass through the network: fits the cache

constexpr float relu_floor = 0.0f;
constexpr float no_floor = std::numeric_limits<float>::lowest();

std::size_t tile_count(std::size_t outputs) { return (outputs + tile_outputs - 1) / tile_outputs; }

// [outputs, inputs] -> [tile, inputs, tile_outputs], zeros where the last tile is not full.
std::vector<float> pack_panels(const dense_layer& layer) {
  std::vector<float> panels(tile_count(layer.outputs) * layer.inputs * tile_outputs, 0.0f);
  for (std::size_t n = 0; n < layer.outputs; ++n) {
    float* const panel = &panels[n / tile_outputs * layer.inputs * tile_outputs];
    for (std::size_t k = 0; k < layer.inputs; ++k) {
      panel[k * tile_outputs + n % tile_outputs] = layer.weights[n * layer.inputs + k];
    }
  }
  return panels;
}

// sums[j] = sum over k of x[k] * panel[k, j]. In a function of its own because GCC would otherwise
// keep the sums in memory.
[[gnu::noinline]] void multiply_panel(const float* x, std::size_t inputs, const float* panel,
                                      float* result) {
  float sums[tile_outputs] = {};
  for (std::size_t k = 0; k < inputs; ++k) {
    for (std::size_t j = 0; j < tile_outputs; ++j) {
      sums[j] += x[k] * panel[k * tile_outputs + j];
    }
  }
  std::copy_n(sums, tile_outputs, result);
}

// x: [count, inputs], y: [count, outputs], y = max(W x + b, floor).
void dense(const float* x, std::size_t count, const dense_layer& layer, const float* panels,
           float floor, float* y) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t n = 0; n < layer.outputs; n += tile_outputs) {
      float sums[tile_outputs];
      multiply_panel(x, layer.inputs, panels + n * layer.inputs, sums);
      const std::size_t used = std::min(tile_outputs, layer.outputs - n);
      for (std::size_t j = 0; j < used; ++j) {
        y[n + j] = std::max(sums[j] + layer.bias[n + j], floor);
      }
    }
    x += layer.inputs;
    y += layer.outputs;
  }
}

}  // namespace

float_network::float_network(std::vector<dense_layer> layers) : layers_(std::move(layers)) {
  std::size_t widest = 0;
  for (const dense_layer& layer : layers_) {
    panels_.push_back(pack_panels(layer));
    widest = std::max(widest, layer.outputs);
  }
  for (std::vector<float>& buffer : activations_) {
    buffer.resize(block_images * widest);
  }
}

void float_network::forward(std::span<const float> images, std::span<float> logits) {
  const std::size_t count = images.size() / inputs();
  for (std::size_t begin = 0; begin < count; begin += block_images) {
    const std::size_t block = std::min(block_images, count - begin);
    const float* x = &images[begin * inputs()];
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const bool last = l + 1 == layers_.size();
      float* const y = last ? &logits[begin * outputs()] : activations_[l % 2].data();
      dense(x, block, layers_[l], panels_[l].data(), last ? no_floor : relu_floor, y);
      x = y;
    }
  }
}

std::vector<std::vector<float>> float_network::layer_inputs(std::span<const float> images) const {
  const std::size_t count = images.size() / inputs();
  std::vector<std::vector<float>> result{{images.begin(), images.end()}};
  for (std::size_t l = 0; l + 1 < layers_.size(); ++l) {
    std::vector<float> y(count * layers_[l].outputs);
    dense(result.back().data(), count, layers_[l], panels_[l].data(), relu_floor, y.data());
    result.push_back(std::move(y));
  }
  return result;
}

std::size_t float_network::parameter_bytes() const {
  std::size_t count = 0;
  for (const dense_layer& layer : layers_) {
    count += layer.weights.size() + layer.bias.size();
  }
  return count * sizeof(float);
}

}  // namespace digits
