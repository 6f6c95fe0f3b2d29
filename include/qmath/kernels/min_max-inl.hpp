// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Smallest and largest element, one pair for each parameter of a layout; NaN is skipped, a zero is returned
// as +0. Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The first n elements of a vector, and NaN behind them.
template <class T>
HWY_INLINE hn::Vec<hn::ScalableTag<float>> load_lanes_or_nan(const T* x, std::size_t n) {
  const hn::ScalableTag<float> df;
  if constexpr (std::is_same_v<T, float>) {
    return hn::LoadNOr(hn::NaN(df), df, x, n);
  } else {
    const hn::Rebind<std::uint16_t, decltype(df)> d16;
    const auto nan = hn::Set(d16, std::uint16_t{0xFFFF});
    chunk_buffer<T> padded;
    hn::StoreU(hn::LoadNOr(nan, d16, reinterpret_cast<const std::uint16_t*>(x), n), d16,
               reinterpret_cast<std::uint16_t*>(padded.data));
    return load_lanes(df, padded.data);
  }
}

// Arrays of more bytes than this come from memory, so far ahead of their use: the CPU by itself asks for less, and
// takes half as long again. In a cache asking costs a third.
inline constexpr std::size_t bytes_in_cache = std::size_t{1} << 23, bytes_ahead = 8192;

// The range of r and of n neighbours.
template <class T>
HWY_INLINE value_range extended(value_range r, const T* HWY_RESTRICT x, std::size_t n) {
  const hn::ScalableTag<float> df;
  const std::size_t N = hn::Lanes(df);
  // Four chains hide the latency of Min and Max. A NaN yields the second argument: the chain.
  auto lo0 = hn::Set(df, r.min), lo1 = lo0, lo2 = lo0, lo3 = lo0;
  auto hi0 = hn::Set(df, r.max), hi1 = hi0, hi2 = hi0, hi3 = hi0;
  std::size_t i = 0;
  const auto take_four = [&]() HWY_ATTR {
    const auto v0 = load_lanes(df, x + i), v1 = load_lanes(df, x + i + N);
    const auto v2 = load_lanes(df, x + i + 2 * N), v3 = load_lanes(df, x + i + 3 * N);
    lo0 = min_or_bound(v0, lo0), hi0 = max_or_bound(v0, hi0);
    lo1 = min_or_bound(v1, lo1), hi1 = max_or_bound(v1, hi1);
    lo2 = min_or_bound(v2, lo2), hi2 = max_or_bound(v2, hi2);
    lo3 = min_or_bound(v3, lo3), hi3 = max_or_bound(v3, hi3);
  };
  if (n > bytes_in_cache / sizeof(T)) {
    for (; i + 4 * N <= n; i += 4 * N) {
      for (std::size_t line = 0; line < 4 * N * sizeof(T); line += 64) {
        prefetch_behind(x + i, bytes_ahead + line);
      }
      take_four();
    }
  }
  for (; i + 4 * N <= n; i += 4 * N) take_four();
  for (; i + N <= n; i += N) {
    const auto v = load_lanes(df, x + i);
    lo0 = min_or_bound(v, lo0), hi0 = max_or_bound(v, hi0);
  }
  if (i != n) {
    // Elements may count twice.
    const auto v = n < N ? load_lanes_or_nan(x, n) : load_lanes(df, x + n - N);
    lo1 = min_or_bound(v, lo1), hi1 = max_or_bound(v, hi1);
  }
  const auto lo = hn::Min(hn::Min(lo0, lo1), hn::Min(lo2, lo3));
  const auto hi = hn::Max(hn::Max(hi0, hi1), hn::Max(hi2, hi3));
#if HWY_TARGET == HWY_EMU128
  // Its reductions begin with the largest finite numbers.
  for (std::size_t k = 0; k < N; ++k) {
    const float a = hn::ExtractLane(lo, k), b = hn::ExtractLane(hi, k);
    r = {a < r.min ? a : r.min, b > r.max ? b : r.max};
  }
  return r;
#else
  return {hn::ReduceMin(df, lo), hn::ReduceMax(df, hi)};
#endif
}

// Minima and maxima of neighbouring columns.
struct column_ranges {
  chunk_buffer<float> min, max;

  // The first n columns, and those that may be read with them in whole vectors.
  HWY_INLINE void clear(std::size_t n) {
    const hn::ScalableTag<float> df;
    const auto inf = hn::Set(df, detail::infinity);
    for (std::size_t i = 0; i < n + hn::Lanes(df); i += hn::Lanes(df)) {
      hn::StoreU(inf, df, min.data + i);
      hn::StoreU(hn::Neg(inf), df, max.data + i);
    }
  }

