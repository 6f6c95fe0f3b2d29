// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// A matrix in memory of the caller.
#ifndef QMATH_CORE_VIEW_HPP_
#define QMATH_CORE_VIEW_HPP_

#include <cstddef>
#include <type_traits>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES

/// Row-major matrix: element (r, c) is data[r * stride + c]. Sizes and stride in elements.
/// Elements between cols and stride are never read or written.
template <class T>
struct matrix_view {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0;

  constexpr matrix_view() = default;
  QMATH_INLINE constexpr matrix_view(T* p, std::size_t r, std::size_t c) noexcept
      : data(p), rows(r), cols(c), stride(c) {}
  QMATH_INLINE constexpr matrix_view(T* p, std::size_t r, std::size_t c, std::size_t s) noexcept
      : data(p), rows(r), cols(c), stride(s) {}

  /// A view of mutable elements is a view of constant ones.
  // NOLINTNEXTLINE(google-explicit-constructor): as T* converts to const T*
  QMATH_INLINE constexpr operator matrix_view<const T>() const noexcept
    requires(!std::is_const_v<T>)
  {
    return {data, rows, cols, stride};
  }

  QMATH_INLINE constexpr T& operator()(std::size_t r, std::size_t c) const noexcept {
    return data[r * stride + c];
  }
};

QMATH_END_TYPES

#endif  // QMATH_CORE_VIEW_HPP_
