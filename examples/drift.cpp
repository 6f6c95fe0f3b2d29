// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Calibration data in strata, what each of them contributes, and a monitor that sees live data change.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <vector>

namespace {

// Pixels of an image: brightness with noise, the same on every machine.
std::vector<float> image(float brightness, float contrast, std::uint32_t seed) {
  std::vector<float> x(4096);
  for (float& v : x) {
    float sum = 0.0f;  // of uniform numbers: nearly normal
    for (int i = 0; i < 4; ++i) {
      seed = seed * 1664525u + 1013904223u;
      sum += static_cast<float>(seed >> 8) * 0x1p-24f;
    }
    v = brightness + contrast * (sum - 2.0f);
  }
  return x;
}

void print(const char* when, const qmath::drift_report& r) {
  std::printf("%-10s %-11s  clipped %.4f  PSI %.3f  KS %.3f  mean %+.2f sigma  range %.2f\n", when,
              qmath::name(r.status), r.clip_rate.value, r.psi.value, r.ks.value, r.mean_shift.value,
              r.range_shift.value);
}

}  // namespace

int main() {
  using histogram = qmath::histogram_observer<>;
  const auto percentile = [](const auto& h) { return qmath::percentile(h, 0.0001, 0.9999); };

  // An observer for each stratum.
  static std::array<histogram, 3> seen;
  for (std::uint32_t i = 0; i < 60; ++i) qmath::observe(seen[0], image(0.5f, 0.3f, i));
  for (std::uint32_t i = 0; i < 38; ++i) qmath::observe(seen[1], image(0.4f, 0.4f, 100 + i));
  for (std::uint32_t i = 0; i < 2; ++i) qmath::observe(seen[2], image(1.5f, 0.6f, 200 + i));
  const std::array<qmath::stratum<histogram>, 3> strata = {
      {{"highway", &seen[0]}, {"urban", &seen[1]}, {"night", &seen[2]}}};
  static histogram all;
  std::array<qmath::stratum_coverage, 3> report;
  const qmath::affine_params params =
      qmath::coverage<std::int8_t>(strata, all, report, qmath::affine, percentile);
  std::printf("scale %.5f\n", static_cast<double>(params.scale));
  for (const qmath::stratum_coverage& s : report) {
    std::printf("  %-8s %5.1f %% of the data; without it, the scale would be %.2f times that\n",
                s.name, 100.0 * s.fraction, s.scale_ratio);
  }

  // In production: every 4th block of each input.
  static qmath::drift_monitor<> monitor = {.layer = "input",
                                           .clip = qmath::unclipped_range<std::int8_t>(params),
                                           .calibration = all,
                                           .sampling = {.every = 4}};
  for (std::uint32_t i = 0; i < 60; ++i) qmath::watch(monitor, image(0.5f, 0.3f, 300 + i));
  for (std::uint32_t i = 0; i < 40; ++i) qmath::watch(monitor, image(0.4f, 0.4f, 400 + i));
  print("day", qmath::drift_of(monitor));
  qmath::reset(monitor);
  for (std::uint32_t i = 0; i < 100; ++i) qmath::watch(monitor, image(1.6f, 0.7f, 500 + i));
  const qmath::drift_report night = qmath::drift_of(monitor);
  print("night", night);

  // A fault is seen at once, also in blocks that are not sampled.
  std::vector<float> broken = image(0.5f, 0.3f, 600);
  broken[1234] = std::nanf("");
  if (qmath::watch(monitor, broken)) {
    std::printf("NaN in %s: call %d, element %d\n", monitor.layer,
                static_cast<int>(monitor.live.first_nan.call),
                static_cast<int>(monitor.live.first_nan.index));
  }
  return night.status == qmath::drift_status::recalibrate ? 0 : 1;
}
