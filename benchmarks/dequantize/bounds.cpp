// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// int8 -> float32 with as few instructions as the contract allows on x86. Per vector: widen, subtract,
// convert, multiply.
#include "support/bounds.hpp"

namespace {

#if QMATH_BENCH_X86

__attribute__((target("avx512bw"))) void dequantize_512(const std::int8_t* q, std::size_t n,
                                                        float scale, std::int32_t z, float* x) {
  const __m512 s = _mm512_set1_ps(scale);
  const __m512i zero_point = _mm512_set1_epi32(z);
  for (std::size_t i = 0; i < n; i += 64) {
    for (std::size_t j = i; j < i + 64; j += 16) {
      const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q + j));
      const __m512i steps = _mm512_sub_epi32(_mm512_cvtepi8_epi32(v), zero_point);
      _mm512_storeu_ps(x + j, _mm512_mul_ps(_mm512_cvtepi32_ps(steps), s));
    }
  }
}

__attribute__((target("avx2"))) void dequantize_256(const std::int8_t* q, std::size_t n,
                                                    float scale, std::int32_t z, float* x) {
  const __m256 s = _mm256_set1_ps(scale);
  const __m256i zero_point = _mm256_set1_epi32(z);
  for (std::size_t i = 0; i < n; i += 32) {
    for (std::size_t j = i; j < i + 32; j += 8) {
      const __m128i v = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(q + j));
      const __m256i steps = _mm256_sub_epi32(_mm256_cvtepi8_epi32(v), zero_point);
      _mm256_storeu_ps(x + j, _mm256_mul_ps(_mm256_cvtepi32_ps(steps), s));
    }
  }
}

__attribute__((target("sse4.1"))) void dequantize_128(const std::int8_t* q, std::size_t n,
                                                      float scale, std::int32_t z, float* x) {
  const __m128 s = _mm_set1_ps(scale);
  const __m128i zero_point = _mm_set1_epi32(z);
  for (std::size_t i = 0; i < n; i += 16) {
    for (std::size_t j = i; j < i + 16; j += 4) {
      int bytes;
      std::memcpy(&bytes, q + j, 4);
      const __m128i steps = _mm_sub_epi32(_mm_cvtepi8_epi32(_mm_cvtsi32_si128(bytes)), zero_point);
      _mm_storeu_ps(x + j, _mm_mul_ps(_mm_cvtepi32_ps(steps), s));
    }
  }
}

// The zero point is subtracted from 16 bits, where twice as many fit: q - z needs 9.
void dequantize_sse2(const std::int8_t* q, std::size_t n, float scale, std::int32_t z, float* x) {
  const __m128 s = _mm_set1_ps(scale);
  const __m128i zero_point = _mm_set1_epi16(static_cast<short>(z));
  for (std::size_t i = 0; i < n; i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q + i));
    const __m128i halves[2] = {_mm_srai_epi16(_mm_unpacklo_epi8(v, v), 8),
                               _mm_srai_epi16(_mm_unpackhi_epi8(v, v), 8)};
    for (std::size_t j = 0; j < 2; ++j) {
      const __m128i w = _mm_sub_epi16(halves[j], zero_point);
      const __m128i lo = _mm_srai_epi32(_mm_unpacklo_epi16(w, w), 16);
      const __m128i hi = _mm_srai_epi32(_mm_unpackhi_epi16(w, w), 16);
      _mm_storeu_ps(x + i + 8 * j, _mm_mul_ps(_mm_cvtepi32_ps(lo), s));
      _mm_storeu_ps(x + i + 8 * j + 4, _mm_mul_ps(_mm_cvtepi32_ps(hi), s));
    }
  }
}

void dequantize(bench::level level, const std::int8_t* q, std::size_t n, float scale,
                std::int32_t z, float* x) {
  switch (level) {
    case bench::level::avx512: return dequantize_512(q, n, scale, z, x);
    case bench::level::avx2: return dequantize_256(q, n, scale, z, x);
    case bench::level::sse4: return dequantize_128(q, n, scale, z, x);
    default: return dequantize_sse2(q, n, scale, z, x);
  }
}

#else
void dequantize(bench::level, const std::int8_t*, std::size_t, float, std::int32_t, float*) {}
#endif

void instruction_bound(benchmark::State& state, bench::level level) {
  constexpr std::size_t n = bench::bound_size;
  const auto* q = bench::quantized_input<std::int8_t>();
  auto* x = bench::output<float>();
  bench::run(state, n, 5 * n, [&] { dequantize(level, q, n, bench::scale, bench::zero_point, x); });
  // A bound that computes something else would be none.
  for (std::size_t i = 0; i < n; ++i) {
    if (x[i] != qmath::reference::dequantize(q[i], bench::scale, bench::zero_point)) {
      return state.SkipWithError("wrong result");
    }
  }
}

const bool registered = bench::at_start([] {
  for (const bench::kind& kind : bench::kinds) {
    bench::add_instruction_bounds("dequantize", kind.name, instruction_bound);
    for (const std::size_t n : kind.sizes()) {
      bench::add(
          "dequantize", kind.name, "copy_bound", std::to_string(n), [=](benchmark::State& state) {
            const auto* in = reinterpret_cast<const char*>(bench::quantized_input<std::int8_t>());
            auto* out = bench::output<char>();
            bench::run(state, n, 5 * n, [&] { bench::widen(in, out, n); });
          });
    }
  }
});

}  // namespace
