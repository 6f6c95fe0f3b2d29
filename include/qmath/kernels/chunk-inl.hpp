// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Arrays of any type, in any layout, as chunks of float and int32 that fit in the L1 cache. This is how the
// many combinations that have no kernel of their own share one: a chunk is converted, worked on in whole
// vectors, and converted back. Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Elements per chunk: a multiple of 64, so that packed codes begin at a byte and random numbers at a group.
inline constexpr std::size_t chunk_size = 512;

// A chunk, and room behind it for four whole vectors of the longest kind (2048 bits).
template <class T>
struct alignas(64) chunk_buffer {
  T data[chunk_size + 1024 / sizeof(T)];
};

// f(first, length) for all chunks of n elements.
template <class F>
HWY_INLINE void for_each_chunk(std::size_t n, const F& f) {
  for (std::size_t i = 0; i < n; i += chunk_size) f(i, n - i < chunk_size ? n - i : chunk_size);
}

// The elements themselves where whole vectors of N may be read, a copy with room behind it otherwise.
template <class T>
HWY_INLINE const T* readable(const T* in, std::size_t length, std::size_t N, T* buffer) {
  if (length % N == 0) return in;
  std::memcpy(buffer, in, length * sizeof(T));
  std::memset(buffer + length, 0, N * sizeof(T));
  return buffer;
}

// ---- Layouts -------------------------------------------------------------------------------------

// The layout as one row of blocks that repeats, where it is as good as one: the elements of each block are
// neighbours. One row also for one parameter. Divisions are for unusual layouts: the kernels are fast enough
// for them to show.
HWY_INLINE granularity as_one_row(const granularity& g, std::size_t n) {
  const bool all_rows = g.rows <= g.block_rows, all_cols = g.cols <= g.block_cols;
  if (g.outer == 1 && all_rows && all_cols) return {1, 1, n, 1, n};
  if (g.outer == 1 && all_rows) return {1, 1, g.cols, 1, g.block_cols};
  if (all_cols) {
    if (g.block_rows == 1) return {1, 1, g.period(), 1, g.cols};
    if (all_rows) return {1, 1, g.period(), 1, g.rows * g.cols};
    if (g.rows % g.block_rows == 0) return {1, 1, g.period(), 1, g.block_rows * g.cols};
  } else if (g.block_rows == 1 && g.cols % g.block_cols == 0) {
    return {1, 1, g.period(), 1, g.block_cols};
  }
  return g;
}

// Of a layout that as_one_row has returned.
HWY_INLINE bool is_one_row(const granularity& g) { return g.outer == 1 && g.rows == 1; }
HWY_INLINE bool is_one_parameter(const granularity& g) {
  return is_one_row(g) && g.cols <= g.block_cols;
}

// Walks `length` elements from `first` on in the order of memory, row by row: f(i, n, col, c) for n elements
// from i on, which are in columns col, col+1 ... of a row whose blocks have the parameters c, c+1 ...
template <class F>
HWY_INLINE void for_each_row(const granularity& g, std::size_t first, std::size_t length,
                             const F& f) {
  const std::size_t col_blocks = g.col_blocks();
  std::size_t col = first, row = 0, matrix = 0, row_in_block = 0, c = 0;
  if (first >= g.cols) {  // divisions are slow
    col = first % g.cols, row = first / g.cols % g.rows;
    matrix = first / g.cols / g.rows % g.outer;
    row_in_block = row % g.block_rows;
    c = (matrix * g.row_blocks() + row / g.block_rows) * col_blocks;
  }
  const std::size_t end = first + length;
  for (std::size_t i = first; i < end;) {
    const std::size_t n = end - i < g.cols - col ? end - i : g.cols - col;
    f(i, n, col, c);
    i += n, col = 0;
    ++row, ++row_in_block;
    if (row != g.rows && row_in_block != g.block_rows) continue;
    row_in_block = 0, c += col_blocks;
    if (row != g.rows) continue;
    row = 0;
    if (++matrix == g.outer) matrix = 0, c = 0;
  }
}

