// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Variants of a target: its kernel table with entries replaced by instructions for which Highway has no
// target. Each needs a name (detail/targets.hpp), a CPU check (detail/detect.hpp) and, here, the
// attribute that enables the instruction and the kernel that uses it.
// Compiled once per target (detail/foreach_target.hpp).
//
// Replaced today: the dot product of GEMM. In static mode the compiler's flags must have the instruction.
#if HWY_ARCH_X86 && HWY_TARGET == HWY_AVX2 && \
    (QMATH_MODE != QMATH_MODE_STATIC || defined(__AVXVNNI__))
// vpdpbusd, VEX encoded: AVX-VNNI, on CPUs without AVX-512.
#define QMATH_VARIANT avx2_vnni
#define QMATH_VARIANT_ATTRIBUTES HWY_TARGET_STR_AVX2 ",avxvnni"
#define QMATH_VARIANT_ADD(sum, a, b) sum.raw = _mm256_dpbusd_avx_epi32(sum.raw, a.raw, b.raw)
#define QMATH_VARIANT_ROWS 6
#define QMATH_VARIANT_FEW_SUMS 8
#elif HWY_ARCH_X86 && HWY_TARGET == HWY_AVX3 && \
    (QMATH_MODE != QMATH_MODE_STATIC || defined(__AVX512VNNI__))
// vpdpbusd, EVEX encoded: AVX-512 VNNI, on CPUs without the rest of Ice Lake's AVX-512.
#define QMATH_VARIANT avx3_vnni
#define QMATH_VARIANT_ATTRIBUTES HWY_TARGET_STR_AVX3 ",avx512vnni"
#define QMATH_VARIANT_ADD(sum, a, b) sum.raw = _mm512_dpbusd_epi32(sum.raw, a.raw, b.raw)
#define QMATH_VARIANT_ROWS 12
#define QMATH_VARIANT_FEW_SUMS 16
#elif HWY_ARCH_ARM_A64 && QMATH_MODE != QMATH_MODE_STATIC && !defined(__ARM_FEATURE_DOTPROD) && \
    (HWY_TARGET == HWY_NEON_WITHOUT_AES ||                                                      \
     (HWY_TARGET == HWY_NEON && HWY_STATIC_TARGET == HWY_NEON))
// sdot, on cores without bfloat16; such cores implement Armv8.2-A at least.
#define QMATH_VARIANT neon_dotprod
#define QMATH_VARIANT_ATTRIBUTES "arch=armv8.2-a+dotprod"
#define QMATH_VARIANT_ADD(sum, a, b) \
  sum.raw = vdotq_s32(sum.raw, vreinterpretq_s8_s32(a.raw), vreinterpretq_s8_s32(b.raw))
#define QMATH_VARIANT_ADD_LANE(sum, a, b, lane) \
  sum.raw = vdotq_lane_s32(sum.raw, vreinterpretq_s8_s32(b.raw), a.raw, lane)
#define QMATH_VARIANT_ROWS 8  // more, and GCC runs out of registers
#define QMATH_VARIANT_FEW_SUMS 16
#endif

#ifdef QMATH_VARIANT

#define QMATH_TILE_NAMESPACE variant_tile
#define QMATH_TILE_ATTRIBUTES QMATH_VARIANT_ATTRIBUTES
#include "qmath/kernels/gemm_tile-inl.hpp"

HWY_PUSH_ATTRIBUTES(QMATH_VARIANT_ATTRIBUTES)
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {

struct variant_dot : dot_by_quads {
  static constexpr std::size_t max_rows = QMATH_VARIANT_ROWS;
  static constexpr std::size_t few_sums = QMATH_VARIANT_FEW_SUMS;
  static constexpr std::size_t most_vectors = few_sums / 2;

  static HWY_INLINE gemm_vector add(gemm_vector sum, gemm_vector a, gemm_vector b) {
    QMATH_VARIANT_ADD(sum, a, b);
    return sum;
  }
#ifdef QMATH_VARIANT_ADD_LANE
  static constexpr bool by_lanes = true;
  template <int Lane>
  static HWY_INLINE gemm_vector add_lane(gemm_vector sum, hn::Vec64<std::int8_t> a, gemm_vector b) {
    QMATH_VARIANT_ADD_LANE(sum, a, b, Lane);
    return sum;
  }
#endif
};

HWY_MAYBE_UNUSED static constexpr kernel_table make_variant_table() {
  kernel_table t = table;
  t.id = target::QMATH_VARIANT;
  t.gemm.dot = variant_tile::make_dot<variant_dot>();
  return t;
}

HWY_MAYBE_UNUSED static constexpr kernel_table variant_table = make_variant_table();

}  // namespace HWY_NAMESPACE

template <>
struct table_of<target::QMATH_VARIANT> {
  static constexpr const kernel_table* value = &HWY_NAMESPACE::variant_table;
};

}  // namespace impl
QMATH_END_NAMESPACE
HWY_POP_ATTRIBUTES
#define QMATH_LESSER_TABLE variant_table
#else
#define QMATH_LESSER_TABLE table
#endif  // QMATH_VARIANT

// smmla, over what the target has so far.
#include "qmath/kernels/gemm_matmul-inl.hpp"

#undef QMATH_LESSER_TABLE

#undef QMATH_VARIANT
#undef QMATH_VARIANT_ATTRIBUTES
#undef QMATH_VARIANT_ADD
#undef QMATH_VARIANT_ADD_LANE
#undef QMATH_VARIANT_ROWS
#undef QMATH_VARIANT_FEW_SUMS
