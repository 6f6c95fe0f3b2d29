// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Macros of the user's that collide with names in qmath's text or in Highway's.
// The standard library first: it does not survive them either.
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
#include <ostream>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

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
#define check(x) #x
#define expect(x) #x
#define N 16
#define M 16
#define K 16
#define Load(x) #x
#define Vec "Vec"

#include <qmath/qmath.hpp>

// They are still there.
#if min(1, 2) != 1 || max(1, 2) != 2 || N != 16
#error "qmath has changed a macro of the user's"
#endif
#undef min
#undef max
#undef check
#undef expect
#undef N
#undef M
#undef K
#undef Load
#undef Vec

#include "exercise.hpp"

int main() { return exercise::all_targets("macros") != 0; }
