// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Before and after quantization: what a layer sees is collected, a range is chosen from it in two ways, the error of
// each is measured, and live data are compared with what was seen.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <vector>

namespace {

/// Nearly normal numbers, the same on every machine, and now and then a large one.
std::vector<float> activations(std::uint32_t seed) {
  std::vector<float> x(2048);
  for (float& v : x) {
    float sum = -2.0f;
    for (int i = 0; i < 4; ++i) {
      seed = seed * 1664525u + 1013904223u;
      sum += static_cast<float>(seed >> 8) * 0x1p-24f;
    }
    v = seed % 4099 == 0 ? 20.0f * sum : sum;
  }
  return x;
}

/// Of data in two parts, as two threads would have them.
double sqnr(const std::vector<float>& a, const std::vector<float>& b, std::size_t parts) {
  qmath::error_sums errors, other;
  qmath::add_errors(a, b, errors);  // any number of times, in any number of threads' accumulators
  if (parts == 2) qmath::add_errors(a, b, other);
  qmath::merge(errors, other);  // in any order
  const double db = qmath::sqnr_db(errors);
  return db;
}

/// Two sequences of up to 4 tokens with 3 features (or classes): what is behind the end of one is no data.
bool without_padding() {
  const float nan = std::nanf("");
  const std::vector<float> x = {2, 1, 0,   nan, nan, nan, nan, nan, nan, nan, nan, nan,
                                0, 3, 130, 1,   0,   0,   0,   0,   9,   nan, nan, nan};
  const std::vector<std::uint32_t> lengths = {1, 3};
  const qmath::selection tokens = {.lengths = lengths, .positions = 4};

  qmath::min_max_observer seen;
  qmath::observe(seen, x, tokens);
  qmath::clip_sums clips;
  qmath::count_clipped<std::int8_t>(x, {1.0f, 0}, clips, {.which = tokens});
  qmath::error_sums errors;
  qmath::add_errors(x, x, errors, {.which = tokens});
  // A row of classes is an element.
  const qmath::matrix_view<const float> logits(x.data(), 8, 3);
  qmath::top1_counts agreement;
  qmath::add_top1(logits, logits, {}, agreement, tokens);
  return seen.count == 12 && clips == qmath::clip_sums{12, {.high = 1}} && errors.count == 12 &&
         errors.nan == 0 && agreement.rows == 4 && agreement.agree == 4;
}

/// What NVIDIA's search finds in magnitudes, from the observer that is there already.
qmath::value_range nvidia_range(const qmath::histogram_observer<>& seen) {
  std::array<std::uint64_t, 2048> counts;
  std::array<float, 2049> edges;
  const qmath::binned_counts bins =
      qmath::calibrators::bins_of(seen, qmath::binning::magnitudes, counts, edges);
  const qmath::value_range range = qmath::calibrators::tensorrt_entropy(bins);
  return range;
}

/// Two histograms of the same data but for one outlier, which makes the bins of one of them wider.
bool near_each_other(const std::vector<float>& a) {
  std::vector<float> b = a;
  b[0] = 1000.0f;
  static qmath::histogram_observer<> before, now;
  qmath::observe(before, a);
  qmath::observe(now, b);  // an outlier: other bins
  const double psi = qmath::population_stability_index(before, now);
  const double ks = qmath::kolmogorov_smirnov_distance(before, now);
  std::printf("bins of 2^%d and 2^%d: PSI %.3f, KS %.4f\n",
              static_cast<int>(before.summary.exponent), static_cast<int>(now.summary.exponent),
              psi, ks);
  return before.summary.exponent < now.summary.exponent && psi < 0.1 && ks <= 1.5 / 2048.0;
}

/// Masks of attention: two sequences of 1 and 3 tokens, 2 heads of 2 features each. What is masked out is NaN.
bool attention() {
  constexpr std::size_t b = 2, h = 2, t = 3, d = 2, q = t, k = t;
  const std::vector<std::uint8_t> padding = {1, 0, 0, 1, 1, 1}, keys = padding,
                                  causal = {1, 0, 0, 1, 1, 0, 1, 1, 1}, used = {1, 0};
  const std::vector<std::uint32_t> lengths = {1, 3};
  // Activations of heads, [b, h, t, d]: a byte per token, [b, t].
  const qmath::selection tokens = {.mask = {padding, qmath::broadcast({b, h, t, d}, {b, 1, t, 1})}};
  // Scores, [b, h, q, k]: a byte per key, [b, k]; per query and key, [q, k], or [b, 1, q, k].
  const qmath::selection valid_keys = {
      .mask = {keys, qmath::broadcast({b, h, q, k}, {b, 1, 1, k})}};
  const qmath::selection past = {.mask = {causal, qmath::broadcast({b, h, q, k}, {q, k})}};
  // The same tokens and keys by the length of each sequence.
  const qmath::selection first_tokens = {.lengths = lengths, .positions = t, .token_size = d};
  const qmath::selection first_keys = {.lengths = lengths, .positions = k, .token_size = 1};
  // One range for the tensor, [b, t, d], without some of its features.
  const qmath::selection features = {.channels = {used, qmath::per_column(d)}};

  const float nan = std::nanf("");
  std::vector<float> x(b * h * t * d, 1.0f), scores(b * h * q * k, 1.0f), future = scores,
                                                                          features_of_x = x;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i / d % t >= lengths[i / d / t / h]) x[i] = nan;
    if (i % d == 1) features_of_x[i] = nan;
  }
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (i % k >= lengths[i / k / q / h]) scores[i] = nan;
    if (i % k > i / k % q) future[i] = nan;
  }
  const auto counts = [&](const std::vector<float>& data, const qmath::selection& which,
                          std::size_t n) {
    qmath::moments_observer seen;
    qmath::observe(seen, data, which);
    return seen.count == n && seen.nonfinite.nan == 0;
  };
  return counts(x, tokens, 16) && counts(x, first_tokens, 16) && counts(scores, valid_keys, 24) &&
         counts(scores, first_keys, 24) && counts(future, past, 24) &&
         counts(features_of_x, features, 12);
}

}  // namespace

