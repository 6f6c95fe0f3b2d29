// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The arithmetic of fixed_point.hpp, which includes it after its types.
#ifndef QMATH_DETAIL_FIXED_POINT_RULES_HPP_
#define QMATH_DETAIL_FIXED_POINT_RULES_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/detail/bits.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/detail/float_environment.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/granularity.hpp"
#if QMATH_HAS_KERNELS
#include "qmath/detail/contract_impl.hpp"
#endif

QMATH_BEGIN_NAMESPACE
namespace impl {

/// x = significand * 2^exponent, for finite x > 0. Those with a significand shorter than usual are so small
/// that all multipliers are 0.
struct binary_parts {
  std::int64_t significand;
  std::int32_t exponent;

  // 53 bits
  QMATH_INLINE constexpr explicit binary_parts(double x) noexcept
      : significand(
            static_cast<std::int64_t>(detail::bit_cast<std::uint64_t>(x) & 0xFFFFFFFFFFFFF) |
            std::int64_t{1} << 52),
        exponent(static_cast<std::int32_t>(detail::bit_cast<std::uint64_t>(x) >> 52 & 0x7FF) -
                 1075) {}
  // 24 bits
  QMATH_INLINE constexpr explicit binary_parts(float x) noexcept
      : significand((detail::bit_cast<std::uint32_t>(x) & 0x7FFFFF) | 0x800000),
        exponent(static_cast<std::int32_t>(detail::bit_cast<std::uint32_t>(x) >> 23 & 0xFF) - 150) {
  }
};

/// significand * 2^exponent, of at most 31 bits; 0 where every product is less than 1/2, and the largest
/// multiplier where it is too large for one.
QMATH_INLINE constexpr fixed_point_multiplier fixed_point_from(std::int64_t significand,
                                                               std::int32_t exponent) noexcept {
  constexpr std::int64_t largest = detail::largest<std::int32_t>;
  if (exponent < -62) return {};
  if (exponent > 31 || (exponent > 0 && significand << exponent > largest)) return {largest, 0};
  if (exponent > 0) return {static_cast<std::int32_t>(significand << exponent), 0};
  return {static_cast<std::int32_t>(significand), -exponent};
}

/// QuantizeMultiplier: the significand rounded to 31 bits, ties away from zero.
QMATH_INLINE constexpr fixed_point_multiplier tflite_multiplier(double m) noexcept {
  const binary_parts parts(m);
  std::int64_t significand = (parts.significand + (1 << 21)) >> 22;
  std::int32_t exponent = parts.exponent + 22;
  if (significand == std::int64_t{1} << 31) significand >>= 1, ++exponent;
  return fixed_point_from(significand, exponent);
}

/// One, or number `index` of an array, which has a name.
QMATH_INLINE constexpr bool expect_multiplier(const char* function, std::size_t index,
                                              const fixed_point_multiplier& m,
                                              const char* array = "multipliers") noexcept {
  constexpr std::int32_t largest = detail::largest<std::int32_t>;
  const char* name = index == no_index ? "multiplier" : array;
  return expect_inside(function, name, index, m.multiplier, 0, largest, ".multiplier") &&
         expect_inside(function, name, index, m.shift, 0, 62, ".shift");
}

template <class Real>
QMATH_INLINE constexpr bool expect_real_multiplier(const char* function, Real value) noexcept {
  return expect_scale(function, "multiplier", no_index, value);
}

/// Nothing but a number of channels, groups or blocks that have one multiplier each.
QMATH_INLINE constexpr bool expect_channels(const char* name, std::size_t n,
                                            std::span<const fixed_point_multiplier> multipliers,
                                            const granularity& layout) noexcept {
  const char* function = "fixed_point::for_channels";
  return expect_equal(function, "multipliers.size()", multipliers.size(), name, n) &&
         expect_layout(function, name, n, layout, "", 0) &&
         expect_data(function, "multipliers", multipliers.data(), n);
}

/// values are finite and > 0, and not where `multipliers` are.
template <class Real>
QMATH_INLINE constexpr bool expect_real_multipliers(
    const char* name, std::span<const Real> values,
    std::span<const fixed_point_multiplier> multipliers, const char* overlaps) noexcept {
  const char* function = "fixed_point::for_channels";
  if (!expect_data(function, name, values.data(), values.size())) return false;
  if (!std::is_constant_evaluated() &&
      !expect_disjoint(function, "multipliers", multipliers.data(), multipliers.size(), overlaps,
                       values.data(), values.size())) {
    return false;
  }
  if (!QMATH_CHECKS) return true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!expect_scale(function, name, i, values[i])) return false;
  }
  return true;
}

/// x >= 0, to nearest even.
QMATH_INLINE constexpr float float_of(double x) noexcept {
  return x < 0x1.ffffffp127 ? static_cast<float>(x) : detail::infinity;
}

/// a * b / c in Real, from left to right; a float's operations are the double's, then rounded to float.
template <class Real>
QMATH_INLINE constexpr Real ratio(float a, float b, float c) noexcept {
  const double product = static_cast<double>(a) * static_cast<double>(b);  // exact
  if constexpr (sizeof(Real) == sizeof(float)) {
    return float_of(static_cast<double>(float_of(product)) / static_cast<double>(c));
  } else {
    return product / static_cast<double>(c);
  }
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

/// impl::ratio. In compiled mode in the library, so that the caller's compiler flags are not those of the
/// arithmetic.
QMATH_LIBRARY void ratio(float a, float b, float c, float* result) noexcept;
QMATH_LIBRARY void ratio(float a, float b, float c, double* result) noexcept;

#if QMATH_HAS_KERNELS
// Volatile: nothing moves out of the environment.
QMATH_LIBRARY void ratio(float a, float b, float c, float* result) noexcept {
  const impl::default_float_environment environment;
  const volatile float first = a, second = b, divisor = c;
  const volatile float rounded = impl::ratio<float>(first, second, divisor);
  *result = rounded;
}
QMATH_LIBRARY void ratio(float a, float b, float c, double* result) noexcept {
  const impl::default_float_environment environment;
  const volatile float first = a, second = b, divisor = c;
  const volatile double rounded = impl::ratio<double>(first, second, divisor);
  *result = rounded;
}
#endif

}  // namespace library
QMATH_END_LIBRARY

QMATH_BEGIN_NAMESPACE
namespace impl {

/// The real multiplier of a channel.
template <class Real>
QMATH_INLINE constexpr Real real_multiplier(float scale_a, float scale_b,
                                            float scale_out) noexcept {
  if (std::is_constant_evaluated()) return ratio<Real>(scale_a, scale_b, scale_out);
  Real m{};
  library::ratio(scale_a, scale_b, scale_out, &m);
  return m;
}

/// The convention's parameters with M = real(i) for channel i, all of which are valid.
template <class Real, class Reals>
QMATH_INLINE constexpr channel_fixed_point_params fill_channels(
    fixed_point_params (*convention)(Real, std::int32_t, std::int32_t), const Reals& real,
    std::span<fixed_point_multiplier> multipliers, const granularity& layout,
    std::int32_t zero_point, std::int32_t input_zero_point) noexcept {
  const fixed_point_params common = convention(Real{1}, zero_point, input_zero_point);
  for (std::size_t i = 0; i < multipliers.size(); ++i) {
    multipliers[i] = convention(real(i), zero_point, input_zero_point).multiplier;
  }
  return {multipliers, layout, common.rule, common.zero_point, common.input_zero_point};
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_FIXED_POINT_RULES_HPP_
