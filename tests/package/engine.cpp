// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// An engine that is a shared library: it can contain the compiled kernels.
#include <qmath/qmath.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" void engine_quantize(const float* x, std::int8_t* q, std::size_t size) {
  qmath::quantize(std::span<const float>(x, size), qmath::affine_params{0.25f, 3},
                  std::span<std::int8_t>(q, size));
}
