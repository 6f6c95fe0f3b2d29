// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Observers to bytes and back; save.hpp has the format and includes this after its types.
//
// Each type lists its members once, for both directions.
#ifndef QMATH_DETAIL_OBSERVE_BYTES_HPP_
#define QMATH_DETAIL_OBSERVE_BYTES_HPP_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "qmath/core/params.hpp"
#include "qmath/detail/bits.hpp"
#include "qmath/detail/little_endian.hpp"
#include "qmath/detail/observe_histogram.hpp"
#include "qmath/detail/observe_moments.hpp"
#include "qmath/observe/observers.hpp"

QMATH_BEGIN_TYPES
namespace detail {

inline constexpr std::size_t saved_header = 16;

template <class O>
inline constexpr std::size_t saved_size_of = 0;
template <>
inline constexpr std::size_t saved_size_of<min_max_observer> = saved_header + 8 + 8;
template <>
inline constexpr std::size_t saved_size_of<moving_average_observer> = saved_header + 4 + 8 + 8;
template <>
inline constexpr std::size_t saved_size_of<moments_observer> = saved_header + 32 + 48 + 80;
template <std::size_t Bins>
inline constexpr std::size_t saved_size_of<histogram_observer<Bins>> =
    saved_header + 8 + 8 + 24 + 4 + 4 + 8 * Bins;

template <class O>
inline constexpr std::uint16_t saved_kind_of = 4;
template <>
inline constexpr std::uint16_t saved_kind_of<min_max_observer> = 1;
template <>
inline constexpr std::uint16_t saved_kind_of<moving_average_observer> = 2;
template <>
inline constexpr std::uint16_t saved_kind_of<moments_observer> = 3;

}  // namespace detail
QMATH_END_TYPES

QMATH_BEGIN_LIBRARY
namespace library {

/// Fills the header of `size` bytes.
QMATH_LIBRARY void seal(std::uint8_t* bytes, std::uint32_t size, std::uint16_t kind) noexcept;
/// Whether the header is that of `kind` and `size`, and the sum is right.
QMATH_LIBRARY load_status check_seal(const std::uint8_t* bytes, std::size_t available,
                                     std::size_t size, std::uint16_t kind) noexcept;

/// Whether data can have left these contents. Counts are in the bytes.
QMATH_LIBRARY bool is_possible(value_range r, std::uint64_t count, bool finite) noexcept;
QMATH_LIBRARY bool is_possible(const moments_observer& o) noexcept;
QMATH_LIBRARY bool is_possible(const histogram_summary& s, const std::uint8_t* bytes,
                               std::size_t bins) noexcept;

}  // namespace library
QMATH_END_LIBRARY

QMATH_BEGIN_NAMESPACE
namespace impl {

class byte_writer {
 public:
  QMATH_INLINE explicit byte_writer(std::uint8_t* to) noexcept : to_(to) {}

  template <class T>
  QMATH_INLINE void operator()(const T& value) noexcept {
    detail::store_le(static_cast<std::uint64_t>(value), sizeof(T), to_);
    to_ += sizeof(T);
  }
  QMATH_INLINE void operator()(float value) noexcept {
    (*this)(detail::bit_cast<std::uint32_t>(value));
  }

 private:
  std::uint8_t* to_;
};

class byte_reader {
 public:
  QMATH_INLINE explicit byte_reader(const std::uint8_t* from) noexcept : from_(from) {}

  template <class T>
  QMATH_INLINE void operator()(T& value) noexcept {
    value = static_cast<T>(detail::load_le(from_, sizeof(T)));
    from_ += sizeof(T);
  }
  QMATH_INLINE void operator()(float& value) noexcept {
    std::uint32_t bits = 0;
    (*this)(bits);
    value = detail::bit_cast<float>(bits);
  }

