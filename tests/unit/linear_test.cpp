// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What is made of gemm: dynamic_linear, executors, packed_weights.
#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <qmath/qmath.hpp>
#include <qmath/thread_executor.hpp>
#include <vector>

#include "support/contract.hpp"
#include "support/formats.hpp"
#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using qmath::matrix_view;
using support::guarded;

namespace {

template <class X>
std::vector<X> numbers(std::size_t n, std::uint32_t seed) {
  return support::real_numbers<X>(support::floats_near(1.0f, n, seed));
}

struct layer {
  std::size_t k, n;
  guarded<std::int8_t> w;
  std::vector<float> scales, bias;
  qmath::packed_weights packed;

  layer(std::size_t inputs, std::size_t outputs)
      : k(inputs),
        n(outputs),
        w(support::any_integers<std::int8_t>(k * n, 51)),
        scales(n, 0.01f),
        bias(support::floats_near(1.0f, n, 52)),
        packed(view()) {}

  matrix_view<const std::int8_t> view() const { return {w.data(), k, n}; }
};

/// By the reference, one row after the other.
template <class Q, class X, class Y>
void expected(matrix_view<const X> x, const layer& w, qmath::to_float e, matrix_view<Y> y,
              const qmath::scheme& how) {
  for (std::size_t m = 0; m < x.rows; ++m) {
    const std::span row(x.data + m * x.stride, x.cols);
    std::vector<Q> q(x.cols);
    const qmath::affine_params p = qmath::choose_params<Q>(qmath::reference::min_max(row), how);
    qmath::reference::quantize<Q>(row, p, std::span<Q>(q));
    e.a_scale = p.scale;
    e.a_scales = {};
    qmath::reference::gemm(matrix_view<const Q>(q.data(), 1, x.cols), {.a = p.zero_point}, w.view(),
                           e, matrix_view<Y>(y.data + m * y.stride, 1, y.cols, y.stride));
  }
}

}  // namespace

TEST_CASE_TEMPLATE("dynamic_linear is dynamic_quantize and gemm", X, float, qmath::half,
                   qmath::bfloat16) {
  for (const std::size_t m : {0u, 1u, 7u, 150u}) {
    for (const std::size_t k : {1u, 33u, 700u}) {
      const layer w(k, 35);
      CAPTURE(m);
      CAPTURE(k);
      for (const std::size_t gap : {0u, 3u}) {
        const auto values = numbers<X>(m * (k + gap), 53);
        const guarded<X> memory(values);
        const matrix_view<const X> x(memory.data(), m, k, k + gap);
        for (const bool symmetric : {false, true}) {
          const qmath::scheme how = {.symmetric = symmetric};
          const qmath::to_float e{.b_scales = w.scales, .bias = w.bias, .min = 0.0f};
          std::vector<float> want(m * 35), got(m * 35);
          const matrix_view<float> want_view(want.data(), m, 35), y(got.data(), m, 35);
          symmetric ? expected<std::int8_t>(x, w, e, want_view, how)
                    : expected<std::uint8_t>(x, w, e, want_view, how);
          const guarded<std::byte> scratch(qmath::dynamic_linear_scratch(m, k));
          support::for_each_target([&] {
            std::fill(got.begin(), got.end(), -1.0f);
            qmath::dynamic_linear(x, w.packed, e, y, scratch.span(), how);
            CHECK((m == 0 || std::memcmp(got.data(), want.data(), got.size() * 4) == 0));
          });
        }
      }
    }
  }
}

TEST_CASE("dynamic_linear adds to half what is there") {
  const layer w(40, 19);
  const auto x = numbers<qmath::half>(6 * 40, 54);
  const auto before = numbers<qmath::half>(6 * 19, 55);
  auto want = before, got = before;
  const qmath::to_float e{.b_scales = w.scales, .bias = {}, .accumulate = true};
  const matrix_view<const qmath::half> x_view(x.data(), 6, 40);
  expected<std::uint8_t>(x_view, w, e, matrix_view<qmath::half>(want.data(), 6, 19), {});
  std::vector<std::byte> scratch(qmath::dynamic_linear_scratch(6, 40));
  qmath::dynamic_linear(x_view, w.packed, e, matrix_view<qmath::half>(got.data(), 6, 19), scratch);
  CHECK(std::memcmp(got.data(), want.data(), got.size() * 2) == 0);
}

