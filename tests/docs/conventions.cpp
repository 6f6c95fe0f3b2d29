// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Writes docs/conventions.md: what each named convention chooses, and an input for each choice on which its
// result is not that of the standard convention. All numbers are computed by the library; a choice without
// such an input among the candidates ends the program.
//   qmath_conventions_table > docs/conventions.md
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <qmath/qmath.hpp>
#include <string>
#include <vector>

namespace {

using qmath::affine_params;
using qmath::params_arithmetic;
using qmath::params_rules;
using qmath::quantize_rules;
using qmath::value_range;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// The shortest decimal number that is this float.
std::string text(float x) {
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0.0f ? "+infinity" : "-infinity";
  char buffer[32];
  for (int digits = 1; digits <= 9; ++digits) {
    std::snprintf(buffer, sizeof(buffer), "%.*g", digits, static_cast<double>(x));
    if (std::strtof(buffer, nullptr) == x) break;
  }
  return buffer;
}

std::string text(value_range r) { return "[" + text(r.min) + ", " + text(r.max) + "]"; }

std::string text(affine_params p) {
  return "(" + text(p.scale) + ", " + std::to_string(p.zero_point) + ")";
}

void row(const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) std::printf("| %s ", cell.c_str());
  std::printf("|\n");
}

void header(const std::vector<std::string>& cells) {
  row(cells);
  for (std::size_t i = 0; i < cells.size(); ++i) std::printf("|---");
  std::printf("|\n");
}

[[noreturn]] void no_example(const char* convention, const char* axis) {
  std::fprintf(stderr, "no input shows what %s does differently: %s\n", convention, axis);
  std::exit(1);
}

// ---- Real numbers to codes -----------------------------------------------------------------------

std::string text(qmath::quotient_rule r) {
  return r == qmath::quotient_rule::divide ? "`x / s`" : "`x * (1 / s)`";
}
std::string text(qmath::rounding r) {
  return r == qmath::rounding::nearest_even ? "nearest, ties to even" : "nearest, ties away from 0";
}
std::string text(qmath::zero_point_rule r) {
  return r == qmath::zero_point_rule::after_rounding ? "after rounding" : "before rounding";
}
std::string text(qmath::nan_rule r) {
  return r == qmath::nan_rule::lowest    ? "the lowest code"
         : r == qmath::nan_rule::highest ? "the highest code"
                                         : "the zero point";
}

struct quantize_convention {
  const char* name;
  quantize_rules rules;
};

constexpr quantize_convention quantize_conventions[] = {
    {"standard", qmath::numerics::standard},
    {"pytorch", qmath::numerics::pytorch},
    {"fbgemm", qmath::numerics::fbgemm},
    {"xnnpack", qmath::numerics::xnnpack},
    {"tflite", qmath::numerics::tflite},
    {"tflite_reference", qmath::numerics::tflite_reference},
    {"ggml", qmath::numerics::ggml},
    {"onednn", qmath::numerics::onednn},
    {"gemmlowp", qmath::numerics::gemmlowp},
};

struct quantize_input {
  float x;
  affine_params p;
};

constexpr quantize_input quantize_inputs[] = {
    {0.273939937f, {0.00214854861f, 0}},
    {0.5f, {1.0f, 0}},
    {0.5f, {1.0f, 1}},
    {1.5f, {1.0f, 1}},
    {-0.5f, {1.0f, 1}},
    {-1.5f, {1.0f, 5}},
    {-0.273939937f, {0.00214854861f, 10}},
    {nan, {1.0f, 0}},
};

std::string text(const quantize_input& in) {
  return "x = " + text(in.x) + ", s = " + text(in.p.scale) +
         ", z = " + std::to_string(in.p.zero_point);
}

std::int32_t quantized(const quantize_input& in, const quantize_rules& rules) {
  std::int8_t q = 0;
  qmath::quantize(std::span(&in.x, 1), in.p, std::span(&q, 1), {.rules = rules});
  return q;
}

/// A row for one axis: `alone` is the standard with this one choice of the convention.
template <class Choice>
void quantize_row(const quantize_convention& c, const char* axis, Choice quantize_rules::* choice) {
  const quantize_rules standard = qmath::numerics::standard;
  if (c.rules.*choice == standard.*choice) return;
  quantize_rules alone = standard;
  alone.*choice = c.rules.*choice;
  for (const quantize_input& in : quantize_inputs) {
    const std::int32_t usual = quantized(in, standard), own = quantized(in, c.rules);
    if (quantized(in, alone) == usual || own == usual) continue;
    row({axis, text(c.rules.*choice), text(in), std::to_string(usual), std::to_string(own)});
    return;
  }
  no_example(c.name, axis);
}

