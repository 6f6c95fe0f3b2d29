// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Quantization in registers, for callers who write their own loops with xsimd (version 13 or later).
/// Not part of qmath.hpp: include it in addition.                      real = scale * (q - zero_point)
///
/// The instruction set is the batch's architecture A, chosen by the caller; every one returns the bits of
/// reference.hpp. A loop that scales and quantizes, with the rest left to the array function:
///
///     const qmath::simd::quantizer<std::int8_t> to_int8(params);
///     std::size_t i = 0;
///     for (; i + batch::size <= n; i += batch::size) {
///       qmath::simd::store(q + i, qmath::simd::quantize(batch::load_unaligned(x + i) * gain, to_int8));
///     }
///
/// Quantized numbers in registers are int32, already inside the range [lo, hi] of the codes in use: those of
/// Q, or fewer of them, where a code_range is given. Packed formats have no Q: their codes are those of
/// std::int8_t or std::uint8_t with full_range<s4>() and the like, to be packed by the caller. Only array functions
/// have parameters that differ from lane to lane (columns), and counts of what was clipped.
/// Pieces are inlined, never allocate, never throw. Parameters are checked when they are prepared
/// (core/contract.hpp); after a broken precondition they are those of the default, {1, 0}, with all codes.
/// The caller's floating-point environment must be the default one: nearest even, subnormal numbers kept.
#ifndef QMATH_SIMD_XSIMD_HPP_
#define QMATH_SIMD_XSIMD_HPP_

#include <cstddef>
#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/detail/xsimd_fixed_point.hpp"
#include "qmath/detail/xsimd_memory.hpp"
#include "qmath/detail/xsimd_pieces.hpp"
#include "qmath/detail/xsimd_quantize.hpp"
#include "qmath/detail/xsimd_random.hpp"
#include "qmath/detail/xsimd_real.hpp"
#include "qmath/fixed_point.hpp"
#include "qmath/numerics.hpp"
#include "qmath/rounding.hpp"

QMATH_BEGIN_NAMESPACE
namespace simd {

// ---- Prepared parameters. Q: the format of the result --------------------------------------------

/// For quantize and fake_quantize; Rules are any of numerics.hpp.
/// @pre scale finite and > 0; lo <= zero_point <= hi of Q, zero_point = 0 for std::int32_t; codes and the
///      range of Q have a code in common.
template <quantized_integer Q, quantize_rules Rules = numerics::standard>
struct quantizer {
  affine_params params{};
  code_range codes;
  pieces::quotient_and_bounds<Q, Rules> steps;

  QMATH_INLINE explicit quantizer(affine_params p, code_range wanted = {}) noexcept {
    const bool valid = pieces::expect_params<Q>("simd::quantizer", p) &&
                       impl::expect_codes("simd::quantizer", wanted, full_range<Q>());
    if (valid) params = p;
    codes = impl::common_codes(valid ? wanted : code_range{}, full_range<Q>());
    steps.prepare(params, codes);
  }
};

/// For dequantize. @pre as for quantizer.
template <quantized_integer Q>
struct dequantizer {
  affine_params params{};

  QMATH_INLINE explicit dequantizer(affine_params p) noexcept {
    if (pieces::expect_params<Q>("simd::dequantizer", p)) params = p;
  }
};

/// For requantize by a real multiplier. In: the format of the input, std::int32_t for sums.
/// @pre multiplier finite and > 0; zero_point and input_zero_point inside the ranges of Q and In, 0 for
///      std::int32_t; codes as for quantizer.
template <quantized_integer Q, quantized_integer In = std::int32_t>
struct requantizer {
  requantize_params params{};
  code_range codes;
  float lo, hi;

  QMATH_INLINE explicit requantizer(requantize_params p, code_range wanted = {}) noexcept {
    const bool valid = pieces::expect_params<Q, In>("simd::requantizer", p) &&
                       impl::expect_codes("simd::requantizer", wanted, full_range<Q>());
    if (valid) params = p;
    codes = impl::common_codes(valid ? wanted : code_range{}, full_range<Q>());
    lo = pieces::lower_bound<Q>(codes.min - params.zero_point);
    hi = pieces::upper_bound<Q>(codes.max - params.zero_point);
  }
};

/// For requantize by integers alone. @pre 0 <= multiplier; 0 <= shift <= 62; the rest as for requantizer.
/// After a broken precondition: {0, 0}, with which all results are the zero point 0.
template <quantized_integer Q, quantized_integer In = std::int32_t>
struct fixed_point_requantizer {
  fixed_point_params params{};
  code_range codes;
  pieces::fixed_point_product product;

