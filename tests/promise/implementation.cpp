// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Compiled mode without the library: this file has the kernels, all others link to it.
#define QMATH_IMPLEMENTATION
#include <qmath/qmath.hpp>
