// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Sums or codes -> codes, with acc = the input less its zero point:
//     q = clamp(y, lo - z, hi - z) + z,    y = nearest_even(fl(float(acc) * multiplier)), or in fixed point.
// Compiled once per target (detail/foreach_target.hpp).
//
// Sums to s8, u8 and s16 with real multipliers have loops of their own; all other combinations go through
// chunks of int32.
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One vector, before the zero point is added and it is narrowed. lo, hi: the range less the zero point,
// within 2^22. Nothing follows the product that it could be contracted with.
template <class DF, class VI, class VF>
HWY_INLINE VI requantize_vector(DF df, VI acc, VF multiplier, VF lo, VF hi) {
  const VF t = hn::Mul(hn::ConvertTo(df, acc), multiplier);
  return nearest_int(hn::Min(hn::Max(t, lo), hi));
}

// ---- Sums to s8, u8, s16 -------------------------------------------------------------------------

// What all elements share; by value where there are loops, because codes of one byte could be written to anything
// that there is a pointer to. A block is four vectors of sums. Unsigned codes are those of int8 with the sign bit
// flipped and 128 less in the zero point: one kernel for both.
template <class Q>
struct requantize_block {
  static constexpr bool bits8 = sizeof(Q) == 1;
  float lo, hi;
  std::int32_t sign, z, min;
  bool raise;  // the lowest code in use is not the one at which narrowing saturates

  explicit requantize_block(const requantize_job& job)
      : lo(static_cast<float>(job.codes.min - job.zero_point)),
        hi(static_cast<float>(job.codes.max - job.zero_point)),
        sign(job.to == code_type::u8 ? 128 : 0),
        z(job.zero_point - sign),
        min(job.codes.min - sign),
        raise(job.codes.min != job.format.min) {}

  template <class VI, class VF>
  HWY_INLINE VI steps(VI acc, VF multiplier) const {
    const hn::DFromV<VF> df;
    const auto l = hn::Set(df, lo), h = hn::Set(df, hi);
    if constexpr (bits8) {
      const VF t = hn::Mul(hn::ConvertTo(df, acc), multiplier);  // no NaN
#if HWY_ARCH_X86
      return nearest_int(hn::Min(t, h));
#else
      return nearest_int(clamp_for_nearest_int(t, l, h));
#endif
    } else {
      const VI y = requantize_vector(df, acc, multiplier, l, h);
      return hn::Add(y, hn::Set(hn::DFromV<VI>(), z));
    }
  }

  template <class VI>
  HWY_INLINE void store(VI a, VI b, VI c, VI d, Q* HWY_RESTRICT q) const {
    const hn::Repartition<Q, hn::DFromV<VI>> dq;
    if constexpr (bits8) {
      const hn::Repartition<std::int16_t, hn::DFromV<VI>> d16;
      auto code = add_and_saturate(dq, a, b, c, d, hn::Set(d16, static_cast<std::int16_t>(z)));
      // The lower bound of 8 bits is applied here, once for four vectors.
      if (HWY_UNLIKELY(raise)) code = hn::Max(code, hn::Set(dq, static_cast<Q>(min)));
      hn::StoreU(hn::Xor(code, hn::Set(dq, static_cast<Q>(sign))), dq, q);
    } else {
      hn::StoreU(hn::OrderedDemote2To(dq, a, b), dq, q);
      hn::StoreU(hn::OrderedDemote2To(dq, c, d), dq, q + hn::Lanes(dq));
    }
  }

  // One vector, or what there is of it.
  template <class VF>
  HWY_INLINE void one(const std::int32_t* HWY_RESTRICT acc, std::size_t n, VF multipliers,
                      Q* HWY_RESTRICT q) const {
    const hn::DFromV<VF> df;
    const hn::RebindToSigned<decltype(df)> di;
    const hn::Rebind<Q, decltype(df)> dq;
    const bool whole = n == hn::Lanes(df);
    const auto y = steps(whole ? hn::LoadU(di, acc) : hn::LoadN(di, acc, n), multipliers);
    auto code = hn::Zero(dq);
    if constexpr (bits8) {
      code = hn::Max(add_and_saturate(dq, y, z), hn::Set(dq, static_cast<Q>(min)));
      code = hn::Xor(code, hn::Set(dq, static_cast<Q>(sign)));
    } else {
      code = hn::DemoteTo(dq, y);
    }
    whole ? hn::StoreU(code, dq, q) : hn::StoreN(code, dq, q, n);
  }

