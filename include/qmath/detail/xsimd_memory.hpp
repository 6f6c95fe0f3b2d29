// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Integers in memory, int32 in xsimd registers: `load` one register, `store` one or four.
// Overloads by architecture; a derived one without its own uses its base's. Numbers to be stored are
// inside the range of Q, so that a saturating pack changes nothing. Any address.
#ifndef QMATH_DETAIL_XSIMD_MEMORY_HPP_
#define QMATH_DETAIL_XSIMD_MEMORY_HPP_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <xsimd/xsimd.hpp>

#include "qmath/detail/xsimd_pieces.hpp"

QMATH_BEGIN_NAMESPACE
namespace simd {
namespace pieces {

template <class Q>
inline constexpr bool is_8_bits = sizeof(Q) == 1;

// ---- SSE, and what AVX has in 128 bits -----------------------------------------------------------
// All overloads of a function stand before the first template that calls it: a later one would not be found.

#if XSIMD_WITH_SSE2
template <class Q>
QMATH_INLINE __m128i load_4(const Q* q, const xsimd::sse2&) noexcept {
  const __m128i zero = _mm_setzero_si128();
  __m128i v;  // 16 bits each; signed bytes are in the upper 8
  if constexpr (is_8_bits<Q>) {
    std::int32_t bits;
    std::memcpy(&bits, q, 4);
    const __m128i bytes = _mm_cvtsi32_si128(bits);
    v = _mm_unpacklo_epi8(bytes, std::is_signed_v<Q> ? bytes : zero);
  } else {
    v = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(q));
  }
  if constexpr (std::is_signed_v<Q>) {
    return _mm_srai_epi32(_mm_unpacklo_epi16(v, v), is_8_bits<Q> ? 24 : 16);
  } else {
    return _mm_unpacklo_epi16(v, zero);
  }
}

/// Two registers of 32 bits to one of 16.
template <class Q>
QMATH_INLINE __m128i to_16_bits(__m128i a, __m128i b, const xsimd::sse2&) noexcept {
  if constexpr (std::is_same_v<Q, std::uint16_t>) {
    // As signed numbers with the same 16 bits.
    a = _mm_srai_epi32(_mm_slli_epi32(a, 16), 16);
    b = _mm_srai_epi32(_mm_slli_epi32(b, 16), 16);
  }
  return _mm_packs_epi32(a, b);
}
#endif

#if XSIMD_WITH_SSE4_1
template <class Q>
QMATH_INLINE __m128i load_4(const Q* q, const xsimd::sse4_1&) noexcept {
  if constexpr (is_8_bits<Q>) {
    std::int32_t bits;
    std::memcpy(&bits, q, 4);
    const __m128i v = _mm_cvtsi32_si128(bits);
    return std::is_signed_v<Q> ? _mm_cvtepi8_epi32(v) : _mm_cvtepu8_epi32(v);
  } else {
    const __m128i v = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(q));
    return std::is_signed_v<Q> ? _mm_cvtepi16_epi32(v) : _mm_cvtepu16_epi32(v);
  }
}

template <class Q>
QMATH_INLINE __m128i to_16_bits(__m128i a, __m128i b, const xsimd::sse4_1&) noexcept {
  if constexpr (std::is_same_v<Q, std::uint16_t>)
    return _mm_packus_epi32(a, b);
  else
    return _mm_packs_epi32(a, b);
}
#endif

#if XSIMD_WITH_SSE2
/// Two registers of 16 bits to one of 8.
template <class Q>
QMATH_INLINE __m128i to_8_bits(__m128i a, __m128i b) noexcept {
  if constexpr (std::is_signed_v<Q>)
    return _mm_packs_epi16(a, b);
  else
    return _mm_packus_epi16(a, b);
}

/// Eight numbers.
template <class Q, class A>
QMATH_INLINE void store_2(Q* q, __m128i a, __m128i b, const A& arch) noexcept {
  const __m128i v = to_16_bits<Q>(a, b, arch);
  if constexpr (is_8_bits<Q>) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(q), to_8_bits<Q>(v, v));
  } else {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(q), v);
  }
}

/// 16 numbers.
template <class Q, class A>
QMATH_INLINE void store_4(Q* q, __m128i a, __m128i b, __m128i c, __m128i d,
                          const A& arch) noexcept {
  if constexpr (is_8_bits<Q>) {
    const __m128i v = to_8_bits<Q>(to_16_bits<Q>(a, b, arch), to_16_bits<Q>(c, d, arch));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(q), v);
  } else {
    store_2(q, a, b, arch), store_2(q + 8, c, d, arch);
  }
}

