// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Runs a piece of a test on every CPU target.
#ifndef QMATH_TESTS_SUPPORT_TARGETS_HPP_
#define QMATH_TESTS_SUPPORT_TARGETS_HPP_

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <qmath/qmath.hpp>
#include <string_view>
#include <vector>

namespace support {

inline bool is_listed(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == name) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

/// All targets that the machine supports, or those of them that the environment variable QMATH_TEST_TARGETS
/// names, separated by commas: an emulated CPU need not run what another one has run.
inline std::vector<const char*> tested_targets() {
  std::vector<const char*> targets;
  const char* const chosen = std::getenv("QMATH_TEST_TARGETS");
  for (const char* name : qmath::cpu::supported_targets()) {
    if (chosen == nullptr || is_listed(chosen, name)) targets.push_back(name);
  }
  return targets;
}

template <class F>
void for_each_target(const F& f) {
  for (const char* name : tested_targets()) {
    CAPTURE(name);
    REQUIRE(qmath::cpu::use_target(name));
    f();
  }
  qmath::cpu::use_best_target();
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_TARGETS_HPP_
