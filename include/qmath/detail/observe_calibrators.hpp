// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The searches of observe/calibrators.hpp: their definition.
#ifndef QMATH_DETAIL_OBSERVE_CALIBRATORS_HPP_
#define QMATH_DETAIL_OBSERVE_CALIBRATORS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/params.hpp"
#include "qmath/detail/float_environment.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/detail/logarithm.hpp"
#include "qmath/observe/calibrators.hpp"

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY value_range pytorch_histogram(std::span<const std::uint64_t> counts,
                                            value_range range, int codes) noexcept;
QMATH_LIBRARY value_range onnxruntime_percentile(const binned_counts& h, double percent,
                                                 bool symmetric) noexcept;
QMATH_LIBRARY value_range onnxruntime_entropy(const binned_counts& h,
                                              std::size_t quantized_bins) noexcept;
QMATH_LIBRARY value_range tensorrt_entropy(const binned_counts& h, std::size_t codes,
                                           std::size_t start_bin) noexcept;
QMATH_LIBRARY value_range aimet_tf_enhanced(const binned_counts& h, std::size_t codes,
                                            bool symmetric) noexcept;

}  // namespace library
QMATH_END_LIBRARY

#if QMATH_HAS_KERNELS

QMATH_BEGIN_NAMESPACE
namespace impl {

QMATH_INLINE std::uint64_t sum_between(std::span<const std::uint64_t> counts, std::size_t from,
                                       std::size_t to) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = from; i < to; ++i) sum += counts[i];
  return sum;
}

// ---- PyTorch ------------------------------------------------------------------------------------

/// density * (end^3 - begin^3) / 3
QMATH_INLINE double pytorch_norm(double begin, double end, double density) noexcept {
  const double e = stored(stored(end * end) * end), b = stored(stored(begin * begin) * begin);
  return stored(density * stored(stored(e - b) / 3.0));
}

/// The bin of `codes` ones of this width; the quotient is not negative after the clamp.
QMATH_INLINE double pytorch_bin(double x, double width, double codes) noexcept {
  const double q = stored(x / width);
  if (!(q > 0.0)) return 0.0;
  if (q >= codes) return codes - 1.0;
  return static_cast<double>(static_cast<std::int64_t>(q));
}

QMATH_INLINE double pytorch_error(std::span<const std::uint64_t> counts, double width,
                                  std::size_t first, std::size_t last, double codes) noexcept {
  const double to = stored(stored(width * real_count(last - first + 1)) / codes), half = to / 2.0;
  if (to == 0.0) return 0.0;
  double sum = 0.0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double density = stored(real_count(counts[i]) / width);
    const double begin = stored((real_count(i) - real_count(first)) * width);
    const double end = stored(begin + width);
    const double from_bin = pytorch_bin(begin, to, codes), to_bin = pytorch_bin(end, to, codes);
    const double from_center = stored(stored(from_bin + 0.5) * to);
    const double to_center = stored(stored(to_bin * to) + half);
    double norm = pytorch_norm(stored(begin - from_center), half, density);
    norm = stored(norm + stored((to_bin - from_bin - 1.0) * pytorch_norm(-half, half, density)));
    norm = stored(norm + pytorch_norm(-half, stored(end - to_center), density));
    sum = stored(sum + norm);
  }
  return sum;
}

inline value_range pytorch_search(std::span<const std::uint64_t> counts, value_range range,
                                  int codes) noexcept {
  const std::size_t n = counts.size();
  const double min = range.min, max = range.max;
  const double width = stored(stored(max - min) / real_count(n));
  const double total = real_count(sum_between(counts, 0, n)), step = 1e-5;
  std::size_t start = 0, end = n - 1;
  double alpha = 0.0, beta = 1.0, least = static_cast<double>(detail::infinity);
  // Sums up to bins l and r, which move with them.
  std::size_t l = 0, r = end;
  std::uint64_t sum_l = counts[0], sum_r = sum_between(counts, 0, n);
  const auto fl = [](double x) { return static_cast<float>(x); };
  while (alpha < beta) {
    const double next_alpha = stored(alpha + step), next_beta = stored(beta - step);
    while (l > start) sum_l -= counts[l--];
    while (r < end) sum_r += counts[++r];
    while (l < end && fl(real_count(sum_l)) < fl(stored(next_alpha * total))) sum_l += counts[++l];
    while (r > start && fl(real_count(sum_r)) > fl(stored(next_beta * total))) sum_r -= counts[r--];
    const bool low = l - start > end - r;
    if (low ? l == start : r == end) {
      (low ? alpha : beta) = low ? next_alpha : next_beta;
      continue;
    }
    (low ? alpha : beta) = low ? next_alpha : next_beta;
    const std::size_t next_start = low ? l : start, next_end = low ? end : r;
    const double error = pytorch_error(counts, width, next_start, next_end, codes);
    if (error > least) break;
    least = error, start = next_start, end = next_end;
    while (l < start) sum_l += counts[++l];
    while (r > end) sum_r -= counts[r--];
  }
  // In float, as tensors.
  const float w = fl(stored(static_cast<double>(fl(stored(max - min))) / real_count(n)));
  const auto edge = [&](std::size_t k) {
    return fl(stored(min + static_cast<double>(fl(stored(w * real_count(k))))));
  };
  return {edge(start), edge(end + 1)};
}