TEST_CASE("contract: dynamic_linear") {
  const layer w(4, 3);
  const std::vector<float> x(8, 1.0f);
  std::vector<float> y(6, 9.0f);
  std::vector<std::byte> scratch(88);
  const qmath::to_float e{.b_scales = w.scales, .bias = {}};
  const matrix_view<const float> x_view(x.data(), 2, 4);
  const matrix_view<float> y_view(y.data(), 2, 3);
  REQUIRE(qmath::dynamic_linear_scratch(2, 4) == 88);
  support::refused(
      "qmath::dynamic_linear: scratch.size() is 87, must be at least "
      "dynamic_linear_scratch(x.rows, x.cols), 88",
      y, [&](auto&) {
        qmath::dynamic_linear(x_view, w.packed, e, y_view, std::span(scratch).first(87));
      });
  support::refused("qmath::dynamic_linear: x.cols is 3, but w.k is 4", y, [&](auto&) {
    qmath::dynamic_linear(matrix_view<const float>(x.data(), 2, 3), w.packed, e, y_view, scratch);
  });
  support::refused("qmath::dynamic_linear: y.rows is 1, but x.rows is 2", y, [&](auto&) {
    qmath::dynamic_linear(x_view, w.packed, e, matrix_view<float>(y.data(), 1, 3), scratch);
  });
  support::refused(
      "qmath::dynamic_linear: b_scales.size() is 2, must be 1 or b.n, 3", y, [&](auto&) {
        const std::vector<float> two(2, 1.0f);
        qmath::dynamic_linear(x_view, w.packed, qmath::to_float{.b_scales = two, .bias = {}},
                              y_view, scratch);
      });
  std::vector<float> both(60, 9.0f);  // y and scratch in one
  support::refused(
      "qmath::dynamic_linear: argument scratch overlaps y, its bytes 0 to 23 are bytes 0 to 23 "
      "there",
      both, [&](auto& all) {
        qmath::dynamic_linear(x_view, w.packed, e, matrix_view<float>(all.data(), 2, 3),
                              std::as_writable_bytes(std::span(all)));
      });
}

TEST_CASE("executor: every part once, the same result for any number of threads") {
  std::atomic<int> calls[37] = {};
  qmath::thread_executor(4)(37, [&](std::size_t i) { ++calls[i]; });
  for (const auto& n : calls) CHECK(n == 1);
  qmath::thread_executor(4)(0, [&](std::size_t) { CHECK(false); });

  const std::size_t m = 500, k = 300;
  const layer w(k, 270);
  const auto a = support::any_integers<std::uint8_t>(m * k, 56);
  const matrix_view<const std::uint8_t> a_view(a.data(), m, k);
  std::vector<std::int32_t> want(m * w.n), got(m * w.n);
  qmath::gemm(a_view, {7}, w.packed, matrix_view<std::int32_t>(want.data(), m, w.n));
  const auto plan = qmath::plan_gemm(a_view, {7}, w.packed, qmath::to_sums{},
                                     matrix_view<std::int32_t>(got.data(), m, w.n));
  REQUIRE(plan.tasks() == 9);
  for (const unsigned threads : {1u, 2u, 3u, 16u}) {
    std::fill(got.begin(), got.end(), 0);
    qmath::run(plan, qmath::thread_executor(threads));
    CHECK(got == want);
  }
  for (const std::size_t parts : {1u, 2u, 4u, 9u, 100u}) {
    std::fill(got.begin(), got.end(), 0);
    std::size_t asked = 0;
    const auto serial = [&](std::size_t n, const auto& f) {
      asked = n;
      for (std::size_t i = n; i-- > 0;) f(i);
    };
    qmath::run(plan, serial, parts);
    CHECK(got == want);
    CHECK(asked == (parts == 1 ? 0 : std::min<std::size_t>(parts, 9)));
  }
}

