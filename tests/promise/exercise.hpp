// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What a promise test does with qmath once it has been compiled in some unusual way: every kind of
// kernel, on every target, compared with reference.hpp bit by bit. Includes qmath.hpp itself, so define
// what is to be tested first.
//
// Everything here has internal linkage: two translation units with different flags must not share it.
#ifndef QMATH_TESTS_PROMISE_EXERCISE_HPP_
#define QMATH_TESTS_PROMISE_EXERCISE_HPP_

#include <qmath/qmath.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace exercise {
namespace {

// No multiple of any vector length, so that every kernel has a tail.
constexpr std::size_t size = 203;
constexpr std::size_t m = 5, n = 19, k = 13;

// One set of results: everything that the kernels under test write.
struct results {
  std::int8_t quantized[size];
  float dequantized[size];
  float subnormal[size];
  std::uint8_t requantized[size];
  std::int8_t rounded[size];
  std::int16_t fixed[size];
  qmath::half faked[size];
  std::uint8_t dynamic[size];
  qmath::affine_params chosen{}, chosen_symmetric{};  // braces: see docs/dispatch.md, "Limits"
  std::int32_t multiplier, shift;
  std::int32_t sums[m * n];
  float products[m * n];
  float lowest, highest;
};

struct inputs {
  float x[size];
  std::int32_t acc[size];
  std::uint8_t a[m * k];
  std::int8_t b[k * n];
  float b_scales[n];
  float bias[n];
  // Scale and results are subnormal: 0 where these are flushed. No constant, or the compiler would
  // check it.
  qmath::affine_params tiny{1.1e-42f, -5};
  qmath::value_range range{-__builtin_inff(), 2.5f};
  double real_multiplier = 0.0123456789;

  inputs() {
    std::uint32_t state = 1;
    const auto next = [&state] { return state = state * 1664525u + 1013904223u; };
    const auto real = [&next] {
      return (static_cast<float>(next() >> 8) - 8388608.0f) * (1.0f / 524288.0f);
    };
    for (float& v : x) v = real();
    for (std::int32_t& v : acc) v = static_cast<std::int32_t>(next()) >> 12;
    for (std::uint8_t& v : a) v = static_cast<std::uint8_t>(next() >> 24);
    for (std::int8_t& v : b) v = static_cast<std::int8_t>(next() >> 24);
    for (float& v : b_scales) v = 0.01f + static_cast<float>(next() >> 28) * 0.003f;
    for (float& v : bias) v = real();
    // Ties, the edges of the range, and what only a total function survives.
    x[0] = 0.125f, x[1] = 0.375f, x[2] = -0.125f, x[3] = 1e30f, x[4] = -1e30f, x[5] = -0.0f;
    x[6] = 1e-40f, x[7] = __builtin_nanf(""), x[8] = __builtin_inff(), x[9] = -__builtin_inff();
    acc[0] = 16777217, acc[1] = -16777219, acc[2] = 2147483647, acc[3] = -2147483647 - 1;
  }
};

constexpr qmath::affine_params affine{0.25f, 3};
// float(acc) * multiplier must be rounded: neither factor is a small integer.
constexpr qmath::requantize_params requantization{0.00123f, 7};
constexpr qmath::quantize_options stochastic{.rules = {.round = qmath::rounding::stochastic},
                                             .random = {1, 2, 3}};
constexpr qmath::fixed_point_params fixed_point{
    {1234567890, 40}, qmath::fixed_point_rule::double_rounding, -5};
constexpr qmath::scheme pytorch_symmetric{.symmetric = true,
                                          .rules = qmath::numerics::params::pytorch};

results run(const inputs& in) {
  results r = {};
  qmath::quantize(in.x, affine, r.quantized);
  qmath::dequantize(r.quantized, affine, r.dequantized);
  qmath::dequantize(r.quantized, in.tiny, r.subnormal);
  qmath::requantize(in.acc, requantization, r.requantized);
  qmath::quantize(in.x, affine, r.rounded, stochastic);
  qmath::requantize(in.acc, fixed_point, r.fixed);
  qmath::fake_quantize<qmath::s4>(in.x, affine, r.faked);
  r.chosen = qmath::dynamic_quantize(in.x, r.dynamic);
  r.chosen_symmetric = qmath::choose_params<std::int8_t>(in.range, pytorch_symmetric);
  const auto exact = qmath::fixed_point::tflite_double_rounding(in.real_multiplier).multiplier;
  r.multiplier = exact.multiplier, r.shift = exact.shift;

#if QMATH_WITH_GEMM
  alignas(64) std::byte memory[4096];
  const auto packed = qmath::pack(qmath::matrix_view<const std::int8_t>{in.b, k, n}, memory);
  const qmath::matrix_view<const std::uint8_t> a{in.a, m, k};
  qmath::gemm(a, {11}, packed, qmath::matrix_view<std::int32_t>{r.sums, m, n});
  qmath::gemm(a, {11}, packed, qmath::to_float{0.017f, in.b_scales, in.bias},
              qmath::matrix_view<float>{r.products, m, n});
#endif
  const qmath::value_range range = qmath::min_max(in.x);
  r.lowest = range.min, r.highest = range.max;
  return r;
}

results expected(const inputs& in) {
  results r = {};
  r.lowest = __builtin_inff(), r.highest = -__builtin_inff();
  // Constants: what the compiler computes, whatever the flags.
  constexpr float inf = __builtin_inff();
  constexpr qmath::affine_params all = qmath::choose_params<std::uint8_t>({-inf, inf});
  constexpr auto negative = qmath::choose_params<std::int8_t>({-inf, 2.5f}, pytorch_symmetric);
  constexpr auto exact = qmath::fixed_point::tflite_double_rounding(0.0123456789).multiplier;
  r.chosen = all, r.chosen_symmetric = negative;
  r.multiplier = exact.multiplier, r.shift = exact.shift;
  for (std::size_t i = 0; i < size; ++i) {
    namespace ref = qmath::reference;
    r.quantized[i] = static_cast<std::int8_t>(
        ref::quantize<std::int8_t>(in.x[i], affine.scale, affine.zero_point));
    r.dequantized[i] = ref::dequantize(r.quantized[i], affine.scale, affine.zero_point);
    r.subnormal[i] = ref::dequantize(r.quantized[i], in.tiny.scale, in.tiny.zero_point);
    r.requantized[i] = static_cast<std::uint8_t>(
        ref::requantize(in.acc[i], requantization.multiplier, requantization.zero_point,
                        qmath::full_range<std::uint8_t>()));
    r.rounded[i] = static_cast<std::int8_t>(
        ref::quantize<std::int8_t>(in.x[i], affine.scale, affine.zero_point, stochastic,
                                   ref::random_bits(stochastic.random, i)));
    r.fixed[i] = static_cast<std::int16_t>(ref::requantize(in.acc[i], fixed_point.multiplier,
                                                           fixed_point.rule, fixed_point.zero_point,
                                                           qmath::full_range<std::int16_t>()));
    ref::store_real(r.faked[i], ref::dequantize(ref::quantize<qmath::s4>(in.x[i], affine.scale,
                                                                         affine.zero_point),
                                                affine.scale, affine.zero_point));
    r.dynamic[i] =
        static_cast<std::uint8_t>(ref::quantize<std::uint8_t>(in.x[i], all.scale, all.zero_point));
    if (in.x[i] < r.lowest) r.lowest = in.x[i];
    if (in.x[i] > r.highest) r.highest = in.x[i];
  }
  for (std::size_t i = 0; QMATH_WITH_GEMM && i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      std::int32_t sum = 0;
      for (std::size_t l = 0; l < k; ++l) sum += (in.a[i * k + l] - 11) * in.b[l * n + j];
      r.sums[i * n + j] = sum;
      const float scale = qmath::reference::rounded(0.017f * in.b_scales[j]);
      const float scaled = qmath::reference::rounded(static_cast<float>(sum) * scale);
      r.products[i * n + j] = scaled + in.bias[j];
    }
  }
  return r;
}

