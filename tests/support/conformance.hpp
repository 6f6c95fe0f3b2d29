// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Frozen vectors of frameworks through qmath: by the reference, and by the array functions on every CPU target.
// All of them must agree before a result is compared with the framework's.
#ifndef QMATH_TESTS_SUPPORT_CONFORMANCE_HPP_
#define QMATH_TESTS_SUPPORT_CONFORMANCE_HPP_

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <optional>
#include <qmath/qmath.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "support/formats.hpp"
#include "support/guarded.hpp"
#include "support/targets.hpp"
#include "support/vectors.hpp"

namespace support {

/// Arrays are repeated up to more than this: enough for the loops of the longest vectors, and a tail.
constexpr std::size_t long_enough = 600;

/// f(std::type_identity<F>) for the format of that name.
template <class Job>
void with_format(const std::string& name, const Job& f) {
  if (name == "int8") return f(std::type_identity<std::int8_t>{});
  if (name == "uint8") return f(std::type_identity<std::uint8_t>{});
  if (name == "int16") return f(std::type_identity<std::int16_t>{});
  if (name == "uint16") return f(std::type_identity<std::uint16_t>{});
  if (name == "int32") return f(std::type_identity<std::int32_t>{});
  if (name == "int4") return f(std::type_identity<qmath::s4>{});
  if (name == "uint4") return f(std::type_identity<qmath::u4>{});
  if (name == "int2") return f(std::type_identity<qmath::s2>{});
  if (name == "uint2") return f(std::type_identity<qmath::u2>{});
  bad_vectors(name, "what format is that?");
}

/// How a format is stored in ONNX and elsewhere.
template <class F>
using stored = std::conditional_t<qmath::packed_integer<F>,
                                  support::packed<F, qmath::bit_order::first_low>, F>;

template <class T>
std::vector<T> repeated(const std::vector<T>& values) {
  std::vector<T> all;
  while (!values.empty() && all.size() <= long_enough) {
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

template <class T>
bool same_bits(const T& a, const T& b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

/// The first n; all others must be copies of them.
template <class T>
std::vector<T> first_copy(const std::vector<T>& all, std::size_t n) {
  for (std::size_t i = n; i < all.size(); ++i) {
    if (!same_bits(all[i], all[i - n])) FAIL("element ", i, " is not that of the copy before it");
  }
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n)};
}

template <class T>
std::vector<std::int32_t> codes_in(const coded<T>& q, std::size_t n) {
  std::vector<std::int32_t> codes(n);
  for (std::size_t i = 0; i < n; ++i) codes[i] = q.code(i);
  return codes;
}

template <class F>
void store_codes(const coded<stored<F>>& to, const std::vector<std::int32_t>& codes) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    qmath::reference::store(to.span(), i, codes[i]);
  }
}

/// The codes of x. The layout of `p` covers x once.
template <class F, class X, class Params>
std::vector<std::int32_t> quantized(const std::vector<X>& x, const Params& p,
                                    qmath::quantize_options options = {}) {
  const guarded<X> all(repeated(x));
  const std::span<const X> in = all.span();
  qmath::clip_counts want_counts, counts;
  coded<stored<F>> want(in.size()), got(in.size());
  options.counts = &want_counts;
  qmath::reference::quantize<F>(in, p, want.span(), options);
  for_each_target([&] {
    options.counts = nullptr;
    got.fill(0x55);
    qmath::quantize(in, p, got.span(), options);
    check_same(want, got, in.size());
    counts = {};
    options.counts = &counts;
    qmath::quantize(in, p, got.span(), options);
    check_same(want, got, in.size());
    CHECK(counts == want_counts);
  });
  return first_copy(codes_in(want, in.size()), x.size());
}

