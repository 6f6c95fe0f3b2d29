// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The table of kernels: every operation that is compiled once per CPU target is an entry here, and
// nothing else is. Plain scalars and pointers only. One table per target; active() returns the one
// that runs.
//
// Arguments have been checked by the caller.
#ifndef QMATH_DETAIL_KERNEL_TABLE_HPP_
#define QMATH_DETAIL_KERNEL_TABLE_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/core/options.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/targets.hpp"
#include "qmath/fixed_point.hpp"

QMATH_BEGIN_TYPES
namespace detail {

// ---- GEMM ----------------------------------------------------------------------------------------

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

// ---- Arrays ------------------------------------------------------------------------------------

/// The type of an array of real numbers.
enum class real_type : unsigned char { f32, f16, bf16 };

/// How codes are stored. The sign of packed codes is in code_range.
enum class code_type : unsigned char {
  s8,
  u8,
  s16,
  u16,
  s32,
  bits4_first_low,
  bits4_first_high,
  bits2_first_low,
  bits2_first_high,
};

/// What all array operations have in common: n elements; those of a block of the layout share a parameter.
struct array_job {
  QMATH_INLINE constexpr array_job() noexcept {}  // at -O0 shared by the linker otherwise

  const void* in = nullptr;
  void* out = nullptr;
  std::size_t n = 0;
  granularity layout = {};
};

/// in: real numbers, out: codes; fake_quantize: real numbers.
struct quantize_job : array_job {
  QMATH_INLINE constexpr quantize_job() noexcept {}

  real_type from = real_type::f32;
  code_type to = code_type::s8;
  real_type fake_to = real_type::f32;
  code_range format = {};  ///< the codes that the format has
  code_range codes = {};   ///< the codes to use, inside `format`
  const float* scales = nullptr;
  const std::int32_t* zero_points = nullptr;  ///< null: all 0
  quantize_rules rules = {};
  random_source random = {};
  clip_counts* counts = nullptr;  ///< may be null
};

/// in: codes, out: real numbers.
struct dequantize_job : array_job {
  QMATH_INLINE constexpr dequantize_job() noexcept {}

  code_type from = code_type::s8;
  real_type to = real_type::f32;
  code_range format = {};
  const float* scales = nullptr;
  const std::int32_t* zero_points = nullptr;
};

/// in and out: codes. One of the two kinds of multipliers is null.
struct requantize_job : array_job {
  QMATH_INLINE constexpr requantize_job() noexcept {}

  code_type from = code_type::s32;
  code_type to = code_type::s8;
  code_range from_format = {};
  code_range format = {};
  code_range codes = {};
  const float* multipliers = nullptr;
  const fixed_point_multiplier* fixed_multipliers = nullptr;
  fixed_point_rule rule = fixed_point_rule::single_rounding;
  std::int32_t zero_point = 0;
  std::int32_t input_zero_point = 0;
};

/// in: real numbers, out: one value_range per parameter of the layout.
struct min_max_job : array_job {
  QMATH_INLINE constexpr min_max_job() noexcept {}

  real_type from = real_type::f32;
};

// ---- The table ---------------------------------------------------------------------------------

struct kernel_table {
  target id;

  void (*quantize)(const quantize_job&);
  void (*fake_quantize)(const quantize_job&);
  void (*dequantize)(const dequantize_job&);
  void (*requantize)(const requantize_job&);
  void (*min_max)(const min_max_job&);

  /// Whether all values, seen as unsigned, are in [first, first + width].
  bool (*all_inside)(const std::uint32_t* values, std::size_t n, std::uint32_t first,
                     std::uint32_t width);

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
