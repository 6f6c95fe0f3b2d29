// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What the hardware can do.
//
//     copy_bound            moves the bytes that the task moves, with vectors of the width that is best at it
//                           and ordinary stores, after which the result is in the cache; for every size
//     X_instruction_bound   the instructions that the contract demands of target X, from L1; one size,
//                           holds for all
//
// The loops of the instruction bounds are the best ones that we know. They skip what a library function
// cannot: other sizes, tails, arguments.
#ifndef QMATH_BENCHMARKS_SUPPORT_BOUNDS_HPP_
#define QMATH_BENCHMARKS_SUPPORT_BOUNDS_HPP_

#include <cstring>

#include "support/bench.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#define QMATH_BENCH_X86 1
#include <immintrin.h>
#ifndef __clang__
// GCC 12 warns of its own _mm512_undefined_ps() wherever AVX-512 intrinsics are inlined.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#else
#define QMATH_BENCH_X86 0
#endif

namespace bench {

/// Which loop is the instruction bound of a target.
enum class level { none, sse2, sse4, avx2, avx512 };

inline level level_of([[maybe_unused]] std::string_view target) {
#if QMATH_BENCH_X86
  if (target.starts_with("AVX3") || target.starts_with("AVX10")) return level::avx512;
  if (target.starts_with("AVX2")) return level::avx2;
  if (target.starts_with("SSE4")) return level::sse4;
  if (target.starts_with("SS")) return level::sse2;
#endif
  return level::none;
}

/// The number of elements that instruction bounds work on.
inline constexpr std::size_t bound_size = 4096;

/// f(state, level) for every target that has an instruction bound.
template <class F, class Has>
void add_instruction_bounds(std::string_view task, std::string_view type, const Has& has,
                            const F& f) {
  for (const char* target : qmath::cpu::supported_targets()) {
    const level l = level_of(target);
    if (l == level::none || !has(l)) continue;
    add(task, type, std::string(target) + "_instruction_bound", {},
        [=](benchmark::State& state) { f(state, l); });
  }
}

template <class F>
void add_instruction_bounds(std::string_view task, std::string_view type, const F& f) {
  add_instruction_bounds(task, type, [](level) { return true; }, f);
}

// ---- Moving bytes ------------------------------------------------------------------------------

// Reads Ratio bytes for every byte written, or the other way round.
#define QMATH_BENCH_MOVES(attributes, suffix, bytes)                                      \
  template <std::size_t Ratio>                                                            \
  attributes inline void narrow_##suffix(const char* in, char* out, std::size_t n) {      \
    typedef char vector __attribute__((vector_size(bytes), aligned(1), may_alias));       \
    const auto* v = reinterpret_cast<const vector*>(in);                                  \
    auto* o = reinterpret_cast<vector*>(out);                                             \
    for (std::size_t i = 0; i < n / bytes; ++i, v += Ratio) {                             \
      vector all = v[0];                                                                  \
      for (std::size_t j = 1; j < Ratio; ++j) all |= v[j];                                \
      o[i] = all;                                                                         \
    }                                                                                     \
  }                                                                                       \
  template <std::size_t Ratio>                                                            \
  attributes inline void widen_##suffix(const char* in, char* out, std::size_t n) {       \
    typedef char vector __attribute__((vector_size(bytes), aligned(1), may_alias));       \
    const auto* v = reinterpret_cast<const vector*>(in);                                  \
    auto* o = reinterpret_cast<vector*>(out);                                             \
    for (std::size_t i = 0; i < n / bytes; ++i, o += Ratio) {                             \
      for (std::size_t j = 0; j < Ratio; ++j) o[j] = v[i];                                \
    }                                                                                     \
  }                                                                                       \
  attributes inline char read_##suffix(const char* in, std::size_t n) {                   \
    typedef char vector __attribute__((vector_size(bytes), aligned(1), may_alias));       \
    const std::size_t quarter = n / bytes / 4;                                            \
    const auto* v = reinterpret_cast<const vector*>(in);                                  \
    const auto *w = v + quarter, *x = w + quarter, *y = x + quarter;                      \
    vector a = {}, b = {}, c = {}, d = {};                                                \
    for (std::size_t i = 0; i < quarter; ++i) a |= v[i], b |= w[i], c |= x[i], d |= y[i]; \
    a = (a | b) | (c | d);                                                                \
    return a[0];                                                                          \
  }

#if QMATH_BENCH_X86
QMATH_BENCH_MOVES(__attribute__((target("avx512bw"))), 512, 64)
QMATH_BENCH_MOVES(__attribute__((target("avx2"))), 256, 32)
#endif
QMATH_BENCH_MOVES(, 128, 16)
#undef QMATH_BENCH_MOVES

/// The fastest vectors for moving that many bytes: the widest, but from DRAM 256 bits beat 512 by a fifth
/// (Zen 4).
inline level best_level(std::size_t bytes) {
  if (bytes < 256) return level::sse2;
#if QMATH_BENCH_X86
  if (bytes < (std::size_t{1} << 25) && __builtin_cpu_supports("avx512bw")) return level::avx512;
  if (__builtin_cpu_supports("avx2")) return level::avx2;
#endif
  return level::sse2;
}

/// Reads Ratio * n bytes and writes n: what quantize and requantize move.
template <std::size_t Ratio>
void narrow(const char* in, char* out, std::size_t n) {
  switch (best_level(Ratio * n)) {
#if QMATH_BENCH_X86
    case level::avx512: return narrow_512<Ratio>(in, out, n);
    case level::avx2: return narrow_256<Ratio>(in, out, n);
#endif
    default: return narrow_128<Ratio>(in, out, n);
  }
}

/// Reads n bytes and writes Ratio * n.
template <std::size_t Ratio>
void widen(const char* in, char* out, std::size_t n) {
  switch (best_level(Ratio * n)) {
#if QMATH_BENCH_X86
    case level::avx512: return widen_512<Ratio>(in, out, n);
    case level::avx2: return widen_256<Ratio>(in, out, n);
#endif
    default: return widen_128<Ratio>(in, out, n);
  }
}

/// The bound of an array function of n elements that reads and writes these bytes, one a multiple of the other.
inline void copy(benchmark::State& state, std::size_t n, const void* from, std::size_t read,
                 std::size_t written) {
  const auto* in = static_cast<const char*>(from);
  auto* out = output<char>();
  const auto time = [&]<std::size_t Ratio>() {
    if (read == written * Ratio) {
      run(state, n, read + written, [&] { narrow<Ratio>(in, out, written); });
    } else if (written == read * Ratio) {
      run(state, n, read + written, [&] { widen<Ratio>(in, out, read); });
    } else {
      return false;
    }
    return true;
  };
  const bool done =
      time.operator()<1>() || time.operator()<2>() || time.operator()<4>() || time.operator()<8>();
  if (!done) state.SkipWithError("no copy moves that");
}

/// Reads n bytes, a multiple of 64: four streams, which is what prefetchers like best.
inline char read(const char* in, std::size_t n) {
  switch (best_level(n)) {
#if QMATH_BENCH_X86
    case level::avx512: return read_512(in, n);
    case level::avx2: return read_256(in, n);
#endif
    default: return read_128(in, n);
  }
}

}  // namespace bench

#endif  // QMATH_BENCHMARKS_SUPPORT_BOUNDS_HPP_
