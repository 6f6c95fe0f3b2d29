// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// B -> panels and column sums, and back: pack.hpp has the layout. Compiled once per target
// (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// In each block of 16 columns: a0 b0 c0 d0 a1 b1 c1 d1 ..., in the same block of four vectors.
template <class D>
HWY_INLINE void interleave(D d8, hn::Vec<D>& a, hn::Vec<D>& b, hn::Vec<D>& c, hn::Vec<D>& d) {
  const hn::Repartition<std::uint16_t, D> d16;
  const auto ab0 = hn::BitCast(d16, hn::InterleaveLower(d8, a, b));
  const auto ab1 = hn::BitCast(d16, hn::InterleaveUpper(d8, a, b));
  const auto cd0 = hn::BitCast(d16, hn::InterleaveLower(d8, c, d));
  const auto cd1 = hn::BitCast(d16, hn::InterleaveUpper(d8, c, d));
  a = hn::BitCast(d8, hn::InterleaveLower(d16, ab0, cd0));
  b = hn::BitCast(d8, hn::InterleaveUpper(d16, ab0, cd0));
  c = hn::BitCast(d8, hn::InterleaveLower(d16, ab1, cd1));
  d = hn::BitCast(d8, hn::InterleaveUpper(d16, ab1, cd1));
}

// Of vectors with four blocks: block j of vector i becomes block i of vector j.
template <class D>
HWY_INLINE void transpose_blocks(D d8, hn::Vec<D>& v0, hn::Vec<D>& v1, hn::Vec<D>& v2,
                                 hn::Vec<D>& v3) {
  const auto e0 = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(v1), v0);
  const auto o0 = hn::OddEvenBlocks(v1, hn::SwapAdjacentBlocks(v0));
  const auto e1 = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(v3), v2);
  const auto o1 = hn::OddEvenBlocks(v3, hn::SwapAdjacentBlocks(v2));
  v0 = hn::ConcatLowerLower(d8, e1, e0);
  v1 = hn::ConcatLowerLower(d8, o1, o0);
  v2 = hn::ConcatUpperUpper(d8, e1, e0);
  v3 = hn::ConcatUpperUpper(d8, o1, o0);
}

// The same of vectors with two.
template <class D>
HWY_INLINE void transpose_blocks(D d8, hn::Vec<D>& v0, hn::Vec<D>& v1) {
  const auto lower = hn::ConcatLowerLower(d8, v1, v0);
  v1 = hn::ConcatUpperUpper(d8, v1, v0);
  v0 = lower;
}

// From vectors of four rows to those of the lines of their panels: in the order of read_strip.
template <class D>
HWY_INLINE void lines_of_rows(D d8, hn::Vec<D>& v0, hn::Vec<D>& v1, hn::Vec<D>& v2,
                              hn::Vec<D>& v3) {
  interleave(d8, v0, v1, v2, v3);
  if constexpr (hn::MaxLanes(d8) == 64) {
    transpose_blocks(d8, v0, v1, v2, v3);
  } else if constexpr (hn::MaxLanes(d8) == 32) {
    transpose_blocks(d8, v0, v1);
    transpose_blocks(d8, v2, v3);
    const auto v = v1;  // both of the first panel, both of the second one
    v1 = v2;
    v2 = v;
  }
}

// `rows` rows of a strip of B, as many columns as a vector has bytes, from b on; `to` is where they go in the panels.
template <class D>
struct strip_of_b {
  const std::uint8_t* b;
  std::size_t step;  // to the next row, or the next column
  std::size_t rows;
  std::uint8_t flip;
  bool is_far;  // from the cores' own caches: the next block is asked for
  strip_places<D, std::uint8_t> to;

  template <class R>
  HWY_INLINE void put(hn::Vec<D> v, std::uint8_t* HWY_RESTRICT out, R read) const {
    if (is_far) prefetch_to_write(out, pack_rows * panel_columns);
    hn::StoreU(v, D(), out);
    read(v);
  }
};

