// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Parameters from ranges: known ranges, degenerate ones, the promise that they are valid and zero is exact,
// and every convention against a transcription of the framework's own code.
#include <doctest/doctest.h>

#include <array>
#include <cfenv>
#include <cmath>
#include <limits>
#include <qmath/qmath.hpp>
#include <random>

#include "support/contract.hpp"
#include "support/inputs.hpp"

using qmath::affine;
using qmath::affine_params;
using qmath::choose_params;
using qmath::params_rules;
using qmath::scale_kind;
using qmath::scheme;
using qmath::symmetric;
using qmath::value_range;
namespace conventions = qmath::numerics::params;

// Known ranges are compile-time constants.
static_assert(choose_params<std::uint8_t>({0.0f, 255.0f}) == affine_params{1.0f, 0});
static_assert(choose_params<std::uint8_t>({-128.0f, 127.0f}) == affine_params{1.0f, 128});
static_assert(choose_params<std::int8_t>({-128.0f, 127.0f}) == affine_params{1.0f, 0});
static_assert(choose_params<std::int8_t>({0.0f, 510.0f}) == affine_params{2.0f, -128});
static_assert(choose_params<std::int8_t>({-127.0f, 3.0f}, symmetric) == affine_params{1.0f, 0});
static_assert(choose_params<std::int8_t>({-1.0f, 254.0f}, symmetric) == affine_params{2.0f, 0});
// The range is extended to contain zero.
static_assert(choose_params<std::uint8_t>({51.0f, 255.0f}) == affine_params{1.0f, 0});
static_assert(choose_params<std::uint8_t>({-255.0f, -3.0f}) == affine_params{1.0f, 255});
// Ties of the zero point go to even: -(-0.5) = 0.5 -> 0 and 1.5 -> 2.
static_assert(choose_params<std::uint8_t>({-0.5f, 254.5f}) == affine_params{1.0f, 0});
static_assert(choose_params<std::uint8_t>({-1.5f, 253.5f}) == affine_params{1.0f, 2});
// Nothing to go by: scale 1, the zero point of real 0.
static_assert(choose_params<std::uint8_t>({}) == affine_params{1.0f, 0});
static_assert(choose_params<std::uint8_t>({0.0f, 0.0f}) == affine_params{1.0f, 0});
static_assert(choose_params<std::int8_t>({}) == affine_params{1.0f, -128});
static_assert(choose_params<std::int8_t>({}, symmetric) == affine_params{1.0f, 0});
// Other formats, and other codes of a format.
static_assert(choose_params<qmath::u4>({-5.0f, 10.0f}) == affine_params{1.0f, 5});
static_assert(choose_params<qmath::s4>({-5.0f, 10.0f}) == affine_params{1.0f, -3});
static_assert(choose_params<qmath::u2>({-1.0f, 2.0f}) == affine_params{1.0f, 1});
static_assert(choose_params<qmath::s2>({-1.0f, 2.0f}) == affine_params{1.0f, -1});
static_assert(choose_params<std::uint16_t>({-65535.0f, 0.0f}) == affine_params{1.0f, 65535});
static_assert(choose_params<std::int16_t>({-32767.0f, 9.0f}, symmetric) == affine_params{1.0f, 0});
static_assert(choose_params<std::int8_t>({-1.0f, 126.0f},
                                         {.codes = qmath::reduced_range<std::int8_t>()}) ==
              affine_params{1.0f, -63});
static_assert(choose_params<std::uint8_t>({-1.0f, 253.0f},
                                          {.codes = qmath::narrow_range<std::uint8_t>()}) ==
              affine_params{1.0f, 2});
static_assert(choose_params<std::int8_t>({-3.0f, 5.0f}, {.codes = {-1000, 1000}}) ==
              choose_params<std::int8_t>({-3.0f, 5.0f}));
// The middle of unsigned formats, 0 in signed ones, whatever the codes.
static_assert(choose_params<std::uint8_t>({-127.0f, 1.0f}, symmetric) == affine_params{1.0f, 128});
static_assert(choose_params<std::uint16_t>({-1.0f, 32767.0f}, symmetric) ==
              affine_params{1.0f, 32768});
static_assert(choose_params<qmath::u4>({-1.0f, 7.0f}, symmetric) == affine_params{1.0f, 8});
static_assert(choose_params<qmath::u2>({-1.0f, 0.0f}, symmetric) == affine_params{1.0f, 2});
static_assert(choose_params<qmath::s2>({-1.0f, 0.0f}, symmetric) == affine_params{1.0f, 0});
static_assert(choose_params<std::uint8_t>({-63.0f, 0.0f},
                                          {.symmetric = true,
                                           .codes = qmath::reduced_range<std::uint8_t>()}) ==
              affine_params{1.0f, 64});
