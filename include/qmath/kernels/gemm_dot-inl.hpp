// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// How GEMM sums four neighbouring products, with the instructions Highway has. Compiled once per target
// (detail/foreach_target.hpp); instructions it has no target for are in variants-inl.hpp.
//
// A dot type has
//     a_is_signed     the sign that it wants of A; B is signed
//     steps           1 if it sums four products of bytes per int32 lane. 2 if it sums two products of 16-bit
//                     integers: the even elements of a group of four, then the odd ones
//     load_b<Step>    a vector of B: the elements of a step, for as many columns as there are int32 lanes
//     add             sum + the products, modulo 2^32
//     multiply, add   in two: the products, and sum + products
//     adds_later      whether a product is added when three more have been multiplied
//     by_lanes        whether there is add_lane<L> too: of group L of the eight bytes of a row, in every lane
//     max_rows        rows of the register tile, with two vectors of columns
//     few_sums        sums in the register tiles of fewer rows, and
//     most_vectors    their vectors of columns: B is in registers too
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most as wide as a panel; wider vectors (SVE above 512 bits) are used in part.
using gemm_tag = hn::CappedTag<std::int32_t, panel_columns>;
using gemm_vector = hn::Vec<gemm_tag>;

// No load moves up across this.
HWY_INLINE void keep_order() {
#ifdef __GNUC__
  __asm__ volatile("" ::: "memory");
#endif
}

// Two multiply-adds of 16-bit integers and two additions per group of four: no instruction saturates. A is split
// beforehand, and B too if that pays (gemm_split-inl.hpp), or when it is loaded.
//
// Of the four vector units of Zen 4 and 5 two multiply and all add. Which one an operation gets is decided by how much
// waits for each, before it can start: an addition next to its product often gets one that multiplies, and 3/4 (Zen 4)
// to 0.89 (Zen 5) of the rate of vpmaddwd remain. Three products later it does not, but needs as many registers.
struct dot_by_halves {
  static constexpr bool a_is_signed = false;
  static constexpr std::size_t steps = 2;
  static constexpr bool by_lanes = false;
  // Registers: rows * 2 sums, 2 vectors of B, one of A, and one product or four.
  static constexpr bool many_registers = HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3;
  static constexpr bool adds_later = many_registers;
  static constexpr std::size_t max_rows = many_registers ? 12 : 6;
  static constexpr std::size_t few_sums = many_registers ? 16 : 8;
  static constexpr std::size_t most_vectors = 4;

  template <std::size_t Step>
  static HWY_INLINE gemm_vector load_b(const std::int8_t* from) {
    const hn::Repartition<std::int8_t, gemm_tag> d8;
    const hn::Repartition<std::int16_t, gemm_tag> d16;
    const auto both = hn::BitCast(d16, hn::LoadU(d8, from));
    return hn::BitCast(gemm_tag(), hn::ShiftRight<8>(Step == 0 ? hn::ShiftLeft<8>(both) : both));
  }

  // The same for A.
  template <std::size_t Step>
  static HWY_INLINE gemm_vector split_a(gemm_vector v) {
    const hn::Repartition<std::uint16_t, gemm_tag> d16;
    const auto both = hn::BitCast(d16, v);
    return hn::BitCast(gemm_tag(),
                       Step == 0 ? hn::And(both, hn::Set(d16, 0x00FF)) : hn::ShiftRight<8>(both));
  }

  static HWY_INLINE gemm_vector multiply(gemm_vector a, gemm_vector b) {
    const gemm_tag d;
    const hn::Repartition<std::int16_t, gemm_tag> d16;
    return hn::WidenMulPairwiseAdd(d, hn::BitCast(d16, a), hn::BitCast(d16, b));
  }
  static HWY_INLINE gemm_vector add(gemm_vector sum, gemm_vector product) {
    sum = hn::Add(sum, product);
#if defined(__GNUC__) && HWY_ARCH_X86 && HWY_TARGET <= HWY_SSE2
    // GCC would add the products of both steps first, and has no registers for them.
    __asm__("" : "+v"(sum.raw));
#endif
    return sum;
  }
  static HWY_INLINE gemm_vector add(gemm_vector sum, gemm_vector a, gemm_vector b) {
    return add(sum, multiply(a, b));
  }
};

// One instruction per group of four: vpdpbusd (A unsigned), sdot (A signed); NEON without dot product
// multiplies and adds pairwise.
struct dot_by_quads {
  using a_type = std::conditional_t<HWY_ARCH_X86 != 0, std::uint8_t, std::int8_t>;
  static constexpr bool a_is_signed = std::is_signed_v<a_type>;
  static constexpr std::size_t steps = 1;
  static constexpr bool adds_later = false;
  static constexpr bool by_lanes = false;
  static constexpr std::size_t max_rows = 12;
  static constexpr std::size_t few_sums = 16;
  static constexpr std::size_t most_vectors = 8;

  template <std::size_t>
  static HWY_INLINE gemm_vector load_b(const std::int8_t* from) {
    const hn::Repartition<std::int8_t, gemm_tag> d8;
    return hn::BitCast(gemm_tag(), hn::LoadU(d8, from));
  }

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
