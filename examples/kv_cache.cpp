// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// A cache of keys and values in int8, which grows by a token at a time and is never packed again: it is the left
// operand of both products, and the right one, the query and the probabilities, is small and packed at every step.
// One head of keys and values, shared by several queries (grouped-query attention).
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <qmath/qmath.hpp>
#include <span>
#include <vector>

namespace {

constexpr std::size_t capacity = 128, size = 64, queries = 4;

struct cache {
  std::size_t tokens = 0;
  std::vector<std::int8_t> keys = std::vector<std::int8_t>(capacity * size);    // [capacity, size]
  std::vector<std::int8_t> values = std::vector<std::int8_t>(size * capacity);  // [size, capacity]
  std::vector<float> key_scales = std::vector<float>(capacity);                 // of each token
  std::vector<float> value_scales = std::vector<float>(capacity);

  void append(std::span<const float> key, std::span<const float> value) {
    const std::span key_codes = std::span(keys).subspan(tokens * size, size);
    key_scales[tokens] = qmath::dynamic_quantize(key, key_codes, qmath::symmetric).scale;
    std::int8_t codes[size];
    value_scales[tokens] = qmath::dynamic_quantize(value, codes, qmath::symmetric).scale;
    for (std::size_t d = 0; d < size; ++d) values[d * capacity + tokens] = codes[d];
    ++tokens;
  }

  /// q: [queries, size]; result: [size, queries]
  void attend(std::span<const float> q, std::span<float> result) const {
    // scores [tokens, queries] = keys * transpose(q). A token's scale is outside the sum over features.
    std::vector<std::int8_t> q_codes(q.size());
    std::vector<float> q_scales(queries), scores(tokens * queries);
    qmath::dynamic_quantize(q, qmath::per_token(queries, size), q_scales, {}, q_codes,
                            qmath::symmetric);
    for (float& s : q_scales) s /= std::sqrt(static_cast<float>(size));
    const auto packed_q =
        qmath::packed_weights::transposed(qmath::matrix_view(q_codes.data(), queries, size));
    qmath::gemm(
        qmath::matrix_view(keys.data(), tokens, size), {}, packed_q,
        qmath::to_float{.b_scales = q_scales, .a_scales = std::span(key_scales).first(tokens)},
        qmath::matrix_view(scores.data(), tokens, queries));

    // Probabilities [queries, tokens]. The scale of a token's value is inside the sum over tokens, so it is
    // multiplied in before they are quantized, a scale per query. Never negative: the zero point is 0.
    std::vector<float> p(queries * tokens), p_scales(queries);
    for (std::size_t i = 0; i < queries; ++i) {
      float largest = scores[i], sum = 0.0f;
      for (std::size_t t = 0; t < tokens; ++t)
        largest = std::fmax(largest, scores[t * queries + i]);
      for (std::size_t t = 0; t < tokens; ++t) {
        sum += p[i * tokens + t] = std::exp(scores[t * queries + i] - largest);
      }
      for (std::size_t t = 0; t < tokens; ++t) p[i * tokens + t] *= value_scales[t] / sum;
    }
    std::vector<std::uint8_t> p_codes(p.size());
    std::vector<std::int32_t> p_zero_points(queries);
    qmath::dynamic_quantize(p, qmath::per_row(queries, tokens), p_scales, p_zero_points, p_codes);

    // result [size, queries] = values * transpose(p)
    const auto packed_p =
        qmath::packed_weights::transposed(qmath::matrix_view(p_codes.data(), queries, tokens));
    qmath::gemm(qmath::matrix_view(values.data(), size, tokens, capacity),
                {.b_columns = p_zero_points}, packed_p,
                qmath::to_float{.a_scale = 1.0f, .b_scales = p_scales},
                qmath::matrix_view(result.data(), size, queries));
  }
};

float number(std::size_t i) { return std::sin(static_cast<float>(i % 100003) * 1.7f); }

}  // namespace

int main() {
  cache c;
  std::vector<float> keys, values, q(queries * size), result(size * queries);
  double worst = 1e9;
  for (std::size_t t = 0; t < 100; ++t) {
    for (std::size_t d = 0; d < size; ++d) {
      keys.push_back(number(t * 1001 + d * d));
      values.push_back(number(t * 777 + d * 3) * (t % 7 == 0 ? 4.0f : 1.0f));
    }
    c.append(std::span(keys).last(size), std::span(values).last(size));
    for (std::size_t i = 0; i < q.size(); ++i) q[i] = 2.0f * number(t + i * i);
    c.attend(q, result);

    // The same in double.
    std::vector<double> want(size * queries);
    qmath::error_sums errors;
    for (std::size_t i = 0; i < queries; ++i) {
      std::vector<double> p(c.tokens);
      double sum = 0.0;
      for (std::size_t s = 0; s < c.tokens; ++s) {
        double score = 0.0;
        for (std::size_t d = 0; d < size; ++d) {
          score += double{q[i * size + d]} * double{keys[s * size + d]};
        }
        sum += p[s] = std::exp(score / std::sqrt(static_cast<double>(size)));
      }
      for (std::size_t s = 0; s < c.tokens; ++s) {
        for (std::size_t d = 0; d < size; ++d) {
          want[d * queries + i] += p[s] / sum * double{values[s * size + d]};
        }
      }
    }
    qmath::add_errors(std::vector<float>(want.begin(), want.end()), result, errors);
    if (c.tokens == 1 || c.tokens % 25 == 0) {
      std::printf("%3zu tokens: %.1f dB\n", c.tokens, qmath::sqnr_db(errors));
    }
    worst = std::fmin(worst, qmath::sqnr_db(errors));
  }
  std::printf("worst: %.1f dB: %s\n", worst, worst > 20.0 ? "ok" : "WRONG");
  return worst > 20.0 ? 0 : 1;
}
