// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Integers in bytes, lowest byte first, whatever the machine.
#ifndef QMATH_DETAIL_LITTLE_ENDIAN_HPP_
#define QMATH_DETAIL_LITTLE_ENDIAN_HPP_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES
namespace detail {

// Byte is std::byte or std::uint8_t.
template <class Byte>
QMATH_INLINE std::uint64_t load_le(const Byte* from, std::size_t bytes) noexcept {
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < bytes; ++i) v |= static_cast<std::uint64_t>(from[i]) << (8 * i);
  return v;
}
template <class Byte>
QMATH_INLINE std::uint32_t load_le32(const Byte* from) noexcept {
  return static_cast<std::uint32_t>(load_le(from, 4));
}
// GCC makes byte by byte of the loop.
template <class Byte>
QMATH_INLINE std::uint64_t load_le64(const Byte* from) noexcept {
  if constexpr (std::endian::native != std::endian::little) return load_le(from, 8);
  std::uint64_t v;
  std::memcpy(&v, from, 8);
  return v;
}

template <class Byte>
QMATH_INLINE void store_le(std::uint64_t v, std::size_t bytes, Byte* to) noexcept {
  for (std::size_t i = 0; i < bytes; ++i) to[i] = static_cast<Byte>(v >> (8 * i));
}
template <class Byte>
QMATH_INLINE void store_le64(std::uint64_t v, Byte* to) noexcept {
  if constexpr (std::endian::native != std::endian::little) return store_le(v, 8, to);
  std::memcpy(to, &v, 8);
}

}  // namespace detail
QMATH_END_TYPES

#endif  // QMATH_DETAIL_LITTLE_ENDIAN_HPP_
