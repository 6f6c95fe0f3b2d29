// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "requantize/cases.hpp"

namespace {

template <class In, class Q>
void requantize(benchmark::State& state, const bench::requantize_case& c, std::size_t n) {
  const std::span in(bench::integer_input<In>(), n);
  const std::span q(bench::output<Q>(), n);
  const auto time = [&](const auto& p) {
    bench::run(state, n, n * (sizeof(In) + sizeof(Q)), [&] { qmath::requantize(in, p, q); });
  };
  const bool real = c.how == bench::convention::fp32;
  const bool one = c.where.what == bench::layout::shape::tensor;
  const float multiplier = bench::multiplier_of(c);
  if (one) {
    return real ? time(bench::real_params(c)) : time(bench::fixed_params(c, multiplier));
  }
  const qmath::granularity layout = c.where.of(n);
  const std::span multipliers = bench::near(multiplier, layout.count());
  if (real) {
    const qmath::requantize_params p = bench::real_params(c);
    return time(
        qmath::channel_requantize_params{multipliers, layout, p.zero_point, p.input_zero_point});
  }
  std::vector<qmath::fixed_point_multiplier> fixed;
  for (const float m : multipliers) fixed.push_back(bench::fixed_params(c, m).multiplier);
  const qmath::fixed_point_params p = bench::fixed_params(c, multiplier);
  time(qmath::channel_fixed_point_params{fixed, layout, p.rule, p.zero_point, p.input_zero_point});
}

const bool registered = bench::at_start([] {
  for (const bench::requantize_case& c : bench::requantize_cases) {
    for (const std::size_t size : c.sizes()) {
      bench::add_targets(
          "requantize", c.name(), std::to_string(size), [=](benchmark::State& state) {
            std::visit(
                [&]<class In, class Q>(bench::type<In>, bench::type<Q>) {
                  if constexpr (!qmath::packed_integer<In> && !qmath::packed_integer<Q>) {
                    requantize<In, Q>(state, c, c.where.elements(size));
                  }
                },
                c.from, c.to);
          });
    }
  }
});

}  // namespace
