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

#include "qmath/detail/bits.hpp"
#include "qmath/detail/kernel_table.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/detail/little_endian.hpp"
#include "qmath/detail/logarithm.hpp"
#include "qmath/detail/packed_hash.hpp"
#include "qmath/detail/packed_layout.hpp"
#include "qmath/detail/quotient.hpp"
#include "qmath/formats/real.hpp"
#if QMATH_WITH_CALIBRATION
#include "qmath/detail/exact_sum.hpp"
#endif

#include "qmath/detail/highway_begin.hpp"
// In the order of use: needs the targets' names.
#include "qmath/detail/table_of.hpp"

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

#include "qmath/detail/highway_end.hpp"

#undef QMATH_HWY_AVX10_2
#undef QMATH_SKIPPED_TARGETS
#undef QMATH_BROKEN_TARGETS
#undef QMATH_LOOP_TARGETS

#endif  // QMATH_DETAIL_FOREACH_TARGET_HPP_
