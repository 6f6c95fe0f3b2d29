// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What may happen to the images after calibration. The float network was trained for all of it; calibration sees the
// first kind only, as if nobody had thought of the others.
#ifndef QMATH_EXAMPLES_DIGITS_SHIFTED_INPUT_HPP_
#define QMATH_EXAMPLES_DIGITS_SHIFTED_INPUT_HPP_

#include <cstdint>
#include <span>

#include "dataset.hpp"

namespace digits {

// pixel = gain * pixel + offset + noise * a uniform number in [-1, 1)
struct input_shift {
  const char* name;
  float gain = 1.0f;
  float offset = 0.0f;
  float noise = 0.0f;
  // Whether a network that was calibrated without it has to lose more than one image in twenty, so that there is
  // something to win back. What is clipped need not cost that much.
  bool costly = false;
};

// The first one is none.
std::span<const input_shift> input_shifts();

// The same seed gives the same noise.
dataset shifted(const dataset& data, const input_shift& shift, std::uint64_t seed);

// The images as they are, and shifted in every way.
dataset with_shifts(const dataset& data, std::uint64_t seed);

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_SHIFTED_INPUT_HPP_
