// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Arrays of any format and of any type of real numbers, next to memory that cannot be touched.
#ifndef QMATH_TESTS_SUPPORT_FORMATS_HPP_
#define QMATH_TESTS_SUPPORT_FORMATS_HPP_

#include <doctest/doctest.h>

#include <cstring>
#include <qmath/qmath.hpp>
#include <random>
#include <vector>

#include "support/guarded.hpp"

namespace support {

/// A packed format and the order of its bits, as one type.
template <class F, qmath::bit_order Order>
struct packed {};

/// The format F of std::int8_t ... or packed<F, Order>, what its arrays look like and how they are made.
template <class T>
struct format_traits {
  using format = T;
  using memory = T;
  using span = std::span<T>;
  using const_span = std::span<const T>;
  static std::size_t units(std::size_t n) { return n; }
  static span view(T* data, std::size_t n) { return {data, n}; }
};
template <class F, qmath::bit_order Order>
struct format_traits<packed<F, Order>> {
  using format = F;
  using memory = std::uint8_t;
  using span = qmath::packed_span<F, std::uint8_t, Order>;
  using const_span = qmath::packed_span<F, const std::uint8_t, Order>;
  static std::size_t units(std::size_t n) { return qmath::storage_bytes<F>(n); }
  static span view(std::uint8_t* data, std::size_t n) { return {data, n}; }
};

template <class T>
using format_of = typename format_traits<T>::format;

/// n numbers of a format, guarded.
template <class T>
class coded {
 public:
  using traits = format_traits<T>;
  explicit coded(std::size_t n, guard side = guard::behind)
      : memory_(traits::units(n), side), n_(n) {}

  typename traits::span span() const { return traits::view(memory_.data(), n_); }
  typename traits::const_span const_span() const { return span(); }
  void fill(unsigned char byte) {
    if (memory_.size() != 0) std::memset(memory_.data(), byte, bytes());
  }
  /// Any codes of the format; the unused bits of a packed array are random, too.
  void randomize(std::uint32_t seed) {
    std::mt19937 random(seed);
    for (std::size_t i = 0; i < bytes(); ++i) {
      reinterpret_cast<unsigned char*>(memory_.data())[i] = static_cast<unsigned char>(random());
    }
  }
  std::size_t bytes() const { return memory_.size() * sizeof(typename traits::memory); }
  bool intact() const { return memory_.intact(); }
  bool same_as(const coded& other) const {
    return bytes() == other.bytes() &&
           (bytes() == 0 || std::memcmp(memory_.data(), other.memory_.data(), bytes()) == 0);
  }
  std::int32_t code(std::size_t i) const { return qmath::reference::load(const_span(), i); }

 private:
  guarded<typename traits::memory> memory_;
  std::size_t n_;
};

/// Equal in every byte; tells the first element that is not.
template <class T>
void check_same(const coded<T>& want, const coded<T>& got, std::size_t n) {
  CHECK(got.intact());
  if (got.same_as(want)) return;
  for (std::size_t i = 0; i < n; ++i) {
    if (want.code(i) == got.code(i)) continue;
    INFO("element ", i, " of ", n);
    CHECK(got.code(i) == want.code(i));
    return;
  }
  FAIL_CHECK("the codes are the same, the bits behind them are not");
}

template <class X>
std::vector<X> real_numbers(const std::vector<float>& values) {
  std::vector<X> x(values.size());
  for (std::size_t i = 0; i < x.size(); ++i) qmath::reference::store_real(x[i], values[i]);
  return x;
}

/// One layout of each kind with about n elements.
struct named_layout {
  const char* name;
  qmath::granularity layout;
  std::size_t n;
};
inline std::vector<named_layout> layouts() {
  const std::size_t shape[] = {3, 5, 4, 7};
  return {
      {"per tensor", qmath::per_tensor(1300), 1300},
      {"rows", qmath::per_row(9, 129), 9 * 129},
      {"long rows", qmath::per_row(2, 1030), 2060},
      {"columns", qmath::per_column(33), 33 * 40},
      {"many columns", qmath::per_column(700), 1400},
      {"groups of 4", qmath::per_group(5, 64, 4), 320},
      {"groups of 8", qmath::per_group(1, 1288, 8), 1288},
      {"groups of 16", qmath::per_group(3, 560, 16), 1680},
      {"groups of 32", qmath::per_group(3, 512, 32), 1536},
      {"groups of 32, short last", qmath::per_group(7, 100, 32), 700},
      {"groups of 128", qmath::per_group(4, 640, 128), 2560},
      {"groups of 3", qmath::per_group(4, 100, 3), 400},
      {"blocks of 4x16", qmath::per_block(10, 70, 4, 16), 700},
      {"blocks of 3x1", qmath::per_block(10, 70, 3, 1), 700},
      {"axis 0", qmath::per_channel(shape, 0), 2 * 3 * 5 * 4 * 7},
      {"axis 1", qmath::per_channel(shape, 1), 420},
      {"axis 2", qmath::per_channel(shape, 2), 420},
      {"axis 3", qmath::per_channel(shape, 3), 420},
      {"blocks of 3 along axis 1", qmath::per_axis_block(shape, 1, 3), 840},
      {"blocks of 3 along axis 3", qmath::per_axis_block(shape, 3, 3), 420},
      {"nothing", qmath::per_row(3, 8), 0},
  };
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_FORMATS_HPP_
