// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Includes QMATH_BENCH_LOOPS, a file with loops over the instructions of `isa` (support/isa.hpp), once for
// every level, each time in a namespace of its own.
#if QMATH_BENCH_X86

QMATH_BENCH_TARGET_BEGIN(QMATH_BENCH_AVX512)
namespace on_avx512 {
using isa = bench::avx512;
#include QMATH_BENCH_LOOPS
}  // namespace on_avx512
QMATH_BENCH_TARGET_END

QMATH_BENCH_TARGET_BEGIN(QMATH_BENCH_AVX2)
namespace on_avx2 {
using isa = bench::avx2;
#include QMATH_BENCH_LOOPS
}  // namespace on_avx2
QMATH_BENCH_TARGET_END

QMATH_BENCH_TARGET_BEGIN(QMATH_BENCH_SSE4)
namespace on_sse4 {
using isa = bench::sse4;
#include QMATH_BENCH_LOOPS
}  // namespace on_sse4
QMATH_BENCH_TARGET_END

namespace on_sse2 {
using isa = bench::sse2;
#include QMATH_BENCH_LOOPS
}  // namespace on_sse2

#endif  // QMATH_BENCH_X86
