// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The program that libFuzzer runs for one parser: fuzz::QMATH_FUZZ_PARSER.
#include <cstdio>
#include <cstdlib>
#include <qmath/qmath.hpp>

#include "fuzz/parsers.hpp"
#include "support/saved_bytes.hpp"

extern "C" {

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned seed);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Each input has a CPU target of its own, always the same.
  const auto targets = qmath::cpu::supported_targets();
  if (!qmath::cpu::use_target(targets[support::saved_sum({data, size}) % targets.size()])) {
    std::abort();
  }
  if (const char* const wrong = fuzz::QMATH_FUZZ_PARSER.use({data, size}).wrong) {
    std::fprintf(stderr, "%s: %s\n", fuzz::QMATH_FUZZ_PARSER.name, wrong);
    std::abort();
  }
  return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned seed) {
  size = LLVMFuzzerMutate(data, size, max_size);
  fuzz::bytes b(data, data + size);
  fuzz::QMATH_FUZZ_PARSER.repair(b, max_size, seed);
  for (std::size_t i = 0; i < b.size(); ++i) data[i] = b[i];
  return b.size();
}

}  // extern "C"
