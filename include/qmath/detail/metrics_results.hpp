// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// What metrics.hpp computes from sums and counts: the second half of metrics_impl.hpp.
#ifndef QMATH_DETAIL_METRICS_RESULTS_HPP_
#define QMATH_DETAIL_METRICS_RESULTS_HPP_

#include "qmath/detail/heap_sort.hpp"
#include "qmath/detail/metrics_impl.hpp"

QMATH_BEGIN_NAMESPACE
namespace impl {

// ---- Errors ---------------------------------------------------------------------------------------

using detail::product_limbs;

/// E, in units of 2^-298: the sum of (b - a)^2.
QMATH_INLINE void squared_error(const error_sums& s, std::uint64_t* e) noexcept {
  for (int i = 0; i < product_limbs; ++i) e[i] = s.aa.limb[i];
  add_limbs(e, s.bb.limb, product_limbs);
  add_limbs(e, s.ab.limb, product_limbs, true);
  add_limbs(e, s.ab.limb, product_limbs, true);
}

QMATH_INLINE double product_to_double(const std::uint64_t* x) noexcept {
  return nearest_double(x, product_limbs, detail::product_unit);
}

/// 10 log10(signal / noise); noise > 0.
QMATH_INLINE double decibels(double signal, double noise) noexcept {
  if (signal == 0.0) return -infinite_double;
  return logarithm(stored(signal / noise), decibel);
}

inline double metric_of(const error_sums& s, detail::error_metric which) noexcept {
  if (s.count == 0) return not_a_number;
  const double n = to_double(s.count);
  std::uint64_t e[product_limbs], c[product_limbs], ab[2 * product_limbs], cc[2 * product_limbs];
  for (int i = 0; i < product_limbs; ++i) c[i] = s.ab.limb[i];
  const bool opposite = make_positive(c, product_limbs);
  const bool a_is_zero = is_zero(s.aa.limb, product_limbs),
             b_is_zero = is_zero(s.bb.limb, product_limbs);
  constexpr int squared_unit = 2 * detail::product_unit;
  switch (which) {
    case detail::error_metric::mse: squared_error(s, e); return stored(product_to_double(e) / n);
    case detail::error_metric::sqnr_db:
      squared_error(s, e);
      if (is_zero(e, product_limbs)) return infinite_double;
      return decibels(product_to_double(s.aa.limb), product_to_double(e));
    case detail::error_metric::scale_invariant_sqnr_db:
      if (a_is_zero && b_is_zero) return infinite_double;
      if (is_zero(c, product_limbs)) return -infinite_double;
      multiply_limbs(s.aa.limb, s.bb.limb, product_limbs, ab);
      multiply_limbs(c, c, product_limbs, cc);
      add_limbs(ab, cc, 2 * product_limbs, true);
      if (is_zero(ab, 2 * product_limbs)) return infinite_double;
      return decibels(nearest_double(cc, 2 * product_limbs, squared_unit),
                      nearest_double(ab, 2 * product_limbs, squared_unit));
    case detail::error_metric::cosine_similarity: {
      if (a_is_zero && b_is_zero) return 1.0;
      if (a_is_zero || b_is_zero) return 0.0;
      multiply_limbs(s.aa.limb, s.bb.limb, product_limbs, ab);
      const double lengths = square_root(nearest_double(ab, 2 * product_limbs, squared_unit));
      const double cosine = stored(product_to_double(c) / lengths);
      const double inside = cosine > 1.0 ? 1.0 : cosine;
      return opposite ? -inside : inside;
    }
    case detail::error_metric::mean_error: {
      detail::linear_sum d = s.b;
      add_limbs(d.limb, s.a.limb, detail::linear_limbs, true);
      const bool negative = make_positive(d.limb, detail::linear_limbs);
      const double sum = nearest_double(d.limb, detail::linear_limbs, detail::linear_unit);
      return stored((negative ? -sum : sum) / n);
    }
  }
  return not_a_number;
}

// ---- Classes --------------------------------------------------------------------------------------

QMATH_INLINE float real_at(const detail::logits& x, std::size_t i) noexcept {
  return with_reals(x.data, x.type, [i](const auto* from) { return float_from(from[i]); });
}

/// cols if there is no number in the row.
QMATH_INLINE std::size_t class_of(const detail::logits& x, std::size_t row,
                                  std::size_t cols) noexcept {
  std::size_t best = cols;
  std::int32_t most = 0;
  for (std::size_t i = 0; i < cols; ++i) {
    const float v = real_at(x, row * x.stride + i);
    if (detail::is_nan(v)) continue;
    const std::int32_t own = detail::ordered_bits(v);
    if (best == cols || own > most) best = i, most = own;
  }
  return best;
}

inline double delta_of(const top1_counts& c) noexcept {
  if (c.rows == 0) return not_a_number;
  const bool less = c.measured_correct < c.reference_correct;
  const double delta = fraction(
      less ? c.reference_correct - c.measured_correct : c.measured_correct - c.reference_correct,
      c.rows);
  return less ? -delta : delta;
}

}  // namespace impl
QMATH_END_NAMESPACE

QMATH_BEGIN_LIBRARY
namespace library {

QMATH_LIBRARY double error_metric(const error_sums& s, detail::error_metric which) noexcept {
  return impl::in_default_environment(&impl::metric_of, s, which);
}

QMATH_LIBRARY void rank_by_damage(layer_error* layers, std::size_t n, std::size_t* order) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    layers[i].sqnr_db = error_metric(*layers[i].errors, detail::error_metric::sqnr_db);
    order[i] = i;
  }
  impl::heap_sort(
      n,
      [&](std::size_t i, std::size_t k) {
        return impl::ascends(layers[order[i]].sqnr_db, layers[order[k]].sqnr_db, order[i],
                             order[k]);
      },
      [&](std::size_t i, std::size_t k) { impl::exchange_elements(order, i, k); });
}

QMATH_LIBRARY void add_top1(const detail::logits& a, const detail::logits& b, std::size_t rows,
                            std::size_t cols, const std::int32_t* labels, std::size_t labels_size,
                            const selection& which, top1_counts& counts) noexcept {
  constexpr std::size_t block = 256;
  unsigned char buffer[block];
  const unsigned char* used = nullptr;
  const detail::selected_elements selected = impl::selected_of(which, rows);
  const bool all = selected.all;
  for (std::size_t r = 0; r < rows; ++r) {
    if (!all && r % block == 0) {
      used = impl::selected_bytes(selected, r, impl::smaller(rows - r, block), buffer);
    }
    if (!all && used[r % block] == 0) continue;
    const std::size_t x = impl::class_of(a, r, cols), y = impl::class_of(b, r, cols);
    ++counts.rows;
    if (x != cols && x == y) ++counts.agree;
    if (labels_size == 0 || labels[r] < 0) continue;
    const auto label = static_cast<std::size_t>(labels[r]);
    if (label >= cols) continue;
    if (x == label) ++counts.reference_correct;
    if (y == label) ++counts.measured_correct;
  }
}

QMATH_LIBRARY double accuracy_delta(const top1_counts& c) noexcept {
  return impl::in_default_environment(&impl::delta_of, c);
}

}  // namespace library
QMATH_END_LIBRARY

#endif  // QMATH_DETAIL_METRICS_RESULTS_HPP_
