// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Codes -> real numbers:   x = fl(scale * float(q - z)), then rounded to 16 bits if that is the type of x.
// Compiled once per target (detail/foreach_target.hpp).
//
// There is one loop, from codes to float, or from 8 bits to half. Packed codes are unpacked into a buffer before it,
// uint16 is widened, and other 16-bit real numbers rounded from a buffer behind it, chunk by chunk. Where a vector has
// 16 floats, codes of 4 bits that share their parameters are looked up instead.
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One vector of codes, or the first n of it.
template <class Q>
HWY_INLINE auto load_as_int32(const Q* q) {
  const hn::ScalableTag<std::int32_t> di;
  if constexpr (std::is_same_v<Q, std::int32_t>) {
    return hn::LoadU(di, q);
  } else {
    return hn::PromoteTo(di, hn::LoadU(hn::Rebind<Q, decltype(di)>(), q));
  }
}
template <class Q>
HWY_INLINE auto load_as_int32(const Q* q, std::size_t n) {
  const hn::ScalableTag<std::int32_t> di;
  if constexpr (std::is_same_v<Q, std::int32_t>) {
    return hn::LoadN(di, q, n);
  } else {
    return hn::PromoteTo(di, hn::LoadN(hn::Rebind<Q, decltype(di)>(), q, n));
  }
}

template <class VI, class VF>
HWY_INLINE VF dequantize_vector(VI q, VF scale, VI zero_point) {
  const hn::DFromV<VF> df;
  return hn::Mul(hn::ConvertTo(df, hn::Sub(q, zero_point)), scale);
}

HWY_INLINE void store_lanes(hn::Vec<hn::ScalableTag<float>> v, float* x) {
  hn::StoreU(v, hn::ScalableTag<float>(), x);
}
HWY_INLINE void store_lanes(hn::Vec<hn::ScalableTag<float>> v, std::size_t n, float* x) {
  hn::StoreN(v, hn::ScalableTag<float>(), x, n);
}
HWY_INLINE void store_lanes(hn::Vec<hn::ScalableTag<float>> v, half* x) {
  const hn::Rebind<std::uint16_t, hn::ScalableTag<float>> d16;
  hn::StoreU(half_bits(d16, v), d16, reinterpret_cast<std::uint16_t*>(x));
}
HWY_INLINE void store_lanes(hn::Vec<hn::ScalableTag<float>> v, std::size_t n, half* x) {
  const hn::Rebind<std::uint16_t, hn::ScalableTag<float>> d16;
  hn::StoreN(half_bits(d16, v), d16, reinterpret_cast<std::uint16_t*>(x), n);
}

// n neighbours. scale(i, m) and zero_point(i, m) are the parameters of the m elements from i on: a vector of
// them, or all n if those are fewer.
template <class Q, class X, class Scale, class ZeroPoint>
HWY_INLINE void dequantize_neighbours(const Q* HWY_RESTRICT q, std::size_t n, const Scale& scale,
                                      const ZeroPoint& zero_point, X* HWY_RESTRICT x) {
  const std::size_t N = hn::Lanes(hn::ScalableTag<float>());
  const auto one = [&](std::size_t i) HWY_ATTR {
    store_lanes(dequantize_vector(load_as_int32(q + i), scale(i, N), zero_point(i, N)), x + i);
  };
  if (HWY_UNLIKELY(n < N)) {
    store_lanes(dequantize_vector(load_as_int32(q, n), scale(0, n), zero_point(0, n)), n, x);
    return;
  }
  std::size_t i = 0;
  for (; i + 4 * N <= n; i += 4 * N) one(i), one(i + N), one(i + 2 * N), one(i + 3 * N);
  for (; i + N <= n; i += N) one(i);
  if (i != n) one(n - N);  // some elements a second time
}