int compare(const char* where, const results& got, const results& want) {
  int failures = 0;
  const auto same = [&](const char* what, const auto& a, const auto& b) {
    if (std::memcmp(&a, &b, sizeof(a)) == 0) return;
    std::printf("FAILED: %s: %s differs from the reference\n", where, what);
    ++failures;
  };
  same("quantize", got.quantized, want.quantized);
  same("dequantize", got.dequantized, want.dequantized);
  same("dequantize to subnormal numbers", got.subnormal, want.subnormal);
  same("requantize", got.requantized, want.requantized);
  same("quantize, stochastic", got.rounded, want.rounded);
  same("requantize, fixed point", got.fixed, want.fixed);
  same("fake_quantize to half", got.faked, want.faked);
  same("dynamic_quantize", got.dynamic, want.dynamic);
  same("dynamic_quantize: parameters", got.chosen, want.chosen);
  same("choose_params", got.chosen_symmetric, want.chosen_symmetric);
  same("fixed-point multiplier", got.multiplier, want.multiplier);
  same("fixed-point shift", got.shift, want.shift);
  same("gemm to int32", got.sums, want.sums);
  same("gemm to float", got.products, want.products);
  same("min_max: min", got.lowest, want.lowest);
  same("min_max: max", got.highest, want.highest);
  return failures;
}

// The number of failures over all targets that this CPU supports; prints them, and what ran.
[[maybe_unused]] int all_targets(const char* unit) {
  const inputs in;
  const results want = expected(in);
  int failures = 0;
  std::printf("%s:", unit);
  for (const char* target : qmath::cpu::supported_targets()) {
    std::printf(" %s", target);
    if (!qmath::cpu::use_target(target)) {
#if QMATH_MODE != QMATH_MODE_STATIC
      std::printf("\nFAILED: %s: cannot use %s\n", unit, target);
      ++failures;
#endif
    } else if (std::strcmp(qmath::cpu::active_target(), target) != 0) {
      std::printf("\nFAILED: %s: %s is active, not %s\n", unit, qmath::cpu::active_target(),
                  target);
      ++failures;
    }
    failures += compare(target, run(in), want);
  }
  std::printf("\n");
  qmath::cpu::use_best_target();
  return failures;
}

}  // namespace
}  // namespace exercise

#endif  // QMATH_TESTS_PROMISE_EXERCISE_HPP_
