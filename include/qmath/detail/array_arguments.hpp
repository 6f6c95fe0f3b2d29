// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// From the arguments of the array operations (quantize.hpp, requantize.hpp, range.hpp) to the jobs of their
// kernels, with the preconditions they share. Each function returns whether they hold.
#ifndef QMATH_DETAIL_ARRAY_ARGUMENTS_HPP_
#define QMATH_DETAIL_ARRAY_ARGUMENTS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/core/concepts.hpp"
#include "qmath/core/options.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/call.hpp"
#include "qmath/detail/check_arrays.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

// ---- Types become values -------------------------------------------------------------------------

template <class T>
inline constexpr detail::real_type real_type_of = detail::real_type::f32;
template <>
inline constexpr detail::real_type real_type_of<half> = detail::real_type::f16;
template <>
inline constexpr detail::real_type real_type_of<bfloat16> = detail::real_type::bf16;

/// And back: f(x) with the type of the elements that x points to.
template <class F>
QMATH_INLINE auto with_reals(const void* x, detail::real_type type, const F& f) noexcept {
  switch (type) {
    case detail::real_type::f16: return f(static_cast<const half*>(x));
    case detail::real_type::bf16: return f(static_cast<const bfloat16*>(x));
    default: return f(static_cast<const float*>(x));
  }
}

template <class T>
inline constexpr detail::code_type code_type_of = detail::code_type::s8;
template <>
inline constexpr detail::code_type code_type_of<std::uint8_t> = detail::code_type::u8;
template <>
inline constexpr detail::code_type code_type_of<std::int16_t> = detail::code_type::s16;
template <>
inline constexpr detail::code_type code_type_of<std::uint16_t> = detail::code_type::u16;
template <>
inline constexpr detail::code_type code_type_of<std::int32_t> = detail::code_type::s32;

template <packed_integer F, bit_order Order>
inline constexpr detail::code_type packed_type_of =
    detail::bits_of<F> == 4 ? (Order == bit_order::first_low ? detail::code_type::bits4_first_low
                                                             : detail::code_type::bits4_first_high)
                            : (Order == bit_order::first_low ? detail::code_type::bits2_first_low
                                                             : detail::code_type::bits2_first_high);

/// An array without its type in the type.
struct real_array {
  const void* data;
  std::size_t n, bytes;
  detail::real_type type;
};

struct code_array {
  const void* data;
  std::size_t n, bytes;
  detail::code_type type;
  code_range format;
};

template <class R>
QMATH_INLINE real_array reals_of(R&& range) noexcept {
  const std::span span(range);
  using T = std::remove_const_t<typename decltype(span)::element_type>;
  return {span.data(), span.size(), bytes_of(span.size(), sizeof(T)), real_type_of<T>};
}

template <class R>
QMATH_INLINE code_array codes_of(R&& range) noexcept {
  if constexpr (detail::is_packed_span<std::remove_cvref_t<R>>) {
    using packed = std::remove_cvref_t<R>;
    using F = typename packed::format;
    return {range.data, range.n, storage_bytes<F>(range.n), packed_type_of<F, packed::order>,
            detail::codes_of<F>};
  } else {
    const std::span span(range);
    using T = std::remove_const_t<typename decltype(span)::element_type>;
    return {span.data(), span.size(), bytes_of(span.size(), sizeof(T)), code_type_of<T>,
            detail::codes_of<T>};
  }
}

// ---- Arrays --------------------------------------------------------------------------------------

/// What messages call an array.
struct array_names {
  const char* data;
  const char* size;
  const char* overlaps;
};
inline constexpr array_names x_names = {"x", "x.size()", "overlaps x"},
                             y_names = {"y", "y.size()", "overlaps y"},
                             q_names = {"q", "q.size()", "overlaps q"},
                             in_names = {"in", "in.size()", "overlaps in"};

template <class Array>
QMATH_INLINE bool expect_array(const char* function, const array_names& names,
                               const Array& array) noexcept {
  return expect_array(function, names.data, names.size, array.data, array.n, array.bytes);
}

/// An array that is written is not where one that is read is.
template <class Out, class T>
QMATH_INLINE bool expect_apart(const char* function, const array_names& names, const Out& out,
                               const char* overlaps, const T* data, std::size_t n) noexcept {
  return expect_disjoint(function, names.data, static_cast<const std::byte*>(out.data), out.bytes,
                         overlaps, data, n);
}

