// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Saved observers: known bytes, and what load does with every damage.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <qmath/qmath.hpp>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/inputs.hpp"
#include "support/saved_bytes.hpp"

using qmath::load_status;
using support::bytes;
using support::put;
using support::saved;
using support::seen;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

std::string hex(const bytes& b) {
  std::string text;
  for (const std::uint8_t v : b) {
    text += "0123456789abcdef"[v >> 4];
    text += "0123456789abcdef"[v & 15];
  }
  return text;
}

// Makes the sum right.
bytes resealed(bytes b) {
  put(b, 12, support::saved_sum(b), 4);
  return b;
}

// Loads into an observer that has seen something else, which stays as it is.
template <class O>
load_status refused(const bytes& b) {
  const O before = seen<O>({7.0f, 8.0f});
  O o = before;
  const load_status status = qmath::load(o, b);
  if (status != load_status::ok) CHECK(o == before);
  return status;
}

// Whatever was loaded can be worked with.
template <class O>
void use(O& o) {
  qmath::observe(o, std::vector<float>{1.0f, -2e30f, inf});
  qmath::merge(o, O(o));
  const qmath::affine_params p = qmath::choose_params<std::int8_t>(o);
  CHECK(p.scale > 0.0f);
  if constexpr (qmath::detail::is_histogram<O>) {
    const qmath::value_range r = qmath::percentile(o, 0.3, 0.8);
    CHECK(r.min <= r.max);
    CHECK(qmath::absmax_percentile(o, 0.3).max >= 0.0f);
  }
}

const std::vector<std::vector<float>> data_sets = {
    {},
    {1.0f},
    {-0.0f},
    {-3.0f, 0.5f, 0.5f, inf, -inf, -inf, std::nanf("")},
    {std::nanf("")},
    {-inf, inf},
    {0x1p-149f, -0x1p-140f},
    {std::numeric_limits<float>::max(), -std::numeric_limits<float>::max()},
    support::any_floats(300, 1),
    support::floats_near(1, 3000, 2)};

using small_histogram = qmath::histogram_observer<8>;

}  // namespace

TEST_CASE("save: known bytes") {
  const std::vector<float> x = {-3.0f, 0.5f, 0.5f, inf, std::nanf("")};
  CHECK(hex(saved(seen<qmath::min_max_observer>(x))) ==
        "716d6f620100010020000000458f8f1e000040c00000807f0500000000000000");
  CHECK(hex(saved(seen<small_histogram>(x))) ==
        "716d6f6201000400800000004c408276000040c00000003f0300000000000000"
        "010000000000000001000000000000000000000000000000"
        "0000000008000000"
        "0000000000000000"
        "0100000000000000"
        "0000000000000000"
        "0000000000000000"
        "0200000000000000"
        "0000000000000000"
        "0000000000000000"
        "0000000000000000");
  qmath::moving_average_observer average{.weight = 0.5f};
  qmath::observe(average, std::vector<float>{1.0f, 2.0f});
  CHECK(hex(saved(average)) ==
        "716d6f620100020024000000e242832f0000003f0000803"
        "f000000400100000000000000");
  const bytes moments = saved(seen<qmath::moments_observer>({-0x1p-149f, 0x1p-149f, -0x1p-148f}));
  CHECK(hex(moments).substr(0, 24) == "716d6f6201000300b0000000");
  CHECK(hex(moments).substr(32, 64) == "0300000000000000" + std::string(48, '0'));
  CHECK(hex(moments).substr(96, 96) == "fe" + std::string(94, 'f'));
  CHECK(hex(moments).substr(192) == "06" + std::string(158, '0'));
  for (const bytes& b : {moments, saved(average)}) CHECK(resealed(b) == b);
}

TEST_CASE_TEMPLATE("load: what was saved", O, qmath::min_max_observer,
                   qmath::moving_average_observer, qmath::moments_observer, small_histogram,
                   qmath::histogram_observer<2048>) {
  for (const std::vector<float>& x : data_sets) {
    const O o = seen<O>(x);
    const bytes b = saved(o);
    O back = seen<O>({5.0f});
    CHECK(qmath::load(back, b) == load_status::ok);
    CHECK(back == o);
    CHECK(saved(back) == b);
    CHECK(resealed(b) == b);
    use(back);
  }
}

