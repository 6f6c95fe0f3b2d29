// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// ONNX Runtime's operators and its tools for static quantization.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <qmath/qmath.hpp>

#include "support/conformance.hpp"
#include "support/conformance_onnx.hpp"

using support::vector_case;

namespace {

// A case with parameters per index of an axis, or blocked. `leaves` as in check_codes.
template <class F, class Leaves>
void check_channels(const vector_case& c, support::census& set, const Leaves& leaves) {
  const auto x = c.get<float>("x");
  const auto q = c.get<std::int32_t>("q");
  const auto scales = c.get<float>("scales");
  const auto zero_points = c.get<std::int32_t>("zero_points");
  const qmath::granularity layout = support::onnx_layout(c, "shape", scales.size());
  const auto got = support::quantized<F>(x, qmath::channel_params{scales, zero_points, layout});
  REQUIRE(q.size() == x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float scale = scales[layout.index(i)];
    const std::int32_t z = zero_points[layout.index(i)];
    INFO("x[", i, "] = ", x[i], ", scale ", scale, ", zero point ", z);
    set.look(x[i], scale, z);
    const auto left = leaves(x[i], scale, z, qmath::full_range<F>());
    CHECK(q[i] == (left ? left->code : got[i]));
    if (left) {
      CHECK(got[i] ==
            support::saturated(left->steps, z, qmath::full_range<F>(), qmath::nan_rule::lowest));
    }
  }
}

// The reference evaluator divides in float16, as the specification says, and casts that quotient without a
// check. Neither ONNX Runtime nor qmath does.
template <class F>
void check_half_quotient(const vector_case& c) {
  const auto x = c.get<qmath::half>("x");
  const auto q = c.get<std::int32_t>("q_reference");
  const float scale = qmath::float_from(c.one<qmath::half>("scale"));
  const auto [lo, hi] = qmath::full_range<F>();
  std::size_t i = 0;
  for (const std::int32_t z : c.get<std::int32_t>("zero_points")) {
    for (const qmath::half v : x) {
      const float quotient = qmath::reference::rounded(qmath::float_from(v) / scale);
      const double steps = qmath::float_from(qmath::half_from(quotient));
      const auto left = support::unchecked_cast(steps, z, {lo, hi});
      const double sum = left ? left->code : std::nearbyint(steps) + z;
      CHECK(q[i++] == std::clamp<double>(sum, lo, hi));
    }
  }
  CHECK(i == q.size());
}

template <class F, class X>
void check_dequantize(const vector_case& c) {
  const auto q = c.get<std::int32_t>("q");
  const auto x = c.get<X>("x");
  const auto zero_points = c.get<std::int32_t>("zero_points");
  if (c.has("scales")) {
    const auto scales = c.get<float>("scales");
    const qmath::granularity layout = support::onnx_layout(c, "shape", scales.size());
    const qmath::channel_params p = {scales, zero_points, layout};
    return support::check_answers(x, support::dequantized<F, X>(q, p));
  }
  const float scale = qmath::float_from(c.one<X>("scale"));
  for (std::size_t k = 0; k < zero_points.size(); ++k) {
    const qmath::affine_params p = {scale, zero_points[k]};
    support::check_answers(support::slice(x, k, q.size()), support::dequantized<F, X>(q, p));
  }
}

template <class A>
void check_matmul(const vector_case& c, support::census& set) {
  const auto size = [&](const char* field) { return c.one<std::size_t>(field); };
  const support::matrix_product p = {size("m"),
                                     size("k"),
                                     size("n"),
                                     c.get<std::int32_t>("a"),
                                     c.get<std::int32_t>("b"),
                                     c.integer("a_zero_point")};
  const auto y = c.get<std::int32_t>("y");
  const std::int32_t z = c.integer("y_zero_point");
  std::vector<float> multipliers = c.get<float>("b_scales");
  for (float& m : multipliers) {
    m = qmath::reference::rounded(c.one<float>("a_scale") * m) / c.one<float>("y_scale");
  }
  const std::vector<std::int32_t> sums = support::sums(p);
  if (multipliers.size() == 1) {
    support::check_answers(y, support::requantized<std::int32_t, A>(
                                  sums, qmath::requantize_params{multipliers[0], z}));
  } else {
    const qmath::channel_requantize_params columns = {multipliers, qmath::per_column(p.n), z};
    support::check_answers(y, support::requantized<std::int32_t, A>(sums, columns));
  }
  support::with_gemm<A, std::int8_t>(
      p, [&](auto a, const auto& zero_points, const auto& b, std::size_t) {
        std::vector<A> got(y.size());
        const qmath::to_quantized epilogue{.multipliers = multipliers, .zero_point = z};
        qmath::gemm(a, zero_points, b, epilogue, qmath::matrix_view<A>(got.data(), p.m, p.n));
        support::check_answers(y, std::vector<std::int32_t>(got.begin(), got.end()));
      });
  // The specification's evaluator adds the zero point first and rounds a product in double.
  const auto other = c.get<std::int32_t>("y_reference");
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double m = multipliers[multipliers.size() == 1 ? 0 : i % p.n];
    const double steps = sums[i] * m;
    const auto [lo, hi] = qmath::full_range<A>();
    CHECK(other[i] == std::clamp<double>(std::nearbyint(steps + z), lo, hi));
    if (other[i] != y[i]) set.look(sums[i], 1.0 / m, z);
  }
}

