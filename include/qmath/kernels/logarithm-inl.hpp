// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Natural logarithms of quotients, with the operations of detail/logarithm.hpp in the same order: the same bits.
// Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ln((1 + t) / (1 - t))
template <class V>
HWY_INLINE V twice_atanh_of(V t) {
  const hn::DFromV<V> d;
  const V t2 = rounded(hn::Mul(t, t));
  V p = hn::Zero(d);
  for (int k = 11; k >= 1; --k) {
    p = rounded(hn::Mul(t2, hn::Add(p, hn::Set(d, 1.0 / (2 * k + 1)))));
  }
  const V twice = hn::Add(t, t);
  return hn::Add(twice, rounded(hn::Mul(twice, p)));
}

// x: normal numbers > 0. Of 0, some finite number.
template <class V>
HWY_INLINE V natural_logarithm(V x) {
  const hn::DFromV<V> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::RebindToSigned<decltype(d)> di;
  const auto least = hn::Set(du, logarithm_least);
  const auto above = hn::Sub(hn::BitCast(du, x), least);
  const V e = hn::ConvertTo(d, hn::ShiftRight<52>(hn::BitCast(di, above)));
  const auto fraction = hn::And(above, hn::Set(du, 0xFFFFFFFFFFFFFu));
  const V m = hn::BitCast(d, hn::Add(fraction, least)), one = hn::Set(d, 1.0);
  const V ln_m = twice_atanh_of(hn::Div(hn::Sub(m, one), hn::Add(m, one)));
  const V rest = hn::Add(rounded(hn::Mul(e, hn::Set(d, base_e.low))), ln_m);
  return hn::Add(rounded(hn::Mul(e, hn::Set(d, base_e.high))), rest);
}

// x[i] = fl(x[i] * ln(fl(x[i] / y[i]))), n a multiple of 8. x is 0 or x / y a normal number.
HWY_NOINLINE HWY_MAYBE_UNUSED static void entropy_terms(double* x, const double* y, std::size_t n) {
  const hn::CappedTag<double, 8> d;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto own = hn::LoadU(d, x + i);
    const auto quotient = hn::Div(own, hn::LoadU(d, y + i));
    hn::StoreU(hn::Mul(own, natural_logarithm(quotient)), d, x + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
