// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What GEMM does with a tile of int32 sums while it is in the nearest cache: zero points that the sums do not
// contain yet, then one of the outputs (epilogue.hpp has their formulas).
// Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// What a task has of each of its columns.
struct gemm_columns {
  HWY_ALIGN std::int32_t initial[gemm_task_columns];  // what the sums start with
  // Where zero points are per row, or B has some: sums of B less its zero point, and that, as stored.
  HWY_ALIGN std::int32_t b_sums[gemm_task_columns];
  HWY_ALIGN std::int32_t b_zero_points[gemm_task_columns];
};

// Rows x columns of sums, the first one is C(row, column).
struct gemm_sums {
  std::int32_t* sums;
  std::size_t stride;
  std::size_t row, rows;
  std::size_t column, columns;
  std::size_t in_task;  // the number of the first column in the task: index of gemm_columns
};

// f(row, c, n) for vectors of sums: row of the tile, first column, columns in use.
template <class F>
HWY_INLINE void for_each_vector(const gemm_sums& t, const F& f) {
  const std::size_t N = hn::Lanes(gemm_tag()), whole = t.columns / N * N;
  for (std::size_t r = 0; r < t.rows; ++r) {
    for (std::size_t c = 0; c < whole; c += N) f(r, c, N);
    if (whole != t.columns) f(r, whole, t.columns - whole);
  }
}

template <class T>
HWY_INLINE T* first_of_c(const gemm_problem& p, const gemm_sums& t) {
  return static_cast<T*>(p.c) + t.row * p.c_stride + t.column;
}

// n lanes, of which a whole vector is the usual case.
template <class D>
HWY_INLINE hn::Vec<D> load_part(D d, const hn::TFromD<D>* from, std::size_t n) {
  return HWY_LIKELY(n == hn::Lanes(d)) ? hn::LoadU(d, from) : hn::LoadN(d, from, n);
}
template <class D, class V>
HWY_INLINE void store_part(D d, V v, std::size_t n, hn::TFromD<D>* to) {
  HWY_LIKELY(n == hn::Lanes(d)) ? hn::StoreU(v, d, to) : hn::StoreN(v, d, to, n);
}

// A number for each column from c on, or one for all (step 0).
template <class D>
HWY_INLINE hn::Vec<D> load_of_columns(D d, const hn::TFromD<D>* values, std::size_t step,
                                      std::size_t c, std::size_t n) {
  return step == 0 ? hn::Set(d, values[0]) : load_part(d, values + c, n);
}

// sums -= za[row] * b_sums + row sum of A * zb
HWY_NOINLINE HWY_MAYBE_UNUSED static void subtract_zero_points(const gemm_sums& t,
                                                               const gemm_columns& columns,
                                                               const std::int32_t* a_zero_points,
                                                               std::int32_t a_offset,
                                                               const std::int32_t* row_sums) {
  const gemm_tag d;
  for_each_vector(t, [&](std::size_t r, std::size_t c, std::size_t) HWY_ATTR {
    std::int32_t* const sums = t.sums + r * t.stride + c;
    auto v = hn::LoadU(d, sums);
    if (a_zero_points != nullptr) {
      const auto z = hn::Set(d, a_zero_points[t.row + r] + a_offset);
      v = hn::Sub(v, hn::Mul(z, hn::LoadU(d, columns.b_sums + t.in_task + c)));
    }
    if (row_sums != nullptr) {
      const auto sum = hn::Set(d, row_sums[r]);
      v = hn::Sub(v, hn::Mul(sum, hn::LoadU(d, columns.b_zero_points + t.in_task + c)));
    }
    hn::StoreU(v, d, sums);
  });
}

// c = acc + bias, or c + acc + bias
HWY_NOINLINE HWY_MAYBE_UNUSED static void finish_s32(const gemm_problem& p, const gemm_sums& t) {
  const gemm_tag d;
  std::int32_t* const out = first_of_c<std::int32_t>(p, t);
  const std::int32_t* const bias = p.epilogue.bias_s32;
  const bool accumulate = p.epilogue.accumulate;
  if (bias == nullptr && !accumulate) {
    return for_each_vector(t, [&](std::size_t r, std::size_t c, std::size_t n) HWY_ATTR {
      store_part(d, hn::LoadU(d, t.sums + r * t.stride + c), n, out + r * p.c_stride + c);
    });
  }
  for_each_vector(t, [&](std::size_t r, std::size_t c, std::size_t n) HWY_ATTR {
    auto v = hn::LoadU(d, t.sums + r * t.stride + c);
    if (bias != nullptr) v = hn::Add(v, load_part(d, bias + t.column + c, n));
    if (accumulate) v = hn::Add(v, load_part(d, out + r * p.c_stride + c, n));
    store_part(d, v, n, out + r * p.c_stride + c);
  });
}

