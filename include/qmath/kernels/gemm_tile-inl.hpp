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

template <flip Flip>
struct a_rows {
  const std::uint8_t* next;
  std::size_t stride;
  std::int32_t mask;

  // One group of four elements of a row, in every lane. The last group of a row has fewer than 4 bytes,
  // behind which there is no A to read and B is padded with zeros.
  HWY_INLINE gemm_vector load(std::size_t row, std::size_t bytes) const {
    const gemm_tag d;
    const std::uint8_t* from = next + row * stride;
    std::int32_t four = 0;
    if (bytes == 4) {
      std::memcpy(&four, from, 4);
    } else {
      std::memcpy(&four, from, bytes);
    }
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

// sum += products of four; b_even, b_odd: the halves of B, or B itself in b_even.
template <class Dot>
HWY_INLINE void add_products(gemm_vector& sum, const gemm_vector& a, const gemm_vector& b_even,
                             const gemm_vector& b_odd) {
  if constexpr (Dot::halves) {
    sum = Dot::add(sum, Dot::a_even(a), b_even);
    sum = Dot::add(sum, Dot::a_odd(a), b_odd);
  } else {
    (void)b_odd;
    sum = Dot::add(sum, a, b_even);
  }
}

// The vectors of B that one group of four is multiplied by. Vectors of unknown size (SVE) can be variables, but
// neither array elements nor members; references to them can.
struct b_vectors {
  const gemm_vector &even0, &even1, &even2, &even3, &even4, &even5, &even6, &even7;
  const gemm_vector &odd0, &odd1, &odd2, &odd3;

  template <std::size_t I>
  HWY_INLINE const gemm_vector& even() const {
    if constexpr (I == 0) return even0;
    if constexpr (I == 1) return even1;
    if constexpr (I == 2) return even2;
    if constexpr (I == 3) return even3;
    if constexpr (I == 4) return even4;
    if constexpr (I == 5) return even5;
    if constexpr (I == 6) return even6;
    if constexpr (I == 7) return even7;
  }
  template <std::size_t I>
  HWY_INLINE const gemm_vector& odd() const {
    if constexpr (I == 0) return odd0;
    if constexpr (I == 1) return odd1;
    if constexpr (I == 2) return odd2;
    if constexpr (I >= 3) return odd3;
  }
};

// One group of four: sum number I and the following ones, row by row. v: the group of I's row.
template <class Dot, std::size_t Vectors, std::size_t I, class Rows, class... Rest>
HWY_INLINE void add_sums(const Rows& a, std::size_t bytes, const b_vectors& b, const gemm_vector& v,
                         gemm_vector& sum, Rest&... rest) {
  add_products<Dot>(sum, v, b.template even<I % Vectors>(), b.template odd<I % Vectors>());
  if constexpr (sizeof...(Rest) != 0) {
    if constexpr ((I + 1) % Vectors == 0) {
      const gemm_vector next = a.load((I + 1) / Vectors, bytes);
      add_sums<Dot, Vectors, I + 1>(a, bytes, b, next, rest...);
    } else {
      add_sums<Dot, Vectors, I + 1>(a, bytes, b, v, rest...);
    }
  }
}

// Where the vectors of columns of a register tile are: at first, or `next` bytes on where a panel has no more.
struct b_columns {
  const std::int8_t* first;
  std::size_t panel_bytes;

  template <std::size_t I>
  HWY_INLINE gemm_vector load() const {
    const gemm_tag d;
    const hn::Repartition<std::int8_t, gemm_tag> d8;
    const std::size_t per_panel = panel_columns / hn::Lanes(d);
    return hn::BitCast(
        d, hn::LoadU(d8, first + I / per_panel * panel_bytes + I % per_panel * 4 * hn::Lanes(d)));
  }
};

// One group of four for all rows and columns of the register tile. At most 8 vectors of columns, 4 of them where
// each has two halves.
template <class Dot, std::size_t Vectors, class Rows, class... Sums>
HWY_INLINE void add_group(const Rows& a, std::size_t bytes, const b_columns& b, Sums&... sums) {
  static_assert(Vectors <= (Dot::halves ? 4 : 8));
  const gemm_vector v = a.load(0, bytes);
  const gemm_vector v0 = b.load<0>();
  const gemm_vector v1 = Vectors > 1 ? b.load<1>() : v0;
  const gemm_vector v2 = Vectors > 2 ? b.load<2>() : v0, v3 = Vectors > 2 ? b.load<3>() : v0;
  if constexpr (Dot::halves) {
    const gemm_vector even0 = Dot::b_even(v0), odd0 = Dot::b_odd(v0);
    const gemm_vector even1 = Dot::b_even(v1), odd1 = Dot::b_odd(v1);
    const gemm_vector even2 = Dot::b_even(v2), odd2 = Dot::b_odd(v2);
    const gemm_vector even3 = Dot::b_even(v3), odd3 = Dot::b_odd(v3);
    const b_vectors all = {even0, even1, even2, even3, even0, even0,
                           even0, even0, odd0,  odd1,  odd2,  odd3};
    add_sums<Dot, Vectors, 0>(a, bytes, all, v, sums...);
  } else {
    const gemm_vector v4 = Vectors > 4 ? b.load<4>() : v0, v5 = Vectors > 4 ? b.load<5>() : v0;
    const gemm_vector v6 = Vectors > 4 ? b.load<6>() : v0, v7 = Vectors > 4 ? b.load<7>() : v0;
    const b_vectors all = {v0, v1, v2, v3, v4, v5, v6, v7, v0, v0, v0, v0};
    add_sums<Dot, Vectors, 0>(a, bytes, all, v, sums...);
  }
}

// Two groups of four, by a dot product that takes its four bytes of A from any lane of a vector: one load serves
// all sums of a row, and needs no copies of the group (`by_lanes`, gemm_dot-inl.hpp). Sum number I and the
// following ones, row by row; a: the groups of I's row.
template <class Dot, std::size_t Vectors, std::size_t I, class Rows, class Eight, class... Rest>
HWY_INLINE void add_sums_by_lanes(const Rows& rows, const b_columns& b, const Eight& a,
                                  gemm_vector& sum, Rest&... rest) {
  const b_columns next = {b.first + 4 * panel_columns, b.panel_bytes};
  sum = Dot::template add_lane<0>(sum, a, b.template load<I % Vectors>());
  sum = Dot::template add_lane<1>(sum, a, next.template load<I % Vectors>());
  if constexpr (sizeof...(Rest) != 0) {
    if constexpr ((I + 1) % Vectors == 0) {
      const Eight a_next = rows.load_eight((I + 1) / Vectors);
      add_sums_by_lanes<Dot, Vectors, I + 1>(rows, b, a_next, rest...);
    } else {
      add_sums_by_lanes<Dot, Vectors, I + 1>(rows, b, a, rest...);
    }
  }
}

template <std::size_t Vectors, class... Rest>
HWY_INLINE void store_rows(std::int32_t* out, std::size_t stride, const gemm_vector& sum,
                           const Rest&... rest) {
  const gemm_tag d;
  const std::size_t N = hn::Lanes(d);
  hn::StoreU(sum, d, out);
  if constexpr (sizeof...(Rest) != 0) {
    // The next vector is beside this one, or at the start of the next row.
    constexpr bool row_ends = sizeof...(Rest) % Vectors == 0;
    store_rows<Vectors>(row_ends ? out + stride - (Vectors - 1) * N : out + N, stride, rest...);
  }
}

// Rows x (Vectors * lanes) sums in registers. The recursion declares one variable per sum.
template <class Dot, std::size_t Rows, std::size_t Vectors, flip Flip, class... Sums>
HWY_INLINE void register_tile(a_rows<Flip> a, std::size_t k, b_columns b,
                              const std::int32_t* initial, std::int32_t* out, std::size_t stride,
                              Sums&... sums) {
  if constexpr (sizeof...(Sums) < Rows * Vectors) {
    const gemm_tag d;
    gemm_vector sum = hn::LoadU(d, initial + sizeof...(Sums) % Vectors * hn::Lanes(d));
    register_tile<Dot, Rows, Vectors>(a, k, b, initial, out, stride, sums..., sum);
  } else {
    if constexpr (Dot::by_lanes) {
      for (; k >= 8; k -= 8) {
        add_sums_by_lanes<Dot, Vectors, 0>(a, b, a.load_eight(0), sums...);
        a.next += 8;
        b.first += 8 * panel_columns;
      }
    }
    for (; k >= 4; k -= 4) {
      add_group<Dot, Vectors>(a, 4, b, sums...);
      a.next += 4;
      b.first += 4 * panel_columns;
    }
    if (k != 0) add_group<Dot, Vectors>(a, k, b, sums...);
    store_rows<Vectors>(out, stride, sums...);
  }
}

// All columns of the tile, for Rows rows: as many vectors of columns at a time as Vectors, then one by one.
template <class Dot, std::size_t Rows, std::size_t Vectors, flip Flip>
HWY_NOINLINE static void tile_rows(const gemm_tile& t, std::size_t row) {
  const gemm_tag d;
  const std::size_t N = hn::Lanes(d);
  const std::size_t panel_bytes = packed_panel_bytes(t.k);
  const a_rows<Flip> a{static_cast<const std::uint8_t*>(t.a) + row * t.a_stride, t.a_stride,
                       t.a_flip};
  std::int32_t* const out = t.sums + row * t.sums_stride;
  const auto columns = [&](std::size_t c) HWY_ATTR {
    return b_columns{t.panels + c / panel_columns * panel_bytes + c % panel_columns * 4,
                     panel_bytes};
  };
  std::size_t c = 0;
  for (; c + Vectors * N <= t.columns; c += Vectors * N) {
    register_tile<Dot, Rows, Vectors>(a, t.k, columns(c), t.initial + c, out + c, t.sums_stride);
  }
  for (; c < t.columns; c += N) {
    register_tile<Dot, Rows, 1>(a, t.k, columns(c), t.initial + c, out + c, t.sums_stride);
  }
}

// Few rows take more columns at a time: enough sums to hide the latency of an addition.
template <class Dot, std::size_t Rows>
HWY_INLINE std::size_t tiles_of_few_rows(const gemm_tile& t, std::size_t row) {
  constexpr std::size_t vectors = HWY_MIN(Dot::most_vectors, HWY_MAX(2, Dot::few_sums / Rows));
  if constexpr (Dot::max_rows > Rows) {
    for (; row + Rows <= t.rows; row += Rows) tile_rows<Dot, Rows, vectors, flip::by_mask>(t, row);
  }
  return row;
}

template <class Dot>
HWY_MAYBE_UNUSED static void tile(const gemm_tile& t) {
  std::size_t row = 0;
  // Most of the work is here, where a wasted instruction shows; the rest shares its code.
  for (; row + Dot::max_rows <= t.rows; row += Dot::max_rows) {
    if (t.a_flip == 0) {
      tile_rows<Dot, Dot::max_rows, 2, flip::never>(t, row);
    } else {
      tile_rows<Dot, Dot::max_rows, 2, flip::always>(t, row);
    }
  }
  row = tiles_of_few_rows<Dot, 8>(t, row);
  row = tiles_of_few_rows<Dot, 4>(t, row);
  row = tiles_of_few_rows<Dot, 2>(t, row);
  tiles_of_few_rows<Dot, 1>(t, row);
}

template <class Dot>
HWY_MAYBE_UNUSED static constexpr gemm_dot make_dot() {
  return {&tile<Dot>, Dot::a_is_signed, Dot::max_rows};
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
