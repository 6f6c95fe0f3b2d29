// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The second half of code_metrics.hpp, which includes it after its types.
#ifndef QMATH_DETAIL_CODE_METRICS_IMPL_HPP_
#define QMATH_DETAIL_CODE_METRICS_IMPL_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/detail/array_arguments.hpp"
#include "qmath/detail/counts.hpp"
#include "qmath/detail/float_environment.hpp"
#include "qmath/detail/observe_arguments.hpp"
#include "qmath/detail/observe_walk.hpp"
#include "qmath/formats/packed.hpp"

QMATH_BEGIN_TYPES
namespace detail {

struct code_count_job {
  QMATH_INLINE constexpr code_count_job() noexcept {}

  const void* q = nullptr;
  std::size_t n = 0;
  code_type type = code_type::s8;
  std::int32_t lowest = 0;
  std::size_t codes = 0;  ///< how many there are
  granularity layout;
  selection which;
  std::uint64_t* counts = nullptr;  ///< [layout.count(), codes]
};

/// A walk to sums of clips; the parameters of a piece are those of the channel.
struct clip_walk : walk_job {
  QMATH_INLINE constexpr clip_walk() noexcept {}

  quantize_job how;
};

}  // namespace detail
QMATH_END_TYPES

// In compiled mode in the library, so that the caller's compiler flags are not those of the arithmetic.
QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY void count_codes(const detail::code_count_job& job) noexcept;
QMATH_LIBRARY void statistics_of_codes(const std::uint64_t* counts, std::size_t n,
                                       std::int32_t lowest, std::int32_t zero_point,
                                       code_range in_use, code_statistics& s) noexcept;
QMATH_LIBRARY double rate(std::uint64_t count, std::uint64_t n) noexcept;

}  // namespace library
QMATH_END_LIBRARY

