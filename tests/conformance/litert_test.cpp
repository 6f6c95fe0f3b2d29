// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// LiteRT (TFLite) on x86: QUANTIZE and the requantization of FULLY_CONNECTED. One package contains three
// implementations: the delegate XNNPACK, which runs by default, the optimized and the reference kernels.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <qmath/qmath.hpp>

#include "support/conformance.hpp"

using support::departure;
using support::vector_case;

namespace {

namespace numerics = qmath::numerics;
namespace fixed_point = qmath::fixed_point;
using qmath::reference::rounded;

// The last elements of the optimized kernels: the quotient in double, ties away from zero.
template <class F>
std::int32_t tail_code(float x, float scale, std::int32_t z) {
  const double steps = static_cast<double>(x) / static_cast<double>(scale);
  if (const auto left = support::unchecked_cast(steps, z, qmath::full_range<F>())) {
    return left->code;
  }
  return qmath::reference::quantize<F>(static_cast<double>(x), scale, z,
                                       {.rules = numerics::tflite_reference});
}

template <class F>
void check_quantize(const vector_case& c, support::census& set) {
  const auto x = c.get<float>("x");
  const auto scale = c.one<float>("scale");
  const auto zero_points = c.get<std::int32_t>("zero_points");
  const float inverse = rounded(1.0f / scale);
  for (std::size_t k = 0; k < zero_points.size(); ++k) {
    const std::int32_t z = zero_points[k];
    const auto answers = [&](const std::string& field) {
      return support::slice(c.get<std::int32_t>(field), k, x.size());
    };
    if (c.has("q_xnnpack")) {
      support::check_codes<F>(
          answers("q_xnnpack"), x, scale, z, {.rules = numerics::tflite}, set,
          [](float, std::int32_t, qmath::code_range) -> std::optional<departure> { return {}; });
    }
    support::check_codes<F>(answers("q_reference"), x, scale, z,
                            {.rules = numerics::tflite_reference}, set,
                            [&](float v, std::int32_t, qmath::code_range codes) {
                              return support::unchecked_cast(rounded(v / scale), z, codes);
                            });
    support::check_codes<F>(answers("q_builtin"), x, scale, z, {.rules = numerics::tflite}, set,
                            [&](float v, std::int32_t, qmath::code_range codes) {
                              return support::unchecked_cast(rounded(v * inverse), z, codes);
                            });
    const auto tail = answers("q_builtin_tail");
    for (std::size_t i = 0; i < x.size(); ++i) {
      INFO("x[", i, "] = ", x[i], ", scale ", scale, ", zero point ", z);
      CHECK(tail[i] == tail_code<F>(x[i], scale, z));
    }
  }
}

std::int32_t clamped(std::int64_t n, qmath::code_range codes) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(n, codes.min, codes.max));
}

std::int32_t wrapped(std::int64_t n) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(n));
}

// The optimized kernels: double rounding, with ties of the second one toward +infinity; everything wraps.
std::int32_t optimized_kernel(std::int32_t acc, double multiplier, std::int32_t z,
                              qmath::code_range codes) {
  const auto m = fixed_point::tflite_double_rounding(multiplier).multiplier;
  const std::int32_t exponent = 31 - m.shift;
  const std::int64_t left = std::int64_t{1} << std::max(exponent, 0);
  const std::int64_t product = std::int64_t{wrapped(acc * left)} * m.multiplier;
  const std::int64_t high = qmath::reference::shift_half_up(product, 31);
  return clamped(wrapped(qmath::reference::shift_half_up(high, std::max(-exponent, 0)) + z), codes);
}

// The reference kernel of FULLY_CONNECTED: one rounding, ties away from zero; what int32 cannot hold becomes
// its smallest number, whatever the sign, and the sum with z wraps.
std::int32_t reference_kernel(std::int32_t acc, double multiplier, std::int32_t z,
                              qmath::code_range codes) {
  const auto m = fixed_point::tflite_double_rounding(multiplier).multiplier;
  const std::int64_t product = std::int64_t{acc} * m.multiplier;
  const std::int64_t n = qmath::reference::shift_half_away(product, m.shift);
  const std::int64_t held = n == std::int64_t{wrapped(n)} ? n : -(std::int64_t{1} << 31);
  return clamped(wrapped(held + z), codes);
}

