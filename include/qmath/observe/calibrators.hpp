// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Searches for a range as frameworks have them, on histograms as frameworks have them: theirs, to reproduce their
/// parameters, or those that bins_of makes of a histogram_observer, to compare searches. For ranges of your own,
/// mse_range, entropy_range and percentile are faster and defined for all data.
///
///     std::array<std::uint64_t, 2048> counts;
///     std::array<float, 2049> edges;
///     const auto bins = qmath::calibrators::bins_of(seen, qmath::binning::magnitudes, counts, edges);
///     const auto range = qmath::calibrators::tensorrt_entropy(bins);
///
///     function                  follows
///     pytorch_histogram         torch.ao.quantization.HistogramObserver, _non_linear_param_search, 2.15.0
///     onnxruntime_percentile    onnxruntime.quantization.calibrate, HistogramCollector.compute_percentile, 1.31.1
///     onnxruntime_entropy       the same, compute_entropy
///     tensorrt_entropy          nvidia-modelopt 0.47.0 (once pytorch-quantization), _compute_amax_entropy
///     aimet_tf_enhanced         aimet-onnx 2.42.0, TfEnhancedEncodingAnalyzer
///
/// Their formulas in double, in the order of the bins; the loops are in detail/observe_calibrators.hpp, which is the
/// definition. Frameworks compute some of it in float, with logarithms and orders of summation of their libraries:
/// where two candidates are equally good within such errors, the choice may differ. docs/observers.md says what was
/// compared. Never allocates; the same bits on every CPU. Without elements the result is the empty range.
#ifndef QMATH_OBSERVE_CALIBRATORS_HPP_
#define QMATH_OBSERVE_CALIBRATORS_HPP_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/params.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/observe/observers.hpp"

#if !QMATH_WITH_CALIBRATION
#error "qmath: calibration is left out, QMATH_WITH_CALIBRATION is 0"
#endif

QMATH_BEGIN_TYPES

/// What numpy.histogram returns, and the smallest and the largest number that were seen.
struct binned_counts {
  std::span<const std::uint64_t> counts = {};
  std::span<const float> edges = {};  ///< one more than counts, ascending
  value_range range = {};
};

/// Which bins of a histogram a search takes. m is how many a side needs, the same on both sides, for all that have
/// counts; but at least half of those that the longer side has, rounded up.
enum class binning : unsigned char {
  whole,       ///< of x, all: aimet_tf_enhanced
  occupied,    ///< of x, from the first to the last that has a count, or all: pytorch_histogram
  both_sides,  ///< of x, -m to m - 1: onnxruntime_entropy; onnxruntime_percentile, not symmetric
  magnitudes,  ///< of |x|, 0 to m - 1, j and -1 - j as one: tensorrt_entropy; onnxruntime_percentile
};

QMATH_END_TYPES

#include "qmath/detail/observe_bins.hpp"
#include "qmath/detail/observe_calibrators.hpp"