// Neighbours with parameters of their own.
template <class Q, class X>
HWY_INLINE void dequantize_interleaved(const Q* HWY_RESTRICT q, std::size_t n,
                                       const float* HWY_RESTRICT scales,
                                       const std::int32_t* HWY_RESTRICT zero_points,
                                       X* HWY_RESTRICT x) {
  const hn::ScalableTag<float> df;
  const hn::ScalableTag<std::int32_t> di;
  const std::size_t N = hn::Lanes(df);
  const auto load = [&](auto d, const auto* values, std::size_t m)
                        HWY_ATTR { return m < N ? hn::LoadN(d, values, m) : hn::LoadU(d, values); };
  const auto scale = [&](std::size_t i, std::size_t m) HWY_ATTR { return load(df, scales + i, m); };
  const auto zero_point = [&](std::size_t i, std::size_t m)
                              HWY_ATTR { return load(di, zero_points + i, m); };
  const auto no_zero_point = [&](std::size_t, std::size_t) HWY_ATTR { return hn::Zero(di); };
  if (zero_points != nullptr) {
    dequantize_neighbours(q, n, scale, zero_point, x);
  } else {
    dequantize_neighbours(q, n, scale, no_zero_point, x);
  }
}

// Neighbours that share theirs.
template <class Q, class X>
HWY_INLINE void dequantize_run(const Q* HWY_RESTRICT q, std::size_t n, float scale,
                               std::int32_t zero_point, X* HWY_RESTRICT x) {
  const auto s = hn::Set(hn::ScalableTag<float>(), scale);
  const auto z = hn::Set(hn::ScalableTag<std::int32_t>(), zero_point);
  dequantize_neighbours(
      q, n, [&](std::size_t, std::size_t) HWY_ATTR { return s; },
      [&](std::size_t, std::size_t) HWY_ATTR { return z; }, x);
}

// The parameters from some block on.
struct block_params {
  const float* scales;
  const std::int32_t* zero_points;
  std::size_t step;  // from one zero point to the next: 0 if there is one 0 for all

  HWY_INLINE block_params from(std::size_t c) const {
    return {scales + c, zero_points + c * step, step};
  }
};

HWY_INLINE block_params block_params_of(const dequantize_job& job) {
  static constexpr std::int32_t none = 0;
  if (job.zero_points == nullptr) return {job.scales, &none, 0};
  return {job.scales, job.zero_points, 1};
}

// n elements in blocks, all of them whole and multiples of Vectors vectors. Not inlined, because the little
// that is done for each block counts where blocks are short: it has to be in registers.
template <std::size_t Vectors, class Q, class X>
HWY_NOINLINE HWY_MAYBE_UNUSED static void dequantize_vector_blocks(const Q* HWY_RESTRICT q,
                                                                   std::size_t n, std::size_t block,
                                                                   const block_params& first,
                                                                   X* HWY_RESTRICT x) {
  const hn::ScalableTag<float> df;
  const hn::ScalableTag<std::int32_t> di;
  const std::size_t N = hn::Lanes(df);
  const float* scale = first.scales;
  const std::int32_t* zero_point = first.zero_points;
  const std::size_t step = first.step;
  for (const Q* const end = q + n; q != end;) {
    const auto s = hn::Set(df, *scale);
    const auto z = hn::Set(di, *zero_point);
    const auto one = [&](std::size_t j) HWY_ATTR {
      store_lanes(dequantize_vector(load_as_int32(q + j), s, z), x + j);
    };
    const Q* const block_end = q + block;
    do {
      one(0);
      if constexpr (Vectors > 1) one(N);
      if constexpr (Vectors > 2) one(2 * N), one(3 * N);
      q += Vectors * N, x += Vectors * N;
    } while (q != block_end);
    ++scale, zero_point += step;
  }
}

