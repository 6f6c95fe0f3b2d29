// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Real numbers -> 8 bits and less, to nearest even:
//     q = nearest_even(clamp(t, lo - z, hi - z)) + z
// with t = x / scale and NaN -> lo, or t = x * (1 / scale) and NaN -> hi, which is what frameworks do.
// The other combinations are in quantize_general-inl.hpp. Compiled once per target
// (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Four vectors from x on, `times` times, `stride` elements apart. The parameters are those of the vectors; in
// Pairs, two vectors share theirs. What is `ahead` elements from there is asked for, into the second level of cache,
// unless that is 0.
template <quotient How, ending End, bool Pairs, class T, class V, class V16>
HWY_INLINE void quantize_fours(const T* HWY_RESTRICT x, std::size_t times, std::size_t stride, V r0,
                               V r1, V r2, V r3, V e0, V e1, V e2, V e3, V16 z_01, V16 z_23,
                               const codes_in_use& codes, std::int8_t* HWY_RESTRICT q,
                               std::size_t ahead = 0) {
  const hn::DFromV<V> df;
  const auto u0 = upper_bound<How>(r0), u1 = upper_bound<How>(r1);
  const auto u2 = upper_bound<How>(r2), u3 = upper_bound<How>(r3);
  for (; times != 0; --times, x += stride, q += stride) {
    if (ahead != 0) {
      for (std::size_t i = 0; i < 4 * hn::Lanes(df) * sizeof(T); i += 64) {
        prefetch_behind(x, ahead * sizeof(T) + i);
      }
    }
    store_8_bits<End, Pairs>(steps_of<How>(load_vector<Pairs>(df, x, 0), r0, e0, u0),
                             steps_of<How>(load_vector<Pairs>(df, x, 1), r1, e1, u1),
                             steps_of<How>(load_vector<Pairs>(df, x, 2), r2, e2, u2),
                             steps_of<How>(load_vector<Pairs>(df, x, 3), r3, e3, u3), z_01, z_23,
                             codes, q);
  }
}

// Elements that share their parameters: in all lanes. z is the zero point, less the sign.
template <quotient How, ending End, class T, class V>
HWY_INLINE void quantize_block(const T* HWY_RESTRICT x, std::size_t n, V r, V r2, std::int32_t z,
                               const codes_in_use& codes, std::int8_t* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::Repartition<std::int16_t, decltype(df)> d16;
  const std::size_t N = hn::Lanes(df);
  const auto z16 = hn::Set(d16, static_cast<std::int16_t>(z));
  for_each_four(
      n, N,
      [&](std::size_t i) HWY_ATTR QMATH_INLINE_LAMBDA {
        quantize_fours<How, End, loads_pairs<T>>(x + i, 1, 0, r, r, r, r, r2, r2, r2, r2, z16, z16,
                                                 codes, q + i);
      },
      [&](std::size_t i, std::size_t length) HWY_ATTR {
        const auto v = length < N ? load_lanes(df, x, length) : load_lanes(df, x + i);
        store_8_bits<End>(steps_of<How>(v, r, r2, upper_bound<How>(r)), length, z, codes, q + i);
      });
}

// All n elements share the one parameter, which stays in registers.
template <ending End, class T>
HWY_NOINLINE static void quantize_run(const quantize_job& job, const T* HWY_RESTRICT x,
                                      std::size_t n, std::int8_t* HWY_RESTRICT q) {
  const codes_in_use codes = codes_of<End>(job);
  const std::int32_t z = job.zero_points != nullptr ? job.zero_points[0] : 0;
  with_quotient<End, T>(
      job, job.scales, 1,
      [&](auto how) HWY_ATTR {
        constexpr quotient kind = decltype(how)::value;
        const auto s = hn::Set(hn::ScalableTag<float>(), job.scales[0]);
        auto r = s, r2 = s;
        prepare<kind>(s, r, r2);
        quantize_block<kind, End>(x, n, r, r2, z - codes.sign, codes, q);
      },
      [&]() HWY_ATTR { quantize_run<ending::clamped>(job, x, n, q); });
}