int main() {
  std::vector<std::vector<float>> batches;
  for (std::uint32_t i = 0; i < 30; ++i) batches.push_back(activations(i * 7919));
  const std::vector<float> x = activations(1);
  std::vector<std::int8_t> q(x.size());
  std::vector<float> back(x.size());
  const auto round_trip = [&](const char* what, qmath::affine_params p) {
    qmath::quantize(x, p, q);
    qmath::dequantize(q, p, back);
    const double db = sqnr(x, back, 1);
    const bool same = db == sqnr(x, back, 2);  // twice the same data: the same ratio
    std::printf("%-12s scale %.5f, %.1f dB\n", what, static_cast<double>(p.scale), db);
    return same ? db : 0.0;
  };

  // 16432 bytes, wherever you put it.
  static qmath::histogram_observer<> seen;
  for (const auto& batch : batches) qmath::observe(seen, batch);
  const qmath::value_range range = qmath::percentile(seen, 0.0001, 0.9999);
  const auto params = qmath::choose_params<std::int8_t>(range, qmath::affine);

  // The live batch has no large numbers: a range that cuts them is best for it, and wrong for data that have them.
  const double by_percentile = round_trip("percentile", params);
  const double by_extremes = round_trip(
      "extremes", qmath::choose_params<std::int8_t>(qmath::range_of(seen), qmath::affine));
  const double by_search = [&] {
    const auto best = qmath::mse_range<std::int8_t>(seen, qmath::symmetric);
    const auto found = qmath::choose_params<std::int8_t>(best, qmath::symmetric);
    return round_trip("least error", found);
  }();
  const double by_nvidia = round_trip(
      "NVIDIA's", qmath::choose_params<std::int8_t>(nvidia_range(seen), qmath::symmetric));

  const qmath::value_range clip = qmath::unclipped_range<std::int8_t>(params);
  static qmath::drift_monitor<> monitor = {
      .layer = "conv1", .clip = clip, .calibration = seen, .sampling = {.every = 16}};
  std::vector<float> live = activations(12345);
  live[77] = std::nanf("");
  bool seen_nan = false;
  // In production, every input. True: it has the first NaN or infinity, and the monitor knows where.
  if (qmath::watch(monitor, live)) {
    seen_nan = monitor.live.first_nan.index == 77;
    std::printf("NaN in %s, element 77\n", monitor.layer);
  }
  // Now and then.
  const qmath::drift_report report = qmath::drift_of(monitor);
  seen_nan = seen_nan && report.status != qmath::drift_status::ok;

  const bool right = by_percentile > 30.0 && by_extremes > 15.0 && by_search >= by_extremes - 0.5 &&
                     by_nvidia > 15.0 && seen_nan && without_padding() && near_each_other(x) &&
                     attention();
  std::printf("%s\n", right ? "ok" : "WRONG");
  return right ? 0 : 1;
}
