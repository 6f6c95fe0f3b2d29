// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Each named convention of numerics.hpp does what its formula says, shown by inputs that tell it from the
// others, on every CPU target and path: one element, the vector loop, its remainder.
#include <doctest/doctest.h>

#include <limits>
#include <qmath/qmath.hpp>
#include <vector>

#include "support/formats.hpp"
#include "support/targets.hpp"

namespace numerics = qmath::numerics;
using qmath::quantize_rules;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float inf = std::numeric_limits<float>::infinity();
// x * (1 / s) is 127.5, x / s is 127.499992.
constexpr float x_of_reciprocal = 0.273939937f, s_of_reciprocal = 0.00214854861f;

template <class Q>
void check(const quantize_rules& rules, float x, float scale, std::int32_t z, int want) {
  CAPTURE(x);
  CAPTURE(z);
  support::for_each_target([&] {
    for (const std::size_t n : {1u, 7u, 64u, 131u, 1030u}) {
      CAPTURE(n);
      std::vector<Q> q(n);
      qmath::quantize(std::vector<float>(n, x), {scale, z}, q, {.rules = rules});
      CHECK(q == std::vector<Q>(n, static_cast<Q>(want)));
    }
  });
}

/// What a convention does with inputs that ask for one of its choices.
struct answers {
  quantize_rules rules;
  int reciprocal;         ///< u8, z = 0
  int half, minus_half;   ///< s8, x = 0.5 and -0.5, z = 0
  int three_halves_odd;   ///< s8, x = 1.5, z = 5
  int minus_half_odd;     ///< s8, x = -0.5, z = 5
  int nan_low, nan_high;  ///< u8, z = 5, and z = 200
  int nan_signed;         ///< s8, z = -7
};

void check_all(const answers& a) {
  check<std::uint8_t>(a.rules, x_of_reciprocal, s_of_reciprocal, 0, a.reciprocal);
  check<std::int8_t>(a.rules, 0.5f, 1.0f, 0, a.half);
  check<std::int8_t>(a.rules, -0.5f, 1.0f, 0, a.minus_half);
  check<std::int8_t>(a.rules, 1.5f, 1.0f, 5, a.three_halves_odd);
  check<std::int8_t>(a.rules, -0.5f, 1.0f, 5, a.minus_half_odd);
  check<std::uint8_t>(a.rules, not_a_number, 1.0f, 5, a.nan_low);
  check<std::uint8_t>(a.rules, not_a_number, 1.0f, 200, a.nan_high);
  check<std::int8_t>(a.rules, not_a_number, 1.0f, -7, a.nan_signed);
  // All saturate, with the sign of the input. Where frameworks wrap around: the other end, for these.
  for (const float huge : {inf, 3e9f, 1e38f}) {
    check<std::uint8_t>(a.rules, huge, 1.0f, 200, 255);
    check<std::uint8_t>(a.rules, -huge, 1.0f, 200, 0);
    check<std::int8_t>(a.rules, huge, 1.0f, -7, 127);
    check<std::int8_t>(a.rules, -huge, 1.0f, -7, -128);
  }
}

}  // namespace

TEST_CASE("numerics: standard") {
  check_all({numerics::standard, 127, 0, 0, 7, 5, 0, 0, -128});
  CHECK(quantize_rules{} == numerics::standard);
}

TEST_CASE("numerics: pytorch, fbgemm, xnnpack, tflite") {
  for (const quantize_rules& rules :
       {numerics::pytorch, numerics::fbgemm, numerics::xnnpack, numerics::tflite}) {
    check_all({rules, 128, 0, 0, 7, 5, 255, 255, 127});
  }
}

TEST_CASE("numerics: tflite_reference") {
  check_all({numerics::tflite_reference, 127, 1, -1, 7, 4, 0, 0, -128});
}

TEST_CASE("numerics: ggml") { check_all({numerics::ggml, 128, 1, -1, 7, 4, 5, 200, -7}); }

TEST_CASE("numerics: onednn") { check_all({numerics::onednn, 128, 0, 0, 6, 4, 0, 0, -128}); }

TEST_CASE("numerics: gemmlowp") {
  // 4.5 away from zero is 5; -0.5 + 0 is still -1.
  check_all({numerics::gemmlowp, 127, 1, -1, 7, 5, 255, 255, 127});
  // The same tie below 0 after the zero point has been added: 0.5 becomes 1.
  check<std::int8_t>(numerics::gemmlowp, -0.5f, 1.0f, 1, 1);
  check<std::int8_t>(numerics::tflite_reference, -0.5f, 1.0f, 1, 0);
}

// PyTorch's qint8 with |x / s| >= 2^31, where qmath does not follow (numerics.hpp), and ONNX Runtime's 4-bit
// codes, where it has one answer for all elements.
TEST_CASE("numerics: one answer for all elements of packed arrays") {
  support::for_each_target([&] {
    for (const std::size_t n : {1u, 3u, 67u, 1031u}) {
      support::coded<support::packed<qmath::s4, qmath::bit_order::first_low>> q(n);
      qmath::quantize(std::vector<float>(n, inf), {1.0f, 3}, q.span());
      for (std::size_t i = 0; i < n; ++i) CHECK(q.code(i) == 7);
      qmath::quantize(std::vector<float>(n, not_a_number), {1.0f, -3}, q.span());
      for (std::size_t i = 0; i < n; ++i) CHECK(q.code(i) == -8);
    }
  });
}

// fl(1 / s) is infinite, and 0 times it is NaN: what the rules say of NaN.
TEST_CASE("numerics: a scale without a reciprocal") {
  check<std::uint8_t>(numerics::standard, 0.0f, 1e-44f, 7, 7);
  check<std::uint8_t>(numerics::pytorch, 0.0f, 1e-44f, 7, 255);
  check<std::uint8_t>(numerics::ggml, 0.0f, 1e-44f, 7, 7);
  check<std::uint8_t>(numerics::onednn, 0.0f, 1e-44f, 7, 0);
}
