// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// From what a layer reads on the calibration images to a range for it, in all the ways that qmath has.
#ifndef QMATH_EXAMPLES_DIGITS_CALIBRATION_HPP_
#define QMATH_EXAMPLES_DIGITS_CALIBRATION_HPP_

#include <cstddef>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

#include "float_network.hpp"

namespace digits {

// What one layer reads for some images: [images, width].
struct layer_data {
  std::span<const float> values;
  std::size_t width = 0;
};

struct calibrator {
  const char* name;
  qmath::value_range (*range)(const layer_data& x);
};

// The smallest and the largest number come first.
std::span<const calibrator> calibrators();

// One range for the input of each layer. layer_inputs: as from a network's layer_inputs().
std::vector<qmath::value_range> calibrate(const calibrator& how, const float_network& network,
                                          std::span<const std::vector<float>> layer_inputs);

// Which fraction of the values is outside the codes that the range leads to.
double clip_rate(std::span<const float> values, qmath::value_range range);

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_CALIBRATION_HPP_
