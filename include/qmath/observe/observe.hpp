// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// From data to parameters, in any number of parts: observe, merge, range_of, choose_params.
///
///     qmath::histogram_observer<> seen;
///     for (const auto& batch : batches) qmath::observe(seen, batch);
///     const auto range = qmath::percentile(seen, 0.0001, 0.9999);
///     const auto params = qmath::choose_params<std::int8_t>(range, qmath::affine);
///
/// Arrays are float, half or bfloat16 in row-major order. Never allocates, never throws, never prints; an
/// observer may be read by several threads or written by one; the same bytes on every CPU target. Any size, 0
/// included; no alignment needed. A broken precondition calls the contract handler (core/contract.hpp) and
/// writes nothing.
#ifndef QMATH_OBSERVE_OBSERVE_HPP_
#define QMATH_OBSERVE_OBSERVE_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/observe_arguments.hpp"
#include "qmath/granularity.hpp"
#include "qmath/observe/observers.hpp"
#include "qmath/observe/save.hpp"
#include "qmath/observe/search.hpp"
#include "qmath/observe/selection.hpp"
#include "qmath/schemes.hpp"

QMATH_BEGIN_NAMESPACE

/// Adds the elements of x that `which` selects.                                                          x: [n]
/// @pre what selection.hpp says of each member; channels have a layout.
template <observer O, readable_real_range X>
QMATH_INLINE void observe(O& o, const X& x, const selection& which = {}) noexcept {
  detail::walk_job job;
  const std::span data(x);
  if (impl::set_walk("observe", impl::observe_names, job, std::span<O>(&o, 1), impl::reals_of(x),
                     per_tensor(data.size()), which, false)) {
    impl::observe(job, std::span<O>(&o, 1));
  }
}

/// The same with an observer for each channel, token, group or block: states[c] is given the elements i with
/// layout.index(i) == c.
/// @pre as above, but channels without a layout are those of `layout`; states.size() == layout.count(), x.size() is a
///      multiple of layout.period(); x and states do not overlap.
template <detail::viewable S, readable_real_range X>
  requires observer<detail::element_of<S>>
QMATH_INLINE void observe(S&& states, const X& x, const granularity& layout,
                          const selection& which = {}) noexcept {
  detail::walk_job job;
  const std::span<detail::element_of<S>> all(states);
  if (impl::set_walk("observe", impl::observe_names, job, all, impl::reals_of(x), layout, which,
                     true)) {
    impl::observe(job, all);
  }
}

/// As if `into` had been given the data of both.
template <observer O>
QMATH_INLINE void merge(O& into, const O& from) noexcept {
  impl::merge_observer(into, from);
}

/// into[c] with from[c]. @pre into.size() == from.size().
template <detail::viewable S, detail::viewable R>
  requires observer<detail::element_of<S>> && readable_range<R, detail::element_of<S>>
QMATH_INLINE void merge(S&& into, const R& from) noexcept {
  const std::span a(into);
  const std::span b(from);
  if (!impl::expect_equal("merge", "from.size()", b.size(), "into.size()", a.size())) return;
  for (std::size_t i = 0; i < a.size(); ++i) impl::merge_observer(a[i], b[i]);
}

/// As new: forgets all data, but not the weight of a moving average.
template <observer O>
QMATH_INLINE void reset(O& o) noexcept {
  impl::reset_observer(o);
}
template <detail::viewable S>
  requires observer<detail::element_of<S>>
QMATH_INLINE void reset(S&& states) noexcept {
  const std::span all(states);
  for (std::size_t i = 0; i < all.size(); ++i) impl::reset_observer(all[i]);
}

// ---- Ranges: the empty one without data ----------------------------------------------------------

/// The smallest and the largest number.
QMATH_INLINE constexpr value_range range_of(const min_max_observer& o) noexcept { return o.range; }
/// Their averages.
QMATH_INLINE constexpr value_range range_of(const moving_average_observer& o) noexcept {
  return o.range;
}
/// The smallest and the largest finite number.
QMATH_INLINE constexpr value_range range_of(const histogram_view& h) noexcept {
  return h.summary.range;
}

