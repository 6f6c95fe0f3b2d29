// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The second half of distributions.hpp, which includes it after its types: preconditions, and the distances.
#ifndef QMATH_DETAIL_DISTRIBUTION_ARGUMENTS_HPP_
#define QMATH_DETAIL_DISTRIBUTION_ARGUMENTS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/detail/bits.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/detail/counts.hpp"
#include "qmath/observe/observers.hpp"
#if QMATH_HAS_KERNELS
#include "qmath/detail/contract_impl.hpp"
#include "qmath/detail/float_environment.hpp"
#include "qmath/detail/logarithm.hpp"
#endif

QMATH_BEGIN_TYPES
namespace detail {

enum class distribution_metric : unsigned char { kl, psi, jensen_shannon, kolmogorov_smirnov };

/// counts[i] is that of bin first + i, which is part of bin floor((first + i) / 2^shift), the one that is compared.
struct bin_counts {
  const std::uint64_t* counts;
  std::size_t n;
  std::int64_t first;
  int shift;
};

}  // namespace detail
QMATH_END_TYPES

// In compiled mode in the library, so that the caller's compiler flags are not those of the arithmetic.
QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY double distribution_metric(const detail::bin_counts& p, const detail::bin_counts& q,
                                         double pseudo_count,
                                         detail::distribution_metric which) noexcept;

}  // namespace library
QMATH_END_LIBRARY

QMATH_BEGIN_NAMESPACE
namespace impl {

/// Finite and not negative, from the bits: see is_scale.
QMATH_INLINE bool expect_pseudo_count(const char* function, double c) noexcept {
  if (!QMATH_CHECKS || detail::bit_cast<std::uint64_t>(c) < 0x7FF0000000000000u) return true;
  library::report_argument(function, "pseudo_count", "must be finite and >= 0");
  return false;
}

QMATH_INLINE double compared(const char* function, std::span<const std::uint64_t> p,
                             std::span<const std::uint64_t> q, double pseudo_count,
                             detail::distribution_metric which) noexcept {
  if (!expect_equal(function, "q.size()", q.size(), "p.size()", p.size()) ||
      !expect_sum(function, "p", p) || !expect_sum(function, "q", q) ||
      !expect_pseudo_count(function, pseudo_count)) {
    return not_a_number;
  }
  return library::distribution_metric({p.data(), p.size(), 0, 0}, {q.data(), q.size(), 0, 0},
                                      pseudo_count, which);
}

/// With bins of 2^exponent, which are not narrower than those of h. A shift of 62 leaves only the sign of a bin.
QMATH_INLINE detail::bin_counts joined(const histogram_view& h, std::int32_t exponent) noexcept {
  const std::int64_t shift = std::int64_t{exponent} - h.summary.exponent;
  return {h.counts.data(), h.counts.size(), h.first_bin, static_cast<int>(shift < 62 ? shift : 62)};
}

QMATH_INLINE double compared(const char* function, const histogram_view& p, const histogram_view& q,
                             double pseudo_count, detail::distribution_metric which) noexcept {
  if (!expect_sum(function, "p", p.counts) || !expect_sum(function, "q", q.counts) ||
      !expect_pseudo_count(function, pseudo_count)) {
    return not_a_number;
  }
  const std::int32_t a = p.summary.exponent, b = q.summary.exponent, exponent = a > b ? a : b;
  return library::distribution_metric(joined(p, exponent), joined(q, exponent), pseudo_count,
                                      which);
}

#if QMATH_HAS_KERNELS

/// p ln(p / q) - (p - q): not negative. Its sum is that of p ln(p / q), where both have the sum 1, but small
/// differences are not lost in it.
QMATH_INLINE double divergence(double p, double q) noexcept {
  if (p == 0.0) return q;
  const double term = stored(stored(p * log_of_quotient(p, q)) - stored(p - q));
  return term > 0.0 ? term : 0.0;
}

/// Joined bins one after the other, without memory for them.
class joined_bins {
 public:
  QMATH_INLINE explicit joined_bins(const detail::bin_counts& of) noexcept : of_(of) {}

