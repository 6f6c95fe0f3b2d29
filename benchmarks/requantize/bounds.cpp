// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "requantize/cases.hpp"
#include "support/isa.hpp"

namespace {

enum class rounds { real, once, twice };

struct parameters {
  float multiplier = 1.0f;
  qmath::fixed_point_multiplier fixed = {1, 40};
  bool twice = false;
  std::int32_t z, z_in;

  explicit parameters(qmath::requantize_params p)
      : multiplier(p.multiplier), z(p.zero_point), z_in(p.input_zero_point) {}
  explicit parameters(qmath::fixed_point_params p)
      : fixed(p.multiplier),
        twice(p.rule == qmath::fixed_point_rule::double_rounding),
        z(p.zero_point),
        z_in(p.input_zero_point) {}
};

#define QMATH_BENCH_LOOPS "requantize/loops.hpp"
#include "support/foreach_level.hpp"

bool has_instruction_bound(const bench::requantize_case& c, bench::level level) {
  if (level == bench::level::none || c.to.index() > 1) return false;
  return c.how == bench::convention::fp32 || level >= bench::level::sse4;
}

#if QMATH_BENCH_X86

template <rounds How, class In, class Q>
void requantize(bench::level level, const In* in, std::size_t n, const parameters& p, Q* q) {
  switch (level) {
    case bench::level::avx512: return on_avx512::requantize<bench::avx512, How>(in, n, p, q);
    case bench::level::avx2: return on_avx2::requantize<bench::avx2, How>(in, n, p, q);
    case bench::level::sse4: return on_sse4::requantize<bench::sse4, How>(in, n, p, q);
    default:
      if constexpr (How == rounds::real) on_sse2::requantize<bench::sse2, How>(in, n, p, q);
  }
}

template <class In, class Q>
void instruction_bound(benchmark::State& state, const bench::requantize_case& c, bench::level level,
                       std::size_t n) {
  const std::span in(bench::integer_input<In>(), n);
  auto* q = bench::output<Q>();
  std::vector<Q> expected(n);
  const auto time = [&](const auto& f) { bench::run(state, n, n * (sizeof(In) + 1), f); };
  if (c.how == bench::convention::fp32) {
    const parameters p(bench::real_params(c));
    time([&] { requantize<rounds::real>(level, in.data(), n, p, q); });
    qmath::requantize(in, bench::real_params(c), expected);
  } else {
    const qmath::fixed_point_params fixed = bench::fixed_params(c, bench::multiplier_of(c));
    const parameters p(fixed);
    if (p.twice) {
      time([&] { requantize<rounds::twice>(level, in.data(), n, p, q); });
    } else {
      time([&] { requantize<rounds::once>(level, in.data(), n, p, q); });
    }
    qmath::requantize(in, fixed, expected);
  }
  // A bound that computes something else would be none.
  if (std::memcmp(q, expected.data(), n) != 0) state.SkipWithError("wrong result");
}

#else
template <class In, class Q>
void instruction_bound(benchmark::State&, const bench::requantize_case&, bench::level,
                       std::size_t) {}
#endif

const bool registered = bench::at_start([] {
  for (const bench::requantize_case& c : bench::requantize_cases) {
    if (c.small_calls) continue;
    bench::add_instruction_bounds(
        "requantize", c.name(), [=](bench::level level) { return has_instruction_bound(c, level); },
        [=](benchmark::State& state, bench::level level) {
          std::visit(
              [&]<class In, class Q>(bench::type<In>, bench::type<Q>) {
                constexpr bool sums = std::same_as<In, std::int32_t>;
                if constexpr ((sums || bench::is_8_bit<In>) && bench::is_8_bit<Q>) {
                  instruction_bound<In, Q>(state, c, level, c.where.elements(bench::bound_size));
                }
              },
              c.from, c.to);
        });
    for (const std::size_t size : c.sizes()) {
      bench::add("requantize", c.name(), "copy_bound", std::to_string(size),
                 [=](benchmark::State& state) {
                   const std::size_t n = c.where.elements(size);
                   std::visit(
                       [&]<class In, class Q>(bench::type<In>, bench::type<Q>) {
                         bench::copy(state, n, bench::memory_of(bench::codes_in<In>(n)),
                                     qmath::storage_bytes<In>(n), qmath::storage_bytes<Q>(n));
                       },
                       c.from, c.to);
                 });
    }
  }
});

}  // namespace
