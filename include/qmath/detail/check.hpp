// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Precondition checks. Each returns true when the precondition holds; otherwise it calls the contract
// handler and returns false, and the caller returns without having written anything.
#ifndef QMATH_DETAIL_CHECK_HPP_
#define QMATH_DETAIL_CHECK_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/contract.hpp"
#include "qmath/core/params.hpp"
#include "qmath/core/view.hpp"
#include "qmath/detail/bits.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/formats/integer.hpp"

// ---- The slow half: compose the message and call the handler (defined in detail/contract_impl.hpp)
QMATH_BEGIN_LIBRARY
namespace library {

inline constexpr std::size_t no_index = static_cast<std::size_t>(-1);

/// "function: name_a is a, but name_b is b"
void report_mismatch(const char* function, const char* name_a, std::size_t a, const char* name_b,
                     std::size_t b) noexcept;
/// "function: name is value, must be requirement, number"
void report_size(const char* function, const char* name, std::size_t value, const char* requirement,
                 std::size_t number) noexcept;
/// "function: name[index]rest is value, must be finite and > 0"
void report_scale(const char* function, const char* name, std::size_t index, double value,
                  const char* rest = "") noexcept;
/// "function: name[index]rest is value, outside [lo, hi]"
void report_outside(const char* function, const char* name, std::size_t index, long long value,
                    long long lo, long long hi, const char* rest = "") noexcept;
/// "function: low_name is low, but high_name is high"
void report_order(const char* function, const char* low_name, double low, const char* high_name,
                  double high) noexcept;
/// "function: name is value, not kind"
void report_unknown(const char* function, const char* name, const char* value,
                    const char* kind) noexcept;
/// "function: codes are [min, max], of which the format with [lo, hi] has none", or
/// "function: codes.min is min, but codes.max is max"
void report_codes(const char* function, long long min, long long max, long long lo,
                  long long hi) noexcept;
/// "function: name text"
void report_argument(const char* function, const char* name, const char* text) noexcept;
/// "function: argument name overlaps, its bytes i to j are bytes k to l there", for memory from address a and
/// from address b on. `overlaps` is the text "overlaps ..." with the name of the latter.
void report_overlap(const char* function, const char* name, std::uintptr_t a, std::size_t a_bytes,
                    const char* overlaps, std::uintptr_t b, std::size_t b_bytes) noexcept;

}  // namespace library
QMATH_END_LIBRARY

