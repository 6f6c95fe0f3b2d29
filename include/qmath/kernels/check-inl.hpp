// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// Preconditions of arrays of parameters. Compiled once per target (detail/foreach_target.hpp).
HWY_BEFORE_NAMESPACE();
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Whether the bits of all n values, of four bytes each, are in [first, first + width] as unsigned integers.
HWY_NOINLINE HWY_MAYBE_UNUSED static bool all_inside(const void* HWY_RESTRICT values, std::size_t n,
                                                     std::uint32_t first, std::uint32_t width) {
  const hn::ScalableTag<std::uint32_t> du;
  const hn::Repartition<std::uint8_t, decltype(du)> d8;
  const auto* const bytes = static_cast<const std::uint8_t*>(values);
  const std::size_t N = hn::Lanes(du);
  const auto lowest = hn::Set(du, first);
  auto largest = hn::Zero(du);
  std::size_t i = 0;
  for (; i + N <= n; i += N) {
    largest = hn::Max(largest, hn::Sub(hn::BitCast(du, hn::LoadU(d8, bytes + 4 * i)), lowest));
  }
  if (i != n) {
    const auto rest = hn::LoadNOr(hn::BitCast(d8, lowest), d8, bytes + 4 * i, 4 * (n - i));
    largest = hn::Max(largest, hn::Sub(hn::BitCast(du, rest), lowest));
  }
  return hn::ReduceMax(du, largest) <= width;
}

}  // namespace HWY_NAMESPACE
}  // namespace impl
QMATH_END_NAMESPACE
HWY_AFTER_NAMESPACE();