// Blocks of one vector, of two, or of a multiple of four. All together a multiple of four vectors.
template <std::size_t Vectors, quotient How, ending End, class T>
HWY_INLINE void quantize_vector_blocks(const T* HWY_RESTRICT x, std::size_t blocks,
                                       std::size_t block, const prepared_params& p,
                                       const codes_in_use& codes, std::int8_t* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<std::int16_t, decltype(df)> d16;
  const std::size_t step = 4 * hn::Lanes(df);
  const std::size_t size = Vectors < 4 ? step : block, times = Vectors < 4 ? 1 : block / step;
  for (std::size_t c = 0; c < blocks; c += 4 / Vectors, x += size, q += size) {
    const auto r = [&](std::size_t k) HWY_ATTR { return hn::Set(df, p.r[c + k / Vectors]); };
    const auto r2 = [&](std::size_t k) HWY_ATTR { return hn::Set(df, p.r2[c + k / Vectors]); };
    const auto z = [&](std::size_t k) HWY_ATTR {
      const auto both = hn::Set(di, p.z[c + k / Vectors]);
      if constexpr (Vectors > 1) return hn::BitCast(d16, both);
      if constexpr (Vectors == 1) {
        const auto next = hn::Set(di, p.z[c + k + 1]);
        return narrow_to_16(d16, hn::ShiftRight<16>(both), hn::ShiftRight<16>(next));
      }
    };
    quantize_fours<How, End, Vectors != 1 && loads_pairs<T>>(
        x, times, step, r(0), r(1), r(2), r(3), r2(0), r2(1), r2(2), r2(3), z(0), z(2), codes, q);
  }
}

// n elements in blocks of `block`, the last of which may be short.
template <quotient How, ending End, class T>
HWY_INLINE void quantize_blocks(const T* HWY_RESTRICT x, std::size_t n, std::size_t block,
                                const prepared_params& p, const codes_in_use& codes,
                                std::int8_t* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const std::size_t N = hn::Lanes(df);
  std::size_t i = 0, c = 0;
  if constexpr (How != quotient::division || !HWY_NATIVE_FMA) {
    if (block == N) {
      c = n / (4 * N) * 4;
      quantize_vector_blocks<1, How, End>(x, c, block, p, codes, q);
    } else if (block == 2 * N) {
      c = n / (4 * N) * 2;
      quantize_vector_blocks<2, How, End>(x, c, block, p, codes, q);
    } else if (block % (4 * N) == 0) {
      c = n / block;
      quantize_vector_blocks<4, How, End>(x, c, block, p, codes, q);
    }
    i = c * block;
  }
  for (; i < n; i += block, ++c) {
    quantize_block<How, End>(x + i, n - i < block ? n - i : block, hn::Set(df, p.r[c]),
                             hn::Set(df, p.r2[c]), p.z[c] >> 16, codes, q + i);
  }
}

// n elements in blocks with the parameters from `first` on.
template <ending End, class T>
HWY_NOINLINE static void quantize_all_blocks(const quantize_job& job, const T* HWY_RESTRICT x,
                                             std::size_t n, std::size_t block, std::size_t first,
                                             prepared_params& prepared,
                                             std::int8_t* HWY_RESTRICT q) {
  const codes_in_use codes = codes_of<End>(job);
  for (std::size_t i = 0; i < n; first += prepared.size) {
    const std::size_t blocks = (n - i - 1) / block + 1;
    const std::size_t count = blocks < prepared.size ? blocks : prepared.size;
    const std::size_t length = n - i < count * block ? n - i : count * block;
    with_quotient<End, T>(
        job, job.scales + first, count,
        [&](auto how) HWY_ATTR {
          constexpr quotient kind = decltype(how)::value;
          prepare<kind>(job, first, count, codes.sign, prepared);
          quantize_blocks<kind, End>(x + i, length, block, prepared, codes, q + i);
        },
        [&]() HWY_ATTR {
          quantize_all_blocks<ending::clamped>(job, x + i, length, block, first, prepared, q + i);
        });
    i += length;
  }
}

