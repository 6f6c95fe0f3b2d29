// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Calls of gemmlowp, FBGEMM and oneDNN's gemm, and what stands for them here: the code of docs/migrating.md. Each is
// compared with a loop that computes what the other library's documentation says.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <span>
#include <type_traits>
#include <vector>

namespace {

constexpr std::size_t m = 9, n = 21, k = 50;

template <class T>
std::vector<T> numbers(std::size_t size, std::size_t step, int lowest) {
  std::vector<T> v(size);
  for (std::size_t i = 0; i < size; ++i) {
    v[i] = static_cast<T>(static_cast<int>(i * step % 251) + lowest);
  }
  return v;
}

/// The sum over i of (a[row, i] + a_offset) * (bt[column, i] + b_offset).
template <class A, class B>
std::int32_t dot(const A& a, int a_offset, const B& bt, int b_offset, std::size_t row,
                 std::size_t column) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < k; ++i) {
    sum += (a[row * k + i] + a_offset) * (bt[column * k + i] + b_offset);
  }
  return sum;
}

std::int64_t clamp(std::int64_t v, std::int64_t lo, std::int64_t hi) {
  return std::min(std::max(v, lo), hi);
}

int failures = 0;
void check(bool right, const char* what) {
  std::printf("%-48s %s\n", what, right ? "ok" : "WRONG");
  if (!right) ++failures;
}

/// lhs: [n, k] uint8, weights, row-major. rhs: [k, m] uint8, activations, column-major, which is [m, k]
/// row-major. result: [n, m] column-major, which is [m, n] row-major.
void gemmlowp(bool by_fixed_point) {
  const auto lhs = numbers<std::uint8_t>(n * k, 7, 0), rhs = numbers<std::uint8_t>(m * k, 11, 0);
  const std::int32_t lhs_offset = -120, rhs_offset = -3;
  const auto bias = numbers<std::int32_t>(n, 997, -100);
  const std::int32_t result_fixedpoint_multiplier = 5931641;
  const std::int32_t result_shift = by_fixed_point ? 3 : 11;
  const std::int32_t result_offset_after_shift = 90;
  const std::int32_t result_offset = 40000, result_mult_int = 3;
  std::vector<std::uint8_t> result(m * n);

  const auto weights = qmath::packed_weights::transposed(qmath::matrix_view(lhs.data(), n, k));
  const qmath::matrix_view a(rhs.data(), m, k);
  const qmath::matrix_view c(result.data(), m, n);
  if (by_fixed_point) {
    const qmath::fixed_point_multiplier multiplier{result_fixedpoint_multiplier, 31 + result_shift};
    const qmath::to_quantized pipeline{.bias = bias,
                                       .zero_point = result_offset_after_shift,
                                       .fixed_multipliers = {&multiplier, 1},
                                       .rule = qmath::fixed_point_rule::double_rounding};
    qmath::gemm(a, {.a = -rhs_offset, .b = -lhs_offset}, weights, pipeline, c);
  } else {
    const std::vector<std::int32_t> offsets(n, result_offset);
    const qmath::fixed_point_multiplier multiplier{result_mult_int, result_shift};
    const qmath::to_quantized pipeline{.bias = offsets, .fixed_multipliers = {&multiplier, 1}};
    qmath::gemm(a, {.a = -rhs_offset, .b = -lhs_offset}, weights, pipeline, c);
  }

  bool right = true;
  for (std::size_t i = 0; i < m * n; ++i) {
    const std::int64_t acc = dot(rhs, rhs_offset, lhs, lhs_offset, i / n, i % n);
    std::int64_t y;
    if (by_fixed_point) {
      // (acc * multiplier) / 2^31 to the nearest, then / 2^shift to the nearest, ties away from 0.
      const auto high = static_cast<std::int64_t>(std::floor(
          std::ldexp(static_cast<double>(acc + bias[i % n]) * result_fixedpoint_multiplier, -31) +
          0.5));
      y = std::llround(std::ldexp(static_cast<double>(high), -result_shift)) + 90;
    } else {
      y = ((acc + result_offset) * result_mult_int + (1 << (result_shift - 1))) >> result_shift;
    }
    right = right && result[i] == clamp(y, 0, 255);
  }
  check(right, by_fixed_point ? "gemmlowp, QuantizeDownInt32ByFixedPoint"
                              : "gemmlowp, QuantizeDownInt32ToUint8Scale");
}

