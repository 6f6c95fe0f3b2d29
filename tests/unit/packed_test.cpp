// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Packed numbers one at a time, in parts and unpacked: against reference.hpp's loads.
#include <doctest/doctest.h>

#include <concepts>
#include <cstdint>
#include <qmath/qmath.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "support/contract.hpp"

using qmath::bit_order;

namespace {

using bytes = std::vector<std::uint8_t>;

template <class F, bit_order Order>
void check_access() {
  constexpr auto range = qmath::full_range<F>();
  constexpr std::size_t n = 13, per_byte = 8 / qmath::detail::bits_of<F>;
  std::mt19937 random(9);
  bytes memory(qmath::storage_bytes<F>(n)), expected;
  for (std::uint8_t& byte : memory) byte = static_cast<std::uint8_t>(random());
  const auto q = qmath::packed<F, Order>(memory, n);
  const auto read = qmath::packed<F, Order>(std::as_const(memory), n);
  static_assert(std::same_as<decltype(q), const qmath::packed_span<F, std::uint8_t, Order>>);
  static_assert(
      std::same_as<decltype(read), const qmath::packed_span<F, const std::uint8_t, Order>>);
  CHECK(q.size() == n);
  CHECK(read.data == memory.data());
  std::vector<std::int32_t> codes(n);
  for (std::size_t i = 0; i < n; ++i) {
    codes[i] = qmath::reference::load(q, i);
    CHECK(qmath::code_at(read, i) == codes[i]);
  }
  // One is set, the others and the unused bits stay.
  for (int k = 0; k < 200; ++k) {
    const std::size_t i = random() % n;
    const auto width = static_cast<unsigned>(range.max - range.min + 1);
    codes[i] = range.min + static_cast<std::int32_t>(random() % width);
    const std::uint8_t last = memory.back();
    qmath::set_code(q, i, codes[i]);
    for (std::size_t j = 0; j < n; ++j) CHECK(qmath::reference::load(q, j) == codes[j]);
    if (i / per_byte != (n - 1) / per_byte) CHECK(memory.back() == last);
  }
  const bytes all(memory.size(), 0xFF);
  bytes ones = all;
  for (std::size_t i = 0; i < n; ++i) {
    qmath::set_code(qmath::packed<F, Order>(ones, n), i, range.min < 0 ? -1 : range.max);
  }
  CHECK(ones == all);
  // Parts.
  support::contract_log log;
  for (std::size_t first = 0; first <= n; first += per_byte) {
    for (std::size_t count = 0; first + count <= n; ++count) {
      const auto part = qmath::subspan(read, first, count);
      CHECK(part.size() == count);
      for (std::size_t i = 0; i < count; ++i) CHECK(qmath::code_at(part, i) == codes[first + i]);
    }
  }
  CHECK(log.take() == "");
}

constexpr bool packed_is_constexpr() {
  std::uint8_t memory[3] = {};
  const auto q = qmath::packed<qmath::s4>(memory, 5);
  qmath::set_code(q, 3, -8);
  qmath::set_code(qmath::subspan(q, 4, 1), 0, 7);
  return memory[0] == 0 && memory[1] == 0x80 && memory[2] == 7 && qmath::code_at(q, 3) == -8;
}
static_assert(packed_is_constexpr());

}  // namespace

TEST_CASE("packed: single codes, and parts") {
  check_access<qmath::s4, bit_order::first_low>();
  check_access<qmath::s4, bit_order::first_high>();
  check_access<qmath::u4, bit_order::first_low>();
  check_access<qmath::u4, bit_order::first_high>();
  check_access<qmath::s2, bit_order::first_low>();
  check_access<qmath::s2, bit_order::first_high>();
  check_access<qmath::u2, bit_order::first_low>();
  check_access<qmath::u2, bit_order::first_high>();
}

TEST_CASE("packed: broken preconditions") {
  bytes memory = {1, 2, 3};
  const auto q = qmath::packed<qmath::s4>(memory, 5);
  const auto refused = [&](const char* message, const auto& f) {
    support::refused(std::string("qmath::") + message, memory, [&](auto&) { f(); });
  };
  const auto nothing = [](const auto& span) { CHECK((span.data == nullptr && span.n == 0)); };
  constexpr std::size_t huge = static_cast<std::size_t>(-1);
  refused("packed: bytes.size() is 3, must be at least storage_bytes(n), 4",
          [&] { nothing(qmath::packed<qmath::s4>(memory, 7)); });
  refused("packed: bytes.size() is 3, must be at least storage_bytes(n), 9223372036854775808",
          [&] { nothing(qmath::packed<qmath::u4>(memory, huge)); });
  refused("subspan: q.size() is 5, must be at least first, 6",
          [&] { nothing(qmath::subspan(q, 6, 0)); });
  refused("subspan: q.size() - first is 1, must be at least n, 2",
          [&] { nothing(qmath::subspan(q, 4, 2)); });
  refused("subspan: q.size() - first is 1, must be at least n, 18446744073709551615",
          [&] { nothing(qmath::subspan(q, 4, huge)); });
  refused("subspan: first is 3, must be a multiple of the codes in a byte, 2",
          [&] { nothing(qmath::subspan(q, 3, 1)); });
  refused("code_at: i is 5, must be less than q.size(), 5",
          [&] { CHECK(qmath::code_at(q, 5) == 0); });
  refused("set_code: i is 5, must be less than q.size(), 5", [&] { qmath::set_code(q, 5, 1); });
  refused("set_code: code is 8, outside [-8, 7]", [&] { qmath::set_code(q, 0, 8); });
  refused("set_code: code is -9, outside [-8, 7]", [&] { qmath::set_code(q, 0, -9); });
}

TEST_CASE("packed: requantize with multiplier 1 unpacks and packs, as formats/packed.hpp says") {
  const std::vector<std::uint8_t> bytes = {0x78, 0x0F, 0xA5};
  const auto check = [&](auto span, auto unpacked) {
    std::vector<decltype(unpacked)> codes(span.size());
    qmath::requantize(span, qmath::requantize_params{}, codes);
    for (std::size_t i = 0; i < codes.size(); ++i) CHECK(codes[i] == qmath::code_at(span, i));
    std::vector<std::uint8_t> again(bytes.size(), 0xFF);
    using packed = decltype(span);
    qmath::requantize(codes, qmath::requantize_params{},
                      qmath::packed<typename packed::format, packed::order>(again, codes.size()));
    CHECK(again == bytes);
  };
  check(qmath::packed<qmath::s4>(bytes, 6), std::int8_t{});
  check(qmath::packed<qmath::u4>(bytes, 6), std::int8_t{});
  check(qmath::packed<qmath::u4>(bytes, 6), std::uint8_t{});
  check(qmath::packed<qmath::s2>(bytes, 12), std::int8_t{});
  check(qmath::packed<qmath::u2, qmath::bit_order::first_high>(bytes, 12), std::uint8_t{});
}
