// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The searches of observe/search.hpp. reference_search.hpp has the same numbers by plain loops.
//
// Both scores are sums over the places where one code ends and the next begins, (i + 1/2) scale on either side of
// zero. detail/search_side.hpp has what is beyond a place, so that a candidate costs one step per code, however
// many bins there are. Places are products of a float and an integer below 2^18, exact in double; what is rounded goes
// through stored().
#ifndef QMATH_DETAIL_OBSERVE_SEARCH_HPP_
#define QMATH_DETAIL_OBSERVE_SEARCH_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/core/params.hpp"
#include "qmath/detail/call.hpp"
#include "qmath/detail/float_environment.hpp"
#include "qmath/detail/logarithm.hpp"
#include "qmath/detail/observe_histogram.hpp"
#include "qmath/detail/scheme_rules.hpp"
#include "qmath/detail/search_side.hpp"
#include "qmath/observe/observers.hpp"
#include "qmath/schemes.hpp"

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY value_range search_range(const histogram_view& h, code_range format,
                                       const scheme& how, detail::search_kind kind) noexcept;

}  // namespace library
QMATH_END_LIBRARY

#if QMATH_HAS_KERNELS

QMATH_BEGIN_NAMESPACE
namespace impl {

class range_search {
 public:
  QMATH_INLINE range_search(const histogram_view& h, code_range format, const scheme& how,
                            detail::search_kind kind) noexcept
      : format_(format), how_(how), codes_(format, how), kind_(kind) {
    width_ = detail::power_of_two(h.summary.exponent);
    int dropped = 0;
    while (sum_of(h, dropped) >> 40 != 0) ++dropped;
    positive_.set(h, false, dropped, kind);
    negative_.set(h, true, dropped, kind);
    best_ = h.summary.range;
    best_score_ = score(best_);
  }