// Whole lines, from B's rows.
template <class D>
struct lines_from_rows : strip_of_b<D> {
  template <class R>
  HWY_INLINE void operator()(R r0, R r1, R r2, R r3) const {
    const strip_of_b<D> s = *this;
    const D d8;
    const auto f = hn::Set(d8, s.flip);
    const std::uint8_t* row = s.b;
    for (std::size_t i = 0; i < s.rows * panel_columns; i += line_bytes, row += 4 * s.step) {
      if (s.is_far) {
        for (std::size_t j = 0; j < 4; ++j) prefetch_behind(row, (pack_rows + j) * s.step);
      }
      auto v0 = hn::Xor(hn::LoadU(d8, row), f);
      auto v1 = hn::Xor(hn::LoadU(d8, row + s.step), f);
      auto v2 = hn::Xor(hn::LoadU(d8, row + 2 * s.step), f);
      auto v3 = hn::Xor(hn::LoadU(d8, row + 3 * s.step), f);
      lines_of_rows(d8, v0, v1, v2, v3);
      s.put(v0, s.to.p0 + i, r0);
      s.put(v1, s.to.p1 + i, r1);
      s.put(v2, s.to.p2 + i, r2);
      s.put(v3, s.to.p3 + i, r3);
    }
  }
};

// The same from B's columns: as many rows at a time as a vector has bytes, in each place of the lines.
template <class D>
struct lines_from_columns : strip_of_b<D> {
  static constexpr std::size_t N = hn::MaxLanes(D());

  // From four columns on; blocks of 16 bytes, in each of which are the same four rows of each column: in v0 of every
  // 16 rows the first four.
  HWY_INLINE static void load(const std::uint8_t* from, std::size_t next, hn::Vec<D> f,
                              hn::Vec<D>& v0, hn::Vec<D>& v1, hn::Vec<D>& v2, hn::Vec<D>& v3) {
    const D d8;
    const hn::Repartition<std::uint32_t, D> d32;
    const hn::Repartition<std::uint64_t, D> d64;
    const auto w = hn::BitCast(d32, hn::Xor(hn::LoadU(d8, from), f));
    const auto x = hn::BitCast(d32, hn::Xor(hn::LoadU(d8, from + next), f));
    const auto y = hn::BitCast(d32, hn::Xor(hn::LoadU(d8, from + 2 * next), f));
    const auto z = hn::BitCast(d32, hn::Xor(hn::LoadU(d8, from + 3 * next), f));
    const auto wx0 = hn::BitCast(d64, hn::InterleaveLower(d32, w, x));
    const auto wx1 = hn::BitCast(d64, hn::InterleaveUpper(d32, w, x));
    const auto yz0 = hn::BitCast(d64, hn::InterleaveLower(d32, y, z));
    const auto yz1 = hn::BitCast(d64, hn::InterleaveUpper(d32, y, z));
    v0 = hn::BitCast(d8, hn::InterleaveLower(d64, wx0, yz0));
    v1 = hn::BitCast(d8, hn::InterleaveUpper(d64, wx0, yz0));
    v2 = hn::BitCast(d8, hn::InterleaveLower(d64, wx1, yz1));
    v3 = hn::BitCast(d8, hn::InterleaveUpper(d64, wx1, yz1));
  }

  template <class R>
  HWY_INLINE void put_four(hn::Vec<D> v0, hn::Vec<D> v1, hn::Vec<D> v2, hn::Vec<D> v3,
                           std::uint8_t* HWY_RESTRICT out, R read) const {
    this->put(v0, out, read);
    this->put(v1, out + line_bytes, read);
    this->put(v2, out + 2 * line_bytes, read);
    this->put(v3, out + 3 * line_bytes, read);
  }

  template <class R>
  HWY_INLINE void place(const std::uint8_t* from, std::uint8_t* HWY_RESTRICT out, R read) const {
    const D d8;
    const std::size_t next = this->step;
    const auto f = hn::Set(d8, this->flip);
    if (this->is_far) {
      for (std::size_t c = 0; c < N / 4; ++c) prefetch_behind(from + c * next, pack_rows);
    }
    for (std::size_t r = 0; r < this->rows; r += N, from += N, out += N * panel_columns) {
      hn::Vec<D> a0, a1, a2, a3;
      load(from, next, f, a0, a1, a2, a3);
      if constexpr (N == 16) {
        put_four(a0, a1, a2, a3, out, read);
      } else {
        hn::Vec<D> b0, b1, b2, b3;
        load(from + 4 * next, next, f, b0, b1, b2, b3);
        if constexpr (N == 32) {
          transpose_blocks(d8, a0, b0);
          transpose_blocks(d8, a1, b1);
          transpose_blocks(d8, a2, b2);
          transpose_blocks(d8, a3, b3);
          put_four(a0, a1, a2, a3, out, read);
          put_four(b0, b1, b2, b3, out + 4 * line_bytes, read);
        } else {
          hn::Vec<D> c0, c1, c2, c3, d0, d1, d2, d3;
          load(from + 8 * next, next, f, c0, c1, c2, c3);
          load(from + 12 * next, next, f, d0, d1, d2, d3);
          transpose_blocks(d8, a0, b0, c0, d0);
          transpose_blocks(d8, a1, b1, c1, d1);
          transpose_blocks(d8, a2, b2, c2, d2);
          transpose_blocks(d8, a3, b3, c3, d3);
          put_four(a0, a1, a2, a3, out, read);
          put_four(b0, b1, b2, b3, out + 4 * line_bytes, read);
          put_four(c0, c1, c2, c3, out + 8 * line_bytes, read);
          put_four(d0, d1, d2, d3, out + 12 * line_bytes, read);
        }
      }
    }
  }