  /// Bin j, which is no lower than the one before.
  QMATH_INLINE std::uint64_t operator()(std::int64_t j) noexcept {
    std::uint64_t sum = 0;
    while (next_ < of_.n && bin_of(next_) <= j) sum += of_.counts[next_++];
    return sum;
  }
  QMATH_INLINE std::int64_t bin_of(std::size_t i) const noexcept {
    return (of_.first + static_cast<std::int64_t>(i)) >> of_.shift;
  }

 private:
  const detail::bin_counts& of_;
  std::size_t next_ = 0;
};

inline double distance_between(const detail::bin_counts& p, const detail::bin_counts& q, double c,
                               detail::distribution_metric which) noexcept {
  const std::uint64_t p_count = sum_of_counts(p.counts, p.n),
                      q_count = sum_of_counts(q.counts, q.n);
  if (p_count == 0 || q_count == 0) return not_a_number;
  joined_bins p_bins(p), q_bins(q);
  const std::int64_t p_first = p_bins.bin_of(0), q_first = q_bins.bin_of(0);
  const std::int64_t p_last = p_bins.bin_of(p.n - 1), q_last = q_bins.bin_of(q.n - 1);
  const std::int64_t first = p_first < q_first ? p_first : q_first;
  const std::int64_t last = p_last > q_last ? p_last : q_last;
  const double added = stored(c * to_double(static_cast<std::uint64_t>(last - first) + 1));
  const double p_total = stored(to_double(p_count) + added);
  const double q_total = stored(to_double(q_count) + added);
  double sum = 0.0, largest = 0.0;
  std::uint64_t p_below = 0, q_below = 0;
  for (std::int64_t i = first; i <= last; ++i) {
    const std::uint64_t p_i = p_bins(i), q_i = q_bins(i);
    const double x = stored(stored(to_double(p_i) + c) / p_total);
    const double y = stored(stored(to_double(q_i) + c) / q_total);
    switch (which) {
      case detail::distribution_metric::kl:
        if (x != 0.0 && y == 0.0) return infinite_double;
        sum = stored(sum + (y == 0.0 ? 0.0 : divergence(x, y)));
        break;
      case detail::distribution_metric::psi:
        if (x == y) break;
        if (x == 0.0 || y == 0.0) return infinite_double;
        sum = stored(sum + stored(stored(x - y) * log_of_quotient(x, y)));
        break;
      case detail::distribution_metric::jensen_shannon: {
        if (x == y) break;
        const double middle = stored(stored(x + y) * 0.5);
        sum = stored(sum + stored(divergence(x, middle) + divergence(y, middle)));
        break;
      }
      case detail::distribution_metric::kolmogorov_smirnov: {
        p_below += p_i, q_below += q_i;
        const double d = stored(fraction(p_below, p_count) - fraction(q_below, q_count));
        const double distance = d < 0.0 ? -d : d;
        largest = distance > largest ? distance : largest;
        break;
      }
    }
  }
  if (which == detail::distribution_metric::kolmogorov_smirnov) return largest;
  if (which == detail::distribution_metric::jensen_shannon) {
    const double distance = square_root(stored(sum * 0.5));
    return distance < 0x1.aa4e1cf5eb9e7p-1 ? distance : 0x1.aa4e1cf5eb9e7p-1;
  }
  return sum;
}

/// Of bins that are the same.
inline double distance_of(const std::uint64_t* p, const std::uint64_t* q, std::size_t n, double c,
                          detail::distribution_metric which) noexcept {
  return distance_between({p, n, 0, 0}, {q, n, 0, 0}, c, which);
}

#endif

}  // namespace impl
QMATH_END_NAMESPACE

#if QMATH_HAS_KERNELS
QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY double distribution_metric(const detail::bin_counts& p, const detail::bin_counts& q,
                                         double pseudo_count,
                                         detail::distribution_metric which) noexcept {
  return impl::in_default_environment(&impl::distance_between, p, q, pseudo_count, which);
}

}  // namespace library
QMATH_END_LIBRARY
#endif

#endif  // QMATH_DETAIL_DISTRIBUTION_ARGUMENTS_HPP_
