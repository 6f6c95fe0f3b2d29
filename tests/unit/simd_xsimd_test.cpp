// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The register pieces for xsimd loops equal the reference, bit for bit, on the architecture that this
// file is compiled for. A build may compile it several times, with other flags and another name:
//     QMATH_XSIMD_SUITE    the name of the test suite, a string
//     XSIMD_DEFAULT_ARCH   xsimd's own macro: an architecture below what the flags allow
#include <doctest/doctest.h>

#include <cstring>
#include <qmath/qmath.hpp>
#include <qmath/simd/xsimd.hpp>

#include "support/contract.hpp"
#include "support/inputs.hpp"

#ifndef QMATH_XSIMD_SUITE
#define QMATH_XSIMD_SUITE "simd/xsimd"
#endif

namespace {

namespace simd = qmath::simd;

using floats = xsimd::batch<float>;
using integers = xsimd::batch<std::int32_t>;
constexpr std::size_t lanes = floats::size;

template <class Q>
std::vector<std::int32_t> zero_points() {
  constexpr std::int32_t lo = std::numeric_limits<Q>::min(), hi = std::numeric_limits<Q>::max();
  return {lo, lo + 1, (lo + hi) / 2, 3, hi - 1, hi};
}

template <class T>
void pad(std::vector<T>& values) {
  while (values.size() % (4 * lanes) != 0) values.push_back(T{});
}

std::vector<float> inputs_for(float scale) {
  std::vector<float> x = support::questions(scale);
  const std::vector<float> near = support::floats_near(scale, 997, 1);
  const std::vector<float> any = support::any_floats(1997, 2);
  x.insert(x.end(), near.begin(), near.end());
  x.insert(x.end(), any.begin(), any.end());
  pad(x);
  return x;
}

std::vector<std::int32_t> sums_for(float multiplier) {
  std::vector<std::int32_t> sums = support::any_integers<std::int32_t>(1997, 3);
  for (std::size_t i = 0; i < 900; ++i) sums.push_back(static_cast<std::int32_t>(i) - 450);
  for (const std::int32_t edge : {0x7FFFFFFF, 0x7FFFFF80, 0x1000001, 0x1000003}) {
    sums.push_back(edge);
    sums.push_back(-edge);
    sums.push_back(-edge - 1);
  }
  // Near the ties of this multiplier.
  for (int half = -600; half <= 600; ++half) {
    const double tie = 0.5 * half / static_cast<double>(multiplier);
    if (!(tie > -2e9 && tie < 2e9)) continue;
    for (const int step : {-1, 0, 1}) sums.push_back(static_cast<std::int32_t>(tie) + step);
  }
  pad(sums);
  return sums;
}

// One assertion per array, at the first difference.
template <class In, class T>
void check_equal(const std::vector<In>& in, const std::vector<T>& want, const std::vector<T>& got) {
  REQUIRE(want.size() == got.size());
  if (std::memcmp(want.data(), got.data(), want.size() * sizeof(T)) == 0) return;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (std::memcmp(&want[i], &got[i], sizeof(T)) == 0) continue;
    INFO("element ", i, " of ", want.size(), ", from ", in[i]);
    CHECK(static_cast<double>(got[i]) == static_cast<double>(want[i]));
    FAIL("different bits");
  }
}

// out[i] = f(in[i]) by both kinds of store; `pieces` takes and returns batches.
template <class Q, class T, class F>
std::vector<Q> through_registers(const std::vector<T>& in, const F& pieces, bool four) {
  using batch = xsimd::batch<T>;
  std::vector<Q> out(in.size());
  const auto at = [&](std::size_t i) { return pieces(batch::load_unaligned(in.data() + i)); };
  for (std::size_t i = 0; i < in.size(); i += four ? 4 * lanes : lanes) {
    if (four) {
      simd::store(out.data() + i, at(i), at(i + lanes), at(i + 2 * lanes), at(i + 3 * lanes));
    } else {
      simd::store(out.data() + i, at(i));
    }
  }
  return out;
}

}  // namespace

TEST_SUITE_BEGIN(QMATH_XSIMD_SUITE);

