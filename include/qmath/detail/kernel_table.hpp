// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The table of kernels: every operation that is compiled once per CPU target is an entry here, and
// nothing else is. Plain scalars and pointers only. One table per target; detail/call.hpp takes entries of the one that
// runs.
//
// Arguments have been checked by the caller.
#ifndef QMATH_DETAIL_KERNEL_TABLE_HPP_
#define QMATH_DETAIL_KERNEL_TABLE_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/core/options.hpp"
#include "qmath/core/params.hpp"
#include "qmath/detail/bits.hpp"
#include "qmath/detail/packed_layout.hpp"
#include "qmath/detail/targets.hpp"
#include "qmath/fixed_point.hpp"

QMATH_BEGIN_TYPES
namespace detail {

// ---- GEMM ----------------------------------------------------------------------------------------

/// Where the int32 sums of a GEMM go.
enum class gemm_output : unsigned char { s32, f32, f16, bf16, s8, u8, s16, function };

/// What happens to the int32 sums of one GEMM; which members are read depends on the output.
/// An array of numbers per column has 1 element (step 0) or n (step 1); null means absent.
struct gemm_epilogue {
  QMATH_INLINE constexpr gemm_epilogue() noexcept {}  // at -O0 shared by the linker otherwise

  gemm_output output = gemm_output::s32;
  bool accumulate = false;                 ///< s32, real numbers: c is added
  bool clamps = false;                     ///< real numbers: to [lower, upper]
  const std::int32_t* bias_s32 = nullptr;  ///< s32, codes
  const float* bias_f32 = nullptr;         ///< real numbers
  const float* scales = nullptr;           ///< real numbers: b_scales; codes: multipliers
  std::size_t scale_step = 0;
  const float* row_scales = nullptr;  ///< 1 per row; null: row_scale for all
  float row_scale = 1.0f;
  float lower = 0.0f;
  float upper = 0.0f;
  const fixed_point_multiplier* fixed_multipliers = nullptr;  ///< codes: instead of scales
  std::size_t fixed_step = 0;
  fixed_point_rule rule = fixed_point_rule::single_rounding;
  std::int32_t zero_point = 0;  ///< codes
  std::int32_t min = 0;
  std::int32_t max = 0;
  void (*function)(void* object, std::size_t row, std::size_t column, const std::int32_t* sums,
                   std::size_t count) = nullptr;
  void* object = nullptr;
};

/// One GEMM, C[m, n] = epilogue(sum over k of (A[m, k] - za[m]) * (B[k, n] - zb[n])).
struct gemm_problem {
  QMATH_INLINE constexpr gemm_problem() noexcept {}

  const void* a = nullptr;   ///< m rows of k elements
  std::size_t a_stride = 0;  ///< elements
  bool a_is_signed = false;  ///< s8 or u8
  bool b_is_signed = true;   ///< of the source of B: stored codes are b - 128 if not
  std::int32_t a_zero_point = 0;
  std::int32_t b_zero_point = 0;
  const std::int32_t* a_zero_points = nullptr;  ///< per row; null: a_zero_point
  const std::int32_t* b_zero_points = nullptr;  ///< per column; null: b_zero_point
  const std::byte* column_sums = nullptr;       ///< of B as stored: n int32, little-endian
  const std::int8_t* panels = nullptr;          ///< packed B (pack.hpp)
  std::size_t m = 0, n = 0, k = 0;
  void* c = nullptr;
  std::size_t c_stride = 0;  ///< elements
  gemm_epilogue epilogue;
};

/// Tasks of a problem: see packed_layout.hpp.
QMATH_INLINE constexpr std::size_t gemm_tasks(std::size_t m, std::size_t n,
                                              std::size_t k) noexcept {
  const std::size_t rows = gemm_task_rows(k);
  return (m / rows + (m % rows != 0 ? 1 : 0)) *
         (n / gemm_task_columns + (n % gemm_task_columns != 0 ? 1 : 0));
}

/// B(row, column) is at data[row * row_step + column * column_step], and becomes panels and sums (pack.hpp).
struct pack_job {
  QMATH_INLINE constexpr pack_job() noexcept {}