  QMATH_INLINE value_range run() noexcept {
    kind_ == detail::search_kind::mse ? try_parts() : try_edges();
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

  // ---- Candidates ---------------------------------------------------------------------------------

  /// Parts of the whole range, and then around the best one.
  QMATH_INLINE void try_parts() noexcept {
    const extended_range whole(best_);
    const double largest = -whole.min > whole.max ? -whole.min : whole.max;
    const double full_scale = params_of(best_, format_, how_).scale;
    const auto candidate = [&](double part) QMATH_INLINE_LAMBDA {
      return codes_.symmetric ? symmetric_range(part * largest) : affine_range(part * full_scale);
    };
    double middle = 1.0, one = 1.0;
    for (double octave = 1.0; octave * largest >= width_; octave *= 0.5) {
      for (int m = 256; m > 128; --m) {
        const double part = octave * m * 0x1p-8;
        if (part * largest < width_) break;
        if (consider(candidate(part))) middle = part, one = octave;
      }
    }
    for (double step = one * 0x1p-9; step >= one * 0x1p-16; step *= 0.5) {
      const double larger = middle + step, smaller = middle - step;
      if (larger <= 1.0 && larger * largest >= width_ && consider(candidate(larger))) {
        middle = larger;
      }
      if (smaller * largest >= width_ && consider(candidate(smaller))) middle = smaller;
    }
  }

  /// All ranges of whole bins in which a code has a bin at least.
  QMATH_INLINE void try_edges() noexcept {
    const double codes = codes_.width();
    const std::size_t a = positive_.bins(), b = negative_.bins();
    if (a + b == 0) return;
    if (codes_.symmetric) {
      for (std::size_t j = (a > b ? a : b) - 1; j > 0; --j) {
        const double length = real_length(j);
        if (2.0 * length < codes) return;
        consider(symmetric_range(length * width_));
      }
    } else if (codes > 0.0) {
      for (std::size_t j = a + b - 1; j > 0; --j) {
        const double length = real_length(j);
        if (length < codes) return;
        consider(affine_range(stored(length * width_ / codes)));
      }
    }
  }

  /// Whether it is better than all before.
  QMATH_INLINE bool consider(value_range r) noexcept {
    const double s = score(r);
    if (!(s > best_score_)) return false;
    best_score_ = s, best_ = r;
    return true;
  }

  QMATH_INLINE static value_range symmetric_range(double end) noexcept {
    const auto a = static_cast<float>(to_float(end));
    return {0.0f - a, a};
  }

  /// With the zero point that is best for the scale.
  QMATH_INLINE value_range affine_range(double scale) const noexcept {
    double s = to_float(scale);
    if (s < 0x1p-149) s = 0x1p-149;
    if (how_.scale != scale_kind::any) s = power_of_two_for(static_cast<float>(s), how_.scale);
    const double half_step = s / (2.0 * width_);
    const auto codes = static_cast<std::size_t>(codes_.width());
    const auto below =
        real_length(kind_ == detail::search_kind::mse ? mse_codes_below_zero(half_step, codes)
                                                      : entropy_codes_below_zero(half_step, codes));
    return {static_cast<float>(to_float(0.0 - below * s)),
            static_cast<float>(to_float((codes_.width() - below) * s))};
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

  // ---- The squared error --------------------------------------------------------------------------

  QMATH_INLINE double explained(double half_step, std::size_t above,
                                std::size_t below) const noexcept {
    const auto sum_of_side = [half_step](const search_side& side, std::size_t codes)
                                 QMATH_INLINE_LAMBDA {
                                   double sum = 0.0;
                                   for (std::size_t i = side.places(half_step, codes); i > 0; --i) {
                                     sum = stored(sum + side.excess(place_of(i - 1, half_step)));
                                   }
                                   return sum;
                                 };
    const double a = sum_of_side(positive_, above);
    return stored(half_step * stored(a + sum_of_side(negative_, below)));
  }

  /// Of all places of both signs those with the most beyond them remain, as many as there are codes less one.
  QMATH_INLINE std::size_t mse_codes_below_zero(double half_step,
                                                std::size_t width) const noexcept {
    std::size_t n = positive_.places(half_step, width), m = negative_.places(half_step, width);
    const auto next = [half_step](const search_side& side, std::size_t count) QMATH_INLINE_LAMBDA {
      return count == 0 ? 0.0 : side.excess(place_of(count - 1, half_step));
    };
    double a = 0.0, b = 0.0;
    for (a = next(positive_, n); n != 0 && a == 0.0; a = next(positive_, n)) --n;
    for (b = next(negative_, m); m != 0 && b == 0.0; b = next(negative_, m)) --m;
    while (n + m > width) {
      if (a < b) {
        a = next(positive_, --n);
      } else {
        b = next(negative_, --m);
      }
    }
    return m;
  }

  // ---- The divergence -----------------------------------------------------------------------------

  /// n ln(n / bins) of codes, in whole units of 2^-18.
  class terms {
   public:
    static constexpr std::size_t size = 64;

    QMATH_INLINE void set(std::size_t i, const search_side::sums& code) noexcept {
      elements_[i] = real_length(code.elements);
      bins_[i] = code.elements == 0 ? 1.0 : real_length(code.weight);
    }

    /// The first n, all set.
    QMATH_INLINE void compute(std::size_t n) noexcept {
      for (; n % 8 != 0; ++n) set(n, {});
      active<&detail::kernel_table::entropy_terms>()(elements_, bins_, n);
    }

    QMATH_INLINE std::int64_t operator[](std::size_t i) const noexcept {
      return static_cast<std::int64_t>(elements_[i] * 0x1p18);
    }

   private:
    alignas(64) double elements_[size];
    alignas(64) double bins_[size];
  };

  /// Zero's code, where there are codes on either side or not.
  QMATH_INLINE search_side::sums zero_code(double half_step, bool above,
                                           bool below) const noexcept {
    search_side::sums zero = positive_.all() + negative_.all();
    if (above) zero = zero - positive_.from_middle(half_step);
    if (below) zero = zero - negative_.from_middle(half_step);
    return zero;
  }

  QMATH_INLINE double agreement(double half_step, std::size_t above,
                                std::size_t below) const noexcept {
    std::int64_t sum = 0;
    terms codes;
    std::size_t n = 0;
    const auto add_up = [&]() {
      codes.compute(n);
      while (n > 0) sum += codes[--n];
    };
    const auto add = [&](const search_side::sums& code) QMATH_INLINE_LAMBDA {
      codes.set(n++, code);
      if (n == terms::size) add_up();
    };
    const auto add_side = [&](const search_side& side, std::size_t count) QMATH_INLINE_LAMBDA {
      search_side::sums outside;
      for (std::size_t i = side.used_places(half_step, count); i > 0; --i) {
        const search_side::sums here = side.from_middle(place_of(i - 1, half_step));
        add(here - outside);
        outside = here;
      }
    };
    add_side(positive_, above);
    add_side(negative_, below);
    add(zero_code(half_step, above > 0, below > 0));
    add_up();
    return real_count(static_cast<std::uint64_t>(sum));
  }

  /// Goes through all zero points, one code less above zero and one more below it, and keeps account of what changes.
  QMATH_INLINE std::size_t entropy_codes_below_zero(double half_step,
                                                    std::size_t width) const noexcept {
    std::size_t n = positive_.used_places(half_step, width);
    const std::size_t last = negative_.used_places(half_step, width);
    if (n + last <= width) return last;
    const auto from = [half_step](const search_side& side, std::size_t i)
                          QMATH_INLINE_LAMBDA { return side.from_middle(place_of(i, half_step)); };
    std::size_t m = width - n, best = m;
    search_side::sums above = from(positive_, n - 1), below;
    if (m > 0) below = from(negative_, m - 1);
    terms codes;
    codes.set(0, above), codes.set(1, below), codes.set(2, zero_code(half_step, true, m > 0));
    codes.set(3, zero_code(half_step, true, true)), codes.set(4, zero_code(half_step, false, true));
    codes.compute(5);
    // What the outermost codes and zero's contribute, for the zero point that was reached.
    std::int64_t ends = codes[0] + codes[1] + codes[2], change = 0, best_change = 0;
    const std::int64_t zero = codes[3], zero_without_above = codes[4];
    while (m < last) {
      // Codes that are not outermost any more, or were not before, and those that are.
      constexpr std::size_t together = terms::size / 4;
      const std::size_t steps = last - m < together ? last - m : together;
      for (std::size_t s = 0; s < steps; ++s) {
        search_side::sums next;
        if (n - s > 1) next = from(positive_, n - s - 2);
        codes.set(4 * s, n - s > 1 ? next - above : next), codes.set(4 * s + 1, next);
        above = next;
        next = from(negative_, m + s);
        codes.set(4 * s + 2, m + s > 0 ? below - next : search_side::sums{});
        codes.set(4 * s + 3, next);
        below = next;
      }
      codes.compute(4 * steps);
      for (std::size_t s = 0; s < steps; ++s) {
        --n, ++m;
        const std::int64_t now =
            codes[4 * s + 1] + codes[4 * s + 3] + (n > 0 ? zero : zero_without_above);
        change += codes[4 * s + 2] - codes[4 * s] + now - ends;
        ends = now;
        if (change > best_change) best_change = change, best = m;
      }
    }
    return best;
  }

  code_range format_;
  const scheme& how_;
  scheme_codes codes_;
  detail::search_kind kind_;
  double width_ = 1.0;
  search_side positive_ = {}, negative_ = {};
  value_range best_ = {};
  double best_score_ = 0.0;
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
