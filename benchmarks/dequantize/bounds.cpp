// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "dequantize/cases.hpp"
#include "support/isa.hpp"

namespace {

#define QMATH_BENCH_LOOPS "dequantize/loops.hpp"
#include "support/foreach_level.hpp"

bool has_instruction_bound(const bench::dequantize_case& c, bench::level level) {
  const std::size_t from = c.from.index();
  if (level == bench::level::none || from == bench::any_code(bench::s16).index() ||
      from == bench::any_code(bench::s32).index()) {
    return false;
  }
  if (c.to.index() != 0) return level >= bench::level::avx2;
  return from < 2 || level >= bench::level::sse4;
}

#if QMATH_BENCH_X86

template <class Q, class X>
void dequantize(bench::level level, const Q* q, std::size_t n, qmath::affine_params p, X* x) {
  if (level == bench::level::avx512) {
    on_avx512::dequantize<bench::avx512>(q, n, p, x);
  } else if (level == bench::level::avx2) {
    on_avx2::dequantize<bench::avx2>(q, n, p, x);
  } else if constexpr (std::same_as<X, float>) {
    if (level == bench::level::sse4) {
      on_sse4::dequantize<bench::sse4>(q, n, p, x);
    } else if constexpr (!qmath::packed_integer<Q>) {
      on_sse2::dequantize<bench::sse2>(q, n, p, x);
    }
  }
}

template <class Q, class X>
void instruction_bound(benchmark::State& state, bench::level level, std::size_t n) {
  const qmath::affine_params p = bench::tensor_params<Q>();
  const auto q = bench::codes_in<Q>(n);
  const Q* codes = static_cast<const Q*>(bench::memory_of(q));
  auto* x = bench::output<X>();
  bench::run(state, n, n * sizeof(X) + qmath::storage_bytes<Q>(n),
             [&] { dequantize(level, codes, n, p, x); });
  // A bound that computes something else would be none.
  std::vector<X> expected(n);
  qmath::dequantize(q, p, expected);
  if (std::memcmp(x, expected.data(), n * sizeof(X)) != 0) state.SkipWithError("wrong result");
}

#else
template <class Q, class X>
void instruction_bound(benchmark::State&, bench::level, std::size_t) {}
#endif

const bool registered = bench::at_start([] {
  for (const bench::dequantize_case& c : bench::dequantize_cases) {
    if (c.small_calls) continue;
    bench::add_instruction_bounds(
        "dequantize", c.name(), [=](bench::level level) { return has_instruction_bound(c, level); },
        [=](benchmark::State& state, bench::level level) {
          std::visit(
              [&]<class Q, class X>(bench::type<Q>, bench::type<X>) {
                if constexpr (bench::is_8_bit<Q> || qmath::packed_integer<Q>) {
                  instruction_bound<Q, X>(state, level, c.where.elements(bench::bound_size));
                }
              },
              c.from, c.to);
        });
    for (const std::size_t size : c.sizes()) {
      bench::add("dequantize", c.name(), "copy_bound", std::to_string(size),
                 [=](benchmark::State& state) {
                   const std::size_t n = c.where.elements(size);
                   std::visit(
                       [&]<class Q, class X>(bench::type<Q>, bench::type<X>) {
                         bench::copy(state, n, bench::memory_of(bench::codes_in<Q>(n)),
                                     qmath::storage_bytes<Q>(n), n * sizeof(X));
                       },
                       c.from, c.to);
                 });
    }
  }
});

}  // namespace
