// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// error_sums: exact sums, whatever the parts, their order, the mask, the layout and the types.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <qmath/metrics.hpp>
#include <qmath/qmath.hpp>
#include <random>
#include <vector>

#include "support/formats.hpp"
#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/selections.hpp"
#include "support/targets.hpp"

using qmath::bfloat16;
using qmath::error_sums;
using qmath::half;
using support::guard;
using support::guarded;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float quiet_nan = std::numeric_limits<float>::quiet_NaN();
constexpr float largest = std::numeric_limits<float>::max();

// ---- The obvious sums: digits to the base 2^16, with carries at the end ---------------------------

template <int Limbs>
class slow_sum {
 public:
  // m * 2^exponent, |m| < 2^48, in units of 2^unit.
  void add(std::int64_t m, int exponent, int unit) {
    const bool negative = m < 0;
    auto magnitude = static_cast<std::uint64_t>(negative ? -m : m);
    const int position = exponent - unit;
    REQUIRE(position >= 0);
    for (int at = position / 16, shift = position % 16; magnitude != 0; ++at, magnitude >>= 16) {
      const auto piece = static_cast<std::int64_t>((magnitude & 0xFFFF) << shift);
      digits_.at(static_cast<std::size_t>(at)) += negative ? -piece : piece;
    }
  }
  qmath::detail::exact_sum<Limbs> value() const {
    qmath::detail::exact_sum<Limbs> sum;
    std::int64_t carry = 0;
    for (std::size_t i = 0; i < digits_.size(); ++i) {
      const std::int64_t digit = digits_[i] + carry;
      const std::int64_t kept = digit & 0xFFFF;
      carry = (digit - kept) / 65536;
      sum.limb[i / 4] |= static_cast<std::uint64_t>(kept) << (16 * (i % 4));
    }
    return sum;
  }

 private:
  std::vector<std::int64_t> digits_ = std::vector<std::int64_t>(Limbs * 4);
};

struct parts {
  std::int64_t m;
  int exponent;
};

parts parts_of(float x) {
  if (x == 0.0f) return {0, 0};
  int exponent = 0;
  const double m = std::frexp(static_cast<double>(x), &exponent);  // 24 bits behind the point
  std::int64_t integer = static_cast<std::int64_t>(std::ldexp(m, 24));
  exponent -= 24;
  while (integer % 2 == 0) integer /= 2, ++exponent;  // subnormal numbers have fewer bits
  return {integer, exponent};
}

class slow_errors {
 public:
  void add(float a, float b, std::uint64_t index) {
    if (a != a || b != b) return void(++rest_.nan);
    if (std::isinf(a) || std::isinf(b)) return void(++rest_.infinite);
    ++rest_.count;
    const parts x = parts_of(a), y = parts_of(b);
    aa_.add(x.m * x.m, 2 * x.exponent, -298);
    if (x.m != 0 && y.m != 0) ab_.add(x.m * y.m, x.exponent + y.exponent, -298);
    bb_.add(y.m * y.m, 2 * y.exponent, -298);
    a_.add(x.m, x.exponent, -149);
    b_.add(y.m, y.exponent, -149);
    const double error = std::fabs(static_cast<double>(b) - static_cast<double>(a));
    raise(rest_.absolute, error, index);
    if (a != 0.0f) raise(rest_.relative, error / std::fabs(static_cast<double>(a)), index);
  }
  error_sums value() const {
    error_sums s = rest_;
    s.aa = aa_.value(), s.ab = ab_.value(), s.bb = bb_.value();
    s.a = a_.value(), s.b = b_.value();
    return s;
  }

 private:
  static void raise(qmath::error_peak& peak, double value, std::uint64_t index) {
    if (value == 0.0) return;
    if (value > peak.value || (value == peak.value && index < peak.index)) peak = {value, index};
  }
  slow_sum<10> aa_, ab_, bb_;
  slow_sum<6> a_, b_;
  error_sums rest_;
};

template <class A, class B>
error_sums slow(const std::vector<A>& a, const std::vector<B>& b, std::uint64_t first = 0,
                const std::function<bool(std::size_t)>& counts = nullptr) {
  slow_errors s;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (counts && !counts(i)) continue;
    s.add(qmath::float_from(a[i]), qmath::float_from(b[i]), first + i);
  }
  return s.value();
}

