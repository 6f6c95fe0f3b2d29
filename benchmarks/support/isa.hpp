// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// x86 instructions under one name per task, for loops that are written once and compiled for every level
// (support/foreach_level.hpp). What a level does not have in one instruction, it does in as few as it can.
#ifndef QMATH_BENCHMARKS_SUPPORT_ISA_HPP_
#define QMATH_BENCHMARKS_SUPPORT_ISA_HPP_

#include "support/bounds.hpp"

#if QMATH_BENCH_X86

#define QMATH_BENCH_STRINGIFY(x) #x
#ifdef __clang__
#define QMATH_BENCH_TARGET_BEGIN(names) \
  _Pragma(QMATH_BENCH_STRINGIFY(        \
      clang attribute push(__attribute__((target(names))), apply_to = function)))
#define QMATH_BENCH_TARGET_END _Pragma("clang attribute pop")
#else
#define QMATH_BENCH_TARGET_BEGIN(names) \
  _Pragma("GCC push_options") _Pragma(QMATH_BENCH_STRINGIFY(GCC target names))
#define QMATH_BENCH_TARGET_END _Pragma("GCC pop_options")
#endif
#define QMATH_BENCH_AVX512 "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"
#define QMATH_BENCH_AVX2 "avx2,fma,f16c"
#define QMATH_BENCH_SSE4 "sse4.1,ssse3"

#define QMATH_BENCH_OP static inline __attribute__((always_inline))

namespace bench {

QMATH_BENCH_TARGET_BEGIN(QMATH_BENCH_AVX512)
struct avx512 {
  using reals = __m512;
  using integers = __m512i;
  static constexpr std::size_t lanes = 16;