  template <class R>
  HWY_INLINE void operator()(R r0, R r1, R r2, R r3) const {
    const std::size_t part = N / 4 * this->step;
    place(this->b, this->to.p0, r0);
    place(this->b + part, this->to.p1, r1);
    place(this->b + 2 * part, this->to.p2, r2);
    place(this->b + 3 * part, this->to.p3, r3);
  }
};

// One line from B's element b on, of which `rows` rows and `columns` columns exist.
HWY_NOINLINE HWY_MAYBE_UNUSED static void pack_line(const pack_job& job, const std::uint8_t* b,
                                                    std::size_t rows, std::size_t columns,
                                                    std::uint8_t flip,
                                                    std::uint8_t* HWY_RESTRICT out) {
  if (rows == 4 && job.row_step == 1) {
    const std::uint32_t flips = flip * 0x01010101u;
    for (std::size_t c = 0; c < columns; ++c) {
      std::uint32_t four;
      std::memcpy(&four, b + c * job.column_step, 4);
      four ^= flips;
      std::memcpy(out + 4 * c, &four, 4);
    }
  } else {
    for (std::size_t c = 0; c < columns; ++c) {
      for (std::size_t r = 0; r < 4; ++r) {
        const std::uint8_t* const at = b + r * job.row_step + c * job.column_step;
        out[4 * c + r] = r < rows ? static_cast<std::uint8_t>(*at ^ flip) : std::uint8_t{0};
      }
    }
  }
  std::memset(out + 4 * columns, 0, 4 * (panel_columns - columns));
}

// `rows` rows from `row` on, `columns` columns from `first` on.
template <bool Rows>
HWY_INLINE void pack_block(const pack_job& job, std::size_t row, std::size_t rows,
                           std::size_t first, std::size_t columns, panel_state& state,
                           hn::Vec<wide_u8>& lowest, hn::Vec<block_u8>& lowest_of_blocks) {
  const wide_u8 wide;
  const block_u8 block;
  const std::size_t N = hn::MaxLanes(wide);
  const std::size_t panel_bytes = packed_panel_bytes(job.k);
  const std::uint8_t flip = job.is_signed ? 0 : 0x80;
  const std::size_t step = Rows ? job.row_step : job.column_step;
  const std::uint8_t* const in = job.data + row * job.row_step + first * job.column_step;
  std::uint8_t* const out = reinterpret_cast<std::uint8_t*>(job.panels) +
                            first / panel_columns * panel_bytes + row * panel_columns;
  const bool is_far = job.k * job.n >= std::size_t{1} << 21;
  // So many columns from c on, the rows from r to `end`.
  const auto strip = [&](auto d8, std::size_t c, std::size_t r, std::size_t end,
                         auto& low) QMATH_INLINE_LAMBDA HWY_ATTR {
    using D = decltype(d8);
    using lines = std::conditional_t<Rows, lines_from_rows<D>, lines_from_columns<D>>;
    read_strip<true>(d8, 4 * c, state, low,
                     lines{{in + r * job.row_step + c * job.column_step,
                            step,
                            end - r,
                            flip,
                            is_far,
                            {out + r * panel_columns, panel_bytes, 4 * c}}});
  };
  // First the rows that wide strips have, then those of narrow ones, and what is left element by element.
  const std::size_t wide_rows = Rows ? rows / 4 * 4 : rows / N * N;
  const std::size_t whole_rows = Rows ? rows / 4 * 4 : rows / 16 * 16;
  const std::size_t wide_columns = wide_rows == 0 ? 0 : columns / N * N;
  for (std::size_t c = 0; c < wide_columns; c += N) strip(wide, c, 0, wide_rows, lowest);
  for (std::size_t c = 0; c < columns; c += panel_columns) {
    std::size_t r = c < wide_columns ? wide_rows : 0;
    if (r != whole_rows && c + panel_columns <= columns) {
      strip(block, c, r, whole_rows, lowest_of_blocks);
      r = whole_rows;
    }
    if (r == rows) continue;
    std::uint8_t* const to = out + c / panel_columns * panel_bytes;
    for (std::size_t i = r; i < rows; i += 4) {
      pack_line(job, in + i * job.row_step + c * job.column_step, HWY_MIN(std::size_t{4}, rows - i),
                HWY_MIN(panel_columns, columns - c), flip, to + i * panel_columns);
    }
    read_packed_strip<true>(block, out + r * panel_columns, panel_bytes, (rows - r + 3) / 4, 4 * c,
                            state, lowest_of_blocks);
  }
}

