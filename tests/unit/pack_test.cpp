// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The packed layout of B is what pack.hpp says it is.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <qmath/detail/packed_hash.hpp>
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

// All bytes of the packed form, by its definition.
template <class T>
std::vector<std::uint8_t> packed_form(const guarded<T>& b, std::size_t k, std::size_t n) {
  constexpr int offset = std::is_signed_v<T> ? 0 : 128;
  const std::size_t panels = (n + 15) / 16, lines = (k + 3) / 4;
  std::vector<std::uint8_t> form(64 * (1 + panels * (1 + lines)));
  bool has_lowest = false;
  for (std::size_t c = 0; c < n; ++c) {
    std::uint32_t sum = 0;
    for (std::size_t r = 0; r < k; ++r) {
      const int code = b[r * n + c] - offset;
      sum += static_cast<std::uint32_t>(code);
      has_lowest = has_lowest || code == -128;
      form[64 * (1 + panels + c / 16 * lines + r / 4) + c % 16 * 4 + r % 4] =
          static_cast<std::uint8_t>(code);
    }
    support::put(form, 64 + 4 * c, sum, 4);
  }
  std::memcpy(form.data(), "qmath.B\n\1", 9);
  form[12] = std::is_signed_v<T>;
  form[13] = has_lowest;
  support::put(form, 16, k, 8);
  support::put(form, 24, n, 8);
  support::put(form, 32, form.size(), 8);
  support::put(form, 40, support::packed_sum(form), 8);
  return form;
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

namespace {

// On every target, from memory and to memory that ends or begins at any byte, and back.
template <class T>
void check_form(const guarded<T>& b, std::size_t k, std::size_t n) {
  CAPTURE(k);
  CAPTURE(n);
  const guarded<T> bt = transposed(b, k, n);
  const std::vector<std::uint8_t> want = packed_form(b, k, n);
  const guarded<std::byte> memory(want.size());
  const guarded<T> back(k * n);
  support::for_each_target([&] {
    const auto is_right = [&](const qmath::packed_matrix& p) {
      CHECK(qmath::packed_bytes(p).data() == memory.data());
      CHECK(memory.intact());
      CHECK(std::memcmp(memory.data(), want.data(), want.size()) == 0);
      std::memset(memory.data(), 0xEE, want.size());
    };
    is_right(qmath::pack_transposed(matrix_view<const T>(bt.data(), n, k), memory.span()));
    const auto p = qmath::pack(matrix_view<const T>(b.data(), k, n), memory.span());
    qmath::unpack(p, matrix_view<T>(back.data(), k, n));
    CHECK(back.intact());
    CHECK(std::equal(b.data(), b.data() + k * n, back.data()));
    CHECK(open(memory.span()) == packed_status::ok);
    is_right(p);
  });
}

}  // namespace

TEST_CASE_TEMPLATE("pack: every byte, of matrices with whole blocks and parts of them", T,
                   std::int8_t, std::uint8_t) {
  for (const std::size_t k : {16u, 31u, 32u, 33u, 64u, 67u, 132u, 195u}) {
    for (const std::size_t n : {16u, 33u, 64u, 95u, 128u, 161u}) {
      check_form(guarded<T>(support::any_integers<T>(k * n, static_cast<std::uint32_t>(k))), k, n);
    }
  }
}

TEST_CASE("pack: a matrix that no cache of the second level holds") {
  const std::size_t k = 1029, n = 2051;
  check_form(guarded<std::uint8_t>(support::any_integers<std::uint8_t>(k * n, 44)), k, n);
}

// Sums of 64 codes are kept in 16 bits on the way.
TEST_CASE("pack: sums of the lowest and the highest codes; one lowest code anywhere") {
  const std::size_t k = 300, n = 40;
  for (const int code : {-128, 127}) {
    check_form(
        guarded<std::int8_t>(std::vector<std::int8_t>(k * n, static_cast<std::int8_t>(code))), k,
        n);
  }
  std::vector<std::int8_t> b(70 * 83, 5);
  std::vector<std::byte> memory(qmath::packed_size(70, 83));
  for (std::size_t i = 0; i < b.size(); i += 7) {
    b[i] = -128;
    support::for_each_target([&] {
      CHECK(qmath::pack(matrix_view<const std::int8_t>(b.data(), 70, 83), memory).has_lowest);
      CHECK(qmath::pack_transposed(matrix_view<const std::int8_t>(b.data(), 83, 70),
                                   std::span(memory.data(), qmath::packed_size(70, 83)))
                .has_lowest);
    });
    b[i] = 5;
  }
  CHECK_FALSE(qmath::pack(matrix_view<const std::int8_t>(b.data(), 70, 83), memory).has_lowest);
}

TEST_CASE(
    "pack: rows with room behind them, to and from an address that is no multiple of anything") {
  const std::size_t k = 75, n = 85, stride = 93;
  const guarded<std::uint8_t> b(support::any_integers<std::uint8_t>(k * n, 45));
  const std::vector<std::uint8_t> want = packed_form(b, k, n);
  std::vector<std::uint8_t> rows(k * stride + 1, 1);
  for (std::size_t i = 0; i < k * n; ++i) rows[1 + i / n * stride + i % n] = b[i];
  std::vector<std::byte> memory(want.size() + 3);
  const guarded<std::uint8_t> back(std::vector<std::uint8_t>((k - 1) * stride + n, 7));
  support::for_each_target([&] {
    const auto p = qmath::pack(matrix_view<const std::uint8_t>(rows.data() + 1, k, n, stride),
                               std::span(memory).subspan(3));
    CHECK(std::memcmp(memory.data() + 3, want.data(), want.size()) == 0);
    std::fill_n(back.data(), back.size(), std::uint8_t{7});
    qmath::unpack(p, matrix_view<std::uint8_t>(back.data(), k, n, stride));
    for (std::size_t i = 0; i < back.size(); ++i) {
      CHECK(back[i] == (i % stride < n ? rows[1 + i] : 7));
    }
  });
}

TEST_CASE("pack: what its checksum promises") {
  // The powers of turn, with 0, are a field: its order divides 2^64 - 1, and none of the quotients by a prime factor.
  using matrix = std::array<std::uint64_t, 64>;  // columns
  const auto times = [](const matrix& a, const matrix& b) {
    matrix c = {};
    for (std::size_t i = 0; i < 64; ++i) {
      for (std::size_t bit = 0; bit < 64; ++bit) c[i] ^= (b[i] >> bit & 1) != 0 ? a[bit] : 0;
    }
    return c;
  };
  matrix one, turn;
  for (std::size_t i = 0; i < 64; ++i) {
    one[i] = std::uint64_t{1} << i;
    turn[i] = qmath::detail::hash_turn(one[i]);
  }
  const auto power = [&](std::uint64_t e) {
    matrix r = one, square = turn;
    for (; e != 0; e >>= 1, square = times(square, square)) {
      if ((e & 1) != 0) r = times(r, square);
    }
    return r;
  };
  const std::uint64_t order = ~std::uint64_t{0};
  CHECK(power(order) == one);
  for (const std::uint64_t prime : {3u, 5u, 17u, 257u, 641u, 65537u, 6700417u}) {
    REQUIRE(order % prime == 0);
    CHECK(power(order / prime) != one);
  }

  const std::size_t k = 130, n = 70;
  const guarded<std::int8_t> b(support::any_integers<std::int8_t>(k * n, 46));
  const guarded<std::byte> memory(qmath::packed_size(k, n));
  std::byte* const m = memory.data();
  const std::size_t line = 64, panels = 5, lines = 33, first = 64 * (1 + panels);
  support::for_each_target([&] {
    CHECK(qmath::pack(matrix_view<const std::int8_t>(b.data(), k, n), memory.span()).n == n);
    // Every byte, every word.
    for (std::size_t i = 64; i < memory.size(); ++i) {
      const std::byte was = m[i];
      m[i] ^= static_cast<std::byte>(1 + i % 255);
      CHECK(open(memory.span()) == packed_status::damaged);
      m[i] = was;
    }
    for (std::size_t i = 64; i < memory.size(); i += 8) {
      for (std::size_t j = 0; j < 8; ++j) m[i + j] = ~m[i + j];
      CHECK(open(memory.span()) == packed_status::damaged);
      for (std::size_t j = 0; j < 8; ++j) m[i + j] = ~m[i + j];
    }
    // The same bit in two words below each other; two lines, two panels and two sums exchanged.
    for (std::size_t i = 1; i < lines; ++i) {
      for (std::size_t at = first + 7; at < first + line; at += 8) {
        m[at] ^= std::byte{0x80};
        m[at + i * line] ^= std::byte{0x80};
        CHECK(open(memory.span()) == packed_status::damaged);
        m[at] ^= std::byte{0x80};
        m[at + i * line] ^= std::byte{0x80};
      }
    }
    const auto exchange = [&](std::size_t x, std::size_t y, std::size_t size) {
      REQUIRE(std::memcmp(m + x, m + y, size) != 0);
      std::swap_ranges(m + x, m + x + size, m + y);
      CHECK(open(memory.span()) == packed_status::damaged);
      std::swap_ranges(m + x, m + x + size, m + y);
    };
    for (std::size_t i = 1; i < lines; ++i) exchange(first, first + i * line, line);
    for (std::size_t p = 1; p < panels; ++p) {
      exchange(first, first + p * lines * line, lines * line);
      exchange(64, 64 + 64 * p, 64);
      exchange(64 + 8, 64 + 64 * p, 8);
    }
    CHECK(open(memory.span()) == packed_status::ok);
  });
}

TEST_CASE("pack: sizes that a size_t of 32 bits does not hold") {
  constexpr std::uint64_t most = 0xFFFFFFFFu, wide = 0xFFFFFFFFFFFFFFFFu;
  const auto size = [](std::uint64_t k, std::uint64_t n) {
    return qmath::detail::packed_bytes_within(k, n, most);
  };
  CHECK(size(3, 2) == 192);
  CHECK(size(0, 0) == 64);
  CHECK(size(most - 1, 0) == 64);  // no elements, and k is one of its numbers
  CHECK(size(most, 0) == most);
  CHECK(size(std::uint64_t{1} << 40, 0) == most);
  CHECK(size(0, std::uint64_t{1} << 40) == most);
  CHECK(size(std::uint64_t{1} << 32, 1) == most);  // wraps to k = 0
  CHECK(size(1, std::uint64_t{1} << 30) == most);  // 2^33 bytes, 64 after they have wrapped
  CHECK(size(0, most - 1) == most);
  CHECK(size(65532, 65520) == 64 + 65520u * 65536u);
  CHECK(size(65536, 65520) == 64 + 65520u * 65540u);
  CHECK(size(65552, 65520) == most);
  CHECK(qmath::detail::packed_bytes_within(65552, 65520, wide) == 64 + 65520ull * 65556u);
  CHECK(qmath::detail::packed_bytes_within(std::uint64_t{1} << 32, 1, wide) ==
        64 + 16 * ((std::uint64_t{1} << 32) + 4));
  // 64 bits are not exceeded on the way.
  for (const std::uint64_t k : {std::uint64_t{1} << 62, wide - 1, wide}) {
    CHECK(qmath::detail::packed_bytes_within(k, 1, wide) == wide);
    CHECK(qmath::detail::packed_bytes_within(k, 0, wide) == wide);
    CHECK(qmath::detail::packed_bytes_within(1, k, wide) == wide);
    CHECK(qmath::detail::packed_bytes_within(k, k, wide) == wide);
  }
  const std::size_t none = ~std::size_t{0};
  CHECK(qmath::packed_size(none, none) == none);
  // Without columns there may be any number of rows, of which nobody has to know.
  const std::size_t k = std::size_t{1} << (sizeof(std::size_t) == 8 ? 48 : 31);
  std::vector<std::byte> memory(qmath::packed_size(k, 0));
  REQUIRE(memory.size() == 64);
  const std::int8_t none_of_them = 0;
  const auto p = qmath::pack(matrix_view<const std::int8_t>(&none_of_them, k, 0), memory);
  std::int8_t back = 7;
  qmath::unpack(p, matrix_view<std::int8_t>(&back, k, 0));
  CHECK(back == 7);
  CHECK(open(memory) == packed_status::ok);
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
  std::vector<std::byte> largest = memory;  // k and the size
  std::fill_n(largest.begin() + 16, 8, std::byte{0xFF});
  std::fill_n(largest.begin() + 32, 8, std::byte{0xFF});
  CHECK(open(largest) == packed_status::bad_shape);
  // Without reading the contents.
  memory[100] ^= std::byte{1};
  qmath::packed_matrix p;
  CHECK(qmath::open_packed(memory, p, qmath::packed_check::header) == packed_status::ok);
  CHECK(p.k == 21);
}
