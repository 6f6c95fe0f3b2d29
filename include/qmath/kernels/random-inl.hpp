// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The random numbers of stochastic rounding: SplitMix64 in 64-bit lanes (rounding.hpp has the definition).
// Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The product of the low halves of 64-bit lanes; what is in the high halves does not matter.
template <class V>
HWY_INLINE V multiply_low_halves(V a, V b) {
  const hn::DFromV<V> d64;
  const hn::RepartitionToNarrow<decltype(d64)> d32;
#if HWY_IS_LITTLE_ENDIAN
  return hn::MulEven(hn::BitCast(d32, a), hn::BitCast(d32, b));
#else
  return hn::MulOdd(hn::BitCast(d32, a), hn::BitCast(d32, b));
#endif
}

// a * factor, modulo 2^64.
template <class V>
HWY_INLINE V multiply_64(V a, std::uint64_t factor) {
  const hn::DFromV<V> d64;
  const V f = hn::Set(d64, factor);
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  return hn::Mul(a, f);
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_SSE4
  // The products of low and high halves come from one instruction, in the lanes of both halves.
  const hn::RepartitionToNarrow<decltype(d64)> d32;
  const V swapped = hn::Set(d64, factor << 32 | factor >> 32);
  const V cross = hn::BitCast(d64, hn::Mul(hn::BitCast(d32, a), hn::BitCast(d32, swapped)));
  const V upper = hn::And(cross, hn::Set(d64, 0xFFFFFFFF00000000u));
  return hn::Add(hn::Add(multiply_low_halves(a, f), upper), hn::ShiftLeft<32>(cross));
#else
  const V cross = hn::Add(multiply_low_halves(hn::ShiftRight<32>(a), f),
                          multiply_low_halves(a, hn::Set(d64, factor >> 32)));
  return hn::Add(multiply_low_halves(a, f), hn::ShiftLeft<32>(cross));
#endif
}

template <class V>
HWY_INLINE V mix(V z) {
  z = multiply_64(hn::Xor(z, hn::ShiftRight<30>(z)), 0xBF58476D1CE4E5B9u);
  z = multiply_64(hn::Xor(z, hn::ShiftRight<27>(z)), 0x94D049BB133111EBu);
  return hn::Xor(z, hn::ShiftRight<31>(z));
}

HWY_INLINE std::uint64_t mix_one(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

inline constexpr std::uint64_t random_gamma = 0x9E3779B97F4A7C15u;

// The states of the words from `word` on; those of the next vector have random_gamma more per lane.
template <class D64>
HWY_INLINE hn::Vec<D64> first_words(D64 d64, const random_source& source, std::uint64_t word) {
  alignas(64) static constexpr std::uint64_t multiples[8] = {
      random_gamma,     2 * random_gamma, 3 * random_gamma, 4 * random_gamma,
      5 * random_gamma, 6 * random_gamma, 7 * random_gamma, 8 * random_gamma};
  const std::uint64_t origin = mix_one(mix_one(source.seed) + source.stream);
  return hn::Add(hn::LoadU(d64, multiples), hn::Set(d64, origin + word * random_gamma));
}

// The words of these states, with the lower half first on every machine.
template <class V>
HWY_INLINE V mix_pairs(V states) {
  const V words = mix(states);
#if HWY_IS_LITTLE_ENDIAN
  return words;
#else
  return hn::Or(hn::ShiftLeft<32>(words), hn::ShiftRight<32>(words));
#endif
}

// The 16 bits of elements 64 * group ... 64 * (group + count) - 1, in order.
HWY_NOINLINE HWY_MAYBE_UNUSED static void random_groups(const random_source& source,
                                                        std::uint64_t group, std::size_t count,
                                                        std::int32_t* HWY_RESTRICT r) {
  const hn::CappedTag<std::uint64_t, 8> d64;  // the words of 32 elements at most
  const hn::RepartitionToNarrow<decltype(d64)> d32;
  const hn::RebindToSigned<decltype(d32)> di32;
  const std::size_t N = hn::Lanes(d64);
  const auto step = hn::Set(d64, random_gamma * N);
  const auto low = hn::Set(d32, 0xFFFFu);
  auto state = first_words(d64, source, 16 * group);
  for (std::size_t half = 0; half < 2 * count; ++half) {
    for (std::size_t k = 0; k < 8; k += N) {
      const auto pairs = hn::BitCast(d32, mix_pairs(state));
      state = hn::Add(state, step);
      hn::StoreU(hn::BitCast(di32, hn::And(pairs, low)), di32, r + 32 * half + 2 * k);
      hn::StoreU(hn::BitCast(di32, hn::ShiftRight<16>(pairs)), di32, r + 32 * half + 16 + 2 * k);
    }
  }
}

// The 16 bits of elements first ... first + length - 1 of an array, length <= chunk_size. The buffer holds
// whole groups; the first element's are at the address returned.
HWY_INLINE const std::int32_t* random_chunk(const random_source& source, std::uint64_t first,
                                            std::size_t length,
                                            chunk_buffer<std::int32_t>& buffer) {
  const std::uint64_t begin = source.offset + first;
  const auto before = static_cast<std::size_t>(begin % 64);
  const std::size_t groups = (before + length + 63) / 64;
  // Elements are counted modulo 2^64: behind the last group comes group 0.
  const std::uint64_t left = (std::uint64_t{1} << 58) - begin / 64;
  const std::size_t here = groups < left ? groups : static_cast<std::size_t>(left);
  random_groups(source, begin / 64, here, buffer.data);
  if (HWY_UNLIKELY(here != groups)) {
    random_groups(source, 0, groups - here, buffer.data + 64 * here);
  }
  return buffer.data + before;
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