static_assert(choose_params<std::int8_t>({-7.0f, 0.0f}, {.symmetric = true, .codes = {-100, 7}}) ==
              affine_params{1.0f, 0});
// Codes on one side of zero.
static_assert(choose_params<std::int8_t>({-7.0f, 7.0f}, {.symmetric = true, .codes = {10, 17}}) ==
              affine_params{1.0f, 10});
static_assert(choose_params<std::int8_t>({-7.0f, 0.0f}, {.codes = {10, 17}}) ==
              affine_params{1.0f, 17});
static_assert(choose_params<std::int8_t>({-7.0f, 7.0f}, {.codes = {9, 9}}) ==
              affine_params{1.0f, 9});
// std::int32_t is symmetric.
static_assert(choose_params<std::int32_t>({-0x1p30f, 0x1p31f}) == affine_params{1.0f, 0});
static_assert(choose_params<std::int32_t>({-0x1p30f, 0x1p31f}, symmetric) ==
              affine_params{1.0f, 0});
static_assert(choose_params<std::int32_t>({-100.0f, 1.0f}, {.codes = {-100, 100}}) ==
              affine_params{1.0f, 0});
static_assert(choose_params<std::int32_t>({}, {.rules = conventions::tflite}) ==
              affine_params{1.0f, 0});
// Float arithmetic: that of doubles gives the float below.
static_assert(choose_params<std::uint8_t>({-1e30f, 3e30f}).scale == 1.56862753e28f);
static_assert(choose_params<std::uint8_t>({-1e30f, 3e30f}, {.rules = conventions::fbgemm}).scale ==
              1.56862741e28f);
// Infinite bounds are the largest float; a difference beyond it is not lost.
static_assert(choose_params<std::int8_t>({-3e38f, 3e38f}) == affine_params{2.3529411e36f, 0});
static_assert(choose_params<std::int8_t>({-1.0f, std::numeric_limits<float>::infinity()}) ==
              choose_params<std::int8_t>({-1.0f, std::numeric_limits<float>::max()}));
static_assert(choose_params<std::uint8_t>({0.0f, 0x1p-149f}) == affine_params{0x1p-149f, 0});
// Powers of two.
static_assert(choose_params<std::uint8_t>({0.0f, 255.0f * 1.4142135f},
                                          {.scale = scale_kind::power_of_two}) ==
              affine_params{1.0f, 0});
static_assert(choose_params<std::uint8_t>({0.0f, 255.0f * 1.4142137f},
                                          {.scale = scale_kind::power_of_two}) ==
              affine_params{2.0f, 0});
static_assert(choose_params<std::uint8_t>({-3.0f, 3.0f},
                                          {.scale = scale_kind::power_of_two_above}) ==
              affine_params{0x1p-5f, 96});
static_assert(choose_params<std::uint8_t>({-3.0f, 3.0f},
                                          {.scale = scale_kind::power_of_two_below}) ==
              affine_params{0x1p-6f, 192});

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float largest = std::numeric_limits<float>::max();

struct named_rules {
  const char* name;
  params_rules rules;
};
constexpr named_rules all_rules[] = {
    {"standard", conventions::standard}, {"onnxruntime_tools", conventions::onnxruntime_tools},
    {"pytorch", conventions::pytorch},   {"pytorch_dynamic", conventions::pytorch_dynamic},
    {"fbgemm", conventions::fbgemm},     {"tflite", conventions::tflite},
    {"xnnpack", conventions::xnnpack},   {"ggml", conventions::ggml},
};

template <class F>
std::vector<qmath::code_range> code_ranges() {
  const auto [lo, hi] = qmath::full_range<F>();
  return {{},
          qmath::narrow_range<F>(),
          qmath::reduced_range<F>(),
          {lo, lo},
          {hi, hi},
          {lo, lo + 1},
          {hi - 1, hi},
          {lo / 3, hi / 5 + 1}};
}

std::vector<value_range> ordinary_ranges() {
  std::vector<value_range> ranges;
  std::mt19937 random(3);
  const auto unit = [&] { return static_cast<double>(random()) / 4294967296.0; };
  for (int i = 0; i < 20000; ++i) {
    const double a = std::ldexp(unit() - 0.5, static_cast<int>(random() % 60) - 30);
    const double b = a * std::ldexp(unit() - 0.5, static_cast<int>(random() % 8) - 3);
    ranges.push_back({static_cast<float>(std::min(a, b)), static_cast<float>(std::max(a, b))});
  }
  // Where zero points are ties.
  for (int n = 1; n < 300; ++n) {
    for (const int m : {510, 255, 127, 1020, 330, 75}) {
      ranges.push_back({static_cast<float>(-n), static_cast<float>(m - n)});
    }
  }
  return ranges;
}

}  // namespace

