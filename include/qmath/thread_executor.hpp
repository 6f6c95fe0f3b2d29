// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// An executor (executor.hpp) for programs without threads of their own. Not part of qmath.hpp, which starts no
/// threads and includes nothing that does.
#ifndef QMATH_THREAD_EXECUTOR_HPP_
#define QMATH_THREAD_EXECUTOR_HPP_

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>

#include "qmath/executor.hpp"

QMATH_BEGIN_NAMESPACE

/// Starts threads for every call, and works itself while they do. The parts go to whichever thread is free.
/// `threads` is the number of all of them; without, as many as the machine runs at a time. Allocates; where the
/// system has no more threads it does what std::thread does.
class thread_executor {
 public:
  explicit thread_executor(unsigned threads = std::thread::hardware_concurrency()) noexcept
      : threads_(threads == 0 ? 1 : threads) {}

  template <class F>
  void operator()(std::size_t parts, const F& f) const {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i = next++; i < parts; i = next++) f(i);
    };
    const std::size_t others = (parts < threads_ ? parts : threads_) - (parts == 0 ? 0 : 1);
    const auto all = std::make_unique<std::thread[]>(others);
    for (std::size_t i = 0; i < others; ++i) all[i] = std::thread(work);
    work();
    for (std::size_t i = 0; i < others; ++i) all[i].join();
  }

 private:
  std::size_t threads_;
};

QMATH_END_NAMESPACE

#endif  // QMATH_THREAD_EXECUTOR_HPP_
