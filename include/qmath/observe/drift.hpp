// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Whether live data still look like the calibration data that the parameters of a layer come from.
///
///     const auto clip = qmath::unclipped_range<std::int8_t>(params);       // params: those of the layer's input
///     qmath::drift_monitor<> monitor = {
///         .layer = "conv1", .clip = clip, .calibration = seen, .sampling = {.every = 16}};
///     if (qmath::watch(monitor, x)) ...      // in production: x has the first NaN or infinity, monitor.live has it
///     const qmath::drift_report r = qmath::drift_of(monitor);        // now and then
///     if (r.status == qmath::drift_status::recalibrate) ...
///     qmath::reset(monitor);                                         // a new window of live data
///
/// A monitor is a value without pointers to data: 2 * sizeof(histogram_observer<Bins>) bytes and less than 200 more.
/// The numbers are the same bits on every CPU, however the data were cut into calls. docs/drift_and_sensitivity.md
/// has the reasons for the equations and the limits.
///
/// Never allocates, never throws, never prints. A monitor may be read by several threads or written by one.
#ifndef QMATH_OBSERVE_DRIFT_HPP_
#define QMATH_OBSERVE_DRIFT_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/observe/observers.hpp"
#include "qmath/observe/selection.hpp"

QMATH_BEGIN_TYPES

/// Live data are cut into blocks of 1024 elements, counted through all calls; every `every` neighbours are a group, of
/// which one block is read. That of group g is number g * every + floor(every * u / 2^32) with u the upper half of
/// word g of SplitMix64 (rounding.hpp) from the state mix(seed) on: no period of the data stays in step with it.
struct drift_sampling {
  std::uint32_t every = 1;  ///< 1 reads all blocks; 0 counts as 1
  std::uint64_t seed = 0;
  /// Looks for NaN and infinities in all elements, not only in those blocks.
  bool all_for_nonfinite = true;
};

/// Where the first NaN or infinity was.
struct nonfinite_event {
  static constexpr std::uint64_t none = static_cast<std::uint64_t>(-1);
  std::uint64_t position = none;  ///< elements that the monitor had been given before it
  std::uint64_t call = none;      ///< how many calls of watch there had been
  std::uint64_t index = none;     ///< in the array of that call

  friend constexpr bool operator==(const nonfinite_event&, const nonfinite_event&) = default;
};

/// What a monitor knows of live data, besides their bins.
struct drift_live {
  std::uint64_t elements = 0;  ///< given to watch
  std::uint64_t calls = 0;     ///< of watch
  std::uint64_t count = 0;  ///< finite elements of the blocks that were read: the sum of the bins
  std::uint64_t clipped_low = 0;   ///< of those: less than clip.min
  std::uint64_t clipped_high = 0;  ///< of those: more than clip.max
  value_range range = {};          ///< of those
  nonfinite_counts nonfinite =
      {};  ///< in all elements, or in the blocks that were read: as sampling says
  nonfinite_event first_nan = {};
  nonfinite_event first_infinite = {};

  friend constexpr bool operator==(const drift_live&, const drift_live&) = default;
};

template <std::size_t Bins = 2048>
struct drift_monitor {
  const char* layer = "";
  value_range clip =
      {};  ///< what is not clipped (unclipped_range); the empty range: the range of the calibration
  histogram_observer<Bins> calibration = {};
  drift_sampling sampling = {};
  drift_live live = {};
  /// The bins of the calibration, for live data. Elements beyond the first or the last one are counted there, so that
  /// no live outlier can widen them. One in the calibration has: its bins then tell little of the rest, so take more
  /// of them (8192), or leave it out.
  std::uint64_t counts[Bins] = {};
};

/// undecided: too few elements to say.
enum class drift_status : unsigned char { undecided, ok, warn, recalibrate };

/// "undecided", "ok" ...: for logs.
QMATH_INLINE constexpr const char* name(drift_status status) noexcept {
  switch (status) {
    case drift_status::undecided: return "undecided";
    case drift_status::ok: return "ok";
    case drift_status::warn: return "warn";
    case drift_status::recalibrate: return "recalibrate";
  }
  return "";
}

/// Magnitudes from which on a number says warn or recalibrate. Infinity and NaN: never.
struct drift_limit {
  double warn = detail::infinity;
  double recalibrate = detail::infinity;
};

