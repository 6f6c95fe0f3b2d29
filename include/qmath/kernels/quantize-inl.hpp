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

// Elements that share their parameters: in all lanes. z is the zero point, less the sign.
template <class Steps, class T, class V>
HWY_INLINE void quantize_block(const T* HWY_RESTRICT x, std::size_t n, V r, V r2, V lower, V upper,
                               std::int32_t z, std::int32_t sign, std::int8_t* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::Repartition<std::int16_t, decltype(df)> d16;
  const std::size_t N = hn::Lanes(df);
  const auto z16 = hn::Set(d16, static_cast<std::int16_t>(z));
  const auto steps = [&](auto v) HWY_ATTR { return Steps::of(v, r, r2, lower, upper); };
  for_each_four(
      n, N,
      [&](std::size_t i) HWY_ATTR {
        store_8_bits(steps(load_lanes(df, x + i)), steps(load_lanes(df, x + i + N)),
                     steps(load_lanes(df, x + i + 2 * N)), steps(load_lanes(df, x + i + 3 * N)),
                     z16, z16, sign, q + i);
      },
      [&](std::size_t i, std::size_t length) HWY_ATTR {
        const auto v = length < N ? load_lanes(df, x, length) : load_lanes(df, x + i);
        store_8_bits(steps(v), length, z, sign, q + i);
      });
}

// All elements share the one parameter, which stays in registers.
template <bool Saturating, class T>
HWY_NOINLINE static void quantize_per_tensor(const quantize_job& job) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const std::int32_t sign = sign_of(job);
  const std::int32_t z = job.zero_points != nullptr ? job.zero_points[0] : 0;
  const auto s = hn::Set(df, job.scales[0]);
  const auto run = [&](auto how) HWY_ATTR {
    constexpr quotient kind = decltype(how)::value;
    auto r = s, r2 = s, lower = s, upper = s;
    prepare<kind, Saturating>(job, s, hn::Set(di, z), r, r2, lower, upper);
    quantize_block<quantize_steps<kind, Saturating>>(static_cast<const T*>(job.in), job.n, r, r2,
                                                     lower, upper, z - sign, sign,
                                                     static_cast<std::int8_t*>(job.out));
  };
  if (job.rules.quotient == quotient_rule::reciprocal) {
    run(std::integral_constant<quotient, quotient::product>());
  } else if (HWY_NATIVE_FMA && two_term_reciprocal::is_exact_for(job.scales[0])) {
    run(std::integral_constant<quotient, quotient::two_terms>());
  } else {
    run(std::integral_constant<quotient, quotient::division>());
  }
}

// Blocks of a multiple of four vectors.
template <class Steps, class T>
HWY_INLINE void quantize_blocks_of_4(const T* HWY_RESTRICT x, std::size_t blocks, std::size_t block,
                                     const quantize_params& p, std::int32_t sign,
                                     std::int8_t* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<std::int16_t, decltype(df)> d16;
  const std::size_t N = hn::Lanes(df);
  for (std::size_t c = 0; c < blocks; ++c) {
    const auto r = hn::Set(df, p.r[c]), r2 = hn::Set(df, p.r2[c]);
    const auto lower = hn::Set(df, p.lower[c]), upper = hn::Set(df, p.upper[c]);
    const auto z = hn::BitCast(d16, hn::Set(di, p.z[c]));
    const auto one = [&](std::size_t k) HWY_ATTR {
      return Steps::of(load_lanes(df, x + k * N), r, r2, lower, upper);
    };
    const T* const end = x + block;
    do {
      store_8_bits(one(0), one(1), one(2), one(3), z, z, sign, q);
      x += 4 * N, q += 4 * N;
    } while (x != end);
  }
}

