// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// How far a quantized result is from the real one. docs/metrics.md says which number to look at when. Metrics of codes
/// (clip and zero rates, effective bits) are in code_metrics.hpp, distances of histograms in distributions.hpp; this
/// header includes both.
///
/// Sums over elements are exact: an error_sums is the same bytes however the elements were cut into calls, whatever
/// the order and the tree in which parts were merged, on every CPU. Numbers computed from it are rounded as their
/// equation says, by IEEE operations and logarithms of qmath's own: the same bits everywhere.
///
/// Pairs with NaN or an infinity are counted and left out of everything else. Never allocates, never throws, never
/// prints. Thread-safe: threads have an accumulator each and merge. A broken precondition calls the contract handler
/// (core/contract.hpp), changes nothing and returns NaN.
#ifndef QMATH_METRICS_HPP_
#define QMATH_METRICS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/code_metrics.hpp"
#include "qmath/core/concepts.hpp"
#include "qmath/core/view.hpp"
#include "qmath/detail/exact_sum.hpp"
#include "qmath/distributions.hpp"
#include "qmath/granularity.hpp"
#include "qmath/observe/selection.hpp"

QMATH_BEGIN_TYPES

/// The largest of some errors, and the lowest index at which it occurs; none if all errors are 0.
struct error_peak {
  static constexpr std::uint64_t none = static_cast<std::uint64_t>(-1);
  double value = 0.0;
  std::uint64_t index = none;

  friend constexpr bool operator==(const error_peak&, const error_peak&) = default;
};

/// What is known of pairs (a, b), a the reference and b the measured value: 392 bytes without padding.
struct error_sums {
  detail::product_sum aa, ab, bb;  ///< sums of a^2, a b, b^2, exact
  detail::linear_sum a, b;         ///< sums of a and of b, exact
  std::uint64_t count = 0;         ///< pairs of finite numbers: n in the equations below
  std::uint64_t nan = 0;           ///< pairs with a NaN
  std::uint64_t infinite = 0;      ///< pairs with an infinity and no NaN
  error_peak absolute;             ///< fl(|b - a|), in double precision
  error_peak relative;             ///< fl(fl(|b - a|) / |a|), of pairs with a != 0

  friend constexpr bool operator==(const error_sums&, const error_sums&) = default;
};

struct error_options {
  selection which = {};     ///< what is not selected is not even counted
  std::uint64_t first = 0;  ///< the index of element 0, for parts of an array
};

/// A layer in a comparison; rank_by_damage sets sqnr_db. Clips and codes may be left out: compare_layers reports them.
struct layer_error {
  const char* name = "";
  const error_sums* errors = nullptr;
  double sqnr_db = 0.0;
  const clip_sums* clips = nullptr;
  const code_statistics* codes = nullptr;
};

/// Classes chosen by two runs of a classifier.
struct top1_counts {
  std::uint64_t rows = 0;
  std::uint64_t agree = 0;              ///< both runs chose the same class
  std::uint64_t reference_correct = 0;  ///< the reference chose the label
  std::uint64_t measured_correct = 0;

  QMATH_INLINE constexpr top1_counts& operator+=(const top1_counts& o) noexcept {
    rows += o.rows, agree += o.agree;
    reference_correct += o.reference_correct, measured_correct += o.measured_correct;
    return *this;
  }
  friend constexpr bool operator==(const top1_counts&, const top1_counts&) = default;
};

namespace detail {
template <>
inline constexpr bool is_channel_sums<error_sums> = true;
template <>
inline constexpr bool is_channel_sums<top1_counts> = true;
}  // namespace detail

QMATH_END_TYPES

#include "qmath/detail/metrics_arguments.hpp"

QMATH_BEGIN_NAMESPACE

// ---- Pairs of real numbers ------------------------------------------------------------------------

/// Adds the pairs (a[i] of the reference, b[i] as measured) to sums.           a, b: [n], each of any type of real
/// @pre b.size() == a.size(); options.which as for observe; sums overlaps nothing that is read.
template <readable_real_range A, readable_real_range B>
QMATH_INLINE void add_errors(const A& a, const B& b, error_sums& sums,
                             const error_options& options = {}) noexcept {
  detail::error_job job;
  if (impl::set_errors("add_errors", job, impl::reals_of(a), impl::reals_of(b), options,
                       per_tensor(impl::reals_of(a).n), {&sums, 1}, false)) {
    library::add_errors(job);
  }
}

