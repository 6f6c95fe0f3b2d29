// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Cuts a tensor into pieces: contiguous elements that are selected and belong to one observer.
#ifndef QMATH_DETAIL_OBSERVE_WALK_HPP_
#define QMATH_DETAIL_OBSERVE_WALK_HPP_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "qmath/detail/call.hpp"
#include "qmath/detail/selected.hpp"
#include "qmath/granularity.hpp"

QMATH_BEGIN_TYPES
namespace detail {

QMATH_INLINE constexpr std::size_t size_of(real_type type) noexcept {
  return type == real_type::f32 ? 4 : 2;
}

struct walk_job {
  QMATH_INLINE constexpr walk_job() noexcept {}

  const void* data = nullptr;
  std::size_t n = 0;
  real_type type = real_type::f32;
  granularity layout;
  selection which;
  void* states = nullptr;
  std::size_t state_size = 0;

  QMATH_INLINE constexpr bool selects_all() const noexcept {
    return which.mask.n == 0 && which.lengths.empty() && which.channels.n == 0;
  }
};

/// Takes a piece of n elements for the state number (state - job.states) / job.state_size.
using piece_function = void (*)(const walk_job& job, void* state, const void* x, std::size_t n);

}  // namespace detail
QMATH_END_TYPES

QMATH_BEGIN_NAMESPACE
namespace impl {

QMATH_INLINE constexpr std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) noexcept {
  return a + b < a ? ~std::uint64_t{0} : a + b;
}

/// Elements of block c in one period.
QMATH_INLINE constexpr std::size_t elements_of(const granularity& g, std::size_t c) noexcept {
  const std::size_t row = c / g.col_blocks() % g.row_blocks() * g.block_rows;
  const std::size_t col = c % g.col_blocks() * g.block_cols;
  return smaller(g.block_rows, g.rows - row) * smaller(g.block_cols, g.cols - col);
}

