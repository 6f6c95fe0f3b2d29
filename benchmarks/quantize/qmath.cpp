// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "support/bench.hpp"

namespace {

template <class Q>
void add(const bench::kind& kind) {
  for (const std::size_t n : kind.sizes()) {
    bench::add_targets("quantize", kind.name, std::to_string(n), [=](benchmark::State& state) {
      const std::span x(bench::float_input(), n);
      const std::span q(bench::output<Q>(), n);
      if (kind.per_row) {
        const qmath::channel_params p{
            bench::row_scales(n), {}, qmath::per_row(n / bench::row, bench::row)};
        bench::run(state, n, 5 * n, [&] { qmath::quantize(x, p, q); });
      } else {
        const qmath::affine_params p{bench::scale, bench::zero_point};
        bench::run(state, n, 5 * n, [&] { qmath::quantize(x, p, q); });
      }
    });
  }
}

const bool registered = bench::at_start([] {
  for (const bench::kind& kind : bench::kinds) {
    kind.is_signed ? add<std::int8_t>(kind) : add<std::uint8_t>(kind);
  }
});

}  // namespace