  // m0 ... m3: the multipliers of each vector.
  template <class VF>
  HWY_INLINE void operator()(const std::int32_t* HWY_RESTRICT acc, VF m0, VF m1, VF m2, VF m3,
                             Q* HWY_RESTRICT q) const {
    const hn::RebindToSigned<hn::DFromV<VF>> di;
    const std::size_t N = hn::Lanes(di);
    store(steps(hn::LoadU(di, acc), m0), steps(hn::LoadU(di, acc + N), m1),
          steps(hn::LoadU(di, acc + 2 * N), m2), steps(hn::LoadU(di, acc + 3 * N), m3), q);
  }
};

// n elements, all with the first multiplier.
template <class Q>
HWY_INLINE void requantize_run(const requantize_block<Q>& block,
                               const std::int32_t* HWY_RESTRICT acc, std::size_t n,
                               const float* HWY_RESTRICT multiplier, Q* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const auto m = hn::Set(df, *multiplier);
  for_each_four(
      n, hn::Lanes(df), [&](std::size_t i) HWY_ATTR { block(acc + i, m, m, m, m, q + i); },
      [&](std::size_t i, std::size_t length) HWY_ATTR { block.one(acc + i, length, m, q + i); });
}

// n elements with multipliers of their own. If they are less than a vector, it must be possible to read a whole
// one of multipliers.
template <class Q>
HWY_NOINLINE HWY_MAYBE_UNUSED static void requantize_interleaved(
    requantize_block<Q> block, const std::int32_t* HWY_RESTRICT acc, std::size_t n,
    const float* HWY_RESTRICT multipliers, Q* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const std::size_t N = hn::Lanes(df);
  for_each_four(
      n, N,
      [&](std::size_t i) HWY_ATTR {
        const float* const m = multipliers + i;
        block(acc + i, hn::LoadU(df, m), hn::LoadU(df, m + N), hn::LoadU(df, m + 2 * N),
              hn::LoadU(df, m + 3 * N), q + i);
      },
      [&](std::size_t i, std::size_t length)
          HWY_ATTR { block.one(acc + i, length, hn::LoadU(df, multipliers + i), q + i); });
}

// Groups of Vectors vectors, which are 1 or 2.
template <std::size_t Vectors, class Q>
HWY_INLINE void requantize_short_groups(const requantize_block<Q>& block,
                                        const std::int32_t* HWY_RESTRICT acc, std::size_t n,
                                        const float* HWY_RESTRICT multipliers, Q* HWY_RESTRICT q) {
  const hn::ScalableTag<float> df;
  const std::size_t N = hn::Lanes(df), step = 4 * N;
  std::size_t i = 0;
  for (; i + step <= n; i += step, multipliers += 4 / Vectors) {
    const float* again = multipliers;
#if defined(__GNUC__) && HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
    // AVX-512 can broadcast an operand in memory as part of the product. GCC prefers a register for what two
    // products share, which takes 8 % longer, unless it does not know that they do.
    asm("" : "+r"(again));
#endif
    block(acc + i, hn::Set(df, multipliers[0]), hn::Set(df, again[1 / Vectors]),
          hn::Set(df, multipliers[2 / Vectors]), hn::Set(df, again[3 / Vectors]), q + i);
  }
  for (; i < n; i += Vectors * N, ++multipliers) {
    const std::size_t left = n - i < Vectors * N ? n - i : Vectors * N;
    requantize_run(block, acc + i, left, multipliers, q + i);
  }
}

// A row of n elements in groups, the last of which may be shorter.
template <class Q>
HWY_NOINLINE HWY_MAYBE_UNUSED static void requantize_row(requantize_block<Q> block,
                                                         const std::int32_t* HWY_RESTRICT acc,
                                                         std::size_t n, std::size_t group,
                                                         const float* HWY_RESTRICT multipliers,
                                                         Q* HWY_RESTRICT q) {
  const std::size_t N = hn::Lanes(hn::ScalableTag<float>());
  if (group == 1) return requantize_interleaved(block, acc, n, multipliers, q);
  if (group == N) return requantize_short_groups<1>(block, acc, n, multipliers, q);
  if (group == 2 * N) return requantize_short_groups<2>(block, acc, n, multipliers, q);
  for (std::size_t i = 0; i < n; i += group, ++multipliers) {
    requantize_run(block, acc + i, n - i < group ? n - i : group, multipliers, q + i);
  }
}

// Whether requantize_array is good at the layout: no rows or groups of less than a vector.
HWY_INLINE bool has_long_rows(const granularity& g) {
  const std::size_t N = hn::Lanes(hn::ScalableTag<float>());
  if (is_one_parameter(g) || (is_one_row(g) && g.block_cols == 1)) return true;
  return g.cols >= N && (g.block_cols >= N || g.block_cols == 1);
}