template <class A, class B>
error_sums fast(const std::vector<A>& a, const std::vector<B>& b,
                const qmath::error_options& options = {}) {
  error_sums s;
  qmath::add_errors(a, b, s, options);
  return s;
}

void check_same(const error_sums& got, const error_sums& want) {
  CHECK(got.aa == want.aa);
  CHECK(got.ab == want.ab);
  CHECK(got.bb == want.bb);
  CHECK(got.a == want.a);
  CHECK(got.b == want.b);
  CHECK(got.count == want.count);
  CHECK(got.nan == want.nan);
  CHECK(got.infinite == want.infinite);
  CHECK(got.absolute.value == want.absolute.value);
  CHECK(got.absolute.index == want.absolute.index);
  CHECK(got.relative.value == want.relative.value);
  CHECK(got.relative.index == want.relative.index);
  CHECK(std::memcmp(&got, &want, sizeof(got)) == 0);
}

// ---- Inputs ---------------------------------------------------------------------------------------

// Magnitudes between 2^from and 2^to, of either sign.
std::vector<float> floats_between(int from, int to, std::size_t n, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> x(n);
  for (float& v : x) {
    const auto bits = static_cast<std::uint32_t>(random());
    const int exponent = from + static_cast<int>(random() % static_cast<unsigned>(to - from));
    const double m = 1.0 + static_cast<double>(bits & 0x7FFFFF) * 0x1p-23;
    v = static_cast<float>(std::ldexp((bits >> 31) != 0 ? -m : m, exponent));
  }
  return x;
}

std::vector<float> rounded_to(const std::vector<float>& x, float step) {
  std::vector<float> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = std::nearbyint(x[i] / step) * step;
  return y;
}

struct pair_of_arrays {
  const char* name;
  std::vector<float> a, b;
};

std::vector<pair_of_arrays> all_pairs(std::size_t n) {
  std::vector<pair_of_arrays> all;
  const std::vector<float> x = support::floats_near(0.01f, n, 1);
  all.push_back({"quantized", x, rounded_to(x, 0.01f)});
  all.push_back({"equal", x, x});
  all.push_back({"zeros", std::vector<float>(n, 0.0f), std::vector<float>(n, -0.0f)});
  all.push_back({"zeros and numbers", std::vector<float>(n, 0.0f), x});
  all.push_back({"numbers and zeros", x, std::vector<float>(n, 0.0f)});
  // Every number of levels, at its edges. Widths are the span and 24.
  for (const int span : {1, 17, 18, 19, 20, 37, 38, 39, 40, 58, 59, 60, 61, 100, 250}) {
    const int from = -span / 2;
    all.push_back({"spans", floats_between(from, from + span, n, 2),
                   floats_between(from, from + span, n, 3)});
    all.push_back({"spans and small ones", floats_between(from, from + span, n, 4),
                   floats_between(-140, -139, n, 5)});
  }
  all.push_back({"huge", floats_between(120, 128, n, 6), floats_between(120, 128, n, 7)});
  all.push_back(
      {"huge, all alike", std::vector<float>(n, largest), std::vector<float>(n, -largest)});
  all.push_back({"subnormal", floats_between(-149, -126, n, 8), floats_between(-149, -126, n, 9)});
  all.push_back(
      {"the smallest", std::vector<float>(n, 0x1p-149f), std::vector<float>(n, -0x1p-149f)});
  all.push_back(
      {"all ones", std::vector<float>(n, 0x1.fffffep0f), std::vector<float>(n, 0x1.fffffep0f)});
  all.push_back({"anything", support::any_floats(n, 10), support::any_floats(n, 11)});
  return all;
}

}  // namespace

TEST_CASE("errors: the state has no padding") {
  CHECK(sizeof(error_sums) == 3 * 80 + 2 * 48 + 3 * 8 + 2 * 16);
  CHECK(std::has_unique_object_representations_v<qmath::detail::product_sum>);
}

TEST_CASE("errors: sums are exact for every span of magnitudes") {
  for (const auto& p : all_pairs(2500)) {
    CAPTURE(p.name);
    const error_sums want = slow(p.a, p.b);
    support::for_each_target([&] { check_same(fast(p.a, p.b), want); });
  }
}