QMATH_BEGIN_NAMESPACE
namespace impl {

// ---- Clips ---------------------------------------------------------------------------------------

template <class F>
inline constexpr detail::code_type code_type_for = code_type_of<F>;
template <packed_integer F>
inline constexpr detail::code_type code_type_for<F> = packed_type_of<F, bit_order::first_low>;

inline constexpr state_names sums_names = {"sums", "sums.size()"};

/// A piece of one channel: quantized to nowhere, for the counts.
inline void add_clips(const detail::walk_job& job, void* state, const void* x,
                      std::size_t n) noexcept {
  constexpr std::size_t block = 1024;
  alignas(16) unsigned char codes[block * 4];
  const auto& own = static_cast<const detail::clip_walk&>(job);
  auto* const sums = static_cast<clip_sums*>(state);
  const auto c = static_cast<std::size_t>(sums - static_cast<clip_sums*>(own.states));
  detail::quantize_job part = own.how;
  part.out = codes;
  part.scales += c;
  if (part.zero_points != nullptr) part.zero_points += c;
  part.counts = &sums->clipped;
  for (std::size_t first = 0; first < n; first += block) {
    part.in = static_cast<const unsigned char*>(x) + first * detail::size_of(own.type);
    part.n = smaller(n - first, block);
    part.layout = per_tensor(part.n);
    call<&detail::kernel_table::quantize>(part);
  }
  sums->count += n;
}

/// All but the parameters.
QMATH_INLINE bool set_clips(detail::clip_walk& job, const real_array& x,
                            const clip_options& options, code_range format,
                            detail::code_type type) noexcept {
  constexpr const char* function = "count_clipped";
  job.how.from = x.type;
  job.how.to = type;
  job.how.format = format;
  job.how.rules = options.rules;
  job.how.n = x.n;
  if (QMATH_CHECKS && options.rules.round == rounding::stochastic) {
    library::report_argument(function, "rules.round", "is stochastic, which needs places");
    return false;
  }
  return set_codes(function, job.how.codes, options.codes, format);
}

QMATH_INLINE void count_clips(detail::clip_walk& job, const real_array& x,
                              std::span<clip_sums> sums, const selection& which,
                              bool channels) noexcept {
  constexpr const char* function = "count_clipped";
  if (set_walk(function, sums_names, job, sums, x, job.how.layout, which, channels) &&
      expect_unselecting(function, sums_names.data, sums, which)) {
    library::walk(job, &add_clips);
  }
}

// ---- Codes ---------------------------------------------------------------------------------------

/// How many codes there are; those of 32 bits may be more than a std::size_t can be, which is then the largest.
QMATH_INLINE constexpr std::size_t number_of(code_range codes) noexcept {
  constexpr auto most = static_cast<std::size_t>(-1);
  const std::int64_t n = static_cast<std::int64_t>(codes.max) - codes.min + 1;
  return sizeof(std::size_t) < 8 && n > 0xFFFFFFFF ? most : static_cast<std::size_t>(n);
}

QMATH_INLINE void count_codes(const code_array& q, const granularity& layout,
                              std::span<std::uint64_t> counts, const selection& which,
                              bool channels) noexcept {
  constexpr const char* function = "count_codes";
  const std::size_t codes = number_of(q.format);
  if (!expect_array(function, q_names, q) ||
      !expect_parts(function, "counts.size()", counts.size(), "a multiple of the number of codes",
                    codes) ||
      !expect_layout(function, "counts.size() / number of codes", counts.size() / codes, layout,
                     q_names.size, q.n) ||
      !expect_data(function, "counts", counts.data(), counts.size()) ||
      !expect_disjoint(function, "counts", counts.data(), counts.size(), q_names.overlaps,
                       static_cast<const std::byte*>(q.data), q.bytes) ||
      !expect_selection(function, which, q_names.size, q.n, channels ? layout.count() : 0) ||
      !expect_unselecting(function, "counts", counts, which)) {
    return;
  }
  detail::code_count_job job;
  job.q = q.data;
  job.n = q.n;
  job.type = q.type;
  job.lowest = q.format.min;
  job.codes = codes;
  job.layout = layout;
  job.which = which;
  job.counts = counts.data();
  library::count_codes(job);
}

QMATH_INLINE bool expect_mergeable(std::span<const std::uint64_t> into,
                                   std::span<const std::uint64_t> from) noexcept {
  return expect_equal("merge", "from.size()", from.size(), "into.size()", into.size()) &&
         expect_data("merge", "into", into.data(), into.size()) &&
         expect_data("merge", "from", from.data(), from.size()) &&
         (into.data() == from.data() || expect_disjoint("merge", "from", from.data(), from.size(),
                                                        "overlaps into", into.data(), into.size()));
}

QMATH_INLINE bool expect_counts(const char* function, std::span<const std::uint64_t> counts,
                                code_range format) noexcept {
  return expect_equal(function, "counts.size()", counts.size(), "the number of codes",
                      number_of(format)) &&
         expect_sum(function, "counts", counts);
}

QMATH_INLINE constexpr code_statistics no_statistics() noexcept {
  return {not_a_number, not_a_number, not_a_number, not_a_number};
}

#if QMATH_HAS_KERNELS

inline double entropy_in_bits(const std::uint64_t* counts, std::size_t n,
                              std::uint64_t total) noexcept {
  double bits = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    if (counts[i] == 0) continue;
    const double f = fraction(counts[i], total);
    bits = stored(bits + stored(f * -logarithm(f, base_2)));
  }
  return bits == 0.0 ? 0.0 : bits;
}

/// The field of a packed format, the code of another.
QMATH_INLINE std::int32_t code_or_field(const void* q, detail::code_type type,
                                        std::size_t i) noexcept {
  const auto* const bytes = static_cast<const std::uint8_t*>(q);
  const auto field = [&](auto at) QMATH_INLINE_LAMBDA {
    return static_cast<std::int32_t>(bytes[at.byte] >> at.bit & at.mask);
  };
  constexpr bit_order low = bit_order::first_low, high = bit_order::first_high;
  switch (type) {
    case detail::code_type::s8: return static_cast<const std::int8_t*>(q)[i];
    case detail::code_type::u8: return bytes[i];
    case detail::code_type::s16: return static_cast<const std::int16_t*>(q)[i];
    case detail::code_type::u16: return static_cast<const std::uint16_t*>(q)[i];
    case detail::code_type::s32: return static_cast<const std::int32_t*>(q)[i];
    case detail::code_type::bits4_first_low: return field(detail::packed_position<u4, low>(i));
    case detail::code_type::bits4_first_high: return field(detail::packed_position<u4, high>(i));
    case detail::code_type::bits2_first_low: return field(detail::packed_position<u2, low>(i));
    case detail::code_type::bits2_first_high: return field(detail::packed_position<u2, high>(i));
  }
  return 0;
}

