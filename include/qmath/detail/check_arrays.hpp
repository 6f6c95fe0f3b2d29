// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Preconditions of arrays of parameters, at the speed of the CPU.
#ifndef QMATH_DETAIL_CHECK_ARRAYS_HPP_
#define QMATH_DETAIL_CHECK_ARRAYS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/detail/call.hpp"
#include "qmath/detail/check.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

template <class T>
QMATH_INLINE bool are_inside(std::span<const T> values, std::uint32_t first,
                             std::uint32_t width) noexcept {
  static_assert(sizeof(T) == sizeof(std::uint32_t));
  return values.empty() ||
         active<&detail::kernel_table::all_inside>()(values.data(), values.size(), first, width);
}

/// Finite and > 0, which are neighbours as bits.
QMATH_INLINE bool expect_scales(const char* function, const char* name,
                                std::span<const float> scales) noexcept {
  if (!expect_data(function, name, scales.data(), scales.size())) return false;
  if (!QMATH_CHECKS || are_inside(scales, 1, 0x7F7FFFFE)) return true;
  for (std::size_t i = 0; i < scales.size(); ++i) {
    if (!expect_scale(function, name, i, scales[i])) return false;
  }
  return true;
}

QMATH_INLINE bool expect_all_inside(const char* function, const char* name,
                                    std::span<const std::int32_t> values, std::int32_t lo,
                                    std::int32_t hi) noexcept {
  if (!expect_data(function, name, values.data(), values.size())) return false;
  const auto first = static_cast<std::uint32_t>(lo);
  if (!QMATH_CHECKS || are_inside(values, first, static_cast<std::uint32_t>(hi) - first))
    return true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!expect_inside(function, name, i, values[i], lo, hi)) return false;
  }
  return true;
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_CHECK_ARRAYS_HPP_
