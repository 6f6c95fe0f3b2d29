// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Sorting in place: std::sort is a function template that all units of a program would share (detail/bits.hpp).
#ifndef QMATH_DETAIL_HEAP_SORT_HPP_
#define QMATH_DETAIL_HEAP_SORT_HPP_

#include <cstddef>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

/// before(i, k): what is at i comes before what is at k; exchange(i, k) swaps them. There is one result, if there are
/// no ties: a heap does not keep the order of what is equal.
template <class Before, class Exchange>
QMATH_INLINE void heap_sort(std::size_t n, const Before& before,
                            const Exchange& exchange) noexcept {
  // The heap's largest is what comes last.
  const auto sift_down = [&](std::size_t at, std::size_t end) {
    for (;;) {
      std::size_t child = 2 * at + 1;
      if (child >= end) return;
      if (child + 1 < end && before(child, child + 1)) ++child;
      if (!before(at, child)) return;
      exchange(at, child);
      at = child;
    }
  };
  for (std::size_t i = n / 2; i > 0; --i) sift_down(i - 1, n);
  for (std::size_t last = n; last > 1; --last) {
    exchange(std::size_t{0}, last - 1);
    sift_down(0, last - 1);
  }
}

template <class T>
QMATH_INLINE void exchange_elements(T* x, std::size_t i, std::size_t k) noexcept {
  const T moved = x[i];
  x[i] = x[k];
  x[k] = moved;
}

/// x before y where the smaller one is first. NaN is before all numbers, and equal ones are in the order of i and k.
QMATH_INLINE bool ascends(double x, double y, std::size_t i, std::size_t k) noexcept {
  const bool x_nan = x != x, y_nan = y != y;
  if (x_nan != y_nan) return x_nan;
  if (!x_nan && x != y) return x < y;
  return i < k;
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_HEAP_SORT_HPP_
