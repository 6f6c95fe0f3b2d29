// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The ONNX specification: its node tests, and its reference evaluator.
#include <doctest/doctest.h>

#include <qmath/qmath.hpp>

#include "support/conformance.hpp"
#include "support/conformance_onnx.hpp"

using support::vector_case;

namespace {

// The number of elements by the shape in the file.
std::size_t elements(const vector_case& c, const std::string& tensor) {
  std::size_t n = 1;
  for (const auto d : c.get<std::size_t>(tensor + "_shape")) n *= d;
  return n;
}

void quantize_or_dequantize_node(const vector_case& c, bool quantize) {
  const auto scales = c.get<float>("scale");
  const auto zero_points = c.has("zero_point") ? c.get<std::int32_t>("zero_point")
                                               : std::vector<std::int32_t>(scales.size());
  const qmath::channel_params p = {scales, zero_points,
                                   support::onnx_layout(c, "x_shape", scales.size())};
  CHECK(elements(c, "scale") == scales.size());
  CHECK(elements(c, "y") == elements(c, "x"));
  CHECK(c.word(quantize ? "x_type" : "y_type") == "float32");
  support::with_format(c.word(quantize ? "y_type" : "x_type"), [&]<class F>(std::type_identity<F>) {
    if (quantize) {
      support::check_answers(c.get<std::int32_t>("y"), support::quantized<F>(c.get<float>("x"), p));
    } else {
      support::check_answers(c.get<float>("y"),
                             support::dequantized<F, float>(c.get<std::int32_t>("x"), p));
    }
  });
}

void dynamic_quantize_node(const vector_case& c) {
  const auto x = c.get<float>("x");
  CHECK(c.word("x_type") == "float32");
  CHECK(c.word("y_type") == "uint8");
  CHECK(elements(c, "x") == x.size());
  CHECK(elements(c, "y") == x.size());
  const auto [p, q] = support::dynamically_quantized<std::uint8_t>(x, qmath::affine);
  support::check_answer(c.one<float>("scale"), p.scale);
  CHECK(c.integer("zero_point") == p.zero_point);
  support::check_answers(c.get<std::int32_t>("y"), q);
}

// The matrices of a node, [..., m, k] and [..., k, n].
support::matrix_product product_of(const vector_case& c) {
  const auto a_shape = c.get<std::size_t>("a_shape"), b_shape = c.get<std::size_t>("b_shape");
  support::matrix_product p;
  p.m = a_shape[a_shape.size() - 2], p.k = a_shape.back(), p.n = b_shape.back();
  p.a = c.get<std::int32_t>("a"), p.b = c.get<std::int32_t>("b");
  p.a_zero_point = c.integer("a_zero_point"), p.b_zero_point = c.integer("b_zero_point");
  CHECK(elements(c, "y") == p.a.size() / p.k * p.n);
  return p;
}

void integer_matmul_node(const vector_case& c) {
  const support::matrix_product p = product_of(c);
  const auto y = c.get<std::int32_t>("y");
  CHECK(c.word("a_type") == "uint8");
  CHECK(c.word("b_type") == "uint8");
  CHECK(c.word("y_type") == "int32");
  support::with_gemm<std::uint8_t, std::uint8_t>(
      p, [&](auto a, const auto& zero_points, const auto& b, std::size_t batch) {
        std::vector<std::int32_t> got(p.m * p.n);
        qmath::gemm(a, zero_points, b, qmath::matrix_view<std::int32_t>(got.data(), p.m, p.n));
        support::check_answers(support::slice(y, batch, got.size()), got);
      });
}

void quantized_matmul_node(const vector_case& c) {
  const auto scale = [&](const std::string& name) {
    const bool is_half = c.name.ends_with("float16");
    return is_half ? qmath::float_from(c.one<qmath::half>(name)) : c.one<float>(name);
  };
  const float multiplier = scale("a_scale") * scale("b_scale") / scale("scale");
  CHECK(elements(c, "b_scale") == 1);
  CHECK(elements(c, "scale") == 1);
  CHECK(c.word("a_type") == c.word("b_type"));
  const qmath::requantize_params p = {multiplier, c.integer("zero_point")};
  support::with_format(c.word("y_type"), [&]<class F>(std::type_identity<F>) {
    support::check_answers(c.get<std::int32_t>("y"),
                           support::requantized<std::int32_t, F>(support::sums(product_of(c)), p));
    if constexpr (qmath::eight_bit_integer<F>) {  // of A and B too
      const support::matrix_product product = product_of(c);
      const auto y = c.get<std::int32_t>("y");
      CHECK(c.word("y_type") == c.word("a_type"));
      support::with_gemm<F, F>(
          product, [&](auto a, const auto& zero_points, const auto& b, std::size_t batch) {
            std::vector<F> got(product.m * product.n);
            const qmath::to_quantized epilogue{.multipliers = {&multiplier, 1},
                                               .zero_point = c.integer("zero_point")};
            qmath::gemm(a, zero_points, b, epilogue,
                        qmath::matrix_view<F>(got.data(), product.m, product.n));
            support::check_answers(support::slice(y, batch, got.size()),
                                   std::vector<std::int32_t>(got.begin(), got.end()));
          });
    } else {
      FAIL("the node tests have 8 bits");
    }
  });
}

}  // namespace

TEST_SUITE("conformance/onnx") {
  TEST_CASE("node tests of the specification") {
    support::for_each_case("onnx_node_tests.txt", 31, [](const vector_case& c) {
      const std::string op = c.word("op");
      if (op == "QuantizeLinear") return quantize_or_dequantize_node(c, true);
      if (op == "DequantizeLinear") return quantize_or_dequantize_node(c, false);
      if (op == "DynamicQuantizeLinear") return dynamic_quantize_node(c);
      if (op == "MatMulInteger") return integer_matmul_node(c);
      if (op == "QLinearMatMul") return quantized_matmul_node(c);
      FAIL("what operator is that?");
    });
  }

  TEST_CASE("the reference evaluator, which casts quotients without a check") {
    support::census set, dynamic;
    support::for_each_case("onnx_reference.txt", 37, [&](const vector_case& c) {
      if (c.name.starts_with("dynamic")) return support::check_dynamic_quantize(c, false, dynamic);
      support::with_format(c.word("type"), [&]<class F>(std::type_identity<F>) {
        support::check_quantize_linear<F, float>(c, "q", set, support::casts_quotient);
      });
    });
    set.check_complete();
    dynamic.check_dynamic();
  }
}
