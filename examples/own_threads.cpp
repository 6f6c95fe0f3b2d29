// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Your threads: qmath starts none, and every call may be cut into parts for them. The results are the same bits.
// Products of matrices have plans for that: examples/gemm.cpp, gemm_openmp.cpp, gemm_tbb.cpp.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <span>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t threads = 3;

/// f(first, last) on each thread, for its share of n.
template <class F>
void share(std::size_t n, const F& f) {
  std::vector<std::thread> others;
  for (std::size_t t = 1; t < threads; ++t) {
    others.emplace_back([&f, n, t] { f(n * t / threads, n * (t + 1) / threads); });
  }
  f(0, n / threads);
  for (std::thread& thread : others) thread.join();
}

}  // namespace

int main() {
  constexpr std::size_t tokens = 100, in = 256, out = 80;
  std::vector<float> x(tokens * in), w(out * in);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i) * 0.7f);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = std::cos(static_cast<float>(i) * 0.3f);

  // An array with one scale: ranges of parts merge, codes of parts stand side by side.
  std::vector<qmath::value_range> ranges(tokens);
  share(tokens, [&](std::size_t first, std::size_t last) {
    for (std::size_t t = first; t < last; ++t) {
      ranges[t] = qmath::min_max(std::span(x).subspan(t * in, in));
    }
  });
  qmath::value_range range;
  for (const qmath::value_range& r : ranges) range = qmath::merge(range, r);
  const qmath::affine_params params = qmath::choose_params<std::uint8_t>(range);
  std::vector<std::uint8_t> q(x.size()), q_alone(x.size());
  share(x.size(), [&](std::size_t first, std::size_t last) {
    qmath::quantize(std::span(x).subspan(first, last - first), params,
                    std::span(q).subspan(first, last - first));
  });
  const bool same_params = qmath::dynamic_quantize(x, q_alone) == params && q == q_alone;

  // Stochastic rounding: the offset is the position of the part.
  qmath::quantize_options options{.random = {.seed = 1}};
  options.rules.round = qmath::rounding::stochastic;
  qmath::quantize(x, params, q_alone, options);
  share(x.size(), [&](std::size_t first, std::size_t last) {
    qmath::quantize_options own = options;
    own.random.offset = first;
    qmath::quantize(std::span(x).subspan(first, last - first), params,
                    std::span(q).subspan(first, last - first), own);
  });
  const bool same_random = q == q_alone;

  // A linear layer: rows are independent; each thread has rows and scratch of its own.
  std::vector<float> w_scales(out);
  std::vector<std::int8_t> w_q(w.size());
  qmath::dynamic_quantize(w, qmath::per_row(out, in), w_scales, {}, w_q, qmath::symmetric);
  const auto packed = qmath::packed_weights::transposed(qmath::matrix_view(w_q.data(), out, in));
  const qmath::to_float epilogue{.b_scales = w_scales};
  std::vector<float> y(tokens * out), y_alone(tokens * out);
  const auto linear = [&](std::vector<float>& to, std::size_t first, std::size_t last) {
    std::vector<std::byte> scratch(qmath::dynamic_linear_scratch(last - first, in));
    qmath::dynamic_linear(qmath::matrix_view(&x[first * in], last - first, in), packed, epilogue,
                          qmath::matrix_view(&to[first * out], last - first, out), scratch);
  };
  share(tokens, [&](std::size_t first, std::size_t last) { linear(y, first, last); });
  linear(y_alone, 0, tokens);
  const bool same_linear = y == y_alone;

  std::printf("on %zu threads: codes %s, stochastic rounding %s, linear layer %s\n", threads,
              same_params ? "ok" : "WRONG", same_random ? "ok" : "WRONG",
              same_linear ? "ok" : "WRONG");
  return same_params && same_random && same_linear ? 0 : 1;
}
