// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Sensitivities: which runs are made, the order; assignments of bits: against all assignments there are.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <qmath/qmath.hpp>
#include <qmath/sensitivity.hpp>
#include <random>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "support/contract.hpp"

using qmath::bit_assignment;
using qmath::bit_choice;
using qmath::layer_sensitivity;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

using view = qmath::matrix_view<const bit_choice>;
using bytes = std::vector<std::uint8_t>;

struct assignment {
  bit_assignment result;
  bytes chosen;
};

// With as much scratch as is asked for, not a double more.
assignment assigned(const view& choices, std::uint64_t budget) {
  const std::size_t n = qmath::assign_scratch_size(choices, budget);
  std::vector<double> scratch(n + 1, 12345.0);
  assignment a;
  a.chosen.assign(choices.rows, 99);
  a.result = qmath::assign_bits(choices, budget, std::span(scratch).first(n), a.chosen);
  CHECK(scratch[n] == 12345.0);
  return a;
}

// Cost and damage of an assignment; none if it is not allowed.
std::optional<bit_assignment> sums_of(const view& choices, const bytes& chosen,
                                      std::uint64_t budget) {
  bit_assignment sum = {true, 0, 0.0};
  for (std::size_t l = 0; l < choices.rows; ++l) {
    const bit_choice& way = choices(l, chosen[l]);
    if (std::isnan(way.damage) || way.damage == infinity || way.cost > budget - sum.cost) return {};
    sum.cost += way.cost;
    sum.damage = std::clamp(sum.damage + way.damage, -largest, largest);
  }
  return sum;
}

// Of all assignments. Ties in damage and cost: the last layer's lowest way, then that of the one before.
assignment brute_force(const view& choices, std::uint64_t budget) {
  assignment best;
  best.chosen.assign(choices.rows, 99);
  bytes chosen(choices.rows, 0);
  for (;;) {
    const auto sum = sums_of(choices, chosen, budget);
    const auto key = [](const bit_assignment& s, bytes c) {
      std::reverse(c.begin(), c.end());
      return std::tuple(s.damage, s.cost, c);
    };
    if (sum && (!best.result.feasible || key(*sum, chosen) < key(best.result, best.chosen))) {
      best = {*sum, chosen};
    }
    std::size_t l = 0;
    while (l < choices.rows && chosen[l] + 1u == choices.cols) chosen[l++] = 0;
    if (l == choices.rows) return best;
    ++chosen[l];
  }
}

void check_same(const bit_assignment& a, const bit_assignment& b) {
  CHECK(a.feasible == b.feasible);
  CHECK(a.cost == b.cost);
  CHECK(a.damage == b.damage);
}

}  // namespace

TEST_CASE("measure_sensitivity: which runs, and what is made of them") {
  std::vector<bytes> runs;
  const auto loss = [&](std::span<const std::uint8_t> choice) {
    runs.emplace_back(choice.begin(), choice.end());
    // 3 for layer 0, 5 for layer 1, 1 for layer 2; 0 and 2 together 2 more.
    return 10.0 + 3.0 * choice[0] + 5.0 * choice[1] + choice[2] + 2.0 * choice[0] * choice[2];
  };
  bytes choice = {7, 8, 9};
  std::vector<layer_sensitivity> found(3);
  const qmath::network_losses losses = qmath::measure_sensitivity(loss, choice, found);
  CHECK((losses.all_float == 10.0 && losses.all_quantized == 21.0));
  CHECK(
      runs ==
      std::vector<bytes>{
          {0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}});
  CHECK(choice == bytes{0, 0, 0});
  const double alone[] = {3, 5, 1}, left[] = {5, 5, 3};
  for (std::size_t l = 0; l < 3; ++l) {
    CHECK((found[l].layer == l && found[l].alone == alone[l] && found[l].left_float == left[l]));
  }
  qmath::rank_by_sensitivity(found);
  CHECK((found[0].layer == 1 && found[1].layer == 0 && found[2].layer == 2));
  qmath::rank_by_sensitivity(found, qmath::sensitivity_order::left_float);
  CHECK((found[0].layer == 0 && found[1].layer == 1 && found[2].layer == 2));
  // No layers: two runs of the same network.
  runs.clear();
  const auto constant = [&](std::span<const std::uint8_t> c) {
    runs.emplace_back(c.begin(), c.end());
    return 2;
  };
  CHECK(qmath::measure_sensitivity(constant, {}, {}).all_quantized == 2.0);
  CHECK(runs.size() == 2);
}

