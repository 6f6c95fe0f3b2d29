// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Real numbers -> codes with as few instructions as the contract allows on x86, once per level
// (support/foreach_level.hpp). Per vector: min, product, fused product, conversion; or min, quotient,
// conversion without FMA; or product, min, conversion for a quotient by the reciprocal.
// The conversion to int32 turns whatever is too small, and NaN, into the smallest integer, so that only
// the upper bound needs an instruction; NaN passes through a min of which it is the second operand, and
// becomes the bound where it is the first. The zero point is added to 16-bit integers with saturation, the
// packs do the rest; fewer codes than 8 bits have cost two instructions per four vectors.

template <class V>
struct constants {
  typename V::reals hi, r, r2, scale;
  typename V::integers z, least, most;

  explicit inline __attribute__((always_inline)) constants(const parameters& p)
      : hi(V::set(p.hi)),
        r(V::set(p.r)),
        r2(V::set(p.r2)),
        scale(V::set(p.scale)),
        z(V::set16(p.z)),
        least(V::set8(p.codes.min)),
        most(V::set8(p.codes.max)) {}
};

template <class V, bool Product>
QMATH_BENCH_OP typename V::integers steps(typename V::reals v, const constants<V>& c) {
  if constexpr (Product) return V::nearest(V::min(V::mul(v, c.r), c.hi));
  return V::nearest(V::quotient(V::min(c.hi, v), c.r, c.r2, c.scale));
}

// Whether two vectors are loaded as the even and the odd numbers.
template <class V, class X>
concept loads_pairs = requires(const X* x) { V::load_even(x); };

// Of two vectors.
template <class V, bool Product, class X>
QMATH_BENCH_OP typename V::integers two(const X* x, const constants<V>& c) {
  if constexpr (loads_pairs<V, X>) {
    return V::add16(
        V::narrow(steps<V, Product>(V::load_even(x), c), steps<V, Product>(V::load_odd(x), c)),
        c.z);
  } else {
    return V::add16(
        V::narrow(steps<V, Product>(V::load(x), c), steps<V, Product>(V::load(x + V::lanes), c)),
        c.z);
  }
}

// Of four vectors, out of order; the constants of the first two and of the others.
template <class V, bool Product, bool Clamp, bool Signed, class X>
QMATH_BENCH_OP typename V::integers codes(const X* x, const constants<V>& first,
                                          const constants<V>& second) {
  const auto ab = two<V, Product>(x, first), cd = two<V, Product>(x + 2 * V::lanes, second);
  if constexpr (!Signed) {
    const auto v = V::narrow_u8(ab, cd);
    return Clamp ? V::min_u8(v, first.most) : v;
  } else {
    const auto v = V::narrow_s8(ab, cd);
    if constexpr (Clamp) {
      return V::clamp_s8(v, first.least, first.most);
    } else {
      return v;
    }
  }
}

// What is stored at once: four vectors, or eight as codes of four bits.
template <class V, class Q>
inline constexpr std::size_t unit = (qmath::packed_integer<Q> ? 8 : 4) * V::lanes;

// One unit. at(i) has the constants of the vectors i and i + 1.
template <class V, bool Product, bool Clamp, class Q, class X, class At>
QMATH_BENCH_OP void quantize_unit(const X* x, const At& at, std::uint8_t* q) {
  constexpr std::size_t step = 4 * V::lanes;
  constexpr bool is_signed = std::same_as<Q, std::int8_t> || std::same_as<Q, qmath::s4>;
  if constexpr (qmath::packed_integer<Q>) {
    const auto a = codes<V, Product, true, is_signed>(x, at(0), at(2));
    const auto b = codes<V, Product, true, is_signed>(x + step, at(4), at(6));
    if constexpr (loads_pairs<V, X>) {
      V::store(q, V::in_order(V::nibbles(V::interleaved(a), V::interleaved(b))));
    } else {
      V::store(q, V::nibbles_in_order(V::nibbles(a, b)));
    }
  } else {
    const auto v = codes<V, Product, Clamp, is_signed>(x, at(0), at(2));
    if constexpr (loads_pairs<V, X>) {
      V::store(q, V::in_order_64(V::interleaved(v)));
    } else {
      V::store(q, V::in_order(v));
    }
  }
}

