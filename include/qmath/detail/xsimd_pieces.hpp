// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What simd/xsimd.hpp needs and xsimd does not have, or has with other bits: exact min, max and division,
// and 8-bit memory.
#ifndef QMATH_DETAIL_XSIMD_PIECES_HPP_
#define QMATH_DETAIL_XSIMD_PIECES_HPP_

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <xsimd/xsimd.hpp>

#include "qmath/core/concepts.hpp"
#include "qmath/detail/check.hpp"

#ifdef __FAST_MATH__
#error "qmath: -ffast-math breaks the exact results of simd/xsimd.hpp"
#endif

QMATH_BEGIN_NAMESPACE
namespace simd {

template <class A>
using floats = xsimd::batch<float, A>;
template <class A>
using integers = xsimd::batch<std::int32_t, A>;

namespace pieces {

template <class Q>
QMATH_INLINE bool expect_params(const char* function, const char* scale_name, float scale,
                                std::int32_t zero_point) noexcept {
  return impl::expect_scale(function, scale_name, impl::no_index, scale) &&
         impl::expect_zero_point<Q>(function, "zero_point", impl::no_index, zero_point);
}

// ---- Arithmetic --------------------------------------------------------------------------------

template <class A, class Base>
inline constexpr bool is = std::is_base_of_v<Base, A>;
template <class A>
inline constexpr bool is_x86 = is<A, xsimd::sse2> || is<A, xsimd::avx> || is<A, xsimd::avx512f>;

/// xsimd::fma is a product and a sum on the others.
template <class A>
inline constexpr bool has_fma =
    is<A, xsimd::fma3<xsimd::sse4_2>> || is<A, xsimd::fma3<xsimd::avx>> ||
    is<A, xsimd::fma3<xsimd::avx2>> || is<A, xsimd::avx512f> || is<A, xsimd::neon64>;

/// The bound for NaN. x86 instructions return their second operand then; Arm's do so for quiet NaNs only.
template <class A>
QMATH_INLINE floats<A> max_or_bound(const floats<A>& v, const floats<A>& bound) noexcept {
  static_assert(is_x86<A> || is<A, xsimd::neon64>,
                "qmath: this xsimd architecture has not been checked for bit equality");
  if constexpr (is_x86<A>) {
    return xsimd::max(v, bound);
  } else {
    return xsimd::select(v > bound, v, bound);
  }
}

template <class A>
QMATH_INLINE floats<A> min_or_bound(const floats<A>& v, const floats<A>& bound) noexcept {
  if constexpr (is_x86<A>) {
    return xsimd::min(v, bound);
  } else {
    return xsimd::select(v < bound, v, bound);
  }
}

/// lo for NaN.
template <class A>
QMATH_INLINE floats<A> clamp(const floats<A>& v, float lo, float hi) noexcept {
  return xsimd::min(max_or_bound(v, floats<A>(lo)), floats<A>(hi));
}

/// The correctly rounded quotient; xsimd's own is an approximation on Arm.
template <class A>
QMATH_INLINE floats<A> divide(const floats<A>& x, const floats<A>& y) noexcept {
#if XSIMD_WITH_NEON64
  if constexpr (is<A, xsimd::neon64>) return floats<A>(vdivq_f32(x, y));
#endif
  return x / y;
}

/// Keeps the compiler from contracting a product with the sum that somebody puts it into (GCC does so
/// by default, also across intrinsics).
template <class A>
QMATH_INLINE floats<A> rounded(floats<A> v) noexcept {
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
  __asm__("" : "+v"(v.data));
#elif defined(__GNUC__) && defined(__aarch64__)
  __asm__("" : "+w"(v.data));
#endif
  return v;
}

/// nearest_even(v) + offset for |v| <= 2^22: adding 1.5 * 2^23 leaves the rounded integer in the low
/// bits of the sum. Cheaper than xsimd::nearbyint_as_int, and exact where that is emulated.
template <class A>
QMATH_INLINE integers<A> round_and_add(const floats<A>& v, std::int32_t offset) noexcept {
  constexpr float magic = 12582912.0f;
  constexpr std::int32_t magic_bits = 0x4B400000;
  return xsimd::bitwise_cast<std::int32_t>(v + floats<A>(magic)) + integers<A>(offset - magic_bits);
}

// ---- Memory ------------------------------------------------------------------------------------
// Overloads by architecture; a derived one without its own uses its base's. Numbers to be stored are
// inside the range of Q, so that a saturating pack changes nothing.

#if XSIMD_WITH_SSE2
template <class Q>
QMATH_INLINE __m128i pack_16_to_8(__m128i a, __m128i b) noexcept {
  if constexpr (std::is_signed_v<Q>)
    return _mm_packs_epi16(a, b);
  else
    return _mm_packus_epi16(a, b);
}

template <class Q>
QMATH_INLINE __m128i load_4(const Q* q) noexcept {
  std::int32_t bits;
  std::memcpy(&bits, q, 4);
  const __m128i v = _mm_cvtsi32_si128(bits), zero = _mm_setzero_si128();
  if constexpr (std::is_signed_v<Q>) {
    const __m128i pairs = _mm_unpacklo_epi8(v, v);
    return _mm_srai_epi32(_mm_unpacklo_epi16(pairs, pairs), 24);
  } else {
    return _mm_unpacklo_epi16(_mm_unpacklo_epi8(v, zero), zero);
  }
}

template <class Q>
QMATH_INLINE void store_16(Q* q, __m128i a, __m128i b, __m128i c, __m128i d) noexcept {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(q),
                   pack_16_to_8<Q>(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d)));
}

