// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Ranges that are best for the codes they are quantized to, found in a histogram.
///
///     const auto range = qmath::mse_range<std::int8_t>(seen, qmath::symmetric);
///     const auto params = qmath::choose_params<std::int8_t>(range, qmath::symmetric);
///
/// Of the candidates below, the one whose parameters, choose_params<F>(candidate, how), are best; the first of those
/// that are equally good. reference_search.hpp is the definition, operation by operation; this is what it says.
///
/// The data, as far as a histogram knows them: elements are spread evenly over their bin, but those of the bin
/// of the largest element > 0 are all equal to it, and those of the bin of the smallest element < 0 to that. What bin
/// 0 has more than bin 1, and bin -1 more than bin -2, are zeros, which every scheme represents exactly.
///
/// Candidates. M is absmax(range_of(h)), w the width of bins, S the scale of choose_params<F>(range_of(h), how), c the
/// number of codes in use, less one:
///     first              range_of(h), as it is
///     mse, symmetric     [-fl(g M), fl(g M)]
///     mse, affine        [fl((lo - z) s), fl((hi - z) s)],  s = fl(g S)
///         1. g = m / 256 * 2^-k,  m = 256 ... 129,  k = 0, 1, 2 ... while g M >= w
///         2. g + d, g - d around the best g before, for d = 2^-k / 512, then half of that, down to 2^-k / 65536
///     entropy, symmetric [-j w, j w]: every edge of a bin up to M, from the outermost one, while 2 j >= c
///     entropy, affine    [fl((lo - z) s), fl((hi - z) s)],  s = fl(j w / c): as wide as j bins, from all that there
///                        are down to j = c
/// z is the best zero point for the scale s, of all that there are; s becomes the power of two that how.scale makes of
/// it. Smaller ranges of entropy have codes without a bin: they clip, and tell nothing apart for it.
///
/// Without data the result is the empty range; where no candidate is better than range_of(h), as for zeros only, it is
/// that. Never allocates; the same bits on every CPU; 35 KB of stack. With b bins a search takes O(b) once, and for
/// each candidate O(c), or O(b) where that is less: mse has 128 log2(b) candidates, entropy fewer than b.
/// docs/observers.md has times.
#ifndef QMATH_OBSERVE_SEARCH_HPP_
#define QMATH_OBSERVE_SEARCH_HPP_

#include <cstdint>
#include <type_traits>

#include "qmath/core/params.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/detail/observe_search.hpp"
#include "qmath/formats/integer.hpp"
#include "qmath/observe/observers.hpp"
#include "qmath/schemes.hpp"

QMATH_BEGIN_TYPES

/// The formats that have searches: up to 16 bits.
template <class F>
concept searched_format = quantized_format<F> && !std::is_same_v<F, std::int32_t>;

QMATH_END_TYPES

QMATH_BEGIN_NAMESPACE

/// The smallest expected squared error, clipping and rounding together:
///     E(x - x')^2,  x' = scale * (q - zero_point),  q the code nearest to x
/// @pre how.codes and the codes of F have one in common: otherwise the contract handler is called, and the result is
///      range_of(h).
template <searched_format F>
QMATH_INLINE value_range mse_range(const histogram_view& h, const scheme& how = affine) noexcept {
  if (!impl::expect_codes("mse_range", how.codes, full_range<F>())) return h.summary.range;
  return library::search_range(h, full_range<F>(), how, detail::search_kind::mse);
}

/// The smallest Kullback-Leibler divergence between the distribution P of bins and Q, what is left of it in codes:
///     KL = sum over bins of P ln(P / Q),  Q of a bin = P of its code / bins of its code that are not empty
/// The code of a bin is that of its middle; bins that are clipped have the first or last code. It is finite, and 0
/// where every bin that is not empty has a code of its own. So it needs several bins for a code, 2048 for 8 bits; and
/// many elements for a bin, since the noise of counts favours small ranges: with less than a million for 2048 bins
/// take mse_range. With 128 elements of a normal distribution it cuts a third of them. @pre as above.
template <searched_format F>
QMATH_INLINE value_range entropy_range(const histogram_view& h,
                                       const scheme& how = affine) noexcept {
  if (!impl::expect_codes("entropy_range", how.codes, full_range<F>())) return h.summary.range;
  return library::search_range(h, full_range<F>(), how, detail::search_kind::entropy);
}

QMATH_END_NAMESPACE

#endif  // QMATH_OBSERVE_SEARCH_HPP_
