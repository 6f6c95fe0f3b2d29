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

QMATH_BEGIN_TYPES
namespace detail {

/// A selection of n > 0 elements with nothing left to its defaults: what loops ask.
struct selected_elements {
  QMATH_INLINE constexpr selected_elements() noexcept {}

  struct mask {
    const unsigned char* data = nullptr;
    granularity layout = {};
    std::size_t each = 0;  ///< neighbours of an entry, in their order; 0: see the layout
  } masks[2] = {};
  std::size_t mask_count = 0;
  const std::uint32_t* lengths = nullptr;
  /// Elements of a token, and of all positions; how often these come in a sequence.
  std::size_t token = 1, round = 1, rounds = 1;
  const unsigned char* channels = nullptr;  ///< of the call's layout
  const unsigned char* bytes = nullptr;     ///< one for each element, if that is all
  bool all = true;                          ///< masks and lengths select all elements
  bool simple = true;                       ///< one mask of neighbours at most, no rounds
};

}  // namespace detail
QMATH_END_TYPES

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

inline constexpr layout_names names_of_mask_layout = {
    "mask.layout",
    "mask.layout.count()",
    "a multiple of mask.layout.period()",
    {"mask.layout.outer", "mask.layout.rows", "mask.layout.cols", "mask.layout.block_rows",
     "mask.layout.block_cols"}};
inline constexpr layout_names names_of_channel_layout = {
    "channels.layout",
    "channels.layout.count()",
    "a multiple of channels.layout.period()",
    {"channels.layout.outer", "channels.layout.rows", "channels.layout.cols",
     "channels.layout.block_rows", "channels.layout.block_cols"}};

inline bool expect_lengths(const char* function, const selection& which, const char* size,
                           std::size_t n) noexcept {
  if (!expect_data(function, "lengths", which.lengths.data(), which.lengths.size()) ||
      !expect_parts(function, size, n, "a multiple of lengths.size()", which.lengths.size())) {
    return false;
  }
  if (!QMATH_CHECKS || which.lengths.empty()) return true;
  if (which.positions == 0) {
    library::report_argument(function, "positions", "is 0");
    return false;
  }
  const std::size_t sequence = n / which.lengths.size();
  if (!expect_parts(function, "the size of a sequence", sequence, "a multiple of positions",
                    which.positions) ||
      !expect_parts(function, "the size of a sequence / positions", sequence / which.positions,
                    "a multiple of token_size", which.token_size)) {
    return false;
  }
  for (const std::uint32_t length : which.lengths) {
    if (!expect_at_least(function, "positions", which.positions, "at least every length", length)) {
      return false;
    }
  }
  return true;
}

