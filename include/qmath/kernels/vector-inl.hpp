// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Vector pieces that the kernels share. Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Asks for the line of memory so many bytes behind p, into the second level of cache. There need not be any: addresses
// that do not exist are ignored.
HWY_INLINE void prefetch_behind(const void* p, std::size_t bytes) {
#ifdef __GNUC__
  const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(p) + bytes;
  __builtin_prefetch(reinterpret_cast<const void*>(at), 0, 2);
#else
  (void)p, (void)bytes;
#endif
}

// The same of a line that will be written.
HWY_INLINE void prefetch_to_write(const void* p, std::size_t bytes) {
#ifdef __GNUC__
  const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(p) + bytes;
  __builtin_prefetch(reinterpret_cast<const void*>(at), 1, 3);
#else
  (void)p, (void)bytes;
#endif
}

// v, of which the compiler knows nothing any more.
template <class V>
HWY_INLINE V hidden(V v) {
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

// Keeps the compiler from contracting a product with the sum it goes into (GCC does so by default,
// also across intrinsics).
template <class V>
HWY_INLINE V rounded(V v) {
  return hidden(v);
}

// max(v, bound) and min(v, bound), the bound if v is NaN. x86 returns the second argument for a NaN,
// which is what we want for nothing; Arm's maximum makes a quiet NaN of a signaling one instead. LLVM, for
// which no NaN signals, makes that maximum of the comparison when it sees that the bound is a number.
template <class V>
HWY_INLINE V max_or_bound(V v, V bound) {
#if HWY_ARCH_X86
  return hn::Max(v, bound);
#else
  if (HWY_COMPILER_CLANG) bound = hidden(bound);
  return hn::IfThenElse(hn::Gt(v, bound), v, bound);
#endif
}

template <class V>
HWY_INLINE V min_or_bound(V v, V bound) {
#if HWY_ARCH_X86
  return hn::Min(v, bound);
#else
  if (HWY_COMPILER_CLANG) bound = hidden(bound);
  return hn::IfThenElse(hn::Lt(v, bound), v, bound);
#endif
}

// Clamps v between the bounds, NaN to the lower one, in preparation for nearest_int and a saturating
// narrowing. On x86 the conversion takes care of NaN and of everything too small.
template <class V>
HWY_INLINE V clamp_for_nearest_int(V v, V lo, V hi) {
#if HWY_ARCH_X86
  (void)lo;
  return hn::Min(hi, v);  // returns the second argument if that is NaN
#else
  return hn::Min(max_or_bound(v, lo), hi);
#endif
}

// The nearest integer, ties to even. x86: NaN and v < -2^31 give -2^31, v < 2^31. Others: |v| <= 2^22.
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
// Not hn::NearestInt, which spends two more instructions on v >= 2^31.
template <std::size_t N>
HWY_INLINE hn::Vec128<std::int32_t, N> nearest_int(hn::Vec128<float, N> v) {
  return hn::Vec128<std::int32_t, N>{_mm_cvtps_epi32(v.raw)};
}
#if HWY_TARGET <= HWY_AVX2
HWY_INLINE hn::Vec256<std::int32_t> nearest_int(hn::Vec256<float> v) {
  return hn::Vec256<std::int32_t>{_mm256_cvtps_epi32(v.raw)};
}
#endif
#if HWY_TARGET <= HWY_AVX3
HWY_INLINE hn::Vec512<std::int32_t> nearest_int(hn::Vec512<float> v) {
  return hn::Vec512<std::int32_t>{_mm512_cvtps_epi32(v.raw)};
}
#endif
#else
// Adding 1.5 * 2^23 leaves the rounded integer in the low bits of the sum.
template <class V>
HWY_INLINE auto nearest_int(V v) {
  const hn::DFromV<V> df;
  const hn::RebindToSigned<decltype(df)> di;
  const auto sum = hn::Add(v, hn::Set(df, 12582912.0f));
  return hn::Sub(hn::BitCast(di, sum), hn::Set(di, 0x4B400000));
}
#endif

// The same for |v| <= 2^26.
template <class V>
HWY_INLINE auto nearest_int_26(V v) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_EMU128 && HWY_TARGET != HWY_SCALAR
  return nearest_int(v);
#else
  const hn::RebindToSigned<hn::DFromV<V>> di;
  return hn::ConvertTo(di, hn::Round(v));
#endif
}

// x / s, correctly rounded; reciprocal = fl(1 / s). Of finite x and s as has_exact_quotients says, on targets with
// FMA. The proof is in detail/quotient.hpp.
template <class V>
HWY_INLINE V exact_quotient(V x, V s, V reciprocal) {
  const V q = hn::Mul(x, reciprocal);
  return hn::MulAdd(hn::NegMulAdd(q, s, x), reciprocal, q);
}

// Of n scales. Where the quotient is so small that the remainder is not exact, roundings to integers cannot tell: but
// for floor, to which any number below 0 is one, if the scale is more than 1 so that it may become 0.
HWY_INLINE bool has_exact_quotients(rounding how, const float* scales, std::size_t n) {
  const float most = how == rounding::floor ? 1.0f : 0x1p64f;
  for (std::size_t i = 0; i < n; ++i) {
    if (!(scales[i] >= 0x1p-64f && scales[i] <= most)) return false;
  }
  return true;
}

