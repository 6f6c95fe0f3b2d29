// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// B has been packed beforehand, as it is for weights.
#include "gemm/gemm.hpp"

namespace {

template <class A>
void multiply(benchmark::State& state, const bench::product& p, const bench::shape& s,
              qmath::matrix_view<const A> a, std::int32_t a_zero_point,
              const qmath::packed_matrix& b) {
  const bench::epilogues epilogues(s.n);
  if (p.output == bench::product::to_s32) {
    const qmath::matrix_view c(bench::output<std::int32_t>(), s.m, s.n);
    bench::run(state, s.operations(), s.bytes(4), [&] { qmath::gemm(a, {a_zero_point}, b, c); });
  } else if (p.output == bench::product::to_f32) {
    const qmath::to_float epilogue = epilogues.to_float();
    const qmath::matrix_view c(bench::output<float>(), s.m, s.n);
    bench::run(state, s.operations(), s.bytes(4),
               [&] { qmath::gemm(a, {a_zero_point}, b, epilogue, c); });
  } else {
    const qmath::to_quantized epilogue = epilogues.to_quantized();
    const qmath::matrix_view c(bench::output<A>(), s.m, s.n);
    bench::run(state, s.operations(), s.bytes(1),
               [&] { qmath::gemm(a, {a_zero_point}, b, epilogue, c); });
  }
}

const bool registered = bench::at_start([] {
  for (const bench::product& p : bench::products) {
    for (const bench::shape& s : bench::shapes) {
      bench::add_targets("gemm", p.name, s.name(), [=](benchmark::State& state) {
        const qmath::packed_matrix b = qmath::pack(bench::b_of(s), bench::packed_memory(s));
        bench::with_a(p, s, [&](auto a, std::int32_t a_zero_point) {
          multiply(state, p, s, a, a_zero_point, b);
        });
      });
    }
  }
});

}  // namespace
