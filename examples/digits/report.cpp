// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <qmath/qmath.hpp>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "evaluation.hpp"

namespace digits {
namespace {

// Instructions that the compiler may use for the float loops. qmath needs no such flag: it picks
// its target when the program runs.
constexpr const char* compiled_for =
#if defined(__AVX512F__)
    "AVX-512";
#elif defined(__AVX2__)
    "AVX2";
#elif defined(__AVX__)
    "AVX";
#elif defined(__SSE2__)
    "SSE2";
#elif defined(__ARM_FEATURE_SVE)
    "SVE";
#elif defined(__ARM_NEON)
    "NEON";
#else
    "the compiler's default";
#endif

template <class Network>
forward_function forward_of(Network& network) {
  return [&network](std::span<const float> images, std::span<float> logits) {
    network.forward(images, logits);
  };
}

double percent(std::size_t part, std::size_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// Widest over narrowest channel. What one scale per tensor has to cover, and per channel need not.
double range_spread(const dense_layer& layer) {
  float widest = 0.0f;
  float narrowest = std::numeric_limits<float>::infinity();
  for (std::size_t n = 0; n < layer.outputs; ++n) {
    const auto row = std::span(layer.weights).subspan(n * layer.inputs, layer.inputs);
    const float scale =
        qmath::choose_params<std::int8_t>(qmath::min_max(row), qmath::symmetric).scale;
    widest = std::max(widest, scale);
    narrowest = std::min(narrowest, scale);
  }
  return double{widest} / double{narrowest};
}

}  // namespace

std::string supported_targets() {
  std::string names;
  for (const char* name : qmath::cpu::supported_targets()) {
    names += names.empty() ? "" : " ";
    names += name;
  }
  return names;
}

void print_data(const dataset_split& split) {
  const std::size_t all = split.train.size() + split.calibration.size() + split.test.size();
  std::printf("data      %zu images: %zu to train, %zu to calibrate, %zu held out\n", all,
              split.train.size(), split.calibration.size(), split.test.size());
}

void print_network(const float_network& network, double training_seconds) {
  std::printf("network   %zu", network.inputs());
  for (const dense_layer& layer : network.layers()) std::printf("-%zu", layer.outputs);
  std::printf(" with ReLU, trained in %.1f s, with shifted images, too\n", training_seconds);
  std::printf("          widest / narrowest range of a channel's weights, per layer:");
  for (const dense_layer& layer : network.layers()) std::printf(" %.1f", range_spread(layer));
  std::printf("\n");
}

void print_active_target() {
  std::printf("target    %s of %s\n", qmath::cpu::active_target(), supported_targets().c_str());
}

void print_accuracy(const networks& n, const dataset& test) {
  const std::vector<float> reference = compute_logits(forward_of(n.in_float), test);
  const std::vector<std::size_t> reference_classes = predict(reference);
  const std::size_t float_correct = count_equal(reference_classes, test.labels);

  std::printf("\n%-28s %9s %9s %9s %12s %12s\n", "accuracy, held-out images", "correct", "accuracy",
              "vs float", "same answer", "logit error");
  std::printf("%-28s %5zu/%zu %7.2f %%\n", "float", float_correct, test.size(),
              percent(float_correct, test.size()));
  for (const auto& [name, network] : {std::pair{"int8, weights per tensor", &n.per_tensor},
                                      std::pair{"int8, weights per channel", &n.per_channel}}) {
    const std::vector<float> logits = compute_logits(forward_of(*network), test);
    const std::vector<std::size_t> classes = predict(logits);
    const std::size_t correct = count_equal(classes, test.labels);
    std::printf("%-28s %5zu/%zu %7.2f %% %+6.2f pp %8zu/%zu %10.2f %%\n", name, correct,
                test.size(), percent(correct, test.size()),
                percent(correct, test.size()) - percent(float_correct, test.size()),
                count_equal(classes, reference_classes), test.size(),
                100.0 * relative_error(logits, reference));
  }
}

void print_size(const networks& n) {
  const auto print = [&](const char* name, std::size_t bytes) {
    std::printf("%-28s %9zu %8.2fx\n", name, bytes,
                static_cast<double>(n.in_float.parameter_bytes()) / static_cast<double>(bytes));
  };
  std::printf("\n%-28s %9s %9s\n", "model size", "bytes", "smaller");
  print("float", n.in_float.parameter_bytes());
  print("int8, weights per tensor", n.per_tensor.parameter_bytes());
  print("int8, weights per channel", n.per_channel.parameter_bytes());
}

void print_time(const networks& n, const dataset& test) {
  const auto measure = [&](const forward_function& forward) {
    return std::pair{1e6 * seconds_per_image(forward, test, test.size()),
                     1e6 * seconds_per_image(forward, test, 1)};
  };
  const auto [float_batch, float_single] = measure(forward_of(n.in_float));
  const auto [int8_batch, int8_single] = measure(forward_of(n.per_channel));
  const std::string float_name = std::string("float: plain C++ loops for ") + compiled_for;
  const std::string int8_name = std::string("int8: qmath on ") + qmath::cpu::active_target();

  std::printf("\n%-36s %13s %13s\n", "time per image, one thread",
              ("batch of " + std::to_string(test.size())).c_str(), "one at a time");
  std::printf("%-36s %10.3f us %10.3f us\n", float_name.c_str(), float_batch, float_single);
  std::printf("%-36s %10.3f us %10.3f us\n", int8_name.c_str(), int8_batch, int8_single);
  std::printf("%-36s %12.1fx %12.1fx\n", "faster", float_batch / int8_batch,
              float_single / int8_single);
#ifndef __OPTIMIZE__
  std::printf("built without optimization: these times mean nothing\n");
#endif
}

bool print_targets(int8_network& network, const dataset& test) {
  std::printf("\n%-28s %9s %9s  %s\n", "int8, weights per channel", "correct", "accuracy",
              "checksum of the logits");
  std::size_t target_count = 0;
  std::uint64_t expected = 0;
  bool same = true;
  for (const char* target : qmath::cpu::supported_targets()) {
    if (!qmath::cpu::use_target(target)) {
      throw std::runtime_error(std::string("cannot use target ") + target);
    }
    const std::vector<float> logits = compute_logits(forward_of(network), test);
    const std::size_t correct = count_equal(predict(logits), test.labels);
    const std::uint64_t actual = checksum(logits);
    if (target_count++ == 0) expected = actual;
    same = same && actual == expected;
    std::printf("%-28s %5zu/%zu %7.2f %%  %016llx\n", qmath::cpu::active_target(), correct,
                test.size(), percent(correct, test.size()),
                static_cast<unsigned long long>(actual));
  }
  if (target_count == 1) {
    std::printf("the only target of this build: nothing to compare\n");
  } else if (same) {
    std::printf("%zu targets, the same bits\n", target_count);
  }
  return same;
}

}  // namespace digits
