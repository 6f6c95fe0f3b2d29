// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// One pass of the target loop: HWY_TARGET has been set. No include guard.
#if QMATH_HIGHWAY_SEEN == 2
#include "hwy/ops/set_macros-inl.h"
#endif
#include "qmath/kernels/all-inl.hpp"
#if QMATH_HIGHWAY_SEEN != 2
#include "qmath/detail/flip_toggle.hpp"
#endif