void quantize_chapter() {
  std::printf(R"(
## Real numbers to codes

`numerics::NAME`, in `quantize_options::rules`. x is divided by the scale s, rounded, and the zero point z
added; whatever the convention, the result saturates at the codes in use. Source files and versions of the
frameworks, and what of their behaviour is not followed, are in `numerics.hpp`.

)");
  header({"", "steps", "rounding", "z is added", "NaN becomes"});
  for (const quantize_convention& c : quantize_conventions) {
    row({"`" + std::string(c.name) + "`", text(c.rules.quotient), text(c.rules.round),
         text(c.rules.zero_point), text(c.rules.nan)});
  }
  for (const quantize_convention& c : quantize_conventions) {
    if (c.rules == qmath::numerics::standard) continue;
    std::printf("\n`%s`, to int8:\n\n", c.name);
    header({"axis", "choice", "input", "`standard`", "`" + std::string(c.name) + "`"});
    quantize_row(c, "steps", &quantize_rules::quotient);
    quantize_row(c, "rounding", &quantize_rules::round);
    quantize_row(c, "z is added", &quantize_rules::zero_point);
    quantize_row(c, "NaN becomes", &quantize_rules::nan);
  }
}

// ---- Ranges to parameters ------------------------------------------------------------------------

std::string text(params_arithmetic a) {
  switch (a) {
    case params_arithmetic::single_precision: return "float";
    case params_arithmetic::single_precision_inverse: return "float, by k = 1 / scale";
    case params_arithmetic::double_precision: return "double, scale rounded at the end";
    case params_arithmetic::float_scale: return "double, scale rounded first";
  }
  return "";
}
std::string text(qmath::zero_point_origin o) {
  switch (o) {
    case qmath::zero_point_origin::low_end: return "lo - min / s";
    case qmath::zero_point_origin::low_end_steps: return "lo - round(min / s)";
    case qmath::zero_point_origin::smaller_end: return "the end with the smaller sum";
    case qmath::zero_point_origin::smaller_difference: return "the end with the smaller difference";
  }
  return "";
}
std::string text(qmath::tie_rule t) {
  return t == qmath::tie_rule::to_even ? "to even" : "away from 0";
}
std::string text(qmath::symmetric_divisor d) {
  switch (d) {
    case qmath::symmetric_divisor::shorter_side: return "127";
    case qmath::symmetric_divisor::half_width: return "127.5";
    case qmath::symmetric_divisor::each_side: return "128 for min, 127 for max";
  }
  return "";
}
std::string text(qmath::small_range_rule r) {
  switch (r) {
    case qmath::small_range_rule::keep: return "1 for [0, 0]";
    case qmath::small_range_rule::one: return "1 below 2^-126";
    case qmath::small_range_rule::one_at_zero: return "1 below 2^-126, with z = 0";
    case qmath::small_range_rule::epsilon: return "at least 2^-23";
    case qmath::small_range_rule::stretch: return "at least 6.1e-5; 0.1 below 2^-128";
  }
  return "";
}

struct params_convention {
  const char* name;
  params_rules rules;
};

constexpr params_convention params_conventions[] = {
    {"standard", qmath::numerics::params::standard},
    {"onnxruntime_tools", qmath::numerics::params::onnxruntime_tools},
    {"pytorch", qmath::numerics::params::pytorch},
    {"pytorch_dynamic", qmath::numerics::params::pytorch_dynamic},
    {"fbgemm", qmath::numerics::params::fbgemm},
    {"tflite", qmath::numerics::params::tflite},
    {"xnnpack", qmath::numerics::params::xnnpack},
    {"ggml", qmath::numerics::params::ggml},
};

constexpr value_range params_inputs[] = {
    {-0.1f, 0.7f},   {-11.0f, 55.0f}, {-21.0f, 49.0f}, {-1.0f, 1.0f},   {-0.5f, 254.5f},
    {-1.5f, 253.5f}, {-1.0f, 3.0f},   {-63.0f, 7.0f},  {-2.5f, 252.5f}, {-1e-3f, 1e-4f},
    {-1e-9f, 1e-8f}, {0.0f, 1e-40f},  {0.0f, 0.0f},    {-128.0f, 3.0f}, {-1.0f, 254.0f},
    {-1e30f, 3e30f}, {-1.5f, 6.25f},  {-0.3f, 1.1f},   {-2.0f, 5.0f},   {-253.5f, 1.5f},
    {-254.5f, 0.5f}, {-1.0f, 33.0f},  {-0.7f, 0.2f},
};

