// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What rounding.hpp says of stochastic rounding: its mean, its independence, what never moves, and that an
// array may be cut anywhere. That kernels equal the reference is in quantize_test.cpp.
//
// Seeds are fixed, so that every run has the same result. Bounds are such that random numbers would exceed
// one of them with a probability below 1e-9:
//   Hoeffding   n fair bits: |ones - n / 2| <= sqrt(n L / 2), with L = ln(2 / 1e-9) < 21.5
//   Bernstein   n draws that are 1 with probability p: the mean is off by at most t, where
//               n t^2 = 2 L (p (1 - p) + t / 3), so t = a + sqrt(a^2 + 2 L p (1 - p) / n), a = L / (3 n)
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <qmath/qmath.hpp>
#include <vector>

#include "support/formats.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using qmath::bit_order;
using qmath::random_source;
using qmath::reference::random_bits;
using support::coded;
using support::format_of;
using support::packed;

namespace {

constexpr double L = 21.5;

qmath::quantize_options stochastic(const random_source& random) {
  return {.rules = {.round = qmath::rounding::stochastic}, .random = random};
}

double bernstein(double p, double n) {
  const double a = L / (3.0 * n);
  return a + std::sqrt(a * a + 2.0 * L * p * (1.0 - p) / n);
}

// Bits of two sequences that should have nothing to do with each other: as many are equal as are not. In the
// same sequence, but for each bit with itself.
template <class F, class G>
void check_unrelated(const F& f, const G& g, bool same = false) {
  constexpr int n = 1 << 14;
  int different[16][16] = {};
  for (std::uint64_t i = 0; i < n; ++i) {
    const std::uint32_t a = f(i), b = g(i);
    for (int j = 0; j < 16; ++j) {
      for (int k = 0; k < 16; ++k) different[j][k] += (a >> j ^ b >> k) & 1;
    }
  }
  int most = 0;
  for (int j = 0; j < 16; ++j) {
    for (int k = 0; k < 16; ++k) {
      if (!same || j != k) most = std::max(most, std::abs(different[j][k] - n / 2));
    }
  }
  // 256 counts, which is 2^8: ln(2^8) more than for one.
  CHECK(most <= std::sqrt(n * (L + 5.6) / 2.0));
}

}  // namespace

// The first outputs of SplitMix64 for the state 1234567, as published with other implementations of it.
TEST_CASE("random numbers: SplitMix64's known answers") {
  constexpr std::uint64_t known[] = {6457827717110365317u, 3203168211198807973u,
                                     9817491932198370423u, 4593380528125082431u,
                                     16408922859458223821u};
  for (std::uint64_t k = 0; k < std::size(known); ++k) {
    CHECK(qmath::reference::random_word(1234567, k) == known[k]);
  }
}

TEST_CASE("random numbers: 64 elements use every bit of 16 words once") {
  for (const std::uint64_t group : {0u, 1u, 77u}) {
    const random_source source{3, 4, 64 * group};
    const std::uint64_t origin = qmath::reference::mix(qmath::reference::mix(3) + 4);
    std::vector<std::uint32_t> want, got;
    for (std::uint64_t k = 0; k < 16; ++k) {
      const std::uint64_t word = qmath::reference::random_word(origin, 16 * group + k);
      for (int part = 0; part < 64; part += 16)
        want.push_back(static_cast<std::uint32_t>(word >> part) & 0xFFFFu);
    }
    for (std::uint64_t i = 0; i < 64; ++i) got.push_back(random_bits(source, i));
    std::sort(want.begin(), want.end());
    std::sort(got.begin(), got.end());
    CHECK(got == want);
  }
}