// a, of codes, times b of the case, by gemm and by its definition: y = fl(fl(float(sum) * fl(a_scale * b_scale)) +
// bias). Counts the results that a contracted multiply-add would change.
template <class A, class B>
void check_to_float(const vector_case& c, std::vector<std::int32_t> a,
                    qmath::affine_params a_params, std::size_t& would_differ) {
  const support::matrix_product p = {c.one<std::size_t>("m"),  c.one<std::size_t>("k"),
                                     c.one<std::size_t>("n"),  std::move(a),
                                     c.get<std::int32_t>("b"), a_params.zero_point};
  const auto scales = c.get<float>("b_scales"), bias = c.get<float>("bias");
  const auto b_zero_points = c.get<std::int32_t>("b_zero_points");
  const auto y = c.get<float>("y");
  const qmath::to_float epilogue{.a_scale = a_params.scale, .b_scales = scales, .bias = bias};
  qmath::gemm_zero_points z = {.a = p.a_zero_point};
  if (b_zero_points.size() == 1) z.b = b_zero_points[0];
  if (b_zero_points.size() != 1) z.b_columns = b_zero_points;
  const std::vector<A> a_codes(p.a.begin(), p.a.end());
  const std::vector<B> b_codes(p.b.begin(), p.b.end());
  std::vector<float> got(y.size());
  const qmath::matrix_view got_view(got.data(), p.m, p.n);
  const auto by_definition = [&](const auto& e, auto to) {
    qmath::reference::gemm(qmath::matrix_view(a_codes.data(), p.m, p.k), z,
                           qmath::matrix_view(b_codes.data(), p.k, p.n), e, to);
  };
  by_definition(epilogue, got_view);
  support::check_answers(y, got);
  std::vector<std::int32_t> sums(y.size());
  by_definition(qmath::to_sums{}, qmath::matrix_view(sums.data(), p.m, p.n));
  for (std::size_t i = 0; i < y.size() && !bias.empty(); ++i) {
    const float scale =
        qmath::reference::rounded(a_params.scale * scales[scales.size() == 1 ? 0 : i % p.n]);
    if (std::fma(static_cast<float>(sums[i]), scale, bias[i % p.n]) != y[i]) ++would_differ;
  }
  support::with_gemm<A, B>(p, [&](auto view, const auto&, const auto& b, std::size_t) {
    std::fill(got.begin(), got.end(), -1.0f);
    qmath::gemm(view, z, b, epilogue, got_view);
    support::check_answers(y, got);
  });
}

// The same in one call, which has a scale for each row: for one row that is ONNX Runtime's.
template <class B>
void check_linear(const vector_case& c, const std::vector<float>& x) {
  const auto k = c.one<std::size_t>("k"), n = c.one<std::size_t>("n");
  const auto scales = c.get<float>("b_scales"), bias = c.get<float>("bias");
  const auto codes = c.get<std::int32_t>("b"), zero_points = c.get<std::int32_t>("b_zero_points");
  const std::vector<B> b(codes.begin(), codes.end());
  const qmath::packed_weights packed(qmath::matrix_view(b.data(), k, n));
  qmath::gemm_zero_points z;
  if (zero_points.size() == 1) z.b = zero_points[0];
  if (zero_points.size() != 1) z.b_columns = zero_points;
  std::vector<std::byte> scratch(qmath::dynamic_linear_scratch(1, k));
  support::for_each_target([&] {
    std::vector<float> got(n);
    qmath::dynamic_linear(qmath::matrix_view(x.data(), 1, k), packed,
                          qmath::to_float{.b_scales = scales, .bias = bias},
                          qmath::matrix_view(got.data(), 1, n), scratch, qmath::affine, z);
    support::check_answers(c.get<float>("y"), got);
  });
}

