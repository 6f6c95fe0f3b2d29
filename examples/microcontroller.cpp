// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A layer as a microcontroller runs it: integers only, constants in read-only memory, no heap, no dispatch. Real
// numbers exist while this file is compiled, and not in the program. Built in static mode without exceptions and RTTI.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <span>

namespace {

constexpr std::size_t in = 16, out = 3;

// What a training tool exports: codes of the weights [out, in], and scales and zero points.
constexpr std::int8_t weights[out * in] = {
    12,  -7,  31, 4,   -90, 64, 2,  127, -3, 18,  -55, 70, -8,  99, -21, 6,    //
    -34, 5,   -1, 77,  120, -9, 43, -68, 14, -2,  88,  -5, -47, 3,  61,  -19,  //
    8,   -25, 52, -11, 39,  -6, 83, -1,  0,  -95, 27,  10, -36, 74, -13, 44};
constexpr std::int32_t bias[out] = {150, -820, 4000};  // in units of the sums
constexpr std::int32_t x_zero_point = -3, y_zero_point = 10;
constexpr std::array<float, out> w_scales = {0.004f, 0.007f, 0.002f};
constexpr float x_scale = 0.05f, y_scale = 0.09f;

// scale_x * scale_w / scale_y as an integer and a shift, as TFLite has it: computed by the compiler.
constexpr auto multipliers = [] {
  std::array<qmath::fixed_point_multiplier, out> fixed{};
  (void)qmath::fixed_point::for_channels(qmath::fixed_point::tflite_double_rounding, x_scale,
                                         w_scales, y_scale, fixed, qmath::per_column(out));
  return fixed;
}();

// All the memory there is.
alignas(64) std::byte packed_memory[qmath::packed_size(in, out)];
std::int8_t y[out];

}  // namespace

int main() {
  // Once. Or pack on the host, and put packed_bytes into flash: open_packed finds the matrix there.
  const qmath::packed_matrix packed =
      qmath::pack_transposed(qmath::matrix_view(weights, out, in), packed_memory);
  qmath::to_quantized relu{.bias = bias,
                           .zero_point = y_zero_point,
                           .fixed_multipliers = multipliers,
                           .rule = qmath::fixed_point_rule::double_rounding};
  relu.min = relu.zero_point;

  // Every time.
  const std::int8_t x[in] = {5, -100, 127, 33, 8, -64, 90, 2, -128, 71, -15, 44, 0, -3, 18, 60};
  qmath::gemm(qmath::matrix_view(x, 1, in), {.a = x_zero_point}, packed, relu,
              qmath::matrix_view(y, 1, out));

  // The same in 64-bit integers, from the definition.
  bool right = true;
  for (std::size_t n = 0; n < out; ++n) {
    std::int32_t sum = bias[n];
    for (std::size_t k = 0; k < in; ++k) sum += (x[k] - x_zero_point) * weights[n * in + k];
    const std::int32_t want =
        qmath::reference::requantize(sum, multipliers[n], qmath::fixed_point_rule::double_rounding,
                                     y_zero_point, {y_zero_point, 127});
    std::printf("sum %6d * %d / 2^%d -> %d\n", static_cast<int>(sum),
                static_cast<int>(multipliers[n].multiplier), static_cast<int>(multipliers[n].shift),
                y[n]);
    right = right && y[n] == want;
  }
  std::printf("%zu bytes of memory: %s\n", sizeof(packed_memory) + sizeof(y),
              right ? "ok" : "WRONG");
  return right ? 0 : 1;
}
