// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Reading both arrays; and the five sums and two peaks in vectors of doubles, rounded: sums without rounding, which
// the contract demands, take more than these instructions (docs/metrics.md). Of no block, no NaN, no peak that is
// found.
#include "metrics/metrics.hpp"
#include "support/bounds.hpp"

namespace {

#if QMATH_BENCH_X86

#define QMATH_BENCH_SUMS(attributes, suffix, lanes)                                              \
  attributes double sums_##suffix(const float* a, const float* b, std::size_t n, double limit) { \
    typedef float floats __attribute__((vector_size(4 * lanes), aligned(4), may_alias));         \
    typedef double doubles __attribute__((vector_size(8 * lanes)));                              \
    typedef std::int64_t integers __attribute__((vector_size(8 * lanes)));                       \
    doubles aa = {}, ab = {}, bb = {}, sa = {}, sb = {}, most = {}, excess = {};                 \
    const integers magnitude = integers{} + INT64_MAX;                                           \
    for (std::size_t i = 0; i < n; i += lanes) {                                                 \
      const auto x = __builtin_convertvector(*reinterpret_cast<const floats*>(a + i), doubles);  \
      const auto y = __builtin_convertvector(*reinterpret_cast<const floats*>(b + i), doubles);  \
      aa += x * x, ab += x * y, bb += y * y, sa += x, sb += y;                                   \
      const auto m = reinterpret_cast<doubles>(reinterpret_cast<integers>(x) & magnitude);       \
      const auto d = reinterpret_cast<doubles>(reinterpret_cast<integers>(y - x) & magnitude);   \
      const doubles more = d - limit * m;                                                        \
      most = d > most ? d : most;                                                                \
      excess = more > excess ? more : excess;                                                    \
    }                                                                                            \
    const doubles all = aa + ab + bb + sa + sb + most + excess;                                  \
    double sum = 0.0;                                                                            \
    for (std::size_t j = 0; j < lanes; ++j) sum += all[j];                                       \
    return sum;                                                                                  \
  }
QMATH_BENCH_SUMS(__attribute__((target("avx512f,avx512dq,fma"))), 512, 8)
QMATH_BENCH_SUMS(__attribute__((target("avx2,fma"))), 256, 4)
QMATH_BENCH_SUMS(, 128, 2)
#undef QMATH_BENCH_SUMS

double sums(bench::level level, const float* a, const float* b, std::size_t n) {
  switch (level) {
    case bench::level::avx512: return sums_512(a, b, n, 1.0);
    case bench::level::avx2: return sums_256(a, b, n, 1.0);
    default: return sums_128(a, b, n, 1.0);
  }
}

#else
double sums(bench::level, const float*, const float*, std::size_t) { return 0.0; }
#endif

const bool registered = bench::at_start([] {
  bench::add_instruction_bounds("metrics", "f32", [](benchmark::State& state, bench::level level) {
    constexpr std::size_t n = bench::bound_size / 2;
    const float *a = bench::float_input(), *b = bench::restored_input();
    bench::run(state, n, 8 * n, [&] { benchmark::DoNotOptimize(sums(level, a, b, n)); });
  });
  for (const std::size_t n : bench::pair_sizes) {
    bench::add("metrics", "f32", "read_bound", std::to_string(n), [=](benchmark::State& state) {
      const auto* a = reinterpret_cast<const char*>(bench::float_input());
      const auto* b = reinterpret_cast<const char*>(bench::restored_input());
      bench::run(state, n, 8 * n,
                 [&] { benchmark::DoNotOptimize(bench::read(a, 4 * n) + bench::read(b, 4 * n)); });
    });
  }
});

}  // namespace
