// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What GEMM does with a tile of int32 sums while it is in the nearest cache: what they start with, where rows differ,
// and one of the outputs (epilogue.hpp has their formulas).
// Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// What a task has of each of its columns.
struct gemm_columns {
  HWY_ALIGN std::int32_t initial[gemm_task_columns];  // what the sums start with, bias included
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

// f(r, sums, to) for each row: its sums from column c on, and where that column goes. Columns are the outer loop: what
// they share stays in registers, which it would not behind stores of bytes, which may be to any object.
template <class T, class F>
HWY_INLINE void for_each_row(const gemm_sums& t, std::size_t c, T* to, std::size_t to_stride,
                             const F& f) {
  const std::int32_t* sums = t.sums + c;
  const std::size_t rows = t.rows, stride = t.stride;
  to += c;
  for (std::size_t r = 0; r < rows; ++r, sums += stride, to += to_stride) f(r, sums, to);
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

// row[r] * column[c], modulo 2^32, is taken off each sum.
HWY_INLINE void subtract_products(const gemm_sums& t, const std::int32_t* from,
                                  std::size_t from_stride, const std::int32_t* row,
                                  std::int32_t row_offset, const std::int32_t* column) {
  const gemm_tag d;
  const std::size_t N = hn::Lanes(d);
  for (std::size_t c = 0; c < t.columns; c += N) {
    const auto of_column = hn::LoadU(d, column + c);
    const std::int32_t* start = from + c;
    for_each_row(t, c, t.sums, t.stride,
                 [&](std::size_t r, const std::int32_t*, std::int32_t* to) HWY_ATTR {
                   const auto product = hn::Mul(hn::Set(d, row[r] + row_offset), of_column);
                   hn::StoreU(hn::Sub(hn::LoadU(d, start), product), d, to);
                   start += from_stride;
                 });
  }
}

// What the sums of a tile start with, where that is different from row to row, in place of the sums:
//   initial[column] - za[row] * b_sums[column] - (row sum of A) * zb[column] + c[row][column]
// of which the arguments that are null leave a term out.
HWY_NOINLINE HWY_MAYBE_UNUSED static void start_rows(const gemm_sums& t,
                                                     const gemm_columns& columns,
                                                     const std::int32_t* a_zero_points,
                                                     std::int32_t a_offset,
                                                     const std::int32_t* row_sums,
                                                     const std::int32_t* c, std::size_t c_stride) {
  const gemm_tag d;
  const std::int32_t* from = columns.initial + t.in_task;
  std::size_t from_stride = 0;
  if (row_sums != nullptr) {
    subtract_products(t, from, from_stride, row_sums, 0, columns.b_zero_points + t.in_task);
    from = t.sums;
    from_stride = t.stride;
  }
  if (a_zero_points != nullptr) {
    subtract_products(t, from, from_stride, a_zero_points + t.row, a_offset,
                      columns.b_sums + t.in_task);
    from = t.sums;
    from_stride = t.stride;
  }
  if (c == nullptr) return;
  for (std::size_t column = 0; column < t.columns; column += hn::Lanes(d)) {
    const std::size_t n = HWY_MIN(hn::Lanes(d), t.columns - column);
    const std::int32_t* start = from + column;
    const std::int32_t* old = c + column;
    for_each_row(t, column, t.sums, t.stride,
                 [&](std::size_t, const std::int32_t*, std::int32_t* to) HWY_ATTR {
                   hn::StoreU(hn::Add(hn::LoadU(d, start), load_part(d, old, n)), d, to);
                   start += from_stride;
                   old += c_stride;
                 });
  }
}

// Columns that are no whole panel; the others are written by the tile itself.
HWY_NOINLINE HWY_MAYBE_UNUSED static void finish_s32(const gemm_problem& p, const gemm_sums& t) {
  const gemm_tag d;
  for (std::size_t c = 0; c < t.columns; c += hn::Lanes(d)) {
    const std::size_t n = HWY_MIN(hn::Lanes(d), t.columns - c);
    for_each_row(t, c, first_of_c<std::int32_t>(p, t), p.c_stride,
                 [&](std::size_t, const std::int32_t* sums, std::int32_t* to)
                     HWY_ATTR { store_part(d, hn::LoadU(d, sums), n, to); });
  }
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
  const std::size_t N = hn::Lanes(di);
  const auto lower = hn::Set(df, e.lower), upper = hn::Set(df, e.upper);
  for (std::size_t c = 0; c < t.columns; c += N) {
    const std::size_t n = HWY_MIN(N, t.columns - c), column = t.column + c;
    const auto scale = load_of_columns(df, e.scales, e.scale_step, column, n);
    const auto same = hn::Mul(hn::Set(df, e.row_scale), scale);
    const auto bias = e.bias_f32 ? load_part(df, e.bias_f32 + column, n) : hn::Zero(df);
    for_each_row(t, c, first_of_c<T>(p, t), p.c_stride,
                 [&](std::size_t r, const std::int32_t* sums, T* to) HWY_ATTR {
                   auto s = same;
                   if (e.row_scales) s = hn::Mul(hn::Set(df, e.row_scales[t.row + r]), scale);
                   auto y = rounded(hn::Mul(hn::ConvertTo(df, hn::LoadU(di, sums)), s));
                   if (e.bias_f32) y = hn::Add(y, bias);  // adding 0 would make 0 of -0
                   if (e.accumulate) {
                     y = hn::Add(y,
                                 HWY_LIKELY(n == N) ? load_lanes(df, to) : load_lanes(df, to, n));
                   }
                   if (e.clamps) {  // NaN stays
                     y = hn::IfThenElse(hn::Lt(y, lower), lower, y);
                     y = hn::IfThenElse(hn::Gt(y, upper), upper, y);
                   }
                   store_real(y, n, to);
                 });
  }
}

// Sums become codes in fixed point, in place: clamp(y, min - z, max - z) + z, y = the rounded product of acc, which has
// the bias, and the multiplier. These products are long, and not written once for every type.
template <fixed_point_rule Rule>
HWY_NOINLINE HWY_MAYBE_UNUSED static void make_codes(const gemm_epilogue& e, const gemm_sums& t) {
  const gemm_tag d;
  const std::size_t N = hn::Lanes(d);
  const auto lo = hn::Set(d, e.min - e.zero_point), hi = hn::Set(d, e.max - e.zero_point);
  const auto z = hn::Set(d, e.zero_point);
  for (std::size_t c = 0; c < t.columns; c += N) {
    // A multiplier is two integers, the factor and the shift.
    const std::int32_t* pairs = &e.fixed_multipliers[(t.column + c) * e.fixed_step].multiplier;
    auto m = hn::Set(d, pairs[0]), s = hn::Set(d, pairs[1]);
    HWY_ALIGN std::int32_t part[2 * panel_columns];
    if (e.fixed_step != 0 && t.columns - c < N) {
      std::memset(part, 0, sizeof(part));
      std::memcpy(part, pairs, (t.columns - c) * sizeof(fixed_point_multiplier));
      pairs = part;
    }
    if (e.fixed_step != 0) hn::LoadInterleaved2(d, pairs, m, s);
    for_each_row(t, c, t.sums, t.stride,
                 [&](std::size_t, const std::int32_t* sums, std::int32_t* to) HWY_ATTR {
                   const auto acc = hn::LoadU(d, sums);
                   const auto y = Rule == fixed_point_rule::single_rounding
                                      ? multiply_single_rounding(d, acc, m, s)
                                      : multiply_double_rounding<true>(d, acc, m, s);
                   hn::StoreU(hn::Add(hn::Min(hn::Max(y, lo), hi), z), d, to);
                 });
  }
}

// A multiplier of a row and one of a column: their product, finite.
template <class V>
HWY_INLINE V row_multiplier(const gemm_epilogue& e, std::size_t row, V of_column) {
  const hn::DFromV<V> df;
  const auto m = rounded(hn::Mul(hn::Set(df, e.row_scales[row]), of_column));
  return hn::Min(m, hn::Set(df, detail::largest<float>));
}

// Two vectors of columns as codes of 8 bits. With real multipliers narrowing saturates in two steps, with the zero
// point between them, which is at most 255: no bound is needed below it, but where the conversion to integers does.
template <class Q>
HWY_INLINE void finish_two(const gemm_problem& p, const gemm_epilogue& e, const gemm_sums& t,
                           std::size_t c) {
  const gemm_tag di;
  const hn::RebindToFloat<gemm_tag> df;
  const hn::Repartition<std::int16_t, gemm_tag> d16;
  const hn::Rebind<Q, decltype(d16)> dq;
  const std::size_t N = hn::Lanes(di);
  Q* const out = first_of_c<Q>(p, t);
  if (e.fixed_multipliers != nullptr) {
    return for_each_row(
        t, c, out, p.c_stride, [&](std::size_t, const std::int32_t* sums, Q* to) HWY_ATTR {
          const auto both = hn::OrderedDemote2To(d16, hn::LoadU(di, sums), hn::LoadU(di, sums + N));
          hn::StoreU(hn::DemoteTo(dq, both), dq, to);
        });
  }
  const auto lo = hn::Set(df, static_cast<float>(e.min - e.zero_point));
  const auto hi = hn::Set(df, static_cast<float>(e.max - e.zero_point));
  const auto z = hn::Set(d16, static_cast<std::int16_t>(e.zero_point));
  const auto least = hn::Set(dq, static_cast<Q>(e.min));
  const auto m0 = load_of_columns(df, e.scales, e.scale_step, t.column + c, N);
  const auto m1 = load_of_columns(df, e.scales, e.scale_step, t.column + c + N, N);
  const auto product = [&](const std::int32_t* sums, auto m) HWY_ATTR {
    return requantize_to_narrow(df, hn::LoadU(di, sums), m, lo, hi);
  };
  for_each_row(t, c, out, p.c_stride, [&](std::size_t r, const std::int32_t* sums, Q* to) HWY_ATTR {
    auto first = m0, second = m1;
    if (e.row_scales) {
      first = row_multiplier(e, t.row + r, first);
      second = row_multiplier(e, t.row + r, second);
    }
    const auto both = hn::OrderedDemote2To(d16, product(sums, first), product(sums + N, second));
    const auto codes = hn::DemoteTo(dq, hn::SaturatedAdd(both, z));
    hn::StoreU(hn::Max(codes, least), dq, to);
  });
}

template <class Q>
HWY_NOINLINE HWY_MAYBE_UNUSED static void finish_codes(const gemm_problem& p, const gemm_sums& t) {
  const gemm_tag di;
  const hn::RebindToFloat<gemm_tag> df;
  const hn::Rebind<std::int16_t, gemm_tag> d16;
  const hn::Rebind<Q, gemm_tag> dq;
  const std::size_t N = hn::Lanes(di);
  const gemm_epilogue e = p.epilogue;  // a copy, that no store can change
  if (e.fixed_multipliers != nullptr) {
    e.rule == fixed_point_rule::double_rounding
        ? make_codes<fixed_point_rule::double_rounding>(e, t)
        : make_codes<fixed_point_rule::single_rounding>(e, t);
  }
  std::size_t c = 0;
  if constexpr (sizeof(Q) == 1) {
    for (; c + 2 * N <= t.columns; c += 2 * N) finish_two<Q>(p, e, t, c);
  }
  const auto lo = hn::Set(df, static_cast<float>(e.min - e.zero_point));
  const auto hi = hn::Set(df, static_cast<float>(e.max - e.zero_point));
  const auto z = hn::Set(di, e.zero_point);
  for (; c < t.columns; c += N) {
    const std::size_t n = HWY_MIN(N, t.columns - c);
    auto of_column = hn::Zero(df);
    if (e.fixed_multipliers == nullptr) {
      of_column = load_of_columns(df, e.scales, e.scale_step, t.column + c, n);
    }
    for_each_row(t, c, first_of_c<Q>(p, t), p.c_stride,
                 [&](std::size_t r, const std::int32_t* sums, Q* to) HWY_ATTR {
                   auto code = hn::LoadU(di, sums);
                   if (e.fixed_multipliers == nullptr) {
                     auto m = of_column;
                     if (e.row_scales) m = row_multiplier(e, t.row + r, m);
                     code = hn::Add(requantize_vector(df, code, m, lo, hi), z);
                   }
                   const auto narrow = hn::DemoteTo(d16, code);
                   if constexpr (sizeof(Q) == 2) {
                     store_part(dq, narrow, n, to);
                   } else {
                     store_part(dq, hn::DemoteTo(dq, narrow), n, to);
                   }
                 });
  }
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