template <class V>
HWY_INLINE void store_real(V v, std::size_t n, float* out) {
  store_part(hn::DFromV<V>(), v, n, out);
}
template <class V>
HWY_INLINE void store_real(V v, std::size_t n, half* out) {
  const hn::Rebind<std::uint16_t, hn::RebindToFloat<gemm_tag>> d16;
  store_part(d16, half_bits(d16, v), n, reinterpret_cast<std::uint16_t*>(out));
}
template <class V>
HWY_INLINE void store_real(V v, std::size_t n, bfloat16* out) {
  const hn::RebindToUnsigned<gemm_tag> du32;
  const hn::Rebind<std::uint16_t, gemm_tag> d16;
  const auto nan = hn::Or(hn::BitCast(du32, v), hn::Set(du32, 0x400000));  // the quiet one
  const auto bits = hn::IfThenElse(hn::RebindMask(du32, hn::IsNaN(v)), nan, rounded_to_bfloat16(v));
  store_part(d16, hn::DemoteTo(d16, hn::ShiftRight<16>(bits)), n,
             reinterpret_cast<std::uint16_t*>(out));
}

// y = clamp(fl(fl(fl(float(acc) * s) + bias) + c)), s = fl(row scale * column scale)
template <class T>
HWY_NOINLINE HWY_MAYBE_UNUSED static void finish_real(const gemm_problem& p, const gemm_sums& t) {
  const gemm_tag di;
  const hn::RebindToFloat<gemm_tag> df;
  const gemm_epilogue e = p.epilogue;  // a copy, that no store can change
  const auto lower = hn::Set(df, e.lower), upper = hn::Set(df, e.upper);
  T* const first = first_of_c<T>(p, t);
  for_each_vector(t, [&](std::size_t r, std::size_t c, std::size_t n) HWY_ATTR {
    T* const out = first + r * p.c_stride + c;
    const std::size_t column = t.column + c;
    const auto row_scale = hn::Set(df, e.row_scales ? e.row_scales[t.row + r] : e.row_scale);
    const auto s = hn::Mul(row_scale, load_of_columns(df, e.scales, e.scale_step, column, n));
    const auto acc = hn::ConvertTo(df, hn::LoadU(di, t.sums + r * t.stride + c));
    auto y = rounded(hn::Mul(acc, s));
    if (e.bias_f32) y = hn::Add(y, load_part(df, e.bias_f32 + column, n));
    if (e.accumulate) {
      const bool all = n == hn::Lanes(df);
      y = hn::Add(y, HWY_LIKELY(all) ? load_lanes(df, out) : load_lanes(df, out, n));
    }
    if (e.clamps) {  // NaN stays
      y = hn::IfThenElse(hn::Lt(y, lower), lower, y);
      y = hn::IfThenElse(hn::Gt(y, upper), upper, y);
    }
    store_real(y, n, out);
  });
}

enum class gemm_multiply { real, single_rounding, double_rounding };

// Codes of a tile: clamp(y, min - z, max - z) + z, y = the rounded product of acc + bias and the multiplier.
template <gemm_multiply How>
HWY_INLINE gemm_vector quantized_sum(const gemm_epilogue& e, const gemm_sums& t, std::size_t r,
                                     std::size_t c, std::size_t n) {
  const gemm_tag di;
  const hn::RebindToFloat<gemm_tag> df;
  const auto lo = hn::Set(di, e.min - e.zero_point), hi = hn::Set(di, e.max - e.zero_point);
  const auto z = hn::Set(di, e.zero_point);
  const std::size_t column = t.column + c;
  auto acc = hn::LoadU(di, t.sums + r * t.stride + c);
  if (e.bias_s32) acc = hn::Add(acc, load_part(di, e.bias_s32 + column, n));
  if constexpr (How == gemm_multiply::real) {
    auto m = load_of_columns(df, e.scales, e.scale_step, column, n);
    if (e.row_scales) {
      m = hn::Min(rounded(hn::Mul(hn::Set(df, e.row_scales[t.row + r]), m)),
                  hn::Set(df, detail::largest<float>));
    }
    return hn::Add(requantize_vector(df, acc, m, hn::ConvertTo(df, lo), hn::ConvertTo(df, hi)), z);
  } else {
    // A multiplier is two integers, the factor and the shift.
    const std::int32_t* pairs = &e.fixed_multipliers[column * e.fixed_step].multiplier;
    auto m = hn::Set(di, pairs[0]), s = hn::Set(di, pairs[1]);
    HWY_ALIGN std::int32_t part[2 * panel_columns];
    if (e.fixed_step != 0 && n != hn::Lanes(di)) {
      std::memset(part, 0, sizeof(part));
      std::memcpy(part, pairs, n * sizeof(fixed_point_multiplier));
      pairs = part;
    }
    if (e.fixed_step != 0) hn::LoadInterleaved2(di, pairs, m, s);
    const auto y = How == gemm_multiply::single_rounding
                       ? multiply_single_rounding(di, acc, m, s)
                       : multiply_double_rounding<true>(di, acc, m, s);
    return hn::Add(hn::Min(hn::Max(y, lo), hi), z);
  }
}

