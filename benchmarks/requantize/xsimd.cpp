// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The pieces of simd/xsimd.hpp in a loop of the caller's, for the architecture of this file's flags.
#include <cstring>
#include <qmath/simd/xsimd.hpp>

#include "requantize/cases.hpp"

namespace {

using batch = xsimd::batch<std::int32_t>;
namespace simd = qmath::simd;

template <class Q>
void requantize(const std::int32_t* acc, std::size_t n, qmath::requantize_params p, Q* q) {
  constexpr std::size_t lanes = batch::size;
  const simd::requantizer<Q> requantizer(p);
  const auto at = [&](std::size_t i) __attribute__((always_inline)) {
    return simd::requantize(batch::load_unaligned(acc + i), requantizer);
  };
  std::size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    simd::store(q + i, at(i), at(i + lanes), at(i + 2 * lanes), at(i + 3 * lanes));
  }
  for (; i + lanes <= n; i += lanes) simd::store(q + i, at(i));
  // What is left: in memory of whole batches.
  if (i < n) {
    std::int32_t rest[lanes] = {};
    Q codes[lanes];
    std::memcpy(rest, acc + i, (n - i) * sizeof(*acc));
    simd::store(codes, simd::requantize(batch::load_unaligned(rest), requantizer));
    std::memcpy(q + i, codes, n - i);
  }
}

template <class Q>
void requantize(benchmark::State& state, const bench::requantize_case& c, std::size_t n) {
  state.SetLabel(xsimd::default_arch::name());
  const std::int32_t* acc = bench::integer_input<std::int32_t>();
  Q* q = bench::output<Q>();
  const qmath::requantize_params p = bench::real_params(c);
  if (c.where.what == bench::layout::shape::tensor) {
    return bench::run(state, n, 5 * n, [&] { requantize(acc, n, p, q); });
  }
  const std::span multipliers = bench::near(p.multiplier, c.where.of(n).count());
  bench::run(state, n, 5 * n, [&] {
    for (std::size_t i = 0, r = 0; i < n; i += c.where.size, ++r) {
      requantize(acc + i, c.where.size, {multipliers[r], p.zero_point}, q + i);
    }
  });
}

const bool registered = bench::at_start([] {
  for (const bench::requantize_case& c : bench::requantize_cases) {
    if (!c.is_default() || c.where.what == bench::layout::shape::column) continue;
    for (const std::size_t size : c.sizes()) {
      bench::add("requantize", c.name(), "xsimd", std::to_string(size),
                 [=](benchmark::State& state) {
                   const std::size_t n = c.where.elements(size);
                   c.to.index() == 0 ? requantize<std::int8_t>(state, c, n)
                                     : requantize<std::uint8_t>(state, c, n);
                 });
    }
  }
});

}  // namespace
