// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// The right operand of GEMM, packed once into memory of the caller.
///
/// B is an int8 matrix [k, n]. Its packed form is the same on every CPU target: panels of 16 columns,
/// each panel a sequence of groups of 4 rows, column by column. Rows and columns behind the edges are
/// zeros.
///
///                    panel 0 (columns 0-15)                          panel 1 (columns 16-31)
///     group 0 (rows 0-3)                  group 1 (rows 4-7)
///     | c0: k0 k1 k2 k3 | c1: k0 k1 k2 k3 | ... | c15 || c0: k4 k5 k6 k7 | ... | c15 || ...
///
/// so that 64 bytes are one vector operand of a dot product instruction. In front of the panels stand the
/// sums of the columns as int32 (0 for the columns behind n), which GEMM needs for zero points.
#ifndef QMATH_PACK_HPP_
#define QMATH_PACK_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/view.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/detail/packed_layout.hpp"

QMATH_BEGIN_TYPES

/// A packed [k, n] matrix. Views the caller's memory, which must outlive it and not move.
/// The default is the empty matrix [0, 0].
struct packed_matrix {
  const std::int32_t* column_sums = nullptr;
  const std::int8_t* panels = nullptr;
  std::size_t k = 0;
  std::size_t n = 0;
};

namespace detail {
inline constexpr std::size_t cache_line = 64;

QMATH_INLINE constexpr std::size_t padded_columns(std::size_t n) noexcept {
  return (n + panel_columns - 1) / panel_columns * panel_columns;
}
}  // namespace detail

QMATH_END_TYPES

QMATH_BEGIN_NAMESPACE
namespace impl {

/// B(row, column) of a [k, n] matrix lies at data[row * row_step + column * column_step].
inline packed_matrix pack_strided(const std::int8_t* data, std::size_t k, std::size_t n,
                                  std::size_t row_step, std::size_t column_step,
                                  std::byte* memory) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  std::byte* aligned = memory + (0 - address) % detail::cache_line;
  const std::size_t columns = detail::padded_columns(n);
  auto* sums = reinterpret_cast<std::int32_t*>(aligned);
  auto* panels = reinterpret_cast<std::int8_t*>(aligned + columns * sizeof(std::int32_t));

  std::int8_t* out = panels;
  for (std::size_t first = 0; first < columns; first += detail::panel_columns) {
    std::uint32_t panel_sums[detail::panel_columns] = {};  // modulo 2^32, as GEMM's own sums
    for (std::size_t group = 0; group < k; group += 4) {
      for (std::size_t c = 0; c < detail::panel_columns; ++c) {
        for (std::size_t row = group; row < group + 4; ++row) {
          const bool inside = row < k && first + c < n;
          const std::int8_t b =
              inside ? data[row * row_step + (first + c) * column_step] : std::int8_t{0};
          panel_sums[c] += static_cast<std::uint32_t>(std::int32_t{b});
          *out++ = b;
        }
      }
    }
    for (std::size_t c = 0; c < detail::panel_columns; ++c) {
      sums[first + c] = static_cast<std::int32_t>(panel_sums[c]);
    }
  }
  return {sums, panels, k, n};
}

}  // namespace impl

/// Bytes of memory that a packed [k, n] matrix needs: about (k + 4) * n, for any alignment.
QMATH_INLINE constexpr std::size_t packed_size(std::size_t k, std::size_t n) noexcept {
  return detail::cache_line + detail::padded_columns(n) * sizeof(std::int32_t) +
         detail::padded_columns(n) / detail::panel_columns * detail::packed_panel_bytes(k);
}

/// Packs b.                                                                   b: [k, n], memory: bytes
/// Reads b and writes memory once; returns a view of memory. b is no longer needed afterwards.
/// After a broken precondition: the empty matrix.
/// @pre memory.size() >= packed_size(b.rows, b.cols); b and memory do not overlap.
QMATH_INLINE packed_matrix pack(matrix_view<const std::int8_t> b,
                                std::span<std::byte> memory) noexcept {
  if (!impl::expect_matrix("pack", "b", "b.stride", b) ||
      !impl::expect_at_least("pack", "memory.size()", memory.size(), "at least packed_size(k, n)",
                             packed_size(b.rows, b.cols)) ||
      !impl::expect_disjoint("pack", "memory", memory.data(), memory.size(), "overlaps b", b.data,
                             impl::extent_of(b))) {
    return {};
  }
  return impl::pack_strided(b.data, b.rows, b.cols, b.stride, 1, memory.data());
}

/// Packs the transpose of bt: for weights stored [out, in].                  bt: [n, k], memory: bytes
/// @pre memory.size() >= packed_size(bt.cols, bt.rows); bt and memory do not overlap.
QMATH_INLINE packed_matrix pack_transposed(matrix_view<const std::int8_t> bt,
                                           std::span<std::byte> memory) noexcept {
  if (!impl::expect_matrix("pack_transposed", "bt", "bt.stride", bt) ||
      !impl::expect_at_least("pack_transposed", "memory.size()", memory.size(),
                             "at least packed_size(k, n)", packed_size(bt.cols, bt.rows)) ||
      !impl::expect_disjoint("pack_transposed", "memory", memory.data(), memory.size(),
                             "overlaps bt", bt.data, impl::extent_of(bt))) {
    return {};
  }
  return impl::pack_strided(bt.data, bt.cols, bt.rows, 1, bt.stride, memory.data());
}

QMATH_END_NAMESPACE

#endif  // QMATH_PACK_HPP_
