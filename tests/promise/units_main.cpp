// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The program around the units a and b. Sees nothing of qmath, and is compiled for any CPU.
// B_NEEDS: a feature of the CPU without which nothing of unit b may run.
#include <cstdio>
#include <cstring>

int failures_in_a(const char* flags);
int failures_in_b(const char* flags);
const char* target_in_a();
const char* target_in_b();
const char* worst_in_a();
bool use_in_a(const char* target);
bool use_in_b(const char* target);

namespace {

bool b_runs_here() {
#ifdef B_NEEDS
  return __builtin_cpu_supports(B_NEEDS);
#else
  return true;
#endif
}

// What one unit chooses, the other one runs: the units have the same targets.
int failures_of_choice() {
#ifdef B_NEEDS
  return 0;
#else
  int failures = 0;
  if (!use_in_a(worst_in_a()) || std::strcmp(target_in_b(), worst_in_a()) != 0) {
    std::printf("FAILED: a chose %s, b runs %s\n", worst_in_a(), target_in_b());
    ++failures;
  }
  const char* const best = "SSE2";
  if (use_in_b(best) && std::strcmp(target_in_a(), best) != 0) {
    std::printf("FAILED: b chose %s, a runs %s\n", best, target_in_a());
    ++failures;
  }
  return failures;
#endif
}

}  // namespace

int main() {
  int failures = failures_in_a("unit a");
  if (b_runs_here()) {
    failures += failures_in_b("unit b");
    failures += failures_of_choice();
  } else {
    std::printf("unit b does not run on this CPU\n");
  }
  return failures != 0;
}
