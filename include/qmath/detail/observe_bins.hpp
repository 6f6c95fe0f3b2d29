// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The bins that calibrators search in, from those of a histogram: a part of observe/calibrators.hpp, which includes it
// after its types.
#ifndef QMATH_DETAIL_OBSERVE_BINS_HPP_
#define QMATH_DETAIL_OBSERVE_BINS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/detail/bits.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/detail/observe_walk.hpp"
#include "qmath/observe/calibrators.hpp"
#include "qmath/observe/observers.hpp"

QMATH_BEGIN_LIBRARY
namespace library {

/// How many there are. counts: [n], n >= 2; edges: [n + 1]
QMATH_LIBRARY std::size_t bins_of(const histogram_view& h, binning how, std::uint64_t* counts,
                                  std::size_t n, float* edges) noexcept;

}  // namespace library
QMATH_END_LIBRARY

QMATH_BEGIN_NAMESPACE
namespace impl {

QMATH_INLINE bool expect_bins(const char* function, const histogram_view& h,
                              std::span<const std::uint64_t> counts,
                              std::span<const float> edges) noexcept {
  return expect_at_least(function, "counts.size()", counts.size(), "at least 2", 2) &&
         expect_equal(function, "edges.size()", edges.size(), "counts.size() + 1",
                      counts.size() + 1) &&
         expect_data(function, "h.counts", h.counts.data(), h.counts.size()) &&
         expect_data(function, "counts", counts.data(), counts.size()) &&
         expect_data(function, "edges", edges.data(), edges.size()) &&
         expect_disjoint(function, "counts", counts.data(), counts.size(), "overlaps h.counts",
                         h.counts.data(), h.counts.size()) &&
         expect_disjoint(function, "edges", edges.data(), edges.size(), "overlaps h.counts",
                         h.counts.data(), h.counts.size()) &&
         expect_disjoint(function, "edges", edges.data(), edges.size(), "overlaps counts",
                         counts.data(), counts.size());
}

/// The other binnings do not show in edges.
QMATH_INLINE bool expect_magnitudes(const char* function, const binned_counts& h) noexcept {
  if (!QMATH_CHECKS || !(h.edges.front() < 0.0f)) return true;
  library::report_argument(function, "edges.front()", "is negative, must be an edge of magnitudes");
  return false;
}
QMATH_INLINE bool expect_both_sides(const char* function, const binned_counts& h) noexcept {
  if (!QMATH_CHECKS || h.edges.front() < 0.0f || !(h.edges.back() > 0.0f)) return true;
  library::report_argument(function, "edges.front()", "is not negative, must be -edges.back()");
  return false;
}

#if QMATH_HAS_KERNELS

/// floor(j / f), f > 0
QMATH_INLINE std::int64_t floor_quotient(std::int64_t j, std::int64_t f) noexcept {
  return j / f - (j % f < 0 ? 1 : 0);
}
/// ceil(m / f), neither negative
QMATH_INLINE std::int64_t ceil_quotient(std::int64_t m, std::int64_t f) noexcept {
  return m / f + (m % f != 0 ? 1 : 0);
}

struct bin_interval {
  std::int64_t first, last;  // both included
};

/// The bins of h that a search takes; of magnitudes, also those below zero. h has bins.
inline bin_interval taken_bins(const histogram_view& h, binning how) noexcept {
  const auto n = static_cast<std::int64_t>(h.counts.size());
  const bin_interval all = {h.first_bin, h.first_bin + n - 1};
  if (how == binning::whole) return all;
  bin_interval used = all;
  const auto is_empty = [&](std::int64_t j) {
    return h.counts[static_cast<std::size_t>(j - all.first)] == 0;
  };
  while (used.first <= all.last && is_empty(used.first)) ++used.first;
  while (used.last > used.first && is_empty(used.last)) --used.last;
  const bool none = used.first > all.last;
  if (how == binning::occupied) return none ? all : used;
  const auto side = [](const bin_interval& b) {
    return b.last + 1 > -b.first ? b.last + 1 : -b.first;
  };
  const std::int64_t half = ceil_quotient(side(all), 2);
  const std::int64_t m = none || side(used) < half ? half : side(used);
  return {-m, m - 1};
}

#endif

}  // namespace impl
QMATH_END_NAMESPACE

#if QMATH_HAS_KERNELS
QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY std::size_t bins_of(const histogram_view& h, binning how, std::uint64_t* counts,
                                  std::size_t n, float* edges) noexcept {
  edges[0] = 0.0f;
  if (h.counts.empty()) return 0;
  const bool magnitudes = how == binning::magnitudes;
  const impl::bin_interval taken = impl::taken_bins(h, how);
  const auto most = static_cast<std::int64_t>(n);
  // The least f for which there are no more than n.
  std::int64_t f = 1, first = 0, last = 0;
  if (magnitudes || how == binning::both_sides) {
    const std::int64_t m = taken.last + 1;
    f = impl::ceil_quotient(m, magnitudes ? most : most / 2);
    last = impl::ceil_quotient(m, f) - 1;
    first = magnitudes ? 0 : -last - 1;
  } else {
    f = impl::ceil_quotient(taken.last - taken.first + 1, most);
    for (;; ++f) {
      first = impl::floor_quotient(taken.first, f), last = impl::floor_quotient(taken.last, f);
      if (last - first < most) break;
    }
  }
  const auto size = static_cast<std::size_t>(last - first + 1);
  for (std::size_t i = 0; i < size; ++i) counts[i] = 0;
  for (std::size_t i = 0; i < h.counts.size(); ++i) {
    if (h.counts[i] == 0) continue;
    const std::int64_t j = h.first_bin + static_cast<std::int64_t>(i);
    const std::int64_t bin = impl::floor_quotient(magnitudes && j < 0 ? -1 - j : j, f);
    std::uint64_t& to = counts[bin - first];
    to = impl::saturating_sum(to, h.counts[i]);
  }
  const double width = static_cast<double>(f) * detail::power_of_two(h.summary.exponent);
  constexpr auto largest = static_cast<double>(detail::largest<float>);
  for (std::size_t i = 0; i <= size; ++i) {
    const double edge = static_cast<double>(first + static_cast<std::int64_t>(i)) * width;
    edges[i] = static_cast<float>(edge > largest ? largest : edge < -largest ? -largest : edge);
  }
  return size;
}

}  // namespace library
QMATH_END_LIBRARY
#endif

#endif  // QMATH_DETAIL_OBSERVE_BINS_HPP_