  QMATH_BENCH_OP reals set(float x) { return _mm512_set1_ps(x); }
  QMATH_BENCH_OP integers set8(int x) { return _mm512_set1_epi8(static_cast<char>(x)); }
  QMATH_BENCH_OP integers set16(int x) { return _mm512_set1_epi16(static_cast<short>(x)); }
  QMATH_BENCH_OP reals load(const float* x) { return _mm512_loadu_ps(x); }
  QMATH_BENCH_OP reals load(const qmath::half* x) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
  }
  // The even and the odd ones of 2 * lanes numbers: cheaper than numbers in order.
  QMATH_BENCH_OP reals load_even(const qmath::bfloat16* x) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(x), 16));
  }
  QMATH_BENCH_OP reals load_odd(const qmath::bfloat16* x) {
    const __m512i mask = _mm512_set1_epi32(-65536);
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(x), mask));
  }
  QMATH_BENCH_OP reals min(reals a, reals b) { return _mm512_min_ps(a, b); }
  QMATH_BENCH_OP reals max(reals a, reals b) { return _mm512_max_ps(a, b); }
  QMATH_BENCH_OP reals mul(reals a, reals b) { return _mm512_mul_ps(a, b); }
  // x / scale, with scale * (r + r2) = 1.
  QMATH_BENCH_OP reals quotient(reals x, reals r, reals r2, reals) {
    return _mm512_fmadd_ps(x, r, _mm512_mul_ps(x, r2));
  }
  QMATH_BENCH_OP integers nearest(reals x) { return _mm512_cvtps_epi32(x); }
  QMATH_BENCH_OP float lowest(reals x) { return _mm512_reduce_min_ps(x); }
  QMATH_BENCH_OP float highest(reals x) { return _mm512_reduce_max_ps(x); }

  // Saturating packs work on 128 bits each: in_order and nibbles put their results in order.
  QMATH_BENCH_OP integers narrow(integers a, integers b) { return _mm512_packs_epi32(a, b); }
  QMATH_BENCH_OP integers add16(integers a, integers b) { return _mm512_adds_epi16(a, b); }
  QMATH_BENCH_OP integers narrow_s8(integers a, integers b) { return _mm512_packs_epi16(a, b); }
  QMATH_BENCH_OP integers narrow_u8(integers a, integers b) { return _mm512_packus_epi16(a, b); }
  QMATH_BENCH_OP integers clamp_s8(integers v, integers lo, integers hi) {
    return _mm512_min_epi8(_mm512_max_epi8(v, lo), hi);
  }
  QMATH_BENCH_OP integers min_u8(integers a, integers b) { return _mm512_min_epu8(a, b); }
  QMATH_BENCH_OP integers in_order(integers v) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, v);
  }
  // Codes whose four vectors were even, odd, even and odd numbers: in order in 64 bits, and then altogether.
  QMATH_BENCH_OP integers interleaved(integers v) {
    return _mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 1, 5, 2, 6, 3, 7, 8,
                                                                       12, 9, 13, 10, 14, 11, 15)));
  }
  QMATH_BENCH_OP integers in_order_64(integers v) {
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), v);
  }
  // Codes of 8 bits of 8 vectors, out of order, as codes of four bits, which nibbles_in_order orders; or
  // in_order, if they were interleaved.
  QMATH_BENCH_OP integers nibbles(integers a, integers b) {
    const __m512i mask = _mm512_set1_epi8(15), weights = _mm512_set1_epi16(0x1001);
    return _mm512_packus_epi16(_mm512_maddubs_epi16(_mm512_and_si512(a, mask), weights),
                               _mm512_maddubs_epi16(_mm512_and_si512(b, mask), weights));
  }
  QMATH_BENCH_OP integers nibbles_in_order(integers v) {
    const __m512i order =
        _mm512_set_epi16(31, 23, 15, 7, 30, 22, 14, 6, 29, 21, 13, 5, 28, 20, 12, 4,  //
                         27, 19, 11, 3, 26, 18, 10, 2, 25, 17, 9, 1, 24, 16, 8, 0);
    return _mm512_permutexvar_epi16(order, v);
  }
  QMATH_BENCH_OP void store(void* to, integers v) { _mm512_storeu_si512(to, v); }

  // ---- Codes to real numbers
  QMATH_BENCH_OP integers set32(std::int32_t x) { return _mm512_set1_epi32(x); }
  QMATH_BENCH_OP reals to_reals(integers v) { return _mm512_cvtepi32_ps(v); }
  // Four vectors of codes less their zero point.
  QMATH_BENCH_OP void load4(const std::int8_t* q, integers z, integers, integers (&v)[4]) {
    for (int j = 0; j < 4; ++j) {
      const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q) + j);
      v[j] = _mm512_sub_epi32(_mm512_cvtepi8_epi32(codes), z);
    }
  }
  QMATH_BENCH_OP void load4(const std::uint8_t* q, integers z, integers, integers (&v)[4]) {
    for (int j = 0; j < 4; ++j) {
      const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q) + j);
      v[j] = _mm512_sub_epi32(_mm512_cvtepu8_epi32(codes), z);
    }
  }
  // 16 codes of four bits, as their number in a table.
  QMATH_BENCH_OP reals look_up(reals table, const std::uint8_t* q) {
    std::int64_t bytes;
    std::memcpy(&bytes, q, 8);
    const __m512i spread = _mm512_set_epi32(
        0x07070707, 0x07070707, 0x06060606, 0x06060606, 0x05050505, 0x05050505, 0x04040404,
        0x04040404, 0x03030303, 0x03030303, 0x02020202, 0x02020202, 0x01010101, 0x01010101, 0, 0);
    const __m512i shifts = _mm512_set1_epi64(std::int64_t{4} << 32);
    const __m512i v = _mm512_shuffle_epi8(_mm512_set1_epi64(bytes), spread);
    return _mm512_permutexvar_ps(_mm512_srlv_epi32(v, shifts), table);
  }
  QMATH_BENCH_OP reals load_table(const float* table) { return _mm512_loadu_ps(table); }
  QMATH_BENCH_OP void store2(float* x, reals a, reals b) {
    _mm512_storeu_ps(x, a);
    _mm512_storeu_ps(x + 16, b);
  }
  QMATH_BENCH_OP void store2(qmath::half* x, reals a, reals b) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(x), _mm512_cvtps_ph(a, 0));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(x) + 1, _mm512_cvtps_ph(b, 0));
  }
  // The result is in the upper halves. Not for NaN.
  QMATH_BENCH_OP integers rounded_to_bf16(reals x) {
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    return _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF)), odd);
  }
  QMATH_BENCH_OP void store2(qmath::bfloat16* x, reals a, reals b) {
    const __m512i order =
        _mm512_set_epi16(63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41, 39, 37, 35, 33, 31, 29, 27,
                         25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
    store(x, _mm512_permutex2var_epi16(rounded_to_bf16(a), order, rounded_to_bf16(b)));
  }

  // ---- Sums
  QMATH_BENCH_OP integers load(const std::int32_t* x) { return _mm512_loadu_si512(x); }
  QMATH_BENCH_OP integers add32(integers a, integers b) { return _mm512_add_epi32(a, b); }
  QMATH_BENCH_OP integers shift32(integers v, int n) {
    return _mm512_srai_epi32(v, static_cast<unsigned>(n));
  }
  QMATH_BENCH_OP integers set64(std::int64_t x) { return _mm512_set1_epi64(x); }
  // The 64-bit products of the even and of the odd lanes.
  QMATH_BENCH_OP integers mul_even(integers a, integers b) { return _mm512_mul_epi32(a, b); }
  QMATH_BENCH_OP integers mul_odd(integers a, integers b) {
    return _mm512_mul_epi32(_mm512_srli_epi64(a, 32), b);
  }
  QMATH_BENCH_OP integers add64(integers a, integers b) { return _mm512_add_epi64(a, b); }
  // The upper halves of products: of four lanes, the first, third, second and fourth.
  QMATH_BENCH_OP integers upper(integers even, integers odd) {
    return _mm512_castps_si512(
        _mm512_shuffle_ps(_mm512_castsi512_ps(even), _mm512_castsi512_ps(odd), 0xDD));
  }
  // Puts codes of 8 bits that come from those in the order of lanes.
  QMATH_BENCH_OP integers upper_in_order(integers v) {
    return _mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(_mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8,
                                                                       10, 9, 11, 12, 14, 13, 15)));
  }
};
QMATH_BENCH_TARGET_END

