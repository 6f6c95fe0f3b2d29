// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The inner kernel of GEMM: a tile of int32 sums over packed panels of B (layout: pack.hpp), for any
// dot type (gemm_dot-inl.hpp).
//
// Included once per target by all-inl.hpp, and once more by variants-inl.hpp for each variant: the
// functions must be compiled with the variant's instructions enabled to inline its dot.
//     QMATH_TILE_NAMESPACE    where the functions go, inside the target's namespace
//     QMATH_TILE_ATTRIBUTES   a variant's target attribute; the target's own if not defined
#ifdef QMATH_TILE_ATTRIBUTES
HWY_PUSH_ATTRIBUTES(QMATH_TILE_ATTRIBUTES)
#else
HWY_BEFORE_NAMESPACE();
#endif
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace QMATH_TILE_NAMESPACE {

// Rows of A, advancing along k. The sign bits are flipped always, never, or as `mask` says.
enum class flip { always, never, by_mask };

// The last 1, 2 or 3 bytes of each row and zeros: behind a row there may be nothing to read.
HWY_NOINLINE HWY_MAYBE_UNUSED static void copy_ends(const std::uint8_t* from, std::size_t stride,
                                                    std::size_t bytes, std::size_t rows,
                                                    std::uint8_t* to) {
  for (std::size_t r = 0; r < rows; ++r, from += stride, to += 4) {
    to[0] = from[0];
    to[1] = bytes > 1 ? from[1] : std::uint8_t{0};
    to[2] = bytes > 2 ? from[2] : std::uint8_t{0};
    to[3] = 0;
  }
}

template <flip Flip>
struct a_rows {
  const std::uint8_t* next;
  std::size_t stride;
  std::int32_t mask;

  static HWY_INLINE a_rows of(const gemm_tile& t, std::size_t row) {
    return {static_cast<const std::uint8_t*>(t.a) + row * t.a_stride, t.a_stride, t.a_flip};
  }
  HWY_INLINE void advance() { next += 4; }

  // One group of four elements of a row, in every lane.
  template <std::size_t>
  HWY_INLINE gemm_vector load(std::size_t row) const {
    const gemm_tag d;
    std::int32_t four;
    std::memcpy(&four, next + row * stride, 4);
    const gemm_vector v = hn::Set(d, four);
    if constexpr (Flip == flip::never) return v;
    const auto always = static_cast<std::int32_t>(0x80808080u);
    return hn::Xor(v, hn::Set(d, Flip == flip::always ? always : mask));
  }

  // Two groups of a row. Their signs are flipped on the way, where no vector instruction has to do it.
  HWY_INLINE auto load_eight(std::size_t row) const {
    const hn::CappedTag<std::int8_t, 8> d;
    const hn::CappedTag<std::uint64_t, 1> d64;
    const std::uint8_t* from = next + row * stride;
    if constexpr (Flip == flip::never) {
      return hn::LoadU(d, reinterpret_cast<const std::int8_t*>(from));
    } else {
      std::uint64_t eight;
      std::memcpy(&eight, from, 8);
      const auto four = Flip == flip::always ? 0x80808080u : static_cast<std::uint32_t>(mask);
      return hn::BitCast(d, hn::Set(d64, eight ^ (std::uint64_t{four} << 32 | four)));
    }
  }
};

// The vectors of B that a row is multiplied by. Vectors of unknown size (SVE) can be variables, but neither array
// elements nor members; references to them can.
struct b_vectors {
  const gemm_vector &v0, &v1, &v2, &v3, &v4, &v5, &v6, &v7;

  template <std::size_t I>
  HWY_INLINE const gemm_vector& get() const {
    if constexpr (I == 0) return v0;
    if constexpr (I == 1) return v1;
    if constexpr (I == 2) return v2;
    if constexpr (I == 3) return v3;
    if constexpr (I == 4) return v4;
    if constexpr (I == 5) return v5;
    if constexpr (I == 6) return v6;
    if constexpr (I == 7) return v7;
  }
};

template <std::size_t I, class... Rest>
HWY_INLINE gemm_vector& pick(gemm_vector& sum, Rest&... rest) {
  if constexpr (I == 0) {
    return sum;
  } else {
    return pick<I - 1>(rest...);
  }
}

// One step of a group: sum number I and the following ones, row by row. v: the step of the row before I.
template <class Dot, std::size_t Vectors, std::size_t Step, std::size_t I, class Rows,
          class... Sums>
HWY_INLINE void add_sums(const Rows& a, const b_vectors& b, const gemm_vector& v, Sums&... sums) {
  if constexpr (I % Vectors == 0 && I != 0 && I < sizeof...(Sums)) {
    const gemm_vector next = a.template load<Step>(I / Vectors);
    gemm_vector& sum = pick<I>(sums...);
    sum = Dot::add(sum, next, b.template get<0>());
    add_sums<Dot, Vectors, Step, I + 1>(a, b, next, sums...);
  } else if constexpr (I < sizeof...(Sums)) {
    gemm_vector& sum = pick<I>(sums...);
    sum = Dot::add(sum, v, b.template get<I % Vectors>());
    add_sums<Dot, Vectors, Step, I + 1>(a, b, v, sums...);
  }
}

// The same for a dot whose products are added three products later (`adds_later`). p0, p1, p2: of the sums before I.
template <class Dot, std::size_t Vectors, std::size_t Step, std::size_t I, class Rows,
          class... Sums>
HWY_INLINE void add_sums_later(const Rows& a, const b_vectors& b, const gemm_vector& v,
                               const gemm_vector& p0, const gemm_vector& p1, const gemm_vector& p2,
                               Sums&... sums) {
  constexpr std::size_t n = sizeof...(Sums);
  if constexpr (I % Vectors == 0 && I != 0 && I < n) {
    const gemm_vector next = a.template load<Step>(I / Vectors);
    const gemm_vector product = Dot::multiply(next, b.template get<0>());
    if constexpr (I >= 3) pick<I - 3>(sums...) = Dot::add(pick<I - 3>(sums...), p0);
    add_sums_later<Dot, Vectors, Step, I + 1>(a, b, next, p1, p2, product, sums...);
  } else if constexpr (I < n) {
    const gemm_vector product = Dot::multiply(v, b.template get<I % Vectors>());
    if constexpr (I >= 3) pick<I - 3>(sums...) = Dot::add(pick<I - 3>(sums...), p0);
    add_sums_later<Dot, Vectors, Step, I + 1>(a, b, v, p1, p2, product, sums...);
  } else if constexpr (I < n + 3) {
    if constexpr (I >= 3) pick<I - 3>(sums...) = Dot::add(pick<I - 3>(sums...), p0);
    add_sums_later<Dot, Vectors, Step, I + 1>(a, b, v, p1, p2, p2, sums...);
  }
}

// Where the vectors of columns of a register tile are: at first, or `panel_bytes` on where a panel has no more.
struct b_columns {
  const std::int8_t* first;
  std::size_t panel_bytes;

  HWY_INLINE void advance() { first += 4 * panel_columns; }

  template <class Dot, std::size_t Step, std::size_t I>
  HWY_INLINE gemm_vector load() const {
    const std::size_t N = hn::Lanes(gemm_tag()), per_panel = panel_columns / N;
    return Dot::template load_b<Step>(first + I / per_panel * panel_bytes + I % per_panel * 4 * N);
  }

  // What the same panels have further on: with few rows B is read at the speed of memory, and the CPU by itself does
  // not look far enough ahead.
  template <std::size_t Vectors>
  HWY_INLINE void read_ahead() const {
    const std::size_t per_panel = panel_columns / hn::Lanes(gemm_tag());
    for (std::size_t i = 0; i < Vectors; i += per_panel) {
      prefetch_behind(first, i / per_panel * panel_bytes + 8192);
    }
  }
};

// One group of four for all rows and columns of the register tile, with 1, 2, 4 or 8 vectors of columns.
template <class Dot, std::size_t Vectors, std::size_t Step = 0, class Rows, class Columns,
          class... Sums>
HWY_INLINE void add_group(const Rows& a, const Columns& b, Sums&... sums) {
  static_assert(Vectors <= 8);
  const gemm_vector v = a.template load<Step>(0);
  const gemm_vector v0 = b.template load<Dot, Step, 0>();
  const gemm_vector v1 = Vectors > 1 ? b.template load<Dot, Step, 1>() : v0;
  const gemm_vector v2 = Vectors > 2 ? b.template load<Dot, Step, 2>() : v0;
  const gemm_vector v3 = Vectors > 2 ? b.template load<Dot, Step, 3>() : v0;
  const gemm_vector v4 = Vectors > 4 ? b.template load<Dot, Step, 4>() : v0;
  const gemm_vector v5 = Vectors > 4 ? b.template load<Dot, Step, 5>() : v0;
  const gemm_vector v6 = Vectors > 4 ? b.template load<Dot, Step, 6>() : v0;
  const gemm_vector v7 = Vectors > 4 ? b.template load<Dot, Step, 7>() : v0;
  const b_vectors vectors = {v0, v1, v2, v3, v4, v5, v6, v7};
  if constexpr (Dot::adds_later) {
    add_sums_later<Dot, Vectors, Step, 0>(a, vectors, v, v, v, v, sums...);
  } else {
    add_sums<Dot, Vectors, Step, 0>(a, vectors, v, sums...);
  }
  if constexpr (Step + 1 < Dot::steps) {
    keep_order();  // or GCC keeps the vectors of B until the next step, for which there are no registers
    add_group<Dot, Vectors, Step + 1>(a, b, sums...);
  }
}

// Two groups of four, by a dot product that takes its four bytes of A from any lane of a vector: one load serves
// all sums of a row, and needs no copies of the group (`by_lanes`, gemm_dot-inl.hpp). Sum number I and the
// following ones, row by row; a: the groups of I's row.
template <class Dot, std::size_t Vectors, std::size_t I, class Rows, class Eight, class... Rest>
HWY_INLINE void add_sums_by_lanes(const Rows& rows, const b_columns& b, const Eight& a,
                                  gemm_vector& sum, Rest&... rest) {
  const b_columns next = {b.first + 4 * panel_columns, b.panel_bytes};
  sum = Dot::template add_lane<0>(sum, a, b.template load<Dot, 0, I % Vectors>());
  sum = Dot::template add_lane<1>(sum, a, next.template load<Dot, 0, I % Vectors>());
  if constexpr (sizeof...(Rest) != 0) {
    if constexpr ((I + 1) % Vectors == 0) {
      const Eight a_next = rows.load_eight((I + 1) / Vectors);
      add_sums_by_lanes<Dot, Vectors, I + 1>(rows, b, a_next, rest...);
    } else {
      add_sums_by_lanes<Dot, Vectors, I + 1>(rows, b, a, rest...);
    }
  }
}

// Sums of the tile, and what is added to them last: sums that start at zero cost no instruction.
struct tile_ends {
  const std::int32_t* initial;
  std::size_t initial_stride;
  std::int32_t* sums;
  std::size_t sums_stride;

  HWY_INLINE tile_ends at(std::size_t row, std::ptrdiff_t column) const {
    return {initial + row * initial_stride + column, initial_stride,
            sums + row * sums_stride + column, sums_stride};
  }
};

template <std::size_t Vectors, class... Rest>
HWY_INLINE void store_rows(const tile_ends& to, gemm_vector& sum, Rest&... rest) {
  const gemm_tag d;
  hn::StoreU(hn::Add(sum, hn::LoadU(d, to.initial)), d, to.sums);
  if constexpr (sizeof...(Rest) != 0) {
    // The next vector is beside this one, or at the start of the next row.
    constexpr bool row_ends = sizeof...(Rest) % Vectors == 0;
    const auto N = static_cast<std::ptrdiff_t>(hn::Lanes(d));
    constexpr auto back = static_cast<std::ptrdiff_t>(Vectors - 1);
    store_rows<Vectors>(row_ends ? to.at(1, -back * N) : to.at(0, N), rest...);
  }
}

// The sums of Rows x (Vectors * lanes), from a group of k on to the last one.
template <class Dot, std::size_t Rows, std::size_t Vectors, class ARows, class Columns,
          class... Sums>
HWY_INLINE void register_rest(ARows a, std::size_t k, Columns b, const tile_ends& to,
                              Sums&... sums) {
  HWY_ALIGN std::uint8_t ends[4 * Rows];
  for (;;) {
    if constexpr (Dot::by_lanes) {
      for (; k >= 8; k -= 8) {
        add_sums_by_lanes<Dot, Vectors, 0>(a, b, a.load_eight(0), sums...);
        a.next += 8;
        b.first += 8 * panel_columns;
      }
    }
    for (; k >= 4; k -= 4) {
      if constexpr (Dot::steps == 2) b.template read_ahead<Vectors>();
      add_group<Dot, Vectors>(a, b, sums...);
      a.advance();
      b.advance();
    }
    if (Dot::steps == 2 || k == 0) break;
    if constexpr (Dot::steps == 1) {  // the last group, whose rest B has zeros for
      copy_ends(a.next, a.stride, k, Rows, ends);
      a.next = ends;
      a.stride = 4;
      k = 4;
    }
  }
  keep_order();  // what is added last is loaded last
  store_rows<Vectors>(to, sums...);
}

// Rows x (Vectors * lanes) sums in registers. The recursion declares one variable per sum.
template <class Dot, std::size_t Rows, std::size_t Vectors, class ARows, class Columns,
          class... Sums>
HWY_INLINE void register_tile(ARows a, std::size_t k, Columns b, const tile_ends& to,
                              Sums&... sums) {
  if constexpr (sizeof...(Sums) < Rows * Vectors) {
    gemm_vector sum = hn::Zero(gemm_tag());
    register_tile<Dot, Rows, Vectors>(a, k, b, to, sums..., sum);
  } else {
    register_rest<Dot, Rows, Vectors>(a, k, b, to, sums...);
  }
}

// Columns of the tile from c on, for Rows rows: Vectors vectors at a time, and what remains with half as many.
template <class Dot, std::size_t Rows, std::size_t Vectors, class ARows>
HWY_NOINLINE static void tile_rows(const gemm_tile& t, std::size_t row, std::size_t c = 0) {
  const std::size_t N = hn::Lanes(gemm_tag());
  const std::size_t panel_bytes = t.panel_bytes;
  const ARows a = ARows::of(t, row);
  const tile_ends to = tile_ends{t.initial, t.initial_stride, t.sums, t.sums_stride}.at(row, 0);
  for (; c + Vectors * N <= t.columns; c += Vectors * N) {
    const b_columns b = {t.panels + c / panel_columns * panel_bytes + c % panel_columns * 4,
                         panel_bytes};
    register_tile<Dot, Rows, Vectors>(a, t.k, b, to.at(0, static_cast<std::ptrdiff_t>(c)));
  }
  if constexpr (Vectors > 1) {
    if (c != t.columns) tile_rows<Dot, Rows, Vectors / 2, ARows>(t, row, c);
  }
}

// Few rows take more columns at a time: enough sums to hide the latency of an addition.
template <class Dot, std::size_t Rows, class ARows>
HWY_INLINE std::size_t tiles_of_few_rows(const gemm_tile& t, std::size_t row) {
  constexpr std::size_t vectors = HWY_MIN(Dot::most_vectors, HWY_MAX(2, Dot::few_sums / Rows));
  if constexpr (Dot::max_rows > Rows) {
    for (; row + Rows <= t.rows; row += Rows) tile_rows<Dot, Rows, vectors, ARows>(t, row);
  }
  return row;
}

// Rows from `row` on, fewer than Dot::max_rows.
template <class Dot, class ARows>
HWY_INLINE void tile_rest(const gemm_tile& t, std::size_t row) {
  row = tiles_of_few_rows<Dot, 8, ARows>(t, row);
  row = tiles_of_few_rows<Dot, 4, ARows>(t, row);
  row = tiles_of_few_rows<Dot, 2, ARows>(t, row);
  tiles_of_few_rows<Dot, 1, ARows>(t, row);
}

#if HWY_ARCH_X86
// One row: B is read once, at the speed of where it is, which is highest for one panel after the other. Sums of several
// groups of k, side by side, hide the latency of an addition, and are added up in the end. Sum number I and the
// following ones, group by group.
template <class Dot, std::size_t I, class ARows, class... Sums>
HWY_INLINE void add_groups_of_row(const ARows& a, const b_columns& b, const gemm_vector& v,
                                  Sums&... sums) {
  constexpr std::size_t vectors = panel_columns / hn::MaxLanes(gemm_tag());
  if constexpr (I < sizeof...(Sums)) {
    const ARows group = {a.next + I / vectors * 4, 0, a.mask};
    const b_columns at = {b.first + I / vectors * 4 * panel_columns, 0};
    const gemm_vector mine = I % vectors == 0 ? group.template load<0>(0) : v;
    gemm_vector& sum = pick<I>(sums...);
    sum = Dot::add(sum, mine, at.template load<Dot, 0, I % vectors>());
    add_groups_of_row<Dot, I + 1>(a, b, mine, sums...);
  }
}

template <class Dot, class ARows>
HWY_NOINLINE static void tile_of_one_row(const gemm_tile& t) {
  const gemm_tag d;
  constexpr std::size_t N = hn::MaxLanes(d), vectors = panel_columns / N, groups = 8 / vectors;
  const tile_ends to = {t.initial, t.initial_stride, t.sums, t.sums_stride};
  for (std::size_t c = 0; c < t.columns; c += panel_columns) {
    const tile_ends here = to.at(0, static_cast<std::ptrdiff_t>(c));
    ARows a = ARows::of(t, 0);
    b_columns b = {t.panels + c / panel_columns * t.panel_bytes, t.panel_bytes};
    gemm_vector s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    std::size_t k = t.k;
    for (; k >= 4 * groups; k -= 4 * groups) {
      add_groups_of_row<Dot, 0>(a, b, s0, s0, s1, s2, s3, s4, s5, s6, s7);
      a.next += 4 * groups;
      b.first += groups * 4 * panel_columns;
    }
    if constexpr (vectors == 1) {
      s0 = hn::Add(hn::Add(hn::Add(s0, s4), hn::Add(s2, s6)),
                   hn::Add(hn::Add(s1, s5), hn::Add(s3, s7)));
      register_rest<Dot, 1, 1>(a, k, b, here, s0);
    } else {
      s0 = hn::Add(hn::Add(s0, s4), hn::Add(s2, s6));
      s1 = hn::Add(hn::Add(s1, s5), hn::Add(s3, s7));
      register_rest<Dot, 1, 2>(a, k, b, here, s0, s1);
    }
  }
}
#endif

template <class Dot>
HWY_MAYBE_UNUSED static void tile(const gemm_tile& t) {
  // Most of the work is here, where a wasted instruction shows; the rest shares its code.
  std::size_t row = 0;
  for (; row + Dot::max_rows <= t.rows; row += Dot::max_rows) {
    if (t.a_flip == 0) {
      tile_rows<Dot, Dot::max_rows, 2, a_rows<flip::never>>(t, row);
    } else {
      tile_rows<Dot, Dot::max_rows, 2, a_rows<flip::always>>(t, row);
    }
  }
#if HWY_ARCH_X86
  if (t.rows == 1) return tile_of_one_row<Dot, a_rows<flip::by_mask>>(t);
#endif
  tile_rest<Dot, a_rows<flip::by_mask>>(t, row);
}

template <class Dot>
HWY_MAYBE_UNUSED static constexpr gemm_dot make_dot() {
  constexpr std::size_t rows = 24 / Dot::max_rows * Dot::max_rows;
  static_assert(rows <= gemm_most_tile_rows);
  return {&tile<Dot>, Dot::a_is_signed, Dot::max_rows, rows, 2 * panel_columns};
}

}  // namespace QMATH_TILE_NAMESPACE
}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
#ifdef QMATH_TILE_ATTRIBUTES
HWY_POP_ATTRIBUTES
#else
HWY_AFTER_NAMESPACE();
#endif
#undef QMATH_TILE_NAMESPACE
#undef QMATH_TILE_ATTRIBUTES
