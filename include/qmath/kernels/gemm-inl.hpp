// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// GEMM around the inner kernel: walks the tiles of C and turns int32 sums into the output.
// Compiled once per target (detail/foreach_target.hpp).
//
// Column tiles are the outer loop, rows the inner one: the panels of B that a tile needs stay in the
// nearest cache while all of A passes by.
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// An epilogue gets the column tile once (its constructor) and then every row of int32 sums. It may
// read and write gemm_tile_columns elements; those behind `columns` are scratch.

struct epilogue_s32 {
  using output = std::int32_t;

  epilogue_s32(const gemm_problem&, std::size_t /*column*/, std::size_t /*columns*/) {}

  HWY_INLINE void row(const std::int32_t* HWY_RESTRICT sums, output* HWY_RESTRICT out) const {
    const gemm_tag d;
    for (std::size_t c = 0; c < gemm_tile_columns; c += hn::Lanes(d)) {
      hn::StoreU(hn::LoadU(d, sums + c), d, out + c);
    }
  }
};

// y = fl(fl(float(sum) * fl(a_scale * b_scale)) + bias)
struct epilogue_f32 {
  using output = float;
  HWY_ALIGN float scales[gemm_tile_columns] = {};
  HWY_ALIGN float bias[gemm_tile_columns] = {};

  epilogue_f32(const gemm_problem& p, std::size_t column, std::size_t columns) {
    const gemm_epilogue& e = p.epilogue;
    for (std::size_t c = 0; c < columns; ++c) {
      scales[c] = e.a_scale * e.scales[(column + c) * e.scale_step];
      // -0 is the number that leaves every sum as it is, +0 included.
      bias[c] = e.bias_f32 ? e.bias_f32[column + c] : -0.0f;
    }
  }

  HWY_INLINE void row(const std::int32_t* HWY_RESTRICT sums, output* HWY_RESTRICT out) const {
    const gemm_tag di;
    const hn::RebindToFloat<gemm_tag> df;
    for (std::size_t c = 0; c < gemm_tile_columns; c += hn::Lanes(di)) {
      const auto scaled =
          rounded(hn::Mul(hn::ConvertTo(df, hn::LoadU(di, sums + c)), hn::LoadU(df, scales + c)));
      hn::StoreU(hn::Add(scaled, hn::LoadU(df, bias + c)), df, out + c);
    }
  }
};

// q = nearest_even(clamp(fl(float(sum + bias) * multiplier), min - z, max - z)) + z
template <class Q>
struct epilogue_q8 {
  using output = Q;
  HWY_ALIGN float multipliers[gemm_tile_columns] = {};
  HWY_ALIGN std::int32_t bias[gemm_tile_columns] = {};
  float lo, hi;
  std::int32_t zero_point;

  epilogue_q8(const gemm_problem& p, std::size_t column, std::size_t columns)
      : lo(static_cast<float>(p.epilogue.min - p.epilogue.zero_point)),
        hi(static_cast<float>(p.epilogue.max - p.epilogue.zero_point)),
        zero_point(p.epilogue.zero_point) {
    const gemm_epilogue& e = p.epilogue;
    for (std::size_t c = 0; c < columns; ++c) {
      multipliers[c] = e.scales[(column + c) * e.scale_step];
      bias[c] = e.bias_s32 ? e.bias_s32[column + c] : 0;
    }
  }

  HWY_INLINE void row(const std::int32_t* HWY_RESTRICT sums, output* HWY_RESTRICT out) const {
    const gemm_tag di;
    const hn::RebindToFloat<gemm_tag> df;
    const hn::Rebind<std::int16_t, gemm_tag> d16;
    const hn::Rebind<Q, gemm_tag> d8;
    const auto l = hn::Set(df, lo), h = hn::Set(df, hi);
    const auto z = hn::Set(di, zero_point);
    for (std::size_t c = 0; c < gemm_tile_columns; c += hn::Lanes(di)) {
      const auto sum = hn::Add(hn::LoadU(di, sums + c), hn::LoadU(di, bias + c));
      const auto m = hn::LoadU(df, multipliers + c);
      const auto q = hn::Add(requantize_vector(df, sum, m, l, h), z);
      hn::StoreU(hn::DemoteTo(d8, hn::DemoteTo(d16, q)), d8, out + c);
    }
  }
};

template <class Epilogue>
HWY_NOINLINE HWY_MAYBE_UNUSED static void gemm(const gemm_problem& p, const gemm_dot& dot) {
  using output = typename Epilogue::output;
  HWY_ALIGN std::int32_t sums[gemm_tile_rows * gemm_tile_columns];
  HWY_ALIGN std::int32_t initial[gemm_tile_columns];
  const std::size_t row_step = gemm_tile_rows / dot.max_rows * dot.max_rows;

  // A' = A + offset has the sign that the dot product wants, and
  // sum (A - za) B = sum A' B - (za + offset) * column sums of B, all modulo 2^32.
  const bool flip = p.a_is_signed != dot.a_is_signed;
  const std::int32_t offset = !flip ? 0 : p.a_is_signed ? 128 : -128;
  const std::uint32_t shift = static_cast<std::uint32_t>(p.a_zero_point + offset);

  gemm_tile t;
  t.k = p.k;
  t.a_stride = p.a_stride;
  t.a_flip = flip ? static_cast<std::int32_t>(0x80808080u) : 0;
  t.sums = sums;
  t.initial = initial;
  for (std::size_t column = 0; column < p.n; column += gemm_tile_columns) {
    t.columns = HWY_MIN(gemm_tile_columns, p.n - column);
    t.panels = p.panels + column / panel_columns * packed_panel_bytes(p.k);
    for (std::size_t c = 0; c < gemm_tile_columns; ++c) {
      const std::int32_t sum = c < t.columns ? p.column_sums[column + c] : 0;
      initial[c] = static_cast<std::int32_t>(0u - shift * static_cast<std::uint32_t>(sum));
    }
    const Epilogue epilogue(p, column, t.columns);

    for (std::size_t row = 0; row < p.m; row += row_step) {
      t.a = static_cast<const std::uint8_t*>(p.a) + row * p.a_stride;
      t.rows = HWY_MIN(row_step, p.m - row);
      dot.tile(t);

      output* out = static_cast<output*>(p.c) + row * p.c_stride + column;
      for (std::size_t r = 0; r < t.rows; ++r, out += p.c_stride) {
        if (HWY_LIKELY(t.columns == gemm_tile_columns)) {
          epilogue.row(sums + r * gemm_tile_columns, out);
        } else {
          HWY_ALIGN output part[gemm_tile_columns];
          epilogue.row(sums + r * gemm_tile_columns, part);
          std::memcpy(out, part, t.columns * sizeof(output));
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
