// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The header of packed matrices (pack.hpp), written and validated.
#ifndef QMATH_DETAIL_PACK_IMPL_HPP_
#define QMATH_DETAIL_PACK_IMPL_HPP_

#include <cstddef>
#include <cstdint>

#include "qmath/detail/call.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/detail/little_endian.hpp"
#include "qmath/detail/packed_hash.hpp"
#include "qmath/detail/packed_layout.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

/// The header, as little-endian numbers of 8 bytes.
struct packed_header {
  static constexpr std::uint64_t magic = 0x0A422E6874616D71;  // "qmath.B\n"
  static constexpr std::uint32_t version = 1;
  static constexpr std::uint64_t is_signed = std::uint64_t{1} << 32;
  static constexpr std::uint64_t has_lowest = std::uint64_t{1} << 40;
  enum : std::size_t { at_magic, at_flags, at_k, at_n, at_size, at_checksum, at_zeros };

  std::uint64_t words[8] = {};
};

/// The checksum, from `hash` of the panels; that in the header does not count.
inline std::uint64_t packed_checksum(std::uint64_t* hash, const packed_header& h) noexcept {
  for (std::size_t j = 0; j < detail::hash_words; ++j) {
    hash[j] = detail::hash_step(hash[j], j == h.at_checksum ? 0 : h.words[j]);
  }
  for (std::size_t j = 1; j < detail::hash_words; ++j) {
    hash[0] = detail::hash_step(hash[0], hash[j]);
  }
  return hash[0];
}

/// The same of panels that are there.
inline std::uint64_t checksum_of(const packed_matrix& b, const packed_header& h) noexcept {
  std::uint64_t hash[detail::hash_words] = {1, 2, 3, 4, 5, 6, 7, 8};
  detail::hash_job job;
  job.column_sums = b.column_sums;
  job.panels = b.panels;
  job.k = b.k;
  job.n = b.n;
  job.hash = hash;
  active<&detail::kernel_table::hash_panels>()(job);
  return packed_checksum(hash, h);
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY packed_matrix pack(detail::pack_job job, std::byte* memory) noexcept {
  std::byte* const sums = memory + detail::packed_header_bytes;
  std::uint64_t hash[detail::hash_words] = {1, 2, 3, 4, 5, 6, 7, 8};
  job.column_sums = sums;
  job.panels =
      reinterpret_cast<std::int8_t*>(sums + detail::padded_columns(job.n) * sizeof(std::int32_t));
  job.hash = hash;
  const bool has_lowest = impl::active<&detail::kernel_table::pack>()(job);
  impl::packed_header h;
  h.words[h.at_magic] = h.magic;
  h.words[h.at_flags] =
      h.version | (job.is_signed ? h.is_signed : 0) | (has_lowest ? h.has_lowest : 0);
  h.words[h.at_k] = job.k;
  h.words[h.at_n] = job.n;
  h.words[h.at_size] = packed_size(job.k, job.n);
  h.words[h.at_checksum] = impl::packed_checksum(hash, h);
  for (std::size_t j = 0; j < 8; ++j) detail::store_le64(h.words[j], memory + 8 * j);
  return {sums, job.panels, job.k, job.n, job.is_signed, has_lowest};
}

QMATH_LIBRARY packed_status open_packed(const std::byte* memory, std::size_t size, packed_matrix& b,
                                        packed_check check) noexcept {
  if (memory == nullptr || size < detail::packed_header_bytes) return packed_status::too_short;
  impl::packed_header h;
  for (std::size_t j = 0; j < 8; ++j) h.words[j] = detail::load_le64(memory + 8 * j);
  if (h.words[h.at_magic] != h.magic) return packed_status::not_packed;
  const std::uint64_t flags = h.words[h.at_flags];
  if (static_cast<std::uint32_t>(flags) != h.version) return packed_status::unknown_version;
  const std::uint64_t k = h.words[h.at_k], n = h.words[h.at_n];
  constexpr std::uint64_t most = detail::largest<std::size_t>;
  const std::uint64_t whole = detail::packed_bytes_within(k, n, most);
  if ((flags & ~(h.version | h.is_signed | h.has_lowest)) != 0 || h.words[h.at_zeros] != 0 ||
      h.words[h.at_zeros + 1] != 0 || whole == most || h.words[h.at_size] != whole) {
    return packed_status::bad_shape;
  }
  if (whole > size) return packed_status::too_short;
  packed_matrix found;
  found.column_sums = memory + detail::packed_header_bytes;
  found.k = static_cast<std::size_t>(k);
  found.n = static_cast<std::size_t>(n);
  found.panels = reinterpret_cast<const std::int8_t*>(
      found.column_sums + detail::padded_columns(found.n) * sizeof(std::int32_t));
  found.is_signed = (flags & h.is_signed) != 0;
  found.has_lowest = (flags & h.has_lowest) != 0;
  if (check == packed_check::contents && impl::checksum_of(found, h) != h.words[h.at_checksum]) {
    return packed_status::damaged;
  }
  b = found;
  return packed_status::ok;
}

QMATH_LIBRARY void unpack(const packed_matrix& packed, std::uint8_t* b,
                          std::size_t stride) noexcept {
  detail::unpack_job job;
  job.panels = packed.panels;
  job.k = packed.k;
  job.n = packed.n;
  job.is_signed = packed.is_signed;
  job.data = b;
  job.row_step = stride;
  impl::active<&detail::kernel_table::unpack>()(job);
}

}  // namespace library
QMATH_END_LIBRARY

#endif  // QMATH_DETAIL_PACK_IMPL_HPP_
