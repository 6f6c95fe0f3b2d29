// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Vector pieces that the kernels share. Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// max(v, bound) and min(v, bound), the bound if v is NaN. x86 returns the second argument for a NaN,
// which is what we want for nothing; Arm's maximum makes a quiet NaN of a signaling one instead.
template <class V>
HWY_INLINE V max_or_bound(V v, V bound) {
#if HWY_ARCH_X86
  return hn::Max(v, bound);
#else
  return hn::IfThenElse(hn::Gt(v, bound), v, bound);
#endif
}

template <class V>
HWY_INLINE V min_or_bound(V v, V bound) {
#if HWY_ARCH_X86
  return hn::Min(v, bound);
#else
  return hn::IfThenElse(hn::Lt(v, bound), v, bound);
#endif
}

// nearest_even(v) + offset for |v| <= 2^22: adding 1.5 * 2^23 leaves the rounded integer in the low
// bits of the sum, and taking the bits of that constant away again can add the offset for nothing.
inline constexpr float round_magic = 12582912.0f;
inline constexpr std::int32_t round_magic_bits = 0x4B400000;

template <class DF, class V = hn::Vec<DF>, class VI = hn::Vec<hn::RebindToSigned<DF>>>
HWY_INLINE VI round_and_add(DF df, V v, VI offset_minus_magic_bits) {
  const hn::RebindToSigned<DF> di;
  return hn::Add(hn::BitCast(di, hn::Add(v, hn::Set(df, round_magic))), offset_minus_magic_bits);
}

// Keeps the compiler from contracting a product with the sum it goes into (GCC does so by default,
// also across intrinsics).
template <class V>
HWY_INLINE V rounded(V v) {
#if !defined(__GNUC__)
  return v;
#else
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
  asm("" : "+x"(v.raw));
#elif HWY_TARGET & HWY_ALL_NEON
  asm("" : "+w"(v.raw));
#elif HWY_TARGET & HWY_ALL_SVE
  asm("" : "+w"(v));
#elif HWY_TARGET == HWY_RVV
  asm("" : "+vr"(v));
#else
  asm("" : "+m"(v.raw));
#endif
  return v;
#endif
}

// Four vectors of int32 -> one vector of 8-bit integers, in order, saturated. Each |lane| < 2^31.
template <class D8, class VI>
HWY_INLINE hn::Vec<D8> saturate_4_to_8(D8 d8, VI a, VI b, VI c, VI d) {
  const hn::Repartition<std::int16_t, D8> d16;
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
  // Packs work within 128-bit blocks; put the 32-bit groups in order once at the end.
  const hn::Repartition<std::uint32_t, D8> du32;
  const auto ab = hn::ReorderDemote2To(d16, a, b);
  const auto cd = hn::ReorderDemote2To(d16, c, d);
  const auto abcd = hn::BitCast(du32, hn::ReorderDemote2To(d8, ab, cd));
  constexpr std::size_t blocks = hn::MaxLanes(du32) / 4;
  alignas(64) static constexpr std::uint32_t order[16] = {0,
                                                          blocks == 2 ? 4 : 4,
                                                          blocks == 2 ? 1 : 8,
                                                          blocks == 2 ? 5 : 12,
                                                          blocks == 2 ? 2 : 1,
                                                          blocks == 2 ? 6 : 5,
                                                          blocks == 2 ? 3 : 9,
                                                          blocks == 2 ? 7 : 13,
                                                          2,
                                                          6,
                                                          10,
                                                          14,
                                                          3,
                                                          7,
                                                          11,
                                                          15};
  return hn::BitCast(d8, hn::TableLookupLanes(abcd, hn::SetTableIndices(du32, order)));
#else
  return hn::OrderedDemote2To(d8, hn::OrderedDemote2To(d16, a, b), hn::OrderedDemote2To(d16, c, d));
#endif
}

// out[i] = f(in vectors i ... i+3) for n elements. F maps four vectors of D (T lanes) to one vector of
// D8. A last partial block of a long array overlaps the one before; a short array is padded.
template <class D, class D8, class T, class Q, class F>
HWY_INLINE void for_each_block_of_4(D d, D8 d8, const T* HWY_RESTRICT in, std::size_t n,
                                    Q* HWY_RESTRICT out, const F& f) {
  const std::size_t N = hn::Lanes(d);
  const auto full = [&](std::size_t i) HWY_ATTR {
    hn::StoreU(f(hn::LoadU(d, in + i), hn::LoadU(d, in + i + N), hn::LoadU(d, in + i + 2 * N),
                 hn::LoadU(d, in + i + 3 * N)),
               d8, out + i);
  };
  if (HWY_LIKELY(n >= 4 * N)) {
    std::size_t i = 0;
    for (; i + 4 * N <= n; i += 4 * N) full(i);
    if (i != n) full(n - 4 * N);
  } else if (n != 0) {
    const auto part = [&](std::size_t i)
                          HWY_ATTR { return i < n ? hn::LoadN(d, in + i, n - i) : hn::Zero(d); };
    hn::StoreN(f(part(0), part(N), part(2 * N), part(3 * N)), d8, out, n);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