// The same by runs: interleaved(i, n, c) for neighbours with the parameters c, c+1 ... c+n-1, one_run(i, n, c)
// for neighbours that share the parameter c.
template <class Interleaved, class OneRun>
HWY_INLINE void for_each_run(const granularity& g, std::size_t first, std::size_t length,
                             const Interleaved& interleaved, const OneRun& one_run) {
  if (g.outer == 1 && g.rows <= g.block_rows && g.cols <= g.block_cols) {  // per tensor
    if (length != 0) one_run(first, length, std::size_t{0});
    return;
  }
  for_each_row(g, first, length,
               [&](std::size_t i, std::size_t n, std::size_t col, std::size_t c) HWY_ATTR {
                 if (g.block_cols == 1) return interleaved(i, n, c + col);
                 const std::size_t end = i + n;
                 std::size_t left = g.block_cols;  // in the first block
                 if (col != 0) c += col / g.block_cols, left -= col % g.block_cols;
                 while (i < end) {
                   const std::size_t run = left < end - i ? left : end - i;
                   one_run(i, run, c);
                   i += run, ++c, left = g.block_cols;
                 }
               });
}

// out[j] = values[parameter of element first + j] for j < length, in whole vectors. T has 4 or 8 bytes.
template <class T>
HWY_NOINLINE HWY_MAYBE_UNUSED static void expand(const granularity& g, const T* values,
                                                 std::size_t first, std::size_t length,
                                                 chunk_buffer<T>& out) {
  using lane = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  const hn::ScalableTag<lane> d;
  const hn::Repartition<std::uint8_t, decltype(d)> d8;
  const std::size_t N = hn::Lanes(d), period = g.period();
  std::size_t done = length < period ? length : period;
  for_each_run(
      g, first, done,
      [&](std::size_t i, std::size_t n, std::size_t c)
          HWY_ATTR { std::memcpy(out.data + (i - first), values + c, n * sizeof(T)); },
      [&](std::size_t i, std::size_t n, std::size_t c) HWY_ATTR {
        const auto v = hn::Set(d, detail::bit_cast<lane>(values[c]));
        auto* const to = reinterpret_cast<std::uint8_t*>(out.data + (i - first));
        for (std::size_t j = 0; j < n; j += N) {
          hn::StoreU(hn::BitCast(d8, v), d8, to + j * sizeof(T));
        }
      });
  for (; done < length; done *= 2) {  // repeats
    const std::size_t n = length - done < done ? length - done : done;
    std::memcpy(out.data + done, out.data, n * sizeof(T));
  }
}

// Of how many elements the parameters are written out at once: whole repeats of the layout if a chunk has room
// for one, which then serve all elements, or else a chunk.
HWY_INLINE bool repeats_in_a_chunk(const granularity& g) { return g.period() <= chunk_size; }
HWY_INLINE std::size_t elements_at_once(const granularity& g) {
  return repeats_in_a_chunk(g) ? chunk_size / g.period() * g.period() : chunk_size;
}

// ---- Real numbers --------------------------------------------------------------------------------

// Whole vectors of floats: n elements, and zeros behind them.
template <class DF, class T>
HWY_INLINE void widen(DF df, const T* in, std::size_t n, float* out) {
  const std::size_t N = hn::Lanes(df);
  std::size_t i = 0;
  for (; i + N <= n; i += N) hn::StoreU(load_lanes(df, in + i), df, out + i);
  if (i < n) hn::StoreU(load_lanes(df, in + i, n - i), df, out + i);
}

template <class T>
HWY_INLINE const float* load_reals(const T* in, std::size_t length, chunk_buffer<float>& buffer) {
  widen(hn::ScalableTag<float>(), in, length, buffer.data);
  return buffer.data;
}

// Elements first ... first + length - 1 as floats, in whole vectors; in the buffer or in place.
HWY_NOINLINE HWY_MAYBE_UNUSED static const float* load_reals(real_type type, const void* in,
                                                             std::size_t first, std::size_t length,
                                                             chunk_buffer<float>& buffer) {
  const std::size_t N = hn::Lanes(hn::ScalableTag<float>());
  switch (type) {
    case real_type::f32:
      return readable(static_cast<const float*>(in) + first, length, N, buffer.data);
    case real_type::f16: return load_reals(static_cast<const half*>(in) + first, length, buffer);
    default: return load_reals(static_cast<const bfloat16*>(in) + first, length, buffer);
  }
}

// To nearest even, in the upper halves: in integers, the same on every target. Not for NaN, which real numbers
// that were codes never are.
HWY_INLINE auto rounded_to_bfloat16(hn::Vec<hn::ScalableTag<float>> v) {
  const hn::RebindToUnsigned<hn::ScalableTag<float>> du32;
  const auto bits = hn::BitCast(du32, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(du32, 1));
  return hn::Add(hn::Add(bits, hn::Set(du32, 0x7FFF)), odd);
}

