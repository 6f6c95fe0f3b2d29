// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Everything in qmath that reads bytes of unknown origin, in the form that libFuzzer (libfuzzer.cpp), the kept corpus
// (corpus.cpp) and its replay among the tests (corpus_test.cpp) share.
#ifndef QMATH_TESTS_FUZZ_PARSERS_HPP_
#define QMATH_TESTS_FUZZ_PARSERS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "support/saved_bytes.hpp"

namespace fuzz {

using support::bytes;

/// What became of some bytes.
struct outcome {
  const char* status;           ///< of the parser, by name
  const char* wrong = nullptr;  ///< a property that does not hold
};

struct parser {
  const char* name;
  /// Parses, and works with what was accepted.
  outcome (*use)(std::span<const std::uint8_t>);
  /// Makes bytes that were changed at random more plausible, so that they are not all refused for their checksum:
  /// `kind` chooses what is repaired. At most `most` bytes are left.
  void (*repair)(bytes& b, std::size_t most, unsigned kind);
  /// Valid bytes to begin with.
  std::vector<bytes> (*seeds)();
};

extern const parser load_min_max, load_moving_average, load_moments, load_histogram, open_packed;

inline const parser* const parsers[] = {&load_min_max, &load_moving_average, &load_moments,
                                        &load_histogram, &open_packed};

}  // namespace fuzz

#endif  // QMATH_TESTS_FUZZ_PARSERS_HPP_
