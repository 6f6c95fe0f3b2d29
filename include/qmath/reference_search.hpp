// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// The definition of mse_range and entropy_range (observe/search.hpp), part of reference.hpp: their candidates.
/// reference_scores.hpp says what is compared.
#ifndef QMATH_REFERENCE_SEARCH_HPP_
#define QMATH_REFERENCE_SEARCH_HPP_

#include <cstdint>

#include "qmath/core/params.hpp"
#include "qmath/formats/integer.hpp"
#include "qmath/observe/observers.hpp"
#include "qmath/range.hpp"
#include "qmath/reference.hpp"
#include "qmath/reference_scores.hpp"
#include "qmath/schemes.hpp"

QMATH_BEGIN_NAMESPACE
namespace reference {

/// Codes below that of zero, of `width` beside it, with the least squared error: the places with the least beyond them
/// are dropped, until as many remain.
inline std::int64_t mse_codes_below_zero(const histogram_view& h, double scale,
                                         std::int64_t width) noexcept {
  const bins_of_sign positive{h, false}, negative{h, true};
  std::int64_t n = width, m = width;
  while (n + m > width) {
    const double a = n == 0 ? 0.0 : excess(positive, place(n - 1, scale, h));
    const double b = m == 0 ? 0.0 : excess(negative, place(m - 1, scale, h));
    a < b ? --n : --m;
  }
  return m;
}

/// The same with the least divergence: all ways are tried to drop codes that no bin has, and then as many others as
/// have to be; the fewest below zero of those that are equally good.
inline std::int64_t entropy_codes_below_zero(const histogram_view& h, double scale,
                                             std::int64_t width) noexcept {
  const auto used = [&](const bins_of_sign& side) {
    std::int64_t i = width;
    while (i > 0 && place(i - 1, scale, h) > static_cast<double>(side.last) + 0.5) --i;
    return i;
  };
  const std::int64_t n = used({h, false}), m = used({h, true});
  std::int64_t best = m;
  if (n + m <= width) return best;
  std::int64_t best_sum = -1;
  for (std::int64_t below = width - n; below <= m; ++below) {
    const std::int64_t sum = entropy_sum(h, scale, width - below, below);
    if (sum > best_sum) best_sum = sum, best = below;
  }
  return best;
}

/// How candidates are made and compared; mse_range and entropy_range say which ones.
template <quantized_format F>
struct range_search {
  using score_function = double (*)(const histogram_view&, double scale, std::int64_t n,
                                    std::int64_t m) noexcept;
  using zero_function = std::int64_t (*)(const histogram_view&, double scale,
                                         std::int64_t width) noexcept;
  const histogram_view& h;
  const scheme& how;
  score_function score;
  zero_function codes_below_zero;
  code_range codes = codes_in_use<F>(how.codes);
  std::int64_t all = std::int64_t{codes.max} - codes.min;
  value_range best = h.summary.range;
  double best_score = score_of(best);

  double score_of(value_range r) const noexcept {
    const affine_params p = choose_params<F>(r, how);
    return score(h, p.scale, std::int64_t{codes.max} - p.zero_point,
                 std::int64_t{p.zero_point} - codes.min);
  }

  static float fl(double x) noexcept {
    constexpr auto limit = static_cast<double>(detail::largest<float>);
    return static_cast<float>(clamp(x, -limit, limit));
  }

  /// A range up to `end` on either side.
  static value_range symmetric_range(double end) noexcept { return {0.0f - fl(end), fl(end)}; }

  value_range affine_range(double scale) const noexcept {
    float s = fl(scale);
    if (s == 0.0f) s = 0x1p-149f;
    if (how.scale != scale_kind::any) s = impl::power_of_two_for(s, how.scale);
    const std::int64_t below = codes_below_zero(h, s, all);
    return {fl(0.0 - static_cast<double>(below) * s), fl(static_cast<double>(all - below) * s)};
  }

  bool consider(value_range r) noexcept {
    const double own = score_of(r);
    if (own <= best_score) return false;
    best_score = own, best = r;
    return true;
  }
};

template <quantized_format F>
value_range mse_range(const histogram_view& h, const scheme& how) noexcept {
  const value_range whole = h.summary.range;
  if (h.summary.count == 0) return whole;
  range_search<F> search{h, how, &mse_score, &mse_codes_below_zero};
  const double width = detail::power_of_two(h.summary.exponent), largest = absmax(whole);
  const double full_scale = choose_params<F>(whole, how).scale;
  double best_part = 1.0, best_octave = 1.0;
  const auto consider = [&](double g, double octave) {
    if (g > 1.0 || g * largest < width) return;
    if (!search.consider(how.symmetric ? search.symmetric_range(g * largest)
                                       : search.affine_range(g * full_scale))) {
      return;
    }
    best_part = g, best_octave = octave;
  };
  for (double octave = 1.0; octave * largest >= width; octave /= 2.0) {
    for (int m = 256; m > 128; --m) consider(octave * m / 256.0, octave);
  }
  const double octave = best_octave;
  for (double d = octave / 512.0; d >= octave / 65536.0; d /= 2.0) {
    const double g = best_part;
    consider(g + d, octave);
    consider(g - d, octave);
  }
  return search.best;
}

template <quantized_format F>
value_range entropy_range(const histogram_view& h, const scheme& how) noexcept {
  if (h.summary.count == 0) return h.summary.range;
  range_search<F> search{h, how, &entropy_score, &entropy_codes_below_zero};
  const double width = detail::power_of_two(h.summary.exponent);
  const std::int64_t above = bins_of_sign{h, false}.last, below = bins_of_sign{h, true}.last;
  if (how.symmetric) {
    for (std::int64_t j = above > below ? above : below; j > 0 && 2 * j >= search.all; --j) {
      search.consider(search.symmetric_range(static_cast<double>(j) * width));
    }
  } else if (search.all > 0) {
    for (std::int64_t j = above + below + 1; j > 0 && j >= search.all; --j) {
      search.consider(search.affine_range(
          rounded(static_cast<double>(j) * width / static_cast<double>(search.all))));
    }
  }
  return search.best;
}

}  // namespace reference
QMATH_END_NAMESPACE

#endif  // QMATH_REFERENCE_SEARCH_HPP_
