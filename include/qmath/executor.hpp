// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Work on the caller's threads. An executor is anything that can be called as
///
///     executor(parts, f)           f(0), f(1) ... f(parts - 1), each once, on any threads; returns after all
///
/// parts is at least 2: less is run by the caller. f is const, does not throw and may be called by several threads at
/// a time; it is gone when the executor returns.
///
///     // OpenMP                                            // oneTBB
///     [](std::size_t parts, const auto& f) {               [](std::size_t parts, const auto& f) {
///       #pragma omp parallel for                              tbb::parallel_for(std::size_t{0}, parts, f);
///       for (std::size_t i = 0; i < parts; ++i) f(i);      }
///     }
///
/// thread_executor.hpp has one for programs without threads of their own. The results do not depend on it.
#ifndef QMATH_EXECUTOR_HPP_
#define QMATH_EXECUTOR_HPP_

#include <concepts>
#include <cstddef>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_NAMESPACE

/// Products below which a part of a GEMM is not given to a thread of its own: 15 microseconds of a core that does
/// 2^33 of them per second, which is what waking a thread costs.
inline constexpr std::size_t gemm_products_per_part = std::size_t{1} << 17;

/// Tasks that threads share: gemm_plan, gemm_batch.
template <class T>
concept task_plan = requires(const T& plan, std::size_t i) {
  { plan.tasks() } -> std::same_as<std::size_t>;
  { plan.products_per_task() } -> std::same_as<std::size_t>;
  plan.run(i, i);
};

/// All of a plan. At most `parts` parts, if that is not 0; by default as many as are worth it.
template <task_plan Plan, class Executor>
QMATH_INLINE void run(const Plan& plan, Executor&& executor, std::size_t parts = 0) {
  const std::size_t tasks = plan.tasks(), each = plan.products_per_task();
  const std::size_t together =
      each >= gemm_products_per_part || each == 0 ? 1 : (gemm_products_per_part + each - 1) / each;
  std::size_t n = (tasks + together - 1) / together;
  if (parts != 0 && n > parts) n = parts;
  if (n <= 1) return plan.run(0, tasks);
  executor(n, [&plan, tasks, n](std::size_t i) {
    // tasks * i could leave the type.
    const std::size_t share = tasks / n, more = tasks % n;
    const std::size_t first = share * i + (i < more ? i : more);
    plan.run(first, first + share + (i < more ? 1 : 0));
  });
}

QMATH_END_NAMESPACE

#endif  // QMATH_EXECUTOR_HPP_
