// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The formats of numbers: conversions of half and bfloat16 against arithmetic in double and, where there are
// such types, the compiler's; packed numbers against the bytes that the header draws.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <qmath/qmath.hpp>
#include <random>
#include <vector>

#include "support/inputs.hpp"

using qmath::bfloat16;
using qmath::bit_order;
using qmath::half;
using support::from_bits;
using support::to_bits;

namespace {

// A binary format with a sign, and the number of bits of its exponent and of its fraction.
struct layout {
  int exponent_bits, fraction_bits;

  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  unsigned infinity() const { return ((1u << exponent_bits) - 1u) << fraction_bits; }
};
constexpr layout half_layout = {5, 10}, bfloat16_layout = {8, 7};

// A number that is not NaN, from the meaning of its fields.
double value_of(unsigned bits, layout l) {
  const double sign = bits >> 15 != 0 ? -1.0 : 1.0;
  const int exponent = static_cast<int>(bits & 0x7FFFu) >> l.fraction_bits;
  const int fraction = static_cast<int>(bits) & ((1 << l.fraction_bits) - 1);
  if ((bits & 0x7FFFu) == l.infinity()) return sign * std::numeric_limits<double>::infinity();
  const int significand = exponent == 0 ? fraction : fraction + (1 << l.fraction_bits);
  return sign *
         std::ldexp(significand, (exponent == 0 ? 1 : exponent) - l.bias() - l.fraction_bits);
}

// The nearest number of the format, by a search among all of them that needs nothing but their order: the
// patterns without sign ascend. A tie goes to the even pattern. Infinity stands for the next power of two.
unsigned nearest(double x, layout l) {
  const unsigned sign = std::signbit(x) ? 0x8000u : 0u;
  const double magnitude = std::fabs(x);
  const auto value = [&](unsigned bits) {
    return bits == l.infinity() ? std::ldexp(1.0, l.bias() + 1) : value_of(bits, l);
  };
  if (magnitude >= value(l.infinity())) return sign | l.infinity();
  unsigned below = 0, above = l.infinity();
  while (above - below > 1) {
    const unsigned middle = (below + above) / 2;
    (value(middle) <= magnitude ? below : above) = middle;
  }
  const double down = magnitude - value(below), up = value(above) - magnitude;  // exact
  if (down != up) return sign | (down < up ? below : above);
  return sign | (below % 2 == 0 ? below : above);
}

bool is_nan(unsigned bits, layout l) { return (bits & 0x7FFFu) > l.infinity(); }

// The numbers between which a conversion decides: all of the format, the middles between neighbours, and the
// floats next to those.
std::vector<float> decisions(layout l) {
  std::vector<float> x;
  const float inf = std::numeric_limits<float>::infinity();
  for (unsigned bits = 0; bits < l.infinity(); ++bits) {
    const double low = value_of(bits, l);
    const double high =
        bits + 1 == l.infinity() ? std::ldexp(1.0, l.bias() + 1) : value_of(bits + 1, l);
    for (const double v : {low, (low + high) / 2}) {
      const auto f = static_cast<float>(v);
      for (const float near : {f, std::nextafter(f, inf), std::nextafter(f, -inf)}) {
        x.push_back(near);
        x.push_back(-near);
      }
    }
  }
  x.insert(x.end(), {inf, -inf, std::numeric_limits<float>::max(), 0x1p-149f, -0x1p-149f});
  const std::vector<float> any = support::any_floats(200000, 21);
  x.insert(x.end(), any.begin(), any.end());
  return x;
}

// Quiet, with the upper bits of the payload.
unsigned nan_from(float x, layout l) {
  const std::uint32_t bits = to_bits(x);
  const int fraction = static_cast<int>(bits & 0x7FFFFFu) >> (23 - l.fraction_bits);
  return (bits >> 16 & 0x8000u) | l.infinity() | 1u << (l.fraction_bits - 1) |
         static_cast<unsigned>(fraction);
}

template <class F, bit_order Order>
void check_packed() {
  constexpr auto range = qmath::full_range<F>();
  std::mt19937 random(3);
  for (std::size_t n = 0; n < 20; ++n) {
    CAPTURE(n);
    std::vector<std::uint8_t> bytes(qmath::storage_bytes<F>(n), 0xFF);
    const qmath::packed_span<F, std::uint8_t, Order> out(bytes.data(), n);
    std::vector<std::int32_t> codes(n);
    for (std::size_t i = 0; i < n; ++i) {
      codes[i] = range.min + static_cast<std::int32_t>(
                                 random() % static_cast<unsigned>(range.max - range.min + 1));
      qmath::reference::store(out, i, codes[i]);
    }
    const qmath::packed_span<F, const std::uint8_t, Order> in = out;
    CHECK(in.size() == n);
    for (std::size_t i = 0; i < n; ++i) CHECK(qmath::reference::load(in, i) == codes[i]);
    // Unused bits are 0: another element, of any code, would change them only there.
    if (n % (8 / qmath::detail::bits_of<F>) != 0) {
      const unsigned used = static_cast<unsigned>(n * qmath::detail::bits_of<F> % 8);
      const unsigned unused = Order == bit_order::first_low ? 0xFFu << used & 0xFFu : 0xFFu >> used;
      CHECK((bytes.back() & unused) == 0);
    }
  }
}

template <class F, bit_order Order>
std::vector<std::uint8_t> packed(const std::vector<std::int32_t>& codes) {
  std::vector<std::uint8_t> bytes(qmath::storage_bytes<F>(codes.size()), 0xFF);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    qmath::reference::store(qmath::packed_span<F, std::uint8_t, Order>(bytes.data(), codes.size()),
                            i, codes[i]);
  }
  return bytes;
}