/// The same for each channel, group or block: element i goes to sums[layout.index(i)]. Peaks have indices in the
/// whole tensor.
/// @pre as above; sums.size() == layout.count(); a.size() is a multiple of layout.period(). No elements may come
///      without sums.
template <readable_real_range A, readable_real_range B>
QMATH_INLINE void add_errors(const A& a, const B& b, const granularity& layout,
                             std::span<error_sums> sums,
                             const error_options& options = {}) noexcept {
  detail::error_job job;
  if (impl::set_errors("add_errors", job, impl::reals_of(a), impl::reals_of(b), options, layout,
                       sums, true)) {
    library::add_errors(job);
  }
}

/// Adds `from`, which may be `to`: associative and commutative, to the byte. Arrays of channels: code_metrics.hpp.
QMATH_INLINE void merge(error_sums& to, const error_sums& from) noexcept {
  library::merge_errors(to, from);
}

// With A = sum a^2, B = sum b^2, C = sum a b, E = sum (b - a)^2 = A - 2 C + B, all exact, and fl() one rounding to
// double. NaN if n = 0, whatever the function.

/// fl(fl(E) / fl(n))
QMATH_INLINE double mse(const error_sums& s) noexcept {
  return library::error_metric(s, detail::error_metric::mse);
}
/// Signal to quantization noise ratio in dB: 10 log10(A / E), without an epsilon. +inf if E = 0; -inf if A = 0 < E.
QMATH_INLINE double sqnr_db(const error_sums& s) noexcept {
  return library::error_metric(s, detail::error_metric::sqnr_db);
}
/// The same of a multiplied by C / A, the gain that brings it nearest to b: 10 log10(C^2 / (A B - C^2)).
/// +inf if b is a multiple of a, of either sign; -inf if C = 0, unless A = B = 0, which is +inf.
QMATH_INLINE double scale_invariant_sqnr_db(const error_sums& s) noexcept {
  return library::error_metric(s, detail::error_metric::scale_invariant_sqnr_db);
}
/// C / sqrt(A B), in [-1, 1]. 1 if A = B = 0; 0 if one of them is.
QMATH_INLINE double cosine_similarity(const error_sums& s) noexcept {
  return library::error_metric(s, detail::error_metric::cosine_similarity);
}
/// fl(fl(sum b - sum a) / fl(n)): a bias of the measured values.
QMATH_INLINE double mean_error(const error_sums& s) noexcept {
  return library::error_metric(s, detail::error_metric::mean_error);
}

/// order = the indices of layers, by sqnr_db ascending: the worst first. Layers without a pair of finite numbers
/// come before all; ties keep their order.
/// @pre order.size() == layers.size(); no layer has a null pointer.
QMATH_INLINE void rank_by_damage(std::span<layer_error> layers,
                                 std::span<std::size_t> order) noexcept {
  if (impl::expect_layers<std::size_t>("rank_by_damage", layers, "order", "order.size()", order)) {
    library::rank_by_damage(layers.data(), layers.size(), order.data());
  }
}

// ---- Classifiers ----------------------------------------------------------------------------------

/// Adds the rows of logits to counts. The class of a row is the lowest index of its largest number; NaN is none.
/// A row without a number has no class: it agrees with nothing, and is not correct.
/// labels: one per row, or none; those outside [0, cols) are never correct.               a, b: [rows, cols]
/// which: of rows, as if each was an element: rows of padding tokens, of samples without a label ...
/// @pre b.rows == a.rows; b.cols == a.cols; strides >= cols; labels.size() is 0 or a.rows; which as for observe.
template <real_number A, real_number B>
QMATH_INLINE void add_top1(matrix_view<const A> a, matrix_view<const B> b,
                           std::span<const std::int32_t> labels, top1_counts& counts,
                           const selection& which = {}) noexcept {
  if (impl::expect_logits("add_top1", a, b, labels, which)) {
    library::add_top1(impl::logits_of(a), impl::logits_of(b), a.rows, a.cols, labels.data(),
                      labels.size(), which, counts);
  }
}
/// into += from
QMATH_INLINE constexpr void merge(top1_counts& into, const top1_counts& from) noexcept {
  into += from;
}
QMATH_INLINE double top1_agreement(const top1_counts& c) noexcept { return rate(c.agree, c.rows); }
/// (measured_correct - reference_correct) / rows: negative where quantization costs accuracy.
QMATH_INLINE double accuracy_delta(const top1_counts& c) noexcept {
  return library::accuracy_delta(c);
}

QMATH_END_NAMESPACE

#endif  // QMATH_METRICS_HPP_
