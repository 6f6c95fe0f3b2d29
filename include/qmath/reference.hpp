// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
/// @file
/// The definition of every operation: one obvious scalar loop each. NORMATIVE: every kernel on every CPU
/// target returns these bits. Slow by design; for tests, documentation and readers.
///
/// Float arithmetic is IEEE 754 binary32 with round to nearest even. rounded(x) marks where a result is
/// rounded to float, and forbids the compiler to contract it with what follows. Double arithmetic is exact
/// wherever it appears, unless x itself is a double.
/// Arguments are raw: preconditions are those of the public function of the same name, unchecked.
///
/// Not here, because they are their own definition, in scalar code that every target shares: conversions of half
/// and bfloat16 (formats/real.hpp), granularity::index, choose_params (schemes.hpp), multipliers of frameworks
/// (fixed_point.hpp), merge and absmax of a range (range.hpp), pack (pack.hpp). dynamic_quantize is min_max,
/// choose_params and quantize.
#ifndef QMATH_REFERENCE_HPP_
#define QMATH_REFERENCE_HPP_

#include <cstddef>
#include <cstdint>
#include <span>

#include "qmath/core/concepts.hpp"
#include "qmath/core/options.hpp"
#include "qmath/core/params.hpp"
#include "qmath/core/view.hpp"
#include "qmath/detail/bits.hpp"
#include "qmath/detail/limits.hpp"
#include "qmath/fixed_point.hpp"

