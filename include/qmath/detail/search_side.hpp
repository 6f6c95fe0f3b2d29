// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The bins of one sign of a histogram for detail/observe_search.hpp: what is beyond a place, from running sums. There
// is one for every block of bins, at most 1024 (17 KB); the bins between a place and the next block are added up.
//
//     S0 = sum of c[j],  S1 = sum of (2 j + 1) c[j]         over the bins j >= b, b the bin of the place t = b + u
//     2 * sum of the distances beyond t = S1 - 2 b S0 - u (2 S0 - u c[b])
//
// These are integers: counts are cut to 40 bits in all, which leaves 22 for the number of bins.
#ifndef QMATH_DETAIL_SEARCH_SIDE_HPP_
#define QMATH_DETAIL_SEARCH_SIDE_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/detail/bits.hpp"
#include "qmath/detail/logarithm.hpp"
#include "qmath/observe/observers.hpp"

QMATH_BEGIN_TYPES
namespace detail {

enum class search_kind : unsigned char { mse, entropy };

}  // namespace detail
QMATH_END_TYPES

QMATH_BEGIN_NAMESPACE
namespace impl {

QMATH_INLINE double real_length(std::size_t n) noexcept {
  return static_cast<double>(static_cast<std::int64_t>(n));
}

/// The place with number i from zero, in bins.
QMATH_INLINE double place_of(std::size_t i, double half_step) noexcept {
  return real_length(2 * i + 1) * half_step;
}

/// Bins are numbered from zero outward. Lengths are in bins.
class search_side {
 public:
  /// The weight of bin j is (2 j + 1) c[j] for the squared error, which leaves out the outermost bin. For the
  /// divergence it is 1 if the bin is not empty.
  struct sums {
    std::uint64_t elements = 0, weight = 0;

    friend QMATH_INLINE sums operator+(const sums& a, const sums& b) noexcept {
      return {a.elements + b.elements, a.weight + b.weight};
    }
    friend QMATH_INLINE sums operator-(const sums& a, const sums& b) noexcept {
      return {a.elements - b.elements, a.weight - b.weight};
    }
  };

  QMATH_INLINE void set(const histogram_view& h, bool negative, int dropped_bits,
                        detail::search_kind kind) noexcept {
    const auto middle = static_cast<std::size_t>(-h.first_bin);
    const std::size_t all = negative ? middle : h.counts.size() - middle;
    if (all == 0) return;
    zero_ = h.counts.data() + middle - (negative ? 1 : 0);
    step_ = negative ? -1 : 1;
    dropped_ = dropped_bits;
    kind_ = kind;
    bins_ = all;
    while (bins_ != 0 && zero_[step_ * static_cast<std::ptrdiff_t>(bins_ - 1)] == 0) --bins_;
    const std::uint64_t second = all > 1 ? zero_[step_] >> dropped_ : 0;
    first_ = zero_[0] >> dropped_ < second ? zero_[0] >> dropped_ : second;
    if (bins_ == 0) return;
    at_end_ = count(bins_ - 1);
    const double largest = negative ? -static_cast<double>(h.summary.range.min)
                                    : static_cast<double>(h.summary.range.max);
    end_ = largest / detail::power_of_two(h.summary.exponent);
    summed_ = kind == detail::search_kind::mse ? bins_ - 1 : bins_;
    while (block_from(summed_) > most_blocks) ++shift_;
    sums sum;
    for (std::size_t j = summed_; j > 0;) {
      add(sum, --j);
      if (block_from(j) << shift_ == j) beyond_[j >> shift_] = sum;
    }
  }

  /// Up to the outermost one that is not empty; it is among them.
  QMATH_INLINE std::size_t bins() const noexcept { return bins_; }

  QMATH_INLINE sums all() const noexcept { return beyond_[0]; }

  /// The bins with middles at t or beyond.
  QMATH_INLINE sums from_middle(double t) const noexcept {
    const double edge = t - 0.5;
    if (edge >= real_length(bins_)) return {};
    std::size_t first = edge > 0.0 ? static_cast<std::size_t>(edge) : 0;
    if (real_length(first) < edge) ++first;
    return from(first);
  }

  /// Twice the sum of the distances of elements beyond t.
  QMATH_INLINE double excess(double t) const noexcept {
    double sum = 0.0;
    if (bins_ != 0 && t < real_length(bins_ - 1)) {
      const auto b = static_cast<std::size_t>(t);
      const sums beyond = from(b);
      const double u = t - real_length(b);
      const double inner =
          stored(real_count(2 * beyond.elements) - stored(u * real_count(count(b))));
      sum = stored(real_count(beyond.weight - 2 * b * beyond.elements) - stored(u * inner));
    }
    if (t < end_) {
      sum = stored(sum + stored(real_count(2 * at_end_) * stored(end_ - t)));
    }
    return sum > 0.0 ? sum : 0.0;
  }

  /// Of `wanted` places: those from this one on are beyond all elements.
  QMATH_INLINE std::size_t places(double half_step, std::size_t wanted) const noexcept {
    if (bins_ == 0) return 0;
    const double edge = real_length(bins_);
    const double needed = (end_ > edge ? end_ : edge) / (2.0 * half_step) + 2.0;
    return needed < real_length(wanted) ? static_cast<std::size_t>(needed) : wanted;
  }

  /// Of `wanted` places: the first so many have a middle of a bin at them or beyond.
  QMATH_INLINE std::size_t used_places(double half_step, std::size_t wanted) const noexcept {
    std::size_t n = places(half_step, wanted);
    while (n > 0 && place_of(n - 1, half_step) > real_length(bins_) - 0.5) --n;
    return n;
  }

 private:
  static constexpr std::size_t most_blocks = 1024;

  /// The first block that begins at bin j or beyond.
  QMATH_INLINE std::size_t block_from(std::size_t j) const noexcept {
    return (j + (std::size_t{1} << shift_) - 1) >> shift_;
  }

  QMATH_INLINE std::uint64_t count(std::size_t j) const noexcept {
    return j == 0 ? first_ : zero_[step_ * static_cast<std::ptrdiff_t>(j)] >> dropped_;
  }

  QMATH_INLINE void add(sums& sum, std::size_t j) const noexcept {
    const std::uint64_t n = count(j);
    sum.elements += n;
    sum.weight += kind_ == detail::search_kind::mse ? (2 * j + 1) * n : n != 0 ? 1 : 0;
  }

  /// Of the bins j and beyond.
  QMATH_INLINE sums from(std::size_t j) const noexcept {
    const std::size_t next = block_from(j), start = next << shift_;
    sums sum = beyond_[next];
    const std::size_t end = start < summed_ ? start : summed_;
    for (std::size_t i = j; i < end; ++i) add(sum, i);
    return sum;
  }

  const std::uint64_t* zero_ = nullptr;  ///< bin 0
  std::ptrdiff_t step_ = 1;
  int dropped_ = 0;  ///< low bits of counts
  int shift_ = 0;    ///< 2^shift_ bins are a block
  detail::search_kind kind_ = detail::search_kind::mse;
  std::size_t bins_ = 0, summed_ = 0;
  std::uint64_t first_ = 0;   ///< what counts of bin 0
  double end_ = 0.0;          ///< the largest magnitude
  std::uint64_t at_end_ = 0;  ///< the elements of the outermost bin
  sums beyond_[most_blocks + 1] = {};
};

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_SEARCH_SIDE_HPP_
