// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The second half of observe/drift.hpp, which includes it after its types: sampling, bins, numbers.
#ifndef QMATH_DETAIL_DRIFT_IMPL_HPP_
#define QMATH_DETAIL_DRIFT_IMPL_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/detail/array_arguments.hpp"
#include "qmath/detail/observe_histogram.hpp"
#include "qmath/metrics.hpp"
#if QMATH_HAS_KERNELS
#include "qmath/reference.hpp"
#endif

QMATH_BEGIN_TYPES
namespace detail {

/// The calibration of a monitor, without the number of bins in the type.
struct drift_bins {
  const histogram_summary* summary;
  const std::uint64_t* counts;
  std::size_t bins;
  value_range clip;
};

}  // namespace detail
QMATH_END_TYPES

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY bool watch(const detail::drift_bins& calibration, const drift_sampling& sampling,
                         drift_live& live, std::uint64_t* counts, const void* x, std::size_t n,
                         detail::real_type type, const selection& which) noexcept;
QMATH_LIBRARY void report_drift(const detail::drift_bins& calibration, const drift_live& live,
                                const std::uint64_t* counts, const drift_limits& limits,
                                drift_report& report) noexcept;

}  // namespace library
QMATH_END_LIBRARY

QMATH_BEGIN_NAMESPACE
namespace impl {

template <std::size_t Bins>
QMATH_INLINE detail::drift_bins bins_of(const drift_monitor<Bins>& m) noexcept {
  const bool given = m.clip.min <= m.clip.max;
  return {&m.calibration.summary, m.calibration.counts, Bins,
          given ? m.clip : m.calibration.summary.range};
}

QMATH_INLINE void merge_live(drift_live& into, const drift_live& from) noexcept {
  into.elements = saturating_sum(into.elements, from.elements);
  into.calls = saturating_sum(into.calls, from.calls);
  into.count = saturating_sum(into.count, from.count);
  into.clipped_low = saturating_sum(into.clipped_low, from.clipped_low);
  into.clipped_high = saturating_sum(into.clipped_high, from.clipped_high);
  into.range = merge(into.range, from.range);
  add_counts(into.nonfinite, from.nonfinite);
  if (into.first_nan.position == nonfinite_event::none) into.first_nan = from.first_nan;
  if (into.first_infinite.position == nonfinite_event::none) {
    into.first_infinite = from.first_infinite;
  }
}

QMATH_INLINE void reset_live(drift_live& live) noexcept {
  constexpr std::uint64_t none = nonfinite_event::none;
  live = {0,
          0,
          0,
          0,
          0,
          {detail::infinity, -detail::infinity},
          {0, 0, 0},
          {none, none, none},
          {none, none, none}};
}

#if QMATH_HAS_KERNELS

// ---- Sampling ------------------------------------------------------------------------------------

inline constexpr std::size_t drift_block = observe_chunk;

/// The block that is read of group g.
inline std::uint64_t block_of_group(const drift_sampling& s, std::uint64_t g,
                                    std::uint64_t every) noexcept {
  const std::uint64_t u = reference::random_word(reference::mix(s.seed), g) >> 32;
  return g * every + (every * u >> 32);
}

/// f(first, n) for the elements of this call that are in blocks that are read; live.elements come before them.
template <class F>
inline void for_each_sample(const drift_sampling& s, std::uint64_t before, std::size_t n,
                            const F& f) noexcept {
  const std::uint64_t every = s.every == 0 ? 1 : s.every, end = before + n;
  for (std::uint64_t g = before / (drift_block * every); g * drift_block * every < end; ++g) {
    const std::uint64_t block = drift_block * block_of_group(s, g, every);
    const std::uint64_t from = block > before ? block : before;
    const std::uint64_t to = block + drift_block < end ? block + drift_block : end;
    if (from < to) f(static_cast<std::size_t>(from - before), static_cast<std::size_t>(to - from));
  }
}

// ---- NaN and infinities ----------------------------------------------------------------------------

/// Whether an element has an exponent of ones only. For 16 bits without a conversion.
inline bool has_nonfinite(const void* x, std::size_t first, std::size_t n,
                          detail::real_type type) noexcept {
  if (type == detail::real_type::f32) return !all_finite(static_cast<const float*>(x) + first, n);
  const std::uint32_t exponent = type == detail::real_type::f16 ? 0x7C00u : 0x7F80u;
  return with_reals(x, type, [&](const auto* from) {
    std::uint32_t found = 0;
    if constexpr (sizeof(*from) == 2) {
      for_each_block(n, [&](std::size_t begin, auto length) {
        for (std::size_t i = begin; i < begin + length; ++i) {
          found |= (from[first + i].bits & exponent) == exponent ? 1u : 0u;
        }
      });
    }
    return found != 0;
  });
}

// ---- Bins ------------------------------------------------------------------------------------------

/// How many of n numbers are less than the limit.
inline std::uint64_t count_below(const float* x, std::size_t n, float limit) noexcept {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < n; ++i) count += x[i] < limit ? 1 : 0;
  return count;
}
inline std::uint64_t count_above(const float* x, std::size_t n, float limit) noexcept {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < n; ++i) count += x[i] > limit ? 1 : 0;
  return count;
}

