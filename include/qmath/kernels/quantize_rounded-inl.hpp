// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Float -> 8 bits with roundings other than nearest-even, and -> 16 bits: runs of neighbours that share their
// parameters. The other layouts and rules are in quantize_general-inl.hpp. Compiled once per target
// (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The numbers between which x, or without FMA the quotient, is clamped: one code more than there is.
struct rounded_bounds {
  float least, most;

  rounded_bounds(const quantize_job& job, float scale, std::int32_t zero_point, float unit)
      : least(static_cast<float>(job.codes.min - zero_point - 1)),
        most(static_cast<float>(job.codes.max - zero_point + 1)) {
    least *= HWY_NATIVE_FMA ? scale : unit;
    most *= HWY_NATIVE_FMA ? scale : unit;
  }
};

// The clamped quotient, to its last bit.
template <class V, class Clamp>
HWY_INLINE V clamped_quotient(V v, V scale, V reciprocal, const Clamp& clamp) {
  if constexpr (HWY_NATIVE_FMA) return exact_quotient(clamp(v), scale, reciprocal);
  return clamp(hn::Div(v, scale));
}

// ---- Roundings without random numbers ------------------------------------------------------------

// The steps of a quotient |t| < 2^18, as in reference.hpp. On x86 NaN and less give -2^31.
template <rounding How, class V>
HWY_INLINE auto rounded_steps(V t) {
  const hn::DFromV<V> df;
  if constexpr (How == rounding::nearest_even) {
    return nearest_int(t);
  } else if constexpr (How == rounding::toward_zero) {
    return nearest_int(hn::Trunc(t));
  } else if constexpr (How == rounding::half_away) {
    // With the float below 1/2: the sum is rounded up to an integer for ties, and stays below it for less.
    const auto half = hn::CopySignToAbs(hn::Set(df, 0x1.fffffep-2f), t);
    return nearest_int(hn::Trunc(hn::Add(t, half)));
  } else {
    const auto below = hn::Floor(t);
    const auto n = nearest_int(below);
    if constexpr (How == rounding::floor) {
      return n;
    } else {  // half_up: the difference is exact unless it is more than 1/2
      return increment_if(hn::Ge(hn::Sub(t, below), hn::Set(df, 0.5f)), n);
    }
  }
}

// Elements first ... first + n - 1, with the parameter c.
template <rounding How, class Q>
HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize_rounded_run(const quantize_job& job,
                                                               std::size_t first, std::size_t n,
                                                               std::size_t c) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Repartition<std::int16_t, decltype(df)> d16;
  const hn::Rebind<std::int16_t, decltype(df)> part16;
  const std::size_t N = hn::Lanes(df);
  const float* HWY_RESTRICT const x = static_cast<const float*>(job.in) + first;
  Q* HWY_RESTRICT const q = static_cast<Q*>(job.out) + first;
  const codes_in_use codes = codes_of<ending::clamped>(job);
  const float scale = job.scales[c];
  const std::int32_t zero_point = job.zero_points != nullptr ? job.zero_points[c] : 0;
  const std::int32_t z = zero_point - codes.sign;
  const rounded_bounds bounds(job, scale, zero_point, 1.0f);
  const auto s = hn::Set(df, scale), reciprocal = hn::Set(df, 1.0f / scale);
  const auto lower = hn::Set(df, bounds.least), upper = hn::Set(df, bounds.most);
  const auto steps = [&](auto v) HWY_ATTR {
    return rounded_steps<How>(clamped_quotient(v, s, reciprocal, [&](auto t) HWY_ATTR {
      if constexpr (sizeof(Q) == 1) {
        return clamp_for_nearest_int(t, lower, upper);
      } else {  // what follows does not saturate
        return hn::Min(max_or_bound(t, lower), upper);
      }
    }));
  };
  for_each_four(
      n, N,
      [&](std::size_t i) HWY_ATTR QMATH_INLINE_LAMBDA {
        const auto one = [&](std::size_t k)
                             HWY_ATTR { return steps(hn::LoadU(df, x + i + k * N)); };
        if constexpr (sizeof(Q) == 1) {
          const auto z16 = hn::Set(d16, static_cast<std::int16_t>(z));
          store_8_bits<ending::clamped>(one(0), one(1), one(2), one(3), z16, z16, codes, q + i);
        } else {
          const auto z32 = hn::Set(di, z);
          for (std::size_t k = 0; k < 4; k += 2) {
            const auto code =
                hn::OrderedDemote2To(d16, hn::Add(one(k), z32), hn::Add(one(k + 1), z32));
            hn::StoreU(finished<ending::clamped>(d16, code, codes), d16, q + i + k * N);
          }
        }
      },
      [&](std::size_t i, std::size_t length) HWY_ATTR {
        const auto v = length < N ? hn::LoadN(df, x, length) : hn::LoadU(df, x + i);
        if constexpr (sizeof(Q) == 1) {
          store_8_bits<ending::clamped>(steps(v), length, z, codes, q + i);
        } else {
          const auto code = finished<ending::clamped>(
              part16, hn::DemoteTo(part16, hn::Add(steps(v), hn::Set(di, z))), codes);
          length < N ? hn::StoreN(code, part16, q + i, length) : hn::StoreU(code, part16, q + i);
        }
      });
}

