// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Quantize and fake-quantize for every combination of types, layouts, roundings and rules: chunk by chunk,
// with the parameters of every element in a buffer. Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The nearest integer, ties to even; |v| <= 2^31, which gives 2^31 - 1 at the upper end.
template <class V>
HWY_INLINE auto nearest_int_wide(V v) {
  const hn::DFromV<V> df;
  const hn::RebindToSigned<decltype(df)> di;
  // From here on, nearest_int is not defined everywhere.
  const auto limit = hn::Set(df, 4194304.0f);
  const auto inside = nearest_int(hn::Min(hn::Max(v, hn::Neg(limit)), limit));
  // Multiples of 1/2 at least: half of v's last bit decides.
  const auto whole = hn::Round(v);
  const auto outside =
      hn::IfThenElse(hn::RebindMask(di, hn::Ge(whole, hn::Set(df, 2147483648.0f))),
                     hn::Set(di, detail::largest<std::int32_t>), hn::ConvertTo(di, whole));
  return hn::IfThenElse(hn::RebindMask(di, hn::Lt(hn::Abs(v), limit)), inside, outside);
}

template <class V>
HWY_INLINE auto truncate_wide(V v) {
  const hn::DFromV<V> df;
  const hn::RebindToSigned<decltype(df)> di;
  return hn::IfThenElse(hn::RebindMask(di, hn::Ge(v, hn::Set(df, 2147483648.0f))),
                        hn::Set(di, detail::largest<std::int32_t>), hn::ConvertTo(di, v));
}

// n + 1 where the mask of floats is set.
template <class VI, class M>
HWY_INLINE VI increment_if(M mask, VI n) {
  const hn::DFromV<VI> di;
  return hn::Sub(n, hn::VecFromMask(di, hn::RebindMask(di, mask)));
}

template <class VI, class M>
HWY_INLINE VI decrement_if(M mask, VI n) {
  const hn::DFromV<VI> di;
  return hn::Add(n, hn::VecFromMask(di, hn::RebindMask(di, mask)));
}

// As the functions of the same names in reference.hpp; |v| <= 2^31. All differences are exact.
template <rounding How, class V, class VI>
HWY_INLINE VI round_vector(V v, VI r) {
  const hn::DFromV<V> df;
  if constexpr (How == rounding::nearest_even) {
    return nearest_int_wide(v);
  } else if constexpr (How == rounding::stochastic) {
    // floor((65536 v + r) / 65536), split at the nearest integer so that nothing overflows.
    const VI n = nearest_int_wide(v);
    const V rest = hn::Sub(v, hn::ConvertTo(df, n));
    const VI steps = nearest_int(rounded(hn::Mul(rest, hn::Set(df, 65536.0f))));
    return hn::Add(n, hn::ShiftRight<16>(hn::Add(steps, r)));
  } else {
    const VI n = truncate_wide(v);
    if constexpr (How == rounding::toward_zero) return n;
    const V rest = hn::Sub(v, hn::ConvertTo(df, n));  // the sign of v
    const V zero = hn::Zero(df), middle = hn::Set(df, 0.5f);
    if constexpr (How == rounding::floor) return decrement_if(hn::Lt(rest, zero), n);
    if constexpr (How == rounding::half_away) {
      return decrement_if(hn::Le(rest, hn::Neg(middle)), increment_if(hn::Ge(rest, middle), n));
    }
    // half_up: away from zero only beyond the middle on the negative side.
    return decrement_if(hn::Lt(rest, hn::Neg(middle)), increment_if(hn::Ge(rest, middle), n));
  }
}

// What is the same for all elements of a job.
struct general_rules {
  bool reciprocal;  // the buffer of divisors holds reciprocals
  bool before;      // the zero point is added before rounding
  nan_rule nan;
  std::int32_t min, max;  // codes in use
  float lower, upper;     // bounds of the rounded number, less the zero point unless `before`

  explicit general_rules(const quantize_job& job)
      : reciprocal(job.rules.quotient == quotient_rule::reciprocal),
        before(job.rules.zero_point == zero_point_rule::before_rounding),
        nan(job.rules.nan),
        min(job.codes.min),
        max(job.codes.max),
        // One code beyond what is in use, so that it shows what was clipped. int32 is not clipped here.
        lower(job.format == code_range{} ? -2147483648.0f : static_cast<float>(min - 1)),
        upper(job.format == code_range{} ? 2147483648.0f : static_cast<float>(max + 1)) {}
};

