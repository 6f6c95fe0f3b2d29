// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Preconditions of pack.hpp, and the header of packed matrices.
#ifndef QMATH_DETAIL_PACK_ARGUMENTS_HPP_
#define QMATH_DETAIL_PACK_ARGUMENTS_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/core/view.hpp"
#include "qmath/detail/call.hpp"
#include "qmath/detail/check.hpp"
#include "qmath/detail/little_endian.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

/// b is what becomes a packed [k, n] matrix.
template <class B>
QMATH_INLINE bool expect_to_pack(const char* function, const char* name, const char* stride_name,
                                 const matrix_view<B>& b, std::size_t k, std::size_t n,
                                 std::span<std::byte> memory) noexcept {
  return expect_matrix(function, name, stride_name, b) &&
         expect_at_least(function, "memory.size()", memory.size(), "at least packed_size(k, n)",
                         packed_size(k, n)) &&
         expect_data(function, "memory", memory.data(), memory.size()) &&
         expect_disjoint(function, "memory", memory.data(), packed_size(k, n),
                         name[1] == 't' ? "overlaps bt" : "overlaps b", b.data, extent_of(b));
}

template <class B>
QMATH_INLINE detail::pack_job pack_source_of(const matrix_view<B>& b, std::size_t k, std::size_t n,
                                             std::size_t row_step,
                                             std::size_t column_step) noexcept {
  detail::pack_job job;
  job.data = reinterpret_cast<const std::uint8_t*>(b.data);
  job.k = k;
  job.n = n;
  job.row_step = row_step;
  job.column_step = column_step;
  job.is_signed = std::is_signed_v<std::remove_const_t<B>>;
  return job;
}

QMATH_INLINE bool expect_packed(const char* function, const char* name,
                                const packed_matrix& b) noexcept {
  if (!QMATH_CHECKS || b.n == 0 || (b.column_sums != nullptr && b.panels != nullptr)) return true;
  library::report_argument(function, name, "has no data");
  return false;
}

template <class B>
QMATH_INLINE bool expect_to_unpack(const packed_matrix& packed, const matrix_view<B>& b) noexcept {
  if (!expect_packed("unpack", "packed", packed) || !expect_matrix("unpack", "b", "b.stride", b) ||
      !expect_equal("unpack", "b.rows", b.rows, "packed.k", packed.k) ||
      !expect_equal("unpack", "b.cols", b.cols, "packed.n", packed.n)) {
    return false;
  }
  if (QMATH_CHECKS && packed.is_signed != std::is_signed_v<B> && packed.n != 0) {
    library::report_argument("unpack", "b", "has another type than the matrix that was packed");
    return false;
  }
  return packed.n == 0 ||
         expect_disjoint("unpack", "b", b.data, extent_of(b), "overlaps packed", packed.column_sums,
                         packed_size(packed.k, packed.n) - detail::packed_header_bytes);
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

packed_matrix pack(detail::pack_job job, std::byte* memory) noexcept;
void unpack(const packed_matrix& packed, std::uint8_t* b, std::size_t stride) noexcept;
packed_status open_packed(const std::byte* memory, std::size_t size, packed_matrix& b,
                          packed_check check) noexcept;

}  // namespace library
QMATH_END_LIBRARY

#if QMATH_HAS_KERNELS
#include "qmath/detail/pack_impl.hpp"
#endif

#endif  // QMATH_DETAIL_PACK_ARGUMENTS_HPP_
