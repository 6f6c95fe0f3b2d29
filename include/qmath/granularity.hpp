// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Granularity: which elements of a tensor share a scale and a zero point.
///
/// A contiguous row-major tensor is seen as [repeats, outer, rows, cols], and every [rows, cols] matrix in it
/// is cut into blocks of block_rows x block_cols; those at the lower and right edge may be smaller. Each
/// block has one parameter, in row-major order of (outer, block row, block column); the repeats share them.
///
///     rows = 2, cols = 10, blocks of 1 x 4            shape [2, 3, 4] with a parameter per index of axis 1:
///     |0 0 0 0|1 1 1 1|2 2|                           outer = 3, rows = 1, cols = 4, and two repeats
///     |3 3 3 3|4 4 4 4|5 5|                           |0 0 0 0|1 1 1 1|2 2 2 2|0 0 0 0|1 1 1 1|2 2 2 2|
///
/// All functions here are constexpr. Sizes are in elements. Shapes with a size of 0 describe tensors without
/// elements, for which functions do nothing; they accept as many parameters as count() says, or none.
///
/// Output channels are rows of weights stored [out, in], but columns of what a GEMM makes of them: sums of
/// [tokens, out] take per_column(out). A layout belongs to an array: a part of it, for another thread say, takes the
/// layout of that part (of rows 2 and 3 per_row(2, cols), with the scales from number 2 on).
#ifndef QMATH_GRANULARITY_HPP_
#define QMATH_GRANULARITY_HPP_

#include <cstddef>
#include <initializer_list>
#include <span>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES

/// How elements map to parameters; see above. All numbers are at least 1.
struct granularity {
  std::size_t outer = 1;
  std::size_t rows = 1;
  std::size_t cols = 1;
  std::size_t block_rows = 1;
  std::size_t block_cols = 1;

  /// Number of blocks in a column and in a row of one matrix.
  QMATH_INLINE constexpr std::size_t row_blocks() const noexcept {
    return (rows - 1) / block_rows + 1;
  }
  QMATH_INLINE constexpr std::size_t col_blocks() const noexcept {
    return (cols - 1) / block_cols + 1;
  }
  /// Number of parameters: what to allocate. 0 for blocks of size 0, which all functions refuse.
  QMATH_INLINE constexpr std::size_t count() const noexcept {
    return block_rows == 0 || block_cols == 0 ? 0 : outer * row_blocks() * col_blocks();
  }
  /// Number of elements of one repeat.
  QMATH_INLINE constexpr std::size_t period() const noexcept { return outer * rows * cols; }
  /// The parameter of element i.
  QMATH_INLINE constexpr std::size_t index(std::size_t i) const noexcept {
    const std::size_t col = i % cols, row = i / cols % rows, matrix = i / cols / rows % outer;
    return (matrix * row_blocks() + row / block_rows) * col_blocks() + col / block_cols;
  }

  friend constexpr bool operator==(const granularity&, const granularity&) = default;
};

namespace detail {
QMATH_INLINE constexpr std::size_t at_least_1(std::size_t n) noexcept { return n == 0 ? 1 : n; }

/// a * b, or the largest number there is: a layout that is refused.
QMATH_INLINE constexpr std::size_t times(std::size_t a, std::size_t b) noexcept {
  constexpr std::size_t most = static_cast<std::size_t>(-1);
  return b != 0 && a > most / b ? most : a * b;
}

/// What stands for an axis out of range: refused, in a message with both numbers.
QMATH_INLINE constexpr granularity no_such_axis(std::size_t axis, std::size_t axes) noexcept {
  return {0, axes, axis, 0, 0};
}
/// The same for shapes that do not broadcast.
enum class bad_broadcast : unsigned char { axes = 1, size = 2, runs = 3 };
QMATH_INLINE constexpr granularity no_such_broadcast(bad_broadcast why, std::size_t entries,
                                                     std::size_t shape) noexcept {
  return {0, shape, entries, 0, static_cast<std::size_t>(why)};
}
}  // namespace detail

/// One parameter for all n elements.
QMATH_INLINE constexpr granularity per_tensor(std::size_t n) noexcept {
  return {1, 1, detail::at_least_1(n), 1, detail::at_least_1(n)};
}

/// One parameter per row of a [rows, cols] matrix: per output channel of weights stored [out, in], not of the sums.
QMATH_INLINE constexpr granularity per_row(std::size_t rows, std::size_t cols) noexcept {
  const std::size_t c = detail::at_least_1(cols);
  return {1, detail::at_least_1(rows), c, 1, c};
}

/// One parameter per token of activations stored [tokens, features]: per row.
QMATH_INLINE constexpr granularity per_token(std::size_t tokens, std::size_t features) noexcept {
  return per_row(tokens, features);
}

/// One parameter per column of a matrix with that many columns, and any number of rows: per output channel of the
/// sums of a GEMM, or of activations.
QMATH_INLINE constexpr granularity per_column(std::size_t cols) noexcept {
  return {1, 1, detail::at_least_1(cols), 1, 1};
}

/// One parameter per `size` neighbours in a row of a [rows, cols] matrix; the last group of a row has what
/// is left. Parameters: [rows, ceil(cols / size)].
/// @pre size > 0, which the functions that take a granularity check.
QMATH_INLINE constexpr granularity per_group(std::size_t rows, std::size_t cols,
                                             std::size_t size) noexcept {
  return {1, detail::at_least_1(rows), detail::at_least_1(cols), 1, size};
}

