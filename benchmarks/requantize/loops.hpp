// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Sums and codes -> codes with as few instructions as the contract allows on x86, once per level
// (support/foreach_level.hpp). Why the lower bound costs nothing: quantize/loops.hpp.
//
//   fp32            conversion, product, min, conversion
//   single rounding (acc * m + 2^(s-1)) >> s: for s > 32 the rounding and the rest of the shift need the upper
//                   halves of the products alone
//   double rounding b = (acc * m + 2^30) >> 31, then b + 2^(e-1) - (b < 0) >> e, with e = s - 31 > 0

template <class V>
struct constants {
  typename V::reals m, hi;
  typename V::integers z, fixed, half, nudge;
  int shift;

  explicit inline __attribute__((always_inline)) constants(const parameters& p)
      : m(V::set(p.multiplier)),
        hi(V::set(512.0f)),
        z(V::set16(p.z)),
        fixed(V::set32(p.fixed.multiplier)),
        half(V::set32(1 << (p.fixed.shift - 33 + (p.twice ? 1 : 0)))),
        nudge(V::set64(std::int64_t{1} << 30)),
        shift(p.fixed.shift - 32 + (p.twice ? 1 : 0)) {}
};

template <class V, rounds How>
QMATH_BENCH_OP typename V::integers steps(typename V::integers v, const constants<V>& c) {
  if constexpr (How == rounds::real) {
    return V::nearest(V::min(V::mul(V::to_reals(v), c.m), c.hi));
  } else if constexpr (How == rounds::once) {
    const auto y = V::upper(V::mul_even(v, c.fixed), V::mul_odd(v, c.fixed));
    return V::shift32(V::add32(y, c.half), c.shift);
  } else {
    const auto even = V::add64(V::mul_even(v, c.fixed), c.nudge);
    const auto odd = V::add64(V::mul_odd(v, c.fixed), c.nudge);
    const auto b = V::upper(V::add64(even, even), V::add64(odd, odd));
    return V::shift32(V::add32(V::add32(b, c.half), V::shift32(b, 31)), c.shift);
  }
}

template <class V, rounds How, class In, class Q>
inline void requantize(const In* in, std::size_t n, const parameters& p, Q* q) {
  constexpr std::size_t N = V::lanes;
  const constants<V> c(p);
  const auto z_in32 = V::set32(p.z_in), z_in16 = V::set16(p.z_in);
  for (std::size_t i = 0; i < n; i += 4 * N) {
    typename V::integers v[4];
    if constexpr (std::same_as<In, std::int32_t>) {
      for (std::size_t j = 0; j < 4; ++j) v[j] = V::load(in + i + j * N);
    } else {
      V::load4(in + i, z_in32, z_in16, v);
    }
    const auto ab = V::add16(V::narrow(steps<V, How>(v[0], c), steps<V, How>(v[1], c)), c.z);
    const auto cd = V::add16(V::narrow(steps<V, How>(v[2], c), steps<V, How>(v[3], c)), c.z);
    auto codes = std::same_as<Q, std::int8_t> ? V::narrow_s8(ab, cd) : V::narrow_u8(ab, cd);
    if constexpr (How != rounds::real) codes = V::upper_in_order(codes);
    V::store(q + i, V::in_order(codes));
  }
}