/// 0 < n <= observe_chunk finite elements.
inline void count_live(const detail::drift_bins& c, drift_live& live, std::uint64_t* counts,
                       const float* x, std::size_t n) noexcept {
  const value_range r = range_of("watch", {x, n, n * sizeof(float), detail::real_type::f32});
  live.range = merge(live.range, r);
  live.count = saturating_sum(live.count, n);
  if (r.min < c.clip.min) {
    live.clipped_low = saturating_sum(live.clipped_low, count_below(x, n, c.clip.min));
  }
  if (r.max > c.clip.max) {
    live.clipped_high = saturating_sum(live.clipped_high, count_above(x, n, c.clip.max));
  }
  // The bins end at -limit and limit = bins / 2 * 2^exponent, which may be 2^128: then no float is beyond them.
  const std::int32_t e = c.summary->exponent;
  const auto middle = static_cast<std::int32_t>(c.bins / 2);
  const std::int32_t end = e + detail::trailing_zeros(static_cast<std::uint32_t>(middle));
  float inside[observe_chunk];
  if (end <= 127) {
    const auto bits = static_cast<std::uint32_t>(end + 127) << 23;
    const auto limit = detail::bit_cast<float>(bits);
    const auto largest = detail::bit_cast<float>(bits - 1);
    if (r.min < -limit || r.max > largest) {
      for (std::size_t i = 0; i < n; ++i) {
        inside[i] = x[i] < -limit ? -limit : x[i] > largest ? largest : x[i];
      }
      x = inside;
    }
  }
  std::uint16_t places[observe_chunk];
  find_bins(x, n, e, c.bins, places);
  for (std::size_t i = 0; i < n; ++i) {
    counts[places[i]] = saturating_sum(counts[places[i]], 1);
  }
}

struct watch_job {
  const detail::drift_bins* calibration;
  const drift_sampling* sampling;
  drift_live* live;
  std::uint64_t* counts;
  const void* x;
  std::size_t n;
  detail::real_type type;
  detail::selected_elements which;
};

/// Counts NaN and infinities in n <= observe_chunk elements. True if one of them is the first.
inline bool count_special(const watch_job& job, std::size_t first, std::size_t n) noexcept {
  float buffer[observe_chunk];
  unsigned char bytes[observe_chunk];
  const float* const v = chunk_of(job.x, first, n, job.type, buffer);
  const unsigned char* const used =
      job.which.all ? nullptr : selected_bytes(job.which, first, n, bytes);
  drift_live& live = *job.live;
  bool is_first = false;
  for (std::size_t i = 0; i < n; ++i) {
    if (detail::magnitude_bits(v[i]) < 0x7F800000u || (used != nullptr && used[i] == 0)) continue;
    count_nonfinite(live.nonfinite, v[i]);
    nonfinite_event& event = detail::is_nan(v[i]) ? live.first_nan : live.first_infinite;
    if (event.position != nonfinite_event::none) continue;
    event = {live.elements + first + i, live.calls, first + i};
    is_first = true;
  }
  return is_first;
}

QMATH_INLINE bool note_nonfinite(const watch_job& job, std::size_t first, std::size_t n) noexcept {
  return has_nonfinite(job.x, first, n, job.type) && count_special(job, first, n);
}

