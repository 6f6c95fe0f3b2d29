// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What simd/xsimd.hpp needs and xsimd does not have, or has with other bits: exact min, max and division,
// shifts, and products of 64 bits. And the checks of its prepared parameters.
#ifndef QMATH_DETAIL_XSIMD_PIECES_HPP_
#define QMATH_DETAIL_XSIMD_PIECES_HPP_

#include <cstdint>
#include <type_traits>
#include <xsimd/xsimd.hpp>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/fixed_point.hpp"
#include "qmath/numerics.hpp"

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

/// 64-bit lanes, half as many.
template <class A>
using words = xsimd::batch<std::uint64_t, A>;

// ---- Prepared parameters -----------------------------------------------------------------------

/// Sums of two of its numbers may leave int32, and neither are they floats.
template <quantized_integer Q>
inline constexpr bool is_wide = sizeof(Q) == 4;

template <quantized_integer Q>
QMATH_INLINE bool expect_params(const char* function, const affine_params& p) noexcept {
  return impl::expect_scale(function, "scale", impl::no_index, p.scale) &&
         impl::expect_zero_point(function, "zero_point", p.zero_point, full_range<Q>());
}

template <quantized_integer Q, quantized_integer In>
QMATH_INLINE bool expect_params(const char* function, const requantize_params& p) noexcept {
  return impl::expect_scale(function, "multiplier", impl::no_index, p.multiplier) &&
         impl::expect_zero_point(function, "zero_point", p.zero_point, full_range<Q>()) &&
         impl::expect_zero_point(function, "input_zero_point", p.input_zero_point,
                                 full_range<In>());
}

template <quantized_integer Q, quantized_integer In>
QMATH_INLINE bool expect_params(const char* function, const fixed_point_params& p) noexcept {
  return impl::expect_multiplier(function, impl::no_index, p.multiplier) &&
         impl::expect_zero_point(function, "zero_point", p.zero_point, full_range<Q>()) &&
         impl::expect_zero_point(function, "input_zero_point", p.input_zero_point,
                                 full_range<In>());
}

// ---- Floats ------------------------------------------------------------------------------------

template <class A, class Base>
inline constexpr bool is = std::is_base_of_v<Base, A>;
template <class A>
inline constexpr bool is_x86 = is<A, xsimd::sse2> || is<A, xsimd::avx> || is<A, xsimd::avx512f>;

/// xsimd::fma is a product and a sum on the others.
template <class A>
inline constexpr bool has_fma =
    is<A, xsimd::fma3<xsimd::sse4_2>> || is<A, xsimd::fma3<xsimd::avx>> ||
    is<A, xsimd::fma3<xsimd::avx2>> || is<A, xsimd::avx512f> || is<A, xsimd::neon64>;

/// v, of which the compiler knows nothing any more.
template <class A>
QMATH_INLINE floats<A> hidden(floats<A> v) noexcept {
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
  __asm__("" : "+v"(v.data));
#elif defined(__GNUC__) && defined(__aarch64__)
  __asm__("" : "+w"(v.data));
#endif
  return v;
}

/// The bound for NaN. x86 instructions return their second operand then; Arm's do so for quiet NaNs only. LLVM
/// would take Arm's for a comparison with what it sees is a number.
template <class A>
QMATH_INLINE floats<A> max_or_bound(const floats<A>& v, const floats<A>& bound) noexcept {
  static_assert(is_x86<A> || is<A, xsimd::neon64>,
                "qmath: this xsimd architecture has not been checked for bit equality");
  if constexpr (is_x86<A>) {
    return xsimd::max(v, bound);
  } else {
    const floats<A> b = hidden(bound);
    return xsimd::select(v > b, v, b);
  }
}

template <class A>
QMATH_INLINE floats<A> min_or_bound(const floats<A>& v, const floats<A>& bound) noexcept {
  if constexpr (is_x86<A>) {
    return xsimd::min(v, bound);
  } else {
    const floats<A> b = hidden(bound);
    return xsimd::select(v < b, v, b);
  }
}

