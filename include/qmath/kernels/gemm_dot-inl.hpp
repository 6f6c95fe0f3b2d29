// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// How GEMM sums four neighbouring products, with the instructions Highway has. Compiled once per target
// (detail/foreach_target.hpp); instructions it has no target for are in variants-inl.hpp.
//
// A dot type has
//     a_is_signed   the sign that it wants of A; B is signed
//     add           sum + the products, modulo 2^32: of four bytes per int32 lane, or, if `halves`, of
//                   two 16-bit integers, which even and odd make of the bytes
//     by_lanes      whether there is add_lane<L> too: of group L of the eight bytes of a row, in every lane
//     max_rows      rows of the register tile, with two vectors of columns
//     few_sums      sums in the register tiles of fewer rows, and
//     most_vectors  their vectors of columns: B is in registers too
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
  static constexpr bool a_is_signed = false;
  static constexpr bool halves = true;
  static constexpr bool by_lanes = false;
  // Registers: rows * 2 sums, 4 halves of B, 2 halves of A, a product and a mask.
  static constexpr bool many_registers = HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3;
  static constexpr std::size_t max_rows = many_registers ? 10 : 4;
  static constexpr std::size_t few_sums = many_registers ? 16 : 8;
  static constexpr std::size_t most_vectors = 4;

  static HWY_INLINE gemm_vector a_even(gemm_vector v) {
    return hn::And(v, hn::Set(gemm_tag(), 0x00FF00FF));
  }
  static HWY_INLINE gemm_vector a_odd(gemm_vector v) {
    const hn::Repartition<std::uint16_t, gemm_tag> d16;
    return hn::BitCast(gemm_tag(), hn::ShiftRight<8>(hn::BitCast(d16, v)));
  }
  static HWY_INLINE gemm_vector b_even(gemm_vector v) {
    const hn::Repartition<std::int16_t, gemm_tag> d16;
    return hn::BitCast(gemm_tag(), hn::ShiftRight<8>(hn::ShiftLeft<8>(hn::BitCast(d16, v))));
  }
  static HWY_INLINE gemm_vector b_odd(gemm_vector v) {
    const hn::Repartition<std::int16_t, gemm_tag> d16;
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
  using a_type = std::conditional_t<HWY_ARCH_X86 != 0, std::uint8_t, std::int8_t>;
  static constexpr bool a_is_signed = std::is_signed_v<a_type>;
  static constexpr bool halves = false;
  static constexpr bool by_lanes = false;
  static constexpr std::size_t max_rows = 12;
  static constexpr std::size_t few_sums = 16;
  static constexpr std::size_t most_vectors = 8;

  static HWY_INLINE gemm_vector add(gemm_vector sum, gemm_vector a, gemm_vector b) {
    const hn::Repartition<a_type, gemm_tag> da;
    const hn::Repartition<std::int8_t, gemm_tag> db;
    return hn::SumOfMulQuadAccumulate(gemm_tag(), hn::BitCast(da, a), hn::BitCast(db, b), sum);
  }
};

#if HWY_TARGET == HWY_NEON_BF16 || (HWY_TARGET_IS_NEON && defined(__ARM_FEATURE_DOTPROD))
// sdot, which Highway's NEON targets do not use. NEON's load of a group into every lane keeps a vector pipe busy as
// long as the sdot that it feeds; the sdot that takes its group from a lane does without.
struct dot_by_lanes : dot_by_quads {
  static constexpr bool by_lanes = true;
  static constexpr std::size_t max_rows = 8;  // more, and GCC runs out of registers

  static HWY_INLINE gemm_vector add(gemm_vector sum, gemm_vector a, gemm_vector b) {
    return gemm_vector(
        vdotq_s32(sum.raw, vreinterpretq_s8_s32(a.raw), vreinterpretq_s8_s32(b.raw)));
  }
  template <int Lane>
  static HWY_INLINE gemm_vector add_lane(gemm_vector sum, hn::Vec64<std::int8_t> a, gemm_vector b) {
    return gemm_vector(vdotq_lane_s32(sum.raw, vreinterpretq_s8_s32(b.raw), a.raw, Lane));
  }
};
using target_dot = dot_by_lanes;
#elif (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL) || HWY_ARCH_ARM
using target_dot = dot_by_quads;
#else
using target_dot = dot_by_halves;
#endif

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
