// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// What became of numbers as codes: clip rates, zero rate, effective bits; per tensor or channel, masked.
///
///     std::vector<qmath::clip_sums> sums(channels);
///     qmath::count_clipped<std::int8_t>(x, qmath::channel_params{scales, {}, layout}, sums);
///     double low = qmath::rate(sums[c].clipped.low, sums[c].count);
///     std::vector<std::uint64_t> counts(channels * 256);
///     qmath::count_codes(q, layout, counts);
///     double zero = qmath::statistics_of_codes<std::int8_t>(std::span(counts).subspan(256 * c, 256), 0).zero;
///
/// Counts of parts are merged to those of the whole, in any order: merge(into, from). Never allocates, never throws,
/// never prints. A broken precondition calls the contract handler (core/contract.hpp) and changes nothing.
/// docs/metrics.md.
#ifndef QMATH_CODE_METRICS_HPP_
#define QMATH_CODE_METRICS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/core/concepts.hpp"
#include "qmath/core/options.hpp"
#include "qmath/core/params.hpp"
#include "qmath/granularity.hpp"
#include "qmath/observe/selection.hpp"

QMATH_BEGIN_TYPES

/// Codes of a quantized tensor. Rates are fractions of all codes.
struct code_statistics {
  double at_lowest = 0.0;   ///< codes that are the lowest in use, or below
  double at_highest = 0.0;  ///< codes that are the highest in use, or above
  double zero = 0.0;        ///< codes that are the zero point: real 0
  double effective_bits =
      0.0;  ///< -sum over codes of f log2(f), f the frequency of a code; 0 log2(0) = 0
};

/// Elements, and those of them that were clipped.
struct clip_sums {
  std::uint64_t count = 0;  ///< NaN included: what rates are fractions of
  clip_counts clipped = {};

  QMATH_INLINE constexpr clip_sums& operator+=(const clip_sums& other) noexcept {
    count += other.count, clipped += other.clipped;
    return *this;
  }
  friend constexpr bool operator==(const clip_sums&, const clip_sums&) = default;
};

namespace detail {
/// Arrays of them, one for each channel, have merge() too.
template <class T>
inline constexpr bool is_channel_sums = std::is_same_v<T, clip_sums>;
}  // namespace detail

struct clip_options {
  quantize_rules rules = numerics::standard;
  code_range codes = {};  ///< which codes to use, of those that the format has
  selection which = {};
};

QMATH_END_TYPES

#include "qmath/detail/code_metrics_impl.hpp"

QMATH_BEGIN_NAMESPACE

/// fl(count / n), NaN if n = 0.
QMATH_INLINE double rate(std::uint64_t count, std::uint64_t n) noexcept {
  return library::rate(count, n);
}

/// Adds to sums.clipped what quantize<F>(x, p) with these options counts, of the elements selected, without any codes
/// written; and to sums.count the number of these elements.                                               x: [n]
/// @pre scale, zero point and codes as for quantize; which as for observe; no stochastic rounding, since random
///      numbers belong to places in an array (use quantize_options::counts); sums overlaps nothing that is read.
template <quantized_format F, readable_real_range X>
QMATH_INLINE void count_clipped(const X& x, affine_params p, clip_sums& sums,
                                const clip_options& options = {}) noexcept {
  const impl::real_array data = impl::reals_of(x);
  detail::clip_walk job;
  if (impl::set_clips(job, data, options, detail::codes_of<F>, impl::code_type_for<F>) &&
      impl::set_params("count_clipped", job.how, p)) {
    impl::count_clips(job, data, {&sums, 1}, options.which, false);
  }
}

/// The same for each channel, group or block: element i counts in sums[p.layout.index(i)].
/// @pre as above, for every scale and zero point; sums.size() == p.layout.count(); x.size() is a multiple of
///      p.layout.period().
template <quantized_format F, readable_real_range X>
QMATH_INLINE void count_clipped(const X& x, const channel_params& p, std::span<clip_sums> sums,
                                const clip_options& options = {}) noexcept {
  const impl::real_array data = impl::reals_of(x),
                         out = {sums.data(), sums.size(), sums.size_bytes(), data.type};
  detail::clip_walk job;
  if (impl::set_clips(job, data, options, detail::codes_of<F>, impl::code_type_for<F>) &&
      impl::set_params("count_clipped", job.how, p, {"sums", "sums.size()", "overlaps sums"},
                       out)) {
    impl::count_clips(job, data, sums, options.which, true);
  }
}

/// counts[code - lowest code of the format] += 1 for each code in q that `which` selects.                  q: [n]
/// @pre formats of up to 16 bits; counts.size() == number of codes; which as for observe; no overlap.
template <readable_quantized_range Q>
QMATH_INLINE void count_codes(const Q& q, std::span<std::uint64_t> counts,
                              const selection& which = {}) noexcept {
  const impl::code_array codes = impl::codes_of(q);
  impl::count_codes(codes, per_tensor(codes.n), counts, which, false);
}

/// The same for each channel, group or block c = layout.index(i): in counts[c * number of codes + ...].
/// @pre as above, but counts.size() == layout.count() * number of codes; q.size() is a multiple of layout.period().
template <readable_quantized_range Q>
QMATH_INLINE void count_codes(const Q& q, const granularity& layout,
                              std::span<std::uint64_t> counts,
                              const selection& which = {}) noexcept {
  impl::count_codes(impl::codes_of(q), layout, counts, which, true);
}

/// As if `into`, and what is counted there, had been given what `from` was: into += from. `from` may be `into`.
QMATH_INLINE constexpr void merge(clip_counts& into, const clip_counts& from) noexcept {
  into += from;
}
QMATH_INLINE constexpr void merge(clip_sums& into, const clip_sums& from) noexcept { into += from; }
/// The same for counts of codes, of a tensor or of all channels; they stop at 2^64 - 1.
/// @pre from.size() == into.size(); no overlap, unless `from` is `into`.
template <writable_range<std::uint64_t> S, readable_range<std::uint64_t> R>
QMATH_INLINE void merge(S&& into, const R& from) noexcept {
  const std::span<std::uint64_t> to(into);
  const std::span<const std::uint64_t> own(from);
  if (!impl::expect_mergeable(to, own)) return;
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = impl::saturating_sum(to[i], own[i]);
}
/// into[c] with from[c], for channels: of clip_sums, error_sums, top1_counts. @pre into.size() == from.size().
template <detail::viewable S, detail::viewable R>
  requires detail::is_channel_sums<detail::element_of<S>> &&
           readable_range<R, detail::element_of<S>>
QMATH_INLINE void merge(S&& into, const R& from) noexcept {
  const std::span a(into);
  const std::span b(from);
  if (!impl::expect_equal("merge", "from.size()", b.size(), "into.size()", a.size())) return;
  for (std::size_t i = 0; i < a.size(); ++i) merge(a[i], b[i]);
}

/// Of counts made by count_codes for F; NaN if there are none. in_use: the codes that quantize was told to use.
/// @pre counts.size() == number of codes of F, their sum < 2^64.
template <quantized_format F>
QMATH_INLINE code_statistics statistics_of_codes(std::span<const std::uint64_t> counts,
                                                 std::int32_t zero_point,
                                                 code_range in_use = {}) noexcept {
  code_statistics s = impl::no_statistics();
  if (impl::expect_counts("statistics_of_codes", counts, full_range<F>())) {
    library::statistics_of_codes(counts.data(), counts.size(), full_range<F>().min, zero_point,
                                 in_use, s);
  }
  return s;
}

QMATH_END_NAMESPACE

#endif  // QMATH_CODE_METRICS_HPP_
