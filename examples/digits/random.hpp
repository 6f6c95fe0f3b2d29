// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Random numbers that are the same with every standard library.
//
// The C++ standard fixes the output of std::mt19937_64 to the last bit, but not that of
// std::shuffle or of the distributions. Everything here uses the raw 64 bits only.
#ifndef QMATH_EXAMPLES_DIGITS_RANDOM_HPP_
#define QMATH_EXAMPLES_DIGITS_RANDOM_HPP_

#include <cstddef>
#include <random>
#include <utility>
#include <vector>

namespace digits {

using random_engine = std::mt19937_64;

// Uniform in [-1, 1): the top 24 bits, which a float holds exactly.
inline float uniform_float(random_engine& random) {
  return static_cast<float>(random() >> 40) / 8388608.0f - 1.0f;
}

// Fisher-Yates. The bias of the remainder is below size / 2^64.
inline void shuffle(std::vector<std::size_t>& items, random_engine& random) {
  for (std::size_t i = items.size(); i > 1; --i) {
    std::swap(items[i - 1], items[static_cast<std::size_t>(random() % i)]);
  }
}

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_RANDOM_HPP_
