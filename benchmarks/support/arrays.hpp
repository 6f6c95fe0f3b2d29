// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The arrays of quantize, dequantize and requantize: formats, layouts, numbers and parameters.
#ifndef QMATH_BENCHMARKS_SUPPORT_ARRAYS_HPP_
#define QMATH_BENCHMARKS_SUPPORT_ARRAYS_HPP_

#include <concepts>
#include <variant>

#include "support/bench.hpp"

namespace bench {

// ---- Formats -----------------------------------------------------------------------------------

/// A type as a value, so that tables of cases can hold one. std::visit gets it back.
template <class T>
struct type {
  using value = T;
};

using any_real = std::variant<type<float>, type<qmath::half>, type<qmath::bfloat16>>;
using any_code = std::variant<type<std::int8_t>, type<std::uint8_t>, type<std::int16_t>,
                              type<std::int32_t>, type<qmath::s4>, type<qmath::u4>>;

inline constexpr type<float> f32;
inline constexpr type<qmath::half> f16;
inline constexpr type<qmath::bfloat16> bf16;
inline constexpr type<std::int8_t> s8;
inline constexpr type<std::uint8_t> u8;
inline constexpr type<std::int16_t> s16;
inline constexpr type<std::int32_t> s32;
inline constexpr type<qmath::s4> s4;
inline constexpr type<qmath::u4> u4;

inline std::string name_of(const any_real& real) {
  constexpr const char* names[] = {"f32", "f16", "bf16"};
  return names[real.index()];
}
inline std::string name_of(const any_code& code) {
  constexpr const char* names[] = {"s8", "u8", "s16", "s32", "s4", "u4"};
  return names[code.index()];
}

template <class Q>
inline constexpr bool is_8_bit = std::same_as<Q, std::int8_t> || std::same_as<Q, std::uint8_t>;

// ---- Layouts -----------------------------------------------------------------------------------

/// Which elements share parameters.
struct layout {
  enum class shape { tensor, row, column, group };
  static constexpr std::size_t group_row = 4096;  // the row that groups are in

  shape what = shape::tensor;
  std::size_t size = 0;  // of a row or group; the number of columns

  std::string suffix() const {
    constexpr const char* names[] = {"", "_row_", "_column_", "_group_"};
    return what == shape::tensor ? ""
                                 : names[static_cast<std::size_t>(what)] + std::to_string(size);
  }
  /// At most n, in whole rows.
  std::size_t elements(std::size_t n) const {
    return what == shape::row || what == shape::column ? n / size * size : n;
  }
  /// Neighbours that share a parameter.
  std::size_t run(std::size_t n) const {
    return what == shape::tensor ? n : what == shape::column ? 1 : size;
  }
  qmath::granularity of(std::size_t n) const {
    switch (what) {
      case shape::row: return qmath::per_row(n / size, size);
      case shape::column: return qmath::per_column(size);
      case shape::group: return qmath::per_group(n / group_row, group_row, size);
      default: return qmath::per_tensor(n);
    }
  }
};

inline constexpr layout per_tensor = {};
inline constexpr layout per_row(std::size_t size) { return {layout::shape::row, size}; }
inline constexpr layout per_column(std::size_t size) { return {layout::shape::column, size}; }
inline constexpr layout per_group(std::size_t size) { return {layout::shape::group, size}; }

// ---- Numbers -----------------------------------------------------------------------------------

/// `largest` numbers of which nearly all are in the range of 8 bits at scale 0.05.
template <class X>
const X* real_input() {
  if constexpr (std::same_as<X, float>) {
    return float_input();
  } else {
    static const X* const memory = [] {
      X* x = allocate<X>(largest);
      for (std::size_t i = 0; i < largest; ++i) {
        if constexpr (std::same_as<X, qmath::half>) {
          x[i] = qmath::half_from(float_input()[i]);
        } else {
          x[i] = qmath::bfloat16_from(float_input()[i]);
        }
      }
      return x;
    }();
    return memory;
  }
}

/// `largest` codes; of std::int32_t, sums of a GEMM with a k of about 1000.
template <class Q>
const Q* integer_input() {
  static const Q* const memory = [] {
    Q* q = allocate<Q>(largest);
    std::uint32_t state = 3;
    constexpr std::int32_t middle = std::same_as<Q, std::int32_t> ? 1 << 23 : 0;
    for (std::size_t i = 0; i < largest; ++i) {
      q[i] = static_cast<Q>(static_cast<std::int32_t>(next_random(state)) - middle);
    }
    return q;
  }();
  return memory;
}

/// n codes as qmath's functions take them.
template <class Q>
auto codes_in(std::size_t n) {
  if constexpr (qmath::packed_integer<Q>) {
    return qmath::packed_span<Q, const std::uint8_t>(integer_input<std::uint8_t>(), n);
  } else {
    return std::span(integer_input<Q>(), n);
  }
}
template <class T>
const void* memory_of(std::span<T> codes) {
  return codes.data();
}
template <class Q, class Byte>
const void* memory_of(qmath::packed_span<Q, Byte> codes) {
  return codes.data;
}

template <class Q>
auto codes_out(std::size_t n, void* memory = output<char>()) {
  if constexpr (qmath::packed_integer<Q>) {
    return qmath::packed_span<Q>(static_cast<std::uint8_t*>(memory), n);
  } else {
    return std::span(static_cast<Q*>(memory), n);
  }
}

// ---- Parameters --------------------------------------------------------------------------------

/// A scale with which the real numbers fill the codes.
template <class Q>
inline constexpr float scale_of = qmath::detail::bits_of<Q> == 8   ? 0.05f
                                  : qmath::detail::bits_of<Q> == 4 ? 0.9f
                                                                   : 0.0002f;
/// A multiplier with which the sums fill the codes of 8 bits.
inline constexpr float multiplier = 1.5e-5f;
inline constexpr std::int32_t zero_point = 3;

/// Of a tensor; zero points of 32 bits are 0.
template <class Q>
inline constexpr qmath::affine_params tensor_params() {
  return {scale_of<Q>, std::same_as<Q, std::int32_t> ? 0 : zero_point};
}

/// n numbers near that one.
inline std::span<const float> near(float value, std::size_t n) {
  static std::vector<float> numbers;
  if (numbers.size() < n) numbers.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    numbers[i] = value * (1.0f + static_cast<float>(i % 97) * 0.001f);
  }
  return std::span(numbers).first(n);
}

/// Of n elements. Formats with a sign are symmetric, as they are in practice.
template <class Q>
qmath::channel_params channel_params(const layout& where, std::size_t n) {
  static std::vector<std::int32_t> zero_points;
  const qmath::granularity g = where.of(n);
  qmath::channel_params p{near(scale_of<Q>, g.count()), {}, g};
  const qmath::code_range codes = qmath::full_range<Q>();
  if (codes.min == 0) {
    zero_points.resize(g.count());
    for (std::size_t i = 0; i < g.count(); ++i) {
      zero_points[i] = codes.max / 2 + static_cast<std::int32_t>(i % 7);
    }
    p.zero_points = zero_points;
  }
  return p;
}

}  // namespace bench

#endif  // QMATH_BENCHMARKS_SUPPORT_ARRAYS_HPP_