TEST_CASE(
    "random numbers: streams, seeds, neighbours and bits have nothing to do with each other") {
  const auto numbers = [](std::uint64_t seed, std::uint64_t stream, std::uint64_t offset = 0) {
    return [=](std::uint64_t i) { return random_bits({seed, stream, offset}, i); };
  };
  const std::uint64_t far = std::uint64_t{1} << 63;
  for (const std::uint64_t a : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{12345}, far}) {
    CAPTURE(a);
    for (const std::uint64_t b : {a + 1, a + 2, a + 64, a ^ far, ~a}) {
      CAPTURE(b);
      check_unrelated(numbers(7, a), numbers(7, b));
      check_unrelated(numbers(a, 7), numbers(b, 7));
      check_unrelated(numbers(a, b), numbers(b, a));
    }
  }
  // The exclusive or of fair bits `distance` apart is again a sequence of independent fair bits.
  for (const std::uint64_t distance : {1u, 2u, 3u, 8u, 15u, 16u, 31u, 32u, 64u, 1024u, 65536u}) {
    CAPTURE(distance);
    check_unrelated(numbers(1, 2), numbers(1, 2, distance));
  }
  check_unrelated(numbers(1, 2), numbers(1, 2), true);
}

// floor((s + r) / 65536), added up over all r in [0, 65535], is s, for any integer s (Hermite's identity).
// So the mean over r is nearest_even(65536 v) / 65536 exactly.
TEST_CASE("stochastic: the mean over all random numbers is the number, to the step of 2^-16") {
  for (const float v : {0.0f, 0x1p-18f, 0x1p-17f, 0x1.8p-17f, 0.1f, 0.5f, 0.999f, 77.7f, 126.99999f,
                        -0.0f, -0x1p-17f, -0x1.8p-16f, -0.3f, -0.5f, -1.0f, -99.01f, -127.5f}) {
    CAPTURE(v);
    std::int64_t sum = 0;
    for (std::uint32_t r = 0; r < 65536; ++r) {
      sum += qmath::reference::quantize<std::int8_t>(v, 1.0f, 0, stochastic({}), r);
    }
    CHECK(static_cast<double>(sum) == std::nearbyint(65536.0 * static_cast<double>(v)));
  }
}

// The mean of what is drawn. It is expected at x / scale, but for the rounding of the quotient to a float, at
// most 2^-24 of it, and to multiples of 2^-16, at most 2^-17.
TEST_CASE_TEMPLATE("stochastic: the mean of many draws is the real quotient", T, std::int8_t,
                   std::int16_t, packed<qmath::s4, bit_order::first_low>) {
  constexpr std::size_t n = 1 << 16;
  const qmath::affine_params p{0.37f, 1};
  const double scale = static_cast<double>(p.scale);
  coded<T> q(n);
  support::for_each_target([&] {
    std::uint64_t stream = 0;
    for (const double v : {0.0, 0.0001, 0.01, 0.25, 0.5, 0.7, 0.9999, 3.5, 5.875, -0.0002, -0.3,
                           -0.5, -2.75, -6.999}) {
      CAPTURE(v);
      const auto x = static_cast<float>(v * scale);
      qmath::quantize(std::vector<float>(n, x), p, q.span(), stochastic({99, ++stream, 0}));
      double sum = 0.0;
      const double quotient = static_cast<double>(x) / scale, below = std::floor(quotient);
      for (std::size_t i = 0; i < n; ++i) {
        const std::int32_t steps = q.code(i) - p.zero_point;
        if (steps != below && steps != below + 1.0) FAIL("neither of the two neighbours");
        sum += steps;
      }
      const double slack = 0x1p-17 + std::abs(quotient) * 0x1p-24;
      CHECK(std::abs(sum / n - quotient) <= bernstein(quotient - below, n) + slack);
    }
  });
}

