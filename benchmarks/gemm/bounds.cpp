// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// How many products the instruction at the heart of each target can do, from registers: vpdpbusd where
// there is one, otherwise vpmaddwd on 16-bit halves, two for each group of four products (its sums are
// added by another port). And how fast the weights can be read, for one row.
#include "gemm/gemm.hpp"
#include "support/bounds.hpp"

namespace {

#if QMATH_BENCH_X86

// Sixteen independent instructions: more than any latency times throughput.
constexpr std::size_t instructions = 16;
constexpr std::size_t rounds = 1000;

#define QMATH_BENCH_4(f, a, b, c, d) f(a) f(b) f(c) f(d)
#define QMATH_BENCH_16(f)      \
  QMATH_BENCH_4(f, 0, 1, 2, 3) \
  QMATH_BENCH_4(f, 4, 5, 6, 7) QMATH_BENCH_4(f, 8, 9, 10, 11) QMATH_BENCH_4(f, 12, 13, 14, 15)
// Values do not matter: without AVX-512 there are 16 registers, so that each sum is its own source.
#define QMATH_BENCH_LOOP(f, ...) \
  for (std::size_t i = 0; i < rounds; ++i) __asm__ volatile(QMATH_BENCH_16(f) : : : __VA_ARGS__)
#define QMATH_BENCH_XMM                                                                    \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
      "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

// The assembler knows every instruction; whether the CPU does is checked before.
#define QMATH_BENCH_VNNI_512(r) "vpdpbusd %%zmm17, %%zmm16, %%zmm" #r "\n\t"
#define QMATH_BENCH_VNNI_256(r) "%{vex%} vpdpbusd %%ymm" #r ", %%ymm" #r ", %%ymm" #r "\n\t"
#define QMATH_BENCH_MADD_512(r) "vpmaddwd %%zmm17, %%zmm16, %%zmm" #r "\n\t"
#define QMATH_BENCH_MADD_256(r) "vpmaddwd %%ymm" #r ", %%ymm" #r ", %%ymm" #r "\n\t"
#define QMATH_BENCH_MADD_128(r) "pmaddwd %%xmm" #r ", %%xmm" #r "\n\t"

__attribute__((target("avx512f"))) void vnni_512() {
  QMATH_BENCH_LOOP(QMATH_BENCH_VNNI_512, QMATH_BENCH_XMM, "xmm16", "xmm17");
}
__attribute__((target("avx512f"))) void madd_512() {
  QMATH_BENCH_LOOP(QMATH_BENCH_MADD_512, QMATH_BENCH_XMM, "xmm16", "xmm17");
}
__attribute__((target("avx2"))) void vnni_256() {
  QMATH_BENCH_LOOP(QMATH_BENCH_VNNI_256, QMATH_BENCH_XMM);
}
__attribute__((target("avx2"))) void madd_256() {
  QMATH_BENCH_LOOP(QMATH_BENCH_MADD_256, QMATH_BENCH_XMM);
}
void madd_128() { QMATH_BENCH_LOOP(QMATH_BENCH_MADD_128, QMATH_BENCH_XMM); }

struct heart {
  void (*loop)();
  std::size_t operations;  // of one instruction, a product and a sum each
};

heart heart_of(std::string_view target) {
  switch (bench::level_of(target)) {
    case bench::level::avx512: return target == "AVX3" ? heart{madd_512, 64} : heart{vnni_512, 128};
    case bench::level::avx2: return target == "AVX2" ? heart{madd_256, 32} : heart{vnni_256, 64};
    case bench::level::none: return {nullptr, 0};
    default: return {madd_128, 16};
  }
}

void add_instruction_bounds(const char* type) {
  for (const char* target : qmath::cpu::supported_targets()) {
    const heart h = heart_of(target);
    if (h.loop == nullptr) continue;
    bench::add("gemm", type, std::string(target) + "_instruction_bound", {},
               [=](benchmark::State& state) {
                 bench::run(state, h.operations * instructions * rounds, 0, [&] { h.loop(); });
               });
  }
}

#else
void add_instruction_bounds(const char*) {}
#endif

const bool registered = bench::at_start([] {
  for (const bench::product& p : bench::products) {
    add_instruction_bounds(p.name);
    for (const bench::shape& s : bench::shapes) {
      if (s.m != 1) continue;
      bench::add("gemm", p.name, "read_bound", s.name(), [=](benchmark::State& state) {
        const auto* b = reinterpret_cast<const char*>(bench::b_of(s).data);
        bench::run(state, s.operations(), s.n * s.k,
                   [&] { benchmark::DoNotOptimize(bench::read(b, s.n * s.k)); });
      });
    }
  }
});

}  // namespace
