// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The searches of observe/search.hpp. reference_search.hpp has the same numbers by plain loops.
//
// Both scores are sums over the places where one code ends and the next begins, (i + 1/2) scale on either side of
// zero. They are taken from the outermost place inward, so that sums over all bins beyond a place are running sums:
// a candidate costs one walk over the bins and one step per code, and no memory.
//
//     above = sum of c[j]               over the bins j >= b that are walked over, b the bin of the place t
//     twice = sum of (2 (j - b) + 1) c[j]
//     2 * sum of the distances beyond t = twice - u (2 above - u c[b]),  t = b + u bins
//
// above and twice are integers: counts are cut to 40 bits in all, which leaves 22 for the number of bins. Places are
// products of a float and an integer below 2^18, exact in double; what is rounded goes through stored().
#ifndef QMATH_DETAIL_OBSERVE_SEARCH_HPP_
#define QMATH_DETAIL_OBSERVE_SEARCH_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/core/params.hpp"
#include "qmath/detail/float_environment.hpp"
#include "qmath/detail/logarithm.hpp"
#include "qmath/detail/observe_histogram.hpp"
#include "qmath/detail/scheme_rules.hpp"
#include "qmath/observe/observers.hpp"
#include "qmath/schemes.hpp"

QMATH_BEGIN_TYPES
namespace detail {

enum class search_kind : unsigned char { mse, entropy };

}  // namespace detail
QMATH_END_TYPES

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY value_range search_range(const histogram_view& h, code_range format,
                                       const scheme& how, detail::search_kind kind) noexcept;

}  // namespace library
QMATH_END_LIBRARY

#if QMATH_HAS_KERNELS

QMATH_BEGIN_NAMESPACE
namespace impl {

/// The bins of one sign, numbered from zero outward. Lengths are in bins.
struct search_side {
  const std::uint64_t* zero = nullptr;  ///< bin 0
  std::ptrdiff_t step = 1;
  int dropped = 0;           ///< low bits of counts
  std::size_t bins = 0;      ///< up to the outermost one that is not empty; it is among them
  std::uint64_t first = 0;   ///< what counts of bin 0
  double end = 0.0;          ///< the largest magnitude
  std::uint64_t at_end = 0;  ///< the elements of the outermost bin

  QMATH_INLINE std::uint64_t count(std::size_t j) const noexcept {
    return j == 0 ? first : zero[step * static_cast<std::ptrdiff_t>(j)] >> dropped;
  }

  QMATH_INLINE void set(const histogram_view& h, bool negative, int dropped_bits) noexcept {
    const auto middle = static_cast<std::size_t>(-h.first_bin);
    const std::size_t all = negative ? middle : h.counts.size() - middle;
    if (all == 0) return;
    zero = h.counts.data() + middle - (negative ? 1 : 0);
    step = negative ? -1 : 1;
    dropped = dropped_bits;
    bins = all;
    while (bins != 0 && zero[step * static_cast<std::ptrdiff_t>(bins - 1)] == 0) --bins;
    const std::uint64_t second = all > 1 ? zero[step] >> dropped : 0;
    first = zero[0] >> dropped < second ? zero[0] >> dropped : second;
    if (bins == 0) return;
    at_end = count(bins - 1);
    const double largest = negative ? -static_cast<double>(h.summary.range.min)
                                    : static_cast<double>(h.summary.range.max);
    end = largest / detail::power_of_two(h.summary.exponent);
  }

  /// The places i >= this one are beyond all elements.
  QMATH_INLINE std::size_t places(double half_step, std::size_t wanted) const noexcept {
    if (bins == 0) return 0;
    const auto edge = static_cast<double>(bins);
    const double needed = (end > edge ? end : edge) / (2.0 * half_step) + 2.0;
    return needed < static_cast<double>(wanted) ? static_cast<std::size_t>(needed) : wanted;
  }
};

QMATH_INLINE double place_of(std::size_t i, double half_step) noexcept {
  return static_cast<double>(2 * i + 1) * half_step;
}

/// Twice the sum of the distances of elements beyond places, which come in descending order.
class excess_walk {
 public:
  QMATH_INLINE explicit excess_walk(const search_side& side) noexcept
      : side_(side), j_(side.bins == 0 ? 0 : side.bins - 1), last_(static_cast<double>(j_)) {}

