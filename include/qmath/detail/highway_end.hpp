// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Highway as the user left it, after highway_begin.hpp. No include guard.

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

#pragma pop_macro("HWY_HEADER_ONLY")
#pragma pop_macro("HWY_ONCE")
#pragma pop_macro("HWY_TARGET_TOGGLE")
#pragma pop_macro("HWY_TARGET")
#pragma pop_macro("HWY_HIGHWAY_INCLUDED")
#pragma pop_macro("HIGHWAY_HWY_TARGETS_H_")
#pragma pop_macro("HIGHWAY_HWY_BASE_H_")
#pragma pop_macro("hwy")
#include "hwy/ops/set_macros-inl.h"

#pragma pop_macro("min")
#pragma pop_macro("max")
#pragma pop_macro("N")
#pragma pop_macro("M")
#pragma pop_macro("K")
#pragma pop_macro("D")
#pragma pop_macro("V")
#pragma pop_macro("T")
#pragma pop_macro("Vec")
#pragma pop_macro("Load")
#pragma pop_macro("Store")
#pragma pop_macro("Set")

#undef QMATH_HIGHWAY_NAME
#undef QMATH_HIGHWAY_NAME_
