// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// gemm_batch: every task of every plan once, whatever the shapes and the split; what attention makes of it.
#include <doctest/doctest.h>

#include <qmath/qmath.hpp>
#include <qmath/thread_executor.hpp>
#include <string>
#include <vector>

#include "support/contract.hpp"
#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/targets.hpp"

using qmath::gemm_plan;
using qmath::matrix_view;
using support::guarded;

namespace {

/// Adds one to every element of c: what runs twice, or never, shows.
struct counting_batch {
  qmath::packed_weights one;  // [1, most], all 1
  std::uint8_t a = 1;
  std::vector<std::vector<std::int32_t>> c;
  std::vector<gemm_plan> plans;

  explicit counting_batch(const std::vector<std::size_t>& columns) : c(columns.size()) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      c[i].resize(columns[i]);
      plans.push_back(qmath::plan_gemm(matrix_view<const std::uint8_t>(&a, 1, 1), {},
                                       ones(columns[i]), qmath::to_sums{.accumulate = true},
                                       matrix_view(c[i].data(), 1, columns[i])));
    }
  }

  const qmath::packed_matrix& ones(std::size_t n) {
    for (const auto& w : weights_) {
      if (w.matrix().n == n) return w;
    }
    const std::vector<std::int8_t> b(n, 1);
    weights_.emplace_back(matrix_view<const std::int8_t>(b.data(), 1, n));
    return weights_.back();
  }

  bool each_once() {
    bool once = true;
    for (auto& row : c) {
      for (std::int32_t& v : row) {
        once = once && v == 1;
        v = 0;
      }
    }
    return once;
  }

 private:
  std::vector<qmath::packed_weights> weights_;
};

std::vector<std::size_t> repeated(std::size_t n, const std::vector<std::size_t>& columns) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < n; ++i) all.push_back(columns[i * i % columns.size()]);
  return all;
}

}  // namespace

TEST_CASE("gemm_batch: every task once, from any first to any last") {
  const std::vector<std::vector<std::size_t>> shapes = {
      {}, {0}, {0, 0, 0}, {5}, {300}, {5, 0, 300, 1, 0}, {0, 0, 129, 0}, {128, 128, 128, 128}};
  for (const auto& columns : shapes) {
    CAPTURE(columns.size());
    counting_batch b(columns);
    const qmath::gemm_batch batch(b.plans);
    std::size_t tasks = 0;
    for (const gemm_plan& p : b.plans) tasks += p.tasks();
    REQUIRE(batch.tasks() == tasks);
    for (std::size_t first = 0; first <= tasks; ++first) {
      for (std::size_t last = first; last <= tasks; ++last) {
        batch.run(0, first);
        batch.run(last, tasks);
        batch.run(first, last);
        CHECK(b.each_once());
      }
    }
  }
}

TEST_CASE("gemm_batch: more plans than it has marks") {
  for (const std::size_t n : {63u, 64u, 65u, 127u, 128u, 129u, 700u}) {
    CAPTURE(n);
    counting_batch b(repeated(n, {0, 5, 129, 0, 1, 300, 0}));
    const qmath::gemm_batch batch(b.plans);
    for (const std::size_t step : {1u, 2u, 7u, 1000u}) {
      for (std::size_t last = batch.tasks(); last != 0;) {  // from behind
        const std::size_t first = last < step ? 0 : last - step;
        batch.run(first, last);
        last = first;
      }
      CHECK(b.each_once());
    }
  }
}

