// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Searches per second in a histogram of 2048 bins and 2^20 numbers, near normal. Nothing is known to bound them.
#include "support/bench.hpp"

namespace {

const qmath::histogram_observer<>& seen() {
  static const qmath::histogram_observer<>* const histogram = [] {
    static qmath::histogram_observer<> h;
    constexpr std::size_t n = std::size_t{1} << 20;
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < 12; ++j) x[i] += bench::float_input()[12 * i + j];
    }
    qmath::observe(h, x);
    return &h;
  }();
  return *histogram;
}

/// The loops are the same for all targets.
template <class F>
void add(std::string_view type, const F& search) {
  bench::add("search", type, qmath::cpu::active_target(), "2048", [=](benchmark::State& state) {
    bench::run(state, 1, 0, [&] { benchmark::DoNotOptimize(search(seen())); });
  });
}

const bool registered = bench::at_start([] {
  using histogram = qmath::histogram_observer<>;
  for (const bool symmetric : {true, false}) {
    const qmath::scheme how = symmetric ? qmath::symmetric : qmath::affine;
    const std::string end = symmetric ? "_symmetric" : "_affine";
    add("mse_s8" + end, [=](const histogram& h) { return qmath::mse_range<std::int8_t>(h, how); });
    add("entropy_s8" + end,
        [=](const histogram& h) { return qmath::entropy_range<std::int8_t>(h, how); });
  }
  add("percentile", [](const histogram& h) { return qmath::percentile(h, 0.0001, 0.9999); });
});

}  // namespace