QMATH_BENCH_TARGET_BEGIN(QMATH_BENCH_AVX2)
struct avx2 {
  using reals = __m256;
  using integers = __m256i;
  static constexpr std::size_t lanes = 8;

  QMATH_BENCH_OP reals set(float x) { return _mm256_set1_ps(x); }
  QMATH_BENCH_OP integers set8(int x) { return _mm256_set1_epi8(static_cast<char>(x)); }
  QMATH_BENCH_OP integers set16(int x) { return _mm256_set1_epi16(static_cast<short>(x)); }
  QMATH_BENCH_OP reals load(const float* x) { return _mm256_loadu_ps(x); }
  QMATH_BENCH_OP reals load(const qmath::half* x) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
  }
  QMATH_BENCH_OP reals load_even(const qmath::bfloat16* x) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
    return _mm256_castsi256_ps(_mm256_slli_epi32(bits, 16));
  }
  QMATH_BENCH_OP reals load_odd(const qmath::bfloat16* x) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
    return _mm256_castsi256_ps(_mm256_and_si256(bits, _mm256_set1_epi32(-65536)));
  }
  QMATH_BENCH_OP reals min(reals a, reals b) { return _mm256_min_ps(a, b); }
  QMATH_BENCH_OP reals max(reals a, reals b) { return _mm256_max_ps(a, b); }
  QMATH_BENCH_OP reals mul(reals a, reals b) { return _mm256_mul_ps(a, b); }
  QMATH_BENCH_OP reals quotient(reals x, reals r, reals r2, reals) {
    return _mm256_fmadd_ps(x, r, _mm256_mul_ps(x, r2));
  }
  QMATH_BENCH_OP integers nearest(reals x) { return _mm256_cvtps_epi32(x); }
  QMATH_BENCH_OP float lowest(reals x) {
    __m128 v = _mm_min_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    v = _mm_min_ps(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(_mm_min_ss(v, _mm_movehdup_ps(v)));
  }
  QMATH_BENCH_OP float highest(reals x) {
    __m128 v = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    v = _mm_max_ps(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(_mm_max_ss(v, _mm_movehdup_ps(v)));
  }

  QMATH_BENCH_OP integers narrow(integers a, integers b) { return _mm256_packs_epi32(a, b); }
  QMATH_BENCH_OP integers add16(integers a, integers b) { return _mm256_adds_epi16(a, b); }
  QMATH_BENCH_OP integers narrow_s8(integers a, integers b) { return _mm256_packs_epi16(a, b); }
  QMATH_BENCH_OP integers narrow_u8(integers a, integers b) { return _mm256_packus_epi16(a, b); }
  QMATH_BENCH_OP integers clamp_s8(integers v, integers lo, integers hi) {
    return _mm256_min_epi8(_mm256_max_epi8(v, lo), hi);
  }
  QMATH_BENCH_OP integers min_u8(integers a, integers b) { return _mm256_min_epu8(a, b); }
  QMATH_BENCH_OP integers in_order(integers v) {
    return _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  }
  QMATH_BENCH_OP integers nibbles(integers a, integers b) {
    const __m256i mask = _mm256_set1_epi8(15), weights = _mm256_set1_epi16(0x1001);
    return _mm256_packus_epi16(_mm256_maddubs_epi16(_mm256_and_si256(a, mask), weights),
                               _mm256_maddubs_epi16(_mm256_and_si256(b, mask), weights));
  }
  QMATH_BENCH_OP integers nibbles_in_order(integers v) {
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15));
    return _mm256_shuffle_epi8(_mm256_permute4x64_epi64(v, 0xD8), order);
  }
  QMATH_BENCH_OP integers interleaved(integers v) {
    return _mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(_mm_setr_epi8(
                                      0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15)));
  }
  QMATH_BENCH_OP integers in_order_64(integers v) { return _mm256_permute4x64_epi64(v, 0xD8); }
  QMATH_BENCH_OP void store(void* to, integers v) {
    _mm256_storeu_si256(static_cast<__m256i*>(to), v);
  }

  QMATH_BENCH_OP integers set32(std::int32_t x) { return _mm256_set1_epi32(x); }
  QMATH_BENCH_OP reals to_reals(integers v) { return _mm256_cvtepi32_ps(v); }
  QMATH_BENCH_OP void load4(const std::int8_t* q, integers z, integers, integers (&v)[4]) {
    for (int j = 0; j < 4; ++j) {
      const __m128i codes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(q + 8 * j));
      v[j] = _mm256_sub_epi32(_mm256_cvtepi8_epi32(codes), z);
    }
  }
  QMATH_BENCH_OP void load4(const std::uint8_t* q, integers z, integers, integers (&v)[4]) {
    for (int j = 0; j < 4; ++j) {
      const __m128i codes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(q + 8 * j));
      v[j] = _mm256_sub_epi32(_mm256_cvtepu8_epi32(codes), z);
    }
  }
  // 8 codes of four bits, as integers with 28 bits of zeros below. Sign: 0x80 for unsigned codes.
  QMATH_BENCH_OP integers load_nibbles(const std::uint8_t* q) {
    std::int32_t bytes;
    std::memcpy(&bytes, q, 4);
    const __m256i shifts = _mm256_setr_epi32(28, 24, 20, 16, 12, 8, 4, 0);
    return _mm256_sllv_epi32(_mm256_set1_epi32(bytes), shifts);
  }
  QMATH_BENCH_OP void load4(const qmath::s4* codes, integers z, integers, integers (&v)[4]) {
    const auto* q = reinterpret_cast<const std::uint8_t*>(codes);
    for (int j = 0; j < 4; ++j) {
      v[j] = _mm256_sub_epi32(_mm256_srai_epi32(load_nibbles(q + 4 * j), 28), z);
    }
  }
  QMATH_BENCH_OP void load4(const qmath::u4* codes, integers z, integers, integers (&v)[4]) {
    const auto* q = reinterpret_cast<const std::uint8_t*>(codes);
    for (int j = 0; j < 4; ++j) {
      v[j] = _mm256_sub_epi32(_mm256_srli_epi32(load_nibbles(q + 4 * j), 28), z);
    }
  }
  QMATH_BENCH_OP void store2(float* x, reals a, reals b) {
    _mm256_storeu_ps(x, a);
    _mm256_storeu_ps(x + 8, b);
  }
  QMATH_BENCH_OP void store2(qmath::half* x, reals a, reals b) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(x), _mm256_cvtps_ph(a, 0));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(x) + 1, _mm256_cvtps_ph(b, 0));
  }
  QMATH_BENCH_OP integers rounded_to_bf16(reals x) {
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    return _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7FFF)), odd);
  }
  QMATH_BENCH_OP void store2(qmath::bfloat16* x, reals a, reals b) {
    const __m256i v = _mm256_packus_epi32(_mm256_srli_epi32(rounded_to_bf16(a), 16),
                                          _mm256_srli_epi32(rounded_to_bf16(b), 16));
    store(x, _mm256_permute4x64_epi64(v, 0xD8));
  }

  QMATH_BENCH_OP integers load(const std::int32_t* x) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
  }
  QMATH_BENCH_OP integers add32(integers a, integers b) { return _mm256_add_epi32(a, b); }
  QMATH_BENCH_OP integers shift32(integers v, int n) { return _mm256_srai_epi32(v, n); }
  QMATH_BENCH_OP integers set64(std::int64_t x) { return _mm256_set1_epi64x(x); }
  // The 64-bit products of the even and of the odd lanes.
  QMATH_BENCH_OP integers mul_even(integers a, integers b) { return _mm256_mul_epi32(a, b); }
  QMATH_BENCH_OP integers mul_odd(integers a, integers b) {
    return _mm256_mul_epi32(_mm256_srli_epi64(a, 32), b);
  }
  QMATH_BENCH_OP integers add64(integers a, integers b) { return _mm256_add_epi64(a, b); }
  // The upper halves of products: of four lanes, the first, third, second and fourth.
  QMATH_BENCH_OP integers upper(integers even, integers odd) {
    return _mm256_castps_si256(
        _mm256_shuffle_ps(_mm256_castsi256_ps(even), _mm256_castsi256_ps(odd), 0xDD));
  }
  // Puts codes of 8 bits that come from those in the order of lanes.
  QMATH_BENCH_OP integers upper_in_order(integers v) {
    return _mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(_mm_setr_epi8(
                                      0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15)));
  }
};
QMATH_BENCH_TARGET_END

