// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What quantize, dequantize and requantize (quantize.hpp) share: their kernels by type, and their
// preconditions.
#ifndef QMATH_DETAIL_ARRAY_ARGUMENTS_HPP_
#define QMATH_DETAIL_ARRAY_ARGUMENTS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/params.hpp"
#include "qmath/detail/call.hpp"
#include "qmath/detail/check.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

// The table has an entry per integer type; these pick it.
template <class Q>
inline constexpr auto quantize_kernel = &detail::kernel_table::quantize_s8_f32;
template <>
inline constexpr auto quantize_kernel<std::uint8_t> = &detail::kernel_table::quantize_u8_f32;
template <class Q>
inline constexpr auto dequantize_kernel = &detail::kernel_table::dequantize_f32_s8;
template <>
inline constexpr auto dequantize_kernel<std::uint8_t> = &detail::kernel_table::dequantize_f32_u8;
template <class Q>
inline constexpr auto requantize_kernel = &detail::kernel_table::requantize_s8_s32;
template <>
inline constexpr auto requantize_kernel<std::uint8_t> = &detail::kernel_table::requantize_u8_s32;

template <class Q>
QMATH_INLINE bool expect_params(const char* function, affine_params p) noexcept {
  return expect_scale(function, "scale", no_index, p.scale) &&
         expect_zero_point<Q>(function, "zero_point", no_index, p.zero_point);
}

template <class Q>
QMATH_INLINE bool expect_params(const char* function, const channel_params& p,
                                std::size_t n) noexcept {
  if (!expect_layout(function, "scales.size()", p.scales.size(), p.layout, n)) return false;
  if (!expect_scales(function, "scales", p.scales)) return false;
  if (p.zero_points.empty()) return true;
  if (!expect_equal(function, "zero_points.size()", p.zero_points.size(), "scales.size()",
                    p.scales.size())) {
    return false;
  }
  if (QMATH_CHECKS) {
    for (std::size_t i = 0; i < p.zero_points.size(); ++i) {
      if (!expect_zero_point<Q>(function, "zero_points", i, p.zero_points[i])) return false;
    }
  }
  return true;
}

template <class In, class Out>
QMATH_INLINE bool expect_arrays(const char* function, std::span<In> in, const char* in_size_name,
                                std::span<Out> out, const char* out_size_name,
                                const char* out_name) noexcept {
  return expect_equal(function, out_size_name, out.size(), in_size_name, in.size()) &&
         expect_disjoint(function, out_name, out.data(), out.size(), in.data(), in.size());
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_ARRAY_ARGUMENTS_HPP_