/// lo for NaN, or hi, or zero (clamped, too).
template <nan_rule Nan = nan_rule::lowest, class A>
QMATH_INLINE floats<A> clamp(const floats<A>& v, float lo, float hi, float zero = 0.0f) noexcept {
  if constexpr (Nan == nan_rule::lowest) {
    return xsimd::min(max_or_bound(v, floats<A>(lo)), floats<A>(hi));
  } else if constexpr (Nan == nan_rule::highest) {
    return xsimd::max(min_or_bound(v, floats<A>(hi)), floats<A>(lo));
  } else {
    return clamp(xsimd::select(v == v, v, floats<A>(zero)), lo, hi);
  }
}

template <class A>
QMATH_INLINE integers<A> clamp(const integers<A>& v, std::int32_t lo, std::int32_t hi) noexcept {
  return xsimd::min(xsimd::max(v, integers<A>(lo)), integers<A>(hi));
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
QMATH_INLINE floats<A> rounded(const floats<A>& v) noexcept {
  return hidden(v);
}

// ---- Integers ----------------------------------------------------------------------------------

/// v / 2^n, rounded down. xsimd searches for n among the immediates on Arm.
template <class T, class A>
QMATH_INLINE xsimd::batch<T, A> shift_right(const xsimd::batch<T, A>& v, std::int32_t n) noexcept {
#if XSIMD_WITH_NEON64
  if constexpr (is<A, xsimd::neon64>) {
    using batch = xsimd::batch<T, A>;
    if constexpr (std::is_same_v<T, std::int32_t>) return batch(vshlq_s32(v, vdupq_n_s32(-n)));
    if constexpr (std::is_same_v<T, std::uint32_t>) return batch(vshlq_u32(v, vdupq_n_s32(-n)));
    if constexpr (std::is_same_v<T, std::uint64_t>) return batch(vshlq_u64(v, vdupq_n_s64(-n)));
  }
#endif
  return v >> n;
}

/// v * 2^n, without the bits that do not fit.
template <class T, class A>
QMATH_INLINE xsimd::batch<T, A> shift_left(const xsimd::batch<T, A>& v, std::int32_t n) noexcept {
#if XSIMD_WITH_NEON64
  if constexpr (is<A, xsimd::neon64>) {
    using batch = xsimd::batch<T, A>;
    if constexpr (std::is_same_v<T, std::int32_t>) return batch(vshlq_s32(v, vdupq_n_s32(n)));
    if constexpr (std::is_same_v<T, std::uint64_t>) return batch(vshlq_u64(v, vdupq_n_s64(n)));
  }
#endif
  return v << n;
}

/// The products of the low halves of the lanes, unsigned. Overloads by architecture, as for memory.
#if XSIMD_WITH_SSE2
template <class A>
QMATH_INLINE words<A> multiply_low_halves(const words<A>& a, const words<A>& b,
                                          const xsimd::sse2&) noexcept {
  return words<A>(_mm_mul_epu32(a, b));
}
#endif

#if XSIMD_WITH_AVX
QMATH_INLINE __m128i low_half(__m256i v) noexcept { return _mm256_castsi256_si128(v); }
QMATH_INLINE __m128i high_half(__m256i v) noexcept { return _mm256_extractf128_si256(v, 1); }

template <class A>
QMATH_INLINE words<A> multiply_low_halves(const words<A>& a, const words<A>& b,
                                          const xsimd::avx&) noexcept {
  const __m128i low = _mm_mul_epu32(low_half(a), low_half(b));
  const __m128i high = _mm_mul_epu32(high_half(a), high_half(b));
  return words<A>(_mm256_insertf128_si256(_mm256_castsi128_si256(low), high, 1));
}
#endif

#if XSIMD_WITH_AVX2
template <class A>
QMATH_INLINE words<A> multiply_low_halves(const words<A>& a, const words<A>& b,
                                          const xsimd::avx2&) noexcept {
  return words<A>(_mm256_mul_epu32(a, b));
}
#endif

#if XSIMD_WITH_AVX512F
template <class A>
QMATH_INLINE words<A> multiply_low_halves(const words<A>& a, const words<A>& b,
                                          const xsimd::avx512f&) noexcept {
  return words<A>(_mm512_mul_epu32(a, b));
}
#endif

#if XSIMD_WITH_NEON64
template <class A>
QMATH_INLINE words<A> multiply_low_halves(const words<A>& a, const words<A>& b,
                                          const xsimd::neon64&) noexcept {
  return words<A>(vmull_u32(vmovn_u64(a), vmovn_u64(b)));
}
#endif

}  // namespace pieces
}  // namespace simd
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_XSIMD_PIECES_HPP_
