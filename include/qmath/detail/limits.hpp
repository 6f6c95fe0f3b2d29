// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// std::numeric_limits as constants. Its functions are calls at -O0, which the linker may send to a
// translation unit with newer instructions (docs/dispatch.md), and two of them have the names of
// macros in windows.h.
#ifndef QMATH_DETAIL_LIMITS_HPP_
#define QMATH_DETAIL_LIMITS_HPP_

#include <limits>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES
namespace detail {

template <class T>
inline constexpr T lowest = std::numeric_limits<T>::lowest();
template <class T>
inline constexpr T largest = (std::numeric_limits<T>::max)();
inline constexpr float infinity = std::numeric_limits<float>::infinity();

}  // namespace detail
QMATH_END_TYPES

#endif  // QMATH_DETAIL_LIMITS_HPP_
