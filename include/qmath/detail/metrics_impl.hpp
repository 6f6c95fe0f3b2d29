// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The functions of metrics.hpp that need a unit of their own in compiled mode.
#ifndef QMATH_DETAIL_METRICS_IMPL_HPP_
#define QMATH_DETAIL_METRICS_IMPL_HPP_

#include <type_traits>

#include "qmath/detail/bits.hpp"
#include "qmath/detail/call.hpp"
#include "qmath/detail/exact_sum.hpp"
#include "qmath/detail/float_environment.hpp"
#include "qmath/detail/logarithm.hpp"
#include "qmath/detail/observe_walk.hpp"
#include "qmath/metrics.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

// ---- Magnitudes of a block -------------------------------------------------------------------------

/// All |x| < 2^end_of(r).
QMATH_INLINE constexpr int end_of(const detail::error_range& r) noexcept {
  const auto field = static_cast<int>(r.largest >> 23);
  return (field == 0 ? 1 : field) - 126;
}
/// All x are multiples of 2^unit_of(r).
QMATH_INLINE constexpr int unit_of(const detail::error_range& r) noexcept {
  const auto field = static_cast<int>(r.smallest >> 23);
  return (field == 0 ? 1 : field) - 150;
}
QMATH_INLINE constexpr int width_of(const detail::error_range& r) noexcept {
  return r.largest == 0 ? 0 : end_of(r) - unit_of(r);
}

QMATH_INLINE double larger(double x, double y) noexcept { return x > y ? x : y; }

// ---- Errors: from arrays to blocks ----------------------------------------------------------------

inline constexpr std::size_t block_elements = detail::error_block::most_elements;
inline constexpr std::size_t block_multiple = detail::error_block::multiple;

/// A block in floats.
struct pair_block {
  alignas(64) float a[block_elements];
  alignas(64) float b[block_elements];
};

QMATH_INLINE void raise_peak(error_peak& peak, double value, std::uint64_t index) noexcept {
  if (value > peak.value || (value == peak.value && value > 0.0 && index < peak.index)) {
    peak.value = value, peak.index = index;
  }
}

QMATH_INLINE double distance(double a, double b) noexcept { return b < a ? a - b : b - a; }

/// Finite floats, padded with zeros to a multiple of block_multiple. Element i has the index first + i * step.
struct finite_block {
  const float* a;
  const float* b;
  std::size_t n;
  std::uint64_t first, step;
};

/// Raises the peak to `error`, which is that of some element of the block, at the first such element.
QMATH_INLINE void raise_absolute_peak(error_peak& peak, const detail::error_kernel& loops,
                                      const finite_block& block, double error) noexcept {
  if (error == 0.0 || error < peak.value || (error == peak.value && block.first > peak.index)) {
    return;
  }
  raise_peak(peak, error, block.first + loops.find(block.a, block.b, error) * block.step);
}

QMATH_INLINE void raise_relative_peak(error_peak& peak, const detail::error_kernel& loops,
                                      const finite_block& block) noexcept {
  // One that is as high as the one known may come before it.
  const double known = block.first < peak.index ? 0.0 : peak.value;
  const detail::error_place top = loops.largest_ratio(block.a, block.b, block.n, known);
  raise_peak(peak, top.value, block.first + top.index * block.step);
}

QMATH_INLINE void add_product(detail::product_sum& sum, double x) noexcept {
  add_exactly(sum.limb, detail::product_limbs, detail::product_unit, x);
}
QMATH_INLINE void add_linear(detail::linear_sum& sum, double x) noexcept {
  add_exactly(sum.limb, detail::linear_limbs, detail::linear_unit, x);
}

/// Floats that span any number of bits.
inline void add_one_by_one(error_sums& s, const detail::error_kernel& loops,
                           const finite_block& block) noexcept {
  double largest_error = 0.0;
  for (std::size_t i = 0; i < block.n; ++i) {
    const double x = block.a[i], y = block.b[i];
    add_product(s.aa, x * x), add_product(s.ab, x * y), add_product(s.bb, y * y);
    add_linear(s.a, x), add_linear(s.b, y);
    largest_error = larger(largest_error, distance(x, y));
  }
  raise_absolute_peak(s.absolute, loops, block, largest_error);
  raise_relative_peak(s.relative, loops, block);
}