// `rows` rows of n elements with the parameters from `first` on, one for each column: four vectors of columns at
// a time, through all rows, while the parameters of the next four are prepared, which takes as long.
template <quotient How, ending End>
HWY_INLINE void quantize_columns(const quantize_job& job, const float* HWY_RESTRICT x,
                                 std::size_t rows, std::size_t n, std::size_t first,
                                 std::int8_t* HWY_RESTRICT q, std::size_t ahead) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<std::int16_t, decltype(df)> d16;
  const hn::Rebind<std::int16_t, decltype(df)> part16;
  const std::size_t N = hn::Lanes(df);
  const codes_in_use codes = codes_of<End>(job);
  const auto sign = hn::Set(di, codes.sign);
  const float* const scales = job.scales + first;
  const std::int32_t* const zero_points =
      job.zero_points != nullptr ? job.zero_points + first : nullptr;
  alignas(64) float r[4 * hn::MaxLanes(df)];
  alignas(64) float r2[4 * hn::MaxLanes(df)];
  const auto prepare_four = [&](std::size_t i) HWY_ATTR {
    for (std::size_t k = 0; k < 4 * N; k += N) {
      const auto s = hn::LoadU(df, scales + i + k);
      auto v = s, v2 = s;
      prepare<How>(s, v, v2);
      hn::StoreU(v, df, r + k);
      hn::StoreU(v2, df, r2 + k);
    }
  };
  std::size_t i = 0;
  if (n >= 4 * N) prepare_four(0);
  for (; i + 4 * N <= n; i += 4 * N) {
    const auto a = hn::LoadU(df, r), b = hn::LoadU(df, r + N);
    const auto c = hn::LoadU(df, r + 2 * N), d = hn::LoadU(df, r + 3 * N);
    const auto a2 = hn::LoadU(df, r2), b2 = hn::LoadU(df, r2 + N);
    const auto c2 = hn::LoadU(df, r2 + 2 * N), d2 = hn::LoadU(df, r2 + 3 * N);
    if (i + 8 * N <= n) prepare_four(i + 4 * N);
    const auto z = [&](std::size_t k) HWY_ATTR {
      if (zero_points == nullptr) return hn::Set(d16, static_cast<std::int16_t>(-codes.sign));
      const std::int32_t* const from = zero_points + i + k * N;
      return narrow_to_16(d16, hn::Sub(hn::LoadU(di, from), sign),
                          hn::Sub(hn::LoadU(di, from + N), sign));
    };
    quantize_fours<How, End, false>(x + i, rows, n, a, b, c, d, a2, b2, c2, d2, z(0), z(2), codes,
                                    q + i, ahead);
  }
  for (; i < n; i += N) {
    const std::size_t length = n - i < N ? n - i : N;
    const auto s = hn::LoadNOr(hn::Set(df, 1.0f), df, scales + i, length);
    auto v = s, v2 = s;
    prepare<How>(s, v, v2);
    auto z = hn::Zero(di);
    if (zero_points != nullptr) z = hn::LoadN(di, zero_points + i, length);
    const auto z16 = hn::DemoteTo(part16, hn::Sub(z, sign));
    for (std::size_t at = i, row = 0; row < rows; ++row, at += n) {
      const auto steps = steps_of<How>(hn::LoadN(df, x + at, length), v, v2, upper_bound<How>(v));
      store_8_bits<End>(steps, length, z16, codes, q + at);
    }
  }
}

template <ending End>
HWY_NOINLINE static void quantize_columns(const quantize_job& job, const float* HWY_RESTRICT x,
                                          std::size_t rows, std::size_t n, std::size_t first,
                                          std::int8_t* HWY_RESTRICT q) {
  constexpr std::size_t most = 8;  // more would be too many streams of memory
  // The CPU by itself does not see that the next rows will be read. In the first two levels of cache it need not.
  const std::size_t ahead = rows * n > 65536 ? most * n : 0;
  with_quotient<End, float>(
      job, job.scales + first, n,
      [&](auto how) HWY_ATTR {
        for (std::size_t row = 0; row < rows; row += most) {
          quantize_columns<decltype(how)::value, End>(job, x + row * n,
                                                      rows - row < most ? rows - row : most, n,
                                                      first, q + row * n, ahead);
        }
      },
      [&]() HWY_ATTR { quantize_columns<ending::clamped>(job, x, rows, n, first, q); });
}