template <class In, class F>
void check_requantize(const vector_case& c) {
  const auto in = c.get<std::int32_t>("in");
  const auto in_scale = c.one<float>("in_scale"), scale = c.one<float>("scale");
  const std::int32_t z_in = c.integer("in_zero_point"), z = c.integer("zero_point");
  const double multiplier = static_cast<double>(in_scale) / static_cast<double>(scale);
  const auto reference = c.get<std::int32_t>("q_reference");
  support::check_answers(
      reference,
      support::requantized<In, F>(in, fixed_point::tflite_double_rounding(multiplier, z, z_in)));
  const auto optimized = c.get<std::int32_t>("q_builtin");
  for (std::size_t i = 0; i < in.size(); ++i) {
    INFO("in[", i, "] = ", in[i]);
    CHECK(optimized[i] ==
          (std::is_same_v<In, std::int16_t>
               ? reference[i]  // there are no others
               : optimized_kernel(in[i] - z_in, multiplier, z, qmath::full_range<F>())));
  }
  if (c.has("q_xnnpack")) {  // eight bits of multiplier
    const float ratio = rounded(in_scale / scale) * 256.0f;
    const auto m = static_cast<std::int32_t>(qmath::reference::nearest_even(ratio));
    const qmath::fixed_point_params p = {{m, 8}, qmath::fixed_point_rule::single_rounding, z, z_in};
    support::check_answers(c.get<std::int32_t>("q_xnnpack"), support::requantized<In, F>(in, p));
  }
}

template <class F>
void check_fully_connected(const vector_case& c, support::census& set) {
  const auto acc = c.get<std::int32_t>("acc");
  const std::int32_t z = c.integer("zero_point");
  const auto multiplier = c.one<double>("multiplier");
  CHECK(multiplier == static_cast<double>(c.one<float>("a_scale")) *
                          static_cast<double>(c.one<float>("b_scale")) /
                          static_cast<double>(c.one<float>("scale")));
  const qmath::requantize_params fp32 = {static_cast<float>(multiplier), z};
  support::check_answers(c.get<std::int32_t>("q_xnnpack"),
                         support::requantized<std::int32_t, F>(acc, fp32));
  const auto reference = c.get<std::int32_t>("q_reference");
  const auto optimized = c.get<std::int32_t>("q_builtin");
  for (std::size_t i = 0; i < acc.size(); ++i) {
    INFO("acc[", i, "] = ", acc[i], ", multiplier ", multiplier);
    set.look(acc[i], 1.0 / multiplier, z);
    CHECK(reference[i] == reference_kernel(acc[i], multiplier, z, qmath::full_range<F>()));
    CHECK(optimized[i] == optimized_kernel(acc[i], multiplier, z, qmath::full_range<F>()));
  }
}

template <class F>
constexpr bool is_8_bits = std::is_same_v<F, std::int8_t> || std::is_same_v<F, std::uint8_t>;

}  // namespace

TEST_SUITE("conformance/litert") {
  TEST_CASE("QUANTIZE from float") {
    support::census set;
    support::for_each_case("litert_quantize.txt", 21, [&](const vector_case& c) {
      support::with_format(c.word("type"),
                           [&]<class F>(std::type_identity<F>) { check_quantize<F>(c, set); });
    });
    set.check_complete();
  }

  TEST_CASE("QUANTIZE between integers, and the sums of FULLY_CONNECTED") {
    support::census set;
    support::for_each_case("litert_requantize.txt", 28, [&](const vector_case& c) {
      support::with_format(c.word("type"), [&]<class F>(std::type_identity<F>) {
        if constexpr (is_8_bits<F>) {
          if (c.name.starts_with("fully_connected")) return check_fully_connected<F>(c, set);
          support::with_format(c.word("in_type"), [&]<class In>(std::type_identity<In>) {
            if constexpr (qmath::quantized_integer<In>) check_requantize<In, F>(c);
          });
        }
      });
    });
    set.check_sums();
  }
}
