// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Arrays through the register pieces of simd/xsimd.hpp, on the architecture that a test file is compiled
// for. A build may compile such a file several times, with other flags and other names:
//     QMATH_XSIMD_SUITE    the name of the test suite, a string
//     XSIMD_DEFAULT_ARCH   xsimd's own macro: an architecture below what the flags allow
#ifndef QMATH_TESTS_SUPPORT_XSIMD_HPP_
#define QMATH_TESTS_SUPPORT_XSIMD_HPP_

#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <qmath/qmath.hpp>
#include <qmath/simd/xsimd.hpp>
#include <string>
#include <vector>

#ifndef QMATH_XSIMD_SUITE
#define QMATH_XSIMD_SUITE "simd/xsimd"
#endif

// In a namespace of its own for each file: its functions have that file's flags.
namespace {
namespace registers {

using arch = xsimd::default_arch;
using floats = xsimd::batch<float>;
using integers = xsimd::batch<std::int32_t>;
constexpr std::size_t lanes = floats::size;

inline std::string name_of_arch() { return arch::name(); }

/// To whole groups of four registers.
template <class T>
void pad(std::vector<T>& values) {
  while (values.size() % (4 * lanes) != 0) values.push_back(T{});
}

/// Zero points that Q may have.
template <class Q>
std::vector<std::int32_t> zero_points() {
  if (sizeof(Q) == 4) return {0};
  constexpr std::int32_t lo = std::numeric_limits<Q>::min(), hi = std::numeric_limits<Q>::max();
  return {lo, lo + 1, (lo + hi) / 2, 3, hi - 1, hi};
}

/// All codes, fewer of them, and one alone; for 32 bits also some that are no floats.
template <class Q>
std::vector<qmath::code_range> code_ranges() {
  constexpr qmath::code_range all = qmath::full_range<Q>();
  std::vector<qmath::code_range> ranges = {
      {}, qmath::narrow_range<Q>(), qmath::reduced_range<Q>(), {all.max, all.max}};
  if (sizeof(Q) == 4) ranges.insert(ranges.end(), {{-16777217, 33554435}, {7, all.max}});
  return ranges;
}

/// One assertion per array, at the first difference.
template <class In, class T>
void check_equal(const std::vector<In>& in, const std::vector<T>& want, const std::vector<T>& got) {
  REQUIRE(want.size() == got.size());
  if (std::memcmp(want.data(), got.data(), want.size() * sizeof(T)) == 0) return;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (std::memcmp(&want[i], &got[i], sizeof(T)) == 0) continue;
    INFO("element ", i, " of ", want.size(), ", from ", in[i]);
    CHECK(static_cast<double>(got[i]) == static_cast<double>(want[i]));
    FAIL("different bits");
  }
}

/// out[i] = f(in[i], i) in registers, before anything is narrowed: saturating stores must not be what keeps
/// numbers in range.
template <class Out, class In, class F>
std::vector<Out> through_registers(const std::vector<In>& in, const F& f) {
  std::vector<Out> out(in.size());
  for (std::size_t i = 0; i < in.size(); i += lanes) {
    f(xsimd::batch<In>::load_unaligned(in.data() + i), i).store_unaligned(out.data() + i);
  }
  return out;
}

/// out[i] = f(in[i]) by both kinds of store.
template <class Q, class In, class F>
std::vector<Q> through_memory(const std::vector<In>& in, const F& f, bool four) {
  std::vector<Q> out(in.size());
  const auto at = [&](std::size_t i) { return f(xsimd::batch<In>::load_unaligned(in.data() + i)); };
  for (std::size_t i = 0; i < in.size(); i += four ? 4 * lanes : lanes) {
    if (four) {
      qmath::simd::store(out.data() + i, at(i), at(i + lanes), at(i + 2 * lanes),
                         at(i + 3 * lanes));
    } else {
      qmath::simd::store(out.data() + i, at(i));
    }
  }
  return out;
}

}  // namespace registers
}  // namespace

#endif  // QMATH_TESTS_SUPPORT_XSIMD_HPP_