// As half_from (formats/real.hpp); in integers where there is no instruction for it: |x| < 2^-14 becomes a
// subnormal number by an addition that shifts it to the place of the last bit.
template <class DU16>
HWY_INLINE hn::Vec<DU16> half_bits(DU16 du16, hn::Vec<hn::ScalableTag<float>> v) {
  if constexpr (has_half) {
    return hn::BitCast(du16, hn::DemoteTo(hn::Rebind<hwy::float16_t, DU16>(), v));
  }
  const hn::ScalableTag<float> df;
  const hn::RebindToUnsigned<decltype(df)> du32;
  const auto bits = hn::BitCast(du32, v);
  const auto magnitude = hn::And(bits, hn::Set(du32, 0x7FFFFFFF));
  const auto sign = hn::And(hn::ShiftRight<16>(bits), hn::Set(du32, 0x8000));
  const auto odd = hn::And(hn::ShiftRight<13>(magnitude), hn::Set(du32, 1));
  const auto normal =
      hn::ShiftRight<13>(hn::Add(hn::Sub(magnitude, hn::Set(du32, 0x38000000 - 0xFFF)), odd));
  const auto sum = hn::Add(hn::BitCast(df, magnitude), hn::Set(df, 0.5f));
  const auto subnormal = hn::Sub(hn::BitCast(du32, sum), hn::Set(du32, 0x3F000000));
  const auto nan =
      hn::Or(hn::Set(du32, 0x7E00), hn::And(hn::ShiftRight<13>(magnitude), hn::Set(du32, 0x3FF)));
  auto h = hn::IfThenElse(hn::Lt(magnitude, hn::Set(du32, 0x38800000)), subnormal, normal);
  h = hn::IfThenElse(hn::Lt(magnitude, hn::Set(du32, 0x477FF000)), h, hn::Set(du32, 0x7C00));
  h = hn::IfThenElse(hn::Gt(magnitude, hn::Set(du32, 0x7F800000)), nan, h);
  return hn::DemoteTo(du16, hn::Or(h, sign));
}

// Floats of a chunk, in whole vectors, to elements first ... first + length - 1. in may be the array itself.
HWY_NOINLINE HWY_MAYBE_UNUSED static void store_reals(real_type type, const float* in,
                                                      std::size_t first, std::size_t length,
                                                      void* out) {
  const hn::ScalableTag<float> df;
  const std::size_t N = hn::Lanes(df);
  if (type == real_type::f32) {
    float* const to = static_cast<float*>(out) + first;
    if (to != in) std::memcpy(to, in, length * sizeof(float));
    return;
  }
  const hn::Rebind<std::uint16_t, decltype(df)> du16;
  std::uint16_t* const to = static_cast<std::uint16_t*>(out) + first;
  std::size_t i = 0;
  const auto store = [&](const auto& bits_of) HWY_ATTR {
    const auto one = [&]() HWY_ATTR { return bits_of(hn::LoadU(df, in + i)); };
    for (; i + N <= length; i += N) hn::StoreU(one(), du16, to + i);
    if (i != length) hn::StoreN(one(), du16, to + i, length - i);
  };
  if (type == real_type::f16) return store([&](auto v) HWY_ATTR { return half_bits(du16, v); });
  const hn::Repartition<std::uint16_t, decltype(df)> two;
  for (; i + 2 * N <= length; i += 2 * N) {
    const auto a = rounded_to_bfloat16(hn::LoadU(df, in + i));
    const auto b = rounded_to_bfloat16(hn::LoadU(df, in + i + N));
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
    hn::StoreU(hn::ConcatOdd(two, hn::BitCast(two, b), hn::BitCast(two, a)), two, to + i);
#else
    hn::StoreU(hn::OrderedDemote2To(two, hn::ShiftRight<16>(a), hn::ShiftRight<16>(b)), two,
               to + i);
#endif
  }
  store([&](auto v)
            HWY_ATTR { return hn::DemoteTo(du16, hn::ShiftRight<16>(rounded_to_bfloat16(v))); });
}

// ---- Codes ---------------------------------------------------------------------------------------

