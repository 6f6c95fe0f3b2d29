// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// PyTorch: quantize_per_tensor, quantize_per_channel, fake_quantize, and parameters from ranges.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <qmath/qmath.hpp>

#include "support/conformance.hpp"

using support::departure;
using support::vector_case;

namespace {

namespace params = qmath::numerics::params;
constexpr qmath::quantize_rules rules = qmath::numerics::pytorch;

float steps_of(float x, float scale) {
  return qmath::reference::rounded(x * qmath::reference::rounded(1.0f / scale));
}

// quantize_per_tensor clamps above to the largest float below 2^31, which NaN becomes as well, and adds the
// zero point modulo 2^32.
std::optional<departure> per_tensor(float x, float scale, std::int32_t z, qmath::code_range codes) {
  const float steps = steps_of(x, scale);
  const float clamped = steps < 2147483520.0f ? steps : 2147483520.0f;
  const auto left = support::unchecked_cast(clamped, z, codes);
  if (left) return departure{steps, left->code};
  return std::nullopt;
}

// The same to int32, where a scalar loop clamps in double: NaN becomes the lowest code.
std::optional<departure> per_tensor_int32(float x, float scale) {
  const float steps = steps_of(x, scale);
  if (steps == steps) return std::nullopt;
  return departure{steps, std::numeric_limits<std::int32_t>::min()};
}

// quantize_per_channel saturates, but makes 0 of NaN.
std::optional<departure> per_channel(float x, float scale) {
  const float steps = steps_of(x, scale);
  if (steps == steps) return std::nullopt;
  return departure{steps, 0};
}

template <class F>
void check_tensor(const vector_case& c, support::census& set) {
  const auto x = c.get<float>("x");
  const auto q = c.get<std::int32_t>("q");
  const auto scale = c.one<float>("scale");
  const auto zero_points = c.get<std::int32_t>("zero_points");
  constexpr bool is_int32 = std::is_same_v<F, std::int32_t>;
  for (std::size_t k = 0; k < zero_points.size(); ++k) {
    const auto codes = support::slice(q, k, x.size());
    support::check_codes<F>(codes, x, scale, zero_points[k], {.rules = rules}, set,
                            [&](float v, std::int32_t z, qmath::code_range range) {
                              return is_int32 ? per_tensor_int32(v, scale)
                                              : per_tensor(v, scale, z, range);
                            });
    if (c.has("q_channel")) {
      support::check_codes<F>(
          support::slice(c.get<std::int32_t>("q_channel"), k, x.size()), x, scale, zero_points[k],
          {.rules = rules}, set,
          [&](float v, std::int32_t, qmath::code_range) { return per_channel(v, scale); });
    }
    if (c.has("y")) {
      const qmath::affine_params p = {scale, zero_points[k]};
      support::check_answers(support::slice(c.get<float>("y"), k, x.size()),
                             support::dequantized<F, float>(codes, p));
    }
  }
}

template <class F>
void check_channels(const vector_case& c) {
  const auto shape = c.get<std::size_t>("shape");
  const auto scales = c.get<float>("scales");
  const auto zero_points = c.get<std::int32_t>("zero_points");
  const qmath::channel_params p = {scales, zero_points,
                                   qmath::per_channel(shape, c.one<std::size_t>("axis"))};
  const auto q = c.get<std::int32_t>("q");
  support::check_answers(q, support::quantized<F>(c.get<float>("x"), p, {.rules = rules}));
  support::check_answers(c.get<float>("y"), support::dequantized<F, float>(q, p));
}

// fake_quantize makes the lowest code of NaN; the codes in use are those of the case.
template <class F, class X>
void check_fake_quantize(const vector_case& c, support::census& set) {
  qmath::quantize_options options = {.rules = rules,
                                     .codes = {c.integer("qmin"), c.integer("qmax")}};
  options.rules.nan = qmath::nan_rule::lowest;
  const auto x = c.get<X>("x");
  if (c.has("shape")) {
    const auto shape = c.get<std::size_t>("shape");
    const auto scales = c.get<float>("scales");
    const auto zero_points = c.get<std::int32_t>("zero_points");
    const qmath::channel_params p = {scales, zero_points,
                                     qmath::per_channel(shape, c.one<std::size_t>("axis"))};
    return support::check_answers(c.get<X>("y"), support::fake_quantized<F>(x, p, options));
  }
  const auto scale = c.one<float>("scale");
  const auto zero_points = c.get<std::int32_t>("zero_points");
  for (std::size_t k = 0; k < zero_points.size(); ++k) {
    const std::int32_t z = zero_points[k];
    INFO("zero point ", z);
    const qmath::affine_params p = {scale, z};
    const std::vector<X> got = support::fake_quantized<F>(x, p, options);
    support::check_answers(support::slice(c.get<X>("y"), k, x.size()), got);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float v = qmath::float_from(x[i]);
      INFO("x[", i, "] = ", v);
      set.look(v, scale, z);
      // A mask is the elements that are not clipped.
      if (c.has("mask")) {
        const auto one = qmath::reference::quantize_and_count(
            v, scale, z, qmath::reference::codes_in_use<F>(options.codes), options.rules, 0);
        const bool clipped = one.counts.low + one.counts.high + one.counts.nan != 0;
        CHECK(clipped == (support::slice(c.get<std::int32_t>("mask"), k, x.size())[i] == 0));
      }
      // Per channel, the cast to int64 comes before the clamp: infinity and 2^63 become the lowest code.
      if (c.has("y_channel")) {
        const bool lost = !(std::abs(steps_of(v, scale)) < 0x1p63f);
        const float lowest = qmath::reference::dequantize(options.codes.min, scale, z);
        support::check_answer(support::slice(c.get<float>("y_channel"), k, x.size())[i],
                              lost ? lowest : qmath::float_from(got[i]));
      }
    }
  }
}