// Blocks of two vectors, an even number of them. Plain: int8 without zero points.
template <class Steps, bool Plain, class T>
HWY_INLINE void quantize_blocks_of_2(const T* HWY_RESTRICT x, std::size_t blocks,
                                     const quantize_params& p, std::int32_t sign,
                                     std::int8_t* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<std::int8_t, decltype(df)> d8;
  const hn::Repartition<std::int16_t, decltype(df)> d16;
  const std::size_t N = hn::Lanes(df);
  for (std::size_t c = 0; c < blocks; c += 2, x += 4 * N, q += 4 * N) {
    const auto one = [&](std::size_t k) HWY_ATTR {
      const std::size_t own = c + k / 2;
      return Steps::of(load_lanes(df, x + k * N), hn::Set(df, p.r[own]), hn::Set(df, p.r2[own]),
                       hn::Set(df, p.lower[own]), hn::Set(df, p.upper[own]));
    };
    if constexpr (Plain) {
      hn::StoreU(saturate(d8, one(0), one(1), one(2), one(3)), d8, q);
      continue;
    }
    store_8_bits(one(0), one(1), one(2), one(3), hn::BitCast(d16, hn::Set(di, p.z[c])),
                 hn::BitCast(d16, hn::Set(di, p.z[c + 1])), sign, q);
  }
}

// Blocks of one vector, a multiple of four of them. Steps are inside the range.
template <class Steps, class T>
HWY_INLINE void quantize_blocks_of_1(const T* HWY_RESTRICT x, std::size_t blocks,
                                     const quantize_params& p, std::int32_t sign,
                                     std::int8_t* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<std::int8_t, decltype(df)> d8;
  const auto flip = hn::Set(d8, static_cast<std::int8_t>(sign));
  const std::size_t N = hn::Lanes(df);
  for (std::size_t c = 0; c < blocks; c += 4) {
    const auto one = [&](std::size_t k) HWY_ATTR {
      const auto steps =
          Steps::of(load_lanes(df, x + k * N), hn::Set(df, p.r[k]), hn::Set(df, p.r2[k]),
                    hn::Set(df, p.lower[k]), hn::Set(df, p.upper[k]));
      return hn::Add(steps, hn::ShiftRight<16>(hn::Set(di, p.z[k])));
    };
    const auto code = saturate(d8, one(c), one(c + 1), one(c + 2), one(c + 3));
    hn::StoreU(hn::Xor(code, flip), d8, q + c * N);
  }
}

// n elements in blocks of `block`, the last of which may be short.
template <quotient How, bool Saturating, class T>
HWY_INLINE void quantize_blocks(const T* HWY_RESTRICT x, std::size_t n, std::size_t block,
                                const quantize_params& p, bool plain, std::int32_t sign,
                                std::int8_t* HWY_RESTRICT q) {
  using steps = quantize_steps<How, Saturating>;
  const hn::ScalableTag<float> df;
  const std::size_t N = hn::Lanes(df);
  std::size_t i = 0, c = 0;
  if constexpr (How != quotient::division || !HWY_NATIVE_FMA) {
    if (block == N) {
      c = n / (4 * N) * 4;
      quantize_blocks_of_1<quantize_steps<How, false>>(x, c, p, sign, q);
    } else if (block == 2 * N) {
      c = n / (4 * N) * 2;
      plain ? quantize_blocks_of_2<steps, true>(x, c, p, sign, q)
            : quantize_blocks_of_2<steps, false>(x, c, p, sign, q);
    } else if (block % (4 * N) == 0) {
      c = n / block;
      quantize_blocks_of_4<steps>(x, c, block, p, sign, q);
    }
    i = c * block;
  }
  for (; i < n; i += block, ++c) {
    quantize_block<steps>(x + i, n - i < block ? n - i : block, hn::Set(df, p.r[c]),
                          hn::Set(df, p.r2[c]), hn::Set(df, p.lower[c]), hn::Set(df, p.upper[c]),
                          p.z[c] >> 16, sign, q + i);
  }
}

