// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Real numbers -> 8 bits and less, to nearest even:
//     q = nearest_even(clamp(t, lo - z, hi - z)) + z
// with t = x / scale and NaN -> lo, or t = x * (1 / scale) and NaN -> hi, which is what frameworks do.
// The other combinations are in quantize_general-inl.hpp. Compiled once per target
// (detail/foreach_target.hpp).
//
// x / scale is the correctly rounded quotient; detail/quotient.hpp has it for two multiplications where
// that can be proved exact. The rare scales for which it cannot, and targets without FMA, divide.
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Unsigned codes are those of int8 with the sign bit flipped and 128 less in the zero point: one kernel for
// both. Sign is 128 for them, 0 for int8.
HWY_INLINE std::int32_t sign_of(const quantize_job& job) {
  return job.to == code_type::u8 ? 128 : 0;
}

// The prepared parameters of up to `size` channels, groups or blocks.
struct quantize_params {
  static constexpr std::size_t size = 256;
  static constexpr std::size_t most_exceptions = 4;

  // The quotient is fma(x, r, x * r2); or x / r, or x * r.
  alignas(64) float r[size + 64];
  alignas(64) float r2[size + 64];
  // Bounds of x for the first kind of quotient, of the quotient for the others.
  alignas(64) float lower[size + 64];
  alignas(64) float upper[size + 64];
  alignas(64) std::int32_t z[size + 64];  // less the sign
  // Which parameters need a division although the others do not, 1 in 2000: done again with it.
  std::size_t exceptions[most_exceptions];
  std::size_t exception_count;
};

enum class quotient { two_terms, division, product };

// How x becomes a rounded number of steps.
// Saturating: the bounds are one step outside the range, and what follows saturates.
template <quotient How, bool Saturating>
struct quantize_steps {
  template <class V>
  static HWY_INLINE auto of(V v, V r, V r2, V lower, V upper) {
    // The bounds apply to x where that is possible: an infinity would turn the second term into NaN. The
    // rounding error of a bound is too small to move a rounded quotient.
    if constexpr (How == quotient::two_terms) {
      v = clamp(v, lower, upper);
      return nearest_int(hn::MulAdd(v, r, hn::Mul(v, r2)));
    } else if constexpr (How == quotient::division) {
      return nearest_int(clamp(hn::Div(v, r), lower, upper));
    } else {  // NaN gives the upper bound
      v = min_or_bound(rounded(hn::Mul(v, r)), upper);
      if constexpr (!(Saturating && HWY_ARCH_X86)) v = hn::Max(v, lower);
      return nearest_int(v);
    }
  }

  template <class V>
  static HWY_INLINE V clamp(V v, V lower, V upper) {
    if constexpr (Saturating) return clamp_for_nearest_int(v, lower, upper);
    return hn::Min(max_or_bound(v, lower), upper);
  }
};