// Ranges that are no numbers have parameters that are none: a scale of infinity or NaN.
template <class F>
void check_ranges(const vector_case& c, const qmath::scheme& how, bool scale_is_double) {
  const auto min = c.get<float>("min"), max = c.get<float>("max");
  const auto zero_point = c.get<std::int32_t>("zero_point");
  std::vector<float> scale;
  if (scale_is_double) {
    for (const double s : c.get<double>("scale")) scale.push_back(static_cast<float>(s));
  } else {
    scale = c.get<float>("scale");
  }
  std::vector<qmath::value_range> ranges;
  for (std::size_t i = 0; i < min.size(); ++i) ranges.push_back({min[i], max[i]});
  std::vector<float> got_scales(min.size());
  std::vector<std::int32_t> got_zero_points(min.size());
  qmath::choose_params<F>(ranges, got_scales, got_zero_points, how);
  for (std::size_t i = 0; i < min.size(); ++i) {
    INFO("[", min[i], ", ", max[i], "]");
    const qmath::affine_params p = qmath::choose_params<F>(ranges[i], how);
    CHECK(p == qmath::affine_params{got_scales[i], got_zero_points[i]});
    support::for_each_target([&] {
      qmath::min_max_observer o;
      qmath::observe(o, std::vector{max[i], min[i]});
      CHECK(qmath::choose_params<F>(o, how) == p);
    });
    if (!(scale[i] < HUGE_VALF)) {
      CHECK(c.name.ends_with("special"));
      CHECK(p.scale < HUGE_VALF);
      continue;
    }
    support::check_answer(scale[i], p.scale);
    CHECK(p.zero_point == zero_point[i]);
  }
}

template <class O>
std::vector<O> observed(const std::vector<float>& x, const qmath::granularity& layout) {
  std::vector<O> o(layout.count());
  qmath::observe(o, x, layout);
  return o;
}

// Of all observers by one call, and of each.
template <class F, class O>
void check_channel_params(const std::vector<O>& o, const qmath::scheme& how,
                          const std::vector<float>& scale,
                          const std::vector<std::int32_t>& zero_point) {
  std::vector<qmath::value_range> ranges(o.size());
  std::vector<float> got(o.size());
  std::vector<std::int32_t> got_zero_point(o.size());
  qmath::ranges_of(o, ranges);
  qmath::choose_params<F>(ranges, got, got_zero_point, how);
  support::check_answers(scale, got);
  support::check_answers(zero_point, got_zero_point);
  for (std::size_t i = 0; i < o.size(); ++i) {
    CHECK(qmath::choose_params<F>(o[i], how) == qmath::affine_params{scale[i], zero_point[i]});
  }
}

