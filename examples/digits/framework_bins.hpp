// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Histograms as frameworks have them, of equally wide bins between given ends: what qmath::calibrators search in.
#ifndef QMATH_EXAMPLES_DIGITS_FRAMEWORK_BINS_HPP_
#define QMATH_EXAMPLES_DIGITS_FRAMEWORK_BINS_HPP_

#include <cstddef>
#include <cstdint>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

namespace digits {

class framework_bins {
 public:
  // Of the values, or of their magnitudes, from `ends.min` to `ends.max`, as numpy.histogram counts. The frameworks
  // see all data as one batch here: what they make of several depends on their order.
  framework_bins(std::span<const float> values, qmath::value_range ends, std::size_t bins,
                 bool magnitudes = false);

  qmath::binned_counts view() const { return {counts_, edges_, range_}; }

 private:
  std::vector<std::uint64_t> counts_;
  std::vector<float> edges_;
  qmath::value_range range_;  // of the values
};

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_FRAMEWORK_BINS_HPP_