TEST_CASE_TEMPLATE("every pair of bounds gives valid parameters with an exact zero", F, std::int8_t,
                   std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, qmath::s4, qmath::u4,
                   qmath::s2, qmath::u2) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> bounds = {nan,    -infinity, -largest,    -1e30f,     -3.7f,
                                     -1e-7f, -1e-30f,   -0x1p-126f,  -0x1p-149f, -0.0f,
                                     0.0f,   0x1p-149f, 0x1.8p-140f, 0x1p-126f,  1e-30f,
                                     0.1f,   1.0f,      1e30f,       largest,    infinity};
  const bool wide = std::is_same_v<F, std::int32_t>;
  for (const named_rules& named : all_rules) {
    CAPTURE(named.name);
    for (const qmath::code_range wanted : code_ranges<F>()) {
      const qmath::code_range codes = qmath::reference::codes_in_use<F>(wanted);
      CAPTURE(codes.min);
      CAPTURE(codes.max);
      for (const bool is_symmetric : {false, true}) {
        for (const scale_kind kind :
             {scale_kind::any, scale_kind::power_of_two, scale_kind::power_of_two_above,
              scale_kind::power_of_two_below}) {
          int failures = 0;
          for (const float min : bounds) {
            for (const float max : bounds) {
              const affine_params p = choose_params<F>({min, max}, {.symmetric = is_symmetric,
                                                                    .codes = wanted,
                                                                    .scale = kind,
                                                                    .rules = named.rules});
              const bool valid = p.scale > 0.0f && p.scale <= largest &&
                                 (wide ? p.zero_point == 0
                                       : codes.min <= p.zero_point && p.zero_point <= codes.max);
              int exponent = 0;
              const bool power = kind == scale_kind::any || std::frexp(p.scale, &exponent) == 0.5f;
              if (!valid || !power) ++failures;
              if (wide) continue;
              const std::int32_t zero =
                  qmath::reference::quantize<F>(0.0f, p.scale, p.zero_point, {.codes = wanted});
              if (qmath::reference::dequantize(zero, p.scale, p.zero_point) != 0.0f) ++failures;
            }
          }
          CHECK(failures == 0);
        }
      }
    }
  }
}

// Both ends of the range may be off by the rounding of the zero point, half a step, and of three float
// operations on numbers of up to hi - lo steps, each by 2^-24 of that.
TEST_CASE_TEMPLATE("the range is covered", F, std::int8_t, std::uint8_t, std::int16_t, qmath::u4,
                   qmath::s2) {
  const auto [low, high] = qmath::full_range<F>();
  const double half = 0.5 + 3 * 0x1p-24 * (high - low);
  for (const named_rules& named : all_rules) {
    CAPTURE(named.name);
    for (const auto& [min, max] :
         {std::pair{-1.0f, 3.0f}, {-0.5f, 7.5f}, {0.0f, 6.0f}, {-9.0f, 0.1f}, {-3e38f, 3e38f}}) {
      const affine_params p = choose_params<F>({min, max}, {.rules = named.rules});
      const double scale = static_cast<double>(p.scale);
      CHECK(std::abs(scale * (low - p.zero_point) - static_cast<double>(min)) <= half * scale);
      CHECK(std::abs(scale * (high - p.zero_point) - static_cast<double>(max)) <= half * scale);
      // The last steps of symmetric parameters may be half a step too short: half_width.
      const affine_params s =
          choose_params<F>({min, max}, {.symmetric = true, .rules = named.rules});
      const double step = static_cast<double>(s.scale);
      CHECK(step * (low - s.zero_point) <= static_cast<double>(min) + half * step);
      CHECK(step * (high - s.zero_point) >= static_cast<double>(max) - half * step);
      if (named.rules.divisor == qmath::symmetric_divisor::half_width) continue;
      CHECK(step * (high - s.zero_point) * (1 + 1e-6) >= static_cast<double>(max));
      CHECK(step * (low - s.zero_point) * (1 + 1e-6) <= static_cast<double>(min));
    }
  }
}

// A side of one step, where the longer side of the enlarged range would not be a float.
TEST_CASE("each_side of very unequal sides") {
  const scheme how = {.symmetric = true, .codes = {-1, 127}, .rules = conventions::fbgemm};
  CHECK(choose_params<std::int8_t>({-3e38f, 0.0f}, how) == affine_params{3e38f, 0});
  CHECK(choose_params<std::int8_t>({-2.0f, 254.0f}, how) == affine_params{2.0f, 0});
}

// ---- Powers of two ---------------------------------------------------------------------------------

