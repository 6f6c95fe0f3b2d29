// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The second half of layers.hpp, which includes it after its types.
#ifndef QMATH_DETAIL_LAYER_REPORTS_HPP_
#define QMATH_DETAIL_LAYER_REPORTS_HPP_

#include "qmath/detail/heap_sort.hpp"
#include "qmath/metrics.hpp"

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY void compare_layers(const layer_error* layers, std::size_t n,
                                  layer_report* reports) noexcept;

#if QMATH_HAS_KERNELS
QMATH_LIBRARY void compare_layers(const layer_error* layers, std::size_t n,
                                  layer_report* reports) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    const error_sums& s = *layers[i].errors;
    const clip_sums clips = layers[i].clips == nullptr ? clip_sums{} : *layers[i].clips;
    const code_statistics codes =
        layers[i].codes == nullptr ? impl::no_statistics() : *layers[i].codes;
    reports[i] = {i,
                  layers[i].name,
                  error_metric(s, detail::error_metric::sqnr_db),
                  error_metric(s, detail::error_metric::scale_invariant_sqnr_db),
                  error_metric(s, detail::error_metric::cosine_similarity),
                  error_metric(s, detail::error_metric::mse),
                  error_metric(s, detail::error_metric::mean_error),
                  s.absolute,
                  s.relative,
                  s.count,
                  s.nan,
                  s.infinite,
                  rate(clips.clipped.low, clips.count),
                  rate(clips.clipped.high, clips.count),
                  codes.zero,
                  codes.effective_bits};
  }
  impl::heap_sort(
      n,
      [&](std::size_t i, std::size_t k) {
        return impl::ascends(reports[i].sqnr_db, reports[k].sqnr_db, reports[i].layer,
                             reports[k].layer);
      },
      [&](std::size_t i, std::size_t k) { impl::exchange_elements(reports, i, k); });
}
#endif

}  // namespace library
QMATH_END_LIBRARY

#endif  // QMATH_DETAIL_LAYER_REPORTS_HPP_
