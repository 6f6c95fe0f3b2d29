// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// One min and one max per vector, eight chains, so that neither is waited for.
#include "support/bounds.hpp"

namespace {

#if QMATH_BENCH_X86

#define QMATH_BENCH_MIN_MAX(attributes, suffix, vector, lanes, load, min, max, zero) \
  attributes float min_max_##suffix(const float* x, std::size_t n) {                 \
    vector lo[4], hi[4];                                                             \
    for (int j = 0; j < 4; ++j) lo[j] = hi[j] = zero;                                \
    for (std::size_t i = 0; i < n; i += 4 * lanes) {                                 \
      for (std::size_t j = 0; j < 4; ++j) {                                          \
        const vector v = load(x + i + lanes * j);                                    \
        lo[j] = min(v, lo[j]);                                                       \
        hi[j] = max(v, hi[j]);                                                       \
      }                                                                              \
    }                                                                                \
    const vector l = min(min(lo[0], lo[1]), min(lo[2], lo[3]));                      \
    const vector h = max(max(hi[0], hi[1]), max(hi[2], hi[3]));                      \
    return l[0] + h[0];                                                              \
  }
QMATH_BENCH_MIN_MAX(__attribute__((target("avx512f"))), 512, __m512, 16, _mm512_loadu_ps,
                    _mm512_min_ps, _mm512_max_ps, _mm512_setzero_ps())
QMATH_BENCH_MIN_MAX(__attribute__((target("avx2"))), 256, __m256, 8, _mm256_loadu_ps, _mm256_min_ps,
                    _mm256_max_ps, _mm256_setzero_ps())
QMATH_BENCH_MIN_MAX(, 128, __m128, 4, _mm_loadu_ps, _mm_min_ps, _mm_max_ps, _mm_setzero_ps())
#undef QMATH_BENCH_MIN_MAX

float min_max(bench::level level, const float* x, std::size_t n) {
  switch (level) {
    case bench::level::avx512: return min_max_512(x, n);
    case bench::level::avx2: return min_max_256(x, n);
    default: return min_max_128(x, n);
  }
}

#else
float min_max(bench::level, const float*, std::size_t) { return 0.0f; }
#endif

const bool registered = bench::at_start([] {
  bench::add_instruction_bounds("min_max", "f32", [](benchmark::State& state, bench::level level) {
    constexpr std::size_t n = bench::bound_size;
    const float* x = bench::float_input();
    bench::run(state, n, 4 * n, [&] { benchmark::DoNotOptimize(min_max(level, x, n)); });
  });
  for (const std::size_t n : bench::all_sizes) {
    bench::add("min_max", "f32", "read_bound", std::to_string(n), [=](benchmark::State& state) {
      const auto* in = reinterpret_cast<const char*>(bench::float_input());
      bench::run(state, n, 4 * n, [&] { benchmark::DoNotOptimize(bench::read(in, 4 * n)); });
    });
  }
});

}  // namespace