/// One parameter per block of a [rows, cols] matrix.
/// Parameters: [ceil(rows / block_rows), ceil(cols / block_cols)]. @pre blocks > 0, as above.
QMATH_INLINE constexpr granularity per_block(std::size_t rows, std::size_t cols,
                                             std::size_t block_rows,
                                             std::size_t block_cols) noexcept {
  return {1, detail::at_least_1(rows), detail::at_least_1(cols), block_rows, block_cols};
}

/// One parameter per index along `axis` of a tensor of that shape.
/// For an axis out of range, or a shape larger than the address space, a granularity that the functions that take
/// one refuse.
QMATH_INLINE constexpr granularity per_channel(std::span<const std::size_t> shape,
                                               std::size_t axis) noexcept {
  if (axis >= shape.size()) return detail::no_such_axis(axis, shape.size());
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < shape.size(); ++i) inner = detail::times(inner, shape[i]);
  if (inner == 1) return per_column(shape[axis]);
  return {detail::at_least_1(shape[axis]), 1, detail::at_least_1(inner), 1,
          detail::at_least_1(inner)};
}
/// The same: per_channel({n, channels, height, width}, 1).
QMATH_INLINE constexpr granularity per_channel(std::initializer_list<std::size_t> shape,
                                               std::size_t axis) noexcept {
  return per_channel(std::span<const std::size_t>(shape.begin(), shape.size()), axis);
}

/// ONNX's blocked quantization: one parameter per `size` neighbours along `axis`, for every index of the
/// other axes. Parameters: the shape with ceil(shape[axis] / size) in place of shape[axis].
/// For an axis out of range, or a shape larger than the address space, a granularity that the functions that take
/// one refuse.
QMATH_INLINE constexpr granularity per_axis_block(std::span<const std::size_t> shape,
                                                  std::size_t axis, std::size_t size) noexcept {
  if (axis >= shape.size()) return detail::no_such_axis(axis, shape.size());
  std::size_t before = 1, inner = 1;
  for (std::size_t i = 0; i < axis; ++i) before = detail::times(before, shape[i]);
  for (std::size_t i = axis + 1; i < shape.size(); ++i) inner = detail::times(inner, shape[i]);
  if (inner == 1) return per_group(before, shape[axis], size);
  return {detail::at_least_1(before), detail::at_least_1(shape[axis]), detail::at_least_1(inner),
          size, 1};
}
/// The same: per_axis_block({k, n}, 0, 32).
QMATH_INLINE constexpr granularity per_axis_block(std::initializer_list<std::size_t> shape,
                                                  std::size_t axis, std::size_t size) noexcept {
  return per_axis_block(std::span<const std::size_t>(shape.begin(), shape.size()), axis, size);
}

/// One parameter per element of an array of the shape `entries`, broadcast to `shape` as NumPy and ONNX do: axes count
/// from the last one, and one that is missing in `entries`, or 1 there, shares its parameters.
///     broadcast({b, h, t, d}, {b, 1, t, 1})      one per token, for all heads
///     broadcast({b, h, q, k}, {b, 1, 1, k})      one per key, for all heads and queries
/// Axes that are not shared may be in two runs (axes of size 1 between them do not matter): {b, 1, t, 1} and
/// {1, h, 1, k} are, {b, 1, h, 1, k} is not. For that, for a size that is neither 1 nor that of the axis, or for more
/// axes than `shape` has, a granularity that the functions that take one refuse.
QMATH_INLINE constexpr granularity broadcast(std::span<const std::size_t> shape,
                                             std::span<const std::size_t> entries) noexcept {
  using detail::bad_broadcast;
  if (entries.size() > shape.size()) {
    return detail::no_such_broadcast(bad_broadcast::axes, entries.size(), shape.size());
  }
  // The sizes of runs of axes that are shared, not, shared, not, shared.
  std::size_t sizes[5] = {1, 1, 1, 1, 1}, run = 0;
  const std::size_t missing = shape.size() - entries.size();
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const std::size_t size = shape[axis], entry = axis < missing ? 1 : entries[axis - missing];
    if (entry != 1 && entry != size) {
      return detail::no_such_broadcast(bad_broadcast::size, entry, size);
    }
    if (size == 1) continue;
    if ((entry == 1) != (run % 2 == 0)) ++run;
    if (run == 5) return detail::no_such_broadcast(bad_broadcast::runs, 0, 0);
    sizes[run] = detail::times(sizes[run], size);
  }
  for (std::size_t& size : sizes) size = detail::at_least_1(size);
  if (run == 0) return per_tensor(sizes[0]);
  if (run == 1) return per_column(sizes[1]);
  if (run == 2) return {sizes[1], 1, sizes[2], 1, sizes[2]};
  return {sizes[1], sizes[2], detail::times(sizes[3], sizes[4]), sizes[2], sizes[4]};
}
/// The same: broadcast({n, channels, height, width}, {channels, 1, 1}).
QMATH_INLINE constexpr granularity broadcast(std::initializer_list<std::size_t> shape,
                                             std::initializer_list<std::size_t> entries) noexcept {
  return broadcast(std::span<const std::size_t>(shape.begin(), shape.size()),
                   std::span<const std::size_t>(entries.begin(), entries.size()));
}

QMATH_END_TYPES

#endif  // QMATH_GRANULARITY_HPP_