// Two codes of 4 bits in a byte each. 16-bit lanes hold the byte.
template <bit_order Order, class D8>
HWY_INLINE auto join_4_bits(D8 d8, hn::Vec<D8> codes) {
  const hn::RebindToSigned<D8> di8;
  const hn::Repartition<std::int16_t, D8> di16;
  const auto fields = hn::And(codes, hn::Set(d8, 0x0F));
  const auto even = Order == bit_order::first_low ? hn::Set(di8, 1) : hn::Set(di8, 16);
  const auto odd = Order == bit_order::first_low ? hn::Set(di8, 16) : hn::Set(di8, 1);
  return hn::SatWidenMulPairwiseAdd(di16, fields, hn::OddEven(odd, even));
}

// Four codes of 2 bits. 32-bit lanes hold the byte.
template <bit_order Order, class D8>
HWY_INLINE auto join_2_bits(D8 d8, hn::Vec<D8> codes) {
  const hn::RebindToSigned<D8> di8;
  const hn::Repartition<std::int16_t, D8> di16;
  const hn::Repartition<std::int32_t, D8> di32;
  constexpr bool low = Order == bit_order::first_low;
  const auto fields = hn::And(codes, hn::Set(d8, 0x03));
  const auto pairs = hn::SatWidenMulPairwiseAdd(
      di16, fields, hn::OddEven(hn::Set(di8, low ? 4 : 1), hn::Set(di8, low ? 1 : 4)));
  return hn::WidenMulPairwiseAdd(
      di32, pairs, hn::OddEven(hn::Set(di16, low ? 16 : 1), hn::Set(di16, low ? 1 : 16)));
}

// Packs 8-bit codes, clamped as int8, into bytes. They may be read in whole vectors. Clears what follows the last
// one.
template <std::size_t Bits, bit_order Order>
HWY_INLINE void pack_bits(const std::uint8_t* HWY_RESTRICT codes, std::size_t length,
                          code_range range, std::uint8_t* HWY_RESTRICT out) {
  const hn::ScalableTag<std::uint8_t> d8;
  const hn::ScalableTag<std::int8_t> di8;
  const std::size_t N = hn::Lanes(d8);
  constexpr std::size_t per_byte = 8 / Bits;
  const auto least = hn::Set(di8, static_cast<std::int8_t>(range.min));
  const auto most = hn::Set(di8, static_cast<std::int8_t>(range.max));
  const auto load = [&](std::size_t i) HWY_ATTR {
    const auto code = hn::BitCast(di8, hn::LoadU(d8, codes + i));
    return hn::BitCast(d8, hn::Min(hn::Max(code, least), most));
  };
  // The codes of one vector of bytes.
  const auto block = [&](std::size_t i) HWY_ATTR {
    if constexpr (Bits == 4) {
      return hn::OrderedDemote2To(d8, join_4_bits<Order>(d8, load(i)),
                                  join_4_bits<Order>(d8, load(i + N)));
    } else {
      const hn::Repartition<std::int16_t, decltype(d8)> di16;
      const auto part = [&](std::size_t j) HWY_ATTR { return join_2_bits<Order>(d8, load(j)); };
      const auto ab = hn::OrderedDemote2To(di16, part(i), part(i + N));
      const auto cd = hn::OrderedDemote2To(di16, part(i + 2 * N), part(i + 3 * N));
      return hn::OrderedDemote2To(d8, ab, cd);
    }
  };
  std::size_t i = 0;
  for (; i + per_byte * N <= length; i += per_byte * N)
    hn::StoreU(block(i), d8, out + i / per_byte);
  if (i != length) {
    hn::StoreN(block(i), d8, out + i / per_byte, (length - i + per_byte - 1) / per_byte);
  }
  if (const std::size_t bits = length % per_byte * Bits; bits != 0) {
    out[length / per_byte] &= static_cast<std::uint8_t>(
        Order == bit_order::first_low ? (1 << bits) - 1 : 0xFF << (8 - bits));
  }
}