template <class Q>
HWY_NOINLINE HWY_MAYBE_UNUSED static void requantize_array(const requantize_job& job,
                                                           const granularity& g) {
  const requantize_block<Q> block(job);
  const std::int32_t* const acc = static_cast<const std::int32_t*>(job.in);
  Q* const q = static_cast<Q*>(job.out);
  if (is_one_parameter(g)) {
    const auto group = static_cast<std::size_t>(-1);  // not 1, even of a single element
    return requantize_row(block, acc, job.n, group, job.multipliers, q);
  }
  if (is_one_row(g) && g.block_cols == 1 && g.cols < chunk_size / 2) {
    // Rows too short to start anew for each of them: many are one, with the multipliers written out.
    chunk_buffer<float> multipliers;
    const std::size_t most = elements_at_once(g), length = job.n < most ? job.n : most;
    expand(g, job.multipliers, 0, length, multipliers);
    for (std::size_t i = 0; i < job.n; i += length) {
      const std::size_t n = job.n - i < length ? job.n - i : length;
      requantize_interleaved(block, acc + i, n, multipliers.data, q + i);
    }
    return;
  }
  for_each_row(g, 0, job.n, [&](std::size_t i, std::size_t n, std::size_t, std::size_t c) HWY_ATTR {
    requantize_row(block, acc + i, n, g.block_cols, job.multipliers + c, q + i);
  });
}

// ---- Chunks --------------------------------------------------------------------------------------

enum class requantize_kind {
  real,
  real_wide,  // to int32, where the bounds are no floats
  single,     // rounding, and so on
  single_32,  // the shifts are at least 32
  twice,
  twice_31,  // the shifts are at least 31
};

// What all chunks of a job share.
struct requantize_rules {
  std::int32_t least, most, z, z_in;  // codes in use, less z
  int scale = 0;                      // added to the shifts, and multipliers are shifted left by it

  explicit requantize_rules(const requantize_job& job)
      : least(job.codes.min - job.zero_point),
        most(job.codes.max - job.zero_point),
        z(job.zero_point),
        z_in(job.input_zero_point) {}
};

// codes and results: in whole vectors. Shared: all elements have the first multiplier.
template <requantize_kind Kind, bool Shared, class T>
HWY_INLINE void requantize_part(const requantize_rules& rules,
                                const std::int32_t* HWY_RESTRICT codes, std::size_t n,
                                const T* HWY_RESTRICT multipliers,
                                std::int32_t* HWY_RESTRICT results) {
  const hn::ScalableTag<std::int32_t> di;
  const hn::RebindToFloat<decltype(di)> df;
  const std::size_t N = hn::Lanes(di);
  const auto lo = hn::Set(di, rules.least), hi = hn::Set(di, rules.most);
  const auto z = hn::Set(di, rules.z), z_in = hn::Set(di, rules.z_in);
  const T first = multipliers[0];
  for (std::size_t i = 0; i < n; i += N) {
    const auto acc = hn::Sub(hn::LoadU(di, codes + i), z_in);
    auto y = acc;
    if constexpr (std::is_same_v<T, float>) {
      const auto m = Shared ? hn::Set(df, first) : hn::LoadU(df, multipliers + i);
      if constexpr (Kind == requantize_kind::real) {
        y = requantize_vector(df, acc, m, hn::ConvertTo(df, lo), hn::ConvertTo(df, hi));
      } else {
        const auto t = hn::Max(hn::Mul(hn::ConvertTo(df, acc), m), hn::Set(df, -2147483648.0f));
        y = nearest_int_wide(hn::Min(t, hn::Set(df, 2147483648.0f)));
      }
    } else {
      auto m = hn::Set(di, first.multiplier), shifts = hn::Set(di, first.shift);
      if constexpr (!Shared) hn::LoadInterleaved2(di, &multipliers[i].multiplier, m, shifts);
      const auto multiply = [&](auto shift) HWY_ATTR {
        if constexpr (Kind == requantize_kind::single) {
          return multiply_single_rounding(di, acc, m, shift);
        } else if constexpr (Kind == requantize_kind::single_32) {
          return multiply_single_rounding_32(di, acc, hn::ShiftLeftSame(m, rules.scale),
                                             bits_plus(shift, rules.scale));
        } else {
          return multiply_double_rounding < Kind == requantize_kind::twice > (di, acc, m, shift);
        }
      };
      if constexpr (Shared) {
        y = multiply(static_cast<int>(first.shift));
      } else {
        y = multiply(shifts);
      }
    }
    if constexpr (Kind != requantize_kind::real) y = hn::Min(hn::Max(y, lo), hi);
    hn::StoreU(hn::Add(y, z), di, results + i);
  }
}

