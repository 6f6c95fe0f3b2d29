// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Two threads, which are started for every product. By the clock on the wall: it needs two cores with nothing else
// to do.
#include <qmath/thread_executor.hpp>

#include "gemm/gemm.hpp"

namespace {

void multiply(benchmark::State& state, const char* target, const bench::shape& s) {
  const bench::target_scope scope(target);
  const qmath::packed_matrix b = qmath::pack(bench::b_of(s), bench::packed_memory(s));
  const qmath::matrix_view<const std::uint8_t> a(bench::integer_input<std::uint8_t>(), s.m, s.k);
  const qmath::matrix_view c(bench::output<std::int32_t>(), s.m, s.n);
  const qmath::thread_executor threads(2);
  bench::run(state, s.operations(), s.bytes(4),
             [&] { qmath::run(qmath::plan_gemm(a, {.a = 131}, b, qmath::to_sums{}, c), threads); });
}

const bool registered = bench::at_start([] {
  for (const char* target : qmath::cpu::supported_targets()) {
    for (const bench::shape& s : {bench::shape{512, 512, 512}, bench::shape{1024, 1024, 1024}}) {
      bench::add("gemm", "u8s8_two_threads", target, s.name(), [=](benchmark::State& state) {
        multiply(state, target, s);
      })->UseRealTime();
    }
  }
});

}  // namespace
