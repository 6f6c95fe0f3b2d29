// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "framework_bins.hpp"

#include <algorithm>
#include <cmath>

namespace digits {

framework_bins::framework_bins(std::span<const float> values, qmath::value_range ends,
                               std::size_t bins, bool magnitudes)
    : counts_(bins), range_(qmath::min_max(values)) {
  const double begin = double{ends.min},
               width = (double{ends.max} - begin) / static_cast<double>(bins);
  for (std::size_t i = 0; i <= bins; ++i) {
    edges_.push_back(i == bins ? ends.max
                               : static_cast<float>(begin + width * static_cast<double>(i)));
  }
  for (const float x : values) {
    const double place = (double{magnitudes ? std::abs(x) : x} - begin) / width;
    // The last bin has both its ends.
    ++counts_[static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(bins - 1)))];
  }
}

}  // namespace digits