template <class Q, class A>
QMATH_INLINE integers<A> load(const Q* q, A, const xsimd::sse2&) noexcept {
  return integers<A>(load_4(q));
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& v, const xsimd::sse2&) noexcept {
  const __m128i words = _mm_packs_epi32(v, v);
  const std::int32_t bits = _mm_cvtsi128_si32(pack_16_to_8<Q>(words, words));
  std::memcpy(q, &bits, 4);
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& a, const integers<A>& b, const integers<A>& c,
                        const integers<A>& d, const xsimd::sse2&) noexcept {
  store_16(q, a, b, c, d);
}
#endif

#if XSIMD_WITH_SSE4_1
template <class Q, class A>
QMATH_INLINE integers<A> load(const Q* q, A, const xsimd::sse4_1&) noexcept {
  std::int32_t bits;
  std::memcpy(&bits, q, 4);
  const __m128i v = _mm_cvtsi32_si128(bits);
  return integers<A>(std::is_signed_v<Q> ? _mm_cvtepi8_epi32(v) : _mm_cvtepu8_epi32(v));
}
#endif

#if XSIMD_WITH_AVX
QMATH_INLINE __m128i low_half(__m256i v) noexcept { return _mm256_castsi256_si128(v); }
QMATH_INLINE __m128i high_half(__m256i v) noexcept { return _mm256_extractf128_si256(v, 1); }

template <class Q, class A>
QMATH_INLINE integers<A> load(const Q* q, A, const xsimd::avx&) noexcept {
  const __m256i low = _mm256_castsi128_si256(load_4(q));
  return integers<A>(_mm256_insertf128_si256(low, load_4(q + 4), 1));
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& v, const xsimd::avx&) noexcept {
  const __m128i words = _mm_packs_epi32(low_half(v), high_half(v));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(q), pack_16_to_8<Q>(words, words));
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& a, const integers<A>& b, const integers<A>& c,
                        const integers<A>& d, const xsimd::avx&) noexcept {
  store_16(q, low_half(a), high_half(a), low_half(b), high_half(b));
  store_16(q + 16, low_half(c), high_half(c), low_half(d), high_half(d));
}
#endif

#if XSIMD_WITH_AVX2
template <class Q, class A>
QMATH_INLINE integers<A> load(const Q* q, A, const xsimd::avx2&) noexcept {
  const __m128i v = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(q));
  return integers<A>(std::is_signed_v<Q> ? _mm256_cvtepi8_epi32(v) : _mm256_cvtepu8_epi32(v));
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& a, const integers<A>& b, const integers<A>& c,
                        const integers<A>& d, const xsimd::avx2&) noexcept {
  // Packs work within 128-bit halves; the 32-bit groups are put in order at the end.
  const __m256i ab = _mm256_packs_epi32(a, b), cd = _mm256_packs_epi32(c, d);
  const __m256i abcd =
      std::is_signed_v<Q> ? _mm256_packs_epi16(ab, cd) : _mm256_packus_epi16(ab, cd);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(q), _mm256_permutevar8x32_epi32(abcd, order));
}
#endif

#if XSIMD_WITH_AVX512F
template <class Q, class A>
QMATH_INLINE integers<A> load(const Q* q, A, const xsimd::avx512f&) noexcept {
  const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q));
  return integers<A>(std::is_signed_v<Q> ? _mm512_cvtepi8_epi32(v) : _mm512_cvtepu8_epi32(v));
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& v, const xsimd::avx512f&) noexcept {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(q), _mm512_cvtepi32_epi8(v));
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
                        const integers<A>& d, const xsimd::avx512bw&) noexcept {
  const __m512i ab = _mm512_packs_epi32(a, b), cd = _mm512_packs_epi32(c, d);
  const __m512i abcd =
      std::is_signed_v<Q> ? _mm512_packs_epi16(ab, cd) : _mm512_packus_epi16(ab, cd);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  _mm512_storeu_si512(q, _mm512_permutexvar_epi32(order, abcd));
}
#endif

#if XSIMD_WITH_NEON64
QMATH_INLINE int8x8_t narrow(int32x4_t a, int32x4_t b) noexcept {
  return vmovn_s16(vcombine_s16(vmovn_s32(a), vmovn_s32(b)));
}

template <class Q, class A>
QMATH_INLINE integers<A> load(const Q* q, A, const xsimd::neon64&) noexcept {
  std::uint32_t bits;
  std::memcpy(&bits, q, 4);
  const uint32x2_t v = vdup_n_u32(bits);
  if constexpr (std::is_signed_v<Q>) {
    return integers<A>(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u32(v)))));
  } else {
    return integers<A>(
        vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u32(v))))));
  }
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& v, const xsimd::neon64&) noexcept {
  const std::uint32_t bits = vget_lane_u32(vreinterpret_u32_s8(narrow(v, v)), 0);
  std::memcpy(q, &bits, 4);
}
template <class Q, class A>
QMATH_INLINE void store(Q* q, const integers<A>& a, const integers<A>& b, const integers<A>& c,
                        const integers<A>& d, const xsimd::neon64&) noexcept {
  const int8x16_t bytes = vcombine_s8(narrow(a, b), narrow(c, d));
  std::memcpy(q, &bytes, 16);
}
#endif

}  // namespace pieces
}  // namespace simd
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_XSIMD_PIECES_HPP_