// Elements first ... first + length - 1, which are those at x and q.
template <ending End>
HWY_INLINE void quantize_short_runs(const quantize_job& job, const granularity& g,
                                    std::size_t first, std::size_t length,
                                    const float* HWY_RESTRICT x, std::int8_t* HWY_RESTRICT q) {
  chunk_buffer<float> scales;
  chunk_buffer<std::int32_t> zero_points;
  quantize_job own = job;
  own.scales = scales.data;
  if (job.zero_points != nullptr) own.zero_points = zero_points.data;
  // Parameters that repeat soon are written out once, and the array is rows of them.
  const bool repeats = repeats_in_a_chunk(g);
  const std::size_t most = elements_at_once(g);
  for (std::size_t i = 0; i < length;) {
    const std::size_t left = length - i, n = left < most ? left : most;
    const std::size_t rows = repeats ? left / n : 1;
    if (i == 0 || !repeats) {
      expand(g, job.scales, first + i, n, scales);
      if (job.zero_points != nullptr) expand(g, job.zero_points, first + i, n, zero_points);
    }
    quantize_columns<End>(own, x + i, rows, n, 0, q + i);
    i += rows * n;
  }
}

// The same for columns: as many rows at a time as have the same parameters.
template <ending End>
HWY_INLINE void quantize_rows_of_columns(const quantize_job& job, const granularity& g,
                                         std::size_t first, std::size_t length,
                                         const float* HWY_RESTRICT x, std::int8_t* HWY_RESTRICT q) {
  for (std::size_t i = 0; i < length;) {
    const std::size_t col = (first + i) % g.cols, rows_before = (first + i) / g.cols;
    const std::size_t row = rows_before % g.rows, matrix = rows_before / g.rows % g.outer;
    const std::size_t c = (matrix * g.row_blocks() + row / g.block_rows) * g.col_blocks() + col;
    std::size_t n = g.cols, rows = (length - i) / g.cols;
    if (col != 0 || rows == 0) {
      rows = 1;
      n = length - i < g.cols - col ? length - i : g.cols - col;
    } else if (!is_one_row(g)) {
      const std::size_t in_block = g.block_rows - row % g.block_rows, in_matrix = g.rows - row;
      rows = rows < in_block ? rows : in_block;
      rows = rows < in_matrix ? rows : in_matrix;
    }
    quantize_columns<End>(job, x + i, rows, n, c, q + i);
    i += rows * n;
  }
}

// Elements first ... first + length - 1, which are those at x and q, as 8-bit codes.
template <ending End, class T>
HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize_elements(
    const quantize_job& job, const granularity& g, std::size_t first, std::size_t length,
    const T* HWY_RESTRICT x, prepared_params& prepared, std::int8_t* HWY_RESTRICT q) {
  if (is_one_parameter(g)) return quantize_run<End>(job, x, length, q);
  if constexpr (std::is_same_v<T, float>) {
    if (has_short_runs(g)) {
      return quantize_short_runs<End>(job, g, first, length, x, q);
    }
    if (is_columns(g)) {
      return quantize_rows_of_columns<End>(job, g, first, length, x, q);
    }
  }
  for_each_row(g, first, length,
               [&](std::size_t i, std::size_t n, std::size_t col, std::size_t c) HWY_ATTR {
                 const T* from = x + (i - first);
                 std::int8_t* to = q + (i - first);
                 if (col != 0) {
                   const std::size_t in_block = col % g.block_cols, left = g.block_cols - in_block;
                   c += col / g.block_cols;
                   if (in_block != 0) {  // the rest of a block
                     const std::size_t part = n < left ? n : left;
                     quantize_all_blocks<End>(job, from, part, g.block_cols, c, prepared, to);
                     from += part, to += part, n -= part, ++c;
                   }
                 }
                 if (n == 0) return;
                 quantize_all_blocks<End>(job, from, n, g.block_cols, c, prepared, to);
               });
}

template <ending End, class T>
HWY_INLINE void quantize_array(const quantize_job& job, const granularity& g) {
  prepared_params prepared;
  quantize_elements<End>(job, g, 0, job.n, static_cast<const T*>(job.in), prepared,
                         static_cast<std::int8_t*>(job.out));
}