/// Copies those of n <= observe_chunk elements that are selected to `to`, which may be `chunk`. Returns how many.
inline std::size_t keep_selected(const watch_job& job, std::size_t first, const float* chunk,
                                 std::size_t n, float* to) noexcept {
  unsigned char bytes[observe_chunk];
  const unsigned char* const used = selected_bytes(job.which, first, n, bytes);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < n; ++i) {
    to[kept] = chunk[i];  // never behind i
    kept += used[i] != 0 ? 1 : 0;
  }
  return kept;
}

inline bool watch_all(const watch_job& job) noexcept {
  drift_live& live = *job.live;
  const drift_sampling& sampling = *job.sampling;
  bool is_first = false;
  if (sampling.all_for_nonfinite) {
    for (std::size_t i = 0; i < job.n; i += observe_chunk) {
      is_first |= note_nonfinite(job, i, smaller(job.n - i, observe_chunk));
    }
  }
  for_each_sample(sampling, live.elements, job.n, [&](std::size_t first, std::size_t n) {
    if (!sampling.all_for_nonfinite) is_first |= note_nonfinite(job, first, n);
    float buffer[observe_chunk];
    const float* chunk = chunk_of(job.x, first, n, job.type, buffer);
    if (!job.which.all) {
      n = keep_selected(job, first, chunk, n, buffer);
      chunk = buffer;
    }
    if (!all_finite(chunk, n)) {
      nonfinite_counts counted = {0, 0, 0};
      n = keep_finite(chunk, n, buffer, counted);
      chunk = buffer;
    }
    if (n != 0) count_live(*job.calibration, live, job.counts, chunk, n);
  });
  live.elements = saturating_sum(live.elements, job.n);
  live.calls = saturating_sum(live.calls, 1);
  return is_first;
}

// ---- Numbers ---------------------------------------------------------------------------------------

/// Ten groups of bins with about as many elements of the calibration each: bin i is in group k if k is the largest
/// one <= 9 with below >= ceil(k * n / 10), below the elements of the bins before it. Adds both counts to the groups.
inline constexpr std::size_t drift_groups = 10;
inline void add_to_groups(const std::uint64_t* from, const std::uint64_t* other, std::size_t bins,
                          std::uint64_t n, std::uint64_t* groups,
                          std::uint64_t* other_groups) noexcept {
  std::uint64_t below = 0, k = 0;
  for (std::size_t i = 0; i < bins; ++i) {
    // k * n / 10, rounded up, without the product, which may be 2^64 and more.
    const auto begin = [n](std::uint64_t group) {
      return group * (n / drift_groups) +
             (group * (n % drift_groups) + drift_groups - 1) / drift_groups;
    };
    while (k + 1 < drift_groups && below >= begin(k + 1)) ++k;
    groups[k] += from[i];
    other_groups[k] += other[i];
    below += from[i];
  }
}

/// Twice the middle of a bin, in widths.
inline double middle_of_bin(std::size_t i, std::size_t bins) noexcept {
  return static_cast<double>(2 * static_cast<std::int32_t>(i) + 1 -
                             static_cast<std::int32_t>(bins));
}

inline double mean_place(const std::uint64_t* counts, std::size_t bins, std::uint64_t n) noexcept {
  double sum = 0.0;
  for (std::size_t i = 0; i < bins; ++i) {
    if (counts[i] != 0) sum = stored(sum + stored(to_double(counts[i]) * middle_of_bin(i, bins)));
  }
  return stored(sum / to_double(n));
}

/// Of bins that are 2 wide and even inside, which by itself is 4 / 12.
inline double variance_of_places(const std::uint64_t* counts, std::size_t bins, std::uint64_t n,
                                 double mean) noexcept {
  double sum = 0.0;
  for (std::size_t i = 0; i < bins; ++i) {
    if (counts[i] == 0) continue;
    const double d = stored(middle_of_bin(i, bins) - mean);
    sum = stored(sum + stored(to_double(counts[i]) * stored(d * d)));
  }
  return stored(stored(sum / to_double(n)) + 1.0 / 3.0);
}