HWY_INLINE void store_column_sums(const panel_state& state, std::size_t panels, std::byte* out) {
  const hn::Repartition<std::int32_t, block_u8> d;
  for (std::size_t c = 0; c < panels * panel_columns; c += hn::MaxLanes(d)) {
    auto sums = hn::Load(d, state.sums + c);
    if (!HWY_IS_LITTLE_ENDIAN) sums = hn::ReverseLaneBytes(sums);
    hn::StoreU(hn::BitCast(block_u8(), sums), block_u8(),
               reinterpret_cast<std::uint8_t*>(out) + 4 * c);
  }
}

// In blocks that have some cache lines of every row or column, and of every panel.
template <bool Rows>
HWY_INLINE bool pack_all(const pack_job& job) {
  constexpr std::size_t most_columns = most_panels * panel_columns;
  auto lowest = hn::Zero(wide_u8());
  auto lowest_of_blocks = hn::Zero(block_u8());
  for (std::size_t first = 0; first < job.n; first += most_columns) {
    const std::size_t columns = HWY_MIN(most_columns, job.n - first);
    const std::size_t panels = padded_columns(columns) / panel_columns;
    panel_state state(panels);
    for (std::size_t row = 0; row < job.k; row += pack_rows) {
      pack_block<Rows>(job, row, HWY_MIN(pack_rows, job.k - row), first, columns, state, lowest,
                       lowest_of_blocks);
    }
    std::byte* const sums = job.column_sums + 4 * first;
    store_column_sums(state, panels, sums);
    hash_sums(job.hash, sums, panels, state);
  }
  const hn::RebindToSigned<wide_u8> wide;
  const hn::RebindToSigned<block_u8> block;
  return hn::ReduceMin(wide, hn::BitCast(wide, lowest)) == -128 ||
         hn::ReduceMin(block, hn::BitCast(block, lowest_of_blocks)) == -128;
}

// Whether a stored code is -128.
HWY_NOINLINE HWY_MAYBE_UNUSED static bool pack(const pack_job& job) {
  return job.column_step == 1 ? pack_all<true>(job) : pack_all<false>(job);
}

// Interleaving rotates the six bits of a byte's place in a line by two: twice more, and the bytes of a row are
// neighbours again.
HWY_NOINLINE HWY_MAYBE_UNUSED static void unpack(const unpack_job& job) {
  const block_u8 d8;
  const std::size_t panel_bytes = packed_panel_bytes(job.k);
  const auto flip = hn::Set(d8, job.is_signed ? 0 : 0x80);
  if (job.n == 0) return;  // k may be any number then
  for (std::size_t row = 0; row < job.k; row += 4) {
    const std::size_t rows = HWY_MIN(std::size_t{4}, job.k - row);
    const std::uint8_t* line =
        reinterpret_cast<const std::uint8_t*>(job.panels) + row * panel_columns;
    for (std::size_t first = 0; first < job.n; first += panel_columns, line += panel_bytes) {
      auto r0 = hn::Xor(hn::LoadU(d8, line), flip), r1 = hn::Xor(hn::LoadU(d8, line + 16), flip);
      auto r2 = hn::Xor(hn::LoadU(d8, line + 32), flip);
      auto r3 = hn::Xor(hn::LoadU(d8, line + 48), flip);
      interleave(d8, r0, r1, r2, r3);
      interleave(d8, r0, r1, r2, r3);
      const std::size_t columns = HWY_MIN(panel_columns, job.n - first);
      const auto store = [&](std::size_t r, auto v) HWY_ATTR {
        std::uint8_t* const to = job.data + (row + r) * job.row_step + first;
        if (columns == panel_columns) {
          hn::StoreU(v, d8, to);
        } else {
          hn::StoreN(v, d8, to, columns);
        }
      };
      store(0, r0);
      if (rows > 1) store(1, r1);
      if (rows > 2) store(2, r2);
      if (rows > 3) store(3, r3);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