QMATH_BEGIN_NAMESPACE
namespace reference {

// ---- One number --------------------------------------------------------------------------------

/// x as a number in memory: no wider register, no contraction.
template <class Real>
Real rounded(Real x) noexcept {
  volatile Real in_memory = x;
  return in_memory;
}

/// The codes in use: those of the format that `wanted` allows.
template <quantized_format F>
constexpr code_range codes_in_use(code_range wanted) noexcept {
  constexpr code_range all = full_range<F>();
  return {wanted.min > all.min ? wanted.min : all.min, wanted.max < all.max ? wanted.max : all.max};
}

/// lo for NaN.
inline double clamp(double x, double lo, double hi) noexcept {
  if (!(x >= lo)) return lo;
  return x > hi ? hi : x;
}

// ---- Rounding. |v| < 2^52, not NaN; all steps are exact ------------------------------------------

inline std::int64_t toward_zero(double v) noexcept { return static_cast<std::int64_t>(v); }

inline std::int64_t floor(double v) noexcept {
  const std::int64_t n = toward_zero(v);
  return static_cast<double>(n) > v ? n - 1 : n;
}

/// The integer toward zero, or the next one away from it: decided by the distance to the former.
inline std::int64_t nearest(double v, bool (*away_at_tie)(std::int64_t)) noexcept {
  const std::int64_t n = toward_zero(v);
  const double rest = v - static_cast<double>(n);
  const double distance = rest < 0.0 ? -rest : rest;
  const bool away = distance > 0.5 || (distance == 0.5 && away_at_tie(n));
  return !away ? n : rest < 0.0 ? n - 1 : n + 1;
}

inline std::int64_t nearest_even(double v) noexcept {
  return nearest(v, [](std::int64_t n) { return n % 2 != 0; });
}

inline std::int64_t half_away(double v) noexcept {
  return nearest(v, [](std::int64_t) { return true; });
}

inline std::int64_t half_up(double v) noexcept {
  const std::int64_t n = floor(v);
  return v - static_cast<double>(n) >= 0.5 ? n + 1 : n;
}

/// floor((nearest_even(65536 v) + r) / 65536), r in [0, 65535].
inline std::int64_t stochastic(double v, std::uint32_t r) noexcept {
  const std::int64_t sum = nearest_even(v * 65536.0) + static_cast<std::int64_t>(r);
  return floor(static_cast<double>(sum) / 65536.0);
}

inline std::int64_t round(double v, rounding how, std::uint32_t r) noexcept {
  switch (how) {
    case rounding::nearest_even: return nearest_even(v);
    case rounding::half_away: return half_away(v);
    case rounding::half_up: return half_up(v);
    case rounding::toward_zero: return toward_zero(v);
    case rounding::floor: return floor(v);
    case rounding::stochastic: return stochastic(v, r);
  }
  return 0;
}

// ---- Random numbers ----------------------------------------------------------------------------

/// The output function of SplitMix64: Steele, Lea, Flood, OOPSLA 2014, with Stafford's 13th constants.
inline std::uint64_t mix(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// Word k of SplitMix64 from the state `origin` on.
inline std::uint64_t random_word(std::uint64_t origin, std::uint64_t k) noexcept {
  return mix(origin + (k + 1) * 0x9E3779B97F4A7C15u);
}

/// The 16 random bits of element i.
inline std::uint32_t random_bits(const random_source& source, std::uint64_t i) noexcept {
  const std::uint64_t e = source.offset + i;
  const std::uint64_t p = e % 64;
  const std::uint64_t origin = mix(mix(source.seed) + source.stream);
  const std::uint64_t word = random_word(origin, 16 * (e / 64) + 8 * (p / 32) + p % 16 / 2);
  return static_cast<std::uint32_t>(word >> (32 * (p % 2) + 16 * (p / 16 % 2))) & 0xFFFFu;
}

// ---- Quantize, dequantize: one number ----------------------------------------------------------

/// The code of x, and what there is to count.
struct code_and_counts {
  std::int32_t code;
  clip_counts counts;
};

/// x is a float, or a double, for which the quotient is rounded to double.
template <class Real>
code_and_counts quantize_and_count(Real x, float scale, std::int32_t zero_point, code_range codes,
                                   const quantize_rules& rules, std::uint32_t r) noexcept {
  const Real s = scale;
  Real t =
      rules.quotient == quotient_rule::divide ? rounded(x / s) : rounded(x * rounded(Real{1} / s));
  const bool before = rules.zero_point == zero_point_rule::before_rounding;
  const std::int64_t z = zero_point;
  if (before) t = rounded(t + static_cast<Real>(zero_point));

  code_and_counts result = {0, {}};
  if (x != x) result.counts.nan = 1;
  if (x == x && x - x != x - x) result.counts.infinite = 1;
  if (t != t) {  // also 0 * infinity, for a scale whose reciprocal is infinite
    const std::int32_t inside = zero_point < codes.min   ? codes.min
                                : zero_point > codes.max ? codes.max
                                                         : zero_point;
    result.code = rules.nan == nan_rule::lowest    ? codes.min
                  : rules.nan == nan_rule::highest ? codes.max
                                                   : inside;
    return result;
  }
  // Rounded between one code less and one code more than there are: those are the clipped ones.
  const std::int64_t lo = before ? codes.min : codes.min - z;
  const std::int64_t hi = before ? codes.max : codes.max - z;
  const double inside = clamp(t, static_cast<double>(lo - 1), static_cast<double>(hi + 1));
  const std::int64_t n = round(inside, rules.round, r);
  result.counts.low = n < lo;
  result.counts.high = n > hi;
  const std::int64_t in_range = n < lo ? lo : n > hi ? hi : n;
  result.code = static_cast<std::int32_t>(before ? in_range : in_range + z);
  return result;
}

/// The code of x: a number of the format F, as std::int32_t.
template <quantized_format F, class Real>
std::int32_t quantize(Real x, float scale, std::int32_t zero_point,
                      const quantize_options& options = {}, std::uint32_t r = 0) noexcept {
  return quantize_and_count(x, scale, zero_point, codes_in_use<F>(options.codes), options.rules, r)
      .code;
}

inline float dequantize(std::int32_t q, float scale, std::int32_t zero_point) noexcept {
  return rounded(scale * static_cast<float>(q - zero_point));
}

// ---- Requantize: one number --------------------------------------------------------------------

/// clamp(y, min - z, max - z) + z
inline std::int32_t add_zero_point(std::int64_t y, std::int32_t zero_point,
                                   code_range codes) noexcept {
  const std::int64_t q = y + zero_point;
  return static_cast<std::int32_t>(q < codes.min ? codes.min : q > codes.max ? codes.max : q);
}

/// acc: the input less its zero point.
inline std::int32_t requantize(std::int32_t acc, float multiplier, std::int32_t zero_point,
                               code_range codes) noexcept {
  const float t = rounded(static_cast<float>(acc) * multiplier);
  const double inside =
      clamp(t, -0x1p32, 0x1p32);  // more than any code is away from any zero point
  return add_zero_point(nearest_even(inside), zero_point, codes);
}

inline std::int64_t saturate_s32(std::int64_t v) noexcept {
  constexpr std::int64_t lo = detail::lowest<std::int32_t>, hi = detail::largest<std::int32_t>;
  return v < lo ? lo : v > hi ? hi : v;
}

/// v / 2^shift: ties toward +infinity.
inline std::int64_t shift_half_up(std::int64_t v, std::int32_t shift) noexcept {
  return shift == 0 ? v : (v + (std::int64_t{1} << (shift - 1))) >> shift;
}

/// v / 2^shift: ties away from zero.
inline std::int64_t shift_half_away(std::int64_t v, std::int32_t shift) noexcept {
  return v < 0 ? -shift_half_up(-v, shift) : shift_half_up(v, shift);
}

inline std::int64_t multiply_fixed_point(std::int32_t acc, fixed_point_multiplier m,
                                         fixed_point_rule rule) noexcept {
  const std::int64_t factor = m.multiplier;
  if (rule == fixed_point_rule::single_rounding) return shift_half_up(acc * factor, m.shift);
  const std::int32_t exponent = 31 - m.shift;
  const std::int64_t shifted = saturate_s32(static_cast<std::int64_t>(acc) *
                                            (std::int64_t{1} << (exponent > 0 ? exponent : 0)));
  const std::int64_t high = saturate_s32(shift_half_up(shifted * factor, 31));
  return shift_half_away(high, exponent < 0 ? -exponent : 0);
}

inline std::int32_t requantize(std::int32_t acc, fixed_point_multiplier m, fixed_point_rule rule,
                               std::int32_t zero_point, code_range codes) noexcept {
  return add_zero_point(multiply_fixed_point(acc, m, rule), zero_point, codes);
}

// ---- Elements of arrays ------------------------------------------------------------------------

template <class Q>
std::int32_t load(std::span<const Q> q, std::size_t i) noexcept {
  return q[i];
}

template <class Q>
void store(std::span<Q> q, std::size_t i, std::int32_t code) noexcept {
  q[i] = static_cast<Q>(code);
}

/// Where in its byte element i of a packed array is, in bits from the low end.
template <packed_integer F, bit_order Order>
unsigned bit_of(std::size_t i) noexcept {
  constexpr std::size_t bits = detail::bits_of<F>, last = 8 / bits - 1;
  const std::size_t position = i % (8 / bits);
  return static_cast<unsigned>(bits * (Order == bit_order::first_low ? position : last - position));
}

template <packed_integer F, class Byte, bit_order Order>
std::int32_t load(packed_span<F, Byte, Order> q, std::size_t i) noexcept {
  constexpr std::size_t bits = detail::bits_of<F>;
  const int code = q.data[i / (8 / bits)] >> bit_of<F, Order>(i) & ((1 << bits) - 1);
  return code > full_range<F>().max ? code - (1 << bits) : code;
}

/// Byte by byte from the first element on: the first one of a byte clears the rest of it.
template <packed_integer F, bit_order Order>
void store(packed_span<F, std::uint8_t, Order> q, std::size_t i, std::int32_t code) noexcept {
  constexpr std::size_t bits = detail::bits_of<F>;
  const unsigned field = static_cast<unsigned>(code) & ((1u << bits) - 1u);
  std::uint8_t& byte = q.data[i / (8 / bits)];
  const unsigned before = i % (8 / bits) == 0 ? 0u : byte;
  byte = static_cast<std::uint8_t>(before | field << bit_of<F, Order>(i));
}

inline void store_real(float& to, float x) noexcept { to = x; }
inline void store_real(half& to, float x) noexcept { to = half_from(x); }
inline void store_real(bfloat16& to, float x) noexcept { to = bfloat16_from(x); }

inline std::int32_t zero_point_of(const channel_params& p, std::size_t channel) noexcept {
  return p.zero_points.empty() ? 0 : p.zero_points[channel];
}

/// The parameters of element i.
inline affine_params params_of(const affine_params& p, std::size_t) noexcept { return p; }
inline affine_params params_of(const channel_params& p, std::size_t i) noexcept {
  const std::size_t c = p.layout.index(i);
  return {p.scales[c], zero_point_of(p, c)};
}
inline float multiplier_of(const requantize_params& p, std::size_t) noexcept {
  return p.multiplier;
}
inline float multiplier_of(const channel_requantize_params& p, std::size_t i) noexcept {
  return p.multipliers[p.layout.index(i)];
}
inline fixed_point_multiplier multiplier_of(const fixed_point_params& p, std::size_t) noexcept {
  return p.multiplier;
}
inline fixed_point_multiplier multiplier_of(const channel_fixed_point_params& p,
                                            std::size_t i) noexcept {
  return p.multipliers[p.layout.index(i)];
}

// ---- Arrays. F is the format; Out and In are std::span or packed_span of it; Params are affine_params or
// channel_params, and their counterparts for requantize ---------------------------------------------

template <quantized_format F, real_number X, class Params, class Out>
void quantize(std::span<const X> x, const Params& p, Out q,
              const quantize_options& options = {}) noexcept {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const affine_params own = params_of(p, i);
    const bool random = options.rules.round == rounding::stochastic;
    const code_and_counts result = quantize_and_count(float_from(x[i]), own.scale, own.zero_point,
                                                      codes_in_use<F>(options.codes), options.rules,
                                                      random ? random_bits(options.random, i) : 0);
    store(q, i, result.code);
    if (options.counts != nullptr) *options.counts += result.counts;
  }
}

template <class In, class Params, real_number X>
void dequantize(In q, const Params& p, std::span<X> x) noexcept {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const affine_params own = params_of(p, i);
    store_real(x[i], dequantize(load(q, i), own.scale, own.zero_point));
  }
}