 private:
  const std::uint8_t* from_;
};

// ---- The members, in order. O is const for writing -----------------------------------------------

template <class Range, class V>
QMATH_INLINE void visit_range(Range& r, V& v) noexcept {
  v(r.min), v(r.max);
}
template <class Counts, class V>
QMATH_INLINE void visit_nonfinite(Counts& c, V& v) noexcept {
  v(c.nan), v(c.positive_infinite), v(c.negative_infinite);
}

/// Returns the number of bins that is in the bytes.
template <class Summary, class V>
QMATH_INLINE std::size_t visit_summary(Summary& s, std::size_t bins, V& v) noexcept {
  visit_range(s.range, v), v(s.count), visit_nonfinite(s.nonfinite, v), v(s.exponent);
  auto number = static_cast<std::uint32_t>(bins);
  v(number);
  return number;
}

template <class V, class O>
QMATH_INLINE void visit_members(O& o, V& v) noexcept {
  using observer_type = std::remove_const_t<O>;
  if constexpr (std::is_same_v<observer_type, min_max_observer>) {
    visit_range(o.range, v), v(o.count);
  } else if constexpr (std::is_same_v<observer_type, moving_average_observer>) {
    v(o.weight), visit_range(o.range, v), v(o.batches);
  } else if constexpr (std::is_same_v<observer_type, moments_observer>) {
    v(o.count), visit_nonfinite(o.nonfinite, v);
    for (auto& limb : o.sum.limb) v(limb);
    for (auto& limb : o.squares.limb) v(limb);
  } else {
    visit_summary(o.summary, observer_type::bins, v);
    for (auto& count : o.counts) v(count);
  }
}

QMATH_INLINE bool is_possible(const min_max_observer& o) noexcept {
  return library::is_possible(o.range, o.count, false);
}
QMATH_INLINE bool is_possible(const moving_average_observer& o) noexcept {
  // Averages of one batch may differ; and one without numbers is not counted.
  const bool weight = detail::bit_cast<std::uint32_t>(o.weight) <= 0x3F800000u;  // [0, 1]
  return weight && (o.batches == 0) == (o.range.min > o.range.max) &&
         library::is_possible(o.range, o.batches == 0 ? 0 : 2, true);
}
QMATH_INLINE bool is_possible(const moments_observer& o) noexcept {
  return library::is_possible(o);
}
template <class O>
QMATH_INLINE void save_observer(const O& o, std::uint8_t* bytes) noexcept {
  byte_writer writer(bytes + detail::saved_header);
  visit_members(o, writer);
  library::seal(bytes, static_cast<std::uint32_t>(detail::saved_size_of<O>),
                detail::saved_kind_of<O>);
}

template <class O>
QMATH_INLINE load_status load_observer(O& o, const std::uint8_t* bytes, std::size_t n) noexcept {
  const load_status seal =
      library::check_seal(bytes, n, detail::saved_size_of<O>, detail::saved_kind_of<O>);
  // The size, which check_seal has compared, also here: where it is known, compilers look at what is read.
  if (seal != load_status::ok || n != detail::saved_size_of<O>) return seal;
  byte_reader reader(bytes + detail::saved_header);
  if constexpr (detail::is_histogram<O>) {
    // Without a copy of all counts, which may be too large for a stack.
    histogram_summary summary = o.summary;
    const std::uint8_t* const counts = bytes + detail::saved_size_of<O> - 8 * O::bins;
    if (visit_summary(summary, O::bins, reader) != O::bins ||
        !library::is_possible(summary, counts, O::bins)) {
      return load_status::contents;
    }
    o.summary = summary;
    for (std::uint64_t& count : o.counts) reader(count);
  } else {
    O loaded = o;
    visit_members(loaded, reader);
    if (!is_possible(loaded)) return load_status::contents;
    o = loaded;
  }
  return load_status::ok;
}

}  // namespace impl
QMATH_END_NAMESPACE

#if QMATH_HAS_KERNELS
QMATH_BEGIN_LIBRARY
namespace library {

/// of[k][b]: the remainder of byte b with k more bytes of 0 behind it.
struct crc_tables {
  std::uint32_t of[4][256];
};
inline constexpr crc_tables crc = [] {
  crc_tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c >> 1 ^ (0xEDB88320u & (0u - (c & 1u)));
    tables.of[0][i] = c;
  }
  for (int k = 1; k < 4; ++k) {
    for (std::uint32_t i = 0; i < 256; ++i) {
      const std::uint32_t c = tables.of[k - 1][i];
      tables.of[k][i] = c >> 8 ^ tables.of[0][c & 255u];
    }
  }
  return tables;
}();

/// All bytes but the four of the sum; n is a multiple of 4.
QMATH_LIBRARY std::uint32_t crc_of(const std::uint8_t* bytes, std::size_t n) noexcept {
  std::uint32_t c = ~0u;
  for (std::size_t i = 0; i < n; i += 4) {
    if (i == 12) continue;
    c ^= detail::load_le32(bytes + i);
    c = crc.of[3][c & 255u] ^ crc.of[2][c >> 8 & 255u] ^ crc.of[1][c >> 16 & 255u] ^
        crc.of[0][c >> 24];
  }
  return ~c;
}

inline constexpr std::uint16_t saved_version = 1;

