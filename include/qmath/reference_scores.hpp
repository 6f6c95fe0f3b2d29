// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// What mse_range and entropy_range (observe/search.hpp) compare, part of reference_search.hpp. Arithmetic is double:
/// rounded() marks what is rounded, in this order; the rest is exact.
///
/// The mean squared error is E x^2 - 2 scale sum over the places t between two codes of T(t), where T is the expected
/// distance of x beyond t: at such a place, q grows by 1 and (x - x')^2 changes by scale * 2 (t - x). E x^2 is the
/// same for all candidates, and so is sum of n ln n for the divergence: what is compared is the rest.
#ifndef QMATH_REFERENCE_SCORES_HPP_
#define QMATH_REFERENCE_SCORES_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/detail/logarithm.hpp"
#include "qmath/observe/observers.hpp"
#include "qmath/reference_number.hpp"

QMATH_BEGIN_NAMESPACE
namespace reference {

/// Low bits of counts that are left out, so that no more than 40 remain of the sum: none below 2^40 elements.
inline int dropped_bits(const histogram_view& h) noexcept {
  for (int bits = 0;; ++bits) {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : h.counts) {
      if (sum >> 40 == 0) sum += n >> bits;
    }
    if (sum >> 40 == 0) return bits;
  }
}

/// The bins of one sign of a histogram, numbered outward from zero. Lengths are in bins.
struct bins_of_sign {
  const histogram_view& h;
  bool negative;
  int dropped = dropped_bits(h);
  std::int64_t last = outermost();  ///< bin that is not empty; -1 if there is none

  std::uint64_t elements(std::int64_t j) const noexcept {
    const std::int64_t i = (negative ? -1 - j : j) - h.first_bin;
    if (i < 0 || i >= static_cast<std::int64_t>(h.counts.size())) return 0;
    return h.counts[static_cast<std::size_t>(i)];
  }

  /// Without the zeros.
  std::uint64_t count(std::int64_t j) const noexcept {
    const std::uint64_t own = elements(j) >> dropped, next = elements(j + 1) >> dropped;
    return j == 0 && next < own ? next : own;
  }

  std::int64_t outermost() const noexcept {
    auto j = static_cast<std::int64_t>(h.counts.size());
    while (j >= 0 && elements(j) == 0) --j;
    return j;
  }

  double largest() const noexcept {
    const float x = negative ? -h.summary.range.min : h.summary.range.max;
    return static_cast<double>(x) / detail::power_of_two(h.summary.exponent);
  }
};

inline double real(std::uint64_t n) noexcept {
  return rounded(static_cast<double>(static_cast<std::int64_t>(n)));
}

/// Twice the sum of the distances of elements beyond t.
inline double excess(const bins_of_sign& bins, double t) noexcept {
  const std::int64_t last = bins.last;
  if (last < 0) return 0.0;
  double sum = 0.0;
  if (t < static_cast<double>(last)) {
    const std::int64_t b = floor(t);
    std::uint64_t above = 0, twice = 0;
    for (std::int64_t j = b; j < last; ++j) {
      above += bins.count(j);
      twice += static_cast<std::uint64_t>(2 * (j - b) + 1) * bins.count(j);
    }
    const double u = t - static_cast<double>(b);
    const double inner = rounded(real(2 * above) - rounded(u * real(bins.count(b))));
    sum = rounded(real(twice) - rounded(u * inner));
  }
  if (t < bins.largest()) {
    const double distance = rounded(bins.largest() - t);
    sum = rounded(sum + rounded(real(2 * bins.count(last)) * distance));
  }
  return sum > 0.0 ? sum : 0.0;
}

/// (i + 1/2) scale
inline double place(std::int64_t i, double scale, const histogram_view& h) noexcept {
  return static_cast<double>(2 * i + 1) *
         (scale / (2.0 * detail::power_of_two(h.summary.exponent)));
}

/// n codes above that of zero, m below.
inline double mse_score(const histogram_view& h, double scale, std::int64_t n,
                        std::int64_t m) noexcept {
  const bins_of_sign positive{h, false}, negative{h, true};
  double above = 0.0, below = 0.0;
  for (std::int64_t i = n - 1; i >= 0; --i) {
    above = rounded(above + excess(positive, place(i, scale, h)));
  }
  for (std::int64_t i = m - 1; i >= 0; --i) {
    below = rounded(below + excess(negative, place(i, scale, h)));
  }
  return rounded(scale / (2.0 * detail::power_of_two(h.summary.exponent)) * rounded(above + below));
}

/// The elements and the bins with middles in [from, to).
struct cell {
  std::uint64_t elements = 0, bins = 0;

  void add(const bins_of_sign& side, double from, double to) noexcept {
    for (std::int64_t j = 0; j <= side.last; ++j) {
      const double middle = static_cast<double>(j) + 0.5;
      if (middle < from || middle >= to || side.count(j) == 0) continue;
      elements += side.count(j);
      ++bins;
    }
  }

  /// n ln(n / bins), in whole units of 2^-18: below 2^62.8 for all elements together.
  std::int64_t term() const noexcept {
    if (elements == 0) return 0;
    const double each = rounded(real(elements) / real(bins));
    const double exact = rounded(real(elements) * impl::logarithm(each, impl::base_e));
    return floor(exact * 0x1p18);
  }
};

/// In units of 2^-18.
inline std::int64_t entropy_sum(const histogram_view& h, double scale, std::int64_t n,
                                std::int64_t m) noexcept {
  constexpr double infinity = detail::infinity;
  const bins_of_sign positive{h, false}, negative{h, true};
  std::int64_t sum = 0;
  for (const bins_of_sign* side : {&positive, &negative}) {
    const std::int64_t codes = side->negative ? m : n;
    for (std::int64_t i = 0; i < codes; ++i) {
      cell c;
      c.add(*side, place(i, scale, h), i + 1 == codes ? infinity : place(i + 1, scale, h));
      sum += c.term();
    }
  }
  cell zero;
  zero.add(positive, 0.0, n == 0 ? infinity : place(0, scale, h));
  zero.add(negative, 0.0, m == 0 ? infinity : place(0, scale, h));
  return sum + zero.term();
}

inline double entropy_score(const histogram_view& h, double scale, std::int64_t n,
                            std::int64_t m) noexcept {
  return real(static_cast<std::uint64_t>(entropy_sum(h, scale, n, m)));
}

}  // namespace reference
QMATH_END_NAMESPACE

#endif  // QMATH_REFERENCE_SCORES_HPP_
