// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// GEMM's tile for a dot in two steps (gemm_dot-inl.hpp), which multiplies 16-bit integers. Bytes are split into them
// once for many products: A for all columns of the tile, B for all of its rows, where these are many. Both a block of k
// at a time, which stays in the first level of cache; in between the sums are in memory.
// Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace target_tile {

// Rows of A, split: every group of four is an int32 in each of two planes, which is two 16-bit integers; the stride is
// of int32. k is in whole groups.
struct split_rows {
  static constexpr std::size_t gap = panel_columns;  // puts rows into different sets of the cache
  static constexpr std::size_t plane = gemm_most_tile_rows * (32 + gap);

  const std::int32_t* next;
  std::size_t stride;

  static HWY_INLINE split_rows of(const gemm_tile& t, std::size_t row) {
    return {static_cast<const std::int32_t*>(t.a) + row * t.a_stride, t.a_stride};
  }
  HWY_INLINE void advance() { ++next; }

  template <std::size_t Step>
  HWY_INLINE gemm_vector load(std::size_t row) const {
    return hn::Set(gemm_tag(), next[row * stride + Step * plane]);
  }
};

// n bytes of a row, in groups of four, become two planes. Writes whole vectors, which is within the row's stride.
template <class Dot>
HWY_INLINE void split_row(const std::uint8_t* from, std::size_t n, std::int32_t a_flip,
                          std::int32_t* to) {
  const gemm_tag d;
  const hn::Repartition<std::uint8_t, gemm_tag> d8;
  const std::size_t N = hn::Lanes(d8);
  const auto split = [&](auto bytes, std::int32_t* out) HWY_ATTR {
    const auto v = hn::Xor(hn::BitCast(d, bytes), hn::Set(d, a_flip));
    hn::StoreU(Dot::template split_a<0>(v), d, out);
    hn::StoreU(Dot::template split_a<1>(v), d, out + split_rows::plane);
  };
  std::size_t i = 0;
  for (; i + N <= n; i += N) split(hn::LoadU(d8, from + i), to + i / 4);
  if (i != n) split(hn::LoadN(d8, from + i, n - i), to + i / 4);
}

// Two vectors of columns of B, split: for each group those of the first step, then those of the second.
struct split_columns {
  static constexpr std::size_t most_k = 128;
  static constexpr std::size_t least_rows = 24;  // with fewer, splitting takes as long as it saves

  const std::int32_t* next;

  HWY_INLINE void advance() { next += 4 * hn::Lanes(gemm_tag()); }
  template <std::size_t>
  HWY_INLINE void read_ahead() const {}

  template <class, std::size_t Step, std::size_t I>
  HWY_INLINE gemm_vector load() const {
    const gemm_tag d;
    return hn::Load(d, next + (2 * Step + I) * hn::Lanes(d));
  }
};

template <class Dot>
HWY_INLINE void split_two(b_columns from, std::size_t k, std::int32_t* to) {
  const gemm_tag d;
  const std::size_t N = hn::Lanes(d);
  for (; k != 0; k -= 4, to += 4 * N, from.advance()) {
    from.template read_ahead<2>();
    hn::Store(from.template load<Dot, 0, 0>(), d, to);
    hn::Store(from.template load<Dot, 0, 1>(), d, to + N);
    hn::Store(from.template load<Dot, 1, 0>(), d, to + 2 * N);
    hn::Store(from.template load<Dot, 1, 1>(), d, to + 3 * N);
  }
}

// Two vectors of columns from c on, which are split, for the rows of whole register tiles.
template <class Dot>
HWY_NOINLINE static void tile_two(const gemm_tile& t, const std::int32_t* b, std::size_t c) {
  const tile_ends to = {t.initial, t.initial_stride, t.sums, t.sums_stride};
  for (std::size_t row = 0; row + Dot::max_rows <= t.rows; row += Dot::max_rows) {
    register_tile<Dot, Dot::max_rows, 2>(split_rows::of(t, row), t.k, split_columns{b},
                                         to.at(row, static_cast<std::ptrdiff_t>(c)));
  }
}

// A block of k, for which A is split; B, too, if there are rows enough.
template <class Dot>
HWY_INLINE void tile_block(const gemm_tile& t) {
  const std::size_t N = hn::Lanes(gemm_tag());
  std::size_t c = 0, row = 0;
  if (t.rows >= split_columns::least_rows) {
    HWY_ALIGN std::int32_t b[split_columns::most_k * panel_columns];
    for (; c + 2 * N <= t.columns; c += 2 * N) {
      const std::int8_t* const panel = t.panels + c / panel_columns * t.panel_bytes;
      split_two<Dot>({panel + c % panel_columns * 4, t.panel_bytes}, t.k, b);
      tile_two<Dot>(t, b, c);
    }
  }
  for (; row + Dot::max_rows <= t.rows; row += Dot::max_rows) {
    if (c != t.columns) tile_rows<Dot, Dot::max_rows, 2, split_rows>(t, row, c);
  }
  tile_rest<Dot, split_rows>(t, row);
}

template <class Dot>
HWY_MAYBE_UNUSED static void split_tile(const gemm_tile& t) {
  HWY_ALIGN std::int32_t a[2 * split_rows::plane];
  // Of fewer rows more of k: B is read in longer runs.
  const std::size_t stride = split_rows::plane / t.rows / split_rows::gap * split_rows::gap;
  const std::size_t most_k =
      t.rows >= 2 * Dot::max_rows ? split_columns::most_k : 4 * (stride - split_rows::gap);
  gemm_tile block = t;
  block.a = a;
  block.a_stride = stride;
  std::size_t k = 0;
  do {
    const std::size_t n = HWY_MIN(most_k, t.k - k);
    const auto* from = static_cast<const std::uint8_t*>(t.a) + k;
    for (std::size_t r = 0; r < t.rows; ++r) {
      split_row<Dot>(from + r * t.a_stride, n, t.a_flip, a + r * stride);
    }
    block.k = (n + 3) / 4 * 4;
    block.panels = t.panels + k * panel_columns;
    tile_block<Dot>(block);
    block.initial = t.sums;
    block.initial_stride = t.sums_stride;
    k += n;
  } while (k < t.k);
}

// The dot's kernel, whichever its kind.
template <class Dot>
HWY_MAYBE_UNUSED static constexpr gemm_dot make_target_dot() {
  if constexpr (Dot::steps == 1) {
    return make_dot<Dot>();
  } else {
    constexpr std::size_t rows = gemm_most_tile_rows / Dot::max_rows * Dot::max_rows;
    return {&split_tile<Dot>, Dot::a_is_signed, Dot::max_rows, rows, gemm_task_columns};
  }
}

}  // namespace target_tile
}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