  // The columns from i on, as many as a vector has; without NaN.
  template <class V>
  HWY_INLINE void extend(std::size_t i, V lo, V hi) {
    const hn::ScalableTag<float> df;
    hn::StoreU(min_or_bound(lo, hn::LoadU(df, min.data + i)), df, min.data + i);
    hn::StoreU(max_or_bound(hi, hn::LoadU(df, max.data + i)), df, max.data + i);
  }

  // The first n columns.
  template <class T>
  HWY_INLINE void extend(const T* HWY_RESTRICT x, std::size_t n) {
    const hn::ScalableTag<float> df;
    const std::size_t N = hn::Lanes(df);
    for (std::size_t i = 0; i < n; i += N) {
      const auto v = n - i < N ? load_lanes_or_nan(x + i, n - i) : load_lanes(df, x + i);
      extend(i, v, v);
    }
  }

  // The columns are `copies` times the same n ones: makes the first n of them the ranges of all copies.
  HWY_INLINE void merge_copies(std::size_t n, std::size_t copies) {
    const hn::ScalableTag<float> df;
    const std::size_t N = hn::Lanes(df);
    for (std::size_t begin = n; begin < copies * n; begin += n) {
      // The lanes behind column n - 1 merge with copies of their own, too, which does no harm.
      for (std::size_t i = 0; i < n; i += N) {
        extend(i, hn::LoadU(df, min.data + begin + i), hn::LoadU(df, max.data + begin + i));
      }
    }
  }

  // Which of -0 and +0 a Min returns depends on the target; adding +0 makes both +0.
  HWY_INLINE void store(std::size_t n, value_range* r) const {
    const hn::ScalableTag<float> df;
    const std::size_t N = hn::Lanes(df);
    std::size_t i = 0;
    for (; i + N <= n; i += N) {
      hn::StoreInterleaved2(hn::Add(hn::LoadU(df, min.data + i), hn::Zero(df)),
                            hn::Add(hn::LoadU(df, max.data + i), hn::Zero(df)), df, &r[i].min);
    }
    for (; i < n; ++i) r[i] = {min.data[i] + 0.0f, max.data[i] + 0.0f};
  }
};

// The ranges of the columns of a block of `height` rows in all repeats; x is its first row in the first of
// them. Rows that follow each other are taken together as longer ones, up to a chunk.
template <class T>
HWY_INLINE void min_max_columns(const granularity& g, std::size_t n, const T* x, std::size_t height,
                                value_range* r) {
  const bool dense = height == g.outer * g.rows;  // each repeat is right behind the one before
  const std::size_t rows = dense ? n / g.cols : height;
  const std::size_t step = dense ? n : g.period();
  column_ranges ranges;
  for_each_chunk(g.cols, [&](std::size_t first, std::size_t length) HWY_ATTR {
    std::size_t together = length == g.cols ? chunk_size / length : 1;
    if (together > rows) together = rows;
    ranges.clear(together * length);
    for (std::size_t begin = 0; begin < n; begin += step) {
      for (std::size_t row = 0; row < rows; row += together) {
        const std::size_t left = rows - row < together ? rows - row : together;
        ranges.extend(x + begin + row * g.cols + first, left * length);
      }
    }
    ranges.merge_copies(length, together);
    ranges.store(length, r + first);
  });
}

template <class T>
HWY_INLINE void min_max_array(const min_max_job& job) {
  const T* const x = static_cast<const T*>(job.in);
  value_range* const r = static_cast<value_range*>(job.out);
  const std::size_t count = job.layout.count();
  const granularity g = as_one_row(job.layout, job.n);
  if (count != 1 && g.block_cols == 1 && job.n != 0) {
    value_range* to = r;
    for (std::size_t row = 0; row < g.outer * g.rows;) {
      const std::size_t left = g.rows - row % g.rows;
      const std::size_t height = g.block_rows < left ? g.block_rows : left;
      min_max_columns(g, job.n, x + row * g.cols, height, to);
      row += height, to += g.cols;
    }
    return;
  }
  for (std::size_t c = 0; c < count; ++c) r[c] = {};
  for_each_run(
      g, 0, job.n, [](std::size_t, std::size_t, std::size_t) {},
      [&](std::size_t i, std::size_t n, std::size_t c)
          HWY_ATTR { r[c] = extended(r[c], x + i, n); });
  for (std::size_t c = 0; c < count; ++c) r[c] = {r[c].min + 0.0f, r[c].max + 0.0f};
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void min_max(const min_max_job& job) {
  switch (job.from) {
    case real_type::f32: return min_max_array<float>(job);
    case real_type::f16: return min_max_array<half>(job);
    default: return min_max_array<bfloat16>(job);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
