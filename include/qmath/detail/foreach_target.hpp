// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Compiles kernels/all-inl.hpp once for every CPU target of this translation unit.
//
// This is our own loop: Highway's (hwy/foreach_target.h) can run once per translation unit, must come
// before hwy/highway.h, and needs Highway's compiled library for dispatch. A public header can ask
// none of that of its users. It cooperates with a user's own Highway code in the orders that can work,
// and stops with an #error in those that cannot (docs/dispatch.md).
//
// What it relies on in Highway (1.2 to 1.4): hwy/highway.h defines the operations of HWY_TARGET each
// time HWY_TARGET_TOGGLE has been flipped since the last time; HWY_ONCE is 1 for the static target
// only; hwy/ops/set_macros-inl.h by itself sets the macros of HWY_TARGET, without operations.
#ifndef QMATH_DETAIL_FOREACH_TARGET_HPP_
#define QMATH_DETAIL_FOREACH_TARGET_HPP_

// What the kernels need, included here and never inside a target's region.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "qmath/detail/kernel_table.hpp"
#include "qmath/detail/packed_layout.hpp"

// Highway's own switches, unless it has been included already.
#ifndef HWY_HIGHWAY_INCLUDED
#if QMATH_MODE == QMATH_MODE_STATIC && !defined(HWY_COMPILE_ONLY_STATIC)
#define HWY_COMPILE_ONLY_STATIC
#endif
#ifndef HWY_HEADER_ONLY
#define HWY_HEADER_ONLY  // 1.3 and later: no call into Highway's library, not even at -O0
#endif
#ifndef HWY_WANT_AVX3_DL
#define HWY_WANT_AVX3_DL  // 1.2 leaves it out otherwise
#endif
#ifndef HWY_BROKEN_EMU128
#define HWY_BROKEN_EMU128 0  // the alternative, HWY_SCALAR, has one lane: too few for the kernels
#endif
#endif

#include "hwy/base.h"
#include "hwy/detect_targets.h"
#include "hwy/highway_export.h"

#if defined(HWY_ONCE) && !(HWY_ONCE)
#error "qmath: include <qmath/qmath.hpp> outside what HWY_TARGET_INCLUDE repeats, or link qmath::compiled"
#endif

// ---- Which targets -------------------------------------------------------------------------------
// HWY_TARGETS is what compiler and flags can generate. Left out by default, because they bring the
// kernels nothing over the next one: AVX10.2, Sapphire Rapids and Zen 4 (bfloat16, float16), SSSE3, NEON
// with AES, and the fixed-size editions of SVE.
#ifdef HWY_AVX10_2
#define QMATH_HWY_AVX10_2 HWY_AVX10_2
#else
#define QMATH_HWY_AVX10_2 0
#endif
#ifdef QMATH_ALL_TARGETS
#define QMATH_SKIPPED_TARGETS 0
#else
#define QMATH_SKIPPED_TARGETS                                                                 \
  (QMATH_HWY_AVX10_2 | HWY_AVX3_SPR | HWY_AVX3_ZEN4 | HWY_SSSE3 | HWY_NEON | HWY_SVE_256 |    \
   HWY_SVE2_128)
#endif
// LLVM 22 removed a feature name that Highway before 1.4 uses for AVX-512.
#if defined(__clang__) && __clang_major__ >= 22 && HWY_MAJOR == 1 && HWY_MINOR < 4
#define QMATH_BROKEN_TARGETS \
  (QMATH_HWY_AVX10_2 | HWY_AVX3_SPR | HWY_AVX3_ZEN4 | HWY_AVX3_DL | HWY_AVX3)
#else
#define QMATH_BROKEN_TARGETS 0
#endif
#define QMATH_LOOP_TARGETS \
  (HWY_TARGETS & ~(QMATH_SKIPPED_TARGETS | QMATH_BROKEN_TARGETS | HWY_STATIC_TARGET))

