// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The CPU targets by name, best first. A set of targets is a mask: bit i stands for the i-th name.
//
// Most are Highway's. Those marked "variant" are Highway's target of the line below them with some
// entries of the kernel table replaced by instructions that Highway has no target for
// (kernels/variants-inl.hpp).
#ifndef QMATH_DETAIL_TARGETS_HPP_
#define QMATH_DETAIL_TARGETS_HPP_

#include <cstdint>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES
namespace detail {

enum class target : std::uint8_t {
  // x86
  avx10_2,
  avx3_spr,
  avx3_zen4,
  avx3_dl,
  avx3_vnni,  // variant: AVX-512 VNNI without the rest of Ice Lake (Cascade Lake)
  avx3,
  avx2_vnni,  // variant: AVX-VNNI without AVX-512 (Alder Lake and later)
  avx2,
  sse4,
  ssse3,
  sse2,
  // AArch64
  sve2_i8mm,  // variant: smmla (Neoverse N2, V2)
  sve_i8mm,   // variant: smmla (Neoverse V1)
  sve2_128,
  sve_256,
  sve2,
  sve,
  neon_i8mm,  // variant: smmla on cores without SVE (Apple M2, AmpereOne)
  neon_bf16,
  neon_dotprod,  // variant: sdot on cores without bfloat16 (Cortex-A76, Neoverse N1)
  neon,
  neon_without_aes,
  // Whatever else the compiler's baseline is: there is one target, chosen by its flags.
  baseline,
  count
};

inline constexpr const char* target_names[] = {"AVX10_2",   "AVX3_SPR",
                                               "AVX3_ZEN4", "AVX3_DL",
                                               "AVX3_VNNI", "AVX3",
                                               "AVX2_VNNI", "AVX2",
                                               "SSE4",      "SSSE3",
                                               "SSE2",      "SVE2_I8MM",
                                               "SVE_I8MM",  "SVE2_128",
                                               "SVE_256",   "SVE2",
                                               "SVE",       "NEON_I8MM",
                                               "NEON_BF16", "NEON_DOTPROD",
                                               "NEON",      "NEON_WITHOUT_AES",
                                               "BASELINE"};
static_assert(sizeof(target_names) / sizeof(*target_names) == static_cast<int>(target::count));

using target_mask = std::uint32_t;

QMATH_INLINE constexpr target_mask mask_of(target t) noexcept {
  return target_mask{1} << static_cast<int>(t);
}

}  // namespace detail
QMATH_END_TYPES

#endif  // QMATH_DETAIL_TARGETS_HPP_