// ---- ONNX Runtime -------------------------------------------------------------------------------

QMATH_INLINE value_range cut(value_range r, value_range seen) noexcept {
  return {r.min < seen.min ? seen.min : r.min, r.max > seen.max ? seen.max : r.max};
}

inline value_range onnxruntime_cut(const binned_counts& h, double percent,
                                   bool symmetric) noexcept {
  const double total = real_count(sum_between(h.counts, 0, h.counts.size()));
  // The first edge whose bin has the cumulative share.
  const auto edge = [&](double share) {
    double sum = 0.0;
    std::size_t i = 0;
    for (; i < h.counts.size(); ++i) {
      sum = stored(sum + stored(real_count(h.counts[i]) / total));
      if (sum >= share) break;
    }
    return h.edges[i];
  };
  if (symmetric) {
    const float t = edge(stored(percent / 100.0));
    return cut({0.0f - t, t}, h.range);
  }
  const double side = stored(stored(100.0 - percent) / 200.0);
  return cut({edge(side), edge(stored(1.0 - side))}, h.range);
}

/// Zeros become 1e-4, and the others lose as much together. Negative: not possible.
QMATH_INLINE double smoothing_of(std::size_t zeros, std::size_t others) noexcept {
  if (others == 0) return -1.0;
  const double each = stored(stored(1e-4 * real_count(zeros)) / real_count(others));
  return each < 1.0 ? each : -1.0;
}

QMATH_INLINE double smoothed(std::uint64_t n, double each) noexcept {
  const auto change = static_cast<float>(n == 0 ? 1e-4 : 0.0 - each);
  return static_cast<float>(
      stored(static_cast<double>(static_cast<float>(real_count(n))) + change));
}

/// The divergence of bins [first, last), and the clipped ones in the outermost.
inline double onnxruntime_divergence(std::span<const std::uint64_t> counts, std::size_t first,
                                     std::size_t last, std::size_t quantized_bins) noexcept {
  const std::uint64_t left = sum_between(counts, 0, first);
  const std::uint64_t right = sum_between(counts, last, counts.size());
  const std::size_t merged = (last - first) / quantized_bins;
  const std::size_t covered = first + merged * quantized_bins;
  const auto p = [&](std::size_t i) {
    return counts[i] + (i == first ? left : 0) + (i + 1 == last ? right : 0);
  };
  // f(p, q) for all bins
  const auto for_each = [&](const auto& f) {
    for (std::size_t cell = first; cell < covered; cell += merged) {
      std::uint64_t sum = sum_between(counts, cell, cell + merged), filled = 0;
      if (cell + merged == covered) sum += sum_between(counts, covered, last);
      for (std::size_t i = cell; i < cell + merged; ++i) filled += p(i) != 0 ? 1 : 0;
      const double q = filled == 0 ? 0.0 : stored(real_count(sum) / real_count(filled));
      for (std::size_t i = cell; i < cell + merged; ++i) f(p(i), static_cast<std::uint64_t>(q));
    }
    for (std::size_t i = covered; i < last; ++i) f(p(i), std::uint64_t{0});
  };
  std::size_t p_zeros = 0, q_zeros = 0;
  for_each([&](std::uint64_t a, std::uint64_t b) {
    p_zeros += a == 0 ? 1 : 0;
    q_zeros += b == 0 ? 1 : 0;
  });
  const double p_each = smoothing_of(p_zeros, last - first - p_zeros);
  const double q_each = smoothing_of(q_zeros, last - first - q_zeros);
  if (p_each < 0.0 || q_each < 0.0) return static_cast<double>(detail::infinity);
  double p_sum = 0.0, q_sum = 0.0, divergence = 0.0;
  for_each([&](std::uint64_t a, std::uint64_t b) {
    p_sum = stored(p_sum + smoothed(a, p_each));
    q_sum = stored(q_sum + smoothed(b, q_each));
  });
  for_each([&](std::uint64_t a, std::uint64_t b) {
    const double x = stored(smoothed(a, p_each) / p_sum), y = stored(smoothed(b, q_each) / q_sum);
    divergence = stored(divergence + stored(x * log_of_quotient(x, y)));
  });
  return divergence;
}

