// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Sums or codes -> codes, with acc = the input less its zero point:
//     q = clamp(y, lo - z, hi - z) + z,    y = nearest_even(fl(float(acc) * multiplier)), or in fixed point.
// Compiled once per target (detail/foreach_target.hpp).
//
// Sums to s8, u8 and s16 with real multipliers have loops of their own, and to s8 and u8 in fixed point with the
// usual shifts; all other combinations go through chunks of int32.
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

// The same where the narrowing that follows saturates to 8 bits: x86 needs no lower bound, its conversion has one.
template <class DF, class VI, class VF>
HWY_INLINE VI requantize_to_narrow(DF df, VI acc, VF multiplier, VF lo, VF hi) {
  const VF t = hn::Mul(hn::ConvertTo(df, acc), multiplier);  // no NaN
#if HWY_ARCH_X86
  (void)lo;
  return nearest_int(hn::Min(t, hi));
#else
  return nearest_int(clamp_for_nearest_int(t, lo, hi));
#endif
}

// ---- Kinds of products ---------------------------------------------------------------------------

enum class requantize_kind {
  real,
  real_wide,  // to int32, where the bounds are no floats
  single,     // rounding, and so on
  single_32,  // the shifts are at least 32
  twice,
  twice_31,  // the shifts are at least 31
};

// What the multipliers of a job are.
struct requantize_products {
  requantize_kind kind;
  int scale;  // of fixed point: added to the shifts, and multipliers are shifted left by it
};

HWY_INLINE requantize_products products_of(const requantize_job& job, std::size_t count) {
  using kind = requantize_kind;
  if (job.fixed_multipliers == nullptr) {
    return {job.to == code_type::s32 ? kind::real_wide : kind::real, 0};
  }
  std::uint32_t bits = 0;
  int lowest = 62, highest = 0;
  for (std::size_t c = 0; c < count; ++c) {
    const fixed_point_multiplier m = job.fixed_multipliers[c];
    bits |= static_cast<std::uint32_t>(m.multiplier);
    lowest = m.shift < lowest ? m.shift : lowest;
    highest = m.shift > highest ? m.shift : highest;
  }
  if (job.rule == fixed_point_rule::double_rounding) {
    return {lowest >= 31 ? kind::twice_31 : kind::twice, 0};
  }
  // The same numbers with more bits: XNNPACK's multipliers have 24.
  const int unused = detail::leading_zeros(bits | 1) - 1;
  const int scale = unused < 62 - highest ? unused : 62 - highest;
  return {lowest + scale >= 32 ? kind::single_32 : kind::single, scale};
}

// acc * multiplier * 2^-shift. shift is an int, or a vector.
template <requantize_kind Kind, class V, class Bits>
HWY_INLINE V multiply_fixed(V acc, V multiplier, Bits shift, int scale) {
  const hn::DFromV<V> di;
  if constexpr (Kind == requantize_kind::single) {
    return multiply_single_rounding(di, acc, multiplier, shift);
  } else if constexpr (Kind == requantize_kind::single_32) {
    return multiply_single_rounding_32(di, acc, hn::ShiftLeftSame(multiplier, scale),
                                       bits_plus(shift, scale));
  } else {
    return multiply_double_rounding < Kind == requantize_kind::twice > (di, acc, multiplier, shift);
  }
}

// ---- Sums to s8, u8, s16 -------------------------------------------------------------------------

// The integers that vectors of sums become, before zero points: same() with one multiplier for all lanes, each() with
// one for each of them.
template <class Q>
struct real_products {
  using multiplier = float;
  float lo, hi;

  explicit real_products(const requantize_job& job)
      : lo(static_cast<float>(job.codes.min - job.zero_point)),
        hi(static_cast<float>(job.codes.max - job.zero_point)) {}

  template <class VI>
  HWY_INLINE VI same(VI acc, float m) const {
    return steps(acc, hn::Set(hn::RebindToFloat<hn::DFromV<VI>>(), m));
  }
  template <class VI>
  HWY_INLINE VI each(VI acc, const float* m) const {
    return steps(acc, hn::LoadU(hn::RebindToFloat<hn::DFromV<VI>>(), m));
  }

 private:
  template <class VI, class VF>
  HWY_INLINE VI steps(VI acc, VF m) const {
    const hn::DFromV<VF> df;
    const auto l = hn::Set(df, lo), h = hn::Set(df, hi);
    if constexpr (sizeof(Q) != 1) {
      return requantize_vector(df, acc, m, l, h);
    } else {
      return requantize_to_narrow(df, acc, m, l, h);
    }
  }
};