// `rows` rows, each `stride` elements behind the one before, of n elements with the parameters 0 ... n - 1.
// Two rows at a time, because loading the parameters takes longer than using them. Saturating: int8, without
// zero points.
template <quotient How, bool Saturating>
HWY_INLINE void quantize_columns(const float* HWY_RESTRICT x, std::size_t rows, std::size_t stride,
                                 std::size_t n, const quantize_params& p, std::int32_t sign,
                                 std::int8_t* HWY_RESTRICT q) {
  using steps = quantize_steps<How, Saturating>;
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<std::int8_t, decltype(df)> d8;
  const hn::Rebind<std::int8_t, decltype(df)> part8;
  const hn::Rebind<std::int16_t, decltype(df)> part16;
  const std::size_t N = hn::Lanes(df);
  const auto flip = hn::Set(d8, static_cast<std::int8_t>(sign));
  const auto part_flip = hn::Set(part8, static_cast<std::int8_t>(sign));
  // Elements of two rows that have the parameters from i on.
  const auto both = [&](std::size_t i, auto v, auto w, auto& a, auto& b) HWY_ATTR {
    const auto r = hn::LoadU(df, p.r + i), r2 = hn::LoadU(df, p.r2 + i);
    const auto lower = hn::LoadU(df, p.lower + i), upper = hn::LoadU(df, p.upper + i);
    a = steps::of(v, r, r2, lower, upper);
    b = steps::of(w, r, r2, lower, upper);
    if constexpr (!Saturating) {
      const auto z = hn::ShiftRight<16>(hn::LoadU(di, p.z + i));
      a = hn::Add(a, z), b = hn::Add(b, z);
    }
  };
  for (std::size_t row = 0; row < rows; row += 2) {
    const std::size_t next = row + 1 < rows ? row + 1 : row;  // an odd last row is done twice
    const float* const x0 = x + row * stride;
    const float* const x1 = x + next * stride;
    std::int8_t* const q0 = q + row * stride;
    std::int8_t* const q1 = q + next * stride;
    auto a0 = hn::Zero(di), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    std::size_t i = 0;
    for (; i + 4 * N <= n; i += 4 * N) {
      const auto at = [&](std::size_t k, auto& a, auto& b) HWY_ATTR {
        both(i + k, hn::LoadU(df, x0 + i + k), hn::LoadU(df, x1 + i + k), a, b);
      };
      at(0, a0, b0), at(N, a1, b1), at(2 * N, a2, b2), at(3 * N, a3, b3);
      const auto code0 = saturate(d8, a0, a1, a2, a3), code1 = saturate(d8, b0, b1, b2, b3);
      hn::StoreU(Saturating ? code0 : hn::Xor(code0, flip), d8, q0 + i);
      hn::StoreU(Saturating ? code1 : hn::Xor(code1, flip), d8, q1 + i);
    }
    for (; i < n; i += N) {
      const std::size_t left = n - i < N ? n - i : N;
      both(i, hn::LoadN(df, x0 + i, left), hn::LoadN(df, x1 + i, left), a0, b0);
      const auto store = [&](auto steps_of_row, std::int8_t* to) HWY_ATTR {
        const auto code = hn::DemoteTo(part8, hn::DemoteTo(part16, steps_of_row));
        hn::StoreN(Saturating ? code : hn::Xor(code, part_flip), part8, to, left);
      };
      store(a0, q0 + i), store(b0, q1 + i);
    }
  }
}