QMATH_INLINE void add_finite(error_sums& s, const detail::error_kernel& loops,
                             const finite_block& block, detail::error_range ra,
                             detail::error_range rb) noexcept {
  const int a_width = width_of(ra), b_width = width_of(rb);
  const int width = a_width > b_width ? a_width : b_width;
  if (width > 83) return add_one_by_one(s, loops, block);
  const int levels = width <= loops.one_level ? 1 : width <= 62 ? 2 : 3;
  detail::error_block_sums sums;
  detail::error_block job;
  job.a = block.a, job.b = block.b, job.n = block.n;
  job.a_end = end_of(ra), job.b_end = end_of(rb);
  job.levels = levels;
  job.limit = detail::short_limit(s.relative.value);
  job.out = &sums;
  loops.sum(job);
  for (int l = 0; l < sums.product_parts; ++l) {
    add_product(s.aa, sums.aa.part[l]);
    add_product(s.ab, sums.ab.part[l]);
    add_product(s.bb, sums.bb.part[l]);
  }
  for (int l = 0; l < sums.linear_parts; ++l) {
    add_linear(s.a, sums.a.part[l]);
    add_linear(s.b, sums.b.part[l]);
  }
  raise_absolute_peak(s.absolute, loops, block, sums.largest_error);
  if (sums.relative_exceeds || (block.first < s.relative.index && s.relative.value > 0.0)) {
    raise_relative_peak(s.relative, loops, block);
  }
}

/// Counts the pairs that are not finite, and puts zeros in their place.
QMATH_INLINE std::uint64_t remove_special(error_sums& s, float* a, float* b,
                                          std::size_t n) noexcept {
  std::uint64_t nan = 0, infinite = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t x = detail::magnitude_bits(a[i]), y = detail::magnitude_bits(b[i]);
    const std::uint32_t larger_one = x > y ? x : y;
    if (larger_one < 0x7F800000u) continue;
    ++(larger_one > 0x7F800000u ? nan : infinite);
    a[i] = 0.0f, b[i] = 0.0f;
  }
  s.nan += nan, s.infinite += infinite;
  return nan + infinite;
}

/// Puts zeros in the place of what is masked out. Returns how many are left. (begin, n): of the block.
QMATH_INLINE std::size_t remove_masked(const detail::error_job& job, std::size_t begin,
                                       std::size_t n, float* a, float* b) noexcept {
  unsigned char buffer[block_elements];
  const unsigned char* const used = selected_bytes(job.which, begin, n, buffer);
  std::uint32_t left = 0;
  // So many at a time: a number that the compiler knows, and memory that nothing else points to, for vector code.
  constexpr std::size_t together = 16;
  const auto keep = [&](std::size_t first, auto length) QMATH_INLINE_LAMBDA {
    std::uint32_t ones[together];
    unsigned char bytes[together];
    __builtin_memcpy(bytes, used + first, length);
    for (std::size_t k = 0; k < length; ++k) ones[k] = bytes[k] != 0 ? 0xFFFFFFFFu : 0u;
    for (float* const x : {a + first, b + first}) {
      for (std::size_t k = 0; k < length; ++k) {
        x[k] = detail::bit_cast<float>(detail::bit_cast<std::uint32_t>(x[k]) & ones[k]);
      }
    }
    for (std::size_t k = 0; k < length; ++k) left += ones[k] & 1u;
  };
  std::size_t i = 0;
  for (; i + together <= n; i += together) {
    keep(i, std::integral_constant<std::size_t, together>{});
  }
  if (i != n) keep(i, n - i);
  return left;
}

