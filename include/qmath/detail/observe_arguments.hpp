// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// From the arguments of observe to pieces of contiguous elements for each observer.
//
// The walk over layouts and selections is one function without types: it is in the library in compiled mode, and
// calls back with the address of an observer and a piece.
#ifndef QMATH_DETAIL_OBSERVE_ARGUMENTS_HPP_
#define QMATH_DETAIL_OBSERVE_ARGUMENTS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/params.hpp"
#include "qmath/detail/array_arguments.hpp"
#include "qmath/detail/observe_histogram.hpp"
#include "qmath/detail/observe_moments.hpp"
#include "qmath/detail/observe_walk.hpp"
#include "qmath/observe/observers.hpp"
#include "qmath/observe/selection.hpp"
#include "qmath/range.hpp"
#include "qmath/schemes.hpp"

// ---- Moving averages: in the library, so that the caller's flags are not those of the arithmetic --------

QMATH_BEGIN_LIBRARY
namespace library {

/// One batch more.
QMATH_LIBRARY void average(moving_average_observer& o, value_range batch) noexcept;

#if QMATH_HAS_KERNELS
QMATH_LIBRARY void average(moving_average_observer& o, value_range batch) noexcept {
  if (batch.min > batch.max) return;
  const impl::default_float_environment environment;
  const auto finite = [](double x) { return impl::to_float(x); };
  // A float operation is the double operation, then rounded to float (scheme_rules.hpp). Volatile: no product is
  // contracted, and nothing moves out of the environment.
  const auto moved = [&](double from, double to) {
    volatile double step = impl::to_float(to - from);
    step = impl::to_float(static_cast<double>(o.weight) * step);
    return static_cast<float>(impl::to_float(from + step) + 0.0);
  };
  const double min = finite(batch.min), max = finite(batch.max);
  if (o.batches == 0) {
    o.range = {static_cast<float>(min), static_cast<float>(max)};
  } else {
    const float a = moved(o.range.min, min), b = moved(o.range.max, max);
    o.range = {a < b ? a : b, a < b ? b : a};
  }
  o.batches = impl::saturating_sum(o.batches, 1);
}
#endif

}  // namespace library
QMATH_END_LIBRARY

