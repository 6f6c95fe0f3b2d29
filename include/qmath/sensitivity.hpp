// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Which layers suffer from quantization, and how many bits each should have.
///
///     // Runs the network with layer l in way choice[l] (0 is float) over data, and returns what is to be small.
///     const auto loss = [&](std::span<const std::uint8_t> choice) { return error_rate(network, choice); };
///     std::vector<std::uint8_t> choice(layers);                         // memory that the functions write
///     std::vector<qmath::layer_sensitivity> found(layers);
///     qmath::measure_sensitivity(loss, choice, found);                  // 2 * layers + 2 runs
///     qmath::rank_by_sensitivity(found);                                // found[0]: the layer to keep in float
///
///     // choices(l, c): way c of layer l, with its cost; way 0 is float.
///     qmath::measure_damage(loss, choice, choices);                     // 1 + layers * (ways - 1) runs
///     std::vector<double> scratch(qmath::assign_scratch_size(choices, budget));
///     const auto best = qmath::assign_bits(choices, budget, scratch, choice);
///
/// Never allocates, never throws, never prints; results that do not depend on the loss function are the same bits
/// everywhere. Loss functions must not throw. A broken precondition calls the contract handler (core/contract.hpp),
/// runs nothing and writes nothing.
#ifndef QMATH_SENSITIVITY_HPP_
#define QMATH_SENSITIVITY_HPP_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/view.hpp"
#include "qmath/detail/abi.hpp"
#include "qmath/detail/bits.hpp"

QMATH_BEGIN_TYPES

/// How a network is run with some layers quantized: choice[l] says how layer l is, 0 stands for float. Returns a
/// number that is to be small: loss, error rate, noise.
template <class F>
concept loss_function = requires(F& f, std::span<const std::uint8_t> choice) {
  { f(choice) } -> std::convertible_to<double>;
};

struct network_losses {
  double all_float = 0.0;
  double all_quantized = 0.0;
};

/// fl() rounds to double.
struct layer_sensitivity {
  std::size_t layer = 0;
  double alone = 0.0;       ///< fl(loss with this layer quantized - loss with none)
  double left_float = 0.0;  ///< fl(loss with all layers quantized - loss with all but this one)
};

enum class sensitivity_order : unsigned char { alone, left_float };

/// A way to have a layer.
struct bit_choice {
  std::uint32_t bits = 32;  ///< for the caller only
  std::uint64_t cost = 0;   ///< bytes, nanoseconds, anything that adds up
  double damage = 0.0;      ///< what it adds to the loss; NaN and +inf: this way is never taken
};

struct bit_assignment {
  bool feasible = false;   ///< some assignment costs no more than the budget
  std::uint64_t cost = 0;  ///< the sum of the costs
  double damage = 0.0;  ///< fl(...fl(fl(d[0] + d[1]) + d[2])...), beyond the largest double: that
};

QMATH_END_TYPES

#include "qmath/detail/sensitivity_impl.hpp"

QMATH_BEGIN_NAMESPACE

/// found[l] = the sensitivity of layer l, with way 1 as the quantized one. 2 * choice.size() + 2 runs, in this order:
/// all float, each layer alone, all quantized, each layer left in float. choice is 0 afterwards.
/// @pre found.size() == choice.size().
template <loss_function F>
QMATH_INLINE network_losses measure_sensitivity(F&& loss, std::span<std::uint8_t> choice,
                                                std::span<layer_sensitivity> found) noexcept {
  if (!impl::expect_equal("measure_sensitivity", "found.size()", found.size(), "choice.size()",
                          choice.size()) ||
      !impl::expect_data("measure_sensitivity", "choice", choice.data(), choice.size()) ||
      !impl::expect_data("measure_sensitivity", "found", found.data(), found.size())) {
    return {0.0, 0.0};
  }
  const auto run = [&]() {
    return static_cast<double>(loss(std::span<const std::uint8_t>(choice)));
  };
  network_losses all = {0.0, 0.0};
  for (std::uint8_t& c : choice) c = 0;
  all.all_float = run();
  for (std::size_t l = 0; l < choice.size(); ++l) {
    choice[l] = 1;
    found[l].layer = l;
    found[l].alone = library::difference(run(), all.all_float);
    choice[l] = 0;
  }
  for (std::uint8_t& c : choice) c = 1;
  all.all_quantized = run();
  for (std::size_t l = 0; l < choice.size(); ++l) {
    choice[l] = 0;
    found[l].left_float = library::difference(all.all_quantized, run());
    choice[l] = 1;
  }
  for (std::uint8_t& c : choice) c = 0;
  return all;
}

