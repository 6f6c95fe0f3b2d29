// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The packed layout of B is what pack.hpp says it is.
#include <doctest/doctest.h>

#include <cstring>
#include <qmath/qmath.hpp>

#include "support/guarded.hpp"
#include "support/inputs.hpp"
#include "support/saved_bytes.hpp"
#include "support/targets.hpp"

using qmath::matrix_view;
using qmath::packed_status;
using support::guarded;

namespace {

// The stored code at (row, column), padding included.
std::int8_t at(const qmath::packed_matrix& p, std::size_t row, std::size_t column) {
  const std::size_t padded_k = (p.k + 3) / 4 * 4;
  return p.panels[column / 16 * 16 * padded_k + row / 4 * 64 + column % 16 * 4 + row % 4];
}

std::uint64_t number(const std::byte* from, std::size_t bytes) {
  std::uint64_t v = 0;
  for (std::size_t i = bytes; i-- > 0;) v = v << 8 | static_cast<std::uint64_t>(from[i]);
  return v;
}

template <class T>
guarded<T> transposed(const guarded<T>& b, std::size_t k, std::size_t n) {
  std::vector<T> t(k * n);
  for (std::size_t r = 0; r < k; ++r) {
    for (std::size_t c = 0; c < n; ++c) t[c * k + r] = b[r * n + c];
  }
  return guarded<T>(t);
}

packed_status open(std::span<const std::byte> memory) {
  qmath::packed_matrix b;
  const packed_status status = qmath::open_packed(memory, b);
  CHECK((status == packed_status::ok) == (b.column_sums != nullptr));
  return status;
}

}  // namespace

TEST_CASE_TEMPLATE("pack: every element at its place, zeros around, header and sums in front", T,
                   std::int8_t, std::uint8_t) {
  constexpr int offset = std::is_signed_v<T> ? 0 : 128;
  for (const std::size_t k : {0u, 1u, 3u, 4u, 5u, 17u, 40u}) {
    for (const std::size_t n : {0u, 1u, 15u, 16u, 17u, 40u}) {
      CAPTURE(k);
      CAPTURE(n);
      const guarded<T> b(support::any_integers<T>(k * n, 41));
      const guarded<T> bt = transposed(b, k, n);
      const std::size_t size = qmath::packed_size(k, n);
      const guarded<std::byte> memory(size), memory_t(size);
      support::for_each_target([&] {
        std::memset(memory.data(), 0xEE, size);
        const auto p = qmath::pack(matrix_view<const T>(b.data(), k, n), memory.span());
        const auto t =
            qmath::pack_transposed(matrix_view<const T>(bt.data(), n, k), memory_t.span());
        REQUIRE(p.k == k);
        REQUIRE(p.n == n);
        CHECK(p.is_signed == std::is_signed_v<T>);
        bool has_lowest = false;
        for (std::size_t c = 0; c < (n + 15) / 16 * 16; ++c) {
          std::int32_t sum = 0;
          for (std::size_t r = 0; r < (k + 3) / 4 * 4; ++r) {
            const int want = r < k && c < n ? b[r * n + c] - offset : 0;
            sum += want;
            has_lowest = has_lowest || want == -128;
            CHECK(at(p, r, c) == want);
          }
          CHECK(static_cast<std::int32_t>(number(p.column_sums + 4 * c, 4)) == sum);
        }
        CHECK(p.has_lowest == has_lowest);
        CHECK(std::memcmp(memory.data(), memory_t.data(), size) == 0);
        CHECK(t.panels - p.panels == reinterpret_cast<std::int8_t*>(memory_t.data()) -
                                         reinterpret_cast<std::int8_t*>(memory.data()));
        const std::byte* const h = memory.data();
        CHECK(std::memcmp(h, "qmath.B\n", 8) == 0);
        CHECK(number(h + 8, 4) == 1);
        CHECK(number(h + 12, 4) == (std::is_signed_v<T> ? 1u : 0u) + (has_lowest ? 256u : 0u));
        CHECK(number(h + 16, 8) == k);
        CHECK(number(h + 24, 8) == n);
        CHECK(number(h + 32, 8) == size);
        CHECK(qmath::packed_bytes(p).data() == h);
        CHECK(qmath::packed_bytes(p).size() == size);
        CHECK(open(memory.span()) == packed_status::ok);

        std::vector<T> back(k * (n + 3));
        qmath::unpack(p, matrix_view<T>(back.data(), k, n, n + 3));
        for (std::size_t i = 0; i < k * n; ++i) CHECK(back[i / n * (n + 3) + i % n] == b[i]);
      });
    }
  }
}

