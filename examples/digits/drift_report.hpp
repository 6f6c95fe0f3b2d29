// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The network after calibration: monitors of what its layers read, shifted images, and calibration again.
#ifndef QMATH_EXAMPLES_DIGITS_DRIFT_REPORT_HPP_
#define QMATH_EXAMPLES_DIGITS_DRIFT_REPORT_HPP_

#include "dataset.hpp"
#include "float_network.hpp"

namespace digits {

// Prints how the int8 network does on images that are not those of the calibration, what the monitors say, and what
// calibrating with such images brings back. Returns whether drift was seen where there is some, and only there,
// whether brightness and noise, each, had cost accuracy, and whether calibration brought back nearly all of every loss.
bool print_drift(float_network& network, const dataset_split& split);

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_DRIFT_REPORT_HPP_