// ---- Stochastic rounding, to 8 bits --------------------------------------------------------------

// Vectors of at most 16 floats: 32 elements share eight random words. Of 32 bits of these, the lower 16 are for one
// of the first 16 elements and the upper 16 for one of the others (random-inl.hpp).
using stochastic_tag = hn::CappedTag<float, 16>;

// nearest_even(65536 t) + r of 32 elements, of which the upper halves are the steps, as codes. next() has the
// random numbers of the next vectors.
template <ending End, class Sum, class Next>
HWY_INLINE void quantize_stochastic_32(const float* HWY_RESTRICT x, const Sum& sum,
                                       const Next& next, std::int32_t z, const codes_in_use& codes,
                                       std::int8_t* HWY_RESTRICT q) {
  const stochastic_tag df;
  const hn::RebindToSigned<stochastic_tag> di;
  const hn::RebindToUnsigned<stochastic_tag> du;
  const hn::Repartition<std::int16_t, stochastic_tag> d16;
  const std::size_t N = hn::Lanes(df);
  const auto lower_sum = [&](auto pairs, std::size_t i) HWY_ATTR {
    return sum(hn::LoadU(df, x + i), hn::BitCast(di, hn::And(pairs, hn::Set(du, 0xFFFF))));
  };
  const auto upper_sum = [&](auto pairs, std::size_t i) HWY_ATTR {
    return sum(hn::LoadU(df, x + i + 16), hn::BitCast(di, hn::ShiftRight<16>(pairs)));
  };
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  const auto pairs = next();
  const auto a = hn::BitCast(d16, lower_sum(pairs, 0)), b = hn::BitCast(d16, upper_sum(pairs, 0));
  const hn::Rebind<code_of<End>, decltype(d16)> part8;
  const auto steps = hn::ConcatOdd(d16, b, a);
  const auto code =
      hn::DemoteTo(part8, hn::SaturatedAdd(steps, hn::Set(d16, static_cast<std::int16_t>(z))));
  hn::StoreU(finished<End>(part8, code, codes), part8, reinterpret_cast<code_of<End>*>(q));
  (void)N;
#else
  const auto lower = [&](auto pairs, std::size_t i)
                         HWY_ATTR { return hn::ShiftRight<16>(lower_sum(pairs, i)); };
  const auto upper = [&](auto pairs, std::size_t i)
                         HWY_ATTR { return hn::ShiftRight<16>(upper_sum(pairs, i)); };
  const auto z16 = hn::Set(d16, static_cast<std::int16_t>(z));
#if HWY_HAVE_SCALABLE
  (void)z16;
  for (std::size_t i = 0; i < 16; i += N) {
    const auto pairs = next();
    store_8_bits<End>(lower(pairs, i), N, z, codes, q + i);
    store_8_bits<End>(upper(pairs, i), N, z, codes, q + i + 16);
  }
#else
  if constexpr (hn::MaxLanes(df) == 8) {
    const auto first = next(), second = next();
    store_8_bits<End>(lower(first, 0), lower(second, N), upper(first, 0), upper(second, N), z16,
                      z16, codes, q);
  } else {  // 4 lanes
    const auto a = next(), b = next(), c = next(), d = next();
    store_8_bits<End>(lower(a, 0), lower(b, N), lower(c, 2 * N), lower(d, 3 * N), z16, z16, codes,
                      q);
    store_8_bits<End>(upper(a, 0), upper(b, N), upper(c, 2 * N), upper(d, 3 * N), z16, z16, codes,
                      q + 16);
  }
#endif
#endif
}

// Whole blocks of 32 elements, of which the first has the random words from 8 * block on. `shared` blocks have the
// parameter c, the next ones c + 1, and so on.
template <ending End>
HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize_stochastic_blocks(
    const quantize_job& job, const float* HWY_RESTRICT x, std::size_t blocks, std::size_t shared,
    std::uint64_t block, std::size_t c, std::int8_t* HWY_RESTRICT q) {
  const stochastic_tag df;
  const hn::RebindToUnsigned<stochastic_tag> du;
  const hn::Repartition<std::uint64_t, stochastic_tag> d64;
  const codes_in_use codes = codes_of<End>(job);
  const auto words_per_vector = hn::Set(d64, random_gamma * hn::Lanes(d64));
  auto state = first_words(d64, job.random, 8 * block);
  const auto next = [&]() HWY_ATTR {
    const auto pairs = hn::BitCast(du, mix_pairs(state));
    state = hn::Add(state, words_per_vector);
    return pairs;
  };
  for (; blocks != 0; ++c) {
    const std::int32_t zero_point = job.zero_points != nullptr ? job.zero_points[c] : 0;
    // Steps of 2^-16: the quotient is 65536 t.
    const float scale = job.scales[c], step = scale * 0x1p-16f;
    const rounded_bounds bounds(job, scale, zero_point, 65536.0f);
    const auto s = hn::Set(df, step), reciprocal = hn::Set(df, 1.0f / step);
    const auto lower = hn::Set(df, bounds.least), upper = hn::Set(df, bounds.most);
    const auto sum = [&](auto v, auto random) HWY_ATTR {
      const auto clamp = [&](auto t) HWY_ATTR { return clamp_for_nearest_int(t, lower, upper); };
      return hn::Add(nearest_int_26(clamped_quotient(v, s, reciprocal, clamp)), random);
    };
    const std::size_t times = blocks < shared ? blocks : shared;
    for (std::size_t k = 0; k < times; ++k, x += 32, q += 32) {
      quantize_stochastic_32<End>(x, sum, next, zero_point - codes.sign, codes, q);
    }
    blocks -= times;
  }
}

