// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Elements per second, sums of columns and the checksum included.
#include "pack/pack.hpp"

namespace {

void pack(benchmark::State& state, std::string_view type, std::size_t n) {
  const std::span memory(bench::output<std::byte>(), qmath::packed_size(n, n));
  const qmath::matrix_view<const std::int8_t> b(bench::integer_input<std::int8_t>(), n, n);
  const qmath::matrix_view<const std::uint8_t> u(bench::integer_input<std::uint8_t>(), n, n);
  bench::run(state, n * n, 2 * n * n, [&] {
    const qmath::packed_matrix packed = type == "s8"   ? qmath::pack(b, memory)
                                        : type == "u8" ? qmath::pack(u, memory)
                                                       : qmath::pack_transposed(b, memory);
    benchmark::DoNotOptimize(packed.panels);
  });
}

const bool registered = bench::at_start([] {
  for (const char* type : bench::pack_types) {
    for (const std::size_t n : bench::pack_sizes) {
      bench::add_targets("pack", type, bench::pack_name(n),
                         [=](benchmark::State& state) { pack(state, type, n); });
    }
  }
});

}  // namespace