TEST_CASE("errors: sizes, at both ends of the memory") {
  std::vector<std::size_t> sizes = support::sizes();
  for (const std::size_t n : {1023u, 1024u, 1025u, 1040u, 2047u, 2048u, 2049u}) sizes.push_back(n);
  for (const std::size_t n : sizes) {
    CAPTURE(n);
    const std::vector<float> a = support::floats_near(0.5f, n, 20), b = rounded_to(a, 0.5f);
    for (const guard side : {guard::behind, guard::before}) {
      const guarded<float> x(a, side), y(b, side);
      const error_sums want = slow(a, b);
      support::for_each_target([&] {
        error_sums s;
        qmath::add_errors(x.span(), y.span(), s);
        check_same(s, want);
      });
    }
  }
  error_sums none;
  qmath::add_errors(std::vector<float>{}, std::vector<float>{}, none);
  CHECK(none == error_sums{});
}

TEST_CASE("errors: full blocks of the largest numbers of a binade stay exact") {
  // As much as a level can hold: 1024 products of one sign, all just below a power of two.
  for (const float tiny : {0x1p-17f, 0x1p-18f, 0x1p-37f, 0x1p-38f, 0x1p-58f, 0x1p-59f}) {
    for (const float sign : {1.0f, -1.0f}) {
      std::vector<float> a(1024, 0x1.fffffep0f), b(1024, sign * 0x1.fffffep0f);
      a[7] = tiny * 0x1.000002p0f, b[7] = tiny * 0x1.000002p0f;
      a[1000] = tiny * 0x1.000006p0f, b[900] = -tiny * 0x1.000002p0f;
      const error_sums want = slow(a, b);
      support::for_each_target([&] { check_same(fast(a, b), want); });
    }
  }
}

TEST_CASE("errors: what the levels leave is all of one sign, and as much as it can be") {
  // Squares of these integers end in 121 of 256, 57 of 128 and 25 of 64: nearly half of a level's unit, which is
  // 2^8, 2^7 and 2^6 of their last bits.
  const float first = 0xFFFF0Bp-23f, second = 0xFFFF15p-43f, third = 0xFFFF05p-63f;
  for (int exponent = -15; exponent >= -66; --exponent) {
    CAPTURE(exponent);
    const float tiny = std::ldexp(0x1.000002p0f, exponent);
    for (const int parts : {1, 2, 3}) {
      for (const float sign : {1.0f, -1.0f}) {
        std::vector<float> a(1024);
        for (std::size_t i = 0; i < a.size(); ++i) {
          const std::size_t part = i / 16 % static_cast<std::size_t>(parts);
          a[i] = part == 0 ? first : part == 1 ? second : third;
        }
        for (std::size_t i = 1000; i < 1016; ++i) a[i] = tiny;
        std::vector<float> b = a;
        for (float& v : b) v *= sign;
        const error_sums want = slow(a, b);
        support::for_each_target([&] { check_same(fast(a, b), want); });
      }
    }
  }
}

TEST_CASE("errors: what is left would be too much if levels started one bit higher") {
  // Units of the first level would be 2^9 last bits of a square, those of the third one 2^8 at the least width of
  // three levels. These squares end in half of that and 1, which rounds up: what is left is -255 and -127.
  const float first = 0xFFFF81p-23f, third = 0xFFFFC1p-63f;
  REQUIRE(0xFFFF81ull * 0xFFFF81ull % 512 == 257);
  REQUIRE(0xFFFFC1ull * 0xFFFFC1ull % 256 == 129);
  for (int exponent = -15; exponent >= -66; --exponent) {
    CAPTURE(exponent);
    for (const bool small : {false, true}) {
      std::vector<float> a(1024, small ? third : first);
      a[0] = first;
      for (std::size_t i = 1000; i < 1016; ++i) a[i] = std::ldexp(0x1.000002p0f, exponent);
      a[1016] = std::ldexp(0x1.000002p0f, exponent);
      const error_sums want = slow(a, a);
      support::for_each_target([&] { check_same(fast(a, a), want); });
    }
    // Several levels are for 1024 numbers; half of the unit of the second one would be too much for 4096.
    std::vector<float> a(4096, 0xFFFF15p-43f);
    const std::vector<float> ones(4096, 1.0f);
    a[0] = first, a[1000] = std::ldexp(0x1.000002p0f, exponent);
    const error_sums left = slow(a, ones), right = slow(ones, a);
    support::for_each_target([&] {
      check_same(fast(a, ones), left);
      check_same(fast(ones, a), right);
    });
  }
}

