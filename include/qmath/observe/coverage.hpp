// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Which parts of the calibration data the parameters come from. A stratum is data under a label of the caller's,
/// such as highway, urban or night, with an observer of its own:
///
///     std::array<qmath::histogram_observer<>, 3> seen;     // observe(seen[label], batch)
///     const qmath::stratum<qmath::histogram_observer<>> strata[] = {
///         {"highway", &seen[0]}, {"urban", &seen[1]}, {"night", &seen[2]}};
///     qmath::histogram_observer<> scratch;
///     std::array<qmath::stratum_coverage, 3> report;
///     const auto params = qmath::coverage<std::int8_t>(strata, scratch, report, qmath::affine,
///         [](const auto& h) { return qmath::percentile(h, 0.0001, 0.9999); });
///
/// Never allocates, never throws, never prints; the same bits everywhere. A broken precondition calls the contract
/// handler (core/contract.hpp) and writes nothing.
#ifndef QMATH_OBSERVE_COVERAGE_HPP_
#define QMATH_OBSERVE_COVERAGE_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/observe/observers.hpp"
#include "qmath/schemes.hpp"

QMATH_BEGIN_TYPES

/// Observers for which the order of merges says nothing: all but moving averages.
template <class O>
concept exactly_merging_observer = observer<O> && !std::is_same_v<O, moving_average_observer>;

template <exactly_merging_observer O>
struct stratum {
  const char* name = "";
  const O* seen = nullptr;
};

/// A stratum among all of them. The range and the parameters without it are those of the other ones, merged.
struct stratum_coverage {
  const char* name = "";
  std::uint64_t count = 0;  ///< of the observer: finite elements; of min_max_observer, all elements
  double fraction = 0.0;    ///< fl(count / that of all strata), NaN if that is 0
  value_range range = {};   ///< of this stratum alone
  value_range range_without = {};     ///< empty if the others saw no number
  affine_params params_without = {};  ///< of range_without
  /// fl(scale without / scale of all): 0.5 if codes were twice as fine without this stratum, 1 if it adds nothing.
  double scale_ratio = 1.0;
};

QMATH_END_TYPES

#include "qmath/detail/coverage_counts.hpp"

QMATH_BEGIN_NAMESPACE

/// report[i] = what strata[i] contributes, with params = choose_params<F>(range(observer), how) for an observer that
/// is the merged ones. Returns the parameters of all strata, {} after a broken precondition. `scratch` is memory for
/// merging: what it holds before does not matter, and afterwards it is all strata merged. strata.size()^2 merges.
/// @pre report.size() == strata.size(); no null pointers; scratch is none of the observers; how.codes has a code of F.
template <quantized_format F, exactly_merging_observer O, readable_range<stratum<O>> S,
          writable_range<stratum_coverage> R, class Range>
QMATH_INLINE affine_params coverage(const S& strata, O& scratch, R&& report, const scheme& how,
                                    const Range& range) noexcept {
  const std::span<const stratum<O>> all(strata);
  const std::span<stratum_coverage> to(report);
  if (!impl::expect_strata<O>(all, scratch, to, how.codes, detail::codes_of<F>)) return {};
  impl::merge_strata(all, all.size(), scratch);
  const std::uint64_t count = impl::count_of(scratch);
  const affine_params params = choose_params<F>(range(scratch), how);
  for (std::size_t i = 0; i < all.size(); ++i) {
    stratum_coverage& own = to[i];
    own.name = all[i].name;
    own.count = impl::count_of(*all[i].seen);
    own.fraction = rate(own.count, count);
    own.range = range(*all[i].seen);
    impl::merge_strata(all, i, scratch);
    own.range_without = range(scratch);
    own.params_without = choose_params<F>(own.range_without, how);
    own.scale_ratio = library::quotient(static_cast<double>(own.params_without.scale),
                                        static_cast<double>(params.scale));
  }
  impl::merge_strata(all, all.size(), scratch);
  return params;
}

/// The same with range_of: the smallest and the largest number, or three sigma of moments.
template <quantized_format F, exactly_merging_observer O, readable_range<stratum<O>> S,
          writable_range<stratum_coverage> R>
QMATH_INLINE affine_params coverage(const S& strata, O& scratch, R&& report,
                                    const scheme& how = affine) noexcept {
  return coverage<F>(strata, scratch, report, how, [](const auto& o) { return range_of(o); });
}

QMATH_END_NAMESPACE

#endif  // QMATH_OBSERVE_COVERAGE_HPP_