// Ranges after each batch, or after all of them; symmetric ones are of what is observed of each batch's [-m, m].
template <class Observer>
void check_min_max(const vector_case& c, const Observer& empty) {
  const bool channels = c.name.starts_with("channel"), symmetric = c.integer("symmetric") != 0;
  const auto x = c.get<float>("x"), min = c.get<float>("min"), max = c.get<float>("max");
  const auto sizes = c.get<std::size_t>("sizes");
  support::for_each_target([&] {
    std::vector<Observer> seen(channels ? 3 : 1, empty);
    std::vector<qmath::value_range> ranges(seen.size());
    std::span<const float> left(x);
    std::vector<float> got_min, got_max;
    for (const std::size_t n : sizes) {
      const qmath::granularity layout =
          channels ? qmath::per_channel({n / 6, 3, 2}, 1) : qmath::per_tensor(n);
      if (symmetric) {
        std::vector<qmath::min_max_observer> batch(seen.size());
        qmath::observe(batch, left.first(n), layout);
        for (std::size_t i = 0; i < seen.size(); ++i) {
          const qmath::value_range r = qmath::absmax_range(qmath::range_of(batch[i]));
          qmath::observe(seen[i], std::array{r.min, r.max});
        }
      } else {
        qmath::observe(seen, left.first(n), layout);
      }
      left = left.subspan(n);
      qmath::ranges_of(seen, ranges);
      if (!left.empty() && min.size() == seen.size()) continue;
      for (const qmath::value_range r : ranges) got_min.push_back(r.min), got_max.push_back(r.max);
    }
    CHECK(left.empty());
    support::check_answers(min, got_min);
    support::check_answers(max, got_max);
  });
}

}  // namespace

