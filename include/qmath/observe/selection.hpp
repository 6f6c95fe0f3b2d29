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
#include "qmath/granularity.hpp"

#if !QMATH_WITH_CALIBRATION
#error "qmath: calibration is left out, QMATH_WITH_CALIBRATION is 0"
#endif

QMATH_BEGIN_TYPES

/// Bytes of the caller's of which those that are not 0 select: of any contiguous range of bool or std::uint8_t (not
/// std::vector<bool>, which has no bytes). With a layout, the byte of element i is number layout.index(i), for masks
/// along any axes:
///     {bytes, broadcast({b, h, t, d}, {b, 1, t, 1})}       {bytes, per_channel({n, c, h, w}, 1)}
/// An empty range, such as an empty vector, is no mask: it selects all elements, whatever its layout.
struct mask_view {
  const unsigned char* data = nullptr;
  std::size_t n = 0;
  bool has_layout = false;
  granularity layout = {};

  QMATH_INLINE constexpr mask_view() noexcept {}
  template <class R>
    requires(readable_range<R, bool> || readable_range<R, std::uint8_t>)
  // NOLINTNEXTLINE(google-explicit-constructor): as std::span converts
  QMATH_INLINE mask_view(const R& bytes) noexcept
      : data(reinterpret_cast<const unsigned char*>(std::span(bytes).data())),
        n(std::span(bytes).size()) {}
  template <class R>
    requires(readable_range<R, bool> || readable_range<R, std::uint8_t>)
  QMATH_INLINE mask_view(const R& bytes, const granularity& l) noexcept
      : data(reinterpret_cast<const unsigned char*>(std::span(bytes).data())),
        n(std::span(bytes).size()),
        has_layout(true),
        layout(l) {}

  QMATH_INLINE constexpr std::size_t size() const noexcept { return n; }
};

/// The elements for which all members agree; those that are empty say nothing. The default selects all elements.
struct selection {
  /// Without a layout, entry k stands for x.size() / mask.size() neighbours: one byte per element, or per row or token,
  /// as [b, t] of x [b, t, d]. Other axes take a layout, since any mask whose size divides x.size() fits without one:
  ///     x [b, h, t, d]    tokens [b, t]                    broadcast({b, h, t, d}, {b, 1, t, 1})
  ///     x [b, h, q, k]    keys [b, k]                      broadcast({b, h, q, k}, {b, 1, 1, k})
  ///                       [b, 1, q, k], or causal [q, k]   broadcast({b, h, q, k}, {b, 1, q, k}), ..., {q, k})
  /// Two masks are one that the caller has made of both, unless lengths say the same: causal [q, k] as the mask,
  /// valid keys as lengths with token_size = 1.
  /// @pre mask.size() divides x.size(); or is layout.count(), and layout.period() divides x.size().
  mask_view mask = {};
  /// x is cut into lengths.size() sequences of the same size, and these into tokens, numbered 0 to positions - 1, again
  /// and again. Those before number lengths[s] count: element i if
  ///     i / token_size % positions < lengths[i / (x.size() / lengths.size())]
  /// @pre lengths.size() divides x.size(), positions * token_size what that leaves; no length is more than positions.
  std::span<const std::uint32_t> lengths = {};
  std::size_t positions = 0;
  /// One byte per channel. Which elements are of channel c, its layout says, or without one the layout of the call:
  /// then the observers or sums of channels that are left out stay as they are.
  /// @pre channels.size() == count() of that layout, and its period() divides x.size(); there is one.
  mask_view channels = {};
  /// Elements of a token; 0: what is left of a sequence, so that it has every position once, which is right for
  /// x [b, t, d] only: others have as many elements selected, but not those.
  ///     x [b, t, d]: 0       x [b, h, t, d]: d       x [b, h, q, k], valid keys: 1, valid queries: k
  std::size_t token_size = 0;
};

QMATH_END_TYPES

#endif  // QMATH_OBSERVE_SELECTION_HPP_