// Prepares `count` parameters. Returns whether the quotient can be had in two terms, but for the exceptions;
// if not, it is a division.
template <bool Saturating>
HWY_NOINLINE static bool prepare(const quantize_job& job, std::size_t first, std::size_t count,
                                 quantize_params& p) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::RebindToUnsigned<decltype(df)> du;
  const std::size_t N = hn::Lanes(df);
  const bool product = job.rules.quotient == quotient_rule::reciprocal;
  const auto one = hn::Set(df, 1.0f);
  const float beyond = Saturating ? 1.0f : 0.0f;
  const auto min = hn::Set(df, static_cast<float>(job.codes.min) - beyond);
  const auto max = hn::Set(df, static_cast<float>(job.codes.max) + beyond);
  const auto load = [&](std::size_t i, auto& s, auto& z) HWY_ATTR {
    if (HWY_LIKELY(count - i >= N)) {
      s = hn::LoadU(df, job.scales + first + i);
      if (job.zero_points) z = hn::LoadU(di, job.zero_points + first + i);
    } else {
      s = hn::LoadNOr(one, df, job.scales + first + i, count - i);
      if (job.zero_points) z = hn::LoadN(di, job.zero_points + first + i, count - i);
    }
  };
  auto s = one;
  auto z = hn::Zero(di);
  const auto sign = hn::Set(di, sign_of(job));
  p.exception_count = 0;
  if (HWY_NATIVE_FMA && !product) {
    bool few = true;
    for (std::size_t i = 0; i < count; i += N) {
      load(i, s, z);
      const auto zf = hn::ConvertTo(df, z);
      const auto r = hn::Div(one, s);
      hn::StoreU(r, df, p.r + i);
      // 1 / s - r = (1 - r s) / s. The difference is exact; multiplying by r instead of dividing by s is
      // off by 2^-24 of the term.
      hn::StoreU(hn::Mul(hn::NegMulAdd(r, s, one), r), df, p.r2 + i);
      hn::StoreU(rounded(hn::Mul(hn::Sub(min, zf), s)), df, p.lower + i);
      hn::StoreU(rounded(hn::Mul(hn::Sub(max, zf), s)), df, p.upper + i);
      hn::StoreU(hn::Sub(z, sign), di, p.z + i);
      // two_term_reciprocal::is_exact_for
      const auto bits = hn::BitCast(du, s);
      const auto low = hn::And(hn::Add(bits, hn::Set(du, 15)), hn::Set(du, 0xFFFF));
      const auto ok = hn::Or(hn::Gt(low, hn::Set(du, 30)), hn::Eq(low, hn::Set(du, 15)));
      const auto ordinary =
          hn::Le(hn::Sub(bits, hn::Set(du, std::bit_cast<std::uint32_t>(0x1p-100f))),
                 hn::Set(du, std::bit_cast<std::uint32_t>(0x1p100f) -
                                 std::bit_cast<std::uint32_t>(0x1p-100f)));
      if (HWY_UNLIKELY(!hn::AllTrue(du, hn::And(ok, ordinary)))) {
        for (std::size_t c = i; c < count && c < i + N; ++c) {
          if (two_term_reciprocal::is_exact_for(job.scales[first + c])) continue;
          if (p.exception_count == quantize_params::most_exceptions) {
            p.exception_count = 0;
            few = false;
            break;
          }
          p.exceptions[p.exception_count++] = c;
        }
        if (!few) break;
      }
    }
    if (few && (count > 1 || p.exception_count == 0)) return true;
    p.exception_count = 0;
  }
  for (std::size_t i = 0; i < count; i += N) {
    load(i, s, z);
    const auto zf = hn::ConvertTo(df, z);
    hn::StoreU(product ? hn::Div(one, s) : s, df, p.r + i);
    hn::StoreU(hn::Sub(min, zf), df, p.lower + i);
    hn::StoreU(hn::Sub(max, zf), df, p.upper + i);
    hn::StoreU(hn::Sub(z, sign), di, p.z + i);
  }
  return false;
}

// Elements that share the parameter c.
template <class Steps, class T>
HWY_INLINE void quantize_block(const T* HWY_RESTRICT x, std::size_t n, const quantize_params& p,
                               std::size_t c, std::int32_t sign, std::int8_t* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::Repartition<std::int8_t, decltype(df)> d8;
  const hn::Repartition<std::int16_t, decltype(df)> d16;
  const auto r = hn::Set(df, p.r[c]), r2 = hn::Set(df, p.r2[c]);
  const auto lower = hn::Set(df, p.lower[c]), upper = hn::Set(df, p.upper[c]);
  const auto z = hn::Set(d16, static_cast<std::int16_t>(p.z[c]));
  const auto flip = hn::Set(d8, static_cast<std::int8_t>(sign));
  for_each_block_of_4(df, d8, x, n, q, [&](auto v0, auto v1, auto v2, auto v3) HWY_ATTR {
    const auto code =
        add_and_saturate(d8, Steps::of(v0, r, r2, lower, upper), Steps::of(v1, r, r2, lower, upper),
                         Steps::of(v2, r, r2, lower, upper), Steps::of(v3, r, r2, lower, upper), z);
    return hn::Xor(code, flip);
  });
}