TEST_CASE("powers of two: every exponent, and their neighbours") {
  for (int exponent = -149; exponent <= 127; ++exponent) {
    CAPTURE(exponent);
    const float power = std::ldexp(1.0f, exponent);
    const double root = std::ldexp(1.4142135623730951, exponent);
    const float next = exponent == 127 ? power : 2.0f * power;  // there is no more
    const auto chosen = [](float scale, scale_kind kind) {
      // The scale of a range that is one step wide.
      return choose_params<qmath::u2>({0.0f, scale}, {.codes = {0, 1}, .scale = kind}).scale;
    };
    for (const scale_kind kind : {scale_kind::power_of_two, scale_kind::power_of_two_above,
                                  scale_kind::power_of_two_below}) {
      CHECK(chosen(power, kind) == power);
    }
    const float above = std::nextafter(power, infinity);
    if (above < 2.0f * power) {
      CHECK(chosen(above, scale_kind::power_of_two_above) == next);
      CHECK(chosen(above, scale_kind::power_of_two_below) == power);
      CHECK(chosen(std::nextafter(2.0f * power, 0.0f), scale_kind::power_of_two_below) == power);
      CHECK(chosen(std::nextafter(2.0f * power, 0.0f), scale_kind::power_of_two) == next);
    }
    float border = static_cast<float>(root);
    if (static_cast<double>(border) > root) border = std::nextafter(border, 0.0f);
    CHECK(chosen(border, scale_kind::power_of_two) == power);
    const float beyond = std::nextafter(border, infinity);
    if (beyond < 2.0f * power) CHECK(chosen(beyond, scale_kind::power_of_two) == next);
    // As the shift of fixed_point.hpp.
    if (exponent > -60 && exponent < 29) {
      for (const float scale : {power, above, border, beyond}) {
        const int shift = qmath::fixed_point::power_of_two_shift(static_cast<double>(scale));
        CHECK(chosen(scale, scale_kind::power_of_two) == std::ldexp(1.0f, -shift));
      }
    }
  }
}

// ---- Conventions: the frameworks' own code, in the types that it uses ------------------------------
// volatile where it has a variable: no contraction and no wider intermediate results.

