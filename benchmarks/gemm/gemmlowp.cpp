// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// gemmlowp on one thread, compiled for this machine. Its operands are both uint8: B is given to it as B + 128 with
// zero point 128, which are the same numbers, rewritten beforehand and in the order that it likes best (a row
// for each column of C). It has no way to pack B beforehand.
//
// Sums must be qmath's. Codes are rounded twice, in fixed point: they must be qmath's with the same rule.
#if defined(__x86_64__) && defined(__AVX2__)
#define GEMMLOWP_ENABLE_AVX2
#endif
#include <gemmlowp/public/gemmlowp.h>

#include "gemm/check.hpp"

namespace {

#if defined(GEMMLOWP_AVX2)
constexpr const char* label = "gemmlowp, AVX2, uint8 B";
#elif defined(GEMMLOWP_SSE4)
constexpr const char* label = "gemmlowp, SSE4, uint8 B";
#elif defined(GEMMLOWP_NEON)
constexpr const char* label = "gemmlowp, NEON, uint8 B";
#else
constexpr const char* label = "gemmlowp, no vectors, uint8 B";
#endif

constexpr auto row_major = gemmlowp::MapOrder::RowMajor, col_major = gemmlowp::MapOrder::ColMajor;

std::vector<std::uint8_t> transposed_and_unsigned(qmath::matrix_view<const std::int8_t> b) {
  std::vector<std::uint8_t> codes(b.rows * b.cols);
  for (std::size_t k = 0; k < b.rows; ++k) {
    for (std::size_t n = 0; n < b.cols; ++n) {
      codes[n * b.rows + k] = static_cast<std::uint8_t>(b(k, n) + 128);
    }
  }
  return codes;
}

/// The transposed of C = A * B, whose left operand are the weights.
template <class C, class Stages, class Epilogue>
void multiply(benchmark::State& state, const bench::product& p, const bench::shape& s,
              const Stages& stages, const Epilogue& epilogue) {
  bench::with_a(p, s, [&](auto a, std::int32_t a_zero_point) {
    if constexpr (std::same_as<decltype(a), qmath::matrix_view<const std::uint8_t>>) {
      const std::vector<std::uint8_t> b = transposed_and_unsigned(bench::b_of(s));
      const int m = static_cast<int>(s.m), n = static_cast<int>(s.n), k = static_cast<int>(s.k);
      const gemmlowp::MatrixMap<const std::uint8_t, row_major> lhs(b.data(), n, k);
      const gemmlowp::MatrixMap<const std::uint8_t, col_major> rhs(a.data, k, m);
      gemmlowp::MatrixMap<C, col_major> c(bench::output<C>(), n, m);
      gemmlowp::GemmContext context;
      context.set_max_num_threads(1);
      const auto product = [&] {
        gemmlowp::GemmWithOutputPipeline<std::uint8_t, C, gemmlowp::DefaultL8R8BitDepthParams>(
            &context, lhs, rhs, &c, -128, -a_zero_point, stages);
      };
      product();
      if (!bench::checked(state, "gemmlowp", p, s, [&] {
            return bench::difference(bench::expected<C>(p, s, epilogue), c.data());
          })) {
        return;
      }
      bench::run(state, s.operations(), s.bytes(sizeof(C)), product);
      state.SetLabel(label);
    }
  });
}

void to_sums(benchmark::State& state, const bench::product& p, const bench::shape& s) {
  multiply<std::int32_t>(state, p, s, std::tuple<>(), qmath::to_sums{});
}

void to_codes(benchmark::State& state, const bench::product& p, const bench::shape& s) {
  const auto [factor, rule, zero_point, ignored] =
      qmath::fixed_point::tflite_double_rounding(bench::multiplier, bench::zero_point);
  const std::vector<std::int32_t> bias(s.n, bench::bias);
  const std::vector<qmath::fixed_point_multiplier> factors(s.n, factor);
  const std::vector<std::int32_t> multipliers(s.n, factor.multiplier);
  const std::vector<std::int32_t> exponents(s.n, 31 - factor.shift);

  using column = gemmlowp::VectorMap<const std::int32_t, gemmlowp::VectorShape::Col>;
  const int n = static_cast<int>(s.n);
  const gemmlowp::OutputStageBiasAddition<column> add_bias{column(bias.data(), n)};
  const gemmlowp::OutputStageScaleInt32ByFixedPointAndExponentPC<gemmlowp::VectorShape::Col> scale{
      column(multipliers.data(), n), column(exponents.data(), n), zero_point};
  multiply<std::uint8_t>(
      state, p, s, std::make_tuple(add_bias, scale, gemmlowp::OutputStageSaturatingCastToUint8()),
      qmath::to_quantized{
          .bias = bias, .zero_point = zero_point, .fixed_multipliers = factors, .rule = rule});
}

const bool registered = bench::at_start([] {
  for (const bench::product& p : bench::products) {
    if (p.a_is_signed || p.output == bench::product::to_f32) continue;
    for (const bench::shape& s : bench::shapes) {
      bench::add("gemm", p.name, "gemmlowp", s.name(), [=](benchmark::State& state) {
        p.output == bench::product::to_s32 ? to_sums(state, p, s) : to_codes(state, p, s);
      });
    }
  }
});

}  // namespace