/// The same number of elements, in different memory, none of it null.
template <class In, class Out>
QMATH_INLINE bool set_arrays(const char* function, detail::array_job& job,
                             const array_names& in_name, const In& in, const array_names& out_name,
                             const Out& out) noexcept {
  if (!expect_equal(function, out_name.size, out.n, in_name.size, in.n) ||
      !expect_array(function, in_name, in) || !expect_array(function, out_name, out) ||
      !expect_apart(function, out_name, out, in_name.overlaps,
                    static_cast<const std::byte*>(in.data), in.bytes)) {
    return false;
  }
  job.in = in.data;
  job.out = const_cast<void*>(out.data);  // was made of a writable range
  job.n = in.n;
  return true;
}

QMATH_INLINE bool set_quantize_arrays(const char* function, detail::quantize_job& job,
                                      const real_array& x, const code_array& q) noexcept {
  job.from = x.type;
  job.to = q.type;
  job.format = q.format;
  return set_arrays(function, job, x_names, x, q_names, q);
}

template <quantized_format F>
QMATH_INLINE bool set_fake_quantize_arrays(const char* function, detail::quantize_job& job,
                                           const real_array& x, const real_array& y) noexcept {
  job.from = x.type;
  job.fake_to = y.type;
  job.format = detail::codes_of<F>;
  if (x.data != y.data || x.type != y.type || x.n != y.n) {
    return set_arrays(function, job, x_names, x, y_names, y);
  }
  job.in = x.data;
  job.out = const_cast<void*>(y.data);
  job.n = x.n;
  return expect_array(function, x_names, x);
}

QMATH_INLINE bool set_dequantize_arrays(const char* function, detail::dequantize_job& job,
                                        const code_array& q, const real_array& x) noexcept {
  job.from = q.type;
  job.to = x.type;
  job.format = q.format;
  return set_arrays(function, job, q_names, q, x_names, x);
}

/// The codes that both ranges have: at least one.
QMATH_INLINE bool set_codes(const char* function, code_range& codes, code_range wanted,
                            code_range format) noexcept {
  codes = common_codes(wanted, format);
  return expect_codes(function, wanted, format);
}

QMATH_INLINE bool set_requantize_arrays(const char* function, detail::requantize_job& job,
                                        const code_array& in, const code_array& q,
                                        code_range codes) noexcept {
  job.from = in.type;
  job.from_format = in.format;
  job.to = q.type;
  job.format = q.format;
  return set_arrays(function, job, in_names, in, q_names, q) &&
         set_codes(function, job.codes, codes, q.format);
}

// ---- Parameters ----------------------------------------------------------------------------------

QMATH_INLINE bool set_options(const char* function, detail::quantize_job& job,
                              const quantize_options& options) noexcept {
  job.rules = options.rules;
  job.random = options.random;
  job.counts = options.counts;
  return set_codes(function, job.codes, options.codes, job.format);
}

/// What messages call the number of elements of a job.
template <class Job>
inline constexpr const char* job_size = "x.size()";
template <>
inline constexpr const char* job_size<detail::dequantize_job> = "q.size()";
template <>
inline constexpr const char* job_size<detail::requantize_job> = "in.size()";

/// False also where there is nothing to do: no elements and no values.
template <class Job>
QMATH_INLINE bool set_layout(const char* function, Job& job, const char* values_name,
                             std::size_t values, const granularity& layout) noexcept {
  if (!expect_layout(function, values_name, values, layout, job_size<Job>, job.n)) return false;
  job.layout = layout;
  return values != 0;
}

/// One range for each parameter of the layout.
QMATH_INLINE bool set_min_max_arrays(const char* function, detail::min_max_job& job,
                                     const real_array& x, const granularity& layout,
                                     std::span<value_range> ranges) noexcept {
  job.from = x.type;
  job.in = x.data;
  job.out = ranges.data();
  job.n = x.n;
  return expect_array(function, x_names, x) &&
         set_layout(function, job, "ranges.size()", ranges.size(), layout) &&
         expect_data(function, "ranges", ranges.data(), ranges.size()) &&
         expect_disjoint(function, "ranges", ranges.data(), ranges.size(), x_names.overlaps,
                         static_cast<const std::byte*>(x.data), x.bytes);
}