struct params_input {
  value_range range;
  bool symmetric;
};

affine_params chosen(const params_input& in, const params_rules& rules) {
  return qmath::choose_params<std::int8_t>(in.range, {.symmetric = in.symmetric, .rules = rules});
}

template <class Choice>
void params_row(const params_convention& c, const char* axis, Choice params_rules::* choice,
                bool symmetric) {
  const params_rules standard = qmath::numerics::params::standard;
  if (c.rules.*choice == standard.*choice) return;
  params_rules alone = standard;
  alone.*choice = c.rules.*choice;
  // An axis may show only beside another: the convention with the standard's choice is the second best.
  params_rules without = c.rules;
  without.*choice = standard.*choice;
  for (const bool combined : {false, true}) {
    for (const value_range range : params_inputs) {
      const params_input in{range, symmetric};
      const affine_params usual = chosen(in, standard), own = chosen(in, c.rules);
      const bool shows = combined ? chosen(in, without) != own : chosen(in, alone) != usual;
      if (!shows || own == usual) continue;
      row({axis, text(c.rules.*choice), text(range) + (symmetric ? ", symmetric" : ""), text(usual),
           text(own)});
      return;
    }
  }
  no_example(c.name, axis);
}

void params_chapter() {
  std::printf(R"(
## Ranges to parameters

`numerics::params::NAME`, in `scheme::rules`. A range [min, max] and the codes [lo, hi] become a scale s and a
zero point z. Whatever the convention, s is finite and > 0 and z is one of the codes. The sum and the
difference by which some choose an end are `|lo| + |min / s|` against `|hi| + |max / s|`, and the same with a
minus. The divisor of symmetric scales is that of int8. Source files and versions are in `schemes.hpp`.

)");
  header({"", "arithmetic", "z comes from", "ties of z", "symmetric divisor", "small scales"});
  for (const params_convention& c : params_conventions) {
    row({"`" + std::string(c.name) + "`", text(c.rules.arithmetic), text(c.rules.zero_point),
         text(c.rules.tie), text(c.rules.divisor), text(c.rules.small_range)});
  }
  for (const params_convention& c : params_conventions) {
    if (c.rules == qmath::numerics::params::standard) continue;
    std::printf("\n`%s`, (scale, zero point) for int8:\n\n", c.name);
    header({"axis", "choice", "range", "`standard`", "`" + std::string(c.name) + "`"});
    params_row(c, "arithmetic", &params_rules::arithmetic, false);
    params_row(c, "z comes from", &params_rules::zero_point, false);
    params_row(c, "ties of z", &params_rules::tie, false);
    params_row(c, "symmetric divisor", &params_rules::divisor, true);
    params_row(c, "small scales", &params_rules::small_range, false);
  }
  std::printf(
      "\nRanges that ask for trouble, affine, int8. For NaN, infinities and scales that a float "
      "cannot\n"
      "hold these are qmath's answers: the frameworks' own are not valid parameters.\n\n");
  const value_range degenerate[] = {{},
                                    {nan, nan},
                                    {0.0f, 0.0f},
                                    {0.0f, 1e-45f},
                                    {-1e-9f, 1e-8f},
                                    {-3e38f, 3e38f},
                                    {-1.0f, infinity},
                                    {-infinity, infinity}};
  std::vector<std::string> cells = {""};
  for (const value_range r : degenerate) {
    cells.push_back(r == value_range{} ? "empty" : text(r));
  }
  header(cells);
  for (const params_convention& c : params_conventions) {
    cells = {"`" + std::string(c.name) + "`"};
    for (const value_range r : degenerate) cells.push_back(text(chosen({r, false}, c.rules)));
    row(cells);
  }
}

// ---- Sums to codes -------------------------------------------------------------------------------

enum class requantize_kind {
  fp32,
  tflite_double_rounding,
  tflite_single_rounding,
  rndnu,
  fbgemm_fixed,
  power_of_two
};

struct requantize_input {
  std::int32_t acc;
  double multiplier;
};

