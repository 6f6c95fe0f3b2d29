// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Sizes and numbers to test with. Everything is deterministic.
#ifndef QMATH_TESTS_SUPPORT_INPUTS_HPP_
#define QMATH_TESTS_SUPPORT_INPUTS_HPP_

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace support {

/// Around every vector size in elements, and around four vectors of it.
inline std::vector<std::size_t> sizes() {
  std::vector<std::size_t> s = {0, 1, 2, 3, 5, 7, 11, 13, 29, 1021};
  for (std::size_t lanes = 4; lanes <= 256; lanes *= 2) {
    for (std::size_t n : {lanes - 1, lanes, lanes + 1, 3 * lanes, 3 * lanes + 1}) s.push_back(n);
  }
  return s;
}

inline float from_bits(std::uint32_t bits) { return std::bit_cast<float>(bits); }
inline std::uint32_t to_bits(float x) { return std::bit_cast<std::uint32_t>(x); }

/// Scales of all kinds: the usual, powers of two, those near a short significand (where the quotient
/// needs a division), tiny, huge, subnormal.
inline std::vector<float> scales() {
  std::vector<float> s = {1.0f,  0.5f,    0x1p-7f,        0x1p-100f,     0x1p100f,    0.1f,
                          0.05f, 0.3f,    0.00214854861f, 1.0f / 127.0f, 3.14159274f, 7e-5f,
                          1e-9f, 1234.5f, 1e30f,          1e-30f};
  for (std::uint32_t low : {1u, 2u, 7u, 8u, 9u, 15u, 16u, 17u, 0xFFF0u, 0xFFF1u, 0xFFFFu}) {
    s.push_back(from_bits(0x3D000000u | low));  // near 2^-5
    s.push_back(from_bits(0x3DCD0000u | low));  // near 0.1
  }
  const float below_100 = std::nextafter(0x1p-100f, 0.0f),
              above_100 = std::nextafter(0x1p100f, 1e38f);
  for (float extreme : {below_100, above_100, 0x1p-126f, std::nextafter(0x1p-126f, 0.0f), 0x1p-149f,
                        0x1.8p-140f, 0x1p120f, 0x1p127f, std::numeric_limits<float>::max()}) {
    s.push_back(extreme);
  }
  return s;
}

/// Numbers that ask a question of x / scale: every tie and its neighbours, both ends of the range and
/// their neighbours, zeros, subnormals, huge numbers, infinities and NaNs.
inline std::vector<float> questions(float scale) {
  std::vector<float> x;
  const float inf = std::numeric_limits<float>::infinity();
  for (int half = -1200; half <= 1200; ++half) {
    const auto tie = static_cast<float>(0.5 * half * static_cast<double>(scale));
    float below = tie, above = tie;
    x.push_back(tie);
    for (int i = 0; i < 3; ++i) {
      below = std::nextafter(below, -inf);
      above = std::nextafter(above, inf);
      x.push_back(below);
      x.push_back(above);
    }
  }
  for (float v : {0.0f, 0x1p-149f, 0x1p-126f, 0x1.fffffcp-127f, 1.0f, 0x1p31f, 0x1p24f, 1e10f,
                  1e30f, std::numeric_limits<float>::max(), inf}) {
    x.push_back(v);
    x.push_back(-v);
  }
  for (std::uint32_t nan : {0x7FC00000u, 0xFFC00000u, 0x7F800001u, 0xFF812345u, 0x7FFFFFFFu}) {
    x.push_back(from_bits(nan));
  }
  return x;
}

/// Any float at all.
inline std::vector<float> any_floats(std::size_t n, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> x(n);
  for (float& v : x) v = from_bits(static_cast<std::uint32_t>(random()));
  return x;
}

/// Floats of which most land inside the range of 8 bits.
inline std::vector<float> floats_near(float scale, std::size_t n, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> x(n);
  for (float& v : x) {
    const double unit = static_cast<double>(random()) / 4294967296.0;
    v = static_cast<float>((unit * 700.0 - 350.0) * static_cast<double>(scale));
  }
  return x;
}

template <class T>
std::vector<T> any_integers(std::size_t n, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<T> x(n);
  for (T& v : x) v = static_cast<T>(random());
  return x;
}

/// Any bits at all: one in 32 halves is an infinity or NaN, and one in 256 of the others.
template <class X>
std::vector<X> any_reals(std::size_t n, std::uint32_t seed) {
  std::vector<X> x(n);
  const std::vector<std::uint32_t> bits = any_integers<std::uint32_t>(n, seed);
  for (std::size_t i = 0; i < n; ++i) {
    if constexpr (sizeof(X) == 4) {
      x[i] = from_bits(bits[i]);
    } else {
      x[i].bits = static_cast<std::uint16_t>(bits[i] >> 7);
    }
  }
  return x;
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_INPUTS_HPP_
