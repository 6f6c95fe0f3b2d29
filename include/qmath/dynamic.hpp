// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Dynamic quantization: parameters from the data itself, and the codes, in one call.
///
/// The same bits as min_max, choose_params and quantize one after the other. Never allocates, never throws,
/// never prints; thread-safe; arrays and formats as in quantize.hpp. A broken precondition calls the contract
/// handler (core/contract.hpp) and writes nothing.
#ifndef QMATH_DYNAMIC_HPP_
#define QMATH_DYNAMIC_HPP_

#include <cstdint>
#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/core/options.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/dynamic_arguments.hpp"
#include "qmath/schemes.hpp"

QMATH_BEGIN_NAMESPACE

/// params = choose_params<format of q>(min_max(x), how);   quantize(x, params, q, options)       x, q: [n]
/// NaN does not count for the range; infinities count as the largest float; without numbers, the range is [0, 0].
/// how.rules say how the parameters are computed, options.rules how the codes are; a framework has a name for each:
///     dynamic_quantize(x, q, {.rules = numerics::params::pytorch}, {.rules = numerics::pytorch})
/// options.codes and how.codes: the codes that both allow are the ones to use, for parameters and for codes.
/// options.counts is for NaN and infinities: in formats of up to 16 bits, affine and symmetric clip no finite number
/// by more than about half a step (subnormal scales aside). Other divisors and power_of_two_below do.
/// Returns the parameters, with which q is to be dequantized; {} after a broken precondition, which are valid ones:
/// how to tell is in core/contract.hpp.
/// Reads x twice: from memory, where it does not fit a cache.
/// @pre q.size() == x.size(); how.codes, options.codes and those of the format have one in common; x and q do
///      not overlap.
template <readable_real_range X, writable_quantized_range Out>
QMATH_INLINE affine_params dynamic_quantize(const X& x, Out&& q, const scheme& how = affine,
                                            const quantize_options& options = {}) noexcept {
  detail::quantize_job job;
  scheme used;
  affine_params p{};
  if (!impl::set_quantize_arrays("dynamic_quantize", job, impl::reals_of(x), impl::codes_of(q)) ||
      !impl::set_scheme("dynamic_quantize", job, used, how, options)) {
    return {};
  }
  job.layout = per_tensor(job.n);
  library::quantize_dynamically(job, used, &p.scale, &p.zero_point);
  return p;
}

/// The same with parameters of its own for each row, token, group or other block of a layout: scale number
/// layout.index(i) is that of element i. For x of [tokens, features] with one scale each:
///     dynamic_quantize(x, per_token(tokens, features), scales, {}, q, symmetric)
/// zero_points may be empty where all of them are 0: for symmetric schemes of signed formats; in all others an empty
/// one is refused. All arrays may be empty where there are no elements; scales of no elements are those of the empty
/// range, and are written.
/// Where blocks are rows or parts of rows (block_rows == 1, one repeat), a block is quantized right after its
/// range is known, while it is in the cache; other layouts take two passes over the array.
/// @pre q.size() == x.size(), a multiple of layout.period(); scales.size() == layout.count(); zero_points as
///      many or, as said, none; how.codes, options.codes and those of the format have one in common; arrays
///      do not overlap.
template <readable_real_range X, writable_quantized_range Out>
QMATH_INLINE void dynamic_quantize(const X& x, const granularity& layout, std::span<float> scales,
                                   std::span<std::int32_t> zero_points, Out&& q,
                                   const scheme& how = affine,
                                   const quantize_options& options = {}) noexcept {
  detail::quantize_job job;
  scheme used;
  if (impl::set_quantize_arrays("dynamic_quantize", job, impl::reals_of(x), impl::codes_of(q)) &&
      impl::set_scheme("dynamic_quantize", job, used, how, options) &&
      impl::set_layout("dynamic_quantize", job, "scales.size()", scales.size(), layout) &&
      impl::set_results("dynamic_quantize", job, used, impl::reals_of(x), impl::codes_of(q), scales,
                        zero_points)) {
    library::quantize_dynamically(job, used, scales.data(),
                                  zero_points.empty() ? nullptr : zero_points.data());
  }
}

QMATH_END_NAMESPACE

#endif  // QMATH_DYNAMIC_HPP_