// All n elements with the same parameters.
template <class V, bool Product, bool Clamp, class X, class Q>
inline void quantize_run(const X* x, std::size_t n, const parameters& p, Q* to) {
  const constants<V> c(p);
  auto* q = reinterpret_cast<std::uint8_t*>(to);
  for (std::size_t i = 0; i < n; i += unit<V, Q>) {
    quantize_unit<V, Product, Clamp, Q>(
        x + i, [&](std::size_t) -> const constants<V>& { return c; },
        q + qmath::storage_bytes<Q>(i));
  }
}

// In groups of Size elements, the parameters of which are prepared: what is read of them is broadcast.
template <class V, bool Product, bool Clamp, std::size_t Size, class X, class Q>
inline void quantize_groups(const X* x, std::size_t n, const parameters* p, Q* to) {
  auto* q = reinterpret_cast<std::uint8_t*>(to);
  if constexpr (Size % unit<V, Q> == 0) {
    for (; n != 0; n -= Size, x += Size, q += qmath::storage_bytes<Q>(Size)) {
      quantize_run<V, Product, Clamp>(x, Size, *p++, reinterpret_cast<Q*>(q));
    }
  } else {  // two groups or four in a unit
    constexpr std::size_t groups = unit<V, Q> / Size, vectors = Size / V::lanes;
    for (std::size_t i = 0; i < n; i += unit<V, Q>, p += groups) {
      const constants<V> c[] = {constants<V>(p[0]), constants<V>(p[1]), constants<V>(p[groups - 2]),
                                constants<V>(p[groups - 1])};
      quantize_unit<V, Product, Clamp, Q>(
          x + i, [&](std::size_t k) -> const constants<V>& { return c[k / vectors]; },
          q + qmath::storage_bytes<Q>(i));
    }
  }
}

// In groups of 32 or 128 elements; group 0: all together.
template <class V, bool Product, bool Clamp, class X, class Q>
inline void quantize(const X* x, std::size_t n, std::size_t group, const parameters* p, Q* q) {
  switch (group) {
    case 32: return quantize_groups<V, Product, Clamp, 32>(x, n, p, q);
    case 128: return quantize_groups<V, Product, Clamp, 128>(x, n, p, q);
    default: return quantize_run<V, Product, Clamp>(x, n, *p, q);
  }
}

// Rows of their own range: one pass for the range, another one for the codes. NaN does not count: min and
// max return their second operand.
template <class V>
inline void quantize_rows(const float* x, std::size_t n, std::size_t row, std::int8_t* q) {
  constexpr std::size_t N = V::lanes;
  for (std::size_t i = 0; i < n; i += row, x += row, q += row) {
    typename V::reals lo[4], hi[4];
    for (int j = 0; j < 4; ++j) {
      lo[j] = V::set(std::numeric_limits<float>::infinity());
      hi[j] = V::set(-std::numeric_limits<float>::infinity());
    }
    for (std::size_t k = 0; k < row; k += 4 * N) {
      for (std::size_t j = 0; j < 4; ++j) {
        const typename V::reals v = V::load(x + k + j * N);
        lo[j] = V::min(v, lo[j]), hi[j] = V::max(v, hi[j]);
      }
    }
    const float least = V::lowest(V::min(V::min(lo[0], lo[1]), V::min(lo[2], lo[3])));
    const float most = V::highest(V::max(V::max(hi[0], hi[1]), V::max(hi[2], hi[3])));
    const parameters p({(-least > most ? -least : most) / 127.0f, 0});
    quantize_run<V, false, false>(x, row, p, q);
  }
}