// One vector of each parameter c ... c + 3 / PerVector: blocks of PerVector vectors, of 1 or 2.
template <class Steps, bool ZeroPoints, std::size_t PerVector>
HWY_INLINE void quantize_short_blocks(const float* HWY_RESTRICT x, std::size_t blocks,
                                      const quantize_params& p, std::int32_t sign,
                                      std::int8_t* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<std::int8_t, decltype(df)> d8;
  const auto flip = hn::Set(d8, static_cast<std::int8_t>(sign));
  const std::size_t N = hn::Lanes(df);
  const auto one = [&](std::size_t k, auto r, auto r2, auto lower, auto upper, auto z) HWY_ATTR {
    const auto steps = Steps::of(load_lanes(df, x + k * N), r, r2, lower, upper);
    return ZeroPoints ? hn::Add(steps, z) : steps;
  };
  // Two neighbours, with the same parameter or not.
  const auto two = [&](std::size_t k, auto& a, auto& b) HWY_ATTR {
    const std::size_t c = k / PerVector;
    const auto r = hn::Set(df, p.r[c]), r2 = hn::Set(df, p.r2[c]);
    const auto lower = hn::Set(df, p.lower[c]), upper = hn::Set(df, p.upper[c]);
    const auto z = hn::Set(di, p.z[c]);
    a = one(k, r, r2, lower, upper, z);
    if constexpr (PerVector == 2) {
      b = one(k + 1, r, r2, lower, upper, z);
    } else {
      b = one(k + 1, hn::Set(df, p.r[c + 1]), hn::Set(df, p.r2[c + 1]), hn::Set(df, p.lower[c + 1]),
              hn::Set(df, p.upper[c + 1]), hn::Set(di, p.z[c + 1]));
    }
  };
  auto a = hn::Zero(di), b = a, c = a, d = a;
  for (std::size_t k = 0; k < blocks * PerVector; k += 4) {
    two(k, a, b);
    two(k + 2, c, d);
    const auto code = saturate(d8, a, b, c, d);
    hn::StoreU(ZeroPoints ? hn::Xor(code, flip) : code, d8, q + k * N);
  }
}

// n elements in blocks of `block`, the last of which may be short.
template <quotient How, bool Saturating, class T>
HWY_INLINE void quantize_blocks(const T* HWY_RESTRICT x, std::size_t n, std::size_t block,
                                const quantize_params& p, bool zero_points, std::int32_t sign,
                                std::int8_t* HWY_RESTRICT q) {
  using steps = quantize_steps<How, Saturating>;
  constexpr quotient usual = HWY_NATIVE_FMA ? quotient::two_terms : quotient::division;
  const std::size_t N = hn::Lanes(hn::ScalableTag<float>());
  std::size_t i = 0, c = 0;
  if constexpr (How == usual && std::is_same_v<T, float>) {
    if (block == N || block == 2 * N) {
      // Without the saturation of a 16-bit sum, the steps must be inside the range.
      using inside = quantize_steps<How, false>;
      c = n / (4 * N) * (4 * N) / block;  // whole groups of 4 vectors
      i = c * block;
      if (zero_points) {
        block == N ? quantize_short_blocks<inside, true, 1>(x, c, p, sign, q)
                   : quantize_short_blocks<inside, true, 2>(x, c, p, sign, q);
      } else {
        block == N ? quantize_short_blocks<steps, false, 1>(x, c, p, sign, q)
                   : quantize_short_blocks<steps, false, 2>(x, c, p, sign, q);
      }
    }
  }
  for (; i < n; i += block, ++c) {
    quantize_block<steps>(x + i, n - i < block ? n - i : block, p, c, sign, q + i);
  }
}

