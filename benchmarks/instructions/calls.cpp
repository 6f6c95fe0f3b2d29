// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Not measured, counted: calls for scripts/instruction-counts, which runs them under an emulator.
//
//     calls targets                      the CPU targets, best first
//     calls operations                   the operations, and their elements or multiply-adds per call
//     calls OPERATION TARGET N           N calls on that target
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <qmath/qmath.hpp>
#include <vector>

namespace {

constexpr std::size_t n = 4096;
constexpr std::size_t rows = 48, cols = 128,
                      depth = 256;  // whole tiles for 4, 6, 8, 12, 16 and 24 rows

/// Integers of which no two neighbours are alike.
template <class T>
std::vector<T> integers(std::size_t count, std::uint32_t factor) {
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = static_cast<T>((static_cast<std::uint32_t>(i) * factor) >> 8);
  }
  return values;
}

/// Floats of which nearly all are in the range of 8 bits at scale 0.05.
std::vector<float> reals() {
  std::vector<float> values(n);
  std::uint32_t state = 1;
  for (float& x : values) {
    state = state * 1664525u + 1013904223u;
    x = (static_cast<float>(state >> 8) * 0x1p-24f - 0.5f) * 13.0f;
  }
  return values;
}

/// Prepares, then calls.
template <class F>
void repeat(int calls, const F& call) {
  for (int i = 0; i < calls; ++i) call();
}

template <class A, class Epilogue, class C>
void multiply(int calls, std::size_t m, const Epilogue& epilogue, C) {
  const auto a = integers<A>(m * depth, 40503);
  const auto b = integers<std::int8_t>(depth * cols, 60493);
  const qmath::packed_weights packed(qmath::matrix_view(b.data(), depth, cols));
  std::vector<C> c(m * cols);
  repeat(calls, [&] {
    qmath::gemm(qmath::matrix_view(a.data(), m, depth), {.a = 3}, packed, epilogue,
                qmath::matrix_view(c.data(), m, cols));
  });
}

struct operation {
  const char* name;
  std::size_t size;
  void (*run)(int calls);
};

const operation operations[] = {
    {"quantize", n,
     [](int calls) {
       const std::vector<float> x = reals();
       std::vector<std::int8_t> q(n);
       repeat(calls, [&] { qmath::quantize(x, {0.05f, 3}, q); });
     }},
    {"dequantize", n,
     [](int calls) {
       const auto q = integers<std::int8_t>(n, 40503);
       std::vector<float> x(n);
       repeat(calls, [&] { qmath::dequantize(q, {0.05f, 3}, x); });
     }},
    {"requantize", n,
     [](int calls) {
       const auto sums = integers<std::int32_t>(n, 2654435769u);
       std::vector<std::int8_t> q(n);
       repeat(calls, [&] { qmath::requantize(sums, qmath::requantize_params{1.5e-5f, 3}, q); });
     }},
    {"min_max", n,
     [](int calls) {
       const std::vector<float> x = reals();
       volatile float kept = 0;
       repeat(calls, [&] { kept = qmath::min_max(x).max; });
     }},
    {"gemm_s8", rows* cols* depth,
     [](int calls) { multiply<std::int8_t>(calls, rows, qmath::to_sums{}, std::int32_t{}); }},
    {"gemm_u8", rows* cols* depth,
     [](int calls) { multiply<std::uint8_t>(calls, rows, qmath::to_sums{}, std::int32_t{}); }},
    {"gemm_s8_to_s8", rows* cols* depth,
     [](int calls) {
       const std::vector<float> multipliers(cols, 1e-5f);
       multiply<std::int8_t>(calls, rows, qmath::to_quantized{.multipliers = multipliers},
                             std::int8_t{});
     }},
    {"gemm_s8_one_row", cols* depth,
     [](int calls) { multiply<std::int8_t>(calls, 1, qmath::to_sums{}, std::int32_t{}); }},
};

int fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "targets") == 0) {
    for (const char* target : qmath::cpu::supported_targets()) std::puts(target);
    return 0;
  }
  if (argc == 2 && std::strcmp(argv[1], "operations") == 0) {
    for (const operation& o : operations) std::printf("%s %zu\n", o.name, o.size);
    return 0;
  }
  if (argc != 4) return fail("usage: calls targets | operations | OPERATION TARGET N");
  if (!qmath::cpu::use_target(argv[2])) return fail("no such target");
  for (const operation& o : operations) {
    if (std::strcmp(argv[1], o.name) == 0) {
      o.run(std::atoi(argv[3]));
      return 0;
    }
  }
  return fail("no such operation");
}
