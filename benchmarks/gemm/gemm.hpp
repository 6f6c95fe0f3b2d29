// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Shapes and operands of the GEMM benchmarks.
#ifndef QMATH_BENCHMARKS_GEMM_GEMM_HPP_
#define QMATH_BENCHMARKS_GEMM_GEMM_HPP_

#include <algorithm>
#include <span>

#include "support/arrays.hpp"

namespace bench {

struct shape {
  std::size_t m, n, k;

  std::string name() const {
    return std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k);
  }
  /// A product and a sum for each.
  std::size_t operations() const { return 2 * m * n * k; }
  /// Bytes of A, B and an output of that element size.
  std::size_t bytes(std::size_t element) const { return m * k + k * n + m * n * element; }
};

/// Cubes; one row, whose B fits in L1, in L2, in L3, or barely; few rows; two layers of a transformer; three
/// convolutions as GEMM; odd ones.
inline constexpr shape shapes[] = {
    {64, 64, 64},       {128, 128, 128},    {256, 256, 256},  {384, 384, 384},  {512, 512, 512},
    {1024, 1024, 1024}, {2048, 2048, 2048}, {1, 64, 256},     {1, 512, 768},    {1, 2048, 2048},
    {1, 4096, 4096},    {4, 4096, 4096},    {16, 4096, 4096}, {128, 3072, 768}, {128, 768, 3072},
    {196, 256, 1152},   {3136, 64, 576},    {49, 512, 4608},  {7, 13, 5},       {33, 65, 129}};

/// What a type of benchmark computes. "s8u8" would be read as A, then B.
struct product {
  const char* name;
  bool a_is_signed;
  enum { to_s32, to_q8, to_f32 } output;
};

inline constexpr product products[] = {{"u8s8", false, product::to_s32},
                                       {"s8s8", true, product::to_s32},
                                       {"u8s8_to_quantized", false, product::to_q8},
                                       {"s8s8_to_quantized", true, product::to_q8},
                                       {"u8s8_to_float", false, product::to_f32},
                                       {"s8s8_to_float", true, product::to_f32}};

/// Calls f(a, zero point of a) with the type of A, and f's call does the rest.
template <class F>
void with_a(const product& p, const shape& s, const F& f) {
  if (p.a_is_signed) {
    f(qmath::matrix_view<const std::int8_t>(integer_input<std::int8_t>(), s.m, s.k), 3);
  } else {
    f(qmath::matrix_view<const std::uint8_t>(integer_input<std::uint8_t>(), s.m, s.k), 131);
  }
}

/// Elements behind those of A.
inline qmath::matrix_view<const std::int8_t> b_of(const shape& s) {
  return {integer_input<std::int8_t>() + (s.n == 4096 && s.k == 4096 ? 0 : s.m * s.k), s.k, s.n};
}

/// Room for a packed B, one for all benchmarks: like the arrays that bounds read, in pages whose places in physical
/// memory do not matter.
inline std::span<std::byte> packed_memory(const shape& s) {
  static std::byte* const memory = [] {
    std::size_t most = 0;
    for (const shape& each : shapes) most = std::max(most, qmath::packed_size(each.k, each.n));
    return allocate<std::byte>(most);
  }();
  return {memory, qmath::packed_size(s.k, s.n)};
}

/// What becomes of the sums: real = sum * a_scale * b_scale + real_bias, or
/// code = (sum + bias) * multiplier + zero_point, with a b_scale and a multiplier for each column.
inline constexpr float a_scale = 0.02f, b_scale = 0.01f, real_bias = 0.5f;
inline constexpr std::int32_t bias = 100;

struct epilogues {
  std::vector<float> b_scales, real_biases, multipliers;
  std::vector<std::int32_t> biases;

  explicit epilogues(std::size_t n)
      : b_scales(n, b_scale),
        real_biases(n, real_bias),
        multipliers(n, multiplier),
        biases(n, bias) {}

  qmath::to_float to_float() const {
    return {.a_scale = a_scale, .b_scales = b_scales, .bias = real_biases};
  }
  qmath::to_quantized to_quantized() const {
    return {.multipliers = multipliers, .bias = biases, .zero_point = zero_point};
  }
};

}  // namespace bench

#endif  // QMATH_BENCHMARKS_GEMM_GEMM_HPP_
