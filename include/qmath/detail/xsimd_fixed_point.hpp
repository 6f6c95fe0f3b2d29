// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The products of fixed_point.hpp on xsimd registers.
//
// acc * multiplier has 63 bits, which are computed in 64-bit lanes: those of the even 32-bit lanes and those
// of the odd ones. Only unsigned products are to be had everywhere, so
//
//     acc * multiplier = (acc + 2^31) * multiplier - 2^31 * multiplier                            modulo 2^64
//
// and the last term goes into a constant that is added anyway, for rounding.
#ifndef QMATH_DETAIL_XSIMD_FIXED_POINT_HPP_
#define QMATH_DETAIL_XSIMD_FIXED_POINT_HPP_

#include <cstdint>
#include <xsimd/xsimd.hpp>

#include "qmath/detail/limits.hpp"
#include "qmath/detail/xsimd_pieces.hpp"
#include "qmath/fixed_point.hpp"

QMATH_BEGIN_NAMESPACE
namespace simd {
namespace pieces {

template <class A>
struct products {
  words<A> even, odd;
};

/// (acc + 2^31) * multiplier
template <class A>
QMATH_INLINE products<A> multiply_biased(const integers<A>& acc, std::int32_t multiplier) noexcept {
  const integers<A> biased = acc ^ integers<A>(detail::lowest<std::int32_t>);
  const words<A> factor(static_cast<std::uint64_t>(multiplier));
  const words<A> even = xsimd::bitwise_cast<std::uint64_t>(biased), odd = shift_right(even, 32);
  return {multiply_low_halves(even, factor, A{}), multiply_low_halves(odd, factor, A{})};
}

/// The low or the high halves of 64-bit lanes as 32-bit lanes, in order.
template <class A>
QMATH_INLINE integers<A> low_halves(const products<A>& p) noexcept {
  const words<A> low(std::uint64_t{0xFFFFFFFF});
  return xsimd::bitwise_cast<std::int32_t>((p.even & low) | shift_left(p.odd, 32));
}
template <class A>
QMATH_INLINE integers<A> high_halves(const products<A>& p) noexcept {
  const words<A> high(std::uint64_t{0xFFFFFFFF00000000});
  return xsimd::bitwise_cast<std::int32_t>(shift_right(p.even, 32) | (p.odd & high));
}

template <class A>
QMATH_INLINE integers<A> sign_of(const integers<A>& v) noexcept {
  return shift_right(v, 31);
}

/// 2^31 - 1, or -2^31 where v is negative.
template <class A>
QMATH_INLINE integers<A> limit_of(const integers<A>& v) noexcept {
  return sign_of(v) ^ integers<A>(detail::largest<std::int32_t>);
}

/// floor((acc * multiplier + summand) / 2^32) with the products doubled or not; it must be inside int32.
template <class A>
QMATH_INLINE integers<A> high_product(const integers<A>& acc, std::int32_t multiplier,
                                      std::int32_t doubled, std::uint64_t summand) noexcept {
  const products<A> p = multiply_biased(acc, multiplier);
  const words<A> c(summand - (static_cast<std::uint64_t>(multiplier) << (31 + doubled)));
  return high_halves(products<A>{shift_left(p.even, doubled) + c, shift_left(p.odd, doubled) + c});
}

/// A prepared fixed_point_multiplier.
struct fixed_point_product {
  std::int32_t multiplier = 0;
  std::int32_t shift = 0;

  fixed_point_product() = default;

  QMATH_INLINE fixed_point_product(fixed_point_multiplier m, fixed_point_rule rule) noexcept
      : multiplier(m.multiplier), shift(m.shift) {
    if (rule == fixed_point_rule::double_rounding) return;
    // With as many bits as possible. One rounding of the same number remains the same; shift 0 has no
    // summand, and for integers it makes no difference.
    while (multiplier < std::int32_t{1} << 30 && shift < 62 && multiplier != 0) {
      multiplier *= 2, ++shift;
    }
  }

  /// saturate_s32(floor((acc * multiplier + 2^(shift-1)) / 2^shift))
  template <class A>
  QMATH_INLINE integers<A> single_rounding(const integers<A>& acc) const noexcept {
    constexpr std::uint64_t one = 1;
    if (shift >= 32)
      return shift_right(high_product(acc, multiplier, 0, one << (shift - 1)), shift - 32);
    if (shift == 31) return high_product(acc, multiplier, 1, one << 31);
    // The result may be out of range. 2^62 makes the sum positive: it can be shifted as an unsigned number,
    // and is then 2^(62-shift) too large.
    const products<A> p = multiply_biased(acc, multiplier);
    const words<A> c((one << 62) + (one << shift) / 2 -
                     (static_cast<std::uint64_t>(multiplier) << 31));
    const words<A> excess((one << 62) >> shift);
    const products<A> y = {shift_right(p.even + c, shift) - excess,
                           shift_right(p.odd + c, shift) - excess};
    // In range if the high half is nothing but the sign of the low one.
    const integers<A> low = low_halves(y), high = high_halves(y);
    return xsimd::select(high == sign_of(low), low, limit_of(high));
  }

  /// As fixed_point_rule::double_rounding.
  template <class A>
  QMATH_INLINE integers<A> double_rounding(const integers<A>& acc) const noexcept {
    integers<A> a = acc;
    if (shift < 31) {  // in range if shifting back gives acc
      const integers<A> shifted = shift_left(acc, 31 - shift);
      a = xsimd::select(shift_right(shifted, 31 - shift) == acc, shifted, limit_of(acc));
    }
    const integers<A> b = doubling_high_product(a);
    if (shift <= 31) return b;
    // Ties away from zero: |b| is rounded half up, as an unsigned number.
    const std::int32_t right = shift - 31;
    using unsigneds = xsimd::batch<std::uint32_t, A>;
    const integers<A> sign = sign_of(b);
    const unsigneds magnitude = xsimd::bitwise_cast<std::uint32_t>((b ^ sign) - sign);
    const unsigneds y = shift_right(magnitude + unsigneds(std::uint32_t{1} << (right - 1)), right);
    return (xsimd::bitwise_cast<std::int32_t>(y) ^ sign) - sign;
  }

  /// floor((a * multiplier + 2^30) / 2^31), which cannot overflow.
  template <class A>
  QMATH_INLINE integers<A> doubling_high_product(const integers<A>& a) const noexcept {
#if XSIMD_WITH_NEON64
    if constexpr (is<A, xsimd::neon64>) return integers<A>(vqrdmulhq_n_s32(a, multiplier));
#endif
    return high_product(a, multiplier, 1, std::uint64_t{1} << 31);
  }
};

}  // namespace pieces
}  // namespace simd
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_XSIMD_FIXED_POINT_HPP_
