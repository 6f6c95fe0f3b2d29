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

// One group of four for this row and the following ones, one vector of columns.
template <class Dot, std::size_t Row, class Rows, class... Rest>
HWY_INLINE void add_rows_1(const Rows& a, std::size_t bytes, const gemm_vector& b_even,
                           const gemm_vector& b_odd, gemm_vector& sum, Rest&... rest) {
  add_products<Dot>(sum, a.load(Row, bytes), b_even, b_odd);
  if constexpr (sizeof...(Rest) != 0) {
    add_rows_1<Dot, Row + 1>(a, bytes, b_even, b_odd, rest...);
  }
}

// The same for two vectors of columns, which share the loads of A.
template <class Dot, std::size_t Row, class Rows, class... Rest>
HWY_INLINE void add_rows_2(const Rows& a, std::size_t bytes, const gemm_vector& b0_even,
                           const gemm_vector& b0_odd, const gemm_vector& b1_even,
                           const gemm_vector& b1_odd, gemm_vector& sum0, gemm_vector& sum1,
                           Rest&... rest) {
  const gemm_vector v = a.load(Row, bytes);
  add_products<Dot>(sum0, v, b0_even, b0_odd);
  add_products<Dot>(sum1, v, b1_even, b1_odd);
  if constexpr (sizeof...(Rest) != 0) {
    add_rows_2<Dot, Row + 1>(a, bytes, b0_even, b0_odd, b1_even, b1_odd, rest...);
  }
}

// One group of four for all rows and columns of the register tile.
template <class Dot, std::size_t Vectors, class Rows, class... Sums>
HWY_INLINE void add_group(const Rows& a, std::size_t bytes, const std::int8_t* b0,
                          const std::int8_t* b1, Sums&... sums) {
  const gemm_tag d;
  const hn::Repartition<std::int8_t, gemm_tag> d8;
  const gemm_vector v0 = hn::BitCast(d, hn::LoadU(d8, b0));
  const gemm_vector v1 = Vectors == 1 ? v0 : hn::BitCast(d, hn::LoadU(d8, b1));
  if constexpr (Dot::halves && Vectors == 1) {
    add_rows_1<Dot, 0>(a, bytes, Dot::b_even(v0), Dot::b_odd(v0), sums...);
  } else if constexpr (Dot::halves) {
    add_rows_2<Dot, 0>(a, bytes, Dot::b_even(v0), Dot::b_odd(v0), Dot::b_even(v1), Dot::b_odd(v1),
                       sums...);
  } else if constexpr (Vectors == 1) {
    add_rows_1<Dot, 0>(a, bytes, v0, v0, sums...);
  } else {
    add_rows_2<Dot, 0>(a, bytes, v0, v0, v1, v1, sums...);
  }
}

template <std::size_t Vectors, class... Rest>
HWY_INLINE void store_rows(std::int32_t* out, const gemm_vector& sum, const Rest&... rest) {
  const gemm_tag d;
  const std::size_t N = hn::Lanes(d);
  hn::StoreU(sum, d, out);
  if constexpr (sizeof...(Rest) != 0) {
    // The next vector is beside this one, or at the start of the next row.
    constexpr bool row_ends = sizeof...(Rest) % Vectors == 0;
    store_rows<Vectors>(row_ends ? out + gemm_tile_columns - (Vectors - 1) * N : out + N, rest...);
  }
}

// Rows x (Vectors * lanes) sums in registers. The recursion declares one variable per sum: vectors of
// unknown size (SVE) can be variables but not array elements.
template <class Dot, std::size_t Rows, std::size_t Vectors, flip Flip, class... Sums>
HWY_INLINE void register_tile(a_rows<Flip> a, std::size_t k, const std::int8_t* b0,
                              const std::int8_t* b1, const std::int32_t* initial, std::int32_t* out,
                              Sums&... sums) {
  if constexpr (sizeof...(Sums) < Rows * Vectors) {
    const gemm_tag d;
    gemm_vector sum = hn::LoadU(d, initial + sizeof...(Sums) % Vectors * hn::Lanes(d));
    register_tile<Dot, Rows, Vectors>(a, k, b0, b1, initial, out, sums..., sum);
  } else {
    for (; k >= 4; k -= 4) {
      add_group<Dot, Vectors>(a, 4, b0, b1, sums...);
      a.next += 4;
      b0 += 4 * panel_columns;
      b1 += 4 * panel_columns;
    }
    if (k != 0) add_group<Dot, Vectors>(a, k, b0, b1, sums...);
    store_rows<Vectors>(out, sums...);
  }
}

// All columns of the tile, for Rows rows.
template <class Dot, std::size_t Rows, flip Flip>
HWY_NOINLINE static void tile_rows(const gemm_tile& t, std::size_t row) {
  const gemm_tag d;
  const std::size_t N = hn::Lanes(d);
  // Two vectors always fit into a panel, unless one is as wide as it.
  constexpr bool may_be_single = HWY_HAVE_SCALABLE || hn::MaxLanes(d) == panel_columns;
  const std::size_t panel_bytes = packed_panel_bytes(t.k);
  const std::size_t columns = (t.columns + panel_columns - 1) / panel_columns * panel_columns;
  const a_rows<Flip> a{static_cast<const std::uint8_t*>(t.a) + row * t.a_stride, t.a_stride,
                       t.a_flip};
  std::int32_t* out = t.sums + row * gemm_tile_columns;
  for (std::size_t c = 0; c < columns;) {
    const std::size_t c1 = c + N;
    const std::int8_t* b0 = t.panels + c / panel_columns * panel_bytes + c % panel_columns * 4;
    const std::int8_t* b1 = t.panels + c1 / panel_columns * panel_bytes + c1 % panel_columns * 4;
    if (!may_be_single || c1 < columns) {
      register_tile<Dot, Rows, 2>(a, t.k, b0, b1, t.initial + c, out + c);
      c += 2 * N;
    } else {
      if constexpr (may_be_single) {
        register_tile<Dot, Rows, 1>(a, t.k, b0, b0, t.initial + c, out + c);
      }
      c += N;
    }
  }
}

template <class Dot>
HWY_MAYBE_UNUSED static void tile(const gemm_tile& t) {
  std::size_t row = 0;
  // Most of the work is here, where a wasted instruction shows; the rest shares its code.
  for (; row + Dot::max_rows <= t.rows; row += Dot::max_rows) {
    if (t.a_flip == 0) {
      tile_rows<Dot, Dot::max_rows, flip::never>(t, row);
    } else {
      tile_rows<Dot, Dot::max_rows, flip::always>(t, row);
    }
  }
  if constexpr (Dot::max_rows > 4) {
    for (; row + 4 <= t.rows; row += 4) tile_rows<Dot, 4, flip::by_mask>(t, row);
  }
  for (; row < t.rows; ++row) tile_rows<Dot, 1, flip::by_mask>(t, row);
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
