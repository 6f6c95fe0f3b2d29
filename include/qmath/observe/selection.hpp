// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// Which elements of a tensor count: masks, valid lengths, excluded channels.
#ifndef QMATH_OBSERVE_SELECTION_HPP_
#define QMATH_OBSERVE_SELECTION_HPP_

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/core/concepts.hpp"
#include "qmath/detail/abi.hpp"

#if !QMATH_WITH_CALIBRATION
#error "qmath: calibration is left out, QMATH_WITH_CALIBRATION is 0"
#endif

QMATH_BEGIN_TYPES

/// Bytes of the caller's of which those that are not 0 select. From any contiguous range of bool or std::uint8_t.
struct mask_view {
  const unsigned char* data = nullptr;
  std::size_t n = 0;

  constexpr mask_view() = default;
  template <class R>
    requires(readable_range<R, bool> || readable_range<R, std::uint8_t>)
  // NOLINTNEXTLINE(google-explicit-constructor): as std::span converts
  QMATH_INLINE mask_view(const R& bytes) noexcept
      : data(reinterpret_cast<const unsigned char*>(std::span(bytes).data())),
        n(std::span(bytes).size()) {}

  QMATH_INLINE constexpr std::size_t size() const noexcept { return n; }
};

/// The elements for which all members agree. The default selects all elements.
struct selection {
  /// Entry k stands for x.size() / mask.size() neighbours: one byte per element, or per row or token.
  mask_view mask = {};
  /// x is cut into lengths.size() sequences of the same size, these into `positions` tokens, of which the first
  /// lengths[s] count.
  std::span<const std::uint32_t> lengths = {};
  std::size_t positions = 0;
  /// One byte per channel; channels without are left as they are. For observe with a layout only.
  mask_view channels = {};
};

QMATH_END_TYPES

#endif  // QMATH_OBSERVE_SELECTION_HPP_