// n elements in blocks of any size, the first one with `left` elements, the last one cut off at the end.
template <class Q, class X>
HWY_NOINLINE HWY_MAYBE_UNUSED static void dequantize_blocks(const Q* HWY_RESTRICT q, std::size_t n,
                                                            std::size_t block, std::size_t left,
                                                            const block_params& first,
                                                            X* HWY_RESTRICT x) {
  const float* scale = first.scales;
  const std::int32_t* zero_point = first.zero_points;
  for (const Q* const end = q + n; q != end; left = block) {
    const auto rest = static_cast<std::size_t>(end - q);
    const std::size_t length = left < rest ? left : rest;
    dequantize_run(q, length, *scale, *zero_point, x);
    q += length, x += length;
    ++scale, zero_point += first.step;
  }
}

// n elements of one row, from column `col` of it on.
template <class Q, class X>
HWY_INLINE void dequantize_row(const Q* HWY_RESTRICT q, std::size_t n, std::size_t col,
                               std::size_t block, block_params p, X* HWY_RESTRICT x) {
  const std::size_t N = hn::Lanes(hn::ScalableTag<float>());
  if (col >= block) {
    p = p.from(col / block);
    col %= block;
  }
  const std::size_t left = block - col;  // in the first block
  if (block % N == 0 && left == block && n >= 2 * block) {
    const std::size_t blocks = n / block, length = blocks * block;
    if (block % (4 * N) == 0) {
      dequantize_vector_blocks<4>(q, length, block, p, x);
    } else if (block % (2 * N) == 0) {
      dequantize_vector_blocks<2>(q, length, block, p, x);
    } else {
      dequantize_vector_blocks<1>(q, length, block, p, x);
    }
    if (n == length) return;
    q += length, x += length, n -= length;
    p = p.from(blocks);
  }
  dequantize_blocks(q, n, block, left, p, x);
}

// Many short runs: their parameters are written out, one for each element. Those of as many whole periods as
// a chunk has room for serve all of them.
template <class Q, class X>
HWY_INLINE void dequantize_short_runs(const dequantize_job& job, const granularity& g,
                                      std::size_t first, std::size_t length, const Q* q, X* x) {
  chunk_buffer<float> scales;
  chunk_buffer<std::int32_t> zero_points;
  const bool repeats = repeats_in_a_chunk(g);
  const std::size_t step = elements_at_once(g);
  for (std::size_t i = 0; i < length; i += step) {
    const std::size_t n = length - i < step ? length - i : step;
    if (i == 0 || !repeats) {
      expand(g, job.scales, first + i, n, scales);
      if (job.zero_points) expand(g, job.zero_points, first + i, n, zero_points);
    }
    dequantize_interleaved(q + i, n, scales.data, job.zero_points ? zero_points.data : nullptr,
                           x + i);
  }
}

// Elements first ... first + length - 1, which are those at q and x.
template <class Q, class X>
HWY_NOINLINE HWY_MAYBE_UNUSED static void dequantize_part(const dequantize_job& job,
                                                          const granularity& g, std::size_t first,
                                                          std::size_t length, const Q* q, X* x) {
  const std::size_t N = hn::Lanes(hn::ScalableTag<float>());
  const bool interleaved = g.block_cols == 1 && g.count() != 1;
  const std::size_t run = interleaved || g.block_cols > g.cols ? g.cols : g.block_cols;
  if (run < length && (run < N || (interleaved && run < 8 * N && 2 * g.period() <= chunk_size))) {
    return dequantize_short_runs(job, g, first, length, q, x);
  }
  const block_params all = block_params_of(job);
  for_each_row(
      g, first, length, [&](std::size_t i, std::size_t n, std::size_t col, std::size_t c) HWY_ATTR {
        const Q* const from = q + (i - first);
        X* const to = x + (i - first);
        if (interleaved) {
          dequantize_interleaved(from, n, job.scales + c + col,
                                 job.zero_points ? job.zero_points + c + col : nullptr, to);
        } else {
          dequantize_row(from, n, col, g.block_cols, all.from(c), to);
        }
      });
}

// ---- Codes of 4 bits in a table ------------------------------------------------------------------

inline constexpr bool has_table_of_16 = HWY_ARCH_X86 && HWY_MAX_BYTES == 64;