/// A block of which `count` elements are neither masked nor padding. A block that is not in `memory` is copied there
/// if it has to be changed.
QMATH_INLINE void add_counted(error_sums& s, const detail::error_kernel& loops, finite_block block,
                              std::uint64_t count, float* a, float* b) noexcept {
  detail::error_range ra = loops.range(block.a, block.n), rb = loops.range(block.b, block.n);
  if ((ra.largest > rb.largest ? ra.largest : rb.largest) >= 0x7F800000u) {
    if (block.a != a) {
      loops.widen(block.a, detail::real_type::f32, 0, block.n, a);
      loops.widen(block.b, detail::real_type::f32, 0, block.n, b);
    }
    count -= remove_special(s, a, b, block.n);
    block.a = a, block.b = b;
    ra = loops.range(a, block.n), rb = loops.range(b, block.n);
  }
  s.count += count;
  add_finite(s, loops, block, ra, rb);
}

QMATH_INLINE constexpr std::size_t padded(std::size_t n) noexcept {
  return (n + block_multiple - 1) / block_multiple * block_multiple;
}

/// The elements [begin, begin + n) of the arrays, n <= block_elements.
QMATH_INLINE void add_block(error_sums& s, const detail::error_kernel& loops,
                            const detail::error_job& job, std::size_t begin, std::size_t n,
                            pair_block& memory) noexcept {
  constexpr auto f32 = detail::real_type::f32;
  finite_block block = {memory.a, memory.b, padded(n), job.first + begin, 1};
  std::uint64_t count = n;
  if (job.a_type == f32 && job.b_type == f32 && job.which.all && block.n == n) {
    block.a = static_cast<const float*>(job.a) + begin;
    block.b = static_cast<const float*>(job.b) + begin;
  } else {
    loops.widen(job.a, job.a_type, begin, n, memory.a);
    loops.widen(job.b, job.b_type, begin, n, memory.b);
    if (!job.which.all) count = remove_masked(job, begin, n, memory.a, memory.b);
  }
  add_counted(s, loops, block, count, memory.a, memory.b);
}

/// In the array itself if it has floats.
QMATH_INLINE const float* floats_of(const detail::error_kernel& loops, const void* from,
                                    detail::real_type type, std::size_t begin, std::size_t n,
                                    float* memory) noexcept {
  if (type == detail::real_type::f32) return static_cast<const float*>(from) + begin;
  loops.widen(from, type, begin, n, memory);
  return memory;
}

/// The columns of [rows, cols] matrices, several at a time, as blocks of their own.
inline void add_columns(const detail::error_kernel& loops, const detail::error_job& job,
                        pair_block& memory) noexcept {
  constexpr std::size_t strip = 8, height = block_elements / strip;
  const std::size_t cols = job.layout.cols, rows = job.n / cols;
  float row_a[block_multiple], row_b[block_multiple];
  unsigned char buffer[strip];
  const detail::selected_elements& which = job.which;
  for (std::size_t top = 0; top < rows; top += height) {
    const std::size_t here = rows - top < height ? rows - top : height;
    for (std::size_t left = 0; left < cols; left += strip) {
      const std::size_t width = cols - left < strip ? cols - left : strip;
      std::size_t counts[strip] = {};
      for (std::size_t r = 0; r < here; ++r) {
        const std::size_t begin = (top + r) * cols + left;
        const float* const from_a = floats_of(loops, job.a, job.a_type, begin, width, row_a);
        const float* const from_b = floats_of(loops, job.b, job.b_type, begin, width, row_b);
        if (which.all) {
          for (std::size_t c = 0; c < width; ++c) {
            memory.a[c * height + r] = from_a[c], memory.b[c * height + r] = from_b[c];
          }
          continue;
        }
        const unsigned char* const selected = selected_bytes(which, begin, width, buffer);
        for (std::size_t c = 0; c < width; ++c) {
          const bool used = selected[c] != 0;
          counts[c] += used ? 1 : 0;
          memory.a[c * height + r] = used ? from_a[c] : 0.0f;
          memory.b[c * height + r] = used ? from_b[c] : 0.0f;
        }
      }
      for (std::size_t c = 0; c < width; ++c) {
        if (!selects_channel(which, left + c)) continue;
        float* const a = memory.a + c * height;
        float* const b = memory.b + c * height;
        for (std::size_t r = here; r < padded(here); ++r) a[r] = 0.0f, b[r] = 0.0f;
        const finite_block block = {a, b, padded(here), job.first + top * cols + left + c, cols};
        add_counted(job.sums[left + c], loops, block, which.all ? here : counts[c], a, b);
      }
    }
  }
}

