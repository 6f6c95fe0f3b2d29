// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// int32 -> int8 with as few instructions as the contract allows on x86. Per vector: conversion, product,
// min, conversion. Why the lower bound costs nothing: quantize/bounds.cpp.
#include "support/bounds.hpp"

namespace {

struct parameters {
  float hi, multiplier;
  short z;
};

#if QMATH_BENCH_X86

__attribute__((target("avx512bw"))) void requantize_512(const std::int32_t* acc, std::size_t n,
                                                        const parameters& p, std::int8_t* q) {
  const __m512 hi = _mm512_set1_ps(p.hi), m = _mm512_set1_ps(p.multiplier);
  const __m512i z = _mm512_set1_epi16(p.z);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  for (std::size_t i = 0; i < n; i += 64) {
    __m512i v[4];
    for (int j = 0; j < 4; ++j) {
      const __m512 t = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_loadu_si512(acc + i + 16 * j)), m);
      v[j] = _mm512_cvtps_epi32(_mm512_min_ps(t, hi));
    }
    const __m512i ab = _mm512_adds_epi16(_mm512_packs_epi32(v[0], v[1]), z);
    const __m512i cd = _mm512_adds_epi16(_mm512_packs_epi32(v[2], v[3]), z);
    _mm512_storeu_si512(q + i, _mm512_permutexvar_epi32(order, _mm512_packs_epi16(ab, cd)));
  }
}

__attribute__((target("avx2"))) void requantize_256(const std::int32_t* acc, std::size_t n,
                                                    const parameters& p, std::int8_t* q) {
  const __m256 hi = _mm256_set1_ps(p.hi), m = _mm256_set1_ps(p.multiplier);
  const __m256i z = _mm256_set1_epi16(p.z), order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (std::size_t i = 0; i < n; i += 32) {
    __m256i v[4];
    for (int j = 0; j < 4; ++j) {
      const __m256i sums = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(acc + i + 8 * j));
      const __m256 t = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), m);
      v[j] = _mm256_cvtps_epi32(_mm256_min_ps(t, hi));
    }
    const __m256i ab = _mm256_adds_epi16(_mm256_packs_epi32(v[0], v[1]), z);
    const __m256i cd = _mm256_adds_epi16(_mm256_packs_epi32(v[2], v[3]), z);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(q + i),
                        _mm256_permutevar8x32_epi32(_mm256_packs_epi16(ab, cd), order));
  }
}

void requantize_128(const std::int32_t* acc, std::size_t n, const parameters& p, std::int8_t* q) {
  const __m128 hi = _mm_set1_ps(p.hi), m = _mm_set1_ps(p.multiplier);
  const __m128i z = _mm_set1_epi16(p.z);
  for (std::size_t i = 0; i < n; i += 16) {
    __m128i v[4];
    for (int j = 0; j < 4; ++j) {
      const __m128i sums = _mm_loadu_si128(reinterpret_cast<const __m128i*>(acc + i + 4 * j));
      v[j] = _mm_cvtps_epi32(_mm_min_ps(_mm_mul_ps(_mm_cvtepi32_ps(sums), m), hi));
    }
    const __m128i ab = _mm_adds_epi16(_mm_packs_epi32(v[0], v[1]), z);
    const __m128i cd = _mm_adds_epi16(_mm_packs_epi32(v[2], v[3]), z);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(q + i), _mm_packs_epi16(ab, cd));
  }
}

void requantize(bench::level level, const std::int32_t* acc, std::size_t n, const parameters& p,
                std::int8_t* q) {
  switch (level) {
    case bench::level::avx512: return requantize_512(acc, n, p, q);
    case bench::level::avx2: return requantize_256(acc, n, p, q);
    default: return requantize_128(acc, n, p, q);
  }
}

#else
void requantize(bench::level, const std::int32_t*, std::size_t, const parameters&, std::int8_t*) {}
#endif

void instruction_bound(benchmark::State& state, bench::level level) {
  constexpr std::size_t n = bench::bound_size;
  const parameters p{128.0f, bench::multiplier, bench::zero_point};
  const std::int32_t* acc = bench::sum_input();
  auto* q = bench::output<std::int8_t>();
  bench::run(state, n, 5 * n, [&] { requantize(level, acc, n, p, q); });
  // A bound that computes something else would be none.
  for (std::size_t i = 0; i < n; ++i) {
    if (q[i] !=
        qmath::reference::requantize<std::int8_t>(acc[i], bench::multiplier, bench::zero_point)) {
      return state.SkipWithError("wrong result");
    }
  }
}

const bool registered = bench::at_start([] {
  for (const bench::kind& kind : bench::kinds) {
    bench::add_instruction_bounds("requantize", kind.name, instruction_bound);
    for (const std::size_t n : kind.sizes()) {
      bench::add("requantize", kind.name, "copy_bound", std::to_string(n),
                 [=](benchmark::State& state) {
                   const auto* in = reinterpret_cast<const char*>(bench::sum_input());
                   auto* out = bench::output<char>();
                   bench::run(state, n, 5 * n, [&] { bench::narrow(in, out, n); });
                 });
    }
  }
});

}  // namespace