  QMATH_INLINE double at(double t) noexcept {
    double sum = 0.0;
    if (t < last_) {
      const auto b = static_cast<std::size_t>(t);
      while (j_ > b) {
        here_ = side_.count(--j_);
        twice_ += 2 * above_ + here_;
        above_ += here_;
      }
      const double u = t - static_cast<double>(static_cast<std::int64_t>(b));
      const double inner = stored(real_count(2 * above_) - stored(u * real_count(here_)));
      sum = stored(real_count(twice_) - stored(u * inner));
    }
    if (t < side_.end) {
      sum = stored(sum + stored(real_count(2 * side_.at_end) * stored(side_.end - t)));
    }
    return sum > 0.0 ? sum : 0.0;
  }

 private:
  const search_side& side_;
  std::size_t j_;
  double last_;
  std::uint64_t here_ = 0, above_ = 0, twice_ = 0;
};

/// Elements and bins that are not empty, of one code after the other, from the outermost one inward.
struct cell_walk {
  const search_side& side;
  std::size_t j;
  std::uint64_t elements = 0, bins = 0;

  QMATH_INLINE explicit cell_walk(const search_side& s) noexcept : side(s), j(s.bins) {}

  /// Takes the bins with middles at t or beyond.
  QMATH_INLINE void take(double t) noexcept {
    const double edge = t - 0.5;
    if (edge > static_cast<double>(static_cast<std::int64_t>(j))) return;
    std::size_t first = edge > 0.0 ? static_cast<std::size_t>(edge) : 0;
    if (static_cast<double>(static_cast<std::int64_t>(first)) < edge) ++first;
    while (j > first) {
      const std::uint64_t count = side.count(--j);
      elements += count;
      bins += count != 0 ? 1 : 0;
    }
  }
};

class range_search {
 public:
  QMATH_INLINE range_search(const histogram_view& h, code_range format, const scheme& how,
                            detail::search_kind kind) noexcept
      : format_(format), how_(how), codes_(format, how), kind_(kind) {
    width_ = detail::power_of_two(h.summary.exponent);
    int dropped = 0;
    while (sum_of(h, dropped) >> 40 != 0) ++dropped;
    positive_.set(h, false, dropped);
    negative_.set(h, true, dropped);
    best_ = h.summary.range;
    best_score_ = score(best_);
  }

  QMATH_INLINE value_range run() noexcept {
    const extended_range whole(best_);
    largest_ = -whole.min > whole.max ? -whole.min : whole.max;
    full_scale_ = params_of(best_, format_, how_).scale;
    double one = 1.0;
    for (double octave = 1.0; octave * largest_ >= width_; octave *= 0.5) {
      for (int m = 32; m > 16; --m) {
        const double g = octave * m * 0x1p-5;
        if (g * largest_ >= width_ && consider(g)) one = octave;
      }
    }
    if (largest_ < width_) return best_;
    for (double step = one * 0x1p-6; step >= one * 0x1p-16; step *= 0.5) {
      const double middle = best_part_;
      if (middle + step <= 1.0) consider(middle + step);
      if ((middle - step) * largest_ >= width_) consider(middle - step);
    }
    return best_;
  }