template <class Q, class A>
QMATH_INLINE integers<A> load(const Q* q, A arch, const xsimd::sse2&) noexcept {
  return integers<A>(load_4(q, arch));
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& v, const xsimd::sse2&) noexcept {
  const __m128i words = to_16_bits<Q>(v, v, A{});
  if constexpr (is_8_bits<Q>) {
    const std::int32_t bits = _mm_cvtsi128_si32(to_8_bits<Q>(words, words));
    std::memcpy(q, &bits, 4);
  } else {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(q), words);
  }
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& a, const integers<A>& b, const integers<A>& c,
                        const integers<A>& d, const xsimd::sse2&) noexcept {
  store_4(q, a, b, c, d, A{});
}
#endif

// ---- AVX -----------------------------------------------------------------------------------------

#if XSIMD_WITH_AVX
template <class Q, class A>
QMATH_INLINE integers<A> load(const Q* q, A, const xsimd::avx&) noexcept {
  const xsimd::sse4_1 half;
  const __m256i low = _mm256_castsi128_si256(load_4(q, half));
  return integers<A>(_mm256_insertf128_si256(low, load_4(q + 4, half), 1));
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& v, const xsimd::avx&) noexcept {
  store_2(q, low_half(v), high_half(v), xsimd::sse4_1());
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& a, const integers<A>& b, const integers<A>& c,
                        const integers<A>& d, const xsimd::avx&) noexcept {
  const xsimd::sse4_1 half;
  store_4(q, low_half(a), high_half(a), low_half(b), high_half(b), half);
  store_4(q + 16, low_half(c), high_half(c), low_half(d), high_half(d), half);
}
#endif

#if XSIMD_WITH_AVX2
template <class Q, class A>
QMATH_INLINE integers<A> load(const Q* q, A, const xsimd::avx2&) noexcept {
  if constexpr (is_8_bits<Q>) {
    const __m128i v = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(q));
    return integers<A>(std::is_signed_v<Q> ? _mm256_cvtepi8_epi32(v) : _mm256_cvtepu8_epi32(v));
  } else {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q));
    return integers<A>(std::is_signed_v<Q> ? _mm256_cvtepi16_epi32(v) : _mm256_cvtepu16_epi32(v));
  }
}

// Packs work within 128-bit halves; what they put out of order is put in order at the end.
template <class Q>
QMATH_INLINE __m256i to_16_bits_in_halves(__m256i a, __m256i b) noexcept {
  if constexpr (std::is_same_v<Q, std::uint16_t>)
    return _mm256_packus_epi32(a, b);
  else
    return _mm256_packs_epi32(a, b);
}

template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& a, const integers<A>& b, const integers<A>& c,
                        const integers<A>& d, const xsimd::avx2&) noexcept {
  __m256i* const to = reinterpret_cast<__m256i*>(q);
  const __m256i ab = to_16_bits_in_halves<Q>(a, b), cd = to_16_bits_in_halves<Q>(c, d);
  if constexpr (is_8_bits<Q>) {
    const __m256i abcd =
        std::is_signed_v<Q> ? _mm256_packs_epi16(ab, cd) : _mm256_packus_epi16(ab, cd);
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_storeu_si256(to, _mm256_permutevar8x32_epi32(abcd, order));
  } else {
    _mm256_storeu_si256(to, _mm256_permute4x64_epi64(ab, 0xD8));  // 0, 2, 1, 3
    _mm256_storeu_si256(to + 1, _mm256_permute4x64_epi64(cd, 0xD8));
  }
}
#endif

// ---- AVX-512 -------------------------------------------------------------------------------------

#if XSIMD_WITH_AVX512F
template <class Q, class A>
QMATH_INLINE integers<A> load(const Q* q, A, const xsimd::avx512f&) noexcept {
  if constexpr (is_8_bits<Q>) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q));
    return integers<A>(std::is_signed_v<Q> ? _mm512_cvtepi8_epi32(v) : _mm512_cvtepu8_epi32(v));
  } else {
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q));
    return integers<A>(std::is_signed_v<Q> ? _mm512_cvtepi16_epi32(v) : _mm512_cvtepu16_epi32(v));
  }
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& v, const xsimd::avx512f&) noexcept {
  if constexpr (is_8_bits<Q>) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(q), _mm512_cvtepi32_epi8(v));
  } else {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(q), _mm512_cvtepi32_epi16(v));
  }
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& a, const integers<A>& b, const integers<A>& c,
                        const integers<A>& d, const xsimd::avx512f& f) noexcept {
  store(q, a, f), store(q + 16, b, f), store(q + 32, c, f), store(q + 48, d, f);
}
#endif

