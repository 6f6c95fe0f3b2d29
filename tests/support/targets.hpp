// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Runs a piece of a test on every CPU target.
#ifndef QMATH_TESTS_SUPPORT_TARGETS_HPP_
#define QMATH_TESTS_SUPPORT_TARGETS_HPP_

#include <doctest/doctest.h>

#include <qmath/qmath.hpp>

namespace support {

template <class F>
void for_each_target(const F& f) {
  for (const char* name : qmath::cpu::supported_targets()) {
    CAPTURE(name);
    REQUIRE(qmath::cpu::use_target(name));
    f();
  }
  qmath::cpu::use_best_target();
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_TARGETS_HPP_
