// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The second half of sensitivity.hpp, which includes it after its types: ranking, and the knapsack.
//
// best[s] is the smallest damage of the layers so far whose costs are exactly a + s * g, with a the sum of the lowest
// costs of these layers; +inf if there is none. A layer more makes it
//     best'[s] = min over ways c of fl(best[s - step[c]] + damage[c]),  step[c] = (cost[c] - lowest cost) / g
// Rounding does not spoil this, because it is monotone: a <= b gives fl(a + d) <= fl(b + d), so the smallest rounded
// sum has a smallest rounded sum of the layers before in it. Steps are not negative: from the highest s down, the new
// numbers can be where the old ones are.
#ifndef QMATH_DETAIL_SENSITIVITY_IMPL_HPP_
#define QMATH_DETAIL_SENSITIVITY_IMPL_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/detail/check.hpp"
#include "qmath/detail/heap_sort.hpp"
#include "qmath/detail/observe_walk.hpp"
#include "qmath/metrics.hpp"

QMATH_BEGIN_LIBRARY
namespace library {

/// fl(a - b)
QMATH_LIBRARY double difference(double a, double b) noexcept;
QMATH_LIBRARY void rank_by_sensitivity(layer_sensitivity* layers, std::size_t n,
                                       sensitivity_order order) noexcept;
QMATH_LIBRARY std::size_t assign_scratch_size(const matrix_view<const bit_choice>& choices,
                                              std::uint64_t budget) noexcept;
QMATH_LIBRARY void assign_bits(const matrix_view<const bit_choice>& choices, std::uint64_t budget,
                               double* scratch, std::uint8_t* chosen,
                               bit_assignment& result) noexcept;

}  // namespace library
QMATH_END_LIBRARY

