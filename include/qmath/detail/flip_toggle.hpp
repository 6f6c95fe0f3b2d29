// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Makes the next #include "hwy/highway.h" define the operations of HWY_TARGET. No include guard.
#ifdef HWY_TARGET_TOGGLE
#undef HWY_TARGET_TOGGLE
#else
#define HWY_TARGET_TOGGLE
#endif
