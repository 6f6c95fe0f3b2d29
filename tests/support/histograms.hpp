// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Numbers to fill histograms with, the same everywhere, and histograms of them.
#ifndef QMATH_TESTS_SUPPORT_HISTOGRAMS_HPP_
#define QMATH_TESTS_SUPPORT_HISTOGRAMS_HPP_

#include <cstddef>
#include <memory>
#include <qmath/observe/observe.hpp>
#include <random>
#include <vector>

namespace support {

/// Nearly normal, without the distributions of the standard library.
inline double nearly_normal(std::mt19937& random) {
  double sum = 0.0;
  for (int i = 0; i < 12; ++i) sum += static_cast<double>(random()) / 4294967296.0;
  return sum - 6.0;
}

template <std::size_t Bins>
std::unique_ptr<qmath::histogram_observer<Bins>> histogram_of(const std::vector<float>& x) {
  auto h = std::make_unique<qmath::histogram_observer<Bins>>();
  qmath::observe(*h, x);
  return h;
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_HISTOGRAMS_HPP_
