// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Smallest and largest element; NaN is skipped, a zero is returned as +0.
// Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_NOINLINE HWY_MAYBE_UNUSED static void min_max(const float* HWY_RESTRICT x, std::size_t n,
                                                  float* min, float* max) {
  const hn::ScalableTag<float> df;
  const std::size_t N = hn::Lanes(df);
  const auto inf = hn::Set(df, detail::infinity);
  // Four chains hide the latency of Min and Max. A NaN yields the second argument: the chain.
  auto lo0 = inf, lo1 = inf, lo2 = inf, lo3 = inf;
  auto hi0 = hn::Neg(inf), hi1 = hi0, hi2 = hi0, hi3 = hi0;
  std::size_t i = 0;
  for (; i + 4 * N <= n; i += 4 * N) {
    const auto v0 = hn::LoadU(df, x + i), v1 = hn::LoadU(df, x + i + N);
    const auto v2 = hn::LoadU(df, x + i + 2 * N), v3 = hn::LoadU(df, x + i + 3 * N);
    lo0 = min_or_bound(v0, lo0), hi0 = max_or_bound(v0, hi0);
    lo1 = min_or_bound(v1, lo1), hi1 = max_or_bound(v1, hi1);
    lo2 = min_or_bound(v2, lo2), hi2 = max_or_bound(v2, hi2);
    lo3 = min_or_bound(v3, lo3), hi3 = max_or_bound(v3, hi3);
  }
  for (; i + N <= n; i += N) {
    const auto v = hn::LoadU(df, x + i);
    lo0 = min_or_bound(v, lo0), hi0 = max_or_bound(v, hi0);
  }
  if (i != n) {
    const std::size_t rest = n - i;
    lo1 = min_or_bound(hn::LoadNOr(inf, df, x + i, rest), lo1);
    hi1 = max_or_bound(hn::LoadNOr(hn::Neg(inf), df, x + i, rest), hi1);
  }
  const auto lo = hn::Min(hn::Min(lo0, lo1), hn::Min(lo2, lo3));
  const auto hi = hn::Max(hn::Max(hi0, hi1), hn::Max(hi2, hi3));
  // Which of -0 and +0 a Min returns depends on the target; adding +0 makes both +0.
  *min = hn::ReduceMin(df, lo) + 0.0f;
  *max = hn::ReduceMax(df, hi) + 0.0f;
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