// Whatever is drawn: 2^20 times at least, so that the largest number is among them.
TEST_CASE_TEMPLATE("stochastic: integers never move", T, std::int8_t, std::uint8_t, std::int16_t,
                   std::uint16_t, packed<qmath::s4, bit_order::first_low>,
                   packed<qmath::u4, bit_order::first_high>) {
  using F = format_of<T>;
  constexpr std::size_t n = 1 << 16;
  const auto [lo, hi] = qmath::full_range<F>();
  const auto count = static_cast<std::size_t>(hi - lo + 1);
  coded<T> want(n), got(n);
  for (std::size_t i = 0; i < n; ++i) {
    qmath::reference::store(want.span(), i, lo + static_cast<std::int32_t>(i % count));
  }
  std::uint64_t stream = 0;
  // Powers of two: the quotients are integers exactly.
  for (const float scale : {1.0f, 0x1p-7f, 0x1p-79f, 0x1p90f, 0x1p-140f}) {
    CAPTURE(scale);
    for (const std::int32_t z : {lo, (lo + hi) / 2 + 1, hi}) {
      CAPTURE(z);
      std::vector<float> x(n);
      for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(want.code(i) - z) * scale;
      support::for_each_target([&] {
        for (int times = 0; times < 2; ++times) {
          got.fill(0x55);
          qmath::quantize(x, {scale, z}, got.span(), stochastic({1, ++stream, stream * 7}));
          support::check_same(want, got, n);
        }
      });
    }
  }
}

TEST_CASE_TEMPLATE("stochastic: an array may be cut anywhere, the offset says where", T,
                   std::int8_t, std::uint16_t, packed<qmath::s4, bit_order::first_low>,
                   packed<qmath::u2, bit_order::first_high>) {
  using F = format_of<T>;
  using traits = support::format_traits<T>;
  constexpr std::size_t n = 332, bits = qmath::detail::bits_of<F>, step = bits < 8 ? 8 / bits : 1;
  const std::vector<float> x = support::floats_near(0.1f, n, 5);
  const std::span<const float> all = x;
  const qmath::affine_params p{0.1f, 1};
  std::vector<typename traits::memory> want(traits::units(n)), got(want.size());
  std::vector<float> want_fake(n), got_fake(n);
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{63}, ~std::uint64_t{100}}) {
    CAPTURE(offset);
    const qmath::quantize_options whole = stochastic({5, 6, offset});
    qmath::reference::quantize<F>(all, p, traits::view(want.data(), n), whole);
    qmath::reference::fake_quantize<F>(all, p, std::span(want_fake), whole);
    support::for_each_target([&] {
      for (std::size_t cut = 0; cut <= n; cut += step) {
        CAPTURE(cut);
        const qmath::quantize_options rest = stochastic({5, 6, offset + cut});
        std::fill(got.begin(), got.end(), typename traits::memory{0x55});
        qmath::quantize(all.subspan(cut), p, traits::view(got.data() + cut / step, n - cut), rest);
        qmath::quantize(all.first(cut), p, traits::view(got.data(), cut), whole);
        CHECK(got == want);
        qmath::fake_quantize<F>(all.first(cut), p, std::span(got_fake).first(cut), whole);
        qmath::fake_quantize<F>(all.subspan(cut), p, std::span(got_fake).subspan(cut), rest);
        CHECK(got_fake == want_fake);
      }
    });
  }
}

TEST_CASE("stochastic: rows one by one, each at its offset, are the whole") {
  constexpr std::size_t rows = 9, cols = 77;
  const std::vector<float> x = support::floats_near(0.1f, rows * cols, 6);
  const std::vector<float> scales = {0.1f, 0.2f, 0.05f, 1.0f, 0.3f, 0x1p-7f, 0.7f, 2.0f, 0x1p90f};
  support::for_each_target([&] {
    std::vector<std::int8_t> want(x.size()), got(x.size());
    qmath::quantize(x, qmath::channel_params{scales, {}, qmath::per_row(rows, cols)}, want,
                    stochastic({8, 8, 8}));
    for (std::size_t row = rows; row-- > 0;) {
      qmath::quantize(std::span(x).subspan(row * cols, cols), {scales[row], 0},
                      std::span(got).subspan(row * cols, cols), stochastic({8, 8, 8 + row * cols}));
    }
    CHECK(got == want);
  });
}