// Two vectors -> one of lanes half as wide, saturated, in order. Not hn::OrderedDemote2To on SVE, which narrows each
// and then puts one behind the other.
template <class D, class V>
HWY_INLINE hn::Vec<D> narrow_pair(D d, V a, V b) {
#if HWY_TARGET_IS_SVE
  const auto saturated = [&](V v) HWY_ATTR QMATH_INLINE_LAMBDA {
#if HWY_TARGET == HWY_SVE2 || HWY_TARGET == HWY_SVE2_128
    if constexpr (std::is_unsigned_v<hn::TFromD<D>>) {
      return svqxtunb(v);
    } else {
      return svqxtnb(v);
    }
#else
    const hn::DFromV<V> from;
    return hn::BitCast(d, hn::Clamp(v, hn::Set(from, detail::lowest<hn::TFromD<D>>),
                                    hn::Set(from, detail::largest<hn::TFromD<D>>)));
#endif
  };
  return hn::ConcatEven(d, saturated(b), saturated(a));
#else
  return hn::OrderedDemote2To(d, a, b);
#endif
}

// Two vectors of int32 -> one of int16, saturated, in the order in which narrow has them on the way.
template <class D16, class VI>
HWY_INLINE hn::Vec<D16> narrow_to_16(D16 d16, VI a, VI b) {
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
  return hn::ReorderDemote2To(d16, a, b);
#else
  return narrow_pair(d16, a, b);
#endif
}

// Four vectors of int32 -> one vector of 8-bit integers, in order and saturated. f maps the 16-bit lanes
// of a and b on the way, g those of c and d. Pairs: a and b are the even and the odd lanes of two vectors, and
// so are c and d.
template <bool Pairs, class D8, class VI, class F, class G>
HWY_INLINE hn::Vec<D8> narrow(D8 d8, VI a, VI b, VI c, VI d, const F& f, const G& g) {
  const hn::Repartition<std::int16_t, D8> d16;
  const auto ab = f(narrow_to_16(d16, a, b)), cd = g(narrow_to_16(d16, c, d));
#if HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86
  // Packs work within 128-bit blocks: the result has 4 bytes of each vector in every block. One
  // permutation at the end puts them in order.
  const auto abcd = hn::ReorderDemote2To(d8, ab, cd);
  if constexpr (Pairs) {
    const hn::Repartition<std::uint64_t, D8> d64;
    alignas(64) static constexpr std::uint64_t order[8] = {
        0, 2, HWY_TARGET <= HWY_AVX3 ? 4 : 1, HWY_TARGET <= HWY_AVX3 ? 6 : 3, 1, 3, 5, 7};
    const auto mixed = hn::TableLookupBytes(
        abcd, hn::Dup128VecFromValues(d8, 0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15));
    return hn::BitCast(
        d8, hn::TableLookupLanes(hn::BitCast(d64, mixed), hn::SetTableIndices(d64, order)));
  }
  const hn::Repartition<std::uint32_t, D8> du32;
#if HWY_TARGET <= HWY_AVX3
  alignas(64) static constexpr std::uint32_t order[16] = {0, 4, 8,  12, 1, 5, 9,  13,
                                                          2, 6, 10, 14, 3, 7, 11, 15};
#else
  alignas(32) static constexpr std::uint32_t order[8] = {0, 4, 1, 5, 2, 6, 3, 7};
#endif
  return hn::BitCast(
      d8, hn::TableLookupLanes(hn::BitCast(du32, abcd), hn::SetTableIndices(du32, order)));
#else
  static_assert(!Pairs);
  return narrow_pair(d8, ab, cd);
#endif
}

// saturate(lane)
template <bool Pairs, class D8, class VI>
HWY_INLINE hn::Vec<D8> saturate(D8 d8, VI a, VI b, VI c, VI d) {
  const auto same = [](auto v) HWY_ATTR { return v; };
  return narrow<Pairs>(d8, a, b, c, d, same, same);
}

// saturate(lane + z), with a zero point for a and b and one for c and d. They are added to the 16-bit lanes on
// the way, saturating.
template <bool Pairs, class D8, class VI, class V16>
HWY_INLINE hn::Vec<D8> add_and_saturate(D8 d8, VI a, VI b, VI c, VI d, V16 z_ab, V16 z_cd) {
  return narrow<Pairs>(
      d8, a, b, c, d, [&](auto v) HWY_ATTR { return hn::SaturatedAdd(v, z_ab); },
      [&](auto v) HWY_ATTR { return hn::SaturatedAdd(v, z_cd); });
}
template <class D8, class VI, class V16>
HWY_INLINE hn::Vec<D8> add_and_saturate(D8 d8, VI a, VI b, VI c, VI d, V16 z) {
  return add_and_saturate<false>(d8, a, b, c, d, z, z);
}

