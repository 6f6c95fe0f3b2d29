// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// The concepts that qmath's functions ask of their arguments, all on one page.
#ifndef QMATH_CORE_CONCEPTS_HPP_
#define QMATH_CORE_CONCEPTS_HPP_

#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/detail/abi.hpp"
#include "qmath/formats/integer.hpp"
#include "qmath/formats/real.hpp"

QMATH_BEGIN_TYPES

/// The types of real numbers that arrays can have. (double: convert to float, which rounds; a buffer of 16-bit
/// numbers in other types: as_half, as_bfloat16.)
template <class T>
concept real_number = detail::is_one_of<T, float, half, bfloat16>;

namespace detail {

template <class R>
using element_of = typename decltype(std::span(std::declval<R&>()))::element_type;

template <class R>
concept viewable = requires(R& r) { std::span(r); };

}  // namespace detail

/// A contiguous range of T that can be read: std::span, std::vector, std::array, T[n], const or not.
template <class R, class T>
concept readable_range =
    detail::viewable<R> && std::same_as<std::remove_const_t<detail::element_of<R>>, T>;

/// A contiguous range of T that can be written.
template <class R, class T>
concept writable_range = detail::viewable<R> && std::same_as<detail::element_of<R>, T>;

/// A contiguous range of any type of real numbers.
template <class R>
concept readable_real_range =
    detail::viewable<R> && real_number<std::remove_const_t<detail::element_of<R>>>;
template <class R>
concept writable_real_range = detail::viewable<R> && real_number<detail::element_of<R>>;

namespace detail {

template <class R>
inline constexpr bool is_packed_span = false;
template <class F, class Byte, bit_order Order>
inline constexpr bool is_packed_span<packed_span<F, Byte, Order>> = true;
template <class R>
inline constexpr bool is_writable_packed_span = false;
template <class F, bit_order Order>
inline constexpr bool is_writable_packed_span<packed_span<F, std::uint8_t, Order>> = true;

}  // namespace detail

/// Quantized numbers in any format: a contiguous range of a quantized integer, or a packed_span.
template <class R>
concept readable_quantized_range =
    detail::is_packed_span<std::remove_cvref_t<R>> ||
    (detail::viewable<R> && quantized_integer<std::remove_const_t<detail::element_of<R>>>);
template <class R>
concept writable_quantized_range =
    detail::is_writable_packed_span<std::remove_cvref_t<R>> ||
    (detail::viewable<R> && quantized_integer<detail::element_of<R>>);

QMATH_END_TYPES

#endif  // QMATH_CORE_CONCEPTS_HPP_
