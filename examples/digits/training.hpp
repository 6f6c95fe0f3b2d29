// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Training of the float network. Nothing here knows of quantization.
#ifndef QMATH_EXAMPLES_DIGITS_TRAINING_HPP_
#define QMATH_EXAMPLES_DIGITS_TRAINING_HPP_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataset.hpp"
#include "float_network.hpp"

namespace digits {

struct training_options {
  std::vector<std::size_t> hidden_sizes = {96, 48};
  std::size_t epochs = 20;
  std::size_t batch_size = 32;
  float learning_rate = 2e-3f;  // falls linearly to 0
  float weight_decay = 1e-3f;
  std::uint64_t seed = 1;
};

// Trains with batch normalization, then folds it into the weights: what comes out are plain dense
// layers. It is this folding that makes the ranges of the channels' weights differ, here as in any
// network: each channel has been divided by its own deviation.
//
// Every step is an add, multiply, divide or square root in a fixed order, so one build of this file
// gives the same bits on every machine.
float_network train_network(const dataset& data, const training_options& options);

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_TRAINING_HPP_