// The bytes are the same on every machine: these were written by hand.
TEST_CASE("pack: frozen bytes of a matrix") {
  const std::int8_t b[] = {1, -2, 3, 4, -128, 6};  // [3, 2]
  std::vector<std::byte> memory(qmath::packed_size(3, 2));
  REQUIRE(memory.size() == 192);
  CHECK(qmath::pack(matrix_view<const std::int8_t>(b, 3, 2), memory).n == 2);
  std::vector<unsigned char> want(192, 0);
  std::memcpy(want.data(), "qmath.B\n\1\0\0\0\1\0\0\0\3\0\0\0\0\0\0\0\2", 25);
  want[13] = 1;
  want[32] = 192;
  const unsigned char sums[] = {0x84, 0xFF, 0xFF, 0xFF, 8, 0, 0, 0};  // -124, 8
  std::memcpy(&want[64], sums, 8);
  const unsigned char panel[] = {1, 3, 0x80, 0, 0xFE, 4, 6, 0};
  std::memcpy(&want[128], panel, 8);
  for (std::size_t i = 0; i < 192; ++i) {
    CAPTURE(i);
    if (i < 40 || i >= 48) CHECK(static_cast<unsigned char>(memory[i]) == want[i]);
  }
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(memory.data());
  CHECK(number(&memory[40], 8) == support::packed_sum({bytes, memory.size()}));
}

TEST_CASE("pack: damaged and foreign memory is refused") {
  const guarded<std::uint8_t> b(support::any_integers<std::uint8_t>(21 * 19, 42));
  std::vector<std::byte> memory(qmath::packed_size(21, 19));
  CHECK(qmath::pack(matrix_view<const std::uint8_t>(b.data(), 21, 19), memory).n == 19);
  REQUIRE(open(memory) == packed_status::ok);
  std::vector<std::byte> longer = memory;
  longer.resize(memory.size() + 100);
  CHECK(open(longer) == packed_status::ok);
  for (std::size_t size = 0; size < memory.size(); ++size) {
    const guarded<std::byte> part(std::vector<std::byte>(memory.data(), memory.data() + size));
    CHECK(open(part.span()) == packed_status::too_short);
  }
  for (std::size_t i = 0; i < memory.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      CAPTURE(i);
      const std::byte was = memory[i];
      memory[i] ^= static_cast<std::byte>(1 << bit);
      const packed_status status = open(memory);
      memory[i] = was;
      if (i < 8) CHECK(status == packed_status::not_packed);
      if (i >= 8 && i < 12) CHECK(status == packed_status::unknown_version);
      if (i >= 12 && i < 40) CHECK(status != packed_status::ok);
      if ((i >= 40 && i < 48) || i >= 64) CHECK(status == packed_status::damaged);
      if (i >= 48 && i < 64) CHECK(status == packed_status::bad_shape);
    }
  }
  CHECK(open({}) == packed_status::too_short);
  // What a header claims is not believed: sizes that wrap around, shapes of another size.
  for (const std::uint64_t k : {std::uint64_t{1} << 63, ~std::uint64_t{0}, std::uint64_t{22}}) {
    std::vector<std::byte> claim = memory;
    for (std::size_t i = 0; i < 8; ++i) claim[16 + i] = static_cast<std::byte>(k >> (8 * i));
    CHECK(open(claim) == (k == 22 ? packed_status::damaged : packed_status::bad_shape));
  }
  // Without reading the contents.
  memory[100] ^= std::byte{1};
  qmath::packed_matrix p;
  CHECK(qmath::open_packed(memory, p, qmath::packed_check::header) == packed_status::ok);
  CHECK(p.k == 21);
}
