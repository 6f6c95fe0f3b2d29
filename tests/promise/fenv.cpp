// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The caller's floating-point environment changes no result, and is the same after a call.
#include <cfenv>

#include "exercise.hpp"

namespace {

int failures = 0;

void expect(bool condition, const char* what) {
  if (condition) return;
  std::printf("FAILED: %s\n", what);
  ++failures;
}

#if defined(__SSE__)
// Bits 0-5 are flags that arithmetic raises.
unsigned control() { return __builtin_ia32_stmxcsr() & ~0x3Fu; }
void set_control(unsigned value) { __builtin_ia32_ldmxcsr(value); }
#endif

void check(const char* where, int rounding, bool flush_to_zero) {
  static exercise::inputs in;
  const exercise::results want = exercise::expected(in);
  for (const char* target : qmath::cpu::supported_targets()) {
    // In static mode there is nothing to choose.
    [[maybe_unused]] const bool chosen = qmath::cpu::use_target(target);
    std::fesetround(rounding);
#if defined(__SSE__)
    const unsigned before = flush_to_zero ? control() | 0x8040u : control();
    set_control(before);
#else
    (void)flush_to_zero;
#endif
    const exercise::results got = exercise::run(in);
    const int rounding_after = std::fegetround();
#if defined(__SSE__)
    const unsigned after = control();
    set_control(0x1F80u);
    expect(after == before, "the control register has changed");
#endif
    std::fesetround(FE_TONEAREST);
    expect(rounding_after == rounding, "the rounding mode has changed");
    failures += exercise::compare(where, got, want);
  }
}

}  // namespace

int main() {
  check("default environment", FE_TONEAREST, false);
  check("round upward", FE_UPWARD, false);
  check("round toward zero", FE_TOWARDZERO, false);
  check("flush to zero", FE_TONEAREST, true);
  check("round downward, flush to zero", FE_DOWNWARD, true);
  if (failures == 0) std::printf("same bits in 5 environments\n");
  return failures != 0;
}
