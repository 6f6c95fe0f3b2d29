// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The test program. It says first which CPU targets it is going to run.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <qmath/qmath.hpp>

int main(int argc, char** argv) {
  std::printf("qmath targets:");
  for (const char* name : qmath::cpu::supported_targets()) std::printf(" %s", name);
  std::printf("\n");
  std::fflush(stdout);
  doctest::Context context(argc, argv);
  return context.run();
}