TEST_CASE_TEMPLATE("quantize: every question of every scale and zero point", Q, std::int8_t,
                   std::uint8_t) {
  CAPTURE(xsimd::default_arch::name());
  for (const float scale : support::scales()) {
    CAPTURE(scale);
    const std::vector<float> x = inputs_for(scale);
    for (const std::int32_t z : zero_points<Q>()) {
      CAPTURE(z);
      const simd::quantizer<Q> quantizer({scale, z});
      std::vector<Q> want(x.size());
      qmath::reference::quantize<Q>(x, qmath::affine_params{scale, z}, want);
      const auto f = [&](floats v) { return simd::quantize(v, quantizer); };
      check_equal(x, want, through_registers<Q>(x, f, false));
      check_equal(x, want, through_registers<Q>(x, f, true));
    }
  }
}

// The range is that of Q before anything is narrowed: saturating stores must not be what makes it so.
TEST_CASE_TEMPLATE("quantize: registers hold the reference's integers", Q, std::int8_t,
                   std::uint8_t) {
  for (const float scale : support::scales()) {
    CAPTURE(scale);
    const std::vector<float> x = inputs_for(scale);
    const simd::quantizer<Q> quantizer({scale, 7});
    std::vector<std::int32_t> want(x.size()), got(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      want[i] = qmath::reference::quantize<Q>(x[i], scale, 7);
    }
    for (std::size_t i = 0; i < x.size(); i += lanes) {
      simd::quantize(floats::load_unaligned(x.data() + i), quantizer)
          .store_unaligned(got.data() + i);
    }
    check_equal(x, want, got);
  }
}

TEST_CASE_TEMPLATE("quantize: random scales", Q, std::int8_t, std::uint8_t) {
  const std::vector<float> candidates = support::any_floats(2000, 5);
  for (const float candidate : candidates) {
    const float scale = candidate < 0.0f ? -candidate : candidate;
    if (!(scale > 0.0f && scale <= std::numeric_limits<float>::max())) continue;
    CAPTURE(scale);
    // Ties with both neighbours.
    std::vector<float> x;
    for (int half = -513; half <= 513; half += 2) {
      const auto tie = static_cast<float>(0.5 * half * static_cast<double>(scale));
      x.push_back(tie);
      x.push_back(std::nextafter(tie, 0.0f));
      x.push_back(std::nextafter(tie, 2.0f * tie));
    }
    pad(x);
    const qmath::affine_params p{scale, 11};
    const simd::quantizer<Q> quantizer(p);
    std::vector<Q> want(x.size());
    qmath::reference::quantize<Q>(x, p, want);
    check_equal(
        x, want,
        through_registers<Q>(x, [&](floats v) { return simd::quantize(v, quantizer); }, true));
  }
}

TEST_CASE_TEMPLATE("dequantize: every number of every scale and zero point", Q, std::int8_t,
                   std::uint8_t) {
  std::vector<Q> q(256);
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = static_cast<Q>(i);
  for (const float scale : support::scales()) {
    CAPTURE(scale);
    for (const std::int32_t z : zero_points<Q>()) {
      CAPTURE(z);
      const simd::dequantizer<Q> dequantizer({scale, z});
      std::vector<float> want(q.size()), got(q.size());
      qmath::reference::dequantize<Q>(q, qmath::affine_params{scale, z}, want);
      for (std::size_t i = 0; i < q.size(); i += lanes) {
        const auto v = simd::load<xsimd::default_arch>(q.data() + i);
        simd::dequantize(v, dequantizer).store_unaligned(got.data() + i);
      }
      check_equal(q, want, got);
    }
  }
}

TEST_CASE("dequantize: a sum behind it is not contracted with the product") {
  std::vector<std::int8_t> q(256);
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = static_cast<std::int8_t>(i);
  const qmath::affine_params p{0.1f, 3};
  const simd::dequantizer<std::int8_t> dequantizer(p);
  std::vector<float> want(q.size()), got(q.size());
  for (std::size_t i = 0; i < q.size(); ++i) {
    want[i] =
        qmath::reference::rounded(qmath::reference::dequantize(q[i], p.scale, p.zero_point) + 0.7f);
  }
  for (std::size_t i = 0; i < q.size(); i += lanes) {
    const auto v = simd::load<xsimd::default_arch>(q.data() + i);
    (simd::dequantize(v, dequantizer) + floats(0.7f)).store_unaligned(got.data() + i);
  }
  check_equal(q, want, got);
}

