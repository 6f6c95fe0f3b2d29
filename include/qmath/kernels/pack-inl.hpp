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

// Whether a stored code is -128.
HWY_NOINLINE HWY_MAYBE_UNUSED static bool pack(const pack_job& job) {
  const hn::CappedTag<std::int32_t, panel_columns> d32;
  const hn::Repartition<std::int8_t, decltype(d32)> d8;
  const hn::Repartition<std::uint8_t, decltype(d32)> du8;
  const std::size_t N = hn::Lanes(d32);
  const std::uint8_t flip = job.is_signed ? 0 : 0x80;
  const std::size_t panel_bytes = packed_panel_bytes(job.k);
  auto lowest = hn::Zero(d8);
  for (std::size_t first = 0; first < job.n; first += panel_columns) {
    std::int8_t* const panel = job.panels + first / panel_columns * panel_bytes;
    const std::size_t columns = HWY_MIN(panel_columns, job.n - first);
    for (std::size_t row = 0; row < job.k; row += 4) {
      pack_group(job, job.data + row * job.row_step + first * job.column_step,
                 HWY_MIN(std::size_t{4}, job.k - row), columns, flip,
                 reinterpret_cast<std::uint8_t*>(panel) + row * panel_columns);
    }
    for (std::size_t c = 0; c < panel_columns; c += N) {  // while the panel is in the cache
      auto sums = hn::Zero(d32);
      for (std::size_t i = 0; i < panel_bytes; i += 4 * panel_columns) {
        const auto codes = hn::LoadU(d8, panel + i + 4 * c);
        sums = hn::SumOfMulQuadAccumulate(d32, hn::Set(du8, 1), codes, sums);
        lowest = hn::Min(lowest, codes);
      }
      HWY_ALIGN std::int32_t lanes[panel_columns];
      hn::StoreU(sums, d32, lanes);
      for (std::size_t i = 0; i < N; ++i) {
        detail::store_le(static_cast<std::uint32_t>(lanes[i]), 4,
                         job.column_sums + 4 * (first + c + i));
      }
    }
  }
  return hn::ReduceMin(d8, lowest) == -128;
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