inline double range_distance(value_range a, value_range b, double least_width) noexcept {
  const double low = distance(static_cast<double>(a.min), static_cast<double>(b.min));
  const double high = distance(static_cast<double>(a.max), static_cast<double>(b.max));
  const double width = stored(static_cast<double>(b.max) - static_cast<double>(b.min));
  return stored((low > high ? low : high) / (width > least_width ? width : least_width));
}

inline drift_number judged(double value, const drift_limit& limit, bool decided) noexcept {
  const double magnitude = value < 0.0 ? -value : value;
  return {value, !decided                         ? drift_status::undecided
                 : magnitude >= limit.recalibrate ? drift_status::recalibrate
                 : magnitude >= limit.warn        ? drift_status::warn
                                                  : drift_status::ok};
}

struct drift_arguments {
  const detail::drift_bins* calibration;
  const drift_live* live;
  const std::uint64_t* counts;
  const drift_limits* limits;
  drift_report* report;
};

inline void fill_report(const drift_arguments& in) noexcept {
  const detail::drift_bins& c = *in.calibration;
  const drift_live& live = *in.live;
  const drift_limits& limits = *in.limits;
  drift_report& r = *in.report;
  r.live = live;
  const std::uint64_t n = c.summary->count;
  const bool known = n != 0 && live.count != 0;
  const bool decided = known && live.count >= limits.least_count;
  double psi = not_a_number, ks = not_a_number, mean = not_a_number, range = not_a_number;
  if (known) {
    std::uint64_t p[drift_groups] = {}, q[drift_groups] = {};
    add_to_groups(c.counts, in.counts, c.bins, n, p, q);
    psi = distance_of(p, q, drift_groups, 0.5, detail::distribution_metric::psi);
    ks = distance_of(c.counts, in.counts, c.bins, 0.0,
                     detail::distribution_metric::kolmogorov_smirnov);
    const double before = mean_place(c.counts, c.bins, n);
    const double now = mean_place(in.counts, c.bins, live.count);
    const double sigma = square_root(variance_of_places(c.counts, c.bins, n, before));
    mean = stored(stored(now - before) / sigma);
    range = range_distance(live.range, c.summary->range, detail::power_of_two(c.summary->exponent));
  }
  r.clip_rate_low = fraction(live.clipped_low, live.count);
  r.clip_rate_high = fraction(live.clipped_high, live.count);
  r.clip_rate = judged(fraction(saturating_sum(live.clipped_low, live.clipped_high), live.count),
                       limits.clip_rate, decided);
  r.psi = judged(psi, limits.psi, decided);
  r.ks = judged(ks, limits.ks, decided);
  r.mean_shift = judged(mean, limits.mean_shift, decided);
  r.range_shift = judged(range, limits.range_shift, decided);
  const bool faulty = live.nonfinite.nan != 0 || live.nonfinite.positive_infinite != 0 ||
                      live.nonfinite.negative_infinite != 0;
  r.status = faulty ? drift_status::warn : drift_status::undecided;
  for (const drift_number* number : {&r.clip_rate, &r.psi, &r.ks, &r.mean_shift, &r.range_shift}) {
    if (number->status > r.status) r.status = number->status;
  }
}

#endif

}  // namespace impl
QMATH_END_NAMESPACE

#if QMATH_HAS_KERNELS
QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY bool watch(const detail::drift_bins& calibration, const drift_sampling& sampling,
                         drift_live& live, std::uint64_t* counts, const void* x, std::size_t n,
                         detail::real_type type, const selection& which) noexcept {
  const impl::watch_job job = {
      &calibration, &sampling, &live, counts, x, n, type, impl::selected_of(which, n)};
  return impl::in_default_environment(&impl::watch_all, job);
}

QMATH_LIBRARY void report_drift(const detail::drift_bins& calibration, const drift_live& live,
                                const std::uint64_t* counts, const drift_limits& limits,
                                drift_report& report) noexcept {
  const impl::drift_arguments in = {&calibration, &live, counts, &limits, &report};
  impl::in_default_environment(&impl::fill_report, in);
}

}  // namespace library
QMATH_END_LIBRARY
#endif

#endif  // QMATH_DETAIL_DRIFT_IMPL_HPP_
