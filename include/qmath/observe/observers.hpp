// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Observers: what is remembered of data that is seen in parts, until quantization parameters are chosen.
///
///     observer                   remembers                                                bytes   merges exactly
///     min_max_observer           smallest and largest number                                 16   yes
///     moving_average_observer    averages of the smallest and the largest of each batch      32   no: has an order
///     moments_observer           exact sums of the numbers and of their squares             160   yes
///     histogram_observer<Bins>   counts of equally wide bins                     48 + 8 * Bins   yes
///
/// Each is a value of that size wherever it is, without pointers: a tensor has one, channels have an array of
/// them in memory of the caller. The functions are in observe.hpp: observe, merge, range_of, choose_params,
/// reset; save and load in save.hpp.
///
/// "Merges exactly": data cut into any parts, observed in any order, merged along any tree, leave the same
/// bytes as one pass over the whole. docs/observers.md has the reasons.
///
/// Counts stop at 2^64 - 1. What is more than that merges as exactly, since min(sum, 2^64 - 1) does.
#ifndef QMATH_OBSERVE_OBSERVERS_HPP_
#define QMATH_OBSERVE_OBSERVERS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/core/params.hpp"
#include "qmath/detail/abi.hpp"
#include "qmath/detail/exact_sum.hpp"

QMATH_BEGIN_TYPES

/// Elements that are no finite numbers.
struct nonfinite_counts {
  std::uint64_t nan = 0;
  std::uint64_t positive_infinite = 0;
  std::uint64_t negative_infinite = 0;

  friend constexpr bool operator==(const nonfinite_counts&, const nonfinite_counts&) = default;
};

/// The smallest and the largest number, as min_max has them: NaN is skipped, infinities count, zero is +0.
/// For symmetric schemes this is the absmax observer, since they take the larger of both magnitudes.
struct min_max_observer {
  value_range range = {};
  std::uint64_t count = 0;  ///< elements, NaN included

  friend constexpr bool operator==(const min_max_observer&, const min_max_observer&) = default;
};

/// Of each batch the smallest and the largest number, averaged. A batch is what one call of observe is given; one
/// without numbers is none, and infinities count as the largest float. fl() rounds to float:
///     first batch     m = batch
///     later ones      m = fl(m + fl(weight * fl(batch - m)))          beyond the largest float: the largest float
/// Where rounding has made min larger than max, they change places.
/// The result depends on the order of the batches, and on where they were cut. merge(into, later) takes the
/// average of `later` as one batch more.
struct moving_average_observer {
  float weight = 0.01f;  ///< of a new batch, in [0, 1]; PyTorch's averaging_constant
  value_range range = {};
  value_range batch = {};  ///< during a call; otherwise the empty range
  std::uint64_t batches = 0;

  friend constexpr bool operator==(const moving_average_observer&,
                                   const moving_average_observer&) = default;
};

/// Sums without rounding. 2^64 elements do not leave the limbs: |sum| < 2^64 * 2^128, in units of 2^-149, has 341
/// bits; that of the squares, in units of 2^-298, 618.
struct moments_observer {
  std::uint64_t count = 0;  ///< finite elements
  nonfinite_counts nonfinite = {};
  detail::linear_sum sum = {};       ///< of x
  detail::product_sum squares = {};  ///< of x^2

  friend constexpr bool operator==(const moments_observer&, const moments_observer&) = default;
};

/// What a histogram has besides its bins.
struct histogram_summary {
  value_range range = {};   ///< of the finite elements, exact; zero is +0
  std::uint64_t count = 0;  ///< finite elements: the sum of the bins
  nonfinite_counts nonfinite = {};
  std::int32_t exponent = -126;  ///< bins are 2^exponent wide

  friend constexpr bool operator==(const histogram_summary&, const histogram_summary&) = default;
};

/// A histogram of finite elements. Bin j = -Bins/2 ... Bins/2 - 1 counts the elements x with
///     j * w <= x < (j + 1) * w,  j = floor(x / w)                           w = 2^exponent
/// exponent is the smallest one >= -126 for which all magnitudes are below Bins/2 * w: a function of the largest
/// magnitude alone. When it grows by 1, neighbours 2j and 2j + 1 become bin j, which is where the wider bins
/// would have put their elements: floor(floor(x / w) / 2) = floor(x / 2w), also below zero.
///     zeros of both signs         bin 0
///     0 < x < w, -w < x < 0       bins 0 and -1, however small: subnormal numbers always
///     NaN and infinities          summary.nonfinite; in no bin and not in the range
/// More than half of the bins of one sign lie inside [0, largest magnitude]: the width is between 2/Bins and
/// 4/Bins of it.
template <std::size_t Bins = 2048>
struct histogram_observer {
  static_assert(Bins >= 8 && Bins <= 65536 && (Bins & (Bins - 1)) == 0);
  static constexpr std::size_t bins = Bins;

  histogram_summary summary = {};
  std::uint64_t counts[Bins] = {};  ///< of bin j: counts[j + Bins / 2]

  friend constexpr bool operator==(const histogram_observer&, const histogram_observer&) = default;
};

/// A histogram of any number of bins, to read: what searches for a range take. counts[i] is that of bin
/// first_bin + i, which begins at (first_bin + i) * 2^summary.exponent; bin 0 is among them.
struct histogram_view {
  std::span<const std::uint64_t> counts = {};
  std::int32_t first_bin = 0;
  histogram_summary summary = {};

  constexpr histogram_view() = default;
  QMATH_INLINE constexpr histogram_view(std::span<const std::uint64_t> all,
                                        const histogram_summary& of) noexcept
      : counts(all), first_bin(-static_cast<std::int32_t>(all.size() / 2)), summary(of) {}
  template <std::size_t Bins>
  // NOLINTNEXTLINE(google-explicit-constructor): a histogram can be read
  QMATH_INLINE constexpr histogram_view(const histogram_observer<Bins>& h) noexcept
      : histogram_view(std::span<const std::uint64_t>(h.counts, Bins), h.summary) {}
};

namespace detail {
template <class O>
inline constexpr bool is_histogram = false;
template <std::size_t Bins>
inline constexpr bool is_histogram<histogram_observer<Bins>> = true;
}  // namespace detail

/// The types above.
template <class O>
concept observer =
    std::is_same_v<O, min_max_observer> || std::is_same_v<O, moving_average_observer> ||
    std::is_same_v<O, moments_observer> || detail::is_histogram<O>;

QMATH_END_TYPES

#endif  // QMATH_OBSERVE_OBSERVERS_HPP_
