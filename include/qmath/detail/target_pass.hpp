// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// One pass of the target loop: HWY_TARGET has been set. No include guard.
// GCC 12 for AArch64 otherwise leaves the instructions of one SVE target enabled for everything that
// follows another one, user code included.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#endif
#include "qmath/kernels/all-inl.hpp"
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
#include "qmath/detail/flip_toggle.hpp"
#ifdef QMATH_ODD_PASSES
#undef QMATH_ODD_PASSES
#else
#define QMATH_ODD_PASSES
#endif