namespace {

struct codes_of_test {
  std::int32_t lo, hi;
};

affine_params onnxruntime_dynamic(value_range r, codes_of_test c) {
  const float min = std::min(r.min, 0.0f), max = std::max(r.max, 0.0f);
  const auto lo = static_cast<float>(c.lo), hi = static_cast<float>(c.hi);
  volatile float difference = max - min;
  volatile float scale = max == min ? 1.0f : difference / (hi - lo);
  volatile float steps = min / scale;
  volatile float zero = lo - steps;
  return {scale,
          static_cast<std::int32_t>(std::nearbyint(std::max(lo, std::min(hi, float{zero}))))};
}

affine_params onnxruntime_tools(value_range r, codes_of_test c, bool is_symmetric) {
  double min = std::min(r.min, 0.0f), max = std::max(r.max, 0.0f);
  if (is_symmetric) {
    max = std::max(std::abs(min), std::abs(max));
    min = -max;
  }
  volatile double scale = (max - min) / (static_cast<double>(c.hi) - c.lo);
  if (scale < 0x1p-126) return {1.0f, 0};
  volatile double steps = min / scale;
  const double zero =
      is_symmetric ? std::nearbyint((c.hi + c.lo) / 2.0) : std::nearbyint(c.lo - steps);
  return {static_cast<float>(scale), static_cast<std::int32_t>(zero)};
}

affine_params observer(value_range r, codes_of_test c, bool is_symmetric, bool is_unsigned) {
  const float min = std::min(r.min, 0.0f), max = std::max(r.max, 0.0f);
  constexpr float eps = std::numeric_limits<float>::epsilon();
  if (is_symmetric) {
    const float most = std::max(-min, max);
    volatile float scale = most / (static_cast<float>(c.hi - c.lo) / 2.0f);
    return {std::max(float{scale}, eps), is_unsigned ? (c.hi + c.lo + 1) / 2 : 0};
  }
  volatile float difference = max - min;
  volatile float quotient = difference / static_cast<float>(c.hi - c.lo);
  const float scale = std::max(float{quotient}, eps);
  volatile float steps = min / scale;
  const std::int32_t zero = c.lo - static_cast<std::int32_t>(std::nearbyint(float{steps}));
  return {scale, std::min(std::max(zero, c.lo), c.hi)};
}

// FBGEMM's function, and ATen's, which keeps the scale as a double and compares differences.
template <class Scale, bool Sum>
affine_params choose_quantization_params(float min, float max, codes_of_test c,
                                         bool preserve_sparsity) {
  const std::int32_t qmin = c.lo, qmax = c.hi;
  if (min < 0 && max > 0 && preserve_sparsity) {
    const int symmetric_qmin = -((qmax - qmin) / 2 + 1), symmetric_qmax = (qmax - qmin) / 2;
    volatile float from_min = min / static_cast<float>(symmetric_qmin);
    volatile float from_max = max / static_cast<float>(symmetric_qmax);
    const double max_scale = std::max(std::fabs(float{from_min}), std::fabs(float{from_max}));
    min = static_cast<float>(max_scale * symmetric_qmin);
    max = static_cast<float>(max_scale * symmetric_qmax);
  }
  min = std::min(min, 0.f);
  max = std::max(max, 0.f);
  volatile Scale scale =
      static_cast<Scale>((static_cast<double>(max) - static_cast<double>(min)) / (qmax - qmin));
  volatile float single = static_cast<float>(scale);
  volatile float inverse = 1.0f / single;
  if (single == 0.0f || std::isinf(float{inverse})) scale = static_cast<Scale>(0.1);
  constexpr float threshold = 6.1e-5f;
  if (scale < static_cast<Scale>(threshold)) {
    const Scale org = scale;
    scale = threshold;
    if (min == 0.0f) {
      max = threshold * static_cast<float>(qmax - qmin);
    } else if (max == 0.0f) {
      min = -threshold * static_cast<float>(qmax - qmin);
    } else {
      volatile float amplifier = static_cast<float>(threshold / org);
      min *= amplifier;
      max *= amplifier;
    }
  }
  volatile double min_steps = static_cast<double>(min) / static_cast<double>(scale);
  volatile double max_steps = static_cast<double>(max) / static_cast<double>(scale);
  const double from_min = qmin - min_steps, from_max = qmax - max_steps;
  const double min_error =
      Sum ? std::abs(qmin) + std::fabs(min_steps) : std::abs(qmin) - std::fabs(min_steps);
  const double max_error =
      Sum ? std::abs(qmax) + std::fabs(max_steps) : std::abs(qmax) - std::fabs(max_steps);
  double initial = min_error < max_error ? from_min : from_max;
  if (min < 0 && max > 0 && preserve_sparsity) initial = (qmin + qmax) / 2.0;
  const double nudged = initial < qmin ? qmin : initial > qmax ? qmax : std::nearbyint(initial);
  return {static_cast<float>(scale), static_cast<std::int32_t>(nudged)};
}

affine_params tflite(double min, double max, codes_of_test c) {
  min = std::min(min, 0.0), max = std::max(max, 0.0);
  if (min == max) return {1.0f, 0};  // TFLite: scale 0
  const double qmin = c.lo, qmax = c.hi;
  volatile double scale = (max - min) / (qmax - qmin);
  volatile double min_steps = min / scale, max_steps = max / scale;
  const double from_min = qmin - min_steps, from_max = qmax - max_steps;
  const double from_min_error = std::abs(qmin) + std::abs(min_steps);
  const double from_max_error = std::abs(qmax) + std::abs(max_steps);
  const double zero = from_min_error < from_max_error ? from_min : from_max;
  const double nudged = zero < qmin ? qmin : zero > qmax ? qmax : std::round(zero);
  return {static_cast<float>(scale), static_cast<std::int32_t>(nudged)};
}

affine_params xnnpack_qd8(float min, float max, codes_of_test c) {
  const auto qmin = static_cast<float>(c.lo), qmax = static_cast<float>(c.hi);
  const float rmin = std::min(0.0f, min), rmax = std::max(0.0f, max);
  volatile float difference = rmax - rmin;
  volatile float k = rmin == rmax ? 1.0f : (qmax - qmin) / difference;
  volatile float a = rmin * k, b = rmax * k;
  volatile float error_min = qmin + a, error_max = qmax + b;
  volatile float zero = error_min + error_max > 0.0f ? qmin - a : qmax - b;
  volatile float scale = 1.0f / k;
  const float clamped = std::min(std::max(float{zero}, qmin), qmax);
  return {scale, static_cast<std::int32_t>(std::nearbyint(clamped))};
}

template <class F>
void check_conventions(codes_of_test c) {
  const qmath::code_range codes = {c.lo, c.hi};
  const bool is_unsigned = qmath::full_range<F>().min == 0;
  const auto get = [&](value_range r, const params_rules& rules, bool is_symmetric = false) {
    return choose_params<F>(r, {.symmetric = is_symmetric, .codes = codes, .rules = rules});
  };
  const auto width = static_cast<float>(c.hi - c.lo);
  for (const value_range& r : ordinary_ranges()) {
    CAPTURE(r.min);
    CAPTURE(r.max);
    bool same = get(r, conventions::standard) == onnxruntime_dynamic(r, c);
    same = same && get(r, conventions::onnxruntime_tools) == onnxruntime_tools(r, c, false);
    same = same && get(r, conventions::pytorch) == observer(r, c, false, is_unsigned);
    same = same && get(r, conventions::fbgemm) ==
                       choose_quantization_params<float, true>(r.min, r.max, c, false);
    same = same && get(r, conventions::pytorch_dynamic) ==
                       choose_quantization_params<double, false>(r.min, r.max, c, false);
    same = same && get(r, conventions::tflite) ==
                       tflite(static_cast<double>(r.min), static_cast<double>(r.max), c);
    same = same && get(r, conventions::xnnpack) == xnnpack_qd8(r.min, r.max, c);
    same = same && get(r, conventions::onnxruntime_tools, true) == onnxruntime_tools(r, c, true);
    same = same && get(r, conventions::pytorch, true) == observer(r, c, true, is_unsigned);
    // FBGEMM's own symmetric codes are one more below than above.
    if (r.min < 0.0f && r.max > 0.0f && (c.hi - c.lo) % 2 == 1) {
      same = same && get(r, conventions::fbgemm, true) ==
                         choose_quantization_params<float, true>(r.min, r.max, c, true);
      same = same && get(r, conventions::pytorch_dynamic, true) ==
                         choose_quantization_params<double, false>(r.min, r.max, c, true);
    }
    // The shorter side: half the width, rounded down.
    const float side = std::floor(width / 2.0f);
    const float most = std::max({-r.min, r.max, 0.0f});
    for (const params_rules& rules :
         {conventions::standard, conventions::tflite, conventions::xnnpack, conventions::ggml}) {
      same = same && get(r, rules, true).scale == (most == 0.0f ? 1.0f : most / side);
    }
    CHECK(same);
  }
}

}  // namespace

