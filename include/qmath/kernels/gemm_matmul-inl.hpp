// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The inner kernel of GEMM for smmla (Armv8.6 i8mm, NEON and SVE), and the variants of targets that have it. One
// smmla adds to 2 x 2 sums, in each 128 bits of a vector, the products of two rows of A and two columns of B, eight
// elements of k at a time: twice the work of an sdot. Compiled once per target (detail/foreach_target.hpp).
//
// B is packed in groups of four (pack.hpp). The vectors of two groups of the same columns, their 32-bit lanes
// interleaved, are pairs of columns with eight elements each: one vector instruction per vector of B and step. The
// same for A, whose pairs would be shared by fewer sums, costs too much: pairs of rows are brought together once
// for all columns, by integer instructions, which also flip signs where A is unsigned. usmmla would save no
// instruction of the loop.
#if HWY_ARCH_ARM_A64 && HWY_IS_LITTLE_ENDIAN && \
    (QMATH_MODE != QMATH_MODE_STATIC || defined(__ARM_FEATURE_MATMUL_INT8))
#if HWY_TARGET == HWY_SVE
#define QMATH_MATMUL sve_i8mm
#elif HWY_TARGET == HWY_SVE2
#define QMATH_MATMUL sve2_i8mm
#elif HWY_TARGET_IS_NEON && (HWY_TARGET == HWY_NEON_WITHOUT_AES || HWY_TARGET == HWY_STATIC_TARGET)
#define QMATH_MATMUL neon_i8mm
#endif
#endif

#ifdef QMATH_MATMUL
#if HWY_TARGET_IS_SVE
#define QMATH_MATMUL_FEATURES "+sve+i8mm"
#else
#define QMATH_MATMUL_FEATURES "+dotprod+i8mm"
#endif
// Assemblers know i8mm from Armv8.2 on. A baseline that is no older must keep what it has, or its inline functions do
// not inline here.
#if defined(__ARM_FEATURE_COMPLEX) || defined(__ARM_FEATURE_DOTPROD) || defined(__ARM_FEATURE_SVE)
#define QMATH_MATMUL_ATTRIBUTES QMATH_MATMUL_FEATURES
#else
#define QMATH_MATMUL_ATTRIBUTES "arch=armv8.2-a" QMATH_MATMUL_FEATURES
#endif

