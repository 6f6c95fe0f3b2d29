// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What the benchmarks share: names, sizes, memory, rates.
//
// A benchmark is called task/type/contender/size (scripts/bench_table.py reads that). The contender is a
// CPU target in capitals for qmath itself, ends in _bound for what the hardware can do, and is
// somebody else's code otherwise.
#ifndef QMATH_BENCHMARKS_SUPPORT_BENCH_HPP_
#define QMATH_BENCHMARKS_SUPPORT_BENCH_HPP_

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <qmath/qmath.hpp>
#include <string>
#include <string_view>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace bench {

// ---- Sizes -------------------------------------------------------------------------------------

inline constexpr std::size_t largest = std::size_t{1} << 24;

/// Elements: two small calls, then one size for each of L1, L2, L3 and DRAM.
inline const std::vector<std::size_t> all_sizes = {16,     64, 4096, 65536, std::size_t{1} << 20,
                                                   largest};
/// One size for each of L1, L2, L3 and DRAM.
inline const std::vector<std::size_t> level_sizes = {4096, 65536, std::size_t{1} << 20, largest};
/// Calls that are too small for their elements to matter much.
inline const std::vector<std::size_t> call_sizes = {1, 2, 4, 8, 16, 32, 64};

// ---- Memory ------------------------------------------------------------------------------------

/// Memory that lives until the end of the program and has been written once. `offset` bytes behind a page
/// border, so that inputs and outputs of the same index do not compete for a cache set.
template <class T>
T* allocate(std::size_t n, std::size_t offset = 0) {
  constexpr std::size_t page = std::size_t{1} << 21;
  const std::size_t bytes = (n * sizeof(T) + offset + page - 1) / page * page;
  auto* memory = static_cast<unsigned char*>(std::aligned_alloc(page, bytes));
  if (memory == nullptr) std::abort();
#ifdef __linux__
  // Otherwise the layout of small pages in physical memory makes one buffer faster than another.
  madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  for (std::size_t i = 0; i < bytes; ++i) memory[i] = static_cast<unsigned char>(i * 37);
  return reinterpret_cast<T*>(memory + offset);
}

inline std::uint32_t next_random(std::uint32_t& state) {
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

/// `largest` floats of which nearly all are in the range of 8 bits at scale 0.05.
inline const float* float_input() {
  static const float* const memory = [] {
    float* x = allocate<float>(largest);
    std::uint32_t state = 1;
    for (std::size_t i = 0; i < largest; ++i) {
      x[i] = (static_cast<float>(next_random(state)) * 0x1p-24f - 0.5f) * 13.0f;
    }
    return x;
  }();
  return memory;
}

/// One output for all benchmarks, which run one after the other.
template <class T>
T* output() {
  static float* const memory = allocate<float>(largest, 2112);
  return reinterpret_cast<T*>(memory);
}

// ---- Running -----------------------------------------------------------------------------------

/// Times f(), which handles `items` elements and moves `bytes` bytes.
template <class F>
void run(benchmark::State& state, std::size_t items, std::size_t bytes, const F& f) {
  for (auto _ : state) {
    f();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

/// Uses a CPU target while it lives.
class target_scope {
 public:
  explicit target_scope(const char* name) : previous_(qmath::cpu::active_target()) {
    if (!qmath::cpu::use_target(name)) std::abort();
  }
  ~target_scope() { static_cast<void>(qmath::cpu::use_target(previous_)); }
  target_scope(const target_scope&) = delete;
  target_scope& operator=(const target_scope&) = delete;

 private:
  const char* previous_;
};

inline std::string name_of(std::string_view task, std::string_view type, std::string_view contender,
                           std::string_view size = {}) {
  std::string name;
  name.append(task).append("/").append(type).append("/").append(contender);
  if (!size.empty()) name.append("/").append(size);
  return name;
}

/// f(state) under that name.
template <class F>
benchmark::internal::Benchmark* add(std::string_view task, std::string_view type,
                                    std::string_view contender, std::string_view size, const F& f) {
  return benchmark::RegisterBenchmark(name_of(task, type, contender, size).c_str(), f);
}

/// f(state) for every target of this machine.
template <class F>
void add_targets(std::string_view task, std::string_view type, std::string_view size, const F& f) {
  for (const char* target : qmath::cpu::supported_targets()) {
    add(task, type, target, size, [=](benchmark::State& state) {
      const target_scope scope(target);
      f(state);
    });
  }
}

/// Registers while static objects are initialized: `const bool registered = bench::at_start([] {...});`
template <class F>
bool at_start(const F& f) {
  f();
  return true;
}

}  // namespace bench

#endif  // QMATH_BENCHMARKS_SUPPORT_BENCH_HPP_
