// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The library qmath::compiled: the kernels of every CPU target, compiled once.
#define QMATH_IMPLEMENTATION
#include <qmath/qmath.hpp>
