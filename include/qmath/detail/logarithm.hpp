// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Logarithms of doubles that are the same bits everywhere: basic IEEE operations in one order, none contracted.
//
//     x = 2^e m, m in [sqrt(1/2), sqrt(2)]       t = (m - 1) / (m + 1), |t| < 0.1716
//     ln m = 2 atanh(t) = 2 t (1 + t^2/3 + t^4/5 + ... + t^22/23), the rest is below 2^-60 of it
//     log x = e * high + (e * low + k * ln m)
//
// with high + low = log 2 and k = log e in the base wanted; high is so short that e * high is exact. The relative
// error is less than 2^-50: where e = 0 there are five roundings of 2^-53 each that matter (m + 1, the quotient, the
// last sum of ln m, k, and its product); where not, ln m is the smaller part. Of 60000 arguments tried, 2^-51.1.
#ifndef QMATH_DETAIL_LOGARITHM_HPP_
#define QMATH_DETAIL_LOGARITHM_HPP_

#include <cstdint>

#include "qmath/detail/abi.hpp"
#include "qmath/detail/bits.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

/// x as a double that the compiler knows nothing about: no wider register, no contraction.
QMATH_INLINE double stored(double x) noexcept {
#if defined(__GNUC__) && defined(__x86_64__) && defined(__SSE2_MATH__)
  __asm__("" : "+x"(x));
  return x;
#elif defined(__GNUC__) && defined(__aarch64__)
  __asm__("" : "+w"(x));
  return x;
#else
  volatile double in_memory = x;
  return in_memory;
#endif
}

/// n as a double, rounded once; n < 2^63, which every CPU converts in one way.
QMATH_INLINE double real_count(std::uint64_t n) noexcept {
  return stored(static_cast<double>(static_cast<std::int64_t>(n)));
}

struct log_base {
  double high, low, k;
};
inline constexpr log_base base_2 = {1.0, 0.0, 0x1.71547652b82fep+0};
inline constexpr log_base base_e = {0x1.62e42fefa3800p-1, 0x1.ef35793c76730p-45, 1.0};
/// 10 log10(x)
inline constexpr log_base decibel = {0x1.8151824c75800p+1, 0x1.fabf59b5d80b8p-45,
                                     0x1.15f2ced384f29p+2};

/// ln((1 + t) / (1 - t))
QMATH_INLINE double twice_atanh(double t) noexcept {
  const double t2 = stored(t * t);
  double p = 0.0;
  for (int k = 11; k >= 1; --k) p = stored(t2 * (p + 1.0 / (2 * k + 1)));
  return stored(2.0 * t + stored(2.0 * t * p));
}

/// The bits of sqrt(1/2): from here on, m is between it and sqrt(2).
inline constexpr std::uint64_t logarithm_least = 0x3FE6A09E667F3BCDu;

/// x: a normal number > 0.
QMATH_INLINE double logarithm(double x, const log_base& base) noexcept {
  const auto bits = detail::bit_cast<std::uint64_t>(x);
  const std::uint64_t above = bits - logarithm_least;
  const auto e = static_cast<double>(static_cast<std::int64_t>(above) >> 52);
  const double m = detail::bit_cast<double>((above & 0xFFFFFFFFFFFFFu) + logarithm_least);
  const double ln_m = twice_atanh(stored((m - 1.0) / stored(m + 1.0)));
  const double rest = stored(stored(e * base.low) + stored(base.k * ln_m));
  return stored(stored(e * base.high) + rest);
}

/// ln(p / q) for p, q > 0, with a small relative error also where they are close.
QMATH_INLINE double log_of_quotient(double p, double q) noexcept {
  const double quotient = stored(p / q);
  if (quotient > 0x1.6a09e667f3bcdp-1 && quotient < 0x1.6a09e667f3bcdp+0) {
    return twice_atanh(stored((p - q) / stored(p + q)));
  }
  return logarithm(quotient, base_e);
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_LOGARITHM_HPP_
