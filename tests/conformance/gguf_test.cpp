// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// GGUF's q8_0: rows of 32 numbers with a scale each, which is stored as half.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <qmath/qmath.hpp>

#include "support/conformance.hpp"

using support::vector_case;

namespace {

constexpr qmath::scheme how = {.symmetric = true, .rules = qmath::numerics::params::ggml};
constexpr qmath::quantize_options options = {.rules = qmath::numerics::ggml};

struct row {
  float scale;
  std::vector<std::int32_t> codes;
};

// Row and codes by one call for many rows at once, on every target; they are all the same.
row quantized_row(const std::vector<float>& x) {
  const std::vector<float> all = support::repeated(x);
  const qmath::granularity layout = qmath::per_group(1, all.size(), x.size());
  row r;
  const qmath::value_range range = qmath::reference::min_max<float>(x);
  r.scale = qmath::choose_params<std::int8_t>(range, how).scale;
  r.codes = support::quantized<std::int8_t>(x, qmath::affine_params{r.scale, 0}, options);
  const std::vector<std::int32_t> codes = support::repeated(r.codes);
  support::for_each_target([&] {
    std::vector<float> scales(layout.count());
    std::vector<std::int8_t> q(all.size());
    qmath::dynamic_quantize(all, layout, scales, {}, q, how, options);
    for (const float scale : scales) support::check_answer(r.scale, scale);
    support::check_answers(codes, std::vector<std::int32_t>(q.begin(), q.end()));
  });
  return r;
}

void check_q8_0(const vector_case& c, support::census& set) {
  const auto x = c.get<float>("x");
  const auto bytes = c.get<std::uint8_t>("bytes");
  const auto y = c.get<float>("y");
  REQUIRE(bytes.size() == x.size() + 2);
  const qmath::half d = {static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8)};
  std::vector<std::int32_t> codes;
  for (std::size_t i = 0; i < x.size(); ++i)
    codes.push_back(static_cast<std::int8_t>(bytes[i + 2]));

  const row got = quantized_row(x);
  for (const float v : x) set.look(v, got.scale, 0);
  const bool finite = std::all_of(x.begin(), x.end(), [](float v) { return v - v == 0.0f; });
  if (!finite) {
    // gguf: no finite scale, and all codes are 0. qmath: NaN is 0 and no part of the range; infinity has the
    // scale of the largest float, and saturates.
    CHECK(c.name.ends_with("special"));
    CHECK((d.bits & 0x7C00) == 0x7C00);
    CHECK(codes == std::vector<std::int32_t>(x.size(), 0));
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] != x[i]) CHECK(got.codes[i] == 0);
      if (std::abs(x[i]) == HUGE_VALF) CHECK(got.codes[i] == (x[i] < 0.0f ? -128 : 127));
    }
    return c.leave_out("y", "of a scale that is none");
  }
  support::check_answers(codes, got.codes);
  const bool tiny = qmath::reference::absmax<float>(x) / 127.0f < 0x1p-126f;
  if (tiny) {
    CHECK(d.bits == 0);
    CHECK(got.scale == 1.0f);
  } else {
    CHECK(qmath::half_from(got.scale) == d);
  }
  // A scale that half holds as 0 or infinity is none for dequantize.
  const float stored = qmath::float_from(d);
  if (stored > 0.0f && stored < HUGE_VALF) {
    const qmath::affine_params p = {stored, 0};
    support::check_answers(y, support::dequantized<std::int8_t, float>(codes, p));
  } else {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float want = stored * static_cast<float>(codes[i]);
      CHECK((want == y[i] || (want != want && y[i] != y[i])));
    }
  }
}

}  // namespace

TEST_SUITE("conformance/gguf") {
  TEST_CASE("q8_0") {
    support::census set;
    support::for_each_case("gguf.txt", 58, [&](const vector_case& c) {
      if (c.name.starts_with("q4_0")) {
        return c.leave_out("its scales are negative where the largest number is positive");
      }
      check_q8_0(c, set);
    });
    CHECK(set.ties > 0);
    CHECK(set.nans > 0);
    CHECK(set.infinities > 0);
  }
}