// n elements with the parameters 0 ... n - 1. Saturating: int8, without zero points.
template <quotient How, bool Saturating>
HWY_INLINE void quantize_columns(const float* HWY_RESTRICT x, std::size_t n,
                                 const quantize_params& p, std::int32_t sign,
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
  const auto one = [&](auto v, std::size_t i) HWY_ATTR {
    const auto count = steps::of(v, hn::LoadU(df, p.r + i), hn::LoadU(df, p.r2 + i),
                                 hn::LoadU(df, p.lower + i), hn::LoadU(df, p.upper + i));
    return Saturating ? count : hn::Add(count, hn::LoadU(di, p.z + i));
  };
  std::size_t i = 0;
  for (; i + 4 * N <= n; i += 4 * N) {
    const auto code = saturate(
        d8, one(hn::LoadU(df, x + i), i), one(hn::LoadU(df, x + i + N), i + N),
        one(hn::LoadU(df, x + i + 2 * N), i + 2 * N), one(hn::LoadU(df, x + i + 3 * N), i + 3 * N));
    hn::StoreU(Saturating ? code : hn::Xor(code, flip), d8, q + i);
  }
  for (; i < n; i += N) {
    const std::size_t left = n - i < N ? n - i : N;
    const auto code = hn::DemoteTo(part8, hn::DemoteTo(part16, one(hn::LoadN(df, x + i, left), i)));
    hn::StoreN(Saturating ? code : hn::Xor(code, part_flip), part8, q + i, left);
  }
}

// Prepared parameters with what they are those of.
struct prepared_params {
  quantize_params p;
  std::size_t first = 0, count = 0;
  bool two_terms = false;
};

// Does the exceptions of a batch again, in `rows` rows: now the quotient is a division.
template <bool Saturating, class T>
HWY_NOINLINE static void quantize_exceptions(const quantize_job& job, const T* x, std::size_t rows,
                                             std::size_t stride, std::size_t length,
                                             std::size_t block, std::size_t first,
                                             const quantize_params& p, std::int8_t* q) {
  using steps = quantize_steps<quotient::division, Saturating>;
  for (std::size_t e = 0; e < p.exception_count; ++e) {
    const std::size_t c = p.exceptions[e], i = c * block;
    quantize_params own;
    prepare<Saturating>(job, first + c, 1, own);
    for (std::size_t row = 0; row < rows; ++row) {
      quantize_block<steps>(x + row * stride + i, length - i < block ? length - i : block, own, 0,
                            sign_of(job), q + row * stride + i);
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
  constexpr std::size_t size = quantize_params::size;
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
      for (std::size_t row = 0; row < rows; ++row) {
        const T* const from = x + row * n + begin;
        std::int8_t* const to = q + row * n + begin;
        if constexpr (std::is_same_v<T, float>) {
          if (block == 1) {
            if (plain) {
              quantize_columns<kind, Saturating>(from, length, prepared.p, sign, to);
            } else {
              quantize_columns<kind, false>(from, length, prepared.p, sign, to);
            }
            continue;
          }
        }
        quantize_blocks<kind, Saturating>(from, length, block, prepared.p, !plain, sign, to);
      }
    };
    if (HWY_NATIVE_FMA && prepared.two_terms) {
      run(std::integral_constant<quotient, quotient::two_terms>());
      if (HWY_UNLIKELY(prepared.p.exception_count != 0)) {
        quantize_exceptions<Saturating>(job, x + begin, rows, n, length, block, first + c,
                                        prepared.p, q + begin);
      }
    } else if (product) {
      if constexpr (std::is_same_v<T, float>) {
        run(std::integral_constant<quotient, quotient::product>());
      }
    } else {
      run(std::integral_constant<quotient, quotient::division>());
    }
  }
}

// The layout as one row of blocks, if it is one or as good as one.
HWY_INLINE granularity flattened(const granularity& g) {
  if (g.block_rows != 1 || g.cols % g.block_cols != 0) return g;
  return {1, 1, g.period(), 1, g.block_cols};
}