TEST_CASE("conventions: int8, all codes") { check_conventions<std::int8_t>({-128, 127}); }
TEST_CASE("conventions: int8, narrow") { check_conventions<std::int8_t>({-127, 127}); }
TEST_CASE("conventions: int8, reduced") { check_conventions<std::int8_t>({-64, 63}); }
TEST_CASE("conventions: uint8, all codes") { check_conventions<std::uint8_t>({0, 255}); }
TEST_CASE("conventions: uint8, reduced") { check_conventions<std::uint8_t>({0, 127}); }
TEST_CASE("conventions: int16") { check_conventions<std::int16_t>({-32768, 32767}); }
TEST_CASE("conventions: uint16") { check_conventions<std::uint16_t>({0, 65535}); }
TEST_CASE("conventions: s4") { check_conventions<qmath::s4>({-8, 7}); }
TEST_CASE("conventions: u4") { check_conventions<qmath::u4>({0, 15}); }

TEST_CASE("conventions: ranges that are next to nothing, int8") {
  const auto get = [](float min, float max, const params_rules& rules) {
    return choose_params<std::int8_t>({min, max}, {.rules = rules});
  };
  CHECK(get(0.0f, 0.0f, conventions::standard) == affine_params{1.0f, -128});
  CHECK(get(0.0f, 0.0f, conventions::onnxruntime_tools) == affine_params{1.0f, 0});
  CHECK(get(0.0f, 0.0f, conventions::pytorch) == affine_params{0x1p-23f, -128});
  CHECK(get(0.0f, 0.0f, conventions::pytorch_dynamic) == affine_params{0.1f, 127});
  CHECK(get(0.0f, 0.0f, conventions::fbgemm) == affine_params{0.1f, 127});
  CHECK(get(0.0f, 0.0f, conventions::tflite) == affine_params{1.0f, 0});
  CHECK(get(0.0f, 0.0f, conventions::xnnpack) == affine_params{1.0f, 127});
  CHECK(get(0.0f, 1e-9f, conventions::pytorch) == affine_params{0x1p-23f, -128});
  CHECK(get(0.0f, 1e-9f, conventions::fbgemm) == affine_params{6.1e-5f, -128});
  CHECK(get(-1e-9f, 0.0f, conventions::fbgemm) == affine_params{6.1e-5f, 127});
  // Without a finite reciprocal from 2^-128 on.
  CHECK(get(0.0f, 255.0f * 0x1p-128f, conventions::fbgemm) == affine_params{0.1f, 127});
  CHECK(get(0.0f, 255.0f * 0x1p-127f, conventions::fbgemm) == affine_params{6.1e-5f, -128});
  // Below 2^-126, or not.
  const float tiny = 255.0f * 0x1p-126f, less = 255.0f * 0x1.fffffcp-127f;
  for (const params_rules& rules : {conventions::standard, conventions::ggml, conventions::tflite,
                                    conventions::onnxruntime_tools, conventions::xnnpack}) {
    CHECK(get(0.0f, tiny, rules).scale == 0x1p-126f);
  }
  CHECK(get(0.0f, less, conventions::standard) == affine_params{0x1.fffffcp-127f, -128});
  CHECK(get(0.0f, less, conventions::ggml) == affine_params{1.0f, -128});
  CHECK(get(0.0f, less, conventions::xnnpack) == affine_params{1.0f, 127});
  CHECK(get(-less, 0.0f, conventions::tflite) == affine_params{1.0f, 0});
  CHECK(get(-less, 0.0f, conventions::onnxruntime_tools) == affine_params{1.0f, 0});
  // The zero point is 0 in unsigned formats, too, or the next code.
  CHECK(choose_params<std::uint8_t>({}, {.symmetric = true, .rules = conventions::tflite}) ==
        affine_params{1.0f, 0});
  CHECK(choose_params<std::uint8_t>({}, {.codes = {1, 255}, .rules = conventions::tflite}) ==
        affine_params{1.0f, 1});
}

