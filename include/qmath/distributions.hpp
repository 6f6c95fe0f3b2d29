// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// How far a distribution is from another: of two histograms, or of counts in bins that are the same by other means.
///
///     qmath::histogram_observer<> calibration, live;       // of any numbers of bins, each with a width of its own
///     double ks = qmath::kolmogorov_smirnov_distance(calibration, live);
///
/// With p = (p[i] + c) / (sum of p + c * bins), q the same, c the pseudo-count, natural logarithms. NaN if a sum is 0.
/// The same bits on every CPU. Never allocates, never throws, never prints. A broken precondition calls the contract
/// handler (core/contract.hpp), and the result is NaN. docs/metrics.md.
#ifndef QMATH_DISTRIBUTIONS_HPP_
#define QMATH_DISTRIBUTIONS_HPP_

#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/detail/abi.hpp"
#include "qmath/observe/observers.hpp"
#include "qmath/observe/selection.hpp"

QMATH_BEGIN_TYPES

/// A histogram_view, or a histogram_observer of any number of bins.
template <class H>
concept readable_histogram = std::is_convertible_v<const H&, histogram_view>;

QMATH_END_TYPES

#include "qmath/detail/distribution_arguments.hpp"

QMATH_BEGIN_NAMESPACE

// ---- Histograms -----------------------------------------------------------------------------------
//
// Bins of two histograms have different widths if their largest magnitudes have: e is the larger of both exponents, and
// bin j of a histogram of exponent f <= e is part of bin floor(j / 2^(e - f)) of width 2^e, as in merge(). So p[i] and
// q[i] are what both would have counted with bins of that width; it is exact. `bins` is how many there are from the
// first one of either to the last one of either, empty ones too: Bins for two observers of that many. What is no finite
// number is in no bin, and counts in neither. An outlier makes the bins of both wider, and distances of what lies in
// one bin are 0: with more bins less is lost.
// @pre, for all four: sums of counts < 2^64; pseudo_count finite and >= 0; views have data.

/// Kullback-Leibler divergence: sum of p ln(p / q). Bins with p = 0 add nothing; if any other has q = 0: +inf.
template <readable_histogram P, readable_histogram Q>
QMATH_INLINE double kl_divergence(const P& p, const Q& q, double pseudo_count = 0.0) noexcept {
  return impl::compared("kl_divergence", histogram_view(p), histogram_view(q), pseudo_count,
                        detail::distribution_metric::kl);
}
/// Population stability index: sum of (p - q) ln(p / q). Bins that are empty in both add nothing; with c = 0, bins that
/// are empty in one make it +inf: hence the default. It is that of all bins, of which noise alone makes (bins - 1)
/// (1 / n + 1 / m): limits such as 0.1 and 0.25 are for ten, as drift_of (observe/drift.hpp) has them.
template <readable_histogram P, readable_histogram Q>
QMATH_INLINE double population_stability_index(const P& p, const Q& q,
                                               double pseudo_count = 0.5) noexcept {
  return impl::compared("population_stability_index", histogram_view(p), histogram_view(q),
                        pseudo_count, detail::distribution_metric::psi);
}
/// Jensen-Shannon distance: sqrt((KL(p, m) + KL(q, m)) / 2), m = (p + q) / 2; c = 0. In [0, sqrt(ln 2)], the same bits
/// for (q, p).
template <readable_histogram P, readable_histogram Q>
QMATH_INLINE double jensen_shannon_distance(const P& p, const Q& q) noexcept {
  return impl::compared("jensen_shannon_distance", histogram_view(p), histogram_view(q), 0.0,
                        detail::distribution_metric::jensen_shannon);
}
/// Kolmogorov-Smirnov distance: the largest |P[i] - Q[i]| of the cumulative distributions; c = 0. In [0, 1], the same
/// bits for (q, p).
template <readable_histogram P, readable_histogram Q>
QMATH_INLINE double kolmogorov_smirnov_distance(const P& p, const Q& q) noexcept {
  return impl::compared("kolmogorov_smirnov_distance", histogram_view(p), histogram_view(q), 0.0,
                        detail::distribution_metric::kolmogorov_smirnov);
}

// ---- Counts of the same bins ----------------------------------------------------------------------
//
// The same of counts whose bins, p[i] and q[i], are the same already: codes, strata, classes. Not the counts of two
// histograms: their numbers agree even where their widths do not, and the result would be one of other distributions.
// @pre, for all four: q.size() == p.size(); sums of counts < 2^64; pseudo_count finite and >= 0.

QMATH_INLINE double kl_divergence(std::span<const std::uint64_t> p,
                                  std::span<const std::uint64_t> q,
                                  double pseudo_count = 0.0) noexcept {
  return impl::compared("kl_divergence", p, q, pseudo_count, detail::distribution_metric::kl);
}
QMATH_INLINE double population_stability_index(std::span<const std::uint64_t> p,
                                               std::span<const std::uint64_t> q,
                                               double pseudo_count = 0.5) noexcept {
  return impl::compared("population_stability_index", p, q, pseudo_count,
                        detail::distribution_metric::psi);
}
QMATH_INLINE double jensen_shannon_distance(std::span<const std::uint64_t> p,
                                            std::span<const std::uint64_t> q) noexcept {
  return impl::compared("jensen_shannon_distance", p, q, 0.0,
                        detail::distribution_metric::jensen_shannon);
}
QMATH_INLINE double kolmogorov_smirnov_distance(std::span<const std::uint64_t> p,
                                                std::span<const std::uint64_t> q) noexcept {
  return impl::compared("kolmogorov_smirnov_distance", p, q, 0.0,
                        detail::distribution_metric::kolmogorov_smirnov);
}

QMATH_END_NAMESPACE

#endif  // QMATH_DISTRIBUTIONS_HPP_