QMATH_BEGIN_NAMESPACE
namespace impl {

QMATH_INLINE bool expect_choices(const char* function, const matrix_view<const bit_choice>& choices,
                                 const void* choice, std::size_t n) noexcept {
  if (!expect_equal(function, "the number of layers to choose for", n, "choices.rows",
                    choices.rows) ||
      !expect_data(function, "choice", choice, n) ||
      !expect_matrix(function, "choices", "choices.stride", choices)) {
    return false;
  }
  if (!QMATH_CHECKS || choices.rows == 0 || (choices.cols >= 1 && choices.cols <= 256)) return true;
  library::report_outside(function, "choices.cols", no_index, static_cast<long long>(choices.cols),
                          1, 256);
  return false;
}

#if QMATH_HAS_KERNELS

inline double stored_difference(double a, double b) noexcept { return stored(a - b); }

/// Neither NaN nor +inf.
QMATH_INLINE bool is_usable(const bit_choice& c) noexcept { return c.damage < infinite_double; }

struct assignment_plan {
  bool feasible;
  std::uint64_t least;   ///< a, the sum of the lowest costs
  std::uint64_t left;    ///< the budget without them
  std::uint64_t unit;    ///< g
  std::uint64_t states;  ///< of s: 0 to states - 1
};

/// The lowest cost of a layer; false if it has no way at all.
inline bool lowest_cost(const matrix_view<const bit_choice>& choices, std::size_t l,
                        std::uint64_t& lowest) noexcept {
  bool found = false;
  for (std::size_t c = 0; c < choices.cols; ++c) {
    const bit_choice& way = choices(l, c);
    if (!is_usable(way) || (found && way.cost >= lowest)) continue;
    lowest = way.cost;
    found = true;
  }
  return found;
}

inline std::uint64_t common_divisor(std::uint64_t a, std::uint64_t b) noexcept {
  while (b != 0) {
    const std::uint64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

inline assignment_plan plan_of(const matrix_view<const bit_choice>& choices,
                               std::uint64_t budget) noexcept {
  assignment_plan plan = {true, 0, 0, 0, 1};
  for (std::size_t l = 0; l < choices.rows; ++l) {
    std::uint64_t lowest = 0;
    if (!lowest_cost(choices, l, lowest) || lowest > budget - plan.least) {
      return {false, 0, 0, 1, 0};
    }
    plan.least += lowest;
  }
  plan.left = budget - plan.least;
  std::uint64_t most = 0;
  for (std::size_t l = 0; l < choices.rows; ++l) {
    std::uint64_t lowest = 0, highest = 0;
    lowest_cost(choices, l, lowest);
    for (std::size_t c = 0; c < choices.cols; ++c) {
      const bit_choice& way = choices(l, c);
      if (!is_usable(way) || way.cost - lowest > plan.left) continue;
      plan.unit = common_divisor(plan.unit, way.cost - lowest);
      highest = way.cost - lowest > highest ? way.cost - lowest : highest;
    }
    most = saturating_sum(most, highest);
  }
  if (plan.unit == 0) plan.unit = 1;  // one cost only in each layer
  plan.states = saturating_sum((plan.left < most ? plan.left : most) / plan.unit, 1);
  return plan;
}

inline std::size_t scratch_of(const matrix_view<const bit_choice>& choices,
                              std::uint64_t budget) noexcept {
  const assignment_plan plan = plan_of(choices, budget);
  if (!plan.feasible) return 0;
  constexpr std::uint64_t most = most_bytes / sizeof(double);
  if (plan.states > most / (choices.rows + 1)) return static_cast<std::size_t>(-1);
  return static_cast<std::size_t>(plan.states + (choices.rows * plan.states + 7) / 8);
}

/// A way of a layer, ready for many additions.
struct step {
  std::uint64_t states;
  double damage;
  std::uint8_t way;
};

/// The ways of a layer that can be taken. Returns how many.
inline std::size_t steps_of(const matrix_view<const bit_choice>& choices, std::size_t l,
                            const assignment_plan& plan, step* steps) noexcept {
  std::uint64_t lowest = 0;
  lowest_cost(choices, l, lowest);
  std::size_t n = 0;
  for (std::size_t c = 0; c < choices.cols; ++c) {
    const bit_choice& way = choices(l, c);
    if (!is_usable(way) || way.cost - lowest > plan.left) continue;
    steps[n++] = {(way.cost - lowest) / plan.unit, way.damage, static_cast<std::uint8_t>(c)};
  }
  return n;
}

inline double sum_of_damages(double a, double b) noexcept {
  constexpr double largest = detail::largest<double>;
  const double sum = stored(a + b);
  return sum > largest ? largest : sum < -largest ? -largest : sum;
}

struct assignment_job {
  const matrix_view<const bit_choice>* choices;
  std::uint64_t budget;
  double* scratch;
  std::uint8_t* chosen;
  bit_assignment* result;
};

inline void assign(const assignment_job& job) noexcept {
  const matrix_view<const bit_choice>& choices = *job.choices;
  const assignment_plan plan = plan_of(choices, job.budget);
  if (!plan.feasible) return;
  const auto states = static_cast<std::size_t>(plan.states);
  double* const best = job.scratch;
  auto* const ways = reinterpret_cast<std::uint8_t*>(best + states);  // [layers, states]
  for (std::size_t s = 0; s < states; ++s) best[s] = s == 0 ? 0.0 : infinite_double;
  step steps[256];
  for (std::size_t l = 0; l < choices.rows; ++l) {
    const std::size_t n = steps_of(choices, l, plan, steps);
    for (std::size_t s = states; s-- > 0;) {
      double smallest = infinite_double;
      std::uint8_t way = 0;
      for (std::size_t i = 0; i < n; ++i) {
        if (steps[i].states > s) continue;
        const double before = best[s - static_cast<std::size_t>(steps[i].states)];
        if (before == infinite_double) continue;
        const double sum = sum_of_damages(before, steps[i].damage);
        if (sum < smallest) smallest = sum, way = steps[i].way;
      }
      best[s] = smallest;
      ways[l * states + s] = way;
    }
  }
  std::size_t at = 0;
  for (std::size_t s = 1; s < states; ++s) {
    if (best[s] < best[at]) at = s;
  }
  *job.result = {true, plan.least + at * plan.unit, best[at]};
  for (std::size_t l = choices.rows; l-- > 0;) {
    job.chosen[l] = ways[l * states + at];
    std::uint64_t lowest = 0;
    lowest_cost(choices, l, lowest);
    at -= static_cast<std::size_t>((choices(l, job.chosen[l]).cost - lowest) / plan.unit);
  }
}

#endif

}  // namespace impl
QMATH_END_NAMESPACE

#if QMATH_HAS_KERNELS
QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY double difference(double a, double b) noexcept {
  return impl::in_default_environment(&impl::stored_difference, a, b);
}

QMATH_LIBRARY void rank_by_sensitivity(layer_sensitivity* layers, std::size_t n,
                                       sensitivity_order order) noexcept {
  const auto key = [&](std::size_t i) {
    return order == sensitivity_order::alone ? -layers[i].alone : -layers[i].left_float;
  };
  impl::heap_sort(
      n,
      [&](std::size_t i, std::size_t k) {
        return impl::ascends(key(i), key(k), layers[i].layer, layers[k].layer);
      },
      [&](std::size_t i, std::size_t k) { impl::exchange_elements(layers, i, k); });
}

QMATH_LIBRARY std::size_t assign_scratch_size(const matrix_view<const bit_choice>& choices,
                                              std::uint64_t budget) noexcept {
  return impl::scratch_of(choices, budget);
}

QMATH_LIBRARY void assign_bits(const matrix_view<const bit_choice>& choices, std::uint64_t budget,
                               double* scratch, std::uint8_t* chosen,
                               bit_assignment& result) noexcept {
  const impl::assignment_job job = {&choices, budget, scratch, chosen, &result};
  impl::in_default_environment(&impl::assign, job);
}

}  // namespace library
QMATH_END_LIBRARY
#endif

#endif  // QMATH_DETAIL_SENSITIVITY_IMPL_HPP_
