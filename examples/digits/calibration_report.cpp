// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "calibration_report.hpp"

#include <cstdio>
#include <qmath/qmath.hpp>
#include <string>
#include <utility>
#include <vector>

#include "calibration.hpp"
#include "evaluation.hpp"
#include "int4_network.hpp"
#include "int8_network.hpp"

namespace digits {
namespace {

// Of what a layer reads.
std::string input_name(std::size_t layer) {
  return layer == 0 ? "pixels" : "results of layer " + std::to_string(layer);
}

}  // namespace

void print_calibrators(float_network& network, const dataset_split& split,
                       pictures::collection& drawn) {
  const dataset& test = split.test;
  const auto inputs = network.layer_inputs(split.calibration.pixels);
  const auto logits_of = [&](auto& n) {
    return compute_logits([&](auto images, auto logits) { n.forward(images, logits); }, test);
  };
  const std::vector<float> reference = logits_of(network);

  std::printf("\n%-24s %22s %22s %22s\n%-24s %22s %22s %22s\n", "calibration of the", "int8,",
              "int8,", "4 bits,", "activations", "weights per tensor", "weights per channel",
              "weights per 32");
  std::printf("%-24s  %4zu/%zu\n", "float", count_equal(predict(reference), test.labels),
              test.size());
  std::vector<std::string> names;
  std::vector<pictures::named_values> bars = {
      {"int8, per tensor", {}}, {"int8, per channel", {}}, {"4 bits, groups of 32", {}}};
  for (const calibrator& how : calibrators()) {
    const std::vector<qmath::value_range> ranges = calibrate(how, network, inputs);
    int8_network per_tensor(network, ranges, weight_scales::per_tensor);
    int8_network per_channel(network, ranges, weight_scales::per_channel);
    int4_network per_group(network, ranges);
    std::printf("%-24s", how.name);
    names.push_back(how.name);
    for (auto& [bar, logits] :
         {std::pair{&bars[0], logits_of(per_tensor)}, std::pair{&bars[1], logits_of(per_channel)},
          std::pair{&bars[2], logits_of(per_group)}}) {
      qmath::error_sums errors;
      qmath::add_errors(reference, logits, errors);
      bar->values.push_back(qmath::sqnr_db(errors));
      std::printf("  %4zu/%zu %8.2f dB", count_equal(predict(logits), test.labels), test.size(),
                  bar->values.back());
    }
    std::printf("\n");
  }
  std::printf("correct answers; SQNR of the logits against those in float\n");
  drawn.add_bars("calibrators", "Logits of int8 and 4 bits against float", "SQNR in dB", names,
                 bars);
}

void print_damage(float_network& network, const dataset_split& split, pictures::collection& drawn) {
  const auto ranges =
      calibrate(calibrators().front(), network, network.layer_inputs(split.calibration.pixels));
  // What layers read, and what the last one gives.
  const auto all_of = [&](auto& n) {
    std::vector<std::vector<float>> result = n.layer_inputs(split.test.pixels);
    result.emplace_back(split.test.size() * class_count);
    n.forward(split.test.pixels, result.back());
    return result;
  };
  const auto in_float = all_of(network);
  const std::size_t count = in_float.size();
  std::vector<std::string> names;
  for (std::size_t l = 0; l + 1 < count; ++l) names.push_back(input_name(l));
  names.push_back("logits");

  std::printf("\n%-28s %9s %9s %10s %9s\n", "int8 against float, by layer", "SQNR", "cosine",
              "largest", "mean");
  std::vector<pictures::named_values> bars;
  for (const auto& [title, granularity] :
       {std::pair{"weights per tensor", weight_scales::per_tensor},
        std::pair{"weights per channel", weight_scales::per_channel}}) {
    int8_network quantized(network, ranges, granularity);
    const auto in_int8 = all_of(quantized);
    std::vector<qmath::error_sums> sums(count);
    std::vector<qmath::layer_error> layers;
    for (std::size_t l = 0; l < count; ++l) {
      qmath::add_errors(in_float[l], in_int8[l], sums[l]);
      layers.push_back({names[l].c_str(), &sums[l]});
    }
    std::vector<qmath::layer_report> reports(count);
    qmath::compare_layers(layers, reports);
    std::printf("%s, the worst first\n", title);
    bars.push_back({title, std::vector<double>(count)});
    for (const qmath::layer_report& r : reports) {
      std::printf("  %-26s %6.2f dB %9.6f %10.4f %+9.5f\n", r.name, r.sqnr_db, r.cosine_similarity,
                  r.absolute.value, r.mean_error);
      bars.back().values[r.layer] = r.sqnr_db;
    }
  }
  drawn.add_bars("damage", "Int8 against float, layer by layer", "SQNR in dB", names, bars);
}

void print_clipping(const float_network& network, const dataset_split& split,
                    pictures::collection& drawn) {
  const auto inputs = network.layer_inputs(split.calibration.pixels);
  const auto test = network.layer_inputs(split.test.pixels);

  std::printf("\n%-24s", "clipped, held-out");
  for (std::size_t l = 0; l < inputs.size(); ++l) std::printf(" %20s", input_name(l).c_str());
  std::printf("\n");
  std::vector<std::vector<pictures::named_range>> found(inputs.size());
  for (const calibrator& how : calibrators()) {
    const std::vector<qmath::value_range> ranges = calibrate(how, network, inputs);
    std::printf("%-24s", how.name);
    for (std::size_t l = 0; l < inputs.size(); ++l) {
      found[l].push_back({how.name, ranges[l]});
      std::printf(" %18.3f %%", 100.0 * clip_rate(test[l], ranges[l]));
    }
    std::printf("\n");
  }

  std::printf(
      "\nfrom the smallest to the largest value, darker where there are more; | is where 3 sigma "
      "clip\n");
  for (std::size_t l = 0; l < inputs.size(); ++l) {
    qmath::histogram_observer<512> fine;
    qmath::histogram_observer<128> coarse;
    qmath::observe(fine, inputs[l]);
    qmath::observe(coarse, inputs[l]);
    qmath::moments_observer sums;
    qmath::observe(sums, inputs[l]);
    const qmath::value_range sigma3 = qmath::sigma_range(sums, 3.0);
    const std::string line = pictures::line_of(fine, sigma3);
    std::printf("%-20s %6.2f [%s] %.2f\n", input_name(l).c_str(),
                static_cast<double>(qmath::range_of(fine).min), line.c_str(),
                static_cast<double>(qmath::range_of(fine).max));
    drawn.add_histogram("layer_" + std::to_string(l + 1),
                        "What layer " + std::to_string(l + 1) + " reads: " + input_name(l), coarse,
                        found[l]);
  }
}

}  // namespace digits
