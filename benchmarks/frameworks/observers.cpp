// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// qmath's part of scripts/bench_observers, which makes a shared library of this file.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <qmath/qmath.hpp>
#include <span>
#include <string_view>

namespace {

using histogram = qmath::histogram_observer<2048>;

histogram seen;           // of the first call of observers_begin
volatile double ignored;  // results, so that they are computed

template <class Call>
double seconds(int times, const Call& call) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) call();
  const std::chrono::duration<double> all = std::chrono::steady_clock::now() - start;
  return all.count() / times;
}

template <class Search>
double seconds_of_search(int times, const Search& search) {
  return seconds(times, [&] { ignored = search(seen).max; });
}

}  // namespace

extern "C" {

const char* observers_begin(const float* x, std::size_t n) {
  qmath::observe(seen, std::span(x, n));
  return qmath::cpu::active_target();
}

/// Seconds that one of `times` calls takes; negative for a name that is none.
double observers_time(const char* name, const float* x, std::size_t n, int times) {
  const std::string_view what = name;
  if (what == "min_max")
    return seconds(times, [&] { ignored = qmath::min_max(std::span(x, n)).max; });
  if (what == "histogram") {
    static histogram h;
    return seconds(times, [&] {
      qmath::reset(h);
      qmath::observe(h, std::span(x, n));
    });
  }
  if (what == "later") {
    static histogram h = seen;
    return seconds(times, [&] { qmath::observe(h, std::span(x, n)); });
  }
  for (const bool symmetric : {true, false}) {
    const qmath::scheme how = symmetric ? qmath::symmetric : qmath::affine;
    const std::string_view scheme = symmetric ? "_symmetric" : "_affine";
    if (!what.ends_with(scheme)) continue;
    const std::string_view search = what.substr(0, what.size() - scheme.size());
    if (search == "entropy") {
      return seconds_of_search(
          times, [&](const histogram& h) { return qmath::entropy_range<std::int8_t>(h, how); });
    }
    if (search == "mse") {
      return seconds_of_search(
          times, [&](const histogram& h) { return qmath::mse_range<std::int8_t>(h, how); });
    }
  }
  if (what == "percentile") {
    return seconds_of_search(
        times, [](const histogram& h) { return qmath::percentile(h, 0.00001, 0.99999); });
  }
  if (what == "absmax_percentile") {
    return seconds_of_search(
        times, [](const histogram& h) { return qmath::absmax_percentile(h, 0.99999); });
  }
  return -1.0;
}

}  // extern "C"
