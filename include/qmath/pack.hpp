// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// The right operand of GEMM, packed once into memory of the caller.
///
/// B is an int8 or uint8 matrix [k, n]. Its packed form is the same on every CPU, whatever target it was packed
/// on: it may be written to a file and mapped by another program (open_packed). Version 1, numbers little-endian:
///
///     byte 0     8  "qmath.B" and a line feed            24    8  n
///          8     4  version, 1                           32    8  size of all of it in bytes
///         12     1  1: B is int8, 0: uint8               40    8  checksum of all other bytes
///         13     1  1: a stored code is -128             48   16  zeros
///         14     2  zeros                                64       sums of the columns, int32 modulo 2^32,
///         16     8  k                                             for n rounded up to a multiple of 16
///
/// and then panels of 16 columns, each a sequence of groups of 4 rows, column by column, so that 64 bytes are
/// one vector operand of a dot product instruction:
///
///                    panel 0 (columns 0-15)                          panel 1 (columns 16-31)
///     group 0 (rows 0-3)                  group 1 (rows 4-7)
///     | c0: k0 k1 k2 k3 | c1: k0 k1 k2 k3 | ... | c15 || c0: k4 k5 k6 k7 | ... | c15 || ...
///
/// Rows and columns behind the edges are zeros. Codes are stored as int8: those of uint8 less 128; the sums are
/// those of stored codes. Scales, bias and zero points are not there: they are the caller's to keep. The rule of the
/// checksum is in detail/packed_hash.hpp. Memory at a multiple of 64 bytes is read fastest; any other works.
#ifndef QMATH_PACK_HPP_
#define QMATH_PACK_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/core/concepts.hpp"
#include "qmath/core/view.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/detail/packed_layout.hpp"

#if !QMATH_WITH_GEMM
#error "qmath: GEMM is left out, QMATH_WITH_GEMM is 0"
#endif

QMATH_BEGIN_TYPES

/// A packed [k, n] matrix. Views the caller's memory, which must outlive it and not move.
/// The default is the empty matrix [0, 0].
struct packed_matrix {
  const std::byte* column_sums = nullptr;  ///< int32, little-endian, of stored codes
  const std::int8_t* panels = nullptr;
  std::size_t k = 0;
  std::size_t n = 0;
  bool is_signed = true;    ///< B is int8; otherwise uint8, stored less 128
  bool has_lowest = false;  ///< a stored code is -128
};

/// What open_packed found.
enum class packed_status : unsigned char {
  ok,
  too_short,        ///< less memory than the header says, or than a header needs
  not_packed,       ///< does not begin as packed matrices do
  unknown_version,  ///< written by a later version of qmath
  bad_shape,  ///< k, n and the size do not belong together or are more than a std::size_t holds, or unused bytes
  ///< are not 0
  damaged,  ///< the checksum is another one
};

/// "ok", "too_short" ...: for logs.
QMATH_INLINE constexpr const char* name(packed_status status) noexcept {
  switch (status) {
    case packed_status::ok: return "ok";
    case packed_status::too_short: return "too_short";
    case packed_status::not_packed: return "not_packed";
    case packed_status::unknown_version: return "unknown_version";
    case packed_status::bad_shape: return "bad_shape";
    case packed_status::damaged: return "damaged";
  }
  return "";
}

/// What open_packed reads: everything, or the header alone, for memory that is trusted and should not be touched
/// before it is used.
enum class packed_check : unsigned char { contents, header };

QMATH_END_TYPES

QMATH_BEGIN_NAMESPACE

/// Bytes of memory that a packed [k, n] matrix takes: about (k + 4) * n. The largest std::size_t if no memory has room
/// for it.
QMATH_INLINE constexpr std::size_t packed_size(std::size_t k, std::size_t n) noexcept {
  return static_cast<std::size_t>(detail::packed_bytes_within(k, n, detail::largest<std::size_t>));
}

QMATH_END_NAMESPACE

#include "qmath/detail/pack_arguments.hpp"

QMATH_BEGIN_NAMESPACE

/// Packs b.                                                       b: [k, n], int8 or uint8; memory: bytes
/// Reads b and writes the first packed_size(k, n) bytes of memory; returns a view of them. b is no longer needed
/// afterwards. After a broken precondition: the empty matrix.
/// @pre memory.size() >= packed_size(b.rows, b.cols); b and memory do not overlap.
template <class B>
  requires eight_bit_integer<std::remove_const_t<B>>
QMATH_INLINE packed_matrix pack(matrix_view<B> b, std::span<std::byte> memory) noexcept {
  if (!impl::expect_to_pack("pack", "b", "b.stride", b, b.rows, b.cols, memory)) return {};
  return library::pack(impl::pack_source_of(b, b.rows, b.cols, b.stride, 1), memory.data());
}

/// Packs the transpose of bt: for weights stored [out, in].                   bt: [n, k], memory: bytes
/// @pre memory.size() >= packed_size(bt.cols, bt.rows); bt and memory do not overlap.
template <class B>
  requires eight_bit_integer<std::remove_const_t<B>>
QMATH_INLINE packed_matrix pack_transposed(matrix_view<B> bt,
                                           std::span<std::byte> memory) noexcept {
  if (!impl::expect_to_pack("pack_transposed", "bt", "bt.stride", bt, bt.cols, bt.rows, memory)) {
    return {};
  }
  return library::pack(impl::pack_source_of(bt, bt.cols, bt.rows, 1, bt.stride), memory.data());
}

/// b = the matrix that was packed.                                                          b: [k, n]
/// @pre b is [packed.k, packed.n]; B is the type that was packed; b and the packed matrix do not overlap.
template <eight_bit_integer B>
QMATH_INLINE void unpack(const packed_matrix& packed, matrix_view<B> b) noexcept {
  if (!impl::expect_to_unpack(packed, b)) return;
  library::unpack(packed, reinterpret_cast<std::uint8_t*>(b.data), b.stride);
}

/// A packed matrix that was made elsewhere, as a view of its bytes; longer memory may have anything behind them.
/// Nothing of it is believed before it has been compared: with packed_check::contents, damaged matrices are
/// found, unless all changes together leave a checksum of 64 bits as it was, which no change inside 8 bytes at a
/// multiple of 8 does (detail/packed_hash.hpp). b is the empty matrix if the result is not ok. Bad contents are no
/// broken precondition: the contract handler is not called.
[[nodiscard]] QMATH_INLINE packed_status
open_packed(std::span<const std::byte> memory, packed_matrix& b,
            packed_check check = packed_check::contents) noexcept {
  b = packed_matrix();
  return library::open_packed(memory.data(), memory.size(), b, check);
}

/// The bytes of a packed matrix: packed_size(k, n) of them, to be written to a file.
QMATH_INLINE std::span<const std::byte> packed_bytes(const packed_matrix& b) noexcept {
  if (b.column_sums == nullptr) return {};
  return {b.column_sums - detail::packed_header_bytes, packed_size(b.k, b.n)};
}

QMATH_END_NAMESPACE

#endif  // QMATH_PACK_HPP_