template <requantize_kind Kind>
struct fixed_products {
  using multiplier = fixed_point_multiplier;
  int scale;

  template <class VI>
  HWY_INLINE VI same(VI acc, fixed_point_multiplier m) const {
    const auto value = hn::Set(hn::DFromV<VI>(), m.multiplier);
    return multiply_fixed<Kind>(acc, value, static_cast<int>(m.shift), scale);
  }
  template <class VI>
  HWY_INLINE VI each(VI acc, const fixed_point_multiplier* m) const {
    VI values, shifts;
    hn::LoadInterleaved2(hn::DFromV<VI>(), &m->multiplier, values, shifts);
    return multiply_fixed<Kind>(acc, values, shifts, scale);
  }
};

// What all elements share; by value where there are loops, because codes of one byte could be written to anything
// that there is a pointer to. A block is four vectors of sums. Unsigned codes are those of int8 with the sign bit
// flipped and 128 less in the zero point: one kernel for both.
template <class Q, class Products>
struct requantize_block {
  static constexpr bool bits8 = sizeof(Q) == 1;
  using multiplier = typename Products::multiplier;
  Products products;
  std::int32_t sign, z, min, max;
  bool clamp;  // not all codes are in use

  requantize_block(const requantize_job& job, const Products& p)
      : products(p),
        sign(job.to == code_type::u8 ? 128 : 0),
        z(job.zero_point - sign),
        min(job.codes.min - sign),
        max(job.codes.max - sign),
        clamp(!(job.codes == job.format)) {}

  template <class VI>
  HWY_INLINE void store(VI a, VI b, VI c, VI d, Q* HWY_RESTRICT q) const {
    const hn::DFromV<VI> di;
    const hn::Repartition<Q, hn::DFromV<VI>> dq;
    if constexpr (bits8) {
      const hn::Repartition<std::int16_t, hn::DFromV<VI>> d16;
      auto code = add_and_saturate(dq, a, b, c, d, hn::Set(d16, static_cast<std::int16_t>(z)));
      if (HWY_UNLIKELY(clamp)) code = clamped(dq, code);
      hn::StoreU(hn::Xor(code, hn::Set(dq, static_cast<Q>(sign))), dq, q);
    } else {
      const auto z32 = hn::Set(di, z);
      hn::StoreU(hn::OrderedDemote2To(dq, hn::Add(a, z32), hn::Add(b, z32)), dq, q);
      hn::StoreU(hn::OrderedDemote2To(dq, hn::Add(c, z32), hn::Add(d, z32)), dq, q + hn::Lanes(dq));
    }
  }

  template <class DQ, class V>
  HWY_INLINE V clamped(DQ dq, V code) const {
    code = hn::Max(code, hn::Set(dq, static_cast<Q>(min)));
    return hn::Min(code, hn::Set(dq, static_cast<Q>(max)));
  }

  // One vector, or what there is of it. steps(acc): same or each.
  template <class Steps>
  HWY_INLINE void one(const std::int32_t* HWY_RESTRICT acc, std::size_t n, const Steps& steps,
                      Q* HWY_RESTRICT q) const {
    const hn::ScalableTag<std::int32_t> di;
    const hn::Rebind<Q, decltype(di)> dq;
    const bool whole = n == hn::Lanes(di);
    const auto y = steps(whole ? hn::LoadU(di, acc) : hn::LoadN(di, acc, n));
    auto code = hn::Zero(dq);
    if constexpr (bits8) {
      code = hn::Xor(clamped(dq, add_and_saturate(dq, y, z)), hn::Set(dq, static_cast<Q>(sign)));
    } else {
      code = hn::DemoteTo(dq, hn::Add(y, hn::Set(di, z)));
    }
    whole ? hn::StoreU(code, dq, q) : hn::StoreN(code, dq, q, n);
  }