TEST_CASE("errors: blocks of every size that a target may have") {
  for (const std::size_t n : {1024u, 2048u, 4080u, 4096u, 4097u, 4112u, 5136u, 9000u}) {
    for (const float sign : {1.0f, -1.0f}) {
      // One number to set the width, from 49 to 55, of one array or of both.
      for (int exponent = -25; exponent >= -31; --exponent) {
        CAPTURE(n);
        CAPTURE(exponent);
        std::vector<float> a(n, sign * 0x1.fffffep0f), b(n, 0x1.fffffep0f);
        if (exponent % 3 != -1) a[n - 20] = std::ldexp(0x1.000002p0f, exponent);
        if (exponent % 3 != 0) b[n / 2] = -std::ldexp(0x1.000006p0f, exponent);
        const error_sums want = slow(a, b);
        support::for_each_target([&] { check_same(fast(a, b), want); });
      }
    }
    // The smallest numbers, the largest ones, and some that are no numbers.
    for (const int from : {-149, -148, 126}) {
      std::vector<float> a = floats_between(from, from + 2, n, 24);
      std::vector<float> b = floats_between(from, from + 1, n, 25);
      const error_sums want = slow(a, b);
      support::for_each_target([&] { check_same(fast(a, b), want); });
      a[n / 3] = quiet_nan, b[n - 1] = inf;
      const error_sums rest = slow(a, b);
      support::for_each_target([&] { check_same(fast(a, b), rest); });
    }
  }
}

TEST_CASE("errors: random trees of random parts give the same bytes") {
  std::mt19937 random(31);
  const std::size_t n = 6000;
  for (const auto& p : all_pairs(n)) {
    CAPTURE(p.name);
    const error_sums whole = fast(p.a, p.b);
    for (int round = 0; round < 6; ++round) {
      std::vector<error_sums> forest;
      for (std::size_t begin = 0; begin < n;) {
        const std::size_t most = round < 3 ? 40 : 1500;
        const std::size_t size = std::min<std::size_t>(random() % most, n - begin);
        error_sums part;
        qmath::add_errors(std::span(p.a).subspan(begin, size), std::span(p.b).subspan(begin, size),
                          part, {.first = begin});
        forest.push_back(part);
        begin += size;
      }
      while (forest.size() > 1) {
        const std::size_t i = random() % forest.size();
        const error_sums one = forest[i];
        forest.erase(forest.begin() + static_cast<std::ptrdiff_t>(i));
        qmath::merge(forest[random() % forest.size()], one);
      }
      check_same(forest[0], whole);
    }
    // Into one accumulator, the parts in any order.
    std::vector<std::size_t> starts;
    for (std::size_t begin = 0; begin < n; begin += 500) starts.push_back(begin);
    std::shuffle(starts.begin(), starts.end(), random);
    error_sums shuffled;
    for (const std::size_t begin : starts) {
      qmath::add_errors(std::span(p.a).subspan(begin, 500), std::span(p.b).subspan(begin, 500),
                        shuffled, {.first = begin});
    }
    check_same(shuffled, whole);
  }
}

TEST_CASE("errors: merging doubles, and an empty one changes nothing") {
  const std::vector<float> a = support::floats_near(3.0f, 100, 32), b = rounded_to(a, 3.0f);
  error_sums s = fast(a, b);
  const error_sums once = s;
  qmath::merge(s, error_sums{});
  check_same(s, once);
  std::vector<float> aa = a, bb = b;
  aa.insert(aa.end(), a.begin(), a.end()), bb.insert(bb.end(), b.begin(), b.end());
  qmath::merge(s, s);
  check_same(s, slow(aa, bb));
  // 2^40 times the same: counts of that size come from merging.
  for (int k = 1; k < 40; ++k) qmath::merge(s, s);
  CHECK(s.count == std::uint64_t{100} << 40);
  CHECK(qmath::mse(s) == qmath::mse(once));
  CHECK(qmath::sqnr_db(s) == qmath::sqnr_db(once));
}