// One chunk: codes[i] of x[i], in whole vectors; counts of the first `length`.
template <rounding How>
HWY_NOINLINE static void quantize_chunk(const general_rules& rules, const float* HWY_RESTRICT x,
                                        const float* HWY_RESTRICT divisors,
                                        const std::int32_t* HWY_RESTRICT zero_points,
                                        const std::int32_t* HWY_RESTRICT random, std::size_t length,
                                        std::int32_t* HWY_RESTRICT codes, clip_counts* counts) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const std::size_t N = hn::Lanes(df);
  const auto min = hn::Set(di, rules.min), max = hn::Set(di, rules.max);
  const auto lower = hn::Set(df, rules.lower), upper = hn::Set(df, rules.upper);
  for (std::size_t i = 0; i < length; i += N) {
    const auto v = hn::LoadU(df, x + i);
    const auto divisor = hn::LoadU(df, divisors + i);
    const auto z = hn::LoadU(di, zero_points + i);
    const auto zf = hn::ConvertTo(df, z);
    auto t = rules.reciprocal ? rounded(hn::Mul(v, divisor)) : hn::Div(v, divisor);
    if (rules.before) t = hn::Add(t, zf);
    const auto is_nan = hn::IsNaN(t);
    const auto offset = rules.before ? hn::Zero(df) : zf;
    auto clamped = max_or_bound(t, hn::Sub(lower, offset));
    clamped = hn::Min(clamped, hn::Sub(upper, offset));
    auto n = round_vector<How>(
        clamped, How == rounding::stochastic ? hn::LoadU(di, random + i) : hn::Zero(di));
    if (!rules.before) n = hn::Add(n, z);
    if (HWY_UNLIKELY(counts != nullptr)) {
      const auto used = hn::And(hn::FirstN(df, length - i), hn::Not(is_nan));
      const auto below =
          hn::Or(hn::RebindMask(df, hn::Lt(n, min)), hn::Lt(t, hn::Set(df, -2147483648.0f)));
      const auto above =
          hn::Or(hn::RebindMask(df, hn::Gt(n, max)), hn::Ge(t, hn::Set(df, 2147483648.0f)));
      counts->low += hn::CountTrue(df, hn::And(used, below));
      counts->high += hn::CountTrue(df, hn::And(used, above));
      const auto present = hn::FirstN(df, length - i);
      counts->nan += hn::CountTrue(df, hn::And(present, hn::IsNaN(v)));
      counts->infinite += hn::CountTrue(df, hn::And(present, hn::IsInf(v)));
    }
    n = hn::Min(hn::Max(n, min), max);
    if (HWY_UNLIKELY(!hn::AllFalse(df, is_nan))) {
      const auto answer = rules.nan == nan_rule::lowest    ? min
                          : rules.nan == nan_rule::highest ? max
                                                           : hn::Min(hn::Max(z, min), max);
      n = hn::IfThenElse(hn::RebindMask(di, is_nan), answer, n);
    }
    hn::StoreU(n, di, codes + i);
  }
}

using quantize_chunk_function = decltype(&quantize_chunk<rounding::nearest_even>);

HWY_INLINE quantize_chunk_function choose_quantize_chunk(rounding how) {
  switch (how) {
    case rounding::half_away: return &quantize_chunk<rounding::half_away>;
    case rounding::half_up: return &quantize_chunk<rounding::half_up>;
    case rounding::toward_zero: return &quantize_chunk<rounding::toward_zero>;
    case rounding::floor: return &quantize_chunk<rounding::floor>;
    case rounding::stochastic: return &quantize_chunk<rounding::stochastic>;
    default: return &quantize_chunk<rounding::nearest_even>;
  }
}

// Chunk by chunk: codes, or what they stand for. A chunk of the output is written after the chunk of the
// input has been read: fake-quantized numbers may take the place of the real ones.
HWY_NOINLINE HWY_MAYBE_UNUSED static void quantize_chunks(const quantize_job& job, bool fake) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const std::size_t N = hn::Lanes(df);
  const general_rules rules(job);
  const quantize_chunk_function quantize_one = choose_quantize_chunk(job.rules.round);
  chunk_buffer<float> reals, scales, divisors;
  chunk_buffer<std::int32_t> zero_points, random, codes;
  std::memset(zero_points.data, 0, sizeof(zero_points.data));
  const bool one_parameter = job.layout.count() == 1;
  clip_counts counts;
  clip_counts* const counted = job.counts != nullptr ? &counts : nullptr;
  for (std::size_t first = 0; first < job.n; first += chunk_size) {
    const std::size_t length = job.n - first < chunk_size ? job.n - first : chunk_size;
    if (first == 0 || !one_parameter) {
      // What is expanded once serves the last chunk, which is not longer, too.
      expand(job.layout, job.scales, first, length, scales);
      if (job.zero_points != nullptr) {
        expand(job.layout, job.zero_points, first, length, zero_points);
      }
      for (std::size_t i = 0; rules.reciprocal && i < length; i += N) {
        hn::StoreU(hn::Div(hn::Set(df, 1.0f), hn::LoadU(df, scales.data + i)), df,
                   divisors.data + i);
      }
    }
    const float* const x = load_reals(job.from, job.in, first, length, reals);
    const float* const divisor = rules.reciprocal ? divisors.data : scales.data;
    const std::int32_t* const r = job.rules.round == rounding::stochastic
                                      ? random_chunk(job.random, first, length, random)
                                      : nullptr;
    quantize_one(rules, x, divisor, zero_points.data, r, length, codes.data, counted);
    if (!fake) {
      store_codes(job.to, codes.data, first, length, job.out);
      continue;
    }
    for (std::size_t i = 0; i < length; i += N) {  // scale * float(q - z)
      const auto steps =
          hn::Sub(hn::LoadU(di, codes.data + i), hn::LoadU(di, zero_points.data + i));
      hn::StoreU(hn::Mul(hn::ConvertTo(df, steps), hn::LoadU(df, scales.data + i)), df,
                 reals.data + i);
    }
    store_reals(job.fake_to, reals.data, first, length, job.out);
  }
  if (job.counts != nullptr) *job.counts += counts;
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void fake_quantize(const quantize_job& job) {
  quantize_chunks(job, true);
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