  // One multiplier for each of the vectors.
  HWY_INLINE void same(const std::int32_t* HWY_RESTRICT acc, multiplier m0, multiplier m1,
                       multiplier m2, multiplier m3, Q* HWY_RESTRICT q) const {
    const hn::ScalableTag<std::int32_t> di;
    const std::size_t N = hn::Lanes(di);
    store(products.same(hn::LoadU(di, acc), m0), products.same(hn::LoadU(di, acc + N), m1),
          products.same(hn::LoadU(di, acc + 2 * N), m2),
          products.same(hn::LoadU(di, acc + 3 * N), m3), q);
  }
  // One for each of the elements.
  HWY_INLINE void each(const std::int32_t* HWY_RESTRICT acc, const multiplier* HWY_RESTRICT m,
                       Q* HWY_RESTRICT q) const {
    const hn::ScalableTag<std::int32_t> di;
    const std::size_t N = hn::Lanes(di);
    store(products.each(hn::LoadU(di, acc), m), products.each(hn::LoadU(di, acc + N), m + N),
          products.each(hn::LoadU(di, acc + 2 * N), m + 2 * N),
          products.each(hn::LoadU(di, acc + 3 * N), m + 3 * N), q);
  }
};

// n elements, all with the multiplier m.
template <class Q, class Products>
HWY_INLINE void requantize_run(const requantize_block<Q, Products>& block,
                               const std::int32_t* HWY_RESTRICT acc, std::size_t n,
                               typename Products::multiplier m, Q* HWY_RESTRICT q) {
  const auto steps = [&](auto v) HWY_ATTR { return block.products.same(v, m); };
  for_each_four(
      n, hn::Lanes(hn::ScalableTag<float>()),
      [&](std::size_t i) HWY_ATTR QMATH_INLINE_LAMBDA { block.same(acc + i, m, m, m, m, q + i); },
      [&](std::size_t i, std::size_t length)
          HWY_ATTR { block.one(acc + i, length, steps, q + i); });
}

// n elements with multipliers of their own. If they are less than a vector, it must be possible to read a whole
// one of multipliers.
template <class Q, class Products>
HWY_NOINLINE HWY_MAYBE_UNUSED static void requantize_interleaved(
    requantize_block<Q, Products> block, const std::int32_t* HWY_RESTRICT acc, std::size_t n,
    const typename Products::multiplier* HWY_RESTRICT m, Q* HWY_RESTRICT q) {
  for_each_four(
      n, hn::Lanes(hn::ScalableTag<float>()),
      [&](std::size_t i) HWY_ATTR QMATH_INLINE_LAMBDA { block.each(acc + i, m + i, q + i); },
      [&](std::size_t i, std::size_t length) HWY_ATTR {
        const auto steps = [&](auto v) HWY_ATTR { return block.products.each(v, m + i); };
        block.one(acc + i, length, steps, q + i);
      });
}

// Groups of Vectors vectors, which are 1 or 2.
template <std::size_t Vectors, class Q, class Products>
HWY_INLINE void requantize_short_groups(const requantize_block<Q, Products>& block,
                                        const std::int32_t* HWY_RESTRICT acc, std::size_t n,
                                        const typename Products::multiplier* HWY_RESTRICT m,
                                        Q* HWY_RESTRICT q) {
  const std::size_t N = hn::Lanes(hn::ScalableTag<float>()), step = 4 * N;
  std::size_t i = 0;
  for (; i + step <= n; i += step, m += 4 / Vectors) {
    const auto* again = m;
#if defined(__GNUC__) && HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
    // AVX-512 can broadcast an operand in memory as part of the product. GCC prefers a register for what two
    // products share, which takes 8 % longer, unless it does not know that they do.
    asm("" : "+r"(again));
#endif
    block.same(acc + i, m[0], again[1 / Vectors], m[2 / Vectors], again[3 / Vectors], q + i);
  }
  for (; i < n; i += Vectors * N, ++m) {
    requantize_run(block, acc + i, n - i < Vectors * N ? n - i : Vectors * N, *m, q + i);
  }
}

// A row of n elements in groups, the last of which may be shorter.
template <class Q, class Products>
HWY_NOINLINE HWY_MAYBE_UNUSED static void requantize_row(
    requantize_block<Q, Products> block, const std::int32_t* HWY_RESTRICT acc, std::size_t n,
    std::size_t group, const typename Products::multiplier* HWY_RESTRICT m, Q* HWY_RESTRICT q) {
  const std::size_t N = hn::Lanes(hn::ScalableTag<float>());
  if (group == 1) return requantize_interleaved(block, acc, n, m, q);
  if (group == N) return requantize_short_groups<1>(block, acc, n, m, q);
  if (group == 2 * N) return requantize_short_groups<2>(block, acc, n, m, q);
  for (std::size_t i = 0; i < n; i += group, ++m) {
    requantize_run(block, acc + i, n - i < group ? n - i : group, *m, q + i);
  }
}

