// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The sums in the headers of saved observers and packed matrices, worked out apart from the library.
#ifndef QMATH_TESTS_SUPPORT_SEALS_HPP_
#define QMATH_TESTS_SUPPORT_SEALS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

namespace support {

/// Of a saved observer (save.hpp): that of zlib, bit by bit.
inline std::uint32_t saved_sum(std::span<const std::uint8_t> bytes) {
  std::uint32_t c = 0xFFFFFFFFu;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i >= 12 && i < 16) continue;
    c ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) c = (c & 1u) != 0 ? c >> 1 ^ 0xEDB88320u : c >> 1;
  }
  return ~c;
}

/// Of a packed matrix (pack.hpp), whose size is a multiple of 64, by the rule of detail/pack_impl.hpp.
inline std::uint64_t packed_sum(std::span<const std::uint8_t> bytes) {
  const auto step = [](std::uint64_t h, std::uint64_t word) {
    h = (h ^ word) * 6364136223846793005u;
    return h ^ (h >> 32);
  };
  std::uint64_t lanes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  for (std::size_t i = 0; i < bytes.size() / 8; ++i) {
    std::uint64_t word = 0;
    for (std::size_t j = 8; j-- > 0;) word = word << 8 | bytes[8 * i + j];
    lanes[i % 8] = step(lanes[i % 8], i == 5 ? 0 : word);
  }
  std::uint64_t all = lanes[0];
  for (std::size_t j = 1; j < 8; ++j) all = step(all, lanes[j]);
  return all;
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_SEALS_HPP_
