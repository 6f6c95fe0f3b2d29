// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A unit that calls one function, of which only_what_is_called.cmake looks at the object file.
#include <qmath/qmath.hpp>

void one_call(std::span<const float> x, std::span<std::int8_t> q);

void one_call(std::span<const float> x, std::span<std::int8_t> q) {
  qmath::quantize(x, qmath::affine_params{0.5f, 0}, q);
}
