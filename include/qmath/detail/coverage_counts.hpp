// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The second half of observe/coverage.hpp, which includes it after its types.
#ifndef QMATH_DETAIL_COVERAGE_COUNTS_HPP_
#define QMATH_DETAIL_COVERAGE_COUNTS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/detail/check.hpp"
#include "qmath/metrics.hpp"
#include "qmath/observe/observe.hpp"

#if QMATH_HAS_KERNELS
QMATH_BEGIN_NAMESPACE
namespace impl {
inline double stored_quotient(double a, double b) noexcept { return stored(a / b); }
}  // namespace impl
QMATH_END_NAMESPACE
#endif

QMATH_BEGIN_LIBRARY
namespace library {

/// fl(a / b)
QMATH_LIBRARY double quotient(double a, double b) noexcept;

#if QMATH_HAS_KERNELS
QMATH_LIBRARY double quotient(double a, double b) noexcept {
  return impl::in_default_environment(&impl::stored_quotient, a, b);
}
#endif

}  // namespace library
QMATH_END_LIBRARY

QMATH_BEGIN_NAMESPACE
namespace impl {

template <class O>
QMATH_INLINE std::uint64_t count_of(const O& o) noexcept {
  return o.count;
}
template <std::size_t Bins>
QMATH_INLINE std::uint64_t count_of(const histogram_observer<Bins>& o) noexcept {
  return o.summary.count;
}

template <class O>
QMATH_INLINE bool expect_strata(std::span<const stratum<O>> strata, const O& scratch,
                                std::span<const stratum_coverage> report, code_range wanted,
                                code_range format) noexcept {
  constexpr const char* function = "coverage";
  if (!expect_equal(function, "report.size()", report.size(), "strata.size()", strata.size()) ||
      !expect_data(function, "strata", strata.data(), strata.size()) ||
      !expect_data(function, "report", report.data(), report.size()) ||
      !expect_codes(function, wanted, format)) {
    return false;
  }
  for (std::size_t i = 0; QMATH_CHECKS && i < strata.size(); ++i) {
    if (strata[i].seen == nullptr) {
      library::report_argument(function, "strata", "have a null pointer to an observer");
      return false;
    }
    if (!expect_disjoint(function, "scratch", &scratch, 1, "overlaps an observer of strata",
                         strata[i].seen, 1)) {
      return false;
    }
  }
  return true;
}

/// All strata but number `but`.
template <class O>
QMATH_INLINE void merge_strata(std::span<const stratum<O>> strata, std::size_t but,
                               O& into) noexcept {
  reset_observer(into);
  for (std::size_t i = 0; i < strata.size(); ++i) {
    if (i != but) merge_observer(into, *strata[i].seen);
  }
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_COVERAGE_COUNTS_HPP_