QMATH_INLINE bool is_packed(detail::code_type type) noexcept {
  return type == detail::code_type::bits4_first_low ||
         type == detail::code_type::bits4_first_high ||
         type == detail::code_type::bits2_first_low || type == detail::code_type::bits2_first_high;
}

#endif

}  // namespace impl
QMATH_END_NAMESPACE

#if QMATH_HAS_KERNELS
QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY void count_codes(const detail::code_count_job& job) noexcept {
  constexpr std::size_t block = 1024;
  unsigned char buffer[block];
  // Fields of packed formats are the codes modulo 2^bits: of signed ones, those from 2^(bits - 1) on are negative.
  const bool packed = impl::is_packed(job.type);
  const std::int32_t codes = packed && job.lowest < 0 ? -2 * job.lowest : 0;
  const detail::selected_elements which = impl::selected_of(job.which, job.n);
  const void* const q = job.q;  // what the compiler knows not to be among the counts
  const detail::code_type type = job.type;
  const std::int32_t lowest = job.lowest;
  const bool all = which.all, one = job.layout.count() == 1;
  for (std::size_t first = 0; first < job.n; first += block) {
    const std::size_t length = impl::smaller(job.n - first, block);
    const unsigned char* const used =
        all ? nullptr : impl::selected_bytes(which, first, length, buffer);
    for (std::size_t i = 0; i < length;) {
      const std::size_t run = one ? length : impl::run_length(job.layout, first + i);
      const std::size_t end = i + impl::smaller(run, length - i);
      const std::size_t c = job.layout.index(first + i);
      std::uint64_t* const counts = job.counts + c * job.codes;
      const auto count = [&](std::size_t k) QMATH_INLINE_LAMBDA {
        std::int32_t code = impl::code_or_field(q, type, first + k);
        if (codes != 0 && code > codes / 2 - 1) code -= codes;
        ++counts[code - lowest];
      };
      if (!impl::selects_channel(which, c)) {
        i = end;
      } else if (all) {
        for (; i < end; ++i) count(i);
      } else {
        for (; i < end; ++i) {
          if (used[i] != 0) count(i);
        }
      }
    }
  }
}

QMATH_LIBRARY void statistics_of_codes(const std::uint64_t* counts, std::size_t n,
                                       std::int32_t lowest, std::int32_t zero_point,
                                       code_range in_use, code_statistics& s) noexcept {
  const std::uint64_t total = impl::sum_of_counts(counts, n);
  if (total == 0) return;
  std::uint64_t low = 0, high = 0, zero = 0;
  const std::int32_t highest = lowest + static_cast<std::int32_t>(n) - 1;
  const std::int32_t first = in_use.min > lowest ? in_use.min : lowest;
  const std::int32_t last = in_use.max < highest ? in_use.max : highest;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int32_t code = lowest + static_cast<std::int32_t>(i);
    if (code <= first) low += counts[i];
    if (code >= last) high += counts[i];
    if (code == zero_point) zero += counts[i];
  }
  s.at_lowest = rate(low, total);
  s.at_highest = rate(high, total);
  s.zero = rate(zero, total);
  s.effective_bits = impl::in_default_environment(&impl::entropy_in_bits, counts, n, total);
}

QMATH_LIBRARY double rate(std::uint64_t count, std::uint64_t n) noexcept {
  return impl::in_default_environment(&impl::fraction, count, n);
}

}  // namespace library
QMATH_END_LIBRARY
#endif

#endif  // QMATH_DETAIL_CODE_METRICS_IMPL_HPP_
