// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Quantization in registers, for callers who write their own loops with xsimd (version 13 or later).
// Not part of qmath.hpp: include it in addition.                      real = scale * (q - zero_point)
//
// The instruction set is the batch's architecture A, chosen by the caller; every one returns the bits of
// reference.hpp. A loop that scales and quantizes, with the rest left to the array function:
//
//     const qmath::simd::quantizer<std::int8_t> to_int8(params);
//     std::size_t i = 0;
//     for (; i + batch::size <= n; i += batch::size) {
//       qmath::simd::store(q + i, qmath::simd::quantize(batch::load_unaligned(x + i) * gain, to_int8));
//     }
//
// Quantized numbers in registers are int32, already inside the range [lo, hi] of Q. Pieces are inlined,
// never allocate, never throw. Parameters are checked when they are prepared (core/contract.hpp); after
// a broken precondition they are {1, 0}. The caller's floating-point environment must be the default
// one: nearest even, subnormal numbers kept.
#ifndef QMATH_SIMD_XSIMD_HPP_
#define QMATH_SIMD_XSIMD_HPP_

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/detail/quotient.hpp"
#include "qmath/detail/xsimd_pieces.hpp"

QMATH_BEGIN_NAMESPACE
namespace simd {

// ---- Prepared parameters -----------------------------------------------------------------------

/// For quantize. @pre scale finite and > 0; lo <= zero_point <= hi.
template <quantized_integer Q>
struct quantizer {
  affine_params params;
  float lo, hi;      ///< bounds of the quotient
  float x_lo, x_hi;  ///< bounds of x; their rounding error is too small to move a rounded quotient
  impl::two_term_reciprocal reciprocal{1.0f};
  bool multiply;  ///< by the reciprocal, where the architecture has FMA

  QMATH_INLINE explicit quantizer(affine_params p) noexcept {
    if (pieces::expect_params<Q>("simd::quantizer", "scale", p.scale, p.zero_point)) params = p;
    lo = static_cast<float>(detail::lowest<Q> - params.zero_point);
    hi = static_cast<float>(detail::largest<Q> - params.zero_point);
    x_lo = lo * params.scale;
    x_hi = hi * params.scale;
    reciprocal = impl::two_term_reciprocal(params.scale);
    multiply = impl::two_term_reciprocal::is_exact_for(params.scale);
  }
};

/// For dequantize. @pre scale finite and > 0; lo <= zero_point <= hi.
template <quantized_integer Q>
struct dequantizer {
  affine_params params;

  QMATH_INLINE explicit dequantizer(affine_params p) noexcept {
    if (pieces::expect_params<Q>("simd::dequantizer", "scale", p.scale, p.zero_point)) params = p;
  }
};

/// For requantize. @pre multiplier finite and > 0; lo <= zero_point <= hi.
template <quantized_integer Q>
struct requantizer {
  requantize_params params;
  float lo, hi;

  QMATH_INLINE explicit requantizer(requantize_params p) noexcept {
    if (pieces::expect_params<Q>("simd::requantizer", "multiplier", p.multiplier, p.zero_point)) {
      params = p;
    }
    lo = static_cast<float>(detail::lowest<Q> - params.zero_point);
    hi = static_cast<float>(detail::largest<Q> - params.zero_point);
  }
};

// ---- Registers ---------------------------------------------------------------------------------

/// nearest_even(clamp(x / scale, lo - z, hi - z)) + z, lo for NaN. As qmath::quantize.
template <class A, quantized_integer Q>
QMATH_INLINE integers<A> quantize(const floats<A>& x, const quantizer<Q>& p) noexcept {
  if (pieces::has_fma<A> && p.multiply) {
    // Clamped first: an infinity would turn the second term into NaN.
    const floats<A> v = pieces::clamp(x, p.x_lo, p.x_hi);
    const floats<A> t = xsimd::fma(v, floats<A>(p.reciprocal.r), v * floats<A>(p.reciprocal.r2));
    return pieces::round_and_add(t, p.params.zero_point);
  }
  // Clamped last: for extreme scales the bounds of x do not exist.
  const floats<A> t = pieces::divide(x, floats<A>(p.params.scale));
  return pieces::round_and_add(pieces::clamp(t, p.lo, p.hi), p.params.zero_point);
}

/// scale * float(q - z), rounded once. As qmath::dequantize.
template <class A, quantized_integer Q>
QMATH_INLINE floats<A> dequantize(const integers<A>& q, const dequantizer<Q>& p) noexcept {
  const integers<A> steps = q - integers<A>(p.params.zero_point);
  return pieces::rounded(xsimd::batch_cast<float>(steps) * floats<A>(p.params.scale));
}

/// nearest_even(clamp(fl(float(acc) * multiplier), lo - z, hi - z)) + z. As qmath::requantize.
template <class A, quantized_integer Q>
QMATH_INLINE integers<A> requantize(const integers<A>& acc, const requantizer<Q>& p) noexcept {
  const floats<A> t =
      pieces::rounded(xsimd::batch_cast<float>(acc) * floats<A>(p.params.multiplier));
  return pieces::round_and_add(pieces::clamp(t, p.lo, p.hi), p.params.zero_point);
}

/// The smallest and the largest number so far; NaN is skipped. As qmath::min_max. Several of them in
/// turns hide the latency of the comparison; merge() their results.
template <class A>
struct running_range {
  floats<A> min{detail::infinity};
  floats<A> max{-detail::infinity};

  QMATH_INLINE void add(const floats<A>& x) noexcept {
    min = pieces::min_or_bound(x, min);
    max = pieces::max_or_bound(x, max);
  }
  /// A zero of either sign is returned as +0.
  QMATH_INLINE value_range range() const noexcept {
    return {xsimd::reduce_min(min) + 0.0f, xsimd::reduce_max(max) + 0.0f};
  }
};

// ---- Memory: batch::size quantized numbers, at any address --------------------------------------

template <class A, quantized_integer Q>
QMATH_INLINE integers<A> load(const Q* q) noexcept {
  return pieces::load(q, A{}, A{});
}

/// @pre every number is inside the range of Q.
template <class A, quantized_integer Q>
QMATH_INLINE void store(Q* q, const integers<A>& v) noexcept {
  pieces::store(q, v, A{});
}

/// Four batches at once, which costs little more than one.
template <class A, quantized_integer Q>
QMATH_INLINE void store(Q* q, const integers<A>& a, const integers<A>& b, const integers<A>& c,
                        const integers<A>& d) noexcept {
  pieces::store(q, a, b, c, d, A{});
}

}  // namespace simd
QMATH_END_NAMESPACE

#endif  // QMATH_SIMD_XSIMD_HPP_
