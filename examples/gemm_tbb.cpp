// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A GEMM on the threads of oneTBB.
#include <tbb/parallel_for.h>

#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <vector>

int main() {
  constexpr std::size_t m = 300, n = 400, k = 500;
  const std::vector<std::uint8_t> a(m * k, 200);
  const std::vector<std::int8_t> b(k * n, -7);
  const qmath::packed_weights packed(qmath::matrix_view(b.data(), k, n));
  std::vector<std::int32_t> c(m * n);

  const auto executor = [](std::size_t parts, const auto& f) {
    tbb::parallel_for(std::size_t{0}, parts, f);
  };
  const auto plan = qmath::plan_gemm(qmath::matrix_view(a.data(), m, k), {.a = 100}, packed,
                                     qmath::to_sums{}, qmath::matrix_view(c.data(), m, n));
  qmath::run(plan, executor);

  const bool right = c == std::vector<std::int32_t>(m * n, 500 * 100 * -7);
  std::printf("%zu tasks: %s\n", plan.tasks(), right ? "ok" : "WRONG");
  return right ? 0 : 1;
}
