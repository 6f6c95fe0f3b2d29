// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Matrices to be packed: one size for each of L2, L3 and DRAM, counted with the packed form.
#ifndef QMATH_BENCHMARKS_PACK_PACK_HPP_
#define QMATH_BENCHMARKS_PACK_PACK_HPP_

#include "support/arrays.hpp"

namespace bench {

inline constexpr std::size_t pack_sizes[] = {64, 256, 1024, 4096};  // k and n

inline std::string pack_name(std::size_t n) { return std::to_string(n) + "x" + std::to_string(n); }

/// b as it is, its transpose, and with another sign.
inline constexpr const char* pack_types[] = {"s8", "s8_transposed", "u8"};

}  // namespace bench

#endif  // QMATH_BENCHMARKS_PACK_PACK_HPP_
