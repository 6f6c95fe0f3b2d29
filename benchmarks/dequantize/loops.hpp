// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Codes -> real numbers with as few instructions as the contract allows on x86, once per level
// (support/foreach_level.hpp). Per vector: widen, subtract, convert, multiply; codes of four bits are looked
// up where a register holds the 16 numbers they can be.

template <class V, class Q, class X>
inline void dequantize(const Q* from, std::size_t n, qmath::affine_params p, X* x) {
  constexpr std::size_t N = V::lanes;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(from);
  if constexpr (qmath::packed_integer<Q> && requires { V::load_table(nullptr); }) {
    const std::int32_t sign = std::same_as<Q, qmath::s4> ? 8 : 0;
    float numbers[16];
    for (std::int32_t i = 0; i < 16; ++i) {
      numbers[i] = p.scale * static_cast<float>((i ^ sign) - sign - p.zero_point);
    }
    const auto table = V::load_table(numbers);
    for (std::size_t i = 0; i < n; i += 2 * N) {
      V::store2(x + i, V::look_up(table, bytes + i / 2), V::look_up(table, bytes + i / 2 + N / 2));
    }
  } else {
    const auto scale = V::set(p.scale);
    const auto z32 = V::set32(p.zero_point), z16 = V::set16(p.zero_point);
    for (std::size_t i = 0; i < n; i += 4 * N) {
      typename V::integers v[4];
      V::load4(reinterpret_cast<const Q*>(bytes + qmath::storage_bytes<Q>(i)), z32, z16, v);
      V::store2(x + i, V::mul(V::to_reals(v[0]), scale), V::mul(V::to_reals(v[1]), scale));
      V::store2(x + i + 2 * N, V::mul(V::to_reals(v[2]), scale), V::mul(V::to_reals(v[3]), scale));
    }
  }
}
