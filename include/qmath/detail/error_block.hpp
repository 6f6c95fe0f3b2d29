// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The exact sums of a block of pairs of floats, at the speed of vectors of doubles.
//
// A product p of two floats is exact in double precision; a sum of products is not. But all numbers x of a block
// with |x| < 2^E can be split at fixed positions. With S between 2^k and 2^(k+1), k = E + 12,
//
//     S' = fl(S + x),   q = S' - S,   r = x - q
//
// are such that q is the multiple of 2^(k-52) nearest to x, S' = S + q exactly, and r is exact with
// |r| <= 2^(k-53) = 2^(E-41): S starts at 1.5 * 2^k and stays between these powers, because the block has no more
// than 2^10 elements. What is left, r, goes through the next level, whose E is less by 41, or into a plain sum,
// which is exact while the unit 2^L of all x is so large that (E - 41 levels) + 10 - L <= 53. Every sum is then an
// integer in a known unit, whichever lane a number came to: no lane count, order or fused product shows.
//
// For floats of a block, with E and L from the largest and the smallest nonzero magnitude, W = E - L is the
// number of bits they span, 24 at least. Products span 2 W.
//
//     levels for products   levels for the floats    W at most    ratio of the largest to the smallest
//     1                     0                        42           2^18
//     2                     1                        62           2^38
//     3                     1                        83           2^59
//
// Blocks that span more are summed one by one.
//
// The loops are in error_block-inl.hpp, compiled here for the baseline and for vectors of 256 and 512 bits.
#ifndef QMATH_DETAIL_ERROR_BLOCK_HPP_
#define QMATH_DETAIL_ERROR_BLOCK_HPP_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "qmath/detail/abi.hpp"
#include "qmath/detail/bits.hpp"
#include "qmath/detail/call.hpp"
// Takes g++ a third of a second, so only where it is needed.
#if defined(__x86_64__) && defined(__GNUC__) && \
    (QMATH_MODE != QMATH_MODE_STATIC || defined(__AVX512F__))
#include <immintrin.h>
#endif

QMATH_BEGIN_NAMESPACE
namespace impl {

inline constexpr std::size_t block_elements = 1024;
/// Blocks are padded with pairs of zeros, which change nothing, to a multiple of this.
inline constexpr std::size_t block_multiple = 16;

/// Numbers whose sum is the one wanted: of each level, and of what is left.
struct split_sum {
  double part[4];
};

struct block_sums {
  split_sum aa, ab, bb, a, b;
  double largest_error;   ///< the largest fl(|b - a|)
  bool relative_exceeds;  ///< some |b - a| > limit * |a|
};

/// Magnitudes of a block, as bits of floats. With NaN or infinities, largest is 0x7F800000 or more.
struct block_range {
  std::uint32_t largest;
  std::uint32_t smallest;  ///< of those that are not 0; 0x80000000 if there is none

  /// All |x| < 2^end.
  QMATH_INLINE constexpr int end() const noexcept {
    const auto field = static_cast<int>(largest >> 23);
    return (field == 0 ? 1 : field) - 126;
  }
  /// All x are multiples of 2^unit.
  QMATH_INLINE constexpr int unit() const noexcept {
    const auto field = static_cast<int>(smallest >> 23);
    return (field == 0 ? 1 : field) - 150;
  }
  QMATH_INLINE constexpr int width() const noexcept { return largest == 0 ? 0 : end() - unit(); }
};

/// The loops of a target. n is a multiple of block_multiple.
struct block_loops {
  block_range (*range)(const float* x, std::size_t n);
  /// Of 1, 2 and 3 levels. The product of limit and a float is exact.
  void (*sum[3])(const float* a, const float* b, std::size_t n, int a_end, int b_end, double limit,
                 block_sums& out);
  /// The largest fl(fl(|b - a|) / |a|) of pairs with a != 0; 0 if there is none.
  double (*largest_ratio)(const float* a, const float* b, std::size_t n);
};

QMATH_INLINE double larger(double x, double y) noexcept { return x > y ? x : y; }

}  // namespace impl
QMATH_END_NAMESPACE

#if !defined(__GNUC__)
#define QMATH_ERROR_LANES 1
#elif defined(__AVX512F__)
#define QMATH_ERROR_LANES 8
#elif defined(__AVX__)
#define QMATH_ERROR_LANES 4
#else
#define QMATH_ERROR_LANES 2
#endif
#define QMATH_ERROR_NAMESPACE error_baseline
#include "qmath/detail/error_block-inl.hpp"

// Where the baseline has less, and qmath chooses a target at run time.
#if defined(__x86_64__) && defined(__GNUC__) && QMATH_MODE != QMATH_MODE_STATIC
#if !defined(__AVX512F__)
#if !defined(__AVX2__) || !defined(__FMA__)
#define QMATH_ERROR_LANES 4
#define QMATH_ERROR_NAMESPACE error_avx2
#define QMATH_ERROR_ATTRIBUTES "avx2,fma"
#include "qmath/detail/error_block-inl.hpp"
#endif
#define QMATH_ERROR_LANES 8
#define QMATH_ERROR_NAMESPACE error_avx3
#define QMATH_ERROR_ATTRIBUTES "avx2,fma,avx512f,avx512vl,avx512dq,avx512bw"
#include "qmath/detail/error_block-inl.hpp"
#endif
#endif

QMATH_BEGIN_NAMESPACE
namespace impl {

/// Of the target that runs.
QMATH_INLINE const block_loops& active_block_loops() noexcept {
#if defined(__x86_64__) && defined(__GNUC__) && QMATH_MODE != QMATH_MODE_STATIC && \
    !defined(__AVX512F__)
  const detail::target id = active<&detail::kernel_table::id>();
  if (id <= detail::target::avx3) return error_avx3::loops;
#if !defined(__AVX2__) || !defined(__FMA__)
  if (id <= detail::target::avx2) return error_avx2::loops;
#endif
#endif
  return error_baseline::loops;
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_ERROR_BLOCK_HPP_
