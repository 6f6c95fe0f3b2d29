// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Every macro that a user may define, with its default. Each must have the same value in all
/// translation units of a program; no other header tests a macro of the user's.
#ifndef QMATH_CONFIG_HPP_
#define QMATH_CONFIG_HPP_

// ---- QMATH_MODE: where the kernels are compiled ------------------------------------------------
// HEADER_ONLY  In this translation unit, once per CPU target, chosen at run time. Needs Highway's
//              headers on the include path and nothing to link. The default.
// COMPILED     In one translation unit of the program: the library qmath::compiled, or any file that
//              defines QMATH_IMPLEMENTATION before it includes <qmath/qmath.hpp>. The others see
//              declarations only, and no Highway.
// STATIC       In this translation unit, for the one target that the compiler's flags select. No
//              detection, no table: for embedded builds and -march=native.
#define QMATH_MODE_HEADER_ONLY 1
#define QMATH_MODE_COMPILED 2
#define QMATH_MODE_STATIC 3
#ifndef QMATH_MODE
#define QMATH_MODE QMATH_MODE_HEADER_ONLY
#endif

// ---- QMATH_ALL_TARGETS: compile every target Highway offers -------------------------------------
// By default those are left out that bring qmath's kernels nothing over a neighbour (README, Targets).
// They add half to the compile time.
// #define QMATH_ALL_TARGETS

// ---- QMATH_CHECKS: preconditions ----------------------------------------------------------------
// 1 checks what costs O(1) per call and O(channels) per channel-wise call, and calls the contract
// handler (core/contract.hpp). 0 trusts the caller: a broken precondition is undefined behaviour.
#ifndef QMATH_CHECKS
#define QMATH_CHECKS 1
#endif

// ---- QMATH_WITH_GEMM, QMATH_WITH_CALIBRATION: families of functions ------------------------------
// 0 leaves a family out, for shorter compile times (docs/compile_cost.md): <qmath/qmath.hpp> is without
// its headers, kernels without its kernels, and each of its headers is an error.
// GEMM         gemm, gemm_batch, linear, pack, packed_weights; variants of targets, which are GEMM's
// CALIBRATION  observe/, metrics, layers, sensitivity
#ifndef QMATH_WITH_GEMM
#define QMATH_WITH_GEMM 1
#endif
#ifndef QMATH_WITH_CALIBRATION
#define QMATH_WITH_CALIBRATION 1
#endif

// ---- Derived ------------------------------------------------------------------------------------

#if QMATH_MODE != QMATH_MODE_HEADER_ONLY && QMATH_MODE != QMATH_MODE_COMPILED && \
    QMATH_MODE != QMATH_MODE_STATIC
#error "qmath: QMATH_MODE must be QMATH_MODE_HEADER_ONLY, QMATH_MODE_COMPILED or QMATH_MODE_STATIC"
#endif

// 1 where this translation unit contains the kernels, 0 where it only calls them.
#if QMATH_MODE != QMATH_MODE_COMPILED || defined(QMATH_IMPLEMENTATION)
#define QMATH_HAS_KERNELS 1
#else
#define QMATH_HAS_KERNELS 0
#endif

#if QMATH_HAS_KERNELS && defined(__FAST_MATH__)
#error "qmath: -ffast-math breaks the exact results; drop it here, or link qmath::compiled"
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#define QMATH_INLINE __forceinline
#define QMATH_INLINE_LAMBDA
#define QMATH_COLD __declspec(noinline)
#else
// Forced: an inline function that the linker may merge across translation units with different
// -march would carry one unit's instructions into the others (docs/dispatch.md).
#define QMATH_INLINE inline __attribute__((always_inline))
// The same behind the parameters of a lambda.
#define QMATH_INLINE_LAMBDA __attribute__((always_inline))
#define QMATH_COLD __attribute__((noinline, cold))
#endif

#endif  // QMATH_CONFIG_HPP_
