// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The bins of histograms (observers.hpp has the definition): counting, widening, merging, percentiles.
// Elements find their bins in kernels/histogram-inl.hpp.
//
// Counting is a store to memory for each element, and a load that waits for an earlier store to the same bin. Where
// neighbours are now in the same bin and now not, as the zeros after a ReLU are, a CPU cannot tell which load is to
// wait. So long arrays are counted in four tables in turn. Their counters have 16 bits: every 2^16 - 1 elements at
// most they are added to the bins.
#ifndef QMATH_DETAIL_OBSERVE_HISTOGRAM_HPP_
#define QMATH_DETAIL_OBSERVE_HISTOGRAM_HPP_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "qmath/core/params.hpp"
#include "qmath/detail/array_arguments.hpp"
#include "qmath/detail/bits.hpp"
#include "qmath/detail/observe_walk.hpp"
#include "qmath/formats/real.hpp"
#include "qmath/observe/observers.hpp"
#include "qmath/range.hpp"
#include "qmath/schemes.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

/// The exponent of histograms with `bins` bins and this largest magnitude, finite.
QMATH_INLINE constexpr std::int32_t histogram_exponent(float largest, std::size_t bins) noexcept {
  const int doublings = detail::trailing_zeros(static_cast<std::uint32_t>(bins / 2));
  const auto above =
      static_cast<std::int32_t>(detail::bit_cast<std::uint32_t>(largest) >> 23) - 126;
  return above - doublings < -126 ? -126 : above - doublings;
}

/// The chunks in which arrays of float are counted, and others are converted.
inline constexpr std::size_t observe_chunk = 1024;

/// n <= observe_chunk elements from number `first` on, as floats: those in memory, or converted to `buffer`.
QMATH_INLINE const float* chunk_of(const void* x, std::size_t first, std::size_t n,
                                   detail::real_type type, float* buffer) noexcept {
  if (type == detail::real_type::f32) return static_cast<const float*>(x) + first;
  with_reals(x, type, [&](const auto* from) {
    for (std::size_t i = 0; i < n; ++i) buffer[i] = float_from(from[first + i]);
  });
  return buffer;
}

/// f(first, length) for blocks of n elements. The length is a number known to the compiler but for the last one,
/// so that the loop inside f becomes vector code.
template <class F>
QMATH_INLINE void for_each_block(std::size_t n, const F& f) noexcept {
  constexpr std::size_t block = 32;
  std::size_t i = 0;
  for (; i + block <= n; i += block) f(i, std::integral_constant<std::size_t, block>{});
  if (i != n) f(i, n - i);
}

/// From the bits.
QMATH_INLINE bool all_finite(const float* x, std::size_t n) noexcept {
  std::int32_t worst = 0;
  for_each_block(n, [&](std::size_t first, auto length) {
    for (std::size_t i = 0; i < length; ++i) {
      worst |= static_cast<std::int32_t>(detail::magnitude_bits(x[first + i])) > 0x7F7FFFFF ? 1 : 0;
    }
  });
  return worst == 0;
}

/// x is NaN or infinite.
QMATH_INLINE void count_nonfinite(nonfinite_counts& counts, float x) noexcept {
  const std::uint32_t bits = detail::bit_cast<std::uint32_t>(x);
  std::uint64_t& count = bits == 0x7F800000u   ? counts.positive_infinite
                         : bits == 0xFF800000u ? counts.negative_infinite
                                               : counts.nan;
  count = saturating_sum(count, 1);
}

/// Copies the finite elements and counts the others. Returns how many are finite.
QMATH_INLINE std::size_t keep_finite(const float* x, std::size_t n, float* to,
                                     nonfinite_counts& others) noexcept {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (detail::magnitude_bits(x[i]) < 0x7F800000u) {
      to[kept++] = x[i];
    } else {
      count_nonfinite(others, x[i]);
    }
  }
  return kept;
}

QMATH_INLINE void add_counts(nonfinite_counts& into, const nonfinite_counts& from) noexcept {
  into.nan = saturating_sum(into.nan, from.nan);
  into.positive_infinite = saturating_sum(into.positive_infinite, from.positive_infinite);
  into.negative_infinite = saturating_sum(into.negative_infinite, from.negative_infinite);
}

/// Bins of 2^by times the width.
QMATH_INLINE void widen(std::uint64_t* counts, std::size_t bins, std::int32_t by) noexcept {
  if (by == 0) return;
  const int shift = by < 31 ? by : 31;
  const auto half = static_cast<std::int32_t>(bins / 2);
  std::uint64_t* const zero = counts + half;
  // From the middle outward: a bin is emptied before or when something is added to it.
  const auto move = [&](std::int32_t j) {
    const std::uint64_t count = zero[j];
    zero[j] = 0;
    std::uint64_t& to = zero[j >> shift];
    to = saturating_sum(to, count);
  };
  for (std::int32_t j = 0; j < half; ++j) move(j);
  for (std::int32_t j = -1; j >= -half; --j) move(j);
}

