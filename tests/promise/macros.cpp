// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Macros of the user's that collide with names in qmath's text or in Highway's.
#include <algorithm>
#include <atomic>
#include <bit>
#include <cfloat>
#include <cmath>
#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

// windows.h has these.
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define small char
#define interface struct
#define near
#define far
#define IN
#define OUT
// And these are somebody's.
#define N 16
#define M 16
#define K 16
#define Load(x) #x
#define Vec "Vec"
#define check(x) #x
#define expect(x) #x
#define call(x) #x
#define scale "scale"
#define table "table"
#define target "target"

#include <qmath/qmath.hpp>

// They are still there.
#if N != 16 || min(1, 2) != 1
#error "qmath has changed a macro of the user's"
#endif
#undef min
#undef max
#undef N
#undef M
#undef K
#undef Load
#undef Vec
#undef check
#undef expect
#undef call
#undef scale
#undef table
#undef target

#include "exercise.hpp"

int main() { return exercise::all_targets("macros") != 0; }
