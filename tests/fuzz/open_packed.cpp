// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// open_packed, with the contents checked and without.
#include <algorithm>
#include <cstring>
#include <qmath/qmath.hpp>

#include "fuzz/parsers.hpp"
#include "support/saved_bytes.hpp"

namespace fuzz {
namespace {

using qmath::matrix_view;
using qmath::packed_check;
using qmath::packed_matrix;
using qmath::packed_status;
using support::get;
using support::put;

template <class A, class B>
std::vector<std::int32_t> product(const std::vector<A>& a, std::int32_t a_zero,
                                  const std::vector<B>& b, std::size_t n, std::int32_t b_zero) {
  std::vector<std::int32_t> c(n);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i < a.size(); ++i) c[j] += (a[i] - a_zero) * (b[i * n + j] - b_zero);
  }
  return c;
}

/// One row times the matrix; compared only if it is one that pack has written.
template <class A, class B>
bool multiplies(const packed_matrix& p, const std::vector<B>& b, std::size_t most, bool genuine) {
  // Without columns k may be any number: then A has no rows.
  const std::size_t rows = p.k <= most ? 1 : 0;
  std::vector<A> a(rows * p.k);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<A>(37 * i + 128);
  std::vector<std::int32_t> c(rows * p.n, -1);
  const std::int32_t a_zero = 3, b_zero = 5;
  qmath::gemm(matrix_view<const A>(a.data(), rows, p.k), {.a = a_zero, .b = b_zero}, p,
              matrix_view<std::int32_t>(c.data(), rows, p.n));
  return !genuine || rows == 0 || c == product(a, a_zero, b, p.n, b_zero);
}

/// Whatever the header admits can be worked with: no byte outside the memory is touched. A matrix that is as pack would
/// have written it has the products of its elements. Returns a property that does not hold.
template <class B>
const char* use_as(const packed_matrix& p, std::span<const std::byte> memory, bool intact) {
  std::vector<B> b(p.k * p.n);
  qmath::unpack(p, matrix_view<B>(b.data(), p.k, p.n));
  const std::span<const std::byte> own = qmath::packed_bytes(p);
  if (own.data() != memory.data() || own.size() > memory.size()) return "packed_bytes";
  std::vector<std::byte> packed(own.size());
  const packed_matrix again = qmath::pack(matrix_view<const B>(b.data(), p.k, p.n), packed);
  packed_matrix opened;
  if (qmath::open_packed(packed, opened) != packed_status::ok) return "packed again, refused";
  if (opened.k != p.k || opened.n != p.n || opened.is_signed != p.is_signed ||
      opened.panels != again.panels || opened.has_lowest != again.has_lowest) {
    return "packed again, another matrix";
  }
  std::vector<B> b_again(b.size());
  qmath::unpack(opened, matrix_view<B>(b_again.data(), p.k, p.n));
  if (b_again != b) return "packed again, other elements";
  // Besides has_lowest and the sum, the header is a function of the matrix.
  const auto same = [&](std::size_t begin, std::size_t end) {
    return std::equal(own.begin() + static_cast<std::ptrdiff_t>(begin),
                      own.begin() + static_cast<std::ptrdiff_t>(end),
                      packed.begin() + static_cast<std::ptrdiff_t>(begin));
  };
  if (!same(0, 13) || !same(14, 40) || !same(48, 64)) return "pack writes another header";
  const bool genuine = same(13, 14) && same(64, own.size());
  if (genuine && intact && !same(40, 48)) return "pack writes another sum";
  if (!multiplies<std::int8_t>(p, b, memory.size(), genuine) ||
      !multiplies<std::uint8_t>(p, b, memory.size(), genuine)) {
    return "gemm";
  }
  return nullptr;
}

outcome use(std::span<const std::uint8_t> bytes_in) {
  const std::span<const std::byte> memory(reinterpret_cast<const std::byte*>(bytes_in.data()),
                                          bytes_in.size());
  packed_matrix p, trusted;
  const packed_status status = qmath::open_packed(memory, p);
  const packed_status header = qmath::open_packed(memory, trusted, packed_check::header);
  const char* const text = qmath::name(status);
  const bool intact = status == packed_status::ok;
  if (!intact && (p.column_sums != nullptr || p.k != 0 || p.n != 0)) return {text, "not empty"};
  if (header != (status == packed_status::damaged ? packed_status::ok : status)) {
    return {text, "another status for the header alone"};
  }
  if (header != packed_status::ok) return {text};
  const auto own = bytes_in.first(qmath::packed_bytes(trusted).size());
  if (intact != (get(bytes(own.begin(), own.end()), 40, 8) == support::packed_sum(own))) {
    return {text, "the sum"};
  }
  return {text, trusted.is_signed ? use_as<std::int8_t>(trusted, memory, intact)
                                  : use_as<std::uint8_t>(trusted, memory, intact)};
}

void repair(bytes& b, std::size_t most, unsigned kind) {
  if (kind % 8 == 0 || most < 64) return;
  if (b.size() < 64) b.resize(64);
  if (kind % 8 != 1) {  // a header that is accepted
    std::memcpy(b.data(), "qmath.B\n\1\0\0\0", 12);
    b[12] &= 1;
    b[13] &= 1;
    b[14] = b[15] = 0;
    std::fill_n(b.begin() + 48, 16, std::uint8_t{0});
    if (kind % 8 != 2) {  // and a shape, small as a rule
      const std::uint64_t k = get(b, 16, 8), n = get(b, 24, 8);
      if (k > 300 || kind % 8 == 3) put(b, 16, k % 41, 8);
      if (n > 300 || kind % 8 == 3) put(b, 24, n % 41, 8);
    }
    const std::uint64_t k = get(b, 16, 8), n = get(b, 24, 8);
    if (k <= 300 && n <= 300) {
      const std::size_t size = 64 + (n + 15) / 16 * (64 + (k + 3) / 4 * 64);
      put(b, 32, size, 8);
      if (size <= most && kind % 16 != 15) b.resize(size);
    }
  }
  // The sum, of as much as the header says.
  const std::uint64_t size = std::min<std::uint64_t>(get(b, 32, 8), b.size() / 64 * 64);
  if (size >= 64) put(b, 40, support::packed_sum({b.data(), static_cast<std::size_t>(size)}), 8);
}

template <class B>
bytes packed(std::size_t k, std::size_t n) {
  std::vector<B> b(k * n);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<B>(53 * i + 7);
  std::vector<std::byte> memory(qmath::packed_size(k, n));
  qmath::pack(matrix_view<const B>(b.data(), k, n), memory);
  bytes all(memory.size());
  std::memcpy(all.data(), memory.data(), memory.size());
  return all;
}

std::vector<bytes> seeds() {
  return {packed<std::int8_t>(0, 0), packed<std::int8_t>(3, 2),  packed<std::uint8_t>(5, 17),
          packed<std::int8_t>(0, 3), packed<std::uint8_t>(4, 0), packed<std::int8_t>(33, 40)};
}

}  // namespace

const parser open_packed = {"open_packed", use, repair, seeds};

}  // namespace fuzz