// The same for one vector, which gives one of Part, a tag of 8-bit integers with as many lanes. z: one zero
// point, or a vector of 16-bit ones.
template <class Part, class VI, class Z>
HWY_INLINE hn::Vec<Part> add_and_saturate(Part part8, VI v, Z z) {
  const hn::Rebind<std::int16_t, Part> d16;
  const auto steps = hn::DemoteTo(d16, v);
  if constexpr (std::is_integral_v<Z>) {
    const auto all = hn::Set(d16, static_cast<std::int16_t>(z));
    return hn::DemoteTo(part8, hn::SaturatedAdd(steps, all));
  } else {
    return hn::DemoteTo(part8, hn::SaturatedAdd(steps, z));
  }
}

// Elements of memory as lanes of D, which has their type, or float for the shorter real numbers.
template <class D>
HWY_INLINE hn::Vec<D> load_lanes(D d, const hn::TFromD<D>* p) {
  return hn::LoadU(d, p);
}
template <class D>
HWY_INLINE hn::Vec<D> load_lanes(D d, const hn::TFromD<D>* p, std::size_t n) {
  return hn::LoadN(d, p, n);
}

// Whether there are instructions for half, which then do what formats/real.hpp says. Highway's code for
// targets without them is another matter: it takes infinities and NaN for numbers, for example.
#if HWY_ARCH_ARM_A64 || (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2 && !defined(HWY_DISABLE_F16C))
inline constexpr bool has_half = true;
#else
inline constexpr bool has_half = false;
#endif

template <class DF, class V>
HWY_INLINE hn::Vec<DF> float_from_half_bits(DF df, V bits) {
  const auto v = hn::PromoteTo(df, hn::BitCast(hn::Rebind<hwy::float16_t, DF>(), bits));
  if constexpr (has_half) return v;
  const auto special = hn::Ge(hn::Abs(v), hn::Set(df, 65536.0f));  // more than the largest number
  return hn::IfThenElse(special, hn::Or(v, hn::Set(df, detail::infinity)), v);
}
template <class DF, class V>
HWY_INLINE hn::Vec<DF> float_from_bfloat16_bits(DF df, V bits) {
  const hn::RebindToUnsigned<DF> du;
  return hn::BitCast(df, hn::ShiftLeft<16>(hn::PromoteTo(du, bits)));
}

template <class DF>
HWY_INLINE hn::Vec<DF> load_lanes(DF df, const half* p) {
  const hn::Rebind<std::uint16_t, DF> d16;
  return float_from_half_bits(df, hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(p)));
}
template <class DF>
HWY_INLINE hn::Vec<DF> load_lanes(DF df, const half* p, std::size_t n) {
  const hn::Rebind<std::uint16_t, DF> d16;
  return float_from_half_bits(df, hn::LoadN(d16, reinterpret_cast<const std::uint16_t*>(p), n));
}
template <class DF>
HWY_INLINE hn::Vec<DF> load_lanes(DF df, const bfloat16* p) {
  const hn::Rebind<std::uint16_t, DF> d16;
  return float_from_bfloat16_bits(df, hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(p)));
}
template <class DF>
HWY_INLINE hn::Vec<DF> load_lanes(DF df, const bfloat16* p, std::size_t n) {
  const hn::Rebind<std::uint16_t, DF> d16;
  return float_from_bfloat16_bits(df, hn::LoadN(d16, reinterpret_cast<const std::uint16_t*>(p), n));
}

// Whether two vectors of T are loaded as their even and their odd lanes, which then is cheaper than in order
// (narrow).
template <class T>
inline constexpr bool loads_pairs =
    HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2 && std::is_same_v<T, bfloat16>;

// Vector k of those from p on, or the even or odd lanes of two of them.
template <bool Pairs, class DF, class T>
HWY_INLINE hn::Vec<DF> load_vector(DF df, const T* p, std::size_t k) {
  const std::size_t N = hn::Lanes(df);
  if constexpr (Pairs) {
    const hn::RebindToUnsigned<DF> du;
    const hn::Repartition<std::uint16_t, DF> d16;
    const auto two =
        hn::BitCast(du, hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(p + k / 2 * 2 * N)));
    return hn::BitCast(df,
                       k % 2 == 0 ? hn::ShiftLeft<16>(two) : hn::And(two, hn::Set(du, 0xFFFF0000)));
  } else {
    return load_lanes(df, p + k * N);
  }
}

// four(i) for four vectors from element i on, until n elements are done. The last four overlap those before;
// less than four vectors are one(i, length) each, where length is N or all there is. Four is QMATH_INLINE_LAMBDA: GCC
// leaves it out of line on SVE, where parameters are then loaded and constants made for every four vectors.
template <class Four, class One>
HWY_INLINE void for_each_four(std::size_t n, std::size_t N, const Four& four, const One& one) {
  const std::size_t step = 4 * N;
  if (HWY_LIKELY(n >= step)) {
    for (std::size_t i = 0; i < n; i += step) four(i < n - step ? i : n - step);
  } else {
    const std::size_t length = n < N ? n : N;
    for (std::size_t i = 0; i < n; i += N) one(i < n - length ? i : n - length, length);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