QMATH_BEGIN_NAMESPACE
namespace impl {

// ---- Preconditions -------------------------------------------------------------------------------

/// What messages call the states.
struct state_names {
  const char* data;
  const char* size;
};
inline constexpr state_names observe_names = {"states", "states.size()"};

/// False also where there is nothing to do. channels: whether those of the selection may be those of the layout.
template <class O>
QMATH_INLINE bool set_walk(const char* function, const state_names& names, detail::walk_job& job,
                           std::span<O> states, const real_array& x, const granularity& layout,
                           const selection& which, bool channels) noexcept {
  if (!expect_array(function, x_names, x) ||
      !expect_layout(function, names.size, states.size(), layout, x_names.size, x.n) ||
      !expect_data(function, names.data, states.data(), states.size()) ||
      !expect_disjoint(function, names.data, states.data(), states.size(), x_names.overlaps,
                       static_cast<const std::byte*>(x.data), x.bytes)) {
    return false;
  }
  if (!expect_selection(function, which, x_names.size, x.n, channels ? layout.count() : 0)) {
    return false;
  }
  job.data = x.data;
  job.n = x.n;
  job.type = x.type;
  job.layout = layout;
  job.which = which;
  job.states = states.data();
  job.state_size = sizeof(O);
  return x.n != 0;
}

// ---- One piece -----------------------------------------------------------------------------------

QMATH_INLINE real_array piece_of(const void* x, std::size_t n, detail::real_type type) noexcept {
  return {x, n, n * detail::size_of(type), type};
}

QMATH_INLINE void add(min_max_observer& o, const real_array& x) noexcept {
  o.range = merge(o.range, range_of("observe", x));
  o.count = saturating_sum(o.count, x.n);
}
QMATH_INLINE void add(moving_average_observer& o, const real_array& x) noexcept {
  o.batch = merge(o.batch, range_of("observe", x));
}
QMATH_INLINE void add(moments_observer& o, const real_array& x) noexcept {
  library::add_moments(o, x.data, x.n, x.type);
}
template <std::size_t Bins>
QMATH_INLINE void add(histogram_observer<Bins>& o, const real_array& x) noexcept {
  library::add_to_histogram(o.summary, o.counts, Bins, x.data, x.n, x.type);
}

template <class O>
inline void add_piece(const detail::walk_job& job, void* state, const void* x,
                      std::size_t n) noexcept {
  add(*static_cast<O*>(state), piece_of(x, n, job.type));
}

/// Columns, or channels of any layout, of which one call of the kernel finds the ranges.
inline constexpr std::size_t most_ranges = 256;

/// extend(c, range) for all elements of x, which the job need not select all by itself.
template <class F>
QMATH_INLINE void extend_ranges(const detail::walk_job& job, const void* x, std::size_t n,
                                const granularity& layout, std::size_t first,
                                const F& extend) noexcept {
  float ranges[2 * most_ranges];  // no constructors at -O0
  detail::min_max_job kernel;
  kernel.from = job.type;
  kernel.in = x;
  kernel.out = ranges;
  kernel.n = n;
  kernel.layout = layout;
  call<&detail::kernel_table::min_max>(kernel);
  for (std::size_t c = 0; c < layout.count(); ++c) {
    extend(first + c, value_range{ranges[2 * c], ranges[2 * c + 1]});
  }
}

/// By the kernel, without a walk, extend(c, range): false where it is of no use. Many columns are copied, so many
/// that a copy stays in the first cache.
template <class F>
QMATH_INLINE bool find_ranges(const detail::walk_job& job, const F& extend) noexcept {
  const granularity& g = job.layout;
  if (!job.selects_all()) return false;
  if (g.count() <= most_ranges) {
    extend_ranges(job, job.data, job.n, g, 0, extend);
    return true;
  }
  if (g.outer != 1 || g.block_rows < g.rows || g.block_cols != 1) return false;
  constexpr std::size_t most_rows = 16;
  alignas(16) unsigned char copy[most_rows * most_ranges * 4];
  const std::size_t element = detail::size_of(job.type), rows = job.n / g.cols;
  for (std::size_t row = 0; row < rows; row += most_rows) {
    const std::size_t height = smaller(most_rows, rows - row);
    for (std::size_t col = 0; col < g.cols; col += most_ranges) {
      const std::size_t width = smaller(most_ranges, g.cols - col);
      for (std::size_t r = 0; r < height; ++r) {
        __builtin_memcpy(
            copy + r * width * element,
            static_cast<const unsigned char*>(job.data) + ((row + r) * g.cols + col) * element,
            width * element);
      }
      extend_ranges(job, copy, height * width, per_column(width), col, extend);
    }
  }
  return true;
}

QMATH_INLINE void observe(const detail::walk_job& job,
                          std::span<min_max_observer> states) noexcept {
  const bool found = find_ranges(job, [&](std::size_t c, value_range range) {
    states[c].range = merge(states[c].range, range);
  });
  if (!found) return library::walk(job, &add_piece<min_max_observer>);
  const std::size_t repeats = job.n / job.layout.period();
  for (std::size_t c = 0; c < states.size(); ++c) {
    states[c].count = saturating_sum(states[c].count, repeats * elements_of(job.layout, c));
  }
}

QMATH_INLINE void observe(const detail::walk_job& job,
                          std::span<moving_average_observer> states) noexcept {
  const bool found = find_ranges(job, [&](std::size_t c, value_range range) {
    states[c].batch = merge(states[c].batch, range);
  });
  if (!found) library::walk(job, &add_piece<moving_average_observer>);
  for (moving_average_observer& o : states) {
    library::average(o, o.batch);
    o.batch = {detail::infinity, -detail::infinity};
  }
}

template <class O>
QMATH_INLINE void observe(const detail::walk_job& job, std::span<O>) noexcept {
  library::walk(job, &add_piece<O>);
}

// ---- Merge and reset -----------------------------------------------------------------------------

QMATH_INLINE void merge_observer(min_max_observer& into, const min_max_observer& from) noexcept {
  into.range = merge(into.range, from.range);
  into.count = saturating_sum(into.count, from.count);
}
QMATH_INLINE void merge_observer(moving_average_observer& into,
                                 const moving_average_observer& from) noexcept {
  library::average(into, from.range);
}
QMATH_INLINE void merge_observer(moments_observer& into, const moments_observer& from) noexcept {
  library::merge_moments(into, from);
}
template <std::size_t Bins>
QMATH_INLINE void merge_observer(histogram_observer<Bins>& into,
                                 const histogram_observer<Bins>& from) noexcept {
  library::merge_histograms(into.summary, into.counts, from.summary, from.counts, Bins);
}

// Member by member: at -O0, a default constructor is a function that the linker shares.
QMATH_INLINE void reset_observer(min_max_observer& o) noexcept {
  o.range = {detail::infinity, -detail::infinity};
  o.count = 0;
}
QMATH_INLINE void reset_observer(moving_average_observer& o) noexcept {
  o.range = o.batch = {detail::infinity, -detail::infinity};
  o.batches = 0;
}
QMATH_INLINE void reset_observer(moments_observer& o) noexcept {
  o.count = 0;
  o.nonfinite = {0, 0, 0};
  for (std::uint64_t& limb : o.sum.limb) limb = 0;
  for (std::uint64_t& limb : o.squares.limb) limb = 0;
}
template <std::size_t Bins>
QMATH_INLINE void reset_observer(histogram_observer<Bins>& o) noexcept {
  o.summary = {{detail::infinity, -detail::infinity}, 0, {0, 0, 0}, -126};
  for (std::uint64_t& count : o.counts) count = 0;
}

/// a > 0 or 0.
QMATH_INLINE value_range power_of_two_range(float a) noexcept {
  if (detail::bit_cast<std::uint32_t>(a) == 0) return {0.0f, 0.0f};  // subnormal numbers are not 0
  const float p =
      a > 0x1p127f ? detail::largest<float> : power_of_two_for(a, scale_kind::power_of_two_above);
  return {-p, p};
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_OBSERVE_ARGUMENTS_HPP_
