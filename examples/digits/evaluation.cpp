// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "evaluation.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>

namespace digits {

std::vector<float> compute_logits(const forward_function& forward, const dataset& data) {
  std::vector<float> logits(data.size() * class_count);
  forward(data.pixels, logits);
  return logits;
}

std::vector<std::size_t> predict(std::span<const float> logits) {
  std::vector<std::size_t> classes;
  for (std::size_t i = 0; i < logits.size(); i += class_count) {
    const auto image = logits.subspan(i, class_count);
    const auto largest = std::max_element(image.begin(), image.end());
    classes.push_back(static_cast<std::size_t>(largest - image.begin()));
  }
  return classes;
}

std::size_t count_equal(std::span<const std::size_t> a, std::span<const std::size_t> b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] == b[i];
  return count;
}

double relative_error(std::span<const float> logits, std::span<const float> reference) {
  double error = 0.0;
  double power = 0.0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double difference = double{logits[i]} - double{reference[i]};
    error += difference * difference;
    power += double{reference[i]} * double{reference[i]};
  }
  return std::sqrt(error / power);
}

std::uint64_t checksum(std::span<const float> logits) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const float logit : logits) {
    const auto bits = std::bit_cast<std::uint32_t>(logit);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      hash = (hash ^ (bits >> shift & 0xffu)) * 0x100000001b3u;
    }
  }
  return hash;
}

double seconds_per_image(const forward_function& forward, const dataset& data,
                         std::size_t images_per_call) {
  using clock = std::chrono::steady_clock;
  using seconds = std::chrono::duration<double>;
  constexpr seconds time_to_spend{0.2};
  constexpr int min_passes = 5;

  const std::span<const float> images(data.pixels);
  std::vector<float> logits(data.size() * class_count);
  seconds fastest{std::numeric_limits<double>::infinity()};
  const clock::time_point start = clock::now();
  for (int pass = 0; pass < min_passes || clock::now() - start < time_to_spend; ++pass) {
    const clock::time_point pass_start = clock::now();
    for (std::size_t i = 0; i < data.size(); i += images_per_call) {
      const std::size_t count = std::min(images_per_call, data.size() - i);
      forward(images.subspan(i * pixels_per_image, count * pixels_per_image),
              std::span(logits).subspan(i * class_count, count * class_count));
    }
    fastest = std::min(fastest, seconds(clock::now() - pass_start));
  }
  return fastest.count() / static_cast<double>(data.size());
}

}  // namespace digits