// ---- How it is called ------------------------------------------------------------------------------

TEST_CASE("choose_params: of many ranges") {
  const std::vector<value_range> ranges = {{-1.0f, 3.0f}, {}, {0.0f, 5.0f}, {-infinity, 1.0f}};
  std::vector<float> scales(4);
  std::vector<std::int32_t> zero_points(4);
  choose_params<std::uint8_t>(ranges, scales, zero_points);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    CHECK(affine_params{scales[i], zero_points[i]} == choose_params<std::uint8_t>(ranges[i]));
  }
  choose_params<qmath::s4>(ranges, scales, {}, symmetric);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    CHECK(affine_params{scales[i], 0} == choose_params<qmath::s4>(ranges[i], symmetric));
  }
  choose_params<std::int32_t>(ranges, scales, {});
  CHECK(scales[0] == 3.0f * 0x1p-31f);
  choose_params<std::uint8_t>({}, {}, {});
}

TEST_CASE("choose_params: a broken precondition is reported and writes nothing") {
  support::contract_log log;
  CHECK(choose_params<std::int8_t>({-1.0f, 1.0f}, {.codes = {128, 300}}) == affine_params{});
  CHECK(
      log.take() ==
      "qmath::choose_params: codes are [128, 300], of which the format with [-128, 127] has none");
  CHECK(choose_params<qmath::u4>({-1.0f, 1.0f}, {.codes = {3, 2}}) == affine_params{});
  CHECK(log.take() == "qmath::choose_params: codes.min is 3, but codes.max is 2");
  const std::vector<value_range> ranges(3);
  std::vector<float> scales(3, 9.0f);
  std::vector<std::int32_t> zero_points(3, 9);
  choose_params<std::int8_t>(ranges, std::span(scales).first(2), zero_points);
  CHECK(log.take() == "qmath::choose_params: scales.size() is 2, but ranges.size() is 3");
  choose_params<std::int8_t>(ranges, scales, std::span(zero_points).first(1));
  CHECK(log.take() == "qmath::choose_params: zero_points.size() is 1, but ranges.size() is 3");
  choose_params<std::int8_t>(ranges, scales, {});
  CHECK(log.take() ==
        "qmath::choose_params: zero_points.size() is 0, must be that of scales (0 only in "
        "symmetric schemes of signed formats), 3");
  choose_params<std::uint8_t>(ranges, scales, {}, symmetric);
  CHECK(log.take() ==
        "qmath::choose_params: zero_points.size() is 0, must be that of scales (0 only in "
        "symmetric schemes of signed formats), 3");
  choose_params<std::int8_t>(ranges, scales, {}, {.symmetric = true, .codes = {3, 9}});
  CHECK(log.take() ==
        "qmath::choose_params: zero_points.size() is 0, must be that of scales (0 only in "
        "symmetric schemes of signed formats), 3");
  choose_params<std::int8_t>(ranges, scales, zero_points, {.codes = {128, 300}});
  CHECK(
      log.take() ==
      "qmath::choose_params: codes are [128, 300], of which the format with [-128, 127] has none");
  CHECK(scales == std::vector<float>(3, 9.0f));
  CHECK(zero_points == std::vector<std::int32_t>(3, 9));
}

// Elsewhere the caller's environment is trusted (detail/call.hpp).
#if defined(__SSE__) || defined(__aarch64__)
TEST_CASE("choose_params: the caller's floating-point environment changes nothing") {
  const std::vector<value_range> ranges = {{-0.1f, 0.7f},  {-1.0f, 33.0f},    {-1e-3f, 1e-4f},
                                           {0.0f, 1e-40f}, {-1e-41f, 3e-41f}, {-1e30f, 3e30f},
                                           {-1.5f, 253.5f}};
  for (const named_rules& named : all_rules) {
    CAPTURE(named.name);
    for (const bool is_symmetric : {false, true}) {
      const scheme how = {.symmetric = is_symmetric, .rules = named.rules};
      std::vector<affine_params> want;
      for (const value_range& r : ranges) want.push_back(choose_params<std::uint8_t>(r, how));
      for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
        std::vector<affine_params> got(ranges.size());
        std::fesetround(mode);
#if defined(__SSE__)
        const unsigned before = __builtin_ia32_stmxcsr();
        __builtin_ia32_ldmxcsr(before | 0x8040u);  // flush to zero
#endif
        for (std::size_t i = 0; i < ranges.size(); ++i) {
          got[i] = choose_params<std::uint8_t>(ranges[i], how);
        }
        const int after = std::fegetround();
#if defined(__SSE__)
        __builtin_ia32_ldmxcsr(before);
#endif
        std::fesetround(FE_TONEAREST);
        CHECK(got == want);
        CHECK(after == mode);
      }
    }
  }
}
#endif

