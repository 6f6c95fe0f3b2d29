// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The table of kernels: every operation that is compiled once per CPU target is an entry here, and
// nothing else is. Plain scalars and pointers only. One table per target; active() returns the one
// that runs.
//
// Entries are named <operation>_<destination>_<source>. Arguments have been checked by the caller.
#ifndef QMATH_DETAIL_KERNEL_TABLE_HPP_
#define QMATH_DETAIL_KERNEL_TABLE_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/detail/targets.hpp"

QMATH_BEGIN_TYPES
namespace detail {

/// What happens to the int32 sums of one GEMM; which members are read depends on the output type.
/// A per-column array has 1 element (column_step 0) or n (column_step 1); null means absent.
struct gemm_epilogue {
  QMATH_INLINE constexpr gemm_epilogue() noexcept {}  // at -O0 shared by the linker otherwise

  const float* scales = nullptr;  ///< f32: a_scale * b_scale[n]; s8, u8: multipliers
  std::size_t scale_step = 0;
  const float* bias_f32 = nullptr;
  const std::int32_t* bias_s32 = nullptr;
  float a_scale = 1.0f;
  std::int32_t zero_point = 0;
  std::int32_t min = 0;
  std::int32_t max = 0;
};

/// One GEMM, C[m, n] = epilogue(sum over k of (A[m, k] - a_zero_point) * B[k, n]).
struct gemm_problem {
  QMATH_INLINE constexpr gemm_problem() noexcept {}

  const void* a = nullptr;   ///< m rows of k elements
  std::size_t a_stride = 0;  ///< elements
  bool a_is_signed = false;  ///< s8 or u8
  std::int32_t a_zero_point = 0;
  const std::int32_t* column_sums = nullptr;  ///< of B, n of them
  const std::int8_t* panels = nullptr;        ///< packed B (pack.hpp)
  std::size_t m = 0, n = 0, k = 0;
  void* c = nullptr;
  std::size_t c_stride = 0;  ///< elements
  gemm_epilogue epilogue;
};

/// One tile of int32 sums: sums[r][c] = initial[c] + sum over k of A'[r, k] * B[k, c], modulo 2^32.
/// A' is A with the bytes' sign bits flipped where that gives them the sign that the kernel wants: an
/// element of A' is then that of A plus or minus 128, which `initial` makes up for.
struct gemm_tile {
  const void* a = nullptr;
  std::size_t a_stride = 0;  ///< elements, which are bytes
  std::int32_t a_flip = 0;   ///< 0 or 0x80808080
  std::size_t rows = 0;      ///< at most gemm_tile_rows
  std::size_t k = 0;
  const std::int8_t* panels = nullptr;    ///< the first panel of the tile
  std::size_t columns = 0;                ///< columns in use; the tile computes whole panels
  const std::int32_t* initial = nullptr;  ///< gemm_tile_columns
  std::int32_t* sums = nullptr;           ///< rows of gemm_tile_columns
};

/// The inner kernel of GEMM, the part that differs between dot product instructions.
struct gemm_dot {
  void (*tile)(const gemm_tile&) = nullptr;
  bool a_is_signed = false;  ///< the sign of A that its instruction wants
  std::size_t max_rows = 0;  ///< of its register tile: multiples of it are computed fastest
};

struct kernel_table {
  target id;

  // Element i uses parameter (i / run) % count; n is a whole number of rounds. zero_points may be null.
  void (*quantize_s8_f32)(const float* x, std::size_t n, std::size_t count, std::size_t run,
                          const float* scales, const std::int32_t* zero_points, std::int8_t* q);
  void (*quantize_u8_f32)(const float* x, std::size_t n, std::size_t count, std::size_t run,
                          const float* scales, const std::int32_t* zero_points, std::uint8_t* q);
  void (*dequantize_f32_s8)(const std::int8_t* q, std::size_t n, std::size_t count, std::size_t run,
                            const float* scales, const std::int32_t* zero_points, float* x);
  void (*dequantize_f32_u8)(const std::uint8_t* q, std::size_t n, std::size_t count,
                            std::size_t run, const float* scales, const std::int32_t* zero_points,
                            float* x);
  void (*requantize_s8_s32)(const std::int32_t* acc, std::size_t n, std::size_t count,
                            std::size_t run, const float* multipliers, std::int32_t zero_point,
                            std::int8_t* q);
  void (*requantize_u8_s32)(const std::int32_t* acc, std::size_t n, std::size_t count,
                            std::size_t run, const float* multipliers, std::int32_t zero_point,
                            std::uint8_t* q);
  void (*min_max_f32)(const float* x, std::size_t n, float* min, float* max);

  void (*gemm_s32)(const gemm_problem&, const gemm_dot&);
  void (*gemm_f32)(const gemm_problem&, const gemm_dot&);
  void (*gemm_s8)(const gemm_problem&, const gemm_dot&);
  void (*gemm_u8)(const gemm_problem&, const gemm_dot&);
  gemm_dot dot;
};

}  // namespace detail
QMATH_END_TYPES

QMATH_BEGIN_LIBRARY
namespace library {
#if QMATH_MODE == QMATH_MODE_COMPILED
/// The table that runs: the best target that this build contains, the CPU supports and the program
/// allows (cpu.hpp). The other modes define it in detail/dispatch.hpp.
const detail::kernel_table& active() noexcept;
#endif
}  // namespace library
QMATH_END_LIBRARY

#endif  // QMATH_DETAIL_KERNEL_TABLE_HPP_
