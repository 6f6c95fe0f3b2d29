// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// dynamic_linear, and the GEMM that is in it alone, from codes, scales and zero points that are there already:
// types that end in _gemm. Floor, for n >= 1024: 0.9 of that.
#include "gemm/gemm.hpp"

namespace {

// Also attention's, with fewer columns, and one token.
constexpr bench::shape shapes[] = {{128, 1024, 1024}, {128, 3072, 768}, {128, 768, 3072},
                                   {16, 4096, 4096},  {1, 4096, 4096},  {1, 1024, 1024},
                                   {512, 1024, 256},  {128, 256, 1024}};

template <class Q>
void linear(benchmark::State& state, const bench::shape& s, const qmath::scheme& how,
            bool gemm_alone) {
  const qmath::packed_weights w(bench::b_of(s));
  const std::vector<float> b_scales(s.n, 0.01f), bias(s.n, 0.5f);
  const qmath::to_float epilogue{.b_scales = b_scales, .bias = bias};
  const qmath::matrix_view<const float> x(bench::float_input(), s.m, s.k);
  const qmath::matrix_view y(bench::output<float>(), s.m, s.n);
  const std::size_t bytes = 4 * s.m * s.k + s.k * s.n + 4 * s.m * s.n;
  if (!gemm_alone) {
    std::vector<std::byte> scratch(qmath::dynamic_linear_scratch(s.m, s.k));
    return bench::run(state, s.operations(), bytes,
                      [&] { qmath::dynamic_linear(x, w, epilogue, y, scratch, how); });
  }
  std::vector<Q> codes(s.m * s.k);
  std::vector<float> scales(s.m);
  std::vector<std::int32_t> zero_points(how.symmetric ? 0 : s.m);
  qmath::dynamic_quantize(std::span(x.data, s.m * s.k), qmath::per_row(s.m, s.k), scales,
                          zero_points, codes, how);
  qmath::to_float e = epilogue;
  e.a_scales = scales;
  const qmath::matrix_view<const Q> a(codes.data(), s.m, s.k);
  bench::run(state, s.operations(), bytes,
             [&] { qmath::gemm(a, {.a_rows = zero_points}, w, e, y); });
}

const bool registered = bench::at_start([] {
  for (const bool alone : {false, true}) {
    for (const bench::shape& s : shapes) {
      const std::string end = alone ? "_gemm" : "";
      bench::add_targets("linear", "f32_affine" + end, s.name(), [=](benchmark::State& state) {
        linear<std::uint8_t>(state, s, qmath::affine, alone);
      });
      bench::add_targets("linear", "f32_symmetric" + end, s.name(), [=](benchmark::State& state) {
        linear<std::int8_t>(state, s, qmath::symmetric, alone);
      });
    }
  }
});

}  // namespace