/// y[i] = dequantize(quantize(x[i]))
template <quantized_format F, real_number X, class Params, real_number Y>
void fake_quantize(std::span<const X> x, const Params& p, std::span<Y> y,
                   const quantize_options& options = {}) noexcept {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const affine_params own = params_of(p, i);
    const bool random = options.rules.round == rounding::stochastic;
    const code_and_counts result = quantize_and_count(float_from(x[i]), own.scale, own.zero_point,
                                                      codes_in_use<F>(options.codes), options.rules,
                                                      random ? random_bits(options.random, i) : 0);
    store_real(y[i], dequantize(result.code, own.scale, own.zero_point));
    if (options.counts != nullptr) *options.counts += result.counts;
  }
}

/// In: spans of std::int32_t, or of any quantized format.
template <quantized_format F, class In, class Out>
void requantize(In in, const requantize_params& p, Out q, code_range codes = {}) noexcept {
  for (std::size_t i = 0; i < q.size(); ++i) {
    store(q, i,
          requantize(load(in, i) - p.input_zero_point, multiplier_of(p, i), p.zero_point,
                     codes_in_use<F>(codes)));
  }
}

template <quantized_format F, class In, class Out>
void requantize(In in, const channel_requantize_params& p, Out q, code_range codes = {}) noexcept {
  for (std::size_t i = 0; i < q.size(); ++i) {
    store(q, i,
          requantize(load(in, i) - p.input_zero_point, multiplier_of(p, i), p.zero_point,
                     codes_in_use<F>(codes)));
  }
}

