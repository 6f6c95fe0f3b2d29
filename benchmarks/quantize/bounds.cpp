// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// float32 -> int8 with as few instructions as the contract allows on x86. Per vector: min, product, fused
// product, conversion; or min, quotient, conversion without FMA.
// The conversion to int32 turns whatever is too small, and NaN, into the smallest integer, so that only
// the upper bound needs an instruction; NaN passes through a min of which it is the second operand. The
// zero point is added to 16-bit integers with saturation, the packs do the rest.
#include "support/bounds.hpp"

namespace {

struct parameters {
  float hi, r, r2, scale;
  short z;
};

#if QMATH_BENCH_X86

__attribute__((target("avx512bw"))) void quantize_512(const float* x, std::size_t n,
                                                      const parameters& p, std::int8_t* q) {
  const __m512 hi = _mm512_set1_ps(p.hi), r = _mm512_set1_ps(p.r), r2 = _mm512_set1_ps(p.r2);
  const __m512i z = _mm512_set1_epi16(p.z);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  for (std::size_t i = 0; i < n; i += 64) {
    __m512i v[4];
    for (int j = 0; j < 4; ++j) {
      const __m512 t = _mm512_min_ps(hi, _mm512_loadu_ps(x + i + 16 * j));
      v[j] = _mm512_cvtps_epi32(_mm512_fmadd_ps(t, r, _mm512_mul_ps(t, r2)));
    }
    const __m512i ab = _mm512_adds_epi16(_mm512_packs_epi32(v[0], v[1]), z);
    const __m512i cd = _mm512_adds_epi16(_mm512_packs_epi32(v[2], v[3]), z);
    _mm512_storeu_si512(q + i, _mm512_permutexvar_epi32(order, _mm512_packs_epi16(ab, cd)));
  }
}

__attribute__((target("avx2,fma"))) void quantize_256(const float* x, std::size_t n,
                                                      const parameters& p, std::int8_t* q) {
  const __m256 hi = _mm256_set1_ps(p.hi), r = _mm256_set1_ps(p.r), r2 = _mm256_set1_ps(p.r2);
  const __m256i z = _mm256_set1_epi16(p.z), order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (std::size_t i = 0; i < n; i += 32) {
    __m256i v[4];
    for (int j = 0; j < 4; ++j) {
      const __m256 t = _mm256_min_ps(hi, _mm256_loadu_ps(x + i + 8 * j));
      v[j] = _mm256_cvtps_epi32(_mm256_fmadd_ps(t, r, _mm256_mul_ps(t, r2)));
    }
    const __m256i ab = _mm256_adds_epi16(_mm256_packs_epi32(v[0], v[1]), z);
    const __m256i cd = _mm256_adds_epi16(_mm256_packs_epi32(v[2], v[3]), z);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(q + i),
                        _mm256_permutevar8x32_epi32(_mm256_packs_epi16(ab, cd), order));
  }
}

void quantize_128(const float* x, std::size_t n, const parameters& p, std::int8_t* q) {
  const __m128 hi = _mm_set1_ps(p.hi), scale = _mm_set1_ps(p.scale);
  const __m128i z = _mm_set1_epi16(p.z);
  for (std::size_t i = 0; i < n; i += 16) {
    __m128i v[4];
    for (int j = 0; j < 4; ++j) {
      const __m128 t = _mm_min_ps(hi, _mm_loadu_ps(x + i + 4 * static_cast<std::size_t>(j)));
      v[j] = _mm_cvtps_epi32(_mm_div_ps(t, scale));
    }
    const __m128i ab = _mm_adds_epi16(_mm_packs_epi32(v[0], v[1]), z);
    const __m128i cd = _mm_adds_epi16(_mm_packs_epi32(v[2], v[3]), z);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(q + i), _mm_packs_epi16(ab, cd));
  }
}

void quantize(bench::level level, const float* x, std::size_t n, const parameters& p,
              std::int8_t* q) {
  switch (level) {
    case bench::level::avx512: return quantize_512(x, n, p, q);
    case bench::level::avx2: return quantize_256(x, n, p, q);
    default: return quantize_128(x, n, p, q);
  }
}

#else
void quantize(bench::level, const float*, std::size_t, const parameters&, std::int8_t*) {}
#endif

void instruction_bound(benchmark::State& state, bench::level level) {
  constexpr std::size_t n = bench::bound_size;
  const double s = static_cast<double>(bench::scale);
  parameters p{128.0f * bench::scale, 1.0f / bench::scale, 0.0f, bench::scale, bench::zero_point};
  p.r2 = static_cast<float>((1.0 - static_cast<double>(p.r) * s) / s);
  const float* x = bench::float_input();
  auto* q = bench::output<std::int8_t>();
  bench::run(state, n, 5 * n, [&] { quantize(level, x, n, p, q); });
  // A bound that computes something else would be none.
  for (std::size_t i = 0; i < n; ++i) {
    if (q[i] != qmath::reference::quantize<std::int8_t>(x[i], bench::scale, bench::zero_point)) {
      return state.SkipWithError("wrong result");
    }
  }
}

const bool registered = bench::at_start([] {
  for (const bench::kind& kind : bench::kinds) {
    bench::add_instruction_bounds("quantize", kind.name, instruction_bound);
    for (const std::size_t n : kind.sizes()) {
      bench::add("quantize", kind.name, "copy_bound", std::to_string(n),
                 [=](benchmark::State& state) {
                   const auto* in = reinterpret_cast<const char*>(bench::float_input());
                   auto* out = bench::output<char>();
                   bench::run(state, n, 5 * n, [&] { bench::narrow(in, out, n); });
                 });
    }
  }
});

}  // namespace
