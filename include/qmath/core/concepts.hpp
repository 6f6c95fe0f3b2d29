// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The concepts that qmath's functions ask of their arguments, all on one page.
#ifndef QMATH_CORE_CONCEPTS_HPP_
#define QMATH_CORE_CONCEPTS_HPP_

#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>

#include "qmath/detail/abi.hpp"

QMATH_BEGIN_TYPES

/// The integer types in which quantized numbers are stored.
template <class T>
concept quantized_integer = std::same_as<T, std::int8_t> || std::same_as<T, std::uint8_t>;

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

/// A contiguous range of any quantized integer that can be read.
template <class R>
concept readable_quantized_range =
    detail::viewable<R> && quantized_integer<std::remove_const_t<detail::element_of<R>>>;

/// A contiguous range of any quantized integer that can be written.
template <class R>
concept writable_quantized_range = detail::viewable<R> && quantized_integer<detail::element_of<R>>;

QMATH_END_TYPES

#endif  // QMATH_CORE_CONCEPTS_HPP_
