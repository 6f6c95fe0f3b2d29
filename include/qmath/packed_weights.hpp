// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// A packed matrix (pack.hpp) together with its memory, for those who do not want to manage that.
/// The only functions of qmath that allocate are the ones here: where memory runs out they do what operator new
/// does.
#ifndef QMATH_PACKED_WEIGHTS_HPP_
#define QMATH_PACKED_WEIGHTS_HPP_

#include <cstddef>
#include <new>
#include <span>
#include <type_traits>

#include "qmath/core/concepts.hpp"
#include "qmath/core/view.hpp"
#include "qmath/pack.hpp"

QMATH_BEGIN_NAMESPACE

/// Movable, not copyable; wherever a packed_matrix is wanted, it is one. The default is the empty matrix.
///
///     const auto w = packed_weights::transposed(matrix_view(weights, out, in));
///     gemm(a, {}, w, c);
class packed_weights {
 public:
  packed_weights() = default;

  /// b: [k, n]. Empty after a broken precondition, which is that of pack.
  template <class B>
    requires eight_bit_integer<std::remove_const_t<B>>
  explicit packed_weights(matrix_view<B> b) {
    if (!impl::expect_matrix("packed_weights", "b", "b.stride", b)) return;
    const std::size_t size = packed_size(b.rows, b.cols);
    memory_ = static_cast<std::byte*>(::operator new(size, alignment));
    matrix_ = pack(b, {memory_, size});
  }

  /// bt: [n, k], as weights stored [out, in].
  template <class B>
    requires eight_bit_integer<std::remove_const_t<B>>
  static packed_weights transposed(matrix_view<B> bt) {
    packed_weights w;
    if (!impl::expect_matrix("packed_weights::transposed", "bt", "bt.stride", bt)) return w;
    const std::size_t size = packed_size(bt.cols, bt.rows);
    w.memory_ = static_cast<std::byte*>(::operator new(size, alignment));
    w.matrix_ = pack_transposed(bt, {w.memory_, size});
    return w;
  }

  packed_weights(packed_weights&& other) noexcept : memory_(other.memory_), matrix_(other.matrix_) {
    other.memory_ = nullptr;
    other.matrix_ = {};
  }
  packed_weights& operator=(packed_weights&& other) noexcept {
    const packed_weights old(static_cast<packed_weights&&>(*this));
    memory_ = other.memory_, matrix_ = other.matrix_;
    other.memory_ = nullptr, other.matrix_ = {};
    return *this;
  }
  ~packed_weights() { ::operator delete(memory_, alignment); }

  QMATH_INLINE const packed_matrix& matrix() const noexcept { return matrix_; }
  // NOLINTNEXTLINE(google-explicit-constructor): it is one
  QMATH_INLINE operator const packed_matrix&() const& noexcept { return matrix_; }
  operator const packed_matrix&() const&& = delete;  // a plan would view memory that is gone

  /// What may be written to a file and opened with open_packed.
  QMATH_INLINE std::span<const std::byte> bytes() const noexcept { return packed_bytes(matrix_); }

 private:
  static constexpr std::align_val_t alignment{64};

  std::byte* memory_ = nullptr;
  packed_matrix matrix_ = {};
};

QMATH_END_NAMESPACE

#endif  // QMATH_PACKED_WEIGHTS_HPP_