template <bool Saturating, class T>
HWY_INLINE void quantize_array(const quantize_job& job, const granularity& g) {
  const T* const x = static_cast<const T*>(job.in);
  std::int8_t* const q = static_cast<std::int8_t*>(job.out);
  prepared_params prepared;
  if (g.outer == 1 && g.rows == 1) {  // every row is a repeat
    quantize_rows<Saturating>(job, x, job.n / g.cols, g.cols, g.block_cols, 0, prepared, q);
    return;
  }
  const std::size_t all_rows = job.n / g.cols;
  for (std::size_t r = 0; r < all_rows;) {
    const std::size_t row = r % g.rows, matrix = r / g.rows % g.outer;
    const std::size_t left = g.rows - row, height = left < g.block_rows ? left : g.block_rows;
    const std::size_t first = (matrix * g.row_blocks() + row / g.block_rows) * g.col_blocks();
    quantize_rows<Saturating>(job, x + r * g.cols, height, g.cols, g.block_cols, first, prepared,
                              q + r * g.cols);
    r += height;
  }
}

// Packed formats: chunk by chunk through a buffer of 8-bit codes. g is one row of blocks.
HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize_packed(const quantize_job& job,
                                                          const granularity& g) {
  prepared_params prepared;
  chunk_buffer<float> reals;
  chunk_buffer<std::uint8_t> codes;
  for_each_chunk(job.n, [&](std::size_t first, std::size_t length) HWY_ATTR {
    const float* const x = job.from == real_type::f32
                               ? static_cast<const float*>(job.in) + first
                               : load_reals(job.from, job.in, first, length, reals);
    std::int8_t* const q = reinterpret_cast<std::int8_t*>(codes.data);
    for (std::size_t i = 0; i < length;) {
      const std::size_t col = (first + i) % g.cols, in_block = col % g.block_cols;
      std::size_t n = length - i < g.cols - col ? length - i : g.cols - col;
      if (in_block != 0 && n > g.block_cols - in_block) n = g.block_cols - in_block;
      quantize_rows<false>(job, x + i, 1, n, g.block_cols, col / g.block_cols, prepared, q + i);
      i += n;
    }
    pack_codes(job.to, codes.data, first, length, job.out);
  });
}

// Stochastic rounding to 8 bits, all codes in use: nearest_even(65536 t) + r, of which the upper half is the
// number of steps. The quotient is corrected by its remainder (Markstein), which makes it exact for all but
// extreme scales and divisors with a significand of ones.
HWY_INLINE void quantize_stochastic_run(const quantize_job& job, const float* HWY_RESTRICT x,
                                        std::size_t n, float scale, std::int32_t zero_point,
                                        const std::int32_t* HWY_RESTRICT r,
                                        std::int8_t* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<std::int8_t, decltype(df)> d8;
  const hn::Repartition<std::int16_t, decltype(df)> d16;
  const std::size_t N = hn::Lanes(df);
  const std::int32_t sign = sign_of(job);
  const float step = scale * 0x1p-16f, reciprocal = 1.0f / step;
  const float least = static_cast<float>(job.codes.min - zero_point - 1);
  const float most = static_cast<float>(job.codes.max - zero_point + 1);
  const auto s = hn::Set(df, step), inverse = hn::Set(df, reciprocal);
  const auto second = hn::Set(df, two_term_reciprocal(step).r2);
  const auto lower = hn::Set(df, HWY_NATIVE_FMA ? least * scale : least * 65536.0f);
  const auto upper = hn::Set(df, HWY_NATIVE_FMA ? most * scale : most * 65536.0f);
  const auto z = hn::Set(d16, static_cast<std::int16_t>(zero_point - sign));
  const auto flip = hn::Set(d8, static_cast<std::int8_t>(sign));
  const auto one = [&](auto v, auto random) HWY_ATTR {
    if constexpr (HWY_NATIVE_FMA) {
      v = clamp_for_nearest_int(v, lower, upper);
      const auto first = hn::MulAdd(v, inverse, hn::Mul(v, second));
      v = hn::MulAdd(hn::NegMulAdd(first, s, v), inverse, first);
    } else {
      v = clamp_for_nearest_int(hn::Div(v, s), lower, upper);
    }
    return hn::ShiftRight<16>(hn::Add(nearest_int_26(v), random));
  };
  const auto all = [&](auto load, auto load_random) HWY_ATTR {
    const auto code = add_and_saturate(
        d8, one(load(0), load_random(0)), one(load(N), load_random(N)),
        one(load(2 * N), load_random(2 * N)), one(load(3 * N), load_random(3 * N)), z);
    return hn::Xor(code, flip);
  };
  std::size_t i = 0;
  for (; i + 4 * N <= n; i += 4 * N) {
    hn::StoreU(all([&](std::size_t j) HWY_ATTR { return hn::LoadU(df, x + i + j); },
                   [&](std::size_t j) HWY_ATTR { return hn::LoadU(di, r + i + j); }),
               d8, q + i);
  }
  if (i != n) {
    const auto left = [&](std::size_t j) { return n - i > j ? n - i - j : 0; };
    hn::StoreN(all([&](std::size_t j) HWY_ATTR { return hn::LoadN(df, x + i + j, left(j)); },
                   [&](std::size_t j) HWY_ATTR { return hn::LoadN(di, r + i + j, left(j)); }),
               d8, q + i, n - i);
  }
}

