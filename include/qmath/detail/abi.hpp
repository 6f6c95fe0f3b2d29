// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The three namespaces of qmath, and the tag that keeps translation units with different flags apart.
//
//   QMATH_BEGIN_TYPES      qmath::v0          vocabulary types and program-wide state: the same
//                                             entities everywhere, they may cross translation units
//   QMATH_BEGIN_NAMESPACE  qmath::v0::<tag>   functions: compiled once per baseline, mode and check
//                                             level, so that the linker cannot replace code built
//                                             for an old CPU by code built for a new one
//   QMATH_BEGIN_LIBRARY    functions with one definition per program in compiled mode (qmath::v0),
//                          inline functions in the other modes (qmath::v0::<tag>)
#ifndef QMATH_DETAIL_ABI_HPP_
#define QMATH_DETAIL_ABI_HPP_

#include "qmath/config.hpp"

// The baseline: what the compiler may use without asking, coarse but in one word.
#if defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512VNNI__)
#define QMATH_ABI_BASELINE avx512vnni
#elif defined(__AVX512F__)
#define QMATH_ABI_BASELINE avx512
#elif defined(__AVX2__) && defined(__FMA__) && defined(__BMI2__) && defined(__AVXVNNI__)
#define QMATH_ABI_BASELINE avx2vnni
#elif defined(__AVX2__) && defined(__FMA__) && defined(__BMI2__)
#define QMATH_ABI_BASELINE avx2fma
#elif defined(__AVX2__)
#define QMATH_ABI_BASELINE avx2
#elif defined(__AVX__)
#define QMATH_ABI_BASELINE avx
#elif defined(__SSE4_2__)
#define QMATH_ABI_BASELINE sse42
#elif defined(__SSE4_1__)
#define QMATH_ABI_BASELINE sse41
#elif defined(__SSSE3__)
#define QMATH_ABI_BASELINE ssse3
#elif defined(__ARM_FEATURE_SVE2)
#define QMATH_ABI_BASELINE sve2
#elif defined(__ARM_FEATURE_SVE)
#define QMATH_ABI_BASELINE sve
#elif defined(__ARM_FEATURE_DOTPROD)
#define QMATH_ABI_BASELINE dotprod
#elif defined(__riscv_vector)
#define QMATH_ABI_BASELINE rvv
#elif defined(_ARCH_PWR10)
#define QMATH_ABI_BASELINE pwr10
#elif defined(_ARCH_PWR9)
#define QMATH_ABI_BASELINE pwr9
#else
#define QMATH_ABI_BASELINE baseline
#endif

#if QMATH_MODE == QMATH_MODE_HEADER_ONLY
#define QMATH_ABI_MODE header_only
#elif QMATH_MODE == QMATH_MODE_COMPILED
#define QMATH_ABI_MODE compiled
#else
#define QMATH_ABI_MODE static_target
#endif

#if QMATH_CHECKS
#define QMATH_ABI_CHECKS checked
#else
#define QMATH_ABI_CHECKS unchecked
#endif

#define QMATH_ABI_JOIN_(a, b, c) a##_##b##_##c
#define QMATH_ABI_JOIN(a, b, c) QMATH_ABI_JOIN_(a, b, c)
#define QMATH_ABI_TAG QMATH_ABI_JOIN(QMATH_ABI_BASELINE, QMATH_ABI_MODE, QMATH_ABI_CHECKS)

#define QMATH_BEGIN_TYPES \
  namespace qmath {       \
  inline namespace v0 {
#define QMATH_END_TYPES \
  }                     \
  }

#define QMATH_BEGIN_NAMESPACE \
  QMATH_BEGIN_TYPES           \
  inline namespace QMATH_ABI_TAG {
#define QMATH_END_NAMESPACE \
  QMATH_END_TYPES           \
  }

#if QMATH_MODE == QMATH_MODE_COMPILED
#define QMATH_BEGIN_LIBRARY QMATH_BEGIN_TYPES
#define QMATH_END_LIBRARY QMATH_END_TYPES
#define QMATH_LIBRARY
#else
#define QMATH_BEGIN_LIBRARY QMATH_BEGIN_NAMESPACE
#define QMATH_END_LIBRARY QMATH_END_NAMESPACE
#define QMATH_LIBRARY inline
#endif

#endif  // QMATH_DETAIL_ABI_HPP_