// The sums become codes in place: the products in fixed point are long, and not written once for every type.
template <gemm_multiply How>
HWY_NOINLINE HWY_MAYBE_UNUSED static void make_codes(const gemm_epilogue& e, const gemm_sums& t) {
  for_each_vector(t, [&](std::size_t r, std::size_t c, std::size_t n) HWY_ATTR {
    hn::StoreU(quantized_sum<How>(e, t, r, c, n), gemm_tag(), t.sums + r * t.stride + c);
  });
}

// code(r, c, n) as Q.
template <class Q, class F>
HWY_INLINE void store_codes(const gemm_problem& p, const gemm_sums& t, const F& code) {
  const hn::Rebind<std::int16_t, gemm_tag> d16;
  const hn::Rebind<Q, gemm_tag> dq;
  const std::size_t N = hn::Lanes(gemm_tag());
  Q* const out = first_of_c<Q>(p, t);
  if constexpr (sizeof(Q) == 1) {
    if (t.columns % (2 * N) == 0) {  // narrowed two at a time
      const hn::Repartition<std::int16_t, gemm_tag> both16;
      const hn::Rebind<Q, decltype(both16)> both8;
      for (std::size_t r = 0; r < t.rows; ++r) {
        for (std::size_t c = 0; c < t.columns; c += 2 * N) {
          const auto both = hn::OrderedDemote2To(both16, code(r, c, N), code(r, c + N, N));
          hn::StoreU(hn::DemoteTo(both8, both), both8, out + r * p.c_stride + c);
        }
      }
      return;
    }
  }
  for_each_vector(t, [&](std::size_t r, std::size_t c, std::size_t n) HWY_ATTR {
    const auto narrow = hn::DemoteTo(d16, code(r, c, n));
    if constexpr (sizeof(Q) == 2) {
      store_part(dq, narrow, n, out + r * p.c_stride + c);
    } else {
      store_part(dq, hn::DemoteTo(dq, narrow), n, out + r * p.c_stride + c);
    }
  });
}

template <class Q>
HWY_NOINLINE HWY_MAYBE_UNUSED static void finish_codes(const gemm_problem& p, const gemm_sums& t) {
  const gemm_epilogue e = p.epilogue;  // a copy, that no store can change
  if (e.fixed_multipliers == nullptr) {
    return store_codes<Q>(p, t, [&](std::size_t r, std::size_t c, std::size_t n) HWY_ATTR {
      return quantized_sum<gemm_multiply::real>(e, t, r, c, n);
    });
  }
  e.rule == fixed_point_rule::double_rounding ? make_codes<gemm_multiply::double_rounding>(e, t)
                                              : make_codes<gemm_multiply::single_rounding>(e, t);
  store_codes<Q>(p, t, [&](std::size_t r, std::size_t c, std::size_t) HWY_ATTR {
    return hn::LoadU(gemm_tag(), t.sums + r * t.stride + c);
  });
}

HWY_NOINLINE HWY_MAYBE_UNUSED static void finish_function(const gemm_problem& p,
                                                          const gemm_sums& t) {
  for (std::size_t r = 0; r < t.rows; ++r) {
    p.epilogue.function(p.epilogue.object, t.row + r, t.column, t.sums + r * t.stride, t.columns);
  }
}

using gemm_finish = decltype(&finish_s32);

HWY_INLINE gemm_finish choose_finish(gemm_output output) {
  switch (output) {
    case gemm_output::s32: return &finish_s32;
    case gemm_output::f32: return &finish_real<float>;
    case gemm_output::f16: return &finish_real<half>;
    case gemm_output::bf16: return &finish_real<bfloat16>;
    case gemm_output::s8: return &finish_codes<std::int8_t>;
    case gemm_output::u8: return &finish_codes<std::uint8_t>;
    case gemm_output::s16: return &finish_codes<std::int16_t>;
    default: return &finish_function;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