// Packed codes from the beginning of a byte on.
struct nibbles {
  const std::uint8_t* bytes;
  bool is_signed, first_low;

  HWY_INLINE nibbles operator+(std::size_t even) const {
    return {bytes + even / 2, is_signed, first_low};
  }
};

// Whether these are nibbles, the first one of all neighbours that share their parameters begins a byte, and there are
// enough of them.
HWY_INLINE bool is_for_table(const dequantize_job& job, const granularity& g) {
  if (job.from != code_type::bits4_first_low && job.from != code_type::bits4_first_high)
    return false;
  const std::size_t run = g.block_cols < g.cols ? g.block_cols : g.cols;
  return run >= 16 && (g.cols >= job.n || g.cols % 2 == 0) && (run == g.cols || run % 2 == 0);
}

// n elements, a multiple of 32, in blocks of a multiple of 32, the last of which may be short.
template <class X>
HWY_INLINE void dequantize_nibbles(nibbles q, std::size_t n, std::size_t block, block_params p,
                                   X* HWY_RESTRICT x) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<std::uint8_t, decltype(df)> d8;
  const auto lane = hn::Iota(di, 0), sign = hn::Set(di, q.is_signed ? 8 : 0);
  const auto codes = hn::Sub(hn::Xor(lane, sign), sign);
  // Of 16 bytes, lane i looks at byte i / 2 or, in the second vector, 8 + i / 2; at its upper half if i is odd or,
  // first_high, even.
  const auto byte = hn::Mul(hn::ShiftRight<1>(lane), hn::Set(di, 0x01010101));
  const auto first = hn::BitCast(d8, byte);
  const auto second = hn::BitCast(d8, hn::Add(byte, hn::Set(di, 0x08080808)));
  const auto upper = hn::And(hn::Xor(lane, hn::Set(di, q.first_low ? 0 : 1)), hn::Set(di, 1));
  const auto shift = hn::ShiftLeft<2>(upper);
  const std::uint8_t* HWY_RESTRICT bytes = q.bytes;
  for (X* const end = x + n; x != end; p = p.from(1)) {
    const auto table =
        dequantize_vector(codes, hn::Set(df, *p.scales), hn::Set(di, *p.zero_points));
    const auto look_up = [&](auto packed, auto which) HWY_ATTR {
      const auto spread = hn::BitCast(di, hn::TableLookupBytes(packed, which));
      const auto index = hn::And(hn::Shr(spread, shift), hn::Set(di, 15));
      return hn::TableLookupLanes(table, hn::IndicesFromVec(df, index));
    };
    const auto left = static_cast<std::size_t>(end - x);
    X* const block_end = x + (block < left ? block : left);
    for (; x != block_end; x += 32, bytes += 16) {
      const auto packed = hn::LoadDup128(d8, bytes);
      store_lanes(look_up(packed, first), x);
      store_lanes(look_up(packed, second), x + 16);
    }
  }
}

// Fewer than 32 that share their parameters.
template <class X>
HWY_NOINLINE HWY_MAYBE_UNUSED static void dequantize_last_nibbles(nibbles q, std::size_t n,
                                                                  const block_params& p, X* x) {
  alignas(64) std::uint8_t bytes[16] = {};
  alignas(64) X reals[32];
  std::memcpy(bytes, q.bytes, (n + 1) / 2);
  dequantize_nibbles({bytes, q.is_signed, q.first_low}, 32, 32, p, reals);
  std::memcpy(x, reals, n * sizeof(X));
}