std::int32_t requantized(requantize_kind kind, const requantize_input& in) {
  namespace fixed = qmath::fixed_point;
  const auto m = static_cast<float>(in.multiplier);
  std::int32_t q = 0;
  const std::span from(&in.acc, 1);
  const std::span to(&q, 1);
  switch (kind) {
    case requantize_kind::fp32: qmath::requantize(from, qmath::requantize_params{m}, to); break;
    case requantize_kind::tflite_double_rounding:
      qmath::requantize(from, fixed::tflite_double_rounding(in.multiplier), to);
      break;
    case requantize_kind::tflite_single_rounding:
      qmath::requantize(from, fixed::tflite_single_rounding(in.multiplier), to);
      break;
    case requantize_kind::rndnu: qmath::requantize(from, fixed::rndnu(m), to); break;
    case requantize_kind::fbgemm_fixed: qmath::requantize(from, fixed::fbgemm_fixed(m), to); break;
    case requantize_kind::power_of_two:
      qmath::requantize(from, fixed::power_of_two(fixed::power_of_two_shift(in.multiplier)), to);
      break;
  }
  return q;
}

struct requantize_choice {
  const char* axis;
  const char* choice;
  requantize_input input;
};

struct requantize_convention {
  const char* name;
  requantize_kind kind;
  std::vector<requantize_choice> choices;
};

void requantize_chapter() {
  std::printf(R"(
## Sums to codes

Parameters of `requantize`: `requantize_params` is `fp32`, the others are functions of `fixed_point::`. A sum,
less its zero point, is multiplied by the real number M and rounded; the zero point of the output is added,
and the result saturates. M is a double below, and `float(M)` where the convention takes a float.

`fp32`, the standard, of ONNX Runtime and XNNPACK on x86: `float(acc)` times `float(M)`, each rounded to
nearest even, as is the product to an integer.
)");
  const requantize_choice exact = {"acc", "exact, all 32 bits", {16777217, 1.0}};
  const requantize_choice up = {"ties", "toward +infinity", {1, 0.5}};
  const requantize_convention conventions[] = {
      {"tflite_double_rounding",
       requantize_kind::tflite_double_rounding,
       {exact,
        {"M", "31 bits of the double", {1000000007, 0.1}},
        {"roundings", "two: at 31 bits, then the shift", {-6109, 0.024471701518143887}},
        {"ties", "first toward +infinity, then away from 0", {-2, 0.25}}}},
      {"tflite_single_rounding",
       requantize_kind::tflite_single_rounding,
       {exact, {"M", "31 bits of the double", {1000000007, 0.1}}, up}},
      {"rndnu",
       requantize_kind::rndnu,
       {exact, {"M", "the 24 bits of the float, product exact", {1000000007, 0.1}}, up}},
      {"fbgemm_fixed",
       requantize_kind::fbgemm_fixed,
       {exact, {"M", "the 24 bits of the float, product exact", {1000000007, 0.1}}, up}},
      {"power_of_two",
       requantize_kind::power_of_two,
       {exact, {"M", "a power of two, the nearest in the exponent", {1000, 0.1}}, up}},
  };
  for (const requantize_convention& c : conventions) {
    std::printf("\n`%s`, to int32:\n\n", c.name);
    header({"axis", "choice", "input", "`fp32`", "`" + std::string(c.name) + "`"});
    for (const requantize_choice& choice : c.choices) {
      const std::int32_t usual = requantized(requantize_kind::fp32, choice.input);
      const std::int32_t own = requantized(c.kind, choice.input);
      if (own == usual) no_example(c.name, choice.axis);
      char input[96];
      std::snprintf(input, sizeof(input), "acc = %d, M = %.17g", choice.input.acc,
                    choice.input.multiplier);
      for (int digits = 1; digits <= 17; ++digits) {
        char number[32];
        std::snprintf(number, sizeof(number), "%.*g", digits, choice.input.multiplier);
        if (std::strtod(number, nullptr) != choice.input.multiplier) continue;
        std::snprintf(input, sizeof(input), "acc = %d, M = %s", choice.input.acc, number);
        break;
      }
      row({choice.axis, choice.choice, input, std::to_string(usual), std::to_string(own)});
    }
  }
}

}  // namespace

int main() {
  std::printf(R"(# Conventions

"The same quantization" is many: frameworks differ in the last bit of codes, scales and sums. qmath has their
conventions by name. Each is a small aggregate of choices; this page lists them, and for every choice in
which a convention differs from the standard one an input on which the results differ. The numbers are
computed by the library: `qmath_conventions_table` writes this page, and a test compares it.

Which one is ONNX? `standard`; `onnx` is another name for it, in `numerics` and in `numerics::params`.
)");
  quantize_chapter();
  params_chapter();
  requantize_chapter();
  return 0;
}