TEST_CASE("errors: NaN and infinities are counted and left out") {
  std::vector<float> a = support::floats_near(1.0f, 1500, 33), b = rounded_to(a, 1.0f);
  a[3] = quiet_nan, a[20] = inf, b[20] = quiet_nan, b[77] = -inf, a[1030] = inf, b[1030] = inf,
  b[1499] = quiet_nan;
  a[1498] = support::from_bits(0xFF800001u);
  const error_sums s = fast(a, b);
  check_same(s, slow(a, b));
  CHECK(s.nan == 4);
  CHECK(s.infinite == 2);
  CHECK(s.count == 1494);
  const std::vector<float> nothing(64, quiet_nan);
  CHECK(fast(nothing, nothing).count == 0);
}

TEST_CASE("errors: peaks are at the lowest of equal errors") {
  std::vector<float> a(3000, 1.0f), b(3000, 1.0f);
  CHECK(fast(a, b).absolute == qmath::error_peak{});
  CHECK(fast(a, b).relative == qmath::error_peak{});
  b[2900] = 1.5f, b[1500] = 0.5f, b[1501] = 1.5f;
  CHECK(fast(a, b).absolute == qmath::error_peak{0.5, 1500});
  CHECK(fast(a, b, {.first = 7}).relative == qmath::error_peak{0.5, 1507});
  a[2999] = 0.0f, b[2999] = 0.25f, a[10] = 0x1p-149f, b[10] = 0.0f;
  CHECK(fast(a, b).relative == qmath::error_peak{1.0, 10});
  // Out of order, a tie is found where it comes first.
  a.assign(64, 3.0f), b.assign(64, 3.0f), b[40] = 4.5f;
  for (const std::uint64_t before : {0u, 20u, 40u, 80u}) {
    error_sums s;
    qmath::add_errors(a, b, s, {.first = 100});
    qmath::add_errors(a, b, s, {.first = before});
    CHECK(s.absolute == qmath::error_peak{1.5, std::min<std::uint64_t>(before, 100) + 40});
    CHECK(s.relative == qmath::error_peak{0.5, std::min<std::uint64_t>(before, 100) + 40});
  }
  // No product with 29 bits of a peak tells these from each other.
  a.assign(3000, 3.0f), b.assign(3000, 3.0f);
  a[100] = 0x1.8p0f, b[100] = 0x1.800002p0f, a[2000] = 0x1.7ffffep0f, b[2000] = 0x1.8p0f;
  check_same(fast(a, b), slow(a, b));
  CHECK(fast(a, b).relative.index == 2000);
}

TEST_CASE("errors: peaks anywhere in a block, of which some are equal") {
  std::mt19937 random(22);
  const float ratios[] = {0.5f, 1.0f, 1.25f, 1.5f, 1.0f / 3.0f};
  for (int trial = 0; trial < 100; ++trial) {
    const std::size_t n = 1 + random() % 5000;
    std::vector<float> a = floats_between(-3, 3, n, static_cast<std::uint32_t>(trial)), b = a;
    // Nearly everywhere, or few.
    for (std::size_t k = trial % 2 == 0 ? n : 8; k-- > 0;) {
      const std::size_t i = random() % n;
      if (random() % 8 == 0) a[i] = 0.0f;
      b[i] = a[i] + ratios[random() % 5] * (trial % 3 == 0 ? a[i] : 4.0f);
    }
    const error_sums want = slow(a, b);
    support::for_each_target([&] { check_same(fast(a, b), want); });
  }
}