#if XSIMD_WITH_AVX512BW
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& a, const integers<A>& b, const integers<A>& c,
                        const integers<A>& d, const xsimd::avx512bw& bw) noexcept {
  if constexpr (is_8_bits<Q>) {
    const __m512i ab = _mm512_packs_epi32(a, b), cd = _mm512_packs_epi32(c, d);
    const __m512i abcd =
        std::is_signed_v<Q> ? _mm512_packs_epi16(ab, cd) : _mm512_packus_epi16(ab, cd);
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    _mm512_storeu_si512(q, _mm512_permutexvar_epi32(order, abcd));
  } else {
    store(q, a, bw), store(q + 16, b, bw), store(q + 32, c, bw), store(q + 48, d, bw);
  }
}
#endif

// ---- Arm -----------------------------------------------------------------------------------------

#if XSIMD_WITH_NEON64
template <class Q, class A>
QMATH_INLINE integers<A> load(const Q* q, A, const xsimd::neon64&) noexcept {
  uint16x4_t v;  // 16 bits, of either sign
  if constexpr (is_8_bits<Q>) {
    std::uint32_t bits;
    std::memcpy(&bits, q, 4);
    const uint32x2_t bytes = vdup_n_u32(bits);
    if constexpr (std::is_signed_v<Q>) {
      v = vreinterpret_u16_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u32(bytes))));
    } else {
      v = vget_low_u16(vmovl_u8(vreinterpret_u8_u32(bytes)));
    }
  } else {
    std::memcpy(&v, q, sizeof(v));
  }
  if constexpr (std::is_signed_v<Q>) {
    return integers<A>(vmovl_s16(vreinterpret_s16_u16(v)));
  } else {
    return integers<A>(vreinterpretq_s32_u32(vmovl_u16(v)));
  }
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& v, const xsimd::neon64&) noexcept {
  const int16x4_t half = vmovn_s32(v);
  if constexpr (is_8_bits<Q>) {
    const int8x8_t bytes = vmovn_s16(vcombine_s16(half, half));
    const std::uint32_t bits = vget_lane_u32(vreinterpret_u32_s8(bytes), 0);
    std::memcpy(q, &bits, 4);
  } else {
    std::memcpy(q, &half, sizeof(half));
  }
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& a, const integers<A>& b, const integers<A>& c,
                        const integers<A>& d, const xsimd::neon64&) noexcept {
  const int16x8_t ab = vcombine_s16(vmovn_s32(a), vmovn_s32(b));
  const int16x8_t cd = vcombine_s16(vmovn_s32(c), vmovn_s32(d));
  if constexpr (is_8_bits<Q>) {
    const int8x16_t bytes = vcombine_s8(vmovn_s16(ab), vmovn_s16(cd));
    std::memcpy(q, &bytes, 16);
  } else {
    std::memcpy(q, &ab, 16);
    std::memcpy(q + 8, &cd, 16);
  }
}
#endif

// ---- All architectures ---------------------------------------------------------------------------

template <class A, class Q>
QMATH_INLINE integers<A> load_codes(const Q* q) noexcept {
  if constexpr (sizeof(Q) == 4) {
    return integers<A>::load_unaligned(q);
  } else {
    return load(q, A{}, A{});
  }
}

template <class A, class Q>
QMATH_INLINE void store_codes(Q* q, const integers<A>& v) noexcept {
  if constexpr (sizeof(Q) == 4) {
    v.store_unaligned(q);
  } else {
    store(q, v, A{});
  }
}

template <class A, class Q>
QMATH_INLINE void store_codes(Q* q, const integers<A>& a, const integers<A>& b,
                              const integers<A>& c, const integers<A>& d) noexcept {
  if constexpr (sizeof(Q) == 4) {
    constexpr std::size_t n = integers<A>::size;
    a.store_unaligned(q);
    b.store_unaligned(q + n);
    c.store_unaligned(q + 2 * n);
    d.store_unaligned(q + 3 * n);
  } else {
    store(q, a, b, c, d, A{});
  }
}

}  // namespace pieces
}  // namespace simd
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_XSIMD_MEMORY_HPP_
