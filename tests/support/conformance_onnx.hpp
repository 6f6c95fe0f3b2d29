// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What the vectors of the ONNX specification and of ONNX Runtime have in common.
#ifndef QMATH_TESTS_SUPPORT_CONFORMANCE_ONNX_HPP_
#define QMATH_TESTS_SUPPORT_CONFORMANCE_ONNX_HPP_

#include <algorithm>
#include <cmath>

#include "support/conformance.hpp"

namespace support {

/// The parameters of QuantizeLinear and DequantizeLinear: one for all, one per index of an axis, or blocked.
inline qmath::granularity onnx_layout(const vector_case& c, const std::string& shape_field,
                                      std::size_t parameters) {
  const auto shape = c.get<std::size_t>(shape_field);
  const auto axis = c.one<std::size_t>("axis");
  const auto block = c.one<std::size_t>("block");
  if (block != 0) return qmath::per_axis_block(shape, axis, block);
  if (parameters != 1) return qmath::per_channel(shape, axis);
  std::size_t n = 1;
  for (const std::size_t d : shape) n *= d;
  return qmath::per_tensor(n);
}

/// A case with q: [zero_points, x] from x and one scale.
template <class F, class X, class Leaves>
void check_quantize_linear(const vector_case& c, const std::string& q, census& set,
                           const Leaves& leaves) {
  const auto x = c.get<X>("x");
  const float scale = qmath::float_from(c.one<X>("scale"));
  const auto zero_points = c.get<std::int32_t>("zero_points");
  for (std::size_t k = 0; k < zero_points.size(); ++k) {
    check_codes<F>(slice(c.get<std::int32_t>(q), k, x.size()), x, scale, zero_points[k], {}, set,
                   [&](float v, std::int32_t z, qmath::code_range codes) {
                     return leaves(v, scale, z, codes);
                   });
  }
}

/// Never.
inline std::optional<departure> follows_formula(float, float, std::int32_t, qmath::code_range) {
  return std::nullopt;
}

/// An unchecked cast of the quotient.
inline std::optional<departure> casts_quotient(float x, float scale, std::int32_t z,
                                               qmath::code_range codes) {
  return unchecked_cast(qmath::reference::rounded(x / scale), z, codes);
}

/// A case of DynamicQuantizeLinear. Scales of 0, infinity and NaN are no parameters: qmath has others.
inline void check_dynamic_quantize(const vector_case& c, bool same_scale_of_zeros, census& set) {
  CHECK(c.word("type") == "uint8");
  const auto x = c.get<float>("x");
  const auto scale = c.one<float>("scale");
  const std::int32_t zero_point = c.integer("zero_point");
  const auto q = c.get<std::int32_t>("q");
  const dynamic_result got = dynamically_quantized<std::uint8_t>(x, qmath::affine);
  for (const float v : x) set.look(v, got.params.scale, got.params.zero_point);
  if (!(scale > 0.0f && scale < HUGE_VALF)) {
    CHECK(c.name.ends_with("special"));
    CHECK(got.params.scale > 0.0f);
    CHECK(got.params.scale < HUGE_VALF);
    return;
  }
  const bool zeros = std::all_of(x.begin(), x.end(), [](float v) { return v == 0.0f; });
  if (zeros && !same_scale_of_zeros) {
    CHECK(scale == 1.0f / 255.0f);
    CHECK(got.params.scale == 1.0f);
  } else {
    check_answer(scale, got.params.scale);
  }
  CHECK(got.params.zero_point == zero_point);
  check_answers(q, got.codes);
}

/// One matrix product, or a stack of them.
struct matrix_product {
  std::size_t m = 0, k = 0, n = 0;
  std::vector<std::int32_t> a = {}, b = {};
  std::int32_t a_zero_point = 0, b_zero_point = 0;
};

/// By plain integers.
inline std::vector<std::int32_t> sums(const matrix_product& p) {
  std::vector<std::int32_t> all;
  for (std::size_t batch = 0; batch < p.a.size() / (p.m * p.k); ++batch) {
    for (std::size_t i = 0; i < p.m; ++i) {
      for (std::size_t j = 0; j < p.n; ++j) {
        std::int32_t sum = 0;
        for (std::size_t l = 0; l < p.k; ++l) {
          sum += (p.a[(batch * p.m + i) * p.k + l] - p.a_zero_point) *
                 (p.b[(batch * p.k + l) * p.n + j] - p.b_zero_point);
        }
        all.push_back(sum);
      }
    }
  }
  return all;
}

/// The same through gemm, on every target and for each product of a stack, by
/// `multiply(a, zero points, packed b, number of the product)`.
template <class A, class B, class Multiply>
void with_gemm(const matrix_product& p, const Multiply& multiply) {
  const std::vector<A> a(p.a.begin(), p.a.end());
  const std::vector<B> b(p.b.begin(), p.b.end());
  for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(a[i] == p.a[i]);
  for (std::size_t i = 0; i < b.size(); ++i) REQUIRE(b[i] == p.b[i]);
  const qmath::gemm_zero_points zero_points = {.a = p.a_zero_point, .b = p.b_zero_point};
  std::vector<std::byte> memory(qmath::packed_size(p.k, p.n));
  for_each_target([&] {
    for (std::size_t batch = 0; batch < a.size() / (p.m * p.k); ++batch) {
      const qmath::packed_matrix packed =
          qmath::pack(qmath::matrix_view<const B>(b.data() + batch * p.k * p.n, p.k, p.n), memory);
      multiply(qmath::matrix_view<const A>(a.data() + batch * p.m * p.k, p.m, p.k), zero_points,
               packed, batch);
    }
  });
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_CONFORMANCE_ONNX_HPP_