QMATH_BEGIN_NAMESPACE
namespace calibrators {

/// Bins of h in memory of the caller, and their edges: f neighbours are one, bin j is in bin floor(j / f) of width
/// f * 2^h.summary.exponent, f being the least number with which they fit into counts. So there are no more than
/// counts.size(), and more than half as many, or else those that h has. range is that of h. Exact, but sums stop at
/// 2^64 - 1 and edges at the largest float. What frameworks make of the same data has as many elements; it differs by
///     its edges      which divide what the first batch has, from its smallest to its largest number or magnitude, by
///                    the number of bins, and not multiples of a power of two: here ends are up to a bin farther out
///     its batches    of which later ones are spread over bins, or get more of them, or are cut off
///     one number     at its last edge, or negative with a magnitude that is an edge: here in the bin farther out,
///                    and in the one farther in
/// Without elements all counts are 0.                                    counts: [n]   edges: [n + 1]
/// @pre counts.size() >= 2; edges.size() == counts.size() + 1; no overlap. Otherwise the contract handler is called,
///      and there are no bins.
QMATH_INLINE binned_counts bins_of(const histogram_view& h, binning how,
                                   std::span<std::uint64_t> counts,
                                   std::span<float> edges) noexcept {
  if (!impl::expect_bins("bins_of", h, counts, edges)) return {};
  const std::size_t n = library::bins_of(h, how, counts.data(), counts.size(), edges.data());
  return {counts.first(n), edges.first(n + 1), h.summary.range};
}

// @pre, for all: counts sum up to less than 2^63; edges.size() == counts.size() + 1. Otherwise the contract handler is
// called for the sizes, and the result is the empty range.

/// Bins of equal width from range.min to range.max, in one of which all elements are; codes: 2^bits of the type,
/// whatever the codes in use. The range loses 1e-5 of the elements, on the side where that removes more bins, while
/// the expected error does not grow. No edges are needed.
QMATH_INLINE value_range pytorch_histogram(std::span<const std::uint64_t> counts, value_range range,
                                           int codes = 256) noexcept {
  return library::pytorch_histogram(counts, range, codes);
}
/// The same from the first edge to the last one. @pre bins of equal width, as those of bins_of are.
template <std::same_as<binned_counts> H>
QMATH_INLINE value_range pytorch_histogram(const H& h, int codes = 256) noexcept {
  if (!impl::expect_equal("pytorch_histogram", "edges.size()", h.edges.size(), "counts.size() + 1",
                          h.counts.size() + 1)) {
    return {};
  }
  return library::pytorch_histogram(h.counts, {h.edges.front(), h.edges.back()}, codes);
}

/// percent: 0 to 100. symmetric: binning::magnitudes, and the range is [-t, t] before it is cut at the smallest and
/// the largest number. Not symmetric: binning::both_sides, (100 - percent) / 2 per cent are cut on each side.
/// @pre symmetric: edges.front() >= 0
QMATH_INLINE value_range onnxruntime_percentile(const binned_counts& h, double percent = 99.999,
                                                bool symmetric = true) noexcept {
  if (!impl::expect_equal("onnxruntime_percentile", "edges.size()", h.edges.size(),
                          "counts.size() + 1", h.counts.size() + 1)) {
    return {};
  }
  if (symmetric && !impl::expect_magnitudes("onnxruntime_percentile", h)) return {};
  return library::onnxruntime_percentile(h, percent, symmetric);
}

/// Bins symmetric to zero, binning::both_sides. ONNX Runtime takes 128 by default, with which there is one candidate,
/// the whole range; bins_of may make fewer than it has room for, so give it 256 and more. O(bins^2).
/// @pre 2 <= quantized_bins <= counts.size(); edges.front() < 0, unless all are 0
QMATH_INLINE value_range onnxruntime_entropy(const binned_counts& h,
                                             std::size_t quantized_bins = 128) noexcept {
  if (!impl::expect_equal("onnxruntime_entropy", "edges.size()", h.edges.size(),
                          "counts.size() + 1", h.counts.size() + 1) ||
      !impl::expect_at_least("onnxruntime_entropy", "counts.size()", h.counts.size(),
                             "at least quantized_bins", quantized_bins) ||
      !impl::expect_at_least("onnxruntime_entropy", "quantized_bins", quantized_bins, "at least 2",
                             2) ||
      !impl::expect_both_sides("onnxruntime_entropy", h)) {
    return {};
  }
  return library::onnxruntime_entropy(h, quantized_bins);
}

/// Bins of |x|, binning::magnitudes, 2048 as a rule: of an observer with 4096 bins, or with 2048 some 512 to 1024.
/// [-amax, amax]. codes: 128 for signed 8 bits, 256 for unsigned ones. Bin 0 counts as bin 1. Of equally good ranges
/// the largest. O(bins^2). h.range is not used.
/// @pre 1 <= codes <= start_bin <= counts.size(), counts.size() >= 2; edges.front() >= 0
QMATH_INLINE value_range tensorrt_entropy(const binned_counts& h, std::size_t codes = 128,
                                          std::size_t start_bin = 128) noexcept {
  constexpr const char* name = "tensorrt_entropy";
  if (!impl::expect_equal(name, "edges.size()", h.edges.size(), "counts.size() + 1",
                          h.counts.size() + 1) ||
      !impl::expect_at_least(name, "counts.size()", h.counts.size(), "at least start_bin",
                             start_bin) ||
      !impl::expect_at_least(name, "counts.size()", h.counts.size(), "at least 2", 2) ||
      !impl::expect_at_least(name, "start_bin", start_bin, "at least codes", codes) ||
      !impl::expect_at_least(name, "codes", codes, "at least 1", 1) ||
      !impl::expect_magnitudes(name, h)) {
    return {};
  }
  return library::tensorrt_entropy(h, codes, start_bin);
}

/// "TF enhanced", bins of equal width. The encoding, scale * offset to scale * (offset + codes - 1), with the smallest
/// sum of squared rounding errors and 3 times the squared clipping errors of the bins' middles; the first of equals.
/// O, the observed range, is from the left edge of the first bin that is not empty, or 0, to that of the last one, or
/// 0; n = codes - 1.
///     not symmetric   scales k/16 |O| / n, k = 1 ... 17, each with offsets trunc(-n + i n / 20), i = 0 ... 20, cut to
///                     O; then O itself
///     symmetric       scales k/100 max|O| / (n / 2), k = 1 ... 101, offset floor(-n / 2)
/// h.range is not used. Clipping errors are distances to the middle of the bin where the encoding ends.
/// @pre codes >= 2, counts.size() >= 2, finite edges
QMATH_INLINE value_range aimet_tf_enhanced(const binned_counts& h, std::size_t codes = 256,
                                           bool symmetric = false) noexcept {
  constexpr const char* name = "aimet_tf_enhanced";
  if (!impl::expect_equal(name, "edges.size()", h.edges.size(), "counts.size() + 1",
                          h.counts.size() + 1) ||
      !impl::expect_at_least(name, "counts.size()", h.counts.size(), "at least 2", 2) ||
      !impl::expect_at_least(name, "codes", codes, "at least 2", 2)) {
    return {};
  }
  return library::aimet_tf_enhanced(h, codes, symmetric);
}

}  // namespace calibrators
QMATH_END_NAMESPACE

#endif  // QMATH_OBSERVE_CALIBRATORS_HPP_
