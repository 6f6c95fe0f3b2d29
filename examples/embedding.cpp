// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// An embedding table: rows of 4 bits with a scale per 32 numbers, of which a few are looked up at a time, and a bag
// of them summed.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

namespace {

constexpr std::size_t rows = 1000, dim = 96, group = 32, groups = dim / group;

struct table {
  std::vector<std::uint8_t> bytes;  // two codes in each
  std::vector<qmath::half> scales;  // [rows, groups], as small as they may be

  explicit table(std::span<const float> x)
      : bytes(qmath::storage_bytes<qmath::s4>(x.size())), scales(rows * groups) {
    const qmath::granularity layout = qmath::per_group(rows, dim, group);
    std::vector<qmath::value_range> ranges(layout.count());
    std::vector<float> wanted(layout.count()), kept(layout.count());
    qmath::min_max(x, layout, ranges);
    qmath::choose_params<qmath::s4>(ranges, wanted, {}, qmath::symmetric);
    // Quantize with the scales that will be there to dequantize with: those that half can hold.
    for (std::size_t i = 0; i < scales.size(); ++i) {
      scales[i] = qmath::half_from(wanted[i]);
      kept[i] = qmath::float_from(scales[i]);
    }
    qmath::quantize(x, qmath::channel_params{kept, {}, layout},
                    qmath::packed_span<qmath::s4>(bytes.data(), x.size()));
  }

  /// y = row number i. A row starts at a whole byte, since dim is even.
  void look_up(std::size_t i, std::span<float> y) const {
    const qmath::packed_span<qmath::s4, const std::uint8_t> all(bytes.data(), rows * dim);
    float own[groups];
    for (std::size_t g = 0; g < groups; ++g) own[g] = qmath::float_from(scales[i * groups + g]);
    qmath::dequantize(qmath::subspan(all, i * dim, dim),
                      qmath::channel_params{own, {}, qmath::per_group(1, dim, group)}, y);
  }
};

}  // namespace

int main() {
  std::vector<float> x(rows * dim), y(dim), bag(dim, 0.0f), want(dim, 0.0f);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i * i % 99991));
  const table t(x);

  bool right = true;
  qmath::error_sums errors;
  for (const std::size_t i : {std::size_t{3}, std::size_t{999}, std::size_t{0}, std::size_t{512}}) {
    t.look_up(i, y);
    qmath::add_errors(std::span(x).subspan(i * dim, dim), y, errors);
    for (std::size_t d = 0; d < dim; ++d) {
      bag[d] += y[d];
      want[d] += x[i * dim + d];
      // Within half a step of what went in; the scale in half may be a little too small for the largest.
      const float scale = qmath::float_from(t.scales[i * groups + d / group]);
      right = right && std::abs(y[d] - x[i * dim + d]) <= 0.505f * scale;
    }
  }
  for (std::size_t d = 0; d < dim; ++d) right = right && std::abs(bag[d] - want[d]) < 0.3f;

  std::printf("%zu bytes instead of %zu, rows: %.1f dB: %s\n",
              t.bytes.size() + t.scales.size() * sizeof(qmath::half), x.size() * sizeof(float),
              qmath::sqnr_db(errors), right ? "ok" : "WRONG");
  return right ? 0 : 1;
}