/// How many elements from i on, which is inside one repeat, go to the same sums.
QMATH_INLINE std::size_t run_length(const granularity& g, std::size_t i) noexcept {
  const std::size_t col = i % g.cols, row = i / g.cols % g.rows;
  if (g.block_cols < g.cols) {
    const std::size_t in_block = g.block_cols - col % g.block_cols;
    return in_block < g.cols - col ? in_block : g.cols - col;
  }
  const std::size_t rows = g.block_rows - row % g.block_rows;
  return (rows < g.rows - row ? rows : g.rows - row) * g.cols - col;
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

/// Gives every selected element to `add` once, with its observer; pieces have a length > 0. The order of pieces
/// is no part of the contract: observers may not depend on it.
QMATH_LIBRARY void walk(const detail::walk_job& job, detail::piece_function add) noexcept;

#if QMATH_HAS_KERNELS

/// Collects short runs, until there are enough of them for a call.
class piece_collector {
 public:
  static constexpr std::size_t long_run = 256, capacity = 1024;
  /// Of blocks that are narrower, the bytes of a selection are found for so many columns at a time.
  static constexpr std::size_t tile_cols = 64;

  piece_collector(const detail::walk_job& job, const detail::selected_elements& which,
                  detail::piece_function add) noexcept
      : job_(job),
        which_(which),
        add_(add),
        element_(detail::size_of(job.type)),
        has_lengths_(which.lengths != nullptr),
        has_mask_(which.mask_count != 0),
        mask_(which.masks[0].data),
        per_byte_(which.masks[0].each),
        sequence_(which.round),
        token_(which.token) {}

  void begin(std::size_t c) noexcept {
    state_ = static_cast<unsigned char*>(job_.states) + c * job_.state_size;
  }

  /// Elements [begin, end), those of them that are selected, where which.simple.
  void put(std::size_t begin, std::size_t end) noexcept {
    if (!has_lengths_) return put_masked(begin, end);
    for (std::size_t s = begin / sequence_; s * sequence_ < end; ++s) {
      const std::size_t first = s * sequence_;
      const std::size_t last = first + which_.lengths[s] * token_;
      put_masked(first < begin ? begin : first, last < end ? last : end);
    }
  }

  /// The same for any selection.
  void put_any(std::size_t begin, std::size_t end) noexcept {
    unsigned char bytes[capacity];
    while (begin != end) {
      const std::size_t n = impl::smaller(end - begin, capacity);
      put_selected(impl::selected_bytes(which_, begin, n, bytes), begin, begin + n);
      begin += n;
    }
  }

  /// The same, with a byte for each element.
  void put_selected(const unsigned char* used, std::size_t begin, std::size_t end) noexcept {
    while (begin != end) {
      if (held_ == capacity) flush();
      const std::size_t n = impl::smaller(end - begin, capacity - held_);
      keep(used, begin, n);
      used += n, begin += n;
    }
  }

  void flush() noexcept {
    if (held_ != 0) add_(job_, state_, buffer_, held_);
    held_ = 0;
  }

 private:
  void put_masked(std::size_t begin, std::size_t end) noexcept {
    if (begin >= end) return;
    if (!has_mask_) return put_run(begin, end);
    if (per_byte_ == 1) return put_selected(mask_ + begin, begin, end);
    for (std::size_t k = begin / per_byte_; begin < end;) {
      const bool selected = mask_[k] != 0;
      std::size_t next = (k + 1) * per_byte_;
      for (++k; next < end && (mask_[k] != 0) == selected; ++k) next += per_byte_;
      if (next > end) next = end;
      if (selected) put_run(begin, next);
      begin = next;
    }
  }

  /// Those of n elements whose byte is not 0: copied without a branch, which random masks would mispredict.
  void keep(const unsigned char* used, std::size_t begin, std::size_t n) noexcept {
    const auto* const from = static_cast<const unsigned char*>(job_.data) + begin * element_;
    std::size_t held = held_;
    if (element_ == 4) {
      for (std::size_t i = 0; i < n; held += used[i++] != 0 ? 1 : 0) {
        __builtin_memcpy(buffer_ + 4 * held, from + 4 * i, 4);
      }
    } else {
      for (std::size_t i = 0; i < n; held += used[i++] != 0 ? 1 : 0) {
        __builtin_memcpy(buffer_ + 2 * held, from + 2 * i, 2);
      }
    }
    held_ = held;
  }

  void put_run(std::size_t begin, std::size_t end) noexcept {
    const unsigned char* from = static_cast<const unsigned char*>(job_.data) + begin * element_;
    std::size_t n = end - begin;
    if (n >= long_run) return add_(job_, state_, from, n);
    if (held_ + n > capacity) flush();
    unsigned char* to = buffer_ + held_ * element_;
    held_ += n;
    if (n <= 4) {  // cheaper than a call of memcpy
      for (std::size_t i = 0; i < n * element_; i += 2) __builtin_memcpy(to + i, from + i, 2);
    } else {
      std::memcpy(to, from, n * element_);
    }
  }

  const detail::walk_job& job_;
  const detail::selected_elements& which_;
  detail::piece_function add_;
  std::size_t element_;
  bool has_lengths_, has_mask_;
  const unsigned char* mask_;
  std::size_t per_byte_, sequence_, token_;
  void* state_ = nullptr;
  std::size_t held_ = 0;
  alignas(16) unsigned char buffer_[capacity * 4];
};

/// How the elements of a piece are found to be selected.
enum class walk_kind : unsigned char { simple, any, tiled };

/// Pieces of every block of g, in which repeats are rows where they can be.
template <walk_kind Kind>
inline void walk_blocks(const detail::walk_job& job, const granularity& g,
                        const detail::selected_elements& which, piece_collector& pieces) noexcept {
  // So many rows of all blocks in a row of them: neighbouring columns share cache lines.
  constexpr std::size_t together = 64, tile_cols = piece_collector::tile_cols;
  unsigned char tile[Kind == walk_kind::tiled ? together * tile_cols : 1];
  for (std::size_t begin = 0; begin < job.n; begin += g.rows * g.cols) {
    const std::size_t matrix = begin / (g.rows * g.cols) % g.outer;
    for (std::size_t row = 0; row < g.rows;) {
      const std::size_t block_row = row / g.block_rows;
      const std::size_t block_end = impl::smaller((block_row + 1) * g.block_rows, g.rows);
      const std::size_t rows_end = g.block_cols >= piece_collector::long_run
                                       ? block_end
                                       : impl::smaller(row + together, block_end);
      std::size_t c = (matrix * g.row_blocks() + block_row) * g.col_blocks();
      std::size_t left = 0, tile_end = 0;
      for (std::size_t col = 0; col < g.cols; col += g.block_cols, ++c) {
        if (!impl::selects_channel(which, c)) continue;
        const std::size_t width = impl::smaller(g.block_cols, g.cols - col);
        if (Kind == walk_kind::tiled && col >= tile_end) {
          left = col;
          tile_end = impl::smaller(col + tile_cols / g.block_cols * g.block_cols, g.cols);
          for (std::size_t r = row; r < rows_end; ++r) {
            impl::write_selected(which, begin + r * g.cols + left, tile_end - left,
                                 tile + (r - row) * tile_cols);
          }
        }
        pieces.begin(c);
        for (std::size_t r = row; r < rows_end; ++r) {
          const std::size_t i = begin + r * g.cols + col;
          if constexpr (Kind == walk_kind::simple) pieces.put(i, i + width);
          if constexpr (Kind == walk_kind::any) pieces.put_any(i, i + width);
          if constexpr (Kind == walk_kind::tiled) {
            pieces.put_selected(tile + (r - row) * tile_cols + (col - left), i, i + width);
          }
        }
        pieces.flush();
      }
      row = rows_end;
    }
  }
}

QMATH_LIBRARY void walk(const detail::walk_job& job, detail::piece_function add) noexcept {
  granularity g = job.layout;
  // Repeats are more rows, where all rows have the same blocks.
  if (g.outer == 1 && g.block_rows >= g.rows) g.rows = g.block_rows = job.n / g.cols;
  if (g.block_rows > g.rows) g.block_rows = g.rows;
  if (g.block_cols > g.cols) g.block_cols = g.cols;
  if (job.selects_all() && g.block_rows == 1 && g.block_cols > 4) {
    // Contiguous: no collecting.
    const unsigned char* from = static_cast<const unsigned char*>(job.data);
    for (std::size_t i = 0; i < job.n; i += g.cols) {
      std::size_t c = i / g.cols % (g.outer * g.rows) * g.col_blocks();
      for (std::size_t col = 0; col < g.cols; col += g.block_cols, ++c) {
        add(job, static_cast<unsigned char*>(job.states) + c * job.state_size,
            from + (i + col) * detail::size_of(job.type),
            impl::smaller(g.block_cols, g.cols - col));
      }
    }
    return;
  }
  const detail::selected_elements which = impl::selected_of(job.which, job.n);
  piece_collector pieces(job, which, add);
  if (!which.all && which.bytes == nullptr && g.block_cols < piece_collector::tile_cols) {
    walk_blocks<walk_kind::tiled>(job, g, which, pieces);
  } else if (which.simple) {
    walk_blocks<walk_kind::simple>(job, g, which, pieces);
  } else {
    walk_blocks<walk_kind::any>(job, g, which, pieces);
  }
}

#endif

}  // namespace library
QMATH_END_LIBRARY

#endif  // QMATH_DETAIL_OBSERVE_WALK_HPP_
