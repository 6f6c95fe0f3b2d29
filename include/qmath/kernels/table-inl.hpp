// Copyright (c) qmath contributors.
// SPDX-License-Identifier: Apache-2.0
//
// The kernel table of one target. Compiled once per target (detail/foreach_target.hpp).
QMATH_BEGIN_NAMESPACE
namespace impl {
namespace HWY_NAMESPACE {

HWY_MAYBE_UNUSED static constexpr kernel_table table = {
    target_of(HWY_TARGET),
    &quantize,
    &fake_quantize,
    &dequantize,
    &requantize,
    &min_max,
    &all_inside,
#if QMATH_WITH_CALIBRATION
    &find_bins,
    &add_counters,
    errors,
    &entropy_terms,
#else
    nullptr,
    nullptr,
    {},
    nullptr,
#endif
#if QMATH_WITH_GEMM
    &pack,
    &unpack,
    &hash_panels,
    {&gemm, target_tile::make_target_dot<target_dot>()},
#else
    nullptr,
    nullptr,
    nullptr,
    {},
#endif
};

}  // namespace HWY_NAMESPACE

template <>
struct table_of<target_of(HWY_TARGET)> {
  static constexpr const kernel_table* value = &HWY_NAMESPACE::table;
};

}  // namespace impl
QMATH_END_NAMESPACE
