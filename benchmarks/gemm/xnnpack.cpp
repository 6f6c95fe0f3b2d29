// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// XNNPACK on one thread, B packed beforehand, as its operators do when they are made. The instruction set is its
// choice. It has no operator from codes to sums.
//
// s8s8: a convolution with 1 x 1 kernels and a scale per channel: the product of qmath's benchmark.
// u8s8: fully connected, with one scale. Its B is uint8, and is given B + 128 with zero point 128: the same numbers.
//
// Codes are rounded once, as a float product of the sum and the multiplier, and must be qmath's.
#include <xnnpack.h>

#include <memory>

#include "gemm/check.hpp"

namespace {

using xnn_operator =
    std::unique_ptr<std::remove_pointer_t<xnn_operator_t>, decltype(&xnn_delete_operator)>;

/// B with a row for each column of C, plus something.
template <class B>
std::vector<B> transposed(qmath::matrix_view<const std::int8_t> b, int offset) {
  std::vector<B> codes(b.rows * b.cols);
  for (std::size_t k = 0; k < b.rows; ++k) {
    for (std::size_t n = 0; n < b.cols; ++n)
      codes[n * b.rows + k] = static_cast<B>(b(k, n) + offset);
  }
  return codes;
}

xnn_operator made(qmath::matrix_view<const std::int8_t> a, std::int8_t* c,
                  std::int32_t a_zero_point, const bench::shape& s, const bench::epilogues& e) {
  const std::vector<std::int8_t> b = transposed<std::int8_t>(bench::b_of(s), 0);
  xnn_operator_t op = nullptr;
  // Padding; size, stride and dilation of the kernel; groups and channels.
  if (xnn_create_convolution2d_nhwc_qc8(
          0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, s.k, s.n, s.k, s.n,
          static_cast<std::int8_t>(a_zero_point), 1.0f, e.multipliers.data(), b.data(),
          e.biases.data(), bench::zero_point, 1.0f, -128, 127, 0, &op) != xnn_status_success) {
    return {nullptr, xnn_delete_operator};
  }
  xnn_operator owner(op, xnn_delete_operator);
  if (xnn_setup_convolution2d_nhwc_qc8(op, 1, s.m, 1, a.data, c, nullptr) != xnn_status_success)
    owner.reset();
  return owner;
}

xnn_operator made(qmath::matrix_view<const std::uint8_t> a, std::uint8_t* c,
                  std::int32_t a_zero_point, const bench::shape& s, const bench::epilogues& e) {
  const std::vector<std::uint8_t> b = transposed<std::uint8_t>(bench::b_of(s), 128);
  xnn_operator_t op = nullptr;
  if (xnn_create_fully_connected_nc_qu8(s.k, s.n, s.k, s.n, static_cast<std::uint8_t>(a_zero_point),
                                        1.0f, 128, bench::multiplier, b.data(), e.biases.data(),
                                        bench::zero_point, 1.0f, 0, 255, 0,
                                        &op) != xnn_status_success) {
    return {nullptr, xnn_delete_operator};
  }
  xnn_operator owner(op, xnn_delete_operator);
  if (xnn_setup_fully_connected_nc_qu8(op, s.m, a.data, c, nullptr) != xnn_status_success)
    owner.reset();
  return owner;
}

void multiply(benchmark::State& state, const bench::product& p, const bench::shape& s) {
  static const bool initialized = xnn_initialize(nullptr) == xnn_status_success;
  if (!initialized) return state.SkipWithError("XNNPACK does not run on this machine");
  bench::with_a(p, s, [&]<class A>(qmath::matrix_view<const A> a, std::int32_t a_zero_point) {
    A* const c = bench::output<A>();
    const bench::epilogues epilogues(s.n);
    const xnn_operator op = made(a, c, a_zero_point, s, epilogues);
    if (op == nullptr || xnn_run_operator(op.get(), nullptr) != xnn_status_success) {
      return state.SkipWithError("XNNPACK refused");
    }
    if (!bench::checked(state, "xnnpack", p, s, [&] {
          return bench::difference(bench::expected<A>(p, s, epilogues.to_quantized()), c);
        })) {
      return;
    }
    bench::run(state, s.operations(), s.bytes(1), [&] { xnn_run_operator(op.get(), nullptr); });
    state.SetLabel(p.a_is_signed ? "XNNPACK, qc8 1x1 convolution" : "XNNPACK, qu8 fully connected");
  });
}

const bool registered = bench::at_start([] {
  for (const bench::product& p : bench::products) {
    if (p.output != bench::product::to_q8) continue;
    for (const bench::shape& s : bench::shapes) {
      bench::add("gemm", p.name, "xnnpack", s.name(),
                 [=](benchmark::State& state) { multiply(state, p, s); });
    }
  }
});

}  // namespace
