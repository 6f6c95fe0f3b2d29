// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A histogram adds 1 to a counter in memory for each element: a load, an addition and a store, whatever the
// target. So its bound is a loop that does that and nothing else, with places of 16 bits that are there already.
// Four tables of 16-bit counters in turn, as neighbours of one value would wait for each other's store otherwise;
// they are neither cleared nor added up.
//
// The range comes with every element, too, as reading does; both are far below that.
#include "support/bounds.hpp"

namespace {

constexpr std::size_t bins = 2048;

void count(const std::uint16_t* places, std::size_t n, std::uint16_t (*counts)[bins]) {
  for (std::size_t i = 0; i < n; i += 4) {
    ++counts[0][places[i]];
    ++counts[1][places[i + 1]];
    ++counts[2][places[i + 2]];
    ++counts[3][places[i + 3]];
  }
}

const bool registered = bench::at_start([] {
  for (const char* type : {"f32", "f32_row_4096"}) {
    bench::add("observe", type, "count_bound", {}, [](benchmark::State& state) {
      constexpr std::size_t n = bench::bound_size;
      std::vector<std::uint16_t> places(n);
      for (std::size_t i = 0; i < n; ++i) {
        places[i] = static_cast<std::uint16_t>((bench::float_input()[i] + 8.0f) * 128.0f);
      }
      static std::uint16_t counts[4][bins];
      bench::run(state, n, 4 * n, [&] { count(places.data(), n, counts); });
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
