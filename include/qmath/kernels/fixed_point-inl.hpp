// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// acc * multiplier * 2^-shift in integers (fixed_point.hpp has the definitions), saturated to 32 bits.
// Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ---- Numbers of bits -----------------------------------------------------------------------------
// An int where all lanes are shifted alike, for which every target has instructions, or a vector of them.

template <class V>
HWY_INLINE V shift_left(V v, int bits) {
  return hn::ShiftLeftSame(v, bits);
}
template <class V>
HWY_INLINE V shift_left(V v, V bits) {
  return hn::Shl(v, bits);
}
template <class V>
HWY_INLINE V shift_right(V v, int bits) {
  return hn::ShiftRightSame(v, bits);
}
template <class V>
HWY_INLINE V shift_right(V v, V bits) {
  return hn::Shr(v, bits);
}

HWY_INLINE int bits_plus(int bits, int n) { return bits + n; }
template <class V>
HWY_INLINE V bits_plus(V bits, int n) {
  return hn::Add(bits, hn::Set(hn::DFromV<V>(), n));
}

// max(bits, 0), max(-bits, 0)
HWY_INLINE int positive_bits(int bits) { return bits > 0 ? bits : 0; }
template <class V>
HWY_INLINE V positive_bits(V bits) {
  return hn::Max(bits, hn::Zero(hn::DFromV<V>()));
}
HWY_INLINE int negative_bits(int bits) { return bits < 0 ? -bits : 0; }
template <class V>
HWY_INLINE V negative_bits(V bits) {
  return positive_bits(hn::Neg(bits));
}

// Those of other lanes: of the same size without a sign, and of the even and the odd ones.
template <class DU>
HWY_INLINE int unsigned_bits(DU, int bits) {
  return bits;
}
template <class DU, class V>
HWY_INLINE hn::Vec<DU> unsigned_bits(DU du, V bits) {
  return hn::BitCast(du, bits);
}
template <class DU>
HWY_INLINE int even_bits(DU, int bits) {
  return bits;
}
template <class DU, class V>
HWY_INLINE hn::Vec<DU> even_bits(DU du, V bits) {
  return hn::BitCast(du, hn::PromoteEvenTo(hn::RebindToSigned<DU>(), bits));
}
template <class DU>
HWY_INLINE int odd_bits(DU, int bits) {
  return bits;
}
template <class DU, class V>
HWY_INLINE hn::Vec<DU> odd_bits(DU du, V bits) {
  return hn::BitCast(du, hn::PromoteOddTo(hn::RebindToSigned<DU>(), bits));
}

// 2^(bits-1), or 0 for no bits.
template <class DU, class Bits>
HWY_INLINE hn::Vec<DU> half_of_bits(DU du, Bits bits) {
  return hn::ShiftRight<1>(shift_left(hn::Set(du, 1), bits));
}

// ---- Halves of products --------------------------------------------------------------------------
// Products of 32-bit lanes are in two vectors of 64-bit lanes, those of the even and of the odd lanes. These
// put the low or the high halves back in order. The low half of a 64-bit lane is the even one of its two
// 32-bit lanes where the bytes are little-endian, the odd one where they are big-endian.

template <class DI, class V64>
HWY_INLINE hn::Vec<DI> low_halves(DI di, V64 even, V64 odd) {
#if HWY_IS_LITTLE_ENDIAN
  return hn::InterleaveEven(di, hn::BitCast(di, even), hn::BitCast(di, odd));
#else
  return hn::InterleaveOdd(di, hn::BitCast(di, even), hn::BitCast(di, odd));
#endif
}

template <class DI, class V64>
HWY_INLINE hn::Vec<DI> high_halves(DI di, V64 even, V64 odd) {
#if HWY_IS_LITTLE_ENDIAN
  return hn::InterleaveOdd(di, hn::BitCast(di, even), hn::BitCast(di, odd));
#else
  return hn::InterleaveEven(di, hn::BitCast(di, even), hn::BitCast(di, odd));
#endif
}

// floor(product / 2^31), the low halves.
template <class DI, class V64>
HWY_INLINE hn::Vec<DI> bits_from_31(DI di, V64 even, V64 odd) {
  const hn::RepartitionToWide<hn::RebindToUnsigned<DI>> du64;
  const auto shifted = [&](V64 v) HWY_ATTR {
    return hn::BitCast(di, hn::ShiftRight<31>(hn::BitCast(du64, v)));
  };
  const auto doubled = [&](V64 v) HWY_ATTR { return hn::BitCast(di, hn::Add(v, v)); };
#if HWY_IS_LITTLE_ENDIAN
  return hn::OddEven(doubled(odd), shifted(even));
#else
  return hn::OddEven(shifted(odd), doubled(even));
#endif
}

