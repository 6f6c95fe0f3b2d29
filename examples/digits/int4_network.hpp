// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The same network with weights of 4 bits, a scale for every 32 neighbours, and activations of 8 bits.
//
// A scale that changes along the sum cannot be applied behind it, so the products are of real numbers: weights are
// stored in 4 bits and unpacked, activations go through their codes. What is gained is size, not time.
#ifndef QMATH_EXAMPLES_DIGITS_INT4_NETWORK_HPP_
#define QMATH_EXAMPLES_DIGITS_INT4_NETWORK_HPP_

#include <cstddef>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

#include "float_network.hpp"

namespace digits {

class int4_network {
 public:
  // input_ranges: one for the input of each layer.
  int4_network(const float_network& network, std::span<const qmath::value_range> input_ranges);

  // images: [count, inputs]; logits: [count, outputs].
  void forward(std::span<const float> images, std::span<float> logits);

  // What a file of this model would hold: weights, scales, zero points and biases.
  std::size_t parameter_bytes() const { return parameter_bytes_; }

 private:
  std::vector<float_network> layers_;  // of one layer each
  std::vector<qmath::affine_params> inputs_;
  std::size_t parameter_bytes_ = 0;
};

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_INT4_NETWORK_HPP_
