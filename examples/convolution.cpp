// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A convolution as a product of matrices: im2col makes a row of every pixel's neighbourhood. Images [height, width,
// channels], weights [out, 3, 3, channels]. Padding is the zero point: the code of the real number 0.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <vector>

namespace {

constexpr std::size_t height = 12, width = 15, channels = 8, out = 20;
constexpr std::size_t k = 3 * 3 * channels;  // elements of a neighbourhood
constexpr std::uint8_t zero_point = 117;     // of the image

// Row y * width + x has the 3 x 3 pixels around (y, x), channels together, as the weights of an output have them.
void im2col(const std::vector<std::uint8_t>& image, std::vector<std::uint8_t>& columns) {
  std::uint8_t* to = columns.data();
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t dy = 0; dy < 3; ++dy) {
        for (std::size_t dx = 0; dx < 3; ++dx, to += channels) {
          const std::size_t from_y = y + dy - 1, from_x = x + dx - 1;  // -1 is a huge number
          if (from_y < height && from_x < width) {
            std::copy_n(&image[(from_y * width + from_x) * channels], channels, to);
          } else {
            std::fill_n(to, channels, zero_point);
          }
        }
      }
    }
  }
}

}  // namespace

int main() {
  std::vector<std::uint8_t> image(height * width * channels);
  std::vector<std::int8_t> weights(out * k);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<std::uint8_t>(i * 29 % 251);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<std::int8_t>(static_cast<int>(i * 13 % 255) - 127);
  }
  // Of the image, of the weights of each output, of the result.
  const float x_scale = 0.02f, y_scale = 0.3f;
  std::vector<float> w_scales(out), multipliers(out);
  for (std::size_t n = 0; n < out; ++n) {
    w_scales[n] = 0.001f * static_cast<float>(n + 1);
    multipliers[n] = x_scale * w_scales[n] / y_scale;
  }

  // Once.
  const auto packed = qmath::packed_weights::transposed(qmath::matrix_view(weights.data(), out, k));
  const qmath::to_quantized epilogue{.multipliers = multipliers, .zero_point = 100};

  // Every image. The result is [height, width, out] again.
  std::vector<std::uint8_t> columns(height * width * k), result(height * width * out);
  im2col(image, columns);
  qmath::gemm(qmath::matrix_view(columns.data(), height * width, k), {.a = zero_point}, packed,
              epilogue, qmath::matrix_view(result.data(), height * width, out));

  // Where the kernel is 1 x 1, the image is the matrix: no im2col.
  const auto one = qmath::packed_weights::transposed(
      qmath::matrix_view(weights.data(), out, channels, k));  // the first pixel of each kernel
  std::vector<std::int32_t> pointwise(height * width * out);
  qmath::gemm(qmath::matrix_view(image.data(), height * width, channels), {.a = zero_point}, one,
              qmath::matrix_view(pointwise.data(), height * width, out));

  // Against the convolution as it is defined: what lies outside adds nothing.
  bool right = true;
  for (int y = 0; y < static_cast<int>(height); ++y) {
    for (int x = 0; x < static_cast<int>(width); ++x) {
      for (std::size_t n = 0; n < out; ++n) {
        std::int32_t sum = 0, center = 0;
        for (int dy = -1; dy <= 1; ++dy) {
          for (int dx = -1; dx <= 1; ++dx) {
            const int fy = y + dy, fx = x + dx;
            if (fy < 0 || fx < 0 || fy >= static_cast<int>(height) || fx >= static_cast<int>(width))
              continue;
            for (std::size_t c = 0; c < channels; ++c) {
              const std::size_t pixel =
                  static_cast<std::size_t>(fy) * width + static_cast<std::size_t>(fx);
              const int tap = (dy + 1) * 3 + dx + 1;
              sum += (image[pixel * channels + c] - zero_point) *
                     weights[n * k + static_cast<std::size_t>(tap) * channels + c];
              if (dy == 0 && dx == 0)
                center += (image[pixel * channels + c] - zero_point) * weights[n * k + c];
            }
          }
        }
        const std::size_t at =
            (static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x)) * out + n;
        right = right && pointwise[at] == center &&
                result[at] == qmath::reference::requantize(sum, multipliers[n], 100, {0, 255});
      }
    }
  }
  std::printf("%zu pixels, [%zu, %zu] by [%zu, %zu]: %s\n", height * width, height * width, k, k,
              out, right ? "ok" : "WRONG");
  return right ? 0 : 1;
}