/// What is left of x.
template <class F, class X, class Params>
std::vector<X> fake_quantized(const std::vector<X>& x, const Params& p,
                              const qmath::quantize_options& options) {
  const guarded<X> all(repeated(x));
  const std::span<const X> in = all.span();
  std::vector<X> want(in.size()), got(in.size());
  qmath::reference::fake_quantize<F>(in, p, std::span(want), options);
  for_each_target([&] {
    qmath::fake_quantize<F>(in, p, got, options);
    CHECK(std::memcmp(got.data(), want.data(), want.size() * sizeof(X)) == 0);
  });
  return first_copy(want, x.size());
}

/// The real numbers of codes.
template <class F, class X, class Params>
std::vector<X> dequantized(const std::vector<std::int32_t>& codes, const Params& p) {
  const std::vector<std::int32_t> all = repeated(codes);
  coded<stored<F>> q(all.size());
  store_codes<F>(q, all);
  std::vector<X> want(all.size()), got(all.size());
  qmath::reference::dequantize(q.const_span(), p, std::span(want));
  for_each_target([&] {
    qmath::dequantize(q.const_span(), p, got);
    CHECK(std::memcmp(got.data(), want.data(), want.size() * sizeof(X)) == 0);
  });
  return first_copy(want, codes.size());
}

/// From codes of the format In, or sums, to codes of F.
template <class In, class F, class Params>
std::vector<std::int32_t> requantized(const std::vector<std::int32_t>& codes, const Params& p) {
  const std::vector<std::int32_t> all = repeated(codes);
  coded<stored<In>> in(all.size());
  store_codes<In>(in, all);
  coded<stored<F>> want(all.size()), got(all.size());
  qmath::reference::requantize<F>(in.const_span(), p, want.span());
  for_each_target([&] {
    got.fill(0x55);
    qmath::requantize(in.const_span(), p, got.span());
    check_same(want, got, all.size());
  });
  return first_copy(codes_in(want, all.size()), codes.size());
}

/// Parameters and codes of x by one call, per tensor.
struct dynamic_result {
  qmath::affine_params params;
  std::vector<std::int32_t> codes;
};
template <class F>
dynamic_result dynamically_quantized(const std::vector<float>& x, const qmath::scheme& how,
                                     const qmath::quantize_options& options = {}) {
  const guarded<float> all(repeated(x));
  const std::span<const float> in = all.span();
  const qmath::affine_params p = qmath::choose_params<F>(qmath::reference::min_max<float>(in), how);
  for_each_target([&] {
    coded<stored<F>> got(in.size()), want(in.size());
    qmath::reference::quantize<F>(in, p, want.span(), options);
    CHECK(qmath::dynamic_quantize(in, got.span(), how, options) == p);
    check_same(want, got, in.size());
  });
  return {p, quantized<F>(x, p, options)};
}

// ---- Comparing ---------------------------------------------------------------------------------

/// Bit by bit; but which NaN arithmetic makes is a matter of the CPU.
template <class T>
void check_answers(const std::vector<T>& framework, const std::vector<T>& qmath) {
  REQUIRE(framework.size() == qmath.size());
  for (std::size_t i = 0; i < qmath.size(); ++i) {
    if (same_bits(framework[i], qmath[i])) continue;
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(framework[i]) && std::isnan(qmath[i])) continue;
    }
    INFO("element ", i);
    if constexpr (std::is_arithmetic_v<T>) {
      CHECK(static_cast<double>(qmath[i]) == static_cast<double>(framework[i]));
    }
    FAIL("not the framework's bits");
  }
}

inline void check_answer(float framework, float qmath) {
  check_answers(std::vector{framework}, std::vector{qmath});
}

/// Number k of several arrays of n values.
template <class T>
std::vector<T> slice(const std::vector<T>& values, std::size_t k, std::size_t n) {
  REQUIRE(values.size() >= (k + 1) * n);
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(k * n);
  return {first, first + static_cast<std::ptrdiff_t>(n)};
}