// Packed codes: chunk by chunk from a buffer.
template <class T>
HWY_INLINE void quantize_packed(const quantize_job& job, const granularity& g) {
  constexpr ending plain = std::is_same_v<T, float> ? ending::plain : ending::to_int8;
  constexpr std::size_t size = 8 * chunk_size;  // fewer calls than with single chunks
  prepared_params prepared;
  alignas(64) std::uint8_t codes[size + sizeof(chunk_buffer<std::uint8_t>)];
  for (std::size_t first = 0; first < job.n; first += size) {
    const std::size_t length = job.n - first < size ? job.n - first : size;
    const T* const x = static_cast<const T*>(job.in) + first;
    std::int8_t* const q = reinterpret_cast<std::int8_t*>(codes);
    if (job.zero_points == nullptr) {
      quantize_elements<plain>(job, g, first, length, x, prepared, q);
    } else {
      quantize_elements<ending::to_int8>(job, g, first, length, x, prepared, q);
    }
    pack_codes(job.to, codes, first, length, job.codes, job.out);
  }
}

// 16-bit real numbers as floats: chunk by chunk from a buffer.
HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize_as_floats(const quantize_job& job,
                                                             const granularity& g, bool packed) {
  prepared_params prepared;
  chunk_buffer<float> reals;
  chunk_buffer<std::uint8_t> codes;
  for_each_chunk(job.n, [&](std::size_t first, std::size_t length) HWY_ATTR {
    const float* const x = load_reals(job.from, job.in, first, length, reals);
    std::int8_t* const q = packed ? reinterpret_cast<std::int8_t*>(codes.data)
                                  : static_cast<std::int8_t*>(job.out) + first;
    quantize_elements<ending::clamped>(job, g, first, length, x, prepared, q);
    if (packed) pack_codes(job.to, codes.data, first, length, job.codes, job.out);
  });
}

// Whether 16-bit real numbers are read by the kernels.
HWY_INLINE bool is_direct(const quantize_job& job, const granularity& g) {
  return job.rules.quotient != quotient_rule::reciprocal && !has_short_runs(g) && !is_columns(g);
}

HWY_INLINE void quantize_to_8_bits(const quantize_job& job) {
  const bool all_codes = job.codes == job.format;
  const granularity g = as_one_row(job.layout, job.n);
  if (job.from == real_type::f32) {
    if (!all_codes) {
      quantize_array<ending::clamped, float>(job, g);
    } else if (job.to == code_type::u8) {
      quantize_array<ending::to_uint8, float>(job, g);
    } else if (job.zero_points != nullptr) {
      quantize_array<ending::to_int8, float>(job, g);
    } else {
      quantize_array<ending::plain, float>(job, g);
    }
  } else if (!is_direct(job, g)) {
    quantize_as_floats(job, g, false);
  } else {
    const bool usual = all_codes && job.to == code_type::s8;
    if (job.from == real_type::f16) {
      usual ? quantize_array<ending::to_int8, half>(job, g)
            : quantize_array<ending::clamped, half>(job, g);
    } else {
      usual ? quantize_array<ending::to_int8, bfloat16>(job, g)
            : quantize_array<ending::clamped, bfloat16>(job, g);
    }
  }
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize_to_packed(const quantize_job& job) {
  const granularity g = as_one_row(job.layout, job.n);
  if (job.from == real_type::f32) return quantize_packed<float>(job, g);
  if (!is_direct(job, g)) return quantize_as_floats(job, g, true);
  if (job.from == real_type::f16) return quantize_packed<half>(job, g);
  quantize_packed<bfloat16>(job, g);
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize(const quantize_job& job) {
  const quantize_rules& rules = job.rules;
  if (job.n == 0) return;
  const bool product = rules.quotient == quotient_rule::reciprocal;
  const bool usual = rules.zero_point == zero_point_rule::after_rounding &&
                     rules.nan == (product ? nan_rule::highest : nan_rule::lowest) &&
                     job.counts == nullptr;
  const bool nearest = rules.round == rounding::nearest_even;
  if (usual) {
    switch (job.to) {
      case code_type::s8:
      case code_type::u8:
        if (nearest) return quantize_to_8_bits(job);
        if (!product && quantize_rounded(job)) return;
        break;
      case code_type::s16:
      case code_type::u16:
        if (!product && quantize_rounded(job)) return;
        break;
      case code_type::s32: break;
      default:
        if (nearest) return quantize_to_packed(job);
    }
  }
  quantize_chunks(job, false);
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
