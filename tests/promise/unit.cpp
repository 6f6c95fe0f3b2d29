// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// One translation unit of several that use qmath; UNIT is its letter.
#include "exercise.hpp"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

int JOIN(failures_in_, UNIT)(const char* flags) { return exercise::all_targets(flags); }

const char* JOIN(target_in_, UNIT)() { return qmath::cpu::active_target(); }

bool JOIN(use_in_, UNIT)(const char* target) { return qmath::cpu::use_target(target); }

const char* JOIN(worst_in_, UNIT)() {
  const auto supported = qmath::cpu::supported_targets();
  return supported[supported.size() - 1];
}
