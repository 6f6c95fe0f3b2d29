// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "calibration.hpp"

#include <algorithm>
#include <cstdint>

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

constexpr calibrator all_calibrators[] = {
    {"min/max",
     [](const layer_data& x) {
       return qmath::range_of(observe_in_batches<qmath::min_max_observer>(x));
     }},
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
    {"power of two",
     [](const layer_data& x) {
       return qmath::power_of_two_range(
           qmath::range_of(observe_in_batches<qmath::min_max_observer>(x)));
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
  std::vector<std::uint8_t> codes(values.size());
  qmath::clip_counts counts;
  qmath::quantize(values, qmath::choose_params<std::uint8_t>(range), codes, {.counts = &counts});
  return qmath::rate(counts.low + counts.high, values.size());
}

}  // namespace digits