inline value_range onnxruntime_search(const binned_counts& h, std::size_t quantized_bins) noexcept {
  const std::size_t n = h.counts.size(), zero = n / 2, least = quantized_bins / 2;
  double best = 0.0;
  value_range found;
  for (std::size_t i = least; i <= zero; ++i) {
    const std::size_t first = zero - i, last = zero + i + 1 < n ? zero + i + 1 : n;
    const double d = onnxruntime_divergence(h.counts, first, last, quantized_bins);
    if (i != least && !(d < best)) continue;
    best = d, found = {h.edges[first], h.edges[last]};
  }
  return cut(found, h.range);
}

// ---- TensorRT -----------------------------------------------------------------------------------

inline double tensorrt_divergence(std::span<const std::uint64_t> counts, std::size_t n,
                                  std::size_t codes) noexcept {
  const auto count = [&](std::size_t i) { return counts[i == 0 ? 1 : i]; };
  const double width = stored(real_count(n) / real_count(codes));
  // The first bin that is not of the codes before k.
  const auto begin = [&](std::size_t k, std::size_t from) {
    while (from < n && real_count(from) < stored(real_count(k) * width)) ++from;
    return k == codes ? n : from;
  };
  double inside = 0.0;
  for (std::size_t i = 0; i < n; ++i) inside += real_count(count(i));
  const std::uint64_t tail = sum_between(counts, n, counts.size());
  const double total = inside + real_count(tail);
  if (inside == 0.0) return static_cast<double>(detail::infinity);
  double divergence = 0.0;
  std::size_t first = 0;
  for (std::size_t k = 1; k <= codes; ++k) {
    const std::size_t last = begin(k, first);
    std::uint64_t sum = 0, filled = 0;
    for (std::size_t i = first; i < last; ++i) sum += count(i), filled += count(i) != 0 ? 1 : 0;
    for (std::size_t i = first; i < last; ++i) {
      const std::uint64_t p = count(i) + (i + 1 == n ? tail : 0);
      if (p == 0) continue;
      if (count(i) == 0) return static_cast<double>(detail::infinity);
      const double x = stored(real_count(p) / total);
      const double y = stored(stored(real_count(sum) / real_count(filled)) / inside);
      divergence = stored(divergence + stored(x * log_of_quotient(x, y)));
    }
    first = last;
  }
  return divergence;
}

inline value_range tensorrt_search(const binned_counts& h, std::size_t codes,
                                   std::size_t start_bin) noexcept {
  double best = static_cast<double>(detail::infinity);
  std::size_t found = h.counts.size();
  for (std::size_t n = start_bin; n <= h.counts.size(); ++n) {
    const double d = tensorrt_divergence(h.counts, n, codes);
    if (d <= best) best = d, found = n;
  }
  return {0.0f - h.edges[found], h.edges[found]};
}

// ---- AIMET --------------------------------------------------------------------------------------

struct aimet_encoding {
  float scale;
  double offset;  // a whole number
};

/// To the nearest whole number, ties away from zero. Numbers beyond 2^52 are whole.
QMATH_INLINE double aimet_round(double x) noexcept {
  if (!(x > -0x1p52 && x < 0x1p52)) return x;
  const double up = x < 0.0 ? stored(x - 0.5) : stored(x + 0.5);
  return static_cast<double>(static_cast<std::int64_t>(up));
}

inline double aimet_cost(const binned_counts& h, aimet_encoding e, double n) noexcept {
  const std::size_t bins = h.counts.size();
  const double start = h.edges[0], scale = e.scale;
  const double width = stored(stored(h.edges[bins] - start) / real_count(bins));
  const auto bin_of = [&](double x) {
    const double q = stored(stored(x - start) / width);
    if (!(q > 0.0)) return std::size_t{0};
    return q < real_count(bins - 1) ? static_cast<std::size_t>(q) : bins - 1;
  };
  const auto middle = [&](std::size_t i) {
    return stored(stored(start + stored(real_count(i) * width)) + stored(width / 2.0));
  };
  const std::size_t first = bin_of(stored(scale * e.offset));
  const std::size_t last = bin_of(stored(scale * (e.offset + n)));
  double rounding = 0.0, clipping = 0.0;
  for (std::size_t i = 0; i < bins; ++i) {
    if (h.counts[i] == 0) continue;
    const double x = middle(i), count = real_count(h.counts[i]);
    if (i < first || i >= last) {
      const double d = stored(x - middle(i < first ? first : last));
      clipping = stored(clipping + stored(count * stored(d * d)));
    } else {
      const double code = aimet_round(stored(stored(x / scale) - e.offset));
      const double d = stored(x - stored((code + e.offset) * scale));
      rounding = stored(rounding + stored(count * stored(d * d)));
    }
  }
  return stored(rounding + stored(3.0 * clipping));
}