// `rows` rows of n elements each, in blocks, all with the parameters from `first` on.
template <bool Saturating, class T>
HWY_NOINLINE static void quantize_rows(const quantize_job& job, const T* HWY_RESTRICT x,
                                       std::size_t rows, std::size_t n, std::size_t block,
                                       std::size_t first, prepared_params& prepared,
                                       std::int8_t* HWY_RESTRICT q) {
  // Codes of a packed format are int8 here.
  const std::int32_t sign = sign_of(job);
  const bool plain = sign == 0 && job.zero_points == nullptr;
  const std::size_t size = block == 1 ? quantize_params::size : quantize_params::size / 4;
  const bool product = job.rules.quotient == quotient_rule::reciprocal;
  const std::size_t blocks = (n - 1) / block + 1;
  for (std::size_t c = 0; c < blocks; c += size) {
    const std::size_t count = blocks - c < size ? blocks - c : size;
    if (prepared.first != first + c || prepared.count != count) {
      prepared.first = first + c;
      prepared.count = count;
      prepared.two_terms = prepare<Saturating>(job, first + c, count, prepared.p);
    }
    const std::size_t begin = c * block;
    const std::size_t length = n - begin < count * block ? n - begin : count * block;
    const auto run = [&](auto how) HWY_ATTR {
      constexpr quotient kind = decltype(how)::value;
      if constexpr (std::is_same_v<T, float>) {
        if (block == 1) {
          return plain ? quantize_columns<kind, Saturating>(x + begin, rows, n, length, prepared.p,
                                                            sign, q + begin)
                       : quantize_columns<kind, false>(x + begin, rows, n, length, prepared.p, sign,
                                                       q + begin);
        }
      }
      for (std::size_t row = 0; row < rows; ++row) {
        quantize_blocks<kind, Saturating>(x + row * n + begin, length, block, prepared.p, plain,
                                          sign, q + row * n + begin);
      }
    };
    if (HWY_NATIVE_FMA && prepared.two_terms) {
      run(std::integral_constant<quotient, quotient::two_terms>());
    } else if (product) {
      if constexpr (std::is_same_v<T, float>) {
        run(std::integral_constant<quotient, quotient::product>());
      }
    } else {
      run(std::integral_constant<quotient, quotient::division>());
    }
  }
}

// Layouts for which a parameter for each element is written out: neighbours that share one are less than a
// vector, or rows of columns are short.
HWY_INLINE bool has_short_runs(const granularity& g) {
  const std::size_t N = hn::Lanes(hn::ScalableTag<float>());
  if (is_one_parameter(g)) return false;
  if (g.block_cols == 1) return g.cols < 8 * N;
  return g.block_cols < N || g.cols < N;
}

HWY_INLINE bool is_columns(const granularity& g) {
  return g.block_cols == 1 && !is_one_parameter(g);
}

// Elements first ... first + length - 1, which are those at x and q.
template <bool Saturating>
HWY_INLINE void quantize_short_runs(const quantize_job& job, const granularity& g,
                                    std::size_t first, std::size_t length,
                                    const float* HWY_RESTRICT x, prepared_params& prepared,
                                    std::int8_t* HWY_RESTRICT q) {
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
      prepared.count = 0;
    }
    quantize_rows<Saturating>(own, x + i, rows, n, 1, 0, prepared, q + i);
    i += rows * n;
  }
}

// The same for columns: as many rows at a time as have the same parameters.
template <bool Saturating>
HWY_INLINE void quantize_rows_of_columns(const quantize_job& job, const granularity& g,
                                         std::size_t first, std::size_t length,
                                         const float* HWY_RESTRICT x, prepared_params& prepared,
                                         std::int8_t* HWY_RESTRICT q) {
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
    // Parts of many long rows would be far from each other.
    if (n > quantize_params::size && rows > 32) rows = 32;
    quantize_rows<Saturating>(job, x + i, rows, n, 1, c, prepared, q + i);
    i += rows * n;
  }
}

