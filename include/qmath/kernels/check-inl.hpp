// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Preconditions of arrays of parameters. Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Whether all values, seen as unsigned, are in [first, first + width].
HWY_NOINLINE HWY_MAYBE_UNUSED static bool all_inside(const std::uint32_t* HWY_RESTRICT values,
                                                     std::size_t n, std::uint32_t first,
                                                     std::uint32_t width) {
  const hn::ScalableTag<std::uint32_t> du;
  const std::size_t N = hn::Lanes(du);
  const auto lowest = hn::Set(du, first);
  auto largest = hn::Zero(du);
  std::size_t i = 0;
  for (; i + N <= n; i += N) {
    largest = hn::Max(largest, hn::Sub(hn::LoadU(du, values + i), lowest));
  }
  if (i != n) {
    largest = hn::Max(largest, hn::Sub(hn::LoadNOr(lowest, du, values + i, n - i), lowest));
  }
  return hn::ReduceMax(du, largest) <= width;
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