// What the compiler computes is what the program computes.
TEST_CASE("choose_params: constants") {
  static constexpr value_range ranges[] = {{-0.1f, 0.7f},  {-1.0f, 33.0f},    {-1e-3f, 1e-4f},
                                           {0.0f, 1e-40f}, {-1e-41f, 3e-41f}, {-3e38f, 3e38f}};
  constexpr auto constants = [] {
    std::array<affine_params, 6 * std::size(all_rules)> all{};
    std::size_t i = 0;
    for (const named_rules& named : all_rules) {
      for (const value_range& r : ranges) {
        all[i++] = choose_params<std::uint8_t>(r, {.rules = named.rules});
      }
    }
    return all;
  };
  static constexpr auto compiled = constants();
  std::size_t i = 0;
  for (const named_rules& named : all_rules) {
    for (const value_range& r : ranges) {
      CHECK(choose_params<std::uint8_t>(r, {.rules = named.rules}) == compiled[i++]);
    }
  }
}

TEST_CASE("choose_params: ranges that are none count as [0, 0], as schemes.hpp says") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const affine_params zero = choose_params<std::int8_t>({0.0f, 0.0f});
  CHECK(zero == affine_params{1.0f, -128});
  for (const value_range r :
       {value_range{nan, 1.0f}, value_range{-1.0f, nan}, value_range{nan, nan},
        value_range{3.0f, -2.0f}, value_range{2.0f, 1.0f}, value_range{-1.0f, -2.0f}}) {
    CHECK(choose_params<std::int8_t>(r) == zero);
  }
}

namespace {

// Its ends, and nothing beyond them, are rounded to codes in use.
template <class F>
void check_unclipped(const affine_params& p, qmath::code_range codes = {}) {
  const qmath::code_range used = qmath::reference::codes_in_use<F>(codes);
  const value_range r = qmath::unclipped_range<F>(p, codes);
  CAPTURE(p.scale);
  CAPTURE(p.zero_point);
  // To the rounding of a float.
  const auto check_end = [&p](float end, double code) {
    const double steps = code - p.zero_point;
    CHECK(std::abs(static_cast<double>(end) / p.scale - steps) <= std::abs(steps) * 0x1p-23);
  };
  check_end(r.min, used.min - 0.5);
  check_end(r.max, used.max + 0.5);
}

}  // namespace

TEST_CASE("unclipped_range: what quantize does not clip") {
  for (const float scale : {1.0f, 0.1f, 3e-30f, 1e28f}) {
    for (const std::int32_t z : {-128, -3, 0, 7, 127}) check_unclipped<std::int8_t>({scale, z});
    for (const std::int32_t z : {0, 128, 255}) {
      check_unclipped<std::uint8_t>({scale, z});
      check_unclipped<std::uint8_t>({scale, z}, {3, 200});
    }
    check_unclipped<qmath::u4>({scale, 5});
    check_unclipped<qmath::s2>({scale, -1}, {-1, 1});
    check_unclipped<std::int16_t>({scale, 12345});
    check_unclipped<std::int32_t>({scale, 0}, {-16777217, 2147483647});
  }
  // As quantize counts, a little inside the ends and a little outside.
  const affine_params odd = {0.37f, 11};
  const value_range r = qmath::unclipped_range<std::uint8_t>(odd);
  const std::array<float, 4> x = {r.min * 0.999999f, r.max * 0.999999f, r.min * 1.000001f,
                                  r.max * 1.000001f};
  std::array<std::uint8_t, 4> q;
  for (const std::size_t n : {std::size_t{2}, std::size_t{4}}) {
    qmath::clip_counts counts;
    qmath::quantize(std::span(x).first(n), odd, std::span(q).first(n), {.counts = &counts});
    CHECK(counts.low + counts.high == n - 2);
  }
  CHECK(qmath::unclipped_range<std::int8_t>({largest, 0}) == value_range{-largest, largest});
  constexpr value_range constant = qmath::unclipped_range<std::uint8_t>({0.5f, 10});
  CHECK(constant == value_range{-5.25f, 122.75f});
  // Symmetric codes of data that are never negative.
  const affine_params p = choose_params<std::int8_t>({0.0f, 12.7f}, qmath::symmetric);
  CHECK(qmath::unclipped_range<std::int8_t>(p).min == -128.5f * p.scale);
#if QMATH_CHECKS
  support::contract_log log;
  CHECK(qmath::unclipped_range<std::int8_t>({1.0f, 0}, {200, 300}) == value_range{0.0f, 0.0f});
  CHECK(log.take().find("unclipped_range") != std::string::npos);
#endif
}
