// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What each way to calibrate leads to: accuracy, and what happens in each layer.
#ifndef QMATH_EXAMPLES_DIGITS_CALIBRATION_REPORT_HPP_
#define QMATH_EXAMPLES_DIGITS_CALIBRATION_REPORT_HPP_

#include "dataset.hpp"
#include "float_network.hpp"
#include "pictures.hpp"

namespace digits {

// The accuracy of the network in int8, weights per tensor and per channel, and in 4 bits, for each calibrator.
void print_calibrators(float_network& network, const dataset_split& split,
                       pictures::collection& drawn);

// Which layer suffers how much: float against int8, the worst first.
void print_damage(float_network& network, const dataset_split& split, pictures::collection& drawn);

// What each calibrator clips in each layer, and the data as a histogram.
void print_clipping(const float_network& network, const dataset_split& split,
                    pictures::collection& drawn);

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_CALIBRATION_REPORT_HPP_