 private:
  static QMATH_INLINE std::uint64_t sum_of(const histogram_view& h, int dropped) noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < h.counts.size(); ++i) {
      sum = saturating_sum(sum, h.counts[i] >> dropped);
    }
    return sum;
  }

  /// Whether it is better than all before.
  QMATH_INLINE bool consider(double part) noexcept {
    const value_range r = candidate(part);
    const double s = score(r);
    if (!(s > best_score_)) return false;
    best_score_ = s, best_ = r, best_part_ = part;
    return true;
  }

  QMATH_INLINE value_range candidate(double part) const noexcept {
    if (codes_.symmetric) {
      const auto a = static_cast<float>(to_float(part * largest_));
      return {0.0f - a, a};
    }
    double s = to_float(part * full_scale_);
    if (s < 0x1p-149) s = 0x1p-149;
    if (how_.scale != scale_kind::any) s = power_of_two_for(static_cast<float>(s), how_.scale);
    const auto below = static_cast<double>(codes_below_zero(s));
    return {static_cast<float>(to_float(0.0 - below * s)),
            static_cast<float>(to_float((codes_.width() - below) * s))};
  }

  /// Of all places of both signs those with the most beyond them remain, as many as there are codes less one.
  QMATH_INLINE std::size_t codes_below_zero(double scale) const noexcept {
    const double half_step = scale / (2.0 * width_);
    const auto width = static_cast<std::size_t>(codes_.width());
    excess_walk above(positive_), below(negative_);
    std::size_t n = positive_.places(half_step, width), m = negative_.places(half_step, width);
    double a = 0.0, b = 0.0;
    const auto next = [half_step](excess_walk& walk, std::size_t count) {
      return count == 0 ? 0.0 : walk.at(place_of(count - 1, half_step));
    };
    for (a = next(above, n); n != 0 && a == 0.0; a = next(above, n)) --n;
    for (b = next(below, m); m != 0 && b == 0.0; b = next(below, m)) --m;
    while (n + m > width) {
      if (a < b) {
        a = next(above, --n);
      } else {
        b = next(below, --m);
      }
    }
    return m;
  }

  /// The larger, the better.
  QMATH_INLINE double score(value_range r) const noexcept {
    const affine_params p = params_of(r, format_, how_);
    const double half_step = static_cast<double>(p.scale) / (2.0 * width_);
    const auto above = static_cast<std::size_t>(codes_.hi - p.zero_point);
    const auto below = static_cast<std::size_t>(p.zero_point - codes_.lo);
    return kind_ == detail::search_kind::mse ? explained(half_step, above, below)
                                             : agreement(half_step, above, below);
  }

  QMATH_INLINE double explained(double half_step, std::size_t above,
                                std::size_t below) const noexcept {
    const auto sum_of_side = [half_step](const search_side& side, std::size_t codes) {
      excess_walk walk(side);
      double sum = 0.0;
      for (std::size_t i = side.places(half_step, codes); i > 0; --i) {
        sum = stored(sum + walk.at(place_of(i - 1, half_step)));
      }
      return sum;
    };
    const double a = sum_of_side(positive_, above);
    return stored(half_step * stored(a + sum_of_side(negative_, below)));
  }

  QMATH_INLINE double agreement(double half_step, std::size_t above,
                                std::size_t below) const noexcept {
    double sum = 0.0;
    const auto add = [&sum](std::uint64_t elements, std::uint64_t bins) {
      if (elements == 0) return;
      const double n = real_count(elements), each = stored(n / real_count(bins));
      sum = stored(sum + stored(n * logarithm(each, base_e)));
    };
    const auto walk_inward = [&](cell_walk& walk, std::size_t codes) {
      for (std::size_t i = walk.side.places(half_step, codes); i > 0; --i) {
        walk.take(place_of(i - 1, half_step));
        add(walk.elements, walk.bins);
        walk.elements = walk.bins = 0;
      }
      walk.take(0.0);
    };
    cell_walk a(positive_), b(negative_);
    walk_inward(a, above);
    walk_inward(b, below);
    add(a.elements + b.elements, a.bins + b.bins);
    return sum;
  }

  code_range format_;
  const scheme& how_;
  scheme_codes codes_;
  detail::search_kind kind_;
  double width_ = 1.0, largest_ = 0.0, full_scale_ = 1.0;
  search_side positive_ = {}, negative_ = {};
  value_range best_ = {};
  double best_score_ = 0.0, best_part_ = 1.0;
};

inline value_range best_range(const histogram_view& h, code_range format, const scheme& how,
                              detail::search_kind kind) noexcept {
  return range_search(h, format, how, kind).run();
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY value_range search_range(const histogram_view& h, code_range format,
                                       const scheme& how, detail::search_kind kind) noexcept {
  if (h.summary.count == 0) return {detail::infinity, -detail::infinity};
  return impl::in_default_environment(&impl::best_range, h, format, how, kind);
}

}  // namespace library
QMATH_END_LIBRARY

#endif  // QMATH_HAS_KERNELS

#endif  // QMATH_DETAIL_OBSERVE_SEARCH_HPP_