/// Params: fixed_point_params or channel_fixed_point_params.
template <quantized_format F, class In, class Params, class Out>
void requantize(In in, const Params& p, Out q, code_range codes = {}) noexcept {
  for (std::size_t i = 0; i < q.size(); ++i) {
    store(q, i,
          requantize(load(in, i) - p.input_zero_point, multiplier_of(p, i), p.rule, p.zero_point,
                     codes_in_use<F>(codes)));
  }
}

// ---- Ranges ------------------------------------------------------------------------------------

/// The range that also contains v; NaN is skipped. By its bits: compilers make one instruction of a comparison and
/// a choice, and some instructions return a signaling NaN.
inline value_range extended(value_range r, float v) noexcept {
  if (detail::is_nan(v)) return r;
  if (v < r.min) r.min = v;
  if (v > r.max) r.max = v;
  return r;
}

/// -0 becomes +0.
inline value_range without_negative_zero(value_range r) noexcept {
  return {rounded(r.min + 0.0f), rounded(r.max + 0.0f)};
}

template <real_number X>
value_range min_max(std::span<const X> x) noexcept {
  value_range r{};
  for (const X& v : x) r = extended(r, float_from(v));
  return without_negative_zero(r);
}

/// One range for each parameter of the layout.
template <real_number X>
void min_max(std::span<const X> x, const granularity& layout, std::span<value_range> r) noexcept {
  for (value_range& range : r) range = {};
  for (std::size_t i = 0; i < x.size(); ++i) {
    value_range& range = r[layout.index(i)];
    range = extended(range, float_from(x[i]));
  }
  for (value_range& range : r) range = without_negative_zero(range);
}

/// The largest |x[i]|, NaN skipped; 0 if there is no number.
template <real_number X>
float absmax(std::span<const X> x) noexcept {
  float largest = 0.0f;
  for (const X& v : x) {
    const float magnitude = float_from(v) < 0.0f ? -float_from(v) : float_from(v);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

}  // namespace reference
QMATH_END_NAMESPACE

#if QMATH_WITH_GEMM
#include "qmath/reference_gemm.hpp"
#endif
#if QMATH_WITH_CALIBRATION
#include "qmath/reference_search.hpp"
#endif

#endif  // QMATH_REFERENCE_HPP_
