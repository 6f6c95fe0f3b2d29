// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// TFLite's multipliers and both of its roundings, as integers of any size compute them from the formulas.
#include <doctest/doctest.h>

#include <limits>
#include <qmath/qmath.hpp>

#include "support/conformance.hpp"

using support::vector_case;

namespace {

constexpr std::int32_t largest = std::numeric_limits<std::int32_t>::max();

void check_multipliers(const vector_case& c, bool single) {
  const auto real = c.get<double>("real");
  const auto multiplier = c.get<std::int32_t>("multiplier");
  const auto exponent = c.get<std::int32_t>("exponent");
  REQUIRE(multiplier.size() == real.size());
  for (std::size_t i = 0; i < real.size(); ++i) {
    INFO("multiplier ", real[i]);
    if (real[i] == 0.0) {  // which qmath refuses
      CHECK(multiplier[i] == 0);
      continue;
    }
    const qmath::fixed_point_multiplier m =
        single ? qmath::fixed_point::tflite_single_rounding(real[i]).multiplier
               : qmath::fixed_point::tflite_double_rounding(real[i]).multiplier;
    if (exponent[i] > 31) {  // which saturates in qmath
      CHECK(m == qmath::fixed_point_multiplier{largest, 0});
      continue;
    }
    CHECK(m.multiplier == multiplier[i]);
    if (multiplier[i] != 0) CHECK(m.shift == 31 - exponent[i]);
  }
}

void check_products(const vector_case& c) {
  const auto acc = c.get<std::int32_t>("acc");
  qmath::fixed_point_params p;
  p.multiplier = {c.integer("multiplier"), 31 - c.integer("exponent")};
  p.rule = qmath::fixed_point_rule::double_rounding;
  support::check_answers(c.get<std::int32_t>("double_rounding"),
                         support::requantized<std::int32_t, std::int32_t>(acc, p));
  p.rule = qmath::fixed_point_rule::single_rounding;
  support::check_answers(c.get<std::int32_t>("single_rounding"),
                         support::requantized<std::int32_t, std::int32_t>(acc, p));
}

}  // namespace

TEST_SUITE("conformance/fixed_point") {
  TEST_CASE("TFLite's multipliers and products") {
    support::for_each_case("fixed_point.txt", 24, [](const vector_case& c) {
      if (c.name == "multiply") return check_products(c);
      REQUIRE(c.name.starts_with("quantize_multiplier"));
      check_multipliers(c, c.name.ends_with("single"));
    });
  }
}
