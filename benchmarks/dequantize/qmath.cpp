// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "dequantize/cases.hpp"

namespace {

template <class Q, class X>
void dequantize(benchmark::State& state, const bench::dequantize_case& c, std::size_t n) {
  const auto q = bench::codes_in<Q>(n);
  const std::span x(bench::output<X>(), n);
  const std::size_t bytes = n * sizeof(X) + qmath::storage_bytes<Q>(n);
  if (c.where.what == bench::layout::shape::tensor) {
    const qmath::affine_params p = bench::tensor_params<Q>();
    bench::run(state, n, bytes, [&] { qmath::dequantize(q, p, x); });
  } else {
    const qmath::channel_params p = bench::channel_params<Q>(c.where, n);
    bench::run(state, n, bytes, [&] { qmath::dequantize(q, p, x); });
  }
}

const bool registered = bench::at_start([] {
  for (const bench::dequantize_case& c : bench::dequantize_cases) {
    for (const std::size_t size : c.sizes()) {
      bench::add_targets("dequantize", c.name(), std::to_string(size),
                         [=](benchmark::State& state) {
                           std::visit(
                               [&]<class Q, class X>(bench::type<Q>, bench::type<X>) {
                                 dequantize<Q, X>(state, c, c.where.elements(size));
                               },
                               c.from, c.to);
                         });
    }
  }
});

}  // namespace