  QMATH_INLINE explicit fixed_point_requantizer(fixed_point_params p,
                                                code_range wanted = {}) noexcept {
    const bool valid = pieces::expect_params<Q, In>("simd::fixed_point_requantizer", p) &&
                       impl::expect_codes("simd::fixed_point_requantizer", wanted, full_range<Q>());
    if (valid) params = p;
    codes = impl::common_codes(valid ? wanted : code_range{}, full_range<Q>());
    product = pieces::fixed_point_product(params.multiplier, params.rule);
  }
};

// ---- Registers -----------------------------------------------------------------------------------

/// nearest_even(clamp(x / scale, lo - z, hi - z)) + z, lo for NaN; or as the rules say. As qmath::quantize.
template <class A, quantized_integer Q, quantize_rules Rules>
  requires(Rules.round != rounding::stochastic)
QMATH_INLINE integers<A> quantize(const floats<A>& x, const quantizer<Q, Rules>& p) noexcept {
  return pieces::quantize<Q, Rules>(x, p, integers<A>(0));
}

/// Stochastic rounding. r: 16 random bits in every lane, see random_numbers.
template <class A, quantized_integer Q, quantize_rules Rules>
  requires(Rules.round == rounding::stochastic)
QMATH_INLINE integers<A> quantize(const floats<A>& x, const quantizer<Q, Rules>& p,
                                  const integers<A>& r) noexcept {
  return pieces::quantize<Q, Rules>(x, p, r);
}

/// scale * float(q - z), rounded once. As qmath::dequantize.
template <class A, quantized_integer Q>
QMATH_INLINE floats<A> dequantize(const integers<A>& q, const dequantizer<Q>& p) noexcept {
  return pieces::dequantize(q, p.params);
}

/// dequantize(quantize(x)), as qmath::fake_quantize.
template <class A, quantized_integer Q, quantize_rules Rules>
  requires(Rules.round != rounding::stochastic)
QMATH_INLINE floats<A> fake_quantize(const floats<A>& x, const quantizer<Q, Rules>& p) noexcept {
  return pieces::dequantize(quantize(x, p), p.params);
}
template <class A, quantized_integer Q, quantize_rules Rules>
  requires(Rules.round == rounding::stochastic)
QMATH_INLINE floats<A> fake_quantize(const floats<A>& x, const quantizer<Q, Rules>& p,
                                     const integers<A>& r) noexcept {
  return pieces::dequantize(quantize(x, p, r), p.params);
}

/// nearest_even(clamp(fl(float(in - z_in) * multiplier), lo - z, hi - z)) + z. As qmath::requantize.
/// @pre in: codes of In
template <class A, quantized_integer Q, quantized_integer In>
QMATH_INLINE integers<A> requantize(const integers<A>& in, const requantizer<Q, In>& p) noexcept {
  const integers<A> acc = pieces::less_zero_point<In>(in, p.params.input_zero_point);
  const floats<A> t =
      pieces::rounded(xsimd::batch_cast<float>(acc) * floats<A>(p.params.multiplier));
  return pieces::round_into<Q, rounding::nearest_even>(pieces::clamp(t, p.lo, p.hi),
                                                       p.params.zero_point, p.codes, acc);
}

/// clamp(y, lo - z, hi - z) + z with y = (in - z_in) * multiplier * 2^-shift, rounded as params.rule says.
template <class A, quantized_integer Q, quantized_integer In>
QMATH_INLINE integers<A> requantize(const integers<A>& in,
                                    const fixed_point_requantizer<Q, In>& p) noexcept {
  const integers<A> acc = pieces::less_zero_point<In>(in, p.params.input_zero_point);
  const std::int32_t z = p.params.zero_point;
  const integers<A> y = p.params.rule == fixed_point_rule::single_rounding
                            ? p.product.single_rounding(acc)
                            : p.product.double_rounding(acc);
  return pieces::clamp(y, p.codes.min - z, p.codes.max - z) + integers<A>(z);
}

/// The random numbers of stochastic rounding: those that qmath::quantize uses for element i of its array.
/// They are computed 64 at a time, and kept for the next call: cheapest in order of i.
template <class A>
class random_numbers {
 public:
  QMATH_INLINE explicit random_numbers(random_source source) noexcept
      : origin_(pieces::random_origin(source)), offset_(source.offset) {}

  /// For elements i ... i + integers<A>::size - 1.
  QMATH_INLINE integers<A> at(std::uint64_t i) noexcept {
    constexpr std::size_t group = 64;
    const std::uint64_t e = offset_ + i;
    const auto before = static_cast<std::size_t>(e % group);
    buffer_.template fill<A>(origin_, e / group, before + integers<A>::size > group ? 2 : 1);
    return integers<A>::load_unaligned(buffer_.numbers + before);
  }

 private:
  std::uint64_t origin_, offset_;
  pieces::random_buffer buffer_;
};

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

/// The largest magnitude so far; NaN is skipped. As qmath::absmax.
template <class A>
struct running_absmax {
  floats<A> max{0.0f};

  QMATH_INLINE void add(const floats<A>& x) noexcept {
    max = pieces::max_or_bound(xsimd::abs(x), max);
  }
  QMATH_INLINE float absmax() const noexcept { return xsimd::reduce_max(max); }
};

// ---- Memory: batch::size numbers, at any address. Loads name their architecture: load<A>(q) ------

template <class A, quantized_integer Q>
QMATH_INLINE integers<A> load(const Q* q) noexcept {
  return pieces::load_codes<A>(q);
}

/// @pre every number is inside the range of Q.
template <class A, quantized_integer Q>
QMATH_INLINE void store(Q* q, const integers<A>& v) noexcept {
  pieces::store_codes(q, v);
}

/// Four batches at once, which for 8 bits costs little more than one.
template <class A, quantized_integer Q>
QMATH_INLINE void store(Q* q, const integers<A>& a, const integers<A>& b, const integers<A>& c,
                        const integers<A>& d) noexcept {
  pieces::store_codes(q, a, b, c, d);
}

/// float; half and bfloat16 become float, as by float_from.
template <class A, real_number X>
QMATH_INLINE floats<A> load(const X* x) noexcept {
  return pieces::load_real(x, A{}, A{});
}

/// As by half_from and bfloat16_from: to nearest even.
template <class A, real_number X>
QMATH_INLINE void store(X* x, const floats<A>& v) noexcept {
  pieces::store_real(x, v, A{});
}

}  // namespace simd
QMATH_END_NAMESPACE

#endif  // QMATH_SIMD_XSIMD_HPP_