TEST_CASE("rank_by_sensitivity: NaN first, then the largest, ties by layer") {
  std::mt19937 random(1);
  const double some[] = {not_a_number, infinity, 3.0, 1.0, 0.0, -0.0, -2.0, -infinity};
  for (std::size_t n = 0; n < 40; ++n) {
    std::vector<layer_sensitivity> layers(n);
    for (std::size_t l = 0; l < n; ++l) layers[l] = {l, some[random() % 8], some[random() % 8]};
    std::shuffle(layers.begin(), layers.end(), random);
    for (const auto order :
         {qmath::sensitivity_order::alone, qmath::sensitivity_order::left_float}) {
      const auto key = [&](const layer_sensitivity& s) {
        const double x = order == qmath::sensitivity_order::alone ? s.alone : s.left_float;
        return std::tuple(!std::isnan(x), std::isnan(x) ? 0.0 : -x, s.layer);
      };
      qmath::rank_by_sensitivity(layers, order);
      CHECK(std::is_sorted(layers.begin(), layers.end(),
                           [&](const auto& a, const auto& b) { return key(a) < key(b); }));
    }
  }
}

TEST_CASE("measure_damage: each way of each layer alone") {
  std::vector<bytes> runs;
  const auto loss = [&](std::span<const std::uint8_t> choice) {
    runs.emplace_back(choice.begin(), choice.end());
    return 1.0f + static_cast<float>(choice[0]) * 4.0f + static_cast<float>(choice[1]);
  };
  std::vector<bit_choice> all(8, {1, 2, 77.0});
  const qmath::matrix_view<bit_choice> choices(all.data(), 2, 3, 4);
  bytes choice = {5, 5};
  CHECK(qmath::measure_damage(loss, choice, choices) == 1.0);
  CHECK(runs == std::vector<bytes>{{0, 0}, {1, 0}, {2, 0}, {0, 1}, {0, 2}});
  const double want[] = {0, 4, 8, 77, 0, 1, 2, 77};
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK((all[i].damage == want[i] && all[i].bits == 1 && all[i].cost == 2));
  }
  CHECK(choice == bytes{0, 0});
  // Ways that must not be taken are not run.
  runs.clear();
  all[1].damage = infinity, all[4].damage = infinity;  // all[4] is float
  all[2].damage = std::numeric_limits<double>::quiet_NaN();
  CHECK(qmath::measure_damage(loss, choice, choices) == 1.0);
  CHECK(runs == std::vector<bytes>{{0, 0}, {2, 0}, {0, 1}, {0, 2}});
  CHECK((all[1].damage == infinity && all[2].damage == 8.0 && all[4].damage == infinity));
}

