// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// How GEMM sums four neighbouring products, with the instructions Highway has. Compiled once per target
// (detail/foreach_target.hpp); instructions it has no target for are in variants-inl.hpp.
//
// A dot type has
//     offset_u8, offset_s8  what the tile adds to every element of A to get the sign that add() wants
//     halves                false: add(sum, a, b) adds the four products of each int32 lane
//                           true: add() takes two 16-bit halves per lane, even() and odd() split
//     max_rows              rows of the register tile
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most as wide as a panel; wider vectors (SVE above 512 bits) are used in part.
using gemm_tag = hn::CappedTag<std::int32_t, panel_columns>;
using gemm_vector = hn::Vec<gemm_tag>;

// Two multiply-adds over 16-bit halves per group of four: no instruction saturates.
struct dot_by_halves {
  static constexpr std::int32_t offset_u8 = 0;
  static constexpr std::int32_t offset_s8 = 0;
  static constexpr bool halves = true;
  // Registers: rows * 2 sums + 4 halves of B + 2 halves of A and a product.
  static constexpr std::size_t max_rows = HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3 ? 12 : 4;

  template <bool Signed>
  static HWY_INLINE gemm_vector even(gemm_vector v) {
    const gemm_tag d;
    if constexpr (Signed) {
      const hn::Repartition<std::int16_t, gemm_tag> d16;
      return hn::BitCast(d, hn::ShiftRight<8>(hn::ShiftLeft<8>(hn::BitCast(d16, v))));
    } else {
      return hn::And(v, hn::Set(d, 0x00FF00FF));
    }
  }

  template <bool Signed>
  static HWY_INLINE gemm_vector odd(gemm_vector v) {
    using T = std::conditional_t<Signed, std::int16_t, std::uint16_t>;
    const hn::Repartition<T, gemm_tag> d16;
    return hn::BitCast(gemm_tag(), hn::ShiftRight<8>(hn::BitCast(d16, v)));
  }

  static HWY_INLINE gemm_vector add(gemm_vector sum, gemm_vector a, gemm_vector b) {
    const gemm_tag d;
    const hn::Repartition<std::int16_t, gemm_tag> d16;
    return hn::Add(sum, hn::WidenMulPairwiseAdd(d, hn::BitCast(d16, a), hn::BitCast(d16, b)));
  }
};

// One instruction per group of four: vpdpbusd (A unsigned), sdot (A signed); NEON without dot product
// multiplies and adds pairwise.
struct dot_by_quads {
#if HWY_ARCH_X86
  using a_type = std::uint8_t;
  static constexpr std::int32_t offset_u8 = 0, offset_s8 = 128;
#else
  using a_type = std::int8_t;
  static constexpr std::int32_t offset_u8 = -128, offset_s8 = 0;
#endif
  static constexpr bool halves = false;
  static constexpr std::size_t max_rows = 12;

  static HWY_INLINE gemm_vector add(gemm_vector sum, gemm_vector a, gemm_vector b) {
    const hn::Repartition<a_type, gemm_tag> da;
    const hn::Repartition<std::int8_t, gemm_tag> db;
    return hn::SumOfMulQuadAccumulate(gemm_tag(), hn::BitCast(da, a), hn::BitCast(db, b), sum);
  }
};

#if (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL) || HWY_ARCH_ARM
using target_dot = dot_by_quads;
#else
using target_dot = dot_by_halves;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
