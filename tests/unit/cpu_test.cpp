// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The choice of the CPU target.
#include <doctest/doctest.h>

#include <qmath/qmath.hpp>
#include <string>

TEST_CASE("cpu: targets can be listed, chosen and released") {
  const auto targets = qmath::cpu::supported_targets();
  REQUIRE(targets.size() >= 1);
  for (const char* name : targets) {
    CHECK(qmath::cpu::use_target(name));
    CHECK(std::string(qmath::cpu::active_target()) == name);
  }
  if (targets.size() > 1) {
    CHECK(std::string(qmath::cpu::active_reason()) == "chosen by QMATH_TARGET or use_target()");
  }
  qmath::cpu::use_best_target();
  CHECK(std::string(qmath::cpu::active_target()) == targets[0]);
  const std::string reason = qmath::cpu::active_reason();
  CHECK((reason == "the best that this build and this CPU have" ||
         reason == "static mode: the compiler's flags select it"));
}

TEST_CASE("cpu: a name that is no target changes nothing") {
  const std::string before = qmath::cpu::active_target();
  for (const char* name : {"", "AVX", "avx2", "AVX2 ", "NONSENSE"}) {
    CHECK_FALSE(qmath::cpu::use_target(name));
    CHECK(qmath::cpu::active_target() == before);
  }
  CHECK_FALSE(qmath::cpu::use_target(nullptr));
}