QMATH_BEGIN_NAMESPACE
namespace impl {
using library::no_index;

QMATH_INLINE constexpr bool expect_equal(const char* function, const char* name_a, std::size_t a,
                                         const char* name_b, std::size_t b) noexcept {
  if (!QMATH_CHECKS || a == b) return true;
  library::report_mismatch(function, name_a, a, name_b, b);
  return false;
}

/// value >= number; the requirement is the text "at least ...".
QMATH_INLINE constexpr bool expect_at_least(const char* function, const char* name,
                                            std::size_t value, const char* requirement,
                                            std::size_t number) noexcept {
  if (!QMATH_CHECKS || value >= number) return true;
  library::report_size(function, name, value, requirement, number);
  return false;
}

/// value is `other` or number; the requirement is the text "... or ...".
QMATH_INLINE bool expect_either(const char* function, const char* name, std::size_t value,
                                std::size_t other, const char* requirement,
                                std::size_t number) noexcept {
  if (!QMATH_CHECKS || value == other || value == number) return true;
  library::report_size(function, name, value, requirement, number);
  return false;
}

QMATH_INLINE constexpr bool expect_inside(const char* function, const char* name, std::size_t index,
                                          std::int32_t value, std::int32_t lo, std::int32_t hi,
                                          const char* rest = "") noexcept {
  if (!QMATH_CHECKS || (lo <= value && value <= hi)) return true;
  library::report_outside(function, name, index, value, lo, hi, rest);
  return false;
}

/// Finite and > 0. From the bits: where the caller has subnormal numbers flushed, they compare as 0, and
/// where the caller's code is compiled with -ffast-math, there is no infinity.
QMATH_INLINE constexpr bool is_scale(float value) noexcept {
  return detail::bit_cast<std::uint32_t>(value) - 1u < 0x7F7FFFFFu;
}
QMATH_INLINE constexpr bool is_scale(double value) noexcept {
  return detail::bit_cast<std::uint64_t>(value) - 1u < 0x7FEFFFFFFFFFFFFFu;
}

/// Scales and multipliers.
template <class Real>
QMATH_INLINE constexpr bool expect_scale(const char* function, const char* name, std::size_t index,
                                         Real value, const char* rest = "") noexcept {
  if (!QMATH_CHECKS || is_scale(value)) return true;
  library::report_scale(function, name, index, static_cast<double>(value), rest);
  return false;
}

/// The codes that both ranges have.
QMATH_INLINE constexpr code_range common_codes(code_range a, code_range b) noexcept {
  return {a.min > b.min ? a.min : b.min, a.max < b.max ? a.max : b.max};
}

/// At least one.
QMATH_INLINE constexpr bool expect_codes(const char* function, code_range wanted,
                                         code_range format) noexcept {
  const code_range codes = common_codes(wanted, format);
  if (!QMATH_CHECKS || codes.min <= codes.max) return true;
  library::report_codes(function, wanted.min, wanted.max, format.min, format.max);
  return false;
}

/// Codes of the format; for 32 bits, where sums with them would leave the type, 0.
QMATH_INLINE constexpr code_range zero_points_of(code_range format) noexcept {
  return format == code_range{} ? code_range{0, 0} : format;
}

QMATH_INLINE bool expect_zero_point(const char* function, const char* name, std::int32_t value,
                                    code_range format) noexcept {
  const code_range valid = zero_points_of(format);
  return expect_inside(function, name, no_index, value, valid.min, valid.max);
}

/// low <= high
QMATH_INLINE bool expect_order(const char* function, const char* low_name, std::int32_t low,
                               const char* high_name, std::int32_t high) noexcept {
  if (!QMATH_CHECKS || low <= high) return true;
  library::report_order(function, low_name, static_cast<double>(low), high_name,
                        static_cast<double>(high));
  return false;
}

/// min <= max, neither of them NaN. From the bits where -ffast-math would know better.
QMATH_INLINE bool expect_bounds(const char* function, float min, float max) noexcept {
  if (!QMATH_CHECKS || (!detail::is_nan(min) && !detail::is_nan(max) && !(min > max))) return true;
  library::report_order(function, "min", static_cast<double>(min), "max", static_cast<double>(max));
  return false;
}

/// No null pointer to elements.
QMATH_INLINE constexpr bool expect_data(const char* function, const char* name, const void* data,
                                        std::size_t n) noexcept {
  if (!QMATH_CHECKS || n == 0 || data != nullptr) return true;
  library::report_argument(function, name, "has no data");
  return false;
}

/// As many bytes as an object can have; negative sizes that were converted to unsigned ones are more.
inline constexpr std::size_t most_bytes = static_cast<std::size_t>(-1) / 2;

/// Of n elements, or the largest number there is.
QMATH_INLINE constexpr std::size_t bytes_of(std::size_t n, std::size_t element) noexcept {
  return n <= most_bytes / element ? n * element : static_cast<std::size_t>(-1);
}

/// The same, and no array that is larger than the address space.
QMATH_INLINE bool expect_array(const char* function, const char* name, const char* size_name,
                               const void* data, std::size_t n, std::size_t bytes) noexcept {
  if (!expect_data(function, name, data, n)) return false;
  if (!QMATH_CHECKS || bytes <= most_bytes) return true;
  library::report_size(function, size_name, n, "small enough for the address space in bytes",
                       most_bytes);
  return false;
}

/// What messages call a layout.
struct layout_names {
  const char *whole, *count;
  const char* period;  ///< "a multiple of ..."
  const char* sizes[5];
};
inline constexpr layout_names names_of_layout = {
    "layout",
    "layout.count()",
    "a multiple of layout.period()",
    {"layout.outer", "layout.rows", "layout.cols", "layout.block_rows", "layout.block_cols"}};

/// False for what stands for an axis out of range or shapes that do not broadcast: see granularity.hpp.
QMATH_INLINE constexpr bool expect_made(const char* function, const granularity& layout) noexcept {
  if (layout.outer != 0 || layout.block_rows != 0) return true;
  const std::size_t value = layout.cols, number = layout.rows;
  switch (layout.block_cols) {
    case static_cast<std::size_t>(detail::bad_broadcast::axes):
      library::report_size(function, "entries.size()", value, "at most the number of dimensions",
                           number);
      break;
    case static_cast<std::size_t>(detail::bad_broadcast::size):
      library::report_size(function, "a size in entries", value, "1 or that of the axis", number);
      break;
    case static_cast<std::size_t>(detail::bad_broadcast::runs):
      library::report_argument(function, "entries", "are of more than two runs of axes");
      break;
    default:
      library::report_size(function, "axis", value, "less than the number of dimensions", number);
  }
  return false;
}

/// All numbers of the layout >= 1 and their product inside the address space, as many values as it has
/// parameters, and n elements are whole repeats. Without elements there may be no values either.
QMATH_INLINE constexpr bool expect_layout(const char* function, const char* values_name,
                                          std::size_t values, const granularity& layout,
                                          const char* n_name, std::size_t n,
                                          const layout_names& names = names_of_layout) noexcept {
  if (!QMATH_CHECKS) return true;
  if (!expect_made(function, layout)) return false;
  const std::size_t sizes[] = {layout.outer, layout.rows, layout.cols, layout.block_rows,
                               layout.block_cols};
  for (int i = 0; i < 5; ++i) {
    if (sizes[i] != 0) continue;
    const char* size = "is 0, must be at least 1";
    const char* block = "is 0, must be at least 1 (the size of groups or blocks)";
    return library::report_argument(function, names.sizes[i], i < 3 ? size : block), false;
  }
  if (layout.outer > most_bytes / layout.cols / layout.rows) {  // a quotient may be 0
    return library::report_argument(function, names.whole, "is larger than the address space"),
           false;
  }
  if (n == 0 && values == 0) return true;
  if (!expect_equal(function, values_name, values, names.count, layout.count())) return false;
  if (n % layout.period() == 0) return true;
  library::report_size(function, n_name, n, names.period, layout.period());
  return false;
}

/// a is in other memory than b. `overlaps` is the text "overlaps ..." with the name of b.
template <class A, class B>
QMATH_INLINE bool expect_disjoint(const char* function, const char* name, const A* a,
                                  std::size_t a_count, const char* overlaps, const B* b,
                                  std::size_t b_count) noexcept {
  if (!QMATH_CHECKS || a_count == 0 || b_count == 0) return true;
  const auto a0 = reinterpret_cast<std::uintptr_t>(a);
  const auto b0 = reinterpret_cast<std::uintptr_t>(b);
  if (a0 + a_count * sizeof(A) <= b0 || b0 + b_count * sizeof(B) <= a0) return true;
  library::report_overlap(function, name, a0, a_count * sizeof(A), overlaps, b0,
                          b_count * sizeof(B));
  return false;
}

/// Data present unless empty, stride >= cols, and all of it inside the address space: negative sizes that
/// were converted to unsigned ones are not.
template <class T>
QMATH_INLINE bool expect_matrix(const char* function, const char* name, const char* stride_name,
                                const matrix_view<T>& m) noexcept {
  if (!QMATH_CHECKS || m.rows == 0 || m.cols == 0) return true;
  if (!expect_data(function, name, m.data, m.rows)) return false;
  if (m.stride > most_bytes / sizeof(T) / m.rows) {
    library::report_argument(function, name, "is larger than the address space");
    return false;
  }
  return expect_at_least(function, stride_name, m.stride, "at least the number of columns", m.cols);
}

/// Elements between the first and the last one of a matrix, both included.
template <class T>
QMATH_INLINE constexpr std::size_t extent_of(const matrix_view<T>& m) noexcept {
  return m.rows == 0 || m.cols == 0 ? 0 : (m.rows - 1) * m.stride + m.cols;
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_CHECK_HPP_
