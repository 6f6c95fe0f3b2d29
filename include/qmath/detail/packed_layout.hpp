// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Numbers that the packed layout of B (pack.hpp) and the GEMM kernels share.
#ifndef QMATH_DETAIL_PACKED_LAYOUT_HPP_
#define QMATH_DETAIL_PACKED_LAYOUT_HPP_

#include <cstddef>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES
namespace detail {

/// Columns of B in one panel: one 512-bit vector of int32 sums, two of 256 bits, four of 128.
inline constexpr std::size_t panel_columns = 16;

/// Bytes of a panel of k rows: groups of 4 rows, the last one padded with zeros.
QMATH_INLINE constexpr std::size_t packed_panel_bytes(std::size_t k) noexcept {
  return (k + 3) / 4 * 4 * panel_columns;
}

/// The tile of C that one call of the inner kernel computes: 3 KiB of int32.
inline constexpr std::size_t gemm_tile_columns = 2 * panel_columns;
inline constexpr std::size_t gemm_tile_rows = 24;

}  // namespace detail
QMATH_END_TYPES

#endif  // QMATH_DETAIL_PACKED_LAYOUT_HPP_