QMATH_INLINE void widen_to(histogram_summary& s, std::uint64_t* counts, std::size_t bins,
                           std::int32_t exponent) noexcept {
  if (exponent <= s.exponent) return;
  if (s.count != 0) widen(counts, bins, exponent - s.exponent);
  s.exponent = exponent;
}

QMATH_INLINE void set_bins(detail::bin_job& job, std::int32_t exponent, std::size_t bins) noexcept {
  job.inverse = detail::bit_cast<float>(static_cast<std::uint32_t>(127 - exponent) << 23);
  job.middle = static_cast<std::int32_t>(bins / 2);
}

/// places[i] = half the number of bins + the bin of x[i], of finite elements that are in bins.
QMATH_INLINE void find_bins(const float* x, std::size_t n, std::int32_t exponent, std::size_t bins,
                            std::uint16_t* places) noexcept {
  detail::bin_results results;
  detail::bin_job job;
  set_bins(job, exponent, bins);
  job.in = x;
  job.n = n;
  job.places = places;
  job.out = &results;
  call<&detail::kernel_table::find_bins>(job);
}

/// Adds elements to a histogram. Places are found a chunk before they are counted in.
class bin_counter {
 public:
  static constexpr std::size_t tables = 4, most_bins = 2048, most_held = 0xFFFF;

  /// Counts in the tables, of `bins` counters each, all 0; or, where they are null, in the bins themselves.
  QMATH_INLINE bin_counter(histogram_summary& s, std::uint64_t* counts, std::size_t bins,
                           std::uint16_t* counters) noexcept
      : s_(s), counts_(counts), bins_(bins), counters_(counters) {
    set_bins(job_, s.exponent, bins);
    job_.wide = counters == nullptr;
    job_.step = job_.wide ? 0 : bins;
    job_.counters = job_.wide ? static_cast<void*>(counts) : counters;
  }

  /// n <= observe_chunk elements from number `first` on.
  void add(const void* x, std::size_t first, std::size_t n, detail::real_type type) noexcept {
    detail::bin_results found = find(x, first, n, type);
    if (found.largest >= 0x7F800000) {
      float finite[observe_chunk];
      n = keep_finite(chunk_of(x, first, n, type, finite), n, finite, s_.nonfinite);
      if (n == 0) return;
      found = find(finite, 0, n, detail::real_type::f32);
      widen(found, [&] { find(finite, 0, n, detail::real_type::f32); });
    } else {
      widen(found, [&] { find(x, first, n, type); });
    }
    s_.range = merge(s_.range, {found.min, found.max});
    pending_ = n;
    const std::uint64_t sum = s_.count + n;
    if (sum < n) count_saturating();
    s_.count = sum < n ? ~std::uint64_t{0} : sum;
  }

  /// Counts everything.
  void flush() noexcept {
    count_pending();
    add_tables();
  }

 private:
  QMATH_INLINE std::uint16_t* places() noexcept { return places_[turn_]; }

  /// The places of elements; the pending ones are counted in the meantime.
  detail::bin_results find(const void* x, std::size_t first, std::size_t n,
                           detail::real_type type) noexcept {
    if (held_ + pending_ > most_held) add_tables();
    detail::bin_results found;
    job_.in = x, job_.first = first, job_.n = n, job_.from = type;
    job_.before = places(), job_.counted = pending_;
    if (!job_.wide) held_ += pending_;
    turn_ ^= 1;
    job_.places = places();
    job_.out = &found;
    call<&detail::kernel_table::find_bins>(job_);
    pending_ = 0;
    return found;
  }

  void count_pending() noexcept {
    if (pending_ != 0) find(nullptr, 0, 0, detail::real_type::f32);
  }

  void add_tables() noexcept {
    if (held_ == 0) return;
    detail::counter_job job;
    job.counters = counters_, job.bins = bins_, job.counts = counts_;
    call<&detail::kernel_table::add_counters>(job);
    held_ = 0;
  }

  /// To the bins that the range needs: places are looked for again.
  template <class F>
  QMATH_INLINE void widen(const detail::bin_results& found, const F& find_again) noexcept {
    const std::int32_t exponent = histogram_exponent(detail::bit_cast<float>(found.largest), bins_);
    if (exponent <= s_.exponent) return;
    add_tables();
    widen_to(s_, counts_, bins_, exponent);
    set_bins(job_, exponent, bins_);
    find_again();
  }

  /// As the sum of all counts is more than the largest number, that of a bin may be.
  void count_saturating() noexcept {
    for (std::size_t i = 0; i < pending_; ++i) {
      std::uint64_t& count = counts_[places()[i]];
      count = saturating_sum(count, 1);
    }
    pending_ = 0;
  }

  histogram_summary& s_;
  std::uint64_t* counts_;
  std::size_t bins_;
  std::uint16_t* counters_;
  std::size_t held_ = 0, pending_ = 0, turn_ = 0;
  detail::bin_job job_;
  std::uint16_t places_[2][observe_chunk];
};

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY void add_to_histogram(histogram_summary& s, std::uint64_t* counts, std::size_t bins,
                                    const void* x, std::size_t n, detail::real_type type) noexcept;
QMATH_LIBRARY void merge_histograms(histogram_summary& into, std::uint64_t* into_counts,
                                    const histogram_summary& from, const std::uint64_t* from_counts,
                                    std::size_t bins) noexcept;
