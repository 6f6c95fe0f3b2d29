// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A histogram adds 1 to a counter in memory for each element: a load, an addition and a store, whatever the
// target. So its bound is a loop that does that and nothing else, with places that are there already, two of
// them in each load. Four tables of counters in turn, as neighbours of one value would wait for each other's
// store otherwise; they are neither cleared nor added up, and of 32 bits.
//
// The range comes with every element, too, as reading does; both are far below that.
#include "support/bounds.hpp"

namespace {

constexpr std::size_t bins = 2048;

void count(const std::uint32_t* pairs, std::size_t n, std::uint32_t (*counts)[bins]) {
  for (std::size_t i = 0; i < n / 2; i += 2) {
    const std::uint32_t a = pairs[i], b = pairs[i + 1];
    ++counts[0][a & 0xFFFF];
    ++counts[1][a >> 16];
    ++counts[2][b & 0xFFFF];
    ++counts[3][b >> 16];
  }
}

const bool registered = bench::at_start([] {
  for (const char* type : {"f32", "f32_row_4096"}) {
    bench::add("observe", type, "count_bound", {}, [](benchmark::State& state) {
      constexpr std::size_t n = bench::bound_size;
      std::vector<std::uint32_t> pairs(n / 2);
      const auto place = [](float x) { return static_cast<std::uint32_t>((x + 8.0f) * 128.0f); };
      for (std::size_t i = 0; i < n / 2; ++i) {
        const float* x = bench::float_input() + 2 * i;
        pairs[i] = place(x[0]) | place(x[1]) << 16;
      }
      static std::uint32_t counts[4][bins];
      bench::run(state, n, 4 * n, [&] { count(pairs.data(), n, counts); });
    });
    for (const std::size_t n : bench::level_sizes) {
      bench::add("observe", type, "read_bound", std::to_string(n), [=](benchmark::State& state) {
        const auto* in = reinterpret_cast<const char*>(bench::float_input());
        bench::run(state, n, 4 * n, [&] { benchmark::DoNotOptimize(bench::read(in, 4 * n)); });
      });
    }
  }
});

}  // namespace