TEST_CASE_TEMPLATE("load: every byte that is wrong, every end that is missing", O,
                   qmath::min_max_observer, qmath::moving_average_observer, qmath::moments_observer,
                   small_histogram, qmath::histogram_observer<512>) {
  for (const std::vector<float>& x : {data_sets[0], data_sets[3], data_sets[9]}) {
    const bytes good = saved(seen<O>(x));
    for (std::size_t i = 0; i < good.size(); ++i) {
      bytes b = good;
      const int step = good.size() > 1000 ? 37 : 1;
      for (int v = 1; v < 256; v += step) {
        b[i] = static_cast<std::uint8_t>(good[i] ^ v);
        const load_status status = refused<O>(b);
        CHECK(status == (i < 4    ? load_status::foreign
                         : i < 6  ? load_status::version
                         : i < 8  ? load_status::kind
                         : i < 12 ? load_status::size
                                  : load_status::checksum));
      }
    }
    for (std::size_t n = 0; n < good.size(); ++n) {
      // In memory of that size, so that a sanitizer sees what is read behind
      // it.
      const bytes b(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n));
      CHECK(refused<O>(b) == load_status::truncated);
    }
    bytes b = good;
    b.push_back(0);
    CHECK(refused<O>(b) == load_status::too_long);
  }
}

TEST_CASE_TEMPLATE("load: contents that no data leave, with the right sum", O,
                   qmath::min_max_observer, qmath::moving_average_observer, qmath::moments_observer,
                   small_histogram) {
  std::mt19937 random(3);
  std::size_t accepted = 0;
  for (const std::vector<float>& x : data_sets) {
    const bytes good = saved(seen<O>(x));
    for (int trial = 0; trial < 3000; ++trial) {
      bytes b = good;
      for (auto changes = random() % 3 + 1; changes != 0; --changes) {
        const std::size_t at = 16 + random() % (b.size() - 16);
        b[at] = static_cast<std::uint8_t>(random() % 4 == 0 ? 0xFF : random());
        if (random() % 8 == 0) b[at] = 0;
      }
      O o{};
      if (qmath::load(o, resealed(b)) != load_status::ok) continue;
      ++accepted;
      CHECK(saved(o) == resealed(b));  // nothing is there that is not in the observer
      use(o);
    }
    for (int trial = 0; trial < 300; ++trial) {
      bytes b = good;
      for (std::size_t i = 16; i < b.size(); ++i) b[i] = static_cast<std::uint8_t>(random());
      O o{};
      if (qmath::load(o, resealed(b)) == load_status::ok) use(o);
      for (std::uint8_t& v : b) v = static_cast<std::uint8_t>(random());
      CHECK(refused<O>(b) != load_status::ok);
    }
  }
  CHECK(accepted > 0);
}