TEST_CASE("errors: a later peak that is higher by less than a product can tell") {
  // Ratios just below 1, by b next to nothing; the second one, p / a2, is above the first one, v, but p is v * a2
  // rounded up.
  const float a1 = 1.5f, b1 = 0x1.000002p-30f;
  const double v = (static_cast<double>(a1) - static_cast<double>(b1)) / static_cast<double>(a1);
  int found = 0;
  for (const float a2 : floats_between(0, 1, 4000, 21)) {
    const double x = std::fabs(static_cast<double>(a2));
    const double p = v * x, b2 = x - p;
    if (std::fma(v, x, -p) >= 0.0 || p / x <= v ||
        b2 != static_cast<double>(static_cast<float>(b2))) {
      continue;
    }
    std::vector<float> a(2048, 1.0f), b(2048, 1.0f);
    a[5] = a1, b[5] = b1, a[1500] = static_cast<float>(x), b[1500] = static_cast<float>(b2);
    // In another block, and in the same one.
    support::for_each_target([&] { CHECK(fast(a, b).relative == qmath::error_peak{p / x, 1500}); });
    a[500] = a[1500], b[500] = b[1500];
    support::for_each_target([&] { CHECK(fast(a, b).relative == qmath::error_peak{p / x, 500}); });
    a[5] = b[5] = 1.0f, a[400] = a1, b[400] = b1;
    support::for_each_target([&] { CHECK(fast(a, b).relative == qmath::error_peak{p / x, 500}); });
    ++found;
  }
  CHECK(found > 100);
  // The first ratio has 39 bits, 1 - 2^-16 - 2^-39; its product with the second number is less than the error by
  // 300 * 2^-62, and rounded it is the error; but the second ratio is more by a last bit.
  std::vector<float> a(1024, 1.0f), b(1024, 1.0f);
  b[5] = 0x1.000002p-16f;
  a[500] = 1.0f + 300 * 0x1p-23f, b[500] = 0x1p-16f * (1.0f + 301 * 0x1p-23f);
  const double w = 1.0 - 0x1p-16 - 0x1p-39 + 0x1p-53;
  support::for_each_target([&] { CHECK(fast(a, b).relative == qmath::error_peak{w, 500}); });
  // Equal ones, of which no 29 bits are the same.
  a.assign(1024, 1.0f), b = a, a[300] = 3.0f, b[300] = 4.0f, a[900] = 6.0f, b[900] = 8.0f;
  support::for_each_target(
      [&] { CHECK(fast(a, b).relative == qmath::error_peak{1.0 / 3.0, 300}); });
}

TEST_CASE_TEMPLATE("errors: types", A, float, half, bfloat16) {
  const auto check = [&]<class B>(std::type_identity<B>) {
    for (const std::size_t n : {5u, 64u, 1024u, 2100u}) {
      const std::vector<A> a = support::any_reals<A>(n, 40);
      const std::vector<B> b = support::any_reals<B>(n, 41);
      const error_sums want = slow(a, b);
      support::for_each_target([&] { check_same(fast(a, b), want); });
    }
  };
  check(std::type_identity<float>{});
  check(std::type_identity<half>{});
  check(std::type_identity<bfloat16>{});
}

TEST_CASE_TEMPLATE("errors: every number of 16 bits", T, half, bfloat16) {
  std::vector<T> a(65536), b(65536);
  std::vector<float> x(65536);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i].bits = static_cast<std::uint16_t>(i), b[i].bits = static_cast<std::uint16_t>(i * 40503u);
    x[i] = qmath::float_from(a[i]);
  }
  const error_sums pairs = slow(a, b), same = slow(a, x);
  CHECK(same.absolute == qmath::error_peak{});
  support::for_each_target([&] {
    check_same(fast(a, b), pairs);
    // Each is what float_from says, or there is a peak.
    check_same(fast(a, x), same);
    check_same(fast(x, a), slow(x, a));
  });
}

TEST_CASE_TEMPLATE("errors: nothing outside of 16-bit arrays is read", T, half, bfloat16) {
  for (std::size_t n = 1; n < 70; ++n) {
    const std::vector<T> a = support::any_reals<T>(n, 42), b = support::any_reals<T>(n, 43);
    const error_sums want = slow(a, b);
    for (const guard side : {guard::behind, guard::before}) {
      const guarded<T> x(a, side), y(b, side);
      support::for_each_target([&] {
        error_sums s;
        qmath::add_errors(x.span(), y.span(), s);
        check_same(s, want);
      });
    }
  }
}

TEST_CASE("errors: masks") {
  const std::size_t n = 3600;
  std::vector<float> a = support::floats_near(0.1f, n, 50), b = rounded_to(a, 0.1f);
  a[5] = quiet_nan, b[1800] = inf;
  for (const std::size_t each : {1u, 2u, 5u, 24u, 900u, 1200u, 3600u}) {
    CAPTURE(each);
    for (const std::uint32_t seed : {1u, 2u, 3u}) {
      std::vector<std::uint8_t> valid = support::any_integers<std::uint8_t>(n / each, seed);
      for (std::uint8_t& v : valid) v = v % 3 == 0 ? 0 : v;
      const guarded<std::uint8_t> mask(valid);
      const error_sums s = fast(a, b, {.which = {mask.span()}, .first = 9});
      check_same(s, slow(a, b, 9, [&](std::size_t i) { return valid[i / each] != 0; }));
    }
  }
  const std::uint8_t none[] = {0}, all[] = {255};
  CHECK(fast(a, b, {.which = {none}}) == error_sums{});
  check_same(fast(a, b, {.which = {all}}), fast(a, b));
}