/// [-m, m], m = absmax(r): the range of symmetric schemes; the empty range stays empty.
QMATH_INLINE constexpr value_range absmax_range(value_range r) noexcept {
  return r.min > r.max ? r : value_range{0.0f - absmax(r), absmax(r)};
}

/// [-p, p], p the smallest power of two that is not less than absmax(r), 2^-149 at least; the largest float beyond
/// 2^127. For a scale that is a power of two, choose scale_kind::power_of_two_above, which needs no such range.
QMATH_INLINE value_range power_of_two_range(value_range r) noexcept {
  return r.min > r.max ? r : impl::power_of_two_range(absmax(r));
}

/// [mean - k * sigma, mean + k * sigma] of the finite elements; sigma of the population: divided by the count n.
/// D = n * sum(x^2) - sum(x)^2 is exact; d() is a double operation, rounded to nearest even:
///     mean = d(d(sum) / d(n)),  sigma = d(d(sqrt(d(D))) / d(n)),  ends: fl(d(mean -+ d(k * sigma)))
/// Ends beyond the largest float are that. Not cut to the smallest and largest number.
QMATH_INLINE value_range sigma_range(const moments_observer& o, double k) noexcept {
  return library::sigma_range(o, k);
}
/// Three sigma.
QMATH_INLINE value_range range_of(const moments_observer& o) noexcept {
  return library::sigma_range(o, 3.0);
}

/// From the quantile `low` to the quantile `high`, in [0, 1]. With x[0] <= ... <= x[n-1] the finite elements sorted:
///     min = the lower end of the bin of x[floor(d(low * d(n - 1)))],   not below the smallest element
///     max = the upper end of the bin of x[ceil(d(high * d(n - 1)))],   not above the largest element
/// Both elements are inside the range, at most the width of a bin away from its ends. (numpy.percentile finds these
/// elements by method="lower" and method="higher".) Quantiles outside [0, 1] count as the nearer end, NaN as the one
/// that cuts nothing. 0 and 1 give the smallest and the largest element.
QMATH_INLINE value_range percentile(const histogram_view& h, double low, double high) noexcept {
  return library::percentile(h, low, high);
}

/// The same for magnitudes: [-a, a], a the upper end of the bin of the element number ceil(d(q * d(n - 1))) of those
/// sorted by |x|, not above the largest |x|. Bins j and -1 - j count as one.
QMATH_INLINE value_range absmax_percentile(const histogram_view& h, double q) noexcept {
  return library::absmax_percentile(h, q);
}

/// ranges[c] = range_of(states[c]), or what a function that is given makes of it:
///     ranges_of(states, ranges, [](const auto& h) { return qmath::absmax_percentile(h, 0.999); });
/// choose_params takes the ranges from there. @pre ranges.size() == states.size().
template <detail::viewable S, writable_range<value_range> R, class F>
  requires observer<std::remove_const_t<detail::element_of<S>>>
QMATH_INLINE void ranges_of(const S& states, R&& ranges, const F& range) noexcept {
  const std::span from(states);
  const std::span to(ranges);
  if (!impl::expect_equal("ranges_of", "ranges.size()", to.size(), "states.size()", from.size())) {
    return;
  }
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = range(from[i]);
}
template <detail::viewable S, writable_range<value_range> R>
  requires observer<std::remove_const_t<detail::element_of<S>>>
QMATH_INLINE void ranges_of(const S& states, R&& ranges) noexcept {
  ranges_of(states, ranges, [](const auto& o) { return range_of(o); });
}

/// choose_params<F>(range_of(o), how)
template <quantized_format F, observer O>
QMATH_INLINE affine_params choose_params(const O& o, const scheme& how = affine) noexcept {
  return choose_params<F>(range_of(o), how);
}

QMATH_END_NAMESPACE

#endif  // QMATH_OBSERVE_OBSERVE_HPP_
