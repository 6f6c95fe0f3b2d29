// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The packed layout of B is what pack.hpp says it is.
#include <doctest/doctest.h>

#include <qmath/qmath.hpp>

#include "support/guarded.hpp"
#include "support/inputs.hpp"

using qmath::matrix_view;
using support::guarded;

namespace {

// The element of the packed form at (row, column), padding included.
std::int8_t at(const qmath::packed_matrix& p, std::size_t row, std::size_t column) {
  const std::size_t padded_k = (p.k + 3) / 4 * 4;
  return p.panels[column / 16 * 16 * padded_k + row / 4 * 64 + column % 16 * 4 + row % 4];
}

}  // namespace

TEST_CASE("pack: every element at its place, zeros around, sums in front") {
  for (const std::size_t k : {0u, 1u, 3u, 4u, 5u, 17u}) {
    for (const std::size_t n : {0u, 1u, 15u, 16u, 17u, 40u}) {
      CAPTURE(k);
      CAPTURE(n);
      const guarded<std::int8_t> b(support::any_integers<std::int8_t>(k * n, 41));
      std::vector<std::int8_t> bt(k * n);
      for (std::size_t r = 0; r < k; ++r) {
        for (std::size_t c = 0; c < n; ++c) bt[c * k + r] = b[r * n + c];
      }
      const guarded<std::byte> memory(qmath::packed_size(k, n));
      const guarded<std::byte> memory_t(qmath::packed_size(k, n));
      const auto p = qmath::pack(matrix_view<const std::int8_t>(b.data(), k, n), memory.span());
      const auto t =
          qmath::pack_transposed(matrix_view<const std::int8_t>(bt.data(), n, k), memory_t.span());
      REQUIRE(p.k == k);
      REQUIRE(p.n == n);
      CHECK(reinterpret_cast<std::uintptr_t>(p.panels) % 64 == 0);
      for (std::size_t c = 0; c < (n + 15) / 16 * 16; ++c) {
        std::int32_t sum = 0;
        for (std::size_t r = 0; r < (k + 3) / 4 * 4; ++r) {
          const std::int8_t want = r < k && c < n ? b[r * n + c] : std::int8_t{0};
          sum += want;
          CHECK(at(p, r, c) == want);
          CHECK(at(t, r, c) == want);
        }
        CHECK(p.column_sums[c] == sum);
        CHECK(t.column_sums[c] == sum);
      }
    }
  }
}
