// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Of packing, a copy of the same bytes. The floor is half of it.
#include "pack/pack.hpp"
#include "support/bounds.hpp"

namespace {

const bool registered = bench::at_start([] {
  for (const char* type : bench::pack_types) {
    for (const std::size_t n : bench::pack_sizes) {
      bench::add("pack", type, "copy_bound", bench::pack_name(n), [=](benchmark::State& state) {
        bench::copy(state, n * n, bench::integer_input<std::int8_t>(), n * n, n * n);
      });
    }
  }
});

}  // namespace