HWY_PUSH_ATTRIBUTES(QMATH_MATMUL_ATTRIBUTES)
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace matmul_tile {

// ---- Vectors: of the whole length, in which a lane of a 128-bit block is always in the same place ------------------

#if HWY_TARGET_IS_SVE
using bytes = svint8_t;
using sums = svint32_t;

HWY_INLINE std::size_t lanes() { return svcntw(); }
HWY_INLINE bytes zeros() { return svdup_n_s8(0); }
HWY_INLINE bytes load(const std::int8_t* from) { return svld1_s8(svptrue_b8(), from); }
HWY_INLINE sums load(const std::int32_t* from) { return svld1_s32(svptrue_b32(), from); }
HWY_INLINE void store(std::int32_t* to, sums v) { svst1_s32(svptrue_b32(), to, v); }
// 16 bytes, in every block.
HWY_INLINE bytes load_pair(const std::int8_t* from) { return svld1rq_s8(svptrue_b8(), from); }
HWY_INLINE bytes interleave_lower(bytes a, bytes b) {
  return svreinterpret_s8_s32(svzip1_s32(svreinterpret_s32_s8(a), svreinterpret_s32_s8(b)));
}
HWY_INLINE bytes interleave_upper(bytes a, bytes b) {
  return svreinterpret_s8_s32(svzip2_s32(svreinterpret_s32_s8(a), svreinterpret_s32_s8(b)));
}
// Sums of two rows to 2 x 2 blocks of them, and back.
HWY_INLINE sums blocks_lower(sums a, sums b) {
  return svreinterpret_s32_s64(svzip1_s64(svreinterpret_s64_s32(a), svreinterpret_s64_s32(b)));
}
HWY_INLINE sums blocks_upper(sums a, sums b) {
  return svreinterpret_s32_s64(svzip2_s64(svreinterpret_s64_s32(a), svreinterpret_s64_s32(b)));
}
HWY_INLINE sums first_rows(sums a, sums b) {
  return svreinterpret_s32_s64(svuzp1_s64(svreinterpret_s64_s32(a), svreinterpret_s64_s32(b)));
}
HWY_INLINE sums second_rows(sums a, sums b) {
  return svreinterpret_s32_s64(svuzp2_s64(svreinterpret_s64_s32(a), svreinterpret_s64_s32(b)));
}
HWY_INLINE sums multiply(sums sum, bytes a, bytes b) { return svmmla_s32(sum, a, b); }
#else
using bytes = int8x16_t;
using sums = int32x4_t;

HWY_INLINE constexpr std::size_t lanes() { return 4; }
HWY_INLINE bytes zeros() { return vdupq_n_s8(0); }
HWY_INLINE bytes load(const std::int8_t* from) { return vld1q_s8(from); }
HWY_INLINE sums load(const std::int32_t* from) { return vld1q_s32(from); }
HWY_INLINE void store(std::int32_t* to, sums v) { vst1q_s32(to, v); }
HWY_INLINE bytes load_pair(const std::int8_t* from) { return vld1q_s8(from); }
HWY_INLINE bytes interleave_lower(bytes a, bytes b) {
  return vreinterpretq_s8_s32(vzip1q_s32(vreinterpretq_s32_s8(a), vreinterpretq_s32_s8(b)));
}
HWY_INLINE bytes interleave_upper(bytes a, bytes b) {
  return vreinterpretq_s8_s32(vzip2q_s32(vreinterpretq_s32_s8(a), vreinterpretq_s32_s8(b)));
}
HWY_INLINE sums blocks_lower(sums a, sums b) {
  return vreinterpretq_s32_s64(vzip1q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}
HWY_INLINE sums blocks_upper(sums a, sums b) {
  return vreinterpretq_s32_s64(vzip2q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}
HWY_INLINE sums first_rows(sums a, sums b) { return blocks_lower(a, b); }
HWY_INLINE sums second_rows(sums a, sums b) { return blocks_upper(a, b); }
HWY_INLINE sums multiply(sums sum, bytes a, bytes b) { return vmmlaq_s32(sum, a, b); }
#endif

// No load moves up across this: GCC would load all pairs first, for which there are no registers. One of its own,
// because that of other kernels is compiled for another target, and does not inline here.
HWY_INLINE void keep_order() {
#ifdef __GNUC__
  __asm__ volatile("" ::: "memory");
#endif
}

// ---- A: pairs of rows ----------------------------------------------------------------------------

inline constexpr std::size_t most_rows = 24;
static_assert(most_rows <= gemm_most_tile_rows);
// Of k, for which the rows are on the stack at a time; sums are in memory between them.
inline constexpr std::size_t most_k = 1024;

// Up to eight elements of a row, and zeros behind them. A function and not a lambda in the next one: GCC leaves that
// out of line on SVE2, where each eight bytes are then a call of memcpy.
HWY_INLINE void copy_eight(const std::uint8_t* from, std::size_t n, std::uint64_t flip,
                           std::int8_t* to) {
  std::uint64_t eight = 0;
  std::memcpy(&eight, from, n);
  eight ^= flip;
  std::memcpy(to, &eight, 8);
}

// [k/8][pair][2 rows][8], the last step padded with what B's zeros make nothing of. There is a row behind the last
// one: the same again, whose sums are the same, too, and go to the same place.
HWY_INLINE void pair_rows(const std::uint8_t* a, std::size_t stride, std::size_t rows,
                          std::size_t pairs, std::size_t k, std::uint64_t flip, std::int8_t* to) {
  for (std::size_t p = 0; p < pairs; ++p) {
    const std::uint8_t* const first = a + 2 * p * stride;
    const std::uint8_t* const second = 2 * p + 1 < rows ? first + stride : first;
    std::int8_t* out = to + 16 * p;
    std::size_t i = 0;
    for (; i + 8 <= k; i += 8, out += 16 * pairs) {
      copy_eight(first + i, 8, flip, out);
      copy_eight(second + i, 8, flip, out + 8);
    }
    if (i != k) {
      copy_eight(first + i, k - i, flip, out);
      copy_eight(second + i, k - i, flip, out + 8);
    }
  }
}

// ---- Sums ----------------------------------------------------------------------------------------

// Rows of A in pairs times columns of B: to = from + products.
struct block {
  const std::int8_t* pairs;
  std::size_t rows;  // at most twice the pairs, one less if that is odd
  std::size_t k;
  const std::int8_t* panels;
  std::size_t panel_bytes;
  std::size_t columns;
  const std::int32_t* from;
  std::size_t from_stride;  // 0: the same for all rows
  std::int32_t* to;
  std::size_t to_stride;

  HWY_INLINE const std::int8_t* b(std::size_t column) const {
    return panels + column / panel_columns * panel_bytes + column % panel_columns * 4;
  }
  HWY_INLINE std::size_t row(std::size_t r) const { return r < rows ? r : rows - 1; }
};

// Vectors of B, which cannot be elements of an array. Two for a register's columns.
template <std::size_t I>
HWY_INLINE const bytes& choose(const bytes& b0, const bytes& b1, const bytes& b2, const bytes& b3) {
  if constexpr (I == 0) return b0;
  if constexpr (I == 1) return b1;
  if constexpr (I == 2) return b2;
  if constexpr (I == 3) return b3;
}

// Eight elements of k: sum number I and the following ones, pair by pair, `Each` of each pair. a: I's pair.
template <std::size_t Each, std::size_t I, class... Rest>
HWY_INLINE void add_step(const std::int8_t* pairs, const bytes& a, const bytes& b0, const bytes& b1,
                         const bytes& b2, const bytes& b3, sums& sum, Rest&... rest) {
  sum = multiply(sum, a, choose<I % Each>(b0, b1, b2, b3));
  if constexpr (sizeof...(Rest) != 0) {
    if constexpr ((I + 1) % Each == 0) {
      keep_order();
      const bytes next = load_pair(pairs + (I + 1) / Each * 16);
      add_step<Each, I + 1>(pairs, next, b0, b1, b2, b3, rest...);
    } else {
      add_step<Each, I + 1>(pairs, a, b0, b1, b2, b3, rest...);
    }
  }
}

// b, b_next: where one and the other vector of columns begin. The last step has one group if k ends there.
template <std::size_t Vectors, bool BothGroups, class... Sums>
HWY_INLINE void add_groups(const std::int8_t* pairs, const std::int8_t* b,
                           const std::int8_t* b_next, Sums&... all) {
  constexpr std::size_t group = 4 * panel_columns;
  const bytes first = load(b), second = BothGroups ? load(b + group) : zeros();
  const bytes b0 = interleave_lower(first, second), b1 = interleave_upper(first, second);
  const bytes a = load_pair(pairs);
  if constexpr (Vectors == 1) {
    add_step<2, 0>(pairs, a, b0, b1, b0, b1, all...);
  } else {
    const bytes third = load(b_next), fourth = BothGroups ? load(b_next + group) : zeros();
    const bytes b2 = interleave_lower(third, fourth), b3 = interleave_upper(third, fourth);
    add_step<4, 0>(pairs, a, b0, b1, b2, b3, all...);
  }
}

template <std::size_t Vectors, std::size_t I, class... Rest>
HWY_INLINE void store_sums(const block& m, std::size_t column, const sums& lower, const sums& upper,
                           const Rest&... rest) {
  std::int32_t* const to = m.to + column + I % Vectors * lanes();
  store(to + m.row(I / Vectors * 2) * m.to_stride, first_rows(lower, upper));
  store(to + m.row(I / Vectors * 2 + 1) * m.to_stride, second_rows(lower, upper));
  if constexpr (sizeof...(Rest) != 0) store_sums<Vectors, I + 1>(m, column, rest...);
}

// (2 * Pairs) rows x Vectors of columns in registers. The recursion declares one variable per sum.
template <std::size_t Pairs, std::size_t Vectors, class... Sums>
HWY_INLINE void register_tile(const block& m, std::size_t column, Sums&... all) {
  if constexpr (sizeof...(Sums) < 2 * Pairs * Vectors) {
    constexpr std::size_t i = sizeof...(Sums) / 2;
    const std::int32_t* const from = m.from + column + i % Vectors * lanes();
    const sums first = load(from + m.row(i / Vectors * 2) * m.from_stride);
    const sums second = load(from + m.row(i / Vectors * 2 + 1) * m.from_stride);
    sums lower = blocks_lower(first, second), upper = blocks_upper(first, second);
    register_tile<Pairs, Vectors>(m, column, all..., lower, upper);
  } else {
    const std::int8_t* pairs = m.pairs;
    const std::int8_t *b = m.b(column), *b_next = Vectors == 1 ? b : m.b(column + lanes());
    const std::size_t groups = (m.k + 3) / 4;
    for (std::size_t i = 0; i < groups / 2; ++i) {
      add_groups<Vectors, true>(pairs, b, b_next, all...);
      pairs += 16 * Pairs;
      b += 8 * panel_columns;
      b_next += 8 * panel_columns;
    }
    if (groups % 2 != 0) add_groups<Vectors, false>(pairs, b, b_next, all...);
    store_sums<Vectors, 0>(m, column, all...);
  }
}

template <std::size_t Pairs, std::size_t Vectors>
HWY_NOINLINE static void tile_pairs(const block& m) {
  std::size_t c = 0;
  for (; c + Vectors * lanes() <= m.columns; c += Vectors * lanes()) {
    register_tile<Pairs, Vectors>(m, c);
  }
  if constexpr (Vectors > 1) {  // a panel may be one vector
    for (; c < m.columns; c += lanes()) register_tile<Pairs, 1>(m, c);
  }
}

// As many rows as the pairs have, or one less; for all of k.
template <std::size_t Pairs, std::size_t Vectors>
HWY_INLINE void tile_rows(const gemm_tile& t, std::size_t row, std::size_t rows,
                          std::int8_t* pairs) {
  const auto flip = std::uint64_t{static_cast<std::uint32_t>(t.a_flip)};
  const auto* const a = static_cast<const std::uint8_t*>(t.a) + row * t.a_stride;
  std::int32_t* const to = t.sums + row * t.sums_stride;
  std::size_t k = 0;
  do {
    const std::size_t n = HWY_MIN(most_k, t.k - k);
    pair_rows(a + k, t.a_stride, rows, Pairs, n, flip << 32 | flip, pairs);
    tile_pairs<Pairs, Vectors>({pairs, rows, n, t.panels + k * panel_columns, t.panel_bytes,
                                t.columns, k == 0 ? t.initial + row * t.initial_stride : to,
                                k == 0 ? t.initial_stride : t.sums_stride, to, t.sums_stride});
    k += n;
  } while (k < t.k);
}

// Two rows and one are no faster than with sdot, which the target has, too; nor are vectors longer than a panel.
HWY_MAYBE_UNUSED static void tile(const gemm_tile& t) {
  constexpr gemm_dot sdot = QMATH_LESSER_TABLE.gemm.dot;
  static_assert(sdot.a_is_signed);
  HWY_ALIGN std::int8_t pairs[most_rows * most_k];
  std::size_t row = 0;
  const auto rows = [&](std::size_t most) HWY_ATTR { return HWY_MIN(most, t.rows - row); };
  while (row + 2 < t.rows && lanes() <= panel_columns) {
    const std::size_t left = t.rows - row;
    if (left > 22) {
      tile_rows<12, 1>(t, row, rows(24), pairs);
      row += rows(24);
    } else if (left > 14) {
      tile_rows<8, 1>(t, row, rows(16), pairs);
      row += rows(16);
    } else if (left > 10) {
      tile_rows<6, 1>(t, row, rows(12), pairs);
      row += rows(12);
    } else if (left > 6) {
      tile_rows<4, 2>(t, row, rows(8), pairs);
      row += rows(8);
    } else {
      tile_rows<2, 2>(t, row, rows(4), pairs);
      row += rows(4);
    }
  }
  if (row == t.rows) return;
  gemm_tile rest = t;
  rest.a = static_cast<const std::uint8_t*>(t.a) + row * t.a_stride;
  rest.rows = t.rows - row;
  rest.initial = t.initial + row * t.initial_stride;
  rest.sums = t.sums + row * t.sums_stride;
  sdot.tile(rest);
}

}  // namespace matmul_tile

HWY_MAYBE_UNUSED static constexpr kernel_table make_matmul_table() {
  kernel_table t = QMATH_LESSER_TABLE;
  t.id = target::QMATH_MATMUL;
  t.gemm.dot = {&matmul_tile::tile, true, matmul_tile::most_rows, matmul_tile::most_rows,
                gemm_task_columns};
  return t;
}

HWY_MAYBE_UNUSED static constexpr kernel_table matmul_table = make_matmul_table();

}  // namespace HWY_NAMESPACE

template <>
struct table_of<target::QMATH_MATMUL> {
  static constexpr const kernel_table* value = &HWY_NAMESPACE::matmul_table;
};

}  // namespace impl
QMATH_END_NAMESPACE
HWY_POP_ATTRIBUTES
#undef QMATH_MATMUL
#undef QMATH_MATMUL_FEATURES
#undef QMATH_MATMUL_ATTRIBUTES
#endif  // QMATH_MATMUL
