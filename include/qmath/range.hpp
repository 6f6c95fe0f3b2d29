// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The range of a tensor: what quantization parameters are chosen from (schemes.hpp).
// Never allocates, never throws.
#ifndef QMATH_RANGE_HPP_
#define QMATH_RANGE_HPP_

#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/call.hpp"
#include "qmath/detail/limits.hpp"

QMATH_BEGIN_NAMESPACE

/// The smallest and the largest element.                                            x: [n] real
/// NaN is skipped, infinities count, a zero of either sign is returned as +0. No element that is a
/// number (n = 0 included): the empty range {+inf, -inf}. The same bits on every target.
template <readable_range<float> X>
QMATH_INLINE value_range min_max(const X& x) noexcept {
  const std::span<const float> in(x);
  value_range r{detail::infinity, -detail::infinity};  // no call at -O0
  impl::call(&detail::kernel_table::min_max_f32, in.data(), in.size(), &r.min, &r.max);
  return r;
}

/// The smallest range that contains both: associative, commutative, so that parts of a tensor can be
/// observed in any order.
QMATH_INLINE constexpr value_range merge(value_range a, value_range b) noexcept {
  return {b.min < a.min ? b.min : a.min, b.max > a.max ? b.max : a.max};
}

QMATH_END_NAMESPACE

#endif  // QMATH_RANGE_HPP_
