// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Quantization inside a loop of your own on xsimd registers: gain, ReLU and conversion to int8 in one pass over
// memory, where calls of array functions would take two.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <qmath/simd/xsimd.hpp>
#include <span>
#include <vector>

namespace {

void relu_to_int8(std::span<const float> x, float gain, qmath::affine_params p,
                  std::span<std::int8_t> q) {
  using batch = xsimd::batch<float>;
  const qmath::simd::quantizer<std::int8_t> to_int8(p);  // checks p, once
  const auto codes = [&](std::size_t i) {
    const batch y = xsimd::max(batch::load_unaligned(&x[i]) * gain, batch(0.0f));
    return qmath::simd::quantize(y, to_int8);
  };
  std::size_t i = 0;
  for (; i + 4 * batch::size <= x.size(); i += 4 * batch::size) {  // four at once make whole bytes
    qmath::simd::store(&q[i], codes(i), codes(i + batch::size), codes(i + 2 * batch::size),
                       codes(i + 3 * batch::size));
  }
  for (; i < x.size(); ++i) {
    const float y[] = {std::max(x[i] * gain, 0.0f)};
    qmath::quantize(y, p, q.subspan(i, 1));
  }
}

}  // namespace

int main() {
  const float gain = 1.7f;
  std::vector<float> x(1003), scaled(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = 3.0f * std::sin(static_cast<float>(i) * 0.1f);
    scaled[i] = std::max(x[i] * gain, 0.0f);
  }
  const qmath::affine_params p = qmath::choose_params<std::int8_t>(qmath::min_max(scaled));

  std::vector<std::int8_t> q(x.size()), want(x.size());
  relu_to_int8(x, gain, p, q);

  // The same bits as in two passes, and as the definition's.
  qmath::quantize(scaled, p, want);
  bool right = q == want;
  for (std::size_t i = 0; i < x.size(); ++i) {
    right =
        right && q[i] == qmath::reference::quantize<std::int8_t>(scaled[i], p.scale, p.zero_point);
  }
  std::printf("%zu numbers, %zu per register (%s): %s\n", x.size(), xsimd::batch<float>::size,
              xsimd::default_arch::name(), right ? "ok" : "WRONG");
  return right ? 0 : 1;
}