// Elements first ... first + length - 1, which are those at x and q, as 8-bit codes.
template <bool Saturating, class T>
HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize_elements(
    const quantize_job& job, const granularity& g, std::size_t first, std::size_t length,
    const T* HWY_RESTRICT x, prepared_params& prepared, std::int8_t* HWY_RESTRICT q) {
  if constexpr (std::is_same_v<T, float>) {
    if (has_short_runs(g)) {
      return quantize_short_runs<Saturating>(job, g, first, length, x, prepared, q);
    }
    if (is_columns(g)) {
      return quantize_rows_of_columns<Saturating>(job, g, first, length, x, prepared, q);
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
                     quantize_rows<Saturating>(job, from, 1, part, g.block_cols, c, prepared, to);
                     from += part, to += part, n -= part, ++c;
                   }
                 }
                 if (n == 0) return;
                 quantize_rows<Saturating>(job, from, 1, n, g.block_cols, c, prepared, to);
               });
}

// Chunk by chunk: floats come from a buffer if the elements are shorter, codes are packed from a buffer.
HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize_through_chunks(const quantize_job& job,
                                                                  const granularity& g,
                                                                  bool packed) {
  constexpr std::size_t size = 4 * chunk_size;  // fewer calls than with single chunks
  prepared_params prepared;
  chunk_buffer<float> reals;
  alignas(64) std::uint8_t codes[size + sizeof(chunk_buffer<std::uint8_t>)];
  const bool floats = job.from == real_type::f32;
  const std::size_t step = floats ? size : chunk_size;
  for (std::size_t first = 0; first < job.n; first += step) {
    const std::size_t length = job.n - first < step ? job.n - first : step;
    const float* const x = floats ? static_cast<const float*>(job.in) + first
                                  : load_reals(job.from, job.in, first, length, reals);
    std::int8_t* const q =
        packed ? reinterpret_cast<std::int8_t*>(codes) : static_cast<std::int8_t*>(job.out) + first;
    quantize_elements<false>(job, g, first, length, x, prepared, q);
    if (packed) pack_codes(job.to, codes, first, length, job.out);
  }
}

template <bool Saturating, class T>
HWY_INLINE void quantize_array(const quantize_job& job, const granularity& g) {
  if (is_one_parameter(g)) return quantize_per_tensor<Saturating, T>(job);
  prepared_params prepared;
  quantize_elements<Saturating>(job, g, 0, job.n, static_cast<const T*>(job.in), prepared,
                                static_cast<std::int8_t*>(job.out));
}

// Whether a job of 8 bits was done here.
HWY_INLINE bool quantize_to_8_bits(const quantize_job& job) {
  const bool all_codes = job.codes == job.format;
  const bool product = job.rules.quotient == quotient_rule::reciprocal;
  if (job.rules.round == rounding::stochastic) {
    return job.from == real_type::f32 && all_codes && !product && quantize_stochastic(job);
  }
  const granularity g = as_one_row(job.layout, job.n);
  if (job.from == real_type::f32) {
    all_codes ? quantize_array<true, float>(job, g) : quantize_array<false, float>(job, g);
  } else if (!all_codes || product || has_short_runs(g) || is_columns(g)) {
    quantize_through_chunks(job, g, false);
  } else if (job.from == real_type::f16) {
    quantize_array<true, half>(job, g);
  } else {
    quantize_array<true, bfloat16>(job, g);
  }
  return true;
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize(const quantize_job& job) {
  const quantize_rules& rules = job.rules;
  if (job.n == 0) return;
  const bool product = rules.quotient == quotient_rule::reciprocal;
  const bool usual = rules.zero_point == zero_point_rule::after_rounding &&
                     rules.nan == (product ? nan_rule::highest : nan_rule::lowest) &&
                     job.counts == nullptr;
  const bool nearest = rules.round == rounding::nearest_even;
  if (usual && (nearest || rules.round == rounding::stochastic)) {
    switch (job.to) {
      case code_type::s8:
      case code_type::u8:
        if (quantize_to_8_bits(job)) return;
        break;
      case code_type::s16:
      case code_type::u16:
      case code_type::s32: break;
      default:
        if (!nearest) break;
        return quantize_through_chunks(job, as_one_row(job.layout, job.n), true);
    }
  }
  quantize_chunks(job, false);
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