inline value_range aimet_search(const binned_counts& h, std::size_t codes,
                                bool symmetric) noexcept {
  const double n = real_count(codes - 1);
  const auto n_float = static_cast<float>(n);
  float low = 0.0f, high = 0.0f;
  for (std::size_t i = 0; i < h.counts.size(); ++i) {
    if (h.counts[i] == 0) continue;
    low = h.edges[i] < low ? h.edges[i] : low;
    high = h.edges[i] > high ? h.edges[i] : high;
  }
  if (high < low + 1e-5f) high = low + 1e-5f;

  aimet_encoding best = {0.0f, 0.0};
  double least = static_cast<double>(detail::infinity);
  const auto consider = [&](aimet_encoding e) {
    if (!(e.scale > 0.0f)) return;
    const double cost = aimet_cost(h, e, n);
    if (cost < least) least = cost, best = e;
  };
  if (symmetric) {
    const float whole = (0.0f - low > high ? 0.0f - low : high) / static_cast<float>(n / 2.0);
    float part = 0.01f;  // its sums are not hundredths
    for (int k = 1; k <= 101; ++k, part = part + 0.01f) {
      consider({whole * part, 0.0 - real_count(codes / 2)});
    }
  } else {
    const float whole = (high - low) / n_float;
    const double offset = aimet_round(static_cast<double>(low / whole));
    const double from = whole * static_cast<float>(offset);
    const double to = whole * static_cast<float>(offset + n);
    for (int k = 1; k <= 17; ++k) {
      const double scale = whole * (static_cast<float>(k) / 16.0f);
      for (int i = 0; i <= 20; ++i) {
        const double o = static_cast<double>(
            static_cast<std::int64_t>(stored(stored(stored(n / 20.0) * i) - n)));
        const double a = stored(scale * o), b = stored(scale * (o + n));
        const double begin = a < from ? from : a, end = b > to ? to : b;
        const double cut = stored(stored(end - begin) / n);
        if (!(cut > 0.0)) continue;
        consider({static_cast<float>(cut), aimet_round(stored(begin / cut))});
      }
    }
    consider({whole, offset});
  }
  const double scale = best.scale;
  return {static_cast<float>(stored(scale * best.offset)),
          static_cast<float>(stored(scale * (best.offset + n)))};
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY value_range pytorch_histogram(std::span<const std::uint64_t> counts,
                                            value_range range, int codes) noexcept {
  if (impl::sum_between(counts, 0, counts.size()) == 0) return {};
  return impl::in_default_environment(&impl::pytorch_search, counts, range, codes);
}

QMATH_LIBRARY value_range onnxruntime_percentile(const binned_counts& h, double percent,
                                                 bool symmetric) noexcept {
  if (impl::sum_between(h.counts, 0, h.counts.size()) == 0) return {};
  return impl::in_default_environment(&impl::onnxruntime_cut, h, percent, symmetric);
}

QMATH_LIBRARY value_range onnxruntime_entropy(const binned_counts& h,
                                              std::size_t quantized_bins) noexcept {
  if (impl::sum_between(h.counts, 0, h.counts.size()) == 0) return {};
  return impl::in_default_environment(&impl::onnxruntime_search, h, quantized_bins);
}

QMATH_LIBRARY value_range tensorrt_entropy(const binned_counts& h, std::size_t codes,
                                           std::size_t start_bin) noexcept {
  if (impl::sum_between(h.counts, 0, h.counts.size()) == 0) return {};
  return impl::in_default_environment(&impl::tensorrt_search, h, codes, start_bin);
}

QMATH_LIBRARY value_range aimet_tf_enhanced(const binned_counts& h, std::size_t codes,
                                            bool symmetric) noexcept {
  if (impl::sum_between(h.counts, 0, h.counts.size()) == 0) return {};
  return impl::in_default_environment(&impl::aimet_search, h, codes, symmetric);
}

}  // namespace library
QMATH_END_LIBRARY

#endif  // QMATH_HAS_KERNELS

#endif  // QMATH_DETAIL_OBSERVE_CALIBRATORS_HPP_
