// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "drift_report.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

#include "calibration.hpp"
#include "evaluation.hpp"
#include "int8_network.hpp"
#include "shifted_input.hpp"

namespace digits {
namespace {

constexpr std::uint64_t calibration_seed = 2;
constexpr std::uint64_t test_seed = 3;

// A network with monitors of what its layers read.
class monitored_network {
 public:
  monitored_network(const float_network& network, std::span<const float> calibration_images)
      : ranges_(
            calibrate(calibrators().front(), network, network.layer_inputs(calibration_images))),
        network_(network, ranges_, weight_scales::per_channel) {
    for (const std::vector<float>& x : inputs_of(calibration_images)) {
      monitors_.emplace_back();
      monitors_.back().clip = qmath::unclipped_range<std::uint8_t>(
          qmath::choose_params<std::uint8_t>(ranges_[monitors_.size() - 1]));
      qmath::observe(monitors_.back().calibration, x);
    }
  }

  int8_network& network() { return network_; }

  // Of the layer to worry about most.
  qmath::drift_report watch(std::span<const float> images) {
    qmath::drift_report worst;
    const std::vector<std::vector<float>> x = inputs_of(images);
    for (std::size_t l = 0; l < x.size(); ++l) {
      qmath::reset(monitors_[l]);
      qmath::watch(monitors_[l], x[l]);
      const qmath::drift_report report = qmath::drift_of(monitors_[l]);
      if (l == 0 || report.status > worst.status) worst = report;
    }
    return worst;
  }

 private:
  // The images are looked at before they are quantized, so that what is clipped is seen.
  std::vector<std::vector<float>> inputs_of(std::span<const float> images) const {
    std::vector<std::vector<float>> result = network_.layer_inputs(images);
    result.front().assign(images.begin(), images.end());
    return result;
  }

  std::vector<qmath::value_range> ranges_;
  int8_network network_;
  std::vector<qmath::drift_monitor<>> monitors_;
};

std::size_t lost(std::size_t in_float, std::size_t in_int8) {
  return in_float > in_int8 ? in_float - in_int8 : 0;
}

// Nearly all that was lost is back, and nothing else is lost.
bool recovered(std::size_t in_float, std::size_t before, std::size_t after) {
  return lost(in_float, after) <= std::max<std::size_t>(3, lost(in_float, before) / 8);
}

std::size_t count_correct(const forward_function& forward, const dataset& data) {
  return count_equal(predict(compute_logits(forward, data)), data.labels);
}

}  // namespace

bool print_drift(float_network& network, const dataset_split& split) {
  monitored_network deployed(network, split.calibration.pixels);
  bool as_expected = true;

  std::printf("\n%-28s %-11s %8s %8s %9s %9s %9s  %s\n", "shifted input, int8", "monitor",
              "clipped", "PSI", "float", "int8", "again", "monitor then");
  for (const input_shift& shift : input_shifts()) {
    const bool is_shifted = &shift != &input_shifts().front();
    const dataset calibration = shifted(split.calibration, shift, calibration_seed);
    const dataset test = shifted(split.test, shift, test_seed);
    const auto correct = [&](auto& n) {
      return count_correct([&](auto images, auto logits) { n.forward(images, logits); }, test);
    };
    monitored_network again(network, calibration.pixels);
    const qmath::drift_report report = deployed.watch(test.pixels);
    const qmath::drift_report report_again = again.watch(test.pixels);
    const std::size_t in_float = correct(network);
    const std::size_t before = correct(deployed.network());
    const std::size_t after = correct(again.network());
    std::printf("%-28s %-11s %6.2f %% %8.3f %5zu/%zu %5zu/%zu %5zu/%zu  %s\n", shift.name,
                qmath::name(report.status), 100.0 * report.clip_rate.value, report.psi.value,
                in_float, test.size(), before, test.size(), after, test.size(),
                qmath::name(report_again.status));
    const auto expected = is_shifted ? qmath::drift_status::recalibrate : qmath::drift_status::ok;
    as_expected = as_expected && report.status == expected &&
                  report_again.status == qmath::drift_status::ok &&
                  recovered(in_float, before, after) &&
                  (!shift.costly || lost(in_float, before) * 20 > test.size());
  }
  std::printf("again: calibrated with such images\n");
  return as_expected;
}

}  // namespace digits