// Without FMA the quotient is a division.
struct sse2 {
  using reals = __m128;
  using integers = __m128i;
  static constexpr std::size_t lanes = 4;

  QMATH_BENCH_OP reals set(float x) { return _mm_set1_ps(x); }
  QMATH_BENCH_OP integers set8(int x) { return _mm_set1_epi8(static_cast<char>(x)); }
  QMATH_BENCH_OP integers set16(int x) { return _mm_set1_epi16(static_cast<short>(x)); }
  QMATH_BENCH_OP reals load(const float* x) { return _mm_loadu_ps(x); }
  QMATH_BENCH_OP reals load(const qmath::bfloat16* x) {
    const __m128i bits = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(x));
    return _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), bits));
  }
  QMATH_BENCH_OP reals min(reals a, reals b) { return _mm_min_ps(a, b); }
  QMATH_BENCH_OP reals max(reals a, reals b) { return _mm_max_ps(a, b); }
  QMATH_BENCH_OP reals mul(reals a, reals b) { return _mm_mul_ps(a, b); }
  QMATH_BENCH_OP reals quotient(reals x, reals, reals, reals scale) { return _mm_div_ps(x, scale); }
  QMATH_BENCH_OP integers nearest(reals x) { return _mm_cvtps_epi32(x); }
  QMATH_BENCH_OP float lowest(reals v) {
    v = _mm_min_ps(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(_mm_min_ss(v, _mm_shuffle_ps(v, v, 1)));
  }
  QMATH_BENCH_OP float highest(reals v) {
    v = _mm_max_ps(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(_mm_max_ss(v, _mm_shuffle_ps(v, v, 1)));
  }

  QMATH_BENCH_OP integers narrow(integers a, integers b) { return _mm_packs_epi32(a, b); }
  QMATH_BENCH_OP integers add16(integers a, integers b) { return _mm_adds_epi16(a, b); }
  QMATH_BENCH_OP integers narrow_s8(integers a, integers b) { return _mm_packs_epi16(a, b); }
  QMATH_BENCH_OP integers narrow_u8(integers a, integers b) { return _mm_packus_epi16(a, b); }
  QMATH_BENCH_OP integers min_u8(integers a, integers b) { return _mm_min_epu8(a, b); }
  QMATH_BENCH_OP integers in_order(integers v) { return v; }
  QMATH_BENCH_OP void store(void* to, integers v) {
    _mm_storeu_si128(static_cast<__m128i*>(to), v);
  }

  QMATH_BENCH_OP integers set32(std::int32_t x) { return _mm_set1_epi32(x); }
  QMATH_BENCH_OP reals to_reals(integers v) { return _mm_cvtepi32_ps(v); }
  // The zero point is subtracted from 16 bits, where twice as many fit: q - z needs 9.
  QMATH_BENCH_OP void less_zero_point(integers low, integers high, integers z, integers (&v)[4]) {
    const __m128i halves[2] = {_mm_sub_epi16(low, z), _mm_sub_epi16(high, z)};
    for (int j = 0; j < 2; ++j) {
      v[2 * j] = _mm_srai_epi32(_mm_unpacklo_epi16(halves[j], halves[j]), 16);
      v[2 * j + 1] = _mm_srai_epi32(_mm_unpackhi_epi16(halves[j], halves[j]), 16);
    }
  }
  QMATH_BENCH_OP void load4(const std::int8_t* q, integers, integers z, integers (&v)[4]) {
    const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q));
    less_zero_point(_mm_srai_epi16(_mm_unpacklo_epi8(codes, codes), 8),
                    _mm_srai_epi16(_mm_unpackhi_epi8(codes, codes), 8), z, v);
  }
  QMATH_BENCH_OP void load4(const std::uint8_t* q, integers, integers z, integers (&v)[4]) {
    const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q));
    less_zero_point(_mm_unpacklo_epi8(codes, _mm_setzero_si128()),
                    _mm_unpackhi_epi8(codes, _mm_setzero_si128()), z, v);
  }
  QMATH_BENCH_OP void store2(float* x, reals a, reals b) {
    _mm_storeu_ps(x, a);
    _mm_storeu_ps(x + 4, b);
  }

  QMATH_BENCH_OP integers load(const std::int32_t* x) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
  }
  QMATH_BENCH_OP integers add32(integers a, integers b) { return _mm_add_epi32(a, b); }
  QMATH_BENCH_OP integers shift32(integers v, int n) { return _mm_srai_epi32(v, n); }
  QMATH_BENCH_OP integers set64(std::int64_t x) { return _mm_set1_epi64x(x); }
  QMATH_BENCH_OP integers add64(integers a, integers b) { return _mm_add_epi64(a, b); }
  // The upper halves of products: of four lanes, the first, third, second and fourth.
  QMATH_BENCH_OP integers upper(integers even, integers odd) {
    return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(even), _mm_castsi128_ps(odd), 0xDD));
  }
};

