// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The bins of histograms (observers.hpp has the definition): counting, widening, merging, percentiles.
//
// How an element finds its bin. The edges of bins are j * 2^e with |j| <= 2^15 and e >= -126: floats, all of them.
//     x >= 0   floor(x / w) is x * 2^-e, truncated
//     x < 0    floor(x / w) = -1 - floor(y / w), y the float next to |x| below: no edge lies between
// -1 - k is ~k. The product is exact or too small for a normal number, and then less than 1 however it is rounded:
// neither rounding mode nor flushing of subnormal numbers matters. y comes from the bits, so it does not there
// either.
#ifndef QMATH_DETAIL_OBSERVE_HISTOGRAM_HPP_
#define QMATH_DETAIL_OBSERVE_HISTOGRAM_HPP_

#include <cstddef>
#include <cstdint>
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

/// places[i] = half the number of bins + the bin of x[i], of a block.
template <class Length>
QMATH_INLINE void find_block(const float* x, Length n, float inverse, std::int32_t middle,
                             std::int32_t* places) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    const auto bits = detail::bit_cast<std::int32_t>(x[i]);
    const std::int32_t magnitude = bits & 0x7FFFFFFF;
    const std::int32_t below = (bits >> 31) & (magnitude != 0 ? -1 : 0);  // -1: x < 0
    const float y = detail::bit_cast<float>(magnitude + below);
    places[i] = (static_cast<std::int32_t>(y * inverse) ^ below) + middle;
  }
}

QMATH_INLINE void find_bins(const float* x, std::size_t n, float inverse, std::int32_t middle,
                            std::int32_t* places) noexcept {
  for_each_block(n, [&](std::size_t first, auto length) {
    find_block(x + first, length, inverse, middle, places + first);
  });
}

/// ++counts[places[i]], two places in each load: the stores alone take all the time of a CPU that has one in a cycle.
template <class Length>
QMATH_INLINE void count_places(const std::int32_t* places, Length n,
                               std::uint64_t* counts) noexcept {
  const std::size_t fours = n / 4 * 4;
  for (std::size_t i = 0; i < fours; i += 4) {
    std::uint64_t a = 0, b = 0;
    __builtin_memcpy(&a, places + i, sizeof(a));
    __builtin_memcpy(&b, places + i + 2, sizeof(b));
    ++counts[a & 0xFFFFFFFFu];
    ++counts[a >> 32];
    ++counts[b & 0xFFFFFFFFu];
    ++counts[b >> 32];
  }
  for (std::size_t i = fours; i < n; ++i) ++counts[places[i]];
}

/// Bins are found some elements before they are counted in. So the vectors of one run beside the stores of the other,
/// and no load of places waits for the store that they come from.
QMATH_INLINE void count_bins(const float* x, std::size_t n, float inverse, std::int32_t middle,
                             std::int32_t* places, std::uint64_t* counts) noexcept {
  constexpr std::size_t ahead = 64;
  const std::size_t found = smaller(n, ahead);
  find_bins(x, found, inverse, middle, places);
  for_each_block(n - found, [&](std::size_t first, auto length) {
    find_block(x + found + first, length, inverse, middle, places + found + first);
    count_places(places + first, length, counts);
  });
  count_places(places + n - found, found, counts);
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

/// n <= observe_chunk finite elements.
QMATH_INLINE void count_finite(histogram_summary& s, std::uint64_t* counts, std::size_t bins,
                               const float* x, std::size_t n) noexcept {
  const value_range r = range_of("observe", {x, n, n * sizeof(float), detail::real_type::f32});
  s.range = merge(s.range, r);
  widen_to(s, counts, bins, histogram_exponent(absmax(r), bins));
  const auto inverse = detail::bit_cast<float>(static_cast<std::uint32_t>(127 - s.exponent) << 23);
  const auto middle = static_cast<std::int32_t>(bins / 2);
  std::int32_t places[observe_chunk];
  const std::uint64_t sum = s.count + n;
  if (sum >= n) {  // no bin has more than the sum
    s.count = sum;
    count_bins(x, n, inverse, middle, places, counts);
  } else {
    s.count = saturating_sum(s.count, n);
    find_bins(x, n, inverse, middle, places);
    for (std::size_t i = 0; i < n; ++i) {
      counts[places[i]] = saturating_sum(counts[places[i]], 1);
    }
  }
}

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
  float buffer[impl::observe_chunk];
  for (std::size_t first = 0; first < n; first += impl::observe_chunk) {
    std::size_t length = impl::smaller(n - first, impl::observe_chunk);
    const float* chunk = impl::chunk_of(x, first, length, type, buffer);
    if (!impl::all_finite(chunk, length)) {
      length = impl::keep_finite(chunk, length, buffer, s.nonfinite);
      chunk = buffer;
      if (length == 0) continue;
    }
    impl::count_finite(s, counts, bins, chunk, length);
  }
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