TEST_CASE("gemm_batch: executors, and work that is too little for threads") {
  counting_batch b(repeated(100, {5, 0, 129, 300}));
  const qmath::gemm_batch batch(b.plans);
  for (const unsigned threads : {1u, 2u, 5u}) {
    qmath::run(batch, qmath::thread_executor(threads));
    CHECK(b.each_once());
  }
  for (const std::size_t parts : {1u, 2u, 3u, 50u, 100000u}) {
    std::size_t asked = 0;
    qmath::run(
        batch,
        [&](std::size_t count, const auto& f) {
          asked = count;
          for (std::size_t i = count; i-- > 0;) f(i);
        },
        parts);
    CHECK(b.each_once());
    CHECK(asked == 0);  // a task has 128 products
  }

  // One query for 40 heads of 64: 8 tasks of 64 * 128 products each, of which 16 are worth a thread.
  const std::vector<std::uint8_t> q(64, 1);
  const std::vector<std::int8_t> keys(64 * 1024, 1);
  const qmath::packed_weights k(matrix_view<const std::int8_t>(keys.data(), 64, 1024));
  std::vector<std::int32_t> c(40 * 1024);
  std::vector<gemm_plan> plans;
  for (std::size_t h = 0; h < 40; ++h) {
    plans.push_back(qmath::plan_gemm(matrix_view<const std::uint8_t>(q.data(), 1, 64), {}, k,
                                     qmath::to_sums{}, matrix_view(&c[h * 1024], 1, 1024)));
    REQUIRE(plans[h].tasks() == 8);
    REQUIRE(plans[h].products_per_task() == 64 * 128);
  }
  std::size_t parts = 0;
  const auto count = [&](std::size_t n, const auto& f) {
    parts = n;
    for (std::size_t i = 0; i < n; ++i) f(i);
  };
  const qmath::gemm_batch heads(plans);
  CHECK(heads.products_per_task() == 64 * 128);
  qmath::run(heads, count);
  CHECK(parts == 20);
  CHECK(c == std::vector<std::int32_t>(c.size(), 64));
  qmath::run(heads, count, 3);
  CHECK(parts == 3);
}

TEST_CASE("gemm_batch: attention, whose heads are columns of one matrix") {
  constexpr std::size_t heads = 5, tokens = 37, past = 141, size = 20, row = heads * size;
  // Queries and keys end at a page that cannot be touched: the last head of the last token.
  const guarded<std::int8_t> q(support::any_integers<std::int8_t>(tokens * row, 61));
  const guarded<std::int8_t> keys(support::any_integers<std::int8_t>(past * row, 62));
  const auto values = support::any_integers<std::int8_t>(past * row, 63);
  std::vector<float> k_scales = {0.5f, 0.25f, 0.75f, 0.1f, 0.3f};
  std::vector<std::int32_t> k_zero_points = {0, 0, 3, -128, 127};
  std::vector<std::vector<std::byte>> k_memory(heads), v_memory(heads);
  std::vector<qmath::packed_matrix> k(heads), v(heads);
  const auto head = [](auto* data, std::size_t rows, std::size_t h) {
    return matrix_view(data + h * size, rows, size, row);
  };
  const auto* key_data = static_cast<const std::int8_t*>(keys.data());
  const auto* q_data = static_cast<const std::int8_t*>(q.data());
  for (std::size_t h = 0; h < heads; ++h) {
    k_memory[h].resize(qmath::packed_size(size, past));
    v_memory[h].resize(qmath::packed_size(past, size));
    k[h] = qmath::pack_transposed(head(key_data, past, h), k_memory[h]);
    v[h] = qmath::pack(head(values.data(), past, h), v_memory[h]);
  }
  const auto probabilities = support::any_integers<std::uint8_t>(heads * tokens * past, 64);

  // [heads, tokens, past], and [tokens, heads, size] as the next layer wants it.
  std::vector<float> scores(heads * tokens * past), want_scores = scores;
  std::vector<std::int8_t> out(tokens * row), want_out = out;
  const float multiplier[] = {1.0f / 4096};
  std::vector<gemm_plan> plans(2 * heads);
  for (std::size_t h = 0; h < heads; ++h) {
    const qmath::to_float e{.a_scale = 0.01f, .b_scales = {&k_scales[h], 1}};
    const qmath::gemm_zero_points z{.b = k_zero_points[h]};
    const auto score = [&](std::vector<float>& s) {
      return matrix_view(&s[h * tokens * past], tokens, past);
    };
    const qmath::to_quantized to_codes{.multipliers = multiplier, .zero_point = 4};
    const matrix_view p(&probabilities[h * tokens * past], tokens, past);
    plans[2 * h] = qmath::plan_gemm(head(q_data, tokens, h), z, k[h], e, score(scores));
    plans[2 * h + 1] = qmath::plan_gemm(p, {}, v[h], to_codes, head(out.data(), tokens, h));

    std::vector<std::int8_t> transposed(size * past);
    for (std::size_t i = 0; i < past; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        transposed[j * past + i] = key_data[i * row + h * size + j];
      }
    }
    qmath::reference::gemm(head(q_data, tokens, h), z,
                           matrix_view<const std::int8_t>(transposed.data(), size, past), e,
                           score(want_scores));
    qmath::reference::gemm(p, {}, head(values.data(), past, h), to_codes,
                           head(want_out.data(), tokens, h));
  }
  const qmath::gemm_batch batch(plans);
  REQUIRE(batch.tasks() == 3 * heads);
  support::for_each_target([&] {
    std::fill(scores.begin(), scores.end(), -1.0f);
    std::fill(out.begin(), out.end(), std::int8_t{99});
    qmath::run(
        batch,
        [](std::size_t n, const auto& f) {
          for (std::size_t i = n; i-- > 0;) f(i);
        },
        4);
    CHECK(scores == want_scores);
    CHECK(out == want_out);
  });
}