TEST_CASE("load: contents, one by one") {
  constexpr std::uint32_t nan = 0x7FC00000u, plus = 0x7F800000u, minus = 0xFF800000u,
                          one = 0x3F800000u;
  const auto range = [](bytes b, std::size_t at, std::uint32_t min, std::uint32_t max) {
    put(b, at, min, 4);
    put(b, at + 4, max, 4);
    return resealed(b);
  };
  const auto with = [](bytes b, std::size_t at, std::uint64_t v, std::size_t size) {
    put(b, at, v, size);
    return resealed(b);
  };
  {
    using O = qmath::min_max_observer;
    const bytes b = saved(seen<O>({1.0f, 2.0f, 3.0f}));
    CHECK(refused<O>(range(b, 16, one, one)) == load_status::ok);
    CHECK(refused<O>(range(b, 16, minus, plus)) == load_status::ok);
    CHECK(refused<O>(range(b, 16, plus, plus)) == load_status::ok);
    CHECK(refused<O>(range(b, 16, plus, minus)) == load_status::ok);  // three NaN
    CHECK(refused<O>(range(b, 16, nan, one)) == load_status::contents);
    CHECK(refused<O>(range(b, 16, one, nan)) == load_status::contents);
    CHECK(refused<O>(range(b, 16, 0x80000000u, one)) == load_status::contents);
    CHECK(refused<O>(range(b, 16, 0xBF800000u, 0x80000000u)) == load_status::contents);
    CHECK(refused<O>(range(b, 16, one, one - 1)) == load_status::contents);
    CHECK(refused<O>(range(b, 16, 0xBF800000u, 0xBF800001u)) == load_status::contents);
    CHECK(refused<O>(with(b, 24, 1, 8)) == load_status::contents);  // two numbers
    CHECK(refused<O>(with(b, 24, 2, 8)) == load_status::ok);
    CHECK(refused<O>(with(saved(seen<O>({1.0f})), 24, 0, 8)) == load_status::contents);
  }
  {
    using O = qmath::moving_average_observer;
    const bytes b = saved(seen<O>({1.0f, 2.0f})), none = saved(O{});
    CHECK(refused<O>(with(b, 16, one, 4)) == load_status::ok);
    CHECK(refused<O>(with(b, 16, 0, 4)) == load_status::ok);
    CHECK(refused<O>(with(b, 16, one + 1, 4)) == load_status::contents);
    CHECK(refused<O>(with(b, 16, 0xBF000000u, 4)) == load_status::contents);
    CHECK(refused<O>(with(b, 16, nan, 4)) == load_status::contents);
    CHECK(refused<O>(with(b, 28, 0, 8)) == load_status::contents);
    CHECK(refused<O>(with(none, 28, 1, 8)) == load_status::contents);
    CHECK(refused<O>(range(b, 20, minus, one)) == load_status::contents);
    CHECK(refused<O>(range(b, 20, plus, minus)) == load_status::contents);
  }
  {
    using O = small_histogram;
    const bytes b = saved(seen<O>({-3.0f, 0.5f, 3.5f})), none = saved(O{});
    constexpr std::size_t exponent = 56, bins = 60, counts = 64;
    CHECK(refused<O>(with(b, exponent, 1, 4)) == load_status::contents);
    CHECK(refused<O>(with(b, exponent, 0xFFFFFFFFu, 4)) == load_status::contents);
    CHECK(refused<O>(with(b, exponent, 0x80000000u, 4)) == load_status::contents);
    CHECK(refused<O>(with(none, exponent, 0, 4)) == load_status::contents);
    CHECK(refused<O>(with(b, bins, 16, 4)) == load_status::contents);
    CHECK(refused<O>(with(b, 24, 4, 8)) == load_status::contents);  // not the sum
    CHECK(refused<O>(with(b, counts + 8 * 5, 1, 8)) == load_status::contents);
    CHECK(refused<O>(with(none, counts, 1, 8)) == load_status::contents);
    CHECK(refused<O>(range(b, 16, 0xC0400000u, 0x40000000u)) == load_status::contents);  // max: 2
    CHECK(refused<O>(range(b, 16, 0xC0000000u, 0x40600000u)) == load_status::contents);  // min: -2
    CHECK(refused<O>(range(b, 16, 0xC0400000u, plus)) == load_status::contents);
    bytes moved = b;  // the same sum outside the range
    put(moved, counts + 8, 0, 8);
    put(moved, counts, 1, 8);
    CHECK(refused<O>(resealed(moved)) == load_status::contents);
    CHECK(refused<O>(with(b, 32, 99, 8)) == load_status::ok);  // any number of NaN
  }
  {
    using O = qmath::moments_observer;
    const bytes b = saved(seen<O>({1.0f, 2.0f})), none = saved(O{});
    CHECK(refused<O>(with(none, 48, 1, 4)) == load_status::contents);
    CHECK(refused<O>(with(none, 100, 1, 4)) == load_status::contents);
    CHECK(refused<O>(with(b, 92, 1, 4)) == load_status::contents);
    CHECK(refused<O>(with(b, 88, 0x200000u, 4)) == load_status::contents);
    CHECK(refused<O>(with(b, 172, 0x400u, 4)) == load_status::contents);
    CHECK(refused<O>(with(b, 80, 5, 4)) == load_status::contents);  // |sum|^2 > n * squares
    // Two numbers: squares below 2^256 each, 2^554 units of 2^-298.
    CHECK(refused<O>(with(b, 164, 0x7FFu, 4)) == load_status::ok);
    CHECK(refused<O>(with(b, 164, 0x800u, 4)) == load_status::contents);
    CHECK(refused<O>(with(b, 172, 0x3FFu, 4)) == load_status::contents);
    const bytes most = with(b, 16, ~std::uint64_t{1}, 8);
    CHECK(refused<O>(with(most, 172, 0x3FFu, 4)) == load_status::ok);
    CHECK(refused<O>(with(most, 172, 0x400u, 4)) == load_status::contents);
  }
}

TEST_CASE("load: another type, another number of bins") {
  const std::vector<float> x = {1.0f, 2.0f};
  CHECK(refused<qmath::min_max_observer>(saved(seen<qmath::moments_observer>(x))) ==
        load_status::kind);
  CHECK(refused<small_histogram>(saved(seen<qmath::histogram_observer<16>>(x))) ==
        load_status::size);
  qmath::min_max_observer o;
  CHECK(qmath::load(o, {}) == load_status::truncated);
}

TEST_CASE("save: statuses have names") {
  using qmath::load_status;
  const char* const names[] = {"ok",   "truncated", "too_long", "foreign", "version",
                               "kind", "size",      "checksum", "contents"};
  for (std::size_t i = 0; i < std::size(names); ++i) {
    CHECK(std::string_view(qmath::name(static_cast<load_status>(i))) == names[i]);
  }
}
