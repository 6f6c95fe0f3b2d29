// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Measures of a network: how right, how close to another one, how fast.
#ifndef QMATH_EXAMPLES_DIGITS_EVALUATION_HPP_
#define QMATH_EXAMPLES_DIGITS_EVALUATION_HPP_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "dataset.hpp"

namespace digits {

// images: [count, 64] -> logits: [count, 10]
using forward_function = std::function<void(std::span<const float>, std::span<float>)>;

std::vector<float> compute_logits(const forward_function& forward, const dataset& data);

// The class with the largest logit for each image, the first one of equals.
std::vector<std::size_t> predict(std::span<const float> logits);

std::size_t count_equal(std::span<const std::size_t> a, std::span<const std::size_t> b);

// rms(logits - reference) / rms(reference). Sees what accuracy is too coarse for.
double relative_error(std::span<const float> logits, std::span<const float> reference);

// FNV-1a of the bits.
std::uint64_t checksum(std::span<const float> logits);

// Passes over all of the data, images_per_call at a time; the fastest pass counts, as anything
// else on the machine can only make one slower.
double seconds_per_image(const forward_function& forward, const dataset& data,
                         std::size_t images_per_call);

}  // namespace digits

#endif  // QMATH_EXAMPLES_DIGITS_EVALUATION_HPP_