TEST_CASE("gemm_batch: one B for all, functions of the caller, plans that are copies") {
  const std::size_t m = 7, n = 18, k = 9;
  const auto b = support::any_integers<std::uint8_t>(k * n, 65);
  const qmath::packed_weights w(matrix_view<const std::uint8_t>(b.data(), k, n));
  const auto a = support::any_integers<std::uint8_t>(3 * m * k, 66);
  std::vector<std::int32_t> want(3 * m * n), got(3 * m * n);
  qmath::gemm(matrix_view<const std::uint8_t>(a.data(), 3 * m, k), {.a = 3, .b = 4}, w,
              matrix_view(want.data(), 3 * m, n));
  struct store {
    std::int32_t* to;
    void operator()(std::size_t row, std::size_t column, std::span<const std::int32_t> sums) const {
      for (std::size_t i = 0; i < sums.size(); ++i) to[row * 18 + column + i] = sums[i];
    }
  };
  std::vector<store> stores;
  std::vector<gemm_plan> plans;
  for (std::size_t i = 0; i < 3; ++i) stores.push_back({&got[i * m * n]});
  for (std::size_t i = 0; i < 3; ++i) {
    plans.push_back(qmath::plan_gemm_with(matrix_view<const std::uint8_t>(&a[i * m * k], m, k),
                                          qmath::gemm_zero_points{.a = 3, .b = 4}, w, stores[i]));
  }
  const qmath::gemm_batch batch(plans), copy = batch;
  copy.run(0, copy.tasks());
  CHECK(got == want);
}

TEST_CASE("contract: gemm_batch") {
  counting_batch b({5, 300, 0, 1});
  support::refused("qmath::gemm_batch::run: last is 6, must be at most tasks(), 5", b.c,
                   [&](auto&) { qmath::gemm_batch(b.plans).run(0, 6); });
  support::refused("qmath::gemm_batch::run: first is 3, but last is 2", b.c,
                   [&](auto&) { qmath::gemm_batch(b.plans).run(3, 2); });
  support::refused("qmath::gemm_plan::run: last is 2, must be at most tasks(), 1", b.c,
                   [&](auto&) { b.plans[0].run(0, 2); });
  const gemm_plan good = b.plans[2];
  CHECK(static_cast<bool>(good));  // of an empty C
  CHECK(good.tasks() == 0);
  {
    support::contract_log log;
    b.plans[2] = qmath::plan_gemm(matrix_view<const std::uint8_t>(&b.a, 1, 1), {.a = 256},
                                  b.ones(1), qmath::to_sums{}, matrix_view(b.c[3].data(), 1, 1));
    CHECK(log.take() == "qmath::gemm: zero_points.a is 256, outside [0, 255]");
    CHECK_FALSE(static_cast<bool>(b.plans[2]));
  }
  const std::string message =
      "qmath::gemm_batch: plans.size() is 4, but the index of one that was refused or never made "
      "is "
      "2";
  support::refused(message, b.c, [&](auto&) {
    const qmath::gemm_batch batch(b.plans);
    CHECK(batch.tasks() == 0);
    CHECK(batch.products_per_task() == 0);
    qmath::run(batch, qmath::thread_executor(2));
  });
  b.plans[2] = gemm_plan();
  support::refused(message, b.c, [&](auto&) { CHECK(qmath::gemm_batch(b.plans).tasks() == 0); });
  support::contract_log log;
  CHECK(qmath::gemm_batch().tasks() == 0);
  qmath::gemm_batch().run(0, 0);
  qmath::run(qmath::gemm_batch(), qmath::thread_executor(2));
  qmath::gemm_batch(std::span<const gemm_plan>()).run(0, 0);
  CHECK(log.take() == "");
}
