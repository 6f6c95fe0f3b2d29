// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The digits data set: 8x8 grey images, one per line of a CSV file.
#ifndef QMATH_EXAMPLES_DIGITS_DATASET_HPP_
#define QMATH_EXAMPLES_DIGITS_DATASET_HPP_

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace digits {

inline constexpr std::size_t pixels_per_image = 64;
inline constexpr std::size_t class_count = 10;

struct dataset {
  std::vector<float> pixels;        // [size, 64] row major, 0 (paper) to 1 (ink)
  std::vector<std::size_t> labels;  // [size], 0 to 9

  std::size_t size() const { return labels.size(); }
};

// Train: the weights. Calibration: the ranges of the activations, and nothing else.
// Test: held out, every accuracy in the report comes from it.
struct dataset_split {
  dataset train;
  dataset calibration;
  dataset test;
};

// what() is one line that names the file and, if there is one to blame, the line.
struct dataset_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Each line has 64 pixels of 0 to 16 and the label, separated by commas. Throws dataset_error.
dataset load_dataset(const std::string& path);

// Shuffles, then cuts at 60 % and 75 %. The same seed gives the same split everywhere.
dataset_split split_dataset(const dataset& all, std::uint64_t seed);

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_DATASET_HPP_