/// All cases of a file. There must be `count` of them, and no field may be forgotten: a test reads it or leaves
/// it out for a reason (vector_case::leave_out).
template <class Job>
void for_each_case(const std::string& file, std::size_t count, const Job& f) {
  const std::vector<vector_case> cases = read_vectors(file);
  CHECK(cases.size() == count);
  for (const vector_case& c : cases) {
    INFO(c.where);
    f(c);
    CHECK(c.forgotten() == "");
  }
}

/// What a set of vectors asks. Without these it would prove little.
struct census {
  std::size_t ties = 0, nans = 0, infinities = 0, huge = 0, odd_zero_points = 0;

  void look(double x, double scale, std::int32_t z) {
    const double t = x / scale;
    if (x != x) ++nans;
    if (std::abs(x) == HUGE_VAL) ++infinities;
    if (std::abs(t) >= 0x1p31 && std::abs(x) < HUGE_VAL) ++huge;
    if (std::abs(t) < 0x1p31 && t - std::floor(t) == 0.5) ++ties;
    if (z % 2 != 0) ++odd_zero_points;
  }
  /// For sums, which are numbers.
  void check_sums() const {
    CHECK(ties > 0);
    CHECK(odd_zero_points > 0);
  }
  /// For parameters that come from the data: nothing is huge compared to those.
  void check_dynamic() const {
    check_sums();
    CHECK(nans > 0);
    CHECK(infinities > 0);
  }
  void check_complete() const {
    check_dynamic();
    CHECK(huge > 0);
  }
};

/// An element for which a framework leaves its own formula: x in steps, and the framework's code.
struct departure {
  double steps;
  std::int32_t code;
};

/// The usual one: a number of steps that int32 cannot hold becomes its smallest number, as on x86, and the sum
/// with the zero point wraps around. Nothing for numbers that it can hold.
inline std::optional<departure> unchecked_cast(double steps, std::int32_t z,
                                               qmath::code_range codes) {
  const auto holds = [](double v) { return v >= -0x1p31 && v < 0x1p31; };
  const double rounded = std::nearbyint(steps);
  if (holds(rounded) && holds(rounded + z)) return std::nullopt;
  const auto n = static_cast<std::int64_t>(holds(rounded) ? rounded : -0x1p31);
  const auto sum = static_cast<std::int32_t>(static_cast<std::uint32_t>(n + z));
  return departure{steps, sum < codes.min ? codes.min : sum > codes.max ? codes.max : sum};
}

/// The code of a number of steps that is far beyond all codes, or NaN.
inline std::int32_t saturated(double steps, std::int32_t z, qmath::code_range codes,
                              qmath::nan_rule nan) {
  if (steps < 0.0) return codes.min;
  if (steps > 0.0) return codes.max;
  return nan == qmath::nan_rule::lowest    ? codes.min
         : nan == qmath::nan_rule::highest ? codes.max
                                           : z;
}

/// Codes of x by a framework are qmath's; except where leaves(x[i], i) says that it leaves its formula: then its
/// code is the one named there, and qmath's is saturated.
template <class F, class X, class Leaves>
void check_codes(const std::vector<std::int32_t>& framework, const std::vector<X>& x, float scale,
                 std::int32_t z, const qmath::quantize_options& options, census& set,
                 const Leaves& leaves) {
  const qmath::affine_params p = {scale, z};
  const std::vector<std::int32_t> got = quantized<F>(x, p, options);
  const qmath::code_range codes = qmath::reference::codes_in_use<F>(options.codes);
  REQUIRE(framework.size() == x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float v = qmath::float_from(x[i]);
    INFO("x[", i, "] = ", v, ", scale ", scale, ", zero point ", z);
    set.look(v, scale, z);
    const std::optional<departure> left = leaves(v, z, codes);
    CHECK(framework[i] == (left ? left->code : got[i]));
    if (left) CHECK(got[i] == saturated(left->steps, z, codes, options.rules.nan));
  }
}

}  // namespace support

#endif  // QMATH_TESTS_SUPPORT_CONFORMANCE_HPP_