/// Of n elements, which messages call `size`. `count`: of the call's layout, 0 if it has none.
inline bool expect_selection(const char* function, const selection& which, const char* size,
                             std::size_t n, std::size_t count) noexcept {
  const mask_view &mask = which.mask, &channels = which.channels;
  if (!expect_data(function, "mask", mask.data, mask.n) ||
      !expect_data(function, "channels", channels.data, channels.n)) {
    return false;
  }
  if (mask.n != 0 &&
      !(mask.has_layout ? expect_layout(function, "mask.size()", mask.n, mask.layout, size, n,
                                        names_of_mask_layout)
                        : expect_parts(function, size, n, "a multiple of mask.size()", mask.n))) {
    return false;
  }
  if (channels.n != 0) {
    if (channels.has_layout) {
      if (!expect_layout(function, "channels.size()", channels.n, channels.layout, size, n,
                         names_of_channel_layout)) {
        return false;
      }
    } else if (count == 0) {
      if (QMATH_CHECKS)
        library::report_argument(function, "channels", "are given without a layout");
      return false;
    } else if (!expect_equal(function, "channels.size()", channels.n, "layout.count()", count)) {
      return false;
    }
  }
  return expect_lengths(function, which, size, n);
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

/// How many neighbours each entry of a layout of n elements stands for, in the order of the entries; 0 where it is not
/// so.
QMATH_INLINE constexpr std::size_t neighbours_of(const granularity& g, std::size_t n) noexcept {
  if (g.period() != n) return 0;
  if (g.block_cols < g.cols)
    return g.block_rows == 1 && g.cols % g.block_cols == 0 ? g.block_cols : 0;
  if (g.block_rows >= g.rows) return g.rows * g.cols;
  return g.rows % g.block_rows == 0 ? g.block_rows * g.cols : 0;
}

QMATH_INLINE void add_mask(detail::selected_elements& s, const mask_view& mask,
                           std::size_t each) noexcept {
  detail::selected_elements::mask& to = s.masks[s.mask_count++];
  to.data = mask.data;
  to.layout = mask.layout;
  to.each = each;
}

/// Of n elements, for which expect_selection holds.
inline detail::selected_elements selected_of(const selection& which, std::size_t n) noexcept {
  detail::selected_elements s;
  if (n == 0) return s;
  const mask_view &mask = which.mask, &channels = which.channels;
  if (mask.n != 0) {
    add_mask(s, mask, mask.has_layout ? neighbours_of(mask.layout, n) : n / mask.n);
  }
  if (channels.n != 0 && channels.has_layout) {
    add_mask(s, channels, neighbours_of(channels.layout, n));
  } else if (channels.n != 0) {
    s.channels = channels.data;
  }
  if (!which.lengths.empty()) {
    const std::size_t sequence = n / which.lengths.size();
    s.lengths = which.lengths.data();
    s.token = which.token_size != 0 ? which.token_size : sequence / which.positions;
    s.round = s.token * which.positions;
    s.rounds = sequence / s.round;
  }
  s.all = s.mask_count == 0 && s.lengths == nullptr;
  s.simple = s.mask_count == 0 || (s.mask_count == 1 && s.masks[0].each != 0);
  s.simple = s.simple && s.rounds == 1;
  if (s.simple && s.masks[0].each == 1 && s.lengths == nullptr) s.bytes = s.masks[0].data;
  return s;
}

QMATH_INLINE bool selects_channel(const detail::selected_elements& s, std::size_t c) noexcept {
  return s.channels == nullptr || s.channels[c] != 0;
}

/// f(i, n, entry, each) for the runs [i, i + n) of elements in [begin, end) that have the same entry of the mask, each
/// = 0, or entries that are neighbours as they are, each = 1.
template <class F>
QMATH_INLINE void for_each_entry(const detail::selected_elements::mask& mask, std::size_t begin,
                                 std::size_t end, const F& f) noexcept {
  if (mask.each == 1) return f(begin, end - begin, mask.data + begin, 1);
  if (mask.each != 0) {
    for (std::size_t i = begin, k = begin / mask.each; i < end; ++k) {
      const std::size_t stop = smaller((k + 1) * mask.each, end);
      f(i, stop - i, mask.data + k, 0);
      i = stop;
    }
    return;
  }
  const granularity& g = mask.layout;
  const std::size_t col_blocks = g.col_blocks(), row_blocks = g.row_blocks();
  for (std::size_t i = begin; i < end;) {
    const std::size_t row = i / g.cols, col = i - row * g.cols;
    const std::size_t block_row = row / g.rows % g.outer * row_blocks + row % g.rows / g.block_rows;
    const unsigned char* entry = mask.data + block_row * col_blocks;
    const std::size_t row_end = smaller(i - col + g.cols, end);
    if (g.block_cols == 1) {
      f(i, row_end - i, entry + col, 1);
      i = row_end;
      continue;
    }
    const std::size_t block = col / g.block_cols;
    std::size_t stop = i - col + (block + 1) * g.block_cols;
    for (entry += block; i < row_end; ++entry, stop += g.block_cols) {
      const std::size_t here = smaller(stop, row_end);
      f(i, here - i, entry, 0);
      i = here;
    }
  }
}

/// The bytes of elements [begin, end).
inline void write_mask(const detail::selected_elements::mask& mask, std::size_t begin,
                       std::size_t end, unsigned char* bytes) noexcept {
  for_each_entry(mask, begin, end,
                 [&](std::size_t i, std::size_t n, const unsigned char* entry, std::size_t each)
                     QMATH_INLINE_LAMBDA {
                       if (each == 0) {
                         std::memset(bytes + (i - begin), *entry, n);
                       } else {
                         std::memcpy(bytes + (i - begin), entry, n);
                       }
                     });
}

/// Puts zeros where they are 0.
inline void clear_masked(const detail::selected_elements::mask& mask, std::size_t begin,
                         std::size_t end, unsigned char* bytes) noexcept {
  for_each_entry(mask, begin, end,
                 [&](std::size_t i, std::size_t n, const unsigned char* entry, std::size_t each)
                     QMATH_INLINE_LAMBDA {
                       unsigned char* const to = bytes + (i - begin);
                       if (each == 0) {
                         if (*entry == 0) std::memset(to, 0, n);
                       } else {
                         for (std::size_t k = 0; k < n; ++k) to[k] = entry[k] != 0 ? to[k] : 0;
                       }
                     });
}

/// The same for tokens that are not before the length of their sequence.
inline void clear_behind_lengths(const detail::selected_elements& s, std::size_t begin,
                                 std::size_t end, unsigned char* bytes) noexcept {
  for (std::size_t r = begin / s.round, i = begin; i < end; ++r) {
    const std::size_t stop = smaller((r + 1) * s.round, end);
    const std::size_t length = s.lengths[s.rounds == 1 ? r : r / s.rounds];
    const std::size_t unused = r * s.round + length * s.token, from = unused > i ? unused : i;
    if (from < stop) std::memset(bytes + (from - begin), 0, stop - from);
    i = stop;
  }
}

/// A byte for each of the elements [begin, begin + length), not 0 if masks and lengths select it.
inline void write_selected(const detail::selected_elements& s, std::size_t begin,
                           std::size_t length, unsigned char* to) noexcept {
  const std::size_t end = begin + length;
  if (s.mask_count == 0) {
    std::memset(to, 1, length);
  } else {
    write_mask(s.masks[0], begin, end, to);
  }
  if (s.mask_count == 2) clear_masked(s.masks[1], begin, end, to);
  if (s.lengths != nullptr) clear_behind_lengths(s, begin, end, to);
}

/// The same: those of a mask, or written to `buffer`. Runs of bytes, so that it takes less time than what is done with
/// the elements.
QMATH_INLINE const unsigned char* selected_bytes(const detail::selected_elements& s,
                                                 std::size_t begin, std::size_t length,
                                                 unsigned char* buffer) noexcept {
  if (s.bytes != nullptr) return s.bytes + begin;
  write_selected(s, begin, length, buffer);
  return buffer;
}

}  // namespace impl
QMATH_END_NAMESPACE

#endif  // QMATH_DETAIL_SELECTED_HPP_