TEST_CASE_TEMPLATE("requantize: every multiplier and zero point", Q, std::int8_t, std::uint8_t) {
  for (const float multiplier : support::scales()) {
    CAPTURE(multiplier);
    const std::vector<std::int32_t> sums = sums_for(multiplier);
    for (const std::int32_t z : zero_points<Q>()) {
      CAPTURE(z);
      const simd::requantizer<Q> requantizer({multiplier, z});
      std::vector<Q> want(sums.size());
      qmath::reference::requantize<Q>(sums, qmath::requantize_params{multiplier, z}, want);
      const auto f = [&](integers v) { return simd::requantize(v, requantizer); };
      check_equal(sums, want, through_registers<Q>(sums, f, false));
      check_equal(sums, want, through_registers<Q>(sums, f, true));
    }
  }
}

TEST_CASE("running_range: equals min_max, NaN of both kinds in every lane") {
  for (std::size_t first = 0; first < 3 * lanes; ++first) {
    std::vector<float> x = support::floats_near(1.0f, 8 * lanes, static_cast<std::uint32_t>(first));
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (i % 3 == first % 3) x[i] = support::from_bits(i % 2 == 0 ? 0x7F800001u : 0xFFC00000u);
    }
    x[first] = first % 2 == 0 ? 400.0f : -400.0f;
    simd::running_range<xsimd::default_arch> running;
    for (std::size_t i = 0; i < x.size(); i += lanes) {
      running.add(floats::load_unaligned(x.data() + i));
    }
    CHECK(running.range() == qmath::reference::min_max(x));
  }
}

TEST_CASE("running_range: nothing, only NaN, zeros, infinities") {
  const float inf = std::numeric_limits<float>::infinity();
  simd::running_range<xsimd::default_arch> running;
  CHECK(running.range() == qmath::value_range{});
  running.add(floats(std::numeric_limits<float>::quiet_NaN()));
  CHECK(running.range() == qmath::value_range{});
  running.add(floats(-0.0f));
  CHECK(support::to_bits(running.range().min) == 0);
  CHECK(support::to_bits(running.range().max) == 0);
  running.add(floats(-inf));
  running.add(floats(inf));
  CHECK(running.range() == qmath::value_range{-inf, inf});
}

TEST_CASE_TEMPLATE("load and store: every number at every address", Q, std::int8_t, std::uint8_t) {
  std::vector<Q> q(256 + 4 * lanes), copy(q.size());
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = static_cast<Q>(i * 7);
  for (std::size_t i = 0; i + lanes <= q.size(); ++i) {
    const auto v = simd::load<xsimd::default_arch>(q.data() + i);
    for (std::size_t lane = 0; lane < lanes; ++lane) CHECK(v.get(lane) == q[i + lane]);
    std::fill(copy.begin(), copy.end(), Q{1});
    simd::store(copy.data() + i, v);
    for (std::size_t j = 0; j < q.size(); ++j) {
      const bool inside = i <= j && j < i + lanes;
      if (copy[j] != (inside ? q[j] : Q{1})) FAIL("wrong element ", j, " stored at ", i);
    }
  }
}

TEST_CASE("prepared parameters are checked") {
  support::contract_log log;
  const simd::quantizer<std::int8_t> q({0.0f, 0});
  CHECK(log.take() == "qmath::simd::quantizer: scale is 0, must be finite and > 0");
  CHECK(q.params == qmath::affine_params{});
  const simd::dequantizer<std::uint8_t> d({1.0f, -1});
  CHECK(log.take() == "qmath::simd::dequantizer: zero_point is -1, outside [0, 255]");
  CHECK(d.params == qmath::affine_params{});
  const simd::requantizer<std::int8_t> r({-1.0f, 0});
  CHECK(log.take() == "qmath::simd::requantizer: multiplier is -1, must be finite and > 0");
  CHECK(r.params == qmath::requantize_params{});
}

TEST_SUITE_END();