QMATH_LIBRARY value_range percentile(const histogram_view& h, double low, double high) noexcept;
QMATH_LIBRARY value_range absmax_percentile(const histogram_view& h, double q) noexcept;

#if QMATH_HAS_KERNELS

QMATH_LIBRARY void add_to_histogram(histogram_summary& s, std::uint64_t* counts, std::size_t bins,
                                    const void* x, std::size_t n, detail::real_type type) noexcept {
  constexpr std::size_t tables = impl::bin_counter::tables, most = impl::bin_counter::most_bins;
  // Worth clearing and adding the tables; and no bin comes to 2^64.
  const bool in_tables = bins <= most && n / 8 >= bins && s.count <= ~std::uint64_t{n};
  std::uint16_t counters[tables * most];
  if (in_tables) std::memset(counters, 0, tables * bins * sizeof(counters[0]));
  impl::bin_counter counter(s, counts, bins, in_tables ? counters : nullptr);
  for (std::size_t first = 0; first < n; first += impl::observe_chunk) {
    counter.add(x, first, impl::smaller(n - first, impl::observe_chunk), type);
  }
  counter.flush();
}

QMATH_LIBRARY void merge_histograms(histogram_summary& into, std::uint64_t* into_counts,
                                    const histogram_summary& from, const std::uint64_t* from_counts,
                                    std::size_t bins) noexcept {
  impl::widen_to(into, into_counts, bins, from.exponent);
  const int shift = into.exponent - from.exponent < 31 ? into.exponent - from.exponent : 31;
  const auto half = static_cast<std::int32_t>(bins / 2);
  // `from` may be `into`: then nothing is shifted.
  for (std::int32_t j = -half; j < half; ++j) {
    std::uint64_t& to = into_counts[half + (j >> shift)];
    to = impl::saturating_sum(to, from_counts[half + j]);
  }
  into.range = merge(into.range, from.range);
  into.count = impl::saturating_sum(into.count, from.count);
  impl::add_counts(into.nonfinite, from.nonfinite);
}

/// The number of the element at the quantile q of `count` > 0 sorted ones.
QMATH_LIBRARY std::uint64_t rank_of(double q, std::uint64_t count, bool up) noexcept {
  const std::uint64_t last = count - 1;
  if (!(q > 0.0)) return 0;
  if (q >= 1.0) return last;
  const impl::default_float_environment environment;
  volatile double from = q;
  const volatile double exact = from * static_cast<double>(last);  // less than 2^64
  auto rank = static_cast<std::uint64_t>(exact);
  if (up && static_cast<double>(rank) < exact) ++rank;
  return rank < last ? rank : last;
}

/// The first i in [0, n) with count(0) + ... + count(i) > rank; n - 1 if there is none.
template <class F>
std::size_t bin_of_rank(std::uint64_t rank, std::size_t n, const F& count) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    sum = impl::saturating_sum(sum, count(i));
    if (sum > rank) return i;
  }
  return n - 1;
}

// Upper ends are looked for from above, so that quantile 1 is the last bin even where counts have ended.

QMATH_LIBRARY value_range percentile(const histogram_view& h, double low, double high) noexcept {
  const histogram_summary& s = h.summary;
  if (s.count == 0) return {detail::infinity, -detail::infinity};
  const std::size_t n = h.counts.size();
  const std::uint64_t low_rank = rank_of(low, s.count, false);
  const std::uint64_t high_rank = rank_of(high != high ? 1.0 : high, s.count, true);
  const std::size_t first = bin_of_rank(low_rank, n, [&](std::size_t i) { return h.counts[i]; });
  const std::size_t last = n - bin_of_rank(s.count - 1 - high_rank, n,
                                           [&](std::size_t i) { return h.counts[n - 1 - i]; });
  const double width = detail::power_of_two(s.exponent);
  const double min = (static_cast<double>(first) + h.first_bin) * width;
  const double max = (static_cast<double>(last) + h.first_bin) * width;
  return {min > s.range.min ? static_cast<float>(min) : s.range.min,
          max < s.range.max ? static_cast<float>(max) : s.range.max};
}

QMATH_LIBRARY value_range absmax_percentile(const histogram_view& h, double q) noexcept {
  const histogram_summary& s = h.summary;
  if (s.count == 0) return {detail::infinity, -detail::infinity};
  const std::uint64_t rank = rank_of(q != q ? 1.0 : q, s.count, true);
  const auto n = static_cast<std::size_t>(-h.first_bin);
  const std::size_t end = n - bin_of_rank(s.count - 1 - rank, n, [&](std::size_t i) {
                            return impl::saturating_sum(h.counts[i], h.counts[2 * n - 1 - i]);
                          });
  const double edge = static_cast<double>(end) * detail::power_of_two(s.exponent);
  const float largest = absmax(s.range);
  const float a = edge < largest ? static_cast<float>(edge) : largest;
  return {0.0f - a, a};
}

#endif

}  // namespace library
QMATH_END_LIBRARY

#endif  // QMATH_DETAIL_OBSERVE_HISTOGRAM_HPP_
