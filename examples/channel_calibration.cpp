// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Activations of [tokens, features] with a range for each feature: two workers observe batches with padding, one of
// them sends its histograms as bytes, and what the ranges are worth is measured for each feature.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

namespace {

constexpr std::size_t tokens = 64, features = 256;

/// Nearly normal numbers, the same on every machine: feature f is up to 16 times as large as feature 0, tokens that are
/// not valid are NaN.
std::vector<float> activations(std::uint32_t seed, std::span<const std::uint8_t> valid) {
  std::vector<float> x(tokens * features);
  for (std::size_t i = 0; i < x.size(); ++i) {
    float sum = -2.0f;
    for (int j = 0; j < 4; ++j) {
      seed = seed * 1664525u + 1013904223u;
      sum += static_cast<float>(seed >> 8) * 0x1p-24f;
    }
    const float size = 1.0f + static_cast<float>(i % features) / 17.0f;
    x[i] = valid[i / features] != 0 ? size * sum : std::nanf("");
  }
  return x;
}

}  // namespace

int main() {
  std::vector<std::vector<std::uint8_t>> valid(3, std::vector<std::uint8_t>(tokens, 1));
  for (std::size_t b = 0; b < valid.size(); ++b) {
    std::fill(valid[b].end() - static_cast<std::ptrdiff_t>(10 * b), valid[b].end(), 0);
  }
  std::vector<std::vector<float>> x;
  for (std::uint32_t b = 0; b < 3; ++b) x.push_back(activations(7919 * b, valid[b]));

  // A histogram for each feature, 2096 bytes, in your array; one byte of the mask for each token.
  using histogram = qmath::histogram_observer<256>;
  const qmath::granularity columns = qmath::per_column(features);
  std::vector<histogram> here(columns.count()), there(columns.count());
  qmath::observe(here, x[0], columns, {.mask = valid[0]});
  qmath::observe(here, x[1], columns, {.mask = valid[1]});
  qmath::observe(there, x[2], columns, {.mask = valid[2]});  // another thread, process or machine

  // From there to here.
  constexpr std::size_t size = qmath::saved_size<histogram>;
  std::vector<std::uint8_t> bytes(size * there.size());
  for (std::size_t c = 0; c < there.size(); ++c) {
    qmath::save(there[c], std::span(bytes).subspan(size * c, size));
  }
  for (std::size_t c = 0; c < here.size(); ++c) {
    histogram received;
    if (qmath::load(received, std::span(bytes).subspan(size * c, size)) != qmath::load_status::ok) {
      std::printf("feature %zu is damaged\n", c);
      return 1;
    }
    qmath::merge(here[c], received);
  }

  // A range for each feature, and parameters.
  std::vector<qmath::value_range> ranges(here.size());
  qmath::ranges_of(here, ranges, [](const histogram& h) {
    return qmath::mse_range<std::int8_t>(h, qmath::symmetric);
  });
  std::vector<float> scales(here.size());
  qmath::choose_params<std::int8_t>(ranges, scales, {}, qmath::symmetric);
  const qmath::channel_params params{scales, {}, columns};

  // What they are worth.
  std::vector<std::int8_t> q(tokens * features);
  std::vector<float> back(q.size());
  std::vector<qmath::error_sums> errors(features);
  std::vector<qmath::clip_sums> clips(features);
  std::vector<std::uint64_t> codes(features * 256);
  for (std::size_t b = 0; b < x.size(); ++b) {
    const qmath::selection which = {.mask = valid[b]};
    qmath::quantize(x[b], params, q);
    qmath::dequantize(q, params, back);
    qmath::add_errors(x[b], back, columns, errors, {.which = which});
    qmath::count_clipped<std::int8_t>(x[b], params, clips, {.which = which});
    qmath::count_codes(q, columns, codes, which);
  }
  double worst = 1e9, most_clipped = 0.0, least_bits = 8.0;
  for (std::size_t c = 0; c < features; ++c) {
    const qmath::clip_counts& clipped = clips[c].clipped;
    const auto of_channel = std::span(codes).subspan(256 * c, 256);
    worst = std::min(worst, qmath::sqnr_db(errors[c]));
    most_clipped = std::max(most_clipped, qmath::rate(clipped.low + clipped.high, clips[c].count));
    least_bits =
        std::min(least_bits, qmath::statistics_of_codes<std::int8_t>(of_channel, 0).effective_bits);
  }
  std::printf("worst feature: %.1f dB, %.2f %% clipped, %.1f effective bits\n", worst,
              100.0 * most_clipped, least_bits);

  // For a drift monitor of the whole tensor, one histogram of all features.
  static qmath::drift_monitor<256> monitor = {.layer = "norm1"};
  for (const histogram& h : here) qmath::merge(monitor.calibration, h);
  for (std::size_t b = 0; b < x.size(); ++b) qmath::watch(monitor, x[b], {.mask = valid[b]});
  const qmath::drift_report report = qmath::drift_of(monitor);

  // Merged, saved and loaded histograms are those of one pass; padding is in none of them.
  std::vector<histogram> one_pass(features);
  for (std::size_t b : {2, 0, 1}) qmath::observe(one_pass, x[b], columns, {.mask = valid[b]});
  const bool right = here == one_pass && here[0].summary.count == 3 * tokens - 30 &&
                     here[0].summary.nonfinite.nan == 0 && clips[0].count == 3 * tokens - 30 &&
                     errors[0].nan == 0 && worst > 38.0 && most_clipped < 0.02 &&
                     report.status == qmath::drift_status::ok;
  std::printf("%s\n", right ? "ok" : "WRONG");
  return right ? 0 : 1;
}
