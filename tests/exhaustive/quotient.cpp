// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The computation in the proofs of detail/quotient.hpp: every quotient that is so close to the middle between two
// floats that the two-term reciprocal, or the product corrected by its remainder, might take the wrong one.
// Takes a second.
//
// With significands X and S of 24 bits, M odd and of 25 bits, and |D| <= 8, X * 2^j = M * S + D. S = 2^a * S' with
// S' odd: D is a multiple of 2^a, so a < 4, and M = -D / 2^a * (1 / S')  (mod 2^(j - a)).
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <qmath/detail/quotient.hpp>

namespace {

using reciprocal = qmath::impl::two_term_reciprocal;

// 1 / a modulo 2^32, a odd: every step of Newton's doubles the number of right bits, of which a has 3.
std::uint32_t inverse(std::uint32_t a) {
  std::uint32_t x = a;
  for (int i = 0; i < 4; ++i) x *= 2 - a * x;
  return x;
}

struct totals {
  long long tried = 0, wrong = 0, wrong_at_ties = 0, unexpected = 0, wrong_with_remainder = 0;
};

// Whether the float is k + 1/2, |k| < 256, but for a power of two: then its significand has 9 bits.
bool is_tie(float t) { return (std::bit_cast<std::uint32_t>(t) & 0x7FFFu) == 0; }

void try_one(std::uint32_t x, std::uint32_t s, totals& total) {
  const auto dividend = static_cast<float>(x), scale = static_cast<float>(s);
  const reciprocal r(scale);
  const float t = std::fma(dividend, r.r, dividend * r.r2);
  const float quotient = dividend / scale;
  const float near = dividend * r.r;
  const float corrected = std::fma(std::fma(-near, scale, dividend), r.r, near);
  ++total.tried;
  if (corrected != quotient) ++total.wrong_with_remainder;
  if (t == quotient) return;
  ++total.wrong;
  if (!is_tie(t) && !is_tie(quotient)) return;
  ++total.wrong_at_ties;
  if (!reciprocal::is_exact_for(scale)) return;
  ++total.unexpected;
  std::printf("%.0f / %.0f: %a is not %a\n", dividend, scale, t, quotient);
}

void try_all(std::uint32_t s, totals& total) {
  const int a = std::countr_zero(s);
  if (a >= 4) return;
  const std::uint32_t s_inverse = inverse(s >> a);
  for (int d = -8; d <= 8; ++d) {
    if (d == 0 || d % (1 << a) != 0) continue;
    for (int j = 24; j <= 25; ++j) {
      const std::uint64_t step = std::uint64_t{1} << (j - a);
      const std::uint64_t first = static_cast<std::uint32_t>(-d / (1 << a)) * s_inverse % step;
      for (std::uint64_t m = first; m < (1u << 25); m += step) {
        if (m < (1u << 24) || m % 2 == 0) continue;
        const std::int64_t sum = static_cast<std::int64_t>(m * s) + d;
        const std::int64_t x = sum >> j;
        if (x << j != sum) std::abort();  // that is what m was chosen for
        if (x >= (1 << 23) && x < (1 << 24)) try_one(static_cast<std::uint32_t>(x), s, total);
      }
    }
  }
}

}  // namespace

int main() {
  totals total;
  for (std::uint32_t s = 0x800000; s <= 0xFFFFFF; ++s) try_all(s, total);
  std::printf(
      "%lld quotients near a middle, %lld wrong, %lld of them at ties of 8 bits, %lld unexpected; "
      "%lld wrong with remainder\n",
      total.tried, total.wrong, total.wrong_at_ties, total.unexpected, total.wrong_with_remainder);
  const bool two_terms = total.wrong == 227795 && total.wrong_at_ties == 1 && total.unexpected == 0;
  return two_terms && total.wrong_with_remainder == 0 ? 0 : 1;
}
