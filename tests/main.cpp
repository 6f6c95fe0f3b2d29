// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The test program. It says first which CPU targets it is going to run.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "support/targets.hpp"

// A test program compiled for more instructions than the CPU has cannot run.
static bool cpu_has_what_this_was_compiled_for() {
#if defined(__GNUC__) && defined(__x86_64__)
#ifdef __AVX512BW__
  if (!__builtin_cpu_supports("avx512bw")) return false;
#endif
#ifdef __FMA__
  if (!__builtin_cpu_supports("fma")) return false;
#endif
#ifdef __AVX2__
  if (!__builtin_cpu_supports("avx2")) return false;
#endif
#endif
  return true;
}

int main(int argc, char** argv) {
  if (!cpu_has_what_this_was_compiled_for()) {
    std::printf("skipped: compiled for instructions that this CPU does not have\n");
    return 77;
  }
  const auto targets = support::tested_targets();
  std::printf("qmath targets:");
  for (const char* name : targets) std::printf(" %s", name);
  std::printf("\n");
  if (targets.empty()) return 1;  // none of QMATH_TEST_TARGETS is here
  std::fflush(stdout);
  doctest::Context context(argc, argv);
  return context.run();
}