  const std::uint8_t* data = nullptr;
  std::size_t k = 0, n = 0;
  std::size_t row_step = 0, column_step = 0;  ///< one of the two is 1
  bool is_signed = true;
  std::byte* column_sums = nullptr;
  std::int8_t* panels = nullptr;
  std::uint64_t* hash = nullptr;  ///< packed_hash.hpp: of all panels is added
};

/// Packed B, and where to unpack it.
struct unpack_job {
  QMATH_INLINE constexpr unpack_job() noexcept {}

  const std::int8_t* panels = nullptr;
  std::size_t k = 0, n = 0;
  bool is_signed = true;
  std::uint8_t* data = nullptr;
  std::size_t row_step = 0;
};

/// Packed B, whose checksum is wanted.
struct hash_job {
  QMATH_INLINE constexpr hash_job() noexcept {}

  const std::byte* column_sums = nullptr;
  const std::int8_t* panels = nullptr;
  std::size_t k = 0, n = 0;
  std::uint64_t* hash = nullptr;  ///< as in pack_job
};

/// One tile of int32 sums: sums[r][c] = initial[r][c] + sum over k of A'[r, k] * B[k, c], modulo 2^32.
/// A' is A with the bytes' sign bits flipped where that gives them the sign that the kernel wants: an
/// element of A' is then that of A plus or minus 128, which `initial` makes up for.
struct gemm_tile {
  QMATH_INLINE constexpr gemm_tile() noexcept {}

  const void* a = nullptr;
  std::size_t a_stride = 0;  ///< elements, which are bytes
  std::int32_t a_flip = 0;   ///< 0 or 0x80808080
  std::size_t rows = 0;
  std::size_t k = 0;
  const std::int8_t* panels = nullptr;    ///< the first panel of the tile
  std::size_t panel_bytes = 0;            ///< from one panel to the next
  std::size_t columns = 0;                ///< whole panels
  const std::int32_t* initial = nullptr;  ///< rows of initial_stride; may be the sums themselves
  std::size_t initial_stride = 0;         ///< 0: the same for all rows
  std::int32_t* sums = nullptr;           ///< rows of sums_stride
  std::size_t sums_stride = 0;
};

/// The inner kernel of GEMM, the part that differs between dot product instructions.
struct gemm_dot {
  void (*tile)(const gemm_tile&) = nullptr;
  bool a_is_signed = false;      ///< the sign of A that its instruction wants
  std::size_t max_rows = 0;      ///< of its register tile: multiples of it are computed fastest
  std::size_t main_rows = 0;     ///< of a tile of such multiples
  std::size_t main_columns = 0;  ///< of these tiles; those of fewer rows have all columns of a task
};

struct gemm_kernel {
  /// The tasks first ... last - 1.
  void (*run)(const gemm_problem&, const gemm_dot&, std::size_t first, std::size_t last) = nullptr;
  gemm_dot dot;
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

// ---- Histograms ----------------------------------------------------------------------------------

/// Of the elements of a bin_job.
struct bin_results {
  float min, max;
  std::int32_t
      largest;  ///< magnitude, as bits of a float: 0x7F800000 or more where one is not finite
};

/// The places of elements, half the number of bins + the bin of each (observe_histogram.hpp), and counting in those
/// that were found before. Places, and the range, are any where an element is not finite, or in no bin.
struct bin_job {
  QMATH_INLINE constexpr bin_job() noexcept {}

  const void* in = nullptr;
  std::size_t first = 0;  ///< the elements from number `first` on
  std::size_t n = 0;
  real_type from = real_type::f32;
  float inverse = 1.0f;  ///< 1 / width
  std::int32_t middle = 0;
  std::uint16_t* places = nullptr;
  const std::uint16_t* before = nullptr;  ///< places in which is counted
  std::size_t counted = 0;                ///< so many
  void* counters = nullptr;               ///< of 64 bits if they are wide, otherwise of 16
  bool wide = true;
  std::size_t step = 0;  ///< from a table of counters to the next of four; 0: there is one table
  bin_results* out = nullptr;
};

/// counts[i] += the counters i of four tables, whose sum is less than 2^16; and these become 0.
struct counter_job {
  QMATH_INLINE constexpr counter_job() noexcept {}

