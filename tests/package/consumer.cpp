// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What every consumer project builds: the codes that the kernels write are those of the reference,
// and the mode is the one that the project asked for. EXPECTED_MODE is given by the project.
#include <qmath/qmath.hpp>

#include <cstdint>
#include <cstdio>

#if QMATH_MODE != EXPECTED_MODE
#error "the package gave another QMATH_MODE"
#endif
#if EXPECTED_MODE == QMATH_MODE_COMPILED && defined(HWY_MAJOR)
#error "compiled mode shows Highway to its users"
#endif

int main() {
  constexpr std::size_t size = 37;
  constexpr qmath::affine_params params{0.25f, 3};
  float x[size];
  std::int8_t q[size];
  for (std::size_t i = 0; i < size; ++i) x[i] = 0.7f * static_cast<float>(i) - 9.0f;
  qmath::quantize(x, params, q);
  for (std::size_t i = 0; i < size; ++i) {
    if (q[i] != qmath::reference::quantize<std::int8_t>(x[i], params.scale, params.zero_point)) {
      std::printf("FAILED: code %d of element %zu\n", q[i], i);
      return 1;
    }
  }
  std::printf("qmath %d.%d.%d, mode %d, on %s\n", QMATH_VERSION_MAJOR, QMATH_VERSION_MINOR,
              QMATH_VERSION_PATCH, QMATH_MODE, qmath::cpu::active_target());
}