/// The elements [begin, begin + n) as one block, where they are. False: they are no such block.
QMATH_INLINE bool add_large_block(error_sums& s, const detail::error_kernel& loops,
                                  const detail::error_job& job, std::size_t begin,
                                  std::size_t n) noexcept {
  const finite_block block = {static_cast<const float*>(job.a) + begin,
                              static_cast<const float*>(job.b) + begin, n, job.first + begin, 1};
  const detail::error_range ra = loops.range(block.a, n), rb = loops.range(block.b, n);
  const int a_width = width_of(ra), b_width = width_of(rb);
  const bool finite = ra.largest < 0x7F800000u && rb.largest < 0x7F800000u;
  if (!finite || a_width > loops.one_level || b_width > loops.one_level) return false;
  s.count += n;
  add_finite(s, loops, block, ra, rb);
  return true;
}

/// The elements [begin, begin + n), as few blocks as possible.
QMATH_INLINE void add_run(error_sums& s, const detail::error_kernel& loops,
                          const detail::error_job& job, std::size_t begin, std::size_t n,
                          pair_block& memory) noexcept {
  constexpr auto f32 = detail::real_type::f32;
  const std::size_t end = begin + n;
  const bool in_place = job.a_type == f32 && job.b_type == f32 && job.which.all;
  while (begin < end) {
    std::size_t left = end - begin < loops.most_elements ? end - begin : loops.most_elements;
    if (left > block_elements) {
      left -= left % block_multiple;
      if (in_place && add_large_block(s, loops, job, begin, left)) {
        begin += left;
        continue;
      }
    }
    for (; left != 0;) {
      const std::size_t few = left < block_elements ? left : block_elements;
      add_block(s, loops, job, begin, few, memory);
      begin += few, left -= few;
    }
  }
}

inline void add_errors_by_layout(const detail::error_job& job) noexcept {
  pair_block memory;
  const detail::error_kernel loops = active<&detail::kernel_table::errors>();
  const granularity& layout = job.layout;
  if (layout.outer == 1 && layout.rows == 1 && layout.cols > 1 && layout.block_cols == 1) {
    return add_columns(loops, job, memory);
  }
  const bool one = layout.count() == 1;
  for (std::size_t i = 0; i < job.n;) {
    const std::size_t n = one ? job.n - i : run_length(layout, i);
    const std::size_t c = layout.index(i);
    if (selects_channel(job.which, c)) add_run(job.sums[c], loops, job, i, n, memory);
    i += n;
  }
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY void add_errors(const detail::error_job& job) noexcept {
  impl::in_default_environment(&impl::add_errors_by_layout, job);
}

QMATH_LIBRARY void merge_errors(error_sums& to, const error_sums& from) noexcept {
  impl::add_sum(to.aa, from.aa), impl::add_sum(to.ab, from.ab), impl::add_sum(to.bb, from.bb);
  impl::add_sum(to.a, from.a), impl::add_sum(to.b, from.b);
  to.count += from.count, to.nan += from.nan, to.infinite += from.infinite;
  impl::raise_peak(to.absolute, from.absolute.value, from.absolute.index);
  impl::raise_peak(to.relative, from.relative.value, from.relative.index);
}

}  // namespace library
QMATH_END_LIBRARY

#include "qmath/detail/metrics_results.hpp"

#endif  // QMATH_DETAIL_METRICS_IMPL_HPP_