/// The range of all elements.
QMATH_INLINE value_range range_of(const char* function, const real_array& x) noexcept {
  value_range r{detail::infinity, -detail::infinity};  // no call at -O0
  detail::min_max_job job;
  if (set_min_max_arrays(function, job, x, per_tensor(x.n), {&r, 1})) {
    call<&detail::kernel_table::min_max>(job);
  }
  return r;
}

// `params` must outlive the call of the kernel: the job points into it.
template <class Job>
QMATH_INLINE bool set_params(const char* function, Job& job, const affine_params& p) noexcept {
  job.layout = per_tensor(job.n);
  job.scales = &p.scale;
  job.zero_points = &p.zero_point;
  return expect_scale(function, "scale", no_index, p.scale) &&
         expect_zero_point(function, "zero_point", p.zero_point, job.format);
}

// `out` is the array that is written, for which p is input.
template <class Job, class Out>
QMATH_INLINE bool set_params(const char* function, Job& job, const channel_params& p,
                             const array_names& names, const Out& out) noexcept {
  if (!set_layout(function, job, "scales.size()", p.scales.size(), p.layout) ||
      !expect_scales(function, "scales", p.scales) ||
      !expect_apart(function, names, out, "overlaps scales", p.scales.data(), p.scales.size())) {
    return false;
  }
  job.scales = p.scales.data();
  job.zero_points = p.zero_points.data();
  if (p.zero_points.empty()) {
    job.zero_points = nullptr;
    return true;
  }
  if (!expect_equal(function, "zero_points.size()", p.zero_points.size(), "scales.size()",
                    p.scales.size())) {
    return false;
  }
  const code_range valid = zero_points_of(job.format);
  return expect_all_inside(function, "zero_points", p.zero_points, valid.min, valid.max) &&
         expect_apart(function, names, out, "overlaps zero_points", p.zero_points.data(),
                      p.zero_points.size());
}

template <class Params>
QMATH_INLINE bool set_zero_points(const char* function, detail::requantize_job& job,
                                  const Params& p) noexcept {
  job.zero_point = p.zero_point;
  job.input_zero_point = p.input_zero_point;
  return expect_zero_point(function, "zero_point", p.zero_point, job.format) &&
         expect_zero_point(function, "input_zero_point", p.input_zero_point, job.from_format);
}

QMATH_INLINE bool set_params(const char* function, detail::requantize_job& job,
                             const requantize_params& p) noexcept {
  job.layout = per_tensor(job.n);
  job.multipliers = &p.multiplier;
  return expect_scale(function, "multiplier", no_index, p.multiplier) &&
         set_zero_points(function, job, p);
}

QMATH_INLINE bool set_params(const char* function, detail::requantize_job& job,
                             const channel_requantize_params& p, const array_names& names,
                             const code_array& out) noexcept {
  job.multipliers = p.multipliers.data();
  return set_layout(function, job, "multipliers.size()", p.multipliers.size(), p.layout) &&
         expect_scales(function, "multipliers", p.multipliers) &&
         expect_apart(function, names, out, "overlaps multipliers", p.multipliers.data(),
                      p.multipliers.size()) &&
         set_zero_points(function, job, p);
}

QMATH_INLINE bool set_params(const char* function, detail::requantize_job& job,
                             const fixed_point_params& p) noexcept {
  job.layout = per_tensor(job.n);
  job.fixed_multipliers = &p.multiplier;
  job.rule = p.rule;
  return expect_multiplier(function, no_index, p.multiplier) && set_zero_points(function, job, p);
}

QMATH_INLINE bool set_params(const char* function, detail::requantize_job& job,
                             const channel_fixed_point_params& p, const array_names& names,
                             const code_array& out) noexcept {
  job.fixed_multipliers = p.multipliers.data();
  job.rule = p.rule;
  if (!set_layout(function, job, "multipliers.size()", p.multipliers.size(), p.layout) ||
      !expect_data(function, "multipliers", p.multipliers.data(), p.multipliers.size()) ||
      !expect_apart(function, names, out, "overlaps multipliers", p.multipliers.data(),
                    p.multipliers.size())) {
    return false;
  }
  if (QMATH_CHECKS) {
    for (std::size_t i = 0; i < p.multipliers.size(); ++i) {
      if (!expect_multiplier(function, i, p.multipliers[i])) return false;
    }
  }
  return set_zero_points(function, job, p);
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_ARRAY_ARGUMENTS_HPP_
