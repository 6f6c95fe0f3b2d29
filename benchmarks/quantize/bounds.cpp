// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
#include "quantize/cases.hpp"
#include "support/isa.hpp"

namespace {

struct parameters {
  float hi, r, r2, scale;
  std::int32_t z;
  qmath::code_range codes;

  explicit parameters(qmath::affine_params p, qmath::code_range used = {}, bool product = false)
      : hi(product ? 512.0f : 512.0f * p.scale),
        r(1.0f / p.scale),
        r2(0.0f),
        scale(p.scale),
        z(p.zero_point),
        codes(used) {
    const auto s = static_cast<double>(p.scale);
    r2 = static_cast<float>((1.0 - static_cast<double>(r) * s) / s);
  }
};

#define QMATH_BENCH_LOOPS "quantize/loops.hpp"
#include "support/foreach_level.hpp"

bool has_instruction_bound(const bench::quantize_case& c, bench::level level) {
  if (c.rules.round != qmath::rounding::nearest_even) return false;
  if (level == bench::level::none || (c.from.index() == 1 && level < bench::level::avx2)) {
    return false;
  }
  const bool few_codes = c.to.index() > 3 || c.codes != qmath::code_range();
  return c.to.index() != 2 && !(few_codes && level < bench::level::sse4);
}

#if QMATH_BENCH_X86

template <bool Product, bool Clamp, class X, class Q>
void quantize(bench::level level, const X* x, std::size_t n, std::size_t group, const parameters* p,
              Q* q) {
  constexpr bool f16 = std::same_as<X, qmath::half>;
  constexpr bool few = Clamp || qmath::packed_integer<Q>;
  if (level == bench::level::avx512) {
    on_avx512::quantize<bench::avx512, Product, Clamp>(x, n, group, p, q);
  } else if (level == bench::level::avx2) {
    on_avx2::quantize<bench::avx2, Product, Clamp>(x, n, group, p, q);
  } else if (level == bench::level::sse4) {
    if constexpr (!f16) on_sse4::quantize<bench::sse4, Product, Clamp>(x, n, group, p, q);
  } else {
    if constexpr (!f16 && !few) on_sse2::quantize<bench::sse2, Product, Clamp>(x, n, group, p, q);
  }
}

template <class X, class Q>
void quantize(bench::level level, const bench::quantize_case& c, const X* x, std::size_t n,
              const parameters* p, Q* q) {
  if (c.dynamic) {
    if constexpr (std::same_as<X, float> && std::same_as<Q, std::int8_t>) {
      switch (level) {
        case bench::level::avx512:
          return on_avx512::quantize_rows<bench::avx512>(x, n, c.where.size, q);
        case bench::level::avx2: return on_avx2::quantize_rows<bench::avx2>(x, n, c.where.size, q);
        case bench::level::sse4: return on_sse4::quantize_rows<bench::sse4>(x, n, c.where.size, q);
        default: return on_sse2::quantize_rows<bench::sse2>(x, n, c.where.size, q);
      }
    }
  }
  const std::size_t group = c.where.what == bench::layout::shape::group ? c.where.size : 0;
  if (c.rules.quotient == qmath::quotient_rule::reciprocal) {
    return quantize<true, false>(level, x, n, group, p, q);
  }
  if constexpr (std::same_as<Q, std::int8_t>) {
    if (c.codes != qmath::code_range()) return quantize<false, true>(level, x, n, group, p, q);
  }
  quantize<false, false>(level, x, n, group, p, q);
}

template <class X, class Q>
void instruction_bound(benchmark::State& state, const bench::quantize_case& c, bench::level level) {
  const std::size_t n = c.where.elements(bench::bound_size);
  const X* x = bench::real_input<X>();
  auto* q = bench::output<Q>();
  const std::size_t size = qmath::storage_bytes<Q>(n);
  // Those of all groups are the same, which the loop does not know.
  const std::vector<parameters> p(
      bench::bound_size / 32,
      parameters(bench::tensor_params<Q>(),
                 c.codes != qmath::code_range() ? c.codes : qmath::full_range<Q>(),
                 c.rules.quotient == qmath::quotient_rule::reciprocal));
  bench::run(state, n, n * sizeof(X) + size, [&] { quantize(level, c, x, n, p.data(), q); });
  // A bound that computes something else would be none.
  std::vector<unsigned char> expected(size);
  const std::span in(x, n);
  const auto right = bench::codes_out<Q>(n, expected.data());
  const qmath::quantize_options options{.rules = c.rules, .codes = c.codes};
  if (c.dynamic) {
    std::vector<float> scales(c.where.of(n).count());
    qmath::dynamic_quantize(in, c.where.of(n), scales, {}, right, qmath::symmetric, options);
  } else {
    qmath::quantize(in, bench::tensor_params<Q>(), right, options);
  }
  if (std::memcmp(q, expected.data(), size) != 0) state.SkipWithError("wrong result");
}

#else
template <class X, class Q>
void instruction_bound(benchmark::State&, const bench::quantize_case&, bench::level) {}
#endif

void bound(benchmark::State& state, const bench::quantize_case& c, bench::level level) {
  std::visit(
      [&]<class X, class Q>(bench::type<X>, bench::type<Q>) {
        if constexpr (bench::is_8_bit<Q> || qmath::packed_integer<Q>) {
          instruction_bound<X, Q>(state, c, level);
        }
      },
      c.from, c.to);
}

void copy_bound(benchmark::State& state, const bench::quantize_case& c, std::size_t n) {
  std::visit(
      [&]<class X, class Q>(bench::type<X>, bench::type<Q>) {
        bench::copy(state, n, bench::real_input<X>(), n * sizeof(X), qmath::storage_bytes<Q>(n));
      },
      c.from, c.to);
}

const bool registered = bench::at_start([] {
  for (const bench::quantize_case& c : bench::quantize_cases) {
    if (c.small_calls) continue;
    bench::add_instruction_bounds(
        "quantize", c.name(), [=](bench::level level) { return has_instruction_bound(c, level); },
        [=](benchmark::State& state, bench::level level) { bound(state, c, level); });
    for (const std::size_t size : c.sizes()) {
      bench::add("quantize", c.name(), "copy_bound", std::to_string(size),
                 [=](benchmark::State& state) { copy_bound(state, c, c.where.elements(size)); });
    }
  }
});

}  // namespace
