// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Compares what fast_math.cpp gets with the reference; this unit is compiled without -ffast-math. The
// types cross as void*: those of exercise.hpp are different ones in every unit.
#include "exercise.hpp"

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

void run_with_fast_math(const void* inputs, void* results);

int main() {
#if defined(__SSE__)
  const unsigned environment = _mm_getcsr();
  std::printf("control register: %x\n", environment);
#endif
  const exercise::inputs in;
  exercise::results got;
  run_with_fast_math(&in, &got);
#if defined(__SSE__)
  _mm_setcsr(0x1F80);  // the reference itself needs the default
#endif
  return exercise::compare("-ffast-math", got, exercise::expected(in)) != 0;
}
