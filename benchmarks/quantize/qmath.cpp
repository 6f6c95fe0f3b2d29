// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "quantize/cases.hpp"

namespace {

template <class X, class Q>
void quantize(benchmark::State& state, const bench::quantize_case& c, std::size_t n) {
  const std::span x(bench::real_input<X>(), n);
  const auto q = bench::codes_out<Q>(n);
  const std::size_t bytes = n * sizeof(X) + qmath::storage_bytes<Q>(n);
  const qmath::quantize_options options{.rules = c.rules, .codes = c.codes};
  if (c.dynamic) {
    const qmath::granularity layout = c.where.of(n);
    std::vector<float> scales(layout.count());
    bench::run(state, n, bytes, [&] {
      qmath::dynamic_quantize(x, layout, scales, {}, q, qmath::symmetric, options);
    });
  } else if (c.where.what == bench::layout::shape::tensor) {
    const qmath::affine_params p = bench::tensor_params<Q>();
    bench::run(state, n, bytes, [&] { qmath::quantize(x, p, q, options); });
  } else {
    const qmath::channel_params p = bench::channel_params<Q>(c.where, n);
    bench::run(state, n, bytes, [&] { qmath::quantize(x, p, q, options); });
  }
}

const bool registered = bench::at_start([] {
  for (const bench::quantize_case& c : bench::quantize_cases) {
    for (const std::size_t size : c.sizes()) {
      bench::add_targets("quantize", c.name(), std::to_string(size), [=](benchmark::State& state) {
        std::visit(
            [&]<class X, class Q>(bench::type<X>, bench::type<Q>) {
              if constexpr (!std::same_as<Q, std::int32_t>) {
                quantize<X, Q>(state, c, c.where.elements(size));
              }
            },
            c.from, c.to);
      });
    }
  }
});

}  // namespace
