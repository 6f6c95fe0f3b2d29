// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A copy of Highway for qmath alone, from here to highway_end.hpp. No include guard.
//
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
#if defined(__has_include)
#if !__has_include("hwy/highway.h")
#error \
    "qmath needs Highway's headers (1.2 or later); or qmath::compiled, or -DQMATH_MODE=2 without CMake"
#endif
#endif
#include "hwy/detect_targets.h"
#include "hwy/highway_export.h"

// Macros of the user's with names that Highway and the kernels use.
#pragma push_macro("min")
#undef min
#pragma push_macro("max")
#undef max
#pragma push_macro("N")
#undef N
#pragma push_macro("M")
#undef M
#pragma push_macro("K")
#undef K
#pragma push_macro("D")
#undef D
#pragma push_macro("V")
#undef V
#pragma push_macro("T")
#undef T
#pragma push_macro("Vec")
#undef Vec
#pragma push_macro("Load")
#undef Load
#pragma push_macro("Store")
#undef Store
#pragma push_macro("Set")
#undef Set

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

#if HWY_MAJOR < 1 || (HWY_MAJOR == 1 && HWY_MINOR < 2)
#error "qmath needs Highway 1.2 or later"
#endif

#if HWY_MAJOR == 1 && HWY_MINOR < 3
// HWY_HEADER_ONLY is not known yet, and -O0 keeps the calls.
namespace hwy {
inline void Abort(const char*, int, const char*, ...) { std::abort(); }
}  // namespace hwy
#endif