/// A: [m, k] uint8, B: [n, k] int8 (matrix_op_t::Transpose), C: [m, n] uint8.
void fbgemm() {
  const auto a = numbers<std::uint8_t>(m * k, 7, 0);
  const auto b = numbers<std::int8_t>(n * k, 13, -125);
  const std::int32_t a_zero_point = 43, c_zero_point = 5;
  std::vector<std::int32_t> b_zero_points(n);
  std::vector<float> c_multiplier(n), act_times_w_scale(n), bias_f32(n);
  const auto bias = numbers<std::int32_t>(n, 997, -100);
  for (std::size_t i = 0; i < n; ++i) {
    b_zero_points[i] = static_cast<std::int32_t>(i) - 10;
    c_multiplier[i] = 1e-4f * static_cast<float>(i + 1);
    act_times_w_scale[i] = 0.002f * static_cast<float>(i + 1);
    bias_f32[i] = static_cast<float>(i) - 7.0f;
  }
  std::vector<std::uint8_t> c(m * n);
  std::vector<float> y(m * n);

  // PackBMatrix<int8_t>(matrix_op_t::Transpose, k, n, b, k)
  const auto packed = qmath::packed_weights::transposed(qmath::matrix_view(b.data(), n, k));
  // ReQuantizeOutput<true, QuantizationGranularity::OUT_CHANNEL>
  qmath::to_quantized relu{.multipliers = c_multiplier, .bias = bias, .zero_point = c_zero_point};
  relu.min = relu.zero_point;
  const auto plan = qmath::plan_gemm(qmath::matrix_view(a.data(), m, k),
                                     {.a = a_zero_point, .b_columns = b_zero_points}, packed, relu,
                                     qmath::matrix_view(c.data(), m, n));
  // fbgemmPacked(..., thread_id, num_threads)
  const auto part = [&](std::size_t thread_id, std::size_t num_threads) {
    plan.run(plan.tasks() * thread_id / num_threads, plan.tasks() * (thread_id + 1) / num_threads);
  };
  part(0, 2);
  part(1, 2);
  // ReQuantizeForFloat<false, QuantizationGranularity::OUT_CHANNEL>
  std::vector<float> b_scales(n);
  const float a_scale = 0.02f;
  for (std::size_t i = 0; i < n; ++i) b_scales[i] = act_times_w_scale[i] / a_scale;
  qmath::gemm(qmath::matrix_view(a.data(), m, k), {.a = a_zero_point, .b_columns = b_zero_points},
              packed, qmath::to_float{.a_scale = a_scale, .b_scales = b_scales, .bias = bias_f32},
              qmath::matrix_view(y.data(), m, n));

  bool right = true, right_float = true;
  for (std::size_t i = 0; i < m * n; ++i) {
    const std::int32_t acc = dot(a, -a_zero_point, b, -b_zero_points[i % n], i / n, i % n);
    const float product = static_cast<float>(acc + bias[i % n]) * c_multiplier[i % n];
    const std::int64_t q = std::llrint(product) + c_zero_point;
    right = right && c[i] == clamp(q, c_zero_point, 255);
    const double want = double{act_times_w_scale[i % n]} * acc + double{bias_f32[i % n]};
    right_float = right_float && std::abs(double{y[i]} - want) <= 1e-6 * std::abs(want) + 1e-5;
  }
  check(right, "FBGEMM, ReQuantizeOutput");
  check(right_float, "FBGEMM, ReQuantizeForFloat");
}

/// dnnl_gemm_u8s8s32('N', 'N', 'R', m, n, k, 1.0f, a, k, ao, b, n, bo, 1.0f, c, n, co)
void onednn() {
  const auto a = numbers<std::uint8_t>(m * k, 7, 0);
  const auto b = numbers<std::int8_t>(k * n, 13, -125);
  const std::uint8_t ao = 43;
  const std::int8_t bo = -5;
  const auto co = numbers<std::int32_t>(n, 997, -100), before = numbers<std::int32_t>(m * n, 9, 0);
  std::vector<std::int32_t> c = before;

  const qmath::packed_weights packed(qmath::matrix_view(b.data(), k, n));
  qmath::gemm(qmath::matrix_view(a.data(), m, k), {.a = ao, .b = bo}, packed,
              qmath::to_sums{.bias = co, .accumulate = true}, qmath::matrix_view(c.data(), m, n));

  std::vector<std::int8_t> bt(n * k);
  for (std::size_t i = 0; i < bt.size(); ++i) bt[i] = b[i % k * n + i / k];
  bool right = true;
  for (std::size_t i = 0; i < m * n; ++i) {
    right = right && c[i] == dot(a, -ao, bt, -bo, i / n, i % n) + before[i] + co[i % n];
  }
  check(right, "oneDNN, dnnl_gemm_u8s8s32");
}

}  // namespace

int main() {
  gemmlowp(true);
  gemmlowp(false);
  fbgemm();
  onednn();
  return failures == 0 ? 0 : 1;
}
