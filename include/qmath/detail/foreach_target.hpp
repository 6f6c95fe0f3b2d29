// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Compiles kernels/all-inl.hpp once for every CPU target of this translation unit.
//
// This is our own loop over our own copy of Highway. Highway's loop (hwy/foreach_target.h) can run once
// per translation unit, must come before hwy/highway.h, and needs Highway's compiled library for
// dispatch. A public header can ask none of that of its users, who may have Highway code too: before
// this header, behind it, or around it (docs/dispatch.md).
//
// What it relies on in Highway (1.2 to 1.4): hwy/highway.h defines the operations of HWY_TARGET each
// time HWY_TARGET_TOGGLE has been flipped since the last time, and flips its other toggles then;
// hwy/ops/set_macros-inl.h by itself sets the macros of HWY_TARGET, without operations.
#ifndef QMATH_DETAIL_FOREACH_TARGET_HPP_
#define QMATH_DETAIL_FOREACH_TARGET_HPP_

// What the kernels need, included here and never inside a target's region.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "qmath/detail/kernel_table.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/detail/packed_layout.hpp"
#include "qmath/detail/quotient.hpp"

// ---- A copy of Highway for qmath alone -----------------------------------------------------------
// The user may have included Highway already, may be in the middle of Highway's own target loop, or may
// do either later. So what is included here is another copy, in a namespace of its own, and everything
// Highway remembers between inclusions is put back at the end of this file. The name of the namespace
// carries the baseline: at -O0 Highway's functions are not inlined, and the linker must not merge
// those of translation units with different flags.
//
// The headers that define macros only are shared: who comes first decides on the compiler's targets.
#ifndef HWY_WANT_AVX3_DL
#define HWY_WANT_AVX3_DL  // 1.2 leaves it out otherwise
#endif
#ifndef HWY_BROKEN_EMU128
#define HWY_BROKEN_EMU128 0  // the alternative, HWY_SCALAR, has one lane: too few for the kernels
#endif
#include "hwy/detect_targets.h"
#include "hwy/highway_export.h"

#define QMATH_HIGHWAY_NAME_(tag) qmath_highway_##tag
#define QMATH_HIGHWAY_NAME(tag) QMATH_HIGHWAY_NAME_(tag)
#pragma push_macro("hwy")
#undef hwy
#define hwy QMATH_HIGHWAY_NAME(QMATH_ABI_TAG)

// Guards of the headers that define something in the namespace; the others define macros only.
#pragma push_macro("HIGHWAY_HWY_BASE_H_")
#undef HIGHWAY_HWY_BASE_H_
#pragma push_macro("HIGHWAY_HWY_TARGETS_H_")
#undef HIGHWAY_HWY_TARGETS_H_
#pragma push_macro("HWY_HIGHWAY_INCLUDED")
#undef HWY_HIGHWAY_INCLUDED
// The state of a target loop.
#pragma push_macro("HWY_TARGET")
#pragma push_macro("HWY_TARGET_TOGGLE")
#pragma push_macro("HWY_ONCE")
#undef HWY_ONCE
#define HWY_ONCE 0
// Highway's own switches.
#pragma push_macro("HWY_HEADER_ONLY")
#undef HWY_HEADER_ONLY
#define HWY_HEADER_ONLY  // 1.3 and later: no call into Highway's library, not even at -O0

#include "hwy/base.h"

#if HWY_MAJOR == 1 && HWY_MINOR < 3
// HWY_HEADER_ONLY is not known yet, and -O0 keeps the calls.
namespace hwy {
inline void Abort(const char*, int, const char*, ...) { std::abort(); }
}  // namespace hwy
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
#define QMATH_SKIPPED_TARGETS                                                              \
  (QMATH_HWY_AVX10_2 | HWY_AVX3_SPR | HWY_AVX3_ZEN4 | HWY_SSSE3 | HWY_NEON | HWY_SVE_256 | \
   HWY_SVE2_128)
#endif
// LLVM 22 removed a feature name that Highway before 1.4 uses for AVX-512.
#if defined(__clang__) && __clang_major__ >= 22 && HWY_MAJOR == 1 && HWY_MINOR < 4
#define QMATH_BROKEN_TARGETS \
  (QMATH_HWY_AVX10_2 | HWY_AVX3_SPR | HWY_AVX3_ZEN4 | HWY_AVX3_DL | HWY_AVX3)
#else
#define QMATH_BROKEN_TARGETS 0
#endif
#if QMATH_MODE == QMATH_MODE_STATIC
#define QMATH_LOOP_TARGETS 0
#else
#define QMATH_LOOP_TARGETS \
  (HWY_TARGETS & ~(QMATH_SKIPPED_TARGETS | QMATH_BROKEN_TARGETS | HWY_STATIC_TARGET))
#endif

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
// hwy/highway.h defines the operations of HWY_TARGET when these two macros agree, and changes the first.
// Wherever the user is, the next inclusion is to be such a one.
#if defined(HWY_HIGHWAY_PER_TARGET) != defined(HWY_TARGET_TOGGLE)
#include "qmath/detail/flip_toggle.hpp"
#endif

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

// The static target.
#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#undef HWY_ONCE
#define HWY_ONCE 1
#include "qmath/detail/target_pass.hpp"

// Every pass flips some hundred macros of Highway's. After an even number of passes they are as they
// were. An odd number needs one more, of which nothing but that is wanted: a cheap target.
#ifdef QMATH_ODD_PASSES
#pragma push_macro("hwy")
#undef hwy
#define hwy qmath_highway_unused
#undef HIGHWAY_HWY_BASE_H_
#undef HIGHWAY_HWY_TARGETS_H_
#undef HWY_HIGHWAY_INCLUDED
#if HWY_ARCH_X86
#undef HWY_TARGET
#define HWY_TARGET HWY_SSE2
#endif
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#endif
#include "hwy/highway.h"
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#undef QMATH_ODD_PASSES
#pragma pop_macro("hwy")
#endif

// ---- Highway as the user left it -----------------------------------------------------------------
#pragma pop_macro("HWY_HEADER_ONLY")
#pragma pop_macro("HWY_ONCE")
#pragma pop_macro("HWY_TARGET_TOGGLE")
#pragma pop_macro("HWY_TARGET")
#pragma pop_macro("HWY_HIGHWAY_INCLUDED")
#pragma pop_macro("HIGHWAY_HWY_TARGETS_H_")
#pragma pop_macro("HIGHWAY_HWY_BASE_H_")
#pragma pop_macro("hwy")
#include "hwy/ops/set_macros-inl.h"

#undef QMATH_HWY_AVX10_2
#undef QMATH_SKIPPED_TARGETS
#undef QMATH_BROKEN_TARGETS
#undef QMATH_LOOP_TARGETS
#undef QMATH_HIGHWAY_NAME
#undef QMATH_HIGHWAY_NAME_

#endif  // QMATH_DETAIL_FOREACH_TARGET_HPP_
