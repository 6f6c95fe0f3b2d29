// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What there is without quantized kernels: Eigen on one thread, compiled for this machine.
//
// eigen        to sums: the operands widened to int32, B beforehand, A, which arrives as codes, every time
// eigen_float  to float: the product of real numbers that the quantized one stands for, from float operands
//
// Sums must be qmath's. A float result is a sum of k products and a bias, each operand rounded once and each
// operation once: it is off by at most (k + 4) * 2^-24 times the sum of the absolute values of what it is the sum of,
// and qmath's, whose sum is exact, by 4 * 2^-24 times that.
#include <eigen3/Eigen/Core>

#include "gemm/check.hpp"

namespace {

template <class T>
using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
Eigen::Map<const matrix<T>> seen(qmath::matrix_view<const T> m) {
  return {m.data, static_cast<Eigen::Index>(m.rows), static_cast<Eigen::Index>(m.cols)};
}
template <class T>
Eigen::Map<matrix<T>> output(const bench::shape& s) {
  return {bench::output<T>(), static_cast<Eigen::Index>(s.m), static_cast<Eigen::Index>(s.n)};
}

std::string label(const char* what) {
  return "Eigen " + std::to_string(EIGEN_WORLD_VERSION) + "." +
         std::to_string(EIGEN_MAJOR_VERSION) + ", " + what;
}

void to_sums(benchmark::State& state, const bench::product& p, const bench::shape& s) {
  bench::with_a(p, s, [&](auto a, std::int32_t a_zero_point) {
    const matrix<std::int32_t> b = seen(bench::b_of(s)).cast<std::int32_t>();
    matrix<std::int32_t> wide;
    auto c = output<std::int32_t>(s);
    const auto product = [&] {
      wide = seen(a).template cast<std::int32_t>().array() - a_zero_point;
      c.noalias() = wide * b;
    };
    product();
    if (!bench::checked(state, "eigen", p, s,
                        [&] { return bench::difference(bench::expected_sums(p, s), c.data()); })) {
      return;
    }
    bench::run(state, s.operations(), s.bytes(4), product);
    state.SetLabel(label("int32 operands"));
  });
}

/// Nothing, or that a result is further from qmath's than its rounding permits.
template <class C>
std::string float_error(const bench::product& p, const bench::shape& s, const matrix<float>& a,
                        const matrix<float>& b, const C& c) {
  const auto want = bench::expected<float>(p, s, bench::epilogues(s.n).to_float());
  const matrix<float> error =
      (seen(qmath::matrix_view<const float>(want.data(), s.m, s.n)) - c).cwiseAbs();
  const matrix<float> sizes = a.cwiseAbs() * b.cwiseAbs();
  const float unit = static_cast<float>(s.k + 8) * 0x1p-24f;
  const bool right = (error.array() <= unit * (sizes.array() + bench::real_bias)).all();
  return right ? "" : "a result is wrong";
}

void to_float(benchmark::State& state, const bench::product& p, const bench::shape& s) {
  bench::with_a(p, s, [&](auto codes, std::int32_t a_zero_point) {
    const matrix<float> a =
        (seen(codes).template cast<float>().array() - static_cast<float>(a_zero_point)) *
        bench::a_scale;
    const matrix<float> b = seen(bench::b_of(s)).cast<float>() * bench::b_scale;
    const Eigen::RowVectorXf bias =
        Eigen::RowVectorXf::Constant(static_cast<Eigen::Index>(s.n), bench::real_bias);
    auto c = output<float>(s);
    const auto product = [&] {
      c.noalias() = a * b;
      c.rowwise() += bias;
    };
    product();
    if (!bench::checked(state, "eigen_float", p, s, [&] { return float_error(p, s, a, b, c); }))
      return;
    bench::run(state, s.operations(), 4 * (s.m * s.k + s.k * s.n + s.m * s.n), product);
    state.SetLabel(label("float operands"));
  });
}

const bool registered = bench::at_start([] {
  for (const bench::product& p : bench::products) {
    const bool reals = p.output == bench::product::to_f32;
    if (p.output == bench::product::to_q8) continue;
    for (const bench::shape& s : bench::shapes) {
      if (!reals && s.operations() > std::size_t{1} << 28) continue;  // slow
      bench::add(
          "gemm", p.name, reals ? "eigen_float" : "eigen", s.name(),
          [=](benchmark::State& state) { reals ? to_float(state, p, s) : to_sums(state, p, s); });
    }
  }
});

}  // namespace