// ---- One rounding --------------------------------------------------------------------------------

// saturate_s32(floor((acc * multiplier + 2^(shift-1)) / 2^shift)). 2^62 makes the sum positive: it can be
// shifted as an unsigned number, and is then 2^(62-shift) too large. The sum is less than 2^64.
template <class DI, class V, class Bits>
HWY_INLINE V multiply_single_rounding(DI di, V acc, V multiplier, Bits shift) {
  const hn::Repartition<std::uint64_t, DI> du;
  const auto offset = hn::Set(du, std::uint64_t{1} << 62);
  const auto shifted = [&](auto product, auto bits) HWY_ATTR {
    const auto sum = hn::Add(hn::BitCast(du, product), hn::Add(offset, half_of_bits(du, bits)));
    return hn::Sub(shift_right(sum, bits), shift_right(offset, bits));
  };
  const auto even = shifted(hn::MulEven(acc, multiplier), even_bits(du, shift));
  const auto odd = shifted(hn::MulOdd(acc, multiplier), odd_bits(du, shift));
  // In range if the high half is nothing but the sign of the low one.
  const V low = low_halves(di, even, odd), high = high_halves(di, even, odd);
  const V saturated = hn::Xor(hn::ShiftRight<31>(high), hn::Set(di, detail::largest<std::int32_t>));
  return hn::IfThenElse(hn::Eq(high, hn::ShiftRight<31>(low)), low, saturated);
}

// The same where 32 <= shift, and nothing leaves 32 bits. A shift of all lanes: the high half of the sum. Shifts of
// their own: floor((floor(acc * multiplier / 2^(shift-1)) + 1) / 2), which needs no 64-bit ones.
template <class DI, class V, class Bits>
HWY_INLINE V multiply_single_rounding_32(DI di, V acc, V multiplier, Bits shift) {
  const auto even = hn::MulEven(acc, multiplier), odd = hn::MulOdd(acc, multiplier);
  if constexpr (std::is_same_v<Bits, int>) {
    const auto half = hn::Set(hn::Repartition<std::int64_t, DI>(), std::int64_t{1} << (shift - 1));
    return shift_right(high_halves(di, hn::Add(even, half), hn::Add(odd, half)), shift - 32);
  } else {
    const V twice = shift_right(bits_from_31(di, even, odd), bits_plus(shift, -32));
    return hn::ShiftRight<1>(hn::Add(twice, hn::Set(di, 1)));
  }
}

// ---- Two roundings -------------------------------------------------------------------------------

// saturate_s32(acc * 2^bits), bits in [0, 31]: in range if shifting back gives acc.
template <class DI, class V, class Bits>
HWY_INLINE V shift_left_saturated(DI di, V acc, Bits bits) {
  const hn::RebindToUnsigned<DI> du;
  const V shifted = hn::BitCast(di, shift_left(hn::BitCast(du, acc), unsigned_bits(du, bits)));
  const V saturated = hn::Xor(hn::ShiftRight<31>(acc), hn::Set(di, detail::largest<std::int32_t>));
  return hn::IfThenElse(hn::Eq(shift_right(shifted, bits), acc), shifted, saturated);
}

// ShiftsLeft: there may be shifts of less than 31.
template <bool ShiftsLeft, class DI, class V, class Bits>
HWY_INLINE V multiply_double_rounding(DI di, V acc, V multiplier, Bits shift) {
  const hn::Repartition<std::int64_t, DI> d64;
  const hn::RebindToUnsigned<DI> du;
  const Bits beyond = bits_plus(shift, -31);
  V a = acc;
  if constexpr (ShiftsLeft) a = shift_left_saturated(di, acc, negative_bits(beyond));
  // b = floor((a * multiplier + 2^30) / 2^31). |b| < 2^31.
  const auto half = hn::Set(d64, std::int64_t{1} << 30);
  const V b = bits_from_31(di, hn::Add(hn::MulEven(a, multiplier), half),
                           hn::Add(hn::MulOdd(a, multiplier), half));
  // Ties away from zero: |b| is rounded half up.
  const auto right = unsigned_bits(du, positive_bits(beyond));
  const auto sum = hn::Add(hn::BitCast(du, hn::Abs(b)), half_of_bits(du, right));
  const V sign = hn::ShiftRight<31>(b);
  return hn::Sub(hn::Xor(hn::BitCast(di, shift_right(sum, right)), sign), sign);
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
