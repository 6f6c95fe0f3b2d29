// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// The range of a tensor, or of each of its channels, groups or blocks: what quantization parameters are
/// chosen from (schemes.hpp).
///
/// Arrays are float, half or bfloat16. NaN is skipped, infinities count, a zero of either sign is returned as
/// +0. Where there is no number, a range is the empty one, {+inf, -inf}, which merges neutrally.
///
/// Never allocates, never throws, never prints; thread-safe; the same bits on every CPU target; reference.hpp
/// is the definition. Any size, 0 included; no alignment needed.
/// A broken precondition calls the contract handler (core/contract.hpp) and writes nothing.
#ifndef QMATH_RANGE_HPP_
#define QMATH_RANGE_HPP_

#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/array_arguments.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/granularity.hpp"

QMATH_BEGIN_NAMESPACE

/// The smallest and the largest element; the empty range if there is no number.                    x: [n]
template <readable_real_range X>
QMATH_INLINE value_range min_max(const X& x) noexcept {
  return impl::range_of("min_max", impl::reals_of(x));
}

/// ranges[c] = smallest and largest of the elements i with layout.index(i) == c.    ranges: [layout.count()]
/// No elements (n = 0) give empty ranges, of which there may be none.
/// @pre ranges.size() == layout.count(); x.size() is a multiple of layout.period(); x and ranges do not
///      overlap.
template <readable_real_range X, writable_range<value_range> R>
QMATH_INLINE void min_max(const X& x, const granularity& layout, R&& ranges) noexcept {
  detail::min_max_job job;
  if (impl::set_min_max_arrays("min_max", job, impl::reals_of(x), layout, std::span(ranges))) {
    impl::call<&detail::kernel_table::min_max>(job);
  }
}

/// The smallest range that contains both: associative, commutative, so that parts of a tensor can be
/// observed in any order.
QMATH_INLINE constexpr value_range merge(value_range a, value_range b) noexcept {
  return {b.min < a.min ? b.min : a.min, b.max > a.max ? b.max : a.max};
}

/// The largest distance from 0 in a range: max(|min|, |max|), 0 for the empty range. What the scale of
/// symmetric quantization is made of.
QMATH_INLINE constexpr float absmax(value_range r) noexcept {
  const float largest = -r.min > r.max ? -r.min : r.max;
  return largest > 0.0f ? largest : 0.0f;
}

/// The largest |x[i]|. NaN is skipped, infinities count; 0 if there is no number.                    x: [n]
template <readable_real_range X>
QMATH_INLINE float absmax(const X& x) noexcept {
  return absmax(impl::range_of("absmax", impl::reals_of(x)));
}

QMATH_END_NAMESPACE

#endif  // QMATH_RANGE_HPP_