TEST_CASE("assign_bits: the best of all assignments") {
  std::mt19937 random(2);
  int feasible = 0, infeasible = 0;
  for (int trial = 0; trial < 1500; ++trial) {
    const std::size_t layers = random() % 6 + 1, ways = random() % 4 + 1,
                      stride = ways + random() % 2;
    const bool integers = random() % 2 == 0;
    const std::uint64_t unit = random() % 3 == 0 ? 1 : random() % 7 + 1;
    std::vector<bit_choice> all(layers * stride);
    std::uint64_t most = 0;
    for (bit_choice& c : all) {
      c.cost = unit * (random() % 12) + (random() % 9 == 0 ? 1 : 0);
      most += c.cost;
      // Small integers make ties; the others are sums that round.
      c.damage = integers
                     ? static_cast<double>(random() % 5)
                     : std::ldexp(static_cast<double>(random()), -static_cast<int>(random() % 40));
      if (random() % 10 == 0) c.damage = -c.damage;
      if (random() % 15 == 0) c.damage = random() % 2 == 0 ? not_a_number : infinity;
    }
    const view choices(all.data(), layers, ways, stride);
    const std::uint64_t budget = random() % 20 == 0 ? ~std::uint64_t{0} : random() % (most + 1);
    const assignment got = assigned(choices, budget), want = brute_force(choices, budget);
    check_same(got.result, want.result);
    if (integers || !want.result.feasible) CHECK(got.chosen == want.chosen);
    if (got.result.feasible) {
      const auto sum = sums_of(choices, got.chosen, budget);
      REQUIRE(sum);
      check_same(got.result, *sum);
    }
    ++(want.result.feasible ? feasible : infeasible);
  }
  CHECK((feasible > 500 && infeasible > 50));
}

TEST_CASE("assign_bits: huge costs, huge damages, one way, no layers") {
  constexpr std::uint64_t top = ~std::uint64_t{0};
  const std::vector<bit_choice> huge = {
      {8, top - 5, 1.0}, {4, top - 10, 2.0}, {8, 10, 1.0}, {4, 5, 4.0}};
  const view choices(huge.data(), 2, 2);
  for (const std::uint64_t budget : {top, top - 1, top - 5, top - 6}) {
    const assignment got = assigned(choices, budget), want = brute_force(choices, budget);
    check_same(got.result, want.result);
    CHECK(got.chosen == want.chosen);
  }
  CHECK(qmath::assign_scratch_size(choices, top) ==
        3);  // steps of 5: two states, and a byte for each
  // The sum of the costs is more than 2^64.
  const std::vector<bit_choice> beyond = {{8, top, 1.0}, {8, top, 1.0}};
  CHECK(!assigned(view(beyond.data(), 2, 1), top).result.feasible);
  CHECK(assigned(view(beyond.data(), 1, 1), top).result.cost == top);
  // Two states, nearly 2^64 apart; a way that nothing can pay for does not make more of them.
  const std::vector<bit_choice> apart = {{8, top, 1.0}, {4, 0, 2.0}, {4, 3, 1.5}};
  CHECK(assigned(view(apart.data(), 1, 2), top).chosen == bytes{0});
  CHECK(qmath::assign_scratch_size(view(apart.data(), 1, 2), top) == 3);
  CHECK(assigned(view(apart.data(), 1, 3), top - 1).chosen == bytes{2});
  CHECK(qmath::assign_scratch_size(view(apart.data(), 1, 3), top - 1) == 3);
  const std::vector<bit_choice> ones = {{8, top, 1.0}, {4, 0, 2.0}, {4, 1, 1.0}};
  CHECK(qmath::assign_scratch_size(view(ones.data(), 1, 3), top) == static_cast<std::size_t>(-1));
  // More states than there is memory for doubles, less than 2^64.
  const std::vector<bit_choice> wide = {{8, top / 4, 1.0}, {4, 0, 2.0}, {4, 1, 1.0}};
  CHECK(qmath::assign_scratch_size(view(wide.data(), 1, 3), top) == static_cast<std::size_t>(-1));
  // The sum of the distances from the lowest costs is 2^64.
  const std::uint64_t half = top / 2 + 1;
  const std::vector<bit_choice> halves = {{8, half, 1.0}, {4, 0, 2.0}, {8, half, 1.0}, {4, 0, 3.0}};
  CHECK(assigned(view(halves.data(), 2, 2), top).chosen == bytes{1, 0});
  // Sums beyond the largest double are that; so are those below the smallest.
  const std::vector<bit_choice> wild = {
      {8, 1, largest}, {4, 0, largest}, {8, 1, largest}, {4, 0, largest}};
  const assignment w = assigned(view(wild.data(), 2, 2), 2);
  CHECK((w.result.damage == largest && w.result.cost == 0 && w.chosen == bytes{1, 1}));
  const std::vector<bit_choice> low = {{8, 1, -infinity}, {4, 0, 0.0}};
  CHECK(assigned(view(low.data(), 1, 2), 1).result.damage == -largest);
  // No layers, with and without ways.
  CHECK(assigned(view(nullptr, 0, 3), 0).result.feasible);
  CHECK(assigned(view(), 0).result.damage == 0.0);
  // 256 ways.
  std::vector<bit_choice> many(256);
  for (std::size_t c = 0; c < 256; ++c) many[c] = {0, c, 255.0 - static_cast<double>(c)};
  CHECK(assigned(view(many.data(), 1, 256), 1000).chosen == bytes{255});
  CHECK(assigned(view(many.data(), 1, 256), 254).chosen == bytes{254});
}

