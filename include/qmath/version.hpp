// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// The only place where the version is written; CMake reads it from here.
#ifndef QMATH_VERSION_HPP_
#define QMATH_VERSION_HPP_

#define QMATH_VERSION_MAJOR 0
#define QMATH_VERSION_MINOR 1
#define QMATH_VERSION_PATCH 0

#endif  // QMATH_VERSION_HPP_