// Elements first ... first + length - 1, which are those at q and x.
template <class X>
HWY_NOINLINE HWY_MAYBE_UNUSED static void dequantize_part(const dequantize_job& job,
                                                          const granularity& g, std::size_t first,
                                                          std::size_t length, nibbles q, X* x) {
  const block_params all = block_params_of(job);
  const std::size_t block = g.block_cols < g.cols ? g.block_cols : g.cols;
  for_each_row(g, first, length,
               [&](std::size_t, std::size_t n, std::size_t col, std::size_t c) HWY_ATTR {
                 block_params p = all.from(c + col / block);
                 std::size_t left = block - col % block;
                 for (; n != 0; left = block, p = p.from(1)) {
                   const bool together = left == block && block % 32 == 0;  // all that is left
                   const std::size_t m = together || n < left ? n : left, whole = m / 32 * 32;
                   dequantize_nibbles(q, whole, together ? block : whole, p, x);
                   if (m != whole) {
                     const block_params last = p.from(together ? whole / block : 0);
                     dequantize_last_nibbles(q + whole, m - whole, last, x + whole);
                   }
                   q = q + m, x += m, n -= m;
                 }
               });
}

// ---- All codes, all real numbers -----------------------------------------------------------------

// From: a pointer to codes, or nibbles.
template <class From>
HWY_INLINE void dequantize_array(const dequantize_job& job, const granularity& g, std::size_t first,
                                 std::size_t length, From q) {
  if (job.to == real_type::f32) {
    return dequantize_part(job, g, first, length, q, static_cast<float*>(job.out) + first);
  }
  constexpr bool wide =
      std::is_same_v<From, const std::int16_t*> || std::is_same_v<From, const std::int32_t*>;
  if constexpr (!wide && has_half) {
    if (job.to == real_type::f16) {
      return dequantize_part(job, g, first, length, q, static_cast<half*>(job.out) + first);
    }
  }
  constexpr std::size_t size = 4 * chunk_size;  // fewer calls than with single chunks
  alignas(64) float reals[size + sizeof(chunk_buffer<float>) / sizeof(float)];
  for (std::size_t i = 0; i < length; i += size) {
    const std::size_t n = length - i < size ? length - i : size;
    dequantize_part(job, g, first + i, n, q + i, reals);
    store_reals(job.to, reals, first + i, n, job.out);
  }
}

template <class Q>
HWY_INLINE void dequantize_array(const dequantize_job& job, const granularity& g) {
  dequantize_array(job, g, 0, job.n, static_cast<const Q*>(job.in));
}

HWY_INLINE void dequantize_packed(const dequantize_job& job, const granularity& g) {
  const bool is_signed = job.format.min < 0;
  if constexpr (has_table_of_16) {
    if (is_for_table(job, g)) {
      const nibbles q = {static_cast<const std::uint8_t*>(job.in), is_signed,
                         job.from == code_type::bits4_first_low};
      return dequantize_array(job, g, 0, job.n, q);
    }
  }
  constexpr std::size_t size = 4 * chunk_size;  // fewer calls than with single chunks
  alignas(64) std::int8_t codes[size + sizeof(chunk_buffer<std::int8_t>)];  // [-8, 15]
  for (std::size_t first = 0; first < job.n; first += size) {
    const std::size_t length = job.n - first < size ? job.n - first : size;
    unpack_codes(job.from, is_signed, job.in, first, length,
                 reinterpret_cast<std::uint8_t*>(codes));
    dequantize_array(job, g, first, length, static_cast<const std::int8_t*>(codes));
  }
}

HWY_INLINE void dequantize_u16(const dequantize_job& job, const granularity& g) {
  chunk_buffer<std::int32_t> codes;
  for_each_chunk(job.n, [&](std::size_t first, std::size_t length) HWY_ATTR {
    const std::int32_t* const q = load_codes(job.from, false, job.in, first, length, codes);
    dequantize_array(job, g, first, length, q);
  });
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void dequantize(const dequantize_job& job) {
  if (job.n == 0) return;
  const granularity g = as_one_row(job.layout, job.n);
  switch (job.from) {
    case code_type::s8: return dequantize_array<std::int8_t>(job, g);
    case code_type::u8: return dequantize_array<std::uint8_t>(job, g);
    case code_type::s16: return dequantize_array<std::int16_t>(job, g);
    case code_type::u16: return dequantize_u16(job, g);
    case code_type::s32: return dequantize_array<std::int32_t>(job, g);
    default: return dequantize_packed(job, g);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