// Whether requantize_array is good at the layout: no rows or groups of less than a vector.
HWY_INLINE bool has_long_rows(const granularity& g) {
  const std::size_t N = hn::Lanes(hn::ScalableTag<float>());
  if (is_one_parameter(g) || (is_one_row(g) && g.block_cols == 1)) return true;
  return g.cols >= N && (g.block_cols >= N || g.block_cols == 1);
}

template <class Q, class Products>
HWY_NOINLINE HWY_MAYBE_UNUSED static void requantize_array(
    const requantize_job& job, const granularity& g, const Products& products,
    const typename Products::multiplier* multipliers) {
  const requantize_block<Q, Products> block(job, products);
  const std::int32_t* const acc = static_cast<const std::int32_t*>(job.in);
  Q* const q = static_cast<Q*>(job.out);
  if (is_one_parameter(g)) {
    const auto group = static_cast<std::size_t>(-1);  // not 1, even of a single element
    return requantize_row(block, acc, job.n, group, multipliers, q);
  }
  if (is_one_row(g) && g.block_cols == 1 && g.cols < chunk_size / 2) {
    // Rows too short to start anew for each of them: many are one, with the multipliers written out.
    chunk_buffer<typename Products::multiplier> expanded;
    const std::size_t most = elements_at_once(g), length = job.n < most ? job.n : most;
    expand(g, multipliers, 0, length, expanded);
    for (std::size_t i = 0; i < job.n; i += length) {
      const std::size_t n = job.n - i < length ? job.n - i : length;
      requantize_interleaved(block, acc + i, n, expanded.data, q + i);
    }
    return;
  }
  for_each_row(g, 0, job.n, [&](std::size_t i, std::size_t n, std::size_t, std::size_t c) HWY_ATTR {
    requantize_row(block, acc + i, n, g.block_cols, multipliers + c, q + i);
  });
}

// Whether it was done.
HWY_INLINE bool requantize_sums(const requantize_job& job, const granularity& g,
                                const requantize_products& products) {
  using kind = requantize_kind;
  if (job.from != code_type::s32 || !has_long_rows(g)) return false;
  const bool bits8 = job.to == code_type::s8 || job.to == code_type::u8;
  if (products.kind == kind::real && bits8) {
    requantize_array<std::int8_t>(job, g, real_products<std::int8_t>(job), job.multipliers);
  } else if (products.kind == kind::real && job.to == code_type::s16) {
    requantize_array<std::int16_t>(job, g, real_products<std::int16_t>(job), job.multipliers);
  } else if (products.kind == kind::single_32 && bits8) {
    requantize_array<std::int8_t>(job, g, fixed_products<kind::single_32>{products.scale},
                                  job.fixed_multipliers);
  } else if (products.kind == kind::twice_31 && bits8) {
    requantize_array<std::int8_t>(job, g, fixed_products<kind::twice_31>{products.scale},
                                  job.fixed_multipliers);
  } else {
    return false;
  }
  return true;
}

// ---- Chunks --------------------------------------------------------------------------------------

// What all chunks of a job share.
struct requantize_rules {
  std::int32_t least, most, z, z_in;  // codes in use, less z
  int scale;                          // as requantize_products has it

  requantize_rules(const requantize_job& job, int products_scale)
      : least(job.codes.min - job.zero_point),
        most(job.codes.max - job.zero_point),
        z(job.zero_point),
        z_in(job.input_zero_point),
        scale(products_scale) {}
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
      const fixed_products<Kind> products = {rules.scale};
      if constexpr (Shared) {
        y = products.same(acc, first);
      } else {
        y = products.each(acc, multipliers + i);
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

HWY_INLINE requantize_chunk_function choose_requantize_chunk(requantize_kind which) {
  using kind = requantize_kind;
  switch (which) {
    case kind::real: return &requantize_chunk<kind::real>;
    case kind::real_wide: return &requantize_chunk<kind::real_wide>;
    case kind::single: return &requantize_chunk<kind::single>;
    case kind::single_32: return &requantize_chunk<kind::single_32>;
    case kind::twice: return &requantize_chunk<kind::twice>;
    default: return &requantize_chunk<kind::twice_31>;
  }
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void requantize_chunks(const requantize_job& job,
                                                            const granularity& g,
                                                            const requantize_products& products) {
  const requantize_rules rules(job, products.scale);
  const requantize_chunk_function requantize_one = choose_requantize_chunk(products.kind);
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
  const requantize_products products = products_of(job, g.count());
  if (!requantize_sums(job, g, products)) requantize_chunks(job, g, products);
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