  std::uint16_t* counters = nullptr;
  std::size_t bins = 0;
  std::uint64_t* counts = nullptr;
};

// ---- Metrics ---------------------------------------------------------------------------------------

/// Magnitudes of a block, as bits of floats. With NaN or infinities, largest is 0x7F800000 or more.
struct error_range {
  std::uint32_t largest;
  std::uint32_t smallest;  ///< of those that are not 0; 0x80000000 if there is none
};

/// Numbers whose sum is the one wanted, such as those of each level and of what is left (kernels/errors-inl.hpp).
struct split_sum {
  double part[4];
};

struct error_block_sums {
  split_sum aa, ab, bb, a, b;
  int product_parts;      ///< of aa, ab and bb
  int linear_parts;       ///< of a and b
  double largest_error;   ///< the largest fl(|b - a|)
  bool relative_exceeds;  ///< some |b - a| > limit * |a|
};

/// Finite floats: |a| < 2^a_end, |b| < 2^b_end, of `levels` levels.
struct error_block {
  QMATH_INLINE constexpr error_block() noexcept {}

  /// Of a block with several levels.
  static constexpr std::size_t most_elements = 1024;
  /// Blocks are padded with pairs of zeros, which change nothing, to a multiple of this.
  static constexpr std::size_t multiple = 16;

  const float* a = nullptr;
  const float* b = nullptr;
  std::size_t n = 0;
  int a_end = 0, b_end = 0;
  int levels = 1;      ///< 1, 2 or 3
  double limit = 0.0;  ///< its product with a float is exact
  error_block_sums* out = nullptr;
};

/// The upper 29 bits of x, so that its product with a float m is exact: d / m is more than x only if d is more than
/// short_limit(x) * m.
QMATH_INLINE double short_limit(double x) noexcept {
  return bit_cast<double>(bit_cast<std::uint64_t>(x) & ~std::uint64_t{0xFFFFFF});
}

struct error_place {
  double value;
  std::size_t index;
};

struct error_kernel {
  /// Elements as floats, and zeros behind them, up to a multiple of error_block::multiple. Exact; a NaN is a NaN.
  void (*widen)(const void* from, real_type type, std::size_t first, std::size_t n,
                float* to) = nullptr;
  error_range (*range)(const float* x, std::size_t n) = nullptr;
  void (*sum)(const error_block&) = nullptr;
  /// The largest fl(fl(|b - a|) / |a|) of pairs with a != 0, and the first place where it is; 0 if none is above
  /// `known`.
  error_place (*largest_ratio)(const float* a, const float* b, std::size_t n,
                               double known) = nullptr;
  /// The first place where fl(|b - a|) is `error`; there is one.
  std::size_t (*find)(const float* a, const float* b, double error) = nullptr;
  int one_level = 0;              ///< floats that span so many bits need one level
  std::size_t most_elements = 0;  ///< of a block with one level
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
  bool (*all_inside)(const void* values, std::size_t n, std::uint32_t first, std::uint32_t width);

  // QMATH_WITH_CALIBRATION
  void (*find_bins)(const bin_job&);
  void (*add_counters)(const counter_job&);
  error_kernel errors;
  /// x[i] = fl(x[i] * ln(fl(x[i] / y[i]))), or 0 if x[i] is 0. n is a multiple of 8.
  void (*entropy_terms)(double* x, const double* y, std::size_t n);

  // QMATH_WITH_GEMM
  /// Whether a stored code is -128.
  bool (*pack)(const pack_job&);
  void (*unpack)(const unpack_job&);
  void (*hash_panels)(const hash_job&);
  gemm_kernel gemm;
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