// Unpacks bytes into 8-bit codes, of which whole vectors are written.
template <std::size_t Bits, bit_order Order>
HWY_INLINE void unpack_bits(const std::uint8_t* HWY_RESTRICT in, std::size_t length, bool is_signed,
                            std::uint8_t* HWY_RESTRICT codes) {
  const hn::ScalableTag<std::uint8_t> d8;
  const std::size_t N = hn::Lanes(d8);
  constexpr std::size_t per_byte = 8 / Bits;
  const auto mask = hn::Set(d8, (1 << Bits) - 1);
  const auto sign = hn::Set(d8, is_signed ? 1 << (Bits - 1) : 0);
  // Sign extension: (v ^ s) - s.
  const auto store = [&](auto v, std::size_t i) HWY_ATTR {
    hn::StoreU(hn::Sub(hn::Xor(hn::And(v, mask), sign), sign), d8, codes + i);
  };
  // The codes from i on, of one vector of bytes.
  const auto unpack = [&](auto v, std::size_t i) HWY_ATTR {
    const auto field = [&](auto k) HWY_ATTR {
      constexpr int place = Order == bit_order::first_low
                                ? static_cast<int>(Bits) * decltype(k)::value
                                : 8 - static_cast<int>(Bits) * (decltype(k)::value + 1);
      return hn::ShiftRight<place>(v);
    };
    const auto a = field(std::integral_constant<int, 0>());
    const auto b = field(std::integral_constant<int, 1>());
    if constexpr (Bits == 4) {
      store(hn::InterleaveWholeLower(d8, a, b), i);
      store(hn::InterleaveWholeUpper(d8, a, b), i + N);
    } else {
      const auto c = field(std::integral_constant<int, 2>());
      const auto d = field(std::integral_constant<int, 3>());
      const auto ac0 = hn::InterleaveWholeLower(d8, a, c), ac1 = hn::InterleaveWholeUpper(d8, a, c);
      const auto bd0 = hn::InterleaveWholeLower(d8, b, d), bd1 = hn::InterleaveWholeUpper(d8, b, d);
      store(hn::InterleaveWholeLower(d8, ac0, bd0), i);
      store(hn::InterleaveWholeUpper(d8, ac0, bd0), i + N);
      store(hn::InterleaveWholeLower(d8, ac1, bd1), i + 2 * N);
      store(hn::InterleaveWholeUpper(d8, ac1, bd1), i + 3 * N);
    }
  };
  std::size_t i = 0;
  for (; i + per_byte * N <= length; i += per_byte * N) unpack(hn::LoadU(d8, in + i / per_byte), i);
  if (i != length) {
    unpack(hn::LoadN(d8, in + i / per_byte, (length - i + per_byte - 1) / per_byte), i);
  }
}

// 8-bit codes of a chunk, with room behind them, clamped, to elements first ... of a packed array.
HWY_NOINLINE HWY_MAYBE_UNUSED static void pack_codes(code_type type, const std::uint8_t* codes,
                                                     std::size_t first, std::size_t length,
                                                     code_range range, void* out) {
  std::uint8_t* const bytes = static_cast<std::uint8_t*>(out);
  switch (type) {
    case code_type::bits4_first_low:
      return pack_bits<4, bit_order::first_low>(codes, length, range, bytes + first / 2);
    case code_type::bits4_first_high:
      return pack_bits<4, bit_order::first_high>(codes, length, range, bytes + first / 2);
    case code_type::bits2_first_low:
      return pack_bits<2, bit_order::first_low>(codes, length, range, bytes + first / 4);
    default: return pack_bits<2, bit_order::first_high>(codes, length, range, bytes + first / 4);
  }
}

// Elements first ... first + length - 1 of a packed array as 8-bit codes, of which whole vectors are written. `first`
// is at the beginning of a byte.
HWY_NOINLINE HWY_MAYBE_UNUSED static void unpack_codes(code_type type, bool is_signed,
                                                       const void* in, std::size_t first,
                                                       std::size_t length, std::uint8_t* codes) {
  const std::uint8_t* const bytes = static_cast<const std::uint8_t*>(in);
  switch (type) {
    case code_type::bits4_first_low:
      return unpack_bits<4, bit_order::first_low>(bytes + first / 2, length, is_signed, codes);
    case code_type::bits4_first_high:
      return unpack_bits<4, bit_order::first_high>(bytes + first / 2, length, is_signed, codes);
    case code_type::bits2_first_low:
      return unpack_bits<2, bit_order::first_low>(bytes + first / 4, length, is_signed, codes);
    default:
      return unpack_bits<2, bit_order::first_high>(bytes + first / 4, length, is_signed, codes);
  }
}

