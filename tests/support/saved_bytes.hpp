// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Saved observers, and the integers and sums in their headers and those of packed matrices, worked out apart from the
// library.
#ifndef QMATH_TESTS_SUPPORT_SAVED_BYTES_HPP_
#define QMATH_TESTS_SUPPORT_SAVED_BYTES_HPP_

#include <cstddef>
#include <cstdint>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

namespace support {

using bytes = std::vector<std::uint8_t>;

template <class O>
bytes saved(const O& o) {
  bytes b(qmath::saved_size<O>, 0xAA);
  qmath::save(o, b);
  return b;
}

/// An observer of x.
template <class O>
O seen(const std::vector<float>& x) {
  O o;
  qmath::observe(o, x);
  return o;
}

/// An integer in little-endian bytes.
inline std::uint64_t get(const bytes& b, std::size_t at, std::size_t size) {
  std::uint64_t v = 0;
  for (std::size_t i = size; i-- > 0;) v = v << 8 | b.at(at + i);
  return v;
}
inline void put(bytes& b, std::size_t at, std::uint64_t v, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) b.at(at + i) = static_cast<std::uint8_t>(v >> (8 * i));
}

/// Of a saved observer (save.hpp): that of zlib, bit by bit.
inline std::uint32_t saved_sum(std::span<const std::uint8_t> all) {
  std::uint32_t c = 0xFFFFFFFFu;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i >= 12 && i < 16) continue;
    c ^= all[i];
    for (int bit = 0; bit < 8; ++bit) c = (c & 1u) != 0 ? c >> 1 ^ 0xEDB88320u : c >> 1;
  }
  return ~c;
}

/// Of a packed matrix (pack.hpp) by the rule of detail/packed_hash.hpp, one column of words after the other. 0 if the
/// shape in the header is not that of so many bytes.
inline std::uint64_t packed_sum(std::span<const std::uint8_t> all) {
  const auto word = [&](std::size_t line, std::size_t column) {
    std::uint64_t w = 0;
    for (std::size_t j = 8; j-- > 0;) w = w << 8 | all[64 * line + 8 * column + j];
    return w;
  };
  const auto step = [](std::uint64_t h, std::uint64_t w) {
    h = (h ^ w) * 6364136223846793005u;
    return h ^ (h >> 32);
  };
  const std::uint64_t lines = word(0, 2) / 4 + (word(0, 2) % 4 != 0 ? 1 : 0);
  const std::uint64_t panels = word(0, 3) / 16 + (word(0, 3) % 16 != 0 ? 1 : 0);
  if (panels != 0 && (panels > all.size() || lines > all.size())) return 0;
  if (64 * (1 + panels * (1 + lines)) != all.size() && panels != 0) return 0;
  std::uint64_t sum = 0;
  for (std::size_t column = 0; column < 8; ++column) {
    std::uint64_t h = column + 1;
    for (std::size_t p = 0; p < panels; ++p) {
      std::uint64_t s = 0;
      for (std::size_t i = 0; i <= lines; ++i) {
        s ^= s << 7;
        s ^= s >> 9;
        s ^= word(i < lines ? 1 + panels + p * lines + i : 1 + p, column);
      }
      h = step(h, s);
    }
    h = step(h, column == 5 ? 0 : word(0, column));
    sum = column == 0 ? h : step(sum, h);
  }
  return sum;
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_SAVED_BYTES_HPP_
