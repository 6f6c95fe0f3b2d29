// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Granularity: which elements of a tensor share a scale and a zero point.
//
// A contiguous row-major tensor is cut into runs of equal length, and the runs take the parameters in
// turn. Element i uses parameter
//
//     (i / run) % count
//
//     shape [2, 3, 4], axis 1:   run = 4, count = 3
//     |0 0 0 0|1 1 1 1|2 2 2 2|0 0 0 0|1 1 1 1|2 2 2 2|       parameter of each of the 24 elements
#ifndef QMATH_GRANULARITY_HPP_
#define QMATH_GRANULARITY_HPP_

#include <cstddef>
#include <span>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES

/// How elements map to parameters; see above. Both numbers in elements, both at least 1.
struct granularity {
  std::size_t count = 1;  ///< how many parameters there are
  std::size_t run = 1;    ///< how many neighbouring elements share one

  friend constexpr bool operator==(const granularity&, const granularity&) = default;
};

/// One parameter for all n elements.
constexpr granularity per_tensor(std::size_t n) noexcept { return {1, n == 0 ? 1 : n}; }

/// One parameter per index along `axis` of a row-major tensor of that shape.
/// count = shape[axis], run = the product of the extents behind the axis.
/// @pre axis < shape.size(). A product of 0 gives run = 1: the tensor has no elements.
constexpr granularity per_channel(std::span<const std::size_t> shape, std::size_t axis) noexcept {
  granularity g{shape[axis], 1};
  for (std::size_t i = axis + 1; i < shape.size(); ++i) g.run *= shape[i];
  if (g.run == 0) g.run = 1;
  return g;
}

/// One parameter per group of `size` neighbouring elements of n. @pre n is a multiple of size > 0.
constexpr granularity per_group(std::size_t n, std::size_t size) noexcept {
  return {n < size ? 1 : n / size, size};
}

/// One parameter per row of a [rows, cols] matrix: per output channel of weights stored [out, in],
/// per token of activations.
constexpr granularity per_row(std::size_t rows, std::size_t cols) noexcept {
  return {rows, cols == 0 ? 1 : cols};
}

/// One parameter per column of a [rows, cols] matrix.
constexpr granularity per_column(std::size_t cols) noexcept { return {cols, 1}; }

QMATH_END_TYPES

#endif  // QMATH_GRANULARITY_HPP_