// n elements from `first` on. Each `group` of them share a parameter, from c on: all n, or a multiple of 32, and then n
// and the position of the first element are multiples of 32 too.
template <ending End>
HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize_stochastic_run(const quantize_job& job,
                                                                  std::size_t first, std::size_t n,
                                                                  std::size_t group,
                                                                  std::size_t c) {
  const float* x = static_cast<const float*>(job.in) + first;
  std::int8_t* q = static_cast<std::int8_t*>(job.out) + first;
  std::uint64_t position = job.random.offset + first;
  for (std::size_t i = 0; i < n;) {
    const std::size_t before = position % 32, left = n - i;
    std::size_t length = left / 32 * 32;
    if (before == 0 && length != 0) {
      const std::size_t shared = group == n ? length / 32 : group / 32;
      quantize_stochastic_blocks<End>(job, x, length / 32, shared, position / 32, c, q);
    } else {  // a part of a block
      length = left < 32 - before ? left : 32 - before;
      alignas(64) float reals[32] = {};
      alignas(64) std::int8_t codes[32];
      std::memcpy(reals + before, x, length * sizeof(float));
      quantize_stochastic_blocks<End>(job, reals, 1, 1, position / 32, c, codes);
      std::memcpy(q, codes + before, length);
    }
    x += length, q += length, position += length, i += length;
  }
}

// An array whose random numbers have positions below 2^64.
template <ending End>
HWY_INLINE void quantize_stochastic(const quantize_job& job, const granularity& g) {
  if (job.random.offset % 32 == 0 && g.cols % 32 == 0 && g.block_cols % 32 == 0) {
    for_each_row(g, 0, job.n,
                 [&](std::size_t i, std::size_t n, std::size_t, std::size_t c)
                     HWY_ATTR { quantize_stochastic_run<End>(job, i, n, g.block_cols, c); });
    return;
  }
  for_each_run(
      g, 0, job.n, [](std::size_t, std::size_t, std::size_t) {},
      [&](std::size_t i, std::size_t n, std::size_t c)
          HWY_ATTR { quantize_stochastic_run<End>(job, i, n, n, c); });
}

// ---- Arrays --------------------------------------------------------------------------------------

using quantize_run_function = void (*)(const quantize_job&, std::size_t, std::size_t, std::size_t);

template <class Q>
HWY_INLINE quantize_run_function choose_rounded_run(rounding how) {
  switch (how) {
    case rounding::half_away: return &quantize_rounded_run<rounding::half_away, Q>;
    case rounding::half_up: return &quantize_rounded_run<rounding::half_up, Q>;
    case rounding::toward_zero: return &quantize_rounded_run<rounding::toward_zero, Q>;
    case rounding::floor: return &quantize_rounded_run<rounding::floor, Q>;
    default: return &quantize_rounded_run<rounding::nearest_even, Q>;
  }
}

// Whether it was done. Of the rules, only the rounding may be another than the default.
HWY_NOINLINE HWY_MAYBE_UNUSED static bool quantize_rounded(const quantize_job& job) {
  const granularity g = as_one_row(job.layout, job.n);
  const rounding how = job.rules.round;
  if (job.from != real_type::f32 || has_short_runs(g) || is_columns(g)) return false;
  if (!has_exact_quotients(how, job.scales, job.layout.count())) return false;
  const bool bits8 = job.format.max - job.format.min == 255;
  if (how == rounding::stochastic) {
    // Positions beyond 2^64 begin again at 0.
    if (!bits8 || job.random.offset + job.n < job.n) return false;
    const bool usual = job.to == code_type::s8 && job.codes == job.format;
    usual ? quantize_stochastic<ending::to_int8>(job, g)
          : quantize_stochastic<ending::clamped>(job, g);
    return true;
  }
  const quantize_run_function run =
      bits8 ? choose_rounded_run<std::int8_t>(how) : choose_rounded_run<std::int16_t>(how);
  for_each_run(
      g, 0, job.n, [](std::size_t, std::size_t, std::size_t) {},
      [&](std::size_t i, std::size_t n, std::size_t c) HWY_ATTR { run(job, i, n, c); });
  return true;
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
