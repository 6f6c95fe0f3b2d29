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

/// Of a packed matrix (pack.hpp), whose size is a multiple of 64, by the rule of detail/pack_impl.hpp.
inline std::uint64_t packed_sum(std::span<const std::uint8_t> all) {
  const auto step = [](std::uint64_t h, std::uint64_t word) {
    h = (h ^ word) * 6364136223846793005u;
    return h ^ (h >> 32);
  };
  std::uint64_t lanes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  for (std::size_t i = 0; i < all.size() / 8; ++i) {
    std::uint64_t word = 0;
    for (std::size_t j = 8; j-- > 0;) word = word << 8 | all[8 * i + j];
    lanes[i % 8] = step(lanes[i % 8], i == 5 ? 0 : word);
  }
  std::uint64_t sum = lanes[0];
  for (std::size_t j = 1; j < 8; ++j) sum = step(sum, lanes[j]);
  return sum;
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_SAVED_BYTES_HPP_
