// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Observers as bytes, the same on every machine, and back.
///
///     offset  size                                                       all numbers little-endian
///          0     4  'q' 'm' 'o' 'b'
///          4     2  version of this format: 1
///          6     2  kind: 1 min_max, 2 moving_average, 3 moments, 4 histogram
///          8     4  bytes in all, this header included
///         12     4  CRC-32 (that of zlib) of all other bytes
///         16     *  the members in the order of observers.hpp, floats as their bits; of a histogram, before
///                   the counts, the number of bins in 4 bytes; `batch` of a moving average is left out
///
/// load accepts what save has written, and no other bytes: kind and size are those of the observer's type, the sum is
/// right, and the contents are ones that data can leave. Otherwise it says why, and changes nothing. No byte that is
/// wrong and no end that is missing goes unnoticed. (The sum finds damage. It is no protection from intent:
/// somebody who can write a sum can write any consistent contents.)
#ifndef QMATH_OBSERVE_SAVE_HPP_
#define QMATH_OBSERVE_SAVE_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/observe/observers.hpp"

QMATH_BEGIN_TYPES

/// What load found.
enum class load_status : unsigned char {
  ok,
  truncated,  ///< fewer bytes than the header, or than the header says
  too_long,   ///< more
  foreign,    ///< not begun by the four characters
  version,    ///< a version of the format that this library does not know
  kind,       ///< another type of observer
  size,       ///< another size, such as that of another number of bins
  checksum,   ///< damaged
  contents,   ///< nothing that save writes
};

/// "ok", "truncated" ...: for logs.
QMATH_INLINE constexpr const char* name(load_status status) noexcept {
  switch (status) {
    case load_status::ok: return "ok";
    case load_status::truncated: return "truncated";
    case load_status::too_long: return "too_long";
    case load_status::foreign: return "foreign";
    case load_status::version: return "version";
    case load_status::kind: return "kind";
    case load_status::size: return "size";
    case load_status::checksum: return "checksum";
    case load_status::contents: return "contents";
  }
  return "";
}

QMATH_END_TYPES

#include "qmath/detail/observe_bytes.hpp"

QMATH_BEGIN_NAMESPACE

/// The size of the bytes of every observer of a type.
template <observer O>
inline constexpr std::size_t saved_size = detail::saved_size_of<O>;

/// @pre bytes.size() == saved_size<O>: otherwise calls the contract handler and writes nothing.
template <observer O>
QMATH_INLINE void save(const O& o, std::span<std::uint8_t> bytes) noexcept {
  if (impl::expect_equal("save", "bytes.size()", bytes.size(), "saved_size", saved_size<O>)) {
    impl::save_observer(o, bytes.data());
  }
}

/// Any bytes at all: nothing here is a broken precondition.
template <observer O>
[[nodiscard]] QMATH_INLINE load_status load(O& o, std::span<const std::uint8_t> bytes) noexcept {
  return impl::load_observer(o, bytes.data(), bytes.size());
}

QMATH_END_NAMESPACE

#endif  // QMATH_OBSERVE_SAVE_HPP_
