// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Selections of all kinds, and which elements they mean.
#ifndef QMATH_TESTS_SUPPORT_SELECTIONS_HPP_
#define QMATH_TESTS_SUPPORT_SELECTIONS_HPP_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <qmath/observe/selection.hpp>
#include <random>
#include <vector>

namespace support {

struct choice {
  std::vector<std::uint8_t> mask, channels;
  std::vector<std::uint32_t> lengths;
  std::size_t positions = 0;

  qmath::selection selection() const {
    return {.mask = mask, .lengths = lengths, .positions = positions, .channels = channels};
  }
  // Element i of n; channels do not matter.
  bool selects(std::size_t i, std::size_t n) const {
    if (!mask.empty() && mask[i / (n / mask.size())] == 0) return false;
    if (lengths.empty()) return true;
    const std::size_t sequence = n / lengths.size(), token = sequence / positions;
    return i % sequence / token < lengths[i / sequence];
  }
  bool selects_channel(std::size_t c) const { return channels.empty() || channels[c] != 0; }
};

// Numbers that divide n.
inline std::vector<std::size_t> divisors(std::size_t n) {
  std::vector<std::size_t> d;
  for (std::size_t k = 1; k <= n; ++k) {
    if (n % k == 0) d.push_back(k);
  }
  return d;
}

// Of n > 0 elements in so many channels. Trials 0 to 11 differ in what they have: a mask of elements or of runs, few or
// many zeros in it, lengths, excluded channels, and every two of these.
inline choice random_choice(std::mt19937& random, int trial, std::size_t n, std::size_t channels) {
  const std::vector<std::size_t> d = divisors(n);
  const auto any_bytes = [&](std::size_t size, unsigned one_of) {
    std::vector<std::uint8_t> m(size);
    for (std::uint8_t& b : m) b = static_cast<std::uint8_t>(random() % one_of);
    return m;
  };
  choice c;
  if (trial % 2 == 0) {
    c.mask = any_bytes(trial == 0 ? n : d[random() % d.size()], trial < 4 ? 2 : 5);
  }
  if (trial % 3 != 0) {
    c.lengths.resize(d[random() % std::min<std::size_t>(d.size(), 5)]);
    const std::vector<std::size_t> e = divisors(n / c.lengths.size());
    c.positions = e[random() % e.size()];
    for (auto& v : c.lengths) v = static_cast<std::uint32_t>(random() % (c.positions + 1));
  }
  if (trial % 4 > 1) c.channels = any_bytes(channels, 3);
  return c;
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_SELECTIONS_HPP_
