// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// One pass of the target loop: HWY_TARGET has been set. No include guard.
#if QMATH_HIGHWAY_SEEN == 2
#include "hwy/ops/set_macros-inl.h"
#endif
// GCC 12 for AArch64 otherwise leaves the instructions of one SVE target enabled for everything that
// follows another one, user code included.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#endif
#include "qmath/kernels/all-inl.hpp"
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#if QMATH_HIGHWAY_SEEN != 2
#include "qmath/detail/flip_toggle.hpp"
#endif
