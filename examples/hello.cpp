// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Header-only: qmath's and Highway's headers on the include path, nothing to link.
//   g++ -std=c++20 -O3 -Iinclude examples/hello.cpp -o hello
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <vector>

int main() {
  const std::vector<float> x = {-1.5f, -0.4f, 0.0f, 0.7f, 1.234f, 3.1f};

  // real = scale * (q - zero_point)
  const qmath::affine_params p = qmath::choose_params<std::int8_t>(qmath::min_max(x));
  std::vector<std::int8_t> q(x.size());
  std::vector<float> back(x.size());
  qmath::quantize(x, p, q);
  qmath::dequantize(q, p, back);

  std::printf("scale %g, zero point %d, on %s\n", p.scale, p.zero_point,
              qmath::cpu::active_target());
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::printf("%7.4f -> %4d -> %7.4f   error %+.4f\n", x[i], q[i], back[i], back[i] - x[i]);
  }
}
