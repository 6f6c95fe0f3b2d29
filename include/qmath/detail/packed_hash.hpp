// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The checksum of packed matrices (pack.hpp): the definition, in scalars. kernels/hash-inl.hpp computes the first part.
//
// Lines are 64 bytes, eight little-endian words of 64 bits; everything is done for each of the eight by itself.
//
//     of each panel p         s[p] = 0;  for each line of the panel, and then that of its column sums:
//                             s[p] = turn(s[p]) ^ word
//     of the matrix           h = 1, 2 ... 8;  for each panel, and then for the header without the checksum:
//                             h = step(h, s[p]), step(h, word)
//     the checksum            h[0] after h[0] = step(h[0], h[j]), j = 1 ... 7
//
// turn is one step of Marsaglia's xorshift generator (Journal of Statistical Software 8, 2003) with shifts 7 and 9, a
// linear map over GF(2) whose characteristic polynomial is primitive: its powers, with 0, are the field of 2^64
// elements, and s[p] is a polynomial over that field whose coefficients are the words. step multiplies by the odd
// number of Knuth's MMIX generator and folds the high half into the low one; it is one to one in h and in the word.
//
// What is found for certain: a change inside one word, as turn and step are one to one; in one panel, the same bits
// changed in two words of a column of words, and two such words exchanged, as no power of turn but the first and the
// one after 2^64 - 1 has a fixed point. Of changes that have nothing to do with the rule, 1 in 2^64 is missed. The rule
// is no defence against those who know it.
#ifndef QMATH_DETAIL_PACKED_HASH_HPP_
#define QMATH_DETAIL_PACKED_HASH_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES
namespace detail {

inline constexpr std::size_t hash_words = 8;
inline constexpr int hash_left = 7, hash_right = 9;

QMATH_INLINE constexpr std::uint64_t hash_turn(std::uint64_t s) noexcept {
  s ^= s << hash_left;
  return s ^ (s >> hash_right);
}

QMATH_INLINE constexpr std::uint64_t hash_step(std::uint64_t h, std::uint64_t word) noexcept {
  h = (h ^ word) * 6364136223846793005u;
  return h ^ (h >> 32);
}

}  // namespace detail
QMATH_END_TYPES

#endif  // QMATH_DETAIL_PACKED_HASH_HPP_