TEST_SUITE("conformance/onnxruntime") {
  // Another path, with an unchecked cast: int2 and uint2; elements of int4 and uint4 that share no byte with
  // one of the same scale; blocks along another axis than the last.
  TEST_CASE("QuantizeLinear") {
    support::census set;
    support::for_each_case("onnxruntime_quantize.txt", 116, [&](const vector_case& c) {
      const std::string type = c.word("type");
      bool casts = type.ends_with("int2") || c.name.starts_with("odd");
      if (c.has("shape")) {
        const bool last = c.one<std::size_t>("axis") + 1 == c.get<std::size_t>("shape").size();
        const bool blocked = c.integer("block") != 0;
        casts = casts || (blocked && !last) || (!blocked && last && type.ends_with("int4"));
      }
      support::with_format(type, [&]<class F>(std::type_identity<F>) {
        const auto leaves = casts ? support::casts_quotient : support::follows_formula;
        if (c.has("shape")) return check_channels<F>(c, set, leaves);
        support::check_quantize_linear<F, float>(c, "q", set, leaves);
      });
    });
    set.check_complete();
  }

  TEST_CASE("QuantizeLinear from float16") {
    support::census set;
    support::for_each_case("onnxruntime_quantize_f16.txt", 12, [&](const vector_case& c) {
      support::with_format(c.word("type"), [&]<class F>(std::type_identity<F>) {
        support::check_quantize_linear<F, qmath::half>(c, "q", set, support::casts_quotient);
        if (c.has("q_reference")) check_half_quotient<F>(c);
      });
    });
    set.check_complete();
  }

  TEST_CASE("DequantizeLinear") {
    support::for_each_case("onnxruntime_dequantize.txt", 42, [](const vector_case& c) {
      support::with_format(c.word("type"), [&]<class F>(std::type_identity<F>) {
        if (c.name.ends_with("f16")) return check_dequantize<F, qmath::half>(c);
        check_dequantize<F, float>(c);
      });
    });
  }

  TEST_CASE("DynamicQuantizeLinear") {
    support::census set;
    support::for_each_case("onnxruntime_dynamic_quantize.txt", 40, [&](const vector_case& c) {
      support::check_dynamic_quantize(c, true, set);
    });
    set.check_dynamic();
  }

  TEST_CASE("QLinearMatMul") {
    support::census set;  // of those by which the specification differs
    support::for_each_case("onnxruntime_qlinear_matmul.txt", 16, [&](const vector_case& c) {
      if (c.word("a_type") == "int8") return check_matmul<std::int8_t>(c, set);
      CHECK(c.word("a_type") == "uint8");
      check_matmul<std::uint8_t>(c, set);
    });
    set.check_sums();
  }

  TEST_CASE("MatMulIntegerToFloat") {
    std::size_t would_differ = 0;
    support::for_each_case("onnxruntime_matmul_to_float.txt", 24, [&](const vector_case& c) {
      const qmath::affine_params p = {c.one<float>("a_scale"), c.integer("a_zero_point")};
      const auto check = [&]<class A, class B>(std::type_identity<A>, std::type_identity<B>) {
        check_to_float<A, B>(c, c.get<std::int32_t>("a"), p, would_differ);
      };
      constexpr std::type_identity<std::int8_t> s8;
      constexpr std::type_identity<std::uint8_t> u8;
      const std::string types = c.word("a_type") + " " + c.word("b_type");
      if (types == "int8 int8") return check(s8, s8);
      if (types == "uint8 int8") return check(u8, s8);
      CHECK(types == "uint8 uint8");
      check(u8, u8);
    });
    CHECK(would_differ >= 50);
  }

  TEST_CASE("DynamicQuantizeMatMul") {
    std::size_t would_differ = 0, rows_of_one = 0;
    support::for_each_case("onnxruntime_dynamic_matmul.txt", 16, [&](const vector_case& c) {
      const auto x = c.get<float>("x");
      const auto q = support::dynamically_quantized<std::uint8_t>(x, qmath::affine);
      const auto check = [&]<class B>(std::type_identity<B>) {
        check_to_float<std::uint8_t, B>(c, q.codes, q.params, would_differ);
        if (c.integer("m") != 1) return;
        ++rows_of_one;
        check_linear<B>(c, x);
      };
      if (c.word("b_type") == "int8") return check(std::type_identity<std::int8_t>());
      CHECK(c.word("b_type") == "uint8");
      check(std::type_identity<std::uint8_t>());
    });
    CHECK(would_differ >= 20);
    CHECK(rows_of_one >= 3);
  }

  TEST_CASE("MinMaxCalibrater") {
    support::for_each_case("onnxruntime_min_max.txt", 13, [](const vector_case& c) {
      if (c.name.ends_with("special")) {
        // There NaN hides numbers, which ones depends on its place; in qmath it is skipped.
        const auto x = c.get<float>("x");
        CHECK(c.get<float>("min") == std::vector{1.0f});
        CHECK(c.get<float>("max") == std::vector{3.0f});
        support::for_each_target([&] {
          qmath::min_max_observer seen;
          qmath::observe(seen, x);
          CHECK(qmath::range_of(seen) == qmath::value_range{1.0f, 4.0f});
        });
        return;
      }
      if (c.has("weight")) {
        return check_min_max(c, qmath::moving_average_observer{.weight = c.one<float>("weight")});
      }
      check_min_max(c, qmath::min_max_observer{});
    });
  }

  TEST_CASE("parameters of the static tools") {
    support::for_each_case("onnxruntime_schemes.txt", 32, [](const vector_case& c) {
      const auto min = c.get<float>("min"), max = c.get<float>("max");
      const auto scale = c.get<float>("scale");
      const auto zero_point = c.get<std::int32_t>("zero_point");
      const qmath::scheme how = {.symmetric = c.integer("symmetric") != 0,
                                 .codes = {c.integer("qmin"), c.integer("qmax")},
                                 .rules = qmath::numerics::params::onnxruntime_tools};
      support::with_format(c.word("type"), [&]<class F>(std::type_identity<F>) {
        for (std::size_t i = 0; i < min.size(); ++i) {
          INFO("[", min[i], ", ", max[i], "]");
          const qmath::affine_params p = qmath::choose_params<F>({min[i], max[i]}, how);
          support::check_answer(scale[i], p.scale);
          CHECK(p.zero_point == zero_point[i]);
        }
      });
    });
  }
}
