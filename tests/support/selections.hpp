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
#include <optional>
#include <random>
#include <vector>

namespace support {

struct choice {
  std::vector<std::uint8_t> mask, channels;
  std::vector<std::uint32_t> lengths;
  std::size_t positions = 0, token_size = 0;
  std::optional<qmath::granularity> mask_layout, channel_layout;

  qmath::selection selection() const {
    const auto view = [](const std::vector<std::uint8_t>& m, const auto& layout) {
      return layout ? qmath::mask_view(m, *layout) : qmath::mask_view(m);
    };
    return {.mask = view(mask, mask_layout),
            .lengths = lengths,
            .positions = positions,
            .channels = view(channels, channel_layout),
            .token_size = token_size};
  }
  // For a call without a layout.
  bool fits_a_tensor() const { return channels.empty() || channel_layout; }
  // Element i of n; channels of the call's layout do not matter.
  bool selects(std::size_t i, std::size_t n) const {
    if (!mask.empty()) {
      if (mask[mask_layout ? mask_layout->index(i) : i / (n / mask.size())] == 0) return false;
    }
    if (channel_layout && channels[channel_layout->index(i)] == 0) return false;
    if (lengths.empty()) return true;
    const std::size_t sequence = n / lengths.size();
    const std::size_t token = token_size == 0 ? sequence / positions : token_size;
    return i / token % positions < lengths[i / sequence];
  }
  bool selects_channel(std::size_t c) const {
    return channels.empty() || channel_layout || channels[c] != 0;
  }
};

// Numbers that divide n.
inline std::vector<std::size_t> divisors(std::size_t n) {
  std::vector<std::size_t> d;
  for (std::size_t k = 1; k <= n; ++k) {
    if (n % k == 0) d.push_back(k);
  }
  return d;
}

// Any layout of n elements; blocks at the edges may be smaller.
inline qmath::granularity random_layout(std::mt19937& random, std::size_t n) {
  const auto part_of = [&](std::size_t whole) {
    const std::vector<std::size_t> d = divisors(whole);
    return d[random() % d.size()];
  };
  const auto block_of = [&](std::size_t whole) {
    const std::size_t kind = random() % 3;
    return kind == 0 ? 1 : kind == 1 ? whole : 1 + random() % whole;
  };
  const std::size_t period = random() % 2 == 0 ? n : part_of(n);
  const std::size_t outer = part_of(period), rows = part_of(period / outer),
                    cols = period / outer / rows;
  return {outer, rows, cols, block_of(rows), block_of(cols)};
}

// Of n > 0 elements in so many channels of the call's layout, or none. Trials 0 to 11 differ in what they have: a mask
// of elements or of runs, few or many zeros in it, lengths, excluded channels, and every two of these. Trials 12 to 23
// have the same, most of it with layouts of its own and tokens that come again.
inline constexpr int choices = 24;
inline choice random_choice(std::mt19937& random, int trial, std::size_t n, std::size_t channels) {
  const std::vector<std::size_t> d = divisors(n);
  const auto any_bytes = [&](std::size_t size, unsigned one_of) {
    std::vector<std::uint8_t> m(size);
    for (std::uint8_t& b : m) b = static_cast<std::uint8_t>(random() % one_of);
    return m;
  };
  const auto own = [&] { return trial >= 12 && random() % 4 != 0; };
  choice c;
  if (trial % 2 == 0) {
    std::size_t size = trial == 0 ? n : d[random() % d.size()];
    if (own()) {
      c.mask_layout = random_layout(random, n);
      size = c.mask_layout->count();
    }
    c.mask = any_bytes(size, trial % 12 < 4 ? 2 : 5);
  }
  if (trial % 3 != 0) {
    c.lengths.resize(d[random() % std::min<std::size_t>(d.size(), 5)]);
    const std::size_t sequence = n / c.lengths.size();
    const std::vector<std::size_t> e = divisors(sequence);
    c.positions = e[random() % e.size()];
    if (own()) {
      const std::vector<std::size_t> f = divisors(sequence / c.positions);
      c.token_size = f[random() % f.size()];
    }
    for (auto& v : c.lengths) v = static_cast<std::uint32_t>(random() % (c.positions + 1));
  }
  if (trial % 4 > 1) {
    if (trial >= 12 && (channels == 0 || random() % 4 != 0)) {
      c.channel_layout = random_layout(random, n);
      channels = c.channel_layout->count();
    }
    c.channels = any_bytes(channels, 3);
  }
  return c;
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_SELECTIONS_HPP_
