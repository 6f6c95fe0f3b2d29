// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// ONNX Runtime's operators and its tools for static quantization.
#include <doctest/doctest.h>

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
