// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Requantize arrays: from the int32 sums of a GEMM, or from quantized numbers with other parameters, to
/// quantized numbers.
///
/// Never allocates, never throws, never prints; thread-safe; the same bits on every CPU target;
/// reference.hpp is the definition. Input: std::int32_t or any quantized format; output: any quantized
/// format, with codes [lo, hi]. Sizes are in elements. Any size, 0 included; no alignment needed; what is written
/// overlaps nothing that is read, multipliers included.
/// The rounding is that of the formula or of the rule: requantize has neither quantize's choice of roundings nor its
/// counts of what was clipped.
/// A broken precondition calls the contract handler (core/contract.hpp) and writes nothing.
#ifndef QMATH_REQUANTIZE_HPP_
#define QMATH_REQUANTIZE_HPP_

#include "qmath/core/concepts.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/array_arguments.hpp"
#include "qmath/fixed_point.hpp"

QMATH_BEGIN_NAMESPACE

/// q[i] = nearest_even(clamp(fl(float(in[i] - z_in) * multiplier), lo - z, hi - z)) + z        in, q: [n]
/// The conversion and the product are each rounded to nearest even; nothing is contracted. Products out of range,
/// infinite ones included, saturate.
/// The `fp32` requantization of XNNPACK and ONNX Runtime. codes: fewer of them than the format has.
/// @pre q.size() == in.size(); multiplier finite and > 0; lo <= z <= hi, z = 0 for std::int32_t; z_in
///      inside the input's codes, 0 for std::int32_t; codes and [lo, hi] have a code in common; in and q
///      do not overlap.
template <readable_quantized_range In, writable_quantized_range Out>
QMATH_INLINE void requantize(const In& in, requantize_params p, Out&& q,
                             code_range codes = {}) noexcept {
  detail::requantize_job job;
  if (impl::set_requantize_arrays("requantize", job, impl::codes_of(in), impl::codes_of(q),
                                  codes) &&
      impl::set_params("requantize", job, p)) {
    impl::call<&detail::kernel_table::requantize>(job);
  }
}

/// The same with the multiplier of element i from its channel, group or block: number p.layout.index(i).
/// @pre as above, for every multiplier; multipliers.size() == layout.count(); in.size() is a multiple of
///      layout.period(). No elements may come without multipliers.
template <readable_quantized_range In, writable_quantized_range Out>
QMATH_INLINE void requantize(const In& in, const channel_requantize_params& p, Out&& q,
                             code_range codes = {}) noexcept {
  detail::requantize_job job;
  if (impl::set_requantize_arrays("requantize", job, impl::codes_of(in), impl::codes_of(q),
                                  codes) &&
      impl::set_params("requantize", job, p, impl::q_names, impl::codes_of(q))) {
    impl::call<&detail::kernel_table::requantize>(job);
  }
}

/// q[i] = clamp(y, lo - z, hi - z) + z, with y = (in[i] - z_in) * multiplier * 2^-shift by integers alone,
/// rounded as p.rule says (fixed_point.hpp).                                                   in, q: [n]
/// @pre q.size() == in.size(); multiplier >= 0; 0 <= shift <= 62; the rest as above.
template <readable_quantized_range In, writable_quantized_range Out>
QMATH_INLINE void requantize(const In& in, const fixed_point_params& p, Out&& q,
                             code_range codes = {}) noexcept {
  detail::requantize_job job;
  if (impl::set_requantize_arrays("requantize", job, impl::codes_of(in), impl::codes_of(q),
                                  codes) &&
      impl::set_params("requantize", job, p)) {
    impl::call<&detail::kernel_table::requantize>(job);
  }
}

/// The same with the multiplier of element i from its channel, group or block.
template <readable_quantized_range In, writable_quantized_range Out>
QMATH_INLINE void requantize(const In& in, const channel_fixed_point_params& p, Out&& q,
                             code_range codes = {}) noexcept {
  detail::requantize_job job;
  if (impl::set_requantize_arrays("requantize", job, impl::codes_of(in), impl::codes_of(q),
                                  codes) &&
      impl::set_params("requantize", job, p, impl::q_names, impl::codes_of(q))) {
    impl::call<&detail::kernel_table::requantize>(job);
  }
}

QMATH_END_NAMESPACE

#endif  // QMATH_REQUANTIZE_HPP_