TEST_CASE("errors: layouts") {
  const std::size_t shape[] = {4, 6, 10};
  const qmath::granularity layouts[] = {
      qmath::per_tensor(240),         qmath::per_row(24, 10),
      qmath::per_column(10),          qmath::per_column(48),
      qmath::per_group(24, 10, 4),    qmath::per_group(2, 120, 32),
      qmath::per_block(24, 10, 5, 3), qmath::per_block(24, 10, 5, 10),
      qmath::per_channel(shape, 0),   qmath::per_channel(shape, 1),
      qmath::per_channel(shape, 2),   qmath::per_row(1, 240),
      qmath::per_column(240),         qmath::per_axis_block(shape, 1, 4)};
  for (const std::size_t repeats : {1u, 11u}) {
    const std::size_t n = 240 * repeats;
    std::vector<float> a = support::floats_near(0.1f, n, 60), b = rounded_to(a, 0.1f);
    a[n - 3] = quiet_nan;
    std::vector<std::uint8_t> valid(n / 24);
    for (std::size_t i = 0; i < valid.size(); ++i) valid[i] = i % 3 != 1;
    for (const qmath::granularity& layout : layouts) {
      for (const bool masked : {false, true}) {
        std::vector<slow_errors> want(layout.count());
        for (std::size_t i = 0; i < n; ++i) {
          if (!masked || valid[i / 24] != 0) want[layout.index(i)].add(a[i], b[i], 100 + i);
        }
        qmath::error_options options = {.first = 100};
        if (masked) options.which.mask = valid;
        support::for_each_target([&] {
          std::vector<error_sums> got(layout.count());
          qmath::add_errors(a, b, layout, got, options);
          for (std::size_t c = 0; c < got.size(); ++c) {
            CAPTURE(c);
            check_same(got[c], want[c].value());
          }
        });
      }
    }
  }
}

TEST_CASE("errors: every layout and selection") {
  std::mt19937 random(80);
  for (const support::named_layout& l : support::layouts()) {
    if (l.n == 0) continue;
    CAPTURE(l.name);
    std::vector<float> a = support::floats_near(0.1f, l.n, 81), b = rounded_to(a, 0.1f);
    a[l.n / 2] = quiet_nan, b[l.n / 3] = -inf;
    for (int trial = 0; trial < support::choices; ++trial) {
      const support::choice c = support::random_choice(random, trial, l.n, l.layout.count());
      if (c.fits_a_tensor()) {
        check_same(fast(a, b, {.which = c.selection(), .first = 3}),
                   slow(a, b, 3, [&](std::size_t i) { return c.selects(i, l.n); }));
      }
      std::vector<slow_errors> want(l.layout.count());
      for (std::size_t i = 0; i < l.n; ++i) {
        const std::size_t k = l.layout.index(i);
        if (c.selects(i, l.n) && c.selects_channel(k)) want[k].add(a[i], b[i], i);
      }
      std::vector<error_sums> got(l.layout.count());
      qmath::add_errors(a, b, l.layout, got, {.which = c.selection()});
      for (std::size_t k = 0; k < got.size(); ++k) check_same(got[k], want[k].value());
    }
  }
}

TEST_CASE("errors: the caller's rounding and flushing do not matter") {
#if defined(__SSE__)
  const std::vector<float> a = floats_between(-149, -100, 300, 70), b = rounded_to(a, 0x1p-120f);
  const error_sums want = fast(a, b);
  const double sqnr = qmath::sqnr_db(want);
  // Every subnormal half.
  std::vector<half> h(1024);
  for (std::size_t i = 0; i < h.size(); ++i) h[i].bits = static_cast<std::uint16_t>(i);
  const error_sums want_of_half = slow(h, h);
  const unsigned before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(before | 0xE040u);  // toward zero, subnormals are zeros
  const error_sums got = fast(a, b);
  const double other = qmath::sqnr_db(want);
  std::vector<error_sums> got_of_half;
  support::for_each_target([&] { got_of_half.push_back(fast(h, h)); });
  __builtin_ia32_ldmxcsr(before);
  check_same(got, want);
  for (const error_sums& s : got_of_half) check_same(s, want_of_half);
  CHECK(std::bit_cast<std::uint64_t>(other) == std::bit_cast<std::uint64_t>(sqnr));
#endif
}