// int32 codes of a chunk, inside the range of T, to an array of T.
template <class T>
HWY_INLINE void narrow_codes(const std::int32_t* HWY_RESTRICT codes, std::size_t length,
                             T* HWY_RESTRICT out) {
  const hn::ScalableTag<std::int32_t> di;
  const hn::Rebind<T, decltype(di)> dt;
  const hn::Repartition<T, decltype(di)> whole;
  const std::size_t N = hn::Lanes(di);
  const auto load = [&](std::size_t k) HWY_ATTR { return hn::LoadU(di, codes + k); };
  std::size_t i = 0;
  if constexpr (sizeof(T) == 1) {
    for (; i + 4 * N <= length; i += 4 * N) {
      const auto code =
          saturate<false>(whole, load(i), load(i + N), load(i + 2 * N), load(i + 3 * N));
      hn::StoreU(code, whole, out + i);
    }
  } else {
    for (; i + 2 * N <= length; i += 2 * N)
      hn::StoreU(hn::OrderedDemote2To(whole, load(i), load(i + N)), whole, out + i);
  }
  for (; i + N <= length; i += N) hn::StoreU(hn::DemoteTo(dt, load(i)), dt, out + i);
  if (i != length) {
    hn::StoreN(hn::DemoteTo(dt, hn::LoadU(di, codes + i)), dt, out + i, length - i);
  }
}

template <class T>
HWY_INLINE void widen_codes(const T* HWY_RESTRICT in, std::size_t length,
                            std::int32_t* HWY_RESTRICT codes) {
  const hn::ScalableTag<std::int32_t> di;
  const hn::Rebind<T, decltype(di)> dt;
  const std::size_t N = hn::Lanes(di);
  for (std::size_t i = 0; i < length; i += N) {
    hn::StoreU(hn::PromoteTo(di, hn::LoadU(dt, in + i)), di, codes + i);
  }
}

// Codes of a chunk to elements first ... first + length - 1.
HWY_NOINLINE HWY_MAYBE_UNUSED static void store_codes(code_type type, const std::int32_t* codes,
                                                      std::size_t first, std::size_t length,
                                                      void* out) {
  switch (type) {
    case code_type::s8: return narrow_codes(codes, length, static_cast<std::int8_t*>(out) + first);
    case code_type::u8: return narrow_codes(codes, length, static_cast<std::uint8_t*>(out) + first);
    case code_type::s16:
      return narrow_codes(codes, length, static_cast<std::int16_t*>(out) + first);
    case code_type::u16:
      return narrow_codes(codes, length, static_cast<std::uint16_t*>(out) + first);
    case code_type::s32:
      std::memcpy(static_cast<std::int32_t*>(out) + first, codes, length * sizeof(*codes));
      return;
    default: {
      chunk_buffer<std::uint8_t> bytes;
      narrow_codes(codes, length, reinterpret_cast<std::int8_t*>(bytes.data));
      return pack_codes(type, bytes.data, first, length, {-128, 127}, out);
    }
  }
}

// Elements first ... first + length - 1, in whole vectors; in the buffer or in place.
HWY_NOINLINE HWY_MAYBE_UNUSED static const std::int32_t* load_codes(
    code_type type, bool is_signed, const void* in, std::size_t first, std::size_t length,
    chunk_buffer<std::int32_t>& buffer) {
  const std::size_t N = hn::Lanes(hn::ScalableTag<std::int32_t>());
  const auto widen = [&](const auto* elements) HWY_ATTR {
    chunk_buffer<std::remove_const_t<std::remove_pointer_t<decltype(elements)>>> copy;
    widen_codes(readable(elements + first, length, N, copy.data), length, buffer.data);
    return static_cast<const std::int32_t*>(buffer.data);
  };
  switch (type) {
    case code_type::s8: return widen(static_cast<const std::int8_t*>(in));
    case code_type::u8: return widen(static_cast<const std::uint8_t*>(in));
    case code_type::s16: return widen(static_cast<const std::int16_t*>(in));
    case code_type::u16: return widen(static_cast<const std::uint16_t*>(in));
    case code_type::s32:
      return readable(static_cast<const std::int32_t*>(in) + first, length, N, buffer.data);
    default: {
      chunk_buffer<std::uint8_t> bytes;
      unpack_codes(type, is_signed, in, first, length, bytes.data);
      widen_codes(reinterpret_cast<const std::int8_t*>(bytes.data), length, buffer.data);
      return buffer.data;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
