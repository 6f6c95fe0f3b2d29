// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Codes -> real numbers:   x = fl(scale * float(q - z)), then rounded to 16 bits if that is the type of x.
// Compiled once per target (detail/foreach_target.hpp).
//
// There is one loop, from codes to float, or from 8 bits to half. Packed codes are unpacked into a buffer before it,
// uint16 is widened, and other 16-bit real numbers rounded from a buffer behind it, chunk by chunk.
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

template <class Q>
HWY_INLINE void dequantize_array(const dequantize_job& job, const granularity& g, std::size_t first,
                                 std::size_t length, const Q* q) {
  if (job.to == real_type::f32) {
    return dequantize_part(job, g, first, length, q, static_cast<float*>(job.out) + first);
  }
  if constexpr (sizeof(Q) == 1 && has_half) {
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
  constexpr std::size_t size = 4 * chunk_size;  // fewer calls than with single chunks
  alignas(64) std::int8_t codes[size + sizeof(chunk_buffer<std::int8_t>)];  // [-8, 15]
  const bool is_signed = job.format.min < 0;
  for (std::size_t first = 0; first < job.n; first += size) {
    const std::size_t length = job.n - first < size ? job.n - first : size;
    unpack_codes(job.from, is_signed, job.in, first, length,
                 reinterpret_cast<std::uint8_t*>(codes));
    dequantize_array(job, g, first, length, codes);
  }
}

HWY_INLINE void dequantize_u16(const dequantize_job& job, const granularity& g) {
  chunk_buffer<std::int32_t> codes;
  for_each_chunk(job.n, [&](std::size_t first, std::size_t length) HWY_ATTR {
    dequantize_array(job, g, first, length,
                     load_codes(job.from, false, job.in, first, length, codes));
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
