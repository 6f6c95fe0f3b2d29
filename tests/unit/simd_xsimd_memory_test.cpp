// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Loads and stores of xsimd registers: every number, every address, and no byte beyond.
#include <doctest/doctest.h>

#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/xsimd.hpp"

namespace simd = qmath::simd;

namespace {

using namespace registers;

// Half numbers and the rest of the bits of a float: at, below and above the middle between two shorter ones.
std::vector<float> floats_between_halves() {
  std::vector<float> x;
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper) {
    for (const std::uint32_t lower : {0x0u, 0x1u, 0xFFFu, 0x1000u, 0x1001u, 0x2000u, 0x3000u,
                                      0x7FFFu, 0x8000u, 0x8001u, 0xF000u, 0xFFFFu}) {
      x.push_back(support::from_bits(upper << 16 | lower));
    }
  }
  const std::vector<float> any = support::any_floats(100000, 31);
  x.insert(x.end(), any.begin(), any.end());
  pad(x);
  return x;
}

}  // namespace

TEST_SUITE_BEGIN(QMATH_XSIMD_SUITE);

TEST_CASE_TEMPLATE("load and store: every number at every address", Q, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t, std::int32_t) {
  CAPTURE(name_of_arch());
  std::vector<Q> q(256 + 8 * lanes), copy(q.size());
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = static_cast<Q>(i * 0x01F30107);
  for (const std::size_t batches : {1u, 4u}) {
    const std::size_t n = batches * lanes;
    for (std::size_t i = 0; i + n <= q.size(); ++i) {
      integers v[4];
      for (std::size_t k = 0; k < batches; ++k) {
        v[k] = simd::load<arch>(q.data() + i + k * lanes);
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          if (v[k].get(lane) != q[i + k * lanes + lane]) FAIL("wrong element loaded at ", i);
        }
      }
      std::fill(copy.begin(), copy.end(), Q{1});
      if (batches == 1) {
        simd::store(copy.data() + i, v[0]);
      } else {
        simd::store(copy.data() + i, v[0], v[1], v[2], v[3]);
      }
      for (std::size_t j = 0; j < q.size(); ++j) {
        const bool inside = i <= j && j < i + n;
        if (copy[j] != (inside ? q[j] : Q{1})) FAIL("wrong element ", j, " stored at ", i);
      }
    }
  }
}

TEST_CASE_TEMPLATE("load and store: all numbers of 16 bits and the ends of all types", Q,
                   std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t) {
  std::vector<Q> q(1 << 16), one(q.size()), four(q.size());
  for (std::size_t i = 0; i < q.size(); ++i) {
    q[i] = static_cast<Q>(static_cast<std::uint32_t>(i) * (sizeof(Q) == 4 ? 0x10001u : 1u));
  }
  for (std::size_t i = 0; i < q.size(); i += 4 * lanes) {
    const auto at = [&](std::size_t k) { return simd::load<arch>(q.data() + i + k * lanes); };
    for (std::size_t k = 0; k < 4; ++k) simd::store(one.data() + i + k * lanes, at(k));
    simd::store(four.data() + i, at(0), at(1), at(2), at(3));
  }
  check_equal(q, q, one);
  check_equal(q, q, four);
}

TEST_CASE_TEMPLATE("load and store: next to memory that cannot be touched", T, std::int8_t,
                   std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, float, qmath::half,
                   qmath::bfloat16) {
  for (const auto side : {support::guard::behind, support::guard::before}) {
    const support::guarded<T> from(lanes, side), to(lanes, side), four(4 * lanes, side);
    const auto v = simd::load<arch>(from.data());
    simd::store(to.data(), v);
    CHECK(to.intact());
    if constexpr (qmath::quantized_integer<T>) {
      simd::store(four.data(), v, v, v, v);
      CHECK(four.intact());
    }
  }
}

TEST_CASE_TEMPLATE("load: all numbers of half and bfloat16", X, qmath::half, qmath::bfloat16) {
  CAPTURE(name_of_arch());
  std::vector<X> x(1 << 16);
  std::vector<std::uint32_t> want(x.size()), got(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = {static_cast<std::uint16_t>(i)};
    want[i] = support::to_bits(qmath::float_from(x[i]));
  }
  for (std::size_t i = 0; i < x.size(); i += lanes) {
    xsimd::bitwise_cast<std::uint32_t>(simd::load<arch>(x.data() + i))
        .store_unaligned(got.data() + i);
  }
  check_equal(want, want, got);
}

TEST_CASE("store: half and bfloat16 at and around every middle") {
  CAPTURE(name_of_arch());
  const std::vector<float> x = floats_between_halves();
  std::vector<std::uint16_t> want(x.size()), got(x.size());
  std::vector<qmath::half> halves(x.size());
  std::vector<qmath::bfloat16> bfloats(x.size());
  for (std::size_t i = 0; i < x.size(); i += lanes) {
    // Signaling numbers included, so not by floats::load_unaligned of a copy.
    const floats v = simd::load<arch>(x.data() + i);
    simd::store(halves.data() + i, v);
    simd::store(bfloats.data() + i, v);
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    want[i] = qmath::half_from(x[i]).bits;
    got[i] = halves[i].bits;
  }
  check_equal(x, want, got);
  for (std::size_t i = 0; i < x.size(); ++i) {
    want[i] = qmath::bfloat16_from(x[i]).bits;
    got[i] = bfloats[i].bits;
  }
  check_equal(x, want, got);
}

TEST_SUITE_END();
