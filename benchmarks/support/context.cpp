// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What results are results of, in the context of Google Benchmark's output.
#include <hwy/base.h>

#include <string>

#include "support/bench.hpp"

namespace {

#define BENCH_TEXT_(x) #x
#define BENCH_TEXT(x) BENCH_TEXT_(x)

[[maybe_unused]] const bool registered = bench::at_start([] {
#ifdef __clang__
  benchmark::AddCustomContext("compiler", __VERSION__);
#else
  benchmark::AddCustomContext("compiler", "GCC " __VERSION__);
#endif
  benchmark::AddCustomContext("compiler_flags", BENCH_FLAGS);
  benchmark::AddCustomContext(
      "qmath", BENCH_TEXT(QMATH_VERSION_MAJOR) "." BENCH_TEXT(QMATH_VERSION_MINOR) "." BENCH_TEXT(
                   QMATH_VERSION_PATCH));
  benchmark::AddCustomContext(
      "highway", BENCH_TEXT(HWY_MAJOR) "." BENCH_TEXT(HWY_MINOR) "." BENCH_TEXT(HWY_PATCH));
  std::string targets;  // best first
  for (const char* target : qmath::cpu::supported_targets()) {
    targets.append(targets.empty() ? "" : ",").append(target);
  }
  benchmark::AddCustomContext("targets", targets);
});

}  // namespace
