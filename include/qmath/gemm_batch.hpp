// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Many matrix products as one list of tasks, which threads share as they share those of one product.
///
/// Each product is a plan of its own (plan_gemm): its B may be that of another or not, and shapes, strides, types,
/// zero points and epilogues are free. Matrices that follow each other in memory need no copy: a view of each has
/// its address and its stride. The heads of an attention layer, whose queries are [tokens, heads, size]:
///
///     for (std::size_t h = 0; h < heads; ++h) {
///       plans[h] = plan_gemm(matrix_view(q + h * size, tokens, size, heads * size), {}, keys[h],
///                            to_float{.a_scale = q_scale, .b_scales = {&k_scales[h], 1}}, scores[h]);
///     }
///     run(gemm_batch(plans), executor);
///
/// Rows of A that follow each other and share B are one product already, whatever they belong to: one plan of all
/// of them is faster than a batch. Never allocates: the array of plans is the caller's.
#ifndef QMATH_GEMM_BATCH_HPP_
#define QMATH_GEMM_BATCH_HPP_

#include <cstddef>
#include <span>

#include "qmath/gemm.hpp"

QMATH_BEGIN_NAMESPACE

/// The tasks of all plans, one plan after the other. Views the plans, which must outlive it and not move.
/// Whatever the plans read and write was checked when they were made, each for itself. No C may overlap what
/// another plan reads or writes, unless the tasks are run in order on one thread.
///
/// @pre every plan was made by plan_gemm or plan_gemm_with, whose preconditions held; that of an empty C has no
///      tasks and is one. Otherwise the batch has no tasks: nothing of it is written.
class gemm_batch {
 public:
  gemm_batch() = default;
  QMATH_INLINE explicit gemm_batch(std::span<const gemm_plan> plans) noexcept
      : plans_(plans), step_((plans.size() + marks - 1) / marks) {
    for (std::size_t i = 0; i < plans.size(); ++i) {
      if (!impl::expect_plan(static_cast<bool>(plans[i]), plans.size(), i)) {
        *this = gemm_batch();
        return;
      }
      if (i % step_ == 0) before_[i / step_] = tasks_;
      used_ = i / step_ + 1;
      tasks_ += plans[i].tasks();
      products_ += plans[i].tasks() * plans[i].products_per_task();
    }
  }

  QMATH_INLINE std::size_t tasks() const noexcept { return tasks_; }

  /// Multiplications of one task, at most, on average over all of them.
  QMATH_INLINE std::size_t products_per_task() const noexcept {
    return tasks_ == 0 ? 0 : products_ / tasks_;
  }

  /// Runs the tasks first ... last - 1. Thread-safe for different tasks.
  /// @pre first <= last <= tasks()
  QMATH_INLINE void run(std::size_t first, std::size_t last) const noexcept {
    if (!impl::expect_tasks("gemm_batch::run", first, last, tasks_)) return;
    std::size_t mark = 0;
    while (mark + 1 < used_ && before_[mark + 1] <= first) ++mark;
    for (std::size_t i = mark * step_, before = before_[mark]; before < last; ++i) {
      const std::size_t end = before + plans_[i].tasks();
      if (end > first) {
        plans_[i].run(first > before ? first - before : 0, (last < end ? last : end) - before);
      }
      before = end;
    }
  }

 private:
  // Tasks before every step_-th plan, so that a task is found without a walk along all of them.
  static constexpr std::size_t marks = 64;

  std::span<const gemm_plan> plans_ = {};
  std::size_t step_ = 0, used_ = 0, tasks_ = 0, products_ = 0;
  std::size_t before_[marks] = {};
};

QMATH_END_NAMESPACE

#endif  // QMATH_GEMM_BATCH_HPP_
