// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The same network in 8 bits: the part of this example to copy from.
//
//   activations  uint8, affine, one scale and zero point per tensor, from calibration
//   weights      int8, symmetric (zero point 0), one scale per tensor or per output channel
//   sums         int32, exact
//
// With real = scale * (q - zero_point), a dense layer y = max(0, W x + b) becomes
//
//   acc[n] = sum over k of (x[k] - zx) * W[n, k]                      all integers
//   y[n]   = max(zy, round((acc[n] + b[n] / (sx * sw[n])) * (sx * sw[n] / sy)) + zy)
//
// which is one qmath::gemm: the bias in units of acc, the multiplier and ReLU are its epilogue.
#ifndef QMATH_EXAMPLES_DIGITS_INT8_NETWORK_HPP_
#define QMATH_EXAMPLES_DIGITS_INT8_NETWORK_HPP_

#include <cstddef>
#include <cstdint>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

#include "float_network.hpp"

namespace digits {

enum class weight_scales { per_tensor, per_channel };

class int8_network {
 public:
  // Quantizes and packs the weights. input_ranges: one for the input of each layer, from calibration. Neither argument
  // is needed afterwards. The network has at least one hidden layer.
  int8_network(const float_network& network, std::span<const qmath::value_range> input_ranges,
               weight_scales granularity);

  // The packed matrices point into memory that the object owns. A copy's would point into the
  // original's.
  int8_network(const int8_network&) = delete;
  int8_network& operator=(const int8_network&) = delete;

  // images: [count, inputs]; logits: [count, outputs]. Allocates nothing. Not for two threads at
  // once: the activations live in the object.
  void forward(std::span<const float> images, std::span<float> logits);

  // What each layer reads for these images, back in real numbers: result[i] is the input of layer i, as float_network
  // has it.
  std::vector<std::vector<float>> layer_inputs(std::span<const float> images) const;

  // What a file of this model would hold: weights, scales, zero points and biases.
  std::size_t parameter_bytes() const { return parameter_bytes_; }

 private:
  struct dense_weights {
    std::vector<float> scales;      // 1, or one per output
    std::vector<std::byte> memory;  // of the packed matrix
    qmath::packed_matrix packed;    // [inputs, outputs]
    qmath::affine_params input;     // how x is quantized
  };

  struct hidden_layer {
    dense_weights weights;
    std::vector<float> multipliers;  // sx * sw / sy: 1, or one per output
    std::vector<std::int32_t> bias;  // in units of acc: sx * sw
    qmath::affine_params output;     // how y is quantized
  };

  struct output_layer {
    dense_weights weights;
    std::vector<float> bias;
  };

  static dense_weights quantize_weights(const dense_layer& layer, qmath::affine_params input,
                                        weight_scales granularity);
  static hidden_layer make_hidden_layer(const dense_layer& layer, qmath::affine_params input,
                                        qmath::affine_params output, weight_scales granularity);
  // x: [count, inputs] in the parameters weights.input; y: [count, outputs] in output.
  static void run_hidden(const hidden_layer& layer, std::size_t count, const std::uint8_t* x,
                         std::uint8_t* y);

  std::vector<hidden_layer> hidden_;
  output_layer output_;
  std::vector<std::uint8_t> activations_[2];  // of one block of images: input and output of a layer
  std::size_t parameter_bytes_ = 0;
};

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_INT8_NETWORK_HPP_