TEST_CASE("assign_bits: bits for layers of a network") {
  // Bytes of 8 and 4 bits; the first and the last layer suffer.
  const std::size_t weights[] = {1000, 50000, 50000, 2000};
  const double damage[][2] = {{0.01, 0.5}, {0.01, 0.02}, {0.01, 0.03}, {0.02, 0.7}};
  std::vector<bit_choice> all;
  for (std::size_t l = 0; l < 4; ++l) {
    all.push_back({32, 4 * weights[l], 0.0});
    all.push_back({8, weights[l], damage[l][0]});
    all.push_back({4, weights[l] / 2, damage[l][1]});
  }
  const view choices(all.data(), 4, 3);
  CHECK(assigned(choices, 412000).chosen == bytes{0, 0, 0, 0});
  CHECK(assigned(choices, 62000).chosen == bytes{0, 2, 2, 0});
  CHECK(assigned(choices, 87000).chosen == bytes{0, 2, 1, 0});
  CHECK(assigned(choices, 53000).chosen == bytes{1, 2, 2, 1});
  CHECK(!assigned(choices, 51000).result.feasible);
  CHECK(assigned(choices, 51500).chosen == bytes{2, 2, 2, 2});
}

TEST_CASE("contract: sensitivity") {
  int runs = 0;
  const auto loss = [&](std::span<const std::uint8_t>) { return ++runs; };
  support::contract_log log;
  bytes choice = {3, 3};
  std::vector<layer_sensitivity> found(3);
  std::vector<bit_choice> all(600);
  std::vector<double> scratch(1);
  qmath::measure_sensitivity(loss, choice, found);
  CHECK(log.take() == "qmath::measure_sensitivity: found.size() is 3, but choice.size() is 2");
  qmath::measure_damage(loss, choice, {all.data(), 3, 2});
  CHECK(log.take() ==
        "qmath::measure_damage: the number of layers to choose for is 2, but choices.rows is 3");
  qmath::measure_damage(loss, choice, {all.data(), 2, 257});
  CHECK(log.take() == "qmath::measure_damage: choices.cols is 257, outside [1, 256]");
  qmath::measure_damage(loss, choice, {all.data(), 2, 0});
  CHECK(log.take() == "qmath::measure_damage: choices.cols is 0, outside [1, 256]");
  qmath::measure_damage(loss, choice, {all.data(), 2, 3, 2});
  CHECK(log.take() ==
        "qmath::measure_damage: choices.stride is 2, must be at least the number of columns, 3");
  CHECK(qmath::assign_scratch_size(view(nullptr, 2, 2), 1) == 0);
  CHECK(log.take() == "qmath::assign_scratch_size: choices has no data");
  all[0].cost = 1;
  CHECK(!qmath::assign_bits(view(all.data(), 2, 2), 1, scratch, choice).feasible);
  CHECK(log.take() ==
        "qmath::assign_bits: scratch.size() is 1, must be at least "
        "assign_scratch_size(choices, budget), 3");
  qmath::rank_by_sensitivity(std::span(static_cast<layer_sensitivity*>(nullptr), 2));
  CHECK(log.take() == "qmath::rank_by_sensitivity: layers has no data");
  CHECK((runs == 0 && choice == bytes{3, 3}));
}