HWY_INLINE bool is_exact_with_remainder(float scale) {
  const bool ones = (std::bit_cast<std::uint32_t>(scale) & 0x7FFFFFu) == 0x7FFFFFu;
  return scale >= 0x1p-80f && scale <= 0x1p80f && !(HWY_NATIVE_FMA && ones);
}

// Whether it was done: every scale must allow it, and runs must not be interleaved.
HWY_INLINE bool quantize_stochastic(const quantize_job& job) {
  const granularity& g = job.layout;
  if (g.block_cols == 1 && g.cols > 1) return false;
  for (std::size_t c = 0; c < g.count(); ++c) {
    if (!is_exact_with_remainder(job.scales[c])) return false;
  }
  chunk_buffer<std::int32_t> buffer;
  const float* const x = static_cast<const float*>(job.in);
  std::int8_t* const q = static_cast<std::int8_t*>(job.out);
  for_each_chunk(job.n, [&](std::size_t first, std::size_t length) HWY_ATTR {
    const std::int32_t* const r = random_chunk(job.random, first, length, buffer);
    for_each_run(
        g, first, length, [](std::size_t, std::size_t, std::size_t) {},
        [&](std::size_t i, std::size_t n, std::size_t c) HWY_ATTR {
          quantize_stochastic_run(job, x + i, n, job.scales[c],
                                  job.zero_points ? job.zero_points[c] : 0, r + (i - first), q + i);
        });
  });
  return true;
}

// Whether a job of 8 bits was done here.
HWY_INLINE bool quantize_to_8_bits(const quantize_job& job) {
  const bool all_codes = job.codes == job.format;
  const bool product = job.rules.quotient == quotient_rule::reciprocal;
  if (job.rules.round == rounding::stochastic) {
    return job.from == real_type::f32 && all_codes && !product && quantize_stochastic(job);
  }
  const granularity g = flattened(job.layout);
  if (job.from == real_type::f32) {
    all_codes ? quantize_array<true, float>(job, g) : quantize_array<false, float>(job, g);
    return true;
  }
  if (!all_codes || g.block_cols == 1 || product) return false;
  job.from == real_type::f16 ? quantize_array<true, half>(job, g)
                             : quantize_array<true, bfloat16>(job, g);
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
      default: {
        const granularity g = flattened(job.layout);
        if (!nearest || g.outer != 1 || g.rows != 1) break;
        return quantize_packed(job, g);
      }
    }
  }
  quantize_chunks(job, false);
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
