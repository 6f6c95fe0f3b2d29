// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Your memory: sizes are known before the call, nothing is allocated, and any address will do. Here everything comes
// from one block, and a layer runs between two looks at the counter of operator new.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <qmath/qmath.hpp>
#include <span>

namespace {

std::size_t allocations = 0;

/// Hands out a block from front to back, in multiples of 64 bytes, which is how packed matrices are read fastest.
class arena {
 public:
  explicit arena(std::span<std::byte> block) : rest_(block) {}

  template <class T>
  std::span<T> take(std::size_t n) {
    const std::size_t bytes = (n * sizeof(T) + 63) / 64 * 64;
    if (bytes > rest_.size()) std::abort();
    T* const first = reinterpret_cast<T*>(rest_.data());
    for (std::size_t i = 0; i < n; ++i) new (first + i) T();
    rest_ = rest_.subspan(bytes);
    return {first, n};
  }

 private:
  std::span<std::byte> rest_;
};

alignas(64) std::byte block[64 * 1024];

}  // namespace

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* const p = std::malloc(bytes == 0 ? 1 : bytes)) return p;
  std::abort();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

int main() {
  constexpr std::size_t rows = 6, in = 128, out = 64;
  arena memory(block);
  const std::span<float> w = memory.take<float>(out * in), x = memory.take<float>(rows * in);
  const std::span<float> y = memory.take<float>(rows * out);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = std::sin(static_cast<float>(i) * 0.9f);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::cos(static_cast<float>(i) * 0.2f);
  const std::size_t before = allocations;

  // packed_size and dynamic_linear_scratch say how much.
  const std::span<std::int8_t> codes = memory.take<std::int8_t>(out * in);
  const std::span<float> scales = memory.take<float>(out);
  qmath::dynamic_quantize(w, qmath::per_row(out, in), scales, {}, codes, qmath::symmetric);
  const qmath::packed_matrix packed =
      qmath::pack_transposed(qmath::matrix_view(codes.data(), out, in),
                             memory.take<std::byte>(qmath::packed_size(in, out)));
  const std::span<std::byte> scratch =
      memory.take<std::byte>(qmath::dynamic_linear_scratch(rows, in));
  qmath::dynamic_linear(qmath::matrix_view(x.data(), rows, in), packed,
                        qmath::to_float{.b_scales = scales},
                        qmath::matrix_view(y.data(), rows, out), scratch);

  const std::size_t during = allocations - before;
  float worst = 0.0f;
  for (std::size_t i = 0; i < y.size(); ++i) {
    float sum = 0.0f;
    for (std::size_t k = 0; k < in; ++k) sum += x[i / out * in + k] * w[i % out * in + k];
    worst = std::fmax(worst, std::fabs(sum - y[i]));
  }
  const bool right = during == 0 && worst < 0.2f;
  std::printf("%zu allocations, largest error %.3f: %s\n", during, static_cast<double>(worst),
              right ? "ok" : "WRONG");
  return right ? 0 : 1;
}
