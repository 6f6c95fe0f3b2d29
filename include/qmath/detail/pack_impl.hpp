// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The header of packed matrices (pack.hpp), written and validated.
#ifndef QMATH_DETAIL_PACK_IMPL_HPP_
#define QMATH_DETAIL_PACK_IMPL_HPP_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "qmath/detail/call.hpp"
#include "qmath/detail/little_endian.hpp"
#include "qmath/detail/packed_layout.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

/// Where the numbers of the header are.
struct packed_header {
  static constexpr char magic[9] = "qmath.B\n";
  static constexpr std::uint32_t version = 1;
  enum : std::size_t {
    at_magic = 0,
    at_version = 8,
    at_is_signed = 12,
    at_has_lowest = 13,
    at_k = 16,
    at_n = 24,
    at_size = 32,
    at_checksum = 40,
    at_zeros = 48,
  };
};

/// A checksum of `size` bytes, a multiple of 64, as eight sequences of 8-byte words: h = (h ^ word) * odd number,
/// h ^= h >> 32, which no single change survives, and then the same with the eight results as words. Fewer
/// sequences would wait for their products. The multiplier is that of Knuth's MMIX generator.
inline std::uint64_t packed_checksum(const std::byte* memory, std::size_t size) noexcept {
  const auto step = [](std::uint64_t h, std::uint64_t word) {
    h = (h ^ word) * 6364136223846793005u;
    return h ^ (h >> 32);
  };
  std::uint64_t h[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const auto add = [&](const std::byte* block) {
    for (std::size_t j = 0; j < 8; ++j) h[j] = step(h[j], detail::load_le64(block + 8 * j));
  };
  std::byte header[detail::packed_header_bytes];  // the checksum itself does not count
  std::memcpy(header, memory, sizeof(header));
  std::memset(header + packed_header::at_checksum, 0, 8);
  add(header);
  for (std::size_t i = sizeof(header); i < size; i += 64) add(memory + i);
  for (std::size_t j = 1; j < 8; ++j) h[0] = step(h[0], h[j]);
  return h[0];
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY packed_matrix pack(detail::pack_job job, std::byte* memory) noexcept {
  using header = impl::packed_header;
  const std::size_t size = packed_size(job.k, job.n);
  std::byte* const sums = memory + detail::packed_header_bytes;
  std::byte* const panels = sums + detail::padded_columns(job.n) * sizeof(std::int32_t);
  job.column_sums = sums;
  job.panels = reinterpret_cast<std::int8_t*>(panels);
  const bool has_lowest = impl::active<&detail::kernel_table::pack>()(job);
  std::memset(memory, 0, detail::packed_header_bytes);
  std::memcpy(memory + header::at_magic, header::magic, 8);
  detail::store_le(header::version, 4, memory + header::at_version);
  detail::store_le(job.is_signed ? 1 : 0, 1, memory + header::at_is_signed);
  detail::store_le(has_lowest ? 1 : 0, 1, memory + header::at_has_lowest);
  detail::store_le(job.k, 8, memory + header::at_k);
  detail::store_le(job.n, 8, memory + header::at_n);
  detail::store_le(size, 8, memory + header::at_size);
  detail::store_le(impl::packed_checksum(memory, size), 8, memory + header::at_checksum);
  return {sums, job.panels, job.k, job.n, job.is_signed, has_lowest};
}

QMATH_LIBRARY packed_status open_packed(const std::byte* memory, std::size_t size, packed_matrix& b,
                                        packed_check check) noexcept {
  using header = impl::packed_header;
  using detail::load_le64;
  if (memory == nullptr || size < detail::packed_header_bytes) return packed_status::too_short;
  if (std::memcmp(memory + header::at_magic, header::magic, 8) != 0)
    return packed_status::not_packed;
  if (detail::load_le32(memory + header::at_version) != header::version)
    return packed_status::unknown_version;
  const auto is_signed = static_cast<unsigned>(memory[header::at_is_signed]);
  const auto has_lowest = static_cast<unsigned>(memory[header::at_has_lowest]);
  const std::uint64_t zeros = detail::load_le(memory + header::at_has_lowest + 1, 2) |
                              load_le64(memory + header::at_zeros) |
                              load_le64(memory + header::at_zeros + 8);
  const std::uint64_t k = load_le64(memory + header::at_k), n = load_le64(memory + header::at_n);
  // Beyond these, sizes could leave 64 bits; no memory holds such a matrix.
  constexpr std::uint64_t most = std::uint64_t{1} << 48;
  if (is_signed > 1 || has_lowest > 1 || zeros != 0 || k > most || n > most ||
      (n != 0 && k > most / n)) {
    return packed_status::bad_shape;
  }
  const std::uint64_t whole = packed_size(static_cast<std::size_t>(k), static_cast<std::size_t>(n));
  if (load_le64(memory + header::at_size) != whole) return packed_status::bad_shape;
  if (whole > size) return packed_status::too_short;
  if (check == packed_check::contents &&
      impl::packed_checksum(memory, static_cast<std::size_t>(whole)) !=
          load_le64(memory + header::at_checksum)) {
    return packed_status::damaged;
  }
  const std::byte* const sums = memory + detail::packed_header_bytes;
  b.column_sums = sums;
  b.panels = reinterpret_cast<const std::int8_t*>(
      sums + detail::padded_columns(static_cast<std::size_t>(n)) * sizeof(std::int32_t));
  b.k = static_cast<std::size_t>(k);
  b.n = static_cast<std::size_t>(n);
  b.is_signed = is_signed == 1;
  b.has_lowest = has_lowest == 1;
  return packed_status::ok;
}

QMATH_LIBRARY void unpack(const packed_matrix& packed, std::uint8_t* b,
                          std::size_t stride) noexcept {
  const std::uint8_t flip = packed.is_signed ? 0 : 0x80;
  const auto* panels = reinterpret_cast<const std::uint8_t*>(packed.panels);
  for (std::size_t c = 0; c < packed.n; ++c) {
    const std::uint8_t* const panel =
        panels + c / detail::panel_columns * detail::packed_panel_bytes(packed.k);
    for (std::size_t r = 0; r < packed.k; ++r) {
      const std::size_t at =
          r / 4 * 4 * detail::panel_columns + c % detail::panel_columns * 4 + r % 4;
      b[r * stride + c] = static_cast<std::uint8_t>(panel[at] ^ flip);
    }
  }
}

}  // namespace library
QMATH_END_LIBRARY

#endif  // QMATH_DETAIL_PACK_IMPL_HPP_
