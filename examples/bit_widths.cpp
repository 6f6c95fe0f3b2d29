// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A small network, layer by layer: which one suffers from quantization, and which bits fit a budget.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

namespace {

constexpr std::size_t layers = 5, ways = 4, batch = 32;
constexpr std::size_t width[layers + 1] = {16, 64, 64, 64, 64, 8};
constexpr std::array<std::uint32_t, ways> bits = {32, 8, 4, 2};
const char* const names[layers] = {"fc1", "fc2", "fc3", "fc4", "fc5"};

using tensor = std::vector<float>;

// Weights in every way that a layer may have: float, int8, 4 and 2 bits, a scale per output.
std::array<std::array<tensor, ways>, layers> make_weights() {
  std::array<std::array<tensor, ways>, layers> all;
  for (std::size_t l = 0; l < layers; ++l) {
    tensor w(width[l + 1] * width[l]);
    for (std::size_t i = 0; i < w.size(); ++i) {
      w[i] = std::sin(static_cast<float>(i * i + 7 * l)) / std::sqrt(static_cast<float>(width[l]));
      if (l == 2 && i % 61 == 0) w[i] *= 6.0f;  // outliers
    }
    const auto quantized = [&]<class F>(F) {
      const qmath::granularity rows = qmath::per_row(width[l + 1], width[l]);
      std::vector<qmath::value_range> ranges(rows.count());
      std::vector<float> scales(rows.count());
      qmath::min_max(w, rows, ranges);
      qmath::choose_params<F>(ranges, scales, {}, qmath::symmetric);
      tensor y(w.size());
      qmath::fake_quantize<F>(w, qmath::channel_params{scales, {}, rows}, y);
      return y;
    };
    all[l] = {w, quantized(std::int8_t{}), quantized(qmath::s4{}), quantized(qmath::s2{})};
  }
  return all;
}

}  // namespace

int main() {
  const auto weights = make_weights();
  tensor input(batch * width[0]);
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = std::cos(static_cast<float>(3 * i));

  // outputs[l]: of layer l, with its weights in way choice[l].
  const auto run = [&](std::span<const std::uint8_t> choice, std::vector<tensor>& outputs) {
    const tensor* x = &input;
    for (std::size_t l = 0; l < layers; ++l) {
      const tensor& w = weights[l][choice[l]];
      tensor& y = outputs[l];
      y.assign(batch * width[l + 1], 0.0f);
      for (std::size_t n = 0; n < batch; ++n) {
        for (std::size_t o = 0; o < width[l + 1]; ++o) {
          float sum = 0.0f;
          for (std::size_t i = 0; i < width[l]; ++i) {
            sum += w[o * width[l] + i] * (*x)[n * width[l] + i];
          }
          y[n * width[l + 1] + o] = l + 1 == layers ? sum : std::tanh(sum);
        }
      }
      x = &y;
    }
  };

  // A float run and a run with 4 bits everywhere, layer by layer.
  std::vector<tensor> reference(layers), measured(layers);
  std::vector<std::uint8_t> choice(layers, 0);
  run(choice, reference);
  choice.assign(layers, 2);
  run(choice, measured);
  std::vector<qmath::error_sums> sums(layers);
  std::vector<qmath::layer_error> compared(layers);
  for (std::size_t l = 0; l < layers; ++l) {
    qmath::add_errors(reference[l], measured[l], sums[l]);
    compared[l] = {names[l], &sums[l]};
  }
  std::vector<qmath::layer_report> reports(layers);
  qmath::compare_layers(compared, reports);
  std::printf("4 bits everywhere, the worst layer first:\n");
  for (const qmath::layer_report& r : reports) {
    std::printf("  %s  %5.1f dB, cosine %.4f, largest error %.3f\n", r.name, r.sqnr_db,
                r.cosine_similarity, r.absolute.value);
  }

  // Noise over signal of the result.
  const auto loss = [&](std::span<const std::uint8_t> c) {
    run(c, measured);
    qmath::error_sums s;
    qmath::add_errors(reference.back(), measured.back(), s);
    return std::pow(10.0, -qmath::sqnr_db(s) / 10.0);
  };

  // Costs in bytes of weights; the damage is measured.
  std::vector<qmath::bit_choice> table(layers * ways);
  const qmath::matrix_view<qmath::bit_choice> choices(table.data(), layers, ways);
  for (std::size_t l = 0; l < layers; ++l) {
    for (std::size_t c = 0; c < ways; ++c) {
      choices(l, c) = {bits[c], width[l] * width[l + 1] * bits[c] / 8, 0.0};
    }
  }
  qmath::measure_damage(loss, choice, choices);
  const std::size_t int4_bytes = 1024 / 2 + 3 * 4096 / 2 + 512 / 2;
  for (const std::size_t budget : {int4_bytes, int4_bytes * 3 / 2, int4_bytes * 2}) {
    std::vector<double> scratch(qmath::assign_scratch_size(choices, budget));
    const qmath::bit_assignment best = qmath::assign_bits(choices, budget, scratch, choice);
    std::printf("%5d bytes:", static_cast<int>(budget));
    for (std::size_t l = 0; l < layers; ++l) {
      std::printf(" %2d", static_cast<int>(choices(l, choice[l]).bits));
    }
    std::printf("  noise %.5f, expected %.5f\n", loss(choice), best.damage);
  }
  const std::vector<std::uint8_t> int4(layers, 2);
  std::printf("4 bits everywhere: noise %.5f\n", loss(int4));

  std::vector<qmath::layer_sensitivity> found(layers);
  const auto int4_loss = [&](std::span<const std::uint8_t> c) {
    std::array<std::uint8_t, layers> way{};
    for (std::size_t l = 0; l < layers; ++l) way[l] = c[l] == 0 ? 0 : 2;
    return loss(way);
  };
  qmath::measure_sensitivity(int4_loss, choice, found);
  qmath::rank_by_sensitivity(found, qmath::sensitivity_order::left_float);
  std::printf("in float, %s would save most noise: %.5f\n", names[found[0].layer],
              found[0].left_float);
}
