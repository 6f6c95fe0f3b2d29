// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// A float and a quantized run of a network, layer by layer, the worst first: the errors of each, and if they were
/// counted, what it clips and what its codes are.
///
///     std::vector<qmath::error_sums> sums(n);                  // while both run: one for each layer
///     qmath::add_errors(float_output, dequantized_output, sums[l]);
///     std::vector<qmath::layer_error> layers = {{"conv1", &sums[0]}, {"conv2", &sums[1]}, ...};
///     layers[0].clips = &clips[0];                             // of count_clipped; codes: of statistics_of_codes
///     std::vector<qmath::layer_report> reports(n);
///     qmath::compare_layers(layers, reports);                  // reports[0] is the layer to look at
///
/// Never allocates, never throws, never prints. A broken precondition calls the contract handler (core/contract.hpp)
/// and writes nothing.
#ifndef QMATH_LAYERS_HPP_
#define QMATH_LAYERS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/metrics.hpp"

QMATH_BEGIN_TYPES

/// The metrics of metrics.hpp, under their names there, and rates of code_metrics.hpp: NaN where layer_error has none.
struct layer_report {
  std::size_t layer = 0;  ///< its index among the layers
  const char* name = "";
  double sqnr_db = 0.0;
  double scale_invariant_sqnr_db = 0.0;
  double cosine_similarity = 0.0;
  double mse = 0.0;
  double mean_error = 0.0;
  error_peak absolute = {};
  error_peak relative = {};
  std::uint64_t count = 0;  ///< pairs of finite numbers
  std::uint64_t nan = 0;
  std::uint64_t infinite = 0;
  double clip_rate_low = 0.0;   ///< rate(clips.clipped.low, clips.count)
  double clip_rate_high = 0.0;  ///< rate(clips.clipped.high, clips.count)
  double zero_rate = 0.0;       ///< codes.zero
  double effective_bits = 0.0;  ///< codes.effective_bits
};

QMATH_END_TYPES

#include "qmath/detail/layer_reports.hpp"

QMATH_BEGIN_NAMESPACE

/// A report for each layer, in the order of rank_by_damage: by sqnr_db ascending. Layers without a pair of finite
/// numbers come before all; ties keep the order of the layers.
/// @pre reports.size() == layers.size(); errors is not null in any layer.
QMATH_INLINE void compare_layers(std::span<const layer_error> layers,
                                 std::span<layer_report> reports) noexcept {
  if (impl::expect_layers<layer_report>("compare_layers", layers, "reports", "reports.size()",
                                        reports)) {
    library::compare_layers(layers.data(), layers.size(), reports.data());
  }
}

QMATH_END_NAMESPACE

#endif  // QMATH_LAYERS_HPP_