QMATH_BENCH_TARGET_BEGIN(QMATH_BENCH_SSE4)
struct sse4 : sse2 {
  QMATH_BENCH_OP integers clamp_s8(integers v, integers lo, integers hi) {
    return _mm_min_epi8(_mm_max_epi8(v, lo), hi);
  }
  QMATH_BENCH_OP integers nibbles(integers a, integers b) {
    const __m128i mask = _mm_set1_epi8(15), weights = _mm_set1_epi16(0x1001);
    return _mm_packus_epi16(_mm_maddubs_epi16(_mm_and_si128(a, mask), weights),
                            _mm_maddubs_epi16(_mm_and_si128(b, mask), weights));
  }
  QMATH_BENCH_OP integers nibbles_in_order(integers v) { return v; }

  QMATH_BENCH_OP void load4(const std::int8_t* q, integers z, integers, integers (&v)[4]) {
    for (int j = 0; j < 4; ++j) {
      std::int32_t bytes;
      std::memcpy(&bytes, q + 4 * j, 4);
      v[j] = _mm_sub_epi32(_mm_cvtepi8_epi32(_mm_cvtsi32_si128(bytes)), z);
    }
  }
  QMATH_BENCH_OP void load4(const std::uint8_t* q, integers z, integers, integers (&v)[4]) {
    for (int j = 0; j < 4; ++j) {
      std::int32_t bytes;
      std::memcpy(&bytes, q + 4 * j, 4);
      v[j] = _mm_sub_epi32(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes)), z);
    }
  }
  // The sign bit of signed codes is flipped, which makes them unsigned with 8 more in the zero point.
  QMATH_BENCH_OP void load_nibbles(const void* q, integers flip, integers z, integers (&v)[4]) {
    const __m128i mask = _mm_set1_epi8(15);
    const __m128i bytes = _mm_xor_si128(_mm_loadl_epi64(static_cast<const __m128i*>(q)), flip);
    const __m128i codes = _mm_and_si128(_mm_unpacklo_epi8(bytes, _mm_srli_epi16(bytes, 4)), mask);
    less_zero_point(_mm_cvtepi8_epi16(codes), _mm_unpackhi_epi8(codes, _mm_setzero_si128()), z, v);
  }
  QMATH_BENCH_OP void load4(const qmath::s4* q, integers, integers z, integers (&v)[4]) {
    load_nibbles(q, _mm_set1_epi8(static_cast<char>(0x88)), _mm_add_epi16(z, _mm_set1_epi16(8)), v);
  }
  QMATH_BENCH_OP void load4(const qmath::u4* q, integers, integers z, integers (&v)[4]) {
    load_nibbles(q, _mm_setzero_si128(), z, v);
  }
  // The 64-bit products of the even and of the odd lanes.
  QMATH_BENCH_OP integers mul_even(integers a, integers b) { return _mm_mul_epi32(a, b); }
  QMATH_BENCH_OP integers mul_odd(integers a, integers b) {
    return _mm_mul_epi32(_mm_srli_epi64(a, 32), b);
  }
  // Puts codes of 8 bits that come from those in the order of lanes.
  QMATH_BENCH_OP integers upper_in_order(integers v) {
    return _mm_shuffle_epi8(v,
                            (_mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15)));
  }
};
QMATH_BENCH_TARGET_END

}  // namespace bench

#endif  // QMATH_BENCH_X86
#endif  // QMATH_BENCHMARKS_SUPPORT_ISA_HPP_