TEST_CASE("dynamic_linear on an executor: the same bits, and more than one part") {
  const layer w(300, 2100);
  for (const std::size_t m : {1u, 9u, 150u}) {
    CAPTURE(m);
    const std::vector<float> x = numbers<float>(m * w.k, 57);
    const matrix_view<const float> in(x.data(), m, w.k);
    const qmath::to_float epilogue{.b_scales = w.scales, .bias = w.bias};
    std::vector<std::byte> scratch(qmath::dynamic_linear_scratch(m, w.k));
    std::vector<float> want(m * w.n), got(m * w.n);
    for (const qmath::scheme& how : {qmath::affine, qmath::symmetric}) {
      qmath::dynamic_linear(in, w.packed, epilogue, matrix_view(want.data(), m, w.n), scratch, how);
      std::size_t most = 0;
      const auto executor = [&](std::size_t parts, const auto& f) {
        most = parts > most ? parts : most;
        qmath::thread_executor{3}(parts, f);
      };
      std::fill(got.begin(), got.end(), 7.0f);
      qmath::dynamic_linear(in, w.packed, epilogue, matrix_view(got.data(), m, w.n), scratch,
                            executor, how);
      CHECK(got == want);
      CHECK(most > 1);
    }
  }
}

TEST_CASE("executor: little work stays on one thread") {
  const layer w(3, 300);
  const auto a = support::any_integers<std::uint8_t>(2000 * 3, 57);
  std::vector<std::int32_t> c(2000 * 300);
  const auto plan =
      qmath::plan_gemm(matrix_view<const std::uint8_t>(a.data(), 2000, 3), {}, w.packed,
                       qmath::to_sums{}, matrix_view<std::int32_t>(c.data(), 2000, 300));
  REQUIRE(plan.tasks() == 27);
  REQUIRE(plan.products_per_task() == 240 * 128 * 3);
  std::size_t parts = 0;
  qmath::run(plan, [&](std::size_t n, const auto&) { parts = n; });
  CHECK(parts == 14);  // of two tasks
}

TEST_CASE("packed_weights: what pack makes, movable, and as bytes") {
  const layer w(33, 20);
  std::vector<std::byte> memory(qmath::packed_size(33, 20));
  const auto p = qmath::pack(w.view(), memory);
  CHECK(p.k == 33);
  CHECK(std::memcmp(w.packed.bytes().data(), memory.data(), memory.size()) == 0);
  CHECK(w.packed.bytes().size() == memory.size());
  CHECK(reinterpret_cast<std::uintptr_t>(w.packed.bytes().data()) % 64 == 0);
  std::vector<std::int8_t> t(33 * 20);
  for (std::size_t i = 0; i < t.size(); ++i) t[i] = w.w[i % 33 * 20 + i / 33];
  auto transposed =
      qmath::packed_weights::transposed(matrix_view<const std::int8_t>(t.data(), 20, 33));
  const qmath::packed_weights moved = std::move(transposed);
  CHECK(std::memcmp(moved.bytes().data(), memory.data(), memory.size()) == 0);
  qmath::packed_weights other;
  CHECK(other.matrix().n == 0);
  other = qmath::packed_weights(w.view());
  other = qmath::packed_weights::transposed(matrix_view<const std::int8_t>(t.data(), 20, 33));
  CHECK(std::memcmp(other.bytes().data(), memory.data(), memory.size()) == 0);
  CHECK(qmath::packed_weights().bytes().empty());
  support::contract_log log;
  CHECK(qmath::packed_weights(matrix_view<const std::int8_t>(nullptr, 3, 4)).matrix().n == 0);
  CHECK(log.take() == "qmath::packed_weights: b has no data");
}
