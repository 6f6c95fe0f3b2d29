// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Real numbers in memory, float in xsimd registers; the bits of formats/real.hpp. Written once for all
// architectures; overloads for those that have instructions for half.
#ifndef QMATH_DETAIL_XSIMD_REAL_HPP_
#define QMATH_DETAIL_XSIMD_REAL_HPP_

#include <cstdint>
#include <cstring>
#include <xsimd/xsimd.hpp>

#include "qmath/detail/limits.hpp"
#include "qmath/detail/xsimd_memory.hpp"
#include "qmath/detail/xsimd_pieces.hpp"
#include "qmath/formats/real.hpp"

QMATH_BEGIN_NAMESPACE
namespace simd {
namespace pieces {

QMATH_INLINE const std::uint16_t* bits_at(const void* p) noexcept {
  return static_cast<const std::uint16_t*>(p);
}
QMATH_INLINE std::uint16_t* bits_at(void* p) noexcept { return static_cast<std::uint16_t*>(p); }

/// `value` where the mask is set, 0 elsewhere.
template <class A, class Mask>
QMATH_INLINE integers<A> where(const Mask& mask, std::int32_t value) noexcept {
  return xsimd::select(mask, integers<A>(value), integers<A>(0));
}

// ---- float ---------------------------------------------------------------------------------------

template <class A>
QMATH_INLINE floats<A> load_real(const float* p, A, const xsimd::generic&) noexcept {
  return floats<A>::load_unaligned(p);
}

template <class A>
QMATH_INLINE void store_real(float* p, const floats<A>& x, const xsimd::generic&) noexcept {
  x.store_unaligned(p);
}

// ---- bfloat16 ------------------------------------------------------------------------------------

template <class A>
QMATH_INLINE floats<A> load_real(const bfloat16* p, A arch, const xsimd::generic&) noexcept {
  return xsimd::bitwise_cast<float>(shift_left(load(bits_at(p), arch, arch), 16));
}

template <class A>
QMATH_INLINE void store_real(bfloat16* p, const floats<A>& x, const xsimd::generic&) noexcept {
  const integers<A> bits = xsimd::bitwise_cast<std::int32_t>(x);
  const integers<A> upper = shift_right(bits, 16);
  const integers<A> sum = bits + integers<A>(0x7FFF) + (upper & integers<A>(1));
  const auto is_nan = (bits & integers<A>(0x7FFFFFFF)) > integers<A>(0x7F800000);
  const integers<A> b = xsimd::select(is_nan, upper | integers<A>(0x40), shift_right(sum, 16));
  store(bits_at(p), b & integers<A>(0xFFFF), A{});
}

// ---- half, by arithmetic -------------------------------------------------------------------------

template <class A>
QMATH_INLINE floats<A> load_real(const half* p, A arch, const xsimd::generic&) noexcept {
  const integers<A> h = load(bits_at(p), arch, arch);
  const integers<A> sign = shift_left(h & integers<A>(0x8000), 16);
  // In the place of a float's bits the number is 2^112 times too small, also if it is subnormal.
  const integers<A> magnitude = shift_left(h & integers<A>(0x7FFF), 13);
  const floats<A> v = xsimd::bitwise_cast<float>(magnitude) * floats<A>(0x1p112f);
  // Infinity and NaN still lack bits of the exponent, NaN perhaps the one that makes it quiet.
  const integers<A> infinity(0x7C00 << 13);
  return xsimd::bitwise_cast<float>(xsimd::bitwise_cast<std::int32_t>(v) | sign |
                                    where<A>(magnitude >= infinity, 0x7F800000) |
                                    where<A>(magnitude > infinity, 0x400000));
}

template <class A>
QMATH_INLINE void store_real(half* p, const floats<A>& x, const xsimd::generic&) noexcept {
  const integers<A> bits = xsimd::bitwise_cast<std::int32_t>(x);
  const integers<A> magnitude = bits & integers<A>(0x7FFFFFFF);
  const integers<A> upper = shift_right(magnitude, 13);
  // Normal numbers: the significand is rounded, which may carry, up to infinity.
  const integers<A> normal =
      shift_right(magnitude + integers<A>(0xFFF - 0x38000000) + (upper & integers<A>(1)), 13);
  // Subnormal numbers: the last bit of a sum with 1/2 is worth 2^-24.
  const integers<A> sum =
      xsimd::bitwise_cast<std::int32_t>(xsimd::bitwise_cast<float>(magnitude) + floats<A>(0.5f));
  const integers<A> subnormal = sum - integers<A>(0x3F000000);
  const integers<A> nan = (upper & integers<A>(0x3FF)) | integers<A>(0x7E00);
  integers<A> h = xsimd::select(magnitude < integers<A>(0x38800000), subnormal, normal);
  h = xsimd::select(magnitude >= integers<A>(0x47800000), integers<A>(0x7C00), h);
  h = xsimd::select(magnitude > integers<A>(0x7F800000), nan, h);
  store(bits_at(p), h | (shift_right(bits, 16) & integers<A>(0x8000)), A{});
}

// ---- half, by instructions -----------------------------------------------------------------------

#if XSIMD_WITH_AVX && defined(__F16C__)
template <class A>
QMATH_INLINE floats<A> load_real(const half* p, A, const xsimd::avx&) noexcept {
  return floats<A>(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
template <class A>
QMATH_INLINE void store_real(half* p, const floats<A>& x, const xsimd::avx&) noexcept {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}
#endif

#if XSIMD_WITH_AVX512F
template <class A>
QMATH_INLINE floats<A> load_real(const half* p, A, const xsimd::avx512f&) noexcept {
  return floats<A>(_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))));
}
template <class A>
QMATH_INLINE void store_real(half* p, const floats<A>& x, const xsimd::avx512f&) noexcept {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}
#endif

#if XSIMD_WITH_NEON64
template <class A>
QMATH_INLINE floats<A> load_real(const half* p, A, const xsimd::neon64&) noexcept {
  float16x4_t h;
  std::memcpy(&h, p, sizeof(h));
  return floats<A>(vcvt_f32_f16(h));
}
template <class A>
QMATH_INLINE void store_real(half* p, const floats<A>& x, const xsimd::neon64&) noexcept {
  const float16x4_t h = vcvt_f16_f32(x);
  std::memcpy(p, &h, sizeof(h));
}
#endif

}  // namespace pieces
}  // namespace simd
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_XSIMD_REAL_HPP_
