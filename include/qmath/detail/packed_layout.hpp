// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Numbers that the packed layout of B (pack.hpp) and the GEMM kernels share.
#ifndef QMATH_DETAIL_PACKED_LAYOUT_HPP_
#define QMATH_DETAIL_PACKED_LAYOUT_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES
namespace detail {

/// Columns of B in one panel: one 512-bit vector of int32 sums, two of 256 bits, four of 128.
inline constexpr std::size_t panel_columns = 16;

/// Bytes of a panel of k rows: groups of 4 rows, the last one padded with zeros.
QMATH_INLINE constexpr std::size_t packed_panel_bytes(std::size_t k) noexcept {
  return (k + 3) / 4 * 4 * panel_columns;
}

/// In front of the column sums (pack.hpp).
inline constexpr std::size_t packed_header_bytes = 64;

/// Columns of n, in whole panels.
QMATH_INLINE constexpr std::size_t padded_columns(std::size_t n) noexcept {
  return (n + panel_columns - 1) / panel_columns * panel_columns;
}

/// Bytes of a packed [k, n] matrix, header and sums included; `most`, the largest number of a size, if they or k are
/// not less. No memory has 2^48 elements, and the arithmetic stays inside 64 bits.
QMATH_INLINE constexpr std::uint64_t packed_bytes_within(std::uint64_t k, std::uint64_t n,
                                                         std::uint64_t most) noexcept {
  constexpr std::uint64_t elements = std::uint64_t{1} << 48;
  if (k >= most || k > elements || n > elements || (n != 0 && k > elements / n)) {
    return most;
  }
  const std::uint64_t panels = (n + panel_columns - 1) / panel_columns;
  const std::uint64_t bytes =
      packed_header_bytes + panels * (sizeof(std::int32_t) + (k + 3) / 4 * 4) * panel_columns;
  return bytes < most ? bytes : most;
}

/// The work of a GEMM is cut into tasks of so many rows and columns of C, row after row of them. The rows of A
/// that a task needs fit in a cache of the second level, together with its panels of B unless k is large.
inline constexpr std::size_t gemm_task_columns = 8 * panel_columns;
inline constexpr std::size_t gemm_most_task_rows = 240;

/// Rows whose sums are in memory at a time, with gemm_task_columns at most.
inline constexpr std::size_t gemm_most_tile_rows = 48;

/// A multiple of the rows of most register tiles; what remains of others is computed by smaller ones.
QMATH_INLINE constexpr std::size_t gemm_task_rows(std::size_t k) noexcept {
  return k <= 512 ? gemm_most_task_rows : k <= 1024 ? 120 : 60;
}

}  // namespace detail
QMATH_END_TYPES

#endif  // QMATH_DETAIL_PACKED_LAYOUT_HPP_
