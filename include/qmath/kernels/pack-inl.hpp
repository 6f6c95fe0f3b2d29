// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// B -> panels and column sums: pack.hpp has the layout. Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Groups of 4 rows by 16 columns, 64 bytes each: byte c of every row, column after column.
HWY_INLINE void interleave_rows(const std::uint8_t* r0, const std::uint8_t* r1,
                                const std::uint8_t* r2, const std::uint8_t* r3, std::uint8_t flip,
                                std::uint8_t* HWY_RESTRICT out) {
  const hn::CappedTag<std::uint8_t, 16> d8;
  const hn::Repartition<std::uint16_t, decltype(d8)> d16;
  const auto f = hn::Set(d8, flip);
  const auto a = hn::Xor(hn::LoadU(d8, r0), f), b = hn::Xor(hn::LoadU(d8, r1), f);
  const auto c = hn::Xor(hn::LoadU(d8, r2), f), d = hn::Xor(hn::LoadU(d8, r3), f);
  const auto ab0 = hn::BitCast(d16, hn::InterleaveLower(d8, a, b));
  const auto ab1 = hn::BitCast(d16, hn::InterleaveUpper(d8, a, b));
  const auto cd0 = hn::BitCast(d16, hn::InterleaveLower(d8, c, d));
  const auto cd1 = hn::BitCast(d16, hn::InterleaveUpper(d8, c, d));
  hn::StoreU(hn::BitCast(d8, hn::InterleaveLower(d16, ab0, cd0)), d8, out);
  hn::StoreU(hn::BitCast(d8, hn::InterleaveUpper(d16, ab0, cd0)), d8, out + 16);
  hn::StoreU(hn::BitCast(d8, hn::InterleaveLower(d16, ab1, cd1)), d8, out + 32);
  hn::StoreU(hn::BitCast(d8, hn::InterleaveUpper(d16, ab1, cd1)), d8, out + 48);
}

// 16 rows of a panel, four groups, from columns that are contiguous.
HWY_INLINE void interleave_columns(const std::uint8_t* b, std::size_t step, std::uint8_t flip,
                                   std::uint8_t* HWY_RESTRICT out) {
  const hn::CappedTag<std::uint8_t, 16> d8;
  const hn::Repartition<std::uint32_t, decltype(d8)> d32;
  const hn::Repartition<std::uint64_t, decltype(d8)> d64;
  const auto f = hn::Set(d8, flip);
  for (std::size_t c = 0; c < panel_columns; c += 4, b += 4 * step) {
    const auto fours = [&](std::size_t column) HWY_ATTR {  // rows 0-3, 4-7, 8-11, 12-15
      return hn::BitCast(d32, hn::Xor(hn::LoadU(d8, b + column * step), f));
    };
    const auto w = fours(0), x = fours(1), y = fours(2), z = fours(3);
    const auto wx0 = hn::BitCast(d64, hn::InterleaveLower(d32, w, x));
    const auto wx1 = hn::BitCast(d64, hn::InterleaveUpper(d32, w, x));
    const auto yz0 = hn::BitCast(d64, hn::InterleaveLower(d32, y, z));
    const auto yz1 = hn::BitCast(d64, hn::InterleaveUpper(d32, y, z));
    const auto store = [&](std::size_t group, auto v) HWY_ATTR {
      hn::StoreU(hn::BitCast(d8, v), d8, out + group * 4 * panel_columns + 4 * c);
    };
    store(0, hn::InterleaveLower(d64, wx0, yz0));
    store(1, hn::InterleaveUpper(d64, wx0, yz0));
    store(2, hn::InterleaveLower(d64, wx1, yz1));
    store(3, hn::InterleaveUpper(d64, wx1, yz1));
  }
}