template <class F>
void check_schemes(const vector_case& c) {
  const bool reduced = c.has("reduced") && c.integer("reduced") != 0;
  const qmath::code_range codes = reduced ? qmath::reduced_range<F>() : qmath::code_range{};
  const bool symmetric = c.has("symmetric") && c.integer("symmetric") != 0;
  if (c.name.starts_with("observer")) {
    return check_ranges<F>(c, {.symmetric = symmetric, .codes = codes, .rules = params::pytorch},
                           false);
  }
  if (c.name.starts_with("aten")) {
    return check_ranges<F>(c, {.codes = codes, .rules = params::pytorch_dynamic}, true);
  }
  if (c.name.starts_with("fbgemm")) {
    return check_ranges<F>(c, {.codes = codes, .rules = params::fbgemm}, false);
  }
  REQUIRE(c.name.starts_with("channel"));
  const auto x = c.get<float>("x");
  const auto scale = c.get<float>("scale");
  const auto zero_point = c.get<std::int32_t>("zero_point");
  const auto shape = c.get<std::size_t>("shape");
  const qmath::granularity rows = qmath::per_row(shape[0], shape[1]);
  const qmath::scheme how = {.symmetric = symmetric, .codes = codes, .rules = params::pytorch};
  support::for_each_target([&] {
    std::vector<float> got(scale.size());
    std::vector<std::int32_t> got_zero_point(scale.size());
    std::vector<F> q(x.size());
    qmath::dynamic_quantize(x, rows, got, got_zero_point, q, how);
    support::check_answers(scale, got);
    support::check_answers(zero_point, got_zero_point);
    check_channel_params<F>(observed<qmath::min_max_observer>(x, rows), how, scale, zero_point);
  });
}

template <class F>
void check_moving_average(const vector_case& c) {
  const qmath::scheme how = {.symmetric = c.integer("symmetric") != 0, .rules = params::pytorch};
  const auto x = c.get<float>("x"), min = c.get<float>("min"), max = c.get<float>("max");
  const auto scale = c.get<float>("scale");
  const auto zero_point = c.get<std::int32_t>("zero_point");
  const bool channels = c.name.starts_with("channel");
  const auto shape = channels ? c.get<std::size_t>("shape") : std::vector<std::size_t>{1, 0};
  const auto sizes = channels ? std::vector(min.size() / shape[0], shape[0] * shape[1])
                              : c.get<std::size_t>("sizes");
  const auto weight = c.one<float>("weight");
  support::for_each_target([&] {
    std::vector<qmath::moving_average_observer> o(shape[0], {.weight = weight});
    std::span<const float> left(x);
    std::vector<float> got_min, got_max;
    for (const std::size_t n : sizes) {
      qmath::observe(o, left.first(n), qmath::per_row(o.size(), n / o.size()));
      left = left.subspan(n);
      for (const auto& one : o) {
        got_min.push_back(one.range.min);
        got_max.push_back(one.range.max);
      }
    }
    CHECK(left.empty());
    support::check_answers(min, got_min);
    support::check_answers(max, got_max);
    check_channel_params<F>(o, how, scale, zero_point);
  });
}

}  // namespace

TEST_SUITE("conformance/pytorch") {
  TEST_CASE("quantize_per_tensor and quantize_per_channel") {
    support::census set;
    support::for_each_case("torch_quantize.txt", 32, [&](const vector_case& c) {
      support::with_format(c.word("type"), [&]<class F>(std::type_identity<F>) {
        if constexpr (!qmath::packed_integer<F>) {
          if (c.name.starts_with("channel")) return check_channels<F>(c);
          check_tensor<F>(c, set);
        }
      });
    });
    set.check_complete();
  }

  TEST_CASE("fake_quantize") {
    support::census set;
    support::for_each_case("torch_fake_quantize.txt", 31, [&](const vector_case& c) {
      const auto check = [&]<class F>(std::type_identity<F>) {
        if (c.name.find("/f16") != std::string::npos) {
          check_fake_quantize<F, qmath::half>(c, set);
        } else if (c.name.find("/bf16") != std::string::npos) {
          check_fake_quantize<F, qmath::bfloat16>(c, set);
        } else {
          check_fake_quantize<F, float>(c, set);
        }
      };
      support::with_format(c.integer("qmin") < 0 ? "int8" : "uint8", check);
      if (c.integer("qmax") == 7) support::with_format("int4", check);
      if (c.integer("qmax") == 15) support::with_format("uint4", check);
    });
    set.check_complete();
  }

  TEST_CASE("moving averages") {
    support::for_each_case("torch_moving_average.txt", 16, [](const vector_case& c) {
      if (c.word("type") == "int8") return check_moving_average<std::int8_t>(c);
      CHECK(c.word("type") == "uint8");
      check_moving_average<std::uint8_t>(c);
    });
  }

  TEST_CASE("parameters") {
    support::for_each_case("torch_schemes.txt", 27, [](const vector_case& c) {
      if (c.name == "optimized") {
        return c.leave_out("choose_qparams_optimized searches a range: qmath has no search yet");
      }
      if (c.word("type") == "int8") return check_schemes<std::int8_t>(c);
      CHECK(c.word("type") == "uint8");
      check_schemes<std::uint8_t>(c);
    });
  }
}