struct drift_limits {
  drift_limit clip_rate = {0.001, 0.01};
  drift_limit psi = {0.1, 0.25};
  drift_limit ks = {0.1, 0.2};
  drift_limit mean_shift = {0.25, 0.5};
  drift_limit range_shift = {0.5, static_cast<double>(detail::infinity)};
  std::uint64_t least_count =
      10000;  ///< live.count below which the report is undecided: elements that were read
};

struct drift_number {
  double value = 0.0;
  drift_status status = drift_status::undecided;
};

/// With c the counts of calibration, l those of live data, in the same bins, and n_c and n_l their sums:
struct drift_report {
  const char* layer = "";
  /// The worst of the numbers below; at least warn if there was a NaN or an infinity.
  drift_status status = drift_status::undecided;
  drift_number clip_rate =
      {};  ///< fl((clipped_low + clipped_high) / count): the sum of the next two
  double clip_rate_low = 0.0;
  double clip_rate_high = 0.0;
  /// population_stability_index of c and l in ten groups of bins: bin i is in group floor(10 * (c[0] + ... + c[i - 1])
  /// / n_c), the last one at most; with the pseudo-count 1/2 for each group.
  drift_number psi = {};
  drift_number ks = {};  ///< kolmogorov_smirnov_distance(c, l)
  /// (mean of l - mean of c) / sigma of c: of distributions that are even inside each bin, so sigma > 0.
  drift_number mean_shift = {};
  /// The larger of the distances of both ends of live.range and calibration.summary.range, in units of
  /// max(width of the latter, width of a bin).
  drift_number range_shift = {};
  drift_live live = {};
};

QMATH_END_TYPES

#include "qmath/detail/drift_impl.hpp"

QMATH_BEGIN_NAMESPACE

/// Takes n live elements more. True if they have the first NaN, or the first infinity, of the window:
/// live.first_nan and live.first_infinite say where. Elements that `which` does not select have a place in the stream,
/// so that the same blocks are read, but are not looked at.                                               x: [n]
/// @pre x does not overlap the monitor; x has data, unless n = 0; which as for observe.
template <std::size_t Bins, readable_real_range X>
QMATH_INLINE bool watch(drift_monitor<Bins>& monitor, const X& x,
                        const selection& which = {}) noexcept {
  const impl::real_array data = impl::reals_of(x);
  if (!impl::expect_array("watch", impl::x_names, data) ||
      !impl::expect_disjoint("watch", "monitor", &monitor, 1, impl::x_names.overlaps,
                             static_cast<const std::byte*>(data.data), data.bytes) ||
      !impl::expect_selection("watch", which, impl::x_names.size, data.n, 0)) {
    return false;
  }
  return library::watch(impl::bins_of(monitor), monitor.sampling, monitor.live, monitor.counts,
                        data.data, data.n, data.type, which);
}

/// What changed since the calibration. All is undecided without calibration data, or with less than limits.least_count
/// elements (numbers are NaN without any); but a NaN or an infinity is always at least a warning.
template <std::size_t Bins>
QMATH_INLINE drift_report drift_of(const drift_monitor<Bins>& monitor,
                                   const drift_limits& limits = drift_limits{}) noexcept {
  drift_report report{};
  report.layer = monitor.layer;
  library::report_drift(impl::bins_of(monitor), monitor.live, monitor.counts, limits, report);
  return report;
}

/// Adds the live data of another monitor, of another thread for instance. Its calls and elements are counted after
/// those of `into`, whose first NaN and infinity stay the first; if there are none, those of `from` keep their
/// numbers. With sampling.every <= 1 all but calls and these events is as if one monitor had been given all, in any
/// order and along any tree; otherwise that holds for elements, and for nonfinite if it is that of all elements.
/// @pre both have the calibration in the same bins: calibration.summary of both is equal.
template <std::size_t Bins>
QMATH_INLINE void merge(drift_monitor<Bins>& into, const drift_monitor<Bins>& from) noexcept {
  if (QMATH_CHECKS && !(into.calibration.summary == from.calibration.summary)) {
    library::report_argument("merge", "from.calibration", "is another one than into.calibration");
    return;
  }
  impl::merge_live(into.live, from.live);
  for (std::size_t i = 0; i < Bins; ++i) {
    into.counts[i] = impl::saturating_sum(into.counts[i], from.counts[i]);
  }
}

/// Forgets live data, not the calibration.
template <std::size_t Bins>
QMATH_INLINE void reset(drift_monitor<Bins>& monitor) noexcept {
  impl::reset_live(monitor.live);
  for (std::uint64_t& count : monitor.counts) count = 0;
}

QMATH_END_NAMESPACE

#endif  // QMATH_OBSERVE_DRIFT_HPP_