// One group from B's element b on, of which `rows` rows and `columns` columns exist.
HWY_INLINE void pack_group(const pack_job& job, const std::uint8_t* b, std::size_t rows,
                           std::size_t columns, std::uint8_t flip, std::uint8_t* HWY_RESTRICT out) {
  if (rows == 4 && columns == panel_columns && job.column_step == 1 &&
      hn::Lanes(hn::CappedTag<std::uint8_t, 16>()) == 16) {
    const std::size_t step = job.row_step;
    return interleave_rows(b, b + step, b + 2 * step, b + 3 * step, flip, out);
  }
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

// B is read a cache line at a time, in whichever direction it is contiguous: blocks of 4 panels and 64 rows, whose
// columns are added up while they are in the cache of the first level.
constexpr std::size_t pack_columns = 4 * panel_columns;
constexpr std::size_t pack_rows = 64;

// `rows` rows from `row` on, `columns` columns from `first` on.
HWY_INLINE void pack_block(const pack_job& job, std::size_t row, std::size_t rows,
                           std::size_t first, std::size_t columns) {
  const std::uint8_t flip = job.is_signed ? 0 : 0x80;
  const std::size_t panel_bytes = packed_panel_bytes(job.k);
  const auto in = [&](std::size_t r, std::size_t c) HWY_ATTR {
    return job.data + (row + r) * job.row_step + (first + c) * job.column_step;
  };
  const auto out = [&](std::size_t r, std::size_t c) HWY_ATTR {
    return reinterpret_cast<std::uint8_t*>(job.panels) + (first + c) / panel_columns * panel_bytes +
           (row + r) * panel_columns;
  };
  const auto group = [&](std::size_t r, std::size_t c) HWY_ATTR {
    pack_group(job, in(r, c), HWY_MIN(std::size_t{4}, rows - r),
               HWY_MIN(panel_columns, columns - c), flip, out(r, c));
  };
  if (job.row_step == 1 && hn::Lanes(hn::CappedTag<std::uint8_t, 16>()) == 16) {
    for (std::size_t c = 0; c < columns; c += panel_columns) {
      std::size_t r = 0;
      for (; r + 16 <= rows && c + panel_columns <= columns; r += 16) {
        interleave_columns(in(r, c), job.column_step, flip, out(r, c));
      }
      for (; r < rows; r += 4) group(r, c);
    }
    return;
  }
  for (std::size_t r = 0; r < rows; r += 4) {
    for (std::size_t c = 0; c < columns; c += panel_columns) group(r, c);
  }
}

// Whether a stored code is -128.
HWY_NOINLINE HWY_MAYBE_UNUSED static bool pack(const pack_job& job) {
  const hn::CappedTag<std::int32_t, panel_columns> d32;
  const hn::Repartition<std::int8_t, decltype(d32)> d8;
  const hn::Repartition<std::uint8_t, decltype(d32)> du8;
  const std::size_t N = hn::Lanes(d32);
  const std::size_t panel_bytes = packed_panel_bytes(job.k);
  auto lowest = hn::Zero(d8);
  for (std::size_t first = 0; first < job.n; first += pack_columns) {
    const std::size_t columns = HWY_MIN(pack_columns, job.n - first);
    HWY_ALIGN std::int32_t sums[pack_columns] = {};
    for (std::size_t row = 0; row < job.k; row += pack_rows) {
      const std::size_t rows = HWY_MIN(pack_rows, job.k - row);
      pack_block(job, row, rows, first, columns);
      for (std::size_t c = 0; c < columns; c += N) {
        const std::int8_t* const block = job.panels + (first + c) / panel_columns * panel_bytes +
                                         row * panel_columns + c % panel_columns * 4;
        auto sum = hn::Load(d32, sums + c);
        for (std::size_t r = 0; r < rows; r += 4) {
          const auto codes = hn::LoadU(d8, block + r * panel_columns);
          sum = hn::SumOfMulQuadAccumulate(d32, hn::Set(du8, 1), codes, sum);
          lowest = hn::Min(lowest, codes);
        }
        hn::Store(sum, d32, sums + c);
      }
    }
    for (std::size_t c = 0; c < padded_columns(columns); ++c) {
      detail::store_le(static_cast<std::uint32_t>(sums[c]), 4, job.column_sums + 4 * (first + c));
    }
  }
  return hn::ReduceMin(d8, lowest) == -128;
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