/// Sorts by the number that `order` names, the largest first. NaN comes before all numbers: a loss that is none may be
/// the worst. Of equal ones, the lower layer is first.
QMATH_INLINE void rank_by_sensitivity(std::span<layer_sensitivity> layers,
                                      sensitivity_order order = sensitivity_order::alone) noexcept {
  if (impl::expect_data("rank_by_sensitivity", "layers", layers.data(), layers.size())) {
    library::rank_by_sensitivity(layers.data(), layers.size(), order);
  }
}

/// choices(l, c).damage = fl(loss with layer l in way c and all others float - loss with all float) for c > 0, and 0
/// for c = 0. Returns the loss with all float. 1 + rows * (cols - 1) runs, less those of ways whose damage is +inf
/// already: they
/// keep it, and are not run, but for all float. choice is 0 afterwards.                      choices: [layers, ways]
/// @pre choice.size() == choices.rows; choices.cols in [1, 256].
template <loss_function F>
QMATH_INLINE double measure_damage(F&& loss, std::span<std::uint8_t> choice,
                                   matrix_view<bit_choice> choices) noexcept {
  if (!impl::expect_choices("measure_damage", choices, choice.data(), choice.size())) return 0.0;
  const auto run = [&]() {
    return static_cast<double>(loss(std::span<const std::uint8_t>(choice)));
  };
  const auto is_forbidden = [&choices](std::size_t l, std::size_t c) {
    // Bits: infinity does not exist for a compiler with -ffast-math.
    return detail::bit_cast<std::uint64_t>(choices(l, c).damage) == 0x7FF0000000000000u;
  };
  for (std::uint8_t& c : choice) c = 0;
  const double all_float = run();
  for (std::size_t l = 0; l < choices.rows; ++l) {
    if (!is_forbidden(l, 0)) choices(l, 0).damage = 0.0;
    for (std::size_t c = 1; c < choices.cols; ++c) {
      if (is_forbidden(l, c)) continue;
      choice[l] = static_cast<std::uint8_t>(c);
      choices(l, c).damage = library::difference(run(), all_float);
    }
    choice[l] = 0;
  }
  return all_float;
}

/// The doubles that assign_bits needs; the largest std::size_t if that is more than there can be.
///     states + ceil(layers * states / 8),  states = 1 + floor(min(budget - a, b) / g)
/// with a the sum of the lowest costs of the layers, b the sum of (highest - lowest), and g the greatest common divisor
/// of all costs' distances from the lowest one of their layer; ways that can never be taken do not count. Costs in
/// coarser units need less.
/// @pre as for assign_bits.
QMATH_INLINE std::size_t assign_scratch_size(matrix_view<const bit_choice> choices,
                                             std::uint64_t budget) noexcept {
  if (!impl::expect_choices("assign_scratch_size", choices, "", choices.rows)) return 0;
  return library::assign_scratch_size(choices, budget);
}

/// chosen[l] = the way of layer l, so that the sum of damages is the smallest one of all assignments whose costs add up
/// to no more than the budget, and of those with this sum, the cost is the lowest. Exact: no assignment has a smaller
/// sum, with the rounding of bit_assignment::damage; docs/drift_and_sensitivity.md has the proof. Further ties: at the
/// last layer the way with the lowest index, then at the one before, and so on. If nothing is feasible, chosen stays
/// as it is. Time: the sum of ways * states.
/// @pre chosen.size() == choices.rows; choices.cols in [1, 256]; scratch.size() >= assign_scratch_size(choices,
/// budget).
QMATH_INLINE bit_assignment assign_bits(matrix_view<const bit_choice> choices, std::uint64_t budget,
                                        std::span<double> scratch,
                                        std::span<std::uint8_t> chosen) noexcept {
  bit_assignment result{};
  if (impl::expect_choices("assign_bits", choices, chosen.data(), chosen.size()) &&
      impl::expect_at_least("assign_bits", "scratch.size()", scratch.size(),
                            "at least assign_scratch_size(choices, budget)",
                            library::assign_scratch_size(choices, budget)) &&
      impl::expect_data("assign_bits", "scratch", scratch.data(), scratch.size())) {
    library::assign_bits(choices, budget, scratch.data(), chosen.data(), result);
  }
  return result;
}

QMATH_END_NAMESPACE

#endif  // QMATH_SENSITIVITY_HPP_
