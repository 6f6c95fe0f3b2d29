// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The float network: what int8 is compared with, in accuracy and in time.
#ifndef QMATH_EXAMPLES_DIGITS_FLOAT_NETWORK_HPP_
#define QMATH_EXAMPLES_DIGITS_FLOAT_NETWORK_HPP_

#include <cstddef>
#include <span>
#include <vector>

namespace digits {

// y = W x + b
struct dense_layer {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::vector<float> weights;  // [outputs, inputs] row major, as most frameworks export it
  std::vector<float> bias;     // [outputs]
};

// Dense layers with ReLU, y = max(0, W x + b), after each one but the last.
class float_network {
 public:
  explicit float_network(std::vector<dense_layer> layers);

  const std::vector<dense_layer>& layers() const { return layers_; }
  std::size_t inputs() const { return layers_.front().inputs; }
  std::size_t outputs() const { return layers_.back().outputs; }

  // images: [count, inputs]; logits: [count, outputs]. Not for two threads at once: the
  // activations live in the object.
  void forward(std::span<const float> images, std::span<float> logits);

  // What each layer reads for these images: result[i] is the input of layers()[i], [count, inputs].
  // Calibration looks at it.
  std::vector<std::vector<float>> layer_inputs(std::span<const float> images) const;

  // Weights and biases.
  std::size_t parameter_bytes() const;

 private:
  std::vector<dense_layer> layers_;
  std::vector<std::vector<float>> panels_;  // the weights again, in the order forward() reads them
  std::vector<float> activations_[2];       // of one block of images, input and output of a layer
};

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_FLOAT_NETWORK_HPP_
