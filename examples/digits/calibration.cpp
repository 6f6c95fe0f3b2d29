// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "calibration.hpp"

#include <algorithm>
#include <cstdint>

#include "framework_bins.hpp"

namespace digits {
namespace {

using qmath::value_range;

// Calibration data come in batches; a moving average is the only observer to which it matters how they are cut.
constexpr std::size_t images_per_batch = 32;

template <class Observer>
Observer observe_in_batches(const layer_data& x) {
  Observer seen;
  const std::size_t batch = images_per_batch * x.width;
  for (std::size_t begin = 0; begin < x.values.size(); begin += batch) {
    qmath::observe(seen, x.values.subspan(begin, std::min(batch, x.values.size() - begin)));
  }
  return seen;
}

using histogram = qmath::histogram_observer<>;

value_range min_max_of(const layer_data& x) {
  return qmath::range_of(observe_in_batches<qmath::min_max_observer>(x));
}

// Searches of frameworks end in ranges on both sides of zero, which are theirs for signed codes. Those of this network
// are not: what no value is in is cut.
value_range inside(value_range range, value_range values) {
  return {std::max(range.min, values.min), std::min(range.max, values.max)};
}

// The bins of magnitudes, and those on both sides of zero.
framework_bins magnitude_bins(const layer_data& x, std::size_t bins) {
  return framework_bins(x.values, {0.0f, qmath::absmax(min_max_of(x))}, bins, true);
}
framework_bins symmetric_bins(const layer_data& x, std::size_t bins) {
  return framework_bins(x.values, qmath::absmax_range(min_max_of(x)), bins);
}

constexpr calibrator all_calibrators[] = {
    {"min/max", min_max_of},
    {"absmax", [](const layer_data& x) { return qmath::absmax_range(min_max_of(x)); }},
    {"power of two", [](const layer_data& x) { return qmath::power_of_two_range(min_max_of(x)); }},
    {"moving average",
     [](const layer_data& x) {
       return qmath::range_of(observe_in_batches<qmath::moving_average_observer>(x));
     }},
    {"mean +- 3 sigma",
     [](const layer_data& x) {
       return qmath::sigma_range(observe_in_batches<qmath::moments_observer>(x), 3.0);
     }},
    {"percentiles 0.1, 99.9",
     [](const layer_data& x) {
       return qmath::percentile(observe_in_batches<histogram>(x), 0.001, 0.999);
     }},
    {"entropy",
     [](const layer_data& x) {
       return qmath::entropy_range<std::uint8_t>(observe_in_batches<histogram>(x));
     }},
    {"squared error",
     [](const layer_data& x) {
       return qmath::mse_range<std::uint8_t>(observe_in_batches<histogram>(x));
     }},
    // What frameworks find, with their defaults.
    {"PyTorch histogram",
     [](const layer_data& x) {
       const value_range all = min_max_of(x);
       const framework_bins bins(x.values, all, 2048);
       return qmath::calibrators::pytorch_histogram(bins.view().counts, all);
     }},
    {"ONNX Runtime percentile",
     [](const layer_data& x) {
       return qmath::calibrators::onnxruntime_percentile(magnitude_bins(x, 2048).view());
     }},
    {"ONNX Runtime entropy",
     [](const layer_data& x) {
       return qmath::calibrators::onnxruntime_entropy(symmetric_bins(x, 128).view());
     }},
    {"NVIDIA entropy",
     [](const layer_data& x) {
       const value_range found =
           qmath::calibrators::tensorrt_entropy(magnitude_bins(x, 2048).view());
       return inside(found, min_max_of(x));
     }},
    {"AIMET TF enhanced",
     [](const layer_data& x) {
       const framework_bins bins(x.values, min_max_of(x), 512);
       return qmath::calibrators::aimet_tf_enhanced(bins.view());
     }},
};

}  // namespace

std::span<const calibrator> calibrators() { return all_calibrators; }

std::vector<value_range> calibrate(const calibrator& how, const float_network& network,
                                   std::span<const std::vector<float>> layer_inputs) {
  std::vector<value_range> result;
  for (std::size_t l = 0; l < layer_inputs.size(); ++l) {
    result.push_back(how.range({layer_inputs[l], network.layers()[l].inputs}));
  }
  return result;
}

double clip_rate(std::span<const float> values, value_range range) {
  qmath::clip_sums sums;
  qmath::count_clipped<std::uint8_t>(values, qmath::choose_params<std::uint8_t>(range), sums);
  return qmath::rate(sums.clipped.low + sums.clipped.high, sums.count);
}

}  // namespace digits