// One chunk: its codes are in whole vectors, with room for more of them if there is more than one parameter.
template <requantize_kind Kind>
HWY_NOINLINE HWY_MAYBE_UNUSED static void requantize_chunk(
    const requantize_job& job, const requantize_rules& rules, const granularity& g,
    std::size_t first, std::size_t length, const std::int32_t* codes, std::int32_t* results) {
  constexpr bool real = Kind == requantize_kind::real || Kind == requantize_kind::real_wide;
  using T = std::conditional_t<real, float, fixed_point_multiplier>;
  const T* multipliers;
  if constexpr (real) {
    multipliers = job.multipliers;
  } else {
    multipliers = job.fixed_multipliers;
  }
  const std::size_t N = hn::Lanes(hn::ScalableTag<std::int32_t>());
  const std::size_t run = g.block_cols < g.cols ? g.block_cols : g.cols;
  if (is_one_parameter(g) || run >= 2 * N) {
    // What the last vector of a run has too much, the next run overwrites.
    for_each_run(
        g, first, length, [](std::size_t, std::size_t, std::size_t) {},
        [&](std::size_t i, std::size_t n, std::size_t c) HWY_ATTR {
          requantize_part<Kind, true>(rules, codes + (i - first), n, multipliers + c,
                                      results + (i - first));
        });
    return;
  }
  chunk_buffer<T> expanded;
  expand(g, multipliers, first, length, expanded);
  for (std::size_t i = 0; i < N; ++i) expanded.data[length + i] = expanded.data[length - 1];
  requantize_part<Kind, false>(rules, codes, length, expanded.data, results);
}

using requantize_chunk_function = decltype(&requantize_chunk<requantize_kind::real>);

HWY_INLINE requantize_chunk_function choose_requantize_chunk(const requantize_job& job,
                                                             const granularity& g,
                                                             requantize_rules& rules) {
  using kind = requantize_kind;
  if (job.fixed_multipliers == nullptr) {
    return job.to == code_type::s32 ? &requantize_chunk<kind::real_wide>
                                    : &requantize_chunk<kind::real>;
  }
  std::uint32_t bits = 0;
  int lowest = 62, highest = 0;
  const std::size_t count = g.count();
  for (std::size_t c = 0; c < count; ++c) {
    const fixed_point_multiplier m = job.fixed_multipliers[c];
    bits |= static_cast<std::uint32_t>(m.multiplier);
    lowest = m.shift < lowest ? m.shift : lowest;
    highest = m.shift > highest ? m.shift : highest;
  }
  if (job.rule == fixed_point_rule::double_rounding) {
    return lowest >= 31 ? &requantize_chunk<kind::twice_31> : &requantize_chunk<kind::twice>;
  }
  // The same numbers with more bits: XNNPACK's multipliers have 24.
  const int unused = detail::leading_zeros(bits | 1) - 1;
  rules.scale = unused < 62 - highest ? unused : 62 - highest;
  return lowest + rules.scale >= 32 ? &requantize_chunk<kind::single_32>
                                    : &requantize_chunk<kind::single>;
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void requantize_chunks(const requantize_job& job,
                                                            const granularity& g) {
  requantize_rules rules(job);
  const requantize_chunk_function requantize_one = choose_requantize_chunk(job, g, rules);
  chunk_buffer<std::int32_t> buffer, results;
  for_each_chunk(job.n, [&](std::size_t first, std::size_t length) HWY_ATTR {
    const std::int32_t* codes =
        load_codes(job.from, job.from_format.min < 0, job.in, first, length, buffer);
    if (codes != buffer.data && !is_one_parameter(g)) {
      std::memcpy(buffer.data, codes, length * sizeof(*codes));
      codes = buffer.data;
    }
    requantize_one(job, rules, g, first, length, codes, results.data);
    store_codes(job.to, results.data, first, length, job.out);
  });
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void requantize(const requantize_job& job) {
  if (job.n == 0) return;
  const granularity g = as_one_row(job.layout, job.n);
  if (job.from == code_type::s32 && job.fixed_multipliers == nullptr && has_long_rows(g)) {
    switch (job.to) {
      case code_type::s8:
      case code_type::u8: return requantize_array<std::int8_t>(job, g);
      case code_type::s16: return requantize_array<std::int16_t>(job, g);
      default: break;
    }
  }
  requantize_chunks(job, g);
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
