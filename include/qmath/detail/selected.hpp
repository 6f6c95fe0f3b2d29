// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What a selection says of elements, and what must hold of it: for every function that takes one.
#ifndef QMATH_DETAIL_SELECTED_HPP_
#define QMATH_DETAIL_SELECTED_HPP_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "qmath/detail/check.hpp"
#include "qmath/observe/selection.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

QMATH_INLINE constexpr std::size_t smaller(std::size_t a, std::size_t b) noexcept {
  return a < b ? a : b;
}

// ---- Preconditions -------------------------------------------------------------------------------

/// n elements are cut into as many equal parts; 0 parts are none that is asked for.
QMATH_INLINE bool expect_parts(const char* function, const char* name, std::size_t n,
                               const char* text, std::size_t parts) noexcept {
  if (!QMATH_CHECKS || parts == 0 || n % parts == 0) return true;
  library::report_size(function, name, n, text, parts);
  return false;
}

/// Of n elements, which messages call `size`.
QMATH_INLINE bool expect_elements(const char* function, const selection& which, const char* size,
                                  std::size_t n) noexcept {
  if (!expect_data(function, "mask", which.mask.data, which.mask.n) ||
      !expect_data(function, "lengths", which.lengths.data(), which.lengths.size()) ||
      !expect_parts(function, size, n, "a multiple of mask.size()", which.mask.n) ||
      !expect_parts(function, size, n, "a multiple of lengths.size()", which.lengths.size())) {
    return false;
  }
  if (!QMATH_CHECKS || which.lengths.empty()) return true;
  if (which.positions == 0) {
    library::report_argument(function, "positions", "is 0");
    return false;
  }
  if (!expect_parts(function, "the size of a sequence", n / which.lengths.size(),
                    "a multiple of positions", which.positions)) {
    return false;
  }
  for (const std::uint32_t length : which.lengths) {
    if (!expect_at_least(function, "positions", which.positions, "at least every length", length)) {
      return false;
    }
  }
  return true;
}

/// Without a layout there are no channels.
QMATH_INLINE bool expect_selection(const char* function, const selection& which, const char* size,
                                   std::size_t n) noexcept {
  if (which.channels.n != 0) {
    if (QMATH_CHECKS) library::report_argument(function, "channels", "are given without a layout");
    return false;
  }
  return expect_elements(function, which, size, n);
}

/// With one.
QMATH_INLINE bool expect_selection(const char* function, const selection& which, const char* size,
                                   std::size_t n, std::size_t count) noexcept {
  if (which.channels.n != 0 &&
      !expect_equal(function, "channels.size()", which.channels.n, "layout.count()", count)) {
    return false;
  }
  return expect_data(function, "channels", which.channels.data, which.channels.n) &&
         expect_elements(function, which, size, n);
}

/// What is written is not where the selection is.
template <class T>
QMATH_INLINE bool expect_unselecting(const char* function, const char* name, std::span<T> out,
                                     const selection& which) noexcept {
  return expect_disjoint(function, name, out.data(), out.size(), "overlaps mask", which.mask.data,
                         which.mask.n) &&
         expect_disjoint(function, name, out.data(), out.size(), "overlaps lengths",
                         which.lengths.data(), which.lengths.size()) &&
         expect_disjoint(function, name, out.data(), out.size(), "overlaps channels",
                         which.channels.data, which.channels.n);
}

// ---- Elements ------------------------------------------------------------------------------------

QMATH_INLINE constexpr bool selects_all_elements(const selection& which) noexcept {
  return which.mask.n == 0 && which.lengths.empty();
}

QMATH_INLINE bool selects_channel(const selection& which, std::size_t c) noexcept {
  return which.channels.n == 0 || which.channels.data[c] != 0;
}

/// A byte for each of the elements [begin, begin + length) of n, not 0 if mask and lengths select it: those of the
/// mask, or written to `buffer`. Runs of bytes, so that it takes less time than what is done with the elements.
QMATH_INLINE const unsigned char* selected_bytes(const selection& which, std::size_t n,
                                                 std::size_t begin, std::size_t length,
                                                 unsigned char* buffer) noexcept {
  const std::size_t end = begin + length;
  if (which.lengths.empty() && which.mask.n == n) return which.mask.data + begin;
  const std::size_t each = which.mask.n == 0 ? n : n / which.mask.n;
  for (std::size_t i = begin; i < end;) {
    const std::size_t stop = smaller((i / each + 1) * each, end);
    const bool used = which.mask.n == 0 || which.mask.data[i / each] != 0;
    std::memset(buffer + (i - begin), used ? 1 : 0, stop - i);
    i = stop;
  }
  if (which.lengths.empty()) return buffer;
  const std::size_t sequence = n / which.lengths.size(), token = sequence / which.positions;
  for (std::size_t i = begin; i < end;) {
    const std::size_t s = i / sequence, stop = smaller((s + 1) * sequence, end);
    const std::size_t unused = s * sequence + which.lengths[s] * token;
    const std::size_t from = unused > i ? unused : i;
    if (from < stop) std::memset(buffer + (from - begin), 0, stop - from);
    i = stop;
  }
  return buffer;
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_SELECTED_HPP_