QMATH_BEGIN_NAMESPACE
namespace impl {
using detail::gemm_dot;
using detail::gemm_epilogue;
using detail::gemm_problem;
using detail::gemm_tile;
using detail::gemm_tile_columns;
using detail::gemm_tile_rows;
using detail::kernel_table;
using detail::packed_panel_bytes;
using detail::panel_columns;
using detail::target;

/// Our name for one of Highway's target bits.
constexpr target target_of(std::int64_t highway_target) noexcept {
  switch (highway_target) {
#ifdef HWY_AVX10_2
    case HWY_AVX10_2: return target::avx10_2;
#endif
    case HWY_AVX3_SPR: return target::avx3_spr;
    case HWY_AVX3_ZEN4: return target::avx3_zen4;
    case HWY_AVX3_DL: return target::avx3_dl;
    case HWY_AVX3: return target::avx3;
    case HWY_AVX2: return target::avx2;
    case HWY_SSE4: return target::sse4;
    case HWY_SSSE3: return target::ssse3;
    case HWY_SSE2: return target::sse2;
    case HWY_SVE2_128: return target::sve2_128;
    case HWY_SVE_256: return target::sve_256;
    case HWY_SVE2: return target::sve2;
    case HWY_SVE: return target::sve;
    case HWY_NEON_BF16: return target::neon_bf16;
    case HWY_NEON: return target::neon;
    case HWY_NEON_WITHOUT_AES: return target::neon_without_aes;
    default: return target::baseline;
  }
}

/// table_of<T>::value: the table of a target, null if this translation unit does not compile it.
/// kernels/table-inl.hpp and variants-inl.hpp add the specializations.
template <target T>
struct table_of {
  static constexpr const kernel_table* value = nullptr;
};

}  // namespace impl
QMATH_END_NAMESPACE

// ---- The loop ------------------------------------------------------------------------------------
// What has been included of Highway so far decides how its operations for a target come into being.
#if !defined(HWY_HIGHWAY_INCLUDED)
#define QMATH_HIGHWAY_SEEN 0  // nothing: each pass defines them
#elif !defined(HIGHWAY_HWY_FOREACH_TARGET_H_)
#define QMATH_HIGHWAY_SEEN 1  // highway.h: those of the static target exist, each pass defines the others
#else
#define QMATH_HIGHWAY_SEEN 2  // foreach_target.h: all exist, each pass only sets the macros
#endif

#if QMATH_HIGHWAY_SEEN == 1
#include "qmath/detail/flip_toggle.hpp"
#endif
#undef HWY_ONCE
#define HWY_ONCE 0

#if QMATH_LOOP_TARGETS & HWY_SSE2
#undef HWY_TARGET
#define HWY_TARGET HWY_SSE2
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_SSSE3
#undef HWY_TARGET
#define HWY_TARGET HWY_SSSE3
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_SSE4
#undef HWY_TARGET
#define HWY_TARGET HWY_SSE4
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_AVX2
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX2
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_AVX3
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_AVX3_DL
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3_DL
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_AVX3_ZEN4
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3_ZEN4
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_AVX3_SPR
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3_SPR
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & QMATH_HWY_AVX10_2
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX10_2
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_NEON_WITHOUT_AES
#undef HWY_TARGET
#define HWY_TARGET HWY_NEON_WITHOUT_AES
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_NEON
#undef HWY_TARGET
#define HWY_TARGET HWY_NEON
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_NEON_BF16
#undef HWY_TARGET
#define HWY_TARGET HWY_NEON_BF16
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_SVE
#undef HWY_TARGET
#define HWY_TARGET HWY_SVE
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_SVE2
#undef HWY_TARGET
#define HWY_TARGET HWY_SVE2
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_SVE_256
#undef HWY_TARGET
#define HWY_TARGET HWY_SVE_256
#include "qmath/detail/target_pass.hpp"
#endif
#if QMATH_LOOP_TARGETS & HWY_SVE2_128
#undef HWY_TARGET
#define HWY_TARGET HWY_SVE2_128
#include "qmath/detail/target_pass.hpp"
#endif

// The static target last: it leaves Highway's macros as any code behind this header expects them.
#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#undef HWY_ONCE
#define HWY_ONCE 1
#if QMATH_HIGHWAY_SEEN == 1
#include "qmath/detail/flip_toggle.hpp"
#endif
#if QMATH_HIGHWAY_SEEN != 0
#include "hwy/ops/set_macros-inl.h"
#endif
#include "qmath/kernels/all-inl.hpp"

#undef QMATH_HWY_AVX10_2
#undef QMATH_SKIPPED_TARGETS
#undef QMATH_BROKEN_TARGETS
#undef QMATH_LOOP_TARGETS
#undef QMATH_HIGHWAY_SEEN

#endif  // QMATH_DETAIL_FOREACH_TARGET_HPP_