using bytes = std::vector<std::uint8_t>;

}  // namespace

// ---- Real numbers --------------------------------------------------------------------------------

TEST_CASE("formats: every half is the float of the same value") {
  std::size_t wrong = 0;
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const float x = qmath::float_from(half{static_cast<std::uint16_t>(bits)});
    if (is_nan(bits, half_layout)) {
      // The quiet one of the same payload.
      const std::uint32_t want = (bits & 0x8000u) << 16 | 0x7FC00000u | (bits & 0x3FFu) << 13;
      if (to_bits(x) != want) ++wrong;
    } else if (static_cast<double>(x) != value_of(bits, half_layout) ||
               std::signbit(x) != (bits >> 15 != 0)) {
      ++wrong;
    }
    // And back.
    const unsigned back = is_nan(bits, half_layout) ? bits | 0x200u : bits;
    if (qmath::half_from(x).bits != back) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("formats: every bfloat16 is the float of the same value") {
  std::size_t wrong = 0;
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const bfloat16 b{static_cast<std::uint16_t>(bits)};
    const float x = qmath::float_from(b);
    if (is_nan(bits, bfloat16_layout)) {
      // The bits themselves, also of a signaling one.
      if (x == x) ++wrong;
    } else if (static_cast<double>(x) != value_of(bits, bfloat16_layout) ||
               std::signbit(x) != (bits >> 15 != 0)) {
      ++wrong;
    }
    const unsigned back = is_nan(bits, bfloat16_layout) ? bits | 0x40u : bits;
    if (qmath::bfloat16_from(x).bits != back) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("formats: floats become the nearest half, ties the even one") {
  std::size_t wrong = 0;
  for (const float x : decisions(half_layout)) {
    const unsigned want =
        x != x ? nan_from(x, half_layout) : nearest(static_cast<double>(x), half_layout);
    if (qmath::half_from(x).bits != want) {
      INFO("bits ", to_bits(x));
      if (++wrong < 10) CHECK(qmath::half_from(x).bits == want);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("formats: floats become the nearest bfloat16, ties the even one") {
  std::size_t wrong = 0;
  for (const float x : decisions(bfloat16_layout)) {
    const unsigned want =
        x != x ? nan_from(x, bfloat16_layout) : nearest(static_cast<double>(x), bfloat16_layout);
    if (qmath::bfloat16_from(x).bits != want) {
      INFO("bits ", to_bits(x));
      if (++wrong < 10) CHECK(qmath::bfloat16_from(x).bits == want);
    }
  }
  CHECK(wrong == 0);
}

#if defined(__aarch64__) && defined(__GNUC__)
#define COMPILER_HALF __fp16  // _Float16 is not C++ before GCC 13
#elif defined(__FLT16_MANT_DIG__)
#define COMPILER_HALF _Float16
#endif

#ifdef COMPILER_HALF
TEST_CASE("formats: half is the compiler's") {
  std::size_t wrong = 0;
  for (unsigned bits = 0; bits < 65536; ++bits) {
    if (is_nan(bits, half_layout)) continue;
    const auto h = std::bit_cast<COMPILER_HALF>(static_cast<std::uint16_t>(bits));
    if (to_bits(static_cast<float>(h)) !=
        to_bits(qmath::float_from(half{static_cast<std::uint16_t>(bits)}))) {
      ++wrong;
    }
  }
  for (const float x : decisions(half_layout)) {
    if (x != x) continue;
    if (std::bit_cast<std::uint16_t>(static_cast<COMPILER_HALF>(x)) != qmath::half_from(x).bits)
      ++wrong;
  }
  CHECK(wrong == 0);
}
#endif

#if defined(__BFLT16_MANT_DIG__) || (defined(__clang__) && defined(__BF16_MANT_DIG__))
TEST_CASE("formats: bfloat16 is the compiler's") {
  std::size_t wrong = 0;
  for (const float x : decisions(bfloat16_layout)) {
    if (x != x) continue;
    if (std::bit_cast<std::uint16_t>(static_cast<__bf16>(x)) != qmath::bfloat16_from(x).bits) {
      ++wrong;
    }
  }
  CHECK(wrong == 0);
}
#endif

TEST_CASE("formats: the table of real.hpp, at compile time") {
  static_assert(qmath::float_from(half{0x7BFF}) == 65504.0f);
  static_assert(qmath::float_from(half{0x0400}) == 0x1p-14f);
  static_assert(qmath::float_from(half{0x0001}) == 0x1p-24f);
  static_assert(qmath::float_from(half{0xBC00}) == -1.0f);
  static_assert(qmath::float_from(bfloat16{0x7F7F}) == 0x1.FEp127f);
  static_assert(qmath::float_from(bfloat16{0x0080}) == 0x1p-126f);
  static_assert(qmath::float_from(bfloat16{0x0001}) == 0x1p-133f);
  static_assert(qmath::float_from(1.5f) == 1.5f);
  static_assert(qmath::half_from(65519.996f) == half{0x7BFF});
  static_assert(qmath::half_from(65520.0f) == half{0x7C00});
  static_assert(qmath::half_from(0x1p-25f) == half{0});
  static_assert(qmath::half_from(0x1.8p-24f) == half{2});
  static_assert(qmath::bfloat16_from(0x1.FFp127f) == bfloat16{0x7F80});
  static_assert(qmath::bfloat16_from(1.0f) == bfloat16{0x3F80});
  static_assert(sizeof(half) == 2 && sizeof(bfloat16) == 2);
  // NaN is equal to itself, as bits.
  static_assert(half{0x7E00} == half{0x7E00});
}

// ---- Integers ------------------------------------------------------------------------------------

TEST_CASE("formats: ranges of codes, at compile time") {
  using qmath::code_range;
  using qmath::full_range;
  using qmath::narrow_range;
  using qmath::reduced_range;
  static_assert(full_range<std::int8_t>() == code_range{-128, 127});
  static_assert(full_range<std::uint8_t>() == code_range{0, 255});
  static_assert(full_range<std::int16_t>() == code_range{-32768, 32767});
  static_assert(full_range<std::uint16_t>() == code_range{0, 65535});
  static_assert(full_range<std::int32_t>() == code_range{});
  static_assert(full_range<qmath::s4>() == code_range{-8, 7});
  static_assert(full_range<qmath::u4>() == code_range{0, 15});
  static_assert(full_range<qmath::s2>() == code_range{-2, 1});
  static_assert(full_range<qmath::u2>() == code_range{0, 3});
  static_assert(narrow_range<std::int8_t>() == code_range{-127, 127});
  static_assert(narrow_range<std::uint8_t>() == code_range{1, 255});
  static_assert(narrow_range<std::int16_t>() == code_range{-32767, 32767});
  static_assert(narrow_range<qmath::s4>() == code_range{-7, 7});
  static_assert(narrow_range<qmath::u2>() == code_range{1, 3});
  static_assert(reduced_range<std::int8_t>() == code_range{-64, 63});
  static_assert(reduced_range<std::uint8_t>() == code_range{0, 127});
  static_assert(reduced_range<std::int16_t>() == code_range{-16384, 16383});
  static_assert(reduced_range<qmath::s4>() == code_range{-4, 3});
  static_assert(reduced_range<qmath::s2>() == code_range{-1, 0});
}

TEST_CASE("formats: bytes, at compile time") {
  using qmath::storage_bytes;
  static_assert(storage_bytes<std::int8_t>(7) == 7);
  static_assert(storage_bytes<std::uint16_t>(7) == 14);
  static_assert(storage_bytes<std::int32_t>(7) == 28);
  static_assert(storage_bytes<qmath::s4>(0) == 0);
  static_assert(storage_bytes<qmath::s4>(1) == 1);
  static_assert(storage_bytes<qmath::u4>(2) == 1);
  static_assert(storage_bytes<qmath::u4>(3) == 2);
  static_assert(storage_bytes<qmath::s2>(0) == 0);
  static_assert(storage_bytes<qmath::s2>(1) == 1);
  static_assert(storage_bytes<qmath::u2>(4) == 1);
  static_assert(storage_bytes<qmath::u2>(5) == 2);
  // No overflow on the way.
  static_assert(storage_bytes<qmath::u4>(std::numeric_limits<std::size_t>::max()) ==
                std::numeric_limits<std::size_t>::max() / 2 + 1);
}

TEST_CASE("formats: what is a format") {
  static_assert(qmath::quantized_format<std::int8_t> && qmath::quantized_format<qmath::u2>);
  static_assert(!qmath::quantized_format<std::int64_t> && !qmath::quantized_format<char>);
  static_assert(!qmath::quantized_format<std::uint32_t> && !qmath::quantized_format<half>);
  static_assert(qmath::packed_integer<qmath::s4> && !qmath::packed_integer<std::int8_t>);
  static_assert(qmath::real_number<half> && !qmath::real_number<double>);
  using mutable_span = qmath::packed_span<qmath::s4>;
  using constant_span = qmath::packed_span<qmath::s4, const std::uint8_t>;
  static_assert(std::is_convertible_v<mutable_span, constant_span>);
  static_assert(!std::is_convertible_v<constant_span, mutable_span>);
  static_assert(qmath::writable_quantized_range<mutable_span>);
  static_assert(!qmath::writable_quantized_range<constant_span>);
  static_assert(qmath::readable_quantized_range<constant_span>);
}

TEST_CASE("formats: packed numbers, there and back") {
  check_packed<qmath::s4, bit_order::first_low>();
  check_packed<qmath::s4, bit_order::first_high>();
  check_packed<qmath::u4, bit_order::first_low>();
  check_packed<qmath::u4, bit_order::first_high>();
  check_packed<qmath::s2, bit_order::first_low>();
  check_packed<qmath::s2, bit_order::first_high>();
  check_packed<qmath::u2, bit_order::first_low>();
  check_packed<qmath::u2, bit_order::first_high>();
}

TEST_CASE("formats: the bytes of integer.hpp") {
  constexpr auto low = bit_order::first_low, high = bit_order::first_high;
  CHECK(packed<qmath::u4, low>({1, 2, 3}) == bytes{0x21, 0x03});
  CHECK(packed<qmath::u4, high>({1, 2, 3}) == bytes{0x12, 0x30});
  CHECK(packed<qmath::s4, low>({-8, 7, -1}) == bytes{0x78, 0x0F});
  CHECK(packed<qmath::s4, high>({-8, 7, -1}) == bytes{0x87, 0xF0});
  CHECK(packed<qmath::u2, low>({3, 0, 1, 2, 1}) == bytes{0x93, 0x01});
  CHECK(packed<qmath::u2, high>({3, 0, 1, 2, 1}) == bytes{0xC6, 0x40});
  CHECK(packed<qmath::s2, low>({-2, 1, -1, 0, -1}) == bytes{0x36, 0x03});
  CHECK(packed<qmath::s2, high>({-2, 1, -1, 0, -1}) == bytes{0x9C, 0xC0});
}

// ---- Views of 16-bit buffers ---------------------------------------------------------------------

TEST_CASE("formats: buffers as half and bfloat16") {
  std::vector<std::uint16_t> bits = {0x3C00, 0xC000, 0x7BFF};
  const auto& constant = bits;
  static_assert(std::same_as<decltype(qmath::as_half(bits)), std::span<half>>);
  static_assert(std::same_as<decltype(qmath::as_half(constant)), std::span<const half>>);
  static_assert(std::same_as<decltype(qmath::as_half(std::span(constant))), std::span<const half>>);
  static_assert(std::same_as<decltype(qmath::as_bfloat16(bits)), std::span<bfloat16>>);
  static_assert(std::same_as<decltype(qmath::as_bfloat16(constant)), std::span<const bfloat16>>);
  CHECK(static_cast<const void*>(qmath::as_half(bits).data()) == bits.data());
  CHECK(qmath::as_half(std::span<std::uint16_t>()).empty());
  std::vector<float> back(3);
  std::vector<std::int8_t> q(3);
  qmath::quantize(qmath::as_half(constant), {1.0f, 0}, q);
  CHECK(q == std::vector<std::int8_t>{1, -2, 127});
  qmath::dequantize(q, {0.5f, 0}, qmath::as_half(bits));
  CHECK(bits == std::vector<std::uint16_t>{0x3800, 0xBC00, 0x53F0});
  qmath::dequantize(q, {0.5f, 0}, qmath::as_bfloat16(bits));
  CHECK(bits == std::vector<std::uint16_t>{0x3F00, 0xBF80, 0x427E});
  qmath::quantize(qmath::as_bfloat16(bits), {0.5f, 0}, q);
  CHECK(q == std::vector<std::int8_t>{1, -2, 127});
}

namespace {

template <class R>
concept is_half_buffer = requires(R& r) { qmath::as_half(r); };
template <class R>
concept is_bfloat16_buffer = requires(R& r) { qmath::as_bfloat16(r); };

// What a compiler that did not know of the other view could reorder.
__attribute__((noinline)) std::uint16_t by_turns(std::uint16_t* a, half* b) {
  *a = 1;
  *b = half{2};
  return *a;
}

}  // namespace

TEST_CASE("formats: other buffers are none of half and bfloat16") {
  static_assert(!is_half_buffer<std::vector<std::int16_t>>);
  static_assert(!is_half_buffer<std::vector<float>> && !is_half_buffer<std::vector<double>>);
  static_assert(!is_half_buffer<std::vector<std::uint8_t>> && !is_half_buffer<int>);
  static_assert(!is_bfloat16_buffer<std::vector<char16_t>>);
  static_assert(!is_half_buffer<std::vector<bfloat16>> && !is_bfloat16_buffer<std::vector<half>>);
}

TEST_CASE("formats: both views of a buffer, by turns") {
  std::uint16_t bits[1] = {0};
  CHECK(by_turns(bits, qmath::as_half(bits).data()) == 2);
}

#ifdef COMPILER_HALF
namespace {

__attribute__((noinline)) float by_turns(COMPILER_HALF* a, half* b) {
  *a = 1;
  *b = half{0x4000};
  return static_cast<float>(*a);
}

}  // namespace

TEST_CASE("formats: buffers of the compiler's half") {
  std::vector<COMPILER_HALF> x = {1, -2, 3};
  std::vector<std::int8_t> q(3);
  qmath::quantize(qmath::as_half(x), {1.0f, 0}, q);
  CHECK(q == std::vector<std::int8_t>{1, -2, 3});
  static_assert(!is_bfloat16_buffer<std::vector<COMPILER_HALF>>);
  CHECK(by_turns(x.data(), qmath::as_half(x).data()) == 2.0f);
}
#endif