QMATH_LIBRARY void seal(std::uint8_t* bytes, std::uint32_t size, std::uint16_t kind) noexcept {
  impl::byte_writer writer(bytes);
  for (const char c : {'q', 'm', 'o', 'b'}) writer(static_cast<std::uint8_t>(c));
  writer(saved_version), writer(kind), writer(size), writer(crc_of(bytes, size));
}

QMATH_LIBRARY load_status check_seal(const std::uint8_t* bytes, std::size_t available,
                                     std::size_t size, std::uint16_t kind) noexcept {
  const char magic[4] = {'q', 'm', 'o', 'b'};
  for (std::size_t i = 0; i < 4; ++i) {
    if (i >= available) return load_status::truncated;
    if (bytes[i] != static_cast<std::uint8_t>(magic[i])) return load_status::foreign;
  }
  if (available < detail::saved_header) return load_status::truncated;
  std::uint16_t version = 0, found_kind = 0;
  std::uint32_t found_size = 0, sum = 0;
  impl::byte_reader reader(bytes + 4);
  reader(version), reader(found_kind), reader(found_size), reader(sum);
  if (version != saved_version) return load_status::version;
  if (found_kind != kind) return load_status::kind;
  if (found_size != size) return load_status::size;
  if (available < size) return load_status::truncated;
  if (available > size) return load_status::too_long;
  return crc_of(bytes, size) == sum ? load_status::ok : load_status::checksum;
}

QMATH_LIBRARY bool is_possible(value_range r, std::uint64_t count, bool finite) noexcept {
  const auto min = detail::bit_cast<std::uint32_t>(r.min);
  const auto max = detail::bit_cast<std::uint32_t>(r.max);
  if (min == 0x7F800000u && max == 0xFF800000u) return count == 0 || !finite;  // all NaN
  // Zero of one sign only.
  const auto is_number = [&](float x) {
    return detail::magnitude_bits(x) <= (finite ? 0x7F7FFFFFu : 0x7F800000u) &&
           detail::bit_cast<std::uint32_t>(x) != 0x80000000u;
  };
  return is_number(r.min) && is_number(r.max) &&
         detail::ordered_bits(r.min) <= detail::ordered_bits(r.max) &&
         count >= (min == max ? 1u : 2u);
}

QMATH_LIBRARY bool is_possible(const moments_observer& o) noexcept {
  // Beyond 2^64 elements nothing is known.
  if (o.count == ~std::uint64_t{0}) return true;
  if (o.count == 0) {
    return impl::is_zero(o.sum.limb, impl::sum_limbs) &&
           impl::is_zero(o.squares.limb, impl::square_limbs);
  }
  // A square is below 2^554, so `squares` is below count * 2^554; and |sum| < 2^341: variance_of stays inside its
  // limbs. Then |sum| is below count * 2^277, as the variance says, and merged observers are possible ones as well.
  const std::uint64_t* const sum = o.sum.limb;
  const std::uint64_t* const squares = o.squares.limb;
  const std::uint64_t sign = impl::is_negative(sum, impl::sum_limbs) ? ~std::uint64_t{0} : 0;
  if ((sum[5] ^ sign) >> 21 != 0 || squares[9] >> 42 != 0) return false;
  if ((squares[9] << 22 | squares[8] >> 42) >= o.count) return false;
  std::uint64_t d[impl::variance_limbs];
  impl::variance_of(o, d);
  return !impl::is_negative(d, impl::variance_limbs);
}

QMATH_LIBRARY bool is_possible(const histogram_summary& s, const std::uint8_t* bytes,
                               std::size_t bins) noexcept {
  if (!is_possible(s.range, s.count, true)) return false;
  if (s.exponent != impl::histogram_exponent(s.count == 0 ? 0.0f : absmax(s.range), bins)) {
    return false;
  }
  // The sum is right, and the first and the last bin that is not empty are those of the range.
  std::uint64_t sum = 0;
  std::size_t first = bins, last = 0;
  impl::byte_reader counts(bytes);
  for (std::size_t i = 0; i < bins; ++i) {
    std::uint64_t count = 0;
    counts(count);
    sum = impl::saturating_sum(sum, count);
    if (count == 0) continue;
    if (first == bins) first = i;
    last = i;
  }
  if (sum != s.count) return false;
  if (sum == 0) return true;
  const float ends[2] = {s.range.min, s.range.max};
  std::uint16_t places[2];
  impl::find_bins(ends, 2, s.exponent, bins, places);
  return first == places[0] && last == places[1];
}

}  // namespace library
QMATH_END_LIBRARY
#endif

#endif  // QMATH_DETAIL_OBSERVE_BYTES_HPP_
